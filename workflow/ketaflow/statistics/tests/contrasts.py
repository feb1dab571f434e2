"""Planned comparisons as weights of a model's coefficients.

``planned`` turns a contrast of the plan into ``ContrastSet`` objects; ``tested`` estimates and tests each comparison,
with p adjusted within the set and intervals. Comparisons without a model are in group_tests.py.
"""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy import special

from ketaflow.statistics.adapters import pingouin_adapter
from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import CustomContrast
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.results.rows import ContrastRow
from ketaflow.statistics.tests import multivariate_t


@dataclass(frozen=True)
class Comparison:
    """A comparison of the contrasts table.

    Attributes
    ----------
    level, reference : str
        Its names in the table.
    weights : (n_columns,) float
        Weights of the coefficients.
    """

    level: str
    reference: str
    weights: np.ndarray


@dataclass(frozen=True)
class ContrastSet:
    """Comparisons that are adjusted together.

    Attributes
    ----------
    name : str
        The contrast of the plan.
    comparisons : tuple of Comparison
    adjustment : str
        ``dunnett``, ``step-down`` (Dunnett), ``mvt`` (multivariate t), ``tukey``, ``holm`` or ``none``.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    adjustment: str


@dataclass(frozen=True)
class Family:
    """t statistics that are adjusted together.

    Attributes
    ----------
    statistics, dfs : (n_statistics,) float
        The statistics and their degrees of freedom.
    correlation : (n_statistics, n_statistics) float
        Correlation of the estimates.
    alternative : str
        ``two-sided``, ``greater`` or ``less``.
    """

    statistics: np.ndarray
    dfs: np.ndarray
    correlation: np.ndarray
    alternative: str

    def subset(self, kept: np.ndarray) -> "Family":
        """Select some of the statistics.

        Parameters
        ----------
        kept : (n_kept,) int
            Their positions.

        Returns
        -------
        Family
            The chosen statistics, in the order of ``kept``.
        """
        correlation = self.correlation[np.ix_(kept, kept)]
        return Family(self.statistics[kept], self.dfs[kept], correlation, self.alternative)


def planned(contrast: str | CustomContrast, model: Model, table: EndpointTable) -> list[ContrastSet]:
    """Return the comparisons of a contrast of the plan; ``simple`` has one set per level of the other factors.

    Parameters
    ----------
    contrast : str or CustomContrast
        As in the plan.
    model : Model
        The fitted model.
    table : EndpointTable
        Its rows.

    Returns
    -------
    list of ContrastSet
    """
    if isinstance(contrast, CustomContrast):
        return [_custom(contrast, model, table)]
    builders = {
        "dunnett": _dunnett, "dunnett_stepdown": _dunnett, "pairwise": _pairwise, "simple": _simple,
        "interaction": _interaction, "williams": _williams,
    }  # fmt: skip
    sets = builders[contrast](model, table)
    if contrast == "dunnett_stepdown":
        return [ContrastSet(contrast, sets[0].comparisons, "step-down")]
    return sets


def tested(contrasts: ContrastSet, model: Model, *, alternative: str, level: float) -> list[ContrastRow]:
    """Estimate and test every comparison of a set.

    Parameters
    ----------
    contrasts : ContrastSet
    model : Model
        The fitted model.
    alternative : str
        ``two-sided``, ``greater`` or ``less``.
    level : float
        Confidence level of the intervals, 0 to 1.

    Returns
    -------
    list of ContrastRow
    """
    weights = np.array([each.weights for each in contrasts.comparisons])
    parts = [model.fit.estimate(row) for row in weights]
    covariance = weights @ model.fit.covariance @ weights.T
    sd = np.sqrt(np.diag(covariance))
    family = Family(
        np.array([part.value / part.se for part in parts]), np.array([part.df for part in parts]),
        covariance / np.outer(sd, sd), alternative,
    )  # fmt: skip
    own = tail(family.statistics, family.dfs, alternative)
    adjustment = contrasts.adjustment if len(parts) > 1 else "none"
    adjusted = _adjusted(adjustment, own, family)
    simultaneous = adjustment in ("dunnett", "mvt", "tukey")
    rows = []
    for i, (part, each) in enumerate(zip(parts, contrasts.comparisons, strict=True)):
        bound = _bound(adjustment if simultaneous else "none", level, family, part.df)
        low, high = interval(part.value, part.se, bound, alternative)
        rows.append(
            ContrastRow(
                contrast=contrasts.name, level=each.level, reference=each.reference, model=model.name,
                estimate=part.value, se=part.se, df=part.df, df_method=model.fit.df_method, statistic_name="t",
                statistic=family.statistics[i], p_value=own[i], p_adjusted=adjusted[i], adjustment=adjustment,
                ci_low=low, ci_high=high, ci_type="simultaneous" if simultaneous else "individual",
            )
        )  # fmt: skip
    return rows


def tail(statistics: np.ndarray, dfs: np.ndarray, alternative: str) -> np.ndarray:
    """Values of p of t statistics.

    Parameters
    ----------
    statistics, dfs : (n_statistics,) float
        The statistics and their degrees of freedom.
    alternative : str
        ``two-sided``, ``greater`` or ``less``.

    Returns
    -------
    (n_statistics,) float
        Unadjusted p.
    """
    if alternative == "two-sided":
        return np.asarray(2 * special.stdtr(dfs, -np.abs(statistics)))
    return np.asarray(special.stdtr(dfs, -statistics if alternative == "greater" else statistics))


def interval(value: float, se: float, bound: float, alternative: str) -> tuple[float, float]:
    """Confidence limits; a one-sided test has a one-sided interval."""
    low = value - bound * se if alternative != "less" else -np.inf
    high = value + bound * se if alternative != "greater" else np.inf
    return low, high


def _adjusted(adjustment: str, own: np.ndarray, family: Family) -> np.ndarray:
    """p adjusted within a set, from the unadjusted p (n_statistics,)."""
    if adjustment == "none":
        return own
    if adjustment == "holm":
        return pingouin_adapter.holm(own)
    if adjustment == "tukey":
        count, q = _groups_of_pairs(len(own)), np.abs(family.statistics) * np.sqrt(2)
        return np.array([multivariate_t.range_p(each, count, df) for each, df in zip(q, family.dfs, strict=True)])
    if adjustment == "step-down":
        return _step_down(family)
    return multivariate_t.adjusted_p(family.statistics, family.dfs, family.correlation, family.alternative)


def _step_down(family: Family) -> np.ndarray:
    """Dunnett's step-down procedure: each statistic among those that are not more extreme."""
    t = family.statistics
    extreme = {"two-sided": np.abs(t), "greater": t, "less": -t}[family.alternative]
    order = np.argsort(-extreme, kind="stable")
    adjusted, reached = np.empty(len(order)), 0.0
    for place, i in enumerate(order):
        rest = family.subset(order[place:])
        p = multivariate_t.adjusted_p(rest.statistics[:1], rest.dfs[:1], rest.correlation, family.alternative)
        reached = max(reached, float(p[0]))
        adjusted[i] = reached
    return adjusted


