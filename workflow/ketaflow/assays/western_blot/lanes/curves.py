"""Find the peaks of a curve, and interpolate points by a smooth monotone curve.

In and out: arrays. scipy's modules for this take longer to import than a blot takes to measure.
"""

import numpy as np


def peaks(curve: np.ndarray, *, least: float = 0.0, prominence: float = 0.0, apart: float = 1.0) -> np.ndarray:
    """Find local maxima; a flat top counts once, at its middle.

    Parameters
    ----------
    curve : (n,) float
        Any curve.
    least : float
        Height a peak must reach.
    prominence : float
        Least height above the higher of the two valleys that separate a peak from higher ground, or from the end.
    apart : float
        Of peaks closer than this only the highest is kept.

    Returns
    -------
    (n_peaks,) int
        Indices, ascending.
    """
    if len(curve) < 3:
        return np.zeros(0, int)
    steps = np.flatnonzero(np.diff(curve)) + 1
    starts, stops = np.concatenate(([0], steps)), np.concatenate((steps, [len(curve)]))
    heights = curve[starts]
    top = np.flatnonzero((heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])) + 1
    found = (starts[top] + stops[top] - 1) // 2
    found = found[curve[found] >= least]
    if prominence > 0:
        found = found[[prominent(curve, peak) >= prominence for peak in found]] if len(found) else found
    if apart > 1:
        kept: list[int] = []
        for peak in found[np.argsort(-curve[found], kind="stable")]:
            if all(abs(peak - other) >= apart for other in kept):
                kept.append(peak)
        found = np.array(sorted(kept), int)
    return found


def prominent(curve: np.ndarray, peak: int) -> float:
    """Compute the prominence of a peak.

    Parameters
    ----------
    curve : (n,) float
        Any curve.
    peak : int
        Index of the peak.

    Returns
    -------
    float
        Height above the higher of the two valleys that separate it from higher ground, or from the ends.
    """
    higher_left, higher_right = np.flatnonzero(curve[:peak] > curve[peak]), np.flatnonzero(curve[peak:] > curve[peak])
    left = int(higher_left[-1]) + 1 if len(higher_left) else 0
    right = peak + int(higher_right[0]) if len(higher_right) else len(curve)
    return float(curve[peak] - max(curve[left : peak + 1].min(), curve[peak:right].min()))


def monotone(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Interpolate by a smooth curve that never overshoots: piecewise cubic, slopes by the harmonic mean [1]_.

    Parameters
    ----------
    x, y : (n_points,) float
        At least two points; ``x`` ascends.
    at : (n,) float
        Between the first and the last point.

    Returns
    -------
    (n,) float

    References
    ----------
    .. [1] Fritsch, Butland (1984), SIAM J Sci Stat Comput 5:300-304, doi:10.1137/0905021
    """
    x, y, at = (np.asarray(values, float) for values in (x, y, at))
    width, rise = np.diff(x), np.diff(y) / np.diff(x)
    slope = np.concatenate(([rise[0]], np.zeros(len(x) - 2), [rise[-1]]))
    if len(x) > 2:
        before, after = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
        alike = rise[:-1] * rise[1:] > 0
        safe_left, safe_right = np.where(alike, rise[:-1], 1.0), np.where(alike, rise[1:], 1.0)
        slope[1:-1] = np.where(alike, (before + after) / (before / safe_left + after / safe_right), 0.0)
    part = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(width) - 1)
    step, t = width[part], (at - x[part]) / width[part]
    start = (1 + 2 * t) * (1 - t) ** 2 * y[part] + t * (1 - t) ** 2 * step * slope[part]
    return start + t**2 * (3 - 2 * t) * y[part + 1] + t**2 * (t - 1) * step * slope[part + 1]
