"""Tests that see groups of animals and no model: Welch's, on ranks, and pair by pair.

Each takes the endpoint's table and gives omnibus lines and contrast lines. All work on animals' means.
"""

from itertools import combinations

import numpy as np
from scipy import stats

from ketaflow.statistics.adapters import pingouin_adapter
from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import Endpoint, Groups, Line
from ketaflow.statistics.tests import contrasts, effect_sizes, multivariate_t, ranks


def welch(table: EndpointTable, endpoint: Endpoint, *, alpha: float) -> tuple[list[Line], list[Line]]:
    """Welch's anova, and Welch's t test of each level against the reference with Holm over them."""
    groups = table.groups
    statistic, df2, p = welch_anova(list(groups.values()))
    omnibus = [{
        "model": "Welch", "term": table.treatment, "df1": len(groups) - 1, "df2": df2, "df_method": "Welch",
        "statistic_name": "F", "statistic": statistic, "p_value": p,
    }]  # fmt: skip
    (reference, control), *others = groups.items()
    rows = []
    for level, treated in others:
        parts = [np.var(values, ddof=1) / len(values) for values in (treated, control)]
        se = np.sqrt(sum(parts))
        if se == 0:
            continue
        df = se**4 / sum(part**2 / (len(values) - 1) for part, values in zip(parts, (treated, control), strict=True))
        rows.append(_two_groups(level, treated, reference, control, se, df, endpoint, alpha))
    pairs = _games_howell(groups, alpha) if "pairwise" in endpoint.contrasts else []
    return omnibus, _with_holm(rows) + pairs


def welch_anova(groups: list[np.ndarray]) -> tuple[float, float, float]:
    """F, denominator degrees of freedom and p of Welch's anova (Welch 1951, doi:10.1093/biomet/38.3-4.330)."""
    count = len(groups)
    n = np.array([len(group) for group in groups])
    variance = np.array([np.var(group, ddof=1) for group in groups])
    if np.any(variance == 0):
        return np.nan, np.nan, np.nan
    weight = n / variance
    mean = np.array([group.mean() for group in groups])
    grand = weight @ mean / weight.sum()
    spread = np.sum((1 - weight / weight.sum()) ** 2 / (n - 1))
    numerator = weight @ (mean - grand) ** 2 / (count - 1)
    statistic = numerator / (1 + 2 * (count - 2) * spread / (count**2 - 1))
    df2 = (count**2 - 1) / (3 * spread)
    return float(statistic), float(df2), float(stats.f.sf(statistic, count - 1, df2))


def rank(table: EndpointTable, endpoint: Endpoint, *, alpha: float) -> tuple[list[Line], list[Line]]:
    """Kruskal-Wallis, and Dunn's comparisons with the reference, Holm over them alone."""
    groups = table.groups
    omnibus = [{"model": "ranks", "term": table.treatment, "statistic_name": "H", "effect_size_name": "epsilon_squared"}
               | ranks.kruskal(list(groups.values()))]  # fmt: skip
    reference, *others = groups
    rows = _dunn(groups, [(level, reference) for level in others], "dunnett", endpoint, alpha)
    if "pairwise" in endpoint.contrasts:
        rows += _dunn(groups, [(b, a) for a, b in combinations(groups, 2)], "pairwise", endpoint, alpha)
    return omnibus, rows


def friedman(table: EndpointTable) -> list[Line]:
    """Friedman's test over time and Kendall's W, on animals with every time."""
    wide = table.rows.pivot_table(
        index="animal", columns=table.time, values="y", aggfunc="mean", observed=True
    ).dropna()
    statistic, p = stats.friedmanchisquare(*wide.to_numpy().T)
    df = wide.shape[1] - 1
    return [{
        "model": "Friedman", "term": table.time, "df1": df, "statistic_name": "chi2", "statistic": float(statistic),
        "p_value": float(p), "effect_size_name": "kendall_w", "effect_size": float(statistic / (len(wide) * df)),
    }]  # fmt: skip


