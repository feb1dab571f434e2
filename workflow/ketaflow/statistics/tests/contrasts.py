"""Planned comparisons as weights on a model's coefficients, tested together.

``planned`` turns a name of the plan into a ``ContrastSet``; ``tested`` gives each of its rows an
estimate, its own p, the p adjusted within the set, and intervals. Rank tests are in ranks.py.
"""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy import special

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import CustomContrast, Line
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.tests import multivariate_t


@dataclass(frozen=True)
class ContrastSet:
    """Comparisons that share an adjustment: dunnett, mvt, tukey, holm or none."""

    name: str
    rows: tuple[tuple[str, str, np.ndarray], ...]
    adjustment: str


def planned(contrast: str | CustomContrast, model: Model, table: EndpointTable) -> list[ContrastSet]:
    """The comparisons a plan's word stands for; ``simple`` gives one set for each level of the other factors."""
    if isinstance(contrast, CustomContrast):
        return [_custom(contrast, model, table)]
    builders = {
        "dunnett": _dunnett, "dunnett_stepdown": _dunnett, "pairwise": _pairwise, "simple": _simple,
        "interaction": _interaction, "williams": _williams,
    }  # fmt: skip
    sets = builders[contrast](model, table)
    if contrast == "dunnett_stepdown":
        return [ContrastSet(contrast, sets[0].rows, "step-down")]
    return sets


def tested(contrasts: ContrastSet, model: Model, *, alternative: str, level: float) -> list[Line]:
    """Estimate, test and interval of every row of a set."""
    weights = np.array([row[2] for row in contrasts.rows])
    parts = [model.fit.estimate(row) for row in weights]
    statistics = np.array([part.value / part.se for part in parts])
    dfs = np.array([part.df for part in parts])
    covariance = weights @ model.fit.covariance @ weights.T
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    own = tail(statistics, dfs, alternative)
    adjusted = _adjusted(contrasts.adjustment, own, statistics, dfs, correlation, alternative)
    simultaneous = contrasts.adjustment in ("dunnett", "mvt", "tukey") and len(parts) > 1
    rows = []
    for i, (part, (upper, lower, _)) in enumerate(zip(parts, contrasts.rows, strict=True)):
        bound = _bound(contrasts.adjustment if simultaneous else "none", level, correlation, part.df, alternative)
        low, high = interval(part.value, part.se, bound, alternative)
        rows.append(
            {
                "contrast": contrasts.name,
                "level": upper,
                "reference": lower,
                "estimate": part.value,
                "se": part.se,
                "df": part.df,
                "df_method": model.fit.df_method,
                "statistic_name": "t",
                "statistic": statistics[i],
                "p_value": own[i],
                "p_adjusted": adjusted[i],
                "adjustment": contrasts.adjustment if len(parts) > 1 else "none",
                "ci_low": low,
                "ci_high": high,
                "ci_type": "simultaneous" if simultaneous else "individual",
            }
        )
    return rows


def tail(statistics: np.ndarray, dfs: np.ndarray, alternative: str) -> np.ndarray:
    """p of t statistics."""
    return {
        "two-sided": 2 * special.stdtr(dfs, -np.abs(statistics)),
        "greater": special.stdtr(dfs, -statistics),
        "less": special.stdtr(dfs, statistics),
    }[alternative]


def interval(value: float, se: float, bound: float, alternative: str) -> tuple[float, float]:
    """Confidence limits; a one-sided test has a one-sided interval."""
    low = value - bound * se if alternative != "less" else -np.inf
    high = value + bound * se if alternative != "greater" else np.inf
    return low, high


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment."""
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted


def _adjusted(kind, own, statistics, dfs, correlation, alternative) -> np.ndarray:
    if len(own) == 1 or kind == "none":
        return own
    if kind == "holm":
        return holm(own)
    if kind == "tukey":
        count = _groups_of_pairs(len(own))
        return np.array(
            [multivariate_t.range_p(abs(t) * np.sqrt(2), count, df) for t, df in zip(statistics, dfs, strict=True)]
        )
    if kind == "step-down":
        return _step_down(statistics, dfs, correlation, alternative)
    return multivariate_t.adjusted_p(statistics, dfs, correlation, alternative)


def _step_down(statistics, dfs, correlation, alternative) -> np.ndarray:
    """Dunnett's step-down: each statistic against those that are not more extreme than it."""
    extreme = {"two-sided": np.abs(statistics), "greater": statistics, "less": -statistics}[alternative]
    order = np.argsort(-extreme, kind="stable")
    adjusted, reached = np.empty(len(order)), 0.0
    for place, i in enumerate(order):
        rest = order[place:]
        p = multivariate_t.adjusted_p(statistics[rest[:1]], dfs[rest[:1]], correlation[np.ix_(rest, rest)], alternative)
        reached = max(reached, float(p[0]))
        adjusted[i] = reached
    return adjusted


