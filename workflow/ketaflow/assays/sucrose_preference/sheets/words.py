"""Words of bottle sheets: what a heading, a title or a cell says of bottle, reading, unit and day.

In: a text. Out: ``Meaning``. The words are those of English, German, French, Spanish and Dutch sheets.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from ketaflow.assays.sucrose_preference.model import Unit

Role = Literal["", "first", "last", "consumed"]

FIRST = {
    "start", "starting", "begin", "beginning", "before", "initial", "init", "pre", "in", "given", "anfang", "beginn",
    "vorher", "vor", "début", "debut", "avant", "inicio", "inicial", "antes", "voor",
}  # fmt: skip
LAST = {
    "end", "ending", "finish", "stop", "after", "final", "post", "out", "removed", "ende", "nachher", "nach", "fin",
    "après", "apres", "después", "despues", "eind", "einde",
}  # fmt: skip
CONSUMED = {
    "consumed", "consumption", "intake", "drunk", "drank", "drinking", "loss", "lost", "used", "difference", "diff",
    "delta", "verbrauch", "getrunken", "aufnahme", "differenz", "consommation", "consumo", "verbruik", "inname",
}  # fmt: skip
UNITS: dict[str, Unit] = {
    "g": "g", "gr": "g", "gram": "g", "grams": "g", "gramm": "g", "ml": "ml", "milliliter": "ml", "milliliters": "ml",
    "millilitre": "ml", "millilitres": "ml", "cc": "ml",
}  # fmt: skip
# A unit in brackets, after "in", or at the end. A capital G is a name, such as that of a group.
UNIT = re.compile(
    r"(?:[\[(]\s*|\bin\s+)(g|gr|[Gg]ram[ms]?|[Mm][Ll]|cc|[Mm]illilit(?:er|re)s?)\b\s*(?![\w/])"
    r"|(?:^|[\s_.,])(g|gr|[Gg]ram[ms]?|[Mm][Ll]|cc|[Mm]illilit(?:er|re)s?)$"
)
DAYS = {"day", "d", "tag", "jour", "dia", "día", "dag", "session", "sitzung", "test", "night", "nacht", "date", "datum"}
COMMENTS = {"comment", "comments", "note", "notes", "remark", "remarks", "bemerkung", "bemerkungen", "kommentar",
            "remarque", "observaciones", "opmerking"}  # fmt: skip
# Words that name the same bottle.
SAME = {
    "suc": "sucrose", "saccharose": "sucrose", "sucre": "sucrose", "zucker": "sucrose", "sacarosa": "sucrose",
    "sugar": "sucrose", "h2o": "water", "wasser": "water", "eau": "water", "agua": "water", "tap": "water",
    "l": "left", "links": "left", "gauche": "left", "izquierda": "left", "r": "right", "rechts": "right",
    "droite": "right", "derecha": "right", "sac": "saccharin", "sacc": "saccharin",
}  # fmt: skip
# Columns with these words hold no reading of a bottle.
OTHERS = {
    "body", "bw", "animal", "mouse", "rat", "cage", "food", "chow", "pellet", "pellets", "total", "sum", "preference",
    "pref", "ratio", "percent", "date", "time", "day", "datum", "uhrzeit", "initials", "kg", "mg", "ul", "µl", "μl",
}  # fmt: skip
# Words that do not tell one bottle from another.
FILLERS = {"weight", "weights", "wt", "volume", "vol", "reading", "of", "the", "in", "per", "and", "gewicht", "poids"}
TOKEN = re.compile(r"h2o|[^\W\d_]+|\d+(?:[.,]\d+)?|%")
DATE_FORMS = (
    (re.compile(r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})\b"), ((0, 1, 2),)),
    (re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?!\d)"), ((2, 1, 0),)),
    (re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b"), ((2, 0, 1), (2, 1, 0))),
)


@dataclass(frozen=True)
class Meaning:
    """What a text says.

    Attributes
    ----------
    role : {"", "first", "last", "consumed"}
        Whether it names a first or last reading, or an amount that was drunk.
    unit : {"", "g", "ml"}
        Unit that it names.
    days : tuple of int
        Numbers of days or sessions (``day 2``).
    dates : tuple of frozenset of str
        Dates (ISO), each with every reading of it: 3/4/2026 may be in March or April.
    words : frozenset of str
        Its other words, synonyms replaced.
    hours : float or None
        Hours after the start (``24 h``).
    is_other, is_day, is_comment : bool
        Whether it names something that is no bottle, the day without its number, or remarks.
    """

    role: Role
    unit: Unit
    days: tuple[int, ...]
    dates: tuple[frozenset[str], ...]
    words: frozenset[str]
    hours: float | None
    is_other: bool
    is_day: bool
    is_comment: bool


@lru_cache(maxsize=4096)
def meaning(text: str) -> Meaning:
    """Meaning of a text.

    Parameters
    ----------
    text : str
        A heading, a title, a cell, or the name of a session.

    Returns
    -------
    Meaning
    """
    plain, dates = _without_dates(text)
    tokens = TOKEN.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", plain).lower())
    days, hours, kept = _numbered(tokens)
    named = UNIT.search(plain.strip())
    unit: Unit = UNITS[(named[1] or named[2]).lower()] if named else ""
    words = {word for word in kept if not unit or word not in UNITS}
    others = words - FIRST - LAST - CONSUMED - FILLERS - {"%"}
    return Meaning(
        role=_role(kept),
        unit=unit,
        days=days,
        dates=dates,
        words=frozenset(SAME.get(word, word) for word in others - COMMENTS),
        hours=hours,
        is_other=bool(words & OTHERS) or "%" in words,
        is_day=bool(words & DAYS) and not days,
        is_comment=bool(words & COMMENTS),
    )


def _role(words: Sequence[str]) -> Role:
    """Role that the first word with one gives; "in" is one only where no other word is ("weight in", "intake in g")."""
    if CONSUMED & set(words):
        return "consumed"
    for word in words:
        if word in FIRST and word != "in":
            return "first"
        if word in LAST:
            return "last"
    return "first" if "in" in words else ""


def _without_dates(text: str) -> tuple[str, tuple[frozenset[str], ...]]:
    """The text without its dates, and these."""
    dates = []
    for form, orders in DATE_FORMS:
        for found in form.findall(text):
            readings = {_iso(*(int(found[place]) for place in order)) for order in orders} - {""}
            if readings:
                dates.append(frozenset(readings))
                text = form.sub(" ", text)
    return text, tuple(dates)


def _iso(year: int, month: int, day: int) -> str:
    """Date (ISO); empty if there is no such day."""
    try:
        return date(year + 2000 if year < 100 else year, month, day).isoformat()
    except ValueError:
        return ""


def _numbered(tokens: list[str]) -> tuple[tuple[int, ...], float | None, list[str]]:
    """Numbers of days, hours, and the tokens that are neither."""
    days: list[int] = []
    kept: list[str] = []
    hours, skip = None, False
    for here, after in zip(tokens, [*tokens[1:], ""], strict=False):
        if skip:
            skip = False
        elif here in DAYS and after.isdecimal():
            days.append(int(after))
            skip = True
        elif here[0].isdecimal() and after in ("h", "hr", "hrs", "hour", "hours", "std"):
            hours, skip = float(here.replace(",", ".")), True
        elif here == "%" and kept and kept[-1][0].isdecimal():
            kept.pop()
        else:
            kept.append(here)
    return tuple(days), hours, kept
