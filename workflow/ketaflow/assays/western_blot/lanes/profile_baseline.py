"""Profile of a lane: its baseline, its noise, its bands and their slope.

In: the pixels or the mean signal of a lane. Out: baselines, peaks, levelled pixels. Rows are the direction of migration
and count from the top of the picture, where the wells are.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from pybaselines import Baseline
from pybaselines.utils import ParameterWarning
from scipy import ndimage, signal, special

from ketaflow.assays.western_blot.lanes import constants


@dataclass(frozen=True)
class Peak:
    """A band in the profile of a lane.

    Attributes
    ----------
    row : float
        Row of the maximum, with fractions.
    top, bottom : int
        First and last row of the band.
    height : float
        Height above the background (counts).
    """

    row: float
    top: int
    bottom: int
    height: float

    @property
    def rows(self) -> int:
        """Rows from foot to foot."""
        return self.bottom - self.top + 1


def baseline(profile: np.ndarray, *, length: float) -> np.ndarray:
    """Background below a profile by asymmetrically reweighted penalised least squares (arPLS) [1]_.

    Parameters
    ----------
    profile : (n_rows,) float
        Mean signal of each row (counts).
    length : float
        Bumps shorter than this many rows are bands, slower changes are background. It sets the penalty on curvature,
        ``(length / 2 pi) ** 4``: a sine of that length would be halved.

    Returns
    -------
    (n_rows,) float
        The background of each row (counts).

    References
    ----------
    .. [1] Baek, Park, Ahn, Choo (2015), Analyst 140:250-257, doi:10.1039/C4AN01061B
    """
    if len(profile) < 5:
        return np.full(len(profile), profile.min() if len(profile) else 0.0)
    penalty = max((length / (2 * np.pi)) ** 4, 1.0)
    with warnings.catch_warnings():
        # Stops where nearly all rows lie above the baseline, as in a lane full of bands; the last fit is kept.
        warnings.simplefilter("ignore", ParameterWarning)
        fitted, _ = Baseline(check_finite=False).arpls(profile, lam=penalty, max_iter=constants.ARPLS_ROUNDS)
    return np.asarray(fitted)


def asymmetric_weights(residuals: np.ndarray) -> np.ndarray | None:
    """Weights of arPLS [1]_: signal above the background counts nothing, background on either side counts fully.

    Parameters
    ----------
    residuals : (n,) float
        Values less the fitted background (counts).

    Returns
    -------
    (n,) float or None
        Weights between 0 and 1; None where fewer than two values lie below the fit.

    References
    ----------
    .. [1] Baek, Park, Ahn, Choo (2015), Analyst 140:250-257, doi:10.1039/C4AN01061B
    """
    below = residuals[residuals < 0]
    if len(below) < 2:
        return None
    mean, sd = below.mean(), max(below.std(), 1e-12)
    return np.asarray(special.expit(-2 * (residuals - (2 * sd - mean)) / sd))


def profile_noise(profile: np.ndarray) -> float:
    """Estimate the noise of a profile from its second differences, as bands are smooth.

    Parameters
    ----------
    profile : (n_rows,) float
        Mean signal of each row (counts).

    Returns
    -------
    float
        Standard deviation from row to row (counts); 0 for fewer than five rows.
    """
    if len(profile) < 5:
        return 0.0
    return float(np.median(np.abs(np.diff(profile, 2)))) / 0.6745 / np.sqrt(6)


def find_peaks(net: np.ndarray, *, noise: float, min_snr: float, foot: float, smooth: float) -> list[Peak]:
    """Find the bands of a profile: peaks that rise above the noise, each down to its feet.

    Parameters
    ----------
    net : (n_rows,) float
        Profile less baseline (counts).
    noise : float
        Standard deviation of the profile's noise (counts).
    min_snr : float
        A peak rises this many times the noise above the higher of its two valleys.
    foot : float
        A band ends where the profile falls below this fraction of its peak, or at the valley to the next band.
    smooth : float
        Standard deviation of the smoothing before peaks are sought (rows). Closer doublets are one band.

    Returns
    -------
    list of Peak
        From top to bottom.
    """
    smoothed = ndimage.gaussian_filter1d(net, smooth)
    quiet = noise / max(1.0, np.sqrt(2 * np.sqrt(np.pi) * smooth))
    least = max(min_snr * quiet, 1e-9)
    found = signal.find_peaks(smoothed, height=least, prominence=least)[0]
    bands = []
    for index, peak in enumerate(found):
        height = smoothed[peak]
        low = _valley(smoothed, found[index - 1], peak) if index else 0
        high = _valley(smoothed, peak, found[index + 1]) if index + 1 < len(found) else len(net) - 1
        level = max(foot * height, 1.0 * quiet)
        above = smoothed > level
        top = _last_false(above, low, peak)
        bottom = len(net) - 1 - _last_false(above[::-1], len(net) - 1 - high, len(net) - 1 - peak)
        top, bottom = _within_reach(smoothed, peak, int(top), int(bottom))
        bands.append(Peak(_vertex(smoothed, peak), top, bottom, float(height)))
    return bands


def _within_reach(smoothed: np.ndarray, peak: int, top: int, bottom: int) -> tuple[int, int]:
    """Feet at most a few half-widths from the peak; what continues beyond is uneven background."""
    half = smoothed[peak] / 2
    above, below = np.flatnonzero(smoothed[top:peak] < half), np.flatnonzero(smoothed[peak : bottom + 1] < half)
    sides = (peak - top - int(above[-1]) if len(above) else 0, int(below[0]) if len(below) else 0)
    if not any(sides):
        return top, bottom
    up, down = (1 + round(constants.FOOT_HALF_WIDTHS * (side or max(sides))) for side in sides)
    return max(top, peak - up), min(bottom, peak + down)


def _valley(smoothed: np.ndarray, left: int, right: int) -> int:
    """Row of the lowest point between two peaks."""
    return int(left + np.argmin(smoothed[left : right + 1]))


def _last_false(above: np.ndarray, low: int, peak: int) -> int:
    """First row of the run of True that ends at ``peak``, not before ``low``."""
    gaps = np.flatnonzero(~above[low:peak])
    return low + int(gaps[-1]) + 1 if len(gaps) else low


def _vertex(smoothed: np.ndarray, peak: int) -> float:
    """Row of a peak with fractions, by a parabola through three rows."""
    if not 0 < peak < len(smoothed) - 1:
        return float(peak)
    before, at, after = smoothed[peak - 1 : peak + 2]
    bend = before - 2 * at + after
    return float(peak) if bend >= 0 else float(peak + np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def tilt(lane: np.ndarray, *, largest: float) -> float:
    """Estimate how bands slope within a lane, from the profiles of its left and right third.

    Parameters
    ----------
    lane : (n_rows, n_columns) float32
        Signal (counts).
    largest : float
        Steepest slope that is believed (rows per column).

    Returns
    -------
    float
        Rows per column; 0 where the two profiles do not agree.
    """
    rows, columns = lane.shape
    if columns < 8:
        return 0.0
    third = columns // 3
    left, right = lane[:, :third].mean(axis=1), lane[:, -third:].mean(axis=1)
    left, right = (np.maximum(side - np.median(side), 0) for side in (left, right))
    reach = int(np.ceil(largest * (columns - third))) + 1
    if not (left.any() and right.any()) or rows <= 2 * reach:
        return 0.0
    lags = np.arange(-reach, reach + 1)
    agree = np.array([float(left[reach:-reach] @ right[reach + lag : rows - reach + lag]) for lag in lags])
    best = int(agree.argmax())
    if best in (0, len(lags) - 1):
        return 0.0
    scale = np.sqrt(float(left @ left) * float(right @ right))
    return float((lags[best] + (_vertex(agree, best) - best)) / (columns - third)) if agree[best] > 0.5 * scale else 0.0


def moved(curve: np.ndarray, by: int) -> np.ndarray:
    """Move a curve by whole places, with zeros moved in.

    Parameters
    ----------
    curve : (n,) float
        Values along rows or columns.
    by : int
        Places towards the end; negative towards the start.

    Returns
    -------
    (n,) float
        The curve at its new place, as long as before.
    """
    by = max(-len(curve), min(by, len(curve)))
    before, after = max(by, 0), max(-by, 0)
    return np.pad(curve[after : len(curve) - before], (before, after))


def straightened(lane: np.ndarray, slope: float, *, centre: float | None = None) -> np.ndarray:
    """Level the bands of a lane by moving every column by whole rows, which keeps the counts.

    Parameters
    ----------
    lane : (n_rows, n_columns) float32
        Signal (counts).
    slope : float
        Rows per column by which bands slope.
    centre : float, optional
        Column that is not moved; the middle one if not given.

    Returns
    -------
    (n_rows, n_columns) float32
        Signal (counts) with level bands; rows at the edges are repeated.
    """
    columns = lane.shape[1]
    centre = (columns - 1) / 2 if centre is None else centre
    moves = np.rint(slope * (np.arange(columns) - centre)).astype(int)
    if not moves.any():
        return lane
    rows = np.clip(np.arange(lane.shape[0])[:, None] + moves[None, :], 0, lane.shape[0] - 1)
    return np.take_along_axis(lane, rows, axis=0)
