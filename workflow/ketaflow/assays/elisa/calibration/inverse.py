"""Inverse prediction: the interval of a concentration read from a curve, and the precision expected at one."""

import numpy as np
from scipy import special

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.calibration import logistic
from ketaflow.assays.elisa.calibration.curve import Curve


def precision_pct(curve: Curve, x: np.ndarray, replicates: int) -> np.ndarray:
    """Coefficient of variation expected of a concentration (precision profile).

    Parameters
    ----------
    curve : Curve
        The curve.
    x : (n,) float
        Concentrations (pg/ml), positive.
    replicates : int
        Wells of a sample.

    Returns
    -------
    (n,) float
        Percent, by the delta method from the variance of the mean response and that of the curve [1]_.

    References
    ----------
    .. [1] O'Connell, Belanger and Haaland (1993), Chemometrics and Intelligent Laboratory Systems 20:97-114
    """
    with np.errstate(divide="ignore"):
        return np.asarray(100 * np.sqrt(variance(curve, x, replicates)) / np.abs(logistic.slope(curve, x)))


def variance(curve: Curve, x: np.ndarray, replicates: int) -> np.ndarray:
    """Variance of the difference between the mean of replicates and the curve.

    Parameters
    ----------
    curve : Curve
        The curve, with the covariance of its parameters.
    x : (n,) float
        Concentrations (pg/ml).
    replicates : int
        Wells of a sample.

    Returns
    -------
    (n,) float
        Variance of the curve plus that of the mean (squared unit of the responses).
    """
    on_curve = logistic.response(curve, x)
    design = logistic.gradient(curve, x, len(curve.covariance))
    of_curve = np.einsum("ij,jk,ik->i", design, curve.covariance, design)
    of_mean = curve.residual_sd**2 * logistic.variance_scale(curve, on_curve) / replicates
    return np.asarray(np.maximum(of_curve, 0) + of_mean)


def interval(curve: Curve, y: float, replicates: int, level_pct: float) -> tuple[float, float]:
    """Interval of the concentration of a mean response, by inversion of the prediction band.

    Parameters
    ----------
    curve : Curve
        The curve.
    y : float
        Mean response of the replicates, within the ends of the curve.
    replicates : int
        Wells behind it.
    level_pct : float
        Confidence level (%).

    Returns
    -------
    (float, float)
        Ends of the run of concentrations (pg/ml) around the estimate whose prediction interval holds the response; zero
        or infinite where it does not end within a factor of a hundred.
    """
    nearest = float(logistic.concentration(curve, np.array([y]))[0])
    beyond = constants.GRID_BEYOND_FACTOR
    grid = np.geomspace(nearest / beyond, nearest * beyond, constants.GRID_POINTS)
    half = special.stdtrit(curve.df, 0.5 + level_pct / 200) * np.sqrt(variance(curve, grid, replicates))
    excess = np.abs(logistic.response(curve, grid) - y) - half
    middle = len(grid) // 2
    below = np.flatnonzero(excess[:middle] > 0)
    above = middle + np.flatnonzero(excess[middle:] > 0)
    low = _crossing(grid, excess, int(below[-1])) if len(below) else 0.0
    high = _crossing(grid, excess, int(above[0]) - 1) if len(above) else np.inf
    return low, high


def _crossing(grid: np.ndarray, excess: np.ndarray, place: int) -> float:
    """Where the excess over the band changes sign between a point and the next, in the logarithm."""
    share = excess[place] / (excess[place] - excess[place + 1])
    return float(np.exp(np.log(grid[place]) * (1 - share) + np.log(grid[place + 1]) * share))


def upper_limit(curve: Curve, x: float, replicates: int, level_pct: float) -> float:
    """One-sided upper prediction limit of a mean response at a concentration (a lower one where the curve falls).

    Parameters
    ----------
    curve : Curve
        The curve, with the covariance of its parameters.
    x : float
        Concentration (pg/ml).
    replicates : int
        Wells of a sample.
    level_pct : float
        Confidence level (%).

    Returns
    -------
    float
        In the unit of the standards' responses.
    """
    at = np.array([x])
    half = special.stdtrit(curve.df, level_pct / 100) * np.sqrt(variance(curve, at, replicates))
    return float(logistic.response(curve, at)[0] + np.sign(curve.d - curve.a) * half[0])
