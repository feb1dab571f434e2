"""What was compared: the arms, and the plan with its endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ketaflow.report import palette
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.html_tables import HtmlTable, html_table
from ketaflow.report.model import Study
from ketaflow.report.palette import Arm


@dataclass(frozen=True)
class ArmSize:
    """An arm and its number of animals."""

    arm: Arm
    n_animals: int


@dataclass(frozen=True)
class Design:
    """Arms with their animals, colours of the arms as CSS, and the plan as a table."""

    arms: list[ArmSize]
    arm_css: str
    n_animals: int
    endpoints: HtmlTable


def design(study: Study, arms: Sequence[Arm], endpoints: Sequence[Endpoint]) -> Design:
    """Describe arms and plan.

    Parameters
    ----------
    study : Study
        Its animals and allocation.
    arms : sequence of Arm
        All arms, in their order.
    endpoints : sequence of Endpoint
        All endpoints.

    Returns
    -------
    Design
    """
    sizes = study.allocation.groupby("arm")["animal"].nunique().to_dict()
    return Design(
        arms=[ArmSize(arm, int(sizes.get(arm.name, 0))) for arm in arms],
        arm_css=palette.css(arms),
        n_animals=len(study.animals),
        endpoints=plan_table(endpoints),
    )


def plan_table(endpoints: Sequence[Endpoint]) -> HtmlTable:
    """Return the plan as a table.

    Parameters
    ----------
    endpoints : sequence of Endpoint
        All endpoints.

    Returns
    -------
    HtmlTable
        One row per endpoint.
    """
    rows = [
        {
            "endpoint": endpoint.name,
            "what": endpoint.title,
            "assay": endpoint.assay,
            "role": endpoint.plan.role,
            "design": endpoint.plan.design,
            "contrasts": ", ".join(endpoint.plan.contrasts),
            "family": endpoint.plan.family,
            "scale": "" if endpoint.plan.scale == "identity" else endpoint.plan.scale,
            "smallest_effect": endpoint.plan.smallest_effect,
        }
        for endpoint in endpoints
    ]
    return html_table("plan", pd.DataFrame(rows))
