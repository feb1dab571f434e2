"""The baseline: bare places of a trace, and the line under its peaks.

The drop-line baseline joins the places where the trace is straight over the width of a peak. It is one straight line
under a cluster of peaks, as the instruments' own software draws it, bent only where the trace goes lower. It reproduces
the areas of LabSolutions; curved baselines differ by 3 to 40 %. Between two peaks of a crowded run a bare place may be
no longer than the width of a peak. The height of a place is the mean of the trace there, so that noise does not pull
the line down.
"""

import numpy as np

from ketaflow.assays.microdialysis.integration import constants
from ketaflow.assays.microdialysis.integration.level_places import StretchSums, level_places
from ketaflow.assays.microdialysis.integration.negative_peaks import after_dips, negative_peaks
from ketaflow.assays.microdialysis.integration.preprocessing import Outline, edges_of, parabola, prominences


def drop_line(trace: Outline, apexes: np.ndarray) -> np.ndarray:
    """Draw the baseline under a whole trace.

    Parameters
    ----------
    trace : Outline
        The trace, without its slow drift.
    apexes : (n_peaks,) int
        Samples of its peaks.

    Returns
    -------
    (n_points,) float
        The line through the bare places, straight or bent down between them (unit of the signal).

    Notes
    -----
    Where peaks are sampled more densely than a line needs, the line is searched in means of several samples.
    """
    factor = int(trace.width // constants.LINE_WIDTH_POINTS)
    if factor < 2:
        return _line_of(trace, apexes)
    coarse = trace.thinned(factor)
    count = len(coarse.signal)
    line = _line_of(coarse, np.unique(np.minimum(apexes // factor, count - 1)))
    return np.interp(np.arange(len(trace.signal)), (factor - 1) / 2 + factor * np.arange(count), line)


def _line_of(trace: Outline, apexes: np.ndarray) -> np.ndarray:
    """The baseline, sample by sample."""
    half = int(max(2, round(trace.width / 2)))
    light = trace.light.copy()
    free = np.ones(len(light), bool)
    for start, stop in negative_peaks(trace, half):
        light[start:stop] = np.linspace(light[start], light[stop], stop - start)
        free[start:stop] = False
    usable = after_dips(np.where(free, trace.smooth, light), trace.width)
    free &= usable
    for apex in apexes[prominences(trace.smooth, apexes) > constants.VISIBLE_RIPPLES * trace.ripple]:
        free[max(apex - 2 * half, 0) : apex + 2 * half + 1] = False
    calm = free & calm_places(trace.signal - np.median(trace.signal), half, trace.ripple)
    line = _hung(light, np.array([], int), np.array([]), usable, half, trace.ripple)
    for _ in range(constants.LINE_ROUNDS):
        mean, straight, level = bare_places(trace, line, half)
        tops = (trace.smooth - line)[apexes]
        bare = _trusted(straight & free, level & free, mean, tops, apexes, half, trace.ripple)
        bare |= calm | free & calm_places(trace.signal - line, half, trace.ripple)
        bare |= free & level_places(trace.smooth - line, half, trace.ripple)
        bare = _without_tops(bare, trace.smooth - line, trace.ripple)
        places = np.flatnonzero(_clear_of_tails(bare, trace.smooth - line, apexes))
        before, line = line, _hung(light, places, mean[places] + line[places], usable, half, trace.ripple)
        if np.abs(line - before).max() < constants.SETTLED_RIPPLES * trace.ripple:
            break
    return line


def bare_places(trace: Outline, line: np.ndarray, half: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the places in which a trace is straight or level over the width of a peak.

    Parameters
    ----------
    trace : Outline
        The trace.
    line : (n_points,) float
        The baseline found so far; it is subtracted first.
    half : int
        Half the width of a peak (samples).

    Returns
    -------
    mean : (n_points,) float
        Mean of the window around each sample, above ``line``.
    straight, level : (n_points,) bool
        Whether the window does not bend, and whether it neither bends nor rises.
    """
    rest = trace.signal - line
    count = 2 * half + 1
    curves = parabola(count)
    padded = np.pad(rest, half, mode="edge")
    mean = np.convolve(padded, np.ones(count) / count, mode="valid")
    tolerated = constants.BARE_FRACTION * tallest_nearby(trace.smooth - line, int(2 * constants.NEARBY_WIDTHS * half))
    # How much the trace rises from end to end of the window, and how much its ends bend away from its middle.
    rise, bend = (np.ptp(curve) * np.abs(np.convolve(padded, curve[::-1], mode="valid")) for curve in curves.T[1:])
    straight = bend < np.maximum(constants.BARE_ERRORS * trace.noise * np.ptp(curves[:, 2]), tolerated)
    level = bend < np.maximum(constants.BARE_ERRORS * trace.ripple * np.ptp(curves[:, 2]), tolerated)
    level &= rise < np.maximum(constants.BARE_ERRORS * trace.ripple * np.ptp(curves[:, 1]), tolerated)
    inside = np.zeros(len(rest), bool)
    inside[half : len(rest) - half] = True
    return mean, straight & inside, level & inside


def calm_places(rest: np.ndarray, half: int, ripple: float) -> np.ndarray:
    """Find long stretches that are level but for the ripple.

    Parameters
    ----------
    rest : (n_points,) float
        The trace above a line.
    half : int
        Half the width of a peak (samples).
    ripple : float
        Ripple of the trace (unit of the signal).

    Returns
    -------
    (n_points,) bool
        True within one width in the middle of such stretches.
    """
    reach, stride = min(int(constants.CALM_WIDTHS * half), (len(rest) - 1) // 2), max(1, half // 4)
    count = 2 * reach + 1
    first = np.arange(0, len(rest) - count + 1, stride)
    lines = StretchSums(rest).lines(first, first + count)
    quiet = (lines.scatter < constants.CALM_RIPPLES * ripple) & (
        np.abs(lines.rise) < constants.CALM_CHANGE_RIPPLES * ripple
    )
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
    """(n_points,) bool: baseline, that is long straight places, and level ones that lie low between peaks."""
    tops = np.concatenate([[np.inf], tops, [np.inf]])
    kept = np.zeros(len(mean), bool)
    total = np.concatenate([[0.0], np.cumsum(mean)])
    for fits, length, fraction, steepest in (
        (level, 0.0, constants.SADDLE_FRACTION, np.inf),
        (level, constants.LONG_WIDTHS, np.inf, np.inf),
        (straight, constants.GENTLE_WIDTHS, constants.SLOPING_FRACTION, constants.GENTLE_FRACTION),
        (straight, constants.LONG_WIDTHS, constants.SLOPING_FRACTION, np.inf),
    ):
        starts, stops = edges_of(fits)
        after, widths = np.searchsorted(apexes, starts), (stops - starts) / (2 * half)
        lower = np.minimum(tops[after], tops[after + 1])
        lower[lower == 0] = -np.finfo(float).tiny  # beside a peak of no height nothing is low
        low = (total[stops] - total[starts]) / (stops - starts) < np.maximum(
            fraction * lower, constants.SADDLE_RIPPLES * ripple
        )
        gentle = np.abs(mean[stops - 1] - mean[starts]) < steepest * lower * widths
        rims = np.minimum(2 * half, (stops - starts) // 3)
        for run in np.flatnonzero(low & gentle & (widths >= length)):
            kept[starts[run] + rims[run] : stops[run] - rims[run]] = True
    return kept


def _without_tops(bare: np.ndarray, height: np.ndarray, ripple: float) -> np.ndarray:
    """(n_points,) bool: bare places without the tops of clipped peaks, which are level for long as well."""
    kept = bare.copy()
    starts, stops = edges_of(bare)
    total = np.concatenate([[0.0], np.cumsum(height)])
    levels = (total[stops] - total[starts]) / (stops - starts)
    for run in np.flatnonzero(levels > constants.TOP_RIPPLES * ripple):
        start, stop, level = int(starts[run]), int(stops[run]), float(levels[run])
        if level > constants.TOP_FRACTION * height.max():
            sides = height[:start][::-1], height[stop:]
            kept[start:stop] = not all(_comes_down(side, level) for side in sides)
    return kept


def _comes_down(outward: np.ndarray, level: float) -> bool:
    """Whether a trace comes down to half of a level before it rises by half."""
    down, up = outward < 0.5 * level, outward > 1.5 * level
    return bool(down.any() and not up[: int(down.argmax())].any())


def _clear_of_tails(bare: np.ndarray, height: np.ndarray, apexes: np.ndarray) -> np.ndarray:
    """(n_points,) bool: bare places without the fronts and tails of neighbouring peaks.

    An exponential tail that has fallen to a twentieth needs as long again to fall to a four-hundredth. It is hidden in
    the noise there, but would lift the line.
    """
    kept = bare.copy()
    starts, stops = edges_of(bare)
    following = np.searchsorted(apexes, starts)
    for start, stop, right in zip(starts.tolist(), stops.tolist(), following.tolist(), strict=True):
        most = int((1 - constants.TAIL_KEPT_FRACTION) * (stop - start))
        tail, front = start, stop
        if right > 0:
            apex = int(apexes[right - 1])
            tail = apex + _reach(height[apex:start])
        if right < len(apexes):
            apex = int(apexes[right])
            front = apex - _reach(height[stop : apex + 1][::-1])
        first = min(max(tail, start), start + most)
        last = max(min(front, stop), first + max(1, stop - start - most))
        kept[start:first] = kept[last:stop] = False
    return kept


def _reach(flank: np.ndarray) -> int:
    """Points from an apex down its flank to where the peak is over; 0 where the flank does not come down."""
    low = flank < constants.TAIL_LEVEL * flank[0] if len(flank) else np.zeros(1, bool)
    return constants.TAIL_REACH * int(low.argmax())


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
        below = np.concatenate([[0], np.cumsum(light[first:stop] - here < -constants.UNDER_RIPPLES * ripple)])
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
    under = rest < -constants.UNDER_RIPPLES * ripple
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
    """Tell whether a stretch under a line is a negative peak.

    Parameters
    ----------
    rest : (n_points,) float
        The trace above the line.
    start, stop : int
        The stretch (samples, stop excluded).
    width : int
        Width of a peak (samples).

    Returns
    -------
    bool
        True if the trace stays near the line for one width on both sides. A low place between two peaks is no negative
        peak, and bends the line.
    """
    if start < width or stop + width > len(rest):
        return False
    beside = np.concatenate([rest[start - width : start], rest[stop : stop + width]])
    return float(np.abs(beside).max()) < constants.BESIDE_FRACTION * -float(rest[start:stop].min())


def lower_hull(index: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Find the lower convex hull of a curve.

    Parameters
    ----------
    index : (n_points,) int
        Samples, increasing.
    values : (n_points,) float
        Heights at these samples.

    Returns
    -------
    (n_corners,) int
        Positions of the corners within ``index``.
    """
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
    """Samples of the lowest point of every block, with both ends: a hull needs no more."""
    count = (last - first) // step
    if count < 3:
        return np.arange(first, last + 1)
    blocks = values[first : first + count * step].reshape(count, step)
    lowest = first + np.arange(count) * step + blocks.argmin(axis=1)
    picked = np.concatenate([[first], lowest, np.arange(first + count * step, last), [last]])
    return picked[np.diff(picked, prepend=-1) > 0]


def tallest_nearby(height: np.ndarray, reach: int) -> np.ndarray:
    """Find the largest value near each sample.

    Parameters
    ----------
    height : (n_points,) float
        The trace above a line.
    reach : int
        How far to look on both sides (samples), to the nearest block of a fifth of that.

    Returns
    -------
    (n_points,) float
        In the unit of the trace.
    """
    step = max(1, reach // 5)
    count = -(-len(height) // step)
    blocks = np.pad(height, (0, count * step - len(height)), mode="edge").reshape(count, step).max(axis=1)
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(blocks, 5, mode="edge"), 11).max(axis=1)
    return np.repeat(wide, step)[: len(height)]
