"""One endpoint: its table in, the lines of every statistics table out."""

from collections.abc import Sequence

from ketaflow.statistics import endpoint_analysis, sensitivity
from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.model import Endpoint, Lines, Settings
from ketaflow.statistics.results import descriptives, power
from ketaflow.statistics.tests import dose_response


def analysed(
    table: EndpointTable,
    endpoint: Endpoint,
    known: Cohort,
    *,
    alpha: float,
    settings: Settings,
    notes: Sequence[str],
) -> Lines:
    """The plan's own analysis, the sensitivity analyses beside it, power and dose response."""
    least = settings.min_animals_per_arm
    found, model = endpoint_analysis.analysed(table, endpoint, known, "", alpha=alpha, least=least, notes=notes)
    found["descriptives"] = descriptives.descriptives(table, endpoint, known, model, level=1 - alpha)
    if model is None:
        return found
    beside = list(endpoint.sensitivity)
    if model.fit.singular and endpoint.design == "nested" and "unit_means" not in beside:
        beside.append("unit_means")
    for name in beside:
        found = joined(found, sensitivity.analysed(name, table, endpoint, known, alpha=alpha, least=least))
    found["power"] = power.planned(table, endpoint, alpha=alpha, power=settings.power)
    found["dose_response"], found["dose_curves"] = dose_response.response(table, endpoint, known, model, alpha=alpha)
    return found


def joined(first: Lines, second: Lines) -> Lines:
    """Lines of two analyses, table by table."""
    return {name: first.get(name, []) + second.get(name, []) for name in {**first, **second}}
