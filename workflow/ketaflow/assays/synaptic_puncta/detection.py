"""Find puncta: bright spots of about the size the optics allow, above the noise around them.

In: one channel, (y, x) or (z, y, x). Out: the puncta that stand out, each with its score. Every punctum is
judged against the noise of its own surroundings in units of that noise, so the same two thresholds serve every
image of a study, whatever the staining, the gain or the unevenness of its background; no image sets its own.

Two filters of the same fineness are used. The *matched* one (spot minus wide surround) tells best whether there
is a punctum; the *sharp* one (spot minus narrow surround, close to a Laplacian of Gaussian) tells neighbours apart.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

# Share of a normal distribution below one standard deviation under its middle.
ONE_SD_BELOW = 0.1587
# 1.6 is the ratio at which a difference of Gaussians comes closest to their Laplacian (Marr & Hildreth 1980).
SHARP_SURROUND = 1.6
TRUNCATE_SD = 3.0
# A first look leaves out what stands this high, so that puncta do not pass for noise.
FIRST_LOOK_Z = 3.5
FOOTPRINT_SD = 2.2
# Where a detector clips its dark pixels there is no noise to see: none is taken as less than this share of the usual.
LEAST_NOISE = 0.25
LEAST_SAMPLES = 30
# Curvature along a ridge over that across it, below which a summit is a bump on an edge or a fibre. SIFT uses 0.1.
LEAST_ROUNDNESS = 0.15


@dataclass(frozen=True)
class Puncta:
    """Puncta of one channel, in the order of the image's rows.

    ``positions_px`` (n, 2 or 3) are centres of brightness, axes as in the image, 0 at the middle of the first
    pixel. ``area_px`` is the cross-section in the plane of the summit, ``height`` the summit above its surround
    in the image's numbers, ``z_score`` the same in units of the noise there.
    """

    positions_px: np.ndarray
    area_px: np.ndarray
    height: np.ndarray
    z_score: np.ndarray

    def __len__(self) -> int:
        return len(self.z_score)

    def chosen(self, which: np.ndarray) -> "Puncta":
        """Those puncta for which ``which`` is true."""
        return Puncta(self.positions_px[which], self.area_px[which], self.height[which], self.z_score[which])


@dataclass(frozen=True)
class NoiseMap:
    """Middle and spread of a filtered image, window by window, read between windows by interpolation."""

    middle: np.ndarray
    sd: np.ndarray
    window_px: tuple[int, ...]

    def score(self, response: np.ndarray, where: tuple[np.ndarray, ...]) -> np.ndarray:
        """How many standard deviations the response at some pixels stands above the noise around them."""
        grid = [(index + 0.5) / size - 0.5 for index, size in zip(where, self.window_px, strict=True)]
        middle, sd = (ndimage.map_coordinates(a, grid, order=1, mode="nearest") for a in (self.middle, self.sd))
        return (response[where] - middle) / sd


def find(
    matched: np.ndarray,
    sharp: np.ndarray,
    *,
    sigma_px: tuple[float, ...],
    window_px: float,
    z_threshold: float,
    sharpness_threshold: float,
    boundary_fraction: float,
) -> Puncta:
    """Find the puncta of one channel.

    Parameters
    ----------
    matched, sharp : (y, x) or (z, y, x)
        The image's ``responses``.
    sigma_px
        Standard deviation of a small punctum along each axis.
    window_px
        Side of the windows in which noise is measured.
    z_threshold, sharpness_threshold
        Least score in the matched and in the sharp filter (standard deviations of the noise).
    boundary_fraction
        A punctum reaches down to this share of its height.
    """
    summit_of = climb(sharp)
    candidates = np.flatnonzero((summit_of == np.arange(sharp.size)) & (matched.ravel() > 0))
    where = np.unravel_index(candidates, sharp.shape)
    z_score, sharpness = scores(matched, sharp, where, sigma_px, window_px)
    kept = (z_score > z_threshold) & (sharpness > sharpness_threshold) & round_enough(sharp, where, sigma_px)
    return extents(matched, summit_of, candidates[kept], z_score[kept], boundary_fraction)


def responses(pixels: np.ndarray, sigma_px: tuple[float, ...], surround_ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """The matched and the sharp response of an image, both in its own numbers.

    ``surround_ratio`` is the width of the surround that the matched one takes for background, over the punctum's.
    """
    image = pixels.astype(np.float32)
    spot, narrow, wide = (
        ndimage.gaussian_filter(image, np.multiply(sigma_px, ratio), truncate=TRUNCATE_SD)
        for ratio in (1.0, SHARP_SURROUND, surround_ratio)
    )
    return spot - wide, spot - narrow


def climb(relief: np.ndarray) -> np.ndarray:
    """For every pixel, the summit it climbs to when it always steps to its highest neighbour.

    Returns flat indices (relief.size,); a summit leads to itself. The pixels that share one are its basin.
    """
    padded = np.pad(relief, 1, constant_values=-np.inf)
    highest, step = relief.copy(), np.zeros(relief.shape, np.int32)
    strides = np.cumprod((1, *relief.shape[:0:-1]))[::-1]
    for offset in product((-1, 0, 1), repeat=relief.ndim):
        if any(offset):
            window = tuple(slice(1 + by, 1 + by + size) for by, size in zip(offset, relief.shape, strict=True))
            neighbour = padded[window]
            higher = neighbour > highest
            np.copyto(highest, neighbour, where=higher)
            np.copyto(step, np.int32(np.dot(offset, strides)), where=higher)
    leads_to = step.ravel()
    leads_to += np.arange(relief.size, dtype=np.int32)
    while True:
        further = leads_to[leads_to]
        if np.array_equal(further, leads_to):
            return leads_to
        leads_to = further


def scores(
    matched: np.ndarray,
    sharp: np.ndarray,
    where: tuple[np.ndarray, ...],
    sigma_px: tuple[float, ...],
    window_px: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Score of each candidate in both filters, against noise from which the puncta themselves are left out."""
    everything = np.ones(matched.shape, bool)
    first = noise_map(matched, everything, window_px).score(matched, where)
    strong = tuple(index[first > FIRST_LOOK_Z] for index in where)
    quiet = ~footprints(strong, matched.shape, [round(FOOTPRINT_SD * sigma) for sigma in sigma_px])
    z_score, sharpness = (noise_map(response, quiet, window_px).score(response, where) for response in (matched, sharp))
    return z_score, sharpness


