"""What needs all sections: densities of each animal, each section weighted by its tissue, and equal exposure and gain.

In: the tables of sections, markers and controls. Out: one row per animal, region and markers, to look at and to export;
and a check of each recording whose exposure or gain differs from that of most others. The statistics take the sections
themselves, nested in the animal.
"""

import pandas as pd

from ketaflow.assays.synaptic_puncta.model import SIDES, CohortSettings
from ketaflow.core.images.checks import acquisition_checks
from ketaflow.core.results import Summary, Tables

GROUPED_BY = ["animal", "region", "pre_marker", "post_marker"]
SUMMED = ["pre_puncta", "post_puncta", "pairs", "chance_pairs", "synapses", "tissue_um2"]


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Sum the counts of each animal over its sections, and compare exposure and gain between recordings.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``sections``, ``markers`` and ``controls`` of all recordings.
    cohort : mapping of str to data frame
        Not used.
    settings : CohortSettings
        Has no fields.

    Returns
    -------
    Summary
        The table ``animals``: number of sections, summed counts, densities (1/um2) and share of chance (%); the table
        ``controls`` with each secondary-only image once; checks of exposure and gain. Nothing without sections.
    """
    sections = tables.get("sections", pd.DataFrame())
    if sections.empty:
        return Summary()
    markers, controls = (tables.get(name, pd.DataFrame()) for name in ("markers", "controls"))
    once = {} if controls.empty else {"controls": controls.drop_duplicates(ignore_index=True)}
    return Summary(
        checks=acquisition_checks(_recorded(markers, controls)) if len(markers) else [],
        tables={"animals": _animals(sections), **once},
    )


def _animals(sections: pd.DataFrame) -> pd.DataFrame:
    """Counts summed over the sections of each animal, and densities of the sums."""
    grouped = sections.groupby(GROUPED_BY, sort=True, dropna=False)
    animals = grouped[SUMMED].sum(min_count=1)
    animals.insert(0, "sections", grouped.size())
    for side in SIDES:
        animals[f"{side}_density_per_um2"] = animals[f"{side}_puncta"] / animals["tissue_um2"]
    animals["synapse_density_per_um2"] = animals["synapses"].clip(lower=0) / animals["tissue_um2"]
    animals["chance_colocalisation_pct"] = 100 * animals["chance_pairs"] / animals["pairs"].where(animals["pairs"] > 0)
    return animals.reset_index()


def _recorded(markers: pd.DataFrame, controls: pd.DataFrame) -> pd.DataFrame:
    """One row per recording or control and marker; a control is listed with the first recording that it serves."""
    own = markers.drop_duplicates(["recording", "marker"])
    own = own.assign(place=own["channel"], control="")
    if controls.empty:
        return own
    served = own.drop_duplicates("marker").drop(columns=["exposure_ms", "gain", "control"])
    images = controls.drop_duplicates()[["image", "marker", "exposure_ms", "gain"]]
    listed = served.merge(images, on="marker").rename(columns={"image": "control"})
    return pd.concat([own, listed], ignore_index=True)
