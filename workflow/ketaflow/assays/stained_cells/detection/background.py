"""The background of a field and its noise, both local, from the dark side of the intensities.

In: the stain of each pixel. Out: its height above the background, and the noise of the background. Cells are bright;
they must not raise either of the two, however many there are.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import disk, opening
from skimage.transform import downscale_local_mean

from ketaflow.assays.stained_cells import constants


@dataclass(frozen=True)
class Flattened:
    """A field without its background.

    Attributes
    ----------
    height : (rows, columns) float32 ndarray
        Stain above the local background.
    background : (rows, columns) float32 ndarray
        The local background.
    noise_sd : (rows, columns) float32 ndarray
        SD of the background.
    """

    height: np.ndarray
    background: np.ndarray
    noise_sd: np.ndarray


def flatten(
    smooth: np.ndarray, pixel_um: float, *, min_diameter_um: float, max_diameter_um: float, has_floor: bool = False
) -> Flattened:
    """Subtract the background of a field.

    The background is an opening with a disc wider than any cell (ImageJ's rolling ball is of the same kind), which
    follows the edge of the tissue. What noise and texture leave of it is removed by its median. Median and SD are
    taken from two low quantiles, 1 and 2 SD below the median of a normal distribution: cells that cover 30 % of a
    window raise the SD by 9 % and the median by a third of an SD.

    Parameters
    ----------
    smooth : (rows, columns) ndarray
        Counts or optical density, smoothed by ``smoothing_px``.
    pixel_um : float
        Size of a pixel (um).
    min_diameter_um, max_diameter_um : float
        Smallest and largest cell (um).
    has_floor : bool
        Whether the dark side may be cut off, as that of an optical density is at 0, where the camera clips light
        brighter than white. The SD is then at least the distance between the median and the quantile at 1 SD, less
        what cells on 30 % of a window add to it.

    Returns
    -------
    Flattened
        Height above the local background, the background, and its noise, all in the unit of ``smooth``.
    """
    height = smooth - _opened(smooth, pixel_um, min_diameter_um, max_diameter_um)
    window_px = round(constants.NOISE_WINDOW * max_diameter_um / pixel_um)
    median, sd = _median_and_sd(height, window_px, has_floor=has_floor)
    height -= median
    return Flattened(height, smooth - height, sd)


def smoothing_px(min_diameter_um: float, pixel_um: float) -> float:
    """SD of the Gaussian that suppresses noise (pixels)."""
    return constants.SMOOTHING * min_diameter_um / pixel_um


def _opened(smooth: np.ndarray, pixel_um: float, min_diameter_um: float, max_diameter_um: float) -> np.ndarray:
    """Opening with a disc as wide as the largest cell, at a coarse scale, smoothed."""
    factor = max(1, round(min_diameter_um / 2 / pixel_um))
    pad = [(0, -size % factor) for size in smooth.shape]
    coarse = downscale_local_mean(np.pad(smooth, pad, mode="edge"), (factor, factor))
    radius = max(1, round(constants.OPENING * max_diameter_um / 2 / pixel_um / factor))
    opened = opening(coarse, disk(radius, decomposition="sequence"))
    # Smoothing alone would leave a bright rim along the edge of the tissue.
    opened = np.maximum(opened, ndimage.gaussian_filter(opened, constants.OPENING_SMOOTHING * radius))
    return _enlarged(opened, [size * factor for size in coarse.shape])[: smooth.shape[0], : smooth.shape[1]]


def _median_and_sd(height: np.ndarray, window_px: int, *, has_floor: bool) -> tuple[np.ndarray, np.ndarray]:
    """Median and SD of the background in windows, interpolated; neighbouring windows outvote an odd one."""
    # Every second pixel is enough for a quantile.
    part = height[::2, ::2]
    side = [min(max(window_px // 2, 1), size) for size in part.shape]
    padded = np.pad(part, [(0, -size % length) for size, length in zip(part.shape, side, strict=True)], mode="reflect")
    rows, columns = (size // length for size, length in zip(padded.shape, side, strict=True))
    windows = padded.reshape(rows, side[0], columns, side[1]).swapaxes(1, 2).reshape(rows, columns, -1)
    lower, low, middle = np.quantile(windows, (*constants.LOW_QUANTILES, 0.5), axis=-1)
    spread = np.maximum(low - lower, (middle - low) / constants.COVERED_SPREAD) if has_floor else low - lower
    sd = np.maximum(ndimage.median_filter(spread, 3, mode="nearest"), constants.MIN_NOISE)
    median = ndimage.median_filter(low + spread, 3, mode="nearest")
    whole = [2 * size for size in padded.shape]
    rows, columns = height.shape
    return _enlarged(median, whole)[:rows, :columns], _enlarged(sd, whole)[:rows, :columns]


def _enlarged(coarse: np.ndarray, shape: tuple[int, ...] | list[int]) -> np.ndarray:
    """Interpolate an array linearly to a larger shape."""
    factors = [size / given for size, given in zip(shape, coarse.shape, strict=True)]
    return ndimage.zoom(coarse.astype(np.float32), factors, order=1, mode="nearest", grid_mode=True)
