"""Where each peak begins and ends: at the baseline, at a valley, at a shoulder, or at limits that a person set."""

from itertools import pairwise

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration import constants
from ketaflow.assays.microdialysis.integration.preprocessing import Outline, smoothed

# Start, apex, stop (samples, stop included) and number of the cluster of touching peaks.
Span = tuple[int, int, int, int]


def peak_spans(trace: Outline, line: np.ndarray, apexes: np.ndarray) -> list[Span]:
    """Find the limits of each peak.

    Parameters
    ----------
    trace : Outline
        The trace, without its slow drift.
    line : (n_points,) float
        Its baseline (unit of the signal).
    apexes : (n_peaks,) int
        Samples of its maxima.

    Returns
    -------
    list of Span
        In time order. A peak ends at the valley beside it, at a shoulder, or where the trace meets its baseline.
    """
    if not len(apexes):
        return []
    height = trace.smooth - line
    valleys = [int(a + np.argmin(trace.light[a:b] - line[a:b])) for a, b in pairwise(apexes)]
    slope = np.gradient(smoothed(trace.smooth, max(constants.SLOPE_SMOOTHING_WIDTHS * trace.width, 0.5))) * trace.width
    lowest = find_peaks(-trace.light)[0]
    spans: list[Span] = []
    cluster = 0
    for apex, (left, right) in zip(apexes.tolist(), pairwise([0, *valleys, len(height) - 1]), strict=True):
        least = max(constants.END_FRACTION * height[apex], trace.noise)
        start = apex - _end(height[left : apex + 1][::-1], least, trace.width)
        stop = apex + _end(height[apex : right + 1], least, trace.width)
        if stop - start < 3:
            continue
        if spans and start != spans[-1][2]:
            cluster += 1
        rising = shoulders(slope, height, lowest, apex, start, trace)
        falling = shoulders(slope, height, lowest, apex, stop, trace)
        for first, last in pairwise([start, *rising, *falling, stop]):
            top = apex if first <= apex <= last else first + int(np.argmax(trace.smooth[first : last + 1]))
            spans.append((first, top, last, cluster))
    return spans


def _end(falling: np.ndarray, least: float, width: float) -> int:
    """Samples from a maximum down its flank to the end of the foot; all of them where it does not come down."""
    low = np.flatnonzero(falling <= least)
    if not len(low):
        return len(falling) - 1
    foot = falling[low[0] : low[0] + int(constants.FOOT_WIDTHS * width) + 1]
    gone = np.flatnonzero(foot <= 0)
    return int(low[0] + (gone[0] if len(gone) else len(foot) - 1))


def shoulders(
    slope: np.ndarray, height: np.ndarray, lowest: np.ndarray, apex: int, end: int, trace: Outline
) -> list[int]:
    """Find the shoulders of a flank: samples at which it all but levels out before it goes on.

    Parameters
    ----------
    slope : (n_points,) float
        Change of the trace over one peak width.
    height : (n_points,) float
        The trace above its baseline.
    lowest : (n_minima,) int
        Minima of the lightly smoothed trace.
    apex, end : int
        The flank (samples).
    trace : Outline
        The trace.

    Returns
    -------
    list of int
        Samples at which a peak without a maximum begins. Instruments separate such shoulders, and leave steeper ones
        with their peak.
    """
    first, last = min(apex, end), max(apex, end)
    flank = slope[first : last + 1] if end > apex else -slope[first : last + 1]
    if len(flank) <= 2 * trace.width or trace.noise <= 0:
        return []
    turn = max(constants.SHOULDER_NOISES * trace.noise, constants.SHOULDER_TURN_FRACTION * height[apex])
    turns = first + find_peaks(flank, prominence=turn)[0]
    level = turns[np.abs(slope[turns]) < constants.SHOULDER_LEVEL_FRACTION * height[turns]]
    # Where the trace even rises again, the first low point parts them.
    parted = [int(min(lowest[np.abs(lowest - one) < trace.width / 2], default=one)) for one in level]
    return [one for one in parted if min(one - first, last - one) > trace.width]


def spans_by_hand(
    time_min: np.ndarray, signal: np.ndarray, smooth: np.ndarray, limits: list[tuple[float, float]]
) -> tuple[list[Span], np.ndarray]:
    """Make peaks of limits that a person set.

    Parameters
    ----------
    time_min, signal, smooth : (n_points,) float
        Times (minutes), the trace, and the smoothed trace.
    limits : list of (float, float)
        Start and stop of each peak (minutes).

    Returns
    -------
    spans : list of Span
        Peaks that touch form a cluster.
    line : (n_points,) float
        One straight line under each cluster, as instruments draw it.
    """
    edges = np.searchsorted(time_min, np.array(sorted(limits)) - 0.5 * np.median(np.diff(time_min)))
    edges = np.clip(edges, 0, len(signal) - 1)
    line, spans, cluster, first = smooth.copy(), [], 0, 0
    for number, (start, stop) in enumerate(edges.tolist()):
        if number and start > edges[number - 1][1] + 1:
            cluster += 1
            first = number
        spans.append((start, int(start + np.argmax(signal[start : stop + 1])), stop, cluster))
        begin = int(edges[first][0])
        line[begin : stop + 1] = np.interp(np.arange(begin, stop + 1), [begin, stop], signal[[begin, stop]])
    return spans, line


def chords(smooth: np.ndarray, spans: list[Span]) -> np.ndarray:
    """Draw a line from valley to valley under each peak.

    Parameters
    ----------
    smooth : (n_points,) float
        The smoothed trace.
    spans : list of Span
        The peaks.

    Returns
    -------
    (n_points,) float
        The trace itself outside the peaks.
    """
    line = smooth.copy()
    for start, _, stop, _ in spans:
        line[start : stop + 1] = np.interp(np.arange(start, stop + 1), [start, stop], smooth[[start, stop]])
    return line


def skimmed(smooth: np.ndarray, line: np.ndarray, spans: list[Span]) -> np.ndarray:
    """Give small peaks on the tail of a much taller one a line of their own (tangent skim).

    Parameters
    ----------
    smooth : (n_points,) float
        The smoothed trace.
    line : (n_points,) float
        The baseline.
    spans : list of Span
        The peaks.

    Returns
    -------
    (n_points,) float
        The baseline with the lines of the small peaks.
    """
    line = line.copy()
    ratio = constants.SKIM_HEIGHT_FACTOR
    for (_, big, _, cluster), (start, apex, stop, own) in pairwise(spans):
        if own == cluster and smooth[big] - line[big] > ratio * (smooth[apex] - line[apex]):
            line[start : stop + 1] = np.interp(np.arange(start, stop + 1), [start, stop], smooth[[start, stop]])
    return line
