"""Microscope images: one channel as an array with the size of its pixels, or the reason why not.

In: TIFF (plain, OME, ImageJ), LSM, PNG, JPEG; ND2, LIF and CZI through ``core.vendor_images``. Out: an
``Image`` in the numbers the camera wrote. No lengths can be told from a file without a scale, and many
files carry a wrong one (a screen's 96 dpi reads as 264 um per pixel), so a scale that is missing or
impossible is an error, and the cohort's own columns ``pixel_size_um`` and ``z_step_um`` overrule the file.
"""

import contextlib
import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ketaflow.core import tiff_metadata
from ketaflow.core.errors import IngestError

# Light microscopes resolve about 0.2 um and sample it 1 to 10 times; coarser than 2 um or finer than 5 nm
# (STED, expansion) is an artefact of the file, such as 25400 / 96 dpi = 264.6 um.
PIXEL_SIZE_LIMITS_UM = (0.005, 2.0)
Z_STEP_LIMITS_UM = (0.005, 10.0)
ASPECT_TOLERANCE = 0.01
# A grey picture saved as RGB has equal channels but for compression; 32 of 255 grey levels were seen in JPEG.
GREY_TOLERANCE = 0.125
# No more fluorophores than this are told apart without names; ImageJ writes a z stack of unknown kind as channels.
MOST_CHANNELS = 4
COLOURS = ("red", "green", "blue", "alpha")
FLAT_ENDINGS = (".png", ".jpg", ".jpeg")
PNG_MAGIC, JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
VENDOR_ENDINGS = (".nd2", ".lif", ".czi")
LOST_POINTER = re.compile(r"invalid (page|value|tag) offset")


@dataclass(frozen=True)
class Image:
    """One channel of one stack.

    ``pixels`` is (z, y, x) in the file's own numbers; a flat picture has one plane. ``z_step_um`` is NaN for
    one plane. ``ceiling`` is the highest number the detector can give, NaN where that is not known (floats).
    ``scale_source`` says where the scale came from: ``table``, or the metadata that held it. ``notes`` are
    doubts a reviewer should read.
    """

    pixels: np.ndarray
    pixel_size_um: float
    z_step_um: float
    ceiling: float
    scale_source: str
    channel: str
    notes: list[str] = field(default_factory=list)


@dataclass
class Stored:
    """What a reader finds in a file: all channels, named axes (of ``TCZYX``), and what the metadata say."""

    pixels: np.ndarray
    axes: str
    pixel_size_um: tuple[float, float] | None = None
    z_step_um: float | None = None
    scale_source: str = ""
    channels: list[str] = field(default_factory=list)
    bits: int | None = None
    notes: list[str] = field(default_factory=list)


def read(path: Path, *, channel: str | None, pixel_size_um: float | None, z_step_um: float | None) -> Image:
    """Read one channel of a microscope image.

    ``channel`` is a number counted from 1, a name in the file's metadata, or red, green, blue; None where the
    file has one channel. ``pixel_size_um`` and ``z_step_um`` overrule the file's own. Raises IngestError.
    """
    stored = _stored(path)
    _refuse_time_series(path, stored, z_step_um)
    stack, name = _one_channel(path, stored, channel)
    _refuse_unusable(path, stack)
    size, step, source = _scale(path, stored, pixel_size_um, z_step_um, planes=stack.shape[0])
    return Image(stack, size, step, _ceiling(stack, stored.bits), source, name, stored.notes)


def _stored(path: Path) -> Stored:
    """All a file holds, by the reader its ending asks for."""
    ending = path.suffix.lower()
    try:
        if ending in VENDOR_ENDINGS:
            from ketaflow.core import vendor_images

            found = vendor_images.read(path)
        else:
            found = _read_flat(path) if ending in FLAT_ENDINGS else _read_tiff(path)
        if found.pixels.ndim != len(found.axes) or not found.pixels.size:
            raise ValueError(f"{found.pixels.shape} pixels along the axes {found.axes}")
        return found
    except IngestError:
        raise
    except Exception as error:
        raise IngestError(
            f"{path.name}: this file cannot be read as an image ({type(error).__name__}: {error}). Expected TIFF, "
            "OME-TIFF, LSM, PNG, JPEG, ND2, LIF or CZI. Copy it again from the microscope, it may be cut short."
        ) from error


def _read_flat(path: Path) -> Stored:
    import imagecodecs

    content = path.read_bytes()
    if content.startswith(PNG_MAGIC):
        pixels = imagecodecs.png_decode(content)
    elif not content.startswith(JPEG_MAGIC):
        raise ValueError("neither PNG nor JPEG")
    elif not _ends_as_jpeg(content):
        raise IngestError(f"{path.name}: the file is cut short: a JPEG without its end. Copy it again.")
    else:
        pixels = imagecodecs.jpeg8_decode(content)
    return Stored(pixels, "YX" if pixels.ndim == 2 else "YXC", channels=_colours(pixels))


