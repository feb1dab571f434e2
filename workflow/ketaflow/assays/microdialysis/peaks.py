"""Peaks of a trace: where they are, where they begin and end, and how large they are.

In: (n,) signals. Out: one row per peak. Every area is the signal above a straight line, between perpendicular drops.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ketaflow.assays.microdialysis import baseline as lines
from ketaflow.assays.microdialysis import overlap
from ketaflow.assays.microdialysis.extrema import crossings, maxima, prominent, smoothed, typical_width

# A cluster of peaks ends where its height above the baseline falls below this fraction of its tallest peak.
END_FRACTION = 0.001
END_NOISES = 1.0
# The trace is smoothed by so many widths of its peaks.
SMOOTHING_WIDTHS = 0.1
# Where a valley is, and how low, is read from a trace smoothed less: more would fill and shift a narrow one.
LIGHT_WIDTHS = 0.04
# Saturation: so many samples, and such a share of those above half height, within 1 % of the highest value.
FLAT_TOP_POINTS = 5
FLAT_TOP_FRACTION = 0.01
FLAT_TOP_SHARE = 0.35
# A peak that ends this near the end of the run (in its own widths) and has not come down is cut by it.
CUT_WIDTHS = 2.0
# A shoulder: the fall slackens, by so many times the noise over one peak width and by this fraction of the peak, until
# it takes less than PLATEAU_LEVEL of the height there. Chosen on two exports with the vendor's limits; unverified.
PLATEAU_NOISES = 20.0
PLATEAU_TURN = 0.02
PLATEAU_LEVEL = 0.025


@dataclass
class Found:
    """A trace taken apart: smoothed, with its baseline, its noise and its peaks (rows as dicts, in time order)."""

    smooth: np.ndarray
    baseline: np.ndarray
    noise: float
    rows: list[dict]


def peaks_of(
    time_min: np.ndarray,
    signal: np.ndarray,
    *,
    peak_width_s: float,
    snr_min: float,
    smallest_peak_pct: float,
    method: str,
    unmix: bool,
    limits: list[tuple[float, float]] | None = None,
) -> Found:
    """Find and integrate every peak of a trace.

    Parameters
    ----------
    time_min, signal : (n,) float
        Times (minutes, rising) and the detector's values.
    peak_width_s
        Width of the peaks at half height (seconds); 0 takes it from the trace.
    snr_min, smallest_peak_pct
        A peak rises above its surroundings by at least so many times the noise, and so much of the tallest peak (%).
    method
        Baseline: drop_line, valley_to_valley, tangent_skim, snip or arpls.
    unmix
        Split overlapping peaks by fitted shapes where these explain them.
    limits
        Start and stop of peaks set by hand (minutes); they replace what is found in the trace.
    """
    step_s = 60 * float(np.median(np.diff(time_min)))
    width = peak_width_s / step_s if peak_width_s else typical_width(signal)
    smooth = smoothed(signal, max(SMOOTHING_WIDTHS * width, 0.5))
    light = smoothed(signal, max(LIGHT_WIDTHS * width, 0.5))
    noise = lines.noise_sd(signal, width)
    apexes = _apexes(smooth, noise, snr_min, smallest_peak_pct)
    line = baseline_of(signal, smooth, light, apexes, width, noise, method)
    if limits:
        spans, line = spans_by_hand(time_min, signal, smooth, limits)
    else:
        spans = peak_spans(smooth, light, line, apexes, noise, width)
        if method == "valley_to_valley":
            line = chords(smooth, spans)
        elif method == "tangent_skim":
            spans = skimmed(smooth, line, spans)
    rows = [measured(time_min, signal, smooth, line, span, noise) for span in spans]
    if unmix and not limits and method == "drop_line":
        rows = unmixed(time_min, signal - line, rows, width, noise)
    _resolutions(rows)
    return Found(smooth, line, noise, rows)


def _apexes(smooth: np.ndarray, noise: float, snr_min: float, smallest_peak_pct: float) -> np.ndarray:
    top = float(np.quantile(smooth, 0.95) - np.quantile(smooth, 0.05))
    least = max(snr_min * noise, smallest_peak_pct / 100 * top, 1e-9 * np.ptp(smooth))
    return prominent(smooth, least) if least > 0 else np.empty(0, int)


def baseline_of(
    signal: np.ndarray,
    smooth: np.ndarray,
    light: np.ndarray,
    apexes: np.ndarray,
    width: float,
    noise: float,
    method: str,
) -> np.ndarray:
    """The baseline of a whole trace by the method asked for. (n_points,)."""
    if method in ("snip", "arpls"):
        import pybaselines

        if method == "snip":
            return pybaselines.smooth.snip(smooth, max_half_window=int(3 * width), decreasing=True)[0]
        return pybaselines.whittaker.arpls(smooth, lam=1e4 * max(width, 5) ** 2)[0]
    return lines.drop_line(signal, smooth, light, apexes, lines.after_dips(smooth, width), width, noise)


def peak_spans(
    smooth: np.ndarray, light: np.ndarray, line: np.ndarray, apexes: np.ndarray, noise: float, width: float
) -> list[tuple[int, int, int, int]]:
    """(start, apex, stop, cluster) of each peak: to the valley beside it, or to where the trace meets its baseline."""
    height = smooth - line
    spans, cluster = [], 0
    valleys = [int(a + np.argmin(light[a:b] - line[a:b])) for a, b in pairwise(apexes)]
    for number, apex in enumerate(apexes):
        least = max(END_FRACTION * height[apex], END_NOISES * noise)
        left = valleys[number - 1] if number else 0
        right = valleys[number] if number < len(valleys) else len(smooth) - 1
        low_left = np.flatnonzero(height[left:apex] <= least)
        low_right = np.flatnonzero(height[apex : right + 1] <= least)
        start = left + int(low_left[-1]) if len(low_left) else left
        stop = apex + int(low_right[0]) if len(low_right) else right
        if spans and start != spans[-1][2]:
            cluster += 1
        if stop - start >= 3:
            parts = [
                start,
                *plateaus(smooth, light, height, int(apex), start, stop, noise=noise, width=width),
                stop,
            ]
            for left, right in pairwise(parts):
                top = int(apex) if left <= apex <= right else left + int(np.argmax(smooth[left : right + 1]))
                spans.append((left, top, right, cluster))
    return spans


def plateaus(
    smooth: np.ndarray,
    light: np.ndarray,
    height: np.ndarray,
    apex: int,
    start: int,
    stop: int,
    *,
    noise: float,
    width: float,
) -> list[int]:
    """Samples at which the side of a peak all but levels out before it falls on: a peak without a maximum begins there.

    Instruments part such shoulders where the slope is least; steeper ones they leave with their peak, and so do we.
    """
    slope = np.gradient(smoothed(smooth, width / 6)) * width
    lowest = maxima(-light)
    found = []
    for side, first, last in ((1, start, apex), (-1, apex, stop)):
        flat = -side * slope[first : last + 1]
        if len(flat) < 3 or noise <= 0:
            continue
        turns = prominent(flat, max(PLATEAU_NOISES * noise, PLATEAU_TURN * height[apex]))
        level = [first + int(turn) for turn in turns if abs(flat[turn]) < PLATEAU_LEVEL * height[first + turn]]
        # Where the trace even rises again, the first low point parts them.
        near = [int(min(lowest[np.abs(lowest - one) < width / 2], default=one)) for one in level]
        found += [one for one in near if min(one - start, stop - one, abs(one - apex)) > width]
    return sorted(found)


def unmixed(time_min: np.ndarray, height: np.ndarray, rows: list[dict], width: float, noise: float) -> list[dict]:
    """Peaks in which flagged overlaps, and maxima that hide others, are parted by fitted shapes that explain them.

    The fitted areas share out what was measured between the outer limits, so that the total stays the trace's own.
    """
    made = []
    for group in overlap.flagged_groups(rows, height):
        own = [rows[index] for index in group]
        start, stop = own[0]["start"], own[-1]["stop"]
        apexes = [row["apex"] for row in own]
        hidden = overlap.hidden_centres(height, start, stop, width, noise, apexes)
        if (len(own) == 1 and not hidden) or len(own) + len(hidden) > overlap.MOST_PEAKS:
            made += own
            continue
        centres = sorted([*apexes, *hidden])
        step_s = 60 * float(time_min[-1] - time_min[0]) / (len(time_min) - 1)
        near = [min(own, key=lambda row, one=one: abs(row["apex"] - one))["width_s"] for one in centres]
        widths_s = [float(np.clip(one, width * step_s / 4, 1.5 * width * step_s)) for one in near]
        inside = slice(start, stop + 1)
        fit = overlap.parted(60 * time_min[inside], height[inside], [one - start for one in centres], widths_s, noise)
        small = fit is not None and hidden and fit[0].min() < overlap.HIDDEN_AREA * fit[0].sum()
        made += own if fit is None or small else _shared(time_min, height, own, centres, fit)
    return made


def _shared(time_min: np.ndarray, height: np.ndarray, own: list[dict], centres: list[int], fit: tuple) -> list[dict]:
    """Rows of fitted peaks: those of the drop line with new areas, and copies for the hidden ones."""
    areas, places_s, shape = fit
    total = sum(row["area"] for row in own)
    rows = []
    for centre, area, place_s in zip(centres, areas, places_s, strict=True):
        row = dict(min(own, key=lambda one: abs(one["apex"] - centre)))
        if centre != row["apex"]:
            row.update(apex=centre, retention_min=float(place_s / 60), height=float(height[centre]))
        rows.append({**row, "area": float(total * area / areas.sum()), "shape": shape})
    return rows


def spans_by_hand(
    time_min: np.ndarray, signal: np.ndarray, smooth: np.ndarray, limits: list[tuple[float, float]]
) -> tuple[list[tuple[int, int, int, int]], np.ndarray]:
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


def chords(smooth: np.ndarray, spans: list[tuple[int, int, int, int]]) -> np.ndarray:
    """A line from valley to valley under each peak."""
    line = smooth.copy()
    for start, _, stop, _ in spans:
        line[start : stop + 1] = np.interp(np.arange(start, stop + 1), [start, stop], smooth[[start, stop]])
    return line


def skimmed(
    smooth: np.ndarray, line: np.ndarray, spans: list[tuple[int, int, int, int]], ratio: float = 10.0
) -> list[tuple[int, int, int, int]]:
    """Small peaks on the tail of one ``ratio`` times as tall get a line of their own, written into ``line``."""
    for (_, big, _, cluster), (start, apex, stop, own) in pairwise(spans):
        if own == cluster and smooth[big] - line[big] > ratio * (smooth[apex] - line[apex]):
            line[start : stop + 1] = np.interp(np.arange(start, stop + 1), [start, stop], smooth[[start, stop]])
    return spans


def measured(
    time_min: np.ndarray,
    signal: np.ndarray,
    smooth: np.ndarray,
    line: np.ndarray,
    span: tuple[int, int, int, int],
    noise: float,
) -> dict:
    """Area (signal x s), height, width, tailing, signal to noise and saturation of one peak."""
    start, apex, stop, cluster = span
    inside = slice(start, stop + 1)
    above = signal[inside] - line[inside]
    above_line = smooth[inside] - line[inside]
    height = float(smooth[apex] - line[apex])
    half = crossings(above_line, apex - start, 0.5 * height)
    tenth = crossings(above_line, apex - start, 0.05 * height)
    step_s = 60 * float(time_min[-1] - time_min[0]) / (len(time_min) - 1)
    return {
        "retention_min": _vertex(time_min, smooth - line, apex),
        "start_min": float(time_min[start]),
        "stop_min": float(time_min[stop]),
        "area": float(np.trapezoid(above, time_min[inside]) * 60),
        "height": height,
        "snr": height / noise if noise > 0 else np.nan,
        "saturated": flat_top(signal[inside]),
        "width_s": step_s * (half[1] - half[0]),
        "tailing": (tenth[1] - tenth[0]) / max(2 * (apex - start - tenth[0]), 1e-9),
        "cut": (
            min(start, len(signal) - 1 - stop) <= CUT_WIDTHS * (half[1] - half[0])
            and 0.05 * height < max(signal[start] - line[start], signal[stop] - line[stop])
        )
        or min(start, len(signal) - 1 - stop) < 3,
        "cluster": cluster,
        "apex": apex,
        "start": start,
        "stop": stop,
    }


def _vertex(time_min: np.ndarray, height: np.ndarray, apex: int) -> float:
    """Time of the maximum, from the parabola through the three highest points."""
    if not 0 < apex < len(height) - 1:
        return float(time_min[apex])
    before, here, after = height[apex - 1 : apex + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(time_min[apex] + np.clip(shift, -1, 1) * (time_min[apex + 1] - time_min[apex]))


def flat_top(values: np.ndarray) -> bool:
    """Whether the top of a peak is cut off: too many of its samples lie within 1 % of the highest.

    Of the samples above half height a Gaussian has 12 % there, whatever its width; a clipped peak has more.
    """
    top, low = float(values.max()), float(values.min())
    near = np.count_nonzero(values >= top - FLAT_TOP_FRACTION * (top - low))
    half = np.count_nonzero(values >= (top + low) / 2)
    return near >= FLAT_TOP_POINTS and near > FLAT_TOP_SHARE * half


def _resolutions(rows: list[dict]) -> None:
    """Resolution from the peak before: 1.18 x distance over the sum of the widths at half height."""
    for row, before in zip(rows, [None, *rows], strict=False):
        apart_s = 60 * (row["retention_min"] - before["retention_min"]) if before else np.nan
        row["resolution"] = 1.18 * apart_s / (row["width_s"] + before["width_s"]) if before else np.nan
