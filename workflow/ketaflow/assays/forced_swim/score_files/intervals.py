"""The intervals of a tally sheet: when each begins, and how long they are.

In: the labels of the intervals as a person wrote them (times, ranges or numbers) and the heading above them. Out: a
grid in seconds, or the fault that keeps the intervals from being placed.
"""

import re
from typing import NamedTuple

import numpy as np

from ketaflow.assays.forced_swim.readers.sheets import parse_number
from ketaflow.assays.forced_swim.score_files import constants
from ketaflow.assays.forced_swim.score_files.scored_bouts import ReadOptions
from ketaflow.core.errors import Problem

TIME_WORDS = ("time", "zeit", "second", "seconds", "sekunde", "sekunden", "sec", "s", "temps", "tiempo", "tijd", "min")
NUMBER_WORDS = ("interval", "intervall", "bin", "sample", "nr", "no", "no.", "number", "epoch", "n", "#", "")
RANGE = re.compile(r"^\s*([\d.,:]+)\s*(?:-|–|to|bis)\s*([\d.,:]+)\s*(?:s|sec|seconds)?\s*$")
UNIT = re.compile(r"\s*(s|sec|seconds)\.?$", re.IGNORECASE)
LIST_FILE = "List the file in forced_swim_human_files"


class Grid(NamedTuple):
    """When each interval begins, and how long all are (seconds)."""

    starts_s: list[float]
    sample_s: float


def is_interval_column(name: str) -> bool:
    """Return whether a heading (plain, without its unit) stands for the times or numbers of intervals."""
    words = name.split(" ")
    return bool(words) and (words[0] in TIME_WORDS or words[0] in NUMBER_WORDS[:-1]) and len(words) <= 2


def span_of(label: str) -> tuple[float, float | None] | None:
    """Return start and stop of a label such as '0-5', or the number of one such as '5 s'; None if it is neither."""
    if match := RANGE.match(label):
        first, last = parse_number(match.group(1)), parse_number(match.group(2))
        return None if first is None or last is None else (first, last)
    value = parse_number(UNIT.sub("", label.strip()))
    return None if value is None else (value, None)


def is_labels(labels: list[str]) -> bool:
    """Return whether labels are at least six evenly spaced times or numbers, or ranges that follow one another."""
    spans = [span_of(label) for label in labels]
    if len(spans) < constants.MIN_INTERVALS or any(span is None for span in spans):
        return False
    starts = np.array([span[0] for span in spans if span is not None])
    steps = np.diff(starts)
    return bool(np.ptp(steps) < constants.SAME_TIME_S and steps[0] > 0)


def interval_grid(labels: list[str], title: str, options: ReadOptions, file: str) -> Grid | Problem:
    """Place the intervals of a sheet.

    Parameters
    ----------
    labels : list of str
        One for each interval, evenly spaced (``is_labels``).
    title : str
        The heading above them; empty if they are headings themselves.
    options : ReadOptions
        Length of an interval, and where the sheet's time 0 lies.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Grid or Problem
        Times are the starts of intervals, unless the first equals the interval, or would be an interval after a full
        minute (5, 125): then they are their ends. Numbers 1, 2, 3 ... need the length of an interval and where the
        first begins.
    """
    spans = [span for label in labels if (span := span_of(label)) is not None]
    starts = np.array([span[0] for span in spans])
    step = float(starts[1] - starts[0])
    stated = options.sample_s
    if spans[0][1] is not None:
        lengths = [stop - start for start, stop in spans if stop is not None]
        if len(lengths) != len(spans) or np.ptp(lengths) > constants.SAME_TIME_S:
            return Problem(file, 1, title, "the intervals are not equally long", "Correct the labels of the intervals")
        sample_s = lengths[0] if lengths[0] >= step else step
        return checked_grid(starts, sample_s, stated, file)
    in_words = title.lower().replace("(", " ").replace(")", " ").split()
    is_time = bool(set(in_words) & set(TIME_WORDS)) or any(UNIT.search(label) for label in labels)
    if step == 1 and not is_time:
        if stated is None or options.starts_at_s is None:
            remedy = f"{LIST_FILE}, with sample_s (seconds of an interval) and starts_at_s (where interval 1 begins)"
            return Problem(file, 1, title, "the intervals are numbered, so their times are not known", remedy)
        return Grid(((starts - 1) * stated).tolist(), stated)
    factor = constants.MINUTE_S if "min" in in_words else 1.0
    starts, step = starts * factor, step * factor
    are_ends = abs(starts[0] - step) < constants.SAME_TIME_S or (
        starts[0] % constants.MINUTE_S > constants.SAME_TIME_S
        and (starts[0] - step) % constants.MINUTE_S < constants.SAME_TIME_S
    )
    return checked_grid(starts - step * are_ends, step, stated, file)


def checked_grid(starts_s: np.ndarray, sample_s: float, stated: float | None, file: str) -> Grid | Problem:
    """Check the intervals of a sheet against the length that the cohort states.

    Parameters
    ----------
    starts_s : (n_intervals,) float
        Starts of the intervals (seconds).
    sample_s : float
        Length of an interval in the sheet (seconds).
    stated : float or None
        Length in forced_swim_human_files (seconds); None where it is empty.
    file : str
        Name of the file, for the message.

    Returns
    -------
    Grid or Problem
        The intervals, or why they cannot be right.
    """
    if stated is not None and abs(stated - sample_s) > constants.SAME_TIME_S:
        what = f"the intervals of the sheet are {sample_s:g} s long, but sample_s is {stated:g}"
        return Problem(file, 1, "", what, "Correct sample_s in forced_swim_human_files, or the sheet")
    return Grid(starts_s.tolist(), sample_s)
