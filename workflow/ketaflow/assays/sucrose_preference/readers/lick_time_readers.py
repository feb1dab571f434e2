"""Readers of devices that time every lick: Davis rig, OHRBETS, Coulbourn, event tables, clock times.

In: the text of a log. Out: its common form. Where a format gives the end of a lick too, contact times follow from it.
"""

import re

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.readers.logs import (
    Log,
    LogFile,
    lick_channel,
    lines_of,
    moment,
    number,
    rising,
)
from ketaflow.core.errors import IngestError

CLOCK = re.compile(r"^\d{1,2}:\d{2}:\d{2}(\.\d+)?$")


def is_davis(text: str) -> bool:
    """Whether this is a Davis rig file."""
    return "PRESENTATION,TUBE" in text[:3000].replace(" ", "")


def read_davis(file: LogFile) -> Log:
    """Read presentations of tubes, each with its latency and the intervals between licks (ms).

    Parameters
    ----------
    file : LogFile
        Davis rig file.

    Returns
    -------
    Log
        One channel per tube; the solutions are aliases.
    """
    lines = lines_of(file.text)
    top = next(index for index, line in enumerate(lines) if line.replace(" ", "").startswith("PRESENTATION,TUBE"))
    names = [name.strip().lower() for name in lines[top].split(",")]
    presented: dict[str, dict[str, str]] = {}
    licks: dict[str, list[float]] = {}
    clock_s = 0.0
    for line in lines[top + 1 :]:
        row = [cell.strip() for cell in line.split(",")]
        if row[0] not in presented:
            presented[row[0]] = dict(zip(names, row, strict=False))
            continue
        entry = presented[row[0]]
        intervals_ms = [float(cell) for cell in row[1:] if cell]
        since_ms = float(entry["latency"]) + np.concatenate([[0.0], np.cumsum(intervals_ms)])
        times_s = clock_s + since_ms / constants.MS_PER_S
        licks.setdefault(entry["tube"], []).extend(times_s[: int(entry["licks"])])
        clock_s = float(times_s[-1]) + float(entry["ipi"] or 0)
    for entry in presented.values():
        licks.setdefault(entry["tube"], [])
    head = dict(line.split(",", 1) for line in lines[:top] if "," in line)
    start = moment(f"{head.get('Start Date', '').strip()} {head.get('Start Time', '').strip()}", "%Y/%m/%d %H:%M:%S")
    channels = {tube: lick_channel(rising(np.array(times_s), file.name)) for tube, times_s in licks.items()}
    aliases = {entry["solution"].lower(): entry["tube"] for entry in presented.values()}
    return Log("Davis rig", channels, start, aliases=aliases)


def is_ohrbets(text: str) -> bool:
    """Whether this is a list of OHRBETS event codes and milliseconds."""
    lines = lines_of(text[:2000])[:20]
    return len(lines) > 5 and all(re.fullmatch(r"\d+ \d+", line) for line in lines)


def read_ohrbets(file: LogFile) -> Log:
    """Read licks of each spout from event codes.

    Parameters
    ----------
    file : LogFile
        OHRBETS file: an event code and a time (ms) to a line.

    Returns
    -------
    Log
        One channel per spout, by its number; the code of its licks is an alias.

    Raises
    ------
    IngestError
        If there is no lick.
    """
    pairs = np.array([line.split() for line in lines_of(file.text)], dtype=float)
    codes, time_s = pairs[:, 0].astype(int), pairs[:, 1] / constants.MS_PER_S
    channels, aliases = {}, {}
    for spout in constants.OHRBETS_SPOUTS:
        licked = (constants.OHRBETS_LICK + spout, constants.OHRBETS_LICK_VALVE_OPEN + spout)
        onsets_s = np.sort(time_s[np.isin(codes, licked)])
        if len(onsets_s):
            offsets_s = np.sort(time_s[codes == constants.OHRBETS_LICK_END + spout])
            channels[str(spout)] = lick_channel(onsets_s, offsets_s)
            aliases[str(constants.OHRBETS_LICK + spout)] = str(spout)
    if not channels:
        raise IngestError(f"{file.name}: no lick (codes 31 to 39) among the events. Check which spout was connected.")
    ends_s = time_s[codes == constants.OHRBETS_SESSION_END]
    return Log("OHRBETS", channels, duration_s=float(ends_s[-1]) if len(ends_s) else None, aliases=aliases)


