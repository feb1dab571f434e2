"""How much a filtered image varies where there are no puncta, window by window.

In: a filtered image. Out: its middle and the spread of its noise, to be read at any pixel. Both are taken from the
dark side of the image, where no puncta are.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# Share of a normal distribution below one standard deviation under its middle.
ONE_SD_BELOW = 0.1587
# Of the pits of a filtered image that is nothing but noise, this share lies less deep than so many standard deviations
# of it, in two and in three dimensions (measured on drawn noise; widths of 0.8 to 4 pixels differ by 3 %).
PIT_SHARE, PIT_DEPTH_SD = 0.97, {2: 2.44, 3: 2.79}
# Where a detector clips its dark pixels there is no noise to see: none is taken as less than this share of the usual.
LEAST_NOISE = 0.25
LEAST_SAMPLES = 30


@dataclass(frozen=True)
class NoiseMap:
    """Middle and spread of a filtered image, window by window, read between windows by interpolation."""

    middle: np.ndarray
    sd: np.ndarray
    window_px: tuple[int, ...]

    def at(self, where: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Middle and spread at some pixels."""
        grid = [(index + 0.5) / size - 0.5 for index, size in zip(where, self.window_px, strict=True)]
        middle, sd = (ndimage.map_coordinates(a, grid, order=1, mode="nearest") for a in (self.middle, self.sd))
        return middle, sd


def noise_map(matched: np.ndarray, sharp: np.ndarray, quiet: NoiseMap) -> NoiseMap:
    """The noise of the matched filter: as deep as its pits are below the middle of the quiet pixels.

    Puncta are bright, never dark. What an image does on its dark side is noise, and it still is in tissue so full of
    puncta that no pixel is quiet. At the foot of an edge, such as that of a nucleus, pits are deeper than the noise,
    and the spread of the quiet pixels is the better measure. Each errs upwards only, so the lesser of the two is
    taken; in nothing but noise both are its standard deviation.
    """
    counts = quiet.middle.shape
    where = np.nonzero(sharp == _lowest_around(sharp))
    depth = quiet.at(where)[0] - matched[where]
    rows = [
        np.minimum(index // size, count - 1) for index, size, count in zip(where, quiet.window_px, counts, strict=True)
    ]
    window = np.ravel_multi_index(rows, counts)
    order = np.lexsort((depth, window))
    first, after = np.searchsorted(window[order], [np.arange(quiet.middle.size), np.arange(quiet.middle.size) + 1])
    deep = np.minimum(first + np.int64(PIT_SHARE * (after - first)), len(depth) - 1)
    sd = (depth[order][deep] / PIT_DEPTH_SD[matched.ndim]).reshape(counts)
    enough = (after - first).reshape(counts) >= LEAST_SAMPLES
    sd = np.minimum(quiet.sd, _evened(sd, enough, quiet.sd, matched))
    return NoiseMap(quiet.middle, sd, quiet.window_px)


def _lowest_around(response: np.ndarray) -> np.ndarray:
    """The lowest response at each pixel and its neighbours."""
    lowest = response
    for axis in range(response.ndim):
        before, lowest = lowest, lowest.copy()
        ahead, behind = ((slice(None),) * axis + (part,) for part in (slice(1, None), slice(None, -1)))
        np.minimum(lowest[ahead], before[behind], out=lowest[ahead])
        np.minimum(lowest[behind], before[ahead], out=lowest[behind])
    return lowest


def _evened(sd: np.ndarray, enough: np.ndarray, otherwise: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Spreads smoothed over neighbouring windows, none impossibly small; ``otherwise`` where there is not enough."""
    sd = ndimage.median_filter(np.where(enough, sd, otherwise), 3, mode="nearest")
    least = max(LEAST_NOISE * float(np.median(sd)), np.finfo(np.float32).eps * max(1.0, float(np.ptp(response))))
    return np.maximum(sd, least)


def quiet_map(response: np.ndarray, quiet: np.ndarray, window_px: float) -> NoiseMap:
    """Middle and spread of the quiet pixels of each window, the spread taken downwards from the median.

    A window with hardly a quiet pixel takes the usual values of the image.
    """
    counts = [max(1, round(size / window_px)) for size in response.shape]
    window = tuple(size // count for size, count in zip(response.shape, counts, strict=True))
    values = _windows(np.where(quiet, response, np.inf), counts, window)
    values.sort(axis=-1)
    n_quiet = np.isfinite(values).sum(-1)
    middle, low = (
        np.take_along_axis(values, np.maximum(np.int64(share * n_quiet) - 1, 0)[..., None], -1)[..., 0]
        for share in (0.5, ONE_SD_BELOW)
    )
    enough = n_quiet >= min(LEAST_SAMPLES, values.shape[-1])
    if not enough.any():
        usual_middle, usual_sd = np.median(response), np.median(response) - np.quantile(response, ONE_SD_BELOW)
    else:
        usual_middle, usual_sd = np.median(middle[enough]), np.median((middle - low)[enough])
    sd = np.where(enough, middle, 0) - np.where(enough, low, 0)
    sd = _evened(sd, enough, np.full(counts, usual_sd), response)
    return NoiseMap(np.where(enough, middle, usual_middle), sd, window)


def _windows(response: np.ndarray, counts: list[int], window: tuple[int, ...]) -> np.ndarray:
    """Every second pixel of each window along every axis, as (*counts, samples)."""
    cut = response[tuple(slice(0, n * size) for n, size in zip(counts, window, strict=True))]
    split = cut.reshape([length for pair in zip(counts, window, strict=True) for length in pair])
    axes = response.ndim
    split = split.transpose([*range(0, 2 * axes, 2), *range(1, 2 * axes, 2)])
    sampled = split[(..., *(slice(None, None, 2 if size > 3 else 1) for size in window))]
    return sampled.reshape(*counts, -1)
