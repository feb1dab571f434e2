"""All endpoints together: effect sizes in the order of the mechanism, and correlations across assays."""

from dataclasses import dataclass

import pandas as pd

from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures.correlations import Correlations, correlations, matrix, pairs, per_animal
from ketaflow.report.figures.effect_overview import NARROW, effect_overview, steps
from ketaflow.report.html_tables import HtmlTable, html_table
from ketaflow.report.palette import Arm


@dataclass(frozen=True)
class Overview:
    """Figures as SVG, effects for a wide and a narrow window; no correlations if too few animals are shared."""

    effects: str
    narrow_effects: str
    correlations: str
    correlation_table: HtmlTable | None


def overview(endpoints: list[Endpoint], arms: list[Arm], allocation: pd.DataFrame, min_animals: int) -> Overview:
    """Describe all endpoints together.

    Parameters
    ----------
    endpoints : list of Endpoint
        All endpoints.
    arms : list of Arm
        All arms, in their order.
    allocation : data frame
        ``animal`` and ``arm``.
    min_animals : int
        Fewest animals for a correlation.

    Returns
    -------
    Overview
        Effects of the arms on every endpoint, and correlations between endpoints; the latter are empty if no pair has
        enough animals.
    """
    titles, found = correlated(endpoints, allocation, min_animals)
    effects = effect_overview(endpoints, arms), effect_overview(endpoints, arms, NARROW)
    if not found.has_any:
        return Overview(*effects, "", None)
    return Overview(*effects, matrix(titles, found), html_table("correlations", pairs(titles, found)))


def correlated(endpoints: list[Endpoint], allocation: pd.DataFrame, min_animals: int) -> tuple[list[str], Correlations]:
    """Correlate all endpoints that the effect overview shows, in its order.

    Parameters
    ----------
    endpoints : list of Endpoint
        All endpoints.
    allocation : data frame
        ``animal`` and ``arm``.
    min_animals : int
        Fewest animals for a correlation.

    Returns
    -------
    titles : list of str
        Titles of the endpoints.
    found : Correlations
        In the same order.
    """
    values = per_animal([endpoint for step in steps(endpoints) for endpoint in step.endpoints])
    titles_by_name = {endpoint.name: endpoint.title for endpoint in endpoints}
    titles = [titles_by_name[str(name)] for name in values]
    arm_of = allocation.drop_duplicates("animal").set_index("animal")["arm"]
    return titles, correlations(values, arm_of, min_animals=min_animals)
