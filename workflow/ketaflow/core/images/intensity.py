"""Intensities of a stack: whether they can be measured at all, and at which number the detector saturates."""

import math
from pathlib import Path

import numpy as np

from ketaflow.core.errors import IngestError

# Bit depths of detectors, from the smallest; 16 bits is the file's own limit.
DETECTOR_BITS = (8, 10, 12, 14, 16)


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

    Notes
    -----
    Some microscopes write the 10, 12 or 14 bits of a detector into the upper bits of 16. The lower bits of all pixels
    are then zero, and the detector clips below 65,535: at 65,520 for 12 bits.
    """
    if stack.dtype.kind == "f":
        return math.nan
    width = stack.dtype.itemsize * 8
    highest = int(stack.max())
    if bits and bits < width and highest < 2**bits:
        return float(2**bits - 1)
    if width == 16:
        upper_bits = _upper_bits(stack)
        if highest >= 2**upper_bits:
            return float((2**upper_bits - 1) << (width - upper_bits))
    return float(next((2**held - 1 for held in DETECTOR_BITS if highest < 2**held), 2**width - 1))


def _upper_bits(stack: np.ndarray) -> int:
    """Bit depth of a detector that leaves the lower bits of all 16-bit pixels zero; 16 if they are in use."""
    used = int(np.bitwise_or.reduce(stack, axis=None))
    zero_bits = (used & -used).bit_length() - 1
    return next(held for held in DETECTOR_BITS if held >= 16 - zero_bits)
