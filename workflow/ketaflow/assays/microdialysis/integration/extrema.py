"""Prominences and widths of the maxima of a trace; smoothing, and the parabolas that stretches are compared with.

Maxima are found by ``scipy.signal.find_peaks``. Prominences are computed here for maxima that were found in another
version of the trace (before drift was removed, or at a higher sampling rate): ``scipy.signal.peak_prominences`` refuses
samples that are no maxima of the trace it is given.
"""

from functools import lru_cache

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration import constants


@lru_cache(maxsize=64)
def parabola(count: int) -> np.ndarray:
    """Return orthonormal polynomials of degree 0, 1 and 2.

    Parameters
    ----------
    count : int
        Number of points.

    Returns
    -------
    (count, 3) float
        The product of a stretch of trace with them gives its mean, rise and bend. Read-only.
    """
    curves = np.linalg.qr(np.vander(np.linspace(-1, 1, count), 3, increasing=True))[0]
    curves.flags.writeable = False
    return curves


def smoothed(signal: np.ndarray, sigma_points: float) -> np.ndarray:
    """Smooth a signal with a Gaussian kernel.

    Parameters
    ----------
    signal : (n_points,) float
        The trace; its ends are mirrored.
    sigma_points : float
        Standard deviation of the kernel (samples).

    Returns
    -------
    (n_points,) float
    """
    reach = min(int(np.ceil(constants.KERNEL_REACH_SIGMAS * sigma_points)), len(signal) - 1)
    kernel = np.exp(-((np.arange(-reach, reach + 1) / sigma_points) ** 2) / 2)
    return np.convolve(np.pad(signal, reach, mode="symmetric"), kernel / kernel.sum(), mode="valid")


def edges_of(true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the stretches in which a condition holds.

    Parameters
    ----------
    true : (n_points,) bool
        The condition.

    Returns
    -------
    starts, stops : (n_stretches,) int
        First sample of each stretch, and the sample after its last.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]


def prominences(signal: np.ndarray, tops: np.ndarray) -> np.ndarray:
    """Compute how far maxima rise above the higher of the lowest points that separate them from higher ones.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.
    tops : (n_tops,) int
        Samples of the maxima, in increasing order.

    Returns
    -------
    (n_tops,) float
        In the unit of the trace. The ends of the trace count as higher.
    """
    if not len(tops):
        return np.empty(0)
    edges = np.concatenate([[0], tops])
    before = np.minimum.reduceat(signal, edges)[: len(tops)].tolist()
    after = [*before[1:], float(signal[tops[-1] :].min())]
    heights = signal[tops].tolist()
    left = _lowest_since_higher(heights, before)
    right = _lowest_since_higher(heights[::-1], after[::-1])[::-1]
    return np.array(heights) - np.maximum(left, right)


def _lowest_since_higher(heights: list[float], before: list[float]) -> list[float]:
    """Lowest value since the last higher maximum; ``before`` holds the lowest since the neighbouring one."""
    standing: list[tuple[float, float]] = []
    lowest = []
    for height, low in zip(heights, before, strict=True):
        while standing and standing[-1][0] <= height:
            low = min(low, standing.pop()[1])
        standing.append((height, low))
        lowest.append(low)
    return lowest


def crossings(height: np.ndarray, apex: int, level: float) -> tuple[float, float]:
    """Find where a peak falls to a level on both sides of its maximum.

    Parameters
    ----------
    height : (n_points,) float
        The trace above its baseline.
    apex : int
        Sample of the maximum.
    level : float
        Level to reach, in the unit of the trace.

    Returns
    -------
    left, right : float
        Positions (samples, interpolated); the ends of the trace where it does not fall so far.
    """
    return apex - _fall(height[apex::-1], level), apex + _fall(height[apex:], level)


def _fall(flank: np.ndarray, level: float) -> float:
    """Steps down a flank to a level, the last one in part; all of them where it does not come down so far."""
    reach = constants.FIRST_FLANK_POINTS
    below = np.flatnonzero(flank[:reach] < level)
    while not len(below) and reach < len(flank):
        reach *= 8
        below = np.flatnonzero(flank[:reach] < level)
    if not len(below):
        return float(len(flank) - 1)
    i = int(below[0])
    return i - float((level - flank[i]) / (flank[i - 1] - flank[i])) if i else 0.0


def typical_width(signal: np.ndarray) -> float:
    """Estimate the width of a trace's peaks.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.

    Returns
    -------
    float
        Median width at half height of the most prominent peaks (samples). Wider peaks are searched again in a smoother
        trace, as noise splits them.
    """
    noise = 1.4826 * float(np.median(np.abs(np.diff(signal, 2)))) / np.sqrt(6)
    width = 0.0
    for sigma in (2.0, None):
        smooth = smoothed(signal, sigma or max(width / 10, 2.0))
        least = max(constants.WIDTH_PEAK_FRACTION * np.ptp(smooth), constants.WIDTH_PEAK_NOISES * noise)
        tops, found = find_peaks(smooth, prominence=least)
        stand_out = found["prominences"]
        chosen = np.argsort(-stand_out, kind="stable")[: 2 * constants.WIDTH_PEAKS]
        widths = [
            _width(smooth, top, height / 2, tops[chosen])
            for top, height in zip(tops[chosen], stand_out[chosen], strict=True)
        ]
        wide = [one for one in widths if one >= 3][: constants.WIDTH_PEAKS]
        width = float(np.clip(np.median(wide), 5, len(signal) / 10)) if wide else max(len(signal) / 100, 5.0)
    return width


def _width(smooth: np.ndarray, top: int, half: float, tops: np.ndarray) -> float:
    """Width of a maximum at half the height it stands out by.

    The highest of a drift that bows is as wide as the bow: above its own valleys it is much narrower, and counts so.
    """
    left, right = crossings(smooth, top, smooth[top] - half)
    before, after = tops[tops < top].max(initial=0), tops[tops > top].min(initial=len(smooth) - 1)
    if before > left or after < right:
        foot = max(smooth[before : top + 1].min(), smooth[top : after + 1].min())
        own = crossings(smooth, top, (smooth[top] + foot) / 2)
        if right - left > constants.BOW_WIDTH_FACTOR * (own[1] - own[0]):
            left, right = own
    return right - left
