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
from ketaflow.assays.forced_swim.tracking.movement import Movement, animal_rows, find_movement
from ketaflow.assays.forced_swim.tracking.scene import Cylinder, KeyFrames
from ketaflow.assays.forced_swim.tracking.wall_pairs import (
    Span,
    Walls,
    joined_clusters,
    local_maxima,
    overhang_px,
    wall_pairs,
)
from ketaflow.assays.forced_swim.tracking.water_line import edge_strength, locate_water_line, surface_strength
from ketaflow.core.errors import IngestError


class Clusters(NamedTuple):
    """Columns in which each animal moves.

    Attributes
    ----------
    columns : list of tuple
        First column of each cluster, and the column after its last.
    movement : Movement
        The movement from which they follow.
    upright : (height, width) float
        Strength of upright edges.
    profile : (width,) float
        Strength of upright edges in each column.
    """

    columns: list[Span]
    movement: Movement
    upright: np.ndarray
    profile: np.ndarray


def find_cylinders(seen: KeyFrames, name: str, expected: int) -> list[Cylinder]:
    """Find the cylinders of a video.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    name : str
        Name of the file, for messages.
    expected : int
        Number of cylinders in the table. It decides only what the video leaves open: whether two animals that almost
        touch are one, and whether cylinders in which nothing moves are counted.

    Returns
    -------
    list of Cylinder
        From left to right: those in which something moves, and, if these are fewer than expected, empty ones that look
        the same.

    Raises
    ------
    IngestError
        If nothing moves.
    """
    empty = seen.quantile(0.5)
    edges = edge_strength(empty, axis=1)
    usual_gap_px = max(constants.MIN_GAP_PX, edges.shape[1] // 64)
    clusters = animal_clusters(seen, edges, usual_gap_px, name)
    for gap_px in (usual_gap_px // 2, constants.MIN_GAP_PX):
        if len(clusters.columns) < expected and gap_px < usual_gap_px:
            closer = animal_clusters(seen, edges, gap_px, name)
            clusters = closer if len(closer.columns) == expected else clusters
    level_edges = edge_strength(empty, axis=0)
    rows, moving = clusters.movement.rows, clusters.movement.moving
    columns, walls = columns_and_walls(clusters, moving[slice(*rows)].sum(axis=0), expected)
    found = []
    for cluster, pair in zip(columns, walls.pairs, strict=True):
        own = animal_rows(seen, moving, cluster)
        found.append(locate_water_line(level_edges, pair, wall_ends(clusters.upright, pair, own), own))
    if len(found) < expected:
        found += empty_cylinders(clusters.profile, level_edges, found)
    return sorted(found, key=lambda one: one.left)


def columns_and_walls(clusters: Clusters, busy: np.ndarray, expected: int) -> tuple[list[Span], Walls]:
    """Find the walls of each cylinder; join clusters if there are a few more than expected.

    In a short video an animal may have been seen in two places of its cylinder alone, with a mark on the glass between
    them. Of all ways to join neighbours, the one with the best walls is taken, provided that all cylinders are then
    about equally wide; two cylinders joined would be twice as wide as the others.

    Parameters
    ----------
    clusters : Clusters
        Where animals move.
    busy : (width,) int
        How much moves in each column.
    expected : int
        Number of cylinders in the table.

    Returns
    -------
    columns : list of tuple
        Columns in which each animal moves.
    walls : Walls
        Left and right wall around each of them (columns), and how well they fit.
    """
    usual = (clusters.columns, wall_pairs(clusters.profile, clusters.columns, busy))
    if not 2 <= expected < len(clusters.columns) <= expected + constants.MAX_JOINED:
        return usual
    choices = [
        (joined, wall_pairs(clusters.profile, joined, busy)) for joined in joined_clusters(clusters.columns, expected)
    ]
    alike = [choice for choice in choices if choice[1].are_alike]
    return max(alike, key=lambda choice: choice[1].score, default=usual)


def animal_clusters(seen: KeyFrames, edges: np.ndarray, gap_px: int, name: str) -> Clusters:
    """Find the columns in which each animal moves, parts with no wall between them joined.

    Parameters
    ----------
    seen : KeyFrames
        Key frames of the video.
    edges : (height, width) float
        Strength of upright edges.
    gap_px : int
        Parts nearer to each other than this (pixels) belong to one animal.
    name : str
        Name of the file, for messages.

    Returns
    -------
    Clusters
        Columns of each animal, with movement and upright edges.

    Raises
    ------
    IngestError
        If nothing moves.
    """
    movement = find_movement(seen, gap_px)
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
    upright = straightened(edges, movement.rows)
    profile = wall_profile(upright, movement.rows)
    return Clusters(merged_clusters(profile, movement.columns), movement, upright, profile)


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
        Strength of upright edges in the sheared image; unchanged if no shear is better.
    """
    height, width = upright.shape
    from_middle = np.arange(height) - (rows[0] + rows[1]) // 2
    columns = np.arange(width)
    wide = ndimage.maximum_filter1d(upright, 3, axis=1)[band_of(rows, height)]
    step = max(1, len(wide) // constants.SHEARED_ROWS)
    best, clearest = 0.0, -np.inf
    for shear in sorted(np.linspace(-constants.MAX_ROLL, constants.MAX_ROLL, 21), key=abs):
        moved = columns + np.round(shear * from_middle).astype(int)[:, None]
        sheared = np.take_along_axis(wide[::step], np.clip(moved, 0, width - 1)[band_of(rows, height)][::step], axis=1)
        clear = float(np.sum(usual_strength(sheared) ** 2)) * (1 - 0.5 * abs(shear))
        if clear > clearest:
            best, clearest = float(shear), clear
    moved = columns + np.round(best * from_middle).astype(int)[:, None]
    return np.take_along_axis(upright, np.clip(moved, 0, width - 1), axis=1)


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
    return usual_strength(ndimage.maximum_filter1d(upright[band_of(rows, len(upright))], 3, axis=1))


def band_of(rows: Span, height: int) -> slice:
    """Return the rows around and below the water: more than those in which animals move.

    Parameters
    ----------
    rows : tuple of int
        Rows in which animals move.
    height : int
        Number of rows of the frame.

    Returns
    -------
    slice
    """
    reach = max(rows[1] - rows[0], height // 8)
    return slice(max(0, rows[0] - reach // 2), min(height, rows[1] + 3 * reach // 2))


def usual_strength(edges: np.ndarray) -> np.ndarray:
    """Strength of edges that is exceeded in most rows (35th percentile), in each column.

    Parameters
    ----------
    edges : (height, width) float
        Strength of edges.

    Returns
    -------
    (width,) float
        Above zero.
    """
    profile: np.ndarray = np.percentile(edges, 35, axis=0) + 1e-3
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
        First column of each cluster, and the column after its last.
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
        Those in which nothing moves; empty if there are none.
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
            if not all(right < one.left + 3 or left > one.right - 3 for one in found + extra):
                continue
            strengths = {y: surface_strength(level_edges, left, right, y) for y in heights}
            surface = max(strengths, key=strengths.__getitem__)
            if strengths[surface] >= 0.5 * usual:
                extra.append(replace(found[0], left=left, right=right, water_left=surface, water_right=surface))
    return extra


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
