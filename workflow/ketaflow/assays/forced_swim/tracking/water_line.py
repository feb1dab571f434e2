"""The water line of a cylinder: the strongest straight, nearly level edge where its animal moves.

In: the strength of level edges and the walls of a cylinder. Out: the cylinder with its water surface.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.scene import Cylinder


def edge_strength(image: np.ndarray, axis: int) -> np.ndarray:
    """Measure the strength of edges across an axis, smoothed along them.

    Parameters
    ----------
    image : (height, width) float
        Grey levels.
    axis : int
        0 for level edges, 1 for upright ones.

    Returns
    -------
    (height, width) float
        Absolute gradient (grey levels per pixel).
    """
    along = ndimage.gaussian_filter1d(image, 2.0, axis=1 - axis)
    return np.abs(ndimage.gaussian_filter1d(along, 1.0, axis=axis, order=1))


def surface_strength(level_edges: np.ndarray, left: float, right: float, row: int) -> float:
    """Measure a level edge between two walls by its weaker half, for a surface reaches both walls.

    Parameters
    ----------
    level_edges : (height, width) float
        Strength of level edges.
    left, right : float
        Columns of the walls (pixels).
    row : int
        Row of the edge.

    Returns
    -------
    float
        Grey levels per pixel.
    """
    inset = max(2, int(right - left) // 10)
    rows = level_edges[max(0, row - 1) : row + 2, int(left) + inset : int(right) - inset].max(axis=0)
    half = len(rows) // 2
    return float(min(np.median(rows[:half]), np.median(rows[half:])))


def locate_water_line(
    level_edges: np.ndarray, walls: tuple[int, int], ends: tuple[int, int], rows: tuple[int, int]
) -> Cylinder:
    """Find the water surface: the strongest straight, nearly level edge in the rows where the animal moves.

    An edge that continues outside both walls is subtracted: it is the edge of the table behind the cylinder.

    Parameters
    ----------
    level_edges : (height, width) float
        Strength of level edges (grey levels per pixel).
    walls, ends : tuple of int
        Left and right wall, and upper and lower end of the cylinder (pixels).
    rows : tuple of int
        First row to search, and the row after the last.

    Returns
    -------
    Cylinder
        Its confidence compares the edge with the usual strength inside the cylinder.
    """
    (left, right), (top, bottom) = walls, ends
    inset = max(2, (right - left) // 10)
    columns = np.arange(left + inset, right - inset)
    tilt = (columns - (left + right) / 2) / (right - left)
    floor = np.median(level_edges[top:bottom, columns])
    capped = np.minimum(level_edges, np.percentile(level_edges[top:bottom, columns], 98))
    heights = np.arange(max(rows[0], top + 2), max(min(rows[1], bottom - 2), max(rows[0], top + 2) + 1))
    score, y, best_rise = -np.inf, float(heights[0]), 0.0
    # Of two tilts that fit alike, the smaller one is taken: it is tried first.
    for rise in np.array(sorted(np.linspace(-0.2, 0.2, 21), key=abs)) * (right - left):
        ys = np.clip(heights[:, None] + np.round(tilt * rise).astype(int), 0, len(level_edges) - 1)
        outside = strength_outside(capped, heights, left, right, rise)
        scores = capped[ys, columns].mean(axis=1) - 0.002 * abs(rise) - outside
        if scores.max() > constants.BETTER_TILT * score or not np.isfinite(score):
            # A surface drawn as a line has an edge above and one below: take the middle of both.
            peak = int(scores.argmax())
            near = slice(max(0, peak - 5), peak + 6)
            weight = np.maximum(scores[near] - 0.6 * scores[peak], 0)
            score, y, best_rise = float(scores[peak]), float(weight @ heights[near] / weight.sum()), float(rise)
    confidence = float(np.clip((score / (floor + 1e-3) - 1) / 3, 0, 1))
    return Cylinder(left, right, top, bottom, y - best_rise / 2, y + best_rise / 2, confidence, rows)


def surface_coherence(image: np.ndarray, cylinder: Cylinder) -> float:
    """Measure how continuous the edge along the water line of a cylinder is.

    Along a water surface the brightness changes in one direction everywhere; along a line through bedding, a grid or
    the objects in a cage the directions are mixed.

    Parameters
    ----------
    image : (height, width) float
        The scene without animals (grey levels).
    cylinder : Cylinder
        With its water line.

    Returns
    -------
    float
        Absolute mean of the vertical gradient along the line, relative to its root mean square: 0 to 1. The largest
        of the lines within ``COHERENCE_REACH_PX``.
    """
    gradient = ndimage.gaussian_filter1d(ndimage.gaussian_filter1d(image, 2.0, axis=1), 1.0, axis=0, order=1)
    inset = max(2, int(cylinder.width) // 10)
    columns = np.arange(int(cylinder.left) + inset, int(cylinder.right) - inset)
    slope = (cylinder.water_right - cylinder.water_left) / max(cylinder.width, 1)
    line = cylinder.water_left + slope * (columns - cylinder.left)
    reach = constants.COHERENCE_REACH_PX
    rows = np.round(line + np.arange(-reach, reach + 1)[:, None]).astype(int)
    along = gradient[np.clip(rows, 0, len(image) - 1), columns]
    return float(np.max(np.abs(along.mean(axis=1)) / np.sqrt(np.mean(along**2, axis=1) + 1e-9)))


def strength_outside(level_edges: np.ndarray, heights: np.ndarray, left: int, right: int, rise: float) -> np.ndarray:
    """Measure how strongly a line across a cylinder continues outside both its walls.

    Parameters
    ----------
    level_edges : (height, width) float
        Strength of level edges.
    heights : (n,) int
        Rows of the line in the middle of the cylinder.
    left, right : int
        Columns of the walls.
    rise : float
        How much lower the line is at the right wall than at the left (pixels).

    Returns
    -------
    (n,) float
        Strength on the weaker side; 0 where a side lies outside the frame.
    """
    near, far = (
        max(2, round(fraction * (right - left)))
        for fraction in (constants.OUTSIDE_NEAR_FRACTION, constants.OUTSIDE_FAR_FRACTION)
    )
    strengths = []
    for columns in (np.arange(left - far, left - near + 1), np.arange(right + near, right + far + 1)):
        tilt = (columns - (left + right) / 2) / (right - left)
        ys = np.clip(heights[:, None] + np.round(tilt * rise).astype(int), 0, len(level_edges) - 1)
        visible = columns[0] >= 0 and columns[-1] < level_edges.shape[1]
        strengths.append(np.median(level_edges[ys, columns], axis=1) if visible else np.zeros(len(heights)))
    return np.minimum(*strengths)


def refined_water_line(cylinder: Cylinder, level_edges: np.ndarray) -> Cylinder:
    """Find the water surface again in the scene without animals.

    The back of an animal that floats below the surface is as strong an edge, and as long. An animal that climbs
    throughout moves only its head and paws, so the surface may be somewhat below the movement.

    Parameters
    ----------
    cylinder : Cylinder
        As found in the scene with animals.
    level_edges : (height, width) float
        Strength of level edges of the background.

    Returns
    -------
    Cylinder
        The cylinder with its water line at the left and right wall (pixels).
    """
    deepest = cylinder.rows[0] + round(constants.MAX_SURFACE_DEPTH_FRACTION * cylinder.width)
    rows = (cylinder.rows[0], max(cylinder.rows[1], deepest))
    walls, ends = (int(cylinder.left), int(cylinder.right)), (int(cylinder.top), int(cylinder.bottom))
    return locate_water_line(level_edges, walls, ends, rows)
