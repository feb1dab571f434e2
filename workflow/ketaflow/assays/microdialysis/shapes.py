"""The shapes of chromatographic peaks, of area one, and how they change with their place, width and form.

Each takes times (n, 1) and (k,) centres, logarithms of sigma and forms, and gives the (n, k) values and their three
(n, k) derivatives. scipy.special is imported when a shape is first drawn: most traces need none.
"""

from collections.abc import Callable

import numpy as np

Shape = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, list[np.ndarray]]]
ROOT_2, ROOT_PI = np.sqrt(2.0), np.sqrt(np.pi)
# Below this, erfcx would overflow; the shape is zero there.
LOWEST = -25.0


def skew_normal(
    t: np.ndarray, centre: np.ndarray, log_sigma: np.ndarray, skew: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Skew-normal shape (Azzalini 1985)."""
    from scipy.special import erf

    sigma = np.exp(log_sigma)
    z = (t - centre) / sigma
    bell = np.exp(-(z**2) / 2) / (sigma * ROOT_2 * ROOT_PI)
    values = bell * (1 + erf(skew * z / ROOT_2))
    turn = bell * (ROOT_2 / ROOT_PI) * np.exp(-((skew * z) ** 2) / 2)
    by_z = skew * turn - z * values
    return values, [-by_z / sigma, -values - z * by_z, z * turn]


def tailed(
    t: np.ndarray, centre: np.ndarray, log_sigma: np.ndarray, ratio: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Exponentially modified Gaussian; ``ratio`` is the tail's time constant over sigma (Kalambet 2011)."""
    from scipy.special import erfcx

    sigma = np.exp(log_sigma)
    u = (t - centre) / sigma
    w = np.maximum((1 / ratio - u) / ROOT_2, LOWEST)
    bell = np.exp(-(u**2) / 2) / (2 * ratio * sigma)
    scaled = erfcx(w)
    values = bell * scaled
    by_w = bell * (2 * w * scaled - 2 / ROOT_PI)
    by_u = -u * values - by_w / ROOT_2
    return values, [-by_u / sigma, -values - u * by_u, -values / ratio - by_w / (ROOT_2 * ratio**2)]


# Each shape with the form a search starts from, and the forms it may take.
SHAPES: dict[str, tuple[Shape, float, tuple[float, float]]] = {
    "skew_normal": (skew_normal, 0.0, (-8.0, 8.0)),
    "emg": (tailed, 0.3, (0.02, 6.0)),
}
