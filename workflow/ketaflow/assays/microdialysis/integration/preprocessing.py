"""The outline of a trace: smoothed versions of it, the prominences and widths of its maxima, and its noise.

Maxima are found by ``scipy.signal.find_peaks``. Prominences are computed here for maxima that were found in another
version of the trace (before drift was removed, or at a higher sampling rate): ``scipy.signal.peak_prominences`` takes
maxima of the trace it is given only.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration import constants


@dataclass(frozen=True)
class Outline:
    """A trace with what is needed to search it.

    Attributes
    ----------
    signal, smooth, light : (n_points,) float
        The trace as recorded, smoothed, and lightly smoothed (for valleys).
    width : float
        Width of its peaks at half height (samples).
    noise, ripple : float
        Standard deviation of the noise; the same, or slower fluctuation where that is larger.
    drift : (n_points,) float or 0
        The drift that was subtracted from the three traces.
    """

    signal: np.ndarray
    smooth: np.ndarray
    light: np.ndarray
    width: float
    noise: float
    ripple: float
    drift: np.ndarray | float = 0.0

    def less(self, drift: np.ndarray) -> "Outline":
        """Subtract a slow drift.

        Parameters
        ----------
        drift : (n_points,) float
            In the unit of the signal.

        Returns
        -------
        Outline
            The trace above the drift; the drift is kept beside it.
        """
        return replace(
            self, signal=self.signal - drift, smooth=self.smooth - drift, light=self.light - drift, drift=drift
        )

    def thinned(self, factor: int) -> "Outline":
        """Average groups of samples.

        Parameters
        ----------
        factor : int
            Samples per mean; an incomplete last group is left out.

        Returns
        -------
        Outline
            With the noise of the means.
        """
        signal, smooth, light = (
            one[: len(one) // factor * factor].reshape(-1, factor).mean(axis=1)
            for one in (self.signal, self.smooth, self.light)
        )
        return _described(signal, smooth, light, self.width / factor)


def outlined(signal: np.ndarray, width_points: float = 0.0) -> Outline:
    """Make the outline of a trace.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.
    width_points : float
        Width of its peaks at half height (samples); 0 estimates it.

    Returns
    -------
    Outline
        The trace, smoothed twice, with the width of its peaks (samples) and its noise.
    """
    width = width_points or typical_width(signal)
    smooth = smoothed(signal, max(constants.SMOOTHING_WIDTHS * width, 0.5))
    light = smoothed(signal, max(constants.LIGHT_SMOOTHING_WIDTHS * width, 0.5))
    return _described(signal, smooth, light, width)


def _described(signal: np.ndarray, smooth: np.ndarray, light: np.ndarray, width: float) -> Outline:
    noise = noise_sd(signal, width)
    return Outline(signal, smooth, light, width, noise, max(noise, ripple_sd(signal, width)))


def noise_sd(signal: np.ndarray, width_points: float) -> float:
    """Estimate the noise of a trace.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.
    width_points : float
        Width of a peak (samples).

    Returns
    -------
    float
        Standard deviation about a parabola within stretches of one width: the lower fifth of all stretches, as peaks
        fill the others. A factor of 1.15 corrects for that choice in white noise.
    """
    return 1.15 * _rest_sd(signal, width_points, 0.2)


def ripple_sd(signal: np.ndarray, width_points: float) -> float:
    """Estimate the ripple of a trace, such as that of a pump or lamp.

    Parameters
    ----------
    signal : (n_points,) float
        The trace.
    width_points : float
        Width of a peak (samples).

    Returns
    -------
    float
        Standard deviation about a parabola within stretches of three widths: the quietest twentieth of all stretches.
    """
    return _rest_sd(signal, constants.RIPPLE_WIDTHS * width_points, 0.05)


def _rest_sd(signal: np.ndarray, length_points: float, share: float) -> float:
    """Standard deviation about a parabola within overlapping stretches of a length: the given quantile of all."""
    length = int(np.clip(length_points, 10, max(10, len(signal) // 8)))
    blocks = np.lib.stride_tricks.sliding_window_view(signal, length)[:: max(1, length // 3)]
    curves = parabola(length)
    rest = blocks - (blocks @ curves) @ curves.T
    return float(np.quantile(np.sqrt((rest**2).sum(axis=1) / (length - 3)), share))


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
        The trace after smoothing, in its own unit.
    """
    return gaussian_filter1d(signal, sigma_points)


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
    below = flank < level
    i = int(below.argmax())
    if not below[i]:
        return float(len(flank) - 1)
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
