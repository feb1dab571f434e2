"""Plain text: two columns or more of numbers, time stamps with values, and peak or result tables."""

import re
from datetime import datetime

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.assays.microdialysis.readers.number_text import cells, columns, filled, is_unended, number, refuse_unended
from ketaflow.assays.microdialysis.readers.tables import peak_tables, wide_tables
from ketaflow.assays.microdialysis.readers.traces import checked
from ketaflow.core.errors import IngestError

STAMP = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[ T](\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)")
# Numbers with decimal commas and blanks between them.
SPACED = re.compile(r"\s*[+-]?\d+(,\d+)?([eE][+-]?\d+)?(\s+[+-]?\d+(,\d+)?([eE][+-]?\d+)?)+\s*")
# Headings of a column of times; and a column that only counts the rows.
TIMES = re.compile(
    r"(ret(ention|\.)?\s*|r\.?\s*)?(time|zeit|temps|tiempo|minutes?|seconds?|min|sec)\b|rt\b|x$", re.IGNORECASE
)


def separator_of(lines: list[str]) -> str:
    """Return the separator that most lines of the head of a file have."""
    head = [line for line in lines[:200] if line.strip()][-40:]
    scores = {mark: sum(mark in line for line in head) for mark in ("\t", ";", ",")}
    best = max(scores, key=lambda mark: scores[mark])
    spaced = best == "," and sum(bool(SPACED.fullmatch(line)) for line in head) > len(head) / 2
    return best if scores[best] > len(head) / 2 and not spaced else " "


