"""Sizes of effects, each with its interval."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from ketaflow.statistics.model import Line
from ketaflow.statistics.tests import multivariate_t


@dataclass(frozen=True)
class EffectSize:
    """A size of effect and its confidence limits."""

    name: str
    value: float
    low: float
    high: float

    def columns(self) -> Line:
        """As the contrasts table has it."""
        return {
            "effect_size_name": self.name, "effect_size": self.value, "effect_ci_low": self.low,
            "effect_ci_high": self.high,
        }  # fmt: skip


def hedges_g(treated: np.ndarray, control: np.ndarray, *, level: float) -> EffectSize:
    """Signed difference in pooled standard deviations, free of small-sample bias.

    The correction is exact (gamma functions; Hedges 1981, J Educ Stat 6:107-128), the interval turns the
    noncentral t distribution round (Steiger & Fouladi 1997). NaN where there is no variance.
    """
    n, m = len(treated), len(control)
    df = n + m - 2
    pooled = (
        np.sqrt((np.var(treated, ddof=1) * (n - 1) + np.var(control, ddof=1) * (m - 1)) / df) if min(n, m) > 1 else 0
    )
    if not pooled > 0:
        return EffectSize("hedges_g", np.nan, np.nan, np.nan)
    scale = np.sqrt(1 / n + 1 / m)
    t = (np.mean(treated) - np.mean(control)) / (pooled * scale)
    correction = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    low, high = (noncentrality(t, df, tail) for tail in ((1 + level) / 2, (1 - level) / 2))
    factor = scale * correction
    return EffectSize("hedges_g", float(t * factor), float(low * factor), float(high * factor))


def noncentrality(t: float, df: float, probability: float) -> float:
    """The noncentrality at which a t as small as this has the given probability."""
    excess = lambda shift: multivariate_t.noncentral(t, df, shift) - probability  # noqa: E731
    spread = 3 + np.sqrt(1 + t**2 / (2 * df)) * 6
    return float(optimize.brentq(excess, t - spread, t + spread, xtol=1e-10))


def cliffs_delta(treated: np.ndarray, control: np.ndarray, *, level: float) -> EffectSize:
    """How much more often a treated animal lies above a control one than below it.

    Interval after Feng & Cliff 2004, J Mod Appl Stat Methods 3:322-332 (asymmetric, stays within -1 and 1).
    """
    above = np.sign(treated[:, None] - control[None, :])
    n, m = above.shape
    delta = above.mean()
    z = stats.norm.ppf((1 + level) / 2)
    if min(n, m) < 2:
        return EffectSize("cliffs_delta", float(delta), np.nan, np.nan)
    if abs(delta) == 1:  # the groups do not overlap: Wilson's bound at the smaller group
        bound = (min(n, m) - z**2) / (min(n, m) + z**2)
        return EffectSize("cliffs_delta", float(delta), *sorted((float(delta), float(delta * bound))))
    by_row, by_column = above.mean(axis=1), above.mean(axis=0)
    between = m**2 * np.sum((by_row - delta) ** 2) + n**2 * np.sum((by_column - delta) ** 2)
    variance = (between - np.sum((above - delta) ** 2)) / (n * m * (n - 1) * (m - 1))
    variance = max(variance, (1 - delta**2) / (n * m - 1))
    spread = z * np.sqrt(variance) * np.sqrt((1 - delta**2) ** 2 + z**2 * variance)
    denominator = 1 - delta**2 + z**2 * variance
    low, high = ((delta - delta**3 + sign * spread) / denominator for sign in (-1, 1))
    return EffectSize("cliffs_delta", float(delta), float(max(low, -1)), float(min(high, 1)))


def ratio(estimate: float, se: float, df: float, *, level: float) -> EffectSize:
    """Ratio of geometric means, from a difference of logarithms."""
    half = special.stdtrit(df, (1 + level) / 2) * se
    low, value, high = np.exp([estimate - half, estimate, estimate + half])
    return EffectSize("ratio_of_geometric_means", float(value), float(low), float(high))


def equivalence(estimate: float, se: float, df: float, *, margin: float, alpha: float) -> dict[str, float]:
    """Two one-sided tests: p of the claim that the difference is smaller than ``margin`` either way.

    Schuirmann 1987, doi:10.1007/BF01068419. The interval has level 1 - 2 alpha and decides the same.
    """
    p = max(special.stdtr(df, -(estimate + margin) / se), special.stdtr(df, (estimate - margin) / se))
    half = special.stdtrit(df, 1 - alpha) * se
    return {"equivalence_p_value": float(p), "equivalence_low": estimate - half, "equivalence_high": estimate + half}
