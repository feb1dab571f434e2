"""The results in sentences, one for each comparison, and the smallest effect that an endpoint could detect."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ketaflow.statistics.results import tables as statistics_tables
from ketaflow.statistics.results.rows import ContrastRow, PowerRow

KEYS = ("endpoint", "dataset", "contrast", "level", "reference", "sensitivity")
# Name of p by the adjustment of the contrast, and of those sensitivity analyses that use another test.
P_NAMES = {
    "dunnett": "Dunnett p", "step-down": "step-down Dunnett p", "mvt": "multivariate t p", "tukey": "Tukey p",
    "holm": "Holm p", "games-howell": "Games-Howell p", "none": "p",
}  # fmt: skip
TEST_NAMES = {"Welch": "Welch, ", "Dunn": "Dunn, ", "Mann-Whitney": "Mann-Whitney, "}
ESTIMATE_UNITS = {"log": " (log)", "logit": " (logit)"}
EFFECT_SIZES = {"hedges_g": "g", "cliffs_delta": "Cliff's delta"}


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, str]]:
    """Write a sentence for each row of the contrasts table, and for each detectable difference.

    Parameters
    ----------
    tables : mapping of str to data frame
        The statistics tables.

    Returns
    -------
    list of dict
        ``endpoint``, ``dataset``, ``contrast``, ``level``, ``reference``, ``sensitivity`` and ``sentence``.
    """
    found = [
        {key: str(getattr(row, key)) for key in KEYS} | {"sentence": sentence(row)}
        for row in statistics_tables.read(tables["contrasts"], ContrastRow)
    ]
    for power in statistics_tables.read(tables["power"], PowerRow):
        if is_known(power.detectable_effect):
            keys = dict.fromkeys(KEYS, "") | {"endpoint": power.endpoint, "dataset": power.dataset}
            found.append(keys | {"contrast": "detectable", "sentence": detectable(power)})
    return found


def sentence(row: ContrastRow) -> str:
    """Write one comparison as a sentence: difference with interval, test, effect size, numbers of animals."""
    name = _comparison(row)
    if not is_known(row.p_value):
        return f"{name}: {row.note or 'not tested'}."
    parts = [_estimate(row), _test(row), _effect_size(row), _animals(row)]
    return f"{name}: {', '.join(filter(None, parts))}.{_absence(row)}{_interaction_hint(row)}"


def detectable(row: PowerRow) -> str:
    """Write the smallest effect that this cohort detects as a sentence."""
    effect = f"a ratio of {number(row.detectable_effect)}"
    if row.unit != "ratio":
        effect = f"a difference of {number(row.detectable_effect)} {row.unit}".strip()
    return (
        f"With n = {row.n_now:g} in the smallest arm and the variance of this cohort, a two-sided t test of two groups "
        f"(alpha = {row.alpha:g}) has {row.power:.0%} power to detect {effect} (d = {number(row.standardised_effect)})."
    )


def number(value: float) -> str:
    """Format with three significant digits, without an exponent between 0.0001 and 1,000,000."""
    if not is_known(value):
        return "not known"
    if np.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    if abs(value) < 1e6 and abs(value - round(value)) < 1e-9 * max(1, abs(value)):
        return f"{value:.0f}"
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2e}"
    if abs(value) < 1:
        return f"{value:.3g}"
    return f"{value:.{max(0, 3 - len(f'{abs(value):.0f}'))}f}"


def p_text(name: str, p: float) -> str:
    """Format p with three digits; below 0.0001 as a bound."""
    return f"{name} < 0.0001" if p < 1e-4 else f"{name} = {p:.3g}"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def is_known(value: float) -> bool:
    """Whether a number is not NaN."""
    return value == value


def _comparison(row: ContrastRow) -> str:
    if row.contrast == "trend":
        return "dose trend"
    if row.contrast == "jonckheere":
        return "dose trend (Jonckheere)"
    if not row.level:
        return row.contrast
    if row.contrast == "interaction":
        return f"interaction {row.reference}"
    if row.contrast == "simple":
        level, _, where = row.level.partition(" | ")
        return f"{level} vs {row.reference.partition(' | ')[0]} where {where.replace('=', ' is ')}"
    if row.contrast == "inverted_u":
        return f"{row.level} against both {row.reference}"
    if row.level == row.contrast:
        return f"{row.level} ({row.reference})"
    return f"{row.level} vs {row.reference}" if row.reference else row.level


def _estimate(row: ContrastRow) -> str:
    if not is_known(row.estimate) or row.contrast == "jonckheere":
        return ""
    if row.effect_size_name == "ratio_of_geometric_means":
        interval = _interval(row, row.effect_ci_low, row.effect_ci_high, "individual")
        return f"ratio {number(row.effect_size)} ({interval})"
    unit = ESTIMATE_UNITS.get(row.estimate_scale, f" {row.unit}" if row.unit else "")
    per = " per mg/kg" if row.contrast == "trend" and row.level == "dose_mg_per_kg" else ""
    text = f"{number(row.estimate)}{unit}{per}"
    return f"{text} ({_interval(row, row.ci_low, row.ci_high, row.ci_type)})" if is_known(row.ci_low) else text


def _interval(row: ContrastRow, low: float, high: float, kind: str) -> str:
    simultaneous = "simultaneous " if kind == "simultaneous" else ""
    return f"{simultaneous}{100 * row.conf_level:g}% CI {number(low)} to {number(high)}"


def _test(row: ContrastRow) -> str:
    df = f"({row.df:.4g})" if is_known(row.df) else ""
    name = TEST_NAMES.get(row.model.partition(",")[0], "") + P_NAMES[row.adjustment or "none"]
    family = ""
    if is_known(row.p_family) and row.family_adjustment not in ("", "none"):
        family = f", across the family {p_text('p', row.p_family)}"
    return f"{row.statistic_name}{df} = {number(row.statistic)}, {p_text(name, row.p_adjusted)}{family}"


def _effect_size(row: ContrastRow) -> str:
    name = EFFECT_SIZES.get(row.effect_size_name)
    if not name or not is_known(row.effect_size):
        return ""
    return f"{name} = {number(row.effect_size)} ({number(row.effect_ci_low)} to {number(row.effect_ci_high)})"


def _animals(row: ContrastRow) -> str:
    if not is_known(row.n):
        return ""
    return f"n = {row.n:g}, {row.n_reference:g}" if is_known(row.n_reference) else f"n = {row.n:g}"


def _absence(row: ContrastRow) -> str:
    """Equivalence test and Bayes factor: a large p alone is no evidence of the absence of an effect."""
    if not is_known(row.equivalence_p_value):
        return ""
    within = row.equivalence_p_value <= 1 - row.conf_level
    margin = f"{number(row.smallest_effect)} {row.unit}".strip()
    verdict = "smaller than" if within else "not shown to be smaller than"
    bayes = ""
    if is_known(row.bayes_factor_null):
        bayes = f"; Bayes factor for no effect BF01 = {number(row.bayes_factor_null)}"
    return f" The effect is {verdict} {margin} (equivalence {p_text('p', row.equivalence_p_value)}{bayes})."


def _interaction_hint(row: ContrastRow) -> str:
    return " Only the interaction tests whether this differs between levels." if row.contrast == "simple" else ""
