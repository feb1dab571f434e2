"""Numbers in text exports: any encoding, line end, separator and decimal sign; fast for long tables."""

import csv
import io
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ketaflow.core.errors import IngestError
from ketaflow.core.tables import decode

LINE_ENDS = re.compile(r"\r\r\n|\r\n|\r")
# Words that instruments write where there is no number.
NO_NUMBER = re.compile(r"n\.a\.|N/A|NaN|nan|#N/A", re.IGNORECASE)
# What parts thousands besides point and comma, and a minus that is not the keyboard's.
LETTERS = {"\u2212": "-", "\u202f": "\u00a0", "\u2009": "\u00a0", "\u2019": "'"}
GAPS = str.maketrans("", "", "\u00a0 '")
# Whole numbers whose thousands are parted by a sign; and numbers with any decimals behind them.
WHOLE = {sign: re.compile(rf"(?<![\d.,])[+-]?[1-9]\d{{0,2}}(?:{re.escape(sign)}\d{{3}})+(?![\d.,])") for sign in ",."}
PARTED = {
    ",": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?(?:[eE][+-]?\d+)?"),
    ".": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?(?:[eE][+-]?\d+)?"),
}
OTHER = {",": ".", ".": ","}
# What shows the decimal sign: the other one before it, or the other one twice.
TWICE = {sign: re.compile(rf"\d{re.escape(sign)}\d{{3}}{re.escape(sign)}\d") for sign in ",."}
SHOWN = {
    ".": re.compile(r"\d,\d{3}[.,]\d"),
    ",": re.compile(r"\d\.\d{3}[.,]\d"),
}


