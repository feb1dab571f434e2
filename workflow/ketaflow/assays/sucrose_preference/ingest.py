"""One recording: the bottles of an animal in one session, from the table, a bottle sheet or a log.

In: the recording's rows and those of the session's leak-control bottles. Out: ``facts["bottles"]``
and ``facts["controls"]``, one shape whatever they came from, and for each bottle with a log the array
``licks_<n>`` (3, n): time from the recording's beginning (s), licks, contact time (s).
"""

from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from ketaflow.assays.sucrose_preference.bottles.loss import lost_amount
from ketaflow.assays.sucrose_preference.readers import bottle_sheets
from ketaflow.assays.sucrose_preference.readers.dispatch import read_log
from ketaflow.assays.sucrose_preference.readers.lick_time_readers import midnight_before
from ketaflow.assays.sucrose_preference.readers.logs import Channel, Log, channel_name, cut, seconds_since
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record
from ketaflow.core.tables import RawTable, decode, read_raw

TABLE_ENDINGS = (".csv", ".tsv", ".xlsx")


def ingest(
    rows: dict,
    folder: Path,
    *,
    volume_scale: str,
    sheet_unit: str,
    lick_time_unit: str,
    empty_up_to_ml: float,
    quiet_gap_s: float,
) -> Record:
    """Bottles and licks of one recording, the leak-control bottles of its session beside them."""
    table = rows["sucrose_preference"]
    own = [row for row in table if not row["dummy"]]
    animals = rows.get("animals") or [{}]
    weight = next((row["weight_g"] for row in own if row["weight_g"] is not None), animals[0].get("weight_g"))
    record = Record()
    logs, bottles = {}, []
    for index, row in enumerate(own):
        bottle = _bottle(row, volume_scale, empty_up_to_ml)
        if row["log"] and row["start_g"] is None and row["start_ml"] is None and (sheet := _sheet(folder / row["log"])):
            _fill_from_sheet(bottle, bottle_sheets.reading(sheet, row, unit=sheet_unit), volume_scale, empty_up_to_ml)
        elif row["log"]:
            log = _log(folder / row["log"], row["animal"], lick_time_unit, quiet_gap_s)
            channel, facts = _licking(log, row, Path(row["log"]).name)
            record.arrays[f"licks_{index}"] = np.vstack([channel.time_s, channel.licks, channel.contact_s])
            logs[str(index)] = facts
        bottles.append(bottle)
    controls = [_bottle(row, volume_scale, empty_up_to_ml) for row in table if row["dummy"]]
    record.facts = {
        "animal": own[0]["animal"],
        "session": own[0]["session"],
        "weight_g": weight,
        "bottles": bottles,
        "controls": controls,
        "logs": logs,
    }
    return record


def _bottle(row: dict, volume_scale: str, empty_up_to_ml: float) -> dict:
    """One bottle in the shape all later stages know."""
    start, end, hours = row["start_time"], row["end_time"], None
    if start and end:
        hours = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600
    bottle = {
        "side": row["side"],
        "content": row["content"].strip().lower(),
        "concentration_pct": row["concentration_pct"],
        "start_time": start,
        "end_time": end,
        "hours": hours,
        "unit": "",
        "start": None,
        "end": None,
        "lost": None,
        "ran_empty": False,
        "empty_g": row["empty_g"],
        "log": row["log"],
        "channel": row["channel"],
    }
    unit = "g" if row["start_g"] is not None or row["end_g"] is not None else "ml"
    readings = bottle_sheets.Reading(row[f"start_{unit}"], row[f"end_{unit}"], unit)
    _fill_from_sheet(bottle, readings, volume_scale, empty_up_to_ml)
    return bottle


def _fill_from_sheet(bottle: dict, readings: bottle_sheets.Reading, volume_scale: str, empty_up_to_ml: float) -> None:
    start, end, unit = readings.start, readings.end, readings.unit
    if start is None and end is None:
        return
    bottle |= {"unit": unit, "start": start, "end": end}
    if start is None or end is None:
        return
    bottle["lost"] = lost_amount(start, end, unit, volume_scale)
    if unit == "g":
        bottle["ran_empty"] = bottle["empty_g"] is not None and end - bottle["empty_g"] <= empty_up_to_ml
    else:
        bottle["ran_empty"] = volume_scale == "remaining" and end <= empty_up_to_ml