def mann_whitney(table: EndpointTable, endpoint: Endpoint, *, alpha: float) -> tuple[list[Line], list[Line]]:
    """Each level against the reference by its own ranks, Holm over them."""
    groups = table.groups
    (reference, control), *others = groups.items()
    rows = []
    for level, treated in others:
        statistic, p, method = ranks.mann_whitney(treated, control, endpoint.alternative)
        size = effect_sizes.cliffs_delta(treated, control, level=1 - alpha)
        rows.append(_compared(level, reference, groups, size) | {
            "model": f"Mann-Whitney, {method}", "statistic_name": "W", "statistic": statistic, "p_value": p,
        })  # fmt: skip
    return [], _with_holm(rows)


def _dunn(groups: Groups, pairs: list[tuple], contrast: str, endpoint: Endpoint, alpha: float) -> list[Line]:
    """Dunn's comparisons of these pairs (level, reference), Holm over them alone."""
    place = {level: i for i, level in enumerate(groups)}
    z = ranks.dunn(list(groups.values()), [(place[level], place[reference]) for level, reference in pairs])
    rows = []
    for (level, reference), statistic in zip(pairs, z, strict=True):
        size = effect_sizes.cliffs_delta(groups[level], groups[reference], level=1 - alpha)
        p = float(ranks.normal_tail(statistic, endpoint.alternative))
        own = {"model": "Dunn", "statistic_name": "z", "statistic": statistic, "p_value": p}
        rows.append(_compared(level, reference, groups, size, contrast) | own)
    return _with_holm(rows)


def _games_howell(groups: Groups, alpha: float) -> list[Line]:
    values, names = (
        np.concatenate(list(groups.values())),
        np.repeat(list(groups), [len(group) for group in groups.values()]),
    )
    place = {str(level): i for i, level in enumerate(groups)}
    rows = []
    for pair in pingouin_adapter.games_howell(values, names).to_dict("records"):
        level, reference = pair["level"], pair["reference"]
        if place[level] < place[reference]:
            level, reference = reference, level
            pair |= {
                "estimate": -pair["estimate"],
                "statistic": -pair["statistic"],
                "level": level,
                "reference": reference,
            }
        size = effect_sizes.hedges_g(groups[level], groups[reference], level=1 - alpha)
        half = multivariate_t.range_critical(1 - alpha, len(groups), pair["df"]) / np.sqrt(2) * pair["se"]
        rows.append(_compared(level, reference, groups, size, "pairwise") | pair | {
            "model": "Games-Howell", "statistic_name": "t", "df_method": "Welch-Satterthwaite",
            "p_value": float(2 * stats.t.sf(abs(pair["statistic"]), pair["df"])), "adjustment": "games-howell",
            "ci_low": pair["estimate"] - half, "ci_high": pair["estimate"] + half, "ci_type": "simultaneous",
        })  # fmt: skip
    return rows


def _two_groups(level, treated, reference, control, se, df, endpoint, alpha) -> Line:
    estimate = float(treated.mean() - control.mean())
    tail = np.array(estimate / se)
    bound = stats.t.ppf(1 - alpha / 2 if endpoint.alternative == "two-sided" else 1 - alpha, df)
    low, high = contrasts.interval(estimate, se, bound, endpoint.alternative)
    size = effect_sizes.hedges_g(treated, control, level=1 - alpha)
    if endpoint.scale == "log":
        size = effect_sizes.ratio(estimate, se, df, level=1 - alpha)
    return _compared(level, reference, {level: treated, reference: control}, size) | {
        "model": "Welch",
        "estimate": estimate,
        "se": se,
        "df": df,
        "df_method": "Welch-Satterthwaite",
        "statistic_name": "t",
        "statistic": estimate / se,
        "p_value": float(contrasts.tail(tail, df, endpoint.alternative)),
        "ci_low": low,
        "ci_high": high,
        "ci_type": "individual",
    }


def _compared(level, reference, groups: Groups, size: effect_sizes.EffectSize, contrast: str = "dunnett") -> Line:
    return {
        "contrast": contrast, "level": level, "reference": reference, "n": len(groups[level]),
        "n_reference": len(groups[reference]),
    } | size.columns()  # fmt: skip


def _with_holm(rows: list[Line]) -> list[Line]:
    adjusted = contrasts.holm(np.array([row["p_value"] for row in rows])) if rows else []
    return [row | {"p_adjusted": p, "adjustment": "holm"} for row, p in zip(rows, adjusted, strict=True)]


TESTS = {"welch": welch, "rank": rank, "mann_whitney": mann_whitney}
