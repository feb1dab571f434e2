"""Microstructure of licking: bursts, the rhythm within them, and licks per time bin.

In: arrays of lick times. Out: arrays. Bursts are counted as trompy and lickcalc do (after Davis and Smith 1992), so
that numbers can be compared with theirs: a pause longer than the gap ends a burst.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ketaflow.assays.sucrose_preference import constants


@dataclass(frozen=True)
class Bursts:
    """Bursts of licks.

    Attributes
    ----------
    start_s, stop_s : (n_bursts,) float
        Time of the first and of the last lick (s).
    licks : (n_bursts,) int
        Licks of each burst.
    """

    start_s: np.ndarray
    stop_s: np.ndarray
    licks: np.ndarray


def lick_bursts(time_s: np.ndarray, *, burst_gap_s: float, burst_min_licks: int) -> Bursts:
    """Group licks into bursts.

    Parameters
    ----------
    time_s : (n_licks,) float
        Onsets of licks (s), rising.
    burst_gap_s : float
        A pause longer than this ends a burst (s).
    burst_min_licks : int
        Groups with fewer licks are not bursts.

    Returns
    -------
    Bursts
        In the order of time; empty if there are none.

    References
    ----------
    Davis and Smith 1992, Behav Neurosci 106:217-228; Naneix et al. 2019, doi:10.1016/j.neuroscience.2019.10.036.
    """
    if not len(time_s):
        empty = np.empty(0)
        return Bursts(empty, empty, np.empty(0, dtype=int))
    breaks = np.flatnonzero(np.diff(time_s) > burst_gap_s)
    first, last = np.concatenate([[0], breaks + 1]), np.concatenate([breaks, [len(time_s) - 1]])
    counts = last - first + 1
    kept = counts >= burst_min_licks
    return Bursts(time_s[first[kept]], time_s[last[kept]], counts[kept])


def modal_lick_rate_hz(time_s: np.ndarray, *, burst_gap_s: float) -> float | None:
    """Lick rate within bursts: one over the most frequent interval.

    Parameters
    ----------
    time_s : (n_licks,) float
        Onsets of licks (s), rising.
    burst_gap_s : float
        Intervals from this length on lie between bursts (s).

    Returns
    -------
    float or None
        Rate (Hz); None if no burst has two licks.

    Notes
    -----
    The mode is that of the density of intervals: counts per millisecond, smoothed by a Gaussian. The most frequent
    single millisecond depends on chance even among 4,000 licks.
    """
    intervals_s = np.diff(time_s)
    within_ms = np.round(intervals_s[intervals_s < burst_gap_s] * constants.MS_PER_S).astype(int)
    within_ms = within_ms[within_ms > 0]
    if not len(within_ms):
        return None
    counts = np.bincount(within_ms, minlength=int(constants.MS_PER_S * burst_gap_s) + 1).astype(float)
    density = gaussian_filter1d(counts, constants.INTERVAL_SMOOTHING_MS, mode="constant")
    return constants.MS_PER_S / float(density.argmax())


def binned(time_s: np.ndarray, amounts: np.ndarray, edges_s: np.ndarray) -> np.ndarray:
    """Sum amounts in time bins.

    Parameters
    ----------
    time_s, amounts : (n,) float
        Moments (s), and the licks or contact times that belong to them; NaN counts as 0.
    edges_s : (n_bins + 1,) float
        Edges of the bins (s). A moment on an edge belongs to the later bin.

    Returns
    -------
    (n_bins,) float
        Sum of each bin.
    """
    return np.histogram(time_s, bins=edges_s, weights=np.nan_to_num(amounts))[0]
