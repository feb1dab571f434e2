"""What needs all animals at once: tables of the standards, files used twice, figures and legends of the study.

The standards appear in every animal's tables; they are kept once. A chromatogram copied under a second name shows by
peaks that are equal to the last digit; those of two injections never are.
"""

import pandas as pd

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.figures.cohort_summary import baseline_figure, legends, standards_figure
from ketaflow.core.results import Check, Summary, Tables, check

SHARED = ("peaks", "calibration", "standards")


def summarise(tables: Tables, cohort: Tables) -> Summary:
    """Summarise the whole cohort.

    Parameters
    ----------
    tables : mapping of str to data frame
        What ``quantify`` published, and the measurements.
    cohort : mapping of str to data frame
        The assay's tables of the cohort.

    Returns
    -------
    Summary
        Tables without repeated rows and legends, checks on files used twice and on times that do not meet, figures.
    """
    once = {name: tables[name].drop_duplicates(ignore_index=True) for name in SHARED if len(tables.get(name, []))}
    fractions, measured = (tables.get(name, pd.DataFrame()) for name in ("fractions", "measurements"))
    checks = copies(once["peaks"]) if "peaks" in once else []
    checks += scattered_times(measured) if len(measured) else []
    checks += unread_standards(once.get("standards", pd.DataFrame()))
    figures = [standards_figure(once.get("standards", pd.DataFrame())), baseline_figure(measured)]
    published: dict[str, pd.DataFrame | None] = dict(once)
    if len(fractions) and len(measured):
        published["legends"] = legends(fractions, measured, once.get("calibration", pd.DataFrame()))
    return Summary(checks=checks, tables=published, figures=[figure for figure in figures if figure])


def unread_standards(standards: pd.DataFrame) -> list[Check]:
    """Name the standards that could not be read, each once for the whole cohort.

    Parameters
    ----------
    standards : data frame
        The table ``standards`` of all animals.

    Returns
    -------
    list of Check
        Failed, with the path of the standard as recording.
    """
    if not len(standards):
        return []
    broken = standards[~standards["readable"].astype(bool)]
    return [
        check("shared_file_readable", None, recording=str(path), verdict="fail", message=str(reason), place="standard")
        for path, reason in broken.groupby("recording", sort=True)["reason"].first().items()
    ]


def scattered_times(measured: pd.DataFrame) -> list[Check]:
    """Check whether the fractions of different animals have times in common.

    Parameters
    ----------
    measured : data frame
        Measurements of all animals.

    Returns
    -------
    list of Check
        One if most times are those of a single animal: with time as a factor few animals could be compared.
    """
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


def copies(peaks: pd.DataFrame) -> list[Check]:
    """Check whether a chromatogram was saved under two names.

    Parameters
    ----------
    peaks : data frame
        Peaks of all chromatograms.

    Returns
    -------
    list of Check
        One for every fraction whose peaks all equal those of another file.
    """
    owner = peaks.dropna(subset=["animal"]).drop_duplicates("recording").set_index("recording")["animal"]
    by_content: dict[tuple[float, ...], list[str]] = {}
    for (path, _), own in peaks.sort_values("retention_min").groupby(["recording", "chromatogram"], sort=False):
        if len(own) >= constants.EQUAL_PEAKS:
            by_content.setdefault((*own["retention_min"], *own["area"]), []).append(str(path))
    message = "all its peaks equal those of another chromatogram: was one file saved under two names?"
    return [
        check(
            "own_file",
            len(paths),
            unit="files",
            high=1,
            verdict="warn",
            message=message,
            recording=path,
            animal=owner[path],
        )
        for paths in by_content.values()
        if len(paths) > 1
        for path in paths
        if path in owner
    ]
