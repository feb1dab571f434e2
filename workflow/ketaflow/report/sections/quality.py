"""What could not be measured, what is excluded, and which checks flag something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ketaflow.report.endpoints import Endpoint
from ketaflow.report.html_tables import HtmlTable, html_table
from ketaflow.report.model import Study

# Rows of flagged checks printed; all are in checks.csv.
MOST_ROWS = 300
EXCLUSION_COLUMNS = ["assay", "animal", "recording", "source", "rule", "reviewer", "reason"]


@dataclass(frozen=True)
class Quality:
    """Tables of failed recordings, exclusions and checks.

    Attributes
    ----------
    raised_checks, all_checks : HtmlTable
        How often each check passed, warned and failed: those that did not always pass, and all.
    flagged : HtmlTable
        Checks that did not pass, the first ``MOST_ROWS`` of ``n_flagged``.
    n_checks : int
        All checks made.
    """

    failed_recordings: HtmlTable
    exclusions: HtmlTable
    raised_checks: HtmlTable
    all_checks: HtmlTable
    flagged: HtmlTable
    n_flagged: int
    n_checks: int


def quality(study: Study, endpoints: Sequence[Endpoint]) -> Quality:
    """Summarise failed recordings, exclusions and checks; endpoints are named by their titles."""
    raised, every = check_counts(study.checks)
    flagged = study.checks[study.checks["verdict"].ne("pass")].sort_values("verdict", kind="stable")
    return Quality(
        failed_recordings=failed_recordings(study.recordings),
        exclusions=exclusions(study.statistics["exclusions"], {one.name: one.title for one in endpoints}),
        raised_checks=raised,
        all_checks=every,
        flagged=html_table("flagged_checks", flagged.head(MOST_ROWS)),
        n_flagged=len(flagged),
        n_checks=len(study.checks),
    )


def failed_recordings(recordings: pd.DataFrame) -> HtmlTable:
    """Return the recordings in which nothing could be measured.

    Parameters
    ----------
    recordings : data frame
        Columns of recordings.csv; one row per recording and file.

    Returns
    -------
    HtmlTable
        One row per recording, with the reason.
    """
    rows = recordings[recordings["status"].eq("failed")].drop_duplicates(["assay", "recording"])
    return html_table("failed_recordings", rows)


def exclusions(table: pd.DataFrame, titles: Mapping[str, str]) -> HtmlTable:
    """Return the excluded and missing values.

    Parameters
    ----------
    table : data frame
        The statistics table ``exclusions``; one row per value and endpoint.
    titles : mapping of str to str
        Title of each endpoint.

    Returns
    -------
    HtmlTable
        Each value once, with the endpoints it concerns.
    """
    rows = table.reindex(columns=[*EXCLUSION_COLUMNS, "endpoint"]).astype(object).fillna("")
    by_value = rows.groupby(EXCLUSION_COLUMNS, sort=True)["endpoint"]
    return html_table(
        "exclusions",
        by_value.agg(lambda names: ", ".join(titles.get(name, name) for name in dict.fromkeys(names))).reset_index(),
    )


def check_counts(checks: pd.DataFrame) -> tuple[HtmlTable, HtmlTable]:
    """Count how often each check passed, warned and failed.

    Parameters
    ----------
    checks : data frame
        Rows of checks.csv; ``assay``, ``check`` and ``verdict`` count.

    Returns
    -------
    raised : HtmlTable
        Checks that did not always pass, most failures first.
    every : HtmlTable
        All checks, most failures first.
    """
    counted = checks.groupby(["assay", "check"])["verdict"].value_counts().unstack(fill_value=0)
    counted = counted.reindex(columns=["pass", "warn", "fail"], fill_value=0).reset_index()
    counted = counted.sort_values(["fail", "warn"], ascending=False, kind="stable")
    raised = counted[counted[["warn", "fail"]].sum(axis=1).gt(0)]
    return html_table("raised_checks", raised), html_table("checks", counted)
