"""Lists of wells: one line per well, or one column per well, with a column or line for each read.

Magellan, Gen5, SkanIt and MARS write plates as lists too, as do most databases of a lab.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.readers import cells
from ketaflow.assays.elisa.readers.reads import (
    Read,
    kind_of,
    kind_of_heading,
    wavelength_in_heading,
    wavelength_in_label,
)
from ketaflow.assays.elisa.readers.sheets import Sheet

WAVELENGTH_COLUMN = re.compile(r"wave\s*length|^nm$|\(nm\)|\[nm\]", re.IGNORECASE)
PLATE_COLUMN = re.compile(r"^plate", re.IGNORECASE)
ROW_COLUMN = re.compile(r"^(well )?row$|^zeile$", re.IGNORECASE)
COLUMN_COLUMN = re.compile(r"^(well )?col(umn)?\.?$|^spalte$", re.IGNORECASE)
# Columns of numbers that are no response.
NO_RESPONSE = re.compile(
    r"^(well|no|nr|number|index|row|col|column|x|y|group|replicate|repeat|dilution|time|cycle|content|sample|name)\b\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Line:
    """One line of a list: its well and all its cells."""

    well: str
    row: Sequence[str]


@dataclass(frozen=True)
class _List:
    """Lines that belong together, and what stands above them."""

    lines: list[_Line]
    headings: Sequence[str]
    above: list[str]
    well_column: int


def well_lists(sheet: Sheet) -> list[Read]:
    """Find all lists of wells in a sheet.

    Parameters
    ----------
    sheet : Sheet
        Cells as text.

    Returns
    -------
    list of Read
        One for each column of values, wavelength and repeat.
    """
    found = [read for listed in _down(sheet.rows) for read in _reads(listed, sheet.name)]
    return found or list(_across(sheet))


def _down(rows: Sequence[Sequence[str]]) -> Iterator[_List]:
    """Lists with one line per well."""
    line = 0
    while line < len(rows):
        column = next((place for place, text in enumerate(rows[line]) if cells.well_name(text)), None)
        pair = _row_and_column(rows, line) if column is None else None
        if column is None and pair is None:
            line += 1
            continue
        first, lines, gap = line, [], 0
        while line < len(rows) and gap <= constants.LONGEST_GAP_LINES:
            well = _well(rows[line], column, pair)
            if well:
                lines.append(_Line(well, rows[line]))
            gap = 0 if well else gap + 1
            line += 1
        distinct = len({one.well for one in lines})
        if distinct >= constants.FEWEST_WELLS:
            headings, above = _headings(rows[:first], column if column is not None else -1)
            yield _List(lines, headings, above, column if column is not None else -1)


def _row_and_column(rows: Sequence[Sequence[str]], line: int) -> tuple[int, int] | None:
    """Columns of row letters and column numbers, where this line begins a list that has them apart."""
    if not line:
        return None
    above = rows[line - 1]
    letters = next((place for place, text in enumerate(above) if ROW_COLUMN.search(text)), None)
    numbers = next((place for place, text in enumerate(above) if COLUMN_COLUMN.search(text)), None)
    if letters is None or numbers is None or not _well(rows[line], None, (letters, numbers)):
        return None
    return letters, numbers


def _well(row: Sequence[str], column: int | None, pair: tuple[int, int] | None) -> str:
    if pair is not None:
        return cells.well_name("".join(row[place] if place < len(row) else "" for place in pair))
    return cells.well_name(row[column]) if column is not None and column < len(row) else ""


def _headings(above: Sequence[Sequence[str]], well_column: int) -> tuple[Sequence[str], list[str]]:
    """The line of headings, which has a word over the wells, and the lines above it."""
    near = above[-constants.LONGEST_GAP_LINES :]
    for back, row in enumerate(reversed(near), start=1):
        named = row[well_column] if 0 <= well_column < len(row) else " ".join(row)
        if named and sum(map(bool, row)) > 1:
            return row, _text_lines(above[:-back])
    return [], _text_lines(above)


def _text_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [" ".join(cell for cell in row if cell) for row in rows]
    return [line for line in lines if line]


def _reads(listed: _List, sheet: str) -> Iterator[Read]:
    width = max(len(line.row) for line in listed.lines)
    headings = [*listed.headings, *[""] * (width - len(listed.headings))]
    by_wavelength = next((place for place, text in enumerate(headings) if WAVELENGTH_COLUMN.search(text)), None)
    if by_wavelength is not None and not all(_is_wavelength(line.row, by_wavelength) for line in listed.lines):
        by_wavelength = None
    by_plate = next((place for place, text in enumerate(headings) if PLATE_COLUMN.search(text)), None)
    repeats = len({line.well for line in listed.lines}) < len(listed.lines)
    for place in range(width):
        heading = headings[place]
        if place in (listed.well_column, by_wavelength, by_plate) or NO_RESPONSE.search(heading):
            continue
        texts = [line.row[place] if place < len(line.row) else "" for line in listed.lines]
        if not cells.is_numeric(texts) or all(cells.well_name(text) for text in texts):
            continue
        yield from _column(listed, texts, heading or sheet, (by_wavelength, by_plate if repeats else None))


def _is_wavelength(row: Sequence[str], place: int) -> bool:
    low, high = constants.WAVELENGTHS_NM
    number = cells.value(row[place]) if place < len(row) else None
    return number is not None and low <= number <= high


def _column(listed: _List, texts: Sequence[str], heading: str, keys: tuple[int | None, int | None]) -> Iterator[Read]:
    """Reads of one column: split by wavelength and plate, and where a well comes again."""
    decimal_comma = cells.has_decimal_comma(texts)
    parts: dict[tuple[str, str, int], dict[str, float]] = {}
    for line, text in zip(listed.lines, texts, strict=True):
        wavelength, plate = (line.row[key] if key is not None and key < len(line.row) else "" for key in keys)
        number = cells.value(text, decimal_comma)
        turn = 1
        while line.well in parts.get((wavelength, plate, turn), {}):
            turn += 1
        parts.setdefault((wavelength, plate, turn), {})[line.well] = float("nan") if number is None else number
    several = len({turn for _, _, turn in parts}) > 1
    for (wavelength, plate, turn), values in parts.items():
        name = " ".join(filter(None, [heading, wavelength, f"read {turn}" if several else ""]))
        nm = wavelength_in_label(wavelength) or wavelength_in_label(heading) or wavelength_in_heading(listed.above)
        yield Read(name, values, nm, kind_of(heading), plate)


def _across(sheet: Sheet) -> Iterator[Read]:
    """Lists with one column per well: names of wells side by side, and a line of values for each read."""
    rows = sheet.rows
    for line, row in enumerate(rows):
        places = {place: name for place, text in enumerate(row) if (name := cells.well_name(text))}
        if len(set(places.values())) < constants.FEWEST_WELLS or len(set(places.values())) < len(places):
            continue
        above = _text_lines(rows[:line])
        for below in rows[line + 1 :]:
            texts = [below[place] if place < len(below) else "" for place in places]
            if not any(texts) or not cells.is_numeric(texts):
                break
            decimal_comma = cells.has_decimal_comma(texts)
            values = {
                name: number
                for name, text in zip(places.values(), texts, strict=True)
                if (number := cells.value(text, decimal_comma)) is not None
            }
            first = min(places)
            label = " ".join(text for text in below[:first] if text)
            nm = wavelength_in_label(label) or wavelength_in_heading(above)
            yield Read(label or sheet.name, values, nm, kind_of(label) if label else kind_of_heading(above[-2:]))
