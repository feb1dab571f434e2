"""What rises above its surroundings on a scan: the raw material of finding lanes, polarity apart.

In: a plane in which more protein is a larger number. Out: a smaller picture of relief, in units of noise and
compressed, in which a faint band counts for something and a strong one for not much more.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.scan import reduced

WORK_PX, PREVIEW_PX, PX_PER_LANE = 480, 120, 36
# Relief below this many standard deviations of its own floor is noise; a step of 1/250 of the range is never noise.
FLOOR_SD, FLOOR_RANGE = 4.0, 0.004
# Relief is raised to this power: bands 100 times apart count 6:1, while gaps between neighbours stay visible.
COMPRESSION = 0.4
# Objects that reach the picture's edge and are taller than this share of it are towels, paper, corners.
TALL_AT_EDGE = 0.12
# An area larger than any band that reaches this far from the usual background to the brightest pixels is no membrane.
SHEET = 0.3


@dataclass(frozen=True)
class Relief:
    """``height`` (rows, columns): relief of the reduced picture, compressed; ``factor``: file pixels per pixel."""

    height: np.ndarray
    factor: int


def relief(signal: np.ndarray, lanes: int) -> Relief:
    """Relief of bands, for a picture that holds about ``lanes`` lanes side by side.

    Rise above the valleys above and below within a tenth of the height (half a lane's share of the width at least),
    and above the middle value of the wider surroundings, whichever is less.
    """
    factor = max(1, round(signal.shape[1] / max(WORK_PX, PX_PER_LANE * lanes)))
    small = reduced(signal, factor)
    if factor == 1:
        small = ndimage.gaussian_filter(small, 0.7)
    height, width = small.shape
    span = int(max(5, height / 10, min(height / 3, width / (2 * lanes)))) | 1
    rise = small - ndimage.grey_opening(small, size=(span, 1))
    around = _surroundings(small)
    rise = np.minimum(rise, small - around)
    rise = ndimage.grey_opening(rise, size=(1, max(3, round(0.06 * width / lanes))))
    floor = max(1.4826 * float(np.median(np.abs(rise))), FLOOR_RANGE * _range(small))
    rise = np.maximum(rise - FLOOR_SD * floor, 0)
    rise[_sheets(small, lanes)] = 0
    rise[_foreign(rise > 0, width / lanes)] = 0
    if not rise.any():
        return Relief(rise, factor)
    return Relief(np.minimum(rise / np.percentile(rise[rise > 0], 95), 1.5) ** COMPRESSION, factor)


def _sheets(small: np.ndarray, lanes: int) -> np.ndarray:
    """Pixels in and near what is bright, larger than any band, and reaches the picture's edge: towel, paper, light."""
    height, width = small.shape
    block = (max(3, height // 8), max(3, round(0.4 * width / lanes)))
    usual, top = float(np.median(small)), float(np.percentile(small, 99.9))
    large = ndimage.grey_opening(small, size=block) > usual + SHEET * (top - usual)
    labels, count = ndimage.label(small > usual + 0.6 * SHEET * (top - usual))
    foreign = np.zeros(count + 1, bool)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        at_edge = rows.start == 0 or columns.start == 0 or rows.stop == height or columns.stop == width
        foreign[number] = at_edge and bool((large[rows, columns] & (labels[rows, columns] == number)).any())
    near = ndimage.maximum_filter(large, size=(block[0] | 1, block[1] | 1))
    return ndimage.maximum_filter(foreign[labels] & near, size=max(3, width // 25))


def _foreign(raised: np.ndarray, pitch: float) -> np.ndarray:
    """Raised pixels of objects that reach the picture's edge and are tall, or lie along it for more than a lane."""
    labels, count = ndimage.label(raised)
    foreign = np.zeros(count + 1, bool)
    height, width = raised.shape
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        at_edge = rows.start == 0 or columns.start == 0 or rows.stop == height or columns.stop == width
        along = max((labels[0] == number).sum(), (labels[-1] == number).sum()) if at_edge else 0
        foreign[number] = at_edge and (rows.stop - rows.start > TALL_AT_EDGE * height or along > 1.5 * pitch)
    return foreign[labels]


def _range(small: np.ndarray) -> float:
    low, high = np.percentile(small, [1, 99.9])
    return max(float(high - low), 1e-9)


def _surroundings(small: np.ndarray) -> np.ndarray:
    """Median over a sixth of the picture in both directions, worked out coarsely and brought back to full size."""
    step = max(1, round(max(small.shape) / PREVIEW_PX))
    coarse = reduced(small, step)
    rows, columns = coarse.shape
    around = ndimage.median_filter(coarse, size=(max(5, rows // 6) | 1, max(5, columns // 6) | 1))
    full = np.repeat(np.repeat(around, step, axis=0), step, axis=1)
    extra = ((0, small.shape[0] - full.shape[0]), (0, small.shape[1] - full.shape[1]))
    return ndimage.uniform_filter(np.pad(full, extra, mode="edge"), step)
