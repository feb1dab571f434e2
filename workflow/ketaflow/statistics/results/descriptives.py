"""Descriptive statistics of each arm (and time), with the animal as the unit."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import special

from ketaflow.statistics import dataset
from ketaflow.statistics.dataset import Analysis, EndpointTable
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.results.rows import DescriptiveRow

Cell = tuple[Any, ...]


def descriptives(analysis: Analysis, model: Model | None) -> list[DescriptiveRow]:
    """Describe the animals of each arm, other factors of the animals, and time.

    Parameters
    ----------
    analysis : Analysis
        The endpoint and its rows.
    model : Model or None
        The fitted model, for the adjusted means; None if the endpoint was refused.

    Returns
    -------
    list of DescriptiveRow
        Statistics of animals' means in the measure's unit. The adjusted means are on the scale of the analysis, with
        other factors balanced and covariates at their mean.
    """
    table, endpoint, cohort = analysis.table, analysis.endpoint, analysis.cohort
    if not len(table.rows):
        return []
    from_arms = [name for name in endpoint.fixed if name in cohort.arm_columns]
    others = [name for name in endpoint.fixed if name != "arm" and name not in cohort.arm_columns]
    keys = ["arm", *others, *([table.time] if table.time else [])]
    cells: dict[Cell, dict[str, list[float]]] = {}
    for *key, animal, value in table.rows[[*keys, "animal", "value"]].itertuples(index=False, name=None):
        cells.setdefault(tuple(key), {}).setdefault(animal, []).append(value)
    rows, order = [], list(cohort.arm_facts)
    for cell in sorted(cells, key=lambda cell: _sort_key(cell, order)):
        at = dict(zip(keys, cell, strict=True))
        at |= {name: dataset.level_name(cohort.arm_facts[cell[0]][name]) for name in from_arms}
        row = summary(np.array([np.mean(values) for values in cells[cell].values()]), level=analysis.level)
        own = {name: at[name] for name in ("arm", "time_min", "session") if name in at}
        factors = {name: value for name, value in at.items() if name not in own}
        count = sum(len(values) for values in cells[cell].values())
        row = replace(row, unit=table.measure.unit, n_observations=count, factors=factors, **own)
        rows.append(_with_adjusted(row, at, table, model, level=analysis.level) if model else row)
    return rows


def summary(values: np.ndarray, *, level: float) -> DescriptiveRow:
    """Mean, spread, quartiles and t interval of the mean.

    Parameters
    ----------
    values : (n_animals,) float
        Values of one group, at least one.
    level : float
        Confidence level, 0 to 1.

    Returns
    -------
    DescriptiveRow
        In the unit of the values; SD, SEM and interval are NaN for one animal.
    """
    count, mean = len(values), float(np.mean(values))
    sd = float(np.std(values, ddof=1)) if count > 1 else np.nan
    sem = sd / float(np.sqrt(count))
    half = float(special.stdtrit(count - 1, (1 + level) / 2)) * sem if count > 1 else np.nan
    q1, median, q3 = map(float, np.percentile(values, [25, 50, 75]))
    return DescriptiveRow(
        n=count, mean=mean, sd=sd, sem=sem, median=median, q1=q1, q3=q3, ci_low=mean - half, ci_high=mean + half
    )


def _with_adjusted(
    row: DescriptiveRow, at: dict[str, Any], table: EndpointTable, model: Model, *, level: float
) -> DescriptiveRow:
    """Add the model's mean at these levels."""
    levels = {name: at[name] for name in table.levels if name in at}
    if not levels:
        return row
    coding = model.coding
    if table.time in coding.means:
        coding = replace(coding, means={**coding.means, table.time: float(at[table.time])})
    part = model.fit.estimate(coding.marginal(**levels))
    half = float(special.stdtrit(part.df, (1 + level) / 2)) * part.se
    return replace(
        row, adjusted_mean=part.value, adjusted_se=part.se, adjusted_df=part.df, adjusted_ci_low=part.value - half,
        adjusted_ci_high=part.value + half,
    )  # fmt: skip


def _sort_key(cell: Cell, arms: list[str]) -> Cell:
    """Arms in their order, then numbers by size, then words."""
    numbers = [dataset.as_number(part) for part in cell[1:]]
    parts = zip(numbers, cell[1:], strict=True)
    return (
        arms.index(cell[0]),
        *[(1, 0.0, str(part)) if np.isnan(number) else (0, number, "") for number, part in parts],
    )
