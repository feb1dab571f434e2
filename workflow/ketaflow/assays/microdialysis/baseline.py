"""Where the baseline runs: the places where a trace lies bare, and the line under its peaks.

The drop-line baseline joins the places where the trace, over the width of a peak, is straight: one straight line under
a cluster of peaks, as the instruments' own software draws it (it reproduces LabSolutions areas; curved baselines differ
by 3 to 40 %), bent only where the trace itself goes lower. Between two peaks of a crowded run the bare place may be no
longer than a peak is wide; its height is the mean of the trace there, so that noise does not pull the line down.
"""

import numpy as np

from ketaflow.assays.microdialysis.extrema import parabola, prominences, prominent
from ketaflow.assays.microdialysis.outline import Outline

# A place is straight where a parabola through it, one peak width long, bends by less than this many of its own standard
# errors, or by this fraction of the tallest peak nearby; level where it rises or falls no more than that, either. These
# numbers were chosen on drawn and real traces; unverified elsewhere.
BARE_ERRORS = 3.0
BARE_FRACTION = 0.0005
NEARBY_WIDTHS = 6.0
# A maximum that stands out by less than this many times the ripple hides no baseline.
SEEN_RIPPLES = 6.0
# A level place is baseline where it lies no higher above the line through the others than this fraction of the lower of
# the peaks beside it, or so many times the ripple: else it is a saddle.
LOW_FRACTION = 0.03
LOW_RIPPLES = 4.0
# Straight for so many widths more it is baseline at any slope, up to this fraction of the lower peak; a quarter will
# do where, over one width, it rises or falls by no more than the last fraction of the lower peak.
LONG_WIDTHS = 2.0
SLOPING_FRACTION = 0.35
GENTLE_WIDTHS = 0.5
GENTLE_FRACTION = 0.02
# So long a stretch, of no more than so many times the ripple about a parabola that rises and bends by no more than so
# many times the ripple, is baseline wherever it lies.
CALM_WIDTHS = 4.0
CALM_RIPPLES = 1.3
CALM_CHANGE = 2.0
# The line is found again from the places it shows, so many times at most: drift counts as straight once taken off.
# It is found when it moves by less than this fraction of the ripple.
ROUNDS = 3
SETTLED_RIPPLES = 0.5
# So many samples across a peak's half height are enough to find the line.
WIDTH_POINTS = 16
# The line bends down where the trace passes under it by so many times the ripple.
UNDER_RIPPLES = 3.0
# But not into a negative peak, beside which the trace keeps to the line within this fraction of its depth.
BESIDE_FRACTION = 0.3
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
# taller than it is deep, is the void, and no baseline.
DIP_FACTOR = 4.0
VOID_WIDTHS = 3.0
RISE_FRACTION = 0.02


def edges_of(true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Starts and stops of the stretches of True, stops not included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]


