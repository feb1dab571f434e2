"""The slow drift of a whole trace, where one smooth curve passes through all of its bare places.

A straight line from one bare place to the next cuts a bowed baseline. A bow higher than the peaks also hides the bare
places, which then lie above any line from end to end. Where a polynomial of low degree meets every long bare stretch to
within the noise, that curve is the drift; it is subtracted before the baseline is searched.
"""

import numpy as np

from ketaflow.assays.microdialysis.integration import constants
from ketaflow.assays.microdialysis.integration.preprocessing import Outline, parabola, prominences


def slow_drift(trace: Outline, apexes: np.ndarray) -> np.ndarray | None:
    """Fit the curve through a trace's bare places.

    Parameters
    ----------
    trace : Outline
        The trace.
    apexes : (n_peaks,) int
        Samples of its peaks.

    Returns
    -------
    (n_points,) float or None
        The drift (unit of the signal); None where no curve explains the bare places, or a straight line would do.
    """
    places, heights, stretches = _bare_windows(trace, apexes)
    x = 2 * places / (len(trace.signal) - 1) - 1
    everywhere = np.linspace(-1, 1, len(trace.signal))
    bare = len(places) * _stride(trace) / len(trace.signal)
    for degree in constants.DRIFT_DEGREES:
        needed = 2 if bare > constants.DRIFT_BARE_FRACTION else degree + constants.DRIFT_SPARE_STRETCHES
        curve = _through(x, heights, stretches, degree, constants.DRIFT_NEAR_NOISES * trace.noise, needed)
        if curve is not None:
            drift = np.polynomial.polynomial.polyval(everywhere, curve)
            bow = drift - np.linspace(drift[0], drift[-1], len(drift))
            return drift if np.abs(bow).max() > constants.DRIFT_BOW_RIPPLES * trace.ripple else None
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
    for apex in apexes[prominences(trace.smooth, apexes) > constants.DRIFT_VISIBLE_NOISES * trace.noise].tolist():
        clear[max(apex - 2 * half, 0) : apex + 2 * half + 1] = False
    clear, bends = clear[middles], windows @ parabola(2 * half + 1)[:, 2]
    usual = float(np.median(bends[clear])) if clear.any() else 0.0
    bare = clear & (np.abs(bends - usual) < constants.DRIFT_STRAIGHT_ERRORS * trace.noise)
    starts = np.flatnonzero(np.diff(np.concatenate([[0], bare.astype(np.int8)])) == 1)
    stretches = np.searchsorted(starts, np.arange(len(bare)), side="right")
    return middles[bare], windows[bare].mean(axis=1), stretches[bare]


def _through(
    x: np.ndarray, heights: np.ndarray, stretches: np.ndarray, degree: int, near: float, needed: int
) -> np.ndarray | None:
    """Coefficients of the polynomial that meets the windows; None where it leaves out too many of them."""
    if len(np.unique(stretches)) < needed:
        return None
    kept = np.ones(len(x), bool)
    powers = np.vander(x, degree + 1, increasing=True)
    for _ in range(constants.DRIFT_ROUNDS):
        curve = np.linalg.lstsq(powers[kept], heights[kept], rcond=None)[0]
        rest = heights - powers @ curve
        spread = max(near, 2 * float(np.median(np.abs(rest[kept]))))
        now = np.abs(rest) < spread
        if now.sum() < max(constants.DRIFT_KEPT_FRACTION * len(x), degree + 1):
            return None
        settled, kept = np.array_equal(now, kept), now
        if settled:
            break
    gaps = np.diff(np.concatenate([[-1], x[kept], [1]])) / 2
    met = len(np.unique(stretches[kept])) >= needed
    return curve if met and np.abs(rest[kept]).max() < near and gaps.max() < constants.DRIFT_GAP_FRACTION else None
