"""TIFF files: plain, OME, ImageJ, LSM and MetaMorph stacks, refused where a copy is truncated."""

import contextlib
import logging
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core.errors import IngestError
from ketaflow.core.images import png_jpeg, tiff_metadata
from ketaflow.core.images.model import StoredImage

if TYPE_CHECKING:
    import tifffile

# How tifffile (2025.1 to 2026.4) words that a pointer in the file leads beyond its end.
INVALID_OFFSET_MESSAGE = re.compile(r"invalid (page|value|tag) offset")


def read(path: Path) -> StoredImage:
    """Read the image of a TIFF file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    StoredImage
        Axes as tifffile names them, with the samples of a pixel as channels. Thumbnails and labels are passed over.

    Raises
    ------
    IngestError
        If the file holds several images of the same size, or fewer planes than its header promises.
    """
    import tifffile

    with _tifffile_warnings() as warnings, tifffile.TiffFile(path) as file:
        series = _only_series(path, file)
        _refuse_truncated(path, file, series, warnings)
        pixels = series.asarray()
        names = tiff_metadata.channel_names(file)
        found = tiff_metadata.scale(file)
        return StoredImage(
            pixels=pixels,
            axes=series.axes.replace("S", "C") if "C" not in series.axes else series.axes,
            scale=found[0] if found else None,
            scale_source=found[1] if found else "",
            channels=names or (png_jpeg.colour_names(pixels) if "S" in series.axes else ()),
            bits=tiff_metadata.significant_bits(file),
        )


def _only_series(path: Path, file: "tifffile.TiffFile") -> "tifffile.TiffPageSeries":
    """The file's largest image, of which there must be one."""
    largest = max(math.prod(series.shape) for series in file.series)
    full = [series for series in file.series if math.prod(series.shape) == largest]
    if len(full) > 1:
        raise IngestError(
            f"{path.name}: holds {len(full)} images of the same size, expected one. Save each position as its own file."
        )
    return full[0]


@contextlib.contextmanager
def _tifffile_warnings() -> Iterator[list[str]]:
    """Messages that tifffile logs while it reads; only there does it report a pointer beyond the end of the file."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Collector()
    log = logging.getLogger("tifffile")
    propagated, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield messages
    finally:
        log.removeHandler(handler)
        log.propagate = propagated


def _refuse_truncated(
    path: Path, file: "tifffile.TiffFile", series: "tifffile.TiffPageSeries", warnings: list[str]
) -> None:
    """Refuse a copy that broke off: bytes beyond the end, or planes that the header promises but the file lacks."""
    missing = sum(page is None for page in series.pages)
    beyond = any(
        offset + count > file.filehandle.size
        for page in series.pages
        if page is not None
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
    )
    promised = (file.imagej_metadata or {}).get("images", 0)
    stored = math.prod(series.shape) // math.prod(series.keyframe.shape)
    short = series.dataoffset is not None and series.dataoffset + series.nbytes > file.filehandle.size
    lost = any(INVALID_OFFSET_MESSAGE.search(message) for message in warnings)
    if missing or beyond or short or lost or promised > stored:
        raise IngestError(
            f"{path.name}: the file is cut short: its header promises more planes than it holds "
            f"({file.filehandle.size:,} bytes). Copy it again from the microscope."
        )
