"""What needs all animals at once: standards kept once, files used twice, figures and legends of the whole study.

Standards stand in every animal's tables. A chromatogram copied under a second name shows by peaks that are equal to the
last digit; two injections never are.
"""

import pandas as pd

from ketaflow.assays.microdialysis.figures.cohort_summary import baseline_figure, legends, standards_figure
from ketaflow.core.measures import check

SHARED = ("peaks", "calibration", "standards")
# So many equal peaks are no chance, whatever they are rounded to.
FEWEST_PEAKS = 3


def summarise(tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame]) -> dict:
    """Tables without repeated rows, checks on files used twice, and what is shown of the study as a whole."""
    once = {name: tables[name].drop_duplicates(ignore_index=True) for name in SHARED if len(tables.get(name, []))}
    fractions, measured = (tables.get(name, pd.DataFrame()) for name in ("fractions", "measurements"))
    made: dict = dict(once)
    checks = copies(once["peaks"], rows["microdialysis"]) if "peaks" in once and "microdialysis" in rows else []
    checks += scattered_times(measured) if len(measured) else []
    if checks:
        made["checks"] = pd.DataFrame(checks)
    figures = [standards_figure(once.get("standards", pd.DataFrame())), baseline_figure(measured)]
    made["figures"] = [figure for figure in figures if figure]
    if len(fractions) and len(measured):
        made["legends"] = legends(fractions, measured, once.get("calibration", pd.DataFrame()))
    return made


def scattered_times(measured: pd.DataFrame) -> list[dict]:
    """A check where the times of different animals do not meet, so that time as a factor would compare few of them."""
    shares = measured[measured["measure"].eq("pct_baseline")]
    if not len(shares) or shares["animal"].nunique() < 2:
        return []
    animals_at = shares.groupby("time_min")["animal"].nunique()
    alone = int(animals_at.eq(1).sum())
    if alone <= len(animals_at) / 2:
        return []
    text = (
        f"{alone} of {len(animals_at)} times of fractions are those of one animal alone: for an analysis with time as "
        "a factor set microdialysis.quantify.time_grid_min, or choose time: linear in the plan"
    )
    return [check("times_meet", alone, unit="times", recording="", verdict="warn", message=text)]


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
