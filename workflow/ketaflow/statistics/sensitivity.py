"""Sensitivity analyses: other ways of analysing an endpoint. They never replace the analysis of the plan.

``welch`` allows unequal variances (HC3 with several factors), ``rank`` and ``mann_whitney`` use the order of the values
alone, ``log`` compares ratios, ``without_flagged`` leaves out values that a check flags, ``unit_means`` averages the
rows of each animal, ``sphericity`` is the repeated-measures anova.
"""

from dataclasses import replace

from ketaflow.statistics.dataset import Analysis
from ketaflow.statistics.model import Endpoint
from ketaflow.statistics.models import scales, within
from ketaflow.statistics.results.rows import ContrastRow, DiagnosticRow, OmnibusRow
from ketaflow.statistics.tests import group_tests


def applies(name: str, analysis: Analysis) -> bool:
    """Whether there is anything to change: ``without_flagged`` needs flagged values.

    Parameters
    ----------
    name : str
        Name of the sensitivity analysis.
    analysis : Analysis
        The analysis of the plan.

    Returns
    -------
    bool
    """
    return name != "without_flagged" or bool(analysis.table.rows["status"].eq("flagged").any())


def changed(name: str, analysis: Analysis) -> Analysis | None:
    """Return the analysis of changed rows; None for the names that are tests of another kind.

    Parameters
    ----------
    name : str
        Name of the sensitivity analysis.
    analysis : Analysis
        The analysis of the plan.

    Returns
    -------
    Analysis or None
    """
    change = {"log": _on_log, "without_flagged": _without_flagged, "unit_means": _unit_means}.get(name)
    return replace(change(analysis), name=name, notes=()) if change else None


def group_tests_of(name: str, analysis: Analysis) -> tuple[list[OmnibusRow], list[ContrastRow], list[DiagnosticRow]]:
    """Carry out a sensitivity analysis without a model.

    Parameters
    ----------
    name : str
        ``welch``, ``rank``, ``mann_whitney`` or ``sphericity``.
    analysis : Analysis
        The endpoint and its rows.

    Returns
    -------
    list of OmnibusRow, list of ContrastRow, list of DiagnosticRow
        Empty if the design has no such test.
    """
    table = analysis.table
    if name == "sphericity":
        if not table.time or table.time not in table.levels:
            return [], [], []
        tests, checks = within.analysed(table)
        return tests, [], checks
    if name == "rank" and not table.treatment and table.time:
        return group_tests.friedman(table), [], []
    if not table.treatment:
        return [], [], []
    tests, rows = group_tests.TESTS[name](analysis)
    return tests, rows, []


def ignored(endpoint: Endpoint) -> str:
    """Name the factors that a test without a model ignores; empty if there are none."""
    names = [*endpoint.fixed[1:], *endpoint.covariates, *endpoint.cluster]
    return f"without regard to {', '.join(names)}" if names else ""


def _on_log(analysis: Analysis) -> Analysis:
    rows = analysis.table.rows
    rows = rows.assign(y=scales.to_scale(rows["value"].to_numpy(float), "log"))
    endpoint = replace(analysis.endpoint, scale="log", smallest_effect=None)
    return replace(analysis, table=replace(analysis.table, rows=rows), endpoint=endpoint)


def _without_flagged(analysis: Analysis) -> Analysis:
    rows = analysis.table.rows
    kept = rows[~rows["status"].eq("flagged")].reset_index(drop=True)
    return replace(analysis, table=replace(analysis.table, rows=kept))


def _unit_means(analysis: Analysis) -> Analysis:
    table = analysis.table
    means = table.rows.groupby("animal", sort=False)[["value", "y"]].mean()
    first = table.rows.drop_duplicates("animal").set_index("animal")
    rows = first.assign(value=means["value"], y=means["y"]).reset_index()
    levels = {name: values for name, values in table.levels.items() if name != table.time}
    endpoint = replace(analysis.endpoint, design="one_way", random_slopes=False)
    return replace(analysis, table=replace(table, rows=rows, levels=levels, time=""), endpoint=endpoint)
