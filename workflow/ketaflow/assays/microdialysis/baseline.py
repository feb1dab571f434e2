"""Where the baseline runs: the noise of a trace, its flat stretches, and the line under its peaks.

The drop-line baseline is the lower hull of the trace between flat stretches: one straight line under a
cluster of peaks, as the instruments' own software draws it (it reproduces LabSolutions areas; curved
baselines differ by 3 to 40 %), bent only where the trace itself goes lower.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

# A stretch is flat where its slope, over one peak width, changes the signal by less than this many times the noise
# or this fraction of the tallest peak nearby. Chosen on traces with and without drift; unverified elsewhere.
FLAT_NOISES = 3.0
FLAT_FRACTION = 0.0005
FLAT_WIDTHS = 1.5
# A dip below the lower quartile by this many times the distance from the 5th percentile is no baseline: the void.
DIP_FACTOR = 4.0
RISE_FRACTION = 0.02


def noise_sd(signal: np.ndarray, width_points: float) -> float:
    """Noise of a trace: the standard deviation about a parabola, in its quieter stretches of one peak width.

    The lower fifth of all stretches is taken, as peaks fill the others; 1.15 makes up for that choice in white noise.
    """
    length = int(np.clip(width_points, 10, max(10, len(signal) // 8)))
    count = len(signal) // length
    blocks = signal[: count * length].reshape(count, length)
    curves = np.linalg.qr(np.vander(np.linspace(-1, 1, length), 3))[0]
    rest = blocks - (blocks @ curves) @ curves.T
    return float(1.15 * np.quantile(np.sqrt((rest**2).sum(axis=1) / (length - 3)), 0.2))


def flat_stretches(smooth: np.ndarray, width_points: float, noise: float, tallness: np.ndarray) -> np.ndarray:
    """(n_points,) bool: where the trace runs level for longer than a peak is wide.

    ``tallness`` is the height of the tallest peak nearby, point by point: what is level beside a tall peak may be
    a slope beside a small one.
    """
    change = np.abs(np.gradient(gaussian_filter1d(smooth, width_points / 4))) * width_points
    level = change < np.maximum(FLAT_NOISES * noise, FLAT_FRACTION * tallness)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], level.astype(np.int8), [0]])))
    flat = np.zeros(len(smooth), bool)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        flat[start:stop] = stop - start >= FLAT_WIDTHS * width_points
    return flat


def after_dips(smooth: np.ndarray, width_points: float) -> np.ndarray:
    """(n_points,) bool: what can carry a baseline; the void's dips and the rise out of them cannot.

    A rise is over where the signal changes, over one peak width, by less than a fiftieth of the dip's depth.
    """
    low, quarter = np.quantile(smooth, [0.05, 0.25])
    fence = quarter - DIP_FACTOR * max(quarter - low, 1e-3 * np.ptp(smooth))
    usable = smooth >= fence
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (~usable).astype(np.int8), [0]])))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        rise = np.gradient(smooth[stop - 1 :]) * width_points if stop < len(smooth) - 1 else np.empty(0)
        over = np.flatnonzero(rise < RISE_FRACTION * (fence - smooth[start:stop].min()))
        usable[stop : stop + (over[0] if len(over) else 0)] = False
    return usable


def lower_hull(index: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Positions (within ``index``) of the lower convex hull of a curve."""
    hull: list[int] = []
    xs, ys = index.tolist(), values.tolist()
    for k in range(len(xs)):
        while len(hull) > 1:
            i, j = hull[-2], hull[-1]
            if (ys[j] - ys[i]) * (xs[k] - xs[i]) < (ys[k] - ys[i]) * (xs[j] - xs[i]):
                break
            hull.pop()
        hull.append(k)
    return np.array(hull)


def drop_line(smooth: np.ndarray, flat: np.ndarray, usable: np.ndarray, width_points: float) -> np.ndarray:
    """The baseline under a whole trace: through its flat stretches, and the lower hull between them. (n_points,)."""
    baseline = np.array(smooth, float)
    step = max(1, int(width_points / 8))
    walls = np.flatnonzero(np.diff(np.concatenate([[0], (usable & ~flat).astype(np.int8), [0]])))
    for start, stop in zip(walls[::2], walls[1::2], strict=True):
        first, last = max(start - 1, 0), min(stop, len(smooth) - 1)
        if not usable[first]:
            first = start
        if not usable[last]:
            last = stop - 1
        inner = np.arange(first, last + 1)
        picked = _block_minima(smooth, first, last, step)
        corners = picked[lower_hull(picked, smooth[picked])]
        baseline[inner] = np.interp(inner, corners, smooth[corners])
    return np.minimum(baseline, smooth)


def _block_minima(values: np.ndarray, first: int, last: int, step: int) -> np.ndarray:
    """Indices of the lowest point of every block, with both ends: a hull needs no more."""
    count = (last - first) // step
    if count < 3:
        return np.arange(first, last + 1)
    blocks = values[first : first + count * step].reshape(count, step)
    lowest = first + np.arange(count) * step + blocks.argmin(axis=1)
    return np.unique(np.concatenate([[first], lowest, np.arange(first + count * step, last), [last]]))


def tallest_nearby(height: np.ndarray, reach: int) -> np.ndarray:
    """The largest value within ``reach`` points of each point."""
    return -minimum_filter1d(-height, 2 * reach + 1)
