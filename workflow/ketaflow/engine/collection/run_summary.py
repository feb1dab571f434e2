"""What a run says at its end, and what the results page shows of each assay's whole cohort."""

from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.engine.collection.collect import COHORT_STAGE, Collected

# Reasons of failures, and names of recordings with one reason, that the summary lists.
SHOWN_FAILURES = 10
SHOWN_NAMES = 5


def summary(collected: Collected) -> str:
    """What a run ends with: how many recordings of each assay were measured, flagged, failed, and why."""
    lines = []
    per_recording = collected.recordings.drop_duplicates(["assay", "recording"])
    for assay, rows in per_recording[per_recording["recording"].ne("")].groupby("assay", sort=True):
        counts = rows["status"].value_counts()
        by_status = ", ".join(f"{counts.get(status, 0)} {status}" for status in ("ok", "flagged", "failed"))
        lines.append(f"{assays.title(str(assay))}: {len(rows)} recordings ({by_status})")
        lines += _grouped_failures(rows[rows["status"].eq("failed")])
    lines += [
        f"{assays.title(assay)}: the summary over the cohort failed: {reason}" for assay, reason in _faults(collected)
    ]
    lines += _without_any_value(collected)
    return "\n".join(lines) + "\n"


def _grouped_failures(failed: pd.DataFrame) -> list[str]:
    """Recordings that failed, those with one reason on one line."""
    lines = []
    by_reason = failed.groupby(failed["reason"].fillna(""), sort=False)["recording"].agg(list)
    for reason, names in by_reason.head(SHOWN_FAILURES).items():
        shown = ", ".join(names[:SHOWN_NAMES]) + (f" and {len(names) - SHOWN_NAMES} more" * (len(names) > SHOWN_NAMES))
        lines.append(f"  failed: {shown}: {reason}")
    if len(by_reason) > SHOWN_FAILURES:
        left = sum(map(len, by_reason.iloc[SHOWN_FAILURES:]))
        lines.append(f"  ... and {left} more for other reasons; all are listed in recordings.csv")
    return lines


def _faults(collected: Collected) -> list[tuple[str, str]]:
    """Assays whose stage ``cohort`` failed, and why."""
    failed = collected.checks[collected.checks["check"].eq(COHORT_STAGE)]
    return list(failed[["assay", "message"]].itertuples(index=False, name=None))


def _without_any_value(collected: Collected) -> list[str]:
    """A line for each assay that was run and yielded no value at all."""
    valued = set(collected.measurements.loc[collected.measurements["value"].notna(), "assay"])
    empty = [assays.title(assay) for assay in collected.own if assay not in valued]
    return [f"No value was measured in: {', '.join(empty)}"] if empty else []


def shown(collected: Collected) -> list[dict[str, Any]]:
    """What the results page shows of each assay's whole cohort: its figures, and legends ready for a paper."""
    made = []
    for assay, tables in collected.own.items():
        figures, legends = collected.figures[assay], tables.get("legends", pd.DataFrame())
        if figures or len(legends):
            facts = {"figures": [vars(figure) for figure in figures], "legends": legends.to_dict("records")}
            made.append({"assay": assay, "title": assays.title(assay), **facts})
    return made
