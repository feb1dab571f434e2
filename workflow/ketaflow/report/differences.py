"""One comparison as the pages show it: a row of the contrasts table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ketaflow.report import formatting


@dataclass(frozen=True)
class Difference:
    """One comparison of the contrasts table; a missing number is NaN.

    Attributes
    ----------
    estimate, ci_low, ci_high, se : float
        In the unit of the measure, or on the scale of the analysis (``scale``: identity, log or logit).
    conf_level : float
        Confidence level, 0 to 1.
    ci_type : str
        ``simultaneous`` if the interval covers all comparisons of the contrast.
    effect_size_name : str
        Such as ``hedges_g``; empty if there is none.
    smallest_effect : float
        Smallest difference that matters.
    """

    level: str
    reference: str
    estimate: float
    ci_low: float
    ci_high: float
    scale: str
    se: float
    df: float
    n: float
    n_reference: float
    conf_level: float
    ci_type: str
    effect_size_name: str
    effect_size: float
    effect_ci_low: float
    effect_ci_high: float
    smallest_effect: float


def difference(row: Mapping[Any, Any]) -> Difference:
    """Read a comparison from a row of the contrasts table.

    Parameters
    ----------
    row : mapping
        Cells by column; missing ones are NaN, None or empty.

    Returns
    -------
    Difference
        Missing numbers are NaN, missing words empty.
    """

    def text(column: str) -> str:
        return "" if formatting.is_missing(row.get(column)) else str(row[column])

    def value(column: str) -> float:
        return float("nan") if formatting.is_missing(row.get(column)) else float(row[column])

    return Difference(
        level=text("level"),
        reference=text("reference"),
        estimate=value("estimate"),
        ci_low=value("ci_low"),
        ci_high=value("ci_high"),
        scale=text("estimate_scale"),
        se=value("se"),
        df=value("df"),
        n=value("n"),
        n_reference=value("n_reference"),
        conf_level=value("conf_level"),
        ci_type=text("ci_type"),
        effect_size_name=text("effect_size_name"),
        effect_size=value("effect_size"),
        effect_ci_low=value("effect_ci_low"),
        effect_ci_high=value("effect_ci_high"),
        smallest_effect=value("smallest_effect"),
    )
