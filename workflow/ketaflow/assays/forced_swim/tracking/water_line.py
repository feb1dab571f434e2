"""The water line of a cylinder: the strongest straight, nearly level edge where its animal moves.

In: level edges of a picture and a cylinder. Out: the cylinder with its water surface.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking.scene import Cylinder

# The surface is at most this far below the upper end of what moves (share of the width), or among it.
BELOW_HEAD = 0.3
# An edge that goes on outside both walls, this far from them (shares of the width), is a table's behind the cylinder.
BESIDE = (0.03, 0.08)


def surface_strength(level: np.ndarray, left: float, right: float, row: int) -> float:
    """Strength of a level edge between two walls at a row: of its weaker half, for a surface reaches both walls."""
    inset = max(2, int(right - left) // 10)
    rows = level[max(0, row - 1) : row + 2, int(left) + inset : int(right) - inset].max(axis=0)
    half = len(rows) // 2
    return float(min(np.median(rows[:half]), np.median(rows[half:])))


def edge_strength(picture: np.ndarray, axis: int) -> np.ndarray:
    """Strength of edges across ``axis``, smoothed along them, (height, width), grey levels per pixel."""
    along = ndimage.gaussian_filter1d(picture, 2.0, axis=1 - axis)
    return np.abs(ndimage.gaussian_filter1d(along, 1.0, axis=axis, order=1))


def locate_water_line(
    level: np.ndarray, left: int, right: int, top: int, bottom: int, rows: tuple[int, int]
) -> Cylinder:
    """The cylinder with its water surface: the strongest straight, nearly level edge where the animal moves.

    What goes on outside both walls is taken off: the edge of the table they stand on, seen through the water.
    """
    inset = max(2, (right - left) // 10)
    columns = np.arange(left + inset, right - inset)
    tilt = (columns - (left + right) / 2) / (right - left)
    floor = np.median(level[top:bottom, columns])
    capped = np.minimum(level, np.percentile(level[top:bottom, columns], 98))
    heights = np.arange(max(rows[0], top + 2), max(min(rows[1], bottom - 2), max(rows[0], top + 2) + 1))
    best = (-np.inf, float(heights[0]), 0.0)
    for rise in np.linspace(-0.2, 0.2, 21) * (right - left):
        ys = np.clip(heights[:, None] + np.round(tilt * rise).astype(int), 0, len(level) - 1)
        scores = (
            capped[ys, columns].mean(axis=1) - 0.002 * abs(rise) - strength_outside(capped, heights, left, right, rise)
        )
        if scores.max() > best[0]:
            # A surface drawn as a line has an edge above and one below: the middle of both is meant.
            peak = int(scores.argmax())
            near = slice(max(0, peak - 5), peak + 6)
            weight = np.maximum(scores[near] - 0.6 * scores[peak], 0)
            best = (float(scores[peak]), float(weight @ heights[near] / weight.sum()), float(rise))
    score, y, rise = best
    confidence = float(np.clip((score / (floor + 1e-3) - 1) / 3, 0, 1))
    return Cylinder(left, right, top, bottom, y - rise / 2, y + rise / 2, confidence, rows)


def strength_outside(level: np.ndarray, heights: np.ndarray, left: int, right: int, rise: float) -> np.ndarray:
    """Strength (heights,) with which a line across a cylinder goes on beside both its walls, on the weaker side."""
    near, far = (max(2, round(share * (right - left))) for share in BESIDE)
    strengths = []
    for columns in (np.arange(left - far, left - near + 1), np.arange(right + near, right + far + 1)):
        tilt = (columns - (left + right) / 2) / (right - left)
        ys = np.clip(heights[:, None] + np.round(tilt * rise).astype(int), 0, len(level) - 1)
        seen = columns[0] >= 0 and columns[-1] < level.shape[1]
        strengths.append(np.median(level[ys, columns], axis=1) if seen else np.zeros(len(heights)))
    return np.minimum(*strengths)


def refined_water_line(one: Cylinder, level: np.ndarray) -> Cylinder:
    """The cylinder with its water surface looked for again, in level edges (height, width) of a scene without animals.

    The back of an animal that floats below the surface is as strong an edge, and as long. One that climbs throughout
    moves its head and paws alone: the surface may be somewhat lower.
    """
    rows = (one.rows[0], max(one.rows[1], one.rows[0] + round(BELOW_HEAD * one.width)))
    return locate_water_line(level, int(one.left), int(one.right), int(one.top), int(one.bottom), rows)
