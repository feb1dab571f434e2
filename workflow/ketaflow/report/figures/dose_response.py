"""An endpoint against dose."""

from collections.abc import Mapping

import pandas as pd

from ketaflow.core import svg
from ketaflow.core.svg import INK, Axes, Canvas
from ketaflow.report.endpoints import Endpoint, arms_in
from ketaflow.report.figures.marks import AXIS_FOOT, HEIGHT, TOP, Column, axis_room, draw_animals, draw_mean, means
from ketaflow.report.figures.values import value_limits
from ketaflow.report.palette import Arm

WIDTH_PX, RIGHT_PX, SWARM_PX = 400.0, 14.0, 9.0
FEWEST_DOSES = 3
OPACITY = 0.55


def dose_response(endpoint: Endpoint, arms: list[Arm], curves: Mapping[str, pd.DataFrame]) -> str:
    """Draw animals and arm means against dose, with fitted curves.

    Parameters
    ----------
    endpoint : Endpoint
        Its values.
    arms : list of Arm
        All arms, in their order.
    curves : mapping of str to data frame
        For each drug the columns ``dose_mg_per_kg`` and ``value``, see ``endpoints.curves``.

    Returns
    -------
    str
        The figure as SVG; empty with fewer than three doses or more than one drug.
    """
    present = arms_in(arms, endpoint.counted_animals["arm"])
    doses = sorted({arm.dose_mg_per_kg for arm in present})
    if len(doses) < FEWEST_DOSES or len({arm.drug for arm in present if not arm.is_control}) > 1:
        return ""
    limits = value_limits(endpoint)
    left = axis_room(endpoint.axis_label, limits)
    canvas = Canvas(left + WIDTH_PX, HEIGHT)
    x_limits = svg.limits(doses, margin=0.08)
    axes = Axes(canvas, left, TOP, canvas.width - RIGHT_PX, HEIGHT - AXIS_FOOT, x_limits, limits)
    axes.y_axis(endpoint.axis_label)
    axes.x_axis("dose (mg/kg)", values=doses)
    for curve in curves.values():
        curve = curve[curve["dose_mg_per_kg"].le(doses[-1])].astype(float)
        axes.path(curve["dose_mg_per_kg"].to_numpy(), curve["value"].to_numpy(), stroke=INK, width=1.8)
    by_arm = means(endpoint)
    for arm in present:
        x_px = axes.x(arm.dose_mg_per_kg)
        draw_animals(axes, endpoint, Column(arm, x_px, SWARM_PX, opacity=OPACITY))
        if arm.name in by_arm:
            draw_mean(axes, by_arm[arm.name], x_px)
    return canvas.svg(f"{endpoint.title} against dose, every animal a point")
