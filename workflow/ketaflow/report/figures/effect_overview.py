"""The size of every effect by dose, in the order of the mechanism of ketamine.

In: endpoints and arms. Out: one figure of the whole cohort. Effects are Hedges g, with the sign turned so that the
right is where an antidepressant acts. Steps of the mechanism without a measure, and endpoints without a standardised
effect, are named. effect_overview.yaml lists the steps; a measure may add one (``step`` in its measures.yaml).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from ketaflow.core import svg
from ketaflow.core.svg import INK, LINE, SOFT, Axes, Canvas
from ketaflow.core.svg.scales import Limits
from ketaflow.report import formatting
from ketaflow.report.differences import Difference
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.palette import Arm

MECHANISM = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
EFFECT = "hedges_g"
# Lengths in pixels.
RIGHT_PX = 16.0
TOP_PX = 40.0
FOOT_PX = 66.0
LEGEND_PX = 18.0
ROW_PX = 13.0
GAP_PX = 14.0
HEADING_PX = 26.0
INDENT_PX = 14.0
DOT_PX = 4.5
ARROW_PX = 5.0
TITLE_LETTERS = 43
TITLE_LINES = 2
NOTE_LETTERS = 78
# Axes hold every effect up to LARGEST_EFFECT, and intervals as far as LONGEST_INTERVAL or the largest effect; what goes
# further ends in an arrow, and an effect that does is written beside it (Hedges g).
LONGEST_INTERVAL = 4.0
LARGEST_EFFECT = 8.0
# Marks of the legend that are no arm.
BEYOND, PRIMARY = "beyond", "primary"
SEPARATORS = re.compile(r"[/,;:()\[\]\s]+")
PHOSPHORYLATED = re.compile(r"p(?:hospho)?-?(\w.+)")


class Standardised(NamedTuple):
    """An effect and its interval in standard deviations."""

    effect: float
    low: float
    high: float


UNKNOWN = Standardised(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Effect:
    """One effect: of one arm on one endpoint.

    Attributes
    ----------
    arm : Arm or None
        None if the endpoint is not compared arm by arm.
    size : Standardised
        Effect with its interval; NaN if there is none.
    note : str
        Why there is none.
    """

    endpoint: Endpoint
    arm: Arm | None
    size: Standardised = UNKNOWN
    note: str = ""


@dataclass(frozen=True)
class Step:
    """A step of the mechanism and its endpoints; perhaps none."""

    title: str
    endpoints: list[Endpoint]


def steps(endpoints: list[Endpoint]) -> list[Step]:
    """Assign endpoints to the steps of the mechanism.

    Parameters
    ----------
    endpoints : list of Endpoint
        Measures of quality (``not_shown`` in effect_overview.yaml) are left out.

    Returns
    -------
    list of Step
        All steps in their order, those without an endpoint too, each followed by the steps that measures of the
        endpoints add; endpoints that belong to no step last.
    """
    shown = [endpoint for endpoint in endpoints if endpoint.plan.measure not in MECHANISM["not_shown"]]
    added = [endpoint.info.step for endpoint in shown if endpoint.info.step]
    found: dict[str, list[Endpoint]] = {}
    for step in MECHANISM["steps"]:
        found[step["title"]] = []
        found |= {one.title: [] for one in added if one.after == step["name"]}
    for endpoint in shown:
        found.setdefault(_step_title(endpoint), []).append(endpoint)
    return [Step(title, own) for title, own in found.items()]


def effects(endpoint: Endpoint, arms: list[Arm]) -> list[Effect]:
    """Return the effects of an endpoint by arm.

    Parameters
    ----------
    endpoint : Endpoint
        Its comparisons.
    arms : list of Arm
        All arms, in their order.

    Returns
    -------
    list of Effect
        In the order of the arms; positive where an antidepressant acts. At least one.
    """
    by_name = {arm.name: arm for arm in arms}
    rows = [row for row in endpoint.differences if row.level in by_name]
    if not rows:
        contrasts = endpoint.rows("contrasts")
        notes = [str(note) for note in contrasts["note"].dropna() if note] if "note" in contrasts else []
        return [Effect(endpoint, None, note=notes[0] if notes else "not compared arm by arm")]
    return [_effect(endpoint, by_name[row.level], row)
            for row in sorted(rows, key=lambda row: by_name[row.level].place)]  # fmt: skip


def standardised(row: Difference) -> Standardised:
    """Express a difference in standard deviations of the model, on the scale of the analysis.

    For analyses whose own effect size is another one, such as a ratio. The standard deviation follows from the
    standard error, ``se = sd * sqrt(1/n + 1/n_reference)``; the small-sample bias is removed as in Hedges g [1]_.

    Parameters
    ----------
    row : Difference
        ``estimate``, ``ci_low``, ``ci_high`` and ``se`` on the scale of the analysis; ``df``, ``n``, ``n_reference``.

    Returns
    -------
    Standardised
        Effect and interval without unit; NaN if a number is missing.

    References
    ----------
    .. [1] Hedges (1981), Journal of Educational Statistics 6:107-128, doi:10.3102/10769986006002107
    """
    if not (row.se > 0 and row.df > 1 and row.n > 0 and row.n_reference > 0):
        return UNKNOWN
    bias = math.exp(math.lgamma(row.df / 2) - math.lgamma((row.df - 1) / 2)) / math.sqrt(row.df / 2)
    factor = bias * math.sqrt(1 / row.n + 1 / row.n_reference) / row.se
    return Standardised(row.estimate * factor, row.ci_low * factor, row.ci_high * factor)


@dataclass(frozen=True)
class Layout:
    """Where the parts of the figure are (px): its width, and where the effects begin.

    Without room for titles beside the effects (``label_px`` 0), they are above them.
    """

    width_px: float
    label_px: float

    @property
    def is_narrow(self) -> bool:
        """Whether titles are above the effects."""
        return self.label_px == 0


WIDE = Layout(960.0, 300.0)
NARROW = Layout(350.0, 0.0)


def effect_overview(endpoints: list[Endpoint], arms: list[Arm], layout: Layout = WIDE) -> str:
    """Draw the size of every effect with its interval, step by step of the mechanism.

    Parameters
    ----------
    endpoints : list of Endpoint
        All endpoints.
    arms : list of Arm
        All arms, in their order.
    layout : Layout
        ``WIDE``, or ``NARROW`` for a phone.

    Returns
    -------
    str
        The figure as SVG.
    """
    groups = [(step.title, [effects(endpoint, arms) for endpoint in step.endpoints]) for step in steps(endpoints)]
    shown = [rows for _, by_endpoint in groups for rows in by_endpoint]
    legend = _legend([arm for arm in arms if not arm.is_control], layout)
    height = TOP_PX + FOOT_PX + LEGEND_PX * (len(legend) - 1) + sum(_step_height(own, layout) for _, own in groups) + 8
    canvas = Canvas(layout.width_px, height)
    right, bottom = layout.width_px - RIGHT_PX, height - FOOT_PX - LEGEND_PX * (len(legend) - 1)
    axes = Axes(canvas, layout.label_px + RIGHT_PX * layout.is_narrow, TOP_PX, right, bottom, limits(shown), (0, 1))
    axes.x_axis("effect size against control (Hedges g)", grid=not layout.is_narrow)
    if not layout.is_narrow:
        canvas.line(axes.x(0), axes.top - 8, axes.x(0), axes.bottom, stroke=INK)
    canvas.text(axes.x(0) + 8, 20, "antidepressant-like →", fill=SOFT)
    canvas.text(axes.x(0) - 8, 20, "← opposite", fill=SOFT, anchor="end")
    y = axes.top + 4
    for title, by_endpoint in groups:
        y = _draw_heading(canvas, title, y)
        if not by_endpoint:
            canvas.text(INDENT_PX, y + 9, "not measured in this cohort", fill=SOFT)
            y += ROW_PX + GAP_PX
        for rows in by_endpoint:
            y = _draw_endpoint(axes, rows, y, layout)
    _draw_legend(canvas, legend)
    return canvas.svg("Effect sizes by dose arm, in the order of the mechanism from glutamate to behaviour")


def _effect(endpoint: Endpoint, arm: Arm, row: Difference) -> Effect:
    if row.effect_size_name == EFFECT and np.isfinite(row.effect_size):
        size = Standardised(row.effect_size, row.effect_ci_low, row.effect_ci_high)
    else:
        size = standardised(row)
    if not np.isfinite(size.effect):
        return Effect(endpoint, arm, note="no standardised effect")
    sign = endpoint.antidepressant_sign
    low, high = sorted((sign * size.low, sign * size.high))
    return Effect(endpoint, arm, Standardised(sign * size.effect, low, high))


def _step_title(endpoint: Endpoint) -> str:
    """Title of the step that the measure adds, else of the first with a word in its analyte, measure or assay."""
    if endpoint.info.step:
        return endpoint.info.step.title
    analyte = " ".join(str(one) for one in endpoint.plan.where.get("analyte", ()))
    for source in (analyte, endpoint.plan.measure, endpoint.plan.assay):
        found = tokens(source)
        for step in MECHANISM["steps"]:
            if found & set(step["words"]):
                return str(step["title"])
    return str(MECHANISM["other"])


def tokens(name: str) -> set[str]:
    """Return the words of an analyte in all the ways a list may have them: ``p-mTOR`` has ``p-mtor`` and ``mtor``.

    Parts around hyphens count alone and joined, and a leading ``p`` or ``phospho`` is a phosphorylation.
    """
    words = set(SEPARATORS.sub(" ", name.casefold()).split())
    words |= {part for word in words for part in word.split("-") if len(part) > 1}
    words |= {word.replace("-", "") for word in words}
    return words | {match[1] for word in words if (match := PHOSPHORYLATED.fullmatch(word))}


def _step_height(own: Sequence[Sequence[Effect]], layout: Layout) -> float:
    return HEADING_PX + (sum(_endpoint_height(rows, layout) for rows in own) or ROW_PX + GAP_PX)


def _endpoint_height(rows: Sequence[Effect], layout: Layout) -> float:
    n_lines = len(_title_lines(rows[0].endpoint))
    return (n_lines + len(rows) if layout.is_narrow else max(n_lines, len(rows))) * ROW_PX + GAP_PX


def _title_lines(endpoint: Endpoint) -> list[str]:
    lines = svg.wrapped(endpoint.title, TITLE_LETTERS, TITLE_LINES)
    lines[-1] += {"lower": " ↓", "higher": " ↑"}.get(endpoint.info.direction, "")
    return lines


def limits(shown: Sequence[Sequence[Effect]]) -> Limits:
    """Return the limits of the axis of effects (Hedges g); at least from -1 to 1."""
    sizes = [row.size for rows in shown for row in rows if np.isfinite(row.size.effect)]
    intervals = np.clip([[size.low, size.high] for size in sizes], -LONGEST_INTERVAL, LONGEST_INTERVAL).ravel()
    effects_shown = np.clip([size.effect for size in sizes], -LARGEST_EFFECT, LARGEST_EFFECT)
    return svg.limits([*intervals, *effects_shown], margin=0.03, include=[-1, 1])


def numbers(size: Standardised) -> str:
    """Return an effect with its interval in words."""
    return f"g {formatting.number(size.effect)}, interval {formatting.interval(size.low, size.high)}"


def _legend(arms: Sequence[Arm], layout: Layout) -> list[list[tuple[str, str]]]:
    """Entries of the legend, (colour or kind of mark, words), in as many rows as they need."""
    entries = [*((arm.colour, arm.label) for arm in arms), (BEYOND, "goes on beyond the scale"), (PRIMARY, "primary")]
    rows: list[list[tuple[str, str]]] = [[]]
    for entry in entries:
        used = sum(_entry_px(words) for _, words in rows[-1])
        if rows[-1] and used + _entry_px(entry[1]) > layout.width_px:
            rows.append([])
        rows[-1].append(entry)
    return rows


def _entry_px(words: str) -> float:
    return len(words) * svg.LETTER_PX * 1.1 + 44


def _draw_legend(canvas: Canvas, rows: Sequence[Sequence[tuple[str, str]]]) -> None:
    """Draw what the marks mean, along the foot from the left."""
    for place, row in enumerate(rows):
        x, y = INDENT_PX, canvas.height - 8 - LEGEND_PX * (len(rows) - 1 - place)
        for kind, words in row:
            colour = SOFT if kind == BEYOND else kind
            if kind == PRIMARY:
                canvas.dot(x, y, 3, INK)
            else:
                canvas.line(x - 8, y, x + 8, y, stroke=colour, width=2)
            if kind == BEYOND:
                _draw_arrow(canvas, x + 8, y, ARROW_PX, SOFT)
            elif kind != PRIMARY:
                canvas.dot(x, y, DOT_PX, colour)
            canvas.text(x + 14, y + 4, words)
            x += _entry_px(words)


def _draw_heading(canvas: Canvas, title: str, y: float) -> float:
    canvas.text(0, y + 12, title, look="bold", size=13)
    canvas.line(0, y + HEADING_PX - 8, canvas.width - RIGHT_PX, y + HEADING_PX - 8, stroke=LINE)
    return y + HEADING_PX


def _draw_endpoint(axes: Axes, rows: list[Effect], y: float, layout: Layout) -> float:
    """Draw the effects of one endpoint; return where the next endpoint begins."""
    endpoint = rows[0].endpoint
    lines = _title_lines(endpoint)
    for place, line in enumerate(lines):
        axes.canvas.text(INDENT_PX, y + 9 + ROW_PX * place, line)
    if endpoint.plan.role == "primary":
        axes.canvas.dot(5, y + 5, 3, INK, tooltip="primary endpoint")
    first = y + 5
    if layout.is_narrow:
        first += len(lines) * ROW_PX
        axes.canvas.line(axes.x(0), first - 6, axes.x(0), first + (len(rows) - 1) * ROW_PX + 6, stroke=INK)
    for place, row in enumerate(rows):
        _draw_effect(axes, row, first + place * ROW_PX)
    return y + _endpoint_height(rows, layout)


def _draw_effect(axes: Axes, row: Effect, y: float) -> None:
    if row.arm is None or not np.isfinite(row.size.effect):
        note = f"{row.arm.label}: {row.note}" if row.arm else row.note
        room = min(NOTE_LETTERS, int((axes.right - axes.left) / svg.LETTER_PX))
        note = note if len(note) <= room else note[: room - 1] + "…"
        axes.canvas.text(axes.left + 6, y + 4, note, fill=SOFT, size=11, look="halo")
        return
    size, colour = row.size, row.arm.colour
    middle, low, high = (axes.x(float(np.clip(value, *axes.x_limits))) for value in size)
    axes.canvas.line(low, y, high, y, stroke=colour, width=2)
    if size.low < axes.x_limits[0]:
        _draw_arrow(axes.canvas, low, y, -ARROW_PX, colour)
    if size.high > axes.x_limits[1]:
        _draw_arrow(axes.canvas, high, y, ARROW_PX, colour)
    if not axes.x_limits[0] <= size.effect <= axes.x_limits[1]:
        words = f"g = {formatting.fixed(size.effect, 1)}"
        if size.effect > 0:
            axes.canvas.text(middle - 8, y + 4, words, anchor="end", size=11)
        else:
            axes.canvas.text(middle + 8, y + 4, words, size=11)
        return
    axes.canvas.dot(middle, y, DOT_PX, colour, tooltip=f"{row.endpoint.title}, {row.arm.label}: {numbers(size)}")


def _draw_arrow(canvas: Canvas, tip: float, y: float, length: float, colour: str) -> None:
    back = tip - length
    canvas.path(f"M{back:.1f} {y - 4:.1f}L{tip:.1f} {y:.1f}L{back:.1f} {y + 4:.1f}", stroke=colour, width=2)
