"""From a file to rows of text: encodings, delimiters, Excel's cell formats, title and comment rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ketaflow.core.tables.words import quoted

ENDINGS = (".csv", ".tsv", ".xlsx")
COMMENT_MARKS = ("*", "#")
# A header that has not come by this row is not there.
MOST_TITLE_ROWS = 20
# The longest cell a table may have; Excel's own limit is 32,767 characters.
LONGEST_CELL = 131_072
ZEROS = re.compile(r"0{2,}")
NUMERIC = re.compile(r"[0-9]")


class RepeatedHeadingError(ValueError):
    """A heading occurs more than once: two tables side by side, or a second row of headings."""


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file.

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
    """Files of the folder that hold the table ``name``, whatever their capitals: none, one, or too many."""
    wanted = {f"{name}{ending}" for ending in ENDINGS}
    exact = [folder / file for file in sorted(wanted) if (folder / file).exists()]
    listed = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [path for path in listed if path.name.lower() in wanted and path.name not in wanted]
    return exact + others


def decode(content: bytes) -> str:
    """Text of a file in UTF-8 (with or without BOM), UTF-16 or Latin-1 (Windows-1252)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig")
    head = content[:400]
    if head.count(0) > len(head) // 4:
        return content.decode("utf-16-be" if head[:1] == b"\0" else "utf-16-le")
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
        longest = f"a cell is longer than {LONGEST_CELL:,} characters, or a quotation mark is never closed"
        raise ValueError(longest if "limit" in str(error) else f"not a table ({error})") from None


def _delimiter(text: str) -> str:
    """The delimiter of the line with the most of them among the first; title rows hold few."""
    lines = [line for line in text.splitlines() if line.strip()][:MOST_TITLE_ROWS]
    counts = Counter({mark: max((line.count(mark) for line in lines), default=0) for mark in ";\t,"})
    header = next(iter(lines), "")
    return max(";\t,", key=lambda mark: (header.count(mark) > 0, header.count(mark), counts[mark]))


def _excel_cells(path: Path) -> list[list[str]]:
    book = _workbook(path)
    by_name = {name.lower(): name for name in book.sheetnames}
    name = by_name.get(path.stem.lower()) or next((sheet.title for sheet in book.worksheets), book.sheetnames[0])
    return _worksheet_cells(book, name)


def worksheets(content: bytes) -> dict[str, list[list[str]]]:
    """Read the text of the cells of every worksheet that holds any.

    Parameters
    ----------
    content : bytes
        An Excel workbook (.xlsx).

    Returns
    -------
    dict of str to list of list of str
        Rows of cells by the name of the worksheet, in the order of the workbook; rows of a worksheet are equally long.

    Raises
    ------
    ValueError
        With a plain reason, where the content is not a whole workbook.
    """
    book = _workbook(io.BytesIO(content))
    found = {sheet.title: _worksheet_cells(book, sheet.title) for sheet in book.worksheets}
    return {name: rows for name, rows in found.items() if any(cell for row in rows for cell in row)}


def _workbook(source: Path | io.BytesIO) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(source, read_only=True, data_only=True)
    except OSError:
        raise
    except Exception as error:
        raise _damaged(error) from None


def _worksheet_cells(book: Any, name: str) -> list[list[str]]:
    """Text of the cells of a worksheet; the size that the file declares is ignored, because it may be too small."""
    try:
        sheet = book[name]
        sheet.reset_dimensions()
        rows = [[_excel_text(cell) for cell in row] for row in sheet.iter_rows()]
    except OSError:
        raise
    except Exception as error:
        raise _damaged(error) from None
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _damaged(error: Exception) -> ValueError:
    """The fault of a workbook; openpyxl raises whatever its XML and zip parsers raise."""
    reason = f"{type(error).__name__}: {error}"[:120]
    return ValueError(f"this is not a whole Excel workbook ({reason}). Open it in Excel and save it again")


def _excel_text(cell: Any) -> str:
    """Text of an Excel cell as a person sees it: 7 in the format 000 is 007."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)) and ZEROS.fullmatch(cell.number_format or "") and float(value).is_integer():
        return f"{int(value):0{len(cell.number_format)}d}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    return str(value)


def _without_titles(numbered: list[tuple[int, list[str]]]) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Rows from the header on, and what stood above it."""
    wide = next((place for place, (_, row) in enumerate(numbered) if sum(map(bool, row)) > 1), 0)
    if wide >= MOST_TITLE_ROWS:
        return numbered, []
    wide = _below_group_headings(numbered, wide)
    titles = [f"row {number} {quoted(next(filter(None, row)))}" for number, row in numbered[:wide]]
    return numbered[wide:], [] if not titles else [f"read as a title: {', '.join(titles)}"]


def _below_group_headings(numbered: list[tuple[int, list[str]]], place: int) -> int:
    """The row of headings itself, where headings of groups of columns (merged cells) stand above it."""
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
    repeated = sorted({column for column in columns if column and columns.count(column) > 1})
    if repeated:
        groups = [cell for cell in above[-1] if cell] if above else []
        two = f" under {', '.join(map(quoted, groups))}" if len(groups) > 1 else ""
        several = ("heading", "occurs") if len(repeated) == 1 else ("headings", "occur")
        raise RepeatedHeadingError(
            f"the {several[0]} {', '.join(map(quoted, repeated))} {several[1]} more than once{two}. Use one row of "
            "headings, one column for each heading, and put what is side by side below one another, a row each"
        )
