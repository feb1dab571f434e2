"""Adjustment of p across the endpoints of a family.

A hypothesis group is what is adjusted together within one endpoint: its Dunnett comparisons, its trend. Holm and
Hochberg count groups: a p adjusted within its group is multiplied by the number of groups with a p at least as large.
This is Holm's test if each group has one row, and Dunnett's if the family has one group; it follows from closed testing
with Bonferroni (Holm) or Simes (Hochberg) over groups. No library has it: those of statsmodels and pingouin count
single p, which multiplies a Dunnett p of 3 doses in 4 endpoints by up to 12 instead of 4. Benjamini and Hochberg's
false discovery rate is one of single comparisons, uses the unadjusted p, and is pingouin's.
"""

import numpy as np

from ketaflow.statistics.adapters import pingouin_adapter

METHODS = ("none", "holm", "bh", "hochberg", "fixed_sequence")


def across(p: np.ndarray, p_own: np.ndarray, groups: np.ndarray, method: str) -> np.ndarray:
    """Adjust p across a family.

    Parameters
    ----------
    p : (n_rows,) float
        Values of p adjusted within the group. NaN (a planned comparison that was not tested) counts as 1 and stays NaN.
    p_own : (n_rows,) float
        Unadjusted p.
    groups : (n_rows,) int
        Hypothesis group of each row, numbered in the order of the plan.
    method : str
        One of ``METHODS``.

    Returns
    -------
    (n_rows,) float
        Adjusted p, at most 1; NaN where ``p`` is.
    """
    missing = np.isnan(p)
    p, p_own = np.where(missing, 1.0, p), np.where(np.isnan(p_own), 1.0, p_own)
    by_group = {"holm": _holm, "hochberg": _hochberg, "fixed_sequence": _fixed}
    if method in by_group:
        adjusted = by_group[method](p, groups)
    else:
        adjusted = pingouin_adapter.benjamini_hochberg(p_own) if method == "bh" else p
    return np.where(missing, np.nan, np.minimum(adjusted, 1))


def _holm(p: np.ndarray, groups: np.ndarray) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    left = np.array([len(set(groups[order[place:]])) for place in range(len(p))])
    return _put(np.maximum.accumulate(p[order] * left), order)


def _hochberg(p: np.ndarray, groups: np.ndarray) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    total = len(set(groups))
    factors = []
    for place, i in enumerate(order):
        later = set(groups[order[place + 1 :]])
        factors.append(min(len(later | {groups[i]}) + (groups[i] in later), total))
    raised = p[order] * np.array(factors)
    return _put(np.minimum.accumulate(raised[::-1])[::-1], order)


def _fixed(p: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Fixed sequence: a hypothesis is rejected only if all hypotheses of the groups before it are."""
    adjusted, reached = np.empty(len(p)), 0.0
    for group in sorted(set(groups)):
        own = groups == group
        adjusted[own] = np.maximum(p[own], reached)
        reached = adjusted[own].max()
    return adjusted


def _put(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    placed = np.empty(len(order))
    placed[order] = values
    return placed
