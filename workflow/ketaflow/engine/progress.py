"""Progress a person can read: how many recordings are done, failed and left, by assay, and the time to go.

When a run starts, the plan is written to ``logs/progress.json``; each finished job adds a line to ``logs/progress.txt``
and prints it. Jobs on the whole study (statistics, pages) count too, so that 100 % means that the pages are there. On a
cluster, ``tail -f`` that file. Colours are used if a terminal is attached, unless ``NO_COLOR`` is set (no-color.org).
"""

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ketaflow.core import files

PLAN, LINES = "progress.json", "progress.txt"
# What a job on the whole study has done once it is finished, by its rule.
STUDY_JOBS = {
    "collect": "tables of the study", "revise": "values after the review", "statistics": "statistics",
    "review": "review page", "results": "results page", "paper_figures": "figures for papers",
    "provenance": "provenance", "summary": "summary",
}  # fmt: skip
# In place of assay and batch in the line of such a job.
WHOLE = "study"
# Lines that the workflow engine prints on every run and that no user needs.
NOISE = (
    "Assuming unrestricted", "Building DAG", "Using shell", "Conda environments: ignored", "Select jobs", "Execute ",
    "Complete log", "Elapsed time", "RuleException", "Exiting because a job", "WorkflowError:\nAt least one job",
)  # fmt: skip
BAR_LETTERS = 20
COLOURS = {"bar": "36", "failed": "31", "bold": "1"}

_stopped = threading.Event()


def is_said(record: logging.LogRecord) -> bool:
    """Whether a line of the engine's log is worth a person's time; after Ctrl-C, none about stopped jobs is."""
    return not _stopped.is_set() and not str(record.msg).startswith(NOISE)


def watch_interrupts() -> None:
    """Note from now on whether the user stops the run with Ctrl-C."""
    earlier = signal.getsignal(signal.SIGINT)

    def noted(number: int, frame: Any) -> None:
        _stopped.set()
        if callable(earlier):
            earlier(number, frame)

    # Only the main thread may watch signals; where the workflow is loaded elsewhere, nobody can press Ctrl-C.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, noted)


def coloured(text: str, kind: str) -> str:
    """Return text in a colour (bar, failed, bold) if standard error is a terminal and ``NO_COLOR`` is not set."""
    terminal = sys.__stderr__
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not (terminal and terminal.isatty()):
        return text
    return f"\x1b[{COLOURS[kind]}m{text}\x1b[0m"


def notes(found: list[str]) -> str:
    """What was read although it was not written as documented, as lines for the terminal and the summary."""
    return "\n".join(["How the tables were read:", *(f"  {note}" for note in found)])


def begin(
    logs: Path, jobs: Sequence[tuple[str, str, str]], recordings: dict[str, dict[str, int]], rules: Sequence[str] = ()
) -> str:
    """Note what a run is going to do, and return its first line.

    Parameters
    ----------
    logs : Path
        Folder of the logs.
    jobs : sequence of (stage, assay, batch)
        Jobs on recordings.
    recordings : dict
        Number of recordings by assay and batch.
    rules : sequence of str
        Rules on the whole study that are going to run.

    Returns
    -------
    str
        What will run.
    """
    batches = {assay: {batch for _, own, batch in jobs if own == assay} for _, assay, _ in jobs}
    totals = {assay: sum(recordings[assay][batch] for batch in names) for assay, names in sorted(batches.items())}
    # Here alone: this module is left out of the fingerprints of the jobs, which must not open what they do not count.
    from ketaflow import assays

    names = {assay: assays.title_in_text(assay) for assay in totals}
    whole = [rule for rule in STUDY_JOBS if rule in rules]
    files.write_json(
        {
            "started": time.time(), "jobs": len(jobs) + len(whole), "recordings": totals, "batches": recordings,
            "rules": whole, "names": names,
        },
        logs / PLAN,
    )  # fmt: skip
    for name in (LINES, files.FAILED_JOBS):
        (logs / name).unlink(missing_ok=True)
    told = ", ".join(f"{count} of {names[assay]}" for assay, count in totals.items())
    others = [rule.replace("_", " ") for rule in dict.fromkeys(rules) if rule not in STUDY_JOBS and rule != "all"]
    if not (told or whole) and others:
        return f"To run: {_listed(others)}"
    first = f"Recordings to work on: {told}" if told else "All recordings are measured already"
    return f"{first}; then {_listed([STUDY_JOBS[rule] for rule in whole])}" if whole else first


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def tell(logs: Path, stage: str, assay: str, batch: str, failed: int) -> None:
    """Add one finished job to the lines, and print the progress of the run.

    Jobs on several machines write these lines at once, and on a network drive they may cut into one another; an
    incomplete line is left out, and if the progress is unknown the job goes on.
    """
    own = (stage, assay, batch, str(failed))
    if at := _noted(logs, own):
        plan, done = at
        files.tell_terminal(status_line(plan, done, stage, assay, time.time() - plan["started"]))


