"""Spines for other programs: ImageJ regions, a zip for each image."""

from ketaflow.assays.dendritic_spines.raters.regions import roi_archives
from ketaflow.core.results import Tables


def export(tables: Tables) -> dict[str, bytes]:
    """Encode the spines of a cohort as ImageJ regions.

    Parameters
    ----------
    tables : mapping of str to data frame
        What ``quantify`` published; ``spines`` is used.

    Returns
    -------
    dict of str to bytes
        Zip of each image by file name; empty where no spine was found.
    """
    spines = tables.get("spines")
    return {} if spines is None or spines.empty else roi_archives(spines)
