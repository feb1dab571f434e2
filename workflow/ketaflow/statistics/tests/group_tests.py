"""Tests of groups without a model: Welch's, and tests on ranks. All use animals' means.

Where pingouin's function calls scipy's (Kruskal-Wallis, Mann-Whitney, Levene, Bartlett, Shapiro-Wilk), scipy's is used:
the same digits in a quarter of the time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy import stats

from ketaflow.statistics.adapters import pingouin_adapter, posthocs_adapter, statsmodels_adapter
from ketaflow.statistics.dataset import Analysis, EndpointTable
from ketaflow.statistics.model import Groups
from ketaflow.statistics.results.rows import ContrastRow, OmnibusRow
from ketaflow.statistics.tests import effect_sizes, multivariate_t

# Largest group for which the distribution of Mann and Whitney's W is computed exactly, as in R.
LARGEST_EXACT_GROUP = 49


def welch(analysis: Analysis) -> tuple[list[OmnibusRow], list[ContrastRow]]:
    """Welch's anova; Welch's t test of each level against the reference (Holm); Games-Howell if pairs are planned.

    Parameters
    ----------
    analysis : Analysis
        The endpoint and its rows.

    Returns
    -------
    list of OmnibusRow, list of ContrastRow
    """
    groups = analysis.table.groups
    row = OmnibusRow(model="Welch", term=analysis.table.treatment, df_method="Welch", statistic_name="F")
    if constant := without_variance(groups):
        row = replace(row, note=f"not computed: no variance in {', '.join(constant)}")
    else:
        found = statsmodels_adapter.welch_anova(list(groups.values()))
        row = replace(row, df1=found.df1, df2=found.df2, statistic=found.statistic, p_value=found.p_value)
    reference, *others = groups
    rows = [_welch_t(level, reference, analysis) for level in others]
    pairs = _games_howell(groups, analysis) if "pairwise" in analysis.endpoint.contrasts else []
    return [row], _with_holm(rows) + pairs


def rank(analysis: Analysis) -> tuple[list[OmnibusRow], list[ContrastRow]]:
    """Kruskal-Wallis, and Dunn's comparisons with the reference (Holm over these alone).

    Parameters
    ----------
    analysis : Analysis
        The endpoint and its rows.

    Returns
    -------
    list of OmnibusRow, list of ContrastRow
    """
    groups = analysis.table.groups
    found = stats.kruskal(*groups.values())
    row = OmnibusRow(
        model="Kruskal-Wallis", term=analysis.table.treatment, df1=len(groups) - 1, statistic_name="H",
        statistic=float(found.statistic), p_value=float(found.pvalue), effect_size_name="epsilon_squared",
        effect_size=float(found.statistic) / (sum(map(len, groups.values())) - 1),
    )  # fmt: skip
    z = posthocs_adapter.dunn_z(list(groups.values()))
    reference, *others = groups
    rows = _dunn(z, [(level, reference) for level in others], "dunnett", analysis)
    if "pairwise" in analysis.endpoint.contrasts:
        rows += _dunn(z, [(b, a) for a, b in combinations(groups, 2)], "pairwise", analysis)
    return [row], rows


def mann_whitney(analysis: Analysis) -> tuple[list[OmnibusRow], list[ContrastRow]]:
    """Mann-Whitney test of each level against the reference (Holm).

    Parameters
    ----------
    analysis : Analysis
        The endpoint and its rows.

    Returns
    -------
    list of OmnibusRow, list of ContrastRow
    """
    groups, rows = analysis.table.groups, []
    reference, *others = groups
    for level in others:
        values = np.concatenate([groups[level], groups[reference]])
        has_ties = len(np.unique(values)) < len(values)
        is_small = max(len(groups[level]), len(groups[reference])) <= LARGEST_EXACT_GROUP
        method = "exact" if is_small and not has_ties else "asymptotic"
        found = stats.mannwhitneyu(
            groups[level], groups[reference], alternative=analysis.endpoint.alternative, method=method
        )
        row = _cliffs(_row("dunnett", level, reference, groups), groups, analysis)
        statistic, p = float(found.statistic), float(found.pvalue)
        rows.append(replace(row, model=f"Mann-Whitney, {method}", statistic_name="W", statistic=statistic, p_value=p))
    return [], _with_holm(rows)


def friedman(table: EndpointTable) -> list[OmnibusRow]:
    """Friedman's test over time and Kendall's W, of animals with all times.

    Parameters
    ----------
    table : EndpointTable

    Returns
    -------
    list of OmnibusRow
    """
    wide = table.rows.pivot_table(index="animal", columns=table.time, values="y", aggfunc="mean", observed=True)
    whole = wide.dropna()
    found, w = pingouin_adapter.friedman(whole)
    n_dropped = len(wide) - len(whole)
    return [
        OmnibusRow(
            model="Friedman", term=table.time, df1=found.df1, statistic_name="chi2", statistic=found.statistic,
            p_value=found.p_value, effect_size_name="kendall_w", effect_size=w,
            note=f"{n_dropped} animals without all times are left out" if n_dropped else "",
        )
    ]  # fmt: skip


def jonckheere(groups: Sequence[np.ndarray], alternative: str) -> tuple[float, float, float]:
    """Jonckheere's test for rising groups.

    Parameters
    ----------
    groups : sequence of (n_animals,) float
        In the order of the alternative.
    alternative : str
        ``two-sided``, ``greater`` or ``less``.

    Returns
    -------
    j, z, p : float
        J counts the pairs of animals of which the one of the later group is larger.
    """
    pairs = combinations(groups, 2)
    j = sum(float(stats.mannwhitneyu(later, earlier, method="asymptotic").statistic) for earlier, later in pairs)
    z = posthocs_adapter.jonckheere_z(groups)
    return j, z, normal_tail(z, alternative)


def normal_tail(z: float, alternative: str) -> float:
    """p of a normal statistic."""
    if alternative == "two-sided":
        return float(2 * stats.norm.sf(abs(z)))
    return float(stats.norm.sf(z if alternative == "greater" else -z))


def without_variance(groups: Groups) -> list[str]:
    """Levels whose animals all have the same value.

    Parameters
    ----------
    groups : mapping of str to (n_animals,) float
        Values of each level.

    Returns
    -------
    list of str
        In the order of the levels.
    """
    return [level for level, values in groups.items() if is_constant(values)]


def is_constant(values: np.ndarray) -> bool:
    """Whether values are equal but for rounding.

    Parameters
    ----------
    values : (n_animals,) float
        At least one value.

    Returns
    -------
    bool
        True if their range is at most 1e-12 of the largest magnitude.
    """
    return bool(np.ptp(values) <= 1e-12 * max(1e-300, np.abs(values).max()))


def _welch_t(level: str, reference: str, analysis: Analysis) -> ContrastRow:
    groups, endpoint = analysis.table.groups, analysis.endpoint
    treated, control = groups[level], groups[reference]
    row = replace(_row("dunnett", level, reference, groups), model="Welch")
    if is_constant(treated) and is_constant(control):
        return replace(row, note="not tested: no variance in either group")
    found = stats.ttest_ind(treated, control, equal_var=False, alternative=endpoint.alternative)
    interval = found.confidence_interval(analysis.level)
    se = float(np.sqrt(np.var(treated, ddof=1) / len(treated) + np.var(control, ddof=1) / len(control)))
    row = replace(
        row, estimate=float(treated.mean() - control.mean()), se=se, df=float(found.df),
        df_method="Welch-Satterthwaite", statistic_name="t", statistic=float(found.statistic),
        p_value=float(found.pvalue), ci_low=float(interval.low), ci_high=float(interval.high), ci_type="individual",
    )  # fmt: skip
    size = effect_sizes.hedges_g(treated, control, level=analysis.level)
    if endpoint.scale == "log":
        size = effect_sizes.ratio(row.estimate, row.se, row.df, level=analysis.level)
    return size.put_into(row)


def _dunn(z: np.ndarray, pairs: Sequence[tuple[str, str]], contrast: str, analysis: Analysis) -> list[ContrastRow]:
    """Dunn's comparisons of these pairs (level, reference), from the z of all pairs, with Holm over them."""
    groups = analysis.table.groups
    place = {level: i for i, level in enumerate(groups)}
    rows = []
    for level, reference in pairs:
        statistic = float(z[place[level], place[reference]])
        row = _cliffs(_row(contrast, level, reference, groups), groups, analysis)
        p = normal_tail(statistic, analysis.endpoint.alternative)
        rows.append(replace(row, model="Dunn", statistic_name="z", statistic=statistic, p_value=p))
    return _with_holm(rows)


