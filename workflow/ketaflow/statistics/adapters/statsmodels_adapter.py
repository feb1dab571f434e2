"""Linear models, Welch's anova, sample sizes and derivatives by statsmodels; imported where used (0.5 s)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ketaflow.statistics.adapters import TestResult

# Leverage of an observation that the model fits exactly: it has no residual, and HC3 is not defined.
FULL_LEVERAGE = 1 - 1e-9


@dataclass(frozen=True)
class LeastSquares:
    """An ordinary least-squares fit.

    Attributes
    ----------
    beta : (n_columns,) float
        Coefficients.
    covariance : (n_columns, n_columns) float
        Their covariance.
    fitted, residuals : (n_rows,) float
    rss : float
        Residual sum of squares.
    df : int
        Rows less rank.
    """

    beta: np.ndarray
    covariance: np.ndarray
    fitted: np.ndarray
    residuals: np.ndarray
    rss: float
    df: int


def least_squares(matrix: np.ndarray, y: np.ndarray, *, hc3: bool = False) -> LeastSquares:
    """Fit a linear model.

    Parameters
    ----------
    matrix : (n_rows, n_columns) float
        The model matrix.
    y : (n_rows,) float
        The response.
    hc3 : bool
        Whether the covariance allows unequal variances (HC3). NaN if an observation has a leverage of 1.

    References
    ----------
    HC3: MacKinnon & White 1985, J Econometrics 29:305-325, doi:10.1016/0304-4076(85)90158-7.

    Returns
    -------
    LeastSquares
        Coefficients, their covariance, fitted values, residuals, and residual sum of squares with its df.
    """
    from statsmodels.regression.linear_model import OLS

    found = OLS(y, matrix).fit()
    covariance = found.cov_params()
    if hc3:
        leverage = np.einsum("ij,ji->i", matrix, found.model.pinv_wexog)
        whole = leverage.max() > FULL_LEVERAGE
        covariance = np.full_like(covariance, np.nan) if whole else found.cov_HC3
    return LeastSquares(
        np.asarray(found.params), np.asarray(covariance), np.asarray(found.fittedvalues), np.asarray(found.resid),
        float(found.ssr), int(found.df_resid),
    )  # fmt: skip


def welch_anova(groups: Sequence[np.ndarray]) -> TestResult:
    """Welch's anova of groups that all have variance; pingouin's has the same digits in fifty times the time (6 ms).

    Parameters
    ----------
    groups : sequence of (n_animals,) float
        Values of each group.

    Returns
    -------
    TestResult
        F with both degrees of freedom and p.

    References
    ----------
    Welch 1951, Biometrika 38:330-336, doi:10.1093/biomet/38.3-4.330.
    """
    from statsmodels.stats.oneway import anova_oneway

    found = anova_oneway(list(groups), use_var="unequal")
    return TestResult(float(found.statistic), float(found.df_num), float(found.df_denom), float(found.pvalue))


def anova_n(groups: int, f: float, *, alpha: float, power: float) -> float:
    """Animals per arm, not rounded, at which a one-way anova has this power at Cohen's f; 2 if fewer would do."""
    from statsmodels.stats.power import FTestAnovaPower

    test = FTestAnovaPower()
    if not test.power(f, 2 * groups, alpha, k_groups=groups) < power:  # NaN for very large effects
        return 2.0
    return float(test.solve_power(f, alpha=alpha, power=power, k_groups=groups)) / groups


def t_test_n(d: float, *, alpha: float, power: float) -> float:
    """Animals per arm, not rounded, at which a two-sided t test has this power at Cohen's d; 2 if fewer would do.

    pingouin's has the same digits in 4 instead of 2 ms, and no number above ten million.
    """
    from statsmodels.stats.power import TTestIndPower

    test = TTestIndPower()
    if not test.power(d, 2, alpha) < power:  # NaN for very large effects
        return 2.0
    return float(test.solve_power(d, alpha=alpha, power=power))


def hessian(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Second derivatives of a function by central differences.

    Parameters
    ----------
    function : callable
        Of (n_parameters,) float.
    at : (n_parameters,) float
        Where to differentiate.
    step : float
        As a share of each parameter (of 0.1 for smaller ones).

    Returns
    -------
    (n_parameters, n_parameters) float
        Symmetric, in the unit of the function over those of the parameters.
    """
    from statsmodels.tools import numdiff

    return np.asarray(numdiff.approx_hess3(at, function, epsilon=step * np.maximum(np.abs(at), 0.1)))


def jacobian(function: Callable[[np.ndarray], Any], at: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """First derivatives of one or several values by central differences.

    Parameters
    ----------
    function : callable
        Of (n_parameters,) float; returns a number or (n_values,) float.
    at : (n_parameters,) float
        Where to differentiate.
    step : float
        As a share of each parameter (of 0.1 for smaller ones).

    Returns
    -------
    (n_values, n_parameters) float
        In the unit of the values over those of the parameters; (n_parameters,) for a number.
    """
    from statsmodels.tools import numdiff

    steps = step * np.maximum(np.abs(at), 0.1)
    return np.asarray(numdiff.approx_fprime(at, function, epsilon=steps, centered=True))
