"""Regions of interest drawn in ImageJ or Fiji: which pixels lie inside, and how large is the region?

In: a ``.roi`` file or a ``.zip`` of the ROI manager. Out: a mask of the image. A pixel belongs to a region if its
middle lies inside, as in ImageJ; several regions of one file are united.
"""

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import roifile
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi
from skimage.draw import ellipse, polygon2mask

from ketaflow.core.errors import IngestError

ENDINGS = (".roi", ".zip")
# Kinds of regions that enclose an area, and how a message calls the others.
OUTLINES = (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED)
WITHOUT_AREA = {
    ROI_TYPE.LINE: "a line", ROI_TYPE.FREELINE: "a line", ROI_TYPE.POLYLINE: "a line", ROI_TYPE.ANGLE: "an angle",
    ROI_TYPE.POINT: "a point", ROI_TYPE.NOROI: "no region",
}  # fmt: skip
# ImageJ counts from the edge of the first pixel, arrays from its middle.
PIXEL_MIDDLE = 0.5
# Share of a region outside the image above which it was probably drawn on another image (ratio).
MAX_OUTSIDE = 0.02
ADVICE = "Save the region from Fiji's ROI manager (More > Save...)."


@dataclass(frozen=True)
class Roi:
    """The part of an image that is measured.

    Attributes
    ----------
    mask : (rows, columns) bool ndarray
        True inside the region.
    names : tuple of str
        Names of the regions in the file.
    notes : tuple of str
        Doubts about the file that a reviewer should read.
    """

    mask: np.ndarray
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def area_um2(self, pixel_size_um: float) -> float:
        """Area of the region (um2).

        Parameters
        ----------
        pixel_size_um : float
            Size of a pixel (um).

        Returns
        -------
        float
        """
        return float(np.count_nonzero(self.mask)) * pixel_size_um**2


def read_roi(path: Path, shape: tuple[int, int]) -> Roi:
    """Read the regions of a file as one mask.

    Parameters
    ----------
    path : Path
        A ``.roi`` file, or a ``.zip`` of them.
    shape : tuple of int
        Rows and columns of the image on which the regions were drawn.

    Returns
    -------
    Roi
        The union of all regions of the file. The plane and channel of a region are not used.

    Raises
    ------
    IngestError
        If the file cannot be read, if a region encloses no area, or if it lies outside the image.
    """
    regions = _regions(path)
    mask = np.zeros(shape, bool)
    notes = []
    for number, region in enumerate(regions, start=1):
        name = region.name or str(number)
        drawn, outside = _mask(path, region, name, shape)
        if not drawn.any():
            height, width = shape
            raise IngestError(
                f"{path.name}: region {name} lies outside the image ({width} x {height} pixels). Draw it on this image."
            )
        if outside > MAX_OUTSIDE:
            notes.append(f"{100 * outside:.0f} % of region {name} lies outside the image; was it drawn on this image?")
        mask |= drawn
    return Roi(mask, tuple(region.name or str(number) for number, region in enumerate(regions, 1)), tuple(notes))


def _regions(path: Path) -> list[ImagejRoi]:
    """All regions of a file."""
    if path.suffix.lower() not in ENDINGS:
        raise IngestError(f"{path.name}: expected a region of ImageJ, a file ending with .roi or .zip. {ADVICE}")
    try:
        found = roifile.roiread(path)
    except (OSError, ValueError, TypeError, KeyError, struct.error, zipfile.BadZipFile) as error:
        raise IngestError(f"{path.name}: cannot be read as an ImageJ region ({error}). {ADVICE}") from error
    regions = found if isinstance(found, list) else [found]
    if not regions:
        raise IngestError(f"{path.name}: holds no region. {ADVICE}")
    return regions


