"""Places of a trace that are level beside its peaks, and the range of areas that such places leave open.

A filtered detector drifts in slow waves that exceed its noise many times. Whether a place is level is therefore judged
by the peaks beside it, over several of their widths, and not by the noise.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.signal import find_peaks, peak_prominences, peak_widths

from ketaflow.assays.microdialysis.integration import constants
from ketaflow.assays.microdialysis.model import Peak


@dataclass(frozen=True)
class _Stretches:
    """Straight lines fitted to stretches of a trace: mean, rise from end to end and scatter of each (n_stretches,)."""

    mean: np.ndarray
    rise: np.ndarray
    scatter: np.ndarray
    covered: np.ndarray


class StretchSums:
    """Running sums of a trace, from which a line through any stretch follows at once.

    Parameters
    ----------
    height : (n_points,) float
        The trace above a line.
    counted : (n_points,) bool, optional
        Samples that count; all by default.
    """

    def __init__(self, height: np.ndarray, counted: np.ndarray | None = None) -> None:
        place, *counts = _place_sums(len(height))
        if counted is not None:
            counts = [_running_sum(counted * place**power) for power in range(3)]
            height = counted * height
        values = (height, place * height, height**2)
        self._sums = [*counts, *(_running_sum(value) for value in values)]

    def lines(self, first: np.ndarray, stop: np.ndarray) -> _Stretches:
        """Fit a line to each of many stretches of a signal at once.

        Parameters
        ----------
        first, stop : (n_stretches,) int
            First sample of each stretch, and the sample after its last.

        Returns
        -------
        named tuple of (n_stretches,) float
            Mean and rise of each line (unit of the signal), SD of the samples about it, and the share of its samples
            that count.
        """
        count, x, xx, y, xy, yy = (one[stop] - one[first] for one in self._sums)
        covered = count / np.maximum(stop - first, 1)
        count = np.maximum(count, 1.0)
        spread = np.maximum(xx - x * x / count, 1.0)
        slope = (xy - x * y / count) / spread
        left = np.maximum(yy - y * y / count - slope**2 * spread, 0.0)
        return _Stretches(y / count, slope * (stop - first), np.sqrt(left / count), covered)


@lru_cache(maxsize=16)
def _place_sums(count: int) -> tuple[np.ndarray, ...]:
    """Places of samples, and the running sums of their powers 0, 1 and 2; the same for all traces of a length."""
    place = np.arange(count, dtype=float)
    return place, *(_running_sum(place**power) for power in range(3))


def _running_sum(values: np.ndarray) -> np.ndarray:
    """(n_points + 1,) sum of all values before each."""
    return np.concatenate([[0.0], np.cumsum(values)])


def level_places(height: np.ndarray, half: int, ripple: float) -> np.ndarray:
    """Find the places that are level over several widths of the peaks beside them.

    Parameters
    ----------
    height : (n_points,) float
        The smoothed trace above the line found so far.
    half : int
        Half the typical width of a peak (samples).
    ripple : float
        Ripple of the trace (unit of the signal).

    Returns
    -------
    (n_points,) bool
        True in the middle of stretches of ``LEVEL_WIDTHS`` widths of the wider neighbour that rise and scatter by less
        than ``LEVEL_FRACTION`` of the lower one.
    """
    count = len(height)
    inside = np.zeros(count, bool)
    tops = find_peaks(height, prominence=constants.VISIBLE_RIPPLES * ripple)[0] if ripple > 0 else np.empty(0, int)
    if not len(tops):
        return inside
    prominence = peak_prominences(height, tops)
    widths = peak_widths(height, tops, rel_height=0.5, prominence_data=prominence)[0]
    middles = np.arange(0, count, max(1, half // 2))
    lower, wide = _neighbours(middles, tops, prominence[0], widths, constants.NEARBY_WIDTHS * 2 * half)
    bumps = prominence[0] < constants.BUMP_FRACTION * lower[np.abs(tops[:, None] - middles).argmin(axis=1)]
    wide = np.maximum(wide, 2 * half)
    reach = np.minimum(constants.LEVEL_WIDTHS / 2 * wide, count).astype(int)
    usable = (middles >= reach) & (middles + reach < count) & (lower > 0)
    middles, lower, wide, reach = middles[usable], lower[usable], wide[usable], reach[usable]
    found = StretchSums(height, ~_around(tops[bumps], widths[bumps], count)).lines(middles - reach, middles + reach + 1)
    allowed = constants.LEVEL_FRACTION * lower
    level = (found.scatter < allowed / 2) & (np.abs(found.rise) < allowed) & (found.covered > constants.LEVEL_COVERED)
    kept = np.maximum(reach - wide.astype(int), half)[level]
    edges = np.zeros(count + 1, int)
    np.add.at(edges, np.maximum(middles[level] - kept, 0), 1)
    np.add.at(edges, np.minimum(middles[level] + kept, count), -1)
    return (np.cumsum(edges[:-1]) > 0) & ~_around(tops, constants.CLEAR_WIDTHS * widths, count)


def _neighbours(
    middles: np.ndarray, tops: np.ndarray, heights: np.ndarray, widths: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Of the tallest peak on each side within reach: the lower height and the larger width; 0 where there is none."""
    lower, wide = np.full(len(middles), np.inf), np.zeros(len(middles))
    apart = tops[None, :] - middles[:, None]
    for side in (1, -1):
        near = np.where((side * apart >= 0) & (side * apart <= reach), heights, 0.0)
        tallest = near.argmax(axis=1)
        there = near.max(axis=1) > 0
        lower = np.where(there, np.minimum(lower, heights[tallest]), lower)
        wide = np.where(there, np.maximum(wide, widths[tallest]), wide)
    return np.where(np.isfinite(lower), lower, 0.0), wide


