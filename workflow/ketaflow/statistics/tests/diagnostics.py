"""Diagnostics of a fitted model: residuals, equal variances, floor and ceiling. They never select a test.

A test that is chosen by a look at the residuals does not keep its error rate (Rochon et al. 2012, BMC Med Res Methodol
12:81, doi:10.1186/1471-2288-12-81).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special, stats

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import Groups
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.models.mixed import MixedFit
from ketaflow.statistics.results.rows import DiagnosticRow, VarianceRow
from ketaflow.statistics.tests import group_tests

# Numbers of residuals for which the p of Shapiro and Wilk is valid.
SHAPIRO_RANGE = (3, 5000)
# Share of animals at the smallest or largest value from which a floor or ceiling is suspected in a measure without a
# known range, and the fewest animals; ketaflow's choice: Terwee et al. 2007, doi:10.1016/j.jclinepi.2006.03.012, use
# 15 % for known limits.
SUSPECTED_SHARE = 0.15
SUSPECTED_ANIMALS = 3


def checks(model: Model, table: EndpointTable, confounded: Sequence[str]) -> list[DiagnosticRow]:
    """Rows of the diagnostics table.

    Parameters
    ----------
    model : Model
        The fitted model.
    table : EndpointTable
        Its rows.
    confounded : sequence of str
        Cage or litter, if each was in one arm only.

    Returns
    -------
    list of DiagnosticRow
    """
    rows = _normality(model.fit.residuals)
    if table.treatment:
        rows += _variances(table.groups, table.treatment)
    for column in confounded:
        message = f"each {column} was in one arm only: its effect is confounded with that of the arm"
        rows.append(DiagnosticRow(check="confounded", term=column, message=message))
    if isinstance(model.fit, MixedFit):
        likelihood = model.fit.reml_log_likelihood
        rows.append(DiagnosticRow(check="reml_log_likelihood", statistic_name="logLik", statistic=likelihood))
        if message := singular_note(model):
            rows.append(DiagnosticRow(check="singular", message=message))
    return rows + _limits(table)


def singular_note(model: Model) -> str:
    """Name the variances that are estimated as zero; empty if there are none."""
    if not isinstance(model.fit, MixedFit) or not model.fit.singular:
        return ""
    zero = [
        f"between-{part.group}" for part in model.fit.components if part.effect == "intercept" and not part.variance
    ]
    variances = f"{' and '.join(zero) or 'a random-effect'} variance estimated as zero"
    return f"{variances[0].upper()}{variances[1:]} (singular fit): {model.fit.df_method} degrees of freedom"


def components(model: Model, table: EndpointTable) -> list[VarianceRow]:
    """Variance components of a mixed model; none of a linear model.

    Parameters
    ----------
    model : Model
        The fitted model.
    table : EndpointTable
        Its rows.

    Returns
    -------
    list of VarianceRow

    References
    ----------
    Design effect 1 + (m - 1) ICC for a mean of m observations per group: Kish 1965, ISBN 978-0471109495.
    """
    if not isinstance(model.fit, MixedFit):
        return []
    parts = model.fit.components
    total = sum(part.variance for part in parts if part.effect in ("intercept", ""))
    rows = []
    for part in parts:
        icc = size = effect = np.nan
        if part.effect == "intercept" and total > 0:
            size, icc = len(table.rows) / part.groups, part.variance / total
            effect = 1 + (size - 1) * icc
        rows.append(
            VarianceRow(
                model=model.name, group=part.group, effect=part.effect, groups=part.groups, variance=part.variance,
                sd=float(np.sqrt(part.variance)), icc=icc, cluster_size=size, design_effect=effect,
                effective_n=len(table.rows) / effect,
            )
        )  # fmt: skip
    return rows


def residuals(model: Model, table: EndpointTable) -> pd.DataFrame:
    """Residuals with fitted values and normal quantiles, for a residual plot and a Q-Q plot.

    Parameters
    ----------
    model : Model
        The fitted model.
    table : EndpointTable
        Its rows, in the order of the fit.

    Returns
    -------
    data frame
        One row per observation, with the columns ``RESIDUAL_COLUMNS`` but the first two.
    """
    values = model.fit.residuals
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    columns = {name: table.rows[name].to_numpy() for name in ("animal", "arm", "time_min", "sample")}
    return pd.DataFrame(
        columns
        | {
            "fitted": model.y - values,
            "residual": values,
            "standardised_residual": values / sd if sd > 0 else np.nan,
            "normal_quantile": special.ndtri((stats.rankdata(values) - 0.5) / len(values)),
        }
    )


def _normality(values: np.ndarray) -> list[DiagnosticRow]:
    if not SHAPIRO_RANGE[0] <= len(values) <= SHAPIRO_RANGE[1] or np.ptp(values) == 0:
        return []
    w, p = stats.shapiro(values)
    return [
        DiagnosticRow(
            check="shapiro_wilk", term="residuals", statistic_name="W", statistic=float(w), p_value=float(p)
        )
    ]  # fmt: skip


def _variances(groups: Groups, term: str) -> list[DiagnosticRow]:
    rows = []
    constant = group_tests.without_variance(groups)
    if constant:
        message = f"all animals of {', '.join(constant)} have the same value: the common variance is underestimated"
        rows.append(DiagnosticRow(check="no_variance", term=term, message=message))
    if min(map(len, groups.values())) < 2 or len(constant) == len(groups):
        return rows
    values = list(groups.values())
    df1, df2 = len(values) - 1, sum(map(len, values)) - len(values)
    for name, center in (("brown_forsythe", "median"), ("levene", "mean")):
        f, p = stats.levene(*values, center=center)
        row = DiagnosticRow(check=name, term=term, statistic_name="F", statistic=float(f), df1=df1, df2=df2)
        rows.append(replace(row, p_value=float(p)))
    if not constant:
        k2, p = stats.bartlett(*values)
        row = DiagnosticRow(check="bartlett", term=term, statistic_name="K2", statistic=float(k2), df1=df1)
        rows.append(replace(row, p_value=float(p)))
    return rows


def _limits(table: EndpointTable) -> list[DiagnosticRow]:
    """Share of animals at the floor or ceiling: the measure's range if known, else its smallest and largest value."""
    rows, values = [], table.unit_means["value"].to_numpy(float)
    known = {"minimum": table.measure.minimum, "maximum": table.measure.maximum}
    for name, seen in (("minimum", values.min()), ("maximum", values.max())):
        limit = known[name]
        count = int(np.sum(values == (seen if limit is None else limit)))
        share = count / len(values)
        if limit is not None and count:
            message = f"{share:.0%} of the animals are at the {name} of the measure, {limit:g}"
        elif limit is None and count >= SUSPECTED_ANIMALS and share >= SUSPECTED_SHARE and count < len(values):
            kind = "floor" if name == "minimum" else "ceiling"
            message = f"{share:.0%} of the animals have the {name} value, {seen:g}: a possible {kind} of the measure"
        else:
            continue
        rows.append(DiagnosticRow(check=f"at_{name}", statistic_name="share", statistic=share, message=message))
    return rows
