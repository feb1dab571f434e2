"""Logs that time every lick: plain lists, Med Associates, Davis rig, OHRBETS, Coulbourn, event tables.

Formats as their devices write them. Line ends may be LF, CR LF, CR, or CR CR LF; decimals may be
commas. Where a format gives the end of a lick too, contact times follow from it.
"""

import re
from datetime import datetime, timedelta

import numpy as np

from ketaflow.assays.sucrose_preference.readers.logs import Channel, Log, lick_channel, moment, number, rising
from ketaflow.core.errors import IngestError

MED_BLOCK = re.compile(r"^([A-Z]):\s*$")
MED_ROW = re.compile(r"^\s*\d+:\s+(.*)$")
CLOCK = re.compile(r"^\d{1,2}:\d{2}:\d{2}(\.\d+)?$")
# A column of Med Associates begins with this value of its version, then the lengths of its 26 arrays.
MED_COLUMN_MARK = 0.3
# Licks within a train are 0.05 to 0.5 s apart (6 to 8 Hz in rats and mice): the median tells s from ms.
SECONDS_BELOW, MILLISECONDS_ABOVE = 10.0, 50.0
# OHRBETS event codes: 31 to 35 lick at spout 1 to 5, 331 to 335 lick with its valve open, 81 to 85 lick ends, 0 end.
OHRBETS_SPOUTS = range(1, 10)


def lines_of(text: str) -> list[str]:
    """Lines without their ends, whatever those are; empty ones dropped."""
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


def is_med_array(text: str) -> bool:
    """Whether this is a Med Associates file with arrays of five values to a row."""
    return "MSN:" in text[:2000] or bool(re.search(r"^[A-Z]:\s*$\s+\d+:\s", text[:5000], re.M))


