"""Images in the microscope makers' own formats: ND2 (Nikon), LIF (Leica), CZI (Zeiss).

Their readers are optional packages: ``uv sync --group microscopes``, or ``pip install nd2 readlif pylibCZIrw``. Where
one is missing, the message names it and the way around it. CZI goes through Zeiss's own library, which reads compressed
files and runs on Python 3.11 to 3.13 (czifile 2019 reads no compressed file and fails on 3.12; later ones need 3.12).
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images import axes
from ketaflow.core.images.model import Acquisition, Scale, StoredImage
from ketaflow.core.images.readers.png_jpeg import COLOUR_NAMES

# Module that reads a file, by the file's ending.
PACKAGES = {".nd2": "nd2", ".lif": "readlif.reader", ".czi": "pylibCZIrw.czi"}
UM_PER_M = 1e6
MS_PER_NS = 1e-6
# Elements in which a CZI file keeps the gain of a detector: camera, photomultiplier.
CZI_GAINS = ("EMGain", "Gain", "Voltage")
# Pixel types of a CZI colour camera begin with this; the samples are in this order.
CZI_COLOUR = "Bgr"


def read(path: Path) -> StoredImage:
    """Read all channels of an ND2, LIF or CZI file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    StoredImage
        Pixels with the axes as the file names them, and the scale of its metadata.

    Raises
    ------
    IngestError
        If the package that reads this format is not installed, or if the file holds several series, scenes, positions
        or time points.
    """
    ending = path.suffix.lower()
    return {".nd2": _read_nd2, ".lif": _read_lif, ".czi": _read_czi}[ending](path, _reader(path, PACKAGES[ending]))


def _reader(path: Path, package: str) -> ModuleType:
    """The module that reads this format."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        name = package.split(".")[0]
        raise IngestError(
            f"{path.name}: reading {path.suffix[1:].upper()} needs the package {name}, which is not installed. "
            f"Install it (pip install {name}), or export the image as OME-TIFF from the microscope's program."
        ) from error


def _read_nd2(path: Path, nd2: ModuleType) -> StoredImage:
    """All channels of an ND2 file; the samples of an RGB camera are channels where it has no others."""
    with nd2.ND2File(str(path)) as file:
        # In nd2, S is the sample of a pixel and P the position.
        sizes = {axis if len(axis) == 1 else "Q": size for axis, size in file.sizes.items() if axis != "S"}
        axes.refuse_several(path, sizes)
        voxel = file.voxel_size()
        names = "".join(axis if len(axis) == 1 else "Q" for axis in file.sizes)
        return StoredImage(
            pixels=file.asarray(),
            axes=names.replace("S", "C") if "C" not in names else names,
            scale=Scale(voxel.x, voxel.y, voxel.z or None),
            scale_source="ND2",
            channels=tuple(channel.channel.name for channel in (file.metadata.channels or [])),
            bits=file.attributes.bitsPerComponentSignificant,
        )


def _read_lif(path: Path, readlif: ModuleType) -> StoredImage:
    """All channels of a LIF file that holds one image."""
    images = list(readlif.LifFile(str(path)).get_iter_image())
    if len(images) != 1:
        names = ", ".join(str(image.name) for image in images[: axes.MAX_LISTED])
        raise IngestError(
            f"{path.name}: holds {len(images)} images ({names}), expected one. Save each series as a file of its own "
            "(OME-TIFF)."
        )
    image = images[0]
    axes.refuse_several(path, {"T": image.dims.t, "M": image.dims.m})
    planes = [
        [np.asarray(image.get_frame(z=z, c=channel)) for z in range(image.dims.z)] for channel in range(image.channels)
    ]
    # readlif gives pixels per micrometre, and None along an axis that the image does not have.
    across, down, deep = image.scale[:3]
    voxel = Scale(1 / abs(across), 1 / abs(down), 1 / abs(deep) if deep else None)
    return StoredImage(np.array(planes), "CZYX", voxel, "LIF", bits=image.bit_depth[0])


def _read_czi(path: Path, czi: ModuleType) -> StoredImage:
    """All channels of a CZI file with one scene; mosaic tiles are joined by the library."""
    with czi.open_czi(str(path)) as document:
        metadata = ElementTree.fromstring(document.raw_metadata)
        # Lowest index and number of steps along each axis; X and Y are pixels.
        ranges: dict[str, tuple[int, int]] = document.total_bounding_box
        scenes = document.scenes_bounding_rectangle
        steps = {axis: stop - start for axis, (start, stop) in ranges.items() if axis not in "XY"}
        names = [scene.get("Name") or "" for scene in metadata.iterfind(".//S/Scenes/Scene")]
        axes.refuse_several(path, {**steps, "S": len(scenes)}, names)
        planes = [[_czi_plane(document, channel, z) for z in range(steps["Z"])] for channel in range(steps["C"])]
        in_colour = str(document.pixel_types.get(0, "")).startswith(CZI_COLOUR)
    pixels = np.array(planes)
    bits = metadata.findtext(".//Information/Image/ComponentBitCount")
    channels = tuple(channel.get("Name") or "" for channel in metadata.iterfind(".//Dimensions/Channels/Channel"))
    if in_colour and steps["C"] == 1:
        # (1, planes, rows, columns, samples) to (samples, planes, rows, columns), red first.
        pixels, channels = pixels[0].transpose(3, 0, 1, 2)[::-1], COLOUR_NAMES[: pixels.shape[-1]]
    else:
        pixels = pixels[..., 0]
    return StoredImage(
        pixels, "CZYX", _czi_scale(metadata), "CZI", channels, int(bits) if bits else None, _czi_acquisitions(metadata)
    )


def _czi_plane(document: Any, channel: int, z: int) -> np.ndarray:
    """One plane of one channel: (rows, columns, samples)."""
    return np.asarray(document.read(plane={"C": channel, "Z": z, "T": 0}))


def _czi_acquisitions(metadata: ElementTree.Element) -> tuple[Acquisition, ...]:
    """Exposure of each channel, which CZI metadata give in nanoseconds, and gain of its detector."""
    found = []
    for channel in metadata.iterfind(".//Information/Image/Dimensions/Channels/Channel"):
        exposure = channel.findtext("ExposureTime")
        gains = (channel.findtext(f"DetectorSettings/{name}") for name in CZI_GAINS)
        gain = next((value for value in gains if value), None)
        found.append(Acquisition(MS_PER_NS * float(exposure) if exposure else None, float(gain) if gain else None))
    return tuple(found)


def _czi_scale(metadata: ElementTree.Element) -> Scale | None:
    """Voxel size, which CZI metadata give in metres; 0 stands for unknown."""
    metres = {
        distance.get("Id"): float(distance.findtext("Value") or 0)
        for distance in metadata.iterfind(".//Scaling/Items/Distance")
    }
    width, height, step = (UM_PER_M * metres.get(axis, 0.0) for axis in "XYZ")
    return Scale(width, height, step or None) if width and height else None
