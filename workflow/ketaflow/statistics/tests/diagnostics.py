"""Diagnostics: what the model left over, how spread and groups behave. They are shown and choose nothing.

A test chosen after a look at the residuals no longer has its error rate (Rochon et al. 2012, BMC Med
Res Methodol 12:81, doi:10.1186/1471-2288-12-81).
"""

import numpy as np
from scipy import stats

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import Endpoint, Line
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.models.linear import LinearFit


def checks(model: Model, table: EndpointTable, endpoint: Endpoint, confounded: list[str]) -> list[Line]:
    """Lines of the diagnostics table."""
    rows = _normality(model.fit.residuals)
    if table.treatment:
        rows += _variances(list(table.groups.values()), table.treatment)
    rows += [
        {
            "check": "confounded",
            "term": home,
            "message": f"every {home} was in one arm only: its effect cannot be told from the drug's",
        }
        for home in confounded
    ]
    if not isinstance(model.fit, LinearFit):
        rows.append(
            {"check": "reml_log_likelihood", "statistic_name": "logLik", "statistic": model.fit.reml_log_likelihood}
        )
        if model.fit.singular:
            rows.append(
                {
                    "check": "singular",
                    "message": f"a variance estimated as zero (singular fit): {model.fit.df_method} degrees of freedom",
                }
            )
    return rows + _bounds(table)


def components(model: Model, table: EndpointTable) -> list[Line]:
    """Variance components with intraclass correlation, design effect and effective n of each grouping.

    The design effect is 1 + (m - 1) ICC at a mean of m observations per group (Kish 1965, ISBN 978-0471109495).
    """
    if isinstance(model.fit, LinearFit):
        return []
    parts = model.fit.components
    total = sum(part["variance"] for part in parts if part["effect"] in ("intercept", ""))
    rows = []
    for part in parts:
        row = {"model": model.name, **part, "sd": float(np.sqrt(part["variance"]))}
        if part["effect"] == "intercept" and total > 0:
            size = len(table.rows) / part["groups"]
            icc = part["variance"] / total
            effect = 1 + (size - 1) * icc
            row |= {"icc": icc, "cluster_size": size, "design_effect": effect, "effective_n": len(table.rows) / effect}
        rows.append(row)
    return rows


def _normality(residuals: np.ndarray) -> list[Line]:
    if not 3 <= len(residuals) <= 5000 or np.ptp(residuals) == 0:
        return []
    statistic, p = stats.shapiro(residuals)
    return [{"check": "shapiro_wilk", "term": "residuals", "statistic_name": "W", "statistic": statistic, "p_value": p}]


def _variances(groups: list[np.ndarray], term: str) -> list[Line]:
    if min(map(len, groups)) < 2 or all(np.ptp(group) == 0 for group in groups):
        return []
    count = sum(map(len, groups))
    rows = []
    for name, centre in (("brown_forsythe", "median"), ("levene", "mean")):
        statistic, p = stats.levene(*groups, center=centre)
        rows.append({
            "check": name, "term": term, "statistic_name": "F", "statistic": statistic, "df1": len(groups) - 1,
            "df2": count - len(groups), "p_value": p,
        })  # fmt: skip
    if all(np.ptp(group) > 0 for group in groups):
        statistic, p = stats.bartlett(*groups)
        rows.append(
            {
                "check": "bartlett",
                "term": term,
                "statistic_name": "K2",
                "statistic": statistic,
                "df1": len(groups) - 1,
                "p_value": p,
            }
        )
    return rows


def _bounds(table: EndpointTable) -> list[Line]:
    """Share of animals at the measure's floor or ceiling."""
    rows = []
    values = table.unit_means["value"]
    for name in ("minimum", "maximum"):
        bound = table.facts.get(name)
        share = float((values == bound).mean()) if bound is not None else 0
        if share > 0:
            rows.append({
                "check": f"at_{name}", "statistic_name": "share", "statistic": share,
                "message": f"{share:.0%} of the animals lie at {bound:g}",
            })  # fmt: skip
    return rows
