"""Progress a person can read: how many recordings are done, failed and left, by assay, and the time to go.

When a run starts, the plan is written to ``logs/progress.json``; each finished job of a batch adds a line to
``logs/progress.txt`` and prints it. On a cluster, ``tail -f`` that file.
"""

import json
import logging
import time
from pathlib import Path
from typing import Any

from ketaflow.core import files

PLAN, LINES = "progress.json", "progress.txt"
# What the workflow engine says of itself on every run, and nobody needs.
NOISE = (
    "Assuming unrestricted", "Building DAG", "Using shell", "Conda environments: ignored", "Select jobs", "Execute ",
)  # fmt: skip


def is_said(record: logging.LogRecord) -> bool:
    """Whether a line of Snakemake's log is shown to the user."""
    return not str(record.msg).startswith(NOISE)


def notes(found: list[str]) -> str:
    """What was read although it was not written as documented, as lines for the terminal and the summary."""
    return "\n".join(["How the tables were read:", *(f"  {note}" for note in found)])


def begin(logs: Path, jobs: list[tuple[str, str, str]], recordings: dict[str, dict[str, int]]) -> str:
    """Note what a run is going to do: ``jobs`` are (stage, assay, batch), ``recordings`` counts by assay and batch."""
    batches = {assay: {batch for _, own, batch in jobs if own == assay} for _, assay, _ in jobs}
    totals = {assay: sum(recordings[assay][batch] for batch in names) for assay, names in sorted(batches.items())}
    files.write_json(
        {"started": time.time(), "jobs": len(jobs), "recordings": totals, "batches": recordings}, logs / PLAN
    )
    (logs / LINES).unlink(missing_ok=True)
    told = ", ".join(f"{count} of {assay.replace('_', ' ')}" for assay, count in totals.items())
    return f"Recordings to work on: {told}" if told else "All recordings are measured already"


def tell(logs: Path, stage: str, assay: str, batch: str, failed: int) -> None:
    """Add one finished job to the lines, and print the progress of the run.

    Jobs on several machines write these lines at once, and on a network drive they may cut into one another; an
    incomplete line is left out, and if the progress is unknown the job goes on.
    """
    own = (stage, assay, batch, str(failed))
    try:
        plan = json.loads((logs / PLAN).read_text(encoding="utf-8"))
        with (logs / LINES).open("a", encoding="utf-8") as lines:
            lines.write(" ".join(own) + "\n")
        done = finished((logs / LINES).read_text(encoding="utf-8", errors="replace"), plan) | {own}
    except (OSError, ValueError):
        return
    files.tell_terminal(standing(plan, done, stage, assay, time.time() - plan["started"]))


def finished(lines: str, plan: dict[str, Any]) -> set[tuple[str, ...]]:
    """(stage, assay, batch, failed) of each whole line."""
    words = {tuple(line.split()) for line in lines.splitlines()}
    return {
        word for word in words if len(word) == 4 and word[3].isdigit() and word[2] in plan["batches"].get(word[1], {})
    }


def standing(plan: dict[str, Any], done: set[tuple[str, ...]], stage: str, assay: str, elapsed_s: float) -> str:
    """One line about the progress of the run.

    ``done`` holds (stage, assay, batch, failed) of each finished job; the time to go supposes that what
    is left takes as long a job as what is done.
    """
    own = {batch: int(failed) for at, of, batch, failed in done if (at, of) == (stage, assay)}
    count = sum(plan["batches"][assay][batch] for batch in own)
    failed = sum(own.values())
    share = min(1.0, len(done) / plan["jobs"])
    left = f", {clock(elapsed_s * (1 - share) / share)} to go" if share < 1 else ""
    said = f"{assay.replace('_', ' ')}: {stage} {count} of {plan['recordings'][assay]}"
    return f"{share:4.0%}  {said}{f', {failed} failed' if failed else ''}{left}"


def clock(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
