"""Bodies in pictures: what of a soft mask is the animal, where it is and what shape it has.

In: soft masks (n, height, width), 0 to 1. Out: the same without what is no body, and one number a picture for each
quality of shape. A tail, a line of light where water meets glass and a speck of noise are thin; a body is not.
"""

import functools

import numpy as np

LEAST_PX = 4
SHAPE_COLUMNS = ("area", "x", "y", "length", "height", "above", "top", "apart")
# What a blurred mask shows of a body from this share on, and wholly from that: around a body a limb's length is kept, a
# tail alone is too thin. The blur's standard deviation is this share of the body's size, the root of its area.
NEAR, NEAR_FULL, NEAR_BLUR = 0.15, 0.3, 0.24


def cell_px(size: float) -> int:
    """Side (pixels) of the squares in which the surroundings of a body of that size are looked at: half the blur's."""
    return int(np.clip(round(NEAR_BLUR * size / 2), 1, 4))


def suppress_thin_parts(masks: np.ndarray, size: float, cell: int) -> tuple[slice, slice]:
    """Take out of masks (n, height, width), in place, what belongs to no body about as large as ``size`` (pixels).

    Height and width are multiples of ``cell``. Returns the rows and columns outside which nothing is left.
    """
    n, height, width = masks.shape
    blocks, blur = masks.reshape(n, height // cell, cell, width), NEAR_BLUR * size / cell
    across = np.repeat(blur_matrix(width // cell, blur).T, cell, axis=0) / np.float32(cell**2)
    coarse = blur_matrix(height // cell, blur) @ (blocks.sum(axis=2) @ across)
    near = np.clip((coarse - NEAR) * np.float32(1 / (NEAR_FULL - NEAR)), 0, 1)
    blocks *= np.repeat(near, cell, axis=2)[:, :, None]
    return nonzero_slice(near.any(axis=(0, 2)), cell), nonzero_slice(near.any(axis=(0, 1)), cell)


@functools.lru_cache(maxsize=64)
def blur_matrix(length: int, deviation: float) -> np.ndarray:
    """Matrix (length, length) that blurs a line by a Gaussian; at its ends it averages what there is.

    For lines this short a product of matrices takes a fifth of the time of a filter.
    """
    weights = np.exp(-0.5 * ((np.arange(length)[:, None] - np.arange(length)) / deviation) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def nonzero_slice(found: np.ndarray, cell: int) -> slice:
    """Pixels from the first to the last cell (n,) in which something was found; all where nothing was."""
    places = np.flatnonzero(found)
    return slice(places[0] * cell, (places[-1] + 1) * cell) if len(places) else slice(0, len(found) * cell)


def body_shapes(masks: np.ndarray, above: np.ndarray, surface: np.ndarray) -> dict[str, np.ndarray]:
    """Area, centre, length, height, share above water, top and division of each body, (n,) each.

    ``masks`` is (n, height, width), ``above`` (height, width) marks its pixels above the water, ``surface`` is the
    water's row at each column. Lengths are in binned pixels; a body of less than ``LEAST_PX`` pixels is undefined.
    """
    n, height, width = masks.shape
    xs, ys = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    powers = np.stack([np.ones_like(xs), xs, xs**2], axis=1)
    per_row = (masks.reshape(-1, width) @ powers).reshape(n, height, 3).astype(float)
    area = per_row[:, :, 0].sum(axis=1)
    whole = np.where(area < LEAST_PX, np.nan, area)
    x, y = per_row[:, :, 1].sum(axis=1) / whole, per_row[:, :, 0] @ ys / whole
    xx = per_row[:, :, 2].sum(axis=1) / whole - x**2
    yy = per_row[:, :, 0] @ ys**2 / whole - y**2
    xy = per_row[:, :, 1] @ ys / whole - x * y
    spread = np.hypot((xx - yy) / 2, xy)
    long = (xx + yy) / 2 + spread
    flat = masks.reshape(n, -1)
    solid = per_row[:, :, 0] > np.maximum(1.5, 0.02 * np.sqrt(area))[:, None]
    column = np.clip(np.nan_to_num(x), 0, width - 1).astype(int)
    return {
        "area": area,
        "x": x,
        "y": y,
        "length": 4 * np.sqrt(long),
        "height": 4 * np.sqrt(np.maximum(yy, 0)),
        "above": flat @ above.ravel() / whole,
        "top": surface[column] - np.where(solid.any(axis=1), solid.argmax(axis=1), y),
        # Seen from well above, water shifts what is below it beside what is above: two bodies are both below.
        "apart": gap_columns(np.einsum("nhw,hw->nw", masks, 1 - above)),
    }


def gap_columns(columns: np.ndarray) -> np.ndarray:
    """Empty columns (n,) between two bodies that each hold a quarter of the area or more; 0 for a single body.

    ``columns`` (n, width) is the area in each column.
    """
    share = np.cumsum(columns, axis=1) / np.maximum(columns.sum(axis=1, keepdims=True), 1e-9)
    quiet = columns < 0.08 * columns.max(axis=1, keepdims=True)
    return np.count_nonzero(quiet & (share > 0.25) & (share < 0.75), axis=1)


def block_mean(picture: np.ndarray, factor: int) -> np.ndarray:
    """Means of blocks of ``factor`` x ``factor`` pixels."""
    if factor == 1:
        return picture
    kind = np.uint16 if picture.dtype == np.uint8 else np.float32
    total = picture[::factor].astype(kind)
    for row in range(1, factor):
        total += picture[row::factor]
    across = total[:, ::factor].astype(np.float32)
    for column in range(1, factor):
        across += total[:, column::factor]
    across *= np.float32(1 / factor**2)
    return across
