"""Nonlinear curves by lmfit: least squares, covariance and profile-likelihood intervals.

In: a curve as a function of named parameters, starting values, doses and responses. Out: a ``CurveFit``. lmfit takes
0.3 s to load, so it is loaded where a curve is fitted. The profile interval of a parameter holds the values at which an
F test of the best fit with that parameter fixed is not significant (Bates & Watts 1988, ISBN 978-0471816430,
section 6.1); it follows the curvature of the model, where estimate ± t x SE does not.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ketaflow.statistics.adapters import statsmodels_adapter

Curve = Callable[..., np.ndarray]


@dataclass(frozen=True)
class CurveFit:
    """A fitted curve.

    Attributes
    ----------
    names : tuple of str
        Parameters, in the order of the arrays below.
    parameters : (n_parameters,) float
        Least-squares estimates.
    covariance : (n_parameters, n_parameters) float
        Covariance of the estimates from the curvature of the sum of squares (the full Hessian, as R's drc has it;
        lmfit's own, from the Jacobian alone, gives standard errors up to 3 % different).
    intervals : dict of str to (low, high)
        Profile-likelihood limits; infinite where the profile never becomes significant.
    rss : float
        Residual sum of squares.
    df : int
        Observations less parameters.
    """

    names: tuple[str, ...]
    parameters: np.ndarray
    covariance: np.ndarray
    intervals: dict[str, tuple[float, float]]
    rss: float
    df: int

    @property
    def residual_variance(self) -> float:
        """Residual sum of squares over its degrees of freedom."""
        return self.rss / self.df


def fit(curve: Curve, start: Mapping[str, float], dose: np.ndarray, y: np.ndarray) -> CurveFit:
    """Fit a curve by least squares.

    Parameters
    ----------
    curve : callable
        ``curve(dose, **parameters)`` returns the response at each dose.
    start : mapping of str to float
        Starting value of each parameter, close to the optimum.
    dose : (n_animals,) float
        Dose of each animal.
    y : (n_animals,) float
        Its response, in the unit of the curve.

    Returns
    -------
    CurveFit
        Estimates and their covariance, without intervals.
    """
    minimizer = _minimizer(curve, start, dose, y)
    return _result(curve, minimizer.minimize(method="leastsq", ftol=1e-14, xtol=1e-14), dose, y, {})


def profiled(
    curve: Curve, start: Mapping[str, float], dose: np.ndarray, y: np.ndarray, names: Sequence[str], level: float
) -> CurveFit:
    """Fit a curve and find the profile-likelihood interval of the named parameters.

    Parameters
    ----------
    curve : callable
        ``curve(dose, **parameters)`` returns the response at each dose.
    start : mapping of str to float
        Starting value of each parameter, close to the optimum.
    dose : (n_animals,) float
        Dose of each animal.
    y : (n_animals,) float
        Its response, in the unit of the curve.
    names : sequence of str
        Parameters to profile.
    level : float
        Confidence level, 0 to 1.

    Returns
    -------
    CurveFit
        Estimates, covariance and intervals; both limits are infinite where the profile cannot be followed.
    """
    import lmfit

    minimizer = _minimizer(curve, start, dose, y)
    best = minimizer.minimize(method="leastsq", ftol=1e-14, xtol=1e-14)
    intervals = {}
    for name in names:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a limit that is not reached is infinite below
                found = lmfit.conf_interval(minimizer, best, p_names=[name], sigmas=[level], maxiter=50)[name]
            intervals[name] = (float(found[0][1]), float(found[-1][1]))
        except (lmfit.MinimizerException, ValueError):
            intervals[name] = (-np.inf, np.inf)
    return _result(curve, best, dose, y, intervals)


def _minimizer(curve: Curve, start: Mapping[str, float], dose: np.ndarray, y: np.ndarray) -> Any:
    import lmfit

    parameters = lmfit.create_params(**{name: {"value": float(value)} for name, value in start.items()})
    return lmfit.Minimizer(lambda at: curve(dose, **at.valuesdict()) - y, parameters)


def _result(
    curve: Curve, found: Any, dose: np.ndarray, y: np.ndarray, intervals: dict[str, tuple[float, float]]
) -> CurveFit:
    names = tuple(found.var_names)
    at = np.array([found.params[name].value for name in names])

    def rss(values: np.ndarray) -> float:
        return float(np.sum((curve(dose, **dict(zip(names, values, strict=True))) - y) ** 2))

    df = len(y) - len(names)
    covariance = 2 * np.linalg.pinv(statsmodels_adapter.hessian(rss, at)) * rss(at) / max(df, 1)
    return CurveFit(names, at, covariance, intervals, rss(at), df)
