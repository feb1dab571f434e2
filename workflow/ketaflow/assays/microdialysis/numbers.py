"""Numbers out of text exports: any encoding, line end, separator and decimal sign; fast for long tables."""

import re

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.tables import decode

LINE_ENDS = re.compile(r"\r\r\n|\r\n|\r")
# Words that instruments write where there is no number.
NO_NUMBER = re.compile(r"n\.a\.|N/A|NaN|nan|#N/A", re.IGNORECASE)


def lines_of(content: bytes) -> list[str]:
    """Lines of a text file, whatever its encoding and line ends (CR, LF, CRLF or a mixture)."""
    return LINE_ENDS.sub("\n", decode(content)).split("\n")


def number(text: str) -> float | None:
    """A number with point or comma, or None."""
    plain = text.strip().strip('"').replace("\u00a0", "").replace(" ", "")
    if "," in plain:
        plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain.replace(",", "")
    try:
        return float(plain)
    except ValueError:
        return None


def cells(line: str, separator: str) -> list[str]:
    """Cells of one line, without quotes and blanks around them."""
    return [cell.strip().strip('"').strip() for cell in line.split(separator)]


def columns(lines: list[str], separator: str, file: str, first_line: int) -> np.ndarray:
    """A block of numbers as (rows, columns) float; missing words become NaN.

    Every line must have as many cells as the first; the last is checked too, as a file cut in the middle of a
    line is the commonest damage. ``first_line`` is the file's number of the first line, for the message.
    """
    text = "\n".join(lines)
    width = _width(lines[0], separator)
    if separator != ",":
        text = text.replace(",", ".")
    text = NO_NUMBER.sub("nan", text).replace('"', "")
    if separator.strip():
        text = text.replace(separator, " ")
    values = np.fromstring(text, sep=" ") if _plain(text) else np.empty(0)
    if len(values) == width * len(lines):
        return values.reshape(-1, width)
    return _line_by_line(lines, separator, width, file, first_line)


def _plain(text: str) -> bool:
    return not re.search(r"[^\d\s.eE+\-na]", text)


def _width(line: str, separator: str) -> int:
    return len([cell for cell in cells(line, separator) if cell]) if separator.strip() else len(line.split())


def _line_by_line(lines: list[str], separator: str, width: int, file: str, first_line: int) -> np.ndarray:
    """The slow way, which finds the line that is wrong."""
    rows = []
    for offset, line in enumerate(lines):
        parts = [cell for cell in (cells(line, separator) if separator.strip() else line.split()) if cell]
        values = [np.nan if NO_NUMBER.fullmatch(cell) else number(cell) for cell in parts]
        if len(values) != width or None in values:
            raise IngestError(
                f"{file}: line {first_line + offset} reads {line.strip()[:60]!r}, expected {width} numbers. "
                "The file is cut short or was edited: export it again."
            )
        rows.append(values)
    return np.array(rows, float)
