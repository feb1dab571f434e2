"""Dips of a trace: negative peaks that stand between level stretches, and the void's, with the climb out of them."""

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration.extrema import edges_of
from ketaflow.assays.microdialysis.integration.preprocessing import Outline

# A dip this many times deeper than the ripple is a negative peak if, within so many widths on either side, the trace is
# level for a width, to within the first fraction of the dip's depth, at heights that differ by no more than the second.
DIP_RIPPLES = 20.0
DIP_REACH_WIDTHS = 6.0
DIP_LEVEL = 0.1
DIP_UNEVEN = 0.5
# Beside a peak this many times taller, and as deep as this fraction of the whole trace, it is the void.
VOID_FACTOR = 2.0
VOID_DEPTH = 0.02
# A dip below the lower quartile by this many times the distance from the 5th percentile, so many widths from a peak
# taller than it is deep, is the void, and no baseline; nor is the climb out of it, until the signal changes over a
# width by less than this fraction of the depth.
DIP_FACTOR = 4.0
VOID_WIDTHS = 3.0
RISE_FRACTION = 0.02


def negative_peaks(trace: Outline, half: int) -> list[tuple[int, int]]:
    """(start, stop) of the dips that stand between two level stretches of the trace, each a width long: negative peaks.

    A span runs from middle to middle of these, as the feet of a dip reach into them. A low place between two peaks has
    no such stretches beside it.
    """
    smooth, stride = trace.smooth, max(1, half // 2)
    bottoms = find_peaks(-smooth, prominence=DIP_RIPPLES * trace.ripple)[0]
    if not len(bottoms) or len(smooth) < 4 * half:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(smooth, 2 * half)[::stride]
    level, spread = windows.mean(axis=1), np.ptp(windows, axis=1)
    starts = stride * np.arange(len(level))
    reach, spans = int(DIP_REACH_WIDTHS * 2 * half), []
    for bottom in bottoms.tolist():
        flat = spread < DIP_LEVEL * (level - smooth[bottom])
        left = np.flatnonzero(flat & (starts + 2 * half <= bottom) & (starts >= bottom - reach))
        right = np.flatnonzero(flat & (starts >= bottom) & (starts + 2 * half <= bottom + reach))
        if len(left) and len(right):
            sides = level[[left[-1], right[0]]]
            depth, near = sides.min() - smooth[bottom], smooth[max(bottom - reach, 0) : bottom + reach]
            void = near.max() - sides.min() > VOID_FACTOR * depth and depth > VOID_DEPTH * np.ptp(smooth)
            if np.ptp(sides) < DIP_UNEVEN * depth and not void:
                spans.append((int(starts[left[-1]]) + half, int(starts[right[0]]) + half))
    return [(start, stop) for start, stop in spans if stop > start]


def after_dips(smooth: np.ndarray, width_points: float) -> np.ndarray:
    """(n_points,) bool: what can carry a baseline; the void's dips, the fall into and the rise out of them cannot."""
    low, quarter = np.quantile(smooth, [0.05, 0.25])
    fence = quarter - DIP_FACTOR * max(quarter - low, 1e-3 * np.ptp(smooth))
    usable = np.ones(len(smooth), bool)
    reach = int(VOID_WIDTHS * width_points)
    for start, stop in zip(*edges_of(smooth < fence), strict=True):
        depth = quarter - smooth[start:stop].min()
        if smooth[max(start - reach, 0) : stop + reach].max() - quarter > depth:
            level = RISE_FRACTION * (depth - quarter + fence)
            bottom = start + int(smooth[start:stop].argmin())
            fall = _climb(smooth[bottom::-1], bottom - start, width_points, level)
            high = np.flatnonzero(smooth[bottom::-1] > quarter)
            first = bottom - min(fall, high[0] if len(high) else bottom)
            usable[first : bottom + _climb(smooth[bottom:], stop - 1 - bottom, width_points, level)] = False
    return usable


def _climb(outward: np.ndarray, crossing: int, width_points: float, level: float) -> int:
    """Points from the bottom of a dip, past ``crossing``, to where the climb out of it is over.

    That is where the signal changes, over one peak width, by less than ``level``, or where the climb slackens before
    it steepens again: there the flank of a peak begins.
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
