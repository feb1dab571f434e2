"""ImageJ regions as bytes: points are encoded, and the points that any region marks are decoded.

The layout is that of ImageJ 1.53 (big-endian; a header of 64 bytes, coordinates, a second header; type 10 is a point;
RoiDecoder.java, read and not copied). ImageJ counts from the edge of a pixel, tables here from its middle: the middle
of the first pixel is 0.5 there and 0 here.
"""

import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ketaflow.assays.dendritic_spines.constants import CLASSES

# Numbers of the format.
VERSION = 227
POINT = 10
SUB_PIXEL = 128
FIRST_SUB_PIXEL_VERSION = 222
HEADER_BYTES = 64
HEADER2_BYTES = 64


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


class _Header2(NamedTuple):
    """What the second header gives: name, plane from 1 (0: not given), and the plane of every point."""

    name: str
    plane: int
    planes: list[int]


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
    left, top = int(x_px), int(y_px)
    header = struct.pack(">4shBBhhhhH", b"Iout", VERSION, POINT, 0, top, left, top + 1, left + 1, 1)
    header = header.ljust(50, b"\0") + struct.pack(">h", SUB_PIXEL)
    second = HEADER_BYTES + 4 + 8
    header = header.ljust(56, b"\0") + struct.pack(">ii", plane, second)
    corner = struct.pack(">hh", 0, 0) + struct.pack(">ff", x_px, y_px)
    encoded = name.encode("utf-16-be")
    more = struct.pack(">iiii", 0, 0, plane, 0) + struct.pack(">ii", second + HEADER2_BYTES, len(name))
    return header + corner + more.ljust(HEADER2_BYTES, b"\0") + encoded


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
    ValueError, struct.error
        If it is no region, or cut short.
    """
    if roi[:4] != b"Iout" or len(roi) < HEADER_BYTES:
        raise ValueError("no ImageJ region")
    version, kind = struct.unpack_from(">hB", roi, 4)
    top, left, bottom, right, count = struct.unpack_from(">hhhhH", roi, 8)
    options, plane, second = struct.unpack_from(">h4xii", roi, 50)
    name, plane, planes = _second_header(roi, second, plane, count)
    if kind != POINT:
        return [RoiPoint((left + right - 1) / 2, (top + bottom - 1) / 2, plane - 1 if plane else None, name)]
    if options & SUB_PIXEL and version >= FIRST_SUB_PIXEL_VERSION:
        places = np.frombuffer(roi, ">f4", 2 * count, HEADER_BYTES + 4 * count).reshape(2, count).T - 0.5
    else:
        places = np.frombuffer(roi, ">i2", 2 * count, HEADER_BYTES).reshape(2, count).T + np.array([left, top])
    return [
        RoiPoint(float(x), float(y), depth - 1 if depth else None, name)
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
    except (OSError, ValueError, struct.error, zipfile.BadZipFile) as error:
        raise SystemExit(
            f"{path}: cannot be read as ImageJ regions ({error}). Expected the zip that Fiji's ROI manager writes "
            "(More, Save...), or one .roi file."
        ) from error


def _second_header(roi: bytes, start: int, plane: int, count: int) -> _Header2:
    """Decode the second header; a multi-point region counts its points by plane."""
    if not HEADER_BYTES <= start <= len(roi) - HEADER2_BYTES:
        return _Header2("", plane, [plane] * count)
    depth, _, name_at, letters = struct.unpack_from(">iiii", roi, start + 8)
    (counters_at,) = struct.unpack_from(">i", roi, start + 48)
    name = roi[name_at : name_at + 2 * letters].decode("utf-16-be", "replace")
    planes = [depth or plane] * count
    if counters_at and counters_at + 4 * count <= len(roi):
        counters = struct.unpack_from(f">{count}I", roi, counters_at)
        planes = [(counter >> 8) or before for counter, before in zip(counters, planes, strict=True)]
    return _Header2(name, depth or plane, planes)
