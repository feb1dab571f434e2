"""Every animal of an endpoint, and beside it the differences between arms, on one scale where units agree."""

from collections.abc import Sequence

import numpy as np

from ketaflow.core import svg
from ketaflow.core.svg import INK, SOFT, Axes, Canvas
from ketaflow.core.svg.scales import Limits
from ketaflow.core.svg.text import CAPITAL_PX
from ketaflow.report import formatting
from ketaflow.report.differences import Difference
from ketaflow.report.endpoints import Endpoint, arms_in
from ketaflow.report.figures.marks import (
    COLUMN_PX,
    FOOT,
    HEIGHT,
    TOP,
    Column,
    animals_of,
    axis_room,
    draw_animals,
    draw_arm_label,
    draw_mean,
    means,
    shifts,
)
from ketaflow.report.palette import Arm

# Positions within the column of an arm, as fractions of its width.
DOTS_AT = 0.42
MEAN_AT = 0.84
LABEL_AT = 0.5
SWARM_PX = 30.0
SAMPLE_PX = 1.9
SAMPLE_OPACITY = 0.45
RIGHT_PX = 12.0
LEFT_PX = 18.0


def animals(endpoint: Endpoint, arms: list[Arm]) -> str:
    """Draw every animal by arm, with mean and interval; a cross for excluded animals, hollow dots for flagged ones.

    Parameters
    ----------
    endpoint : Endpoint
        Its values.
    arms : list of Arm
        All arms, in their order.

    Returns
    -------
    str
        The figure as SVG.
    """
    present = arms_in(arms, endpoint.per_animal["arm"])
    by_arm, limits = means(endpoint), value_limits(endpoint)
    left = axis_room(endpoint.axis_label, limits)
    canvas = Canvas(left + COLUMN_PX * len(present) + RIGHT_PX, HEIGHT)
    axes = Axes(canvas, left, TOP, canvas.width - RIGHT_PX, HEIGHT - FOOT, (0, len(present)), limits)
    axes.y_axis(endpoint.axis_label)
    is_nested = endpoint.plan.design == "nested"
    for place, arm in enumerate(present):
        column = Column(arm, axes.x(place + DOTS_AT), SWARM_PX, in_lanes=is_nested)
        if is_nested:
            _draw_samples(axes, endpoint, column)
        draw_animals(axes, endpoint, column)
        if arm.name in by_arm:
            draw_mean(axes, by_arm[arm.name], axes.x(place + MEAN_AT))
        n = sum(not row.excluded for row in animals_of(endpoint, arm))
        draw_arm_label(axes, axes.x(place + LABEL_AT), arm.label, n)
    return canvas.svg(f"{endpoint.title} of every animal by dose arm, with mean and interval")


def differences(endpoint: Endpoint, arms: list[Arm]) -> str:
    """Draw the difference of each arm from its reference, with its interval.

    Parameters
    ----------
    endpoint : Endpoint
        Its comparisons.
    arms : list of Arm
        All arms, in their order.

    Returns
    -------
    str
        The figure as SVG; empty if no comparison can be drawn. Where units agree, the scale is that of ``animals``
        moved by the mean of the reference, so that the two can be read side by side.
    """
    rows = endpoint.differences
    if not rows:
        return ""
    by_name = {arm.name: arm for arm in arms}
    label = difference_label(endpoint, by_name.get(rows[0].reference))
    limits = difference_limits(endpoint)
    right = axis_room(label, limits) + CAPITAL_PX
    canvas = Canvas(LEFT_PX + COLUMN_PX * len(rows) + right, HEIGHT)
    axes = Axes(canvas, LEFT_PX, TOP, canvas.width - right, HEIGHT - FOOT, (0, len(rows)), limits)
    axes.y_axis(label, right=True, formatted=ratio if endpoint.plan.scale == "log" else svg.axis_number)
    _draw_negligible(axes, rows)
    canvas.line(axes.left, axes.y(0), axes.right, axes.y(0), stroke=INK, dash="4 3")
    before = {row.level: row for row in endpoint.differences_of("all")} if endpoint.is_changed_by_review else {}
    for place, row in enumerate(rows):
        arm, middle = by_name.get(row.level), axes.x(place + LABEL_AT)
        if row.level in before:
            _draw_before_review(axes, before[row.level], middle + 11)
        colour = arm.colour if arm else INK
        axes.interval(middle, row.ci_low, row.ci_high, stroke=colour, width=2.6)
        canvas.dot(middle, axes.y(row.estimate), 5.5, colour, tooltip=_tooltip(row))
        draw_arm_label(axes, middle, arm.label if arm else formatting.level(row.level, {}))
    _draw_direction(axes, endpoint.info.direction)
    return canvas.svg(f"{endpoint.title}: {label} of each arm, with interval")