def read_med_array(text: str, file: str, *, subject: str | None) -> Log:
    """Arrays named by letters, padded with zeros; of several sessions in a file, the subject's."""
    lines = text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("Start Date:")] or [0]
    sessions = [lines[start:stop] for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True)]
    session = _session_of(sessions, subject, file)
    head = dict(line.split(":", 1) for line in session if ":" in line and not line[:1].isspace())
    arrays: dict[str, list[float]] = {}
    current: list[float] | None = None
    for line in session:
        if MED_BLOCK.match(line):
            current = arrays.setdefault(line[0].lower(), [])
        elif current is not None and (row := MED_ROW.match(line)):
            current += [float(cell) for cell in row[1].split()]
    if not arrays:
        raise IngestError(f"{file}: no array was saved. Save the lick times in an array (DISKVARS of the MED program).")
    date, begun, ended = (head.get(key, "").strip() for key in ("Start Date", "Start Time", "End Time"))
    start = moment(f"{date} {begun}", "%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
    stop = moment(f"{head.get('End Date', date).strip()} {ended}", "%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
    channels = {name: lick_channel(rising(_unpadded(values), file)) for name, values in arrays.items()}
    facts = {"duration_s": (stop - start).total_seconds()} if start and stop else {}
    return Log("Med Associates", channels, start, facts)


def _session_of(sessions: list[list[str]], subject: str | None, file: str) -> list[str]:
    if len(sessions) == 1:
        return sessions[0]
    named = [
        next((line.split(":", 1)[1].strip() for line in part if line.startswith("Subject:")), "") for part in sessions
    ]
    mine = [part for part, name in zip(sessions, named, strict=True) if name == subject]
    if len(mine) != 1:
        raise IngestError(
            f"{file}: {len(sessions)} sessions of the subjects {', '.join(named)}, {len(mine)} of '{subject}'. "
            "Give each session a file of its own, or name the animal as the file does."
        )
    return mine[0]


def is_med_column(text: str) -> bool:
    """Whether this is a Med Associates file with one value to a line."""
    lines = lines_of(text[:3000])
    values = [number(line) for line in lines[:40]]
    return len(lines) > 30 and MED_COLUMN_MARK in values and any(value is None for value in values[:12])


def read_med_column(text: str, file: str) -> Log:
    """Arrays named by letters: 26 lengths after the mark, then the values of one array after the other."""
    values = [number(line) for line in lines_of(text)]
    mark = values.index(MED_COLUMN_MARK)
    lengths = [int(value) for value in values[mark + 1 : mark + 27]]
    if len(values) < mark + 27 + sum(lengths):
        raise IngestError(
            f"{file}: {sum(lengths)} values are announced, {len(values) - mark - 27} are there: cut short."
        )
    place, arrays = mark + 27, {}
    for index, length in enumerate(lengths):
        if length > 1:
            arrays[chr(ord("a") + index)] = np.array(values[place + 1 : place + length], dtype=float)
        place += length
    channels = {name: lick_channel(rising(onsets, file), _partner(name, arrays)) for name, onsets in arrays.items()}
    return Log("Med Associates", channels)


def _partner(name: str, arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    """The next array, where it holds as many times, each just after its onset: the ends of the licks."""
    other = arrays.get(chr(ord(name) + 1))
    onsets = arrays[name]
    if other is None or len(other) != len(onsets) or not len(onsets):
        return None
    return other if (other > onsets).all() and (other[:-1] <= onsets[1:]).all() else None


def is_davis(text: str) -> bool:
    """Whether this is a Davis rig file."""
    return "PRESENTATION,TUBE" in text[:3000].replace(" ", "")


def read_davis(text: str, file: str) -> Log:
    """Presentations of tubes, each with its latency and the intervals between licks (ms)."""
    lines = lines_of(text)
    top = next(index for index, line in enumerate(lines) if line.replace(" ", "").startswith("PRESENTATION,TUBE"))
    names = [name.strip().lower() for name in lines[top].split(",")]
    shown: dict[str, dict[str, str]] = {}
    licks: dict[str, list[float]] = {}
    aliases: dict[str, str] = {}
    clock_s = 0.0
    for line in lines[top + 1 :]:
        row = [cell.strip() for cell in line.split(",")]
        if row[0] not in shown:
            shown[row[0]] = dict(zip(names, row, strict=False))
            continue
        about = shown[row[0]]
        intervals_ms = [float(cell) for cell in row[1:] if cell]
        times = clock_s + (float(about["latency"]) + np.concatenate([[0.0], np.cumsum(intervals_ms)])) / 1000
        licks.setdefault(about["tube"], []).extend(times[: int(about["licks"])])
        clock_s = float(times[-1]) + float(about["ipi"] or 0)
    for about in shown.values():
        licks.setdefault(about["tube"], [])
        aliases[about["solution"].lower()] = about["tube"]
    head = dict(line.split(",", 1) for line in lines[:top] if "," in line)
    start = moment(f"{head.get('Start Date', '').strip()} {head.get('Start Time', '').strip()}", "%Y/%m/%d %H:%M:%S")
    channels = {tube: lick_channel(rising(np.array(times), file)) for tube, times in licks.items()}
    return Log("Davis rig", channels, start, {}, aliases)


def is_ohrbets(text: str) -> bool:
    """Whether this is a list of OHRBETS event codes and milliseconds."""
    lines = lines_of(text[:2000])[:20]
    return len(lines) > 5 and all(re.fullmatch(r"\d+ \d+", line) for line in lines)


def read_ohrbets(text: str, file: str) -> Log:
    """Licks of each spout from its event codes."""
    pairs = np.array([line.split() for line in lines_of(text)], dtype=float)
    codes, time_s = pairs[:, 0].astype(int), pairs[:, 1] / 1000
    channels, aliases = {}, {}
    for spout in OHRBETS_SPOUTS:
        onsets = np.sort(time_s[np.isin(codes, (30 + spout, 330 + spout))])
        if len(onsets):
            channels[str(spout)] = lick_channel(onsets, np.sort(time_s[codes == 80 + spout]))
            aliases[str(30 + spout)] = str(spout)
    if not channels:
        raise IngestError(f"{file}: no lick (codes 31 to 39) among the events. Check which spout was connected.")
    ends = time_s[codes == 0]
    facts = {"duration_s": float(ends[-1])} if len(ends) else {}
    return Log("OHRBETS", channels, None, facts, aliases)


def is_coulbourn(text: str) -> bool:
    """Whether this is a Coulbourn (Graphic State) event export."""
    head = text[:600].lower()
    return head.startswith("project,") and "transition event" in head


def read_coulbourn(text: str, file: str) -> Log:
    """Licks of each input from its On and Off columns."""
    rows = [line.split(",") for line in lines_of(text)]
    names = [name.strip().lower() for name in rows[0]]
    whole = [row for row in rows[1:] if len(row) == len(names)]
    time_s = np.array([float(row[names.index("time")]) for row in whole])
    channels, aliases = {}, {}
    for column, name in enumerate(names):
        if not name.startswith("on"):
            continue
        on = time_s[[row[column].strip() == "1" for row in whole]]
        off_name = "off" + name[2:]
        off = time_s[[row[names.index(off_name)].strip() == "1" for row in whole]] if off_name in names else None
        channels[name[2:]] = lick_channel(rising(on, file), off)
        aliases[name] = name[2:]
    facts = {"duration_s": float(time_s[-1] - time_s[0])} if len(time_s) else {}
    return Log("Coulbourn", channels, None, facts, aliases)


def is_event_table(text: str) -> bool:
    """Whether rows name events such as Lick and LickOff."""
    return bool(re.search(r"^\d+,[\d.]+,\w+,\d+,\w*Lick\w*", text[:5000], re.M | re.I))


def read_event_table(text: str, file: str) -> Log:
    """Licks from rows of number, time (s), source, code, name; ``<name>Off`` ends them."""
    rows = [[cell.strip() for cell in line.split(",")] for line in lines_of(text)]
    events = [row for row in rows if len(row) > 4 and row[0].isdigit() and number(row[1]) is not None]
    head = {row[2]: row[5] for row in rows if len(row) > 5 and not row[0] and row[2]}
    times: dict[str, list[float]] = {}
    aliases = {}
    for row in events:
        times.setdefault(row[4].lower(), []).append(float(row[1]))
        aliases[row[3]] = row[4].lower()
    channels = {
        name: lick_channel(
            rising(np.array(onsets), file), np.array(times[f"{name}off"]) if f"{name}off" in times else None
        )
        for name, onsets in times.items()
        if "lick" in name and not name.endswith("off")
    }
    start = moment(f"{head.get('Date', '')} {head.get('Time', '')}", "%m/%d/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S")
    return Log("event table", channels, start, {}, {alias: name for alias, name in aliases.items() if name in channels})


def is_clock_list(text: str) -> bool:
    """Whether this is a list of clock times, one lick to a line."""
    lines = lines_of(text[:2000])[1:20]
    return len(lines) > 3 and sum(bool(CLOCK.match(line)) for line in lines) >= len(lines) - 1


def read_clock_list(text: str, file: str) -> Log:
    """Licks at clock times; each step back passes midnight. A first time without fraction is the start."""
    found = [line for line in lines_of(text) if CLOCK.match(line)]
    seconds = np.array([int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in (line.split(":") for line in found)])
    seconds = seconds + 86_400 * np.concatenate([[0], np.cumsum(np.diff(seconds) < -43_200)])
    started = "." not in found[0] and "." in found[-1]
    onsets = (seconds - seconds[0])[1 if started else 0 :]
    return Log("clock times", {"": lick_channel(rising(onsets, file))}, None, {"clock_of_day_s": float(seconds[0])})


def read_list(text: str, file: str, *, unit: str) -> Log:
    """Columns of lick times, with or without headings; ``onset_x`` is paired with ``offset_x``."""
    rows = [re.split(r"[;\t ]+|,(?=\s)" if ";" in line or "\t" in line else r"[,\s]+", line) for line in lines_of(text)]
    decimal_commas = _decimal_commas(text)
    if decimal_commas:
        rows = [re.split(r"[;\t\s]+", line) for line in lines_of(text)]
    names = (
        []
        if all(number(cell) is not None or not cell for cell in rows[0])
        else [c.strip('" ').lower() for c in rows[0]]
    )
    cells = rows[1:] if names else rows
    width = max((len(row) for row in cells), default=len(names))
    names = names or ([""] if width == 1 else [str(index + 1) for index in range(width)])
    columns: dict[str, np.ndarray] = {}
    for index, name in enumerate(names):
        told = [number(row[index]) for row in cells if index < len(row) and row[index]]
        if None in told:
            bad = next(row[index] for row in cells if index < len(row) and row[index] and number(row[index]) is None)
            raise IngestError(
                f"{file}: '{bad}' is no lick time. This file is in no format known here; see the assay's page."
            )
        columns[name] = _unpadded(told)
    return _list_log(columns, file, unit)


def _list_log(columns: dict[str, np.ndarray], file: str, unit: str) -> Log:
    scale = _seconds_per_unit(columns, file, unit)
    channels: dict[str, Channel] = {}
    aliases = {}
    for name, times in columns.items():
        if "offset" in name:
            continue
        partner = columns.get(name.replace("onset", "offset")) if "onset" in name else None
        onsets = rising(times * scale, file)
        channels[name] = lick_channel(onsets, partner * scale if partner is not None else None)
        if "onset" in name:
            aliases[name.replace("onset", "").strip("_- ")] = name
    return Log("lick times", channels, None, {}, aliases)


def _seconds_per_unit(columns: dict[str, np.ndarray], file: str, unit: str) -> float:
    if unit != "auto":
        return 1.0 if unit == "s" else 0.001
    if any(re.search(r"(_|\(|\s)ms\)?$", name) for name in columns):
        return 0.001
    if any(re.search(r"(_|\(|\s)(s|sec|seconds)\)?$", name) for name in columns):
        return 1.0
    intervals = [np.median(np.diff(times)) for times in columns.values() if len(times) > 5]
    if not intervals:
        if all(len(times) == 0 for times in columns.values()):
            return 1.0
        if any((times % 1).any() for times in columns.values()):
            return 1.0
    elif min(intervals) < SECONDS_BELOW:
        return 1.0
    elif min(intervals) > MILLISECONDS_ABOVE:
        return 0.001
    raise IngestError(
        f"{file}: too few licks to tell seconds from milliseconds. "
        "Set sucrose_preference.ingest.lick_time_unit to s or ms in the settings."
    )


def _decimal_commas(text: str) -> bool:
    """Whether commas are decimal signs: one to a line (or beside semicolons), and not two rising columns."""
    lines = lines_of(text)
    if any(";" in line for line in lines[:3]):
        return any("," in line for line in lines[:50])
    pairs = [line.split(",") for line in lines if "," in line]
    if not pairs or len(pairs) < len(lines) - 1 or any("." in line for line in lines[1:]):
        return False
    if any(len(pair) != 2 or not pair[0].strip().isdigit() or not pair[1].strip().isdigit() for pair in pairs[1:]):
        return False
    first, second = (np.array([int(pair[place]) for pair in pairs[1:]]) for place in (0, 1))
    two_columns = (second >= first).all() and (np.diff(second) >= 0).all()
    return not two_columns


def _unpadded(values: list[float]) -> np.ndarray:
    """The times without zeros: arrays are padded with them, and one at the beginning is no lick either."""
    times = np.array(values, dtype=float)
    return times[times != 0]


def midnight_before(log: Log, day: datetime) -> datetime:
    """Moment of time 0 of a log that tells only the hour, on a known day."""
    return datetime(day.year, day.month, day.day) + timedelta(seconds=log.facts["clock_of_day_s"])
