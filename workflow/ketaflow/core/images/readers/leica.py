"""LIF files (Leica LAS AF and LAS X): each series, time point and mosaic tile is an image of its own.

The package readlif finds the series and where their pixels lie. The pixels are taken from there by the increments that
the file states for each dimension and channel, because ``LifImage.get_frame`` assumes one order of the dimensions and
reads the pixels of a colour camera as if each colour were a plane.
"""

import math
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import Acquisition, Scale, StoredImage
from ketaflow.core.images.readers.png_jpeg import COLOUR_NAMES
from ketaflow.core.images.readers.units import MS_PER_UNIT, UM_PER_UNIT
from ketaflow.core.images.series import chosen, parts
from ketaflow.core.limits import refuse_image

# Dimensions by their number in a LIF file: 5 is the detected and 9 the exciting wavelength, 10 the mosaic tile.
AXES = {1: "X", 2: "Y", 3: "Z", 4: "T", 5: "E", 9: "G", 10: "M"}
# Bytes before the description (see ``_is_short``).
HEADER_BYTES = 13


class Dimension(NamedTuple):
    """A dimension of an image: its axis, number of steps, bytes from one step to the next, and length (um).

    Dimensions of time and wavelength have other units, and the length 0 here.
    """

    axis: str
    size: int
    increment: int
    length_um: float


def read(path: Path, readlif: ModuleType, series: str | None) -> StoredImage:
    """Read all channels of an image of a LIF file.

    Parameters
    ----------
    path : Path
        The file.
    readlif : module
        The module readlif.reader.
    series : str or None
        Name or number from 1 of the series (and time point); None where the file holds one.

    Returns
    -------
    StoredImage

    Raises
    ------
    IngestError
        If the file holds several images of which none is named, or if it lacks the pixels of the image.
    """
    if _is_short(path):
        raise _cut_short(path)
    file = readlif.LifFile(str(path))
    images, described = list(file.get_iter_image()), _described(file.xml_root)
    if len(images) != len(described):
        raise ValueError(f"{len(images)} series, {len(described)} descriptions")
    listed = []
    for number, (image, element) in enumerate(zip(images, described, strict=True)):
        sizes = {one.axis: one.size for one in _dimensions(element)} | {"C": len(_channels(element))}
        listed += parts(sizes, series=number, name=str(image.name))
    part = chosen(path, listed, series)
    image, element = images[part.series], described[part.series]
    pixels = _pixels(path, image.offsets, element)
    dimensions = _dimensions(element)
    axes = ["C", *(one.axis for one in dimensions)]
    channels = _channels(element)
    in_colour = all(one.get("ChannelTag", "0") != "0" for one in channels) and len(channels) > 1
    return StoredImage(
        pixels[tuple(part.at.get(axis, slice(None)) for axis in axes)],
        "".join(axis for axis in axes if axis not in part.at),
        _scale(dimensions),
        "LIF",
        COLOUR_NAMES[: len(channels)] if in_colour else (),
        int(channels[0].get("Resolution", 0)) or None,
        _acquisitions(element, len(channels)),
    )


def _is_short(path: Path) -> bool:
    """Whether a file is shorter than its header and the memory blocks that it announces.

    A LIF file begins with 0x70, the length of a block (4 bytes), 0x2A, the number of letters (4 bytes), and a
    description in so many letters of 2 bytes.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = 2 * int.from_bytes(file.read(HEADER_BYTES)[-4:], "little")
        text = file.read(length)
    if len(text) < length:
        return True
    blocks = ElementTree.fromstring(text.decode("utf-16-le")).iter("Memory")
    return HEADER_BYTES + length + sum(int(block.get("Size", 0)) for block in blocks) > size


def _cut_short(path: Path) -> IngestError:
    return IngestError(
        f"{path.name}: the file is cut short ({path.stat().st_size:,} bytes): it lacks pixels. Copy it again from the "
        "microscope."
    )


def _described(root: ElementTree.Element) -> list[ElementTree.Element]:
    """Elements of the series, in the order of the file."""
    return [element for element in root.iter("Element") if element.find("./Data/Image") is not None]


def _dimensions(element: ElementTree.Element) -> list[Dimension]:
    found = element.findall("./Data/Image/ImageDescription/Dimensions/DimensionDescription")
    return [
        Dimension(
            AXES.get(int(one.get("DimID", 0)), "Q"),
            int(one.get("NumberOfElements", 1)),
            int(one.get("BytesInc", 0)),
            abs(float(one.get("Length", 0) or 0)) * UM_PER_UNIT.get(one.get("Unit") or "m", 0.0),
        )
        for one in found
    ]


def _channels(element: ElementTree.Element) -> list[ElementTree.Element]:
    return element.findall("./Data/Image/ImageDescription/Channels/ChannelDescription")


def _pixels(path: Path, place: tuple[int, int], element: ElementTree.Element) -> np.ndarray:
    """Pixels of a series, (channels, ...) in the order of its dimensions."""
    start, n_bytes = int(place[0]), int(place[1])
    dimensions, channels = _dimensions(element), _channels(element)
    depths = {int(one.get("Resolution", 0)) for one in channels}
    if len({-(-depth // 8) for depth in depths}) != 1 or any(one.get("DataType") == "1" for one in channels):
        raise ValueError(f"channels of {', '.join(map(str, sorted(depths)))} bits")
    kind = np.dtype("uint8" if max(depths) <= 8 else "<u2")
    offsets = [int(one.get("BytesInc", 0)) for one in channels]
    needed = max(offsets) + sum((one.size - 1) * one.increment for one in dimensions) + kind.itemsize
    if n_bytes == 0 or start + needed > path.stat().st_size:
        raise _cut_short(path)
    refuse_image(path, len(channels) * math.prod(one.size for one in dimensions))
    stored = np.memmap(path, np.uint8, "r", start, (needed,))
    shape, strides = tuple(one.size for one in dimensions), tuple(one.increment for one in dimensions)
    return np.stack([np.ndarray(shape, kind, stored.data, offset, strides) for offset in offsets])


def _scale(dimensions: list[Dimension]) -> Scale | None:
    """Voxel size: the stated length lies between the middles of the first and the last voxel."""
    size_um = {one.axis: one.length_um / (one.size - 1) for one in dimensions if one.size > 1}
    width, height = size_um.get("X"), size_um.get("Y")
    return Scale(width, height, size_um.get("Z") or None) if width and height else None


def _acquisitions(element: ElementTree.Element, count: int) -> tuple[Acquisition, ...]:
    """Exposure (ms) and gain of each channel of a camera; empty where the file does not state them for each."""
    found = element.findall(".//ATLCameraSettingDefinition/WideFieldChannelConfigurator/WideFieldChannelInfo")
    if len(found) != count:
        return ()
    return tuple(
        Acquisition(
            MS_PER_UNIT["s"] * float(one.get("ExposureTime", 0)) or None,
            float(one.get("CameraGain") or one.get("GainValue") or one.get("Gain") or 0) or None,
        )
        for one in found
    )
