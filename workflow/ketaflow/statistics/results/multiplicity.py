"""Correction across the endpoints of a family.

A hypothesis group is what was adjusted together within one endpoint: its Dunnett comparisons, its
trend. Holm and Hochberg count groups: a row's p within its group is multiplied by the number of groups
that still hold a hypothesis at least as doubtful. That is Holm's test where each group has one row, and
Dunnett's own where the family has one group; it follows from closed testing with Bonferroni (Holm) or
Simes (Hochberg) over groups. Benjamini & Hochberg's rate is one of single comparisons and takes each row's own p.
"""

import numpy as np

METHODS = ("none", "holm", "bh", "hochberg", "fixed_sequence")


def across(p: np.ndarray, p_own: np.ndarray, groups: np.ndarray, method: str) -> np.ndarray:
    """Adjusted p of each row.

    Parameters
    ----------
    p : (n_rows,) float
        p adjusted within the group. NaN (a planned comparison that could not be made) counts as 1 and stays NaN.
    p_own : (n_rows,) float
        p of each comparison alone.
    groups : (n_rows,) int
        Hypothesis group of each row, numbered in the plan's order.
    method
        One of ``METHODS``.
    """
    missing = np.isnan(p)
    p, p_own = np.where(missing, 1.0, p), np.where(np.isnan(p_own), 1.0, p_own)
    by_group = {"holm": _holm, "hochberg": _hochberg, "fixed_sequence": _fixed}
    adjusted = p if method == "none" else _bh(p_own) if method == "bh" else by_group[method](p, groups)
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


def _bh(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    raised = p[order] * len(p) / np.arange(1, len(p) + 1)
    return _put(np.minimum.accumulate(raised[::-1])[::-1], order)


def _fixed(p: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """In the plan's order: a group counts only once every hypothesis before it has been rejected."""
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
