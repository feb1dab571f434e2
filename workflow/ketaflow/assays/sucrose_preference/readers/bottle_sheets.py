"""Bottle sheets as labs keep them: readings of a bottle found by animal, day and heading.

A wide sheet has one row per animal and day and two columns per bottle (``Water.start``,
``Water.finish``; ``left_start_g``, ``left_end_g``); ``channel`` names the bottle. A long sheet has one
row per bottle and the columns start and end; ``channel`` stands in one of its cells.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from ketaflow.assays.sucrose_preference.readers.logs import moment, number
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import RawTable

FIRST = ("start", "begin", "before", "initial", "pre", "in")
LAST = ("end", "finish", "stop", "after", "final", "post", "out")
WORD = re.compile(r"[A-Za-z]+|\d+")
DAY_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%Y/%m/%d")


@dataclass(frozen=True)
class Reading:
    """What a sheet says of one bottle."""

    start: float | None
    end: float | None
    unit: str


def is_sheet(raw: RawTable) -> bool:
    """Whether the columns pair beginnings and ends of bottles."""
    return bool(_pairs(raw.columns))


def reading(raw: RawTable, row: dict, *, unit: str) -> Reading:
    """Readings of the bottle a row of the cohort's table means; raises IngestError unless exactly one fits."""
    pairs = _pairs(raw.columns)
    channel = (row["channel"] or "").strip().lower()
    wide = {stem: columns for stem, columns in pairs.items() if stem}
    if wide:
        if channel not in wide:
            raise IngestError(
                f"{raw.file}: no bottle '{row['channel']}'; its columns tell of {', '.join(wide)}. Correct channel."
            )
        columns, cells = wide[channel], _row_of(raw, row, None)
    else:
        columns, cells = pairs[""], _row_of(raw, row, channel or None)
    start, end = (_value(raw, cells[column]) for column in columns)
    return Reading(start, end, _unit(columns, unit, raw.file))


def _pairs(columns: list[str]) -> dict[str, tuple[str, str]]:
    """Columns (first, last) of each bottle, by what their headings share; dates and times are left out."""
    found: dict[str, dict[str, str]] = {}
    for column in columns:
        words = [word.lower() for word in WORD.findall(column)]
        role = next((role for role, said in (("first", FIRST), ("last", LAST)) for word in words if word in said), None)
        if role is None or {"date", "time", "day"} & set(words):
            continue
        stem = " ".join(word for word in words if word not in (*FIRST, *LAST, "g", "ml", "weight", "volume"))
        found.setdefault(stem, {}).setdefault(role, column)
    pairs = {stem: (roles["first"], roles["last"]) for stem, roles in found.items() if len(roles) == 2}
    if len(pairs) > 1:
        pairs.pop("", None)
    return pairs


def _row_of(raw: RawTable, row: dict, channel: str | None) -> dict[str, str]:
    """The sheet's one row of that animal, day and bottle."""
    mine = [cells for _, cells in raw.rows if row["animal"] in cells.values()]
    if not mine:
        raise IngestError(
            f"{raw.file}: no cell says '{row['animal']}'. Name the animal as the sheet does, in one column."
        )
    if channel:
        mine = [cells for cells in mine if channel in {cell.strip().lower() for cell in cells.values()}]
    if len(mine) > 1:
        day = (row["start_time"] or "")[:10]
        wanted = {day, _day(row["session"])} - {"", None}
        mine = [
            cells
            for cells in mine
            if row["session"] in cells.values() or wanted & {_day(cell) for cell in list(cells.values()) if cell}
        ]
        mine = _earliest_day(mine, wanted)
    if len(mine) != 1:
        raise IngestError(
            f"{raw.file}: {len(mine)} rows fit animal '{row['animal']}', session '{row['session']}'. "
            "Give session as the sheet does, or the day in start_time."
        )
    return mine[0]


def _earliest_day(rows: list[dict[str, str]], wanted: set[str]) -> list[dict[str, str]]:
    """Rows whose first date is the wanted one: an end on that day is another bottle's."""
    if len(rows) < 2 or not wanted:
        return rows
    return [cells for cells in rows if next(filter(None, map(_day, cells.values())), None) in wanted]


def _day(text: str) -> str | None:
    at: datetime | None = moment(text, *DAY_FORMS)
    return at.date().isoformat() if at else None


def _value(raw: RawTable, text: str) -> float | None:
    value = number(text) if text else None
    if text and value is None:
        raise IngestError(f"{raw.file}: '{text}' is no reading. Enter a number, or leave the cell empty.")
    return value


def _unit(columns: tuple[str, str], unit: str, file: str) -> str:
    for told in ("ml", "g"):
        if all(told in [word.lower() for word in WORD.findall(column)] for column in columns):
            return told
    if unit:
        return unit
    raise IngestError(
        f"{file}: the columns {columns[0]} and {columns[1]} do not tell their unit. "
        "Set sucrose_preference.ingest.sheet_unit to g or ml in the settings."
    )