def is_coulbourn(text: str) -> bool:
    """Whether this is a Coulbourn (Graphic State) event export."""
    head = text[:600].lower()
    return head.startswith("project,") and "transition event" in head


def read_coulbourn(file: LogFile) -> Log:
    """Read licks of each input from its On and Off columns.

    Parameters
    ----------
    file : LogFile
        Graphic State export.

    Returns
    -------
    Log
        One channel per input; the heading of its On column is an alias.
    """
    rows = [line.split(",") for line in lines_of(file.text)]
    names = [name.strip().lower() for name in rows[0]]
    whole = [row for row in rows[1:] if len(row) == len(names)]
    time_s = np.array([float(row[names.index("time")]) for row in whole])

    def times_of(name: str) -> np.ndarray:
        return time_s[[row[names.index(name)].strip() == "1" for row in whole]]

    channels, aliases = {}, {}
    for name in names:
        if name.startswith("on"):
            off_name = f"off{name[2:]}"
            offsets_s = times_of(off_name) if off_name in names else None
            channels[name[2:]] = lick_channel(rising(times_of(name), file.name), offsets_s)
            aliases[name] = name[2:]
    duration_s = float(time_s[-1] - time_s[0]) if len(time_s) else None
    return Log("Coulbourn", channels, duration_s=duration_s, aliases=aliases)


def is_event_table(text: str) -> bool:
    """Whether rows name events such as Lick and LickOff."""
    return bool(re.search(r"^\d+,[\d.]+,\w+,\d+,\w*Lick\w*", text[:5000], re.M | re.I))


def read_event_table(file: LogFile) -> Log:
    """Read licks from rows of number, time (s), source, code and name; ``<name>Off`` ends them.

    Parameters
    ----------
    file : LogFile
        Event table.

    Returns
    -------
    Log
        One channel per name of an event; the codes are aliases.
    """
    rows = [[cell.strip() for cell in line.split(",")] for line in lines_of(file.text)]
    events = [row for row in rows if len(row) > 4 and row[0].isdigit() and number(row[1]) is not None]
    head = {row[2]: row[5] for row in rows if len(row) > 5 and not row[0] and row[2]}
    times: dict[str, list[float]] = {}
    codes = {}
    for row in events:
        times.setdefault(row[4].lower(), []).append(float(row[1]))
        codes[row[3]] = row[4].lower()
    channels = {}
    for name, onsets_s in times.items():
        if "lick" in name and not name.endswith("off"):
            offsets_s = np.array(times[f"{name}off"]) if f"{name}off" in times else None
            channels[name] = lick_channel(rising(np.array(onsets_s), file.name), offsets_s)
    start = moment(f"{head.get('Date', '')} {head.get('Time', '')}", "%m/%d/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S")
    aliases = {code: name for code, name in codes.items() if name in channels}
    return Log("event table", channels, start, aliases=aliases)


def is_clock_list(text: str) -> bool:
    """Whether this is a list of clock times, one lick to a line."""
    lines = lines_of(text[:2000])[1:20]
    return len(lines) > 3 and sum(bool(CLOCK.match(line)) for line in lines) >= len(lines) - 1


def read_clock_list(file: LogFile) -> Log:
    """Read licks at clock times.

    Parameters
    ----------
    file : LogFile
        One time (h:m:s) to a line. A large step back passes midnight. A first time without fraction, where the others
        have one, is the start of the log.

    Returns
    -------
    Log
        One channel without a name; times count from the first.
    """
    found = [line for line in lines_of(file.text) if CLOCK.match(line)]
    seconds = np.array([int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in (line.split(":") for line in found)])
    days = np.concatenate([[0], np.cumsum(np.diff(seconds) < -constants.MIDNIGHT_STEP_S)])
    seconds = seconds + constants.DAY_S * days
    begins_with_start = "." not in found[0] and "." in found[-1]
    onsets_s = (seconds - seconds[0])[1 if begins_with_start else 0 :]
    channels = {"": lick_channel(rising(onsets_s, file.name))}
    return Log("clock times", channels, clock_of_day_s=float(seconds[0]))
