"""Shapes of chromatographic peaks with an area of one, and their derivatives.

Mean and spread are those of the peak, not the parameters of its formula: a change of form then leaves them in place,
and a search needs half the steps. ``scipy.special`` is imported when a shape is first drawn, as most traces need none.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ketaflow.assays.microdialysis.integration import constants

Shape = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, list[np.ndarray]]]
ROOT_2 = np.sqrt(2.0)
ROOT_PI = np.sqrt(np.pi)


def skew_normal(
    t: np.ndarray, mean: np.ndarray, log_spread: np.ndarray, skew: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Compute skew-normal peaks.

    Parameters
    ----------
    t : (n_points, 1) float
        Times.
    mean, log_spread : (n_peaks,) float
        Mean and logarithm of the standard deviation of each peak.
    skew : (n_peaks,) float
        Skewness parameter; 0 is a Gaussian.

    Returns
    -------
    values : (n_points, n_peaks) float
        Area one.
    derivatives : list of (n_points, n_peaks) float
        By mean, by log_spread and by skew.

    References
    ----------
    Azzalini (1985), Scand J Statist 12:171-178.
    """
    from scipy.special import erf

    delta, change = skew / np.sqrt(1 + skew**2), (1 + skew**2) ** -1.5
    rest = 1 - 2 * delta**2 / np.pi
    sigma = np.exp(log_spread) / np.sqrt(rest)
    offset = delta * ROOT_2 / ROOT_PI
    z = (t - mean) / sigma + offset
    bell = np.exp(-(z**2) / 2) / (sigma * ROOT_2 * ROOT_PI)
    values = bell * (1 + erf(skew * z / ROOT_2))
    turn = bell * (ROOT_2 / ROOT_PI) * np.exp(-((skew * z) ** 2) / 2)
    by_z = skew * turn - z * values
    by_log_sigma = -values - (z - offset) * by_z
    by_form = z * turn + by_z * change * ROOT_2 / ROOT_PI + by_log_sigma * 2 * delta * change / (np.pi * rest)
    return values, [-by_z / sigma, by_log_sigma, by_form]


def tailed(
    t: np.ndarray, mean: np.ndarray, log_spread: np.ndarray, ratio: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Compute exponentially modified Gaussian peaks.

    Parameters
    ----------
    t : (n_points, 1) float
        Times.
    mean, log_spread : (n_peaks,) float
        Mean and logarithm of the standard deviation of each peak.
    ratio : (n_peaks,) float
        Time constant of the tail over the standard deviation of the Gaussian.

    Returns
    -------
    values : (n_points, n_peaks) float
        Area one.
    derivatives : list of (n_points, n_peaks) float
        By mean, by log_spread and by ratio.

    References
    ----------
    Kalambet et al. (2011), J Chemometrics 25:352-356.
    """
    from scipy.special import erfcx

    sigma = np.exp(log_spread) / np.sqrt(1 + ratio**2)
    u = (t - mean) / sigma + ratio
    w = np.maximum((1 / ratio - u) / ROOT_2, constants.ERFCX_LOWEST)
    bell = np.exp(-(u**2) / 2) / (2 * ratio * sigma)
    scaled = erfcx(w)
    values = bell * scaled
    by_w = bell * (2 * w * scaled - 2 / ROOT_PI)
    by_u = -u * values - by_w / ROOT_2
    by_log_sigma = -values - (u - ratio) * by_u
    own = -values / ratio - by_w / (ROOT_2 * ratio**2)
    return values, [-by_u / sigma, by_log_sigma, own + by_u - by_log_sigma * ratio / (1 + ratio**2)]


@lru_cache(maxsize=4)
def _mode_curve(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Forms of a shape, and how far its mean lies behind its maximum there, in standard deviations."""
    shape, _, (low, high) = SHAPES[name]
    forms = np.geomspace(low, high, constants.MODE_FORMS) if low > 0 else np.linspace(low, high, constants.MODE_FORMS)
    t = np.linspace(-2, 2, constants.MODE_POINTS)
    values = shape(t[:, None], np.zeros(len(forms)), np.zeros(len(forms)), forms)[0]
    top = np.clip(values.argmax(axis=0), 1, len(t) - 2)
    before, here, after = (values[top + step, np.arange(len(forms))] for step in (-1, 0, 1))
    return forms, -t[top] - (t[1] - t[0]) * 0.5 * (before - after) / (before - 2 * here + after)


def mean_behind_top(name: str, forms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find how far the mean of a peak lies behind its maximum.

    Parameters
    ----------
    name : str
        Name of the shape.
    forms : (n_peaks,) float
        Form of each peak.

    Returns
    -------
    distance, slope : (n_peaks,) float
        In standard deviations of the peak, and its change with the form.
    """
    known, distances = _mode_curve(name)
    return np.interp(forms, known, distances), np.interp(forms, known, np.gradient(distances, known))


# Each shape with the form a search starts from, and the forms it may take.
SHAPES: dict[str, tuple[Shape, float, tuple[float, float]]] = {
    "emg": (tailed, 0.5, (0.02, 6.0)),
    "skew_normal": (skew_normal, 0.0, (-8.0, 8.0)),
}
