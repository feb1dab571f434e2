"""Marks and scales that the figures of an endpoint share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.core import svg
from ketaflow.core.svg import INK, SOFT, Axes
from ketaflow.core.svg.text import DIGIT_PX
from ketaflow.report import formatting
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.palette import Arm

# Height of a figure, and the room above its axes and below them for arm labels or for an axis label (px).
HEIGHT = 330.0
TOP = 14.0
FOOT = 74.0
AXIS_FOOT = 48.0
COLUMN_PX = 98.0
DOT_PX = 4.0
SMALL_PX = 11.5
# From the edge of the figure to the numbers of the vertical axis, and a second line of its label (px).
AXIS_ROOM_PX = 34.0
SECOND_LINE_PX = 15.0
LABEL_LETTERS = 12


@dataclass(frozen=True)
class Column:
    """Where the dots of one arm are drawn, and how; without tooltips they take a fifth of the bytes."""

    arm: Arm
    middle_px: float
    widest_px: float
    in_lanes: bool = False
    opacity: float = 1
    has_tooltips: bool = True


@dataclass(frozen=True)
class Mean:
    """Mean of an arm with its interval, in the unit of the measure; NaN without an interval."""

    mean: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class AnimalValue:
    """Value of one animal: mean of ``n`` values; ``excluded`` says why it does not count, and is empty if it does."""

    animal: str
    value: float
    n: int
    flagged: bool
    excluded: str


def swarm(pixels: Sequence[float], radius: float, widest: float) -> list[float]:
    """Shift dots sideways so that they do not overlap.

    Parameters
    ----------
    pixels : (n_dots,) float
        Vertical positions of the dots.
    radius : float
        Radius of a dot (px).
    widest : float
        Largest shift to either side (px); dots overlap if that is not enough.

    Returns
    -------
    (n_dots,) list of float
        Shift of each dot (px). Equal positions give equal shifts.
    """
    steps = np.arange(0, widest + 1e-9, radius / 2)
    columns = [0.0, *(float(side * step) for step in steps[1:] for side in (1, -1))]
    least_distance2 = (2 * radius) ** 2 - 1e-9
    # Columns in which a dot can touch one in this column, each with the square of its distance.
    beside = [
        [(place, (x - other) ** 2) for place, other in enumerate(columns) if (x - other) ** 2 < least_distance2]
        for x in columns
    ]
    # Dots are placed from the lowest upwards, so of each column only the last one can be touched.
    last = [-math.inf] * len(columns)
    shifts = [0.0] * len(pixels)
    for index in sorted(range(len(pixels)), key=lambda place: pixels[place]):
        y = pixels[index]
        free = (
            place
            for place, others in enumerate(beside)
            if all(across2 + (y - last[other]) ** 2 >= least_distance2 for other, across2 in others)
        )
        place = next(free, 0)
        shifts[index], last[place] = columns[place], y
    return shifts


def means(endpoint: Endpoint) -> dict[str, Mean]:
    """Return the mean of each arm with its interval.

    Parameters
    ----------
    endpoint : Endpoint
        With its rows of the table ``descriptives``.

    Returns
    -------
    dict of str to Mean
        By arm. If the descriptives are by time or factor, means of the animals without an interval (NaN).
    """
    rows = endpoint.rows("descriptives")
    if len(rows) and rows["arm"].is_unique:
        numbers = rows[["mean", "ci_low", "ci_high"]].to_numpy(float)
        return {str(arm): Mean(*row) for arm, row in zip(rows["arm"], numbers.tolist(), strict=True)}
    by_arm = endpoint.counted_animals.groupby("arm")["value"].mean()
    return {str(arm): Mean(float(mean)) for arm, mean in by_arm.items()}


def axis_room(label: str, limits: svg.scales.Limits) -> float:
    """Return the room that a vertical axis needs for its numbers and its label (px)."""
    has_second_line = len(svg.wrapped(label, int((HEIGHT - FOOT - TOP) / svg.LETTER_PX), 2)) > 1
    widest = max(len(svg.axis_number(value)) for value in svg.ticks(*limits, count=5))
    return AXIS_ROOM_PX + widest * DIGIT_PX + (SECOND_LINE_PX if has_second_line else 0)


def draw_animals(axes: Axes, endpoint: Endpoint, column: Column) -> None:
    """Draw a dot for each animal of an arm: hollow if flagged by a check, a cross if excluded.

    Parameters
    ----------
    axes : Axes
        Where to draw; the vertical scale is that of the values.
    endpoint : Endpoint
        Its values.
    column : Column
        The arm, and where and how its dots are drawn.
    """
    rows = animals_of(endpoint, column.arm)
    colour, canvas = column.arm.colour, axes.canvas
    plain = []
    for row, shift in zip(rows, shifts(axes, rows, column), strict=True):
        x, y = column.middle_px + shift, axes.y(row.value)
        tooltip = _tooltip(row, endpoint.unit) if column.has_tooltips else ""
        if row.excluded:
            canvas.cross(x, y, tooltip)
        elif row.flagged:
            canvas.dot(x, y, DOT_PX, colour, hollow=True, tooltip=tooltip, opacity=column.opacity)
        else:
            plain.append((x, y, tooltip))
    if column.has_tooltips:
        canvas.named_dots(plain, DOT_PX, colour, opacity=column.opacity)
    else:
        canvas.dots([(x, y) for x, y, _ in plain], DOT_PX, colour, opacity=column.opacity)


def _tooltip(row: AnimalValue, unit: str) -> str:
    """Animal and value, with why it is excluded or how many values it is the mean of."""
    tooltip = f"{row.animal}: {formatting.number(row.value)} {unit}".strip()
    if row.excluded:
        return f"{tooltip}; excluded: {row.excluded}"
    return tooltip + (f" (mean of {row.n})" if row.n > 1 else "") + ("; flagged" if row.flagged else "")


def animals_of(endpoint: Endpoint, arm: Arm) -> list[AnimalValue]:
    """Return the animals of an arm, excluded ones too.

    Parameters
    ----------
    endpoint : Endpoint
        Its values.
    arm : Arm
        The arm.

    Returns
    -------
    list of AnimalValue
        One per animal, by name.
    """
    rows = endpoint.per_animal[endpoint.per_animal["arm"].eq(arm.name)]
    columns = (rows[name] for name in ("animal", "value", "n", "flagged", "excluded"))
    return [
        AnimalValue(str(animal), float(value), int(n), bool(flagged), str(excluded))
        for animal, value, n, flagged, excluded in zip(*columns, strict=True)
    ]


def shifts(axes: Axes, rows: Sequence[AnimalValue], column: Column) -> list[float]:
    """Return the sideways position of each dot: a lane for each animal, or a swarm."""
    if column.in_lanes and len(rows) > 1:
        return [float(shift) for shift in np.linspace(-column.widest_px, column.widest_px, len(rows))]
    return swarm([axes.y(row.value) for row in rows], DOT_PX, column.widest_px)


def draw_mean(axes: Axes, row: Mean, x_px: float) -> None:
    """Draw a mean with its interval."""
    if np.isfinite(row.low):
        axes.interval(x_px, row.low, row.high, stroke=INK, width=1.8)
    y = axes.y(row.mean)
    axes.canvas.line(x_px - 6, y, x_px + 6, y, stroke=INK, width=2.4)
    tooltip = f"mean {formatting.number(row.mean)}, interval {formatting.interval(row.low, row.high)}"
    axes.canvas.dot(x_px, y, 2.6, INK, tooltip=tooltip)


def draw_arm_label(axes: Axes, x_px: float, label: str, n: int | None = None) -> None:
    """Write the label of an arm below the axes, with its number of animals."""
    lines = svg.wrapped(label, LABEL_LETTERS)
    placed = [(x_px, axes.bottom + 18 + 14 * place, line) for place, line in enumerate(lines)]
    axes.canvas.texts(placed, anchor="middle", size=SMALL_PX)
    if n is not None:
        y = axes.bottom + 18 + 14 * len(lines)
        axes.canvas.text(x_px, y, f"n = {n}", anchor="middle", fill=SOFT, size=SMALL_PX)
