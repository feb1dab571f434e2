"""Tests on ranks: Kruskal-Wallis, Dunn's comparisons with control, Jonckheere's trend, Mann-Whitney.

Dunn's z and Jonckheere's J with their ties are short, and a library that has them takes seconds to load.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from ketaflow.statistics.model import Line


def kruskal(groups: Sequence[np.ndarray]) -> Line:
    """Kruskal-Wallis H with the tie correction, and epsilon squared."""
    statistic, p = stats.kruskal(*groups)
    count = sum(map(len, groups))
    return {
        "statistic": float(statistic),
        "df1": len(groups) - 1,
        "p_value": float(p),
        "effect_size": statistic / (count - 1),
    }


def dunn(groups: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Dunn's z of each pair (level, reference), from joint ranks, corrected for ties.

    Dunn 1964, Technometrics 6:241-252, doi:10.1080/00401706.1964.10490181.
    """
    values = np.concatenate(groups)
    ranks = np.split(stats.rankdata(values), np.cumsum([len(group) for group in groups])[:-1])
    count = len(values)
    variance = (count * (count + 1) - _tie_sum(values) / (count - 1)) / 12
    means = [rank.mean() for rank in ranks]
    return np.array([
        (means[a] - means[b]) / np.sqrt(variance * (1 / len(groups[a]) + 1 / len(groups[b]))) for a, b in pairs
    ])  # fmt: skip


def jonckheere(groups: Sequence[np.ndarray]) -> tuple[float, float]:
    """Jonckheere's J (pairs in which the later group lies higher) and its z, corrected for ties.

    Jonckheere 1954, Biometrika 41:133-145; variance with ties Hollander, Wolfe & Chicken 2014, ISBN 978-0470387375.
    """
    above = sum(
        np.sum(later[:, None] > earlier[None, :]) + np.sum(later[:, None] == earlier[None, :]) / 2
        for place, later in enumerate(groups)
        for earlier in groups[:place]
    )
    n = np.array([len(group) for group in groups], dtype=float)
    t = np.unique(np.concatenate(groups), return_counts=True)[1].astype(float)
    total = n.sum()
    variance = (
        total * (total - 1) * (2 * total + 5) - np.sum(n * (n - 1) * (2 * n + 5)) - np.sum(t * (t - 1) * (2 * t + 5))
    ) / 72
    variance += np.sum(n * (n - 1) * (n - 2)) * np.sum(t * (t - 1) * (t - 2)) / (36 * total * (total - 1) * (total - 2))
    variance += np.sum(n * (n - 1)) * np.sum(t * (t - 1)) / (8 * total * (total - 1))
    mean = (total**2 - np.sum(n**2)) / 4
    return float(above), float((above - mean) / np.sqrt(variance))


def mann_whitney(treated: np.ndarray, control: np.ndarray, alternative: str) -> tuple[float, float, str]:
    """W, p and method: exact below 50 animals without ties, else normal with continuity correction."""
    tied = len(np.unique(np.concatenate([treated, control]))) < len(treated) + len(control)
    method = "exact" if not tied and max(len(treated), len(control)) < 50 else "asymptotic"
    statistic, p = stats.mannwhitneyu(treated, control, alternative=alternative, method=method)
    return float(statistic), float(p), method


def normal_tail(z: np.ndarray, alternative: str) -> np.ndarray:
    """p of normal statistics."""
    return {"two-sided": 2 * stats.norm.sf(np.abs(z)), "greater": stats.norm.sf(z), "less": stats.norm.cdf(z)}[
        alternative
    ]


def _tie_sum(values: np.ndarray) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(float)
    return float(np.sum(counts**3 - counts))
