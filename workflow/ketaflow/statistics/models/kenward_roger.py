"""Kenward and Roger's small-sample covariance and degrees of freedom for mixed models.

Kenward & Roger 1997, Biometrics 53:983-997, doi:10.2307/2533558, as laid out by Halekoh & Hojsgaard 2014,
J Stat Softw 59(9), doi:10.18637/jss.v059.i09: the covariance of y is a sum of known matrices times variances.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from ketaflow.statistics.models.linear import Estimate, FTest
from ketaflow.statistics.models.mixed import Grouping, MixedFit


@dataclass(frozen=True)
class KenwardRogerFit:
    """A mixed fit whose tests use the adjusted covariance and Kenward and Roger's degrees of freedom."""

    fit: MixedFit
    covariance: np.ndarray
    parts: np.ndarray
    weights: np.ndarray
    df_method = "Kenward-Roger"

    def __getattr__(self, name: str):
        """Everything else is the mixed fit's."""
        return getattr(self.fit, name)

    def estimate(self, weights: np.ndarray) -> Estimate:
        """Value, adjusted standard error and degrees of freedom of one contrast."""
        df, _ = self._denominator(weights[None, :])
        return Estimate(float(weights @ self.fit.beta), float(np.sqrt(weights @ self.covariance @ weights)), df)

    def joint(self, weights: np.ndarray) -> FTest:
        """Scaled F test of several contrasts."""
        df, scale = self._denominator(weights)
        effect = weights @ self.fit.beta
        wald = effect @ np.linalg.solve(weights @ self.covariance @ weights.T, effect) / len(weights)
        return FTest(float(scale * wald), len(weights), df, float(scale * wald * len(weights) * self.fit.sigma2))

    def _denominator(self, weights: np.ndarray) -> tuple[float, float]:
        """Denominator degrees of freedom and the factor on F, by matching two moments."""
        q, phi = len(weights), self.fit.covariance
        theta = weights.T @ np.linalg.solve(weights @ phi @ weights.T, weights)
        turned = [theta @ phi @ part @ phi for part in self.parts]
        traces = np.array([np.trace(matrix) for matrix in turned])
        products = np.array([[np.sum(a * b.T) for b in turned] for a in turned])
        a1, a2 = traces @ self.weights @ traces, np.sum(self.weights * products)
        b = (a1 + 6 * a2) / (2 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        scale = 3 * q + 2 * (1 - g)
        c1, c2, c3 = g / scale, (q - g) / scale, (q + 2 - g) / scale
        mean = 1 / (1 - a2 / q)
        variance = 2 / q * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        df = 4 + (q + 2) / (q * variance / (2 * mean**2) - 1)
        return float(df), float(df / (mean * (df - 2)))


def adjusted(fit: MixedFit, matrix: np.ndarray, groupings: Sequence[Grouping]) -> KenwardRogerFit:
    """Kenward and Roger's adjustment of a fit by REML; the work grows with the cube of the rows."""
    factors = _factors(fit, groupings, len(matrix))
    covariance = fit.sigma2 * np.eye(len(matrix))
    for (left, right), variance in factors:
        covariance += variance * (left @ right.T + (right @ left.T if left is not right else 0))
    root = linalg.cho_factor(covariance, lower=True, check_finite=False)
    solved = linalg.cho_solve(root, matrix, check_finite=False)
    phi = np.linalg.inv(matrix.T @ solved)
    slopes = [_slope(left, right) for (left, right), _ in factors] + [np.eye(len(matrix))]
    weighted = [linalg.cho_solve(root, slope, check_finite=False) for slope in slopes]
    first = [-solved.T @ slope @ solved for slope in slopes]
    count = len(slopes)
    second = [[solved.T @ slopes[i] @ weighted[j] @ solved for j in range(count)] for i in range(count)]
    information = np.array([
        [
            np.sum(weighted[i] * weighted[j].T) - 2 * np.trace(phi @ second[i][j])
            + np.trace(phi @ first[i] @ phi @ first[j])
            for j in range(count)
        ]
        for i in range(count)
    ])  # fmt: skip
    weights = 2 * np.linalg.pinv(information)
    spread = sum(weights[i, j] * (second[i][j] - first[i] @ phi @ first[j]) for i in range(count) for j in range(count))
    return KenwardRogerFit(fit, phi + 2 * phi @ spread @ phi, np.array(first), weights)


def _factors(fit: MixedFit, groupings: Sequence[Grouping], rows: int) -> list:
    """Pairs of group indicators (times their column) and the variance or covariance that belongs to each."""
    found = []
    for grouping in groupings:
        indicators = np.zeros((rows, grouping.size))
        indicators[np.arange(rows), grouping.codes] = 1
        columns = [indicators * grouping.columns[:, [i]] for i in range(len(grouping.effects))]
        covariance = fit.random_covariance[grouping.name]
        found += [((columns[i], columns[j]), covariance[i, j]) for i in range(len(columns)) for j in range(i + 1)]
    return found


def _slope(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    product = left @ right.T
    return product if left is right else product + product.T
