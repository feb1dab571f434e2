"""CZI files (Zeiss ZEN), through Zeiss's own library pylibCZIrw: scenes and time points are images of their own.

The library reads compressed files and runs on Python 3.11 to 3.13 (czifile 2019 reads no compressed file and fails on
3.12; later ones need 3.12). It joins the tiles of a mosaic.
"""

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import Acquisition, Scale, StoredImage
from ketaflow.core.images.readers.png_jpeg import COLOUR_NAMES
from ketaflow.core.images.readers.units import MS_PER_UNIT, UM_PER_UNIT
from ketaflow.core.images.series import Part, chosen, parts
from ketaflow.core.limits import refuse_image

# Elements that hold the gain of a detector: camera, photomultiplier.
GAINS = ("EMGain", "Gain", "Voltage")
# Pixel types of a colour camera begin with this; the samples are in this order.
COLOUR = "Bgr"
SCENE = "S"
# Axes of a plane that the library takes, and the letter of one that means something else elsewhere.
LETTERS = {"I": "G"}
# How libCZI (1.0) words that the file ends before a part of it does.
SHORT = re.compile(r"Not enough data read")


def read(path: Path, czi: ModuleType, series: str | None) -> StoredImage:
    """Read all channels of an image of a CZI file.

    Parameters
    ----------
    path : Path
        The file.
    czi : module
        The module pylibCZIrw.czi.
    series : str or None
        Name or number from 1 of the scene or time point; None where the file holds one.

    Returns
    -------
    StoredImage

    Raises
    ------
    IngestError
        If the file holds several images of which none is named, or if it is cut short.
    """
    try:
        return _stored(path, czi, series)
    except RuntimeError as error:
        if not SHORT.match(str(error)):
            raise
        raise IngestError(
            f"{path.name}: the file is cut short ({path.stat().st_size:,} bytes): it lacks pixels. Copy it again from "
            "the microscope."
        ) from error


def _stored(path: Path, czi: ModuleType, series: str | None) -> StoredImage:
    with czi.open_czi(str(path)) as document:
        metadata = ElementTree.fromstring(document.raw_metadata)
        # Lowest index and end of each axis; X and Y are pixels.
        ranges: dict[str, tuple[int, int]] = document.total_bounding_box
        scenes = document.scenes_bounding_rectangle
        part = chosen(path, _parts(metadata, ranges, scenes), series)
        fixed = {axis: ranges[axis][0] + part.at.get(LETTERS.get(axis, axis), 0) for axis in ranges if axis not in "XY"}
        scene = sorted(scenes)[part.at[SCENE]] if len(scenes) > 1 else None
        refuse_image(path, _values(ranges, None if scene is None else scenes[scene]))
        n_planes, n_channels = (stop - start for start, stop in (ranges.get("Z", (0, 1)), ranges.get("C", (0, 1))))
        planes = [
            [_plane(document, fixed, scene, {"C": channel, "Z": z}) for z in range(n_planes)]
            for channel in range(n_channels)
        ]
        in_colour = str(document.pixel_types.get(0, "")).startswith(COLOUR)
    pixels = np.array(planes)
    bits = metadata.findtext(".//Information/Image/ComponentBitCount")
    channels = tuple(channel.get("Name") or "" for channel in metadata.iterfind(".//Dimensions/Channels/Channel"))
    if in_colour and n_channels == 1:
        # (1, planes, rows, columns, samples) to (samples, planes, rows, columns), red first.
        pixels, channels = pixels[0].transpose(3, 0, 1, 2)[::-1], COLOUR_NAMES[: pixels.shape[-1]]
    else:
        pixels = pixels[..., 0]
    return StoredImage(
        pixels, "CZYX", _scale(metadata), "CZI", channels, int(bits) if bits else None, _acquisitions(metadata)
    )


def _values(ranges: dict[str, tuple[int, int]], rectangle: Any) -> int:
    """Values of one scene, or of the image: width x height x channels x planes."""
    sizes = {axis: stop - start for axis, (start, stop) in ranges.items()}
    width, height = (rectangle.w, rectangle.h) if rectangle is not None else (sizes.get("X", 1), sizes.get("Y", 1))
    return int(width) * int(height) * sizes.get("C", 1) * sizes.get("Z", 1)


def _parts(metadata: ElementTree.Element, ranges: dict[str, tuple[int, int]], scenes: dict[int, Any]) -> list[Part]:
    """Scenes, time points and what else is not depth; the file's names of its scenes."""
    sizes = {LETTERS.get(axis, axis): stop - start for axis, (start, stop) in ranges.items()}
    sizes[SCENE] = max(1, len(scenes))
    named = {int(one.get("Index", place)): one.get("Name") or "" for place, one in enumerate(_scene_elements(metadata))}
    found = parts(sizes, names={SCENE: [named.get(scene, "") for scene in sorted(scenes)]})
    if len(scenes) <= 1:
        return found
    # Scenes may differ in size.
    rectangles = [scenes[scene] for scene in sorted(scenes)]
    return [_of_scene(part, rectangles[part.at[SCENE]]) for part in found]


def _of_scene(part: Part, rectangle: Any) -> Part:
    return replace(part, size="" if rectangle is None else f"{rectangle.w} x {rectangle.h} pixels")


def _scene_elements(metadata: ElementTree.Element) -> list[ElementTree.Element]:
    return metadata.findall(".//S/Scenes/Scene")


def _plane(document: Any, fixed: dict[str, int], scene: int | None, steps: dict[str, int]) -> np.ndarray:
    """One plane of one channel: (rows, columns, samples); ``steps`` count from the first plane and channel."""
    plane = {axis: start + steps.get(axis, 0) for axis, start in fixed.items()}
    return np.asarray(document.read(plane=plane) if scene is None else document.read(plane=plane, scene=scene))


def _acquisitions(metadata: ElementTree.Element) -> tuple[Acquisition, ...]:
    """Exposure of each channel, which CZI metadata give in nanoseconds, and gain of its detector."""
    found = []
    for channel in metadata.iterfind(".//Information/Image/Dimensions/Channels/Channel"):
        exposure = channel.findtext("ExposureTime")
        gains = (channel.findtext(f"DetectorSettings/{name}") for name in GAINS)
        gain = next((value for value in gains if value), None)
        found.append(
            Acquisition(MS_PER_UNIT["ns"] * float(exposure) if exposure else None, float(gain) if gain else None)
        )
    return tuple(found)


def _scale(metadata: ElementTree.Element) -> Scale | None:
    """Voxel size, which CZI metadata give in metres; 0 stands for unknown."""
    metres = {
        distance.get("Id"): float(distance.findtext("Value") or 0)
        for distance in metadata.iterfind(".//Scaling/Items/Distance")
    }
    width, height, step = (UM_PER_UNIT["m"] * metres.get(axis, 0.0) for axis in "XYZ")
    return Scale(width, height, step or None) if width and height else None
