"""The two walls of each cylinder: strong upright edges around the columns in which its animal moves.

In: the strength of upright edges, and where animals move. Out: a pair of columns for each animal, all pairs about
equally far apart.
"""

from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking import constants

# First and after the last of some rows or columns.
Span = tuple[int, int]


class WallPair(NamedTuple):
    """Left and right wall of a cylinder, and what counts against them: movement outside."""

    left: int
    right: int
    penalty: float


class PairTable(NamedTuple):
    """What the score of each pair of walls follows from.

    Attributes
    ----------
    width : (n_pairs,) int
        Distance between the walls (pixels).
    strength : (n_pairs,) float
        Mean strength of the two edges over that of the strongest edge, less the penalty.
    """

    width: np.ndarray
    strength: np.ndarray


class Walls(NamedTuple):
    """The walls of all cylinders (columns), and how well they fit: the sum over the cylinders."""

    pairs: list[Span]
    score: float

    @property
    def are_alike(self) -> bool:
        """Whether all cylinders are about equally wide."""
        widths = [right - left for left, right in self.pairs]
        return max(widths) <= constants.MAX_WIDTH_RATIO * min(widths)


def wall_pairs(profile: np.ndarray, clusters: list[Span], busy: np.ndarray) -> Walls:
    """Find the walls of the cylinder around each cluster: strong upright edges, all pairs about equally wide.

    Parameters
    ----------
    profile : (width,) float
        Strength of upright edges in each column.
    clusters : list of tuple
        Columns in which each animal moves.
    busy : (width,) int
        How much moves in each column; little of it may lie outside the walls.

    Returns
    -------
    Walls
        Of each cluster.
    """
    choices = candidate_pairs(profile, clusters, busy)
    # As arrays: noise has hundreds of edges, and so tens of thousands of pairs.
    tables = [pair_table(profile, pairs) for pairs in choices]
    best: list[WallPair] = []
    best_score = -np.inf
    for wide in sorted({pair.right - pair.left for pairs in choices for pair in pairs}):
        scores = [_pair_scores(table, wide, len(profile)) for table in tables]
        score = float(sum(own.max() for own in scores))
        if score > best_score:
            best = [pairs[int(np.argmax(own))] for pairs, own in zip(choices, scores, strict=True)]
            best_score = score
    return Walls([(pair.left, pair.right) for pair in best], best_score)


def joined_clusters(clusters: list[Span], count: int) -> list[list[Span]]:
    """List all ways to join neighbouring clusters to a number of clusters.

    Parameters
    ----------
    clusters : list of tuple
        First column of each cluster, and the column after its last.
    count : int
        Number of clusters wanted, at most that of the clusters.

    Returns
    -------
    list of list of tuple
    """
    found = []
    for cuts in combinations(range(1, len(clusters)), count - 1):
        edges = [0, *cuts, len(clusters)]
        found.append([(clusters[first][0], clusters[after - 1][1]) for first, after in pairwise(edges)])
    return found


def candidate_pairs(profile: np.ndarray, clusters: list[Span], busy: np.ndarray) -> list[list[WallPair]]:
    """List the pairs of strong edges around each cluster, with the movement that lies outside each pair.

    Parameters
    ----------
    profile : (width,) float
        Strength of upright edges in each column.
    clusters : list of tuple
        Columns in which each animal moves.
    busy : (width,) int
        How much moves in each column.

    Returns
    -------
    list of list of WallPair
        For each cluster.
    """
    moved = np.concatenate([[0], np.cumsum(busy)])
    reach = overhang_px(clusters)
    borders = [0, *((a[1] + b[0]) // 2 for a, b in pairwise(clusters)), len(profile) - 1]
    peaks = local_maxima(profile)
    choices = []
    for index, (start, stop) in enumerate(clusters):
        inward = min(reach, (stop - start) // 3)
        lefts = _wall_candidates(profile, peaks, borders[index], start + inward)
        rights = _wall_candidates(profile, peaks, stop - inward, borders[index + 1])
        whole = max(moved[stop] - moved[start], 1)
        inside = {(a, b): moved[min(b, stop)] - moved[max(a, start)] for a in lefts for b in rights}
        weight = constants.OUTSIDE_WEIGHT
        choices.append([WallPair(*pair, weight * (1 - part / whole)) for pair, part in inside.items()])
    return choices


def _wall_candidates(profile: np.ndarray, peaks: list[int], start: int, stop: int) -> list[int]:
    """Peaks between two columns that are not much weaker than the strongest; an end of the range if there is none."""
    inside = [x for x in peaks if start <= x <= stop]
    strongest = max((profile[x] for x in inside), default=0)
    return [x for x in inside if profile[x] > 0.4 * strongest] or [int(start if start < stop else stop)]


def pair_table(profile: np.ndarray, pairs: list[WallPair]) -> PairTable:
    """Return what the score of each pair of walls follows from.

    Parameters
    ----------
    profile : (width,) float
        Strength of upright edges in each column.
    pairs : list of WallPair
        Columns of the walls.

    Returns
    -------
    PairTable
        Width and strength of each pair, in their order.
    """
    left, right, penalty = (np.array(values) for values in zip(*pairs, strict=True))
    return PairTable(right - left, (profile[left] + profile[right]) / (2 * profile.max()) - penalty)


def _pair_scores(table: PairTable, wide: float, columns: int) -> np.ndarray:
    """Strength of each pair of walls, less penalty, difference from the common width, and the width itself."""
    unlike = 8 * np.abs(table.width - wide) / max(wide, 1)
    scores: np.ndarray = table.strength - unlike - 0.5 * wide / columns
    return scores


def overhang_px(clusters: list[Span]) -> int:
    """Return how far movement may reach beyond the walls of its cylinder (pixels): blur, waves, a tail."""
    median = float(np.median([stop - start for start, stop in clusters]))
    return max(2, round(constants.OVERHANG_FRACTION * median))


def local_maxima(profile: np.ndarray) -> list[int]:
    """Find the places that no value within two places exceeds.

    Parameters
    ----------
    profile : (n,) float
        A profile.

    Returns
    -------
    list of int
        In rising order; all places of a plateau.
    """
    return [int(x) for x in np.flatnonzero(ndimage.maximum_filter1d(profile, 5) == profile)]
