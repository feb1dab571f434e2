"""Tests of whole terms: does the arm matter at all, does its effect depend on the blocker?"""

from collections.abc import Mapping

import numpy as np

from ketaflow.statistics.model import Line
from ketaflow.statistics.models import designs
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.models.linear import FTest


def tests(model: Model) -> list[Line]:
    """F test of every term: type III, and type II beside it in a linear model of several terms."""
    rows = []
    linear, several = isinstance(model.fit, designs.LinearFit), len(model.coding.terms) > 1
    for term in model.coding.terms:
        found = {"III": model.test(term)} | ({"II": designs.type_two(model, term)} if linear and several else {})
        for kind, test in found.items():
            rows.append(_line(":".join(term), kind, test, model) | (_explained(test, model) if linear else {}))
    return rows


def _line(term: str, kind: str, test: FTest, model: Model) -> Line:
    return {
        "model": model.name, "term": term, "sum_of_squares_type": kind, "df1": test.df1, "df2": test.df2,
        "df_method": model.fit.df_method, "statistic_name": "F", "statistic": test.statistic, "p_value": test.p_value,
        "sum_of_squares": test.sum_of_squares, "mean_square": test.sum_of_squares / test.df1,
    }  # fmt: skip


def _explained(test: FTest, model: Model) -> Mapping:
    """Share of the variation: eta squared where the term is alone, else partial; omega squared after it."""
    total = float(np.sum((model.y - model.y.mean()) ** 2))
    alone = len(model.coding.terms) == 1
    residual = model.fit.sigma2 * model.fit.df_residual
    return {
        "effect_size_name": "eta_squared" if alone else "partial_eta_squared",
        "effect_size": test.sum_of_squares / (total if alone else test.sum_of_squares + residual),
        "partial_eta_squared": test.sum_of_squares / (test.sum_of_squares + residual),
        "omega_squared": (test.sum_of_squares - test.df1 * model.fit.sigma2) / (total + model.fit.sigma2),
    }
