"""The figures of all endpoints together: effect sizes in the order of the mechanism, and correlations."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from ketaflow.core import svg
from ketaflow.report import formatting
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures import correlations as across
from ketaflow.report.figures import effect_overview as effects
from ketaflow.report.palette import Arm
from ketaflow.report.paper import panels
from ketaflow.report.paper.style import INK, LINE, NEGATIVE, POSITIVE, PT_PER_INCH, SOFT, Sheet

# Lengths as multiples of the size of the font: one effect, the gap after an endpoint, a heading, the parts around.
ROW_EM = 0.85
GAP_EM = 0.7
HEADING_EM = 1.9
TOP_EM = 2.0
FOOT_EM = 4.2
SIDE_EM = 0.6
LINE_EM = 1.2
LEGEND_EM = 1.4
# Share of a wide sheet that the titles of the endpoints take.
TITLE_SHARE = 0.34
# A cell of the correlations at least so wide holds its number, with and without a zero before the point (multiples of
# the size of the font).
NUMBER_CELL_EM = 3.3
SHORT_NUMBER_CELL_EM = 2.6
KEY_LINE_EM = 1.35
FULL_OPACITY = 0.62
# Largest cell of the correlations (points).
CELL_PT = 34.0


def effect_overview(endpoints: list[Endpoint], arms: list[Arm], sheet: Sheet) -> Figure:
    """Draw the size of every effect with its interval, step by step of the mechanism.

    Parameters
    ----------
    endpoints : list of Endpoint
        All endpoints.
    arms : list of Arm
        All arms, in their order.
    sheet : Sheet
        Titles of endpoints are on the left, or above their effects on a narrow sheet.

    Returns
    -------
    Figure
    """
    em, narrow = sheet.font_pt, sheet.is_narrow
    groups = [
        (step.title, [effects.effects(endpoint, arms) for endpoint in step.endpoints])
        for step in effects.steps(endpoints)
    ]
    title_pt = 0.0 if narrow else TITLE_SHARE * sheet.width_pt
    letters = int(((sheet.width_pt if narrow else title_pt) - em) / (panels.LETTER_EM * em))
    treated = [arm for arm in arms if not arm.is_control]
    legend = _legend_rows(treated, sheet)
    height = TOP_EM * em + sum(_step_height(own, letters, em, narrow) for _, own in groups)
    foot = (FOOT_EM + LEGEND_EM * len(legend)) * em
    figure = Figure(figsize=(sheet.width_pt / PT_PER_INCH, (height + foot) / PT_PER_INCH))
    left = title_pt + SIDE_EM * em
    box = (
        left / sheet.width_pt,
        foot / (height + foot),
        1 - (left + SIDE_EM * em) / sheet.width_pt,
        height / (height + foot),
    )
    axes = figure.add_axes(box)
    axes.set_ylim(height, 0)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    limits = effects.limits([rows for _, own in groups for rows in own])
    panels.scale_x(axes, limits, "effect size against control (Hedges g)", sheet.width_pt - left)
    if not narrow:
        _draw_zero(axes, 0, height)
    for words, ha, shift in (("antidepressant-like →", "left", 3), ("← opposite", "right", -3)):
        axes.annotate(words, (0, em), xytext=(shift, 0), textcoords="offset points", ha=ha, va="center", color=SOFT)
    y = TOP_EM * em
    for title, own in groups:
        y = _draw_step(axes, title, own, y, letters, sheet)
    _draw_legend(figure, legend, sheet, height + foot)
    return figure


def _step_height(own: Sequence[Sequence[effects.Effect]], letters: int, em: float, narrow: bool) -> float:
    return HEADING_EM * em + (
        sum(_endpoint_height(rows, letters, em, narrow) for rows in own) or (LINE_EM + GAP_EM) * em
    )


def _endpoint_height(rows: Sequence[effects.Effect], letters: int, em: float, narrow: bool) -> float:
    titles, drawn = len(_title_lines(rows[0].endpoint, letters)) * LINE_EM * em, len(rows) * ROW_EM * em
    return (titles + drawn if narrow else max(titles, drawn)) + GAP_EM * em


def _title_lines(endpoint: Endpoint, letters: int) -> list[str]:
    arrow = {"lower": " ↓", "higher": " ↑"}.get(endpoint.info.direction, "")
    return svg.wrapped(endpoint.title + arrow, letters - 2)


def _draw_step(
    axes: Axes, title: str, own: Sequence[Sequence[effects.Effect]], y: float, letters: int, sheet: Sheet
) -> float:
    """Draw one step of the mechanism; return where the next begins."""
    em = sheet.font_pt
    left = -axes.get_position().x0 * sheet.width_pt
    at = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    axes.annotate(title, (0, y + 0.6 * em), xytext=(left, 0), fontweight="bold", **at)
    if not own:
        axes.annotate("not measured in this cohort", (0, y + HEADING_EM * em), xytext=(left + em, 0), color=SOFT, **at)
        return y + (HEADING_EM + LINE_EM + GAP_EM) * em
    y += HEADING_EM * em
    for rows in own:
        first = y
        for place, line in enumerate(_title_lines(rows[0].endpoint, letters)):
            axes.annotate(line, (0, y + place * LINE_EM * em), xytext=(left + em, 0), **at)
            first += LINE_EM * em if sheet.is_narrow else 0
        if rows[0].endpoint.plan.role == "primary":
            axes.annotate("●", (0, y), xytext=(left, 0), fontsize=0.7 * em, **at)
        if sheet.is_narrow:
            _draw_zero(axes, first - 0.6 * em, first + (len(rows) * ROW_EM - 0.2) * em)
        for place, row in enumerate(rows):
            _draw_effect(axes, row, first + place * ROW_EM * em, sheet)
        y += _endpoint_height(rows, letters, em, sheet.is_narrow)
    return y


def _draw_zero(axes: Axes, top: float, bottom: float) -> None:
    """Draw the line of no effect; on a narrow sheet only beside effects, so that it crosses no title."""
    axes.plot([0, 0], [top, bottom], color=INK, lw=axes.spines["bottom"].get_linewidth(), zorder=1)


def _draw_effect(axes: Axes, row: effects.Effect, y: float, sheet: Sheet) -> None:
    if row.arm is None or not np.isfinite(row.size.effect):
        words = f"{row.arm.label}: {row.note}" if row.arm else row.note
        room = int(axes.get_position().width * sheet.width_pt / (panels.LETTER_EM * sheet.font_pt))
        words = words if len(words) <= room else words[: room - 1] + "…"
        axes.annotate(words, (0, y), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
                      va="center", color=SOFT)  # fmt: skip
        return
    colour, (low, high) = row.arm.colours[0], axes.get_xlim()
    shown = np.clip(row.size, low, high)
    axes.plot(shown[1:], [y, y], color=colour, lw=1.3 * sheet.style.line_width_pt, solid_capstyle="butt", zorder=3)
    for is_beyond, edge, shape in ((row.size.low < low, low, "<"), (row.size.high > high, high, ">")):
        if is_beyond:
            axes.plot([edge], [y], marker=shape, color=colour, ms=3, mew=0, clip_on=False, zorder=3)
    if low <= row.size.effect <= high:
        axes.plot([row.size.effect], [y], marker=panels.marker(row.arm), color=colour, ms=3.4, mew=0, zorder=4)
        return
    side, ha = (-4, "right") if row.size.effect > 0 else (4, "left")
    words = f"g = {formatting.fixed(row.size.effect, 1)}"
    axes.annotate(words, (shown[0], y), xytext=(side, 0), textcoords="offset points", ha=ha, va="center")


def _legend_rows(arms: Sequence[Arm], sheet: Sheet) -> list[list[Line2D]]:
    """What the marks mean, in as many rows as the sheet needs."""
    width = 1.3 * sheet.style.line_width_pt
    handles = [
        Line2D([], [], color=arm.colours[0], marker=panels.marker(arm), ms=3.4, mew=0, lw=width, label=arm.label)
        for arm in arms
    ]
    handles.append(Line2D([], [], color=SOFT, marker=">", ms=3, mew=0, lw=width, label="goes on beyond the scale"))
    handles.append(Line2D([], [], color=INK, marker="o", ms=2.6, mew=0, lw=0, label="primary endpoint"))
    columns = 2 if sheet.is_narrow else 5
    return [handles[at : at + columns] for at in range(0, len(handles), columns)]


def _draw_legend(figure: Figure, rows: Sequence[Sequence[Line2D]], sheet: Sheet, height_pt: float) -> None:
    for place, handles in enumerate(rows):
        y = (len(rows) - place) * LEGEND_EM * sheet.font_pt / height_pt
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(0, y), ncols=len(handles), borderpad=0,
            borderaxespad=0, handlelength=1.8, columnspacing=1.2,
        )  # fmt: skip


def correlations(titles: Sequence[str], found: across.Correlations, sheet: Sheet) -> Figure:
    """Draw correlations as a square: all animals below the diagonal, within arms above it.

    Parameters
    ----------
    titles : (n_endpoints,) sequence of str
        Titles of the endpoints.
    found : Correlations
        In the same order.
    sheet : Sheet
        Titles are on the left, or listed below on a narrow sheet; cells that are wide enough hold their number.

    Returns
    -------
    Figure
    """
    em, n = sheet.font_pt, len(titles)
    label_pt = 2.4 * em if sheet.is_narrow else 0.42 * sheet.width_pt
    cell_pt = min(CELL_PT, (sheet.width_pt - label_pt - em) / n)
    side_pt, key_pt = n * cell_pt, KEY_LINE_EM * em * n if sheet.is_narrow else 0.0
    below_pt, above_pt = 2.2 * em + key_pt, 2.0 * em
    height_pt = side_pt + below_pt + above_pt
    figure = Figure(figsize=(sheet.width_pt / PT_PER_INCH, height_pt / PT_PER_INCH))
    # Data units are points, from the upper left corner of the square.
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-label_pt, sheet.width_pt - label_pt), ylim=(side_pt + below_pt, -above_pt))
    axes.axis("off")
    shown = across.halves(found)
    for i, j in np.ndindex(n, n):
        _draw_cell(axes, (i, j), cell_pt, float(shown[i, j]), em)
    for place, title in enumerate(titles):
        middle = (place + 0.5) * cell_pt
        axes.text(middle, side_pt + 0.5 * em, str(place + 1), ha="center", va="top", color=SOFT)
        row = str(place + 1) if sheet.is_narrow else f"{_fitted(title, label_pt - 3 * em, em)}  {place + 1}"
        axes.text(-0.6 * em, middle, row, ha="right", va="center")
        if sheet.is_narrow:
            y = side_pt + 2.2 * em + place * KEY_LINE_EM * em
            axes.text(-label_pt + 2 * em, y, str(place + 1), va="top", ha="right")
            axes.text(-label_pt + 2.6 * em, y, _fitted(title, sheet.width_pt - 3 * em, em), va="top")
    axes.text(0, -0.5 * em, "r, below: all animals", color=SOFT)
    axes.text(side_pt, -0.5 * em, "above: within arms", ha="right", color=SOFT)
    return figure


def _draw_cell(axes: Axes, cell: tuple[int, int], size: float, value: float, em: float) -> None:
    i, j = cell
    corner, side = (j * size + 0.3, i * size + 0.3), size - 0.6
    if i == j:
        axes.add_patch(Rectangle(corner, side, side, color=LINE, lw=0))
        return
    if not np.isfinite(value):
        axes.add_patch(Rectangle(corner, side, side, fill=False, ec=LINE, lw=0.5))
        return
    colour = POSITIVE if value > 0 else NEGATIVE
    axes.add_patch(Rectangle(corner, side, side, fc=colour, lw=0, alpha=FULL_OPACITY * abs(value)))
    if size >= SHORT_NUMBER_CELL_EM * em:
        words = formatting.fixed(value, 2)
        words = words if size >= NUMBER_CELL_EM * em else words.replace("0.", ".", 1)
        axes.text((j + 0.5) * size, (i + 0.5) * size, words, ha="center", va="center")


def _fitted(words: str, room_pt: float, em: float) -> str:
    letters = int(room_pt / (panels.LETTER_EM * em))
    return words if len(words) <= letters else words[: letters - 1] + "…"
