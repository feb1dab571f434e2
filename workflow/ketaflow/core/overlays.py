"""What a reviewer can correct on a picture: shapes that can be dragged, each a row of a table of the cohort.

An assay lays an ``Overlay`` over a figure. The review page shows it, and writes what the reviewer dragged as rows of
the tables the shapes name, in the columns of their kind:

========  ==================================================================================
kind      columns
========  ==================================================================================
frame     ``left_px``, ``right_px``, ``top_px``, ``bottom_px``, ``lean_px``, ``borders_px``
row       ``top_px``, ``bottom_px``
box       ``x_px``, ``y_px``, ``width_px``, ``height_px``
========  ==================================================================================

besides the cells that say what the shape belongs to, ``by`` (initials of the reviewer) and ``date``. All places are in
pixels of the file.
"""

from dataclasses import dataclass
from typing import Literal

ShapeKind = Literal["frame", "row", "box"]
# Found by the program; where something should be; only proposed, or missing and to be placed by the reviewer, so that
# nothing was measured in it; given by a person.
Origin = Literal["found", "expected", "proposed", "missing", "given"]
# Who gave a shape, where the table does not say.
SOMEBODY = "a person"


@dataclass(frozen=True)
class Cell:
    """A cell of the row that a shape becomes; ``is_name``: its value is a name that the review replaces by a code."""

    column: str
    value: str
    is_name: bool = False


@dataclass(frozen=True)
class Shape:
    """A part of a picture that a reviewer can move.

    Attributes
    ----------
    table : str
        Table of the cohort that it becomes a row of.
    kind : {"frame", "row", "box"}
        What can be dragged: edges, lean and inner borders of a frame; upper and lower edge of a row; edges of a box.
    label : str
        What it is, in words without names.
    keys : tuple of Cell
        What it belongs to, besides the picture.
    x_px, y_px, width_px, height_px : float
        Its place. The sides of a frame refer to half its height.
    lean_px : float
        How far a frame leans to the right from its top to its bottom.
    borders_px : tuple of float
        Borders of a frame's parts from left to right, its sides included, at half its height.
    parts : tuple of str
        Labels of a frame's parts.
    origin : {"found", "expected", "proposed", "missing", "given"}
        How it came about.
    given_by : str
        Who gave it.
    colour : str
        Colour in which it is drawn, as a name of ``core.svg.COLOURS``; empty: that of its origin.
    """

    table: str
    kind: ShapeKind
    label: str
    keys: tuple[Cell, ...]
    x_px: float
    y_px: float
    width_px: float
    height_px: float
    lean_px: float = 0.0
    borders_px: tuple[float, ...] = ()
    parts: tuple[str, ...] = ()
    origin: Origin = "found"
    given_by: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Mark:
    """Something drawn on a picture that cannot be moved: a box with a text, either of which may be missing.

    A box without width or height is a line; one with neither is not drawn.
    """

    x_px: float
    y_px: float
    width_px: float = 0.0
    height_px: float = 0.0
    text: str = ""
    colour: str = "grey"


@dataclass(frozen=True)
class Overlay:
    """What lies over a picture of ``width_px`` by ``height_px`` pixels of the file.

    ``picture_column`` is the column of the tables that names the picture. ``asks`` says what the reviewer should do
    first, where nothing could be measured without; the page then opens with the shapes ready to be moved.
    """

    width_px: float
    height_px: float
    picture_column: str
    shapes: tuple[Shape, ...] = ()
    marks: tuple[Mark, ...] = ()
    asks: str = ""
