"""Divide volumes so that they can be compared between animals, always in the same order.

Loading (one or several controls, geometric mean) -> phosphorylated over total -> reference of the membrane -> lanes of
one animal (geometric mean). In: volumes by lane. Out: values by lane or animal, NaN where there is none. The reference
of a membrane is its pooled sample, or without one the geometric mean over its animals. It is never a single animal, and
never a control group, which is not known before unblinding.
"""

import numpy as np


def positive(volumes: np.ndarray) -> np.ndarray:
    """Mark volumes without a logarithm as missing.

    Parameters
    ----------
    volumes : float array of any shape
        Volumes (counts).

    Returns
    -------
    float array of the same shape
        NaN where the volume is not above zero.
    """
    volumes = np.asarray(volumes, float)
    return np.where(volumes > 0, volumes, np.nan)


def loading_factors(controls: np.ndarray, animals: np.ndarray) -> np.ndarray:
    """Compute how much protein each lane holds, relative to the mean animal of the membrane, from its loading controls.

    Parameters
    ----------
    controls : (n_controls, n_lanes) float
        Volumes of the loading controls (counts); NaN where one could not be measured.
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
    """Divide values by the reference of their membrane.

    Parameters
    ----------
    values : (n_lanes,) float
        Values of one target; NaN where there is none.
    animals, pools : (n_lanes,) bool
        Lanes that hold an animal, and the pooled sample.

    Returns
    -------
    (n_lanes,) float, str
        Values over the geometric mean of the pool's lanes, or of the animals' where there is none, and which of the two
        it was: ``pool`` or ``membrane mean``.
    """
    logs = np.log(positive(values))
    if np.isfinite(logs[pools]).any():
        return np.exp(logs - np.nanmean(logs[pools])), "pool"
    if not np.isfinite(logs[animals]).any():
        return np.full(len(logs), np.nan), "membrane mean"
    return np.exp(logs - np.nanmean(logs[animals])), "membrane mean"


def geometric_mean(values: np.ndarray) -> float:
    """Compute the geometric mean of the values above zero.

    Parameters
    ----------
    values : (n,) float
        Values; others are left out.

    Returns
    -------
    float
        NaN where there is none.
    """
    logs = np.log(positive(values))
    return float(np.exp(np.nanmean(logs))) if np.isfinite(logs).any() else float("nan")


def variation_pct(values: np.ndarray) -> float:
    """Compute the coefficient of variation.

    Parameters
    ----------
    values : (n,) float
        Values; missing ones are left out.

    Returns
    -------
    float
        Standard deviation over the mean (%); NaN for fewer than two values.
    """
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    return float(100 * values.std(ddof=1) / values.mean()) if len(values) > 1 and values.mean() else float("nan")


def _row_mean(logs: np.ndarray) -> np.ndarray:
    known = np.isfinite(logs)
    count = np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), np.where(known, logs, 0).sum(axis=1) / count, np.nan)
