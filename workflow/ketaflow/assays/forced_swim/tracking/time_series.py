"""Signals sampled at uneven times."""

import numpy as np


def moving_mean(times_s: np.ndarray, values: np.ndarray, window_s: float) -> np.ndarray:
    """Mean of the finite values within half a window of each moment; NaN where there is none."""
    finite = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(finite, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(finite)])
    first = np.searchsorted(times_s, times_s - window_s / 2 - 1e-6)
    last = np.searchsorted(times_s, times_s + window_s / 2 + 1e-6)
    n = count[last] - count[first]
    return np.where(n > 0, (total[last] - total[first]) / np.maximum(n, 1), np.nan)
