"""Numbers and names as the results page prints them."""

import math
import re
from collections.abc import Iterable, Mapping

WORDS = {
    "one_way": "one\u2011way", "ancova": "analysis of covariance", "repeated": "repeated measures", "holm": "Holm",
    "bh": "Benjamini–Hochberg", "hochberg": "Hochberg", "fixed_sequence": "fixed sequence", "two-sided": "two-sided",
    "hedges_g": "Hedges g", "cliffs_delta": "Cliff’s delta", "cohens_d": "Cohen’s d",
    "ratio_of_geometric_means": "ratio of geometric means", "dunnett": "Dunnett",
    "dunnett_stepdown": "Dunnett, step-down",
}  # fmt: skip


# Units that names end in, by the house's rule.
UNITS = {
    "s": "s", "min": "min", "hz": "Hz", "px": "px", "um": "µm", "um2": "µm²", "pct": "%", "g": "g", "ml": "ml",
    "kda": "kDa", "db": "dB", "ms": "ms",
}  # fmt: skip
SIGNS = {
    "hedges_g": "g = ", "cohens_d": "d = ", "cliffs_delta": "δ = ", "ratio_of_geometric_means": "× ",
    "partial_eta_squared": "η²ₚ = ", "omega_squared": "ω² = ",
}  # fmt: skip


def is_missing(value: object) -> bool:
    """Whether a cell is empty."""
    return (
        value is None
        or value == ""
        or (isinstance(value, float) and math.isnan(value))
        or str(value) in ("<NA>", "NaT")
    )


def number(value: object, digits: int = 3) -> str:
    """A number to so many significant digits, never in powers of ten between 0.001 and a million; empty if missing."""
    if is_missing(value):
        return ""
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6 or size < 1e-3:
        text = f"{value:.{digits - 1}e}"
        mantissa, power = text.split("e")
        return f"{mantissa}·10^{int(power)}".replace("-", "−")
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:.{decimals}f}".replace("-", "−")


def decimals_for(values: Iterable[object], digits: int = 3) -> int | None:
    """Decimals that give the largest of the values so many digits; None where powers of ten are needed."""
    sizes = [abs(float(value)) for value in values if not is_missing(value) and math.isfinite(float(value))]
    largest = max(sizes, default=0.0)
    if largest >= 1e6 or 0 < largest < 1e-3:
        return None
    return max(0, digits - 1 - math.floor(math.log10(largest))) if largest else 0


def fixed(value: object, decimals: int | None) -> str:
    """A number with so many decimals; empty if missing."""
    if is_missing(value) or decimals is None or not math.isfinite(float(value)):
        return number(value)
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def effect(name: object, value: object) -> str:
    """An effect size to two decimals, with its sign in formulas where it has one."""
    if is_missing(name) or is_missing(value):
        return ""
    return f"{SIGNS.get(str(name), words(name) + ' ')}{fixed(value, 2)}"


def interval(low: object, high: object) -> str:
    """An interval, both ends to the same decimals; empty if both are missing."""
    if is_missing(low) and is_missing(high):
        return ""
    decimals = decimals_for([low, high])
    return f"{fixed(low, decimals) or '−∞'} to {fixed(high, decimals) or '∞'}"


def p_value(value: object) -> str:
    """A p value to three decimals; smaller ones as such."""
    if is_missing(value):
        return ""
    return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"


def words(name: object) -> str:
    """A name of the tables in words."""
    if is_missing(name):
        return ""
    if str(name) in WORDS:
        return WORDS[str(name)]
    stem, _, last = str(name).rpartition("_")
    return f"{stem} ({UNITS[last]})".replace("_", " ") if stem and last in UNITS else str(name).replace("_", " ")


def statistic(name: object, value: object, dfs: Iterable[object]) -> str:
    """A statistic as papers write it: t(26) = −1.02, F(3, 26.4) = 4.10."""
    if is_missing(name) or is_missing(value):
        return ""
    known = ", ".join(f"{float(df):.4g}" for df in dfs if not is_missing(df))
    return f"{name}({known}) = {fixed(value, 2)}" if known else f"{name} = {fixed(value, 2)}"


def level(name: object, labels: Mapping[str, str]) -> str:
    """A level of a contrast in words, arms by their labels.

    ``ket5 | time_min=20`` is told as "Ketamine 5 mg/kg, time (min) 20"; an interaction such as
    ``(ket5 - vehicle) x (male - female)`` with its signs.
    """
    if is_missing(name):
        return ""
    if str(name).startswith("("):
        told = re.sub(r"[\w.-]*\w", lambda word: labels.get(word[0], word[0]), str(name))
        return told.replace(" - ", " − ").replace(") x (", ") × (")
    first, *rest = str(name).split(" | ")
    told = "".join(labels.get(part, words(part)) for part in re.split(r"(\+| and )", first)).replace("+", " + ")
    within = [
        " ".join([words(key), value]).replace("-", "−") for key, _, value in (part.partition("=") for part in rest)
    ]
    return ", ".join([told, *within])


def count(n: int, noun: str, plural: str = "") -> str:
    """A number of things: 1 animal, 2 animals."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}".replace(",", "\u202f")


def listed(names: list[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
