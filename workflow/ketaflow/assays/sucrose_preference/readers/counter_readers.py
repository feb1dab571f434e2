"""Readers of devices that count licks: Sipper (both firmwares), FED3, LIQ HD (by time and by bout).

In: cells of a log. Out: its common form. Sipper and FED3 (Kravitz and Creed laboratories) start with the heading
``MM:DD:YYYY hh:mm:ss``, LIQ HD (Petersen et al.) with ``Experimental_side``. LIQ HD has 36 sensors, two to a cage, odd
ones left and even ones right; durations are in milliseconds, and a bout is written 3 s after its last lick. FED3 counts
nose pokes, which are licks only where the cohort's table says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import LogQuality
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, number
from ketaflow.assays.sucrose_preference.readers.logs import (
    Channel,
    Log,
    LogFile,
    increments,
    moment,
    regular_interval_and_gaps,
    seconds_since,
)
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import quoted

CLOCK_FORMS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")
SENSOR = re.compile(r"licknumber(\d+)")
CLOCK = "mm:dd:yyyyhh:mm:ss"
ELAPSED = re.compile(r"(\d+):(\d+):(\d+(?:\.\d*)?)")


@dataclass(frozen=True)
class Columns:
    """Cells of a log by lower-case heading without blanks, and the number of each row in the file."""

    cells: dict[str, list[str]]
    rows: list[int]

    def __getitem__(self, name: str) -> list[str]:
        return self.cells[name]

    def __contains__(self, name: str) -> bool:
        return name in self.cells


class NamedChannels(NamedTuple):
    """Channels of a log by name, and further names for them."""

    channels: dict[str, Channel]
    aliases: dict[str, str]


def is_sipper(cells: CellFile) -> bool:
    """Whether this is a log of a Sipper, with a left and a right counter of licks."""
    return {CLOCK, "leftcount", "rightcount"} <= set(_headings(cells))


def is_fed3(cells: CellFile) -> bool:
    """Whether this is a log of a FED3, with a left and a right counter of nose pokes."""
    return {CLOCK, "left_poke_count", "right_poke_count"} <= set(_headings(cells))


def read_sipper(file: LogFile) -> Log:
    """Read cumulative counts and contact times of a left and a right spout.

    Parameters
    ----------
    file : LogFile
        Log of a Sipper.

    Returns
    -------
    Log
        Channels ``left`` and ``right`` with the counts of each row.
    """
    columns, broken = _columns(file.cells, required=("leftcount", "rightcount"))
    start, time_s = _sipper_time(columns, file.name)
    channels, resets = {}, 0
    for side in ("left", "right"):
        licks, fell = increments(_floats(columns, f"{side}count", file.name))
        channels[side] = Channel(time_s, licks, _contact_s(columns, side, file.name), "counts")
        resets += fell
    quality = _quality(columns, time_s, file, resets, broken)
    duration_s = float(time_s[-1] - time_s[0])
    return Log("Sipper", channels, start, duration_s, quality, aliases={f"{side}count": side for side in channels})


def read_fed3(file: LogFile) -> Log:
    """Read cumulative counts and durations of pokes at a left and a right port.

    Parameters
    ----------
    file : LogFile
        Log of a FED3.

    Returns
    -------
    Log
        Channels ``left`` and ``right`` with the counts of each row, both marked as pokes.
    """
    columns, broken = _columns(file.cells, required=("left_poke_count", "right_poke_count"))
    start, time_s = _sipper_time(columns, file.name)
    channels, resets = {}, 0
    for side in ("left", "right"):
        counts = _floats(columns, f"{side}_poke_count", file.name)
        if counts[0] <= 1:
            # The first row of a device that writes events is an event itself, counted from zero.
            counts = np.append(0.0, counts)
        pokes, fell = increments(counts)
        pokes = pokes[-len(time_s) :]
        channels[side] = Channel(time_s, pokes, _poke_contact_s(columns, pokes), "counts")
        resets += fell
    return Log(
        "FED3",
        channels,
        start,
        duration_s=float(time_s[-1] - time_s[0]),
        # A FED3 writes events, not rows at fixed times, so that a pause is no gap.
        quality=replace(_quality(columns, time_s, file, resets, broken), interval_s=None, gaps=()),
        aliases={f"{side}_poke_count": side for side in channels},
        pokes=frozenset(channels),
    )


def _quality(columns: Columns, time_s: np.ndarray, file: LogFile, resets: int, broken: int) -> LogQuality:
    """Properties of a Sipper or FED3 log."""
    interval_s, gaps = regular_interval_and_gaps(time_s, file.settings.quiet_gap_s)
    battery = next((name for name in ("batteryvoltage", "battery_voltage") if name in columns), None)
    voltages_v = _floats(columns, battery, file.name, blank=np.nan) if battery else np.empty(0)
    return LogQuality(
        interval_s=interval_s,
        gaps=gaps,
        counter_resets=resets,
        broken_rows=broken,
        duplicated_rows=_duplicates(columns),
        battery_v=float(np.nanmin(voltages_v)) if np.isfinite(voltages_v).any() else None,
    )


def is_liqhd(cells: CellFile) -> bool:
    """Whether this is a LIQ HD log."""
    return "experimental_side" in _headings(cells)


def read_liqhd(file: LogFile) -> Log:
    """Read counts of each sensor by time, or bouts of each bottle.

    Parameters
    ----------
    file : LogFile
        Log of a LIQ HD.

    Returns
    -------
    Log
        Channels ``licknumber<sensor>`` or ``cage<number>.<side>``; aliases such as ``cage1.left``.

    Raises
    ------
    IngestError
        If the device restarted within the file, or no counts were logged.
    """
    columns, broken = _columns(file.cells, required=("experimental_side", "datetime"))
    by_bout = "cage_id" in columns
    millis = _floats(columns, "millis_since_start" if by_bout else "millis", file.name)
    if (np.diff(millis) < 0).any():
        raise IngestError(
            f"{file.name}: the clock of the device restarted within the file. Save each part in a file of its own."
        )
    time_s = (millis - millis[0]) / constants.MS_PER_S
    sides = [side.strip().lower() for side in columns["experimental_side"]]
    turns_s = tuple(float(time_s[i]) for i in range(1, len(sides)) if sides[i] != sides[i - 1])
    interval_s, gaps = (None, ()) if by_bout else regular_interval_and_gaps(time_s, file.settings.quiet_gap_s)
    named = _liqhd_bouts(columns, time_s, file.name) if by_bout else _liqhd_counts(columns, time_s, file.name)
    return Log(
        "LIQ HD",
        named.channels,
        moment(columns["datetime"][0], *CLOCK_FORMS),
        duration_s=float(time_s[-1]),
        quality=LogQuality(interval_s=interval_s, gaps=gaps, broken_rows=broken, duplicated_rows=_duplicates(columns)),
        aliases=named.aliases,
        solution_side=sides[0],
        solution_side_turns_s=turns_s,
    )


def _liqhd_counts(columns: Columns, time_s: np.ndarray, file: str) -> NamedChannels:
    """Channels of a LIQ HD log by time: one per sensor."""
    made = NamedChannels({}, {})
    for name in columns.cells:
        found = SENSOR.fullmatch(name)
        if not found:
            continue
        sensor = int(found[1])
        duration = f"lickduration{sensor}"
        contact_s = np.full(len(time_s), np.nan)
        if duration in columns:
            contact_s = _floats(columns, duration, file) / constants.MS_PER_S
        made.channels[name] = Channel(time_s, _floats(columns, name, file), contact_s, "counts")
        made.aliases.update(dict.fromkeys(_liqhd_names((sensor + 1) // 2, "left" if sensor % 2 else "right"), name))
        made.aliases[str(sensor)] = name
    if not made.channels:
        raise IngestError(f"{file}: no column LickNumber was logged. Switch LickNumber on in the device's settings.")
    return made


def _liqhd_bouts(columns: Columns, written_s: np.ndarray, file: str) -> NamedChannels:
    """Channels of a LIQ HD log by bout: one per bottle. A bout is dated back from the moment it was written."""
    cages = [cage.strip() for cage in columns["cage_id"]]
    bottles = [bottle.strip().lower() for bottle in columns["bottlelicked"]]
    length_s = _floats(columns, "boutduration", file) / constants.MS_PER_S
    start_s = written_s - constants.LIQ_HD_BOUT_PAUSE_S - length_s
    licks = _floats(columns, "boutlicknumber", file)
    contact_s = _floats(columns, "boutlickduration", file) / constants.MS_PER_S
    made = NamedChannels({}, {})
    for cage in dict.fromkeys(cages):
        for side in ("left", "right"):
            own = np.array([c == cage and b == side for c, b in zip(cages, bottles, strict=True)])
            order = np.argsort(start_s[own], kind="stable")
            name = f"cage{cage}.{side}"
            made.channels[name] = Channel(start_s[own][order], licks[own][order], contact_s[own][order], "bouts")
            made.aliases.update(dict.fromkeys(_liqhd_names(int(cage), side), name))
    return made


def _liqhd_names(cage: int, side: str) -> list[str]:
    """Names that a lab may give to a bottle of a LIQ HD cage."""
    heads = (f"cage{cage}", f"cage {cage}", str(cage))
    return [f"{head}{gap}{tail}" for head in heads for gap in (".", "_", "-", " ", "") for tail in (side, side[0])]


def _headings(cells: CellFile) -> list[str]:
    """Headings in lower case without blanks."""
    return [cell.lower().replace(" ", "") for cell in cells.rows[0].cells]


def _columns(cells: CellFile, required: Sequence[str]) -> tuple[Columns, int]:
    """Columns by heading, and the number of broken rows.

    A row is broken if it was cut short (a logger that lost power) or if the clock or a required cell is blank. Other
    cells may be blank.
    """
    headings = _headings(cells)
    needed = [place for place, name in enumerate(headings) if name in (CLOCK, *required)]
    rows = cells.rows[1:]
    whole = [row for row in rows if len(row.cells) == len(headings) and all(row.cells[place] for place in needed)]
    if not whole:
        raise IngestError(
            f"{cells.name}: there are headings, but no complete row. The logger wrote nothing; weigh the bottle "
            "instead."
        )
    found = {name: [row.cells[place] for row in whole] for place, name in enumerate(headings)}
    return Columns(found, [row.number for row in whole]), len(rows) - len(whole) + cells.damaged_lines


def _floats(columns: Columns, name: str, file: str, blank: float | None = None) -> np.ndarray:
    """Cells of a column as numbers; blank cells become ``blank``, or are refused if it is None."""
    values = []
    for row, cell in zip(columns.rows, columns[name], strict=True):
        value = number(cell) if cell else blank
        if value is None:
            raise IngestError(
                f"{file}: row {row}, column {quoted(name)}: {quoted(cell)} is no number. The file was edited or "
                "damaged; copy it from the device again."
            )
        values.append(value)
    return np.array(values, dtype=float)


def _sipper_time(columns: Columns, file: str) -> tuple[datetime | None, np.ndarray]:
    """Date and time of time 0, and the times of the rows (s): from the elapsed time, else from the clock."""
    clock = columns[CLOCK]
    first = moment(clock[0], *CLOCK_FORMS)
    elapsed_s = _elapsed_s(columns, file)
    if elapsed_s is None or (np.diff(elapsed_s) < 0).any():
        elapsed_s = _clock_s(columns, file)
    return first - timedelta(seconds=float(elapsed_s[0])) if first else None, elapsed_s


def _elapsed_s(columns: Columns, file: str) -> np.ndarray | None:
    """Elapsed time of the rows (s), in seconds or as h:m:s; None where the firmware does not write it."""
    if "elapsedsecs" in columns:
        return _floats(columns, "elapsedsecs", file)
    if "elapsedtime" in columns:
        parts = [ELAPSED.fullmatch(cell) for cell in columns["elapsedtime"]]
        if all(parts):
            return np.array([int(p[1]) * 3600 + int(p[2]) * 60 + float(p[3]) for p in parts if p])
    return None


def _clock_s(columns: Columns, file: str) -> np.ndarray:
    """Times of the rows by the clock (s from the first)."""
    moments = []
    for row, cell in zip(columns.rows, columns[CLOCK], strict=True):
        at = moment(cell, *CLOCK_FORMS)
        if at is None:
            raise IngestError(f"{file}: row {row}: {quoted(cell)} is no date and time (month/day/year h:mm:ss).")
        moments.append(at)
    elapsed_s = np.array([seconds_since(moments[0], at) for at in moments])
    if (np.diff(elapsed_s) < 0).any():
        raise IngestError(f"{file}: the clock goes back within the file. Save each session in a file of its own.")
    return elapsed_s


def _contact_s(columns: Columns, side: str, file: str) -> np.ndarray:
    """Contact time of each row of a Sipper log (s)."""
    name = f"{side}duration"
    if name not in columns:
        return np.full(len(columns.rows), np.nan)
    return increments(_floats(columns, name, file))[0]


def _poke_contact_s(columns: Columns, licks: np.ndarray) -> np.ndarray:
    """Contact time of each row of a FED3 log (s): that of the poke where the count rose; NaN where it is missing."""
    if "poke_time" not in columns:
        return np.full(len(licks), np.nan)
    seconds = np.array([np.nan if (value := number(cell)) is None else value for cell in columns["poke_time"]])
    return np.where(licks > 0, seconds, 0.0)


def _duplicates(columns: Columns) -> int:
    """Rows that are equal to the row before."""
    rows = list(zip(*columns.cells.values(), strict=True))
    return sum(one == other for one, other in pairwise(rows))
