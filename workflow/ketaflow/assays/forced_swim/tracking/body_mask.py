"""The body in a mask: what of the mask is the animal, where it is and what shape it has.

In: grey levels, or soft masks (0 to 1). Out: the masks without thin parts (a tail, a line of light where water meets
glass, a speck of noise), and area, position and shape of the body in each frame.
"""

import functools
import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

from ketaflow.assays.forced_swim.tracking import constants


@dataclass(frozen=True)
class BodyShapes:
    """Shape of the body in each of n frames; lengths in pixels after reduction.

    Attributes
    ----------
    area : (n,) float
        Sum of the mask.
    x, y : (n,) float
        Centre.
    length : (n,) float
        Length of the major axis of the ellipse with the same second moments.
    height : (n,) float
        Vertical extent of the body (four standard deviations).
    above : (n,) float
        Fraction of the area above the water.
    top : (n,) float
        Height of the highest point above the surface; negative below it.
    gap : (n,) float
        Empty columns between two separate bodies; 0 for one body.
    """

    area: np.ndarray
    x: np.ndarray
    y: np.ndarray
    length: np.ndarray
    height: np.ndarray
    above: np.ndarray
    top: np.ndarray
    gap: np.ndarray


SHAPE_COLUMNS = tuple(one.name for one in fields(BodyShapes))


