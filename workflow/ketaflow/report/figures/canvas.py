"""A sheet of SVG to draw figures on: frames with scales, and marks in their data's units.

Colours are custom properties of the page (``--ink``, ``--soft``, ``--arm-0`` …), so that one drawing
serves the light page, the dark page and the printer. Numbers are rounded to a tenth of a pixel: equal
tables give equal bytes.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from ketaflow.core.svg import ticks

INK, SOFT, LINE, SHEET, GROUND = "var(--ink)", "var(--soft)", "var(--line)", "var(--sheet)", "var(--ground)"
QUANTITY = re.compile(r"(\d) ((?:[mµn]?g|[mµn]?mol|mg/kg)\b)")
LETTER_PX = 6.4  # mean width of a letter at 12 px, measured on DejaVu Sans
DIGIT_PX = 7.7  # width of a digit at 12 px, of the same
ASCENT_PX = 9  # height of a capital at 12 px, of the same


@dataclass
class Sheet:
    """The drawing: its size in pixels and what is on it so far."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def add(self, part: str) -> None:
        """Put raw SVG on the sheet."""
        self.parts.append(part)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, stroke: str = INK, width: float = 1, dash: str = ""
    ) -> None:
        """A straight line between two pixels."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.add(
            f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{stroke}" stroke-width="{width:g}" '
            f'fill="none"{dashed}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: str = "start",
        fill: str = INK,
        size: float = 12,
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """Words at a pixel; with a ``halo`` they stand clear of what lies behind them."""
        weight = ' font-weight="600"' if bold else ""
        weight += f' paint-order="stroke" stroke="{GROUND}" stroke-width="4"' if halo else ""
        self.add(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-size="{size:g}"{weight}>'
            f"{escape(words)}</text>"
        )

    def upright(self, x: float, y: float, words: str) -> None:
        """Words that read from bottom to top, centred at a pixel."""
        self.add(
            f'<text transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle" fill="{SOFT}" '
            f'font-size="12">{escape(words)}</text>'
        )

    def dot(
        self, x: float, y: float, radius: float, fill: str, *, hollow: bool = False, told: str = "", opacity: float = 1
    ) -> None:
        """A dot; ``told`` appears under the pointer."""
        look = f'fill="{SHEET}" stroke="{fill}" stroke-width="1.5"' if hollow else f'fill="{fill}"'
        faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
        title = f"<title>{escape(told)}</title>" if told else ""
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" {look}{faint}>{title}</circle>')

    def cross(self, x: float, y: float, told: str = "") -> None:
        """What was left out."""
        title = f"<title>{escape(told)}</title>" if told else ""
        self.add(
            f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0-6l-6 6" stroke="{SOFT}" stroke-width="1.4" fill="none">'
            f"{title}</path>"
        )

    def svg(self, description: str) -> str:
        """The finished drawing; ``description`` is read to those who cannot see it."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" '
            f'aria-label="{escape(description, quote=True)}">{"".join(self.parts)}</svg>'
        )