def negative_peaks(trace: Outline, half: int) -> list[tuple[int, int]]:
    """(start, stop) of the dips that stand between two level stretches of the trace, each a width long: negative peaks.

    A span runs from middle to middle of these, as the feet of a dip reach into them. A low place between two peaks has
    no such stretches beside it.
    """
    smooth, stride = trace.smooth, max(1, half // 2)
    bottoms = prominent(-smooth, DIP_RIPPLES * trace.ripple)
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


def drop_line(trace: Outline, apexes: np.ndarray) -> np.ndarray:
    """The baseline under a whole trace: through its bare places, straight or bent down between them. (n_points,).

    ``apexes`` are the indices of its peaks. Where these are sampled more densely than a line needs, the line is sought
    in means of several samples.
    """
    factor = int(trace.width // WIDTH_POINTS)
    if factor < 2:
        return _line_of(trace, apexes)
    coarse = trace.thinned(factor)
    count = len(coarse.signal)
    line = _line_of(coarse, np.unique(np.minimum(apexes // factor, count - 1)))
    return np.interp(np.arange(len(trace.signal)), (factor - 1) / 2 + factor * np.arange(count), line)


def _line_of(trace: Outline, apexes: np.ndarray) -> np.ndarray:
    """The same, sample by sample."""
    half = int(max(2, round(trace.width / 2)))
    light = trace.light.copy()
    free = np.ones(len(light), bool)
    for start, stop in negative_peaks(trace, half):
        light[start:stop] = np.linspace(light[start], light[stop], stop - start)
        free[start:stop] = False
    usable = after_dips(np.where(free, trace.smooth, light), trace.width)
    free &= usable
    for apex in apexes[prominences(trace.smooth, apexes) > SEEN_RIPPLES * trace.ripple]:
        free[max(apex - 2 * half, 0) : apex + 2 * half + 1] = False
    calm = free & calm_places(trace.signal - np.median(trace.signal), half, trace.ripple)
    line = _hung(light, np.array([], int), np.array([]), usable, half, trace.ripple)
    for _ in range(ROUNDS):
        mean, straight, level = bare_places(trace, line, half)
        tops = (trace.smooth - line)[apexes]
        bare = _trusted(straight & free, level & free, mean, tops, apexes, half, trace.ripple)
        places = np.flatnonzero(bare | calm | free & calm_places(trace.signal - line, half, trace.ripple))
        before, line = line, _hung(light, places, mean[places] + line[places], usable, half, trace.ripple)
        if np.abs(line - before).max() < SETTLED_RIPPLES * trace.ripple:
            break
    return line


def bare_places(trace: Outline, line: np.ndarray, half: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of a window of one peak width round each point; whether the trace is straight in it; whether it is level.

    All of it is told of the trace less the ``line`` so far.
    """
    rest = trace.signal - line
    count = 2 * half + 1
    curves = parabola(count)
    padded = np.pad(rest, half, mode="edge")
    mean = np.convolve(padded, np.ones(count) / count, mode="valid")
    tolerated = BARE_FRACTION * tallest_nearby(trace.smooth - line, int(2 * NEARBY_WIDTHS * half))
    # How much the trace rises from end to end of the window, and how much its ends bend away from its middle.
    rise, bend = (np.ptp(curve) * np.abs(np.convolve(padded, curve[::-1], mode="valid")) for curve in curves.T[1:])
    straight = bend < np.maximum(BARE_ERRORS * trace.noise * np.ptp(curves[:, 2]), tolerated)
    level = bend < np.maximum(BARE_ERRORS * trace.ripple * np.ptp(curves[:, 2]), tolerated)
    level &= rise < np.maximum(BARE_ERRORS * trace.ripple * np.ptp(curves[:, 1]), tolerated)
    inside = np.zeros(len(rest), bool)
    inside[half : len(rest) - half] = True
    return mean, straight & inside, level & inside


def calm_places(rest: np.ndarray, half: int, ripple: float) -> np.ndarray:
    """(n_points,) bool: in the middle of stretches, CALM_WIDTHS long, in which ``rest`` is level but for the ripple."""
    reach, stride = min(int(CALM_WIDTHS * half), (len(rest) - 1) // 2), max(1, half // 4)
    count = 2 * reach + 1
    curves = parabola(count)
    windows = np.lib.stride_tricks.sliding_window_view(rest, count)[::stride].copy()
    parts = windows @ curves
    left = np.einsum("ij,ij->i", windows, windows) - (parts**2).sum(axis=1)
    changes = np.abs(parts[:, 1:]) * np.ptp(curves[:, 1:], axis=0)
    quiet = (left < (CALM_RIPPLES * ripple) ** 2 * (count - 3)) & (changes < CALM_CHANGE * ripple).all(axis=1)
    middles = reach + stride * np.flatnonzero(quiet)
    marks = np.zeros(len(rest) + 1, int)
    np.add.at(marks, np.maximum(middles - half, 0), 1)
    np.add.at(marks, np.minimum(middles + half, len(rest)), -1)
    return np.cumsum(marks[:-1]) > 0


def _trusted(
    straight: np.ndarray,
    level: np.ndarray,
    mean: np.ndarray,
    tops: np.ndarray,
    apexes: np.ndarray,
    half: int,
    ripple: float,
) -> np.ndarray:
    """(n_points,) bool: places of the baseline: long straight ones, and level ones that lie low between peaks."""
    tops = np.concatenate([[np.inf], tops, [np.inf]])
    kept = np.zeros(len(mean), bool)
    total = np.concatenate([[0.0], np.cumsum(mean)])
    for fits, length, fraction, steepest in (
        (level, 0.0, LOW_FRACTION, np.inf),
        (level, LONG_WIDTHS, np.inf, np.inf),
        (straight, GENTLE_WIDTHS, SLOPING_FRACTION, GENTLE_FRACTION),
        (straight, LONG_WIDTHS, SLOPING_FRACTION, np.inf),
    ):
        starts, stops = edges_of(fits)
        after, widths = np.searchsorted(apexes, starts), (stops - starts) / (2 * half)
        lower = np.minimum(tops[after], tops[after + 1])
        lower[lower == 0] = -np.finfo(float).tiny  # beside a peak of no height nothing is low
        low = (total[stops] - total[starts]) / (stops - starts) < np.maximum(fraction * lower, LOW_RIPPLES * ripple)
        gentle = np.abs(mean[stops - 1] - mean[starts]) < steepest * lower * widths
        rims = np.minimum(2 * half, (stops - starts) // 3)
        for run in np.flatnonzero(low & gentle & (widths >= length)):
            kept[starts[run] + rims[run] : stops[run] - rims[run]] = True
    return kept


def _hung(
    light: np.ndarray, places: np.ndarray, heights: np.ndarray, usable: np.ndarray, half: int, ripple: float
) -> np.ndarray:
    """A line through given places, bent where the lightly smoothed trace passes under it; the trace where unusable."""
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
        below = np.concatenate([[0], np.cumsum(light[first:stop] - here < -UNDER_RIPPLES * ripple)])
        inside = below[np.asarray(x[1:], int) - first] - below[np.asarray(x[:-1], int) - first]
        for gap in np.flatnonzero((np.diff(x) > 2) & (inside > 0)):
            left, right = int(x[gap]), int(x[gap + 1])
            here[left - first : right - first + 1] = _bent(
                light, left, right, here[[left - first, right - first]], half, ripple
            )
        line[first:stop] = here
    return line


def _bent(light: np.ndarray, left: int, right: int, ends: np.ndarray, half: int, ripple: float) -> np.ndarray:
    """The line from ``left`` to ``right`` (included): straight, or the lower hull of a trace that passes under it."""
    straight = np.linspace(ends[0], ends[1], right - left + 1)
    rest = light[left : right + 1] - straight
    under = rest < -UNDER_RIPPLES * ripple
    for start, stop in zip(*edges_of(under), strict=True):
        if is_dip(rest, start, stop, 2 * half):
            rest[start:stop], under[start:stop] = 0.0, False
    if not under.any():
        return straight
    rest[[0, -1]] = 0.0
    picked = _block_minima(rest, 0, right - left, max(1, half // 4))
    corners = lower_hull(picked, rest[picked])
    return straight + np.interp(np.arange(right - left + 1), picked[corners], rest[picked][corners])


def is_dip(rest: np.ndarray, start: int, stop: int, width: int) -> bool:
    """Whether a stretch under a line is a negative peak: on both sides the trace stays near the line for a width.

    A low place between two peaks is none, and bends the line.
    """
    if start < width or stop + width > len(rest):
        return False
    beside = np.concatenate([rest[start - width : start], rest[stop : stop + width]])
    return float(np.abs(beside).max()) < BESIDE_FRACTION * -float(rest[start:stop].min())


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
