"""Negative peaks between level stretches of a trace, and the dip of the void with the climb out of it."""

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration import constants
from ketaflow.assays.microdialysis.integration.preprocessing import Outline, edges_of


def negative_peaks(trace: Outline, half: int) -> list[tuple[int, int]]:
    """Find the negative peaks of a trace.

    Parameters
    ----------
    trace : Outline
        The trace.
    half : int
        Half the width of a peak (samples).

    Returns
    -------
    list of (int, int)
        Start and stop (samples). Each is in the middle of the level stretch beside the dip, as the feet of a dip reach
        into that stretch. A low place between two peaks has no such stretches beside it.
    """
    smooth, stride = trace.smooth, max(1, half // 2)
    bottoms = find_peaks(-smooth, prominence=constants.DIP_RIPPLES * trace.ripple)[0]
    if not len(bottoms) or len(smooth) < 4 * half:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(smooth, 2 * half)[::stride]
    level, spread = windows.mean(axis=1), np.ptp(windows, axis=1)
    starts = stride * np.arange(len(level))
    reach, spans = int(constants.DIP_REACH_WIDTHS * 2 * half), []
    for bottom in bottoms.tolist():
        flat = spread < constants.DIP_LEVEL_FRACTION * (level - smooth[bottom])
        left = np.flatnonzero(flat & (starts + 2 * half <= bottom) & (starts >= bottom - reach))
        right = np.flatnonzero(flat & (starts >= bottom) & (starts + 2 * half <= bottom + reach))
        if len(left) and len(right):
            sides = level[[left[-1], right[0]]]
            depth, near = sides.min() - smooth[bottom], smooth[max(bottom - reach, 0) : bottom + reach]
            void = (
                near.max() - sides.min() > constants.VOID_HEIGHT_FACTOR * depth
                and depth > constants.VOID_DEPTH_FRACTION * np.ptp(smooth)
            )
            if np.ptp(sides) < constants.DIP_UNEVEN_FRACTION * depth and not void:
                spans.append((int(starts[left[-1]]) + half, int(starts[right[0]]) + half))
    return [(start, stop) for start, stop in spans if stop > start]


def after_dips(smooth: np.ndarray, width_points: float) -> np.ndarray:
    """Find the samples that can carry a baseline.

    Parameters
    ----------
    smooth : (n_points,) float
        The smoothed trace.
    width_points : float
        Width of a peak at half height (samples).

    Returns
    -------
    (n_points,) bool
        False in the dips of the void, in the fall into them and in the climb out of them.
    """
    low, quarter = np.quantile(smooth, [0.05, 0.25])
    fence = quarter - constants.VOID_QUARTILE_FACTOR * max(quarter - low, 1e-3 * np.ptp(smooth))
    usable = np.ones(len(smooth), bool)
    reach = int(constants.VOID_REACH_WIDTHS * width_points)
    for start, stop in zip(*edges_of(smooth < fence), strict=True):
        depth = quarter - smooth[start:stop].min()
        if smooth[max(start - reach, 0) : stop + reach].max() - quarter > depth:
            level = constants.VOID_RISE_FRACTION * (depth - quarter + fence)
            bottom = start + int(smooth[start:stop].argmin())
            fall = _climb(smooth[bottom::-1], bottom - start, width_points, level)
            high = np.flatnonzero(smooth[bottom::-1] > quarter)
            first = bottom - min(fall, high[0] if len(high) else bottom)
            usable[first : bottom + _climb(smooth[bottom:], stop - 1 - bottom, width_points, level)] = False
    return usable


def _climb(outward: np.ndarray, crossing: int, width_points: float, level: float) -> int:
    """Samples from the bottom of a dip, past ``crossing``, to the end of the climb out of it.

    The climb ends where the signal changes over one width by less than ``level``, or where it slackens before it
    steepens again: the flank of a peak begins there.
    """
    if len(outward) - crossing < 3:
        return len(outward) - 1
    climb = np.gradient(outward) * width_points
    steepest, climb = climb[: crossing + 1].max(), climb[crossing:]
    over = np.flatnonzero(climb < level)
    stop = int(over[0]) if len(over) else len(climb) - 1
    slack = np.flatnonzero(climb < np.maximum(steepest, np.maximum.accumulate(climb)) - level)
    if len(slack):
        rest = climb[slack[0] :]
        again = np.flatnonzero(rest > np.minimum.accumulate(rest) + level)
        if len(again):
            stop = min(stop, int(slack[0] + np.argmin(rest[: again[0]])))
    return crossing + stop
