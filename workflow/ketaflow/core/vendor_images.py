"""Images in the microscope makers' own formats: ND2 (Nikon), LIF (Leica), CZI (Zeiss).

Their readers are extras: ``uv sync --group microscopes``, or ``pip install nd2 readlif czifile``. Where one
is missing the message says so, and how to do without it.
"""

import importlib
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images import Stored

PACKAGES = {".nd2": "nd2", ".lif": "readlif.reader", ".czi": "czifile"}


def read(path: Path) -> Stored:
    """All channels of a file, with the scale its metadata give."""
    ending = path.suffix.lower()
    return {".nd2": _read_nd2, ".lif": _read_lif, ".czi": _read_czi}[ending](path, _reader(path, PACKAGES[ending]))


def _reader(path: Path, package: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        name = package.split(".")[0]
        raise IngestError(
            f"{path.name}: reading {path.suffix[1:].upper()} needs the package {name}, which is not installed. "
            f"Install it (pip install {name}), or export the image as OME-TIFF from the microscope's program."
        ) from error


def _read_nd2(path: Path, nd2: ModuleType) -> Stored:
    with nd2.ND2File(str(path)) as file:
        voxel = file.voxel_size()
        axes = "".join(axis if len(axis) == 1 else "Q" for axis in file.sizes).replace("S", "C")
        names = [channel.channel.name for channel in (file.metadata.channels or [])]
        bits = file.attributes.bitsPerComponentSignificant
        return Stored(file.asarray(), axes, (voxel.x, voxel.y), voxel.z or None, "ND2", names, bits)


def _read_lif(path: Path, readlif: ModuleType) -> Stored:
    images = list(readlif.LifFile(str(path)).get_iter_image())
    if len(images) != 1:
        raise IngestError(
            f"{path.name}: holds {len(images)} images, expected one. Save each series as a file of its own (OME-TIFF)."
        )
    image = images[0]
    planes = [
        [np.asarray(image.get_frame(z=z, c=channel)) for z in range(image.dims.z)] for channel in range(image.channels)
    ]
    # Here a scale is pixels per micrometre; it is None along an axis the image has not.
    across, down, deep = image.scale[:3]
    step = 1 / abs(deep) if deep else None
    return Stored(np.array(planes), "CZYX", (1 / abs(across), 1 / abs(down)), step, "LIF", [], image.bit_depth[0])


def _read_czi(path: Path, czifile: ModuleType) -> Stored:
    with czifile.CziFile(str(path)) as file:
        pixels, axes, about = file.asarray(), file.axes, ElementTree.fromstring(file.metadata())
    # Axis 0 holds the samples of a pixel, one in fluorescence; axes of length one carry nothing.
    kept = [index for index, size in enumerate(pixels.shape) if size > 1 or axes[index] in "YX"]
    pixels, axes = pixels.reshape([pixels.shape[index] for index in kept]), "".join(axes[index] for index in kept)
    metres = {
        distance.get("Id"): float(distance.findtext("Value") or 0)
        for distance in about.iterfind(".//Scaling/Items/Distance")
    }
    names = [channel.get("Name") or "" for channel in about.iterfind(".//Dimensions/Channels/Channel")]
    size = (metres["X"] * 1e6, metres["Y"] * 1e6) if metres.get("X") and metres.get("Y") else None
    step = metres["Z"] * 1e6 if metres.get("Z") else None
    return Stored(pixels, axes.replace("0", "C"), size, step, "CZI", names)
