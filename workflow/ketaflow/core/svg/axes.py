"""Axes: a rectangle of a canvas with a horizontal and a vertical scale, and marks in the units of the data."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.core.svg.canvas import EDGE, LINE, SOFT, Canvas, path_data
from ketaflow.core.svg.scales import Limits, Values, axis_number, position, ticks
from ketaflow.core.svg.text import CAPITAL_PX, DIGIT_PX, LETTER_PX, wrapped

Formatter = Callable[[float], str]
# From one line of a label to the next (px).
LINE_PX = 15.0
# From the axis to its numbers, and from the numbers to the axis label (px).
NUMBER_GAP_PX = 7.0
LABEL_GAP_PX = 18.0


@dataclass(frozen=True)
class Theme:
    """Colours and type of axes; lengths in pixels. Empty ``text`` and ``font_px`` 0 are left to the style sheet."""

    text: str
    grid: str
    axis: str
    font_px: float
    # From the lower edge to the base line of the numbers, and to that of the axis label.
    x_number_px: float
    x_label_px: float


PAGE = Theme(text=SOFT, grid=LINE, axis=EDGE, font_px=12, x_number_px=17, x_label_px=36)


@dataclass(frozen=True)
class Axes:
    """A rectangle of the canvas (pixels) with the limits of its two scales (data units)."""

    canvas: Canvas
    left: float
    top: float
    right: float
    bottom: float
    x_limits: Limits
    y_limits: Limits
    theme: Theme = PAGE

    def x(self, value: Values) -> Values:
        """Pixels of values along the horizontal scale."""
        return position(value, self.x_limits, (self.left, self.right))

    def y(self, value: Values) -> Values:
        """Pixels of values along the vertical scale; larger values lie higher, at smaller pixels."""
        return position(value, self.y_limits, (self.bottom, self.top))

    def clipped_y(self, value: float) -> float:
        """Pixel of a value, or of the limit beyond which it lies."""
        return self.y(float(np.clip(value, *self.y_limits)))

    def y_grid(self, values: Sequence[float], *, right: bool = False, formatted: Formatter = axis_number) -> None:
        """Draw a grid line at each value, with the number on the left or the right side."""
        edge, way = (self.right, 1) if right else (self.left, -1)
        heights = [self.y(value) for value in values]
        self.canvas.lines(((self.left, y, self.right, y) for y in heights), stroke=self.theme.grid)
        self.canvas.texts(
            ((edge + way * NUMBER_GAP_PX, y + 4, formatted(value)) for y, value in zip(heights, values, strict=True)),
            anchor="start" if right else "end",
            fill=self.theme.text,
            size=self.theme.font_px,
        )

    def y_axis(self, label: str, *, right: bool = False, formatted: Formatter = axis_number) -> None:
        """Draw grid lines with their numbers, and the axis label along them, on the left or the right side."""
        values = ticks(*self.y_limits, count=5)
        self.y_grid(values, right=right, formatted=formatted)
        widest = max(len(formatted(value)) for value in values)
        way, edge = (1, self.right) if right else (-1, self.left)
        # Upright letters lie to the left of their base line: on the right side, towards the numbers.
        outermost = edge + way * (LABEL_GAP_PX + widest * DIGIT_PX) + (CAPITAL_PX if right else 0)
        lines = wrapped(label, int((self.bottom - self.top) / LETTER_PX), 2)
        for place, line in enumerate(lines):
            x = outermost + LINE_PX * (place if right else place - len(lines) + 1)
            self.canvas.upright_text(x, (self.top + self.bottom) / 2, line, fill=self.theme.text)

    def x_axis(
        self,
        label: str,
        *,
        values: Sequence[float] | None = None,
        grid: bool = False,
        formatted: Formatter = axis_number,
    ) -> None:
        """Draw the horizontal axis with numbers (those of ``ticks`` unless given) and its label below."""
        values = ticks(*self.x_limits) if values is None else values
        if grid:
            self.canvas.lines(
                ((self.x(value), self.top, self.x(value), self.bottom) for value in values), stroke=self.theme.grid
            )
        self.canvas.texts(
            ((self.x(value), self.bottom + self.theme.x_number_px, formatted(value)) for value in values),
            anchor="middle",
            fill=self.theme.text,
            size=self.theme.font_px,
        )
        self.canvas.line(self.left, self.bottom, self.right, self.bottom, stroke=self.theme.axis)
        self.canvas.text(
            (self.left + self.right) / 2, self.bottom + self.theme.x_label_px, label,
            anchor="middle", fill=self.theme.text, size=self.theme.font_px,
        )  # fmt: skip

    def path(self, xs: Iterable[float], ys: Iterable[float], *, stroke: str, width: float, opacity: float = 1) -> None:
        """Draw a line through points in data units; it breaks where a value is missing."""
        self.canvas.path(self.path_data(xs, ys), stroke=stroke, width=width, opacity=opacity)

    def band(
        self, xs: Iterable[float], lows: Iterable[float], highs: Iterable[float], *, fill: str, opacity: float
    ) -> None:
        """Fill the area between two lines in data units, cut to the limits of the vertical scale."""
        xs = [self.x(value) for value in xs]
        ends = [*map(self.clipped_y, highs)], [*map(self.clipped_y, lows)][::-1]
        data = path_data([*xs, *xs[::-1]], [*ends[0], *ends[1]])
        self.canvas.add(f'<path d="{data}Z" fill="{fill}" fill-opacity="{opacity:g}"/>')

    def path_data(self, xs: Iterable[float], ys: Iterable[float], *, steps: bool = False) -> str:
        """Return SVG path data of a line through points in data units."""
        return path_data(self.x(np.fromiter(xs, float)), self.y(np.fromiter(ys, float)), steps=steps)

    def interval(self, x_px: float, low: float, high: float, *, stroke: str, width: float = 2) -> None:
        """Draw a vertical interval at a pixel; an end that is missing or beyond the limits is drawn to the edge."""
        self.intervals([(x_px, low, high)], stroke=stroke, width=width)

    def intervals(self, ends: Iterable[tuple[float, float, float]], *, stroke: str, width: float = 2) -> None:
        """Draw vertical intervals, each (pixel, low, high) as ``interval`` does, as one element."""
        segments = []
        for x_px, low, high in ends:
            low, high = (low if np.isfinite(low) else -np.inf), (high if np.isfinite(high) else np.inf)
            segments.append((x_px, self.clipped_y(low), x_px, self.clipped_y(high)))
        self.canvas.lines(segments, stroke=stroke, width=width)
