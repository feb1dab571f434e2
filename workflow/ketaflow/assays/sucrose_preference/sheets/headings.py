"""Blocks of a bottle sheet: rows of data below one or several rows of headings.

In: cells of a worksheet. Out: ``Block``. Headings of groups (``Sucrose`` above ``Start`` and ``End``, ``Day 1`` above
both) belong to every column below them; a title above belongs to the block.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, CellRow, number
from ketaflow.assays.sucrose_preference.sheets.words import DAYS, Meaning, meaning

# Headings of the column that names the animals.
ANIMALS = {"animal", "mouse", "rat", "subject", "tier", "maus", "ratte", "souris", "ratón", "muis", "dier"}
IDENTITIES = {"id", "name", "nr", "no", "tag"}
WORD = re.compile(r"[^\W\d_]+")


# Words, days and dates of the headings of one bottle.
Key = tuple[frozenset[str], tuple[int, ...], tuple[frozenset[str], ...]]


@dataclass(frozen=True)
class BottleColumns:
    """Columns that hold the readings of one bottle; None where there is no such column.

    Attributes
    ----------
    words : frozenset of str
        What the headings say beside reading and unit; empty where the rows name the bottle.
    days : tuple of int
        Numbers of days in the headings.
    dates : tuple of frozenset of str
        Dates in the headings.
    first, last, consumed : int or None
        Places of the columns.
    repeated : bool
        Whether two columns have the same headings.
    """

    words: frozenset[str]
    days: tuple[int, ...]
    dates: tuple[frozenset[str], ...]
    first: int | None = None
    last: int | None = None
    consumed: int | None = None
    repeated: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the columns give an intake."""
        return self.consumed is not None or (self.first is not None and self.last is not None)


@dataclass(frozen=True)
class Block:
    """Rows below one set of headings.

    Attributes
    ----------
    title : str
        Text above the headings, and the name of the worksheet.
    headings : list of str
        Heading of each column, with those of its groups.
    rows : list of CellRow
        Rows of data.
    bottles : list of BottleColumns
        The columns with readings, one entry per bottle and day.
    """

    title: str
    headings: list[str]
    rows: list[CellRow]
    bottles: list[BottleColumns]

    @cached_property
    def meanings(self) -> list[Meaning]:
        """Meaning of each heading."""
        return [meaning(heading) for heading in self.headings]

    @cached_property
    def is_weighed(self) -> bool:
        """Whether a balance gave the readings: all exceed those of a drinking tube, and some have a fraction."""
        places = {place for one in self.bottles for place in (one.first, one.last) if place is not None}
        cells = (row.cells[place] for row in self.rows for place in places if place < len(row.cells))
        values = [value for cell in cells if (value := number(cell)) is not None]
        return bool(values) and min(values) > constants.BALANCE_FROM and any(value % 1 for value in values)

    @cached_property
    def rows_by_name(self) -> dict[str, list[CellRow]]:
        """Rows by the names in them, in lower case: the cells of the column of animals, else all but the readings."""
        readings = {place for one in self.bottles for place in (one.first, one.last, one.consumed)}
        others = [place for place in range(len(self.headings)) if place not in readings]
        named = [[place for place in others if _has(self.headings[place], words)] for words in (ANIMALS, IDENTITIES)]
        places = named[0] or named[1] or others
        found: dict[str, list[CellRow]] = {}
        for row in self.rows:
            for cell in {row.cells[place].lower() for place in places if place < len(row.cells)} - {""}:
                found.setdefault(cell, []).append(row)
        return found


def blocks_of(cells: CellFile) -> list[Block]:
    """Blocks of a worksheet that hold readings of bottles.

    Parameters
    ----------
    cells : CellFile
        The worksheet, or a text.

    Returns
    -------
    list of Block
        Empty if it holds none.
    """
    tops = [place for place, row in enumerate(cells.rows) if _names_readings(row)]
    is_intake = False
    if not tops:
        tops, is_intake = _rows_below_an_intake_title(cells), True
    made, stop_before = [], 0
    for index, top in enumerate(tops):
        if top < stop_before:
            continue
        begin, titles = _begin(cells.rows, top, stop_before)
        end = _end(cells.rows, top)
        later = next((one for one in tops[index + 1 :] if one >= end), None)
        stop = len(cells.rows) if later is None else _begin(cells.rows, later, end)[0]
        title = " ".join([cells.worksheet, *(cell for row in cells.rows[titles:begin] for cell in row.cells if cell)])
        headings = _combined([row.cells for row in cells.rows[begin:end]])
        rows = cells.rows[end : stop if later is None else _titles_before(cells.rows, later, end)]
        bottles = _bottles(headings, title if is_intake else "")
        if any(one.is_complete for one in bottles):
            made.append(Block(title.strip(), headings, _filled_down(rows, headings), bottles))
        stop_before = end
    return made


def transposed(cells: CellFile) -> CellFile:
    """A worksheet with rows and columns exchanged: animals side by side, readings below each other.

    Parameters
    ----------
    cells : CellFile
        The worksheet.

    Returns
    -------
    CellFile
        Its columns as rows, numbered from 1.
    """
    columns = list(zip_longest(*(row.cells for row in cells.rows), fillvalue=""))
    rows = [CellRow(place, list(column)) for place, column in enumerate(columns, start=1) if any(column)]
    return replace(cells, rows=rows)


