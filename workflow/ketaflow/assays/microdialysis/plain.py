"""Plain text: two columns or more of numbers, time stamps with values, and peak or result tables."""

import re
from datetime import datetime

import numpy as np

from ketaflow.assays.microdialysis.numbers import cells, columns, number
from ketaflow.assays.microdialysis.traces import Trace, checked, vendor_peak
from ketaflow.core.errors import IngestError

# A run longer than this many minutes is one told in seconds: HPLC runs last 1 to 180 min.
LONGEST_RUN_MIN = 180
STAMP = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[ T](\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d+)?)")
# A longer pause between two time stamps is an interruption (seconds).
STAMP_SLACK_S = 60.0
PEAK_HEADINGS = {
    "name": ("name", "compound", "compound name", "analyte", "peak name", "component name", "component"),
    "retention_min": ("retention_min", "retention time",
                      "rt", "r.time", "ret. time", "rt (min)", "retention time (min)",
                      "rettime", "ret time", "apex rt", "rt [min]", "r.time (min)"),
    "start_min": ("start_min", "i.time", "start", "start time", "peak start"),
    "stop_min": ("stop_min", "f.time", "end", "stop", "end time", "peak end"),
    "area": ("area", "peak area", "response", "area (mau*min)", "area (uv*s)", "resp"),
    "height": ("height", "peak height"),
    "concentration": ("concentration", "conc", "conc.", "amount", "calc. conc.",
                      "calculated concentration", "final conc."),
    "unit": ("unit", "units", "conc. unit"),
}  # fmt: skip


def separator_of(lines: list[str]) -> str:
    """The separator that the most lines of the file's head share."""
    head = [line for line in lines[:200] if line.strip()][-40:]
    scores = {mark: sum(mark in line for line in head) for mark in ("\t", ";", ",")}
    best = max(scores, key=lambda mark: scores[mark])
    return best if scores[best] > len(head) / 2 else " "


def read_plain(lines: list[str], file: str, *, time_unit: str) -> list[Trace]:
    """Traces of a text file without a dialect of its own: one for each column of values, or a peak table."""
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise IngestError(f"{file}: the file is empty. Export the chromatogram again.")
    if sum(bool(STAMP.search(line)) for line in lines[:20]) > 5:
        return [_stamped(lines, file)]
    separator = separator_of(lines)
    first = _first_number_row(lines, separator)
    names = cells(lines[first - 1], separator) if first else []
    if columns_of_peaks := _peak_headings(names, lines, separator):
        return [_peak_table(lines, separator, columns_of_peaks, file)]
    if first is None:
        raise IngestError(f"{file}: no table of numbers found. Export time and signal as CSV, or the peak table.")
    body = [line.rstrip("\t ;,") for line in lines[first:] if line.strip()]
    table = columns(body, separator, file, first + 1)
    return _traces(table, names, file, time_unit)


def _traces(table: np.ndarray, names: list[str], file: str, time_unit: str) -> list[Trace]:
    kept = [index for index in range(1, table.shape[1]) if not _is_step(table[:, index], names, index)]
    if not kept:
        raise IngestError(f"{file}: one column of numbers, expected time and signal. Export both.")
    heading = names[0].lower() if names else ""
    time_min = table[:, 0] / (60 if _in_seconds(table[:, 0], heading, time_unit) else 1)
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


def _in_seconds(time: np.ndarray, heading: str, time_unit: str) -> bool:
    if time_unit != "auto":
        return time_unit == "s"
    if "min" in heading:
        return False
    if re.search(r"sec|\(s\)|\[s\]|_s$", heading):
        return True
    return bool(time[-1] > LONGEST_RUN_MIN or np.median(np.diff(time)) > 0.15)


def _stamped(lines: list[str], file: str) -> Trace:
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
    return checked(Trace(even_s / 60, np.array(values, float), "", "", "time stamps"), file)


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


def _peak_headings(names: list[str], lines: list[str], separator: str) -> dict[str, int]:
    """Which column is what, where a line of the head names an area or concentration beside a name or retention."""
    for candidate in [names, *(cells(line, separator) for line in lines[:60])]:
        lowered = [name.lower() for name in candidate]
        found = {
            meaning: next(lowered.index(word) for word in words if word in lowered)
            for meaning, words in PEAK_HEADINGS.items()
            if any(word in lowered for word in words)
        }
        if ({"area", "concentration"} & set(found)) and ({"name", "retention_min"} & set(found)):
            return found
    return {}


def _peak_table(lines: list[str], separator: str, where: dict[str, int], file: str) -> Trace:
    peaks = []
    for line in lines:
        parts = cells(line, separator)
        if len(parts) <= max(where.values()):
            continue
        told = {
            meaning: parts[index] or None if meaning in ("name", "unit") else number(parts[index])
            for meaning, index in where.items()
        }
        if told.get("area") is not None or told.get("concentration") is not None:
            peaks.append(vendor_peak(**told))
    if not peaks:
        raise IngestError(f"{file}: a peak table without peaks. Export it again, with areas or concentrations.")
    return Trace(np.empty(0), np.empty(0), "", "", "peak table", vendor_peaks=peaks)
