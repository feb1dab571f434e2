"""Read the picture files of imagers as planes of numbers, with what their tags say about storage.

In: TIFF (8 and 16 bit, compressed or not, several pages), one TIFF per channel or their zip from LI-COR scanners, the
square-root coded ``.gel`` of Typhoon and Storm scanners, Bio-Rad ``.1sc``, PNG and JPEG. Out: ``Picture``: one plane
per channel, exactly as stored, except that square-root coding is undone. Whether bands are bright or dark is not
decided here: some imagers write the tag that says so (PhotometricInterpretation) wrongly (ImageQuant 800: white is
zero, while large numbers are much light).
"""

import io
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ketaflow.assays.western_blot.images import constants
from ketaflow.assays.western_blot.images.biorad import read_1sc
from ketaflow.assays.western_blot.model import Storage
from ketaflow.core.errors import IngestError

TIFF_ENDINGS = (".tif", ".tiff", ".gel")
COLOURS = {"red": 0, "green": 1, "blue": 2}


@dataclass(frozen=True)
class Picture:
    """One picture file.

    Attributes
    ----------
    planes : dict of str to (n_rows, n_columns) array
        By the channel's name (``1``, ``2`` ... or the scanner's own), as stored.
    storage : Storage
        How the picture is stored.
    """

    planes: dict[str, np.ndarray]
    storage: Storage

    def plane(self, channel: str | None, file: str) -> tuple[str, np.ndarray]:
        """Return one channel.

        Parameters
        ----------
        channel : str or None
            Its name, number or colour; None asks for the only one.
        file : str
            Name of the file, for messages.

        Returns
        -------
        str, (n_rows, n_columns) array
            The name of the channel in the file, and its pixels.

        Raises
        ------
        IngestError
            If the file has no such channel, or several where none is named.
        """
        names = list(self.planes)
        if channel is None:
            if len(names) > 1:
                raise IngestError(
                    f"{file}: holds {len(names)} channels ({', '.join(names)}). Enter in the column channel which one "
                    "shows this target."
                )
            return names[0], self.planes[names[0]]
        asked = str(channel).strip().lower()
        asked = asked.removesuffix(".0")
        number = COLOURS.get(asked, int(asked) - 1 if asked.isdigit() else -1)
        matching = [name for name in names if name.lower() == asked] or [
            name for name in names if asked in name.lower()
        ]
        if not matching and 0 <= number < len(names):
            matching = [names[number]]
        if not matching:
            raise IngestError(f"{file}: has no channel '{channel}'. It holds: {', '.join(names)}.")
        if len(matching) > 1:
            raise IngestError(f"{file}: has several channels '{channel}': {', '.join(matching)}. Enter one of them.")
        return matching[0], self.planes[matching[0]]


def read_picture(path: Path) -> Picture:
    """Read a picture file.

    Parameters
    ----------
    path : Path
        TIFF, ``.gel``, a zip of TIFFs, ``.1sc``, PNG or JPEG.

    Returns
    -------
    Picture

    Raises
    ------
    IngestError
        If the file cannot be read as a picture, with a remedy for a member of the lab.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise IngestError(f"{path.name}: cannot be opened ({error.strerror}). Put the file back.") from error
    if not content:
        raise IngestError(f"{path.name}: the file is empty. Copy it again from the imager.")
    try:
        picture = _decoded(content, path.suffix.lower())
    except IngestError as error:
        raise IngestError(f"{path.name}: {error}") from error
    except Exception as error:
        raise IngestError(
            f"{path.name}: cannot be read as a picture ({type(error).__name__}: {error}). Expected TIFF, a LI-COR zip, "
            ".gel, .1sc, PNG or JPEG; export it from the imager as 16-bit TIFF ('for analysis')."
        ) from error
    wavelength = _wavelength(path.stem)
    if wavelength and picture.storage.format == "TIFF" and len(picture.planes) == 1:
        picture = replace(picture, planes={wavelength: next(iter(picture.planes.values()))})
    for name, plane in picture.planes.items():
        fault = _fault(plane)
        if fault:
            raise IngestError(f"{path.name}: channel {name} {fault}")
    return picture


def _fault(plane: np.ndarray) -> str:
    """Why pixels cannot be those of a blot, and what to do; empty if they can."""
    if min(plane.shape) < constants.LEAST_SIDE_PX:
        return f"is {plane.shape[1]} x {plane.shape[0]} pixels. Export the whole picture."
    if plane.dtype.kind == "f" and not np.isfinite(plane).all():
        missing = int((~np.isfinite(plane)).sum())
        return f"has {missing} pixels that are not numbers (NaN or infinite). Export the raw picture from the imager."
    if plane.min() == plane.max():
        return f"has the same value, {plane.flat[0]:g}, in every pixel. Export the picture again."
    if plane.min() < 0:
        return (
            f"has negative values (lowest {plane.min():g}): its background was subtracted before export. Export the "
            "raw picture from the imager."
        )
    return ""


def _decoded(content: bytes, ending: str) -> Picture:
    """Read the content of a file by its first bytes."""
    if ending in constants.NOT_READ:
        raise IngestError(f"{constants.NOT_READ[ending]} is not read. {constants.EXPORT_TIFF}")
    if content.startswith(constants.BIO_RAD_START):
        stored = read_1sc(content)
        storage = Storage("Bio-Rad 1sc", stored.pixels.dtype.itemsize * 8, full_scale=stored.ceiling or None)
        return Picture(_numbered([stored.pixels]), storage)
    if ending == ".1sc":
        raise IngestError(f"is named .1sc but does not begin like Bio-Rad's format. {constants.EXPORT_TIFF}")
    if content[:2] == b"PK":
        return _zipped(content)
    if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff(content)
    if ending in TIFF_ENDINGS:
        raise IngestError(f"is named {ending} but does not begin like a TIFF. Copy it again from the imager.")
    return _raster(content)


def _zipped(content: bytes) -> Picture:
    """A LI-COR export: one TIFF per channel, named by its wavelength (700, 800)."""
    planes: dict[str, np.ndarray] = {}
    storage = None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # Archives made on a Mac hold a second file of its own beside every picture.
        files = [name for name in sorted(archive.namelist()) if not Path(name).name.startswith("._")]
        members = [name for name in files if Path(name).suffix.lower() in TIFF_ENDINGS]
        channels = [_wavelength(Path(name).stem) for name in members]
        single = len(set(channels)) == len(channels) and all(channels)
        for name, channel in zip(members, channels, strict=True):
            inner = _tiff(archive.read(name))
            planes[channel if single else name] = next(iter(inner.planes.values()))
            storage = replace(inner.storage, format="zip of TIFF")
    if storage is None:
        raise IngestError("holds no TIFF. Export the scan with its TIFF images.")
    return Picture(planes, storage)


def _wavelength(stem: str) -> str:
    """The channel at the end of a file's name, as LI-COR scanners name their pictures (``0000416_01_700``); empty if
    there is none."""
    found = re.search(r"_(600|700|800|chemi)$", stem, re.IGNORECASE)
    return found[1].lower() if found else ""


def _tiff(content: bytes) -> Picture:
    """A TIFF: pages of one size are channels."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as tiff:
        page: Any = tiff.pages[0]
        storage = Storage(
            format="TIFF",
            bits=int(page.bitspersample),
            lossy="JPEG" in str(page.compression.name).upper(),
            white_is_zero=int(page.photometric) == constants.WHITE_IS_ZERO,
        )
        shape = page.shape[:2]
        layers = [_layers(each.asarray()) for each in tiff.pages if each.shape[:2] == shape]
        square_root = _first(page.tags.get(constants.MD_FILE_TAG)) == constants.MD_SQUARE_ROOT
        scale = _ratio(page.tags.get(constants.MD_SCALE_TAG))
    planes, colour = _merged([layer for page_layers in layers for layer in page_layers], len(layers))
    if square_root:
        planes = [np.square(plane, dtype=np.float64).astype(np.float32) * np.float32(scale) for plane in planes]
        storage = replace(storage, full_scale=float((2.0**storage.bits - 1) ** 2 * scale))
    return Picture(_numbered(planes), replace(storage, colour=colour))


