"""Logs of devices that count: Sipper (both firmwares), FED3 and its kin, LIQ HD (by time and by bout).

Formats: Sipper and FED3, Kravitz and Creed laboratories, header ``MM:DD:YYYY hh:mm:ss``; LIQ HD,
Petersen et al., header ``Experimental_side``: 36 sensors, odd ones left, even ones right, two to a
cage, durations in milliseconds, a bout written 3 s after its last lick.
"""

import re
from datetime import timedelta
from itertools import pairwise

import numpy as np

from ketaflow.assays.sucrose_preference.readers.logs import (
    BOUTS,
    COUNTS,
    Channel,
    Log,
    gaps,
    increments,
    moment,
    seconds_since,
)
from ketaflow.core.errors import IngestError

CLOCK_FORMS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")
# A bout of LIQ HD ends with a pause of this length (its firmware's bout_cutoff), and is written then.
LIQHD_PAUSE_S = 3.0
SENSOR = re.compile(r"licknumber(\d+)")


def is_sipper(text: str) -> bool:
    """Whether this is a log with left and right counters of the Sipper or FED3 family."""
    head = text[:400].lower()
    return head.lstrip().startswith("mm:dd:yyyy") and ("leftcount" in head or "left_poke_count" in head)


def read_sipper(text: str, file: str, *, quiet_gap_s: float) -> Log:
    """Cumulative counts and contact times of a left and a right spout."""
    columns, broken = _columns(text, file)
    fed3 = "left_poke_count" in columns
    clock, time_s = _sipper_time(columns, file)
    channels, resets = {}, 0
    for side in ("left", "right"):
        counts = _floats(columns[f"{side}_poke_count" if fed3 else f"{side}count"], file)
        if fed3 and counts[0] <= 1:
            # The first row of a device that writes events is an event itself, counted from zero.
            licks, fell = increments(np.append(0.0, counts))
            licks = licks[1:]
        else:
            licks, fell = increments(counts)
        contact = _poke_contact(columns, side, licks) if fed3 else _contact(columns, side, file)
        channels[side] = Channel(time_s, licks, contact, COUNTS)
        resets += fell
    usual, pauses = gaps(time_s, quiet_gap_s)
    battery = columns.get("batteryvoltage") or columns.get("battery_voltage")
    facts = {
        "duration_s": float(time_s[-1] - time_s[0]),
        "interval_s": usual,
        "gaps": pauses,
        "resets": resets,
        "broken_rows": broken,
        "duplicated_rows": _duplicates(columns),
        "battery_v": float(np.nanmin(_floats(battery, file))) if battery else None,
    }
    return Log("FED3" if fed3 else "Sipper", channels, clock, facts)


def is_liqhd(text: str) -> bool:
    """Whether this is a LIQ HD log."""
    return text.lstrip()[:20].lower().startswith("experimental_side")


def read_liqhd(text: str, file: str, *, quiet_gap_s: float) -> Log:
    """Counts of each sensor by time, or bouts of each bottle."""
    columns, broken = _columns(text.replace('"', ""), file)
    by_bout = "cage_id" in columns
    millis = _floats(columns["millis_since_start" if by_bout else "millis"], file)
    if (np.diff(millis) < 0).any():
        raise IngestError(
            f"{file}: the clock of the device restarted within the file. Give each part a file of its own."
        )
    first = moment(columns["datetime"][0], *CLOCK_FORMS)
    time_s = (millis - millis[0]) / 1000
    sides = [side.strip().lower() for side in columns["experimental_side"]]
    turns = [float(time_s[i]) for i in range(1, len(sides)) if sides[i] != sides[i - 1]]
    usual, pauses = (None, []) if by_bout else gaps(time_s, quiet_gap_s)
    facts = {
        "duration_s": float(time_s[-1]),
        "interval_s": usual,
        "gaps": pauses,
        "broken_rows": broken,
        "duplicated_rows": _duplicates(columns),
        "experimental_side": sides[0],
        "experimental_side_turns_s": turns,
    }
    channels, aliases = _liqhd_bouts(columns, time_s, file) if by_bout else _liqhd_bins(columns, time_s, file)
    return Log("LIQ HD", channels, first, facts, aliases)


