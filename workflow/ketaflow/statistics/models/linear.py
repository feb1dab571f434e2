"""A fitted model as contrasts use it: coefficients, their covariance, and degrees of freedom.

Linear models are fitted by statsmodels; mixed models (mixed.py) have the same two methods.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy import special

from ketaflow.statistics.adapters import statsmodels_adapter


@dataclass(frozen=True)
class Estimate:
    """One linear combination of the coefficients: value, standard error and degrees of freedom."""

    value: float
    se: float
    df: float


@dataclass(frozen=True)
class FTest:
    """A joint test of several linear combinations."""

    statistic: float
    df1: float
    df2: float
    sum_of_squares: float

    @property
    def p_value(self) -> float:
        """Upper tail of F."""
        return float(special.fdtrc(self.df1, self.df2, self.statistic))


class Fit(Protocol):
    """What contrasts need of a fitted model."""

    @property
    def beta(self) -> np.ndarray:
        """Coefficients, (n_columns,)."""

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the coefficients, (n_columns, n_columns)."""

    @property
    def residuals(self) -> np.ndarray:
        """Response less the fixed effects, (n_rows,)."""

    @property
    def df_method(self) -> str:
        """How the degrees of freedom are found."""

    @property
    def singular(self) -> bool:
        """Whether a variance is estimated as zero."""

    def estimate(self, weights: np.ndarray) -> Estimate:
        """Estimate one contrast.

        Parameters
        ----------
        weights : (n_columns,) float
            Weights of the coefficients.

        Returns
        -------
        Estimate
            Value, standard error and degrees of freedom.
        """

    def joint(self, weights: np.ndarray) -> FTest:
        """Test several contrasts together.

        Parameters
        ----------
        weights : (n_contrasts, n_columns) float
            Weights of the coefficients, of full row rank.

        Returns
        -------
        FTest
            F with both degrees of freedom.
        """


@dataclass(frozen=True)
class LinearFit:
    """Ordinary least squares.

    Attributes
    ----------
    beta : (n_columns,) float
    covariance : (n_columns, n_columns) float
    residuals : (n_rows,) float
    matrix : (n_rows, n_columns) float
    df_residual : int
        Rows less columns.
    is_robust : bool
        Whether ``covariance`` allows unequal variances (HC3).
    """

    beta: np.ndarray
    covariance: np.ndarray
    residuals: np.ndarray
    matrix: np.ndarray
    df_residual: int
    df_method: str = "residual"
    singular: bool = False
    is_robust: bool = False

    @property
    def sigma2(self) -> float:
        """Residual variance."""
        return float(self.residuals @ self.residuals / self.df_residual)

    def estimate(self, weights: np.ndarray) -> Estimate:
        """Estimate one contrast.

        Parameters
        ----------
        weights : (n_columns,) float
            Weights of the coefficients.

        Returns
        -------
        Estimate
            Value, standard error, and the residual degrees of freedom.
        """
        se = float(np.sqrt(weights @ self.covariance @ weights))
        return Estimate(float(weights @ self.beta), se, self.df_residual)

    def joint(self, weights: np.ndarray) -> FTest:
        """F test of several contrasts.

        Parameters
        ----------
        weights : (n_contrasts, n_columns) float
            Weights of the coefficients, of full row rank.

        Returns
        -------
        FTest
            F with both degrees of freedom.
        """
        effect = weights @ self.beta
        statistic = effect @ np.linalg.solve(weights @ self.covariance @ weights.T, effect) / len(weights)
        return FTest(float(statistic), len(weights), self.df_residual, float(statistic * len(weights) * self.sigma2))


def least_squares(matrix: np.ndarray, y: np.ndarray) -> LinearFit:
    """Fit a linear model.

    Parameters
    ----------
    matrix : (n_rows, n_columns) float
        Model matrix of full column rank.
    y : (n_rows,) float
        Response on the scale of the analysis.

    Returns
    -------
    LinearFit
        Coefficients with the covariance for equal variances.
    """
    fit = statsmodels_adapter.least_squares(matrix, y)
    return LinearFit(fit.beta, fit.covariance, fit.residuals, matrix, fit.df)


def robust(fit: LinearFit, y: np.ndarray) -> LinearFit:
    """Return the fit with the HC3 covariance, which allows unequal variances.

    Parameters
    ----------
    fit : LinearFit
        The fit by least squares.
    y : (n_rows,) float
        The response of the fit.

    Returns
    -------
    LinearFit
        The same coefficients; the covariance is NaN if an observation has a leverage of 1.
    """
    covariance = statsmodels_adapter.least_squares(fit.matrix, y, hc3=True).covariance
    return replace(fit, covariance=covariance, is_robust=True)


def residual_ss(matrix: np.ndarray, y: np.ndarray) -> float:
    """Residual sum of squares of a linear model.

    Parameters
    ----------
    matrix : (n_rows, n_columns) float
        Model matrix of any rank.
    y : (n_rows,) float
        Response on the scale of the analysis.

    Returns
    -------
    float
        In the squared unit of the response.
    """
    return statsmodels_adapter.least_squares(matrix, y).rss
