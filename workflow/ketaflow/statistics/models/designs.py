"""From an endpoint's design to a fitted model.

Fixed effects: the factors of the plan, additive except in a factorial design (all interactions) and a repeated one
(treatment by time). Random intercepts: every cluster of the plan; the animal if it has several rows; the sample if it
has several rows within an animal. Without a random term the model is linear.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import Endpoint
from ketaflow.statistics.models import kenward_roger, linear, mixed
from ketaflow.statistics.models.linear import Fit, FTest, LinearFit
from ketaflow.statistics.models.model_matrix import Coding, Term
from ketaflow.statistics.models.random_effects import Grouping

# Designs with several rows per animal.
REPEATING = ("nested", "repeated", "crossover")


class NotEstimableError(Exception):
    """The model is not of full rank: the message names the confounded terms."""


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Attributes
    ----------
    coding : Coding
        Its terms and columns.
    fit : Fit
        Coefficients with their covariance.
    name : str
        Its formula.
    y : (n_rows,) float
        Response on the scale of the analysis.
    """

    coding: Coding
    fit: Fit
    name: str
    y: np.ndarray

    def test(self, term: Term) -> FTest:
        """Type III test of a term."""
        return self.fit.joint(self.coding.hypothesis(term))

    def mean(self, **at: str) -> np.ndarray:
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
        return self.coding.marginal(**at)


def fit(table: EndpointTable, endpoint: Endpoint, *, numeric: str = "") -> Model:
    """Fit the model of a design.

    Parameters
    ----------
    table : EndpointTable
        The rows of the endpoint.
    endpoint : Endpoint
        The endpoint's entry in the plan.
    numeric : str
        A factor that enters as a number instead (a dose).

    Returns
    -------
    Model

    Raises
    ------
    NotEstimableError
        Terms are confounded, or there are too few rows.

    Notes
    -----
    Unless the plan names the degrees of freedom, a singular fit (a variance estimated as zero) is tested with Kenward
    and Roger's: Satterthwaite's would count observations as animals. On null data of 2 x 4 animals with 20 observations
    each, at alpha 0.05 and an intraclass correlation of 0, 0.05 and 0.1, the test rejects 2, 9 and 17 % of singular
    fits (Satterthwaite 5, 17 and 27 %), and 1.1, 3.4 and 4.4 % of all fits (benchmarks/nested_null.py). No useful test
    keeps 5 % within singular fits at every correlation (docs/decisions/0014-singular-fits.md).
    """
    levels = {name: values for name, values in table.levels.items() if name != numeric}
    coding = Coding(tuple(terms(table, endpoint)), levels, _means(table, endpoint, numeric))
    names = {name for term in coding.terms for name in term}
    columns = {name: table.rows[name].to_numpy() for name in names} or {"": np.empty(len(table.rows))}
    fit_: Fit
    matrix, y = coding.matrix(columns), table.rows["y"].to_numpy(float)
    _estimable(matrix, coding)
    groupings = random_terms(table, endpoint)
    if not groupings:
        return Model(coding, linear.least_squares(matrix, y), _name(coding, endpoint, []), y)
    fit_ = fitted = mixed.fit(matrix, y, groupings)
    if endpoint.df == "kenward_roger" or (endpoint.df == "automatic" and fitted.singular):
        fit_ = kenward_roger.adjusted(fitted, matrix, groupings)
    return Model(coding, fit_, _name(coding, endpoint, groupings), y)


def terms(table: EndpointTable, endpoint: Endpoint) -> list[Term]:
    """Fixed terms of the model, lower order first.

    Parameters
    ----------
    table : EndpointTable
    endpoint : Endpoint

    Returns
    -------
    list of tuple of str
        Terms by the names in them.
    """
    factors = [name for name in table.levels if name != table.time]
    found: list[Term] = [(name,) for name in (*factors, *endpoint.covariates)]
    if endpoint.design == "factorial":
        for order in range(2, len(endpoint.fixed) + 1):
            found += list(combinations(endpoint.fixed, order))
    if table.time:
        found += [(table.time,)] + ([(table.treatment, table.time)] if table.treatment else [])
    return found