def _around(tops: np.ndarray, widths: np.ndarray, count: int) -> np.ndarray:
    """(count,) bool: within the given distances of the maxima."""
    edges = np.zeros(count + 1, int)
    np.add.at(edges, np.maximum(tops - widths, 0).astype(int), 1)
    np.add.at(edges, np.minimum(tops + widths + 1, count).astype(int), -1)
    return np.cumsum(edges[:-1]) > 0


def area_ranges(
    time_min: np.ndarray, smooth: np.ndarray, line: np.ndarray, found: list[Peak], ripple: float
) -> list[tuple[float, float]]:
    """Find how far the area of each peak depends on the baseline.

    Parameters
    ----------
    time_min, smooth, line : (n_points,) float
        Times (minutes), the smoothed trace, and its baseline (unit of the signal).
    found : list of Peak
        The peaks.
    ripple : float
        Ripple of the trace (unit of the signal).

    Returns
    -------
    list of (float, float)
        Lowest and highest area (signal x s) under admissible lines. A line is admissible if each of its ends is on the
        baseline, on the nearest place beside the peak that is level over one width, or on the height of the other end.
        So is the line from foot to foot of a peak that begins and ends far from its maximum: what is left of the signal
        there is a hump below the peak, and not the peak's own. None is higher than the trace where the peak begins or
        ends.
    """
    if not found:
        return []
    height = smooth - line
    sums = StretchSums(height)
    start, stop = (np.array([getattr(peak, end) for peak in found]) for end in ("start", "stop"))
    step_s = 60 * float(time_min[-1] - time_min[0]) / (len(time_min) - 1)
    width = np.clip([np.nan_to_num(peak.width_s / step_s) for peak in found], 3, None)
    scale = np.array([max(peak.height, 0.0) for peak in found])
    left, right = (
        _beside(sums, len(height), place, side, width, scale, ripple) for place, side in ((start, -1), (stop, 1))
    )
    feet = np.maximum(height[start], 0.0), np.maximum(height[stop], 0.0)
    tilt = line[stop] - line[start]
    ends = [
        (low, high)
        for low in (np.zeros(len(found)), left)
        for high in (np.zeros(len(found)), right)
    ] + [(left, left - tilt), (right + tilt, right)]  # fmt: skip
    length_s = 60 * (time_min[stop] - time_min[start])
    changes = np.array(
        [
            -length_s / 2 * (np.minimum(low, feet[0]) + np.minimum(high, feet[1]))
            for low, high in ends
        ]
    )  # fmt: skip
    on_hump = np.array([_stands_on_a_hump(height, peak) for peak in found])
    changes = np.vstack([changes, np.where(on_hump, -length_s / 2 * (feet[0] + feet[1]), 0.0)])
    changes = np.where(np.isfinite(changes), changes, 0.0)
    areas = np.array([peak.area for peak in found])
    return list(zip((areas + changes.min(axis=0)).tolist(), (areas + changes.max(axis=0)).tolist(), strict=True))


def _stands_on_a_hump(height: np.ndarray, peak: Peak) -> bool:
    """Whether a peak, above the line from foot to foot, is so narrow that its feet are beyond its own signal."""
    own = height[peak.start : peak.stop + 1]
    above = own - np.linspace(own[0], own[-1], len(own))
    top = peak.apex - peak.start
    width = int(np.count_nonzero(above >= above[top] / 2))
    return bool(above[top] > 0 and min(top, len(own) - 1 - top) >= constants.HUMP_WIDTHS * width)


def _beside(
    sums: StretchSums, count: int, place: np.ndarray, side: int, width: np.ndarray, scale: np.ndarray, ripple: float
) -> np.ndarray:
    """(n_peaks,) height above the line of the nearest level place on one side; NaN where there is none."""
    size = np.maximum(width, 3).astype(int)
    allowed = np.maximum(constants.LEVEL_FRACTION * scale, 3 * ripple)
    steps = np.arange(constants.BESIDE_STEPS + 1)[:, None]
    near = place + side * (steps * size / 4).astype(int)
    first = near if side > 0 else near - size
    inside = (first >= 0) & (first + size <= count)
    first = np.clip(first, 0, max(count - int(size.max()), 0))
    lines = sums.lines(first, np.minimum(first + size, count))
    good = inside & (np.abs(lines.rise) < allowed) & (lines.scatter < allowed / 2)
    nearest = good.argmax(axis=0)
    return np.where(good.any(axis=0), lines.mean[nearest, np.arange(len(place))], np.nan)