def _games_howell(groups: Groups, analysis: Analysis) -> list[ContrastRow]:
    """Games and Howell's comparisons of all pairs, with their intervals from the studentised range."""
    rows = []
    for pair in pingouin_adapter.games_howell(groups):
        half = multivariate_t.range_critical(analysis.level, len(groups), pair.df) / float(np.sqrt(2)) * pair.se
        row = replace(
            _row("pairwise", pair.level, pair.reference, groups), model="Games-Howell", statistic_name="t",
            estimate=pair.estimate, se=pair.se, statistic=pair.statistic, df=pair.df, df_method="Welch-Satterthwaite",
            p_value=float(2 * stats.t.sf(abs(pair.statistic), pair.df)), p_adjusted=pair.p_adjusted,
            adjustment="games-howell", ci_low=pair.estimate - half, ci_high=pair.estimate + half,
            ci_type="simultaneous",
        )  # fmt: skip
        size = effect_sizes.hedges_g(groups[pair.level], groups[pair.reference], level=analysis.level)
        rows.append(size.put_into(row))
    return rows


def _row(contrast: str, level: str, reference: str, groups: Groups) -> ContrastRow:
    counts = len(groups[level]), len(groups[reference])
    return ContrastRow(contrast=contrast, level=level, reference=reference, n=counts[0], n_reference=counts[1])


def _cliffs(row: ContrastRow, groups: Groups, analysis: Analysis) -> ContrastRow:
    size = effect_sizes.cliffs_delta(groups[row.level], groups[row.reference], level=analysis.level)
    return size.put_into(row)


def _with_holm(rows: Sequence[ContrastRow]) -> list[ContrastRow]:
    adjusted = pingouin_adapter.holm(np.array([row.p_value for row in rows]))
    return [
        replace(row, p_adjusted=float(p), adjustment="holm" if len(rows) > 1 else "none")
        for row, p in zip(rows, adjusted, strict=True)
    ]


Test = Callable[[Analysis], tuple[list[OmnibusRow], list[ContrastRow]]]
TESTS: dict[str, Test] = {"welch": welch, "rank": rank, "mann_whitney": mann_whitney}
