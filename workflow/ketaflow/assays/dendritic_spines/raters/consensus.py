"""Consensus of several raters: every place that any of them marked, and the share of raters who marked it."""

from collections.abc import Mapping

import numpy as np

from ketaflow.assays.dendritic_spines.raters.matching import match_points


def consensus_positions(marks_um: Mapping[str, np.ndarray], reach_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Join the marks of several raters.

    Parameters
    ----------
    marks_um : mapping of str to (n, 2) float
        Marks of each rater: y, x (um).
    reach_um : float
        A mark within this distance of the mean of earlier ones is the same spine (um).

    Returns
    -------
    positions_um : (n, 2) float
        Mean of the marks of each spine: y, x (um).
    share : (n,) float
        Share of the raters who marked it.

    Notes
    -----
    Raters are joined in the order of their names, each matched one to one with the spines so far.
    """
    sums, votes = np.zeros((0, 2)), np.zeros(0, int)
    for name in sorted(marks_um):
        marks = marks_um[name]
        known, same = match_points(sums / np.maximum(votes, 1)[:, None], marks, reach_um)
        sums[known] += marks[same]
        votes[known] += 1
        new = np.setdiff1d(np.arange(len(marks)), same)
        sums, votes = np.vstack([sums, marks[new]]), np.concatenate([votes, np.ones(len(new), int)])
    return sums / np.maximum(votes, 1)[:, None], votes / max(len(marks_um), 1)
