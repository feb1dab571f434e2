"""Maxima of a trace, how far they stand out, how wide they are; smoothing, and the curves stretches are compared with.

Written out here in a few lines of numpy, as importing scipy.signal takes longer than measuring an animal.
"""

from functools import lru_cache

import numpy as np

# The smoothing kernel reaches so many times its sigma.
KERNEL_REACH = 4.0
# So few maxima are gone through one by one.
FEW_MAXIMA = 30
# A flank is followed so far at first; most peaks end sooner.
NEAR_POINTS = 128
# The typical width is that of so many peaks at most; smaller ones than these fractions of the trace, or so many times
# its noise, have no say.
WIDTH_PEAKS = 10
WIDTH_FRACTION = 0.005
WIDTH_NOISES = 6.0
# Two or three touching peaks together are no wider than so many times one of them.
BOWED_FACTOR = 4.0


@lru_cache(maxsize=64)
def parabola(count: int) -> np.ndarray:
    """(count, 3) an even, a sloping and a bending curve over ``count`` points, each of length one and at right angles.

    What a stretch of trace has of them is its mean, rise and bend.
    """
    curves = np.linalg.qr(np.vander(np.linspace(-1, 1, count), 3, increasing=True))[0]
    curves.flags.writeable = False
    return curves


def smoothed(signal: np.ndarray, sigma_points: float) -> np.ndarray:
    """The signal under a Gaussian kernel; its ends are mirrored."""
    reach = min(int(np.ceil(KERNEL_REACH * sigma_points)), len(signal) - 1)
    kernel = np.exp(-((np.arange(-reach, reach + 1) / sigma_points) ** 2) / 2)
    return np.convolve(np.pad(signal, reach, mode="symmetric"), kernel / kernel.sum(), mode="valid")


def edges_of(true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and stops of the stretches of True, stops not included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]


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


def standing_out(signal: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the maxima that stand out by ``least`` or more, and how far they do.

    A maximum beside a higher one, with no valley as deep as that between them, cannot; noise is full of such, and they
    are passed over before anything is counted.
    """
    tops = maxima(signal)
    while len(tops) > FEW_MAXIMA:
        heights = signal[tops]
        deep = heights[:-1], heights[1:], np.minimum.reduceat(signal, tops)[:-1]
        lower = np.zeros(len(tops), bool)
        lower[1:] = (deep[0] > deep[1]) & (deep[1] - deep[2] < least)
        lower[:-1] |= (deep[1] > deep[0]) & (deep[0] - deep[2] < least)
        if not lower.any():
            break
        tops = tops[~lower]
    height = prominences(signal, tops)
    return tops[height >= least], height[height >= least]


def prominent(signal: np.ndarray, least: float) -> np.ndarray:
    """Indices of the maxima that stand out by ``least`` or more."""
    return standing_out(signal, least)[0]


def crossings(height: np.ndarray, apex: int, level: float) -> tuple[float, float]:
    """Positions left and right of the apex where the height falls to a level; the ends where it never does."""
    return apex - _fall(height[apex::-1], level), apex + _fall(height[apex:], level)


def _fall(flank: np.ndarray, level: float) -> float:
    """Steps down a flank to a level, the last one in part; all of them where it does not come down so far."""
    reach = NEAR_POINTS
    below = np.flatnonzero(flank[:reach] < level)
    while not len(below) and reach < len(flank):
        reach *= 8
        below = np.flatnonzero(flank[:reach] < level)
    if not len(below):
        return float(len(flank) - 1)
    i = int(below[0])
    return i - float((level - flank[i]) / (flank[i - 1] - flank[i])) if i else 0.0


def typical_width(signal: np.ndarray) -> float:
    """Width at half height of the trace's typical peak (samples): the median of its most prominent ones.

    Wider peaks are sought again in a smoother trace, as noise splits them.
    """
    noise = 1.4826 * float(np.median(np.abs(np.diff(signal, 2)))) / np.sqrt(6)
    width = 0.0
    for sigma in (2.0, None):
        smooth = smoothed(signal, sigma or max(width / 10, 2.0))
        tops, stand_out = standing_out(smooth, max(WIDTH_FRACTION * np.ptp(smooth), WIDTH_NOISES * noise))
        chosen = np.argsort(-stand_out, kind="stable")[: 2 * WIDTH_PEAKS]
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
