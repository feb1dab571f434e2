"""One-to-one matching of the spines of two lists."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from ketaflow.assays.dendritic_spines.raters import constants


def match_points(first: np.ndarray, second: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Match the points of two sets, one to one.

    Parameters
    ----------
    first : (n, d) float
        Points of one set.
    second : (m, d) float
        Points of the other set, in the same unit.
    reach : float
        Points farther apart than this are never matched.

    Returns
    -------
    first_index, second_index : (k,) int
        Indices of the pairs.

    Notes
    -----
    The pairing has the least sum of distances, a pair out of reach counting as very far (Hungarian method): as many
    pairs as possible, and among these the nearest.
    """
    if not len(first) or not len(second):
        return np.zeros(0, int), np.zeros(0, int)
    distance = np.linalg.norm(first[:, None] - second[None], axis=2)
    left, right = linear_sum_assignment(np.where(distance <= reach, distance, constants.OUT_OF_REACH))
    near = distance[left, right] <= reach
    return left[near], right[near]