def _mask(path: Path, region: ImagejRoi, name: str, shape: tuple[int, int]) -> tuple[np.ndarray, float]:
    """The pixels inside a region, and the share of the region that lies outside the image."""
    if region.roitype in WITHOUT_AREA:
        raise IngestError(
            f"{path.name}: region {name} is {WITHOUT_AREA[region.roitype]} and encloses no area. "
            "Draw a rectangle, an ellipse, a polygon or a freehand outline."
        )
    if region.options & ROI_OPTIONS.SPLINE_FIT:
        raise IngestError(
            f"{path.name}: region {name} is a spline. In Fiji, choose Edit > Selection > Interpolate and save it again."
        )
    # A border as wide as the region reaches, so that its part outside the image is counted too.
    low, high = _bounds(region)
    before = np.maximum(np.ceil(-low), 0).astype(int)
    after = np.maximum(np.ceil(high - shape), 0).astype(int)
    canvas = (int(shape[0] + before[0] + after[0]), int(shape[1] + before[1] + after[1]))
    try:
        drawn = _drawn(region, canvas, before)
    except (ValueError, RuntimeError, NotImplementedError) as error:
        raise IngestError(f"{path.name}: region {name} is of a kind that cannot be read ({error}). {ADVICE}") from error
    inside = drawn[before[0] : before[0] + shape[0], before[1] : before[1] + shape[1]]
    total = np.count_nonzero(drawn)
    return inside, 1 - np.count_nonzero(inside) / total if total else 0.0


def _bounds(region: ImagejRoi) -> tuple[np.ndarray, np.ndarray]:
    """Top left and bottom right corner of a region (rows, columns), from the edge of the first pixel."""
    if region.subpixelrect:
        low = np.array([region.yd, region.xd], float)
        return low, low + np.array([region.heightd, region.widthd], float)
    if region.subpixel_coordinates is not None:
        rows_columns = np.asarray(region.subpixel_coordinates, float)[:, ::-1]
        return rows_columns.min(0), rows_columns.max(0)
    return np.array([region.top, region.left], float), np.array([region.bottom, region.right], float)


def _drawn(region: ImagejRoi, canvas: tuple[int, int], origin: np.ndarray) -> np.ndarray:
    """The pixels (rows, columns) of a canvas that lie inside a region; ``origin`` is the image's first pixel."""
    low, high = (corner + origin - PIXEL_MIDDLE for corner in _bounds(region))
    middle, half = (low + high) / 2, (high - low) / 2
    if region.multi_coordinates is not None:
        # A composite keeps outer and inner outlines in one list; a pixel inside an even number of them is a hole.
        outlines = ImagejRoi.path2coords(region.multi_coordinates)
        return np.logical_xor.reduce([_polygon(outline, canvas, origin) for outline in outlines])
    if region.roitype == ROI_TYPE.OVAL:
        drawn = np.zeros(canvas, bool)
        drawn[ellipse(middle[0], middle[1], half[0], half[1], shape=canvas)] = True
        return drawn
    if region.roitype == ROI_TYPE.RECT:
        return _rectangle(canvas, middle, half, region.rounded_rect_arc_size / 2)
    if region.roitype not in OUTLINES or region.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE):
        raise ValueError(f"type {region.roitype.name.lower()}, {region.subtype.name.lower()}")
    return _polygon(np.asarray(region.coordinates()), canvas, origin)


def _polygon(corners: np.ndarray, canvas: tuple[int, int], origin: np.ndarray) -> np.ndarray:
    """The pixels inside a polygon of corners (n, 2: x, y)."""
    return np.asarray(polygon2mask(canvas, np.asarray(corners, float)[:, ::-1] + origin - PIXEL_MIDDLE))


def _rectangle(canvas: tuple[int, int], middle: np.ndarray, half: np.ndarray, radius: float) -> np.ndarray:
    """The pixels inside a rectangle whose corners are rounded with a radius (pixels)."""
    radius = min(radius, *half)
    y, x = (np.abs(np.arange(size) - at) for size, at in zip(canvas, middle, strict=True))
    inside = (y[:, None] < half[0]) & (x < half[1])
    if radius <= 0:
        return inside
    beyond = np.hypot(np.maximum(y - half[0] + radius, 0)[:, None], np.maximum(x - half[1] + radius, 0))
    return inside & (beyond < radius)
