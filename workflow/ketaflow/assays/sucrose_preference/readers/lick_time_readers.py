"""Readers of devices that time every lick: Davis rig, OHRBETS, Coulbourn, numbered events, clock times.

In: cells of a log. Out: its common form. Where a format gives the end of a lick too, contact times follow from it.
"""

import re

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import LogQuality
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, number
from ketaflow.assays.sucrose_preference.readers.logs import Log, LogFile, lick_channel, moment, rising
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import listed, quoted

CLOCK = re.compile(r"^\d{1,2}:\d{2}:\d{2}([.,]\d+)?$")
DAVIS_HEADINGS = ["presentation", "tube"]


def _davis_top(cells: CellFile) -> int | None:
    """Place of the row of headings of a Davis rig file."""
    tops = (place for place, row in enumerate(cells.rows[:200]) if [c.lower() for c in row.cells[:2]] == DAVIS_HEADINGS)
    return next(tops, None)


def is_davis(cells: CellFile) -> bool:
    """Whether this is a Davis rig file."""
    return _davis_top(cells) is not None


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
    rows = [row.cells for row in file.cells.rows]
    top = _davis_top(file.cells) or 0
    names = [name.lower() for name in rows[top]]
    presented: dict[str, dict[str, str]] = {}
    licks: dict[str, list[float]] = {}
    clock_s = 0.0
    for row in rows[top + 1 :]:
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
    head = {row[0]: row[1] for row in rows[:top] if len(row) > 1}
    start = moment(f"{head.get('Start Date', '')} {head.get('Start Time', '')}", "%Y/%m/%d %H:%M:%S")
    channels = {tube: lick_channel(rising(np.array(times_s), file.name)) for tube, times_s in licks.items()}
    aliases = {entry["solution"].lower(): entry["tube"] for entry in presented.values()}
    return Log("Davis rig", channels, start, aliases=aliases)


def is_ohrbets(cells: CellFile) -> bool:
    """Whether this is a list of OHRBETS event codes and milliseconds: whole numbers, of which the first repeat."""
    rows = [row.cells for row in cells.rows[: constants.MOST_TITLE_ROWS]]
    if len(rows) < constants.UNIT_MIN_LICKS:
        return False
    if not all(len(row) == 2 and row[0].isdecimal() and row[1].removeprefix("-").isdecimal() for row in rows):
        return False
    return bool((np.diff([int(row[0]) for row in rows]) <= 0).any())


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
    pairs = np.array([row.cells[:2] for row in file.cells.rows], dtype=float)
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


def _coulbourn_top(cells: CellFile) -> int | None:
    """Place of the row of headings of a Graphic State export."""
    for place, row in enumerate(cells.rows[: constants.MOST_TITLE_ROWS]):
        names = {cell.lower() for cell in row.cells}
        if {"time", "transition event"} <= names and any(name.startswith("on") for name in names):
            return place
    return None


def is_coulbourn(cells: CellFile) -> bool:
    """Whether this is a Coulbourn (Graphic State) event export."""
    return _coulbourn_top(cells) is not None


def read_coulbourn(file: LogFile) -> Log:
    """Read licks of each input from its On and Off columns.

    Parameters
    ----------
    file : LogFile
        Graphic State export. If it holds several subjects, the rows of the animal are read.

    Returns
    -------
    Log
        One channel per input; the heading of its On column is an alias.

    Raises
    ------
    IngestError
        If none of several subjects is the animal.
    """
    top = _coulbourn_top(file.cells) or 0
    names = [name.lower() for name in file.cells.rows[top].cells]
    data = file.cells.rows[top + 1 :]
    at = names.index("time")
    whole = [row.cells for row in data if len(row.cells) == len(names) and number(row.cells[at]) is not None]
    broken = len(data) - len(whole) + file.cells.damaged_lines
    if "subject" in names:
        whole = _of_subject(whole, names.index("subject"), file)
    time_s = np.array([number(row[at]) for row in whole], dtype=float)

    def times_of(name: str) -> np.ndarray:
        return time_s[[row[names.index(name)] == "1" for row in whole]]

    channels, aliases = {}, {}
    for name in names:
        if name.startswith("on"):
            off_name = f"off{name[2:]}"
            offsets_s = times_of(off_name) if off_name in names else None
            channels[name[2:]] = lick_channel(rising(times_of(name), file.name), offsets_s)
            aliases[name] = name[2:]
    duration_s = float(time_s[-1] - time_s[0]) if len(time_s) else None
    return Log("Coulbourn", channels, duration_s=duration_s, aliases=aliases, quality=LogQuality(broken_rows=broken))


def _of_subject(rows: list[list[str]], place: int, file: LogFile) -> list[list[str]]:
    """Rows of the animal, if several subjects are in the file."""
    subjects = list(dict.fromkeys(row[place] for row in rows))
    own = [row for row in rows if file.subject and row[place].lower() == file.subject.lower()]
    if own or len(subjects) < 2:
        return own or rows
    shown = listed([*map(quoted, subjects)])
    raise IngestError(
        f"{file.name}: the subjects are {shown}; none is {quoted(file.subject or '')}. Name the animal as the file "
        "does."
    )


def is_numbered_events(cells: CellFile) -> bool:
    """Whether rows hold a number, a time, a source, a code and the name of an event, such as Lick and LickOff."""
    return any("lick" in row.cells[4].lower() for row in cells.rows[:200] if _is_event(row.cells))


def _is_event(cells: list[str]) -> bool:
    return len(cells) > 4 and cells[0].isdecimal() and number(cells[1]) is not None and not number(cells[4])


def read_numbered_events(file: LogFile) -> Log:
    """Read licks from rows of number, time (s), source, code and name; ``<name>Off`` ends them.

    Parameters
    ----------
    file : LogFile
        Numbered events.

    Returns
    -------
    Log
        One channel per name of an event; the codes are aliases.
    """
    rows = [row.cells for row in file.cells.rows]
    head = {row[2]: row[5] for row in rows if len(row) > 5 and not row[0] and row[2]}
    times: dict[str, list[float]] = {}
    codes = {}
    for row in rows:
        time_s = number(row[1]) if _is_event(row) else None
        if time_s is not None:
            times.setdefault(row[4].lower(), []).append(time_s)
            codes[row[3]] = row[4].lower()
    channels = {}
    for name, onsets_s in times.items():
        if "lick" in name and not name.endswith("off"):
            offsets_s = np.array(times[f"{name}off"]) if f"{name}off" in times else None
            channels[name] = lick_channel(rising(np.array(onsets_s), file.name), offsets_s)
    start = moment(f"{head.get('Date', '')} {head.get('Time', '')}", "%m/%d/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S")
    aliases = {code: name for code, name in codes.items() if name in channels}
    return Log("numbered events", channels, start, aliases=aliases)


def is_clock_list(cells: CellFile) -> bool:
    """Whether this is a list of clock times, one lick to a line."""
    lines = cells.lines[1:20]
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
    found = [line.replace(",", ".") for line in file.cells.lines if CLOCK.match(line)]
    seconds = np.array([int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in (line.split(":") for line in found)])
    days = np.concatenate([[0], np.cumsum(np.diff(seconds) < -constants.MIDNIGHT_STEP_S)])
    seconds = seconds + constants.DAY_S * days
    begins_with_start = "." not in found[0] and "." in found[-1]
    onsets_s = (seconds - seconds[0])[1 if begins_with_start else 0 :]
    channels = {"": lick_channel(rising(onsets_s, file.name))}
    return Log("clock times", channels, clock_of_day_s=float(seconds[0]))
