"""Enhance bands: what rises above its surroundings, for finding lanes.

In: a scan with more protein as a larger number. Out: a reduced picture of the bands alone, compressed, so that faint
bands count beside strong ones.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.images.intensity_scale import noise_sd, reduced

WORK_PX, PREVIEW_PX, PX_PER_LANE = 480, 120, 36
# What is narrower than 0.06 of a lane is dust, and lanes are no wider than those of a picture of this many.
USUAL_LANES = 10
# A pixel is hot if it stands this many times the noise above both its neighbours (as specks within a lane do).
LONE_SD = 8.0
# A rise below this many standard deviations of its floor, or this fraction of the range, is noise.
FLOOR_SD, FLOOR_RANGE = 4.0, 0.004
# The rise is raised to this power: bands 100 times apart count 6:1, while gaps between neighbours stay visible.
COMPRESSION = 0.4
# Objects that reach the picture's edge and are taller than this share of it are towels, paper, corners.
TALL_AT_EDGE = 0.12
# An area larger than any band that reaches this far from the usual background to the brightest pixels is no membrane.
SHEET = 0.3
# A sheet beside the lanes is at least this tall and at most this wide (shares of the picture).
TALL_SHEET, FAR_ACROSS = 0.25, 0.4
# Its rim is a step of at least this share of what it stands above the usual background.
SHARP = 0.6
# How far in it reaches is the median over this share of the picture's rows: a lane that touches it shows in fewer.
STEADY = 0.5
# The dark ground a gel or membrane lies on covers at least this share of the picture, hardly a pixel is of neither, and
# they differ by this share of the range. It is darker than this share of the membrane's level (tables of the gels at
# hand: 0.11 to 0.42; the darker half of a spliced picture: 0.75).
TABLE, UNDECIDED, STEP, DARK = 0.05, 0.06, 0.1, 0.6
# A towel that touches the membrane over less than this share of the picture's width is a piece of its own.
NECK = 0.06


@dataclass(frozen=True)
class EnhancedPicture:
    """A reduced picture in which only bands remain.

    Attributes
    ----------
    strength : (n_rows, n_columns) float32
        Rise above the surroundings, compressed so that faint bands count beside strong ones.
    rise : (n_rows, n_columns) float32
        The same in counts.
    factor : int
        Pixels of the file per pixel.
    """

    strength: np.ndarray
    rise: np.ndarray
    factor: int

    def between(self, top_px: int, bottom_px: int) -> "EnhancedPicture":
        """Return the part between two rows of the file."""
        rows = slice(top_px // self.factor, max(bottom_px // self.factor, 1))
        return EnhancedPicture(self.strength[rows], self.rise[rows], self.factor)


def enhance_bands(signal: np.ndarray, lanes: int) -> EnhancedPicture:
    """EnhancedPicture of bands, for a picture that holds about ``lanes`` lanes side by side.

    Rise above the valleys above and below within a fifth of the height (half a lane's share of the width at least),
    and above the middle value of the wider surroundings, whichever is less.
    """
    factor = max(1, round(signal.shape[1] / max(WORK_PX, PX_PER_LANE * lanes)))
    small = reduced(_without_lone_pixels(signal), factor)
    if factor == 1:
        small = ndimage.gaussian_filter(small, 0.7)
    height, width = small.shape
    span = int(max(5, height / 5, min(height / 3, width / (2 * lanes)))) | 1
    rise = small - ndimage.grey_opening(small, size=(span, 1))
    around = _surroundings(small)
    rise = np.minimum(rise, small - around)
    rise = ndimage.grey_opening(rise, size=(1, max(3, round(0.06 * width / max(lanes, USUAL_LANES)))))
    floor = max(1.4826 * float(np.median(np.abs(rise))), FLOOR_RANGE * _range(small))
    rise = np.maximum(rise - FLOOR_SD * floor, 0)
    rise[_sheets(small, rise > 0, lanes) | _beside_membrane(small)] = 0
    rise[ndimage.maximum_filter(_foreign(rise > 0, width / lanes), size=5)] = 0
    if not rise.any():
        return EnhancedPicture(rise, rise, factor)
    strength = np.minimum(rise / np.percentile(rise[rise > 0], 95), 1.5) ** COMPRESSION
    return EnhancedPicture(strength, rise, factor)


def _without_lone_pixels(signal: np.ndarray) -> np.ndarray:
    """The signal, hot pixels lowered to the higher of their two neighbours in the row: they are no lanes."""
    beside = np.maximum(signal[:, :-2], signal[:, 2:])
    lone = signal[:, 1:-1] > beside + np.float32(LONE_SD * noise_sd(signal))
    if not lone.any():
        return signal
    cut = signal.copy()
    cut[:, 1:-1][lone] = beside[lone]
    return cut


def _sheets(small: np.ndarray, raised: np.ndarray, lanes: int) -> np.ndarray:
    """Pixels in and near what is bright, larger than any band, and reaches the picture's edge: towel, paper, light."""
    height, width = small.shape
    block = (max(3, height // 8), max(3, round(0.4 * width / lanes)))
    usual, top = float(np.median(small)), float(np.percentile(small, 99.9))
    opened = ndimage.grey_opening(small, size=block)
    large = opened > usual + SHEET * (top - usual)
    bright = small > usual + 0.6 * SHEET * (top - usual)
    joined = ndimage.binary_closing(np.pad(bright | raised, 5), np.ones((9, 3), bool))[5:-5, 5:-5]
    near = ndimage.maximum_filter(large, size=(block[0] | 1, block[1] | 1))
    sheets = _as_far_as(_sharp(small, _reaching_edges(bright, large)[0], usual), large) & near
    core = opened > usual + 1.7 * SHEET * (top - usual)
    beside = _as_far_as(_sharp(small, _reaching_edges(joined, core)[1], usual), large)
    wide = ndimage.maximum_filter(sheets, size=max(3, width // 25))
    return sheets | (wide & ~_going_on(raised, wide)) | ndimage.binary_dilation(beside, iterations=2)


def _going_on(raised: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Raised pixels whose run along the row leaves the rim of a sheet: a lane beside it, no reflection on it."""
    runs, _ = ndimage.label(raised, structure=[[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    return raised & np.isin(runs, np.unique(runs[raised & ~rim]))


def _as_far_as(beside: np.ndarray, large: np.ndarray) -> np.ndarray:
    """Of objects along the left or right edge what lies no further in than the large area in the rows around.

    A towel may touch a gel, and then be one object with the gel's rim and the lane next to it.
    """
    columns = beside.shape[1]
    kept = np.zeros_like(beside)
    labels, count = ndimage.label(beside)
    for number in range(1, count + 1):
        whole = labels == number
        if not (whole[:, 0].any() or whole[:, -1].any()):
            kept |= whole
        for way in (slice(None), slice(None, None, -1)):
            own, sheet = whole[:, way], (whole & large)[:, way]
            if own[:, 0].any():
                known = np.flatnonzero(sheet.any(axis=1))
                rim = columns - sheet[known, ::-1].argmax(axis=1)
                rim = np.interp(np.arange(len(sheet)), known, rim)
                rim = ndimage.median_filter(rim, size=round(STEADY * len(rim)) | 1, mode="nearest")
                kept[:, way] |= own & (np.arange(columns) < rim[:, None])
    return kept


def _sharp(small: np.ndarray, area: np.ndarray, usual: float) -> np.ndarray:
    """The area if it ends in a step, as an object does; nothing if in a slope, as uneven background does."""
    if not area.any():
        return area
    inner = area & ~ndimage.binary_erosion(area, iterations=4, border_value=1)
    outer = ndimage.binary_dilation(area, iterations=5) & ~ndimage.binary_dilation(area, iterations=1)
    step = small[inner].mean() - small[outer].mean() if outer.any() else 0.0
    return area if step > SHARP * (small[area].mean() - usual) else np.zeros_like(area)


def _reaching_edges(mask: np.ndarray, large: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Objects of a mask that hold a large area and reach the picture's edge; those of them that stay beside the lanes.

    Beside the lanes: along the left or right edge, tall, and not far across the picture, as a towel lies.
    """
    labels, count = ndimage.label(mask)
    (height, width), at_edge, beside = mask.shape, np.zeros(count + 1, bool), np.zeros(count + 1, bool)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        sides = columns.start == 0 or columns.stop == width
        holds = (large[rows, columns] & (labels[rows, columns] == number)).any()
        at_edge[number] = holds and (sides or rows.start == 0 or rows.stop == height)
        far = columns.stop - columns.start > FAR_ACROSS * width
        beside[number] = at_edge[number] and sides and not far and rows.stop - rows.start > TALL_SHEET * height
    return at_edge[labels], beside[labels]


def _beside_membrane(small: np.ndarray) -> np.ndarray:
    """Pixels off the membrane or gel, where it lies on something much darker that shows around it.

    Two clear levels with hardly anything between them tell that; the largest connected piece of the brighter one is
    the membrane. A towel beyond a strip of dark table is another piece.
    """
    low = np.minimum(small, np.percentile(small, 80)).ravel()
    counts, edges = np.histogram(low, bins=64)
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1]
    above = low.size - below
    sums = np.cumsum(counts * middle)
    apart = (sums[-1] - sums[:-1]) / np.maximum(above, 1) - sums[:-1] / np.maximum(below, 1)
    cut = int((below * above * np.square(apart)).argmax())
    if below[cut] < TABLE * low.size or above[cut] < 4 * TABLE * low.size or apart[cut] < STEP * _range(small):
        return np.zeros(small.shape, bool)
    ground = sums[cut] / below[cut]
    level = ground + apart[cut] / 2
    if ground > DARK * (ground + apart[cut]):
        return np.zeros(small.shape, bool)
    if (np.abs(low - level) < apart[cut] / 6).mean() > UNDECIDED:
        return np.zeros(small.shape, bool)
    bright = small > level
    neck = max(3, round(NECK * small.shape[1]))
    labels, count = ndimage.label(ndimage.binary_opening(bright, np.ones((neck, neck))))
    if not count:
        return np.zeros(small.shape, bool)
    largest = labels == 1 + int(np.bincount(labels.ravel())[1:].argmax())
    largest = ndimage.binary_dilation(largest, iterations=neck // 2, mask=bright)
    return ndimage.binary_dilation(~largest, iterations=max(2, small.shape[1] // 60))


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
