"""Where one membrane ends and the next begins, on a picture that shows several, one above the other.

In: relief of the whole picture. Out: first and last row of each membrane, in pixels of the file.
"""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.images.band_enhancement import Relief

# A border is sought this far (in membranes' shares of the height) around the even division.
REACH = 0.3


def parts(relief: Relief, count: int, height_px: int) -> list[tuple[int, int]]:
    """``count`` stretches of rows, split where the least signal is crossed; the last row is not included."""
    if count == 1:
        return [(0, height_px)]
    ink = relief.height.sum(axis=1)
    rows = len(ink)
    ink = ndimage.uniform_filter1d(ink, max(3, round(0.08 * rows / count)), mode="nearest")
    borders = [0]
    for number in range(1, count):
        low, high = (round(rows * (number + side * REACH) / count) for side in (-1, 1))
        part = ink[low:high]
        distance = np.abs(np.arange(low, high) - rows * number / count) / rows
        quiet = part + 0.05 * max(ink.max(), 1e-9) * distance
        borders.append((low + int(quiet.argmin())) * relief.factor)
    borders.append(height_px)
    return list(pairwise(borders))
