"""The model matrix of the fixed effects, and the reference grid from which contrasts are computed.

Factors are coded by sum-to-zero columns, so that the columns of a term are its type III hypothesis. Covariates enter
as they are. The grid has every combination of factor levels, with covariates at their mean; marginal means weight its
cells equally, as in emmeans (Searle, Speed & Milliken 1980, Am Stat 34:216-221, doi:10.1080/00031305.1980.10483031).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

Term = tuple[str, ...]


def sum_coding(count: int) -> np.ndarray:
    """Sum-to-zero columns of a factor.

    Parameters
    ----------
    count : int
        Number of levels.

    Returns
    -------
    (count, count - 1) float
        One row per level; the last level is -1 in all columns.
    """
    return np.vstack([np.eye(count - 1), -np.ones(count - 1)])


@dataclass(frozen=True)
class Coding:
    """Coding of a model matrix.

    Attributes
    ----------
    terms : tuple of tuple of str
        Terms by the names in them: ``("arm",)``, ``("arm", "sex")``.
    levels : mapping of str to sequence of str
        Levels of each factor, the reference first. A name without levels is a covariate.
    means : mapping of str to float
        Mean of each covariate.
    """

    terms: tuple[Term, ...]
    levels: Mapping[str, Sequence[str]]
    means: Mapping[str, float] = field(default_factory=dict)

    def matrix(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Make the model matrix.

        Parameters
        ----------
        columns : mapping of str to (n_rows,) array
            Levels of the factors and values of the covariates.

        Returns
        -------
        (n_rows, n_columns) float
            The intercept first.
        """
        count = len(next(iter(columns.values()))) if columns else 1
        blocks = [np.ones((count, 1))]
        for term in self.terms:
            block = np.ones((count, 1))
            for name in term:
                one = self._columns(name, columns[name])
                block = (block[:, :, None] * one[:, None, :]).reshape(count, -1)
            blocks.append(block)
        return np.hstack(blocks)

    def place(self, term: Term) -> slice:
        """Columns of a term in the model matrix."""
        start = 1
        for known in self.terms:
            width = self._width(known)
            if known == term:
                return slice(start, start + width)
            start += width
        raise KeyError(term)

    def hypothesis(self, term: Term) -> np.ndarray:
        """Type III hypothesis of a term, as differences from the first level of each factor.

        F does not depend on the basis; the degrees of freedom of a mixed model do, and this is the basis of lmerTest.

        Parameters
        ----------
        term : tuple of str
            One of the terms.

        Returns
        -------
        (df, n_columns) float
            Weights of the coefficients, one row per degree of freedom.
        """
        basis = np.ones((1, 1))
        for name in term:
            if name in self.levels:
                coded = sum_coding(len(self.levels[name]))
                basis = np.kron(basis, coded[1:] - coded[0])
        rows = np.zeros((len(basis), 1 + sum(self._width(known) for known in self.terms)))
        rows[:, self.place(term)] = basis
        return rows

    def grid(self) -> dict[str, np.ndarray]:
        """Every combination of factor levels, with covariates at their mean.

        Returns
        -------
        dict of str to (n_cells,) array
            Level of each factor, and mean of each covariate, in every cell.
        """
        factors = [name for name in self.levels if any(name in term for term in self.terms)]
        cells = list(product(*(self.levels[name] for name in factors)))
        columns = {name: np.array([cell[i] for cell in cells], dtype=object) for i, name in enumerate(factors)}
        return columns | {name: np.full(len(cells), mean) for name, mean in self.means.items()}

    def marginal(self, **at: str) -> np.ndarray:
        """Weights of the coefficients in the mean at some levels, averaged over all other factors.

        Parameters
        ----------
        **at : str
            Level by factor.

        Returns
        -------
        (n_columns,) float
            Multiplied by the coefficients, they give the mean on the scale of the analysis.
        """
        grid = self.grid()
        inside = np.ones(len(next(iter(grid.values()))), dtype=bool)
        for name, level in at.items():
            inside &= grid[name] == level
        return self.matrix(grid)[inside].mean(axis=0)

    def _columns(self, name: str, values: np.ndarray) -> np.ndarray:
        if name not in self.levels:
            return np.asarray(values, dtype=float)[:, None]
        levels = list(self.levels[name])
        position = {level: i for i, level in enumerate(levels)}
        return sum_coding(len(levels))[[position[value] for value in values]]

    def _width(self, term: Term) -> int:
        return int(np.prod([len(self.levels[name]) - 1 if name in self.levels else 1 for name in term]))
