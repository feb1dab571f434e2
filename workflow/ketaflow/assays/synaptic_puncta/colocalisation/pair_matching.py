"""Pair pre and post puncta one to one, the closest first.

In: positions of two sets of puncta. Out: pairs no farther apart than a reach.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree


class Pairs(NamedTuple):
    """Pairs of puncta.

    Attributes
    ----------
    indices : (n, 2) int ndarray
        Index of the pre and of the post punctum of each pair.
    distance : (n,) ndarray
        Distance within each pair over the reach, from 0 to 1.
    """

    indices: np.ndarray
    distance: np.ndarray


class _Candidates(NamedTuple):
    """Pairs within reach, the closest first: index in each set, and distance over the reach."""

    first: np.ndarray
    second: np.ndarray
    distance: np.ndarray


def one_to_one(pre_um: np.ndarray, post_um: np.ndarray, reach_um: np.ndarray) -> Pairs:
    """Pair puncta, the closest first, each at most once.

    Parameters
    ----------
    pre_um, post_um : (n, d) and (m, d) ndarray
        Positions (um) in two or three dimensions.
    reach_um : (d,) ndarray
        Largest distance along each axis (um): the half axes of an ellipsoid.

    Returns
    -------
    Pairs
        In no particular order.

    Notes
    -----
    Pairs that are mutual nearest neighbours are accepted and removed, until none is left. This gives the same pairs as
    accepting all candidates in the order of their distance.
    """
    first, second, distance = _within_reach(pre_um / reach_um, post_um / reach_um)
    pairs, distances = [np.empty((0, 2), np.int64)], [np.empty(0)]
    while len(first):
        best_of_first, best_of_second = _first_place(first, len(pre_um)), _first_place(second, len(post_um))
        place = np.arange(len(first))
        mutual = (best_of_first[first] == place) & (best_of_second[second] == place)
        pairs.append(np.column_stack([first[mutual], second[mutual]]))
        distances.append(distance[mutual])
        free_first, free_second = np.ones(len(pre_um), bool), np.ones(len(post_um), bool)
        free_first[first[mutual]] = free_second[second[mutual]] = False
        left = free_first[first] & free_second[second]
        first, second, distance = first[left], second[left], distance[left]
    return Pairs(np.concatenate(pairs), np.concatenate(distances))


def _within_reach(first: np.ndarray, second: np.ndarray) -> _Candidates:
    """All candidates no more than 1 apart."""
    if not len(first) or not len(second):
        return _Candidates(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    near = cKDTree(first).sparse_distance_matrix(cKDTree(second), 1.0, output_type="coo_matrix")
    order = np.lexsort((near.col, near.row, near.data))
    return _Candidates(near.row[order], near.col[order], near.data[order])


def _first_place(members: np.ndarray, count: int) -> np.ndarray:
    """For each of ``count`` members the first place at which it occurs in a list; -1 where it does not."""
    place = np.full(count, -1)
    place[members[::-1]] = np.arange(len(members))[::-1]
    return place
