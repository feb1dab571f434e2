"""What was measured, before any test: one line per arm (and time), the animal as the unit."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.models import Model


def descriptives(
    table: EndpointTable, endpoint: Mapping, known: Cohort, model: Model | None, *, level: float
) -> list[dict]:
    """Number, mean, spread and interval of the animals' means, in the measure's unit.

    Beside them the model's means at the same levels (``adjusted_mean``), on the scale of the analysis: for other
    factors balanced and covariates at their mean.
    """
    if not len(table.rows):
        return []
    keys = ["arm", *[name for name in endpoint["fixed"] if name != "arm" and name not in known.from_arms]]
    if table.time:
        keys.append(table.time)
    per_animal = table.rows.groupby([*keys, "animal"], sort=False, observed=True)["value"].agg(["mean", "size"])
    order = {arm: place for place, arm in enumerate(known.arms["arm"])}
    lines = []
    for key, group in per_animal.groupby(level=keys, sort=False, observed=True):
        named = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
        facts = table.rows.loc[table.rows["arm"] == named["arm"]].iloc[0]
        factors = {name: facts[name] for name in endpoint["fixed"] if name in known.from_arms}
        lines.append(
            named
            | factors
            | summary(group["mean"].to_numpy(float), level=level)
            | {"n_observations": int(group["size"].sum())}
            | (adjusted(named | factors, table, model, level=level) if model else {})
        )
    time = (lambda line: _number(line.get(table.time))) if table.time else (lambda line: 0)
    return sorted(
        lines, key=lambda line: (order[line["arm"]], *[str(line[k]) for k in keys[1:] if k != table.time], time(line))
    )


def adjusted(at: Mapping, table: EndpointTable, model: Model, *, level: float) -> dict:
    """The model's mean at these levels with its interval."""
    levels = {name: at[name] for name in table.levels if name in at}
    if not levels:
        return {}
    part = model.fit.estimate(model.mean(**levels))
    half = stats.t.ppf((1 + level) / 2, part.df) * part.se
    return {
        "adjusted_mean": part.value, "adjusted_se": part.se, "adjusted_df": part.df,
        "adjusted_ci_low": part.value - half, "adjusted_ci_high": part.value + half,
    }  # fmt: skip


def summary(values: np.ndarray, *, level: float) -> dict:
    """Mean, spread, quartiles and t interval of the mean (n >= 2; else NaN)."""
    count = len(values)
    sd = float(np.std(values, ddof=1)) if count > 1 else np.nan
    sem = sd / np.sqrt(count)
    half = stats.t.ppf((1 + level) / 2, count - 1) * sem if count > 1 else np.nan
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    mean = float(np.mean(values))
    return {
        "n": count, "mean": mean, "sd": sd, "sem": sem, "median": float(median), "q1": float(q1), "q3": float(q3),
        "ci_low": mean - half, "ci_high": mean + half,
    }  # fmt: skip


def _number(value: object) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0 if pd.isna(value) else float("inf")
