"""TIFF files: plain, OME, ImageJ, LSM and MetaMorph stacks, refused where a copy is truncated."""

import contextlib
import logging
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ketaflow.core.errors import IngestError
from ketaflow.core.images.model import StoredImage
from ketaflow.core.images.readers import png_jpeg, tiff_metadata
from ketaflow.core.images.series import Part, chosen, parts
from ketaflow.core.tables import listed

if TYPE_CHECKING:
    import tifffile


class Layout(NamedTuple):
    """Version number of a kind of TIFF, and lengths in bytes: header, number of entries, entry, offset."""

    version: int
    header: int
    counter: int
    entry: int
    offset: int


# TIFF 6.0, section 2, and the BigTIFF design of the libtiff project.
CLASSIC_TIFF = Layout(version=42, header=8, counter=2, entry=12, offset=4)
BIG_TIFF = Layout(version=43, header=16, counter=8, entry=20, offset=8)
CUT_SHORT = "the file is cut short"
COPY_AGAIN = "Copy it again from the microscope."
# Names of images that show the slide or another image in small.
PREVIEW_NAME = re.compile(r"\b(thumbnail|label|macro|overview|preview)\b", re.IGNORECASE)
# An unnamed image with less than this share of the largest one's pixels is a preview.
PREVIEW_SHARE = 0.25
# How tifffile (2025.1 to 2026.4) words that a pointer in the file leads beyond its end.
INVALID_OFFSET_MESSAGE = re.compile(r"invalid (page|value|tag) offset")


def read(path: Path, series: str | None = None) -> StoredImage:
    """Read an image of a TIFF file.

    Parameters
    ----------
    path : Path
        The file.
    series : str or None
        Name or number from 1 of the series, position or time point; None where the file holds one image.

    Returns
    -------
    StoredImage
        Axes as tifffile names them, with the samples of a pixel as channels. Thumbnails and labels are passed over.

    Raises
    ------
    IngestError
        If the file holds several images of which none is named, fewer planes than its header promises, or a part of a
        set of files.
    """
    import tifffile

    try:
        with _tifffile_warnings() as warnings, tifffile.TiffFile(path) as file:
            images = _images(file)
            listed = [part for number, image in enumerate(images) for part in _parts(image, number)]
            part = chosen(path, listed, series)
            image = images[part.series]
            _refuse_truncated(path, file, image, warnings)
            return _stored(file, image, part)
    except IngestError:
        raise
    except Exception:
        if _is_short(path):
            raise IngestError(f"{path.name}: {CUT_SHORT} ({path.stat().st_size:,} bytes). {COPY_AGAIN}") from None
        raise


def _parts(image: "tifffile.TiffPageSeries", number: int) -> list[Part]:
    """The images of a series: one for each scene, position or time point."""
    sizes = dict(zip(_axes(image), image.shape, strict=True))
    return parts(sizes, series=number, name=image.name or "")


def _axes(image: "tifffile.TiffPageSeries") -> str:
    """Axes of a series, with the samples of a pixel as channels."""
    return str(image.axes.replace("S", "C") if "C" not in image.axes else image.axes)


def _stored(file: "tifffile.TiffFile", image: "tifffile.TiffPageSeries", part: Part) -> StoredImage:
    """Pixels of an image and what the metadata say of them."""
    axes, pixels = _axes(image), image.asarray()
    pixels = pixels[tuple(part.at.get(axis, slice(None)) for axis in axes)]
    own = tiff_metadata.DescribedImage.from_file(file, image)
    names = tiff_metadata.channel_names(own)
    found = tiff_metadata.scale(own)
    return StoredImage(
        pixels=pixels,
        axes="".join(axis for axis in axes if axis not in part.at),
        scale=found[0] if found else None,
        scale_source=found[1] if found else "",
        channels=names or _colours(image),
        bits=tiff_metadata.significant_bits(own),
        acquisitions=tiff_metadata.acquisitions(own),
    )


def _colours(image: "tifffile.TiffPageSeries") -> tuple[str, ...]:
    """Names of the samples of a pixel, wherever their axis lies; empty where they are no colours."""
    count = image.shape[image.axes.index("S")] if "S" in image.axes else 0
    return png_jpeg.COLOUR_NAMES[:count] if count in (3, 4) else ()


def _is_short(path: Path) -> bool:
    """Whether a directory of the file lies beyond its end (TIFF 6.0, section 2; BigTIFF), followed from the first."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(BIG_TIFF.header)
        order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
        layout = BIG_TIFF if int.from_bytes(head[2:4], order) == BIG_TIFF.version else CLASSIC_TIFF
        place, seen = int.from_bytes(head[layout.header - layout.offset : layout.header], order), set()
        while place and place not in seen:
            seen.add(place)
            file.seek(place)
            entries = int.from_bytes(file.read(layout.counter), order)
            end = place + layout.counter + entries * layout.entry + layout.offset
            if end > size:
                return True
            file.seek(end - layout.offset)
            place = int.from_bytes(file.read(layout.offset), order)
    return False


def _images(file: "tifffile.TiffFile") -> "list[tifffile.TiffPageSeries]":
    """The images of a file, in its order; thumbnails, labels and overviews beside them are passed over."""
    largest = max(math.prod(image.shape) for image in file.series)
    return [image for image in file.series if not _is_preview(image, largest, named=file.is_ome)]


def _is_preview(series: "tifffile.TiffPageSeries", largest: int, *, named: bool) -> bool:
    """Whether a series only shows another one in small, or the label of the slide.

    OME files name their images and flag reduced ones. Other programs do neither always, so there a much smaller image
    is a preview too.
    """
    if PREVIEW_NAME.search(series.name or "") or series.keyframe.is_reduced:
        return math.prod(series.shape) < largest
    return not named and math.prod(series.shape) < PREVIEW_SHARE * largest


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
    absent = [name for name in tiff_metadata.ome_files(file) if not path.with_name(name).is_file()] if missing else []
    if absent:
        raise IngestError(
            f"{path.name}: belongs to a set of OME-TIFF files, of which {listed(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} missing. Copy the whole set, or save it as one file."
        )
    if missing or beyond or short or lost or promised > stored:
        raise IngestError(
            f"{path.name}: {CUT_SHORT}: its header promises more planes than it holds "
            f"({file.filehandle.size:,} bytes). {COPY_AGAIN}"
        )
