"""Numbers out of text exports: any encoding, line end, separator and decimal sign; fast for long tables."""

import re

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.tables import decode

LINE_ENDS = re.compile(r"\r\r\n|\r\n|\r")
# Words that instruments write where there is no number.
NO_NUMBER = re.compile(r"n\.a\.|N/A|NaN|nan|#N/A", re.IGNORECASE)


def lines_of(content: bytes) -> list[str]:
    """Lines of a text file, whatever its encoding and line ends (CR, LF, CRLF or a mixture).

    The last one is empty where the file ends with a line's end; ``refuse_unended`` and others rely on it. A byte that
    belongs to no letter becomes a mark that is no number, so that the line it stands in is refused.
    """
    try:
        text = decode(content)
    except UnicodeDecodeError:
        text = content.decode(_encoding(content), "replace")
    return LINE_ENDS.sub("\n", text).split("\n")


def _encoding(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    return "utf-16-be" if content[:1] == b"\0" else "utf-16-le"


def is_unended(lines: list[str]) -> bool:
    """Whether the last line lacks its end: a number in it may have lost digits."""
    return bool(lines and lines[-1].strip())


def refuse_unended(lines: list[str], file: str) -> None:
    """Raise IngestError for a file whose last line lacks its end; programs of instruments end every line."""
    if is_unended(lines):
        raise IngestError(
            f"{file}: the last line, {lines[-1].strip()[:40]!r}, has no end, as all others have. The file is cut "
            "short: export it again (or, if it is whole, open it in an editor and add an empty line)."
        )


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
    values = _quickly(text)
    if len(values) == width * len(lines):
        return values.reshape(-1, width)
    return _line_by_line(lines, separator, width, file, first_line)


def _quickly(text: str) -> np.ndarray:
    """All numbers of a text; none where anything in it is not a number."""
    if re.search(r"[^\d\s.eE+\-na]", text):
        return np.empty(0)
    try:
        return np.fromstring(text, sep=" ")
    except ValueError:
        return np.empty(0)


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
