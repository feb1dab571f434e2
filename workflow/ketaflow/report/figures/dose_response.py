"""An endpoint against dose."""

from collections.abc import Mapping

import pandas as pd

from ketaflow.core import svg
from ketaflow.core.svg import INK, Axes, Canvas
from ketaflow.core.svg.scales import Limits
from ketaflow.report.endpoints import Endpoint, arms_in
from ketaflow.report.figures.marks import AXIS_FOOT, HEIGHT, TOP, Column, axis_room, draw_animals, draw_mean, means
from ketaflow.report.figures.values import value_limits
from ketaflow.report.palette import Arm

WIDTH_PX = 400.0
RIGHT_PX = 14.0
SWARM_PX = 9.0
FEWEST_DOSES = 3
OPACITY = 0.55
BAND_OPACITY = 0.13
# Bands wider than this multiple of the range of values are cut off.
MOST_ROOM = 0.5


def dose_response(endpoint: Endpoint, arms: list[Arm], curves: Mapping[str, pd.DataFrame]) -> str:
    """Draw animals and arm means against dose, with fitted curves and their confidence bands.

    Parameters
    ----------
    endpoint : Endpoint
        Its values.
    arms : list of Arm
        All arms, in their order.
    curves : mapping of str to data frame
        For each drug the curve with its band, see ``endpoints.curves``.

    Returns
    -------
    str
        The figure as SVG; empty without a curve, with fewer than three doses or more than one drug.
    """
    present = arms_by_dose(endpoint, arms)
    if not present or not curves:
        return ""
    doses = sorted({arm.dose_mg_per_kg for arm in present})
    limits = limits_with(endpoint, curves)
    left = axis_room(endpoint.axis_label, limits)
    canvas = Canvas(left + WIDTH_PX, HEIGHT)
    x_limits = svg.limits(doses, margin=0.08)
    axes = Axes(canvas, left, TOP, canvas.width - RIGHT_PX, HEIGHT - AXIS_FOOT, x_limits, limits)
    axes.y_axis(endpoint.axis_label)
    axes.x_axis("dose (mg/kg)", values=doses)
    for curve in curves.values():
        axes.band(
            *(curve[name].to_numpy() for name in ("dose_mg_per_kg", "low", "high")), fill=INK, opacity=BAND_OPACITY
        )
        axes.path(curve["dose_mg_per_kg"].to_numpy(), curve["value"].to_numpy(), stroke=INK, width=1.8)
    by_arm = means(endpoint)
    for arm in present:
        x_px = axes.x(arm.dose_mg_per_kg)
        draw_animals(axes, endpoint, Column(arm, x_px, SWARM_PX, opacity=OPACITY, has_tooltips=False))
        if arm.name in by_arm:
            draw_mean(axes, by_arm[arm.name], x_px)
    return canvas.svg(f"{endpoint.title} against dose, every animal a point")


def arms_by_dose(endpoint: Endpoint, arms: list[Arm]) -> list[Arm]:
    """Return the arms to draw against dose; none with fewer than three doses or more than one drug."""
    present = arms_in(arms, endpoint.counted_animals["arm"])
    doses, drugs = {arm.dose_mg_per_kg for arm in present}, {arm.drug for arm in present if not arm.is_control}
    return present if len(doses) >= FEWEST_DOSES and len(drugs) == 1 else []


def limits_with(endpoint: Endpoint, curves: Mapping[str, pd.DataFrame]) -> Limits:
    """Limits of the value axis, with room for the confidence bands up to half the range of the values.

    Parameters
    ----------
    endpoint : Endpoint
        Its values set the range.
    curves : mapping of str to data frame
        By drug; columns ``low`` and ``high``, in the endpoint's unit.

    Returns
    -------
    (float, float)
        Lower and upper end of the axis, in the endpoint's unit.
    """
    low, high = value_limits(endpoint)
    room = MOST_ROOM * (high - low)
    lows, highs = ([end for curve in curves.values() for end in curve[name]] for name in ("low", "high"))
    return max(min([low, *lows]), low - room), min(max([high, *highs]), high + room)
