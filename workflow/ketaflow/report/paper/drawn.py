"""Figures that assays drew as SVG, redrawn by matplotlib with the type of the paper.

Only what ``core.svg`` writes is understood: paths of straight lines, circles, rectangles, text, and groups that are
moved or give attributes to what they hold. Places are stretched to the width of the sheet; text, dots and lines keep
the size of the style.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from ketaflow.report.paper.style import INK, LINE, PT_PER_INCH, SOFT, Sheet

NAME = "{http://www.w3.org/2000/svg}"
# Size of the text that assays draw (px), and the smallest that journals print (points).
FONT_PX = 11.0
SMALLEST_PT = 5.0
# Places may move together to this share of what the size of the text asks for, and apart as far as the sheet is wide;
# upright no further than LONGEST.
CLOSEST = 0.85
LONGEST = 1.25
COMMAND = re.compile(r"([MLHVZhlvm])([^MLHVZhlvm]*)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
COLOURS = {"currentColor": INK, "var(--ink)": INK, "var(--soft)": SOFT, "var(--line)": LINE, "var(--edge)": SOFT}
DASHED = (0, (3, 2.2))
ANCHORS = {"start": "left", "middle": "center", "end": "right"}


@dataclass(frozen=True)
class Place:
    """Where a group stands (px), and the attributes it gives to what it holds."""

    x: float
    y: float
    given: Mapping[str, str]


def can_be_drawn(source: str, sheet: Sheet) -> bool:
    """Whether a figure has a size, and fits on a sheet without its words running into one another."""
    width, height = _size(ElementTree.fromstring(source))
    return height > 0 and 0 < width <= sheet.width_pt * FONT_PX / (CLOSEST * SMALLEST_PT)


def figure(source: str, sheet: Sheet) -> Figure:
    """Draw a figure of an assay.

    Parameters
    ----------
    source : str
        SVG of ``core.svg``.
    sheet : Sheet
        Text has the size of the style, or less on a narrow sheet, but no less than 5 points.

    Returns
    -------
    Figure
    """
    root = ElementTree.fromstring(source)
    width, height = _size(root)
    across = sheet.width_pt / width
    scale = min(max(across, SMALLEST_PT / FONT_PX), sheet.font_pt / FONT_PX)
    up = min(max(across, scale), LONGEST * scale)
    made = Figure(figsize=(sheet.width_pt / PT_PER_INCH, height * up / PT_PER_INCH))
    axes = made.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    _draw(axes, root, Place(0, 0, {}), scale)
    return made


def _size(root: ElementTree.Element) -> tuple[float, float]:
    box = root.get("viewBox")
    values = (
        [float(word) for word in box.split()[2:]] if box else [float(root.get(key, 0)) for key in ("width", "height")]
    )
    return values[0], values[1]


def _draw(axes: Axes, parent: ElementTree.Element, place: Place, scale: float) -> None:
    for one in parent:
        kind, given = one.tag.removeprefix(NAME), {**place.given, **one.attrib, **_styles(one)}
        here = replace(place, given=given)
        if kind == "g":
            dx, dy = _moved(one.get("transform", ""))
            kept = {key: value for key, value in given.items() if key != "transform"}
            _draw(axes, one, Place(place.x + dx, place.y + dy, kept), scale)
        elif kind == "path":
            _draw_path(axes, here, _path(one.get("d", ""), place), scale)
        elif kind == "rect":
            x, y, w, h = (float(one.get(key, 0)) for key in ("x", "y", "width", "height"))
            _draw_path(axes, here, _path(f"M{x} {y}H{x + w}V{y + h}H{x}Z", place), scale)
        elif kind == "circle":
            centre = float(one.get("cx", 0)) + place.x, float(one.get("cy", 0)) + place.y
            _draw_dot(axes, centre, float(one.get("r", 0)) * scale, _look(given, scale))
        elif kind == "text":
            _draw_text(axes, one, here, scale)


def _styles(one: ElementTree.Element) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in one.get("style", "").split(";") if ":" in part)
    return {key.strip(): value.strip() for key, value in pairs}


def _moved(transform: str) -> tuple[float, float]:
    found = re.match(r"translate\(([^)]*)\)", transform)
    numbers = [float(word) for word in NUMBER.findall(found[1])] if found else []
    return (numbers[0], numbers[1] if len(numbers) > 1 else 0.0) if numbers else (0.0, 0.0)


def _path(data: str, place: Place) -> Path:
    """Vertices and codes of a path of straight lines."""
    points: list[tuple[float, float]] = []
    codes: list[int] = []
    x = y = 0.0
    for letter, rest in COMMAND.findall(data):
        numbers = [float(word) for word in NUMBER.findall(rest)]
        if letter == "Z":
            points.append((0, 0))
            codes.append(Path.CLOSEPOLY)
            continue
        steps = (
            zip(numbers[::2], numbers[1::2], strict=False)
            if letter in "MLml"
            else ((value, value) for value in numbers)
        )
        for number, (dx, dy) in enumerate(steps):
            is_relative = letter.islower()
            x = (x + dx if is_relative else dx) if letter not in "Vv" else x
            y = (y + dy if is_relative else dy) if letter not in "Hh" else y
            points.append((x + place.x, y + place.y))
            codes.append(Path.MOVETO if letter in "Mm" and number == 0 else Path.LINETO)
    return Path(np.array(points or [(0, 0)]), codes or [Path.MOVETO])


def _draw_path(axes: Axes, place: Place, path: Path, scale: float) -> None:
    given = place.given
    classes = given.get("class", "").split()
    if {"line", "mark"} & set(classes):
        given = {"fill": "none", "stroke-width": "1.3" if "line" in classes else "1", **given}
    look = _look(given, scale)
    if "mark" in classes or given.get("stroke-dasharray"):
        look["linestyle"] = DASHED
    if given.get("stroke-linecap") == "round":
        look["capstyle"] = "round"
    axes.add_patch(PathPatch(path, **look))


def _draw_dot(axes: Axes, centre: tuple[float, float], radius: float, look: Mapping[str, Any]) -> None:
    face, edge = ((look[key], look["alpha"]) if look["alpha"] else look[key] for key in ("facecolor", "edgecolor"))
    axes.scatter(
        *centre, s=(2 * radius) ** 2, facecolors=[face], edgecolors=[edge], linewidths=look["linewidth"], zorder=1,
        clip_on=False,
    )  # fmt: skip


def _look(given: Mapping[str, str], scale: float) -> dict[str, Any]:
    """Face, edge and width of a mark, as matplotlib names them."""
    fill, stroke = given.get("fill", INK), given.get("stroke", "none")
    alpha = float(given.get("opacity", 1)) * float(given.get("fill-opacity", 1))
    return {
        "facecolor": COLOURS.get(fill, fill),
        "edgecolor": COLOURS.get(stroke, stroke),
        "linewidth": float(given.get("stroke-width", 1)) * scale if stroke != "none" else 0,
        "alpha": alpha if alpha < 1 else None,
        "clip_on": False,
    }


def _draw_text(axes: Axes, one: ElementTree.Element, place: Place, scale: float) -> None:
    given = place.given
    x, y = float(one.get("x", 0)) + place.x, float(one.get("y", 0)) + place.y
    turned = "rotate(-90" in one.get("transform", "")
    if one.get("transform"):
        dx, dy = _moved(one.get("transform", ""))
        x, y = x + dx, y + dy
    size_px = float(str(given.get("font-size", FONT_PX)).removesuffix("px"))
    fill = given.get("fill", INK)
    axes.text(
        x, y, "".join(one.itertext()), fontsize=size_px * scale, color=COLOURS.get(fill, fill),
        ha=ANCHORS[given.get("text-anchor", "start")], va="baseline", rotation=90 if turned else 0,
        rotation_mode="anchor", fontweight="bold" if given.get("font-weight") in ("600", "bold") else "normal",
    )  # fmt: skip