def _liqhd_bins(columns: dict, time_s: np.ndarray, file: str) -> tuple[dict, dict]:
    channels, aliases = {}, {}
    for name in columns:
        found = SENSOR.fullmatch(name)
        if not found:
            continue
        sensor = int(found[1])
        duration = columns.get(f"lickduration{sensor}")
        contact = _floats(duration, file) / 1000 if duration else np.full(len(time_s), np.nan)
        channels[name] = Channel(time_s, _floats(columns[name], file), contact, COUNTS)
        aliases |= dict.fromkeys(_liqhd_names((sensor + 1) // 2, "left" if sensor % 2 else "right"), name)
        aliases[str(sensor)] = name
    if not channels:
        raise IngestError(f"{file}: no column LickNumber was logged. Switch LickNumber on in the device's settings.")
    return channels, aliases


def _liqhd_bouts(columns: dict, written_s: np.ndarray, file: str) -> tuple[dict, dict]:
    cages = [cage.strip() for cage in columns["cage_id"]]
    bottles = [bottle.strip().lower() for bottle in columns["bottlelicked"]]
    start_s = written_s - LIQHD_PAUSE_S - _floats(columns["boutduration"], file) / 1000
    licks = _floats(columns["boutlicknumber"], file)
    contact = _floats(columns["boutlickduration"], file) / 1000
    channels, aliases = {}, {}
    for cage in dict.fromkeys(cages):
        for side in ("left", "right"):
            mine = np.array([c == cage and b == side for c, b in zip(cages, bottles, strict=True)])
            order = np.argsort(start_s[mine], kind="stable")
            name = f"cage{cage}.{side}"
            channels[name] = Channel(start_s[mine][order], licks[mine][order], contact[mine][order], BOUTS)
            aliases |= dict.fromkeys(_liqhd_names(int(cage), side), name)
    return channels, aliases


def _liqhd_names(cage: int, side: str) -> list[str]:
    """Ways in which a lab may name a bottle of a LIQ HD cage."""
    heads = (f"cage{cage}", f"cage {cage}", str(cage))
    return [f"{head}{gap}{tail}" for head in heads for gap in (".", "_", "-", " ", "") for tail in (side, side[0])]


def _columns(text: str, file: str) -> tuple[dict[str, list[str]], int]:
    """Columns by lower-case heading, and the number of rows that were cut short (a logger that lost power)."""
    lines = [line for line in text.splitlines() if line.strip()]
    headings = [name.strip().lower().replace(" ", "") for name in lines[0].rstrip(", ").split(",")]
    rows = [line.split(",") for line in lines[1:]]
    whole = [row for row in rows if len(row) >= len(headings) and all(row[: len(headings)])]
    if not whole:
        raise IngestError(f"{file}: a header and no complete row. The logger wrote nothing; take the bottle's weights.")
    return dict(zip(headings, map(list, zip(*whole, strict=False)), strict=False)), len(rows) - len(whole)


def _floats(cells: list[str], file: str) -> np.ndarray:
    try:
        return np.array(cells, dtype=float)
    except ValueError as error:
        raise IngestError(
            f"{file}: a number was expected ({error}). The file was edited or damaged; copy it anew."
        ) from error


def _sipper_time(columns: dict, file: str):
    clock = columns["mm:dd:yyyyhh:mm:ss"]
    first = moment(clock[0], *CLOCK_FORMS)
    if "elapsedsecs" in columns:
        elapsed = _floats(columns["elapsedsecs"], file)
    elif "elapsedtime" in columns:
        parts = [cell.split(":") for cell in columns["elapsedtime"]]
        elapsed = np.array([int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in parts])
    else:
        elapsed = None
    if elapsed is None or (np.diff(elapsed) < 0).any():
        moments = [moment(cell, *CLOCK_FORMS) for cell in clock]
        if None in moments:
            raise IngestError(f"{file}: '{clock[moments.index(None)]}' is no date and time (month/day/year h:mm:ss).")
        elapsed = np.array([seconds_since(first, at) for at in moments])
        if (np.diff(elapsed) < 0).any():
            raise IngestError(f"{file}: the clock goes back within the file. Give each session a file of its own.")
    start = first - timedelta(seconds=float(elapsed[0])) if first else None
    return start, elapsed


def _contact(columns: dict, side: str, file: str) -> np.ndarray:
    return increments(_floats(columns[f"{side}duration"], file))[0]


def _poke_contact(columns: dict, side: str, licks: np.ndarray) -> np.ndarray:
    """Contact time of the rows in which this side's count rose; NaN where the file does not tell."""
    told = columns.get("poke_time")
    if not told:
        return np.full(len(licks), np.nan)
    seconds = np.array([float(cell) if cell.replace(".", "", 1).isdigit() else np.nan for cell in told])
    return np.where(licks > 0, seconds, 0.0)


def _duplicates(columns: dict) -> int:
    rows = list(zip(*columns.values(), strict=True))
    return sum(one == other for one, other in pairwise(rows))