def _filled_down(rows: Sequence[CellRow], headings: Sequence[str]) -> list[CellRow]:
    """Rows in which blank cells of animal and day take the entry above, as merged cells mean it."""
    known = ANIMALS | IDENTITIES
    columns = [at for at, heading in enumerate(headings) if meaning(heading).is_day or _has(heading, known)]
    made: list[CellRow] = []
    for row in rows:
        cells = list(row.cells)
        if made and any(number(cell) is not None for cell in cells):
            for place in columns:
                if place < len(cells) and place < len(made[-1].cells):
                    cells[place] = cells[place] or made[-1].cells[place]
        made.append(CellRow(row.number, cells))
    return made


def _has(heading: str, known: set[str]) -> bool:
    """Whether a heading has one of the words."""
    return bool(known & set(WORD.findall(heading.lower())))


def _is_text(row: CellRow) -> bool:
    """Whether a row holds no number, or names days by their numbers."""
    filled = [cell for cell in row.cells if cell]
    days = filled[0].lower() in DAYS and all(cell.isdecimal() and len(cell) < 3 for cell in filled[1:])
    return (days and len(filled) > 1) or all(number(cell) is None for cell in filled)


def _names_readings(row: CellRow) -> bool:
    """Whether a row is one of headings that name readings: two of them, or one beside another heading."""
    filled = [cell for cell in row.cells if cell]
    if len(filled) < 2 or not _is_text(row):
        return False
    named = [
        cell for cell in filled if len(cell.split()) <= constants.MOST_HEADING_WORDS and _is_reading(meaning(cell))
    ]
    return len(named) > 1 or (
        len(named) == 1 and all(len(cell.split()) <= constants.MOST_HEADING_WORDS for cell in filled)
    )


def _is_reading(said: Meaning) -> bool:
    return bool(said.role or said.hours is not None) and not said.is_comment


def _rows_below_an_intake_title(cells: CellFile) -> list[int]:
    """Rows that name two solutions below a title that names intake."""
    known = {*constants.SOLUTIONS, "left", "right"}
    for place, row in enumerate(cells.rows[: constants.MOST_TITLE_ROWS]):
        named = [cell for cell in row.cells if cell and meaning(cell).words & known and not meaning(cell).is_other]
        titles = [cell for above in cells.rows[:place] for cell in above.cells if cell]
        if len(named) > 1 and _is_text(row) and any(meaning(one).role == "consumed" for one in titles):
            return [place]
    return []


def _begin(rows: Sequence[CellRow], top: int, stop: int) -> tuple[int, int]:
    """Place of the first row of headings, and of the first title above it."""
    begin = top
    usual = rows[top + 1].number - rows[top].number if top + 1 < len(rows) else 1
    while begin > stop and _is_text(rows[begin - 1]) and not _is_title(rows[begin - 1]):
        if rows[begin].number - rows[begin - 1].number > usual and stop:
            break
        begin -= 1
    titles = begin
    while titles > stop and _is_text(rows[titles - 1]) and _is_title(rows[titles - 1]):
        titles -= 1
    return begin, titles if stop == 0 or begin - titles <= 1 else begin - 1


def _titles_before(rows: Sequence[CellRow], top: int, stop: int) -> int:
    """Place at which the titles and headings of a later block begin."""
    return _begin(rows, top, stop)[1]


def _is_title(row: CellRow) -> bool:
    """Whether a row holds one cell, the first."""
    return bool(row.cells[0]) and sum(map(bool, row.cells)) == 1


def _end(rows: Sequence[CellRow], top: int) -> int:
    """Place of the first row of data: rows of headings below the first leave its first heading's column empty."""
    own = next(place for place, cell in enumerate(rows[top].cells) if cell)
    end = top + 1
    while end < len(rows) and _is_text(rows[end]) and not any(rows[end].cells[own : own + 1]):
        end += 1
    return end


def _combined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Heading of each column: those of all rows, each but the last row's going on to the right until the next."""
    width = max(map(len, rows))
    levels = []
    for level, row in enumerate(rows):
        cells = [*row, *[""] * (width - len(row))]
        if next(filter(None, row), "").lower() in DAYS:
            cells = [f"day {cell}" if cell.isdecimal() else cell for cell in cells]
        if level < len(rows) - 1:
            current = ""
            for place, cell in enumerate(cells):
                current = cells[place] = cell or current
        levels.append(cells)
    return [" ".join(dict.fromkeys(level[place] for level in levels if level[place])) for place in range(width)]


def _bottles(headings: Sequence[str], title: str) -> list[BottleColumns]:
    """Columns of each bottle and day."""
    found: dict[Key, dict[str, list[int]]] = {}
    by_hour: dict[Key, list[tuple[float, int]]] = {}
    for place, heading in enumerate(headings):
        said = meaning(heading)
        words = frozenset() if said.words <= {"bottle", "bottles"} else said.words
        key = (words, said.days, said.dates)
        role = said.role or ("consumed" if title and said.words else "")
        if said.is_other or said.is_comment:
            continue
        if role:
            found.setdefault(key, {}).setdefault(role, []).append(place)
        elif said.hours is not None:
            by_hour.setdefault(key, []).append((said.hours, place))
    for key, hours in by_hour.items():
        if len(hours) == 2 and key not in found:
            found[key] = {"first": [min(hours)[1]], "last": [max(hours)[1]]}
    made = []
    for (words, days, dates), roles in found.items():
        first, last, consumed = (roles.get(role, [None])[0] for role in ("first", "last", "consumed"))
        repeated = any(len(places) > 1 for places in roles.values())
        made.append(BottleColumns(words, days, dates, first, last, consumed, repeated))
    named = [one for one in made if one.words]
    return named if any(one.is_complete for one in named) else made
