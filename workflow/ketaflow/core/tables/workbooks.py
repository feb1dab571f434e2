"""Cells of Excel workbooks as a person sees them."""

import io
import re
from datetime import datetime
from pathlib import Path
from typing import Any

ZEROS = re.compile(r"0{2,}")
# Integers below this are exact as floating-point numbers (IEEE 754).
MAX_EXACT = 2**53
# Most cells of the rectangle that a worksheet fills (count). One cell in its last corner makes 17 thousand million.
MAX_CELLS = 20_000_000


class Workbook:
    """An Excel workbook (.xlsx, .xlsm), opened for reading.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.

    Raises
    ------
    ValueError
        With a plain reason, if it is not a whole workbook.
    OSError
        If the file cannot be read.
    """

    def __init__(self, source: Path | bytes):
        import openpyxl

        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        try:
            self._book: Any = openpyxl.load_workbook(opened, read_only=True, data_only=True)
        except OSError:
            raise
        except Exception as error:
            raise _damaged(error) from None
        if not self.names:
            raise ValueError("this workbook holds charts alone. Put the table into a worksheet")

    @property
    def names(self) -> list[str]:
        """Names of the worksheets in their order; sheets that hold a chart alone are left out."""
        return [sheet.title for sheet in self._book.worksheets]

    def cells(self, name: str) -> list[list[str]]:
        """Read the text of the cells of a worksheet.

        Parameters
        ----------
        name : str
            Name of the worksheet.

        Returns
        -------
        list of list of str
            Rows, equally long; empty rows below the last filled one are left out. The size that the file declares is
            ignored, because some programs write none or one that is too small.

        Raises
        ------
        ValueError
            With a plain reason, if the worksheet is damaged, or a cell far from the table makes it too large.
        """
        try:
            sheet = self._book[name]
            sheet.reset_dimensions()
            rows = [_trimmed([_text(cell) for cell in row]) for row in sheet.iter_rows()]
        except OSError:
            raise
        except Exception as error:
            raise _damaged(error) from None
        while rows and not rows[-1]:
            rows.pop()
        width = max(map(len, rows), default=0)
        if width * len(rows) > MAX_CELLS:
            raise ValueError(
                f"the worksheet {name!r} is filled as far as row {len(rows):,} and column {width:,}. Delete what lies "
                "beyond the table"
            )
        return [row + [""] * (width - len(row)) for row in rows]


def worksheets(source: Path | bytes) -> dict[str, list[list[str]]]:
    """Read the text of the cells of every worksheet that holds any.

    Parameters
    ----------
    source : Path or bytes
        An Excel workbook, or its content.

    Returns
    -------
    dict of str to list of list of str
        Rows of cells by the name of the worksheet, in the order of the workbook; rows of a worksheet are equally long.

    Raises
    ------
    ValueError
        With a plain reason, if it is not a whole workbook.
    OSError
        If the file cannot be read.
    """
    book = Workbook(source)
    found = {name: book.cells(name) for name in book.names}
    return {name: rows for name, rows in found.items() if rows}


def _trimmed(row: list[str]) -> list[str]:
    """A row without the empty cells at its end."""
    while row and not row[-1]:
        row.pop()
    return row


def _damaged(error: Exception) -> ValueError:
    """The fault of a workbook; openpyxl raises whatever its XML and zip parsers raise."""
    reason = f"{type(error).__name__}: {error}"[:120]
    return ValueError(f"this is not a whole Excel workbook ({reason}). Open it in Excel and save it again")


def _text(cell: Any) -> str:
    """Text of a cell as a person sees it: 7 in the format 000 is 007."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)) and ZEROS.fullmatch(cell.number_format or "") and float(value).is_integer():
        return f"{int(value):0{len(cell.number_format)}d}"
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    return str(value)
