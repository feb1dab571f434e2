"""Enhance bands: what rises above its surroundings, for finding lanes.

In: a scan with more protein as a larger number. Out: a reduced picture of the bands alone, compressed, so that faint
bands count beside strong ones.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.images import constants
from ketaflow.assays.western_blot.images.intensity_scale import noise_sd, reduced


@dataclass(frozen=True)
class EnhancedPicture:
    """A reduced picture in which only bands remain.

    Attributes
    ----------
    strength : (n_rows, n_columns) float32
        Rise above the surroundings, compressed so that faint bands count beside strong ones.
    rise : (n_rows, n_columns) float32
        The same in counts.
    height : (n_rows, n_columns) float32
        The same with the noise, so that bands too faint for ``rise`` show once a lane is averaged (counts).
    factor : int
        Pixels of the file per pixel.
    """

    strength: np.ndarray
    rise: np.ndarray
    height: np.ndarray
    factor: int

    def between(self, top_px: int, bottom_px: int) -> "EnhancedPicture":
        """Return the part between two rows of the file."""
        rows = slice(top_px // self.factor, max(bottom_px // self.factor, 1))
        return EnhancedPicture(self.strength[rows], self.rise[rows], self.height[rows], self.factor)


def enhance_bands(signal: np.ndarray, lanes: int) -> EnhancedPicture:
    """Enhance the bands of a picture.

    A pixel's rise is its height above the valleys above and below within a fifth of the height (half a lane's share of
    the width at least), or above the median of the wider surroundings, whichever is less.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        Pixels with more protein as a larger number (counts).
    lanes : int
        About how many lanes lie side by side.

    Returns
    -------
    EnhancedPicture
        Without towels, paper, light and dust.
    """
    factor = max(1, round(signal.shape[1] / max(constants.WORK_WIDTH_PX, constants.PX_PER_LANE * lanes)))
    small = reduced(_without_lone_pixels(signal), factor)
    if factor == 1:
        small = ndimage.gaussian_filter(small, 0.7)
    height, width = small.shape
    span = int(max(5, height / 5, min(height / 3, width / (2 * lanes)))) | 1
    rise = small - ndimage.grey_opening(small, size=(span, 1))
    around = _surroundings(small)
    rise = np.minimum(rise, small - around)
    rise = ndimage.grey_opening(rise, size=(1, max(3, round(0.06 * width / max(lanes, constants.USUAL_LANES)))))
    noisy = rise
    floor = max(1.4826 * float(np.median(np.abs(rise))), constants.RISE_FLOOR_FRACTION * _range(small))
    rise = np.maximum(rise - constants.RISE_FLOOR_SD * floor, 0)
    masked = _sheets(small, rise > 0, lanes) | _beside_membrane(small)
    rise[masked] = 0
    masked |= ndimage.maximum_filter(_foreign(rise > 0, width / lanes), size=5)
    rise[masked] = 0
    height_above = np.where(masked, 0, noisy)
    if not rise.any():
        return EnhancedPicture(rise, rise, height_above, factor)
    strength = np.minimum(rise / np.percentile(rise[rise > 0], 95), 1.5) ** constants.RISE_EXPONENT
    return EnhancedPicture(strength, rise, height_above, factor)


def _without_lone_pixels(signal: np.ndarray) -> np.ndarray:
    """The signal with hot pixels lowered to the higher of their two neighbours in the row."""
    beside = np.maximum(signal[:, :-2], signal[:, 2:])
    lone = signal[:, 1:-1] > beside + np.float32(constants.HOT_PIXEL_SD * noise_sd(signal))
    if not lone.any():
        return signal
    cut = signal.copy()
    cut[:, 1:-1][lone] = beside[lone]
    return cut


def _sheets(small: np.ndarray, raised: np.ndarray, lanes: int) -> np.ndarray:
    """Pixels in and near bright areas that are larger than any band and reach the picture's edge: towel, paper,
    light."""
    height, width = small.shape
    block = (max(3, height // 8), max(3, round(0.4 * width / lanes)))
    usual, top = float(np.median(small)), float(np.percentile(small, 99.9))
    opened = ndimage.grey_opening(small, size=block)
    large = opened > usual + constants.SHEET_LEVEL * (top - usual)
    bright = small > usual + 0.6 * constants.SHEET_LEVEL * (top - usual)
    joined = ndimage.binary_closing(np.pad(bright | raised, 5), np.ones((9, 3), bool))[5:-5, 5:-5]
    near = ndimage.maximum_filter(large, size=(block[0] | 1, block[1] | 1))
    sheets = _as_far_as(_sharp(small, _reaching_edges(bright, large)[0], usual), large) & near
    core = opened > usual + 1.7 * constants.SHEET_LEVEL * (top - usual)
    beside = _as_far_as(_sharp(small, _reaching_edges(joined, core)[1], usual), large)
    wide = ndimage.maximum_filter(sheets, size=max(3, width // 25))
    return sheets | (wide & ~_going_on(raised, wide)) | ndimage.binary_dilation(beside, iterations=2)


def _going_on(raised: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Raised pixels whose run along the row leaves the rim of a sheet: a lane beside it, not a reflection on it."""
    runs, _ = ndimage.label(raised, structure=[[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    return raised & np.isin(runs, np.unique(runs[raised & ~rim]))


def _as_far_as(beside: np.ndarray, large: np.ndarray) -> np.ndarray:
    """Objects along the left or right edge, limited to the depth of the large area in the rows around.

    A towel may touch a gel, and is then one object with the gel's rim and the lane next to it.
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
                rim = ndimage.median_filter(rim, size=round(constants.SHEET_RIM_WINDOW * len(rim)) | 1, mode="nearest")
                kept[:, way] |= own & (np.arange(columns) < rim[:, None])
    return kept


def _sharp(small: np.ndarray, area: np.ndarray, usual: float) -> np.ndarray:
    """The area if it ends in a step, as an object does; nothing if it ends in a slope, as uneven background does."""
    if not area.any():
        return area
    inner = area & ~ndimage.binary_erosion(area, iterations=4, border_value=1)
    outer = ndimage.binary_dilation(area, iterations=5) & ~ndimage.binary_dilation(area, iterations=1)
    step = small[inner].mean() - small[outer].mean() if outer.any() else 0.0
    return area if step > constants.SHEET_RIM_STEP * (small[area].mean() - usual) else np.zeros_like(area)


def _reaching_edges(mask: np.ndarray, large: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Objects of a mask that hold a large area and reach the picture's edge, and those of them beside the lanes.

    An object lies beside the lanes if it is tall, touches the left or right edge, and does not reach far across.
    """
    labels, count = ndimage.label(mask)
    (height, width), at_edge, beside = mask.shape, np.zeros(count + 1, bool), np.zeros(count + 1, bool)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        sides = columns.start == 0 or columns.stop == width
        holds = (large[rows, columns] & (labels[rows, columns] == number)).any()
        at_edge[number] = holds and (sides or rows.start == 0 or rows.stop == height)
        far = columns.stop - columns.start > constants.SHEET_WIDTH * width
        beside[number] = (
            at_edge[number] and sides and not far and rows.stop - rows.start > constants.SHEET_HEIGHT * height
        )
    return at_edge[labels], beside[labels]


def _beside_membrane(small: np.ndarray) -> np.ndarray:
    """Pixels beside a membrane or gel that lies on a much darker table.

    The table is recognised by two clear levels with hardly anything between them. The largest connected piece of the
    brighter level is the membrane. A towel beyond a strip of dark table is another piece.
    """
    low = np.minimum(small, np.percentile(small, 80)).ravel()
    counts, edges = np.histogram(low, bins=64)
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1]
    above = low.size - below
    sums = np.cumsum(counts * middle)
    apart = (sums[-1] - sums[:-1]) / np.maximum(above, 1) - sums[:-1] / np.maximum(below, 1)
    cut = int((below * above * np.square(apart)).argmax())
    if (
        below[cut] < constants.TABLE_AREA * low.size
        or above[cut] < 4 * constants.TABLE_AREA * low.size
        or apart[cut] < constants.TABLE_STEP * _range(small)
    ):
        return np.zeros(small.shape, bool)
    ground = sums[cut] / below[cut]
    level = ground + apart[cut] / 2
    if ground > constants.TABLE_LEVEL * (ground + apart[cut]):
        return np.zeros(small.shape, bool)
    if (np.abs(low - level) < apart[cut] / 6).mean() > constants.BETWEEN_AREA:
        return np.zeros(small.shape, bool)
    bright = small > level
    neck = max(3, round(constants.NECK_WIDTH * small.shape[1]))
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
        foreign[number] = at_edge and (
            rows.stop - rows.start > constants.EDGE_OBJECT_HEIGHT * height or along > 1.5 * pitch
        )
    return foreign[labels]


def _range(small: np.ndarray) -> float:
    """Difference between the 1st and the 99.9th percentile."""
    low, high = np.percentile(small, [1, 99.9])
    return max(float(high - low), 1e-9)


def _surroundings(small: np.ndarray) -> np.ndarray:
    """Median over a sixth of the picture in both directions, computed on a reduced picture."""
    step = max(1, round(max(small.shape) / constants.SURROUNDINGS_PX))
    coarse = reduced(small, step)
    rows, columns = coarse.shape
    around = ndimage.median_filter(coarse, size=(max(5, rows // 6) | 1, max(5, columns // 6) | 1))
    full = np.repeat(np.repeat(around, step, axis=0), step, axis=1)
    extra = ((0, small.shape[0] - full.shape[0]), (0, small.shape[1] - full.shape[1]))
    return ndimage.uniform_filter(np.pad(full, extra, mode="edge"), step)
