"""Readers of Med Associates files: arrays with five values to a row, and one value to a line.

In: the lines of a file. Out: its common form, one channel per array of the MED program. Which arrays hold licks is up
to the program, so the table's column ``channel`` names them by their letters.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, number
from ketaflow.assays.sucrose_preference.readers.logs import (
    Channel,
    Log,
    LogFile,
    lick_channel,
    moment,
    rising,
    without_padding,
)
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import listed, quoted

BLOCK = re.compile(r"^([A-Z]):\s*$")
ROW = re.compile(r"^\s*\d+:\s+(.*)$")
CLOCK_FORMS = ("%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S")


def is_array_file(cells: CellFile) -> bool:
    """Whether this is a Med Associates file with arrays of five values to a row."""
    head = cells.lines[:200]
    return any(line.startswith("MSN:") for line in head[:60]) or any(
        BLOCK.match(line) and ROW.match(after) for line, after in pairwise(head)
    )


def read_array_file(file: LogFile) -> Log:
    """Read arrays named by letters and padded with zeros.

    Parameters
    ----------
    file : LogFile
        Med Associates file. If it holds several sessions, that of the subject is read.

    Returns
    -------
    Log
        One channel per array, named by its lower-case letter.

    Raises
    ------
    IngestError
        If no array was saved, or not exactly one session is the subject's.
    """
    lines = file.cells.lines
    starts = [index for index, line in enumerate(lines) if line.startswith("Start Date:")] or [0]
    sessions = [lines[start:stop] for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True)]
    session = _session_of(sessions, file.subject, file.name)
    head = dict(line.split(":", 1) for line in session if ":" in line and not ROW.match(line))
    arrays = _arrays(session)
    if not arrays:
        raise IngestError(
            f"{file.name}: no array was saved. Save the lick times in an array (DISKVARS of the MED program)."
        )
    date, begun, ended = (head.get(key, "").strip() for key in ("Start Date", "Start Time", "End Time"))
    start = moment(f"{date} {begun}", *CLOCK_FORMS)
    stop = moment(f"{head.get('End Date', date).strip()} {ended}", *CLOCK_FORMS)
    channels, unusable = _channels({name: without_padding(values) for name, values in arrays.items()})
    duration_s = (stop - start).total_seconds() if start and stop else None
    return Log("Med Associates", channels, start, duration_s, unusable=unusable)


def _channels(
    arrays: Mapping[str, np.ndarray], ends_s: Mapping[str, np.ndarray] | None = None
) -> tuple[dict[str, Channel], dict[str, str]]:
    """Channels of the arrays whose values rise, and why the others are none: counters and parameters."""
    channels, unusable = {}, {}
    for name, onsets_s in arrays.items():
        try:
            channels[name] = lick_channel(rising(onsets_s, ""), (ends_s or {}).get(name))
        except IngestError as error:
            unusable[name] = f"array {name.upper()}: {error}"
    return channels, unusable


def _arrays(lines: Sequence[str]) -> dict[str, list[float]]:
    """Values of each array of a session, by its lower-case letter."""
    arrays: dict[str, list[float]] = {}
    current: list[float] | None = None
    for line in lines:
        if BLOCK.match(line):
            current = arrays.setdefault(line[0].lower(), [])
        elif current is not None and (row := ROW.match(line)):
            current += [float(cell) for cell in row[1].split()]
    return arrays


def _session_of(sessions: Sequence[list[str]], subject: str | None, file: str) -> list[str]:
    """Lines of the only session, or of the subject's."""
    if len(sessions) == 1:
        return sessions[0]
    named = [
        next((line.split(":", 1)[1].strip() for line in part if line.startswith("Subject:")), "") for part in sessions
    ]
    own = [part for part, name in zip(sessions, named, strict=True) if name == subject]
    if len(own) != 1:
        raise IngestError(
            f"{file}: {len(sessions)} sessions of the subjects {listed([*map(quoted, named)])}, {len(own)} of "
            f"{quoted(subject or '')}. "
            "Give each session a file of its own, or name the animal as the file does."
        )
    return own[0]


def is_column_file(cells: CellFile) -> bool:
    """Whether this is a Med Associates file with one value to a line."""
    lines = cells.lines
    values = [number(line) for line in lines[:40]]
    return len(lines) > 30 and constants.MED_COLUMN_MARK in values and any(value is None for value in values[:12])


def read_column_file(file: LogFile) -> Log:
    """Read arrays written one value to a line: a mark, the lengths of 26 arrays, then their values.

    Parameters
    ----------
    file : LogFile
        Med Associates file.

    Returns
    -------
    Log
        One channel per array that holds values, named by its lower-case letter. An array of as many values, each just
        after one of the array before it, holds the ends of its licks.

    Raises
    ------
    IngestError
        If the file is shorter than the lengths say.
    """
    values = [number(line) for line in file.cells.lines]
    first = values.index(constants.MED_COLUMN_MARK) + 1
    place = first + constants.MED_ARRAY_COUNT
    lengths = [_length(value) for value in values[first:place]]
    if len(values) < place + sum(lengths):
        raise IngestError(
            f"{file.name}: the arrays should hold {sum(lengths)} values, the file ends after {len(values) - place}. "
            "Copy the file from the computer that recorded it."
        )
    arrays = {}
    for index, length in enumerate(lengths):
        if length > 1:
            arrays[chr(ord("a") + index)] = np.array(values[place + 1 : place + length], dtype=float)
        place += length
    offsets_s = {name: ends_s for name in arrays if (ends_s := _offsets_s(name, arrays)) is not None}
    ends_of = {chr(ord(name) + 1): name for name in offsets_s}
    onsets = {name: times for name, times in arrays.items() if name not in ends_of}
    channels, unusable = _channels(onsets, offsets_s)
    for name, before in ends_of.items():
        unusable[name] = f"array {name.upper()} holds the ends of the licks of array {before.upper()}. Correct channel."
    return Log("Med Associates", channels, unusable=unusable)


def _length(value: float | None) -> int:
    """Length of an array."""
    if value is None:
        raise ValueError("the length of an array is not a number")
    return int(value)


def _offsets_s(name: str, arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    """The array after ``name`` if it holds as many times, each between an onset and the next: the ends of the licks."""
    other = arrays.get(chr(ord(name) + 1))
    onsets = arrays[name]
    if other is None or len(other) != len(onsets) or not len(onsets):
        return None
    return other if (other > onsets).all() and (other[:-1] <= onsets[1:]).all() else None
