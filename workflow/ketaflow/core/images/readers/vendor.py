"""Images in the microscope makers' own formats: ND2 (Nikon), LIF (Leica), CZI (Zeiss).

Their readers are optional packages: ``uv sync --group microscopes``, or ``pip install nd2 readlif pylibCZIrw``. Where
one is missing, the message names it and the way around it.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import StoredImage
from ketaflow.core.images.readers import leica, nikon, zeiss


class Reader(NamedTuple):
    """The module of a package that opens a format, and the function that reads a file with it."""

    module: str
    read: Callable[[Path, ModuleType, str | None], StoredImage]


# By the file's ending.
READERS = {
    ".nd2": Reader("nd2", nikon.read),
    ".lif": Reader("readlif.reader", leica.read),
    ".czi": Reader("pylibCZIrw.czi", zeiss.read),
}


def read(path: Path, series: str | None = None) -> StoredImage:
    """Read all channels of an image of an ND2, LIF or CZI file.

    Parameters
    ----------
    path : Path
        The file.
    series : str or None
        Name or number from 1 of the series, scene, position or time point; None where the file holds one image.

    Returns
    -------
    StoredImage
        Pixels with the axes as the file names them, and the scale of its metadata.

    Raises
    ------
    IngestError
        If the package that reads this format is not installed, or if the file holds several images of which none is
        named.
    """
    reader = READERS[path.suffix.lower()]
    return reader.read(path, _module(path, reader.module), series)


def _module(path: Path, module: str) -> ModuleType:
    """The module that opens this format."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.split(".")[0]
        raise IngestError(
            f"{path.name}: reading {path.suffix[1:].upper()} needs the package {name}, which is not installed. "
            f"Install it (pip install {name}), or export the image as OME-TIFF from the microscope's program."
        ) from error