@dataclass(frozen=True)
class MaskScale:
    """How grey levels become a body mask: mask = clip(offset + factor * level, 0, 1).

    Attributes
    ----------
    factor, offset : (height, width) float32
        For each pixel after reduction; 0 where a clock is displayed.
    is_blurred : bool
        Whether masks are averaged over 3 x 3 pixels, because the noise is large compared with the contrast.
    """

    factor: np.ndarray
    offset: np.ndarray
    is_blurred: bool

    def masks(self, levels: np.ndarray, light: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
        """Make masks of grey levels.

        Parameters
        ----------
        levels : (n, n_rows, n_columns) uint8 or float32
            Grey levels of some pixels.
        light : (n, height) float32
            Light of each row, relative to the background.
        rows, columns : slice
            Where these pixels are.

        Returns
        -------
        (n, n_rows, n_columns) float32
            Share of each pixel that the body covers.
        """
        masks: np.ndarray = levels * self.factor[rows, columns]
        masks *= (1 / light)[:, rows, None]
        masks += self.offset[rows, columns]
        if self.is_blurred:
            masks = uniform_filter(masks, (0, 3, 3))
        return np.clip(masks, 0, 1, out=masks)


def cell_px(size: float) -> int:
    """Return the side of the squares in which the surroundings of a body are analysed: half the blur's deviation.

    Parameters
    ----------
    size : float
        Size of the body (pixels).

    Returns
    -------
    int
        1 to 4 pixels.
    """
    return int(np.clip(round(constants.BODY_BLUR_FRACTION * size / 2), 1, 4))


@dataclass(frozen=True)
class BodySupport:
    """Removes from masks what belongs to no body of about a given size.

    Attributes
    ----------
    cell : int
        From ``cell_px``.
    down : (n_rows, n_rows) float32
        Blurs the rows of cells.
    across : (width, n_columns) float32
        Averages the columns of pixels in cells and blurs these.
    reach : int
        Cells that lie further apart than this hardly support each other.
    """

    cell: int
    down: np.ndarray
    across: np.ndarray
    reach: int

    @classmethod
    def of_size(cls, size: float, shape: tuple[int, ...]) -> "BodySupport":
        """Prepare the removal.

        Parameters
        ----------
        size : float
            Size of the body (pixels).
        shape : tuple of int
            Height and width of the masks; multiples of ``cell``.

        Returns
        -------
        BodySupport
        """
        cell = cell_px(size)
        deviation = constants.BODY_BLUR_FRACTION * size / cell
        rows, columns = (length // cell for length in shape)
        across = np.repeat(blur_matrix(columns, deviation).T, cell, axis=0) / np.float32(cell**2)
        return cls(cell, blur_matrix(rows, deviation), across, math.ceil(3 * deviation))

    def blurred(self, masks: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
        """Blur masks.

        Parameters
        ----------
        masks : (n, height, width) float32
            Part of the masks; nothing lies outside.
        rows, columns : slice
            Cells of this part.

        Returns
        -------
        (n, n_rows, n_columns) float32
            For each cell of the part.
        """
        summed = masks[:, :: self.cell].copy()
        for row in range(1, self.cell):
            summed += masks[:, row :: self.cell]
        blurred: np.ndarray = self.down[rows, rows] @ (summed @ self.across[in_pixels(columns, self.cell), columns])
        return blurred

    def cells_reached(self, mask: np.ndarray) -> tuple[slice, slice]:
        """Find the cells that matter for a body.

        Parameters
        ----------
        mask : (height, width) float32
            Soft mask, nowhere less than those from which thin parts are to be removed.

        Returns
        -------
        rows, columns : slice
            Cells that may belong to a body, and those that support them.
        """
        n_rows, n_columns = len(self.down), self.across.shape[1]
        is_left = self.blurred(mask[None], slice(0, n_rows), slice(0, n_columns))[0] > constants.BODY_SUPPORT_NONE
        down, over = nonzero_slice(is_left.any(axis=1)), nonzero_slice(is_left.any(axis=0))
        down = slice(max(down.start - self.reach, 0), min(down.stop + self.reach, n_rows))
        over = slice(max(over.start - self.reach, 0), min(over.stop + self.reach, n_columns))
        near = mask[in_pixels(down, self.cell), in_pixels(over, self.cell)]
        strongest = near.reshape(down.stop - down.start, self.cell, -1, self.cell).max(axis=(1, 3))
        rows, columns = nonzero_slice(strongest.max(axis=1)), nonzero_slice(strongest.max(axis=0))
        return shifted(rows, down.start), shifted(columns, over.start)

    def without_thin_parts(self, masks: np.ndarray, rows: slice, columns: slice) -> tuple[np.ndarray, slice, slice]:
        """Remove thin parts.

        Parameters
        ----------
        masks : (n, height, width) float32
            Soft masks.
        rows, columns : slice
            Cells of the masks that these are.

        Returns
        -------
        masks : (n, n_rows, n_columns) float32
            The masks where anything is left.
        rows, columns : slice
            Pixels in which that is.
        """
        n, cell = len(masks), self.cell
        blurred = self.blurred(masks, rows, columns)
        none, full = constants.BODY_SUPPORT_NONE, constants.BODY_SUPPORT_FULL
        is_left = blurred.max(axis=0) > none
        down, over = nonzero_slice(is_left.any(axis=1)), nonzero_slice(is_left.any(axis=0))
        support = np.clip((blurred[:, down, over] - none) * np.float32(1 / (full - none)), 0, 1)
        left = np.ascontiguousarray(masks[:, in_pixels(down, cell), in_pixels(over, cell)])
        blocks = left.reshape(n, down.stop - down.start, cell, left.shape[2])
        blocks *= np.repeat(support, cell, axis=2)[:, :, None]
        return left, in_pixels(shifted(down, rows.start), cell), in_pixels(shifted(over, columns.start), cell)


def in_pixels(cells: slice, cell: int) -> slice:
    """Return the pixels of some cells."""
    return slice(cells.start * cell, cells.stop * cell)


def shifted(span: slice, by: int) -> slice:
    """Return a slice that starts and stops later."""
    return slice(span.start + by, span.stop + by)


@functools.lru_cache(maxsize=64)
def blur_matrix(length: int, deviation: float) -> np.ndarray:
    """Make the matrix that blurs a line by a Gaussian; at its ends it averages what there is.

    For lines this short a matrix product takes a fifth of the time of ``scipy.ndimage.gaussian_filter1d``.

    Parameters
    ----------
    length : int
        Number of pixels of the line.
    deviation : float
        Standard deviation (pixels).

    Returns
    -------
    (length, length) float32
        Weights of each pixel (columns) in each blurred pixel (rows); rows add up to 1.
    """
    weights = np.exp(-0.5 * ((np.arange(length)[:, None] - np.arange(length)) / deviation) ** 2)
    matrix: np.ndarray = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return matrix


def nonzero_slice(found: np.ndarray) -> slice:
    """Find the cells from the first to the last that is not zero.

    Parameters
    ----------
    found : (n_cells,) bool or float32
        Whether a cell holds part of a body, or how much of it.

    Returns
    -------
    slice
        All cells if all are zero.
    """
    places = np.flatnonzero(found)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, len(found))


def body_shapes(masks: np.ndarray, above: np.ndarray, surface: np.ndarray) -> BodyShapes:
    """Measure the body in each mask.

    Parameters
    ----------
    masks : (n, height, width) float32
        Soft masks.
    above : (height, width) float32
        1 above the water, 0 below.
    surface : (width,) float
        Row of the water surface at each column.

    Returns
    -------
    BodyShapes
        NaN for a body of less than ``MIN_BODY_PX`` pixels.

    Notes
    -----
    ``skimage.measure.regionprops`` takes 24 times as long for the same moments.
    """
    n, height, width = masks.shape
    xs, ys = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    powers = np.stack([np.ones_like(xs), xs, xs**2], axis=1)
    per_row = (masks.reshape(-1, width) @ powers).reshape(n, height, 3).astype(float)
    area = per_row[:, :, 0].sum(axis=1)
    whole = np.where(area < constants.MIN_BODY_PX, np.nan, area)
    x, y = per_row[:, :, 1].sum(axis=1) / whole, per_row[:, :, 0] @ ys / whole
    xx = per_row[:, :, 2].sum(axis=1) / whole - x**2
    yy = per_row[:, :, 0] @ ys**2 / whole - y**2
    xy = per_row[:, :, 1] @ ys / whole - x * y
    major = (xx + yy) / 2 + np.hypot((xx - yy) / 2, xy)
    solid = per_row[:, :, 0] > np.maximum(1.5, 0.02 * np.sqrt(area))[:, None]
    column = np.clip(np.nan_to_num(x), 0, width - 1).astype(int)
    return BodyShapes(
        area=area,
        x=x,
        y=y,
        length=4 * np.sqrt(major),
        height=4 * np.sqrt(np.maximum(yy, 0)),
        above=masks.reshape(n, -1) @ above.ravel() / whole,
        top=surface[column] - np.where(solid.any(axis=1), solid.argmax(axis=1), y),
        # Seen from well above, water displaces what is below it sideways; two bodies are both below the surface.
        gap=gap_columns(np.einsum("nhw,hw->nw", masks, 1 - above)),
    )


def gap_columns(columns: np.ndarray) -> np.ndarray:
    """Count the empty columns between two bodies that each hold a quarter of the area or more.

    Parameters
    ----------
    columns : (n, width) float
        Area in each column.

    Returns
    -------
    (n,) int
        0 for a single body.
    """
    share = np.cumsum(columns, axis=1) / np.maximum(columns.sum(axis=1, keepdims=True), 1e-9)
    quiet = columns < 0.08 * columns.max(axis=1, keepdims=True)
    return np.count_nonzero(quiet & (share > 0.25) & (share < 0.75), axis=1)


def block_mean(images: np.ndarray, factor: int) -> np.ndarray:
    """Reduce images by averaging blocks of ``factor`` x ``factor`` pixels.

    Parameters
    ----------
    images : (..., height, width) uint8 or float
        Height and width are multiples of ``factor``.
    factor : int
        Side of a block.

    Returns
    -------
    (..., height / factor, width / factor) float32
        The images themselves for a factor of 1.

    Notes
    -----
    ``skimage.transform.downscale_local_mean`` gives the same and takes 65 times as long on a frame.
    """
    if factor == 1:
        return images
    kind = np.uint16 if images.dtype == np.uint8 else np.float32
    total: Any = images[..., ::factor, :].astype(kind)
    for row in range(1, factor):
        total += images[..., row::factor, :]
    reduced: np.ndarray = total[..., ::factor].astype(np.float32)
    for column in range(1, factor):
        reduced += total[..., column::factor]
    reduced *= np.float32(1 / factor**2)
    return reduced


def cropped_to_blocks(image: np.ndarray, factor: int) -> np.ndarray:
    """Crop an image so that its sides are multiples of a factor.

    Parameters
    ----------
    image : (height, width) array
        The image.
    factor : int
        The factor.

    Returns
    -------
    (rows, columns) array
        A view.
    """
    return image[: image.shape[0] // factor * factor, : image.shape[1] // factor * factor]
