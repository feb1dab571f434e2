"""Random terms of a mixed model, and sums of columns over their groups."""

from dataclasses import dataclass

import numpy as np


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


@dataclass(frozen=True)
class Component:
    """A variance component: the group and the effect it belongs to, and the number of groups."""

    group: str
    effect: str
    variance: float
    groups: int


def effect_sums(grouping: Grouping, columns: np.ndarray) -> np.ndarray:
    """Sums of columns within each group, once per effect.

    Parameters
    ----------
    grouping : Grouping
        A random term with n_groups groups and n_effects effects.
    columns : (n_rows, n_columns) float
        What is summed, times the column of each effect.

    Returns
    -------
    (n_groups * n_effects, n_columns) float
        All effects of a group in successive rows.
    """
    sums = np.zeros((grouping.size, grouping.columns.shape[1], columns.shape[1]))
    np.add.at(sums, grouping.codes, grouping.columns[:, :, None] * columns[:, None, :])
    return sums.reshape(-1, columns.shape[1])


def overlap(a: Grouping, b: Grouping) -> np.ndarray:
    """Cross-products of the columns of two random terms.

    Parameters
    ----------
    a, b : Grouping
        The terms, over the same rows.

    Returns
    -------
    (n_groups_a * n_effects_a, n_groups_b * n_effects_b) float
        All effects of a group in successive rows and columns.
    """
    weights = a.columns[:, :, None] * b.columns[:, None, :]
    sums = np.zeros((a.size, b.size, *weights.shape[1:]))
    np.add.at(sums, (a.codes, b.codes), weights)
    return sums.transpose(0, 2, 1, 3).reshape(a.size * weights.shape[1], -1)


def scaled(root: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Multiply the rows of each group by the transposed covariance root.

    Parameters
    ----------
    root : (n_effects, n_effects) float
        From ``Grouping.root``.
    sums : (n_groups * n_effects, n_columns) float
        All effects of a group in successive rows.

    Returns
    -------
    (n_groups * n_effects, n_columns) float
        The products, in the same order.
    """
    if root.shape == (1, 1):
        return root[0, 0] * sums
    blocks = sums.reshape(-1, len(root), sums.shape[-1])
    return (root.T @ blocks).reshape(sums.shape)
