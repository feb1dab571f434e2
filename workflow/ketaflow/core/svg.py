"""Small charts written as SVG text: a trace, bands behind it, marks on it.

For the cards of the review page, where matplotlib would cost 30 ms and 20 kB apiece. Colours are CSS
classes that the page defines for light and dark; the fallback colours stand in the SVG itself.
Texts are escaped; numbers are rounded to a tenth of a pixel so that equal data give equal bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

STYLE = (
    "<style>.axis{stroke:#767676;fill:none}.grid{stroke:#7676763d;fill:none}"
    "text{font:11px system-ui,sans-serif;fill:currentColor}"
    ".line{fill:none;stroke-width:1.3}.mark{stroke-dasharray:4 3;fill:none}</style>"
)
# Okabe & Ito (2008), distinguishable with every common colour blindness.
COLOURS = {
    "blue": "#0072b2", "orange": "#d55e00", "green": "#009e73", "yellow": "#e69f00",
    "sky": "#56b4e9", "pink": "#cc79a7", "grey": "#8a8a8a",
    "black": "currentColor",
}  # fmt: skip
# About the width of a character of the 11 px font (px).
CHARACTER_WIDE = 6
BOLD, LINE_HEIGHT = ' style="font-weight:600"', 14
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 52, 10, 10, 36


@dataclass
class Chart:
    """A chart being drawn: its frame in pixels, its limits in data units, and what is on it so far."""

    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    x_label: str
    y_label: str
    width: int = 640
    height: int = 170
    parts: list[str] = field(default_factory=list)
    show_x_ticks: bool = True
    show_y_ticks: bool = True

    def x(self, value: float) -> float:
        """Pixel of a value on the horizontal axis."""
        low, high = self.x_limits
        return MARGIN_LEFT + (value - low) / (high - low) * (self.width - MARGIN_LEFT - MARGIN_RIGHT)

    def y(self, value: float) -> float:
        """Pixel of a value on the vertical axis (downwards)."""
        low, high = self.y_limits
        return self.height - MARGIN_BOTTOM - (value - low) / (high - low) * (self.height - MARGIN_TOP - MARGIN_BOTTOM)

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str = "blue", step: bool = False) -> None:
        """A line through the points; it breaks where a value is missing."""
        commands, pen_down, last = [], False, None
        for x, y in zip(xs, ys, strict=True):
            if not (np.isfinite(x) and np.isfinite(y)):
                pen_down = False
                continue
            px, py = f"{self.x(x):.1f}", f"{self.y(y):.1f}"
            if step and pen_down:
                commands.append(f"H{px}")
                if py == last:
                    continue
                commands.append(f"V{py}")
            else:
                commands.append(f"{'L' if pen_down else 'M'}{px} {py}")
            pen_down, last = True, py
        self.parts.append(f'<path class="line" stroke="{COLOURS[colour]}" d="{"".join(commands)}"/>')

    def points(self, xs: Sequence[float], ys: Sequence[float], colour: str = "blue", radius: float = 3) -> None:
        """A dot at each point."""
        for x, y in zip(xs, ys, strict=True):
            if np.isfinite(x) and np.isfinite(y):
                self.parts.append(
                    f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="{radius}" fill="{COLOURS[colour]}"/>'
                )

    def bars(self, starts: Sequence[float], stops: Sequence[float], tops: Sequence[float], colour: str) -> None:
        """Bars from zero to their tops."""
        base = self.y(max(0.0, self.y_limits[0]))
        for start, stop, top in zip(starts, stops, tops, strict=True):
            if np.isfinite(top):
                height = base - self.y(top)
                self.parts.append(
                    f'<rect x="{self.x(start):.1f}" y="{self.y(top):.1f}" width="{self.x(stop) - self.x(start):.1f}" '
                    f'height="{height:.1f}" fill="{COLOURS[colour]}"/>'
                )

    def bands(self, spans: Sequence[tuple[float, float]], colour: str, opacity: float = 0.2) -> None:
        """Upright bands behind what is drawn later."""
        low, high = self.x_limits
        top, bottom = MARGIN_TOP, self.height - MARGIN_BOTTOM
        seen = [
            (self.x(max(start, low)), self.x(min(stop, high))) for start, stop in spans if stop > low and start < high
        ]
        path = "".join(f"M{left:.1f} {top}H{right:.1f}V{bottom}H{left:.1f}Z" for left, right in seen)
        if path:
            self.parts.append(f'<path d="{path}" fill="{COLOURS[colour]}" fill-opacity="{opacity}"/>')

    def stripe(self, low: float, high: float, colour: str, opacity: float = 0.2) -> None:
        """A level band behind what is drawn later, cut to the chart."""
        bottom, top = (self.y(float(np.clip(value, *self.y_limits))) for value in (low, high))
        self.parts.append(
            f'<path d="M{MARGIN_LEFT} {top:.1f}H{self.width - MARGIN_RIGHT}V{bottom:.1f}H{MARGIN_LEFT}Z" '
            f'fill="{COLOURS[colour]}" fill-opacity="{opacity}"/>'
        )

    def level(self, y: float, text: str = "", colour: str = "orange") -> None:
        """A dashed level line, with its name at the right end."""
        py = self.y(y)
        self.parts.append(
            f'<path class="mark" stroke="{COLOURS[colour]}" d="M{MARGIN_LEFT} {py:.1f}H{self.width - MARGIN_RIGHT}"/>'
            f'<text x="{self.width - MARGIN_RIGHT - 2}" y="{py - 3:.1f}" text-anchor="end">{escape(text)}</text>'
        )

    def moment(self, x: float, text: str = "", colour: str = "grey") -> None:
        """A dashed upright line, with its name at the top; left of it where there is no room on the right."""
        px = self.x(x)
        room = px + CHARACTER_WIDE * len(text) < self.width - MARGIN_RIGHT
        side = f'x="{px + 3:.1f}"' if room else f'x="{px - 3:.1f}" text-anchor="end"'
        self.parts.append(
            f'<path class="mark" stroke="{COLOURS[colour]}" d="M{px:.1f} {MARGIN_TOP}V{self.height - MARGIN_BOTTOM}"/>'
            f'<text {side} y="{MARGIN_TOP + 10}">{escape(text)}</text>'
        )

    def caption(self, x: float, text: str) -> None:
        """A word under the horizontal axis, for categories."""
        bottom = self.height - MARGIN_BOTTOM
        self.parts.append(f'<text x="{self.x(x):.1f}" y="{bottom + 16}" text-anchor="middle">{escape(text)}</text>')

    def text(self, x: float, y: float, text: str) -> None:
        """A word at a point of the chart."""
        self.parts.append(f'<text x="{self.x(x):.1f}" y="{self.y(y):.1f}">{escape(text)}</text>')

    def svg(self, description: str) -> str:
        """The finished chart. ``description`` is read to those who cannot see it."""
        return _picture(self.width, self.height, description, self.drawn())

    def drawn(self) -> str:
        """Axes and what is on the chart, to be put into a picture."""
        return self._axes() + "".join(self.parts)

    def _axes(self) -> str:
        bottom, right = self.height - MARGIN_BOTTOM, self.width - MARGIN_RIGHT
        drawn = [f'<path class="axis" d="M{MARGIN_LEFT} {MARGIN_TOP}V{bottom}H{right}"/>']
        for value in ticks(*self.x_limits) if self.show_x_ticks else []:
            drawn.append(f'<text x="{self.x(value):.1f}" y="{bottom + 14}" text-anchor="middle">{value:g}</text>')
        for value in ticks(*self.y_limits, count=4) if self.show_y_ticks else []:
            py = self.y(value)
            drawn.append(f'<path class="grid" d="M{MARGIN_LEFT} {py:.1f}H{right}"/>')
            drawn.append(f'<text x="{MARGIN_LEFT - 5}" y="{py + 4:.1f}" text-anchor="end">{value:g}</text>')
        middle = (MARGIN_LEFT + right) / 2
        drawn.append(f'<text x="{middle}" y="{self.height - 6}" text-anchor="middle">{escape(self.x_label)}</text>')
        centre = (MARGIN_TOP + bottom) / 2
        drawn.append(
            f'<text transform="translate(12 {centre}) rotate(-90)" text-anchor="middle">{escape(self.y_label)}</text>'
        )
        return "".join(drawn)


def panels(charts: Sequence[Chart], titles: Sequence[Sequence[str]], columns: int, description: str) -> str:
    """Charts of one size side by side in one picture, each with lines of words above it."""
    lines = max(map(len, titles))
    wide, high = charts[0].width, charts[0].height + LINE_HEIGHT * lines + 6
    columns = min(columns, len(charts))
    drawn = []
    for place, (chart, words) in enumerate(zip(charts, titles, strict=True)):
        row, column = divmod(place, columns)
        told = "".join(
            f'<text x="{MARGIN_LEFT}" y="{LINE_HEIGHT * number}"{BOLD if number == 1 else ""}>{escape(text)}</text>'
            for number, text in enumerate(words, start=1)
        )
        inside = f'<g transform="translate(0 {LINE_HEIGHT * lines})">{chart.drawn()}</g>'
        drawn.append(f'<g transform="translate({column * wide} {row * high})">{told}{inside}</g>')
    return _picture(columns * wide, -(-len(charts) // columns) * high, description, "".join(drawn))


def stacked(charts: Sequence[Chart], description: str) -> str:
    """Charts one below the other with one axis of x, which the last of them shows."""
    drawn, y = [], 0
    for chart in charts:
        drawn.append(f'<g transform="translate(0 {y})">{chart.drawn()}</g>')
        y += chart.height - (MARGIN_BOTTOM - 6 if chart is not charts[-1] else 0)
    return _picture(charts[0].width, y, description, "".join(drawn))


def _picture(width: float, height: float, description: str, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(description, quote=True)}" style="max-width:100%;height:auto">{STYLE}{inside}</svg>'
    )


def ticks(low: float, high: float, count: int = 7) -> list[float]:
    """Round numbers between two limits, about ``count`` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    # Zero is added so that what rounds to -0 is told as 0.
    return [round(float(value), 10) + 0.0 for value in np.arange(np.ceil(low / step) * step, high + step * 1e-9, step)]
