"""Plain text: two columns or more of numbers, time stamps with values, and peak or result tables."""

import re
from datetime import datetime

import numpy as np

from ketaflow.assays.microdialysis import peak_tables
from ketaflow.assays.microdialysis.numbers import cells, columns, is_unended, number, refuse_unended
from ketaflow.assays.microdialysis.traces import Trace, checked
from ketaflow.core.errors import IngestError

# A run longer than this many minutes is one told in seconds: HPLC runs last 1 to 180 min.
LONGEST_RUN_MIN = 180
# One that is told in minutes may last a day.
LONGEST_TOLD_MIN = 1440
STAMP = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[ T](\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)")
# A longer pause between two time stamps is an interruption (seconds).
STAMP_SLACK_S = 60.0


def separator_of(lines: list[str]) -> str:
    """The separator that the most lines of the file's head share."""
    head = [line for line in lines[:200] if line.strip()][-40:]
    scores = {mark: sum(mark in line for line in head) for mark in ("\t", ";", ",")}
    best = max(scores, key=lambda mark: scores[mark])
    return best if scores[best] > len(head) / 2 else " "


def read_plain(lines: list[str], file: str, *, time_unit: str) -> list[Trace]:
    """Traces of a text file without a dialect of its own: one for each column of values, or a peak table."""
    unended = is_unended(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise IngestError(f"{file}: the file is empty. Export the chromatogram again.")
    separator = separator_of(lines)
    first = _first_number_row(lines, separator)
    names = cells(lines[first - 1], separator) if first else []
    if headings := peak_tables.headings_of(lines, separator):
        if unended:
            refuse_unended(lines, file)
        return [peak_tables.read(lines, separator, headings, file)]
    if first is None:
        raise IngestError(f"{file}: no table of numbers found. Export time and signal as CSV, or the peak table.")
    body = [line.rstrip("\t ;,") for line in lines[first:] if line.strip()]
    table = columns(body, separator, file, first + 1)
    if unended:  # whole files of other programs may lack the last line's end: a point less is better than a wrong one
        table = table[:-1]
    return _traces(table, names, file, time_unit)


def _traces(table: np.ndarray, names: list[str], file: str, time_unit: str) -> list[Trace]:
    kept = [index for index in range(1, table.shape[1]) if not _is_step(table[:, index], names, index)]
    if not kept:
        raise IngestError(f"{file}: one column of numbers, expected time and signal. Export both.")
    heading = names[0].lower() if names else ""
    time_min = table[:, 0] / _per_minute(table[:, 0], heading, time_unit)
    if time_min[-1] > LONGEST_TOLD_MIN:
        raise IngestError(
            f"{file}: the run would last {time_min[-1]:.0f} min, expected at most {LONGEST_TOLD_MIN}. Name the unit of "
            "time in the heading, as in 'Time (s)', or set microdialysis.ingest.time_unit."
        )
    found = []
    for index in kept:
        name = names[index] if index < len(names) else ""
        unit = name[name.find("(") + 1 : name.rfind(")")] if "(" in name else ""
        found.append(checked(Trace(time_min, table[:, index], unit, name or f"column {index + 1}", "text"), file))
    return found


def _is_step(values: np.ndarray, names: list[str], index: int) -> bool:
    """Whether a column holds sampling steps (Chromeleon's second one) and not a signal."""
    named = index < len(names) and names[index].lower().startswith("step")
    return named or (not np.isfinite(values[0]) and np.ptp(values[1:]) < 1e-9)


def _per_minute(time: np.ndarray, heading: str, time_unit: str) -> float:
    """How many units of time are a minute: told by the setting, the heading, or the length of the run."""
    if time_unit != "auto":
        return 60.0 if time_unit == "s" else 1.0
    if "min" in heading:
        return 1.0
    if re.search(r"msec|millisec|\bms\b|_ms$", heading):
        return 60_000.0
    if re.search(r"sec|\(s\)|\[s\]|_s$", heading):
        return 60.0
    return 60.0 if time[-1] > LONGEST_RUN_MIN or np.median(np.diff(time)) > 0.15 else 1.0


def is_stamped(lines: list[str]) -> bool:
    """Whether the lines are time stamps with values."""
    return sum(bool(STAMP.search(line)) for line in lines[:20]) > 5


def read_stamped(lines: list[str], file: str) -> list[Trace]:
    """Time stamps of one second's resolution: points are spread evenly within each second."""
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
    turns = np.concatenate([[0], np.flatnonzero(np.diff(stamps_s) != 0) + 1])
    if np.diff(stamps_s).max(initial=0) > STAMP_SLACK_S:
        raise IngestError(
            f"{file}: the time stamps jump by more than {STAMP_SLACK_S:g} s. The recording was interrupted: split it."
        )
    pace_s = stamps_s[turns[-1]] / max(turns[-1], 1)
    even_s = np.interp(np.arange(len(stamps_s)), turns, stamps_s[turns])
    even_s[turns[-1] :] += pace_s * np.arange(len(stamps_s) - turns[-1])
    return [checked(Trace(even_s / 60, np.array(values, float), "", "", "time stamps"), file)]


def _day(match: re.Match, lines: list[str]) -> int:
    """Days since the first stamp; a recording lasts hours, so only a change of date matters."""
    first = next(found for found in map(STAMP.search, lines) if found)
    return int(match.group(1, 2, 3) != first.group(1, 2, 3))


def _first_number_row(lines: list[str], separator: str) -> int | None:
    """Index of the first of ten lines that are numbers throughout."""
    run = 0
    for index, line in enumerate(lines):
        parts = [cell for cell in cells(line, separator) if cell] if separator.strip() else line.split()
        numeric = len(parts) > 1 and number(parts[0]) is not None and number(parts[-1]) is not None
        run = run + 1 if numeric else 0
        if run == 10:
            return index - 9
    return None
