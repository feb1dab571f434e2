"""Readers of devices that count licks: Sipper (both firmwares), FED3, LIQ HD (by time and by bout).

In: the text of a log. Out: its common form. Sipper and FED3 (Kravitz and Creed laboratories) start with the heading
``MM:DD:YYYY hh:mm:ss``, LIQ HD (Petersen et al.) with ``Experimental_side``. LIQ HD has 36 sensors, two to a cage, odd
ones left and even ones right; durations are in milliseconds, and a bout is written 3 s after its last lick.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import LogQuality
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

CLOCK_FORMS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")
SENSOR = re.compile(r"licknumber(\d+)")

# Cells of a file by lower-case heading.
Columns = Mapping[str, list[str]]


class NamedChannels(NamedTuple):
    """Channels of a log by name, and further names for them."""

    channels: dict[str, Channel]
    aliases: dict[str, str]


def is_sipper(text: str) -> bool:
    """Whether this is a log of the Sipper or FED3 family, with a left and a right counter."""
    head = text[:400].lower()
    return head.lstrip().startswith("mm:dd:yyyy") and ("leftcount" in head or "left_poke_count" in head)


def read_sipper(file: LogFile) -> Log:
    """Read cumulative counts and contact times of a left and a right spout.

    Parameters
    ----------
    file : LogFile
        Log of a Sipper or FED3.

    Returns
    -------
    Log
        Channels ``left`` and ``right`` with the counts of each row.
    """
    columns, broken = _columns(file.text, file.name)
    is_fed3 = "left_poke_count" in columns
    start, time_s = _sipper_time(columns, file.name)
    channels, resets = {}, 0
    for side in ("left", "right"):
        counts = _floats(columns[f"{side}_poke_count" if is_fed3 else f"{side}count"], file.name)
        if is_fed3 and counts[0] <= 1:
            # The first row of a device that writes events is an event itself, counted from zero.
            licks, fell = increments(np.append(0.0, counts))
            licks = licks[1:]
        else:
            licks, fell = increments(counts)
        contact_s = _poke_contact_s(columns, licks) if is_fed3 else _contact_s(columns, side, file.name)
        channels[side] = Channel(time_s, licks, contact_s, "counts")
        resets += fell
    interval_s, gaps = regular_interval_and_gaps(time_s, file.settings.quiet_gap_s)
    battery = columns.get("batteryvoltage") or columns.get("battery_voltage")
    return Log(
        "FED3" if is_fed3 else "Sipper",
        channels,
        start,
        duration_s=float(time_s[-1] - time_s[0]),
        quality=LogQuality(
            interval_s=interval_s,
            gaps=gaps,
            counter_resets=resets,
            broken_rows=broken,
            duplicated_rows=_duplicates(columns),
            battery_v=float(np.nanmin(_floats(battery, file.name))) if battery else None,
        ),
    )


def is_liqhd(text: str) -> bool:
    """Whether this is a LIQ HD log."""
    return text.lstrip()[:20].lower().startswith("experimental_side")


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
    columns, broken = _columns(file.text.replace('"', ""), file.name)
    by_bout = "cage_id" in columns
    millis = _floats(columns["millis_since_start" if by_bout else "millis"], file.name)
    if (np.diff(millis) < 0).any():
        raise IngestError(
            f"{file.name}: the clock of the device restarted within the file. Give each part a file of its own."
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
    for name in columns:
        found = SENSOR.fullmatch(name)
        if not found:
            continue
        sensor = int(found[1])
        duration = columns.get(f"lickduration{sensor}")
        contact_s = _floats(duration, file) / constants.MS_PER_S if duration else np.full(len(time_s), np.nan)
        made.channels[name] = Channel(time_s, _floats(columns[name], file), contact_s, "counts")
        made.aliases.update(dict.fromkeys(_liqhd_names((sensor + 1) // 2, "left" if sensor % 2 else "right"), name))
        made.aliases[str(sensor)] = name
    if not made.channels:
        raise IngestError(f"{file}: no column LickNumber was logged. Switch LickNumber on in the device's settings.")
    return made


def _liqhd_bouts(columns: Columns, written_s: np.ndarray, file: str) -> NamedChannels:
    """Channels of a LIQ HD log by bout: one per bottle. A bout is dated back from the moment it was written."""
    cages = [cage.strip() for cage in columns["cage_id"]]
    bottles = [bottle.strip().lower() for bottle in columns["bottlelicked"]]
    length_s = _floats(columns["boutduration"], file) / constants.MS_PER_S
    start_s = written_s - constants.LIQ_HD_BOUT_PAUSE_S - length_s
    licks = _floats(columns["boutlicknumber"], file)
    contact_s = _floats(columns["boutlickduration"], file) / constants.MS_PER_S
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


def _columns(text: str, file: str) -> tuple[Columns, int]:
    """Columns by lower-case heading, and the number of rows that were cut short (a logger that lost power)."""
    lines = [line for line in text.splitlines() if line.strip()]
    headings = [name.strip().lower().replace(" ", "") for name in lines[0].rstrip(", ").split(",")]
    rows = [line.split(",") for line in lines[1:]]
    whole = [row for row in rows if len(row) >= len(headings) and all(row[: len(headings)])]
    if not whole:
        raise IngestError(f"{file}: a header and no complete row. The logger wrote nothing; take the bottle's weights.")
    columns = dict(zip(headings, map(list, zip(*whole, strict=False)), strict=False))
    return columns, len(rows) - len(whole)


def _floats(cells: Sequence[str], file: str) -> np.ndarray:
    """Cells as numbers."""
    try:
        return np.array(cells, dtype=float)
    except ValueError as error:
        raise IngestError(
            f"{file}: a number was expected ({error}). The file was edited or damaged; copy it anew."
        ) from error


def _sipper_time(columns: Columns, file: str) -> tuple[datetime | None, np.ndarray]:
    """Date and time of time 0, and the times of the rows (s): from the elapsed time, else from the clock."""
    clock = columns["mm:dd:yyyyhh:mm:ss"]
    first = moment(clock[0], *CLOCK_FORMS)
    elapsed_s = _elapsed_s(columns, file)
    if elapsed_s is None or (np.diff(elapsed_s) < 0).any():
        elapsed_s = _clock_s(clock, file)
    return first - timedelta(seconds=float(elapsed_s[0])) if first else None, elapsed_s


def _elapsed_s(columns: Columns, file: str) -> np.ndarray | None:
    """Elapsed time of the rows (s), in seconds or as h:m:s; None where the firmware does not write it."""
    if "elapsedsecs" in columns:
        return _floats(columns["elapsedsecs"], file)
    if "elapsedtime" in columns:
        parts = [cell.split(":") for cell in columns["elapsedtime"]]
        return np.array([int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in parts])
    return None


def _clock_s(clock: Sequence[str], file: str) -> np.ndarray:
    """Times of the rows by the clock (s from the first)."""
    moments = []
    for cell in clock:
        at = moment(cell, *CLOCK_FORMS)
        if at is None:
            raise IngestError(f"{file}: '{cell}' is no date and time (month/day/year h:mm:ss).")
        moments.append(at)
    elapsed_s = np.array([seconds_since(moments[0], at) for at in moments])
    if (np.diff(elapsed_s) < 0).any():
        raise IngestError(f"{file}: the clock goes back within the file. Give each session a file of its own.")
    return elapsed_s


def _contact_s(columns: Columns, side: str, file: str) -> np.ndarray:
    """Contact time of each row of a Sipper log (s)."""
    return increments(_floats(columns[f"{side}duration"], file))[0]


def _poke_contact_s(columns: Columns, licks: np.ndarray) -> np.ndarray:
    """Contact time of each row of a FED3 log (s): that of the poke where the count rose; NaN where it is missing."""
    cells = columns.get("poke_time")
    if not cells:
        return np.full(len(licks), np.nan)
    seconds = np.array([float(cell) if cell.replace(".", "", 1).isdigit() else np.nan for cell in cells])
    return np.where(licks > 0, seconds, 0.0)


def _duplicates(columns: Columns) -> int:
    """Rows that are equal to the row before."""
    rows = list(zip(*columns.values(), strict=True))
    return sum(one == other for one, other in pairwise(rows))
