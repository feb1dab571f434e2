"""From a file to rows of text: encodings, delimiters, title and comment rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ketaflow.core import limits
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import workbooks
from ketaflow.core.tables.words import listed, quoted

ENDINGS = (".csv", ".tsv", ".xlsx")
COMMENT_MARKS = ("*", "#")
# Rows in which headings are looked for, below titles (count).
MOST_TITLE_ROWS = 20
NUMERIC = re.compile(r"[0-9]")


class RepeatedHeadingError(ValueError):
    """A heading occurs more than once: two tables side by side, or a second row of headings."""


@dataclass(frozen=True)
class RawTable:
    """A table as text, as it is in its file.

    Attributes
    ----------
    file : str
        Name of the file.
    columns : list of str
        Headings.
    rows : list of (int, dict)
        Row number as a spreadsheet shows it, and the text of each cell by heading.
    decimal_comma : bool
        Whether numbers in this file are written with a decimal comma.
    notes : tuple of str
        What was left out, such as title and comment rows.
    header_row : int
        Row number of the headings.
    decimal_text : bool
        Whether single columns may hold numbers typed as text with a decimal comma (Excel, tab-separated text).
    """

    file: str
    columns: list[str]
    rows: list[tuple[int, dict[str, str]]]
    decimal_comma: bool
    notes: tuple[str, ...] = ()
    header_row: int = 1
    decimal_text: bool = False


def find(folder: Path, name: str) -> list[Path]:
    """Files of the folder that hold the table ``name``, in any capitals: none, one, or too many."""
    wanted = {f"{name}{ending}" for ending in ENDINGS}
    exact = [folder / file for file in sorted(wanted) if (folder / file).exists()]
    listed = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [path for path in listed if path.name.lower() in wanted and path.name not in wanted]
    return exact + others


def decode(content: bytes) -> str:
    """Text of a file in UTF-8 (with or without BOM), UTF-16 or Latin-1 (Windows-1252)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig")
    head = content[:400]
    if head.count(0) > len(head) // 4:
        return content.decode("utf-16-be" if head[:1] == b"\0" else "utf-16-le", errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_raw(path: Path) -> RawTable:
    """Read one table as text.

    Parameters
    ----------
    path : Path
        A .csv, .tsv or .xlsx file. The first row with two or more filled cells is the header, unless all rows have one;
        rows before it, rows that begin with ``*`` or ``#``, and rows that hold one text cell are left out with a note.

    Returns
    -------
    RawTable
        Headings and the text of each cell, with row numbers as a spreadsheet shows them.

    Raises
    ------
    ValueError
        With a plain reason, where the file is not a table.
    OSError
        Where it cannot be read.
    """
    is_excel = path.suffix.lower() == ".xlsx"
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no regular file"
        raise ValueError(f"this is {what}; a table is expected here")
    try:
        limits.refuse_oversized(path)
    except IngestError as error:
        raise ValueError(str(error).removeprefix(f"{path.name}: ")) from None
    cells, delimiter = (_excel_cells(path), "") if is_excel else _text_cells(path)
    numbered = [(number, [cell.strip() for cell in row]) for number, row in enumerate(cells, start=1)]
    numbered = [(number, row) for number, row in numbered if any(row)]
    kept, notes = _without_titles(numbered)
    if not kept:
        raise ValueError("the file holds no header row")
    header_row, columns = kept[0][0], list(kept[0][1])
    while columns and not columns[-1]:
        columns.pop()
    _refuse_repeated(columns, [row for number, row in numbered if number < header_row])
    rows, comments = _rows(kept[1:], columns)
    return RawTable(
        path.name, columns, rows, delimiter == ";", tuple(notes + comments), header_row, is_excel or delimiter == "\t"
    )


def _text_cells(path: Path) -> tuple[list[list[str]], str]:
    text = decode(path.read_bytes())
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)), delimiter
    except csv.Error as error:
        longest = (
            f"a cell is longer than {csv.field_size_limit():,} characters, or a quotation mark is never closed. Close "
            "it, or raise limits.max_cell_characters in the settings if the cell is right"
        )
        raise ValueError(longest if "limit" in str(error) else f"not a table ({error})") from None


