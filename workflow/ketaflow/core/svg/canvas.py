"""A canvas for marks in pixels; ``x`` runs to the right, ``y`` downwards.

Colours are custom properties of the page (``--ink``, ``--soft``, ``--arm-0`` …), so that one drawing serves the light
page, the dark page and the printer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Literal

import numpy as np

INK, SOFT, LINE, EDGE = "var(--ink)", "var(--soft)", "var(--line)", "var(--edge)"
SHEET, GROUND = "var(--sheet)", "var(--ground)"

Anchor = Literal["start", "middle", "end"]
Look = Literal["plain", "bold", "halo"]
LOOKS = {
    "plain": "",
    "bold": ' font-weight="600"',
    # An outline in the colour of the page keeps text legible over lines.
    "halo": f' paint-order="stroke" stroke="{GROUND}" stroke-width="4"',
}


@dataclass
class Canvas:
    """A drawing: its size in pixels, and the SVG of its marks in the order in which they were drawn."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def add(self, part: str) -> None:
        """Add finished SVG."""
        self.parts.append(part)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, stroke: str = INK, width: float = 1, dash: str = ""
    ) -> None:
        """Draw a straight line between two points."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        # A straight line encloses nothing that could be filled.
        self.add(f'<path d="{_segment(x1, y1, x2, y2)}" stroke="{stroke}"{_width(width)}{dashed}/>')

    def lines(self, segments: Iterable[tuple[float, float, float, float]], *, stroke: str, width: float = 1) -> None:
        """Draw straight lines of one look, each from (x1, y1) to (x2, y2), as one element."""
        data = "".join(_segment(*ends) for ends in segments)
        if data:
            self.add(f'<path d="{data}" stroke="{stroke}"{_width(width)}/>')

    def dots(self, points: Iterable[tuple[float, float]], radius: float, fill: str, *, opacity: float = 1) -> None:
        """Draw dots of one look without tooltips as one element: lines of no length with round ends."""
        data = "".join(f"M{px(x)} {px(y)}h0" for x, y in points)
        faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
        if data:
            self.add(f'<path d="{data}" stroke="{fill}" stroke-width="{2 * radius:g}" stroke-linecap="round"{faint}/>')

    def named_dots(
        self, points: Iterable[tuple[float, float, str]], radius: float, fill: str, *, opacity: float = 1
    ) -> None:
        """Draw dots of one look, each (x, y, tooltip)."""
        drawn = "".join(
            f'<circle cx="{px(x)}" cy="{px(y)}" r="{radius:g}">{_title(tooltip)}</circle>' for x, y, tooltip in points
        )
        faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
        if drawn:
            self.add(f'<g fill="{fill}"{faint}>{drawn}</g>')

    def texts(
        self, placed: Iterable[tuple[float, float, str]], *, anchor: Anchor, fill: str = INK, size: float = 12
    ) -> None:
        """Write words of one look, each with its base line at (x, y)."""
        words = "".join(f'<text x="{px(x)}" y="{px(y)}">{escape(text)}</text>' for x, y, text in placed)
        if words:
            self.add(f'<g text-anchor="{anchor}"{_type(fill, size)}>{words}</g>')

    def path(self, data: str, *, stroke: str, width: float, opacity: float = 1) -> None:
        """Draw path data, such as that of ``path_data``, as a line."""
        faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
        self.add(
            f'<path d="{data}" stroke="{stroke}" stroke-width="{width:g}" fill="none" stroke-linejoin="round"{faint}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: Anchor = "start",
        fill: str = INK,
        size: float = 12,
        look: Look = "plain",
    ) -> None:
        """Write text; ``y`` is its base line, ``anchor`` says which end of it is at ``x``.

        An empty ``fill`` and a ``size`` of 0 leave colour and size to the style sheet.
        """
        self.add(
            f'<text x="{px(x)}" y="{px(y)}" text-anchor="{anchor}"{_type(fill, size)}{LOOKS[look]}>'
            f"{escape(words)}</text>"
        )

    def upright_text(self, x: float, y: float, words: str, *, fill: str = SOFT, size: float = 12) -> None:
        """Write vertical text, from bottom to top, centred on a point."""
        self.add(
            f'<text transform="translate({px(x)} {px(y)}) rotate(-90)" text-anchor="middle"{_type(fill, size)}>'
            f"{escape(words)}</text>"
        )

    def dot(
        self,
        x: float,
        y: float,
        radius: float,
        fill: str,
        *,
        hollow: bool = False,
        tooltip: str = "",
        opacity: float = 1,
    ) -> None:
        """Draw a dot; ``tooltip`` appears under the pointer."""
        look = f'fill="{SHEET}" stroke="{fill}" stroke-width="1.5"' if hollow else f'fill="{fill}"'
        faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
        self.add(f'<circle cx="{px(x)}" cy="{px(y)}" r="{radius:g}" {look}{faint}>{_title(tooltip)}</circle>')

    def cross(self, x: float, y: float, tooltip: str = "") -> None:
        """Draw a cross, the mark of an excluded value."""
        self.add(
            f'<path d="M{px(x - 3)} {px(y - 3)}l6 6m0-6l-6 6" stroke="{SOFT}" stroke-width="1.4" fill="none">'
            f"{_title(tooltip)}</path>"
        )

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str,
        *,
        opacity: float = 1,
        tooltip: str = "",
    ) -> None:
        """Draw a filled rectangle; ``x`` and ``y`` are its upper left corner. ``fill="none"`` draws its outline."""
        outline = f' stroke="{LINE}"' if fill == "none" else ""
        faint = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
        self.add(
            f'<rect x="{px(x)}" y="{px(y)}" width="{px(width)}" height="{px(height)}" fill="{fill}"{outline}{faint}'
            + (f">{_title(tooltip)}</rect>" if tooltip else "/>")
        )

    def svg(self, description: str) -> str:
        """Return the drawing as SVG; screen readers read ``description``."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" '
            f'aria-label="{escaped(description)}">{"".join(self.parts)}</svg>'
        )


