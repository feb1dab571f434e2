"""Readings of a bottle from a sheet as labs keep it: found by animal, day, and content, side or heading.

In: the blocks of a sheet and a row of the cohort table. Out: the readings of one bottle. A wide sheet has one row per
animal and columns for each bottle (``Water.start``, ``Water.finish``), perhaps for several days side by side; a long
sheet has one row per bottle. The sheet must name the bottle without doubt: nothing is guessed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import BottleRow, Note, Unit
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, CellRow, number
from ketaflow.assays.sucrose_preference.sheets.headings import Block, BottleColumns, blocks_of, transposed
from ketaflow.assays.sucrose_preference.sheets.readings import Readings
from ketaflow.assays.sucrose_preference.sheets.words import UNITS, meaning
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import listed, nearest, quoted

SIDES = {"left", "right"}
# A reading with its unit.
WITH_UNIT = re.compile(r"([\d.,]+)\s*(g|ml)", re.IGNORECASE)
# Names under which sheets list a leak-control bottle.
CONTROL_NAMES = ("dummy", "control", "leak", "leak control", "empty", "empty cage", "blank")


@dataclass(frozen=True)
class BottleSheet:
    """A bottle sheet: the name of its file, and the blocks of all its worksheets."""

    name: str
    blocks: list[Block]


class _Place(NamedTuple):
    """Where the readings of a bottle may be: a row of a block, and the columns of a bottle in it."""

    block: Block
    row: CellRow
    columns: BottleColumns

    def cell(self, column: int | None) -> str:
        """Text in a column of the row; empty if there is none."""
        return self.row.cells[column] if column is not None and column < len(self.row.cells) else ""

    @property
    def label(self) -> str:
        """Where this is, for messages."""
        columns = (self.columns.first, self.columns.last, self.columns.consumed)
        names = [self.block.headings[place] for place in columns if place is not None]
        return f"row {self.row.number} ({' and '.join(map(quoted, names))})"


def bottle_sheet(name: str, files: Iterable[CellFile]) -> BottleSheet | None:
    """The bottle sheet that a file holds.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    files : iterable of CellFile
        Its worksheets.

    Returns
    -------
    BottleSheet or None
        None if no heading names readings of bottles, neither in a row nor in a column.
    """
    opened = list(files)
    blocks = [block for cells in opened for block in blocks_of(cells)]
    if blocks:
        return BottleSheet(name, blocks)
    blocks = [
        block
        for cells in opened
        if len(cells.rows) <= constants.MOST_TRANSPOSED_ROWS
        for block in blocks_of(transposed(cells))
    ]
    return BottleSheet(f"{name}, rows and columns exchanged", blocks) if blocks else None


def names_animal(sheet: BottleSheet, row: BottleRow) -> bool:
    """Whether a cell of the sheet is the animal of a row (or the name of a leak-control bottle)."""
    return bool(_rows_of(sheet, row))


def readings(sheet: BottleSheet, row: BottleRow, unit: Unit) -> Readings:
    """Readings of one bottle.

    Parameters
    ----------
    sheet : BottleSheet
        A bottle sheet.
    row : BottleRow
        The bottle: its animal, session, day of ``start_time``, side, content and ``channel``.
    unit : {"", "g", "ml"}
        Unit of the readings where the sheet does not contain it.

    Returns
    -------
    Readings
        First and last reading, or what was consumed.

    Raises
    ------
    IngestError
        Unless exactly one row and one set of columns fit and nothing in them contradicts the table, or if a cell is no
        number, or if the unit is unknown.
    """
    rows = _rows_of(sheet, row)
    if not rows:
        raise IngestError(_no_animal(sheet, row))
    places = [_Place(block, cells, columns) for block, cells in rows for columns in block.bottles]
    places = _of_bottle(sheet, row, places)
    place = _of_day(sheet, row, places)
    _refuse_contradiction(sheet, row, place)
    return _values(sheet, place, unit)


def _rows_of(sheet: BottleSheet, row: BottleRow) -> list[tuple[Block, CellRow]]:
    """Rows with a cell that is the animal; 7 and 007 are the same."""
    names = [row.animal.lower()] if row.animal else [row.recording.lower(), *CONTROL_NAMES]
    found = []
    for block in sheet.blocks:
        own = [name for name in names if name in block.rows_by_name]
        if not own and row.animal and row.animal.isdecimal():
            own = [cell for cell in block.rows_by_name if cell.isdecimal() and int(cell) == int(row.animal)]
        found += [(block, cells) for name in own for cells in block.rows_by_name[name]]
    return found


def _no_animal(sheet: BottleSheet, row: BottleRow) -> str:
    """Message about an animal that no row names."""
    if not row.animal:
        return (
            f"{sheet.name}: no row names the leak-control bottle {quoted(row.recording)}. Write its recording, or "
            "'dummy', into the column of the animals."
        )
    cells = {cell for block in sheet.blocks for cell in block.rows_by_name if number(cell) is None}
    meant = nearest(row.animal, sorted(cells))
    hint = f" Did you mean {quoted(meant)}?" if meant else ""
    return (
        f"{sheet.name}: no cell is {quoted(row.animal)}.{hint} Name the animal as the sheet does, in a cell of its own."
    )


def _of_bottle(sheet: BottleSheet, row: BottleRow, places: list[_Place]) -> list[_Place]:
    """Places whose headings or cells name the bottle: by the entry in channel, else by content, else by side."""
    channel = (row.channel or "").strip()
    if channel:
        by_heading = [place for place in places if _is_heading(place, channel)]
        found = by_heading or _first_kept(places, [_named_by(meaning(channel).words)])
        if not found:
            raise IngestError(
                f"{sheet.name}: no bottle {quoted(channel)} for {_who(row)}; the sheet has {_bottles(places)}. Correct "
                "channel."
            )
        return found
    found = _first_kept(places, [_named_by(meaning(row.content).words), _named_by(frozenset({row.side}))])
    found = [place for place in found if row.side in place.columns.words] or found
    unnamed = [place for place in places if not place.columns.words and not _known_words(place.row)]
    if not found and not unnamed:
        raise IngestError(
            f"{sheet.name}: neither {quoted(row.content)} nor the {row.side} side of {_who(row)} is named; the sheet "
            f"has {_bottles(places)}. Enter the name of the bottle in the column channel."
        )
    return found or unnamed


def _first_kept(places: list[_Place], tests: Sequence[Callable[[_Place], bool]]) -> list[_Place]:
    """Places that pass the first test that any of them passes."""
    kept = ([place for place in places if passes(place)] for passes in tests)
    return next((found for found in kept if found), [])


def _named_by(wanted: frozenset[str]) -> Callable[[_Place], bool]:
    """Test whether headings have all the words of a bottle, or a cell has, where the headings have none."""

    def passes(place: _Place) -> bool:
        if place.columns.words:
            return bool(wanted) and wanted <= place.columns.words
        cells = zip(place.block.meanings, place.row.cells, strict=False)
        return any(wanted and wanted <= meaning(cell).words for said, cell in cells if cell and not said.is_comment)

    return passes


def _is_heading(place: _Place, channel: str) -> bool:
    """Whether channel is the heading of one of the columns."""
    columns = (place.columns.first, place.columns.last, place.columns.consumed)
    return any(at is not None and place.block.headings[at].lower() == channel.lower() for at in columns)


def _known_words(row: CellRow) -> set[str]:
    """Contents and sides that the cells of a row name."""
    known = {*constants.SOLUTIONS, *SIDES}
    return {word for cell in row.cells if cell for word in meaning(cell).words & known if len(meaning(cell).words) == 1}


def _bottles(places: Sequence[_Place]) -> str:
    """Names of the bottles of places, for messages."""
    names = {" ".join(sorted(place.columns.words)) or " ".join(sorted(_known_words(place.row))) for place in places}
    return listed([quoted(name) for name in sorted(names - {""})]) or "no names of bottles"


def _who(row: BottleRow) -> str:
    return f"animal {quoted(row.animal)}" if row.animal else "the leak-control bottle"


def _of_day(sheet: BottleSheet, row: BottleRow, places: list[_Place]) -> _Place:
    """The only place of the session."""
    scores = [(place, _agreement(place, row)) for place in places]
    kept = [(place, score) for place, score in scores if score is not None]
    best = max((score for _, score in kept), default=None)
    found = [place for place, score in kept if score == best]
    if len(found) == 1:
        return found[0]
    remedy = "Name the session as the sheet does (day1 for Day 1), or give the day in start_time."
    if not found:
        where = "; ".join(place.label for place in places[:3])
        raise IngestError(
            f"{sheet.name}: the readings of {_who(row)} are of another day than session {quoted(row.session)}: "
            f"{where}. {remedy}"
        )
    where = "; ".join(place.label for place in found[:3])
    raise IngestError(
        f"{sheet.name}: {len(found)} places fit {_who(row)}, session {quoted(row.session)}, bottle "
        f"{quoted(row.channel or row.content)}: {where}. {remedy}"
    )


def _agreement(place: _Place, row: BottleRow) -> tuple[bool, bool, int] | None:
    """What says that a place is of the session; None if the heading, a cell or the title names another day.

    A date counts most, then the name of the session in a cell, then numbers of days and words of headings.
    """
    session, title = meaning(row.session), meaning(place.block.title)
    cells = [(said, meaning(cell), cell) for said, cell in zip(place.block.meanings, place.row.cells, strict=False)]
    days = {(row.start_time or "")[:10]} - {""} | {one for found in session.dates for one in found}
    row_dates = next((said.dates[:1] for _, said, _ in cells if said.dates), ())
    dates = place.columns.dates or row_dates or title.dates
    if days and any(days & found for found in dates):
        return (True, False, 0)
    if days and dates:
        return None
    if any(cell.lower() == row.session.lower() for _, _, cell in cells):
        return (False, True, 0)
    numbers = set(session.days or _last_number(row.session))
    named = [int(cell) for said, _, cell in cells if said.is_day and cell.isdecimal() and int(cell) < 1000]
    named += [one for heading, said, _ in cells if heading.is_day for one in said.days]
    found = set(place.columns.days or named or title.days)
    if found and numbers and not found & numbers:
        return None
    words = {word for word in session.words if not word.isdecimal()}
    is_named = bool(words) and (words <= place.columns.words or words <= title.words)
    return (False, False, bool(found and numbers) + is_named)


def _last_number(session: str) -> tuple[int, ...]:
    """The last number in the name of a session that has no word for day before one."""
    digits = [int(word) for word in sorted(meaning(session).words) if word.isdecimal()]
    return tuple(digits[-1:])


def _refuse_contradiction(sheet: BottleSheet, row: BottleRow, place: _Place) -> None:
    """Refuse a place that names another side or another content than the table."""
    said = place.columns.words or frozenset(_known_words(place.row))
    sides, contents = said & SIDES, said & constants.SOLUTIONS
    content = meaning(row.content).words
    if len(sides) == 1 and row.side not in sides:
        raise IngestError(
            f"{sheet.name}: {place.label} is the {next(iter(sides))} bottle of {_who(row)}; the table says that "
            f"{row.content} was on the {row.side}. Correct side or channel."
        )
    beside = {
        word
        for heading, cell in zip(place.block.meanings, place.row.cells, strict=False)
        if heading.words & SIDES == {row.side} and not heading.role
        for word in meaning(cell).words & constants.SOLUTIONS
    }
    contents = contents or frozenset(beside)
    if len(contents) == 1 and content & constants.SOLUTIONS and not contents & content:
        raise IngestError(
            f"{sheet.name}: {place.label} is the bottle with {next(iter(contents))} of {_who(row)}; the table says "
            f"that it held {row.content}. Correct content or channel."
        )


def _values(sheet: BottleSheet, place: _Place, setting: Unit) -> Readings:
    """Readings at a place."""
    if place.columns.repeated:
        raise IngestError(
            f"{sheet.name}: {place.label}: two columns have the same heading. Write the day, or the side, into the "
            "headings."
        )
    columns = (place.columns.first, place.columns.last, place.columns.consumed)
    first, last, consumed = (_value(sheet, place, at) for at in columns)
    unit, notes = _unit(sheet, place, setting)
    notes += _remarks(place)
    if first is not None and last is not None:
        drunk = abs(first - last)
        if consumed is not None and abs(drunk - consumed) > constants.CONSUMED_TOLERANCE:
            text = f"the sheet's own consumption ({consumed:g}) differs from its readings ({drunk:g}); these were used"
            notes.append(Note("sheet_consumption", True, text))
        consumed = None
    return Readings(first, last, consumed, unit, None, tuple(notes))


def _value(sheet: BottleSheet, place: _Place, column: int | None) -> float | None:
    """Reading in a column; None if it is empty."""
    text = place.cell(column)
    value = number(WITH_UNIT.sub(r"\1", text)) if text else None
    if text and value is None:
        heading = quoted(place.block.headings[column or 0])
        raise IngestError(
            f"{sheet.name}: row {place.row.number}, column {heading}: {quoted(text)} is no reading. Enter a number and "
            "put remarks into a column of comments, or leave the cell empty."
        )
    return value


def _unit(sheet: BottleSheet, place: _Place, setting: Unit) -> tuple[Unit, list[Note]]:
    """Unit of the readings, and how it was found where it is not written."""
    columns = [at for at in (place.columns.first, place.columns.last, place.columns.consumed) if at is not None]
    said: set[Unit] = {place.block.meanings[at].unit for at in columns}
    in_cells: set[Unit] = {UNITS[found[2].lower()] for at in columns if (found := WITH_UNIT.fullmatch(place.cell(at)))}
    said = said - {""} | in_cells if in_cells else said
    if len(said) == 1 and "" not in said:
        return said.pop(), []
    if len(said - {""}) > 1:
        raise IngestError(f"{sheet.name}: {place.label} have different units. Write one unit into both headings.")
    written = (*sorted(said - {""}), meaning(place.block.title).unit, setting)
    unit: Unit = next((one for one in written if one), "")
    if unit:
        return unit, []
    if place.block.is_weighed:
        text = "no unit is written; read as grams, because large cylinders are not read to a fraction of a millilitre"
        return "g", [Note("reading_unit", False, text)]
    raise IngestError(
        f"{sheet.name}: the headings of {place.label} name no unit. Write (g) or (ml) into them, or set "
        "sucrose_preference.ingest.sheet_unit to g or ml in the settings."
    )


def _remarks(place: _Place) -> list[Note]:
    """Entries in the columns of comments."""
    found = [
        cell for said, cell in zip(place.block.meanings, place.row.cells, strict=False) if said.is_comment and cell
    ]
    return [Note("sheet_comment", True, f"the sheet has the comment {quoted(text)}") for text in found]
