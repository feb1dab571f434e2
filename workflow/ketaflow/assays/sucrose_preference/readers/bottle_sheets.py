"""Reader of bottle sheets as labs keep them: readings of a bottle, found by animal, day and heading.

In: a sheet and a row of the cohort table. Out: the two readings of one bottle. A wide sheet has one row per animal and
day and two columns per bottle (``Water.start``, ``Water.finish``; ``left_start_g``, ``left_end_g``); ``channel`` names
the bottle. A long sheet has one row per bottle and the columns start and end; ``channel`` is the content of a cell.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ketaflow.assays.sucrose_preference.model import BottleRow, Unit
from ketaflow.assays.sucrose_preference.readers.logs import moment, number
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import RawTable

FIRST = ("start", "begin", "before", "initial", "pre", "in")
LAST = ("end", "finish", "stop", "after", "final", "post", "out")
WORD = re.compile(r"[A-Za-z]+|\d+")
DAY_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%Y/%m/%d")

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Readings:
    """The two readings of a bottle; None where the cell is empty."""

    start: float | None
    end: float | None
    unit: Unit


class Pair(NamedTuple):
    """Headings of the columns that hold a bottle's first and last reading."""

    first: str
    last: str


def is_sheet(raw: RawTable) -> bool:
    """Whether the columns of a table pair first and last readings of bottles."""
    return bool(_pairs(raw.columns))


def readings(raw: RawTable, row: BottleRow, unit: Unit) -> Readings:
    """Readings of one bottle.

    Parameters
    ----------
    raw : RawTable
        A bottle sheet.
    row : BottleRow
        The bottle: its animal, session, day of ``start_time`` and ``channel``.
    unit : {"", "g", "ml"}
        Unit of the readings where the headings do not contain it.

    Returns
    -------
    Readings
        First and last reading.

    Raises
    ------
    IngestError
        Unless exactly one row and one pair of columns fit, or if a cell is not a number.
    """
    pairs = _pairs(raw.columns)
    channel = (row.channel or "").strip().lower()
    wide = {stem: columns for stem, columns in pairs.items() if stem}
    if wide:
        if channel not in wide:
            raise IngestError(
                f"{raw.file}: no bottle '{row.channel}'; its columns tell of {', '.join(wide)}. Correct channel."
            )
        columns, cells = wide[channel], _row_of(raw, row, None)
    else:
        columns, cells = pairs[""], _row_of(raw, row, channel or None)
    start, end = (_value(raw, cells[column]) for column in columns)
    return Readings(start, end, _unit(columns, unit, raw.file))


def _pairs(columns: Sequence[str]) -> dict[str, Pair]:
    """Columns of each bottle by the words that their headings share; dates and times are left out."""
    found: dict[str, dict[str, str]] = {}
    for column in columns:
        words = [word.lower() for word in WORD.findall(column)]
        role = next(
            (role for role, known in (("first", FIRST), ("last", LAST)) for word in words if word in known), None
        )
        if role is None or {"date", "time", "day"} & set(words):
            continue
        stem = " ".join(word for word in words if word not in (*FIRST, *LAST, "g", "ml", "weight", "volume"))
        found.setdefault(stem, {}).setdefault(role, column)
    pairs = {stem: Pair(**roles) for stem, roles in found.items() if len(roles) == len(Pair._fields)}
    if len(pairs) > 1:
        pairs.pop("", None)
    return pairs


def _row_of(raw: RawTable, row: BottleRow, channel: str | None) -> Cells:
    """The only row of the sheet for that animal, day and bottle."""
    own: list[dict[str, str]] = [cells for _, cells in raw.rows if row.animal in cells.values()]
    if not own:
        raise IngestError(f"{raw.file}: no cell says '{row.animal}'. Name the animal as the sheet does, in one column.")
    if channel:
        own = [cells for cells in own if channel in {cell.strip().lower() for cell in cells.values()}]
    if len(own) > 1:
        days = {(row.start_time or "")[:10], _day(row.session)} - {"", None}
        own = [
            cells
            for cells in own
            if row.session in cells.values() or days & {_day(cell) for cell in list(cells.values()) if cell}
        ]
        own = _starting_on(own, days)
    if len(own) != 1:
        raise IngestError(
            f"{raw.file}: {len(own)} rows fit animal '{row.animal}', session '{row.session}'. "
            "Give session as the sheet does, or the day in start_time."
        )
    return own[0]


def _starting_on(rows: list[dict[str, str]], days: Collection[str | None]) -> list[dict[str, str]]:
    """Rows whose first date is one of the days; a later date on that day is the end of another bottle."""
    if len(rows) < 2 or not days:
        return rows
    return [cells for cells in rows if next(filter(None, map(_day, cells.values())), None) in days]


def _day(text: str) -> str | None:
    """Date (ISO) that a cell holds; None if it holds none."""
    at = moment(text, *DAY_FORMS)
    return at.date().isoformat() if at else None


def _value(raw: RawTable, text: str) -> float | None:
    """Reading that a cell holds; None if it is empty."""
    value = number(text) if text else None
    if text and value is None:
        raise IngestError(f"{raw.file}: '{text}' is no reading. Enter a number, or leave the cell empty.")
    return value


def _unit(columns: Pair, unit: Unit, file: str) -> Unit:
    """Unit in both headings, else that of the setting."""
    if _in_both(columns, "ml"):
        return "ml"
    if _in_both(columns, "g"):
        return "g"
    if unit:
        return unit
    raise IngestError(
        f"{file}: the columns {columns.first} and {columns.last} do not tell their unit. "
        "Set sucrose_preference.ingest.sheet_unit to g or ml in the settings."
    )


def _in_both(columns: Pair, word: str) -> bool:
    return all(word in [one.lower() for one in WORD.findall(column)] for column in columns)