def _delimiter(text: str) -> str:
    """The delimiter of the line with the most of them among the first; title rows hold few."""
    lines = [line for line in text.splitlines() if line.strip()][:MOST_TITLE_ROWS]
    counts = Counter({mark: max((line.count(mark) for line in lines), default=0) for mark in ";\t,"})
    header = next(iter(lines), "")
    return max(";\t,", key=lambda mark: (header.count(mark) > 0, header.count(mark), counts[mark]))


def _excel_cells(path: Path) -> list[list[str]]:
    """Cells of the worksheet named like the table, else of the first."""
    book = workbooks.Workbook(path)
    by_name = {name.lower(): name for name in book.names}
    return book.cells(by_name.get(path.stem.lower()) or book.names[0])


def _without_titles(numbered: list[tuple[int, list[str]]]) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """The rows from the header on, and a note of what was above it."""
    wide = next((place for place, (_, row) in enumerate(numbered) if sum(map(bool, row)) > 1), 0)
    if wide >= MOST_TITLE_ROWS:
        return numbered, []
    wide = _below_group_headings(numbered, wide)
    titles = [f"row {number} {quoted(next(filter(None, row)))}" for number, row in numbered[:wide]]
    return numbered[wide:], [] if not titles else [f"read as a title: {', '.join(titles)}"]


def _below_group_headings(numbered: list[tuple[int, list[str]]], place: int) -> int:
    """Index of the row of headings, below headings of groups of columns (merged cells)."""
    for here in range(place, min(len(numbered) - 1, MOST_TITLE_ROWS)):
        row, below = numbered[here][1], numbered[here + 1][1]
        gaps = sum(map(bool, row)) < len(row) and sum(map(bool, row)) < sum(map(bool, below))
        if not gaps or any(NUMERIC.search(cell) for cell in below if cell):
            return here
    return place


def _rows(
    numbered: Iterable[tuple[int, list[str]]], columns: list[str]
) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """Rows of cells by heading, and the comment rows among them."""
    rows, comments = [], []
    for number, row in numbered:
        if _is_comment(row, columns):
            comments.append(f"row {number} {quoted(next(filter(None, row)))}")
            continue
        if any(row[len(columns) :]):
            filled = max(place for place, cell in enumerate(row) if cell) + 1
            raise ValueError(f"row {number} has {filled} cells, the header has {len(columns)}")
        rows.append((number, dict(zip(columns, row + [""] * (len(columns) - len(row)), strict=False))))
    return rows, [f"read as comments: {', '.join(comments)}"] if comments else []


def _is_comment(row: list[str], columns: list[str]) -> bool:
    """Whether a row is a remark: it begins with * or #, or holds one text of several words and nothing else."""
    first, alone = next(filter(None, row)), sum(map(bool, row)) == 1
    if first.startswith(COMMENT_MARKS):
        return alone or first[1:2] == " "
    return len(columns) > 2 and alone and len(first.split()) > 2


def _refuse_repeated(columns: list[str], above: list[list[str]]) -> None:
    """Refuse headings that stand twice: two tables side by side, or a second row of headings above."""
    repeated = sorted(column for column, count in Counter(columns).items() if column and count > 1)
    if repeated:
        groups = [cell for cell in above[-1] if cell] if above else []
        two = f" under {', '.join(map(quoted, groups))}" if len(groups) > 1 else ""
        several = ("heading", "occurs") if len(repeated) == 1 else ("headings", "occur")
        raise RepeatedHeadingError(
            f"the {several[0]} {listed([*map(quoted, repeated)])} {several[1]} more than once{two}. Use one row of "
            "headings, one column for each heading, and put what is side by side below one another, a row each"
        )
