"""The restricted likelihood of a linear mixed model as a function of its variance parameters alone.

It is profiled as in lme4 (Bates et al. 2015, J Stat Softw 67(1), doi:10.18637/jss.v067.i01): only cross-products of the
groupings enter, and the largest grouping with random intercepts alone, whose block is diagonal, is eliminated by
division.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack


@dataclass(frozen=True)
class Grouping:
    """A random term.

    Attributes
    ----------
    name : str
        The grouping factor: animal, sample, cage.
    codes : (n_rows,) int
        Group of each row, from 0.
    columns : (n_rows, n_effects) float
        Ones for the intercept, then the covariates with random slopes.
    effects : tuple of str
        Their names.
    """

    name: str
    codes: np.ndarray
    columns: np.ndarray
    effects: tuple[str, ...] = ("intercept",)

    @property
    def size(self) -> int:
        """Number of groups."""
        return int(self.codes.max()) + 1

    @property
    def parameters(self) -> int:
        """Number of variance parameters: the lower triangle of the effects' covariance root."""
        return len(self.effects) * (len(self.effects) + 1) // 2

    def root(self, theta: np.ndarray) -> np.ndarray:
        """Lower triangle of the effects' covariance divided by the residual variance.

        Parameters
        ----------
        theta : (n_parameters,) float
            Variance parameters of this grouping: the triangle, row by row.

        Returns
        -------
        (n_effects, n_effects) float
            The triangle; times its transpose it gives the relative covariance.
        """
        if len(self.effects) == 1:
            return theta.reshape(1, 1)
        root = np.zeros((len(self.effects),) * 2)
        root[np.tril_indices(len(self.effects))] = theta
        return root


