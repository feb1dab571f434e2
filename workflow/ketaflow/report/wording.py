"""Numbers and names as the results page prints them."""

import math

WORDS = {
    "one_way": "one-way", "ancova": "analysis of covariance", "repeated": "repeated measures", "holm": "Holm",
    "bh": "Benjamini–Hochberg", "hochberg": "Hochberg", "fixed_sequence": "fixed sequence", "two-sided": "two-sided",
    "hedges_g": "Hedges g", "cliffs_delta": "Cliff’s delta", "cohens_d": "Cohen’s d",
    "ratio_of_geometric_means": "ratio of geometric means", "dunnett": "Dunnett",
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


def interval(low: object, high: object) -> str:
    """An interval; empty if both ends are missing."""
    if is_missing(low) and is_missing(high):
        return ""
    return f"{number(low) or '−∞'} to {number(high) or '∞'}"


def p_value(value: object) -> str:
    """A p value to three decimals; smaller ones as such."""
    if is_missing(value):
        return ""
    return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"


def words(name: object) -> str:
    """A name of the tables in words."""
    if is_missing(name):
        return ""
    return WORDS.get(str(name), str(name).replace("_", " "))


def count(n: int, noun: str, plural: str = "") -> str:
    """A number of things: 1 animal, 2 animals."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}".replace(",", "\u202f")


def listed(names: list[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
