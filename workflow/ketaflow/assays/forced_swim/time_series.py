"""Signals sampled at uneven times, and runs of true values."""

import numpy as np


def moving_mean(times_s: np.ndarray, values: np.ndarray, window_s: float) -> np.ndarray:
    """Average the finite values within half a window of each moment.

    Parameters
    ----------
    times_s : (n,) float
        Times in rising order (seconds).
    values : (n,) float
        The signal; missing values are NaN.
    window_s : float
        Width of the window (seconds).

    Returns
    -------
    (n,) float
        NaN where no value lies in the window.

    Notes
    -----
    ``pandas.Series.rolling(center=True, closed="both")`` gives the same up to rounding; this one is kept because the
    thresholds were tuned on its values.
    """
    finite = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(finite, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(finite)])
    first = np.searchsorted(times_s, times_s - window_s / 2 - 1e-6)
    last = np.searchsorted(times_s, times_s + window_s / 2 + 1e-6)
    n = count[last] - count[first]
    return np.where(n > 0, (total[last] - total[first]) / np.maximum(n, 1), np.nan)


def true_runs(mask: np.ndarray) -> np.ndarray:
    """Find the runs of true values.

    Parameters
    ----------
    mask : (n,) bool
        Any mask.

    Returns
    -------
    (n_runs, 2) int
        First index of each run, and the index after its last.
    """
    return np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(mask, bool), [0]]))).reshape(-1, 2)