class Profile:
    """The REML criterion as a function of the variance parameters alone.

    Parameters
    ----------
    matrix : (n_rows, n_columns) float
        Fixed effects.
    y : (n_rows,) float
        Response.
    groupings : sequence of Grouping
        Random terms.
    """

    def __init__(self, matrix: np.ndarray, y: np.ndarray, groupings: Sequence[Grouping]):
        by_size = sorted(groupings, key=lambda grouping: -grouping.size * (len(grouping.effects) == 1))
        self.groupings = by_size
        self.rows, self.width = matrix.shape
        both = np.column_stack([matrix, y])
        self.fixed_cross = both.T @ both
        self.mixed_cross = [_effect_sums(grouping, both) for grouping in by_size]
        self.splits = np.cumsum([grouping.parameters for grouping in by_size])[:-1]
        self.diagonal_first = len(by_size[0].effects) == 1
        self.diagonal = _effect_sums(by_size[0], by_size[0].columns)[:, 0] if self.diagonal_first else np.empty(0)
        self.random_cross = [
            [np.empty(0) if i == 0 and self.diagonal_first else _overlap(a, b) for b in by_size[: i + 1]]
            for i, a in enumerate(by_size)
        ]

    def start(self) -> np.ndarray:
        """Starting values: every random effect has the variance of the residual.

        Returns
        -------
        (n_parameters,) float
            Variance parameters of all groupings.
        """
        return np.concatenate([np.eye(len(g.effects))[np.tril_indices(len(g.effects))] for g in self.groupings])

    def bounds(self) -> list[tuple[float | None, None]]:
        """Diagonal parameters are not negative."""
        diagonal = self.start() == 1
        return [(0.0, None) if on else (None, None) for on in diagonal]

    def roots(self, theta: np.ndarray) -> list[tuple[Grouping, np.ndarray]]:
        """Each grouping with the root of its effects' covariance.

        Parameters
        ----------
        theta : (n_parameters,) float
            Variance parameters of all groupings.

        Returns
        -------
        list of (Grouping, (n_effects, n_effects) float)
            In the order of the groupings, see ``Grouping.root``.
        """
        return [(g, g.root(part)) for g, part in zip(self.groupings, np.split(theta, self.splits), strict=True)]

    def parts(self, theta: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
        """Profile the fixed effects at given variance parameters.

        Parameters
        ----------
        theta : (n_parameters,) float
            Variance parameters of all groupings.

        Returns
        -------
        logdet : float
            Log determinants of the random block and of the fixed effects' cross-product.
        left_over : float
            Penalised residual sum of squares.
        beta : (n_columns,) float
            Coefficients of the fixed effects.
        inverse : (n_columns, n_columns) float
            Their covariance divided by the residual variance.
        """
        logdet, reduced = self._reduced(theta)
        root = np.linalg.cholesky(reduced[:-1, :-1])
        inverse_root = np.linalg.inv(root)
        inverse = inverse_root.T @ inverse_root
        beta = inverse @ reduced[:-1, -1]
        left_over = float(reduced[-1, -1] - reduced[:-1, -1] @ beta)
        return logdet + 2 * np.log(np.diag(root)).sum(), left_over, beta, inverse

    def deviance(self, theta: np.ndarray) -> float:
        """Minus twice the restricted log likelihood, maximised over the residual variance.

        Parameters
        ----------
        theta : (n_parameters,) float
            Variance parameters of all groupings.

        Returns
        -------
        float
            Smaller is better.
        """
        logdet, left_over, _, _ = self.parts(theta)
        df = self.rows - self.width
        return logdet + df * (1 + np.log(2 * np.pi * max(left_over, 1e-300) / df))

    def _reduced(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log determinant of the random block, and the fixed block with the random effects taken out."""
        roots = [root for _, root in self.roots(theta)]
        cross = [_scaled(root, sums) for root, sums in zip(roots, self.mixed_cross, strict=True)]
        reduced, logdet, first = self.fixed_cross, 0.0, 0
        if self.diagonal_first:
            scale = roots[0][0, 0]
            diagonal = scale**2 * self.diagonal + 1
            reduced = reduced - (cross[0].T / diagonal) @ cross[0]
            logdet, first = np.log(diagonal).sum(), 1
        if first == len(roots):
            return logdet, reduced
        block = self._block(roots, first)
        lower = np.concatenate(cross[first:])
        if first:
            link = np.concatenate([_scaled(roots[i], self.random_cross[i][0] * scale) for i in range(1, len(roots))])
            block = block - (link / diagonal) @ link.T
            lower = lower - link @ (cross[0] / diagonal[:, None])
        root = np.linalg.cholesky(block)
        solved = lapack.dtrtrs(root, lower, lower=1)[0]
        return logdet + 2 * np.log(np.diag(root)).sum(), reduced - solved.T @ solved

    def _block(self, roots: list[np.ndarray], first: int) -> np.ndarray:
        rows = []
        for i in range(first, len(roots)):
            row = [_scaled(roots[i], _scaled(roots[j], self.random_cross[i][j].T).T) for j in range(first, i + 1)]
            rows.append(row)
        sizes = [row[-1].shape[0] for row in rows]
        block = np.zeros((sum(sizes),) * 2)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        for i, row in enumerate(rows):
            for j, piece in enumerate(row):
                block[edges[i] : edges[i + 1], edges[j] : edges[j + 1]] = piece
                block[edges[j] : edges[j + 1], edges[i] : edges[i + 1]] = piece.T
        block[np.diag_indices(len(block))] += 1
        return block


def _effect_sums(grouping: Grouping, columns: np.ndarray) -> np.ndarray:
    """Sums of ``columns`` (n_rows, n_columns) within each group, once per effect: (groups * effects, n_columns)."""
    sums = np.zeros((grouping.size, grouping.columns.shape[1], columns.shape[1]))
    np.add.at(sums, grouping.codes, grouping.columns[:, :, None] * columns[:, None, :])
    return sums.reshape(-1, columns.shape[1])


def _overlap(a: Grouping, b: Grouping) -> np.ndarray:
    """Cross-products of two groupings: (groups * effects of a, groups * effects of b)."""
    weights = a.columns[:, :, None] * b.columns[:, None, :]
    sums = np.zeros((a.size, b.size, *weights.shape[1:]))
    np.add.at(sums, (a.codes, b.codes), weights)
    return sums.transpose(0, 2, 1, 3).reshape(a.size * weights.shape[1], -1)


def _scaled(root: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Multiply each group's block of rows by the transposed covariance root."""
    if root.shape == (1, 1):
        return root[0, 0] * sums
    blocks = sums.reshape(-1, len(root), sums.shape[-1])
    return (root.T @ blocks).reshape(sums.shape)
