"""What needs all sections: densities of each animal, each section weighted by its tissue, and equal exposure and gain.

In: the tables of sections, markers and controls. Out: one row per animal, region and markers, to look at and to export;
and a check of each recording whose exposure or gain differs from that of most others. The statistics take the sections
themselves, nested in the animal.
"""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from ketaflow.assays.synaptic_puncta.model import SIDES, CohortSettings
from ketaflow.core.results import Check, Summary, Tables, check

GROUPED_BY = ["animal", "region", "pre_marker", "post_marker"]
SUMMED = ["pre_puncta", "post_puncta", "pairs", "chance_pairs", "synapses", "tissue_um2"]
# What a microscope must keep equal for intensities to be comparable, and its unit.
EQUAL = {"exposure_ms": ("exposure", "ms"), "gain": ("gain", "")}


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
    controls = tables.get("controls", pd.DataFrame())
    once = {} if controls.empty else {"controls": controls.drop_duplicates(ignore_index=True)}
    return Summary(
        checks=_acquisition_checks(tables.get("markers", pd.DataFrame()), controls),
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


def _acquisition_checks(markers: pd.DataFrame, controls: pd.DataFrame) -> list[Check]:
    """One check per recording, marker and quantity, where any file of the marker states that quantity."""
    checks = []
    for marker in sorted(set(markers["marker"])) if len(markers) else ():
        rows = markers[markers["marker"].eq(marker)].drop_duplicates(["recording", "channel"])
        own = controls[controls["marker"].eq(marker)] if len(controls) else controls.reindex(columns=["image", *EQUAL])
        for column, (name, unit) in EQUAL.items():
            stated = pd.to_numeric(pd.concat([rows[column], own[column]]), errors="coerce").dropna()
            if stated.empty:
                continue
            usual = float(stated.mode().iloc[0])
            for row in rows.to_dict("records"):
                compared = _Compared(name, unit, row[column], usual)
                checks.append(_acquisition_check(row, compared, compared.message))
            for image, found in zip(own["image"], own[column], strict=True):
                compared = _Compared(name, unit, found, usual)
                if not compared.equal:
                    message = f"Secondary-only image {image}: {compared.message}"
                    checks.append(_acquisition_check(rows.iloc[0].to_dict(), compared, message))
    return checks


class _Compared(NamedTuple):
    """Exposure or gain of a file (None or NaN where it is not stated) beside the usual one of its marker."""

    name: str
    unit: str
    found: float | None
    usual: float

    @property
    def equal(self) -> bool:
        """Whether the file states the usual value."""
        return bool(self.found == self.usual)

    @property
    def message(self) -> str:
        """What was found."""
        if pd.isna(self.found):
            return f"the file does not state the {self.name}; others state {self.usual:g} {self.unit}".strip() + "."
        found = f"{self.name} {self.found:g} {self.unit}".strip()
        if self.equal:
            return f"{found} as in most files of this marker."
        return (
            f"{found}; most files of this marker have {self.usual:g}. Intensities cannot be compared, and the number "
            "of puncta found may differ."
        )


def _acquisition_check(row: Mapping[Hashable, Any], compared: _Compared, message: str) -> Check:
    """A check of one recording's exposure or gain."""
    return check(
        compared.name,
        None if pd.isna(compared.found) else compared.found,
        recording=row["recording"],
        animal=row["animal"],
        place=row["channel"],
        unit=compared.unit,
        low=compared.usual,
        high=compared.usual,
        verdict="pass" if compared.equal else "warn",
        message=message[:1].upper() + message[1:],
    )
