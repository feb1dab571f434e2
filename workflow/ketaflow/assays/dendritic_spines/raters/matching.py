"""Which spines of two lists are the same: one to one, as many as can be, near ones first."""

import numpy as np
from scipy.optimize import linear_sum_assignment

FAR = 1e6


def match_points(first: np.ndarray, second: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices into two sets of places (n, d) and (m, d) of the pairs no farther apart than ``reach``.

    The pairing makes the sum of distances least, a pair out of reach counting as very far (Hungarian method).
    """
    if not len(first) or not len(second):
        return np.zeros(0, int), np.zeros(0, int)
    away = np.linalg.norm(first[:, None] - second[None], axis=2)
    left, right = linear_sum_assignment(np.where(away <= reach, away, FAR))
    near = away[left, right] <= reach
    return left[near], right[near]
