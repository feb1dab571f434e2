"""What needs all animals at once: standards kept once, files used twice, figures and legends of the whole study.

Standards stand in every animal's tables. A chromatogram copied under a second name shows by peaks that are equal to the
last digit; two injections never are.
"""

import pandas as pd

from ketaflow.assays.microdialysis.study import baseline_figure, legends, standards_figure
from ketaflow.core.measures import check

SHARED = ("peaks", "calibration", "standards")
# So many equal peaks are no chance, whatever they are rounded to.
FEWEST_PEAKS = 3


def summarise(tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame]) -> dict:
    """Tables without repeated rows, checks on files used twice, and what is shown of the study as a whole."""
    once = {name: tables[name].drop_duplicates(ignore_index=True) for name in SHARED if len(tables.get(name, []))}
    fractions, measured = (tables.get(name, pd.DataFrame()) for name in ("fractions", "measurements"))
    made: dict = dict(once)
    if "peaks" in once and "microdialysis" in rows:
        made["checks"] = pd.DataFrame(copies(once["peaks"], rows["microdialysis"]))
    figures = [standards_figure(once.get("standards", pd.DataFrame())), baseline_figure(measured)]
    made["figures"] = [figure for figure in figures if figure]
    if len(fractions) and len(measured):
        made["legends"] = legends(fractions, measured, once.get("calibration", pd.DataFrame()))
    return made


def copies(peaks: pd.DataFrame, fractions: pd.DataFrame) -> list[dict]:
    """A check for every fraction whose chromatogram has the very peaks of another file."""
    owner = (
        fractions.dropna(subset=["chromatogram"]).drop_duplicates("chromatogram").set_index("chromatogram")["animal"]
    )
    by_content: dict[tuple, list[str]] = {}
    for path, own in peaks.sort_values("retention_min").groupby("chromatogram", sort=False):
        if len(own) >= FEWEST_PEAKS:
            by_content.setdefault((*own["retention_min"], *own["area"]), []).append(path)
    told = {"unit": "files", "high": 1, "verdict": "warn"}
    told["message"] = "all its peaks equal those of another chromatogram: was one file saved under two names?"
    return [
        check("own_file", len(paths), recording=path, animal=owner[path], **told)
        for paths in by_content.values()
        if len(paths) > 1
        for path in paths
        if path in owner
    ]
