"""ImageJ regions (roifile): points are encoded, and the points that any region marks are decoded.

ImageJ counts from the edge of a pixel, tables here from its middle: the middle of the first pixel is 0.5 there and 0
here.
"""

import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from ketaflow.assays.dendritic_spines.constants import CLASSES


@dataclass(frozen=True)
class RoiPoint:
    """A point that a region marks.

    Attributes
    ----------
    x_px, y_px : float
        Place (pixels; 0 is the middle of the first).
    z_px : int or None
        Plane, 0 the first; None where the region does not give it.
    name : str
        Name of the region.
    """

    x_px: float
    y_px: float
    z_px: int | None
    name: str

    @property
    def spine_class(self) -> str | None:
        """Class in the region's name, if any."""
        return next((word for word in re.split(r"[^a-z]+", self.name.lower()) if word in CLASSES), None)


def encode_point(x_px: float, y_px: float, plane: int, name: str) -> bytes:
    """Encode a point region.

    Parameters
    ----------
    x_px, y_px : float
        Place (pixels; 0 is the edge of the image).
    plane : int
        Plane, 1 the first.
    name : str
        Name of the region.

    Returns
    -------
    bytes
        Content of a .roi file.
    """
    region = ImagejRoi.frompoints(np.array([[x_px, y_px]], np.float32), name=name)
    region.roitype, region.options = ROI_TYPE.POINT, ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    region.left, region.top = int(x_px), int(y_px)
    region.right, region.bottom = region.left + 1, region.top + 1
    region.position = region.z_position = plane
    return bytes(region.tobytes())


def decode_roi(roi: bytes) -> list[RoiPoint]:
    """Decode a region of any kind.

    Parameters
    ----------
    roi : bytes
        Content of a .roi file.

    Returns
    -------
    list of RoiPoint
        Each point of a (multi-)point region; the middle of any other region.

    Raises
    ------
    ValueError, TypeError, struct.error
        If it is no region, or cut short.
    """
    region = ImagejRoi.frombytes(roi)
    plane = region.z_position or region.position
    if region.roitype != ROI_TYPE.POINT:
        middle = (region.left + region.right - 1) / 2, (region.top + region.bottom - 1) / 2
        return [RoiPoint(*middle, plane - 1 if plane else None, region.name)]
    # Whole coordinates are pixels, real ones count from the edge of a pixel.
    places = np.asarray(region.coordinates(), float) - (0.5 if region.subpixel_coordinates is not None else 0.0)
    counters = region.counter_positions
    planes = [plane] * len(places) if counters is None else [int(own) or plane for own in counters]
    return [
        RoiPoint(float(x), float(y), depth - 1 if depth else None, region.name)
        for (x, y), depth in zip(places, planes, strict=True)
    ]


def read_points(path: Path) -> list[RoiPoint]:
    """Read every point marked in a zip of regions, or in a single .roi file.

    Parameters
    ----------
    path : Path
        What ImageJ's ROI manager saved.

    Returns
    -------
    list of RoiPoint

    Raises
    ------
    SystemExit
        If the file cannot be read as regions.
    """
    try:
        if path.suffix.lower() == ".roi":
            return decode_roi(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".roi")]
            return [point for name in names for point in decode_roi(archive.read(name))]
    except (OSError, ValueError, TypeError, IndexError, struct.error, zipfile.BadZipFile) as error:
        raise SystemExit(
            f"{path}: cannot be read as ImageJ regions ({error}). Expected the zip that Fiji's ROI manager writes "
            "(More, Save...), or one .roi file."
        ) from error
