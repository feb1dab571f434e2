"""Cells of the files that other programs write: workbooks, and text with any of the usual delimiters and encodings."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ketaflow.assays.forced_swim.readers import constants
from ketaflow.core.tables import decode, worksheets

WORKBOOKS = (".xlsx", ".xlsm")


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or a text file.

    Attributes
    ----------
    title : str
        Name of the sheet; that of the file for text.
    rows : list of list of str
        Cells as text, stripped; empty rows included, so that the place of a row is its number less one.
    """

    title: str
    rows: list[list[str]]

    def numbered(self) -> list[tuple[int, list[str]]]:
        """Return the rows that hold something, with their numbers from 1."""
        return [(number, row) for number, row in enumerate(self.rows, start=1) if any(row)]


def read_sheets(path: Path) -> list[Sheet]:
    """Read all sheets of a workbook, or a text file as a single sheet.

    Parameters
    ----------
    path : Path
        A workbook (.xlsx) or text: comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252.

    Returns
    -------
    list of Sheet

    Raises
    ------
    ValueError
        If the file is neither, with a reason in plain words.
    """
    if path.suffix.lower() in WORKBOOKS:
        return [Sheet(title, _stripped(rows)) for title, rows in worksheets(path).items()]
    content = path.read_bytes()
    text = decode(content)
    if "\0" in text:
        raise ValueError("this is neither a table nor text")
    lines = [line for line in text.splitlines() if line.strip()][: constants.DELIMITER_LINES]
    delimiter = max("\t;,", key=lambda mark: (sum(mark in line for line in lines), sum(map(len, lines))))
    try:
        cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(f"this is no table ({error})") from None
    return [Sheet(path.stem, _stripped(cells))]


def _stripped(rows: list[list[str]]) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in rows]


def parse_number(text: str) -> float | None:
    """Parse a number with decimal point or comma, or hours:minutes:seconds; None if it is neither."""
    try:
        parts = [float(part.replace(",", ".")) for part in text.split(":")]
    except ValueError:
        return None
    return float(sum(part * constants.SEXAGESIMAL**power for power, part in enumerate(reversed(parts))))
