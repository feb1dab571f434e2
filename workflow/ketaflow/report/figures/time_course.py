"""The course of an endpoint over time, by arm."""

import numpy as np
import pandas as pd

from ketaflow.core import svg
from ketaflow.core.svg import SOFT, Axes, Canvas
from ketaflow.report import formatting
from ketaflow.report.endpoints import Endpoint, arms_in
from ketaflow.report.figures.marks import AXIS_FOOT, HEIGHT, SMALL_PX, TOP, axis_room
from ketaflow.report.palette import Arm

WIDTH_PX = 500.0
# Intervals of neighbouring arms are drawn this far apart; labels of lines, at least so far (px).
ARM_SHIFT_PX = 2.4
LABEL_PX = 15.0
ANIMAL_OPACITY = 0.28
MEAN_PX = 3.2


def time_course(endpoint: Endpoint, arms: list[Arm]) -> str:
    """Draw mean and interval of each arm over time, with the course of each animal behind them.

    Parameters
    ----------
    endpoint : Endpoint
        Its values; ``time_min`` in minutes from dosing.
    arms : list of Arm
        All arms, in their order.

    Returns
    -------
    str
        The figure as SVG; empty with fewer than two time points.
    """
    table = endpoint.counted
    table = table[table["time_min"].notna()]
    if table["time_min"].nunique() < 2:
        return ""
    present = arms_in(arms, table["arm"])
    axes = _axes(endpoint, table, present)
    for arm in present:
        own = table[table["arm"].eq(arm.name)].sort_values("time_min")
        courses = (axes.path_data(one["time_min"], one["value"]) for _, one in own.groupby("animal"))
        axes.canvas.path("".join(courses), stroke=arm.colour, width=1, opacity=ANIMAL_OPACITY)
    middle = (len(present) - 1) / 2
    ends = [(_draw_arm(axes, endpoint, arm, (place - middle) * ARM_SHIFT_PX), arm) for place, arm in enumerate(present)]
    _draw_labels(axes, ends)
    return axes.canvas.svg(f"{endpoint.title} over time by dose arm, mean with interval, each animal behind")


def _axes(endpoint: Endpoint, table: pd.DataFrame, arms: list[Arm]) -> Axes:
    limits = svg.limits(table["value"])
    left = axis_room(endpoint.axis_label, limits)
    right = max(len(arm.label) for arm in arms) * svg.LETTER_PX + 26
    canvas = Canvas(left + WIDTH_PX + right, HEIGHT)
    x_limits = svg.limits(table["time_min"], margin=0.03)
    axes = Axes(canvas, left, TOP, canvas.width - right, HEIGHT - AXIS_FOOT, x_limits, limits)
    axes.y_axis(endpoint.axis_label)
    axes.x_axis("time after dosing (min)")
    if x_limits[0] < 0 < x_limits[1]:
        canvas.line(axes.x(0), axes.top, axes.x(0), axes.bottom, stroke=SOFT, dash="2 3")
        canvas.text(axes.x(0) + 4, axes.top + 10, "dose", fill=SOFT, size=11)
    return axes


def _draw_arm(axes: Axes, endpoint: Endpoint, arm: Arm, shift_px: float) -> float:
    """Draw mean and interval of one arm; return the vertical pixel at which the line ends."""
    rows = course(endpoint, arm)
    axes.path(rows["time_min"].to_numpy(), rows["mean"].to_numpy(), stroke=arm.colour, width=2.4)
    known = rows[rows["ci_low"].notna()]
    ends = zip(known["time_min"].map(axes.x) + shift_px, known["ci_low"], known["ci_high"], strict=True)
    axes.intervals(ends, stroke=arm.colour, width=1.5)
    points = [
        (axes.x(time_min) + shift_px, axes.y(mean), f"{time_min:g} min: {formatting.number(mean)}")
        for time_min, mean in rows[["time_min", "mean"]].itertuples(index=False)
    ]
    axes.canvas.named_dots(points, MEAN_PX, arm.colour)
    return axes.y(float(rows["mean"].iloc[-1]))


def course(endpoint: Endpoint, arm: Arm) -> pd.DataFrame:
    """Mean and confidence interval of an arm by time.

    Parameters
    ----------
    endpoint : Endpoint
        A measure over time.
    arm : Arm
        The arm.

    Returns
    -------
    data frame
        ``time_min`` (min, ascending), ``mean``, ``ci_low``, ``ci_high`` (in the endpoint's unit). Where the
        descriptives have no rows by time, the mean is that of the values and the interval is NaN.
    """
    columns = ["time_min", "mean", "ci_low", "ci_high"]
    rows = endpoint.rows("descriptives")
    rows = rows[rows["arm"].eq(arm.name) & rows["time_min"].notna()] if "time_min" in rows else rows.iloc[:0]
    if not len(rows):
        own = endpoint.counted
        by_time = own[own["arm"].eq(arm.name)].groupby("time_min")["value"].mean()
        rows = pd.DataFrame(
            {"time_min": by_time.index, "mean": by_time.to_numpy(), "ci_low": np.nan, "ci_high": np.nan}
        )
    return rows[columns].astype(float).sort_values("time_min")


def _draw_labels(axes: Axes, ends: list[tuple[float, Arm]]) -> None:
    """Write the label of each arm at the end of its line; labels do not overlap."""
    lowest = -np.inf
    for end, arm in sorted(ends, key=lambda pair: pair[0]):
        lowest = max(end, lowest + LABEL_PX)
        axes.canvas.dot(axes.right + 10, lowest, 4, arm.colour)
        axes.canvas.text(axes.right + 18, lowest + 4, arm.label, size=SMALL_PX)
