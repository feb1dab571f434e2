"""A fitted model as contrasts see it: coefficients, their covariance, and degrees of freedom.

The linear model is fitted here by least squares; the mixed model has a module of its own (mixed.py)
and offers the same three questions: one contrast, several at once (F), and their covariance.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Estimate:
    """One linear combination of the coefficients."""

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


@dataclass(frozen=True)
class LinearFit:
    """Ordinary least squares."""

    beta: np.ndarray
    covariance: np.ndarray
    residuals: np.ndarray
    fitted: np.ndarray
    matrix: np.ndarray
    df_residual: int
    df_method = "residual"
    singular = False

    @property
    def sigma2(self) -> float:
        """Residual variance."""
        return float(self.residuals @ self.residuals / self.df_residual)

    def estimate(self, weights: np.ndarray) -> Estimate:
        """Value, standard error and degrees of freedom of one contrast (n_columns,)."""
        return Estimate(
            float(weights @ self.beta), float(np.sqrt(weights @ self.covariance @ weights)), self.df_residual
        )

    def joint(self, weights: np.ndarray) -> FTest:
        """F test of several contrasts (n_contrasts, n_columns)."""
        effect = weights @ self.beta
        statistic = effect @ np.linalg.solve(weights @ self.covariance @ weights.T, effect) / len(weights)
        return FTest(float(statistic), len(weights), self.df_residual, float(statistic * len(weights) * self.sigma2))


def least_squares(matrix: np.ndarray, y: np.ndarray) -> LinearFit:
    """Fit a linear model; the matrix (n_rows, n_columns) must have full column rank."""
    q, r = np.linalg.qr(matrix)
    beta = np.linalg.solve(r, q.T @ y)
    fitted = matrix @ beta
    residuals = y - fitted
    df = len(y) - matrix.shape[1]
    inverse = np.linalg.inv(r)
    covariance = inverse @ inverse.T * (residuals @ residuals / df)
    return LinearFit(beta, covariance, residuals, fitted, matrix, df)


def robust(fit: LinearFit) -> LinearFit:
    """The same fit with the HC3 covariance, which lets variances differ.

    MacKinnon & White 1985, J Econometrics 29:305-325, doi:10.1016/0304-4076(85)90158-7.
    """
    bread = np.linalg.inv(fit.matrix.T @ fit.matrix)
    leverage = np.einsum("ij,jk,ik->i", fit.matrix, bread, fit.matrix)
    if leverage.max() > 1 - 1e-9:  # an animal that is a cell of its own shows no spread
        return replace(fit, covariance=np.full_like(fit.covariance, np.nan))
    meat = fit.matrix * (fit.residuals / (1 - leverage))[:, None]
    covariance = bread @ (meat.T @ meat) @ bread
    return replace(fit, covariance=covariance)


def residual_ss(matrix: np.ndarray, y: np.ndarray) -> float:
    """Sum of squares a linear model leaves over; the matrix may be short of rank."""
    residuals = y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]
    return float(residuals @ residuals)
