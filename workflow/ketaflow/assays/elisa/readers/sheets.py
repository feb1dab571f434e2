"""From a file to sheets of text cells: delimited text in any encoding, and Excel workbooks."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ketaflow.assays.elisa import constants
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import decode, worksheets

XLSX, XLS, PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file: its name (empty for text) and its cells, row by row, as text without blanks around it."""

    name: str
    rows: list[list[str]]


def read_sheets(path: Path) -> list[Sheet]:
    """Read every sheet of a file.

    Parameters
    ----------
    path : Path
        Delimited text (tab, semicolon or comma) or an Excel workbook, told apart by content.

    Returns
    -------
    list of Sheet
        At least one, none of them empty.

    Raises
    ------
    IngestError
        If the file is empty, or of a kind that cannot be read.
    """
    content = path.read_bytes()
    if content.startswith(XLSX):
        sheets = _workbook(path, content)
    elif content.startswith((XLS, PDF)):
        kind = "an old Excel workbook (.xls)" if content.startswith(XLS) else "a PDF"
        raise IngestError(f"{path.name}: this is {kind}. Export or save it as .xlsx or .csv.")
    else:
        sheets = [Sheet("", _delimited(decode(content)))]
    filled = [sheet for sheet in sheets if any(any(row) for row in sheet.rows)]
    if not filled:
        raise IngestError(f"{path.name}: the file is empty. Export the plate again.")
    return filled


def _workbook(path: Path, content: bytes) -> list[Sheet]:
    try:
        return [Sheet(name, _stripped(rows)) for name, rows in worksheets(content).items()]
    except ValueError as error:
        raise IngestError(f"{path.name}: {error}.") from None


def _stripped(rows: list[list[str]]) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in rows]


def _delimited(text: str) -> list[list[str]]:
    lines = text.splitlines()
    counts = {mark: sum(mark in line for line in lines) for mark in "\t;,"}
    mark = next((one for one in "\t;," if counts[one] >= constants.FEWEST_DELIMITED_LINES), "")
    if not mark:
        return [line.split() for line in lines]
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        return _stripped(list(rows))
    except csv.Error:
        return [[cell.strip() for cell in line.split(mark)] for line in lines]
