"""Matrices of a plate anywhere in a sheet: numbers of columns above, letters of rows beside, values inside.

Tecan, BMG, SkanIt, Gen5 and most sheets typed by hand write a plate this way. Gen5 writes several lines under one
letter, one for each read and each calculated value, with the name at the end of the line; they become one read each.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.readers import cells
from ketaflow.assays.elisa.readers.reads import (
    FILTER_PAIR,
    Kind,
    Read,
    kind_of,
    kind_of_heading,
    wavelength_in_heading,
    wavelength_in_label,
)
from ketaflow.assays.elisa.readers.sheets import Sheet

# Lines that name the plate: "Plate Number  Plate 1", "Plate 1", "Plate: P7".
PLATE_LINE = re.compile(r"plate(?: number)?\s*:?\s+((?:plate\s*)?\S+)$", re.IGNORECASE)


@dataclass(frozen=True)
class _Heading:
    """Column numbers above a matrix: where they are in the sheet, and which columns of the plate they name."""

    line: int
    start: int
    columns: tuple[int, ...]


@dataclass(frozen=True)
class _Context:
    """What surrounds a matrix.

    The cell in its corner, the lines down from the block before, those down from the values before, name of the sheet.
    """

    corner: str
    own: list[str]
    above: list[str]
    sheet: str


@dataclass
class _Layer:
    """Lines of one name within a matrix."""

    name: str
    values: dict[str, str]


def matrices(sheet: Sheet) -> list[Read]:
    """Find all matrices of a sheet.

    Parameters
    ----------
    sheet : Sheet
        Cells as text.

    Returns
    -------
    list of Read
        In the order of the sheet; matrices of words, such as a layout, are left out.
    """
    found: list[Read] = []
    # Ends of the last block, and of the last one with values.
    end = end_of_values = 0
    plate = ""
    for heading in _headings(sheet.rows):
        if heading.line < end:
            continue
        own, above = (_lines(sheet.rows[start : heading.line]) for start in (end, end_of_values))
        layers, end = _layers(sheet.rows, heading)
        corner = _cell(sheet.rows[heading.line], heading.start - 1)
        context = _Context(corner, own, above, sheet.name)
        reads = [read for layer in layers if (read := _read(layer, context))]
        if reads:
            plate = reads[0].plate or plate
            found += [replace(read, plate=plate) for read in reads]
            end_of_values = end
    return found or _bare(sheet)


def _headings(rows: Sequence[Sequence[str]]) -> Iterator[_Heading]:
    """Runs of ascending column numbers with a row letter below and to the left of them."""
    for line, row in enumerate(rows):
        place = 0
        while place < len(row):
            columns = _ascending(row, place)
            if len(columns) >= constants.FEWEST_WELLS and _letter(rows, line + 1, place - 1):
                yield _Heading(line, place, columns)
            place += max(1, len(columns))


def _ascending(row: Sequence[str], place: int) -> tuple[int, ...]:
    """Consecutive numbers of columns from a cell on; none where they go beyond a plate of 384 wells."""
    columns: list[int] = []
    for at in range(place, len(row)):
        number = cells.whole(row[at])
        if number is None or number < 1 or (columns and number != columns[-1] + 1):
            break
        columns.append(number)
    return tuple(columns) if columns and columns[-1] <= constants.PLATE_FORMATS[-1][1] else ()


def _letter(rows: Sequence[Sequence[str]], line: int, place: int) -> str:
    """The row letter in a cell; empty where there is none."""
    text = _cell(rows[line], place).upper() if line < len(rows) and place >= 0 else ""
    return text if len(text) == 1 and text in cells.ROW_LETTERS else ""


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if 0 <= place < len(row) else ""


def _layers(rows: Sequence[Sequence[str]], heading: _Heading) -> tuple[list[_Layer], int]:
    """Lines of a matrix by their name, and the line after the last."""
    layers: dict[tuple[int, str], _Layer] = {}
    letter, turn, line = "", 0, heading.line + 1
    stop = heading.start + len(heading.columns)
    while line < len(rows):
        row = rows[line]
        own = _letter(rows, line, heading.start - 1)
        values = [_cell(row, place) for place in range(heading.start, stop)]
        if own and (not letter or own > letter):
            letter, turn = own, 0
        elif not letter or own or _cell(row, heading.start - 1) or not any(row):
            break
        else:
            turn += 1
        name = next((text for text in row[stop:] if _names(text)), "")
        layer = layers.setdefault((turn, name), _Layer(name, {}))
        for column, text in zip(heading.columns, values, strict=True):
            layer.values[f"{letter}{column}"] = text
        line += 1
    return list(layers.values()), line


def _names(text: str) -> bool:
    """Whether a cell beside a matrix names its line: words, or a bare wavelength."""
    is_label = wavelength_in_label(text) is not None or bool(FILTER_PAIR.search(text))
    return bool(text) and (cells.value(text) is None or is_label)


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    return [line for row in rows if (line := " ".join(cell for cell in row if cell))]


def _read(layer: _Layer, context: _Context) -> Read | None:
    """A read from the lines of one name; None where they hold words."""
    if not cells.is_numeric(list(layer.values.values())):
        return None
    decimal_comma = cells.has_decimal_comma(layer.values.values())
    values = {well: cells.value(text, decimal_comma) for well, text in layer.values.items()}
    label = layer.name or (context.corner if context.corner != "<>" else "")
    nm = wavelength_in_label(label)
    if nm is None and not FILTER_PAIR.search(label):
        nm = wavelength_in_heading(context.above)
    name = layer.name or (f"{nm:g} nm" if nm else next(reversed(context.above), label or context.sheet))
    return Read(
        name=name,
        # An unknown word is no value; the checks name its well.
        values={well: math.nan if one is None else one for well, one in values.items()},
        wavelength_nm=nm,
        kind=_kind(layer.name, context),
        plate=next((found[1] for line in reversed(context.above) if (found := PLATE_LINE.match(line))), ""),
    )


def _kind(name: str, context: _Context) -> Kind:
    """Kind of a block: from its own name, else from its corner, else from its own lines above it and the sheet."""
    if name:
        return kind_of(name)
    kind = kind_of(context.corner)
    return kind if kind != "raw" else kind_of_heading([*context.own, context.sheet])


def _bare(sheet: Sheet) -> list[Read]:
    """A block of exactly the size of a plate, with letters alone beside it or with neither letters nor numbers."""
    filled = [(line, row) for line, row in enumerate(sheet.rows) if any(row)]
    for n_rows, n_columns in constants.PLATE_FORMATS:
        for first in range(len(filled) - n_rows + 1):
            block = [row for _, row in filled[first : first + n_rows]]
            start = next((place for place, text in enumerate(block[0]) if text), 0)
            start += bool(block[0][start].upper() == "A")
            values = [[_cell(row, place) for place in range(start, start + n_columns)] for row in block]
            beyond = [_cell(row, start + n_columns) for row in block]
            if any(beyond) or not all(
                any(row) and all(cells.any_value(text) is not None for text in row) for row in values
            ):
                continue
            flat = [text for row in values for text in row]
            decimal_comma = cells.has_decimal_comma(flat)
            above = _lines([row for _, row in filled[:first]])
            numbers = {
                cells.well_at(row, column): number
                for row, texts in enumerate(values)
                for column, text in enumerate(texts)
                if (number := cells.value(text, decimal_comma)) is not None
            }
            return [Read(above[-1] if above else sheet.name, numbers, wavelength_in_heading(above))]
    return []
