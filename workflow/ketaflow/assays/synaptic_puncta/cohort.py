"""What needs all sections of an animal: its densities, with each section weighted by its tissue.

In: the table of sections. Out: one row per animal, region and pair of markers, to look at and to export. The statistics
take the sections themselves, nested in the animal.
"""

import pandas as pd

from ketaflow.assays.synaptic_puncta.model import SIDES, CohortSettings
from ketaflow.core.results import Summary, Tables

GROUPED_BY = ["animal", "region", "pre_marker", "post_marker"]
SUMMED = ["pre_puncta", "post_puncta", "pairs", "chance_pairs", "synapses", "tissue_um2"]


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Sum the counts of each animal over its sections, and divide by its tissue.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``sections`` of all recordings.
    cohort : mapping of str to data frame
        Not used.
    settings : CohortSettings
        Has no fields.

    Returns
    -------
    Summary
        The table ``animals``: number of sections, summed counts, densities (1/um2) and share of chance (%); no table
        where there are no sections.
    """
    sections = tables.get("sections", pd.DataFrame())
    if sections.empty:
        return Summary()
    grouped = sections.groupby(GROUPED_BY, sort=True)
    animals = grouped[SUMMED].sum()
    animals.insert(0, "sections", grouped.size())
    for side in SIDES:
        animals[f"{side}_density_per_um2"] = animals[f"{side}_puncta"] / animals["tissue_um2"]
    animals["synapse_density_per_um2"] = animals["synapses"].clip(lower=0) / animals["tissue_um2"]
    animals["chance_colocalisation_pct"] = 100 * animals["chance_pairs"] / animals["pairs"].where(animals["pairs"] > 0)
    return Summary(tables={"animals": animals.reset_index()})
