"""What lies over the picture of a membrane: lanes, rows and boxes, which the reviewer can move.

In: the views of a picture and their bands. Out: an ``Overlay`` whose shapes are rows of ``western_blot_frames``,
``western_blot_rows`` and ``western_blot_boxes``. Lanes are labelled by number, membranes by their order.
"""

from collections.abc import Iterable

import numpy as np

from ketaflow.assays.western_blot.figures import constants
from ketaflow.assays.western_blot.figures.blot_figures import INITIALS
from ketaflow.assays.western_blot.model import Band, LaneGrid, View, ViewSummary
from ketaflow.core.overlays import Cell, Mark, Origin, Overlay, Shape

FRAMES, ROWS, BOXES = "western_blot_frames", "western_blot_rows", "western_blot_boxes"
ASKS = (
    "The lanes of {which} are not certain, and nothing was measured there. Move the frame until its parts are the "
    "lanes, or confirm the lanes as they are proposed; then save the corrections."
)


def overlay(shape: tuple[int, int], views: list[ViewSummary], bands: list[Band], seams: list[int]) -> Overlay:
    """Lay lanes, rows and boxes over a picture.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the picture as it is shown, in pixels of the file.
    views : list of ViewSummary
        The membranes on it.
    bands : list of Band
        Their bands.
    seams : list of int
        Columns at which the picture jumps.

    Returns
    -------
    Overlay
    """
    shapes, marks = [], [Mark(column, 0, 0, shape[0], colour="yellow") for column in seams]
    for place, summary in enumerate(views, start=1):
        own = [band for band in bands if band.membrane == summary.view.membrane]
        name = f"membrane {place}, " if len(views) > 1 else ""
        shapes += [_frame(summary, name), *_rows(summary, own, name), *_boxes(summary.view, own, name)]
        marks += _marks(summary, own)
    refused = [number for number, one in enumerate(views, start=1) if one.view.grid is None]
    which = f"membrane {refused[0]}" if refused and len(views) > 1 else "this membrane"
    return Overlay(
        shape[1], shape[0], "image", tuple(shapes), tuple(marks), ASKS.format(which=which) if refused else ""
    )


def _keys(view: View, *more: Cell) -> tuple[Cell, ...]:
    return (Cell("membrane", view.membrane, is_name=True), *more)


def _frame(summary: ViewSummary, name: str) -> Shape:
    """The lanes of a view: found, proposed, or of equal width over most of the picture where there is no proposal."""
    view = summary.view
    grid = view.grid or view.proposed
    borders = _unknown_borders(view) if grid is None else _borders(grid, view.bottom - view.top)
    origin: Origin = "given" if view.lanes_given == "frame" else "found"
    if view.grid is None:
        origin = "missing" if grid is None else "proposed"
    return Shape(
        FRAMES, "frame", f"{name}lanes", _keys(view), borders[0], view.top, borders[-1] - borders[0],
        view.bottom - view.top, 0.0 if grid is None else grid.lean * (view.bottom - view.top), tuple(borders),
        tuple(f"{lane.lane}{INITIALS[lane.sample]}" for lane in view.lanes), origin, view.lanes_given_by,
    )  # fmt: skip


def _unknown_borders(view: View) -> list[float]:
    left, right = (side * view.picture_shape[1] for side in constants.UNKNOWN_SIDES)
    return [float(border) for border in np.linspace(left, right, max(len(view.lanes), 1) + 1).round(1)]


def _borders(grid: LaneGrid, height: int) -> list[float]:
    """Borders between the lanes of a grid, at half the height of the membrane."""
    left, right = grid.borders[:, 0], grid.borders[:, 1]
    inner = (right[:-1] + left[1:]) / 2
    shift = grid.lean * (height / 2 - grid.middle)
    return [float(border) for border in (np.concatenate([left[:1], inner, right[-1:]]) + shift).round(1)]


def _rows(summary: ViewSummary, bands: list[Band], name: str) -> list[Shape]:
    """The row of each target: around its boxes, or to be placed by the reviewer where there are none."""
    view, made = summary.view, []
    targets = [target.target for target in view.targets if target.role != "total_protein"]
    frame = _frame(summary, name)
    for number, target in enumerate(targets, start=1):
        own = [band for band in bands if band.target == target and band.box != "given"]
        if own:
            top = min(band.y_px for band in own)
            bottom = max(band.y_px + band.height_px for band in own)
            people = summary.rows_given_by.get(target, "")
            origin: Origin = "given" if people else "found"
        else:
            middle = view.top + (view.bottom - view.top) * number / (len(targets) + 1)
            half = constants.UNKNOWN_ROW * (view.bottom - view.top) / 2
            top, bottom, origin, people = round(middle - half), round(middle + half), "missing", ""
        keys = _keys(view, Cell("target", target))
        made.append(
            Shape(
                ROWS, "row", f"{name}row of {target}", keys, frame.x_px, top, frame.width_px, bottom - top,
                origin=origin, given_by=people,
            )
        )  # fmt: skip
    return made


def _boxes(view: View, bands: list[Band], name: str) -> Iterable[Shape]:
    whole = {target.target for target in view.targets if target.role == "total_protein"}
    for band in bands:
        if band.target is None or band.target in whole:
            continue
        keys = _keys(view, Cell("lane", str(band.lane)), Cell("target", band.target))
        yield Shape(
            BOXES, "box", f"{name}lane {band.lane}, {band.target}", keys, band.x_px, band.y_px, band.width_px,
            band.height_px, origin=band.box, given_by=band.given_by if band.box == "given" else "",
            colour="pink" if band.saturated_pct > 0 else "",
        )  # fmt: skip


def _marks(summary: ViewSummary, bands: list[Band]) -> list[Mark]:
    """Other bands, masses of the ladder, the name and mass of each target."""
    view, ladder = summary.view, summary.ladder
    made = [
        Mark(band.x_px, band.y_px, band.width_px, band.height_px)
        for band in bands
        if band.target is None
    ]  # fmt: skip
    rows = () if ladder is None else zip(ladder.rows.tolist(), ladder.kda.tolist(), strict=True)
    made += [Mark(constants.MASS_PX, view.top + row, text=f"{kda:g}", colour="orange") for row, kda in rows]
    rightmost = {band.target: band for band in sorted(bands, key=lambda band: band.x_px) if band.target is not None}
    for target, band in rightmost.items():
        words = f"{target} {band.kda:.0f} kDa" if band.kda else str(target)
        below = band.y_px + band.height_px + constants.BELOW * (view.bottom - view.top)
        made.append(Mark(band.x_px, below, text=words, colour="blue"))
    return made
