"""Where the baseline runs: the places where a trace lies bare, and the line under its peaks.

The drop-line baseline joins the places where the trace, over the width of a peak, is straight: one straight line under
a cluster of peaks, as the instruments' own software draws it (it reproduces LabSolutions areas; curved baselines differ
by 3 to 40 %), bent only where the trace itself goes lower. Between two peaks of a crowded run the bare place may be no
longer than a peak is wide; its height is the mean of the trace there, so that noise does not pull the line down.
"""

import numpy as np

from ketaflow.assays.microdialysis.outline import Outline

# A place is straight where a parabola through it, one peak width long, bends by less than this many of its own standard
# errors, or by this fraction of the tallest peak nearby; level where it rises or falls no more than that, either. These
# numbers were chosen on drawn and real traces; unverified elsewhere.
BARE_ERRORS = 3.0
BARE_FRACTION = 0.0005
NEARBY_WIDTHS = 6.0
# A level place is baseline where it lies no higher above the line through the others than this fraction of the lower of
# the peaks beside it, or so many times the noise: else it is a saddle. Level for so many widths more it is none.
LOW_FRACTION = 0.03
LOW_NOISES = 4.0
LONG_WIDTHS = 2.0
# Straight for as long it is baseline at any slope, up to this fraction of the lower peak; and at any height if so long.
SLOPING_FRACTION = 0.35
ENDLESS_WIDTHS = 6.0
# Half as long will do where, over one width, it rises or falls by no more than this fraction of the lower peak.
GENTLE_WIDTHS = 1.0
GENTLE_FRACTION = 0.02
# The line is found again from the places it shows, so many times: drift counts as straight once it is taken off.
ROUNDS = 3
# The line bends down where the trace passes under it by so many times the noise.
UNDER_NOISES = 3.0
# A dip below the lower quartile by this many times the distance from the 5th percentile is no baseline: the void.
DIP_FACTOR = 4.0
RISE_FRACTION = 0.02


def edges_of(true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and stops of the stretches of True, stops not included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]


def after_dips(smooth: np.ndarray, width_points: float) -> np.ndarray:
    """(n_points,) bool: what can carry a baseline; the void's dips and the rise out of them cannot.

    A rise is over where the signal changes, over one peak width, by less than a fiftieth of the dip's depth.
    """
    low, quarter = np.quantile(smooth, [0.05, 0.25])
    fence = quarter - DIP_FACTOR * max(quarter - low, 1e-3 * np.ptp(smooth))
    usable = smooth >= fence
    for start, stop in zip(*edges_of(~usable), strict=True):
        rise = np.gradient(smooth[stop - 1 :]) * width_points if stop < len(smooth) - 1 else np.empty(0)
        over = np.flatnonzero(rise < RISE_FRACTION * (fence - smooth[start:stop].min()))
        usable[stop : stop + (over[0] if len(over) else 0)] = False
    return usable


def drop_line(trace: Outline, apexes: np.ndarray) -> np.ndarray:
    """The baseline under a whole trace: through its bare places, straight or bent down between them. (n_points,).

    ``apexes`` are the indices of its peaks.
    """
    half = int(max(2, round(trace.width / 2)))
    usable = after_dips(trace.smooth, trace.width)
    free = usable.copy()
    for apex in apexes:
        free[max(apex - 2 * half, 0) : apex + 2 * half + 1] = False
    line = _hung(trace.light, np.array([], int), np.array([]), usable, half, trace.noise)
    for _ in range(ROUNDS):
        mean, straight, level = bare_places(trace.signal - line, trace.smooth - line, half, trace.noise)
        places = _trusted(straight & free, level & free, mean, (trace.smooth - line)[apexes], apexes, half, trace.noise)
        line = _hung(trace.light, places, mean[places] + line[places], usable, half, trace.noise)
    return line


