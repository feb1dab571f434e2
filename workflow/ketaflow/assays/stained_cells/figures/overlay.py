"""Images for the reviewer: the whole field with a dot on every cell, and a part enlarged with outlines.

In: a field and the objects found in it. Out: WebP images.
"""

import math

import imagecodecs
import numpy as np
import pandas as pd
from skimage.draw import disk
from skimage.segmentation import find_boundaries
from skimage.transform import downscale_local_mean

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import Field


def whole_field(field: Field, cells: pd.DataFrame, *, side_px: int) -> bytes:
    """Draw the whole field with a dot on every counted cell and the outline of the region of interest.

    Parameters
    ----------
    field : Field
        The field.
    cells : data frame
        Columns ``x_px`` and ``y_px``.
    side_px : int
        Longest side of the figure (pixels).

    Returns
    -------
    bytes
        WebP.
    """
    step = max(1, math.ceil(max(field.pixels.shape[:2]) / side_px))
    height, width = (size - size % step for size in field.pixels.shape[:2])
    picture = _shown(downscale_local_mean(field.pixels[:height, :width], (step, step, 1)[: field.pixels.ndim]), field)
    if field.roi is not None:
        picture[find_boundaries(field.roi[:height:step, :width:step], mode="inner")] = constants.ROI_RGB
    for y, x in cells[["y_px", "x_px"]].to_numpy() / step:
        picture[disk((y, x), constants.DOT_RADIUS_PX, shape=picture.shape[:2])] = _counted_rgb(field)
    return _encoded(picture, constants.FIELD_FIGURE_MAX_BYTES)


def enlarged(field: Field, labels: np.ndarray, *, side_px: int, zoom: int) -> bytes:
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
    bytes
        WebP.
    """
    factor = field.pixels.shape[0] // labels.shape[0]
    rows, columns = _part(field, side_px, factor)
    plain = _zoomed(_shown(field.pixels, field)[rows, columns], zoom)
    coarse = labels[rows.start // factor : rows.stop // factor, columns.start // factor : columns.stop // factor]
    objects = _zoomed(coarse, zoom * factor)
    plain = plain[: objects.shape[0], : objects.shape[1]]
    outlined = plain.copy()
    edge = find_boundaries(objects, mode="inner")
    outlined[edge & (objects > 0)] = _counted_rgb(field)
    outlined[edge & (objects < 0)] = constants.UNCOUNTED_RGB
    gap = np.zeros((plain.shape[0], constants.GAP_PX, 3), np.uint8)
    return _encoded(np.concatenate([plain, gap, outlined], axis=1), constants.PART_FIGURE_MAX_BYTES)


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
        scale = field.saturation_level or float(pixels.max())
        return _eight_bit(pixels / scale)
    low, high = np.quantile(field.pixels[::4, ::4], constants.DISPLAY_QUANTILES)
    return _eight_bit(np.repeat(((pixels - low) / max(high - low, 1e-6))[..., None], 3, axis=2))


def _eight_bit(shares: np.ndarray) -> np.ndarray:
    """Fractions of full intensity as 8-bit numbers."""
    return (255 * np.clip(shares, 0, 1)).astype(np.uint8)


def _counted_rgb(field: Field) -> tuple[int, int, int]:
    return constants.COUNTED_DAB_RGB if field.stain == "dab" else constants.COUNTED_FLUORESCENCE_RGB


def _zoomed(picture: np.ndarray, zoom: int) -> np.ndarray:
    """Enlarge each pixel to a square."""
    return picture.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _encoded(picture: np.ndarray, max_bytes: int) -> bytes:
    """The picture as WebP, at the highest quality that fits into so many bytes."""
    encoded = b""
    for quality in constants.WEBP_QUALITIES:
        encoded = bytes(imagecodecs.webp_encode(np.ascontiguousarray(picture), level=quality, lossless=False, method=2))
        if len(encoded) <= max_bytes:
            break
    return encoded
