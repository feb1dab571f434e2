"""Images in the microscope makers' own formats: ND2 (Nikon), LIF (Leica), CZI (Zeiss).

Their readers are optional packages: ``uv sync --group microscopes``, or ``pip install nd2 readlif czifile``. Where one
is missing, the message names it and the way around it.
"""

import importlib
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import Scale, StoredImage

# Module that reads a file, by the file's ending.
PACKAGES = {".nd2": "nd2", ".lif": "readlif.reader", ".czi": "czifile"}
UM_PER_M = 1e6


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
        If the package that reads this format is not installed, or if the file holds several images.
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
    """All channels of an ND2 file; the samples of an RGB camera are channels."""
    with nd2.ND2File(str(path)) as file:
        voxel = file.voxel_size()
        return StoredImage(
            pixels=file.asarray(),
            axes="".join(axis if len(axis) == 1 else "Q" for axis in file.sizes).replace("S", "C"),
            scale=Scale(voxel.x, voxel.y, voxel.z or None),
            scale_source="ND2",
            channels=tuple(channel.channel.name for channel in (file.metadata.channels or [])),
            bits=file.attributes.bitsPerComponentSignificant,
        )


def _read_lif(path: Path, readlif: ModuleType) -> StoredImage:
    """All channels of a LIF file that holds one image."""
    images = list(readlif.LifFile(str(path)).get_iter_image())
    if len(images) != 1:
        raise IngestError(
            f"{path.name}: holds {len(images)} images, expected one. Save each series as a file of its own (OME-TIFF)."
        )
    image = images[0]
    planes = [
        [np.asarray(image.get_frame(z=z, c=channel)) for z in range(image.dims.z)] for channel in range(image.channels)
    ]
    # readlif gives pixels per micrometre, and None along an axis that the image does not have.
    across, down, deep = image.scale[:3]
    voxel = Scale(1 / abs(across), 1 / abs(down), 1 / abs(deep) if deep else None)
    return StoredImage(np.array(planes), "CZYX", voxel, "LIF", bits=image.bit_depth[0])


def _read_czi(path: Path, czifile: ModuleType) -> StoredImage:
    """All channels of a CZI file; axes of length one are dropped."""
    with czifile.CziFile(str(path)) as file:
        pixels, axes, metadata = file.asarray(), file.axes, ElementTree.fromstring(file.metadata())
    kept = [index for index, size in enumerate(pixels.shape) if size > 1 or axes[index] in "YX"]
    pixels, axes = pixels.reshape([pixels.shape[index] for index in kept]), "".join(axes[index] for index in kept)
    metres = {
        distance.get("Id"): float(distance.findtext("Value") or 0)
        for distance in metadata.iterfind(".//Scaling/Items/Distance")
    }
    width, height, step = (UM_PER_M * metres.get(axis, 0.0) for axis in "XYZ")
    return StoredImage(
        pixels=pixels,
        # Axis 0 holds the samples of a pixel: one in fluorescence, three for a colour camera.
        axes=axes.replace("0", "C"),
        scale=Scale(width, height, step or None) if width and height else None,
        scale_source="CZI",
        channels=tuple(channel.get("Name") or "" for channel in metadata.iterfind(".//Dimensions/Channels/Channel")),
    )
