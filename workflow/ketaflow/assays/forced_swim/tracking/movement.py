"""Where the animals of a video move: the columns of each, and the rows between surface and depth.

In: key frames. Out: spans of columns and rows; what only a hand passes through is left out.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.scene import KeyFrames
from ketaflow.assays.forced_swim.tracking.wall_pairs import Span


class Movement(NamedTuple):
    """Where animals move.

    Attributes
    ----------
    columns : list of tuple
        Columns of each animal.
    moving : (height, width) bool
        Pixels that change.
    rows : tuple of int
        Rows of all animals.
    """

    columns: list[Span]
    moving: np.ndarray
    rows: Span


def find_movement(seen: KeyFrames, gap_px: int) -> Movement:
    """Find the columns in which each animal moves.

    The search is repeated in the rows of the animals alone, because an arm that reaches in from above may lean over
    two cylinders.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    gap_px : int
        As in ``animal_clusters``.

    Returns
    -------
    Movement
        Without columns if nothing moves.
    """
    clusters, moving = active_clusters(seen.variability, gap_px)
    if not clusters:
        return Movement([], moving, (0, len(moving)))
    rows = union_span([animal_rows(seen, moving, cluster) for cluster in clusters])
    within = np.zeros_like(seen.variability)
    within[slice(*rows)] = seen.variability[slice(*rows)]
    clusters_within, moving_within = active_clusters(within, gap_px)
    if clusters_within:
        clusters, moving = clusters_within, moving_within
    return Movement(clusters, moving, union_span([animal_rows(seen, moving, cluster) for cluster in clusters]))


def union_span(spans: list[Span]) -> Span:
    """Return the span from the first start to the last stop."""
    return min(start for start, _ in spans), max(stop for _, stop in spans)


def animal_rows(seen: KeyFrames, moving: np.ndarray, columns: Span) -> Span:
    """Find the rows in which the animal of a cluster of columns moves.

    Rows that only a hand passes through are left out: in a short video it is visible long enough to count as movement,
    but an animal is at the surface most of the time. So is what lies apart, such as droppings on the floor.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    moving : (height, width) bool
        Pixels that change.
    columns : tuple of int
        First column, and the column after the last.

    Returns
    -------
    tuple of int
        First row, and the row after the last.
    """
    across, width = slice(*columns), columns[1] - columns[0]
    mass = moving[:, across].sum(axis=1)
    share = np.cumsum(mass) / mass.sum()
    first, after = int(np.searchsorted(share, 0.02)), int(np.searchsorted(share, 0.98)) + 1
    box = (slice(first, after), across)
    difference = np.abs(seen.frames[:, box[0], across] - seen.quantile(0.5)[box])
    present = difference > max(6.0, 0.5 * float(np.percentile(seen.variability[box], 99.5)))
    share = np.mean(np.count_nonzero(present, axis=2) >= max(2, 0.02 * width), axis=0)
    gap = max(3, round(constants.SURFACE_GAP_FRACTION * width))
    often = np.pad(share >= constants.HAND_FRACTION * share.max(), gap)
    labels, _ = ndimage.label(ndimage.binary_closing(often, np.ones(gap, bool))[gap:-gap])
    masses = ndimage.sum_labels(mass[first:after], labels, np.arange(1, labels.max() + 1))
    rows = np.flatnonzero(labels == 1 + int(np.argmax(masses)))
    return first + int(rows[0]), first + int(rows[-1]) + 1


def active_clusters(variability: np.ndarray, gap_px: int) -> tuple[list[Span], np.ndarray]:
    """Find the columns in which something moves, one cluster for each animal.

    Parameters
    ----------
    variability : (height, width) float
        Range of each pixel beyond the noise (grey levels).
    gap_px : int
        As in ``animal_clusters``.

    Returns
    -------
    list of tuple
        First column of each cluster, and the column after its last.
    (height, width) bool
        Pixels that change.
    """
    height, width = variability.shape
    moving = variability > max(6.0, 0.25 * float(np.percentile(variability, 99.5)))
    moving = ndimage.binary_opening(moving, np.ones((2, 2), bool))
    busy = moving.sum(axis=0) >= max(2, 0.015 * height)
    busy = ndimage.binary_closing(np.pad(busy, gap_px), np.ones(gap_px, bool))[gap_px:-gap_px]
    labels, count = ndimage.label(busy)
    masses = np.array([moving[:, labels == index].sum() for index in range(1, count + 1)])
    spans = [np.flatnonzero(labels == index) for index in range(1, count + 1)]
    kept = [
        (int(span[0]), int(span[-1]) + 1)
        for span, mass in zip(spans, masses, strict=True)
        if len(span) >= 0.015 * width and mass >= 0.12 * masses.max()
    ]
    return kept, moving
