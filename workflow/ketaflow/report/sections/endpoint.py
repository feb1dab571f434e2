"""The section of one endpoint: figures, estimates with intervals, notes; p values come later."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ketaflow.report import formatting, palette
from ketaflow.report.endpoints import Endpoint, curves
from ketaflow.report.figures.dose_response import dose_response
from ketaflow.report.figures.residuals import residuals
from ketaflow.report.figures.time_course import time_course
from ketaflow.report.figures.values import animals, differences
from ketaflow.report.html_tables import HtmlTable, html_table
from ketaflow.report.model import ROLES, Sentence
from ketaflow.report.palette import Arm
from ketaflow.report.sections.contrasts import with_comparison, with_intervals

# Longer tables are folded away.
MOST_ROWS = 16
QUESTIONS = {"lower": "Is it lower than with", "higher": "Is it higher than with", "none": "Does it differ from"}
DOTS = {"nested": " (mean of its samples, drawn small behind it)", "repeated": " (mean over time)"}
ESTIMATE_UNITS = {"log": " of natural logarithms", "logit": " of logits"}


@dataclass(frozen=True)
class EndpointFigures:
    """Figures as SVG; empty where there is nothing to draw."""

    animals: str = ""
    differences: str = ""
    time_course: str = ""
    dose_response: str = ""
    residuals: str = ""


@dataclass(frozen=True)
class EndpointSection:
    """What the page shows of one endpoint.

    Attributes
    ----------
    question, caption : str
        What the figures ask, and what their marks mean.
    dose_caption : str
        What the marks of the figure against dose mean.
    tables, more_tables : list of HtmlTable
        Those shown, and those folded away.
    """

    endpoint: Endpoint
    design: str
    question: str
    caption: str
    figures: EndpointFigures
    dose_caption: str
    sentences: list[str]
    notes: list[str]
    tables: list[HtmlTable]
    more_tables: list[HtmlTable]


@dataclass(frozen=True)
class RoleSection:
    """The endpoints of one role."""

    role: str
    endpoints: list[EndpointSection]


def by_role(sections: Sequence[EndpointSection]) -> list[RoleSection]:
    """Group endpoints by role; roles without endpoints are left out."""
    groups = [RoleSection(role, [one for one in sections if one.endpoint.plan.role == role]) for role in ROLES]
    return [group for group in groups if group.endpoints]


def endpoint_section(endpoint: Endpoint, arms: list[Arm], sentences: Sequence[Sentence]) -> EndpointSection:
    """Describe one endpoint.

    Parameters
    ----------
    endpoint : Endpoint
        Its values and tables.
    arms : list of Arm
        All arms, in their order.
    sentences : sequence of Sentence
        Results of all endpoints.

    Returns
    -------
    EndpointSection
    """
    tables = [table for table in _estimates(endpoint, arms) if table.rows]
    return EndpointSection(
        endpoint=endpoint,
        design=formatting.words(endpoint.plan.design),
        question=_question(endpoint, arms),
        caption=_caption(endpoint),
        figures=_figures(endpoint, arms),
        dose_caption=_dose_caption(endpoint),
        sentences=[
            one.text
            for one in sentences
            if (one.endpoint, one.dataset) == (endpoint.name, endpoint.dataset) and not one.is_sensitivity
        ],
        notes=_notes(endpoint),
        tables=[table for table in tables if len(table.rows) <= MOST_ROWS],
        more_tables=[table for table in tables if len(table.rows) > MOST_ROWS] + _more_tables(endpoint, arms),
    )


def _figures(endpoint: Endpoint, arms: list[Arm]) -> EndpointFigures:
    if not len(endpoint.counted):
        return EndpointFigures()
    return EndpointFigures(
        animals=animals(endpoint, arms),
        differences=differences(endpoint, arms),
        time_course=time_course(endpoint, arms),
        dose_response=dose_response(endpoint, arms, curves(endpoint)),
        residuals=residuals(endpoint, arms),
    )


def _question(endpoint: Endpoint, arms: Sequence[Arm]) -> str:
    control = next((arm.label for arm in arms if arm.is_control), "control")
    return f"{QUESTIONS[endpoint.info.direction]} {control}?"


def _caption(endpoint: Endpoint) -> str:
    rows = endpoint.differences
    level = formatting.confidence(rows[0].conf_level if rows else 0.95)
    has_interval = endpoint.plan.design != "repeated"
    marks = [
        f"Dot: one animal{DOTS.get(endpoint.plan.design, '')}",
        f"bar: mean with its {level} interval" if has_interval else "bar: mean",
    ]
    marks += ["hollow: flagged by a check"] if endpoint.per_animal["flagged"].any() else []
    marks += ["cross: excluded"] if endpoint.per_animal["excluded"].ne("").any() else []
    return "; ".join(marks) + "." + (_differences_caption(endpoint, level) if rows else "")


def _differences_caption(endpoint: Endpoint, level: str) -> str:
    """What the second figure shows."""
    first = endpoint.differences[0]
    kind = "simultaneous " if first.ci_type == "simultaneous" else ""
    text = f" Right (below on a narrow window): differences with their {kind}{level} intervals"
    is_aligned = endpoint.plan.scale == "identity"
    text += ", on the same scale with zero at the mean of the reference." if is_aligned else "."
    if any(row.smallest_effect == row.smallest_effect for row in endpoint.differences):
        text += " Shaded: differences that the plan declares too small to matter."
    if endpoint.is_changed_by_review:
        text += " Thin grey: before the review excluded recordings."
    return text


def _dose_caption(endpoint: Endpoint) -> str:
    text = "Dot: one animal; bar: mean of the arm with its interval."
    level = formatting.confidence(endpoint.differences[0].conf_level if endpoint.differences else 0.95)
    return f"{text} Line: fitted dose response; shaded: its pointwise {level} band, cut off beyond half the range."


def _notes(endpoint: Endpoint) -> list[str]:
    contrasts, diagnostics = endpoint.rows("contrasts"), endpoint.rows("diagnostics")
    notes = list(contrasts["note"].dropna()) if len(contrasts) and contrasts["p_value"].isna().all() else []
    notes += list(diagnostics["message"].dropna()) if "message" in diagnostics else []
    return [str(note) for note in dict.fromkeys(notes) if str(note).strip()]


def _estimates(endpoint: Endpoint, arms: Sequence[Arm]) -> list[HtmlTable]:
    """Differences of all data sets, and descriptives by arm."""
    contrasts = pd.concat([endpoint.rows("contrasts", dataset) for dataset in endpoint.datasets])
    contrasts = with_comparison(with_intervals(contrasts), palette.labels(arms))
    if not endpoint.is_changed_by_review:
        contrasts = contrasts[contrasts["dataset"].eq(endpoint.dataset)].drop(columns="dataset")
    unit = f" ({endpoint.unit})" if endpoint.unit else ""
    estimate_unit = ESTIMATE_UNITS.get(endpoint.plan.scale, unit)
    described = with_intervals(endpoint.rows("descriptives"))
    labels = {"arm": palette.labels(arms)}
    return [
        html_table("effects", contrasts, endpoint=endpoint.name, unit=estimate_unit),
        html_table("descriptives", described, endpoint=endpoint.name, unit=unit, labels=labels),
    ]


def _more_tables(endpoint: Endpoint, arms: Sequence[Arm]) -> list[HtmlTable]:
    sensitivity = with_intervals(endpoint.rows("contrasts", sensitivity=True))
    tables = [html_table("sensitivity", with_comparison(sensitivity, palette.labels(arms)), endpoint=endpoint.name)]
    for name in ("variance_components", "diagnostics", "dose_response", "power"):
        tables.append(html_table(name, endpoint.rows(name), endpoint=endpoint.name))
    return [table for table in tables if table.rows]
