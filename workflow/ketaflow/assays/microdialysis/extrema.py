"""Maxima of a trace, how far they stand out, how wide they are; and the smoothing before they are sought.

Written out here in a few lines of numpy, as importing scipy.signal takes longer than measuring an animal.
"""

import numpy as np

# The smoothing kernel reaches so many times its sigma.
KERNEL_REACH = 4.0
# The typical width is that of so many peaks at most; smaller ones than these fractions of the trace, or so many times
# its noise, have no say.
WIDTH_PEAKS = 10
WIDTH_FRACTION = 0.005
WIDTH_NOISES = 6.0
# Two or three touching peaks together are no wider than so many times one of them.
BOWED_FACTOR = 4.0


def smoothed(signal: np.ndarray, sigma_points: float) -> np.ndarray:
    """The signal under a Gaussian kernel; its ends are mirrored."""
    reach = min(int(np.ceil(KERNEL_REACH * sigma_points)), len(signal) - 1)
    kernel = np.exp(-((np.arange(-reach, reach + 1) / sigma_points) ** 2) / 2)
    return np.convolve(np.pad(signal, reach, mode="symmetric"), kernel / kernel.sum(), mode="valid")


def maxima(signal: np.ndarray) -> np.ndarray:
    """Indices of the local maxima; the middle of a flat one. The ends are none."""
    steps = np.flatnonzero(np.diff(signal))
    if len(steps) < 2:
        return np.empty(0, int)
    rising = signal[steps + 1] > signal[steps]
    tops = np.flatnonzero(rising[:-1] & ~rising[1:])
    return (steps[tops] + 1 + steps[tops + 1]) // 2


def prominences(signal: np.ndarray, tops: np.ndarray) -> np.ndarray:
    """How far each maximum stands above the higher of the lowest points that part it from higher ones (or the ends)."""
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
    """For each maximum the lowest value since the last higher one; ``before`` holds the lowest since its neighbour."""
    standing: list[tuple[float, float]] = []
    lowest = []
    for height, low in zip(heights, before, strict=True):
        while standing and standing[-1][0] <= height:
            low = min(low, standing.pop()[1])
        standing.append((height, low))
        lowest.append(low)
    return lowest


def prominent(signal: np.ndarray, least: float) -> np.ndarray:
    """Indices of the maxima that stand out by ``least`` or more."""
    tops = maxima(signal)
    return tops[prominences(signal, tops) >= least]


def crossings(height: np.ndarray, apex: int, level: float) -> tuple[float, float]:
    """Positions left and right of the apex where the height falls to a level; the ends where it never does."""
    below_left = np.flatnonzero(height[: apex + 1] < level)
    below_right = np.flatnonzero(height[apex:] < level)
    left, right = 0.0, float(len(height) - 1)
    if len(below_left):
        i = below_left[-1]
        left = i + (level - height[i]) / (height[i + 1] - height[i])
    if len(below_right):
        i = apex + below_right[0]
        right = i - (level - height[i]) / (height[i - 1] - height[i])
    return left, right


def typical_width(signal: np.ndarray) -> float:
    """Width at half height of the trace's typical peak (samples): the median of its most prominent ones.

    Wider peaks are sought again in a smoother trace, as noise splits them.
    """
    noise = 1.4826 * float(np.median(np.abs(np.diff(signal, 2)))) / np.sqrt(6)
    width = 0.0
    for sigma in (2.0, None):
        smooth = smoothed(signal, sigma or max(width / 10, 2.0))
        tops = maxima(smooth)
        stand_out = prominences(smooth, tops)
        least = max(WIDTH_FRACTION * np.ptp(smooth), WIDTH_NOISES * noise)
        chosen = np.argsort(-stand_out, kind="stable")[: 2 * WIDTH_PEAKS]
        chosen = chosen[stand_out[chosen] >= least]
        widths = [
            _width(smooth, top, height / 2, tops[chosen])
            for top, height in zip(tops[chosen], stand_out[chosen], strict=True)
        ]
        wide = [one for one in widths if one >= 3][:WIDTH_PEAKS]
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
        if right - left > BOWED_FACTOR * (own[1] - own[0]):
            left, right = own
    return right - left
