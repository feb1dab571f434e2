"""Refuse a file by the size it declares, before anything is decoded.

A few kilobytes can declare an image of a hundred gigapixels, or an archive that unpacks to terabytes. What a file says
of itself is read from its first bytes and its directories, in well under a millisecond for most files. Formats that
need a library of their own (CZI, ND2, LIF) are compared by their readers, with the limits that apply at the time.
"""

import csv
import math
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from ketaflow.core.errors import IngestError

PNG, JPEG, ZIP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"PK\x03\x04"
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# First bytes of a file: those of a PNG up to its colour type (PNG specification, section 11.2.2).
HEAD_BYTES = 26
# Channels of a PNG by its colour type (PNG specification, table 11.1); a palette is one.
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# DEFLATE, the compression of PNG, TIFF and zip, makes at most 1,032 bytes of one (RFC 1951; zlib's documentation).
MAX_EXPANSION = 1032
# Up to here a small file may declare what it likes (million values, or MB): a uniform image of this size does no harm.
HARMLESS_MILLIONS = 20
MILLION = 1e6
# JPEG markers that begin a frame (ISO/IEC 10918-1, table B.1), and the two bytes before each.
JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
JPEG_FRAME = struct.Struct(">BHHB")


@dataclass(frozen=True)
class Limits:
    """Settings ``limits``.

    Attributes
    ----------
    max_image_megapixels : float
        Values of an image file: width x height x channels x planes (millions).
    max_unpacked_mb : float
        Content of an archive or workbook after unpacking (MB).
    max_cell_characters : int
        Characters of a cell of a table in text form, such as CSV.
    """

    max_image_megapixels: float = math.inf
    max_unpacked_mb: float = math.inf
    max_cell_characters: int = 2**31 - 1


# Without limits: for tables that were checked before, and for use as a library.
NONE = Limits()
_IN_FORCE: ContextVar[Limits] = ContextVar("limits", default=NONE)


@contextmanager
def applied(limits: Limits) -> Iterator[None]:
    """Apply limits to all that is read within the block."""
    token, before = _IN_FORCE.set(limits), csv.field_size_limit(limits.max_cell_characters)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)
        csv.field_size_limit(before)


def refuse_oversized(path: Path) -> None:
    """Refuse a file that declares more than the limits allow, or more than its bytes can hold.

    Parameters
    ----------
    path : Path
        A file, or a folder that is one recording; a file that is not there is passed over.

    Raises
    ------
    IngestError
        With the file's name, what it declares, and the setting that allows more.
    OSError
        If a file cannot be opened.
    """
    for part in _files(path):
        with part.open("rb") as handle:
            head = handle.read(HEAD_BYTES)
        if head.startswith(ZIP):
            _refuse_archive(part)
        elif head.startswith((PNG, JPEG, *TIFF)):
            refuse_image(part, _declared_values(part, head))


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or the files of a folder."""
    yield from (part for part in (sorted(path.rglob("*")) if path.is_dir() else [path]) if part.is_file())


def _refuse_archive(path: Path) -> None:
    """Refuse an archive by the sizes in its directory; a damaged one is left to its reader."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked_mb = sum(entry.file_size for entry in archive.infolist()) / MILLION
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return
    what = f"{path.name}: unpacks to {unpacked_mb:,.0f} MB"
    most_mb = _IN_FORCE.get().max_unpacked_mb
    if unpacked_mb > most_mb:
        raise IngestError(
            f"{what}, expected at most {most_mb:,.0f}. If it is right, raise limits.max_unpacked_mb in "
            "the settings; a workbook often shrinks when the empty rows below its table are deleted."
        )
    _refuse_beyond_bytes(what, unpacked_mb, path)


def refuse_image(path: Path, values: int) -> None:
    """Refuse an image that declares more values than the limits allow, or than its file can hold.

    Parameters
    ----------
    path : Path
        The file.
    values : int
        Width x height x channels x planes, as the file declares them.

    Raises
    ------
    IngestError
        With the file's name, what it declares, and the setting that allows more or the size of the file.
    """
    millions, most = values / MILLION, _IN_FORCE.get().max_image_megapixels
    what = f"{path.name}: declares {millions:,.0f} million values (width x height x channels x planes)"
    if millions > most:
        raise IngestError(
            f"{what}, expected at most {most:,.0f}. Export the part that is measured, or raise "
            "limits.max_image_megapixels in the settings if there is memory for it."
        )
    _refuse_beyond_bytes(what, millions, path)


def _declared_values(path: Path, head: bytes) -> int:
    """Values that the header of a PNG, JPEG or TIFF declares; a damaged header is left to its reader."""
    if head.startswith(PNG):
        return _png_values(head)
    return _jpeg_values(path) if head.startswith(JPEG) else _tiff_values(path)


def _refuse_beyond_bytes(what: str, millions: float, path: Path) -> None:
    """Refuse a file that declares more than its bytes can hold."""
    size = path.stat().st_size
    if millions > HARMLESS_MILLIONS and millions * MILLION > MAX_EXPANSION * size:
        raise IngestError(
            f"{what}, but holds only {size:,} bytes: it is no recording, or it was cut short. Copy it again "
            "from where it was made."
        )


def _png_values(head: bytes) -> int:
    """Values of a PNG by its header."""
    width, height, _, colour_type = struct.unpack(">IIBB", head[16:HEAD_BYTES].ljust(10, b"\0"))
    return int(width) * int(height) * PNG_CHANNELS.get(colour_type, 1)


def _jpeg_values(path: Path) -> int:
    """Values of a JPEG by its first frame header; 0 where there is none."""
    with path.open("rb") as handle:
        handle.seek(2)
        while (mark := handle.read(2)) and mark[:1] == b"\xff" and len(mark) == 2:
            length = int.from_bytes(handle.read(2), "big")
            if mark[1] in JPEG_FRAMES:
                frame = handle.read(JPEG_FRAME.size)
                if len(frame) < JPEG_FRAME.size:
                    return 0
                _, height, width, channels = JPEG_FRAME.unpack(frame)
                return int(height) * int(width) * int(channels)
            handle.seek(max(length - 2, 0), 1)
    return 0


def _tiff_values(path: Path) -> int:
    """Values of all pages of a TIFF, whose chain must end; 0 where they cannot be read."""
    import tifffile

    seen, values = set(), 0
    try:
        with tifffile.TiffFile(path) as file:
            for page in file.pages:
                if page.offset in seen:
                    break
                seen.add(page.offset)
                values += math.prod(page.shape)
            else:
                return values
    except MemoryError:
        raise
    except Exception:
        # tifffile raises whatever its parsers raise; the reader reports it in its own words.
        return 0
    raise IngestError(
        f"{path.name}: the file is damaged: its pages follow one another in a circle. Copy it again from where it was "
        "made."
    )
