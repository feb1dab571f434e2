"""Numbers, names and sentences as the pages print them."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Names of the tables that a plain replacement of underscores would not turn into the usual term.
TERMS = {
    "one_way": "one\u2011way", "ancova": "analysis of covariance", "repeated": "repeated measures", "holm": "Holm",
    "bh": "Benjamini–Hochberg", "hochberg": "Hochberg", "fixed_sequence": "fixed sequence", "two-sided": "two-sided",
    "hedges_g": "Hedges g", "cliffs_delta": "Cliff’s delta", "cohens_d": "Cohen’s d",
    "ratio_of_geometric_means": "ratio of geometric means", "dunnett": "Dunnett",
    "dunnett_stepdown": "Dunnett, step-down", "dose_mg_per_kg": "dose (mg/kg)", "inverted_u": "inverted U",
}  # fmt: skip
# Units by the suffix of a name.
UNITS = {
    "s": "s", "min": "min", "hz": "Hz", "px": "px", "um": "µm", "um2": "µm²", "pct": "%", "g": "g", "ml": "ml",
    "kda": "kDa", "db": "dB", "ms": "ms",
}  # fmt: skip
# Abbreviations within names, and parts of units.
ABBREVIATIONS = {"elisa": "ELISA", "uloq": "ULOQ", "lloq": "LLOQ", "cv": "CV", "lod": "LOD", "roi": "ROI"}
UNIT_PARTS = (
    (re.compile(r"(?<=m)2\b"), "²"), (re.compile(r"(?<=m)3\b"), "³"), (re.compile(r" x "), " × "),
)  # fmt: skip
MICRO = re.compile(r"\bu(?=(?:M|m\d?|g|l|L|V)\b)")
HOURS_FROM_MIN = 120
# How effect sizes begin in formulas.
EFFECT_SIGNS = {
    "hedges_g": "g = ", "cohens_d": "d = ", "cliffs_delta": "δ = ", "ratio_of_geometric_means": "× ",
    "partial_eta_squared": "η²ₚ = ", "omega_squared": "ω² = ",
}  # fmt: skip
# Numbers between these are written without powers of ten.
SMALLEST_PLAIN = 1e-3
LARGEST_PLAIN = 1e6
# Smaller p values are only said to be smaller.
SMALLEST_P = 0.001


def is_missing(value: object) -> bool:
    """Whether a cell is empty."""
    return (
        value is None
        or value == ""
        or (isinstance(value, float) and math.isnan(value))
        or str(value) in ("<NA>", "NaT")
    )


def number(value: Any, digits: int = 3) -> str:
    """Return a number with so many significant digits; empty if missing."""
    if is_missing(value):
        return ""
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= LARGEST_PLAIN or size < SMALLEST_PLAIN:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}·10^{int(power)}".replace("-", "−")
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:.{decimals}f}".replace("-", "−")


def decimals_for(values: Iterable[Any], digits: int = 3) -> int | None:
    """Return the decimals that give the largest value so many digits; None if powers of ten are needed."""
    sizes = [abs(float(value)) for value in values if not is_missing(value) and math.isfinite(float(value))]
    largest = max(sizes, default=0.0)
    if largest >= LARGEST_PLAIN or 0 < largest < SMALLEST_PLAIN:
        return None
    return max(0, digits - 1 - math.floor(math.log10(largest))) if largest else 0


def fixed(value: Any, decimals: int | None) -> str:
    """Return a number with so many decimals; empty if missing."""
    if is_missing(value) or decimals is None or not math.isfinite(float(value)):
        return number(value)
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def effect(name: object, value: object) -> str:
    """Return an effect size with two decimals and its symbol, such as ``g = 0.42``; empty if missing."""
    if is_missing(name) or is_missing(value):
        return ""
    return f"{EFFECT_SIGNS.get(str(name), words(name) + ' ')}{fixed(value, 2)}"


def interval(low: object, high: object) -> str:
    """Return an interval, both ends with the same decimals; empty if both are missing."""
    if is_missing(low) and is_missing(high):
        return ""
    decimals = decimals_for([low, high])
    return f"{fixed(low, decimals) or '−∞'} to {fixed(high, decimals) or '∞'}"


def confidence(level: float) -> str:
    """Return a confidence level in percent, such as ``95 %``."""
    return f"{100 * level:.4g}\u00a0%"


def p_value(value: Any) -> str:
    """Return a p value with three decimals, or that it is smaller than 0.001; empty if missing."""
    if is_missing(value):
        return ""
    return f"< {SMALLEST_P:g}" if float(value) < SMALLEST_P else f"{float(value):.3f}"


def words(name: object) -> str:
    """Return a name of the tables in words: ``unseen_s`` becomes "unseen (s)"."""
    if is_missing(name):
        return ""
    if str(name) in TERMS:
        return TERMS[str(name)]
    stem, _, last = str(name).rpartition("_")
    text = f"{stem} ({UNITS[last]})" if stem and last in UNITS else str(name)
    return " ".join(ABBREVIATIONS.get(word, word) for word in text.replace("_", " ").split(" "))


def minutes(value: float) -> str:
    """Return a time in minutes, from two hours on in hours if it is a whole number of them."""
    is_hours = abs(value) >= HOURS_FROM_MIN and value % 60 == 0
    return (f"{value / 60:g} h" if is_hours else f"{value:g} min").replace("-", "−")


def unit(name: object) -> str:
    """Return a unit as papers print it: ``1/um2`` as 1/µm², ``% x min`` as % × min."""
    text = "" if is_missing(name) else micro(str(name))
    for part, printed in UNIT_PARTS:
        text = part.sub(printed, text)
    return text


def micro(text: str) -> str:
    """Return a text with the prefix of its units as papers print it: ``2 um`` as 2 µm."""
    return MICRO.sub("µ", text)


def statistic(name: object, value: object, dfs: Iterable[Any]) -> str:
    """Return a statistic with its degrees of freedom: ``t(26) = −1.02``, ``F(3, 26.4) = 4.10``."""
    if is_missing(name) or is_missing(value):
        return ""
    known = ", ".join(f"{float(df):.4g}" for df in dfs if not is_missing(df))
    return f"{name}({known}) = {fixed(value, 2)}" if known else f"{name} = {fixed(value, 2)}"


def level(name: object, labels: Mapping[str, str]) -> str:
    """Return a level of a contrast in words.

    Parameters
    ----------
    name : str
        As in the contrasts table: an arm, arms joined by ``+`` or ``and``, a level within another factor such as
        ``ket5 | time_min=20``, or an interaction such as ``(ket5 - vehicle) x (male - female)``.
    labels : mapping of str to str
        Label of each arm.

    Returns
    -------
    str
        For example "Ketamine 5 mg/kg, time (min) 20". Empty if missing.
    """
    if is_missing(name):
        return ""
    if str(name).startswith("("):
        labelled = re.sub(r"[\w.-]*\w", lambda word: labels.get(word[0], word[0]), str(name))
        return labelled.replace(" - ", " − ").replace(") x (", ") × (")
    first, *rest = str(name).split(" | ")
    arms = "".join(labels.get(part, words(part)) for part in re.split(r"(\+| and )", first)).replace("+", " + ")
    within = [
        " ".join([words(key), value]).replace("-", "−") for key, _, value in (part.partition("=") for part in rest)
    ]
    return ", ".join([arms, *within])


def count(n: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: 1 animal, 2 animals."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}".replace(",", "\u202f")


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
