"""PNG and JPEG files: one plane, grey or in colour, without a scale."""

from pathlib import Path

import numpy as np

from ketaflow.core.errors import IngestError
from ketaflow.core.images.content import JPEG_SIGNATURE, PNG_SIGNATURE
from ketaflow.core.images.model import StoredImage
from ketaflow.core.images.series import Part, chosen

ENDINGS = (".png", ".jpg", ".jpeg")
# Second byte of the marker that starts the scan, and the marker that ends the image (ITU-T T.81, table B.1).
JPEG_START_OF_SCAN = 0xDA
JPEG_END_OF_IMAGE = b"\xff\xd9"
COLOUR_NAMES = ("red", "green", "blue", "alpha")


def read(path: Path, series: str | None = None) -> StoredImage:
    """Read a PNG or JPEG file.

    Parameters
    ----------
    path : Path
        The file.
    series : str or None
        1 or None: such a file holds one image.

    Returns
    -------
    StoredImage
        Axes ``YX``, or ``YXC`` with the channels red, green, blue (and alpha).

    Raises
    ------
    IngestError
        If a JPEG lacks its end, or if another series than 1 is wanted.
    ValueError
        If the content is neither PNG nor JPEG.
    """
    import imagecodecs

    chosen(path, [Part()], series)
    content = path.read_bytes()
    if content.startswith(PNG_SIGNATURE):
        pixels = imagecodecs.png_decode(content)
    elif not content.startswith(JPEG_SIGNATURE):
        raise ValueError("neither PNG nor JPEG")
    elif not _has_end_of_image(content):
        raise IngestError(f"{path.name}: the file is cut short: a JPEG without its end. Copy it again.")
    else:
        pixels = imagecodecs.jpeg8_decode(content)
    return StoredImage(pixels, "YX" if pixels.ndim == 2 else "YXC", channels=colour_names(pixels))


def colour_names(pixels: np.ndarray) -> tuple[str, ...]:
    """Names of the colour channels of an image.

    Parameters
    ----------
    pixels : (rows, columns) or (rows, columns, samples) ndarray
        An image as its file holds it; only its shape matters.

    Returns
    -------
    tuple of str
        Names red, green, blue (and alpha); empty where the last axis does not hold 3 or 4 samples.
    """
    return COLOUR_NAMES[: pixels.shape[-1]] if pixels.ndim > 2 and pixels.shape[-1] in (3, 4) else ()


def _has_end_of_image(content: bytes) -> bool:
    """Whether the end marker follows the scan; decoders fill what a truncated copy lacks with grey.

    A thumbnail in the segments before the scan has an end marker of its own, so segments are skipped by their length.
    """
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        if content[place + 1] == JPEG_START_OF_SCAN:
            return JPEG_END_OF_IMAGE in content[place:]
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return False
