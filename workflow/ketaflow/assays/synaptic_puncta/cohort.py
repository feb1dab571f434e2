"""What needs all sections of an animal at once: its densities, the sections weighed by their tissue.

In: the table of sections. Out: one row per animal, region and pair of markers, to look at and to export; the statistics
take the sections themselves, nested in the animal.
"""

import pandas as pd

OF_ONE_ANIMAL = ["animal", "region", "pre_marker", "post_marker"]
COUNTED = ["pre_puncta", "post_puncta", "pairs", "chance_pairs", "synapses", "tissue_um2"]


def summarise(tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Table ``animals``: counts summed over sections, and densities of the sums."""
    sections = tables.get("sections", pd.DataFrame())
    if sections.empty:
        return {}
    grouped = sections.groupby(OF_ONE_ANIMAL, sort=True)
    animals = grouped[COUNTED].sum()
    animals.insert(0, "sections", grouped.size())
    for side in ("pre", "post"):
        animals[f"{side}_density_per_um2"] = animals[f"{side}_puncta"] / animals["tissue_um2"]
    animals["synapse_density_per_um2"] = animals["synapses"].clip(lower=0) / animals["tissue_um2"]
    animals["chance_colocalisation_pct"] = 100 * animals["chance_pairs"] / animals["pairs"].where(animals["pairs"] > 0)
    return {"animals": animals.reset_index()}
