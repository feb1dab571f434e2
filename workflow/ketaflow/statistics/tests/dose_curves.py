"""Emax and four-parameter logistic curves: the curves, their starting values, and their fit by lmfit.

The ED50 is fitted on the log scale, so that its interval is positive.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ketaflow.statistics.adapters import lmfit_adapter
from ketaflow.statistics.adapters.lmfit_adapter import CurveFit

# Smallest ED50 that is reported, as a share of the smallest dose given; ketaflow's choice.
SMALLEST_ED50_SHARE = 0.1


@dataclass(frozen=True)
class Shape:
    """A family of curves.

    Attributes
    ----------
    name : str
        As the table calls it.
    curve
        ``curve(dose, **parameters)``.
    start
        ``start(dose, y)`` gives starting values from a grid search.
    parameters : int
        Number of parameters.
    """

    name: str
    curve: Callable[..., np.ndarray]
    start: Callable[[np.ndarray, np.ndarray], dict[str, float]]
    parameters: int


def fitted(shape: Shape, dose: np.ndarray, y: np.ndarray, alpha: float, names: Sequence[str] | None = None) -> CurveFit:
    """Fit a curve with profile-likelihood intervals.

    Parameters
    ----------
    shape : Shape
        Family of the curve.
    dose : (n_animals,) float
        Dose of each animal (mg/kg).
    y : (n_animals,) float
        Animals' means on the scale of the analysis.
    alpha : float
        Intervals have the level 1 - alpha.
    names : sequence of str, optional
        Parameters with an interval (each takes 60 ms); all by default.

    Returns
    -------
    CurveFit
        Estimates, with the intervals of these parameters.
    """
    start = shape.start(dose, y)
    return lmfit_adapter.profiled(shape.curve, start, dose, y, names or list(start), 1 - alpha)


def fit(shape: Shape, dose: np.ndarray, y: np.ndarray) -> CurveFit:
    """Fit a curve without intervals.

    Parameters
    ----------
    shape : Shape
        Family of the curve.
    dose : (n_animals,) float
        Dose of each animal (mg/kg).
    y : (n_animals,) float
        Animals' means on the scale of the analysis.

    Returns
    -------
    CurveFit
        Estimates and their covariance.
    """
    return lmfit_adapter.fit(shape.curve, shape.start(dose, y), dose, y)


def emax(dose: np.ndarray, e0: float, emax: float, log_ed50: float) -> np.ndarray:
    """Emax curve: e0 + emax * dose / (ed50 + dose).

    Parameters
    ----------
    dose : (n_animals,) float
        Doses (mg/kg).
    e0, emax : float
        Response without the drug, and largest change.
    log_ed50 : float
        Natural logarithm of the dose of half the largest change (mg/kg).

    Returns
    -------
    (n_animals,) float
        Response at each dose, in the unit of ``e0``.
    """
    return e0 + emax * dose / (np.exp(log_ed50) + dose)


def logistic(dose: np.ndarray, control_limit: float, change: float, log_slope: float, log_ed50: float) -> np.ndarray:
    """Four-parameter log-logistic curve: control_limit + change * dose^b / (dose^b + ed50^b), b = exp(log_slope) > 0.

    Parameters
    ----------
    dose : (n_animals,) float
        Doses (mg/kg).
    control_limit, change : float
        Response without the drug, and change at an infinite dose.
    log_slope : float
        Natural logarithm of the slope b.
    log_ed50 : float
        Natural logarithm of the dose of half the change (mg/kg).

    Returns
    -------
    (n_animals,) float
        Response at each dose, in the unit of ``control_limit``.

    References
    ----------
    Ritz et al. 2015, PLoS One 10:e0146021, doi:10.1371/journal.pone.0146021.
    """
    return control_limit + change * _logistic_share(dose, log_slope, log_ed50)


def _logistic_share(dose: np.ndarray, log_slope: float, log_ed50: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        log_dose = np.log(dose)
    return special.expit(np.exp(log_slope) * (log_dose - log_ed50))


def _log_doses(dose: np.ndarray) -> np.ndarray:
    """Grid of log ED50 for the starting values."""
    positive = dose[dose > 0]
    return np.linspace(np.log(positive.min() * SMALLEST_ED50_SHARE), np.log(positive.max()), 40)


def _limits(share: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Control limit, change and residual sum of squares of a curve of known shape, by least squares."""
    centred, rise = share - share.mean(), y - y.mean()
    spread = centred @ centred
    change = centred @ rise / spread if spread > 0 else 0.0
    left_over = rise - change * centred
    return float(y.mean() - change * share.mean()), float(change), float(left_over @ left_over)


def _emax_start(dose: np.ndarray, y: np.ndarray) -> dict[str, float]:
    def share(log_ed50: float) -> np.ndarray:
        return dose / (np.exp(log_ed50) + dose)

    grid = _log_doses(dose)
    near, step = min(grid, key=lambda at: _limits(share(at), y)[2]), grid[1] - grid[0]
    best = optimize.minimize_scalar(
        lambda at: _limits(share(at), y)[2], bounds=(near - step, near + step), method="bounded"
    )
    e0, change, _ = _limits(share(best.x), y)
    return {"e0": e0, "emax": change, "log_ed50": float(best.x)}


def _logistic_start(dose: np.ndarray, y: np.ndarray) -> dict[str, float]:
    grid = [(slope, at) for slope in np.log([0.5, 1, 2, 4, 8]) for at in _log_doses(dose)]
    start = min(grid, key=lambda at: _limits(_logistic_share(dose, *at), y)[2])
    best = optimize.minimize(lambda at: _limits(_logistic_share(dose, *at), y)[2], start, method="Nelder-Mead").x
    control, change, _ = _limits(_logistic_share(dose, *best), y)
    return {"control_limit": control, "change": change, "log_slope": float(best[0]), "log_ed50": float(best[1])}


SHAPES = (
    Shape("emax", emax, _emax_start, 3),
    Shape("four_parameter_logistic", logistic, _logistic_start, 4),
)
EMAX, LOGISTIC = SHAPES
