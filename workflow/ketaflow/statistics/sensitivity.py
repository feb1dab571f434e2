"""Other ways of analysing an endpoint, shown beside the plan's own. They never replace it.

``welch`` lets variances differ (HC3 where there are several factors), ``rank`` and ``mann_whitney`` ask for
order only, ``log`` for ratios, ``without_flagged`` leaves out what a check doubts, ``unit_means`` averages
what lies below the animal, ``sphericity`` is the classical repeated-measures anova.
"""

from dataclasses import replace

from ketaflow.statistics import dataset, endpoint_analysis
from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.model import Endpoint, Lines
from ketaflow.statistics.models import designs, within
from ketaflow.statistics.tests import group_tests


def analysed(name: str, table: EndpointTable, endpoint: Endpoint, known: Cohort, *, alpha: float, least: int) -> Lines:
    """Lines of one sensitivity analysis, marked with its name."""
    if name == "without_flagged" and not table.rows["status"].eq("flagged").any():
        return {}
    if name in REFITS:
        changed, other = REFITS[name](table, endpoint)
        return endpoint_analysis.analysed(changed, other, known, name, alpha=alpha, least=least)[0]
    if name == "welch" and len(designs.terms(table, endpoint)) > 1 and not designs.random_terms(table, endpoint):
        return endpoint_analysis.analysed(table, endpoint, known, name, alpha=alpha, least=least, robust=True)[0]
    if name == "sphericity":
        if not table.time or table.time not in table.levels:
            return {}
        tests, checks = within.analysed(table, endpoint)
        return {"omnibus": [row | {"sensitivity": name} for row in tests], "diagnostics": checks}
    if name == "rank" and not table.treatment and table.time:
        return {"omnibus": [row | {"sensitivity": name} for row in group_tests.friedman(table)]}
    if not table.treatment:
        return {}
    tests, rows = group_tests.TESTS[name](table, endpoint, alpha=alpha)
    ignored = [*endpoint.fixed[1:], *endpoint.covariates, *endpoint.cluster]
    note = f"without regard to {', '.join(ignored)}" if ignored else ""
    return {
        "omnibus": [row | {"sensitivity": name, "note": note} for row in tests],
        "contrasts": [endpoint_analysis.labelled(row, endpoint, table, name, alpha, note) for row in rows],
    }


def _on_log(table: EndpointTable, endpoint: Endpoint) -> tuple[EndpointTable, Endpoint]:
    rows = table.rows.assign(y=dataset.to_scale(table.rows["value"].to_numpy(float), "log"))
    return replace(table, rows=rows), replace(endpoint, scale="log", smallest_effect=None)


def _without_flagged(table: EndpointTable, endpoint: Endpoint) -> tuple[EndpointTable, Endpoint]:
    rows = table.rows[~table.rows["status"].eq("flagged")].reset_index(drop=True)
    return replace(table, rows=rows), endpoint


def _unit_means(table: EndpointTable, endpoint: Endpoint) -> tuple[EndpointTable, Endpoint]:
    means = table.rows.groupby("animal", sort=False)[["value", "y"]].mean()
    first = table.rows.drop_duplicates("animal").set_index("animal")
    levels = {name: values for name, values in table.levels.items() if name != table.time}
    changed = replace(
        table, rows=first.assign(value=means["value"], y=means["y"]).reset_index(), levels=levels, time=""
    )
    return changed, replace(endpoint, design="one_way", random_slopes=False)


REFITS = {"log": _on_log, "without_flagged": _without_flagged, "unit_means": _unit_means}
