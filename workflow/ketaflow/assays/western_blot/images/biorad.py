"""Decode the picture of a Bio-Rad ``.1sc`` file (Quantity One, Image Lab).

In: the content of a file. Out: its pixels as counts, the first row at the top, and the level at which the detector
clips. The layout is that of [1]_: a table of eleven blocks, a block that names the fields of the scan header, the block
that holds them, and the block of the pixels. Overlays, lanes and bands that were saved with the picture are not read.

References
----------
.. [1] Clapp (2017), File Specification for Bio-Rad 1sc Files, biorad1sc-doc.readthedocs.io
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ketaflow.assays.western_blot.images import constants
from ketaflow.core.errors import IngestError


@dataclass(frozen=True)
class BioRadPicture:
    """The picture of a ``.1sc`` file.

    Attributes
    ----------
    pixels : (n_rows, n_columns) array
        Counts as stored, uint8 or uint16.
    ceiling : float
        Largest value the detector could give (counts); 0 where the file does not say.
    """

    pixels: np.ndarray
    ceiling: float


class Field(NamedTuple):
    """A field of a block: what it is, its number, by which others refer to it, and its content."""

    kind: int
    number: int
    content: bytes


def read_1sc(content: bytes) -> BioRadPicture:
    """Decode a ``.1sc`` file.

    Parameters
    ----------
    content : bytes
        The whole file.

    Returns
    -------
    BioRadPicture

    Raises
    ------
    IngestError
        If the file is cut short, or is not laid out as described.
    """
    try:
        blocks = _blocks(content)
        header = _scan_header(blocks[constants.SCAN_FIELDS], blocks[constants.SCAN_VALUES])
        columns, rows, size = header["nxpix"], header["nypix"], header["bytes_per_pix"]
        ceiling = header["data_ceiling"]
    except (struct.error, KeyError, StopIteration) as error:
        raise IngestError(
            f"is not laid out as Bio-Rad's format .1sc is ({type(error).__name__}: {error}). {constants.EXPORT_TIFF}"
        ) from error
    if size not in (1, 2):
        raise IngestError(f"holds pixels of {size} bytes; 1 or 2 are read. {constants.EXPORT_TIFF}")
    stored = blocks[constants.PIXELS]
    if not rows * columns or len(stored) != rows * columns * size:
        raise IngestError(
            f"holds {len(stored)} bytes of pixels, not the {rows * columns * size} of {columns} x {rows} pixels: it is "
            "cut short. Copy it again from the imager."
        )
    # The last row of the picture comes first.
    pixels = np.frombuffer(stored, f"<u{size}").reshape(rows, columns)[::-1]
    return BioRadPicture(np.ascontiguousarray(pixels), float(ceiling) if ceiling >= pixels.max() else 0.0)


def _blocks(content: bytes) -> dict[int, bytes]:
    """The blocks of a file by their kind, from the table in its header."""
    if content[32:44] != b"Intel Format":
        raise IngestError(f"is not in Intel byte order. {constants.EXPORT_TIFF}")
    entries = [struct.unpack_from("<HHIII", content, 160 + 20 * number) for number in range(11)]
    return {kind: content[start : start + length] for kind, _, _, start, length in entries}


def _fields(block: bytes) -> Iterator[Field]:
    """Yield the fields of a block in their order, up to the one of kind 0 that ends them."""
    place = 8
    while place < len(block):
        kind, length, number = struct.unpack_from("<HHI", block, place)
        if kind == 0 or length < constants.FIELD_HEADER_BYTES:
            return
        yield Field(kind, number, block[place + constants.FIELD_HEADER_BYTES : place + length])
        place += length


def _scan_header(description: bytes, values: bytes) -> dict[str, int]:
    """Whole numbers of the scan header by their names.

    The description lists items (kind 101), each with the kind of the field that holds its values and a key (kind 100):
    name, type and place of each value in that field. Names are fields of their own (kind 16).
    """
    described = list(_fields(description))
    names = {field.number: field.content.rstrip(b"\0").decode("latin-1") for field in described if field.kind == 16}
    keys = {field.number: field.content for field in described if field.kind == 100}
    items = next(field.content for field in described if field.kind == 101)
    for kind, _, _, _, key, _, name in struct.iter_unpack("<HHHHIII", items):
        if names[name] == "SCN":
            held = next(field.content for field in _fields(values) if field.kind == kind)
            regions = struct.iter_unpack("<HHIII20x", keys[key])
            return {
                names[label]: struct.unpack_from(constants.NUMBER_TYPES[coded], held, place)[0]
                for coded, _, _, place, label in regions
                if coded in constants.NUMBER_TYPES
            }
    raise KeyError("SCN")