@dataclass(frozen=True)
class Frame:
    """A rectangle of the sheet with a scale on each side."""

    sheet: Sheet
    left: float
    top: float
    right: float
    bottom: float
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]

    def x(self, value: float) -> float:
        """Pixel of a value along the horizontal scale."""
        low, high = self.x_limits
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Pixel of a value along the upright scale."""
        low, high = self.y_limits
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)

    def y_axis(self, label: str, *, right: bool = False, formatted=None) -> None:
        """Grid lines with their values, on the left side or the right, and the scale's name."""
        edge, anchor, way = (self.right, "start", 1) if right else (self.left, "end", -1)
        marks = ticks(*self.y_limits, count=5)
        for value in marks:
            self.sheet.line(self.left, self.y(value), self.right, self.y(value), stroke=LINE)
            self.sheet.text(edge + way * 7, self.y(value) + 4, (formatted or plain)(value), anchor=anchor, fill=SOFT)
        widest = max((len((formatted or plain)(value)) for value in marks), default=1)
        # Upright letters stand to the left of their line: on the right side, towards the values.
        outermost = edge + way * (18 + widest * DIGIT_PX) + (ASCENT_PX if right else 0)
        lines = wrapped(label, int((self.bottom - self.top) / LETTER_PX), 2)
        for place, line in enumerate(lines):
            x = outermost + 15 * (place if right else place - len(lines) + 1)
            self.sheet.upright(x, (self.top + self.bottom) / 2, line)

    def x_axis(self, label: str, *, values: Sequence[float] | None = None, grid: bool = False, formatted=None) -> None:
        """Values below the frame, and the scale's name."""
        for value in ticks(*self.x_limits) if values is None else values:
            if grid:
                self.sheet.line(self.x(value), self.top, self.x(value), self.bottom, stroke=LINE)
            self.sheet.text(self.x(value), self.bottom + 17, (formatted or plain)(value), anchor="middle", fill=SOFT)
        self.sheet.line(self.left, self.bottom, self.right, self.bottom, stroke="var(--edge)")
        self.sheet.text((self.left + self.right) / 2, self.bottom + 36, label, anchor="middle", fill=SOFT)

    def path(self, xs: Sequence[float], ys: Sequence[float], *, stroke: str, width: float, opacity: float = 1) -> None:
        """A line through points; it breaks where a value is missing."""
        commands, down = [], False
        for x, y in zip(xs, ys, strict=True):
            if np.isfinite(x) and np.isfinite(y):
                commands.append(f"{'L' if down else 'M'}{self.x(x):.1f} {self.y(y):.1f}")
                down = True
            else:
                down = False
        faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
        self.sheet.add(
            f'<path d="{"".join(commands)}" stroke="{stroke}" stroke-width="{width:g}" fill="none" '
            f'stroke-linejoin="round"{faint}/>'
        )

    def interval(self, x_px: float, low: float, high: float, *, stroke: str, width: float = 2) -> None:
        """An upright interval at a pixel; an end that is missing or beyond the frame is drawn to its edge."""
        ends = [self.y_limits[0] if not np.isfinite(low) else low, self.y_limits[1] if not np.isfinite(high) else high]
        bottom, top = (self.y(float(np.clip(end, *self.y_limits))) for end in ends)
        self.sheet.line(x_px, bottom, x_px, top, stroke=stroke, width=width)


def plain(value: float) -> str:
    """A number for an axis: a true minus, thin gaps between thousands."""
    value = value or 0.0  # no minus before a zero
    text = f"{value:.10g}" if abs(value) < 10_000 else f"{value:,.0f}".replace(",", "\u202f")
    return text.replace("-", "−")


def limits(values: Sequence[float], *, margin: float = 0.06, include: Sequence[float] = ()) -> tuple[float, float]:
    """Limits that hold all finite values with some air around them."""
    finite = np.asarray([value for value in [*values, *include] if np.isfinite(value)], dtype=float)
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    air = (high - low) * margin or abs(high) * 0.1 or 1.0
    return low - air, high + air


def swarm(pixels: Sequence[float], radius: float, widest: float) -> list[float]:
    """Sideways shifts that keep dots of a column apart, the same for the same values.

    Parameters
    ----------
    pixels
        Upright places of the dots.
    radius
        Radius of a dot (px).
    widest
        Largest shift to either side (px); where that does not do, dots overlap.
    """
    steps = np.arange(0, widest + 1e-9, radius / 2)
    candidates = [float(side * step) for step in steps for side in (1, -1)]
    apart2 = (2 * radius) ** 2 - 1e-9
    near: deque[tuple[float, float]] = deque()
    shifts = [0.0] * len(pixels)
    for index in sorted(range(len(pixels)), key=lambda place: pixels[place]):
        y = pixels[index]
        while near and y - near[0][1] >= 2 * radius:
            near.popleft()
        taken = [(x, (y - other) ** 2) for x, other in near]
        free = (shift for shift in candidates if all((shift - x) ** 2 + up2 >= apart2 for x, up2 in taken))
        shifts[index] = next(free, 0.0)
        near.append((shifts[index], y))
    return shifts


def wrapped(words: str, letters: int, lines: int = 3) -> list[str]:
    """Words in lines of about ``letters`` letters; a number stays with its unit; too many lines end in an ellipsis."""
    rows = [""]
    for word in QUANTITY.sub("\\1\u00a0\\2", words).split(" "):
        if rows[-1] and len(rows[-1]) + 1 + len(word) > letters:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    if len(rows) > lines:
        rows = [*rows[: lines - 1], rows[lines - 1] + " …"]
    return rows