def value_limits(endpoint: Endpoint) -> Limits:
    """Return the limits of the value axis: values, intervals, and, where units agree, differences on the reference."""
    ends = [end for row in means(endpoint).values() for end in (row.low, row.high)]
    values = [*endpoint.values["value"].astype(float), *ends]
    reference = _reference_mean(endpoint)
    if reference is not None:
        values += [reference + value for value in _difference_values(endpoint)]
    return svg.limits(values)


def difference_limits(endpoint: Endpoint) -> Limits:
    """Return the limits of the difference axis: the value axis less the mean of the reference, or its own."""
    reference = _reference_mean(endpoint)
    if reference is None:
        return svg.limits(_difference_values(endpoint), margin=0.12, include=[0])
    low, high = value_limits(endpoint)
    return low - reference, high - reference


def negligible(rows: Sequence[Difference]) -> float | None:
    """Return the smallest difference that matters, on the scale of the analysis; None if the plan names none."""
    size = next((row.smallest_effect for row in rows if np.isfinite(row.smallest_effect)), None)
    return float(np.log(size)) if size is not None and rows[0].scale == "log" else size


def _reference_mean(endpoint: Endpoint) -> float | None:
    """Mean of the reference, where differences have the unit of the values; else None."""
    rows, by_arm = endpoint.differences, means(endpoint)
    if endpoint.plan.scale != "identity" or not rows or rows[0].reference not in by_arm:
        return None
    return by_arm[rows[0].reference].mean


def _difference_values(endpoint: Endpoint) -> list[float]:
    rows = [row for dataset in endpoint.datasets for row in endpoint.differences_of(dataset)]
    return [value for row in rows for value in (row.estimate, row.ci_low, row.ci_high)]


def _draw_samples(axes: Axes, endpoint: Endpoint, column: Column) -> None:
    """Draw the samples of each animal, small and pale behind it."""
    rows, counted = animals_of(endpoint, column.arm), endpoint.counted
    counted = counted[counted["arm"].eq(column.arm.name)]
    points = [
        (column.middle_px + shift, axes.y(value))
        for row, shift in zip(rows, shifts(axes, rows, column), strict=True)
        for value in counted.loc[counted["animal"].eq(row.animal), "value"].astype(float)
    ]
    axes.canvas.dots(points, SAMPLE_PX, column.arm.colour, opacity=SAMPLE_OPACITY)


def _draw_before_review(axes: Axes, row: Difference, x_px: float) -> None:
    axes.interval(x_px, row.ci_low, row.ci_high, stroke=SOFT, width=1.2)
    tooltip = f"before review: {_tooltip(row)}"
    axes.canvas.dot(x_px, axes.y(row.estimate), 3, SOFT, hollow=True, tooltip=tooltip)


def _draw_negligible(axes: Axes, rows: list[Difference]) -> None:
    """Draw the band of differences that the plan declares too small to matter."""
    size = negligible(rows)
    if size is None:
        return
    top, bottom = axes.clipped_y(size), axes.clipped_y(-size)
    tooltip = f"smaller than the smallest effect that matters ({formatting.number(size)})"
    axes.canvas.rectangle(axes.left, top, axes.right - axes.left, bottom - top, "var(--sunken)", tooltip=tooltip)


def _draw_direction(axes: Axes, direction: str) -> None:
    """Say on which side an antidepressant acts."""
    if direction == "lower":
        axes.canvas.text(axes.left + 4, axes.bottom - 5, "↓ antidepressant-like", fill=SOFT, size=11)
    elif direction == "higher":
        axes.canvas.text(axes.left + 4, axes.top + 9, "↑ antidepressant-like", fill=SOFT, size=11)


def difference_label(endpoint: Endpoint, reference: Arm | None) -> str:
    """Return the label of the axis of differences, with the unit."""
    if endpoint.plan.scale == "log":
        return f"ratio to {reference.label}" if reference else "ratio"
    difference = f"difference from {reference.label}" if reference else "difference"
    if endpoint.plan.scale == "logit":
        return f"{difference} (log odds)"
    return f"{difference} ({endpoint.unit})" if endpoint.unit else difference


def ratio(value: float) -> str:
    """Return a difference of logarithms as the ratio it is, such as × 1.4."""
    return f"× {np.exp(value):.2g}"


def _tooltip(row: Difference) -> str:
    level = f"{formatting.confidence(row.conf_level)} " if np.isfinite(row.conf_level) else ""
    kind = f"{level}{formatting.words(row.ci_type)}".strip()
    return f"{formatting.number(row.estimate)}, {kind} interval {formatting.interval(row.ci_low, row.ci_high)}"
