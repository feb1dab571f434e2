"""The slow drift of a whole trace, where one smooth curve passes through all its bare places.

A straight line from one bare place to the next cuts a bowed baseline, and a bow higher than the peaks hides the places
themselves: they lie above any line drawn from end to end. Where a polynomial of low degree meets every long bare
stretch of a trace to within its noise, the drift is that curve, and is taken off before the line is sought.
"""

import numpy as np

from ketaflow.assays.microdialysis.integration.extrema import parabola, prominences
from ketaflow.assays.microdialysis.integration.preprocessing import Outline

# A stretch is bare where a parabola over one width bends no otherwise than in most of the trace, but for so many of its
# standard errors, so many widths from every maximum that stands out of the noise by so much; and it has a least length.
STRAIGHT_ERRORS = 3.0
CLEAR_WIDTHS = 1.0
SEEN_NOISES = 6.0
LEAST_WIDTHS = 0.25
# Degrees tried, the lowest first; a curve that meets fewer bare stretches than so many more than its degree proves
# nothing, unless they are this share of the whole trace.
DEGREES = (2, 3, 4)
SPARE_STRETCHES = 2
MOST_OF_IT = 0.4
# Windows further from the curve than so many times the noise are feet and tails of peaks and are left out, so long as
# this share of them remains; then no part of the run longer than this share of it is without one.
NEAR_NOISES = 2.0
LEAST_SHARE = 0.7
LONGEST_GAP = 0.4
CLIPPINGS = 6
# A curve that bows by less than so many times the ripple is as good as straight.
BOWED_RIPPLES = 5.0


def slow_drift(trace: Outline, apexes: np.ndarray) -> np.ndarray | None:
    """(n_points,) the curve through a trace's bare places; None where none explains them, or a line would do."""
    places, heights, stretches = _bare_windows(trace, apexes)
    x = 2 * places / (len(trace.signal) - 1) - 1
    everywhere = np.linspace(-1, 1, len(trace.signal))
    bare = len(places) * _stride(trace) / len(trace.signal)
    for degree in DEGREES:
        needed = 2 if bare > MOST_OF_IT else degree + SPARE_STRETCHES
        curve = _through(x, heights, stretches, degree, NEAR_NOISES * trace.noise, needed)
        if curve is not None:
            drift = np.polynomial.polynomial.polyval(everywhere, curve)
            bow = drift - np.linspace(drift[0], drift[-1], len(drift))
            return drift if np.abs(bow).max() > BOWED_RIPPLES * trace.ripple else None
    return None


def _half(trace: Outline) -> int:
    return int(max(2, round(trace.width / 2)))


def _stride(trace: Outline) -> int:
    return max(1, _half(trace) // 2)


def _bare_windows(trace: Outline, apexes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middles, means and stretch numbers of windows, one width long, in which the trace is straight but for noise."""
    half = _half(trace)
    stride = _stride(trace)
    windows = np.lib.stride_tricks.sliding_window_view(trace.signal, 2 * half + 1)[::stride]
    middles = half + stride * np.arange(len(windows))
    clear = np.ones(len(trace.signal), bool)
    reach = int(CLEAR_WIDTHS * 2 * half)
    for apex in apexes[prominences(trace.smooth, apexes) > SEEN_NOISES * trace.noise].tolist():
        clear[max(apex - reach, 0) : apex + reach + 1] = False
    clear, bends = clear[middles], windows @ parabola(2 * half + 1)[:, 2]
    usual = float(np.median(bends[clear])) if clear.any() else 0.0
    bare = clear & (np.abs(bends - usual) < STRAIGHT_ERRORS * trace.noise)
    starts = np.flatnonzero(np.diff(np.concatenate([[0], bare.astype(np.int8)])) == 1)
    stretches = np.searchsorted(starts, np.arange(len(bare)), side="right")
    long = np.bincount(stretches[bare], minlength=len(starts) + 1) * stride >= LEAST_WIDTHS * 2 * half
    kept = bare & long[stretches]
    return middles[kept], windows[kept].mean(axis=1), stretches[kept]


def _through(
    x: np.ndarray, heights: np.ndarray, stretches: np.ndarray, degree: int, near: float, needed: int
) -> np.ndarray | None:
    """Coefficients of the polynomial that meets the windows; None where it leaves too many of them aside."""
    if len(np.unique(stretches)) < needed:
        return None
    kept = np.ones(len(x), bool)
    powers = np.vander(x, degree + 1, increasing=True)
    for _ in range(CLIPPINGS):
        curve = np.linalg.lstsq(powers[kept], heights[kept], rcond=None)[0]
        rest = heights - powers @ curve
        spread = max(near, 2 * float(np.median(np.abs(rest[kept]))))
        now = np.abs(rest) < spread
        if now.sum() < max(LEAST_SHARE * len(x), degree + 1):
            return None
        settled, kept = np.array_equal(now, kept), now
        if settled:
            break
    gaps = np.diff(np.concatenate([[-1], x[kept], [1]])) / 2
    met = len(np.unique(stretches[kept])) >= needed
    return curve if met and np.abs(rest[kept]).max() < near and gaps.max() < LONGEST_GAP else None