def round_enough(sharp: np.ndarray, where: tuple[np.ndarray, ...], sigma_px: tuple[float, ...]) -> np.ndarray:
    """Whether a summit falls off to all sides in the plane, as a spot does and a ridge does not.

    The two principal curvatures are compared, as Lowe 2004 (doi:10.1023/B:VISI.0000029664.99615.94) does for edges.
    """
    reach = max(1, round(sigma_px[-1]))
    *plane, y, x = where
    height, width = sharp.shape[-2:]

    def at(down: int, right: int) -> np.ndarray:
        return sharp[(*plane, np.clip(y + down * reach, 0, height - 1), np.clip(x + right * reach, 0, width - 1))]

    middle = 2 * at(0, 0)
    down, across = at(1, 0) + at(-1, 0) - middle, at(0, 1) + at(0, -1) - middle
    mixed = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    determinant, trace = down * across - mixed**2, down + across
    return determinant > LEAST_ROUNDNESS / (1 + LEAST_ROUNDNESS) ** 2 * trace**2


def noise_map(response: np.ndarray, quiet: np.ndarray, window_px: float) -> NoiseMap:
    """Middle and spread of the quiet pixels of each window.

    The spread is taken downwards from the median, where no puncta are, and smoothed over neighbouring windows.
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
        middle, low, enough = np.median(response), np.quantile(response, ONE_SD_BELOW), np.ones(counts, bool)
        middle, low = np.full(counts, middle), np.full(counts, low)
    sd = np.where(enough, middle - low, np.median((middle - low)[enough]))
    middle = np.where(enough, middle, np.median(middle[enough]))
    sd = ndimage.median_filter(sd, 3, mode="nearest")
    least = max(LEAST_NOISE * float(np.median(sd)), np.finfo(np.float32).eps * max(1.0, float(np.ptp(response))))
    return NoiseMap(middle, np.maximum(sd, least), window)


def _windows(response: np.ndarray, counts: list[int], window: tuple[int, ...]) -> np.ndarray:
    """Every second pixel of each window along every axis, as (*counts, samples)."""
    cut = response[tuple(slice(0, n * size) for n, size in zip(counts, window, strict=True))]
    split = cut.reshape([length for pair in zip(counts, window, strict=True) for length in pair])
    axes = response.ndim
    split = split.transpose([*range(0, 2 * axes, 2), *range(1, 2 * axes, 2)])
    sampled = split[(..., *(slice(None, None, 2 if size > 3 else 1) for size in window))]
    return sampled.reshape(*counts, -1)


def footprints(where: tuple[np.ndarray, ...], shape: tuple[int, ...], reach_px: list[int]) -> np.ndarray:
    """Mark the pixels within ``reach_px`` (along each axis) of any of the points."""
    marked = np.zeros(shape, bool)
    marked[where] = True
    return ndimage.maximum_filter(marked, size=[2 * reach + 1 for reach in reach_px], mode="constant")


def extents(
    matched: np.ndarray, summit_of: np.ndarray, summits: np.ndarray, z_score: np.ndarray, boundary_fraction: float
) -> Puncta:
    """How far each punctum reaches: the pixels of its basin that stand above a share of its height."""
    count = len(summits)
    owner = np.full(matched.size, -1, np.int32)
    owner[summits] = np.arange(count)
    owner = owner[summit_of]
    height = matched.ravel()[summits]
    inside = np.flatnonzero(owner >= 0)
    inside = inside[matched.ravel()[inside] >= boundary_fraction * height[owner[inside]]]
    owner = owner[inside]
    where = np.unravel_index(inside, matched.shape)
    weight = matched.ravel()[inside].astype(float)
    total = np.bincount(owner, weight, minlength=count)
    positions = np.column_stack([np.bincount(owner, weight * axis, minlength=count) / total for axis in where])
    in_plane = np.ones(len(inside), bool)
    if matched.ndim == 3:
        in_plane = where[0] == np.unravel_index(summits, matched.shape)[0][owner]
    area = np.bincount(owner[in_plane], minlength=count)
    return Puncta(positions.reshape(count, matched.ndim), area, height, z_score)
