"""Residuals of the planned model: against the fitted values, and against the normal distribution."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ketaflow.core import svg
from ketaflow.core.svg import INK, Axes, Canvas
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures.marks import AXIS_FOOT, HEIGHT, TOP, axis_room
from ketaflow.report.palette import Arm

PANEL_PX = 250.0
GAP_PX = 30.0
RIGHT_PX = 14.0
RADIUS_PX = 3.0
RESIDUAL = "standardised residual"
FEWEST_RESIDUALS = 3
OPACITY = 0.75


def residuals(endpoint: Endpoint, arms: Sequence[Arm]) -> str:
    """Draw the residuals of an endpoint's model.

    Parameters
    ----------
    endpoint : Endpoint
        With its rows of the table ``residuals``.
    arms : sequence of Arm
        All arms; a residual has the colour of its arm.

    Returns
    -------
    str
        Two panels as SVG: residuals against fitted values, and a normal quantile-quantile plot with the line of
        identity. Empty with fewer than three residuals.
    """
    rows = drawn_rows(endpoint)
    if not len(rows):
        return ""
    limits = svg.limits(rows["standardised_residual"].tolist(), margin=0.08)
    left = axis_room(RESIDUAL, limits)
    canvas = Canvas(2 * (left + PANEL_PX) + GAP_PX + RIGHT_PX, HEIGHT)
    first = _panel(canvas, left, rows["fitted"], limits, "fitted value")
    second = _panel(canvas, 2 * left + PANEL_PX + GAP_PX, rows["normal_quantile"], limits, "normal quantile")
    ends = np.clip(np.array(second.x_limits), *limits)
    second.path(ends, ends, stroke=INK, width=1)
    first.path(np.array(first.x_limits), np.zeros(2), stroke=INK, width=1)
    colours = {arm.name: arm.colour for arm in arms}
    for axes, column in ((first, "fitted"), (second, "normal_quantile")):
        for name, own in rows.groupby("arm", sort=False):
            points = zip(own[column].map(axes.x), own["standardised_residual"].map(axes.y), strict=True)
            canvas.dots(points, RADIUS_PX, colours.get(str(name), INK), opacity=OPACITY)
    return canvas.svg(f"{endpoint.title}: residuals against fitted values, and their quantiles against normal ones")


def drawn_rows(endpoint: Endpoint) -> pd.DataFrame:
    """Residuals of an endpoint that can be drawn.

    Parameters
    ----------
    endpoint : Endpoint
        With the table ``residuals`` of the statistics.

    Returns
    -------
    data frame
        Rows with ``fitted`` (on the scale of the analysis), ``standardised_residual`` and ``normal_quantile`` (both
        without a unit); no rows if there are fewer than three, or if the model has no residuals.
    """
    rows = endpoint.rows("residuals") if "residuals" in endpoint.tables else pd.DataFrame()
    numeric = ["fitted", "standardised_residual", "normal_quantile"]
    if not set(numeric) <= set(rows.columns):
        return rows.iloc[:0]
    rows = rows.dropna(subset=numeric)
    return rows if len(rows) >= FEWEST_RESIDUALS else rows.iloc[:0]


def _panel(canvas: Canvas, left: float, across: pd.Series, limits: tuple[float, float], label: str) -> Axes:
    x_limits = svg.limits(across.tolist(), margin=0.08)
    axes = Axes(canvas, left, TOP, left + PANEL_PX, HEIGHT - AXIS_FOOT, x_limits, limits)
    axes.y_axis(RESIDUAL)
    axes.x_axis(label)
    return axes
