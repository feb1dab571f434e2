"""One cell: from text to a checked value, or to what was found and what to do."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from ketaflow.core.tables.words import nearest, quoted

# What was found, and the remedy.
Fault = tuple[str, str]
Parsed = tuple[Any, str | None]

EMPTY = {"", "na", "n/a", "nan", "none", "null", "-", "–"}
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
YES = ("yes", "y", "true", "1", "x", "ja", "oui", "si", "sí", "✓", "✔")
NO = ("no", "n", "false", "0", "nein", "non")
YES_NO = {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}


def parsed(text: str, rule: Mapping[str, Any], decimal_comma: bool) -> tuple[Any, Fault | None]:
    """Value of one cell, and the fault if it has one.

    Parameters
    ----------
    text : str
        The cell, without blanks around it.
    rule : mapping
        The column as its schema describes it.
    decimal_comma : bool
        Whether the decimal sign is a comma.

    Returns
    -------
    value : object
        None where the cell is empty or faulty.
    fault : tuple of str or None
        What was found, and the remedy.
    """
    if text.lower() in EMPTY and text not in rule.get("choices", []):
        if rule.get("required"):
            return None, ("the cell is empty", f"Fill it in: {rule['description']}")
        return None, None
    if "choices" in rule:
        return _choice(text, rule)
    value, wrong = PARSERS[rule["type"]](text, decimal_comma)
    if wrong:
        return None, (f"found {quoted(text)}", wrong)
    return value, _limits(text, value, rule)


def _choice(text: str, rule: Mapping[str, Any]) -> tuple[Any, Fault | None]:
    """One of the allowed words, in any capitals or in a known abbreviation."""
    words = {word.lower(): word for word in rule["choices"]}
    for word, others in rule.get("synonyms", {}).items():
        words |= {other.lower(): word for other in others}
    if text.lower() in words:
        return words[text.lower()], None
    meant = nearest(text, rule["choices"])
    hint = f"Did you mean '{meant}'? " if meant else ""
    return None, (f"found {quoted(text)}", f"{hint}Allowed: {', '.join(rule['choices'])}")


def _limits(text: str, value: Any, rule: Mapping[str, Any]) -> Fault | None:
    found = f"found {quoted(text)}"
    if "minimum" in rule and value < rule["minimum"]:
        return found, f"The smallest value allowed is {rule['minimum']}"
    if "above" in rule and value <= rule["above"]:
        return found, f"The value must be greater than {rule['above']}"
    if "maximum" in rule and value > rule["maximum"]:
        return found, f"The largest value allowed is {rule['maximum']}"
    return None


def safe_path(text: str) -> bool:
    """Whether a path stays inside the folder it is relative to, and names something in it."""
    path = PurePosixPath(text.replace("\\", "/"))
    inside = not path.is_absolute() and ".." not in path.parts and text.isprintable()
    return inside and bool(path.parts) and ":" not in path.parts[0]


def _text(text: str, _: bool) -> Parsed:
    return (text, None) if text.isprintable() else (None, "Remove the control characters")


def _name(text: str, _: bool) -> Parsed:
    if NAME.fullmatch(text) and text.strip("."):
        return text, None
    return None, "Use letters, digits, '.', '_' and '-' only, at most 64 characters"


def _number(text: str, decimal_comma: bool) -> Parsed:
    point = text.replace(",", ".") if decimal_comma and text.count(",") == 1 and "." not in text else text
    if not NUMBER.fullmatch(point):
        hint = " (in a comma-separated table the decimal sign is a point)" if "," in text and not decimal_comma else ""
        return None, f"Enter a number{hint}"
    value = float(point)
    return (value, None) if abs(value) != float("inf") else (None, "Enter a finite number")


def _integer(text: str, decimal_comma: bool) -> Parsed:
    value, wrong = _number(text, decimal_comma)
    if wrong or not float(value).is_integer():
        return None, "Enter a whole number"
    return int(value), None


def _yes_no(text: str, _: bool) -> Parsed:
    value = YES_NO.get(text.lower())
    return (value, None) if value is not None else (None, "Enter yes or no")


def _moment(text: str, _: bool) -> Parsed:
    for parse in (datetime.fromisoformat, _day_first):
        try:
            return parse(text).isoformat(sep=" "), None
        except ValueError:
            continue
    return None, "Write the moment as 2026-03-14 19:30 (or 14.03.2026 19:30)"


def _day_first(text: str) -> datetime:
    for form in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(text)


def _day(text: str, _: bool) -> Parsed:
    value, wrong = _moment(text, _)
    if wrong:
        return None, "Write the date as 2026-03-14 (or 14.03.2026)"
    return date.fromisoformat(str(value)[:10]).isoformat(), None


def _file(text: str, _: bool) -> Parsed:
    if safe_path(text):
        return text.replace("\\", "/"), None
    return None, "Give a path relative to the cohort folder that stays inside it"


PARSERS: dict[str, Callable[[str, bool], Parsed]] = {
    "text": _text,
    "name": _name,
    "number": _number,
    "integer": _integer,
    "yes_no": _yes_no,
    "moment": _moment,
    "date": _day,
    "file": _file,
}
