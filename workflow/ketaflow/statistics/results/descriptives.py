"""What was measured, before any test: one line per arm (and time), the animal as the unit."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import special

from ketaflow.statistics import dataset
from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.model import Endpoint, Line
from ketaflow.statistics.models.designs import Model


def descriptives(
    table: EndpointTable, endpoint: Endpoint, known: Cohort, model: Model | None, *, level: float
) -> list[Line]:
    """Number, mean, spread and interval of the animals' means, in the measure's unit.

    Beside them the model's means at the same levels (``adjusted_mean``), on the scale of the analysis: for other
    factors balanced and covariates at their mean.
    """
    if not len(table.rows):
        return []
    others = [name for name in endpoint.fixed if name != "arm" and name not in known.from_arms]
    keys = ["arm", *others, *([table.time] if table.time else [])]
    cells: dict[tuple, dict[str, list[float]]] = {}
    for *key, animal, value in table.rows[[*keys, "animal", "value"]].itertuples(index=False, name=None):
        cells.setdefault(tuple(key), {}).setdefault(animal, []).append(value)
    lines = []
    for key in sorted(cells, key=lambda key: _place(key, list(known.arm_facts))):
        at = dict(zip(keys, key, strict=True))
        at |= {
            name: dataset.level_name(known.arm_facts[key[0]][name])
            for name in endpoint.fixed
            if name in known.from_arms
        }
        per_animal = np.array([np.mean(values) for values in cells[key].values()])
        line = at | summary(per_animal, level=level) | {"n_observations": sum(map(len, cells[key].values()))}
        lines.append(line | (adjusted(at, table, model, level=level) if model else {}))
    return lines


def adjusted(at: Mapping, table: EndpointTable, model: Model, *, level: float) -> Line:
    """The model's mean at these levels with its interval."""
    levels = {name: at[name] for name in table.levels if name in at}
    if not levels:
        return {}
    coding = model.coding
    if table.time in coding.means:
        coding = replace(coding, means={**coding.means, table.time: float(at[table.time])})
    part = model.fit.estimate(coding.marginal(**levels))
    half = special.stdtrit(part.df, (1 + level) / 2) * part.se
    return {
        "adjusted_mean": part.value, "adjusted_se": part.se, "adjusted_df": part.df,
        "adjusted_ci_low": part.value - half, "adjusted_ci_high": part.value + half,
    }  # fmt: skip


def summary(values: np.ndarray, *, level: float) -> Line:
    """Mean, spread, quartiles and t interval of the mean (n >= 2; else NaN)."""
    count = len(values)
    sd = float(np.std(values, ddof=1)) if count > 1 else np.nan
    sem = sd / np.sqrt(count)
    half = special.stdtrit(count - 1, (1 + level) / 2) * sem if count > 1 else np.nan
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    mean = float(np.mean(values))
    return {
        "n": count, "mean": mean, "sd": sd, "sem": sem, "median": float(median), "q1": float(q1), "q3": float(q3),
        "ci_low": mean - half, "ci_high": mean + half,
    }  # fmt: skip


def _place(key: tuple, arms: list[str]) -> tuple:
    """Where a line stands: arms in their order, then numbers by size, then words."""
    return (
        arms.index(key[0]),
        *[(0, float(part), "") if _is_number(part) else (1, 0.0, str(part)) for part in key[1:]],
    )


def _is_number(value: object) -> bool:
    try:
        return float(value) == float(value)
    except (TypeError, ValueError):
        return False
