"""Where each peak begins and ends: at the baseline, at the valley beside it, at a shoulder, or where a person says."""

from itertools import pairwise

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration.extrema import smoothed
from ketaflow.assays.microdialysis.integration.preprocessing import Outline

# Start, apex, stop (samples, stop included) and number of the cluster of touching peaks.
Span = tuple[int, int, int, int]
# A peak falls to this fraction of its height, or to the noise, and then has a foot: to where the trace meets the line,
# but no longer than so many widths. Without it the smallest peaks would lose some hundredths of their area.
END_FRACTION = 0.001
END_NOISES = 1.0
FOOT_WIDTHS = 0.5
# A shoulder: the fall slackens, by so many times the noise over one peak width and by this fraction of the peak, until
# it takes less than SHOULDER_LEVEL of the height there. Chosen on two exports with the vendor's limits; unverified.
SHOULDER_NOISES = 20.0
SHOULDER_TURN = 0.02
SHOULDER_LEVEL = 0.025
# The slope is that of a trace smoothed by so many widths.
SLOPE_WIDTHS = 1 / 6


def peak_spans(trace: Outline, line: np.ndarray, apexes: np.ndarray) -> list[Span]:
    """The span of each peak: to the valley beside it, to a shoulder, or to where the trace meets its baseline."""
    if not len(apexes):
        return []
    height = trace.smooth - line
    valleys = [int(a + np.argmin(trace.light[a:b] - line[a:b])) for a, b in pairwise(apexes)]
    slope = np.gradient(smoothed(trace.smooth, max(SLOPE_WIDTHS * trace.width, 0.5))) * trace.width
    lowest = find_peaks(-trace.light)[0]
    spans: list[Span] = []
    cluster = 0
    for apex, (left, right) in zip(apexes.tolist(), pairwise([0, *valleys, len(height) - 1]), strict=True):
        least = max(END_FRACTION * height[apex], END_NOISES * trace.noise)
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
    """Steps from an apex down its flank to the end of its foot; all of them where it does not come down."""
    low = np.flatnonzero(falling <= least)
    if not len(low):
        return len(falling) - 1
    foot = falling[low[0] : low[0] + int(FOOT_WIDTHS * width) + 1]
    gone = np.flatnonzero(foot <= 0)
    return int(low[0] + (gone[0] if len(gone) else len(foot) - 1))


def shoulders(
    slope: np.ndarray, height: np.ndarray, lowest: np.ndarray, apex: int, end: int, trace: Outline
) -> list[int]:
    """Samples between an apex and its end at which the flank all but levels out before it goes on.

    A peak without a maximum begins there. Instruments part such shoulders; steeper ones they leave with their peak.
    ``slope`` is the change over one peak width, ``lowest`` the minima of the lightly smoothed trace.
    """
    first, last = min(apex, end), max(apex, end)
    flank = slope[first : last + 1] if end > apex else -slope[first : last + 1]
    if len(flank) <= 2 * trace.width or trace.noise <= 0:
        return []
    turn = max(SHOULDER_NOISES * trace.noise, SHOULDER_TURN * height[apex])
    turns = first + find_peaks(flank, prominence=turn)[0]
    level = turns[np.abs(slope[turns]) < SHOULDER_LEVEL * height[turns]]
    # Where the trace even rises again, the first low point parts them.
    parted = [int(min(lowest[np.abs(lowest - one) < trace.width / 2], default=one)) for one in level]
    return [one for one in parted if min(one - first, last - one) > trace.width]


def spans_by_hand(
    time_min: np.ndarray, signal: np.ndarray, smooth: np.ndarray, limits: list[tuple[float, float]]
) -> tuple[list[Span], np.ndarray]:
    """Peaks between given limits: touching ones form a cluster over one straight line, as vendors draw it."""
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
    """A line from valley to valley under each peak."""
    line = smooth.copy()
    for start, _, stop, _ in spans:
        line[start : stop + 1] = np.interp(np.arange(start, stop + 1), [start, stop], smooth[[start, stop]])
    return line


def skimmed(smooth: np.ndarray, line: np.ndarray, spans: list[Span], ratio: float = 10.0) -> list[Span]:
    """Small peaks on the tail of one ``ratio`` times as tall get a line of their own, written into ``line``."""
    for (_, big, _, cluster), (start, apex, stop, own) in pairwise(spans):
        if own == cluster and smooth[big] - line[big] > ratio * (smooth[apex] - line[apex]):
            line[start : stop + 1] = np.interp(np.arange(start, stop + 1), [start, stop], smooth[[start, stop]])
    return spans