def read_plain(lines: list[str], file: str, *, time_unit: str) -> list[Chromatogram]:
    """Read a text file of no known program.

    Parameters
    ----------
    lines : list of str
        Lines of the file.
    file : str
        Its name, for messages.
    time_unit : {"auto", "min", "s"}
        Unit of time, where no heading gives it.

    Returns
    -------
    list of Chromatogram
        One per column of values; for a peak table, one without a signal.

    Raises
    ------
    IngestError
        If there is no table of numbers, or the unit of time cannot be right.
    """
    unended = is_unended(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise IngestError(f"{file}: the file is empty. Export the chromatogram again.")
    separator = separator_of(lines)
    first = _first_number_row(lines, separator)
    names = cells(lines[first - 1], separator) if first else []
    if layout := wide_tables.layout_of(lines, separator):
        if unended:
            refuse_unended(lines, file)
        return wide_tables.read(lines, separator, layout, file)
    if headings := peak_tables.headings_of(lines, separator):
        if unended:
            refuse_unended(lines, file)
        return peak_tables.read(lines, separator, headings, file)
    if first is None:
        raise IngestError(f"{file}: no table of numbers found. Export time and signal as CSV, or the peak table.")
    body = [line.rstrip("\t ;,") for line in lines[first:] if line.strip()]
    table = columns(body, separator, file, first + 1)
    if unended:  # whole files of other programs may lack the last line's end: a point less is better than a wrong one
        table = table[:-1]
    return _traces(table, names, file, time_unit)


def _traces(table: np.ndarray, names: list[str], file: str, time_unit: str) -> list[Chromatogram]:
    """A trace for each column that holds no times; its times are the nearest ones to its left, or the first of all."""
    names = names if len(names) >= table.shape[1] else [*names, *[""] * (table.shape[1] - len(names))]
    timed = _time_columns(table, names)
    counters = [index for index in range(table.shape[1]) if index < timed[0] and _counts(table[:, index])]
    kept = [
        index
        for index in range(table.shape[1])
        if index not in (*timed, *counters) and not _is_step(table[:, index], names, index)
    ]
    if not kept:
        raise IngestError(f"{file}: one column of numbers, expected time and signal. Export both.")
    found = []
    for index in kept:
        own = max((column for column in timed if column < index), default=timed[0])
        time_min = _minutes(table[:, own], names[own].lower(), time_unit, file)
        name = names[index]
        unit = name[name.find("(") + 1 : name.rfind(")")] if "(" in name else ""
        found.append(
            checked(Chromatogram(time_min, table[:, index], unit, name or f"column {index + 1}", "text"), file)
        )
    return found


def _time_columns(table: np.ndarray, names: list[str]) -> list[int]:
    """Columns whose headings say that they are times; else the first that does not merely count the rows."""
    named = [index for index in range(table.shape[1]) if TIMES.match(names[index])]
    if named:
        return named
    after_counter = table.shape[1] > 2 and _counts(table[:, 0]) and (np.diff(table[:, 1]) > 0).all()
    return [1] if after_counter else [0]


def _counts(values: np.ndarray) -> bool:
    return bool(values[0] in (0, 1) and (np.diff(values) == 1).all())


def _minutes(times: np.ndarray, heading: str, time_unit: str, file: str) -> np.ndarray:
    """Times in minutes; those that were rounded until they repeat are those of an even pace."""
    index = np.arange(len(times))
    even = np.polyval(np.polyfit(index, times, 1), index) if _rounded(times) else times
    time_min = even / _per_minute(times, heading, time_unit)
    if time_min[-1] > constants.STATED_RUN_MAX_MIN:
        raise IngestError(
            f"{file}: the run would last {time_min[-1]:.0f} min, expected at most {constants.STATED_RUN_MAX_MIN}. Name "
            "the unit of time in the heading, as in 'Time (s)', or set microdialysis.ingest.time_unit."
        )
    return time_min


def _rounded(times: np.ndarray) -> bool:
    """Whether times repeat as rounding makes them: in equal steps, each of about as many values."""
    turns = np.flatnonzero(np.diff(times) != 0) + 1
    steps, counts = np.diff(times[turns]), np.diff(turns)
    if len(turns) in (len(times) - 1, 0, 1) or (steps <= 0).any():
        return False
    return bool(np.ptp(steps) < 0.01 * steps.min() and np.ptp(counts) <= max(1, counts.max() // 2))


def spread(times: np.ndarray) -> np.ndarray:
    """Spread times of a clock that shows whole seconds evenly from each change to the next.

    Parameters
    ----------
    times : (n_points,) float
        Times (seconds).

    Returns
    -------
    (n_points,) float
        Seconds.
    """
    turns = np.concatenate([[0], np.flatnonzero(np.diff(times) != 0) + 1])
    pace = (times[turns[-1]] - times[0]) / max(turns[-1], 1)
    even = np.interp(np.arange(len(times)), turns, times[turns])
    even[turns[-1] :] += pace * np.arange(len(times) - turns[-1])
    return even


def _is_step(values: np.ndarray, names: list[str], index: int) -> bool:
    """Whether a column holds sampling steps (Chromeleon's second one) and not a signal."""
    named = index < len(names) and names[index].lower().startswith("step")
    return named or (not np.isfinite(values[0]) and np.ptp(values[1:]) < 1e-9)


def _per_minute(time: np.ndarray, heading: str, time_unit: str) -> float:
    """How many units of time are a minute: from the setting, the heading, or the length of the run."""
    if time_unit != "auto":
        return 60.0 if time_unit == "s" else 1.0
    if "min" in heading:
        return 1.0
    if re.search(r"msec|millisec|\bms\b|_ms$", heading):
        return 60_000.0
    if re.search(r"sec|\(s\)|\[s\]|[_/,\s]s$", heading):
        return 60.0
    return 60.0 if time[-1] > constants.RUN_MAX_MIN or np.median(np.diff(time)) > constants.STEP_MAX_MIN - 1e-9 else 1.0


def is_stamped(lines: list[str]) -> bool:
    """Whether the lines are time stamps with values."""
    return sum(bool(STAMP.search(line)) for line in lines[:20]) > 5


def read_stamped(lines: list[str], file: str) -> list[Chromatogram]:
    """Read time stamps with values; stamps of whole seconds are spread evenly within each second."""
    times, values = [], []
    for row, line in enumerate(lines, start=1):
        match = STAMP.search(line)
        value = number(line[match.end() :].strip(" ,;\t")) if match else None
        if match and value is None:
            raise IngestError(f"{file}: line {row} has a time and no value. The file is cut short: export it again.")
        if match:
            clock = datetime(2000, 1, 1 + _day(match, lines), int(match[4]), int(match[5]))
            times.append(clock.timestamp() + float(match[6].replace(",", ".")))
            values.append(value)
        elif line.strip() and row > 5:
            raise IngestError(f"{file}: line {row} has no time stamp. The file is cut short: export it again.")
    stamps_s = np.array(times) - times[0]
    if np.diff(stamps_s).max(initial=0) > constants.STAMP_PAUSE_S:
        raise IngestError(
            f"{file}: the time stamps jump by more than {constants.STAMP_PAUSE_S:g} s. The recording was interrupted: "
            "split it."
        )
    return [checked(Chromatogram(spread(stamps_s) / 60, np.array(values, float), "", "", "time stamps"), file)]


def _day(match: re.Match[str], lines: list[str]) -> int:
    """Days since the first stamp; a recording lasts hours, so only a change of date matters."""
    first = next(found for found in map(STAMP.search, lines) if found)
    return int(match.group(1, 2, 3) != first.group(1, 2, 3))


def _first_number_row(lines: list[str], separator: str) -> int | None:
    """Index of the first of ten lines that are numbers throughout."""
    run = 0
    for index, line in enumerate(lines):
        parts = filled(line, separator)
        numeric = len(parts) > 1 and number(parts[0]) is not None and number(parts[-1]) is not None
        run = run + 1 if numeric else 0
        if run == 10:
            return index - 9
    return None
