"""Noise of a filtered image, window by window.

In: a filtered image. Out: its median and the standard deviation of its noise, interpolated at any pixel. Both are
estimated from the dark side of the intensities, because puncta are bright.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.synaptic_puncta import constants


@dataclass(frozen=True)
class NoiseMap:
    """Median and noise of a filtered image in windows.

    Attributes
    ----------
    median, sd : (window rows, window columns) ndarray, or (window planes, window rows, window columns)
        Median and standard deviation of the noise, one value per window (units of the image).
    window_px : tuple of int
        Size of a window along each axis (pixels).
    """

    median: np.ndarray
    sd: np.ndarray
    window_px: tuple[int, ...]

    def at(self, where: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Interpolate between the centres of the windows.

        Parameters
        ----------
        where : tuple of (n,) ndarray
            Pixels, one array of indices per axis.

        Returns
        -------
        ((n,) ndarray, (n,) ndarray)
            Median and noise SD at these pixels (units of the image).
        """
        grid = [(index + 0.5) / size - 0.5 for index, size in zip(where, self.window_px, strict=True)]
        median = ndimage.map_coordinates(self.median, grid, order=1, mode="nearest")
        return median, ndimage.map_coordinates(self.sd, grid, order=1, mode="nearest")


def noise_of_background(response: np.ndarray, background: np.ndarray, window_px: float) -> NoiseMap:
    """Estimate the noise from background pixels: from their median down to their quantile at one SD.

    Parameters
    ----------
    response : (rows, columns) or (planes, rows, columns) ndarray
        A filtered image.
    background : bool ndarray
        Pixels without puncta, of the same shape.
    window_px : float
        Side of a window (pixels), rounded so that windows fill the image.

    Returns
    -------
    NoiseMap
        A window with too few background pixels takes the median values of the others.
    """
    counts = [max(1, round(size / window_px)) for size in response.shape]
    window = tuple(size // count for size, count in zip(response.shape, counts, strict=True))
    values = _window_samples(np.where(background, response, np.inf), counts, window)
    values.sort(axis=-1)
    n_background = np.isfinite(values).sum(-1)
    median, low = (
        np.take_along_axis(values, np.maximum(np.int64(share * n_background) - 1, 0)[..., None], -1)[..., 0]
        for share in (0.5, constants.SHARE_BELOW_ONE_SD)
    )
    enough = n_background >= min(constants.MIN_NOISE_SAMPLES, values.shape[-1])
    if enough.any():
        usual_median, usual_sd = np.median(median[enough]), np.median((median - low)[enough])
    else:
        usual_median = np.median(response)
        usual_sd = usual_median - np.quantile(response, constants.SHARE_BELOW_ONE_SD)
    sd = np.where(enough, median, 0) - np.where(enough, low, 0)
    sd = _smoothed(sd, enough, np.full(counts, usual_sd), response)
    return NoiseMap(np.where(enough, median, usual_median), sd, window)


def noise_of_minima(spot: np.ndarray, fine: np.ndarray, background: NoiseMap) -> NoiseMap:
    """Estimate the noise of the spot filter from the depth of its local minima.

    Parameters
    ----------
    spot, fine : (rows, columns) or (planes, rows, columns) ndarray
        The image after the spot filter, and after the fine one, whose minima are used.
    background : NoiseMap
        Noise of the spot filter from background pixels.

    Returns
    -------
    NoiseMap
        The smaller of the two estimates in each window.

    Notes
    -----
    In tissue full of puncta no pixel is background, and the estimate from background pixels is too large. Minima are
    noise even there, but at the foot of an edge, such as that of a nucleus, they are deeper than the noise. Each
    estimate errs upwards only, so the smaller is taken; in pure noise both are its standard deviation.
    """
    counts = background.median.shape
    where = np.nonzero(fine == _minimum_filter(fine))
    depth = background.at(where)[0] - spot[where]
    rows = [
        np.minimum(index // size, count - 1)
        for index, size, count in zip(where, background.window_px, counts, strict=True)
    ]
    window = np.ravel_multi_index(rows, counts)
    order = np.lexsort((depth, window))
    n_windows = background.median.size
    first, after = np.searchsorted(window[order], [np.arange(n_windows), np.arange(n_windows) + 1])
    quantile = np.minimum(first + np.int64(constants.MINIMA_SHARE * (after - first)), len(depth) - 1)
    depth_sd = constants.MINIMA_DEPTH_SD_2D if spot.ndim == 2 else constants.MINIMA_DEPTH_SD_3D
    sd = (depth[order][quantile] / depth_sd).reshape(counts)
    enough = (after - first).reshape(counts) >= constants.MIN_NOISE_SAMPLES
    sd = np.minimum(background.sd, _smoothed(sd, enough, background.sd, spot))
    return NoiseMap(background.median, sd, background.window_px)


def _minimum_filter(response: np.ndarray) -> np.ndarray:
    """Minimum of each pixel and its neighbours; several times faster than ``ndimage.minimum_filter(size=3)``."""
    lowest = response
    for axis in range(response.ndim):
        before, lowest = lowest, lowest.copy()
        ahead, behind = ((slice(None),) * axis + (part,) for part in (slice(1, None), slice(None, -1)))
        np.minimum(lowest[ahead], before[behind], out=lowest[ahead])
        np.minimum(lowest[behind], before[ahead], out=lowest[behind])
    return lowest


def _smoothed(sd: np.ndarray, enough: np.ndarray, otherwise: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Median over neighbouring windows, bounded below; ``otherwise`` where a window has not ``enough`` samples."""
    sd = ndimage.median_filter(np.where(enough, sd, otherwise), 3, mode="nearest")
    rounding = float(np.finfo(np.float32).eps) * max(1.0, float(np.ptp(response)))
    return np.maximum(sd, max(constants.MIN_RELATIVE_NOISE * float(np.median(sd)), rounding))


def _window_samples(response: np.ndarray, counts: list[int], window: tuple[int, ...]) -> np.ndarray:
    """Every second row and column of each window, as (*counts, samples)."""
    cut = response[tuple(slice(0, n * size) for n, size in zip(counts, window, strict=True))]
    split = cut.reshape([length for pair in zip(counts, window, strict=True) for length in pair])
    axes = response.ndim
    split = split.transpose([*range(0, 2 * axes, 2), *range(1, 2 * axes, 2)])
    return split[..., ::2, ::2].reshape(*counts, -1)