def lines_of(content: bytes) -> list[str]:
    """Split a text file into lines.

    Parameters
    ----------
    content : bytes
        In any encoding, with any line ends (CR, LF, CRLF or a mixture).

    Returns
    -------
    list of str
        The last one is empty if the file ends with a line end; ``refuse_unended`` relies on that. A byte that is no
        letter becomes a mark that is no number, so that its line is refused.
    """
    try:
        text = decode(content)
    except UnicodeDecodeError:
        text = content.decode(_encoding(content), "replace")
    for letter, plain in LETTERS.items():
        text = text.replace(letter, plain)
    if "\r\r" in text:
        return LINE_ENDS.sub("\n", text).split("\n")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _encoding(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    return "utf-16-be" if content[:1] == b"\0" else "utf-16-le"


def is_unended(lines: list[str]) -> bool:
    """Return whether the last line has no line end: a number in it may have lost digits."""
    return bool(lines and lines[-1].strip())


def refuse_unended(lines: list[str], file: str) -> None:
    """Raise IngestError if the last line has no line end; programs of instruments end every line."""
    if is_unended(lines):
        raise IngestError(
            f"{file}: the last line, {lines[-1].strip()[:40]!r}, has no end, as all others have. The file is cut "
            "short: export it again (or, if it is whole, open it in an editor and add an empty line)."
        )


def number(text: str, decimal: str = "") -> float | None:
    """Read one number.

    Parameters
    ----------
    text : str
        With point or comma.
    decimal : str
        Decimal sign, if known. If not, the last of two different signs is the decimal sign, and a sign that occurs
        twice separates thousands.

    Returns
    -------
    float or None
        None where the text is no number.
    """
    plain = text.strip().strip('"').translate(GAPS)
    if not decimal:
        decimal = plain[max(plain.rfind(","), plain.rfind("."))] if "," in plain and "." in plain else ""
        decimal = decimal or next((OTHER[sign] for sign in ",." if plain.count(sign) > 1), "," if "," in plain else ".")
    thousands = OTHER[decimal]
    if thousands in plain:
        if not PARTED[thousands].fullmatch(plain):
            return None
        plain = plain.replace(thousands, "")
    try:
        return float(plain.replace(",", "."))
    except ValueError:
        return None


def count(text: str) -> int | None:
    """Read a whole number, whatever separates its thousands; None where there are no digits."""
    digits = re.sub(r"\D", "", text)
    return int(digits) if digits else None


def decimal_sign(text: str, rows: Iterable[list[str]], file: str) -> str:
    """Find the decimal sign of the numbers of a table; the other sign separates thousands.

    Parameters
    ----------
    text : str
        All numbers.
    rows : iterable of list of str
        Their cells.
    file : str
        Name of the file, for the message.

    Returns
    -------
    str
        Point or comma.

    Raises
    ------
    IngestError
        If both signs are used before decimals.
    """
    present = [sign for sign in ",." if sign in text]
    if len(present) < 2:
        sign = present[0] if present else "."
        if not re.search(rf"{re.escape(sign)}\d{{3}}(?!\d)", text):
            return sign
        return OTHER[sign] if TWICE[sign].search(text) or _parts_thousands(rows, sign) else sign
    shown_by = {sign for sign, shown in SHOWN.items() if shown.search(text)}
    if not shown_by:
        flat = [cell.strip() for row in rows for cell in row]
        shown_by = {OTHER[sign] for sign in ",." if all(WHOLE[sign].fullmatch(cell) for cell in flat if sign in cell)}
    if len(shown_by) != 1:
        raise IngestError(
            f"{file}: point and comma are both used as decimal signs. Export the table again with one decimal sign."
        )
    return shown_by.pop()


def _parts_thousands(rows: Iterable[list[str]], sign: str) -> bool:
    """Whether in some column whole numbers above a thousand have the sign, and those below have none."""
    possible, signed, bare = None, set(), set()
    for row in rows:
        possible = set(range(len(row))) if possible is None else possible
        for column in [index for index in possible if index < len(row)]:
            cell = row[column].strip()
            if sign in cell and WHOLE[sign].fullmatch(cell):
                signed.add(column)
            elif cell.lstrip("+-").isdigit() and abs(int(cell)) < 1000:
                bare.add(column)
            else:
                possible.discard(column)
        if not possible:
            return False
    return bool((possible or set()) & signed & bare)


def cells(line: str, separator: str) -> list[str]:
    """Split a line into cells, without quotes and blanks around them; separators between quotes are kept."""
    parts = next(csv.reader([line], delimiter=separator)) if '"' in line else line.split(separator)
    return [cell.strip().strip('"').strip() for cell in parts]


def columns(lines: list[str], separator: str, file: str, first_line: int) -> np.ndarray:
    """Read a block of numbers.

    Every line must have as many cells as the first; the last is checked too, as a file cut in the middle of a line is
    the commonest damage.

    Parameters
    ----------
    lines : list of str
        The lines of the block.
    separator : str
        What separates cells.
    file : str
        Name of the file, for messages.
    first_line : int
        The file's number of the first line, for messages.

    Returns
    -------
    (n_rows, n_columns) float
        The numbers; NaN for words that say that a value is missing.

    Raises
    ------
    IngestError
        If a line has more or fewer cells than the first, or a cell is no number.
    """
    text = "\n".join(lines)
    if "n" in text or "N" in text:
        text = NO_NUMBER.sub("nan", text)
        lines = text.split("\n")
    width = len(filled(lines[0], separator))
    if separator == "," and '"' in text:
        lines = ["\t".join(cells(line, separator)) for line in lines]
        text, separator = "\n".join(lines), "\t"
    decimal = "." if separator == "," else decimal_sign(text, (filled(line, separator) for line in lines), file)
    if OTHER[decimal] not in text or separator == ",":
        values = _quickly(text, separator, decimal, width)
        if len(values) == len(lines):
            return values
    return _line_by_line(lines, separator, width, decimal, file, first_line)


def _quickly(text: str, separator: str, decimal: str, width: int) -> np.ndarray:
    """(rows, width) numbers of a text, parsed by pandas; none where a line has other cells than numbers, or fewer."""
    if re.search(r"[^\d\s.,;eE+\-na\"]", text):
        return np.empty((0, width))
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=r"\s+" if separator == " " else separator, decimal=decimal, header=None,
            dtype=float, na_values=["nan"], skip_blank_lines=False, engine="c", low_memory=False,
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError):
        return np.empty((0, width))
    values = frame.to_numpy()
    # pandas fills short lines up; each gap must be a word of the file for a missing number.
    as_written = values.shape[1] == width and np.isnan(values).sum() == text.count("nan")
    return values if as_written else np.empty((0, width))


def filled(line: str, separator: str) -> list[str]:
    """Split a line into its non-empty cells; at blanks where there is no other separator."""
    return [cell for cell in cells(line, separator) if cell] if separator != " " else line.split()


def _line_by_line(lines: list[str], separator: str, width: int, decimal: str, file: str, first_line: int) -> np.ndarray:
    """The slow way, which finds the line that is wrong."""
    rows = []
    for offset, line in enumerate(lines):
        values = [np.nan if NO_NUMBER.fullmatch(cell) else number(cell, decimal) for cell in filled(line, separator)]
        if len(values) != width or None in values:
            raise IngestError(
                f"{file}: line {first_line + offset} reads {line.strip()[:60]!r}, expected {width} numbers. "
                "The file is cut short or was edited: export it again."
            )
        rows.append(values)
    return np.array(rows, float)
