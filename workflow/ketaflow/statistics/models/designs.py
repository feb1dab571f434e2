"""From an endpoint's design to a fitted model.

Fixed effects: the declared factors, additive except in a factorial design (all interactions) and a
repeated one (treatment by time). Random intercepts: every declared cluster; the animal where it has
several rows; the sample where it has several rows within an animal. With no random term the model is
linear.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import Endpoint
from ketaflow.statistics.models import kenward_roger, linear, mixed
from ketaflow.statistics.models.linear import FTest, LinearFit
from ketaflow.statistics.models.mixed import Grouping, MixedFit
from ketaflow.statistics.models.model_matrix import Coding, Term

MANY_ROWS = ("nested", "repeated", "crossover")


class NotEstimableError(Exception):
    """The rows cannot tell the model's terms apart: the text says which."""


@dataclass(frozen=True)
class Model:
    """A fitted model with the words it was made of."""

    coding: Coding
    fit: LinearFit | MixedFit
    name: str
    y: np.ndarray

    def test(self, term: Term) -> FTest:
        """Type III test of a term."""
        return self.fit.joint(self.coding.hypothesis(term))

    def mean(self, **at: object) -> np.ndarray:
        """Weights of the mean at these levels, averaged equally over everything else."""
        return self.coding.marginal(**at)


def fit(table: EndpointTable, endpoint: Endpoint, *, numeric: str = "") -> Model:
    """Fit the model of a design; ``numeric`` names a factor that enters as a number instead (a dose).

    Unless the plan names the degrees of freedom, a singular fit (a variance estimated as zero) is tested with Kenward
    and Roger's: Satterthwaite's would count observations as animals. On null data of 2 x 4 animals at alpha 0.05
    and an intraclass correlation of 0, 0.05 and 0.1 the test rejects 2, 3 and 5 % of singular fits with 5 observations
    an animal, and 2, 9 and 17 % with 20 (Satterthwaite 5, 8 and 11 %, and 5, 17 and 27 %). Of all fits it rejects at
    most 5.0 %. No test of level alpha keeps it within singular fits whatever the correlation.
    """
    levels = {name: values for name, values in table.levels.items() if name != numeric}
    coding = Coding(tuple(terms(table, endpoint)), levels, _means(table, endpoint, numeric))
    names = {name for term in coding.terms for name in term}
    columns = {name: table.rows[name].to_numpy() for name in names} or {"": np.empty(len(table.rows))}
    matrix, y = coding.matrix(columns), table.rows["y"].to_numpy(float)
    _estimable(matrix, coding)
    groupings = random_terms(table, endpoint)
    if not groupings:
        return Model(coding, linear.least_squares(matrix, y), _name(coding, endpoint, []), y)
    fitted = mixed.fit(matrix, y, groupings)
    if endpoint.df == "kenward_roger" or (endpoint.df == "automatic" and fitted.singular):
        fitted = kenward_roger.adjusted(fitted, matrix, groupings)
    return Model(coding, fitted, _name(coding, endpoint, groupings), y)


def terms(table: EndpointTable, endpoint: Endpoint) -> list[Term]:
    """Terms of the fixed part, lower order first."""
    factors = [name for name in table.levels if name != table.time]
    found: list[Term] = [(name,) for name in factors] + [(name,) for name in endpoint.covariates]
    if endpoint.design == "factorial":
        for order in range(2, len(endpoint.fixed) + 1):
            found += list(combinations(endpoint.fixed, order))
    if table.time:
        found += [(table.time,)] + ([(table.treatment, table.time)] if table.treatment else [])
    return found


def random_terms(table: EndpointTable, endpoint: Endpoint) -> list[Grouping]:
    """Random terms of the design, the widest first; an animal with one row is the residual itself."""
    rows, count = table.rows, len(table.rows)
    found = []
    for name in endpoint.cluster:
        codes = pd.factorize(rows[name])[0]
        if codes.max() + 1 < rows["animal"].nunique() or endpoint.design in MANY_ROWS:
            found.append(Grouping(name, codes, np.ones((count, 1))))
    if rows["animal"].nunique() == count:
        return found
    animal = pd.factorize(rows["animal"])[0]
    if endpoint.random_slopes:
        slope = rows[table.time].to_numpy(float)
        found.append(Grouping("animal", animal, np.column_stack([np.ones(count), slope]), ("intercept", table.time)))
    else:
        found.append(Grouping("animal", animal, np.ones((count, 1))))
    sample = rows["animal"].astype(str) + "\n" + rows["sample"].fillna("").astype(str)
    codes = pd.factorize(sample)[0]
    if rows["animal"].nunique() < codes.max() + 1 < count:
        found.append(Grouping("sample", codes, np.ones((count, 1))))
    return found


def robust(model: Model) -> Model:
    """A linear model whose tests let variances differ (HC3)."""
    return Model(model.coding, linear.robust(model.fit), f"{model.name}, HC3", model.y)


def type_two(model: Model, term: Term) -> FTest:
    """Type II test of a term of a linear model: after every term that does not contain it."""
    fit_, coding = model.fit, model.coding
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
        raise NotEstimableError(f"{len(matrix)} values cannot fit {matrix.shape[1]} coefficients and a residual")
    for term in coding.terms:
        place = coding.place(term)
        if np.linalg.matrix_rank(matrix[:, : place.stop]) < place.stop:
            before = ", ".join(":".join(other) for other in coding.terms if coding.place(other).stop < place.stop)
            raise NotEstimableError(f"{':'.join(term)} cannot be told from {before or 'the mean'} in these animals")


def _means(table: EndpointTable, endpoint: Endpoint, numeric: str) -> dict[str, float]:
    names = [*endpoint.covariates, *([numeric] if numeric else [])]
    if table.time and table.time not in table.levels:
        names.append(table.time)
    return {name: float(table.rows[name].astype(float).mean()) for name in names}


def _name(coding: Coding, endpoint: Endpoint, groupings: list[Grouping]) -> str:
    """The model as a formula people know."""
    fixed = " + ".join(":".join(term) for term in coding.terms) or "1"
    random = "".join(
        f" + ({' + '.join(effect if effect != 'intercept' else '1' for effect in g.effects)} | {g.name})"
        for g in groupings
    )
    outcome = {"identity": "y", "log": "log(y)", "logit": "logit(y)"}[endpoint.scale]
    return f"{'mixed' if groupings else 'linear'}: {outcome} ~ {fixed}{random}"
