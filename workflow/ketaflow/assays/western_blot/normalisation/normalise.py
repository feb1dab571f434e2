"""From volumes to values that can be compared between animals, always in the same order.

Loading (one or several controls, geometric mean) -> phosphorylated over total -> reference of the membrane -> lanes of
one animal (geometric mean). In: volumes by lane. Out: values by lane or animal. NaN where a value cannot be had.
A membrane's reference is its pooled sample; without one the geometric mean over its animals: never an animal by itself,
and never a control group, which nobody knows before unblinding.
"""

import numpy as np


def positive(volumes: np.ndarray) -> np.ndarray:
    """Volumes with those NaN that have no logarithm: nothing above background was there."""
    volumes = np.asarray(volumes, float)
    return np.where(volumes > 0, volumes, np.nan)


def loading_factors(controls: np.ndarray, animals: np.ndarray) -> np.ndarray:
    """How much each lane holds against the membrane's mean animal, from its loading controls.

    Parameters
    ----------
    controls : (n_controls, n_lanes) float
        Volumes of the loading controls; NaN where one could not be measured.
    animals : (n_lanes,) bool
        Lanes that hold an animal; their geometric mean becomes 1 for each control.

    Returns
    -------
    (n_lanes,) float
        Geometric mean over the controls; 1 everywhere where there is none, NaN in a lane that lacks one of them.
    """
    controls = np.atleast_2d(positive(controls))
    if not controls.size:
        return np.ones(len(animals))
    logs = np.log(controls)
    logs = logs - _row_mean(logs[:, animals])[:, None]
    return np.exp(logs.mean(axis=0))


def referenced(values: np.ndarray, animals: np.ndarray, pools: np.ndarray) -> tuple[np.ndarray, str]:
    """Values over the membrane's reference, and what that was: ``pool`` or ``membrane mean``."""
    logs = np.log(positive(values))
    if np.isfinite(logs[pools]).any():
        return np.exp(logs - np.nanmean(logs[pools])), "pool"
    if not np.isfinite(logs[animals]).any():
        return np.full(len(logs), np.nan), "membrane mean"
    return np.exp(logs - np.nanmean(logs[animals])), "membrane mean"


def geometric_mean(values: np.ndarray) -> float:
    """Geometric mean of what is there; NaN where nothing is."""
    logs = np.log(positive(values))
    return float(np.exp(np.nanmean(logs))) if np.isfinite(logs).any() else float("nan")


def variation_pct(values: np.ndarray) -> float:
    """Coefficient of variation (%); NaN for fewer than two values."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    return float(100 * values.std(ddof=1) / values.mean()) if len(values) > 1 and values.mean() else float("nan")


def _row_mean(logs: np.ndarray) -> np.ndarray:
    known = np.isfinite(logs)
    count = np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), np.where(known, logs, 0).sum(axis=1) / count, np.nan)
