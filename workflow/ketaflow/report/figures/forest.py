"""The differences of one endpoint as a few rows: a dot with its interval each, for the head of the page."""

import numpy as np

from ketaflow.core import svg
from ketaflow.core.svg import INK, SOFT, Axes, Canvas
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures import values
from ketaflow.report.palette import Arm

WIDTH_PX = 480.0
ROW_PX = 22.0
TOP_PX = 22.0
FOOT_PX = 46.0
RIGHT_PX = 18.0


def forest(endpoint: Endpoint, arms: list[Arm]) -> str:
    """Draw the difference of each arm from its reference with its interval, one below the other.

    Parameters
    ----------
    endpoint : Endpoint
        Its comparisons.
    arms : list of Arm
        All arms, in their order.

    Returns
    -------
    str
        The figure as SVG; empty if no comparison can be drawn.
    """
    rows, by_name = endpoint.differences, {arm.name: arm for arm in arms}
    rows = [row for row in rows if row.level in by_name]
    if not rows:
        return ""
    left = max(len(by_name[row.level].label) for row in rows) * svg.LETTER_PX * 1.1 + 14
    canvas = Canvas(WIDTH_PX, TOP_PX + ROW_PX * len(rows) + FOOT_PX)
    ends = [end for row in rows for end in (row.estimate, row.ci_low, row.ci_high)]
    limits = svg.limits(ends, margin=0.05, include=[0])
    axes = Axes(canvas, left, TOP_PX, WIDTH_PX - RIGHT_PX, canvas.height - FOOT_PX, limits, (len(rows) - 0.5, -0.5))
    size = values.negligible(rows)
    if size is not None:
        low, high = (axes.x(float(np.clip(end, *limits))) for end in (-size, size))
        canvas.rectangle(low, axes.top, high - low, axes.bottom - axes.top, "var(--sunken)")
    formatted = values.ratio if endpoint.plan.scale == "log" else svg.axis_number
    axes.x_axis(values.difference_label(endpoint, by_name.get(rows[0].reference)), grid=True, formatted=formatted)
    canvas.line(axes.x(0), axes.top - 4, axes.x(0), axes.bottom, stroke=INK)
    if endpoint.info.direction == "higher":
        canvas.text(max(axes.left, axes.x(0)) + 6, TOP_PX - 8, "antidepressant-like →", fill=SOFT, size=11)
    elif endpoint.info.direction == "lower":
        canvas.text(axes.x(0) - 6, TOP_PX - 8, "← antidepressant-like", anchor="end", fill=SOFT, size=11)
    for place, row in enumerate(rows):
        y, arm = axes.y(place), by_name[row.level]
        low, high = (axes.x(float(np.clip(end, *limits))) for end in (row.ci_low, row.ci_high))
        canvas.line(low, y, high, y, stroke=arm.colour, width=2.6)
        canvas.dot(axes.x(row.estimate), y, 5, arm.colour)
        canvas.text(left - 10, y + 4, arm.label, anchor="end")
    return canvas.svg(f"{endpoint.title}: difference of each arm, with interval")
