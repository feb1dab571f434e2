"""A file as rows of cells, opened before its format is recognised: an Excel workbook or delimited text.

In: the content of a file. Out: ``CellFile``, one for each worksheet of a workbook, one for a text.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.readers.lick_time_unit import heading_unit_s
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import decode, quoted, worksheets

LINE_END = re.compile(r"\r*\n|\r")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# A first line that tells Excel the delimiter.
DECLARED = re.compile(r"sep=([,;\t])", re.IGNORECASE)
QUOTED = re.compile(r'"[^"]*"')
# First bytes of files that are taken for logs by mistake, and what they are.
SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old format (.xls); save it as .xlsx"),
    (b"%PDF", "a PDF; export the table as .csv or .xlsx"),
    (b"\x89HDF", "an HDF5 file; export the times as .csv"),
    (b"MATLAB 5.0", "a MATLAB file; export the times as .csv"),
    (b"\x1f\x8b", "a compressed file; unpack it"),
    (b"\x89PNG", "a picture; export the table as .csv or .xlsx"),
    (b"\xff\xd8\xff", "a picture; export the table as .csv or .xlsx"),
    (b"SQLite", "a database; export the table as .csv"),
)
# How files write a missing value.
MISSING = {"na", "n/a", "nan", "none", "null", "-", "–"}
WORKBOOK = b"PK\x03\x04"


class CellRow(NamedTuple):
    """Cells of a row, and the number that a spreadsheet or an editor shows for it."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class CellFile:
    """Rows of a text file or of a worksheet; blank rows are left out.

    Attributes
    ----------
    name : str
        Name of the file (and of the worksheet), for messages.
    lines : list of str
        The rows as text.
    rows : list of CellRow
        The rows as cells, without blanks and quotation marks around them. In a text, a row that was cut short has fewer
        cells than the others.
    delimiter : str
        Sign that separates cells: a tab, ``;``, ``,``, a blank, or nothing for a single column.
    worksheet : str
        Name of the worksheet; empty for a text.
    damaged_lines : int
        Lines with control characters, which a logger leaves when it loses power. They are not among the rows.
    """

    name: str
    lines: list[str]
    rows: list[CellRow]
    delimiter: str
    worksheet: str = ""
    damaged_lines: int = 0


def open_cells(name: str, content: bytes) -> list[CellFile]:
    """Open a file as rows of cells.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    content : bytes
        An Excel workbook (.xlsx), or text in any encoding that ``core.tables.decode`` knows.

    Returns
    -------
    list of CellFile
        One for each worksheet that is not empty, or one for a text.

    Raises
    ------
    IngestError
        If the file is empty, or neither a workbook nor text.

    Notes
    -----
    ``pandas.read_csv(sep=None)`` is not used: it takes the list 0.935, 1.055, ... for two columns separated by "9" and
    splits the heading "On Timestamp" at its blank.
    """
    if content.startswith(WORKBOOK):
        return _worksheets(name, content)
    kind = next((kind for signature, kind in SIGNATURES if content.startswith(signature)), None)
    if kind:
        raise IngestError(f"{name}: this is {kind}.")
    try:
        text = decode(content)
    except UnicodeDecodeError:
        raise IngestError(_no_text(name)) from None
    return [text_cells(name, text)]


def text_cells(name: str, text: str) -> CellFile:
    """Split a text into rows of cells by the delimiter that it uses.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    text : str
        Its content.

    Returns
    -------
    CellFile

    Raises
    ------
    IngestError
        If the text is empty, consists of control characters, or its commas may be decimal signs as well as delimiters.
    """
    if len(CONTROL.findall(text)) > constants.MOST_CONTROL_SHARE * len(text):
        raise IngestError(_no_text(name))
    numbered = [(number, line) for number, line in enumerate(LINE_END.split(text), start=1) if line.strip()]
    sound = [(number, line) for number, line in numbered if not CONTROL.search(line)]
    if not sound:
        raise IngestError(f"{name}: the file is empty. The logger wrote nothing; weigh the bottle instead.")
    declared = DECLARED.fullmatch(sound[0][1].strip())
    if declared and len(sound) > 1:
        sound = sound[1:]
    lines = [line for _, line in sound]
    delimiter = declared[1] if declared else _delimiter(name, lines)
    rows = [CellRow(number, _cells(line, delimiter)) for number, line in _whole_rows(sound)]
    return CellFile(
        name=name,
        lines=[line.strip() for line in lines],
        rows=_with_headings_split(_without_empty_ends(rows), delimiter),
        delimiter=delimiter,
        damaged_lines=len(numbered) - len(sound),
    )


def _no_text(name: str) -> str:
    return (
        f"{name}: this is neither text nor an Excel workbook. Export the log as .csv, .txt or .xlsx from the program "
        "that recorded it."
    )


