"""Cylinders in a video: found where animals move and where upright walls stand, or given by the table.

In: key frames. Out: one ``Cylinder`` each, from left to right. All cylinders of a video are assumed to be about equally
wide and to stand on one table.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.model import SwimRow
from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.scene import Cylinder, KeyFrames
from ketaflow.assays.forced_swim.tracking.wall_pairs import Span, local_maxima, overhang_px, wall_pairs
from ketaflow.assays.forced_swim.tracking.water_line import edge_strength, locate_water_line, surface_strength
from ketaflow.core.errors import IngestError


class Movement(NamedTuple):
    """Where animals move: the columns of each, the pixels that change (height, width), and the rows of all."""

    columns: list[Span]
    moving: np.ndarray
    rows: Span


def find_cylinders(seen: KeyFrames, name: str) -> list[Cylinder]:
    """Find the cylinders of a video.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    name : str
        Name of the file, for messages.

    Returns
    -------
    list of Cylinder
        From left to right: those in which something moves, and empty ones that look the same.

    Raises
    ------
    IngestError
        If nothing moves.
    """
    empty = seen.quantile(0.5)
    movement = find_movement(seen)
    if not movement.columns:
        if float(np.median(seen.quantile(0.95) - seen.quantile(0.05))) < constants.STILL_RANGE:
            raise IngestError(
                f"{name}: every frame shows the same image, so this is a still, or the recorder stopped. Expected a "
                "film of animals that swim; copy the original recording again."
            )
        raise IngestError(
            f"{name}: nothing moves in this video, so no animal can be found. Check that it is the right file; "
            "expected animals filmed from the side."
        )
    rows = movement.rows
    upright, level_edges = straightened(edge_strength(empty, axis=1), rows), edge_strength(empty, axis=0)
    profile = wall_profile(upright, rows)
    clusters = merged_clusters(profile, movement.columns)
    walls = wall_pairs(profile, clusters, movement.moving[slice(*rows)].sum(axis=0))
    found = []
    for cluster, pair in zip(clusters, walls, strict=True):
        own = animal_rows(seen, movement.moving, cluster)
        found.append(locate_water_line(level_edges, pair, wall_ends(upright, pair, own), own))
    return sorted(found + empty_cylinders(profile, level_edges, found), key=lambda one: one.left)


def find_movement(seen: KeyFrames) -> Movement:
    """Find the columns in which each animal moves.

    The search is repeated in the rows of the animals alone, because an arm that reaches in from above may lean over
    two cylinders.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.

    Returns
    -------
    Movement
        Without columns if nothing moves.
    """
    clusters, moving = active_clusters(seen.variability)
    if not clusters:
        return Movement([], moving, (0, len(moving)))
    rows = union_span([animal_rows(seen, moving, cluster) for cluster in clusters])
    within = np.zeros_like(seen.variability)
    within[slice(*rows)] = seen.variability[slice(*rows)]
    clusters_within, moving_within = active_clusters(within)
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


def straightened(upright: np.ndarray, rows: Span) -> np.ndarray:
    """Shear upright edges so that the walls seen by a rolled camera stand upright; the middle row keeps its place.

    Of the shears that are tried, the one at which edges line up best has the most uneven profile.

    Parameters
    ----------
    upright : (height, width) float
        Strength of upright edges.
    rows : tuple of int
        Rows in which animals move.

    Returns
    -------
    (height, width) float
    """
    height, width = upright.shape
    from_middle = np.arange(height) - (rows[0] + rows[1]) // 2
    columns = np.arange(width)
    best, clearest = upright, -np.inf
    for shear in sorted(np.linspace(-constants.MAX_ROLL, constants.MAX_ROLL, 21), key=abs):
        moved = columns + np.round(shear * from_middle).astype(int)[:, None]
        sheared = np.take_along_axis(upright, np.clip(moved, 0, width - 1), axis=1)
        clear = float(np.sum(wall_profile(sheared, rows) ** 2)) * (1 - 0.5 * abs(shear))
        if clear > clearest:
            best, clearest = sheared, clear
    return best


def wall_profile(upright: np.ndarray, rows: Span) -> np.ndarray:
    """Measure upright edges that run through most rows around and below the water.

    A wall does; the outline of an animal that hardly moves does not.

    Parameters
    ----------
    upright : (height, width) float
        Strength of upright edges.
    rows : tuple of int
        Rows in which animals move.

    Returns
    -------
    (width,) float
        Strength of the edge in each column.
    """
    height = len(upright)
    reach = max(rows[1] - rows[0], height // 8)
    band = upright[max(0, rows[0] - reach // 2) : min(height, rows[1] + 3 * reach // 2)]
    profile: np.ndarray = np.percentile(ndimage.maximum_filter1d(band, 3, axis=1), 35, axis=0) + 1e-3
    return profile


def merged_clusters(profile: np.ndarray, clusters: list[Span]) -> list[Span]:
    """Merge clusters of columns with no wall between them: one animal that kept to two places of its cylinder.

    Parameters
    ----------
    profile : (width,) float
        Strength of upright edges in each column.
    clusters : list of tuple
        Columns in which something moves.

    Returns
    -------
    list of tuple
    """
    reach = overhang_px(clusters)
    outer = min(profile[: clusters[0][0] + reach].max(), profile[max(0, clusters[-1][1] - reach) :].max())
    merged = [clusters[0]]
    for cluster in clusters[1:]:
        between = profile[max(0, merged[-1][1] - reach) : cluster[0] + reach]
        if between.max() < constants.WALL_BETWEEN_FRACTION * outer:
            merged[-1] = (merged[-1][0], cluster[1])
        else:
            merged.append(cluster)
    return merged


def empty_cylinders(profile: np.ndarray, level_edges: np.ndarray, found: list[Cylinder]) -> list[Cylinder]:
    """Find cylinders in which nothing moves: walls as far apart and as strong, water as high, as in those found.

    Parameters
    ----------
    profile : (width,) float
        Strength of upright edges in each column.
    level_edges : (height, width) float
        Strength of level edges.
    found : list of Cylinder
        Cylinders in which something moves.

    Returns
    -------
    list of Cylinder
    """
    wide = float(np.median([one.width for one in found]))
    strength = min(min(profile[int(one.left)], profile[int(one.right)]) for one in found)
    water = [round((one.water_left + one.water_right) / 2) for one in found]
    usual = min(surface_strength(level_edges, one.left, one.right, y) for one, y in zip(found, water, strict=True))
    peaks = [x for x in local_maxima(profile) if profile[x] >= 0.6 * strength]
    heights = range(min(water) - 3, max(water) + 4)
    extra: list[Cylinder] = []
    for left in peaks:
        for right in (x for x in peaks if abs(x - left - wide) <= max(2, 0.06 * wide)):
            clear = all(right < one.left + 3 or left > one.right - 3 for one in found + extra)
            strengths = {y: surface_strength(level_edges, left, right, y) for y in heights}
            surface = max(strengths, key=strengths.__getitem__)
            if clear and strengths[surface] >= 0.5 * usual:
                extra.append(replace(found[0], left=left, right=right, water_left=surface, water_right=surface))
    return extra


def active_clusters(variability: np.ndarray) -> tuple[list[Span], np.ndarray]:
    """Find the columns in which something moves, one cluster for each animal.

    Parameters
    ----------
    variability : (height, width) float
        Range of each pixel beyond the noise (grey levels).

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
    busy = ndimage.binary_closing(np.pad(busy, 8), np.ones(max(3, width // 64), bool))[8:-8]
    labels, count = ndimage.label(busy)
    masses = np.array([moving[:, labels == index].sum() for index in range(1, count + 1)])
    spans = [np.flatnonzero(labels == index) for index in range(1, count + 1)]
    kept = [
        (int(span[0]), int(span[-1]) + 1)
        for span, mass in zip(spans, masses, strict=True)
        if len(span) >= 0.015 * width and mass >= 0.12 * masses.max()
    ]
    return kept, moving


def wall_ends(upright: np.ndarray, walls: Span, rows: Span) -> Span:
    """Find the upper and the lower end of two walls, around the rows in which the animal moves.

    Parameters
    ----------
    upright : (height, width) float
        Strength of upright edges.
    walls : tuple of int
        Columns of the walls.
    rows : tuple of int
        Rows in which the animal moves.

    Returns
    -------
    tuple of int
        First row, and the row after the last.
    """
    sides = [upright[:, max(0, x - 1) : x + 2].max(axis=1) for x in walls]
    both = ndimage.median_filter(np.minimum(*sides), 5)
    limit = 0.35 * np.median(both[rows[0] : rows[1]])
    middle = (rows[0] + rows[1]) // 2
    weak = np.flatnonzero(both < max(limit, 1e-3))
    top = int(weak[weak < middle].max(initial=-1)) + 1
    bottom = int(weak[weak > middle].min(initial=len(both)))
    reach = rows[1] - rows[0]
    return min(top, max(0, rows[0] - reach // 4)), max(bottom, min(len(both), rows[1] + reach // 4))


def cylinder_from_table(row: SwimRow, seen: KeyFrames, name: str) -> Cylinder:
    """Make the cylinder whose region is given in the table; its water line is found inside.

    Parameters
    ----------
    row : SwimRow
        A row with ``region_x_px``.
    seen : KeyFrames
        Key frames of the video.
    name : str
        Name of the file, for messages.

    Returns
    -------
    Cylinder

    Raises
    ------
    IngestError
        If the region is incomplete or lies outside the frame.
    """
    sides = ("region_x_px", "region_y_px", "region_width_px", "region_height_px")
    given = [getattr(row, side) for side in sides]
    height, width = seen.frames.shape[1:]
    if None in given:
        missing = [side for side, value in zip(sides, given, strict=True) if value is None]
        raise IngestError(f"{name}: cylinder {row.cylinder:g} has no {', '.join(missing)}. Fill in all four.")
    left, top, wide, high = map(float, given)
    if left + wide > width + 1 or top + high > height + 1 or wide < 8 or high < 8:
        raise IngestError(
            f"{name}: the region of cylinder {row.cylinder:g} ends at x {left + wide:g}, y {top + high:g}; the "
            f"picture is {width} x {height} pixels. Correct the region_ columns."
        )
    level_edges = edge_strength(seen.quantile(0.5), axis=0)
    walls = int(left), int(min(left + wide, width - 1))
    ends = int(top), int(min(top + high, height - 1))
    return locate_water_line(level_edges, walls, ends, (int(top + 0.1 * high), int(top + 0.8 * high)))
