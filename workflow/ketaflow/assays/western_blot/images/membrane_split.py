"""Divide a picture that shows several membranes, one above the other.

In: the whole picture with its bands enhanced. Out: the rows of each membrane, in pixels of the file.
"""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.images import constants
from ketaflow.assays.western_blot.images.band_enhancement import EnhancedPicture


def split_membranes(enhanced: EnhancedPicture, count: int, height_px: int) -> list[tuple[int, int]]:
    """Divide a picture at the rows with the least signal.

    Parameters
    ----------
    enhanced : EnhancedPicture
        The whole picture.
    count : int
        How many membranes it shows.
    height_px : int
        Its rows in the file.

    Returns
    -------
    list of (int, int)
        First row of each membrane in the file, and the row after its last.
    """
    if count == 1:
        return [(0, height_px)]
    ink = enhanced.strength.sum(axis=1)
    rows = len(ink)
    ink = ndimage.uniform_filter1d(ink, max(3, round(0.08 * rows / count)), mode="nearest")
    borders = [0]
    for number in range(1, count):
        low, high = (round(rows * (number + side * constants.SPLIT_REACH) / count) for side in (-1, 1))
        part = ink[low:high]
        distance = np.abs(np.arange(low, high) - rows * number / count) / rows
        quiet = part + 0.05 * max(ink.max(), 1e-9) * distance
        borders.append((low + int(quiet.argmin())) * enhanced.factor)
    borders.append(height_px)
    return list(pairwise(borders))
