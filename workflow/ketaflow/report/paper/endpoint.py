"""The figures of one endpoint: animals and differences, time course, dose response, residuals."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ketaflow.core import svg
from ketaflow.report.differences import Difference
from ketaflow.report.endpoints import Endpoint, arms_in
from ketaflow.report.figures import dose_response as doses
from ketaflow.report.figures import residuals as model_residuals
from ketaflow.report.figures import time_course as over_time
from ketaflow.report.figures import values
from ketaflow.report.figures.marks import animals_of, means
from ketaflow.report.palette import Arm
from ketaflow.report.paper import panels
from ketaflow.report.paper.style import INK, LINE, SHADE, SOFT, Sheet

# Heights of figures (mm): of one row of panels, and of two.
ROW_MM = 55.0
TWO_ROWS_MM = 95.0
COURSE_MM = 60.0
# Where the dots and the mean of an arm are, and how far the dots may go (widths of a column).
DOTS_AT = -0.1
MEAN_AT = 0.3
SWARM_HALF = 0.26
# Height of a row of panels without the labels below it (points), by which long labels are broken.
ROOM_PT = 113.0
STACKED_PT = 93.0
# Room that the vertical scales take (points); only to estimate the width of a column before it is laid out.
SCALES_PT = 34.0


def comparison(endpoint: Endpoint, arms: list[Arm], sheet: Sheet) -> Figure:
    """Draw every animal by arm with means, and the differences from the reference with their intervals.

    Parameters
    ----------
    endpoint : Endpoint
        Its values and comparisons.
    arms : list of Arm
        All arms, in their order.
    sheet : Sheet
        Differences are on the right, or below on a narrow sheet. Where units agree, both have one scale.

    Returns
    -------
    Figure
    """
    present, rows = arms_in(arms, endpoint.per_animal["arm"]), endpoint.differences
    by_name = {arm.name: arm for arm in arms}
    below = bool(rows) and sheet.is_narrow
    figure = panels.blank(sheet, TWO_ROWS_MM if below else ROW_MM)
    if not rows:
        upper, lower = figure.subplots(), None
    elif below:
        is_shared = all(row.level in {arm.name for arm in present} for row in rows)
        upper, lower = figure.subplots(2, 1, height_ratios=[1.25, 1])
        levels = [arm.name for arm in present] if is_shared else [row.level for row in rows]
    else:
        upper, lower = figure.subplots(1, 2, width_ratios=[len(present), len(rows)])
        levels = [row.level for row in rows]
    n_columns = len(present) if below or not rows else len(present) + len(rows)
    column_pt = (sheet.width_pt - SCALES_PT * (1 if below or not rows else 2)) / n_columns
    room = STACKED_PT if below else ROOM_PT
    counts = [sum(not row.excluded for row in animals_of(endpoint, arm)) for arm in present]
    panels.scale_y(upper, values.value_limits(endpoint), endpoint.axis_label, room)
    panels.scale_arms(upper, [arm.label for arm in present], column_pt, sheet.font_pt, counts)
    if lower is not None:
        _scale_differences(lower, endpoint, by_name, room, on_right=not below)
        labels = [by_name[level].label if level in by_name else level for level in levels]
        panels.scale_arms(lower, labels, column_pt, sheet.font_pt)
    panels.laid_out(figure)
    by_arm = means(endpoint)
    for place, arm in enumerate(present):
        in_lanes = endpoint.plan.design == "nested"
        panels.draw_animals(upper, endpoint, arm, place + DOTS_AT, SWARM_HALF, in_lanes=in_lanes)
        if arm.name in by_arm:
            panels.draw_mean(upper, by_arm[arm.name], place + MEAN_AT)
    if lower is not None:
        _draw_differences(lower, endpoint, rows, levels, by_name)
    return figure


def _scale_differences(
    axes: Axes, endpoint: Endpoint, by_name: Mapping[str, Arm], room: float, *, on_right: bool
) -> None:
    label = values.difference_label(endpoint, by_name.get(endpoint.differences[0].reference))
    formatted = values.ratio if endpoint.plan.scale == "log" else svg.axis_number
    panels.scale_y(axes, values.difference_limits(endpoint), label, room, formatted)
    if on_right:
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
        axes.spines["left"].set_visible(False)
        axes.spines["right"].set_visible(True)


def _draw_differences(
    axes: Axes, endpoint: Endpoint, rows: Sequence[Difference], levels: Sequence[str], by_name: Mapping[str, Arm]
) -> None:
    size = values.negligible(rows)
    if size is not None:
        axes.axhspan(-size, size, color=SHADE, lw=0, zorder=0)
    axes.axhline(0, color=INK, ls=(0, (4, 3)), lw=axes.spines["left"].get_linewidth(), zorder=1)
    before = {row.level: row for row in endpoint.differences_of("all")} if endpoint.is_changed_by_review else {}
    width = axes.spines["left"].get_linewidth()
    for row in rows:
        place = levels.index(row.level)
        colour = by_name[row.level].colours[0] if row.level in by_name else INK
        if row.level in before:
            old = before[row.level]
            panels.draw_interval(axes, place + 0.15, old.ci_low, old.ci_high, colour=SOFT, width=width)
        panels.draw_interval(axes, place, row.ci_low, row.ci_high, colour=colour, width=2 * width)
        panels.draw_dots(axes, place, row.estimate, colour=colour, radius=2.4)
    if endpoint.info.direction in ("lower", "higher"):
        arrow, corner = ("↓", "lower left") if endpoint.info.direction == "lower" else ("↑", "upper left")
        panels.note(axes, f"{arrow} antidepressant-like", corner)


def time_course(endpoint: Endpoint, arms: list[Arm], sheet: Sheet) -> Figure:
    """Draw mean and interval of each arm over time, with the course of each animal behind them.

    Parameters
    ----------
    endpoint : Endpoint
        Its values; ``time_min`` in minutes from dosing.
    arms : list of Arm
        All arms, in their order.
    sheet : Sheet
        Arms are named on the right, or above on a narrow sheet.

    Returns
    -------
    Figure
    """
    table = endpoint.counted[endpoint.counted["time_min"].notna()]
    present = arms_in(arms, table["arm"])
    figure = panels.blank(sheet, COURSE_MM)
    axes = figure.subplots()
    panels.scale_y(axes, svg.limits(table["value"]), endpoint.axis_label, ROOM_PT)
    panels.scale_x(
        axes, svg.limits(table["time_min"], margin=0.03), "time after dosing (min)", sheet.width_pt - SCALES_PT
    )
    _name_arms(figure, present, sheet)
    panels.laid_out(figure)
    left, right = axes.get_xlim()
    if left < 0 < right:
        axes.axvline(0, color=SOFT, ls=(0, (2, 2)), lw=axes.spines["left"].get_linewidth(), zorder=1)
        panels.note_at(axes, 0, "dose")
    shift = over_time.ARM_SHIFT_PX / 2 / panels.points_per_unit(axes)[0]
    for place, arm in enumerate(present):
        own = table[table["arm"].eq(arm.name)].sort_values("time_min")
        courses = [course[["time_min", "value"]].to_numpy(float) for _, course in own.groupby("animal")]
        ends = {"capstyle": "projecting", "joinstyle": "round"}
        axes.add_collection(LineCollection(courses, colors=arm.colours[0], lw=0.4, alpha=0.35, zorder=2, **ends))
        rows = over_time.course(endpoint, arm)
        at = rows["time_min"] + (place - (len(present) - 1) / 2) * shift
        axes.vlines(at, rows["ci_low"], rows["ci_high"], color=arm.colours[0], lw=0.8, zorder=3)
        axes.plot(
            at, rows["mean"], color=arm.colours[0], lw=1.2, marker=panels.marker(arm), ms=3, mew=0, zorder=4,
            clip_on=False,
        )  # fmt: skip
    return figure


def _name_arms(figure: Figure, arms: Sequence[Arm], sheet: Sheet) -> None:
    handles = [
        Line2D([], [], color=arm.colours[0], marker=panels.marker(arm), ms=3, mew=0, lw=1.2, label=arm.label)
        for arm in arms
    ]
    place, columns = ("outside upper left", 2) if sheet.is_narrow else ("outside right upper", 1)
    figure.legend(handles=handles, loc=place, ncols=columns, handlelength=1.8, columnspacing=1.2, borderpad=0.1)


def dose_response(endpoint: Endpoint, arms: list[Arm], curves: Mapping[str, pd.DataFrame], sheet: Sheet) -> Figure:
    """Draw animals and arm means against dose, with fitted curves and their confidence bands.

    Parameters
    ----------
    endpoint : Endpoint
        Its values.
    arms : list of Arm
        All arms, in their order.
    curves : mapping of str to data frame
        For each drug the curve with its band, see ``endpoints.curves``.
    sheet : Sheet
        Width and style.

    Returns
    -------
    Figure
        Dose (mg/kg) to the right, values upwards; every animal a point.
    """
    present = doses.arms_by_dose(endpoint, arms)
    given = sorted({arm.dose_mg_per_kg for arm in present})
    figure = panels.blank(sheet, ROW_MM)
    axes = figure.subplots()
    panels.scale_y(axes, doses.limits_with(endpoint, curves), endpoint.axis_label, ROOM_PT)
    panels.scale_x(axes, svg.limits(given, margin=0.08), "dose (mg/kg)", sheet.width_pt - SCALES_PT, given)
    panels.laid_out(figure)
    for curve in curves.values():
        at = curve["dose_mg_per_kg"]
        axes.fill_between(at, curve["low"], curve["high"], color=SHADE, lw=0, zorder=0)
        axes.plot(at, curve["value"], color=INK, zorder=2)
    by_arm, half = means(endpoint), 6.0 / panels.points_per_unit(axes)[0]
    for arm in present:
        panels.draw_animals(axes, endpoint, arm, arm.dose_mg_per_kg, half)
        if arm.name in by_arm:
            panels.draw_mean(axes, by_arm[arm.name], arm.dose_mg_per_kg + 1.4 * half)
    return figure


def residuals(endpoint: Endpoint, arms: Sequence[Arm], sheet: Sheet) -> Figure:
    """Draw the residuals of the planned model against fitted values and against normal quantiles.

    Parameters
    ----------
    endpoint : Endpoint
        With its rows of the table ``residuals``.
    arms : sequence of Arm
        All arms; a residual has the colour of its arm.
    sheet : Sheet
        Width and style.

    Returns
    -------
    Figure
    """
    rows = model_residuals.drawn_rows(endpoint)
    limits = svg.limits(rows["standardised_residual"].tolist(), margin=0.08)
    figure = panels.blank(sheet, 45.0 if sheet.is_narrow else ROW_MM)
    first, second = figure.subplots(1, 2)
    for axes, column, label in ((first, "fitted", "fitted value"), (second, "normal_quantile", "normal quantile")):
        panels.scale_y(axes, limits, model_residuals.RESIDUAL if axes is first else "", ROOM_PT)
        panels.scale_x(axes, svg.limits(rows[column].tolist(), margin=0.08), label, sheet.width_pt / 2 - SCALES_PT)
    panels.laid_out(figure)
    first.axhline(0, color=LINE, zorder=0)
    second.axline((0, 0), slope=1, color=LINE, zorder=0)
    colours = {arm.name: arm.colours[0] for arm in arms}
    for name, own in rows.groupby("arm", sort=False):
        for axes, column in ((first, "fitted"), (second, "normal_quantile")):
            panels.draw_dots(
                axes, own[column], own["standardised_residual"], colour=colours.get(str(name), INK), radius=1.5
            )
    return figure
