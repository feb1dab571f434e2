"""A small chart for the cards of the review page: a trace, bands behind it, marks on it.

Its own colours are fixed, because a card may be shown on white; text takes the colour of the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape

import numpy as np

from ketaflow.core.svg.axes import Axes, Theme
from ketaflow.core.svg.canvas import Canvas, escaped
from ketaflow.core.svg.scales import Limits, Values, ticks

STYLE = (
    "<style>text{font:11px system-ui,sans-serif;fill:currentColor}"
    ".line{fill:none;stroke-width:1.3}.mark{stroke-dasharray:4 3;fill:none}</style>"
)
# Okabe & Ito (2008), distinguishable with every common colour blindness.
COLOURS = {
    "blue": "#0072b2", "orange": "#d55e00", "green": "#009e73", "yellow": "#e69f00",
    "sky": "#56b4e9", "pink": "#cc79a7", "grey": "#8a8a8a",
    "black": "currentColor",
}  # fmt: skip
# Colour and size of text are those of STYLE.
CARD = Theme(text="", grid="#7676763d", axis="#767676", font_px=0, x_number_px=14, x_label_px=30)
# About the width of a character of the 11 px font (px).
CHARACTER_PX = 6
# Height of a line of a panel's title (px).
LINE_HEIGHT_PX = 14
BOLD = ' style="font-weight:600"'
# Room around the rectangle of the axes, for numbers and labels (px).
MARGIN_LEFT = 52
MARGIN_RIGHT = 10
MARGIN_TOP = 10
MARGIN_BOTTOM = 36
Y_LABEL_PX = 12


@dataclass
class Chart:
    """A chart being drawn: limits in data units, size in pixels, and the marks so far (``parts``)."""

    x_limits: Limits
    y_limits: Limits
    x_label: str
    y_label: str
    width: int = 640
    height: int = 170
    parts: list[str] = field(default_factory=list)
    show_x_ticks: bool = True
    show_y_ticks: bool = True
    axes: Axes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        canvas = Canvas(self.width, self.height, self.parts)
        right, bottom = self.width - MARGIN_RIGHT, self.height - MARGIN_BOTTOM
        self.axes = Axes(canvas, MARGIN_LEFT, MARGIN_TOP, right, bottom, self.x_limits, self.y_limits, CARD)

    def x(self, value: Values) -> Values:
        """Pixels of values on the horizontal axis."""
        return self.axes.x(value)

    def y(self, value: Values) -> Values:
        """Pixels of values on the vertical axis (downwards)."""
        return self.axes.y(value)

    def line(self, xs: Iterable[float], ys: Iterable[float], colour: str = "blue", step: bool = False) -> None:
        """Draw a line through points; it breaks where a value is missing."""
        data = self.axes.path_data(xs, ys, steps=step)
        self.parts.append(f'<path class="line" stroke="{COLOURS[colour]}" d="{data}"/>')

    def points(self, xs: Iterable[float], ys: Iterable[float], colour: str = "blue", radius: float = 3) -> None:
        """Draw a dot at each point."""
        for x, y in zip(xs, ys, strict=True):
            if np.isfinite(x) and np.isfinite(y):
                self.axes.canvas.dot(self.x(x), self.y(y), radius, COLOURS[colour])

    def bars(self, starts: Iterable[float], stops: Iterable[float], tops: Iterable[float], colour: str) -> None:
        """Draw bars from zero to their tops."""
        base = self.y(max(0.0, self.y_limits[0]))
        for start, stop, top in zip(starts, stops, tops, strict=True):
            if np.isfinite(top):
                width, height = self.x(stop) - self.x(start), base - self.y(top)
                self.axes.canvas.rectangle(self.x(start), self.y(top), width, height, COLOURS[colour])

    def bands(self, spans: Iterable[tuple[float, float]], colour: str, opacity: float = 0.2) -> None:
        """Draw vertical bands, cut to the chart, behind what is drawn later."""
        low, high = self.x_limits
        top, bottom = self.axes.top, self.axes.bottom
        visible = [(max(start, low), min(stop, high)) for start, stop in spans if stop > low and start < high]
        data = "".join(f"M{self.x(start):.1f} {top}H{self.x(stop):.1f}V{bottom}H{self.x(start):.1f}Z"
                       for start, stop in visible)  # fmt: skip
        if data:
            self.parts.append(f'<path d="{data}" fill="{COLOURS[colour]}" fill-opacity="{opacity}"/>')

    def stripe(self, low: float, high: float, colour: str, opacity: float = 0.2) -> None:
        """Draw a horizontal band, cut to the chart, behind what is drawn later."""
        top, bottom = self.axes.clipped_y(high), self.axes.clipped_y(low)
        self.parts.append(
            f'<path d="M{self.axes.left} {top:.1f}H{self.axes.right}V{bottom:.1f}H{self.axes.left}Z" '
            f'fill="{COLOURS[colour]}" fill-opacity="{opacity}"/>'
        )

    def level(self, y: float, text: str = "", colour: str = "orange") -> None:
        """Draw a dashed horizontal line, with its name at the right end."""
        y_px, right = self.y(y), self.axes.right
        self.parts.append(
            f'<path class="mark" stroke="{COLOURS[colour]}" d="M{self.axes.left} {y_px:.1f}H{right}"/>'
            f'<text x="{right - 2}" y="{y_px - 3:.1f}" text-anchor="end">{escape(text)}</text>'
        )

    def moment(self, x: float, text: str = "", colour: str = "grey") -> None:
        """Draw a dashed vertical line, with its name at the top; to its left if there is no room on the right."""
        x_px, top = self.x(x), self.axes.top
        has_room = x_px + CHARACTER_PX * len(text) < self.axes.right
        side = f'x="{x_px + 3:.1f}"' if has_room else f'x="{x_px - 3:.1f}" text-anchor="end"'
        self.parts.append(
            f'<path class="mark" stroke="{COLOURS[colour]}" d="M{x_px:.1f} {top}V{self.axes.bottom}"/>'
            f'<text {side} y="{top + 10}">{escape(text)}</text>'
        )

    def caption(self, x: float, text: str) -> None:
        """Write the name of a category under the horizontal axis."""
        y_px = self.axes.bottom + 16
        self.parts.append(f'<text x="{self.x(x):.1f}" y="{y_px}" text-anchor="middle">{escape(text)}</text>')

    def text(self, x: float, y: float, text: str) -> None:
        """Write words at a point in data units."""
        self.parts.append(f'<text x="{self.x(x):.1f}" y="{self.y(y):.1f}">{escape(text)}</text>')

    def svg(self, description: str) -> str:
        """Return the chart as SVG; screen readers read ``description``."""
        return _picture(self.width, self.height, description, self.drawn())

    def drawn(self) -> str:
        """Return axes and marks, without the enclosing ``svg`` element."""
        scales = replace(self.axes, canvas=Canvas(self.width, self.height))
        scales.canvas.line(scales.left, scales.top, scales.left, scales.bottom, stroke=CARD.axis)
        scales.x_axis(self.x_label, values=None if self.show_x_ticks else [])
        scales.y_grid(ticks(*self.y_limits, count=4) if self.show_y_ticks else [])
        scales.canvas.upright_text(
            Y_LABEL_PX, (scales.top + scales.bottom) / 2, self.y_label, fill=CARD.text, size=CARD.font_px
        )
        return "".join([*scales.canvas.parts, *self.parts])


def panels(charts: Sequence[Chart], titles: Sequence[Sequence[str]], columns: int, description: str) -> str:
    """Return charts of one size side by side in one picture.

    Parameters
    ----------
    charts : sequence of Chart
        All as wide and high as the first.
    titles : sequence of sequence of str
        For each chart the lines above it, the first in bold.
    columns : int
        Most charts in a row.
    description : str
        What screen readers read.

    Returns
    -------
    str
        The picture as SVG.
    """
    lines = max(map(len, titles))
    width, height = charts[0].width, charts[0].height + LINE_HEIGHT_PX * lines + 6
    columns = min(columns, len(charts))
    drawn = []
    for place, (chart, title) in enumerate(zip(charts, titles, strict=True)):
        row, column = divmod(place, columns)
        head = "".join(
            f'<text x="{MARGIN_LEFT}" y="{LINE_HEIGHT_PX * number}"{BOLD if number == 1 else ""}>{escape(text)}</text>'
            for number, text in enumerate(title, start=1)
        )
        inside = f'<g transform="translate(0 {LINE_HEIGHT_PX * lines})">{chart.drawn()}</g>'
        drawn.append(f'<g transform="translate({column * width} {row * height})">{head}{inside}</g>')
    return _picture(columns * width, -(-len(charts) // columns) * height, description, "".join(drawn))


def stacked(charts: Sequence[Chart], description: str) -> str:
    """Return charts one below the other in one picture; the last one shows the common horizontal axis.

    Parameters
    ----------
    charts : sequence of Chart
        From top to bottom; those above the last should have ``show_x_ticks=False`` and no ``x_label``.
    description : str
        What screen readers read.

    Returns
    -------
    str
        The picture as SVG.
    """
    drawn, y = [], 0
    for chart in charts:
        drawn.append(f'<g transform="translate(0 {y})">{chart.drawn()}</g>')
        y += chart.height - (MARGIN_BOTTOM - 6 if chart is not charts[-1] else 0)
    return _picture(charts[0].width, y, description, "".join(drawn))


def _picture(width: float, height: float, description: str, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escaped(description)}" style="max-width:100%;height:auto">{STYLE}{inside}</svg>'
    )