def _ends_as_jpeg(content: bytes) -> bool:
    """Whether the picture's own end mark follows its scan; decoders fill up with grey what a broken copy lacks.

    A thumbnail among the segments before the scan has an end mark of its own (JPEG, ITU T.81, annex B).
    """
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        if content[place + 1] == 0xDA:
            return b"\xff\xd9" in content[place:]
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return False


def _read_tiff(path: Path) -> Stored:
    import tifffile

    with _complaints_of_tifffile() as complaints, tifffile.TiffFile(path) as file:
        series = _only_series(path, file)
        _refuse_truncated(path, file, series, complaints)
        axes = series.axes.replace("S", "C") if "C" not in series.axes else series.axes
        found = Stored(series.asarray(), axes, bits=tiff_metadata.significant_bits(file))
        found.channels = tiff_metadata.channel_names(file) or (_colours(found.pixels) if "S" in series.axes else [])
        told = tiff_metadata.scale(file)
    if told:
        (across, down, step), found.scale_source = told
        found.pixel_size_um, found.z_step_um = (across, down), step
    return found


def _only_series(path: Path, file):
    """The file's image; thumbnails and labels beside it are passed over."""
    largest = max(math.prod(series.shape) for series in file.series)
    full = [series for series in file.series if math.prod(series.shape) == largest]
    if len(full) > 1:
        raise IngestError(
            f"{path.name}: holds {len(full)} images of the same size, expected one. Save each position as its own file."
        )
    return full[0]


