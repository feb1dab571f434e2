"""Images for the reviewer: the whole field with a dot on every cell, and a part enlarged with outlines.

In: a field and the objects found in it. Out: SVG with the recorded pixels in it.
"""

import numpy as np
import pandas as pd
from scipy import ndimage

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import Field
from ketaflow.core.images import pictures
from ketaflow.core.images.pictures import Panel


def whole_field(field: Field, cells: pd.DataFrame, *, side_px: int) -> str:
    """Draw the whole field with a dot on every counted cell and the outline of the region of interest.

    Parameters
    ----------
    field : Field
        The field.
    cells : data frame
        Columns ``x_px`` and ``y_px``.
    side_px : int
        Longest side of the picture (pixels).

    Returns
    -------
    str
        SVG.
    """
    small, step = pictures.reduced(field.pixels, side_px)
    marks = ""
    if field.roi is not None:
        marks = pictures.coloured(pictures.outlines(field.roi[::step, ::step]), constants.ROI_COLOUR)
    x, y = ((cells[axis].to_numpy() + 0.5) / step - 0.5 for axis in ("x_px", "y_px"))
    dots = pictures.circles(x, y, np.full(len(cells), constants.DOT_RADIUS_PX))
    marks += pictures.coloured(dots, _counted_colour(field), filled=True)
    return pictures.figure_svg(
        [Panel(_shown(small, field), marks)],
        label="the whole field with a dot on every counted cell",
        zoom=side_px / max(small.shape[:2]),
        pixel_um=field.pixel_size_um * step,
        max_bytes=constants.FIELD_PICTURE_MAX_BYTES,
    )


def enlarged(field: Field, labels: np.ndarray, *, side_px: int, zoom: int) -> str:
    """Draw a part of the field twice: as recorded, and with the outline of every object.

    Parameters
    ----------
    field : Field
        The field.
    labels : (rows, columns) int ndarray
        Objects at the scale of the analysis: positive in counted cells, negative in others.
    side_px : int
        Side of the part that is shown (pixels of the image).
    zoom : int
        Enlargement.

    Returns
    -------
    str
        SVG.
    """
    factor = field.pixels.shape[0] // labels.shape[0]
    rows, columns = _part(field, side_px, factor)
    plain = _shown(field.pixels, field)[rows, columns]
    objects = labels[rows.start // factor : rows.stop // factor, columns.start // factor : columns.stop // factor]
    marks = pictures.coloured(pictures.outlines(objects < 0, scale=factor), constants.UNCOUNTED_COLOUR)
    marks += pictures.coloured(_cell_outlines(objects, factor), _counted_colour(field))
    return pictures.figure_svg(
        [Panel(plain), Panel(plain, marks)],
        label="a part of the field, as recorded and with the outline of every object",
        zoom=zoom,
        pixel_um=field.pixel_size_um,
        max_bytes=constants.PART_PICTURE_MAX_BYTES,
    )


def _cell_outlines(objects: np.ndarray, factor: int) -> str:
    """Outlines of the counted cells, each of its own, so that touching cells are told apart."""
    parts = []
    for number, box in enumerate(ndimage.find_objects(np.maximum(objects, 0)), start=1):
        if box is not None:
            top, left = (side.start * factor for side in box)
            outline = pictures.outlines(objects[box] == number, scale=factor)
            parts.append(f'<g transform="translate({left} {top})">{outline}</g>')
    return "".join(parts)


def _part(field: Field, side_px: int, factor: int) -> tuple[slice, slice]:
    """The part that is shown: around the middle of the region of interest, or of the image."""
    middle = np.array(field.pixels.shape[:2]) / 2
    if field.roi is not None:
        middle = np.argwhere(field.roi).mean(0)
    found = []
    for at, size in zip(middle, field.pixels.shape[:2], strict=True):
        side = min(side_px, size) // factor * factor
        start = int(np.clip(at - side / 2, 0, size - side)) // factor * factor
        found.append(slice(start, start + side))
    return found[0], found[1]


def _shown(pixels: np.ndarray, field: Field) -> np.ndarray:
    """Pixels (rows, columns) or (rows, columns, 3) as 8-bit RGB."""
    if field.stain == "dab":
        scale = field.saturation_level or float(field.pixels.max())
        return pictures.eight_bit(pixels / scale)
    limits = pictures.display_range(field.pixels, constants.DISPLAY_QUANTILES)
    return pictures.eight_bit(pictures.stretched(pixels, limits))


def _counted_colour(field: Field) -> str:
    return constants.COUNTED_DAB_COLOUR if field.stain == "dab" else constants.COUNTED_FLUORESCENCE_COLOUR