def _sheet(path: Path) -> RawTable | None:
    """The bottle sheet at that path; None if it is a lickometer's log."""
    if path.suffix.lower() not in TABLE_ENDINGS:
        return None
    try:
        raw = _raw_table(path, path.stat().st_mtime_ns)
    except (ValueError, OSError):
        return None
    return raw if bottle_sheets.is_sheet(raw) else None


@lru_cache(maxsize=8)
def _raw_table(path: Path, changed: int) -> RawTable:
    """A sheet, kept for the recordings that share it (``changed`` is its time of change)."""
    return read_raw(path)


def _log(path: Path, subject: str, lick_time_unit: str, quiet_gap_s: float) -> Log:
    try:
        return _read(path, path.stat().st_mtime_ns, subject, lick_time_unit, quiet_gap_s)
    except OSError as error:
        raise IngestError(
            f"{path.name}: cannot be opened ({error.strerror}). Put the file back, or mend log."
        ) from error


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, subject: str, lick_time_unit: str, quiet_gap_s: float) -> Log:
    """A log, kept for the bottles that share it (``changed`` is its time of change)."""
    text = decode(path.read_bytes())
    try:
        return read_log(text, path.name, subject=subject, lick_time_unit=lick_time_unit, quiet_gap_s=quiet_gap_s)
    except (ValueError, KeyError, IndexError) as error:
        raise IngestError(
            f"{path.name}: it begins like a known log and goes on differently ({error}). Copy it anew from the device."
        ) from error


def _licking(log: Log, row: dict, file: str) -> tuple[Channel, dict]:
    """The bottle's channel within the time the bottle hung, and what is known of the log there."""
    name = channel_name(log, row["channel"], file)
    channel, start = log.channels[name], log.start
    facts = {"device": log.device, "kind": channel.kind, "channel": name, **log.facts}
    begin = datetime.fromisoformat(row["start_time"]) if row["start_time"] else None
    if start is None and begin and "clock_of_day_s" in log.facts:
        start = midnight_before(log, begin)
    if start and begin:
        end = datetime.fromisoformat(row["end_time"]) if row["end_time"] else None
        channel, start = _within(channel, log, start, begin, end, facts, file)
    if start is None:
        start, facts["duration_s"] = begin, facts.get("duration_s") or _hung_s(row)
    facts["start"] = start.isoformat(sep=" ") if start else None
    if facts.get("duration_s") is None:
        facts["duration_s"] = float(channel.time_s[-1]) if len(channel.time_s) else None
    _check_side(row, facts, file)
    return channel, facts


def _hung_s(row: dict) -> float | None:
    """How long the table says the bottle hung (seconds); the zero of a log without a clock is its beginning."""
    if not row["start_time"] or not row["end_time"]:
        return None
    return seconds_since(datetime.fromisoformat(row["start_time"]), datetime.fromisoformat(row["end_time"]))


def _within(channel: Channel, log: Log, start: datetime, begin: datetime, end: datetime | None, facts: dict, file: str):
    """Cut a channel to the bottle's times, where the log's clock was set at all; times count from ``begin`` then."""
    length_s = facts.get("duration_s") or (float(channel.time_s[-1]) if len(channel.time_s) else 0.0)
    first, last = seconds_since(start, begin), seconds_since(start, end) if end else np.inf
    if last < 0 or first > length_s:
        facts["clock_off"] = True
        return channel, start
    part = cut(channel, first, last)
    part.time_s = part.time_s - first
    facts["duration_s"] = min(last, length_s) - max(first, 0.0)
    facts["gaps"] = [[a - first, b - first] for a, b in facts.get("gaps", []) if b > first and a < last]
    return part, begin


def _check_side(row: dict, facts: dict, file: str) -> None:
    """A log that tells which side is experimental must agree with the table, all the time."""
    side = facts.get("experimental_side")
    if side is None or row["content"].strip().lower() == "water":
        return
    if facts["experimental_side_turns_s"]:
        raise IngestError(
            f"{file}: the experimental side changes within the file. Give each part a recording of its own, "
            "with start_time and end_time."
        )
    if side in ("left", "right") and side != row["side"]:
        facts["side_contradicted"] = side
