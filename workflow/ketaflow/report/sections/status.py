"""What a reader must know first."""

from dataclasses import dataclass

from ketaflow.report import formatting
from ketaflow.report.model import Study


@dataclass(frozen=True)
class Status:
    """One line at the top of the page; ``kind`` is pass, warn or fail."""

    kind: str
    text: str


def status(study: Study) -> list[Status]:
    """Return the state of recordings, plan and review."""
    return [*_recordings(study), *_plan(study), *_review(study)]


def _recordings(study: Study) -> list[Status]:
    per_recording = study.recordings.drop_duplicates(["assay", "recording"])
    n_failed = int(per_recording["status"].eq("failed").sum())
    return [Status("fail", f"{formatting.count(n_failed, 'recording')} could not be measured.")] if n_failed else []


def _plan(study: Study) -> list[Status]:
    lines = []
    if study.plan is None:
        lines.append(Status("warn", "There is no plan: every endpoint is exploratory."))
    if study.lock.is_changed:
        lines.append(Status("warn", "The plan differs from the plan that was locked."))
    return lines


def _review(study: Study) -> list[Status]:
    review = study.review
    if review is None:
        return [Status("warn", "The recordings have not been reviewed yet.")]
    if review.pending:
        pending = f"The review is incomplete: {review.pending} of {review.n_items} recordings are pending."
        lines = [Status("warn", pending)]
    else:
        lines = [Status("pass", f"All {review.n_items} recordings were reviewed blind.")]
    if review.n_bulk:
        accepted = formatting.count(review.n_bulk, "recording")
        lines.append(
            Status("pass", f"{accepted} passed every check and were accepted together, without being looked at.")
        )
    if review.stale:
        no_longer = "no longer counts" if len(review.stale) == 1 else "no longer count"
        decisions = formatting.count(len(review.stale), "decision")
        lines.append(Status("warn", f"{decisions} {no_longer}: the recording has changed since."))
    return lines