def _raster(content: bytes) -> Picture:
    """A PNG, JPEG or other picture that is no TIFF."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as opened:
        kind = str(opened.format)
        image: Image.Image = opened
        if image.mode in ("P", "1", "CMYK", "YCbCr", "LA", "PA"):
            image = image.convert("L" if image.mode in ("1", "LA") else "RGB")
        pixels = np.asarray(image)
    if pixels.dtype == np.int32:
        pixels = pixels.astype(np.uint16)
    planes, colour = _merged(_layers(pixels), 1)
    bits = planes[0].dtype.itemsize * 8
    return Picture(_numbered(planes), Storage(format=kind, bits=bits, lossy=kind == "JPEG", colour=colour))


def _layers(pixels: np.ndarray) -> list[np.ndarray]:
    """Planes of one page: one for grey, three for colour; opacity is dropped."""
    if pixels.ndim == 2:
        return [pixels]
    if pixels.ndim == 3 and pixels.shape[2] in (2, 3, 4):
        return [pixels[..., index] for index in range(3 if pixels.shape[2] >= 3 else 1)]
    if pixels.ndim == 3:
        return list(pixels)
    raise IngestError(f"has {pixels.ndim} dimensions. Expected one picture, or one per channel.")


def _merged(layers: list[np.ndarray], pages: int) -> tuple[list[np.ndarray], bool]:
    """One plane for grey stored as colour (green, where compression tinted it); else the colours, and whether there are
    any."""
    if pages == 1 and len(layers) == 3:
        if all(np.array_equal(layers[0], other) for other in layers[1:]):
            return layers[:1], False
        return ([layers[1]] if _grey(layers) else layers), True
    return layers, False


def _grey(layers: list[np.ndarray]) -> bool:
    """Whether colours are those of one grey picture: nearly equal, or varying together."""
    spread = np.max(layers, axis=0).astype(np.float32) - np.min(layers, axis=0)
    if float(spread.mean()) <= constants.GREY_DIFFERENCE * float(np.ptp(layers[1])):
        return True
    some = [
        layer[
            :: max(1, layer.shape[0] // constants.COLOUR_SAMPLE_PX),
            :: max(1, layer.shape[1] // constants.COLOUR_SAMPLE_PX),
        ]
        for layer in layers
    ]
    if any(layer.min() == layer.max() for layer in some):
        return False
    return float(np.corrcoef([layer.ravel() for layer in some]).min()) > constants.TINT_CORRELATION


def _numbered(planes: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Planes named 1, 2 ..."""
    return {str(number): np.ascontiguousarray(plane) for number, plane in enumerate(planes, start=1)}


def _first(tag: object) -> float | None:
    """First value of a TIFF tag; None where the tag is absent."""
    value = getattr(tag, "value", None)
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    return None if value is None else float(value)


def _ratio(tag: object) -> float:
    """A rational TIFF tag as a number; 1 where it is absent."""
    value = getattr(tag, "value", None)
    if isinstance(value, tuple | list) and len(value) == 2 and value[1]:
        return float(value[0] / value[1])
    return float(value) if isinstance(value, int | float) and value else 1.0
