"""Text exports of SoftMax Pro: blocks of plates, written as matrices or with one column per well.

A block begins with ``Plate:`` and ends with ``~End``. Its first line holds, among others, the layout (PlateFormat or
TimeFormat), the kind of the values (Raw, Reduced or Both), the number of wavelengths and the wavelengths themselves.
Matrices of several wavelengths stand side by side with an empty column between. Blocks that begin with ``Group:``
hold calculated values.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ketaflow.assays.elisa.readers import cells
from ketaflow.assays.elisa.readers.reads import Read
from ketaflow.assays.elisa.readers.sheets import Sheet

MARK, PLATE, END = "##BLOCKS=", "Plate:", "~End"
BY_WELL = "TimeFormat"
# Cells before the values of a line: the time or wavelength, and the temperature.
LEADING_CELLS = 2
# Rows of a plate by its number of wells, and where in the first line of a block the layout begins.
ROWS_OF_PLATE = {96: 8, 384: 16, 48: 6, 24: 4, 12: 3, 6: 2}
LAYOUT_CELL = 15


def is_softmax(sheets: Sequence[Sheet]) -> bool:
    """Whether a file is a text export of SoftMax Pro."""
    return any(row and row[0].startswith(MARK) for row in sheets[0].rows[:5])


def read_softmax(sheets: Sequence[Sheet]) -> list[Read]:
    """Read every plate of a SoftMax Pro export.

    Parameters
    ----------
    sheets : sequence of Sheet
        The file.

    Returns
    -------
    list of Read
        Raw values; calculated ones where a plate was exported without raw values.
    """
    found: list[Read] = []
    block: list[list[str]] = []
    for row in sheets[0].rows:
        first = row[0] if row else ""
        if first == PLATE:
            block = [row]
        elif first == END:
            found += _plate(block) if block else []
            block = []
        elif block:
            block.append(row)
    return found + (_plate(block) if block else [])


def _plate(block: list[list[str]]) -> list[Read]:
    head = block[0]
    name = head[1] if len(head) > 1 else ""
    kind = "raw" if any(text in ("Raw", "Both") for text in head) else "calculated"
    wavelengths_nm = _wavelengths(head)
    lines = block[1:]
    if not any(map(any, lines)):
        return []
    n_rows = next((rows for wells, rows in ROWS_OF_PLATE.items() if str(wells) in head[LAYOUT_CELL:]), 8)
    values = _by_well(lines) if BY_WELL in head else _matrices(lines, n_rows)
    reads = []
    for turn, one in enumerate(values):
        if not one:
            continue
        nm = wavelengths_nm[turn % len(wavelengths_nm)] if wavelengths_nm else None
        label = " ".join(
            filter(None, [name, f"{nm:g} nm" if nm else "", f"read {turn + 1}" if len(values) > 1 else ""])
        )
        reads.append(Read(label, one, nm, "raw" if kind == "raw" else "calculated", name))
    return reads


def _wavelengths(head: Sequence[str]) -> list[float]:
    """Wavelengths (nm) from the first line of a block: the cell of several numbers after their count."""
    for count, text in pairwise(head):
        parts = text.split()
        if (
            parts
            and count.isdigit()
            and int(count) == len(parts)
            and all(cells.NUMBER.fullmatch(part) for part in parts)
        ):
            found = [float(part) for part in parts]
            if all(value >= 200 for value in found):
                return found
    return []


def _matrices(lines: Sequence[Sequence[str]], n_rows: int) -> list[dict[str, float]]:
    """Values of matrices: a run of columns for each wavelength, and ``n_rows`` lines for each time."""
    runs = _runs(lines[0])
    found: list[dict[str, float]] = []
    line = 1
    while line < len(lines):
        block = lines[line : line + n_rows]
        if not any(any(row[:LEADING_CELLS]) for row in block):
            break
        for places in runs:
            values = {}
            for letter, row in enumerate(block):
                for place, column in places.items():
                    number = cells.any_value(row[place]) if place < len(row) and row[place] else None
                    if number is not None:
                        values[cells.well_at(letter, column - 1)] = number
            found.append(values)
        line += n_rows
        while line < len(lines) and not lines[line]:
            line += 1
    return found


def _runs(header: Sequence[str]) -> list[dict[int, int]]:
    """Column numbers by their place in the line, in runs between empty cells."""
    runs: list[dict[int, int]] = [{}]
    for place, text in enumerate(header):
        number = cells.whole(text) if place >= LEADING_CELLS else None
        if number is not None:
            runs[-1][place] = number
        elif runs[-1]:
            runs.append({})
    return [run for run in runs if run]


def _by_well(lines: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Values with one column per well, a line for each wavelength and time, up to the second heading."""
    wells = [cells.well_name(text) for text in lines[0]]
    found = []
    for row in lines[1:]:
        if any(cells.well_name(text) for text in row):
            break
        pairs = _filled(wells, row)
        values = {well: number for well, number in pairs if not math.isnan(number)}
        if values:
            found.append(values)
    return found


def _filled(wells: Sequence[str], row: Sequence[str]) -> Iterator[tuple[str, float]]:
    for well, text in zip(wells, row, strict=False):
        number = cells.any_value(text) if well else None
        if well and number is not None:
            yield well, number
