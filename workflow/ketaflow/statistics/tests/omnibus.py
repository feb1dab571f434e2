"""Tests of whole terms: arm, time, and their interactions."""

from dataclasses import replace

import numpy as np

from ketaflow.statistics.models import designs
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.models.linear import FTest, LinearFit
from ketaflow.statistics.results.rows import OmnibusRow


def tests(model: Model) -> list[OmnibusRow]:
    """F test of every term: type III, and type II in a linear model of several terms and equal variances."""
    rows, fit = [], model.fit
    for term in model.coding.terms:
        found = {"III": model.test(term)}
        if isinstance(fit, LinearFit) and not fit.is_robust and len(model.coding.terms) > 1:
            found["II"] = designs.type_two(model, fit, term)
        for kind, test in found.items():
            row = _row(":".join(term), kind, test, model)
            rows.append(_with_effect_size(row, test, model, fit) if isinstance(fit, LinearFit) else row)
    return rows


def _row(term: str, kind: str, test: FTest, model: Model) -> OmnibusRow:
    return OmnibusRow(
        model=model.name, term=term, sum_of_squares_type=kind, df1=test.df1, df2=test.df2,
        df_method=model.fit.df_method, statistic_name="F", statistic=test.statistic, p_value=test.p_value,
        sum_of_squares=test.sum_of_squares, mean_square=test.sum_of_squares / test.df1,
    )  # fmt: skip


def _with_effect_size(row: OmnibusRow, test: FTest, model: Model, fit: LinearFit) -> OmnibusRow:
    """Add eta squared (partial if the model has other terms) and omega squared."""
    total = float(np.sum((model.y - model.y.mean()) ** 2))
    is_only_term = len(model.coding.terms) == 1
    partial = test.sum_of_squares / (test.sum_of_squares + fit.sigma2 * fit.df_residual)
    return replace(
        row,
        effect_size_name="eta_squared" if is_only_term else "partial_eta_squared",
        effect_size=test.sum_of_squares / total if is_only_term else partial,
        partial_eta_squared=partial,
        omega_squared=(test.sum_of_squares - test.df1 * fit.sigma2) / (total + fit.sigma2),
    )