def bare_places(
    rest: np.ndarray, height: np.ndarray, half: int, noise: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of a window of one peak width round each point; whether the trace is straight in it; and level, too.

    ``rest`` is the trace less the line so far, ``height`` the same smoothed.
    """
    k = np.arange(-half, half + 1)
    count = len(k)
    curves = np.linalg.qr(np.stack([np.ones(count), k, k**2], axis=1).astype(float))[0]
    padded = np.pad(rest, half, mode="edge")
    mean = np.convolve(padded, np.ones(count) / count, mode="valid")
    tolerated = BARE_FRACTION * tallest_nearby(height, int(2 * NEARBY_WIDTHS * half))
    # How much the trace rises from end to end of the window, and how much its ends bend away from its middle.
    rise, bend = (np.ptp(curve) * np.abs(np.convolve(padded, curve[::-1], mode="valid")) for curve in curves.T[1:])
    straight = bend < np.maximum(BARE_ERRORS * noise * np.ptp(curves[:, 2]), tolerated)
    straight[:half] = straight[len(rest) - half :] = False
    return mean, straight, straight & (rise < np.maximum(BARE_ERRORS * noise * np.ptp(curves[:, 1]), tolerated))


def _trusted(
    straight: np.ndarray,
    level: np.ndarray,
    mean: np.ndarray,
    tops: np.ndarray,
    apexes: np.ndarray,
    half: int,
    noise: float,
) -> np.ndarray:
    """Indices of the places that are baseline: long straight ones, and short level ones that lie low between peaks."""
    tops = np.concatenate([[np.inf], tops, [np.inf]])
    kept = np.zeros(len(mean), bool)
    total = np.concatenate([[0.0], np.cumsum(mean)])
    for fits, length, fraction, steepest in (
        (level, 0.0, LOW_FRACTION, np.inf),
        (level, LONG_WIDTHS, np.inf, np.inf),
        (straight, GENTLE_WIDTHS, SLOPING_FRACTION, GENTLE_FRACTION),
        (straight, LONG_WIDTHS, SLOPING_FRACTION, np.inf),
        (straight, ENDLESS_WIDTHS, np.inf, np.inf),
    ):
        starts, stops = edges_of(fits)
        after, widths = np.searchsorted(apexes, starts), (stops - starts) / (2 * half)
        lower = np.minimum(tops[after], tops[after + 1])
        low = (total[stops] - total[starts]) / (stops - starts) < np.maximum(fraction * lower, LOW_NOISES * noise)
        gentle = np.abs(mean[stops - 1] - mean[starts]) < steepest * lower * widths
        rims = np.minimum(2 * half, (stops - starts) // 3)
        for run in np.flatnonzero(low & gentle & (widths >= length)):
            kept[starts[run] + rims[run] : stops[run] - rims[run]] = True
    return np.flatnonzero(kept)


def _hung(
    light: np.ndarray, places: np.ndarray, heights: np.ndarray, usable: np.ndarray, half: int, noise: float
) -> np.ndarray:
    """A line through given places, bent where the lightly smoothed trace passes under it; the trace where unusable."""
    step = max(1, half // 4)
    line = light.astype(float)
    for first, stop in zip(*edges_of(usable), strict=True):
        last = stop - 1
        inner = (places >= first) & (places <= last)
        x, y = places[inner], heights[inner]
        if not len(x) or x[0] > first:
            x, y = np.append(first, x), np.append(light[first], y)
        if x[-1] < last:
            x, y = np.append(x, last), np.append(y, light[last])
        here = np.interp(np.arange(first, stop), x, y)
        for gap in np.flatnonzero(np.diff(x) > 2):
            left, right = int(x[gap]), int(x[gap + 1])
            here[left - first : right - first + 1] = _bent(
                light, left, right, here[[left - first, right - first]], step, noise
            )
        line[first:stop] = here
    return line


def _bent(light: np.ndarray, left: int, right: int, ends: np.ndarray, step: int, noise: float) -> np.ndarray:
    """The line from ``left`` to ``right`` (included): straight, or the lower hull of a trace that passes under it."""
    straight = np.linspace(ends[0], ends[1], right - left + 1)
    if (light[left : right + 1] - straight).min() >= -UNDER_NOISES * noise:
        return straight
    picked = _block_minima(light, left, right, step)
    values = light[picked]
    values[[0, -1]] = ends
    corners = lower_hull(picked, values)
    return np.interp(np.arange(left, right + 1), picked[corners], values[corners])


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


def _block_minima(values: np.ndarray, first: int, last: int, step: int) -> np.ndarray:
    """Indices of the lowest point of every block, with both ends: a hull needs no more."""
    count = (last - first) // step
    if count < 3:
        return np.arange(first, last + 1)
    blocks = values[first : first + count * step].reshape(count, step)
    lowest = first + np.arange(count) * step + blocks.argmin(axis=1)
    return np.unique(np.concatenate([[first], lowest, np.arange(first + count * step, last), [last]]))


def tallest_nearby(height: np.ndarray, reach: int) -> np.ndarray:
    """The largest value within ``reach`` points of each point, to the nearest block of a fifth of that."""
    step = max(1, reach // 5)
    count = -(-len(height) // step)
    blocks = np.pad(height, (0, count * step - len(height)), mode="edge").reshape(count, step).max(axis=1)
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(blocks, 5, mode="edge"), 11).max(axis=1)
    return np.repeat(wide, step)[: len(height)]