def _worksheets(name: str, content: bytes) -> list[CellFile]:
    """Every worksheet of a workbook that is not empty."""
    try:
        sheets = worksheets(content)
    except ValueError as error:
        raise IngestError(f"{name}: {error}.") from None
    if not sheets:
        raise IngestError(f"{name}: every worksheet of this workbook is empty.")
    made = []
    for title, cells in sheets.items():
        rows = [CellRow(number, [_plain(cell) for cell in row]) for number, row in enumerate(cells, start=1)]
        rows = _without_empty_ends(rows)
        label = name if len(sheets) == 1 else f"{name}, worksheet {quoted(title)}"
        made.append(CellFile(label, ["\t".join(row.cells).strip() for row in rows], rows, "\t", title))
    return made


def number(text: str) -> float | None:
    """A finite number with decimal point or comma; None if the text is not a number."""
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if np.isfinite(value) and "_" not in plain else None


def are_numbers(cells: Sequence[str]) -> bool:
    """Whether cells hold numbers and nothing else, at least one of them."""
    return any(cells) and all(not cell or number(cell) is not None for cell in cells)


def _delimiter(name: str, lines: Sequence[str]) -> str:
    """The sign that separates cells in at least half of the lines."""
    for mark in ("\t", ";"):
        if 2 * sum(mark in line for line in lines) >= len(lines):
            return mark
    if 2 * sum("," in line for line in lines) >= len(lines) and not _are_decimal_commas(name, lines):
        return ","
    columns = [line.split() for line in lines]
    if 2 * sum(len(cells) > 1 and are_numbers(cells) for cells in columns) >= len(lines):
        return " "
    return ""


def _are_decimal_commas(name: str, lines: Sequence[str]) -> bool:
    """Whether commas are decimal signs of a single column, and no delimiters."""
    split = [QUOTED.sub("q", line).split(",") for line in lines]
    data = [cells for cells in split if are_numbers([cell.strip() for cell in cells])]
    if not data or max(map(len, data)) != 2 or any("." in cell for cells in data for cell in cells):
        return False
    first = next(place for place, cells in enumerate(split) if cells is data[0])
    heading = split[first - 1] if first else []
    if len(heading) > 1:
        return False
    if any(not cell.strip() for cells in data for cell in cells):
        return False
    whole = np.array([float(cells[0]) for cells in data])
    second = np.array([float(cells[-1]) if len(cells) == 2 else np.nan for cells in data])
    values = np.array([float(".".join(cell.strip() for cell in cells)) for cells in data])
    rises = bool((np.diff(values) >= 0).all())
    two_rise = bool((np.diff(whole) >= 0).all() and (np.diff(second) >= 0).all())
    if is_row_number(whole) or not rises:
        return False
    if two_rise and not any(heading_unit_s(cell) for cell in heading):
        raise IngestError(
            f"{name}: the commas may be decimal signs or separate two columns. Write a row of headings, or save the "
            "file with semicolons or tabs between the columns."
        )
    return True


def is_row_number(values: np.ndarray) -> bool:
    """Whether values count the rows from 0 or 1.

    Parameters
    ----------
    values : (n_rows,) ndarray
        A column of numbers.

    Returns
    -------
    bool
        False for fewer than three rows, which may hold anything.
    """
    return len(values) > 2 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())


def _whole_rows(numbered: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Lines, those joined between which a quoted cell goes on."""
    made: list[tuple[int, str]] = []
    is_open = 0
    for row, line in numbered:
        odd = line.count('"') % 2
        if is_open:
            made[-1] = (made[-1][0], f"{made[-1][1]} {line}")
            is_open = 0 if odd or is_open > constants.MOST_LINES_OF_A_CELL else is_open + 1
        else:
            made.append((row, line))
            is_open = odd
    return made


def _cells(line: str, delimiter: str) -> list[str]:
    """Cells of a line, without blanks and quotation marks around them."""
    if delimiter == " ":
        cells = line.split() if are_numbers(line.split()) else [line]
    elif not delimiter:
        cells = [line]
    elif '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        except csv.Error:
            cells = line.split(delimiter)
    else:
        cells = line.split(delimiter)
    return [_plain(cell) for cell in cells]


def _plain(cell: str) -> str:
    """A cell without blanks and quotation marks around it; words for a missing value become an empty cell."""
    plain = cell.strip().strip('"').strip()
    return "" if plain.lower() in MISSING else plain


def _without_empty_ends(rows: list[CellRow]) -> list[CellRow]:
    """Rows that have entries, without the columns at the right that have none: those after a delimiter at line ends."""
    width = max((place + 1 for row in rows for place, cell in enumerate(row.cells) if cell), default=0)
    return [CellRow(row.number, row.cells[:width]) for row in rows if any(row.cells)]


def _with_headings_split(rows: list[CellRow], delimiter: str) -> list[CellRow]:
    """Rows whose headings are split at blanks, if blanks separate the columns and there are as many words."""
    if delimiter != " " or len(rows) < 2 or len(rows[0].cells) != 1:
        return rows
    width, head = len(rows[1].cells), rows[0].cells[0]
    for cells in (re.split(r"\s{2,}", head), head.split()):
        if len(cells) == width:
            return [CellRow(rows[0].number, cells), *rows[1:]]
    return rows