def _bound(kind: str, level: float, correlation: np.ndarray, df: float, alternative: str) -> float:
    if kind == "tukey":
        return multivariate_t.range_critical(level, _groups_of_pairs(len(correlation)), df) / np.sqrt(2)
    if kind == "none":
        return float(special.stdtrit(df, (1 + level) / 2 if alternative == "two-sided" else level))
    return multivariate_t.critical_value(level, correlation, df, alternative)


def _groups_of_pairs(pairs: int) -> int:
    return round((1 + np.sqrt(1 + 8 * pairs)) / 2)


def _dunnett(model: Model, table: EndpointTable) -> list[ContrastSet]:
    reference, *others = table.levels[table.treatment]
    base = model.mean(**{table.treatment: reference})
    rows = tuple((other, reference, model.mean(**{table.treatment: other}) - base) for other in others)
    return [ContrastSet("dunnett", rows, "dunnett")]


def _pairwise(model: Model, table: EndpointTable) -> list[ContrastSet]:
    means = {level: model.mean(**{table.treatment: level}) for level in table.levels[table.treatment]}
    rows = tuple((second, first, means[second] - means[first]) for first, second in combinations(means, 2))
    return [ContrastSet("pairwise", rows, "tukey")]


def _williams(model: Model, table: EndpointTable) -> list[ContrastSet]:
    """Control against the mean of the top dose, of the top two, ... weighed by their animals.

    Williams 1971, Biometrics 27:103-117, in the contrast form of Bretz 2006, doi:10.1016/j.csda.2005.01.015.
    """
    reference, *doses = table.levels[table.treatment]
    counts = {level: len(values) for level, values in table.groups.items()}
    base = model.mean(**{table.treatment: reference})
    rows = []
    for first in reversed(range(len(doses))):
        pooled = doses[first:]
        share = np.array([counts[dose] for dose in pooled]) / sum(counts[dose] for dose in pooled)
        mean = share @ np.array([model.mean(**{table.treatment: dose}) for dose in pooled])
        rows.append(("+".join(map(str, pooled)), reference, mean - base))
    return [ContrastSet("williams", tuple(rows), "mvt")]


def _others(table: EndpointTable) -> list[str]:
    """Factors beside the treatment that it may interact with."""
    return [name for name in table.levels if name not in (table.treatment, "period")]


def _interaction(model: Model, table: EndpointTable) -> list[ContrastSet]:
    """Differences of differences: (level - reference) at each other level minus the same at its reference."""
    first = table.treatment
    sets = []
    for second in _others(table):
        if not any({first, second} <= set(term) for term in model.coding.terms):
            continue
        rows = []
        for b, a in product(table.levels[second][1:], table.levels[first][1:]):
            a0, b0 = table.levels[first][0], table.levels[second][0]
            weights = sum(
                sign * model.mean(**{first: i, second: j})
                for sign, i, j in ((1, a, b), (-1, a0, b), (-1, a, b0), (1, a0, b0))
            )
            rows.append((f"{first}:{second}", f"({a} - {a0}) x ({b} - {b0})", weights))
        sets.append(ContrastSet("interaction", tuple(rows), "holm"))
    return sets


def _simple(model: Model, table: EndpointTable) -> list[ContrastSet]:
    """The treatment against its reference within each level of every other factor, Holm within the level."""
    first, sets = table.treatment, []
    for second in _others(table):
        for b in table.levels[second]:
            base = model.mean(**{first: table.levels[first][0], second: b})
            rows = tuple(
                (
                    f"{a} | {second}={b}",
                    f"{table.levels[first][0]} | {second}={b}",
                    model.mean(**{first: a, second: b}) - base,
                )
                for a in table.levels[first][1:]
            )
            sets.append(ContrastSet("simple", rows, "holm"))
    return sets


def _custom(contrast: CustomContrast, model: Model, table: EndpointTable) -> ContrastSet:
    given = {str(level): weight for level, weight in contrast.weights.items()}
    weights = sum(
        given.get(str(level), 0) * model.mean(**{table.treatment: level}) for level in table.levels[table.treatment]
    )
    told = " ".join(f"{weight:+g} {level}" for level, weight in given.items())
    return ContrastSet(contrast.name, ((contrast.name, told, weights),), "none")
