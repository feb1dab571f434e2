"""Text of a cell as a plate reader or a spreadsheet writes it: numbers, wells, and words in the place of numbers."""

import math
import re
from collections.abc import Iterable, Sequence

from ketaflow.assays.elisa import constants

WELL = re.compile(r"\s*([A-Pa-p])\s*0*([1-9]|1[0-9]|2[0-4])\s*")
ROW_LETTERS = "ABCDEFGHIJKLMNOP"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
COMMA = re.compile(r"[+-]?(\d*),(\d+)([eE][+-]?\d{1,3})?")


def well_name(text: str) -> str:
    """Name of a well in its short form (``A1`` for ``A01`` or ``a1``); empty where the text is no well."""
    found = WELL.fullmatch(text)
    return f"{found[1].upper()}{int(found[2])}" if found else ""


def well_place(name: str) -> tuple[int, int]:
    """Row and column of a well, from 0."""
    return ROW_LETTERS.index(name[0]), int(name[1:]) - 1


def well_at(row: int, column: int) -> str:
    """Name of the well in a row and column, from 0."""
    return f"{ROW_LETTERS[row]}{column + 1}"


def value(text: str, decimal_comma: bool = False) -> float | None:
    """Value of a cell.

    Parameters
    ----------
    text : str
        The cell.
    decimal_comma : bool
        Whether the decimal sign is a comma; otherwise commas separate thousands.

    Returns
    -------
    float or None
        Infinite for a saturated well, NaN for an empty one; None where the cell holds another text.
    """
    plain = text.strip().strip("'\"").replace("\u2212", "-").replace("\xa0", "")
    if decimal_comma and COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    elif GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if NUMBER.fullmatch(plain):
        return float(plain)
    word = plain.lower().rstrip(".")
    if word in constants.SATURATED_WORDS or (word[:1] == ">" and NUMBER.fullmatch(word[1:].strip())):
        return math.inf
    if word in constants.MISSING_WORDS or word in constants.BELOW_WORDS:
        return math.nan
    if word[:1] == "<" and NUMBER.fullmatch(word[1:].strip()):
        return math.nan
    return None


def whole(text: str) -> int | None:
    """A whole number such as the heading of a column (``1``, ``01``, ``1.0``); None for anything else."""
    plain = text.strip()
    if not NUMBER.fullmatch(plain):
        return None
    number = float(plain)
    return int(number) if number.is_integer() else None


def has_decimal_comma(texts: Iterable[str]) -> bool:
    """Whether the numbers of a block are written with a decimal comma.

    Parameters
    ----------
    texts : iterable of str
        Its cells.

    Returns
    -------
    bool
        True if a comma cannot separate thousands: other than three digits after it, or a zero before it (0,512).

    Raises
    ------
    ValueError
        If every comma precedes three digits, so that its meaning is ambiguous.
    """
    listed = [text.strip() for text in texts]
    found = [match for match in map(COMMA.fullmatch, listed) if match]
    if not found:
        return False
    if any(len(match[2]) != 3 or match[1] in ("", "0") for match in found):
        return True
    if any("." in text and NUMBER.fullmatch(text) for text in listed) or any(
        (number := whole(text)) is not None and number < 1000 for text in listed
    ):
        return False
    raise ValueError(f"'{found[0][0]}' may be a decimal number or thousands; export with a decimal point")


def any_value(text: str) -> float | None:
    """Value of a cell by its own look: ``0,02`` is a decimal number, ``1,234`` thousands."""
    plain = value(text)
    return value(text, decimal_comma=True) if plain is None else plain


def is_numeric(texts: Sequence[str]) -> bool:
    """Whether cells are values: at least half of the filled ones are numbers or words for a saturated well."""
    filled = [text for text in texts if text.strip()]
    values = [any_value(text) for text in filled]
    finite = sum(one is not None and math.isfinite(one) for one in values)
    return finite > 0 and 2 * sum(one is not None for one in values) >= len(filled)
