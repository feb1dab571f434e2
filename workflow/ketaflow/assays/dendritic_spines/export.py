"""Spines for other programs: ImageJ's regions, a zip for each image."""

import pandas as pd

from ketaflow.assays.dendritic_spines.raters import regions


def export(tables: dict[str, pd.DataFrame]) -> dict[str, bytes]:
    """Files by name, from the tables of the whole cohort; none where no spine was found."""
    return regions.roi_archives(tables["spines"]) if "spines" in tables else {}