def _bound(adjustment: str, level: float, family: Family, df: float) -> float:
    """Critical value of t."""
    if adjustment == "tukey":
        count = _groups_of_pairs(len(family.statistics))
        return multivariate_t.range_critical(level, count, df) / float(np.sqrt(2))
    if adjustment == "none":
        return float(special.stdtrit(df, (1 + level) / 2 if family.alternative == "two-sided" else level))
    return multivariate_t.critical_value(level, family.correlation, df, family.alternative)


def _groups_of_pairs(pairs: int) -> int:
    return round((1 + float(np.sqrt(1 + 8 * pairs))) / 2)


def _dunnett(model: Model, table: EndpointTable) -> list[ContrastSet]:
    reference, *others = table.levels[table.treatment]
    base = model.mean(**{table.treatment: reference})
    rows = tuple(Comparison(other, reference, model.mean(**{table.treatment: other}) - base) for other in others)
    return [ContrastSet("dunnett", rows, "dunnett")]


def _pairwise(model: Model, table: EndpointTable) -> list[ContrastSet]:
    means = {level: model.mean(**{table.treatment: level}) for level in table.levels[table.treatment]}
    rows = tuple(Comparison(second, first, means[second] - means[first]) for first, second in combinations(means, 2))
    return [ContrastSet("pairwise", rows, "tukey")]


def _williams(model: Model, table: EndpointTable) -> list[ContrastSet]:
    """Control against the mean of the highest dose, of the two highest, ..., weighted by their animals.

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
        rows.append(Comparison("+".join(pooled), reference, mean - base))
    return [ContrastSet("williams", tuple(rows), "mvt")]


def _others(table: EndpointTable) -> list[str]:
    """Factors other than the treatment, except the period of a crossover."""
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
            cells = {(i, j): model.mean(**{first: i, second: j}) for i in (a, a0) for j in (b, b0)}
            weights = (cells[a, b] - cells[a0, b]) - (cells[a, b0] - cells[a0, b0])
            rows.append(Comparison(f"{first}:{second}", f"({a} - {a0}) x ({b} - {b0})", weights))
        sets.append(ContrastSet("interaction", tuple(rows), "holm"))
    return sets


def _simple(model: Model, table: EndpointTable) -> list[ContrastSet]:
    """The treatment against its reference within each level of every other factor, Holm within the level."""
    first, sets = table.treatment, []
    for second in _others(table):
        for b in table.levels[second]:
            base = model.mean(**{first: table.levels[first][0], second: b})
            rows = tuple(
                Comparison(
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
    levels = table.levels[table.treatment]
    means = np.array([model.mean(**{table.treatment: level}) for level in levels])
    weights = np.array([given.get(level, 0.0) for level in levels]) @ means
    formula = ", ".join(f"{level} {weight:+g}" for level, weight in given.items())
    return ContrastSet(contrast.name, (Comparison(contrast.name, formula, weights),), "none")
