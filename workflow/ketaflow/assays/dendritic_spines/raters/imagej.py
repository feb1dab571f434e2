"""ImageJ's regions as bytes: points written, and the places that any region marks read.

The layout is that of ImageJ 1.53 (big-endian; a header of 64 bytes, coordinates, a second header; type 10 is a point;
RoiDecoder.java, read and not copied). ImageJ counts from the edge of a pixel, tables here from its middle: the first
pixel's middle is 0.5 there and 0 here.
"""

import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ketaflow.assays.dendritic_spines.constants import CLASSES

VERSION, POINT, SUB_PIXEL, FIRST_SUB_PIXEL_VERSION = 227, 10, 128, 222
HEADER_BYTES, HEADER2_BYTES = 64, 64


@dataclass
class RoiPoint:
    """A place in an image: pixels (0 is the middle of the first), the plane from 0 (None where not said), the name."""

    x_px: float
    y_px: float
    z_px: int | None
    name: str

    @property
    def spine_class(self) -> str | None:
        """The class that stands in the region's name."""
        return next((word for word in re.split(r"[^a-z]+", self.name.lower()) if word in CLASSES), None)


def encode_point(x_px: float, y_px: float, plane: int, name: str) -> bytes:
    """One point region; ``plane`` counts from 1, the point lies at (x, y) in pixels of the image, 0 being its edge."""
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
    """The places a region marks: each point of a (multi-)point region, the middle of any other."""
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
        corner = np.array([left, top])
        places = np.frombuffer(roi, ">i2", 2 * count, HEADER_BYTES).reshape(2, count).T + corner
    return [
        RoiPoint(float(x), float(y), depth - 1 if depth else None, name)
        for (x, y), depth in zip(places, planes, strict=True)
    ]


def _second_header(roi: bytes, start: int, plane: int, count: int) -> tuple[str, int, list[int]]:
    """Name, plane, and the plane of every point (0 where not said); a multi-point region counts its points by plane."""
    if not HEADER_BYTES <= start <= len(roi) - HEADER2_BYTES:
        return "", plane, [plane] * count
    depth, _, name_at, letters = struct.unpack_from(">iiii", roi, start + 8)
    (counters_at,) = struct.unpack_from(">i", roi, start + 48)
    name = roi[name_at : name_at + 2 * letters].decode("utf-16-be", "replace")
    planes = [depth or plane] * count
    if counters_at and counters_at + 4 * count <= len(roi):
        counted = struct.unpack_from(f">{count}I", roi, counters_at)
        planes = [(told >> 8) or before for told, before in zip(counted, planes, strict=True)]
    return name, depth or plane, planes


def read_points(path: Path) -> list[RoiPoint]:
    """Every place marked in a zip of regions, or in a single .roi file."""
    try:
        if path.suffix.lower() == ".roi":
            return decode_roi(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            return [
                mark for name in archive.namelist() if name.endswith(".roi") for mark in decode_roi(archive.read(name))
            ]
    except (OSError, ValueError, struct.error, zipfile.BadZipFile) as error:
        raise SystemExit(
            f"{path}: cannot be read as ImageJ regions ({error}). Expected the zip that Fiji's ROI manager writes "
            "(More, Save...), or one .roi file."
        ) from error
