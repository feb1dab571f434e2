"""Words in messages: which known word was probably meant, and how a cell is quoted."""

import difflib
from collections.abc import Iterable, Sequence
from functools import cache

# Characters of a cell that a message quotes.
LONGEST_QUOTE = 80
# Names that a message lists.
MOST_LISTED = 12
# Similarity (difflib ratio, 0 to 1) from which two words may be the same, one misspelt: difflib's own default.
ALIKE = 0.6


def nearest(word: str, known: Iterable[str], cutoff: float = ALIKE) -> str | None:
    """Return the known word most like a misspelt one, or the only one that begins with it; else None."""
    return _nearest(word, tuple(known), cutoff)


@cache
def _nearest(word: str, known: tuple[str, ...], cutoff: float) -> str | None:
    close = difflib.get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=cutoff)
    begun = [name.lower() for name in known if name.lower().startswith(word.lower())]
    meant = close[0] if close else begun[0] if len(begun) == 1 else None
    return next((name for name in known if name.lower() == meant), None)


def quoted(text: str) -> str:
    """Quote the text of a cell, shortened to 80 characters, control characters left out."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * LONGEST_QUOTE])
    return f"'{plain}'" if len(text) <= LONGEST_QUOTE else f"'{plain[: LONGEST_QUOTE - 4]} ...'"


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """List names for a message, the first of many with the number of the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
