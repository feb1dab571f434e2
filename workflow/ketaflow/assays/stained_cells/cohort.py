"""What needs all fields of the cohort: animals summed over their sections, and whether all fields were recorded alike.

In: the table of fields. Out: one row per animal, region and marker, and checks of each field against the cohort. The
statistics take the fields themselves, nested in the animal.
"""

import pandas as pd

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import CohortSettings
from ketaflow.core.images.checks import acquisition_checks
from ketaflow.core.results import Check, Summary, Tables, check, within

GROUPED_BY = ["animal", "region", "marker", "stain"]
WHITE = ["white_red", "white_green", "white_blue"]


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Sum each animal over its fields, and compare background or white level with the cohort.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``fields`` of all recordings.
    cohort : mapping of str to data frame
        Not used.
    settings : CohortSettings
        Settings ``stained_cells.cohort``.

    Returns
    -------
    Summary
        The table ``animals``: fields, cells, area (mm2) and density (1/mm2) of each animal, region and marker; and a
        check per field.
    """
    fields = tables.get("fields", pd.DataFrame())
    if fields.empty:
        return Summary()
    grouped = fields.groupby(GROUPED_BY, sort=True)
    animals = grouped[["cell_count", "area_mm2"]].sum()
    animals.insert(0, "fields", grouped.size())
    animals["cell_density_per_mm2"] = animals["cell_count"] / animals["area_mm2"]
    compared = fields.groupby(["marker", "stain"], sort=True)
    checks = [
        one
        for (marker, stain), own in compared
        if len(own) >= constants.MIN_COMPARED_FIELDS
        for one in (_white_checks if stain == "dab" else _background_checks)(own, str(marker), settings)
    ]
    enough = fields[compared["marker"].transform("size").ge(constants.MIN_COMPARED_FIELDS)]
    checks += acquisition_checks(enough.assign(place=enough["marker"], control=""))
    return Summary(checks=checks, tables={"animals": animals.reset_index()})


def _background_checks(fields: pd.DataFrame, marker: str, settings: CohortSettings) -> list[Check]:
    """Background of each field over the median of the cohort."""
    high = settings.max_background_ratio
    ratios = fields["background"] / fields["background"].median()
    return [
        check(
            "background of the cohort",
            ratio,
            recording=recording,
            animal=animal,
            place=marker,
            low=1 / high,
            high=high,
            verdict=within(ratio, 1 / high, high),
            message=f"The background is {ratio:.2f} times that of the cohort. Were exposure and gain the same?",
        )
        for recording, animal, ratio in zip(fields["recording"], fields["animal"], ratios, strict=True)
    ]


def _white_checks(fields: pd.DataFrame, marker: str, settings: CohortSettings) -> list[Check]:
    """White level of each field beside the median of the cohort: the channel that differs most (%)."""
    high = settings.max_white_difference_pct
    differences = (100 * (fields[WHITE] / fields[WHITE].median() - 1).abs()).max(axis=1)
    return [
        check(
            "white level of the cohort",
            difference,
            recording=recording,
            animal=animal,
            place=marker,
            unit="%",
            high=high,
            verdict=within(difference, None, high),
            message=f"The white level differs by {difference:.1f} % from that of the cohort. Was the lamp the same?",
        )
        for recording, animal, difference in zip(fields["recording"], fields["animal"], differences, strict=True)
    ]
