"""Panels with a laid-out scale, and the marks that all figures share.

A panel's limits, numbers and labels are set first; ``laid_out`` then fixes its place. After that, lengths in points are
lengths in data units, as a swarm of dots needs them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnchoredText

from ketaflow.core import svg
from ketaflow.core.svg.scales import Limits
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.figures.marks import Mean, animals_of, swarm
from ketaflow.report.palette import Arm
from ketaflow.report.paper.style import INK, MM_PER_INCH, PT_PER_INCH, SOFT, Sheet

# Radii of dots (points), and the mean width of a letter as a fraction of the size of the font.
DOT_PT = 1.9
SAMPLE_PT = 0.9
LETTER_EM = 0.58
# One shape for each arm in turn, so that arms are told apart without colour.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")


def marker(arm: Arm) -> str:
    """Return the shape of an arm's marks."""
    return MARKERS[arm.place % len(MARKERS)]


def blank(sheet: Sheet, height_mm: float) -> Figure:
    """Return an empty figure of the sheet's width."""
    return Figure(figsize=(sheet.width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")


def laid_out(figure: Figure) -> Figure:
    """Place all panels, for good."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    # Without the place holder that "none" leaves, which would make ``savefig`` draw every format twice.
    figure.set_layout_engine(None)
    return figure


def scale_y(
    axes: Axes, limits: Limits, label: str, room_pt: float, formatted: Callable[[float], str] = svg.axis_number
) -> None:
    """Give a panel its vertical scale: limits, 4 to 7 numbers, and a label in lines of at most ``room_pt`` points."""
    values = svg.ticks(*limits, count=5)
    axes.set_ylim(*limits)
    axes.set_yticks(values, [formatted(value) for value in values])
    letters = int(room_pt / (LETTER_EM * axes.yaxis.label.get_fontsize()))
    axes.set_ylabel("\n".join(svg.wrapped(label, letters)))


def scale_x(axes: Axes, limits: Limits, label: str, room_pt: float, values: Sequence[float] | None = None) -> None:
    """Give a panel its horizontal scale: limits, label, and numbers (4 to 7 unless given, or as many as have room)."""
    values = svg.ticks(*limits) if values is None else values
    letter_pt = LETTER_EM * axes.xaxis.label.get_fontsize()
    while len(values) > 2 and sum(len(svg.axis_number(value)) + 2 for value in values) * letter_pt > room_pt:
        values = values[::2]
    axes.set_xlim(*limits)
    axes.set_xticks(values, [svg.axis_number(value) for value in values])
    axes.set_xlabel(label)


def scale_arms(
    axes: Axes, labels: Sequence[str], column_pt: float, font_pt: float, counts: Sequence[int] | None = None
) -> None:
    """Give a panel a column for each label, at 0, 1, 2 ...

    Parameters
    ----------
    axes : Axes
        The panel.
    labels : (n_columns,) sequence of str
        They are broken into lines, or turned where a word is wider than its column.
    column_pt, font_pt : float
        Width of a column, and size of the text (points).
    counts : (n_columns,) sequence of int, optional
        Number of animals, written below each label.
    """
    letters = max(4, int(column_pt / (LETTER_EM * font_pt)))
    lines = [svg.wrapped(label, letters) for label in labels]
    is_upright = max((len(line) for label in lines for line in label), default=0) <= letters
    if counts is not None:
        added = [f"n = {n}" for n in counts]
        most = max(map(len, lines), default=0)
        lines = [[*label, *[""] * (most - len(label)), n] for label, n in zip(lines, added, strict=True)]
        labels = [f"{label} ({n})" for label, n in zip(labels, added, strict=True)]
    axes.set_xlim(-0.5, len(labels) - 0.5)
    if is_upright:
        axes.set_xticks(range(len(labels)), ["\n".join(label) for label in lines])
    else:
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")


def points_per_unit(axes: Axes) -> tuple[float, float]:
    """Return how many points a unit of the data takes, across and up, once the panel is laid out."""
    box = axes.get_window_extent()
    dpi = axes.get_figure(root=True).dpi
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    return box.width / dpi * PT_PER_INCH / abs(right - left), box.height / dpi * PT_PER_INCH / abs(high - low)


def note(axes: Axes, words: str, place: str) -> None:
    """Write words in a corner of a panel."""
    axes.add_artist(AnchoredText(words, loc=place, frameon=False, pad=0.1, borderpad=0.2, prop={"color": SOFT}))


def note_at(axes: Axes, x: float, words: str) -> None:
    """Write words at the top of a panel, to the right of a place along its horizontal scale."""
    axes.annotate(
        words, (x, 1), xycoords=("data", "axes fraction"), xytext=(2, -1), textcoords="offset points",
        ha="left", va="top", color=SOFT,
    )  # fmt: skip


def draw_dots(
    axes: Axes, x: Any, y: Any, *, colour: str, radius: float = DOT_PT, shape: str = "o", opacity: float = 1
) -> None:
    """Draw dots of one look."""
    axes.scatter(
        x, y, s=(2 * radius) ** 2, c=colour, marker=shape, alpha=opacity, linewidths=0, zorder=3, clip_on=False
    )


def draw_animals(
    axes: Axes, endpoint: Endpoint, arm: Arm, middle: float, half_width: float, *, in_lanes: bool = False
) -> None:
    """Draw a dot for each animal of an arm: hollow if flagged by a check, a cross if excluded.

    Parameters
    ----------
    axes : Axes
        A laid-out panel; the vertical scale is that of the values.
    endpoint : Endpoint
        Its values.
    arm : Arm
        The arm.
    middle, half_width : float
        Where its dots are drawn, and how far they may lie from there (data units).
    in_lanes : bool
        A lane for each animal, with its samples small behind it, instead of a swarm.
    """
    rows = animals_of(endpoint, arm)
    across, up = points_per_unit(axes)
    if in_lanes and len(rows) > 1:
        places = middle + np.linspace(-half_width, half_width, len(rows))
        counted = endpoint.counted[endpoint.counted["arm"].eq(arm.name)]
        at = counted["animal"].map({row.animal: place for row, place in zip(rows, places, strict=True)})
        draw_dots(axes, at, counted["value"].astype(float), colour=arm.colours[0], radius=SAMPLE_PT, opacity=0.5)
    else:
        shifts = swarm([row.value * up for row in rows], DOT_PT, half_width * across)
        places = middle + np.array(shifts) / across
    # One collection of each look: a collection of its own for every animal takes minutes with 2,000 of them.
    values = np.array([row.value for row in rows])
    excluded = np.array([bool(row.excluded) for row in rows], bool)
    flagged = np.array([row.flagged for row in rows], bool) & ~excluded
    plain = ~excluded & ~flagged
    if plain.any():
        draw_dots(axes, places[plain], values[plain], colour=arm.colours[0])
    if flagged.any():
        hollow = {"facecolors": "white", "edgecolors": arm.colours[0], "linewidths": 0.8}
        axes.scatter(places[flagged], values[flagged], s=(2 * DOT_PT - 0.8) ** 2, marker="o", zorder=3, **hollow)
    if excluded.any():
        size = (2 * DOT_PT) ** 2
        axes.scatter(places[excluded], values[excluded], s=size, c=SOFT, marker="x", linewidths=0.7, zorder=3)


def draw_mean(axes: Axes, row: Mean, x: float) -> None:
    """Draw a mean with its interval."""
    half = 3.0 / points_per_unit(axes)[0]
    width = axes.spines["left"].get_linewidth()
    axes.plot([x - half, x + half], [row.mean, row.mean], color=INK, lw=1.6 * width, zorder=4, solid_capstyle="butt")
    if np.isfinite(row.low):
        draw_interval(axes, x, row.low, row.high, colour=INK, width=1.2 * width)


def draw_interval(axes: Axes, x: float, low: float, high: float, *, colour: str, width: float) -> None:
    """Draw an interval; where an end is missing or beyond the scale it goes to the edge and ends in an arrow."""
    bottom, top = axes.get_ylim()
    ends = [low if np.isfinite(low) else -np.inf, high if np.isfinite(high) else np.inf]
    shown = np.clip(ends, bottom, top)
    axes.plot([x, x], shown, color=colour, lw=width, zorder=3.5, solid_capstyle="butt", clip_on=False)
    for end, edge, shape in ((ends[0], bottom, "v"), (ends[1], top, "^")):
        if (end - edge) * (1 if shape == "^" else -1) > 1e-9 * (top - bottom):
            axes.plot([x], [edge], marker=shape, color=colour, ms=3, zorder=3.5, clip_on=False)
