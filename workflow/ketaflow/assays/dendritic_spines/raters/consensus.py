"""What several people saw, put together: every place that anyone marked, and the share of raters who marked it."""

import numpy as np

from ketaflow.assays.dendritic_spines.raters.matching import match_points

# A place that this share of those who looked have marked is a spine; one that fewer marked is left undecided.
ACCEPTED_SHARE = 0.5


def consensus_positions(marks_um: dict[str, np.ndarray], reach_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2: y, x) um and, for each, the share (n,) of raters who marked it.

    ``marks_um`` holds every rater's marks. Raters are joined one after the other, in the order of their names: a mark
    within ``reach_um`` of the mean of those before it is the same spine, one to one; any other is a new one.
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
