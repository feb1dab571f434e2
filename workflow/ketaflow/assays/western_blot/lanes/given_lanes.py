"""Lanes where a person gave their frame, or the row of one target's bands.

In: one membrane with its bands enhanced, and what a person gave. Out: a ``LaneGrid``. Nothing is judged: who gives a
frame or a row has looked at the picture.
"""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.images.band_enhancement import EnhancedPicture
from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.lanes.detection import column_profile, lane_borders, refined_centres
from ketaflow.assays.western_blot.model import Frame, LaneGrid


def lanes_in_frame(enhanced: EnhancedPicture, frame: Frame, count: int, height_px: int) -> LaneGrid:
    """Divide a frame into lanes: at the borders given, else into lanes of equal width, each centred on its signal.

    Parameters
    ----------
    enhanced : EnhancedPicture
        The membrane with its bands enhanced.
    frame : Frame
        Outer edges of the first and last lane, and how far lanes lean (pixels of the file).
    count : int
        Lanes of the map.
    height_px : int
        Height of the membrane (pixels of the file).

    Returns
    -------
    LaneGrid
    """
    lean = (frame.lean_px or 0.0) / max(height_px, 1)
    if frame.borders:
        edges = np.array(frame.borders)
        borders = np.column_stack([edges[:-1], edges[1:]])
        return _given(enhanced, borders.mean(axis=1), borders, float(np.median(np.diff(edges))), lean)
    pitch = (frame.right_px - frame.left_px) / count / enhanced.factor
    left = (frame.left_px - (enhanced.factor - 1) / 2) / enhanced.factor
    centres = left + pitch * (np.arange(count) + 0.5)
    return _grid(enhanced, column_profile(enhanced.strength, lean), centres, pitch, lean)


def lanes_in_row(enhanced: EnhancedPicture, top: float, bottom: float, expected: np.ndarray) -> LaneGrid | None:
    """Fit lanes of equal pitch to one row of bands.

    Parameters
    ----------
    enhanced : EnhancedPicture
        The membrane with its bands enhanced.
    top, bottom : float
        Rows of the membrane between which the bands lie (pixels of the file).
    expected : (n_lanes,) bool
        Lanes that should hold a signal.

    Returns
    -------
    LaneGrid or None
        The places and the pitch with most signal within lanes, least between them, and least outside of them. None
        where there is no signal in these rows.
    """
    rows = slice(max(0, int(top // enhanced.factor)), max(1, int(np.ceil(bottom / enhanced.factor))))
    part = enhanced.strength[rows]
    profile = part.max(axis=0) if part.size else np.zeros(enhanced.strength.shape[1])
    if not profile.any():
        return None
    count, width = len(expected), len(profile)
    level = ndimage.uniform_filter1d(np.minimum(profile / profile.max(), constants.ROW_STRENGTH), 3)
    total = np.concatenate(([0.0], np.cumsum(level)))

    def within(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        places = np.arange(width + 1)
        return np.interp(high, places, total) - np.interp(low, places, total)

    covered = np.flatnonzero(level > 0.5 * level.max())
    extent = covered[-1] - covered[0] + 1
    best: tuple[float, float, float] | None = None
    for pitch in np.geomspace(0.6 * extent / count, 1.3 * extent / max(count - 1, 1), 160):
        starts = np.arange(covered[0] - 0.5 * pitch * count, covered[-1] + 1, max(0.5, pitch / 20))
        centres = starts[:, None] + pitch * np.arange(count)[None, :]
        core, gap = constants.LANE_CORE * pitch / 2, constants.GAP_CORE * pitch / 2
        signal = within(centres - core, centres + core) * np.where(expected, 1.0, -0.5)
        edges = np.column_stack([centres - pitch / 2, centres[:, -1] + pitch / 2])
        between = within(edges - gap, edges + gap)
        outside = total[-1] - within(edges[:, 0], edges[:, -1])
        empty = (within(centres - core, centres + core) < 0.2 * constants.ROW_STRENGTH * 2 * core) & expected
        score = (
            signal.sum(axis=1) - 2 * between.sum(axis=1) - outside - pitch * constants.ROW_STRENGTH * empty.sum(axis=1)
        )
        place = int(score.argmax())
        if best is None or score[place] / pitch > best[0]:
            best = float(score[place] / pitch), float(starts[place]), float(pitch)
    assert best is not None
    _, start, pitch = best
    grid = _grid(enhanced, profile, start + pitch * np.arange(count), pitch, 0.0)
    return replace(grid, middle=(top + bottom) / 2)


def _grid(enhanced: EnhancedPicture, profile: np.ndarray, centres: np.ndarray, pitch: float, lean: float) -> LaneGrid:
    """A grid in pixels of the file, with every lane centred on its signal."""
    refined = refined_centres(profile, centres, pitch) if profile.any() else centres
    factor = enhanced.factor
    borders = lane_borders(profile, refined, pitch) * factor
    return _given(enhanced, refined * factor + (factor - 1) / 2, borders, float(pitch * factor), lean)


def _given(enhanced: EnhancedPicture, centres: np.ndarray, borders: np.ndarray, pitch: float, lean: float) -> LaneGrid:
    """A grid that is certain, from centres, borders and pitch in pixels of the file."""
    middle = enhanced.strength.shape[0] * enhanced.factor / 2
    return LaneGrid(
        centres, borders, lean, middle, pitch, margin=float(len(centres)), filled=1.0, outside=0.0, doubt=""
    )
