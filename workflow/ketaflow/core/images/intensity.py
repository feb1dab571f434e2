"""Intensities of a stack: whether they can be measured at all, and at which number the detector saturates."""

import math
from pathlib import Path

import numpy as np

from ketaflow.core.errors import IngestError

# Bit depths of detectors, from the smallest; 16 bits is the file's own limit.
DETECTOR_BITS = (8, 10, 12, 14, 16)
# Some microscopes write 12-bit numbers into the upper bits of 16: shifted by this many.
SHIFTED_BITS = 12
SHIFT = 4


def refuse_unusable(path: Path, stack: np.ndarray) -> None:
    """Refuse pixels that are no numbers, or an image without any contrast.

    Parameters
    ----------
    path : Path
        The file, for messages.
    stack : (planes, rows, columns) ndarray
        One channel.

    Raises
    ------
    IngestError
        If pixels are neither integers nor floats, are not finite, or all have one value.
    """
    if stack.dtype.kind not in "uif":
        raise IngestError(f"{path.name}: pixels are {stack.dtype}, expected whole numbers of 8 or 16 bits.")
    if stack.dtype.kind == "f" and not np.isfinite(stack).all():
        raise IngestError(f"{path.name}: some pixels are not numbers (NaN). Save the raw image, before any division.")
    if stack.min() == stack.max():
        raise IngestError(f"{path.name}: every pixel has the value {stack.flat[0]:g}: the image is empty.")


def saturation_level(stack: np.ndarray, bits: int | None) -> float:
    """Saturation level: from metadata, else from the smallest bit depth that holds the maximum.

    Parameters
    ----------
    stack : (planes, rows, columns) ndarray
        One channel.
    bits : int or None
        Significant bits that the file states.

    Returns
    -------
    float
        Highest number the detector can write (counts); NaN for floating-point pixels.
    """
    if stack.dtype.kind == "f":
        return math.nan
    width = stack.dtype.itemsize * 8
    highest = int(stack.max())
    if bits and bits < width and highest < 2**bits:
        return float(2**bits - 1)
    if width == 16 and highest >= 2**SHIFTED_BITS and not np.any(stack & (2**SHIFT - 1)):
        return float((2**SHIFTED_BITS - 1) << SHIFT)
    return float(next((2**held - 1 for held in DETECTOR_BITS if highest < 2**held), 2**width - 1))
