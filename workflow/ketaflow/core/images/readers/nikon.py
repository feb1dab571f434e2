"""ND2 files (Nikon NIS-Elements), through the package nd2: positions and time points are images of their own."""

import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ketaflow.core.images.model import Acquisition, Scale, StoredImage
from ketaflow.core.images.readers.png_jpeg import COLOUR_NAMES
from ketaflow.core.images.series import Part, chosen, parts
from ketaflow.core.limits import refuse_image

# Axes of one frame, by the letters of nd2; S are the samples of a pixel of a colour camera.
FRAME = "CYXS"
# Letter of a loop that nd2 gives no letter of its own.
UNNAMED = "Q"


def read(path: Path, nd2: ModuleType, series: str | None) -> StoredImage:
    """Read all channels of an image of an ND2 file.

    Parameters
    ----------
    path : Path
        The file.
    nd2 : module
        The package nd2.
    series : str or None
        Name or number from 1 of the position or time point; None where the file holds one.

    Returns
    -------
    StoredImage
        The samples of a colour camera are channels where the file has no others.
    """
    with nd2.ND2File(str(path)) as file:
        sizes = dict(file.sizes)
        part = chosen(path, _parts(file, sizes), series)
        wanted = [
            number
            for number, place in enumerate(file.loop_indices or ({},))
            if all(place.get(axis, 0) == step for axis, step in part.at.items())
        ]
        loops = [axis for axis in sizes if axis not in FRAME and axis not in part.at]
        frame = [axis for axis in sizes if axis in FRAME]
        refuse_image(path, len(wanted) * math.prod(sizes[axis] for axis in frame))
        pixels = np.stack([file.read_frame(number) for number in wanted])
        voxel = file.voxel_size()
        letters = [_letter(axis) for axis in loops] + frame
        names = tuple(channel.channel.name for channel in (file.metadata.channels or []))
        if "S" in sizes and "C" not in sizes:
            names = COLOUR_NAMES[: sizes["S"]]
        return StoredImage(
            pixels=pixels.reshape([sizes[axis] for axis in (*loops, *frame)]),
            axes="".join(letters).replace("S", "C") if "C" not in letters else "".join(letters),
            scale=Scale(voxel.x, voxel.y, voxel.z or None),
            scale_source="ND2",
            channels=names,
            bits=file.attributes.bitsPerComponentSignificant,
            acquisitions=_acquisitions(file),
        )


def _letter(axis: str) -> str:
    return axis if len(axis) == 1 else UNNAMED


def _parts(file: Any, sizes: dict[str, int]) -> list[Part]:
    """Positions and time points of a file, under the names of its positions."""
    loops = [loop for loop in file.experiment if loop.type == "XYPosLoop"]
    names = {"P": [point.name or "" for loop in loops for point in loop.parameters.points]}
    # In nd2, S is the sample of a pixel and P the position.
    listed = {axis: size for axis, size in sizes.items() if axis != "S"}
    return parts({axis: size for axis, size in listed.items() if len(axis) == 1}, names=names)


def _acquisitions(file: Any) -> tuple[Acquisition, ...]:
    """Exposure (ms) of each channel; empty where the file does not state all of them."""
    try:
        samples = file.unstructured_metadata()["ImageMetadataSeqLV|0"]["SLxPictureMetadata"]["PicturePlanes"]
        settings = dict(samples["SampleSetting"])
        stated = [settings[name]["ExposureTime"] for name in sorted(settings, key=int)]
    except (KeyError, TypeError, AttributeError, ValueError):
        return ()
    return tuple(Acquisition(float(exposure) if exposure else None) for exposure in stated)