def random_terms(table: EndpointTable, endpoint: Endpoint) -> list[Grouping]:
    """Random terms of the model, the clusters first; no animal term if each animal has one row.

    Parameters
    ----------
    table : EndpointTable
    endpoint : Endpoint

    Returns
    -------
    list of Grouping
    """
    rows, count = table.rows, len(table.rows)
    found = []
    for name in endpoint.cluster:
        codes = pd.factorize(rows[name])[0]
        if codes.max() + 1 < rows["animal"].nunique() or endpoint.design in REPEATING:
            found.append(Grouping(name, codes, np.ones((count, 1))))
    if rows["animal"].nunique() == count:
        return found
    animal = pd.factorize(rows["animal"])[0]
    if endpoint.random_slopes:
        slope = rows[table.time].to_numpy(float)
        found.append(Grouping("animal", animal, np.column_stack([np.ones(count), slope]), ("intercept", table.time)))
    else:
        found.append(Grouping("animal", animal, np.ones((count, 1))))
    codes = pd.factorize(animal * count + pd.factorize(rows["sample"])[0])[0]
    if animal.max() + 1 < codes.max() + 1 < count:
        found.append(Grouping("sample", codes, np.ones((count, 1))))
    return found


def robust(model: Model) -> Model:
    """Return a linear model with tests that allow unequal variances (HC3); a mixed model is returned unchanged."""
    if not isinstance(model.fit, LinearFit):
        return model
    return Model(model.coding, linear.robust(model.fit, model.y), f"{model.name}, HC3", model.y)


def type_two(model: Model, fit_: LinearFit, term: Term) -> FTest:
    """Type II test of a term of a linear model: adjusted for every term that does not contain it.

    ``anova_lm(typ=2)`` of statsmodels needs a formula, which cannot express the sum-to-zero coding used for all other
    tests; its fits are used.
    """
    coding = model.coding
    keep = [0]
    for other in coding.terms:
        if not set(term) <= set(other):
            keep += list(range(*coding.place(other).indices(len(fit_.beta))))
    own = list(range(*coding.place(term).indices(len(fit_.beta))))
    without = linear.residual_ss(fit_.matrix[:, keep], model.y)
    gained = without - linear.residual_ss(fit_.matrix[:, keep + own], model.y)
    return FTest(gained / len(own) / fit_.sigma2, len(own), fit_.df_residual, gained)


def _estimable(matrix: np.ndarray, coding: Coding) -> None:
    if len(matrix) <= matrix.shape[1]:
        raise NotEstimableError(f"{len(matrix)} values are too few for {matrix.shape[1]} coefficients and a residual")
    for term in coding.terms:
        place = coding.place(term)
        if np.linalg.matrix_rank(matrix[:, : place.stop]) < place.stop:
            before = ", ".join(":".join(other) for other in coding.terms if coding.place(other).stop < place.stop)
            raise NotEstimableError(f"{':'.join(term)} is confounded with {before or 'the mean'} in these animals")


def _means(table: EndpointTable, endpoint: Endpoint, numeric: str) -> dict[str, float]:
    names = [*endpoint.covariates, *([numeric] if numeric else [])]
    if table.time and table.time not in table.levels:
        names.append(table.time)
    return {name: float(table.rows[name].astype(float).mean()) for name in names}


def _name(coding: Coding, endpoint: Endpoint, groupings: list[Grouping]) -> str:
    """Formula of the model, as in lme4."""
    fixed = " + ".join(":".join(term) for term in coding.terms) or "1"
    random = "".join(
        f" + ({' + '.join(effect if effect != 'intercept' else '1' for effect in g.effects)} | {g.name})"
        for g in groupings
    )
    outcome = {"identity": "y", "log": "log(y)", "logit": "logit(y)"}[endpoint.scale]
    return f"{'mixed' if groupings else 'linear'}: {outcome} ~ {fixed}{random}"
