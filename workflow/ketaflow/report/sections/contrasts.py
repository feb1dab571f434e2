"""Rows of the statistics tables with their intervals, comparisons and statistics in words."""

from collections.abc import Mapping, Sequence

import pandas as pd

from ketaflow.report import formatting
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.html_tables import HtmlTable, html_table

# p values from the one after all adjustments to that of the comparison alone.
P_VALUES = ("p_family", "p_adjusted", "p_value")
# Intervals as one column: name, and the columns of its ends.
INTERVALS = {"interval": ("ci_low", "ci_high"), "effect_interval": ("effect_ci_low", "effect_ci_high")}


def p_value_tables(endpoints: Sequence[Endpoint], labels: Mapping[str, str]) -> list[HtmlTable]:
    """Return the p values of all planned contrasts, and the omnibus tests.

    Parameters
    ----------
    endpoints : sequence of Endpoint
        All endpoints.
    labels : mapping of str to str
        Label of each arm.

    Returns
    -------
    list of HtmlTable
        Contrasts, then omnibus tests; of both data sets where the review changed something.
    """
    planned = with_statistic(with_comparison(_gathered(endpoints, "contrasts"), labels), "df")
    omnibus = with_statistic(_gathered(endpoints, "omnibus"), "df1", "df2")
    titles = {"endpoint": {endpoint.name: endpoint.title for endpoint in endpoints}}
    return [html_table("tests", planned, labels=titles), html_table("omnibus", omnibus, labels=titles)]


def with_intervals(rows: pd.DataFrame) -> pd.DataFrame:
    """Add intervals in words.

    Parameters
    ----------
    rows : data frame
        With ``ci_low`` and ``ci_high``, or ``effect_ci_low`` and ``effect_ci_high``, or neither.

    Returns
    -------
    data frame
        With the columns ``interval`` and ``effect_interval``, each if its ends are there.
    """
    added = {
        name: [formatting.interval(*ends) for ends in zip(rows[low], rows[high], strict=True)]
        for name, (low, high) in INTERVALS.items()
        if low in rows and high in rows
    }
    return rows.assign(**added)


def with_comparison(contrasts: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Add what is compared, in words.

    Parameters
    ----------
    contrasts : data frame
        Rows of the contrasts table.
    labels : mapping of str to str
        Label of each arm.

    Returns
    -------
    data frame
        With the columns ``compared``, ``animals`` (of either side), ``effect`` (effect size) and ``p`` (after all
        adjustments); rows of the same comparison in different data sets follow each other.
    """
    table = contrasts.reset_index(drop=True)
    compared, animals, effects = [], [], []
    for row in table.to_dict("records"):
        compared.append(_comparison(row["level"], row["reference"], row["contrast"], labels))
        counts = [f"{int(row[key])}" for key in ("n", "n_reference") if not formatting.is_missing(row[key])]
        animals.append(" + ".join(counts))
        effects.append(formatting.effect(row["effect_size_name"], row["effect_size"]))
    adjusted = [name for name in P_VALUES if name in table]
    p = table[adjusted].bfill(axis="columns").iloc[:, 0] if adjusted else float("nan")
    table = table.assign(compared=compared, animals=animals, effect=effects, p=p)
    keys = [name for name in ("endpoint", "sensitivity", "contrast", "compared") if name in table]
    places = table.groupby(keys, sort=False, dropna=False).ngroup()
    return table.loc[places.sort_values(kind="stable").index]


def with_statistic(rows: pd.DataFrame, *df_columns: str) -> pd.DataFrame:
    """Add the statistic with its degrees of freedom, as papers print it.

    Parameters
    ----------
    rows : data frame
        With ``statistic_name`` and ``statistic``; perhaps no row.
    *df_columns : str
        Columns of the degrees of freedom.

    Returns
    -------
    data frame
        With the column ``test``, such as ``t(26) = −1.02``.
    """
    if not len(rows):
        return rows
    values = zip(rows["statistic_name"], rows["statistic"], *(rows[name] for name in df_columns), strict=True)
    return rows.assign(test=[formatting.statistic(name, value, dfs) for name, value, *dfs in values])


def _comparison(level: object, reference: object, contrast: object, labels: Mapping[str, str]) -> str:
    """``level − reference`` in words; a contrast by weights, a trend and an interaction have no reference."""
    level_words, reference_words = (formatting.level(name, labels) for name in (level, reference))
    if level == contrast or not reference_words:
        return level_words
    return reference_words if reference_words.startswith("(") else f"{level_words} − {reference_words}"


def _gathered(endpoints: Sequence[Endpoint], table: str) -> pd.DataFrame:
    """Rows of all endpoints, of every data set where the review changed something, else of the one shown first."""
    parts = [
        endpoint.rows(table, dataset)
        for endpoint in endpoints
        for dataset in (endpoint.datasets if endpoint.is_changed_by_review else [endpoint.dataset])
    ]
    parts = [part for part in parts if len(part)]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["endpoint"])
    return rows.drop(columns="dataset") if "dataset" in rows and rows["dataset"].nunique() == 1 else rows