def tell_rule(log: str, rule: str) -> None:
    """Add one finished job on the whole study to the lines, and print where the run stands."""
    if at := _noted(Path(log).parent, (rule, WHOLE, WHOLE, "0")):
        plan, done = at
        files.tell_terminal(_line(plan, done, STUDY_JOBS[rule], time.time() - plan["started"]))


def _noted(logs: Path, own: tuple[str, str, str, str]) -> tuple[dict[str, Any], set[tuple[str, ...]]] | None:
    """Write the line of a finished job; return the plan and all finished jobs, or None where they cannot be read."""
    try:
        plan = json.loads((logs / PLAN).read_text(encoding="utf-8"))
        with (logs / LINES).open("a", encoding="utf-8") as lines:
            lines.write(" ".join(own) + "\n")
        done = finished((logs / LINES).read_text(encoding="utf-8", errors="replace"), plan) | {own}
    except (OSError, ValueError):
        return None
    return plan, done


def finished(lines: str, plan: dict[str, Any]) -> set[tuple[str, ...]]:
    """(stage, assay, batch, failed) of each whole line; of a job on the whole study, (rule, study, study, 0)."""
    words = {tuple(line.split()) for line in lines.splitlines()}
    return {word for word in words if len(word) == 4 and word[3].isdigit() and _is_planned(word, plan)}


def _is_planned(word: tuple[str, ...], plan: dict[str, Any]) -> bool:
    if word[1] == WHOLE:
        return word[0] in plan.get("rules", [])
    return word[2] in plan["batches"].get(word[1], {})


def status_line(plan: dict[str, Any], done: set[tuple[str, ...]], stage: str, assay: str, elapsed_s: float) -> str:
    """One line on where the run stands.

    ``done`` holds (stage, assay, batch, failed) of each finished job; the time to go supposes that what
    is left takes as long a job as what is done.
    """
    own = {batch: int(failed) for at, of, batch, failed in done if (at, of) == (stage, assay)}
    count = sum(plan["batches"][assay][batch] for batch in own)
    failed = sum(own.values())
    said = (
        f"{plan.get('names', {}).get(assay, assay.replace('_', ' '))}: {stage} {count} of {plan['recordings'][assay]}"
    )
    return _line(plan, done, f"{said}{coloured(f', {failed} failed', 'failed') if failed else ''}", elapsed_s)


def _line(plan: dict[str, Any], done: set[tuple[str, ...]], said: str, elapsed_s: float) -> str:
    share = min(1.0, len(done) / plan["jobs"])
    # Rounded down: 100 % only when everything is there.
    percent, letters = int(100 * share), int(BAR_LETTERS * share)
    bar = coloured("\u2588" * letters, "bar") + "\u2591" * (BAR_LETTERS - letters)
    left = f", {clock(elapsed_s * (1 - share) / share)} to go" if share < 1 else ""
    return f"{bar} {percent:3d} %  {said}{left}"


def failure_summary(results: Path) -> str:
    """Return the last words of a run that did not get to its end: what failed, where to look, how to go on."""
    again = "What is finished is kept: run the same command again, and it goes on from here."
    if _stopped.is_set():
        return f"\n{coloured('Stopped by you (Ctrl-C).', 'bold')} {again}"
    logs = results / "logs"
    failed = files.failed_jobs(logs)
    listed = "".join(f"\n  {coloured(name, 'failed')}: see {logs / name}.log" for name in failed)
    named = (
        f"\nFailed:{listed}"
        if failed
        else "\nNo job gave a reason; each job's log is in the folder logs of the results."
    )
    return (
        f"\n{coloured('Not everything was done.', 'bold')}{named}\n{again}\nA job that ended without a reason was "
        "probably killed for its memory: use\nfewer --cores, or on a cluster raise jobs: mem_mb of that assay in the "
        "settings."
    )


def last_lines(results: Path, summary: str) -> str:
    """Return the last words of a finished run: the counts, failures in colour, the pages and how to open them."""
    lines = [coloured(line, "failed") if "failed:" in line else line for line in summary.splitlines()]
    pages = results / "report"
    return "\n".join(
        [
            *lines,
            f"Review:  {pages / 'qc.html'}",
            f"Results: {pages / 'results.html'}",
            f"Open both in the browser: snakemake open --config results={results}",
        ]
    )


def clock(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
