"""What a file is by its ending and its first bytes: refused early, with a message that says what to do.

Each cause has its own message: a format that cannot be read, an ending that belongs to no image format, an empty file,
content of another format under an image's ending, and a file that is cut short.
"""

from pathlib import Path
from typing import NamedTuple

from ketaflow.core.errors import IngestError


class UnsupportedFormat(NamedTuple):
    """A microscope's format that cannot be read: its name, and the program that exports it."""

    name: str
    program: str


# Endings of image formats that cannot be read.
UNSUPPORTED = {
    ".oib": UnsupportedFormat("Olympus FluoView", "FluoView, cellSens or Fiji (Bio-Formats)"),
    ".oif": UnsupportedFormat("Olympus FluoView", "FluoView, cellSens or Fiji (Bio-Formats)"),
    ".oir": UnsupportedFormat("Olympus FluoView", "FluoView, cellSens or Fiji (Bio-Formats)"),
    ".vsi": UnsupportedFormat("Olympus cellSens", "cellSens, QuPath or Fiji (Bio-Formats)"),
    ".ims": UnsupportedFormat("Imaris", "Imaris or Fiji (Bio-Formats)"),
    ".lof": UnsupportedFormat("Leica LOF", "LAS X"),
    ".xlef": UnsupportedFormat("Leica XLEF", "LAS X"),
    ".lei": UnsupportedFormat("Leica LEI", "LAS X or Fiji (Bio-Formats)"),
    ".zvi": UnsupportedFormat("Zeiss AxioVision", "AxioVision, ZEN or Fiji (Bio-Formats)"),
    ".dv": UnsupportedFormat("DeltaVision", "softWoRx or Fiji (Bio-Formats)"),
    ".mrxs": UnsupportedFormat("3DHISTECH MIRAX", "QuPath or CaseViewer"),
    ".bmp": UnsupportedFormat("BMP", "the program that wrote it"),
    ".gif": UnsupportedFormat("GIF", "the program that wrote it"),
}
# Endings that are read; TIFF-based ones come first.
TIFF_ENDINGS = (".tif", ".tiff", ".lsm", ".stk", ".btf", ".tf8")
READ_ENDINGS = (*TIFF_ENDINGS, ".png", ".jpg", ".jpeg", ".nd2", ".lif", ".czi")

# First bytes of a file: PNG specification (W3C 2003), section 5.2; JPEG (ITU-T T.81), annex B, start of image; TIFF
# 6.0, section 2, and BigTIFF, in both byte orders; ND2, LIF and CZI as their makers' programs write them.
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8"
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SIGNATURES = {
    ".png": (PNG_SIGNATURE, JPEG_SIGNATURE), ".jpg": (JPEG_SIGNATURE, PNG_SIGNATURE),
    ".jpeg": (JPEG_SIGNATURE, PNG_SIGNATURE), ".nd2": (b"\xda\xce\xbe\x0a", b"\0\0\0\x0cjP"), ".lif": (b"\x70\0\0\0",),
    ".czi": (b"ZISRAWFILE",), **dict.fromkeys(TIFF_ENDINGS, TIFF_SIGNATURES),
}  # fmt: skip
# Other content that is found under an image's ending.
KNOWN_CONTENT = {
    PNG_SIGNATURE: "a PNG image", JPEG_SIGNATURE: "a JPEG image", b"ZISRAWFILE": "a Zeiss CZI file",
    b"\xda\xce\xbe\x0a": "a Nikon ND2 file", b"\x89HDF": "an HDF5 file", b"PK": "a zip archive or Office document",
    b"%PDF": "a PDF document", b"\xd0\xcf\x11\xe0": "an OLE file (Olympus OIB, Zeiss ZVI or old Office)",
    b"BM": "a BMP image", b"GIF8": "a GIF image", b"<": "XML or HTML text",
    **dict.fromkeys(TIFF_SIGNATURES, "a TIFF file"),
}  # fmt: skip
# Bytes in which a CZI file keeps the positions of its directory and of its metadata (ZISRAW file header, version 1.2).
CZI_POSITIONS = slice(84, 100)
# The map of an ND2 file's chunks ends with this mark, in its last bytes.
ND2_END_MARK = b"ND2 CHUNK MAP SIGNATURE 0000001"
ND2_END_BYTES = 40


def refuse_other_format(path: Path) -> None:
    """Refuse a file that is no image, or not what its ending says, or cut short.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    IngestError
        With a message for each cause.
    """
    ending = path.suffix.lower()
    if ending in UNSUPPORTED:
        name, program = UNSUPPORTED[ending]
        raise IngestError(
            f"{path.name}: {name} files ({ending}) cannot be read. Export the image as OME-TIFF from {program}."
        )
    if ending not in READ_ENDINGS:
        raise IngestError(
            f"{path.name}: '{ending}' is not the ending of an image that can be read. Expected one of "
            f"{', '.join(READ_ENDINGS)}."
        )
    with path.open("rb") as file:
        head = file.read(CZI_POSITIONS.stop)
        size = path.stat().st_size
        file.seek(max(0, size - ND2_END_BYTES))
        tail = file.read()
    if not head:
        raise IngestError(f"{path.name}: the file is empty (0 bytes). Copy it again.")
    expected = SIGNATURES[ending]
    if not head.startswith(expected):
        if any(signature.startswith(head) for signature in expected):
            raise IngestError(f"{path.name}: the file is cut short ({size} bytes). Copy it again.")
        found = next((name for signature, name in KNOWN_CONTENT.items() if head.startswith(signature)), "")
        raise IngestError(
            f"{path.name}: the content is not that of a {ending} file{f' but {found}' if found else ''}. "
            "Give the file the ending of its format, or save it as OME-TIFF from the program that wrote it."
        )
    if (ending == ".czi" and _czi_is_short(head, size)) or (
        ending == ".nd2" and head.startswith(SIGNATURES[".nd2"][0]) and not tail.startswith(ND2_END_MARK)
    ):
        raise IngestError(f"{path.name}: the file is cut short ({size:,} bytes). Copy it again from the microscope.")


def _czi_is_short(head: bytes, size: int) -> bool:
    """Whether the directory or the metadata of a CZI file lies beyond its end."""
    positions = head[CZI_POSITIONS]
    if len(positions) < CZI_POSITIONS.stop - CZI_POSITIONS.start:
        return True
    return any(int.from_bytes(positions[start : start + 8], "little") >= size for start in (0, 8))
