"""Text in figures: its width, and line breaks."""

import re

# Mean widths at a font size of 12 px, and the height of a capital, measured on DejaVu Sans (px).
LETTER_PX = 6.4
DIGIT_PX = 7.7
CAPITAL_PX = 9.0

QUANTITY = re.compile(r"(\d) ((?:[mµn]?g|[mµn]?mol|mg/kg)\b)")
NO_BREAK_SPACE = "\u00a0"


def wrapped(words: str, letters: int, lines: int = 3) -> list[str]:
    """Break words into lines.

    Parameters
    ----------
    words : str
        A number is kept on one line with its unit.
    letters : int
        Letters of a line; a longer word gets a line of its own.
    lines : int
        Most lines; text beyond them is replaced by an ellipsis.

    Returns
    -------
    list of str
        At least one line.
    """
    rows = [""]
    for word in QUANTITY.sub(rf"\1{NO_BREAK_SPACE}\2", words).split(" "):
        if rows[-1] and len(rows[-1]) + 1 + len(word) > letters:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    if len(rows) > lines:
        rows = [*rows[: lines - 1], rows[lines - 1] + " …"]
    return rows