@contextlib.contextmanager
def _complaints_of_tifffile() -> Iterator[list[str]]:
    """What tifffile logs while it reads; a pointer beyond the end of the file is only ever said there."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda entry: told.append(entry.getMessage())
    log = logging.getLogger("tifffile")
    passed_on, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield told
    finally:
        log.removeHandler(handler)
        log.propagate = passed_on


def _refuse_truncated(path: Path, file, series, complaints: list[str]) -> None:
    """A copy that broke off: bytes beyond the end, or planes that the header promises and that are not there."""
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
    lost = any(LOST_POINTER.search(complaint) for complaint in complaints)
    if missing or beyond or short or lost or promised > stored:
        raise IngestError(
            f"{path.name}: the file is cut short: its header promises more planes than it holds "
            f"({file.filehandle.size:,} bytes). Copy it again from the microscope."
        )


def _one_channel(path: Path, stored: Stored, wanted: str | None) -> tuple[np.ndarray, str]:
    """The wanted channel as (z, y, x), and its name."""
    pixels = _standard_axes(path, stored)
    if wanted is None and pixels.shape[0] == 1 and pixels.shape[1] > MOST_CHANNELS and not stored.channels:
        stored.notes.append(f"the file calls its {pixels.shape[1]} planes channels; read as a z stack")
        pixels = pixels.swapaxes(0, 1)
    count = pixels.shape[1]
    names = stored.channels if len(stored.channels) == count else [str(number + 1) for number in range(count)]
    if wanted is not None:
        index = _channel_index(path, str(wanted), names)
    elif count == 1:
        index = 0
    elif names[:3] == list(COLOURS[:3]) and _is_grey(pixels):
        return pixels[:, :3].max(1), "grey"
    else:
        raise IngestError(
            f"{path.name}: holds {count} channels ({', '.join(names)}), and the table does not say which to read. "
            "Enter a number (1 is the first) or a name in the column channel."
        )
    _refuse_transposed(path, pixels[:, index], stored.axes)
    return np.ascontiguousarray(pixels[:, index]), names[index]


def _refuse_time_series(path: Path, stored: Stored, z_step_um: float | None) -> None:
    """Time points of one plane are no stack; some programs call planes so, and then the table tells their distance."""
    sizes = dict(zip(stored.axes, stored.pixels.shape, strict=True))
    if sizes.get("T", 1) > 1 and sizes.get("Z", 1) == 1 and z_step_um is None:
        raise IngestError(
            f"{path.name}: holds {sizes['T']} time points of one plane, expected one stack of planes. Save one time "
            "point to a file of its own; if they are planes of a stack, enter their distance in the column z_step_um."
        )


def _standard_axes(path: Path, stored: Stored) -> np.ndarray:
    """Pixels as (z, channel, y, x)."""
    sizes = dict(zip(stored.axes, stored.pixels.shape, strict=True))
    # Many programs save a z stack as time points, or as pages without a name (Q, I).
    depth = [axis for axis in stored.axes if axis not in "CYX" and sizes[axis] > 1]
    if len(depth) > 1 or "Y" not in sizes or "X" not in sizes:
        told = ", ".join(f"{axis} {size}" for axis, size in sizes.items())
        raise IngestError(
            f"{path.name}: expected planes, channels, height and width, found the axes {told}. "
            "Save one time point and one position to a file of its own."
        )
    if depth and depth[0] != "Z":
        stored.notes.append(f"the file does not call its {sizes[depth[0]]} planes a z stack (axis {depth[0]})")
    keep = [axis for axis in stored.axes if axis in "CYX" or axis in depth]
    pixels = stored.pixels.reshape([sizes[axis] for axis in keep])
    for axis in ("C", depth[0] if depth else "Z"):
        if axis not in keep:
            pixels, keep = pixels[None], [axis, *keep]
    order = [keep.index(axis) for axis in (depth[0] if depth else "Z", "C", "Y", "X")]
    return pixels.transpose(order)


def _channel_index(path: Path, wanted: str, names: list[str]) -> int:
    lower = [name.lower() for name in names]
    if wanted.lower() in lower:
        return lower.index(wanted.lower())
    number = float(wanted) if wanted.replace(".", "", 1).isdigit() else math.nan
    if number in range(1, len(names) + 1):
        return int(number) - 1
    raise IngestError(
        f"{path.name}: has no channel '{wanted}'. Expected one of {', '.join(names)}, "
        f"or a number from 1 to {len(names)}."
    )


def _is_grey(pixels: np.ndarray) -> bool:
    colours = pixels[:, :3].astype(np.int32)
    spread = colours.max(1) - colours.min(1)
    return float(np.quantile(spread, 0.999)) <= GREY_TOLERANCE * np.iinfo(pixels.dtype).max


def _refuse_transposed(path: Path, stack: np.ndarray, axes: str) -> None:
    """A stack saved y, x, z reads as a thousand planes a few pixels wide."""
    planes, height, width = stack.shape
    if planes > 100 and planes > 4 * min(height, width) and max(height, width) > 4 * min(height, width):
        raise IngestError(
            f"{path.name}: {planes} planes of {height} x {width} pixels (axes {axes}): the axes look exchanged. "
            "Save the stack in the order z, y, x."
        )


def _refuse_unusable(path: Path, stack: np.ndarray) -> None:
    if stack.dtype.kind not in "uif":
        raise IngestError(f"{path.name}: pixels are {stack.dtype}, expected whole numbers of 8 or 16 bits.")
    if stack.dtype.kind == "f" and not np.isfinite(stack).all():
        raise IngestError(f"{path.name}: some pixels are not numbers (NaN). Save the raw image, before any division.")
    if stack.min() == stack.max():
        raise IngestError(f"{path.name}: every pixel has the value {stack.flat[0]:g}: the image is empty.")


def _scale(
    path: Path, stored: Stored, pixel_size_um: float | None, z_step_um: float | None, *, planes: int
) -> tuple[float, float, str]:
    """Pixel size, z step (NaN for one plane) and where the pixel size came from; refuses what cannot be."""
    source = stored.scale_source
    if pixel_size_um is not None:
        size, source = float(pixel_size_um), "table"
    elif stored.pixel_size_um is None:
        raise IngestError(
            f"{path.name}: the file does not say how large a pixel is. Enter it in the column pixel_size_um."
        )
    else:
        size, other = stored.pixel_size_um
        if abs(size - other) > ASPECT_TOLERANCE * size:
            raise IngestError(
                f"{path.name}: pixels are {size:.4g} um wide and {other:.4g} um high, expected squares. "
                "Correct it in the column pixel_size_um."
            )
    _refuse_impossible(path, "pixel_size_um", "um per pixel", size, PIXEL_SIZE_LIMITS_UM, source)
    if planes == 1:
        return size, math.nan, source
    step = stored.z_step_um if z_step_um is None else float(z_step_um)
    if step is None:
        raise IngestError(
            f"{path.name}: {planes} planes, and the file does not say how far apart. Enter it in the column z_step_um "
            "(ImageJ leaves out a step of exactly 1)."
        )
    where = source if z_step_um is None else "table"
    _refuse_impossible(path, "z_step_um", "um between planes", step, Z_STEP_LIMITS_UM, where)
    return size, step, source


def _refuse_impossible(
    path: Path, column: str, unit: str, value: float, limits: tuple[float, float], source: str
) -> None:
    low, high = limits
    if not low <= value <= high:
        where = "the table says" if source == "table" else f"the {source} metadata say"
        raise IngestError(
            f"{path.name}: {where} {value:.4g} {unit}, expected {low:g} to {high:g}. "
            f"Enter the true value in the column {column}."
        )


def _ceiling(stack: np.ndarray, bits: int | None) -> float:
    """Highest number the detector can give: told by the file, or the fewest bits that hold what is seen."""
    if stack.dtype.kind == "f":
        return math.nan
    width = stack.dtype.itemsize * 8
    highest = int(stack.max())
    if bits and bits < width and highest < 2**bits:
        return float(2**bits - 1)
    # 12 bits moved up by four, as some microscopes write them into 16.
    if width == 16 and highest >= 2**12 and not np.any(stack & 15):
        return float((2**12 - 1) * 16)
    return float(next((2**held - 1 for held in (8, 10, 12, 14, 16) if highest < 2**held), 2**width - 1))


def _colours(pixels: np.ndarray) -> list[str]:
    return list(COLOURS[: pixels.shape[-1]]) if pixels.ndim > 2 and pixels.shape[-1] in (3, 4) else []
