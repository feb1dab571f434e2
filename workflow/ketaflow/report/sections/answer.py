"""The answer in a nutshell: the primary endpoints arm by arm, and one row for each secondary endpoint."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ketaflow.report import formatting, palette
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures.forest import forest
from ketaflow.report.palette import Arm

PRIMARY = "primary"
# Scales of the analysis whose differences are ratios once they are raised (natural logarithms), and their sign.
RATIOS = {"log": "×", "logit": "odds ×"}


@dataclass(frozen=True)
class Comparison:
    """One dose against its reference, as the page prints it.

    Attributes
    ----------
    compared : str
        The two arms by their labels.
    estimate, interval, p : str
        Difference with its unit, or ratio where the analysis used logarithms; its interval with the level; the p value
        after all adjustments.
    effect, animals : str
        Standardised effect, and animals per arm.
    arrow : str
        ``↑`` or ``↓`` where ``p`` is at most alpha, else ``–``. The interval does not decide: that of an endpoint may
        exclude no difference where p, adjusted across the family, exceeds alpha.
    """

    compared: str
    estimate: str
    interval: str
    p: str
    effect: str
    animals: str
    arrow: str


@dataclass(frozen=True)
class PrimaryAnswer:
    """A primary endpoint: name of its section, title, every planned comparison with a reference, and their figure."""

    name: str
    title: str
    comparisons: list[Comparison]
    figure: str


@dataclass(frozen=True)
class SecondaryRow:
    """A secondary endpoint, and the comparison of the last arm: the highest dose, unless the table orders otherwise."""

    name: str
    title: str
    comparison: Comparison


@dataclass(frozen=True)
class Answer:
    """What the head of the results page says."""

    primary: list[PrimaryAnswer]
    secondary: list[SecondaryRow]


def answer(endpoints: Sequence[Endpoint], arms: Sequence[Arm]) -> Answer:
    """Describe the planned comparisons in a few lines.

    Parameters
    ----------
    endpoints : sequence of Endpoint
        All endpoints, in the order of the plan.
    arms : sequence of Arm
        All arms, in their order.

    Returns
    -------
    Answer
    """
    labels = palette.labels(list(arms))
    primary, secondary = [], []
    for endpoint in endpoints:
        found = _comparisons(endpoint, labels)
        if endpoint.plan.role == PRIMARY:
            primary.append(PrimaryAnswer(endpoint.name, endpoint.title, found, forest(endpoint, list(arms))))
        elif found and endpoint.plan.role == "secondary":
            secondary.append(SecondaryRow(endpoint.name, endpoint.title, found[-1]))
    return Answer(primary, secondary)


def _comparisons(endpoint: Endpoint, labels: Mapping[str, str]) -> list[Comparison]:
    rows = endpoint.rows("contrasts")
    if not len(rows):
        return []
    between = rows[rows["level"].isin(list(labels)) & rows["reference"].isin(list(labels))]
    order = {name: place for place, name in enumerate(labels)}
    between = between.iloc[between["level"].map(order).argsort(kind="stable")]
    return [_comparison(row, labels, endpoint.unit) for row in between.to_dict("records")]


def _comparison(row: Mapping[Any, Any], labels: Mapping[str, str], unit: str) -> Comparison:
    estimate, low, high = (row[name] for name in ("estimate", "ci_low", "ci_high"))
    sign = RATIOS.get(str(row["estimate_scale"]), "")
    shown = formatting.UNITS.get(unit, unit)
    if sign:
        estimate, low, high = (math.exp(value) for value in (estimate, low, high))
    level = formatting.confidence(row["conf_level"]) if not formatting.is_missing(row["conf_level"]) else ""
    counts = [f"{int(row[key])}" for key in ("n", "n_reference") if not formatting.is_missing(row[key])]
    p = row["p_family"] if not formatting.is_missing(row["p_family"]) else row["p_adjusted"]
    return Comparison(
        compared=f"{labels[row['level']]} against {labels[row['reference']]}",
        estimate=f"{sign} {formatting.number(estimate)}" if sign else f"{formatting.number(estimate)} {shown}".strip(),
        interval=f"{level} CI {formatting.interval(low, high)}".strip(),
        p=formatting.p_value(p),
        effect=formatting.effect(row["effect_size_name"], row["effect_size"]),
        animals=" and ".join(counts),
        arrow=_arrow(row["estimate"], p, 1 - row["conf_level"]),
    )


def _arrow(difference: float, p: float, alpha: float) -> str:
    if not p <= alpha + 1e-12:  # 1 - 0.95 is above 0.05; an absent p is no evidence either
        return "–"
    return "↑" if difference > 0 else "↓"