def px(value: float) -> str:
    """Return a length in pixels, rounded to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def path_data(xs: Iterable[float], ys: Iterable[float], *, steps: bool = False) -> str:
    """Return SVG path data of a line that breaks where a coordinate is missing.

    Parameters
    ----------
    xs, ys : (n_points,) float
        Coordinates in pixels; a point with a NaN or infinite coordinate is left out.
    steps : bool
        Go to the next point sideways, then up or down.

    Returns
    -------
    str
        Value of the ``d`` attribute of a path.
    """
    points = np.column_stack([np.fromiter(xs, float), np.fromiter(ys, float)])
    is_there = np.isfinite(points).all(axis=1)
    runs = np.split(points, np.flatnonzero(np.diff(is_there)) + 1)[0 if is_there[:1].all() else 1 :: 2]
    draw = _stepwise if steps else _straight
    return "".join(draw(run) for run in runs if len(run))


def _straight(run: np.ndarray) -> str:
    """Path data of straight lines through (n_points, 2) pixels; the numbers as ``px`` writes them."""
    text = "L".join(["%.1f %.1f"] * len(run)) % tuple(run.ravel().tolist())
    return "M" + text.replace(".0 ", " ").replace(".0L", "L").removesuffix(".0")


def _stepwise(run: np.ndarray) -> str:
    """Path data that goes to each of (n_points, 2) pixels sideways, then up or down."""
    texts = [(px(x), px(y)) for x, y in run.tolist()]
    commands = [f"H{x}" if y == before else f"H{x}V{y}" for (_, before), (x, y) in pairwise(texts)]
    return "".join([f"M{texts[0][0]} {texts[0][1]}", *commands])


def escaped(text: str) -> str:
    """Return text for use in an attribute."""
    return escape(text, quote=True)


def _segment(x1: float, y1: float, x2: float, y2: float) -> str:
    """Path data of a straight line, in the shorter notation where it is upright or level."""
    start, x, y = f"M{px(x1)} {px(y1)}", px(x2), px(y2)
    if x == px(x1):
        return f"{start}V{y}"
    return f"{start}H{x}" if y == px(y1) else f"{start}L{x} {y}"


def _width(width: float) -> str:
    return "" if width == 1 else f' stroke-width="{width:g}"'


def _type(fill: str, size: float) -> str:
    colour = f' fill="{fill}"' if fill else ""
    return f'{colour} font-size="{size:g}"' if size else colour


def _title(tooltip: str) -> str:
    return f"<title>{escape(tooltip)}</title>" if tooltip else ""
