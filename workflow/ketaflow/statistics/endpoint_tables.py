"""One endpoint: its table in, the lines of every statistics table out."""

from collections.abc import Mapping

from ketaflow.statistics import endpoint_analysis, sensitivity
from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.results import descriptives, power
from ketaflow.statistics.tests import dose_response


def analysed(
    table: EndpointTable,
    endpoint: Mapping,
    known: Cohort,
    *,
    alpha: float,
    least: int,
    power_wanted: float,
    notes: list[str],
) -> endpoint_analysis.Lines:
    """The plan's own analysis, the sensitivity analyses beside it, power and dose response."""
    found, model = endpoint_analysis.analysed(table, endpoint, known, "", alpha=alpha, least=least, notes=notes)
    found["descriptives"] = descriptives.descriptives(table, endpoint, known, model, level=1 - alpha)
    if model is None:
        return found
    for name in endpoint["sensitivity"]:
        found = joined(found, sensitivity.analysed(name, table, endpoint, known, alpha=alpha, least=least))
    found["power"] = power.planned(table, endpoint, alpha=alpha, power=power_wanted)
    found["dose_response"] = dose_response.response(table, endpoint, known, model, alpha=alpha)
    return found


def joined(first: endpoint_analysis.Lines, second: endpoint_analysis.Lines) -> endpoint_analysis.Lines:
    """Lines of two analyses, table by table."""
    return {name: first.get(name, []) + second.get(name, []) for name in {**first, **second}}
