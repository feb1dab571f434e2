"""Find puncta: bright spots of about the size the optics allow, above the noise around them.

In: one channel, (y, x) or (z, y, x). Out: the puncta that stand out, each with its score. Every punctum is
judged against the noise of its own surroundings in units of that noise, so one threshold serves every image of a
study, whatever the staining, the gain or the unevenness of its background; no image sets its own.

The image is filtered twice. The *matched* filter (spot less wide surround) tells best whether there is a punctum.
The *sharp* one (close to a Laplacian of Gaussian, finer than the spot) tells neighbours apart: its summits are the
candidates, and two of them are one punctum where the saddle between them is no deeper than the noise.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

from ketaflow.assays.synaptic_puncta import hills, smoothing

# Share of a normal distribution below one standard deviation under its middle.
ONE_SD_BELOW = 0.1587
# Of the pits of a filtered image that is nothing but noise, this share lies less deep than so many standard deviations
# of it, in two and in three dimensions (measured on drawn noise; widths of 0.8 to 4 pixels differ by 3 %).
PIT_SHARE, PIT_DEPTH_SD = 0.97, {2: 2.44, 3: 2.79}
# The sharp filter is finer than the spot; 1.6 is the ratio at which a difference of Gaussians comes closest to their
# Laplacian (Marr & Hildreth 1980, doi:10.1098/rspb.1980.0020).
SHARP, SHARP_SURROUND = 0.7, 1.6
# Puncta must not pass for noise: what stands this high at first sight is left out of it, and so far around it.
FIRST_SIGHT_Z = 3.5
FOOTPRINT_SD = 2.2
# Leaving the puncta out lowers the noise, hardly ever to less than this share of it.
WORTH_A_LOOK = 0.4
# Where a detector clips its dark pixels there is no noise to see: none is taken as less than this share of the usual.
LEAST_NOISE = 0.25
LEAST_SAMPLES = 30
# Two summits are one punctum if the saddle lies less than this below the lower one (standard deviations of the noise).
SADDLE_SD = 1.0
# Curvature along a ridge over that across it, below which a summit is a bump on a fibre; Lowe 2004 uses 0.1.
LEAST_ROUNDNESS = 0.1
# At the edge of something large the matched filter gives about half of what the background climbs over its width.
LEAST_ABOVE_SLOPE = 1.0


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
class Responses:
    """A filtered image, in its own numbers: ``matched``, ``sharp``, and the ``wide`` surround taken for background."""

    matched: np.ndarray
    sharp: np.ndarray
    wide: np.ndarray
    sigma_px: tuple[float, ...]
    wide_px: float


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


def responses(pixels: np.ndarray, sigma_px: tuple[float, ...], surround_ratio: float) -> Responses:
    """Filter an image (y, x) or (z, y, x) for spots of standard deviation ``sigma_px``.

    ``surround_ratio`` is the width of the surround that is taken for background, over the punctum's.
    """
    spectrum = smoothing.spectrum(pixels)
    fine, narrow, spot, wide = (
        smoothing.kept_by_gaussian(pixels.shape, np.multiply(sigma_px, ratio))
        for ratio in (SHARP, SHARP * SHARP_SURROUND, 1.0, surround_ratio)
    )
    matched, sharp, background = (smoothing.filtered(spectrum, kept) for kept in (spot - wide, fine - narrow, wide))
    return Responses(matched, sharp, background, sigma_px, surround_ratio * sigma_px[-1])


def find(filtered: Responses, *, window_px: float, z_threshold: float, boundary_fraction: float) -> Puncta:
    """Find the puncta of one channel.

    Parameters
    ----------
    filtered
        The image's ``responses``.
    window_px
        Side of the windows in which noise is measured.
    z_threshold
        Least height (standard deviations of the noise).
    boundary_fraction
        A punctum reaches down to this share of its height.
    """
    matched, sharp = filtered.matched, filtered.sharp
    summit_of = hills.climb(sharp)
    candidates = np.flatnonzero((summit_of == np.arange(sharp.size)) & (matched.ravel() > 0))
    candidates, first_z = at_first_sight(matched, candidates, window_px, z_threshold)
    where = np.unravel_index(candidates, sharp.shape)
    height = _highest_around(matched, where)
    strong = tuple(index[first_z > FIRST_SIGHT_Z] for index in where)
    z_score, sharp_sd = scores(filtered, where, height, strong, window_px)
    kept = (
        (z_score > z_threshold) & round_enough(filtered, where) & (height > LEAST_ABOVE_SLOPE * slope(filtered, where))
    )
    candidates, z_score = candidates[kept], z_score[kept]
    leader = hills.merged(sharp, summit_of, candidates, SADDLE_SD * sharp_sd[kept])
    return extents(matched, summit_of, candidates, leader, z_score, boundary_fraction)


def _highest_around(response: np.ndarray, where: tuple[np.ndarray, ...]) -> np.ndarray:
    """The highest response at a pixel and its neighbours."""
    highest = response[where]
    for offset in product((-1, 0, 1), repeat=response.ndim):
        highest = np.maximum(highest, response[_moved(where, offset, response.shape)])
    return highest


def _moved(where: tuple[np.ndarray, ...], offset: tuple[int, ...], shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """The pixels that lie ``offset`` from some others, kept inside the image."""
    return tuple(np.clip(index + by, 0, size - 1) for index, by, size in zip(where, offset, shape, strict=True))


def at_first_sight(
    matched: np.ndarray, candidates: np.ndarray, window_px: float, z_threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Candidates worth a second look, and their scores against noise that still holds the puncta themselves."""
    where = np.unravel_index(candidates, matched.shape)
    middle, sd = quiet_map(matched, np.ones(matched.shape, bool), window_px).at(where)
    z_score = (_highest_around(matched, where) - middle) / sd
    hopeful = z_score > WORTH_A_LOOK * z_threshold
    return candidates[hopeful], z_score[hopeful]


def scores(
    filtered: Responses,
    where: tuple[np.ndarray, ...],
    height: np.ndarray,
    strong: tuple[np.ndarray, ...],
    window_px: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Score of each candidate and the noise of the sharp filter there, the strong ones left out of the noise."""
    reach_px = [round(FOOTPRINT_SD * sigma) for sigma in filtered.sigma_px]
    quiet = ~footprints(strong, filtered.matched.shape, reach_px)
    middle, sd = noise_map(filtered, quiet_map(filtered.matched, quiet, window_px)).at(where)
    return (height - middle) / sd, quiet_map(filtered.sharp, quiet, window_px).at(where)[1]


def footprints(where: tuple[np.ndarray, ...], shape: tuple[int, ...], reach_px: list[int]) -> np.ndarray:
    """Mark the pixels within ``reach_px`` (along each axis) of any of the points."""
    marked = np.zeros(shape, bool)
    for offset in product(*(range(-reach, reach + 1) for reach in reach_px)):
        marked[_moved(where, offset, shape)] = True
    return marked


def round_enough(filtered: Responses, where: tuple[np.ndarray, ...]) -> np.ndarray:
    """Whether a summit falls off to all sides in the plane, as a spot does and a fibre does not.

    The two principal curvatures are compared, as Lowe 2004 (doi:10.1023/B:VISI.0000029664.99615.94) does for edges.
    """
    reach = max(1, round(filtered.sigma_px[-1]))

    def at(down: int, right: int) -> np.ndarray:
        offset = (0,) * (len(where) - 2) + (down * reach, right * reach)
        return filtered.matched[_moved(where, offset, filtered.matched.shape)]

    middle = 2 * at(0, 0)
    down, across = at(1, 0) + at(-1, 0) - middle, at(0, 1) + at(0, -1) - middle
    mixed = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    determinant, trace = down * across - mixed**2, down + across
    return (trace < 0) & (determinant > LEAST_ROUNDNESS / (1 + LEAST_ROUNDNESS) ** 2 * trace**2)


def slope(filtered: Responses, where: tuple[np.ndarray, ...]) -> np.ndarray:
    """How far the background climbs over its own width at some pixels, in the image's numbers."""
    ahead = (0,) * (len(where) - 2)
    shape = filtered.wide.shape
    steps = [
        filtered.wide[_moved(where, (*ahead, *step), shape)]
        - filtered.wide[_moved(where, (*ahead, *(-by for by in step)), shape)]
        for step in ((1, 0), (0, 1))
    ]
    return filtered.wide_px * np.hypot(*steps) / 2


def noise_map(filtered: Responses, quiet: NoiseMap) -> NoiseMap:
    """The noise of the matched filter: as deep as its pits are below the middle of the quiet pixels.

    Puncta are bright, never dark. What an image does on its dark side is noise, and it still is in tissue so full of
    puncta that no pixel is quiet. At the foot of an edge, such as that of a nucleus, pits are deeper than the noise,
    and the spread of the quiet pixels is the better measure. Each errs upwards only, so the lesser of the two is
    taken; in nothing but noise both are its standard deviation.
    """
    matched, counts = filtered.matched, quiet.middle.shape
    where = np.nonzero(filtered.sharp == _lowest_around(filtered.sharp))
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


def extents(
    matched: np.ndarray,
    summit_of: np.ndarray,
    candidates: np.ndarray,
    leader: np.ndarray,
    z_score: np.ndarray,
    boundary_fraction: float,
) -> Puncta:
    """How far each punctum reaches: the pixels of its hill that stand above a share of its height.

    ``leader`` is for each candidate the one it is part of; a punctum is as high as its leader.
    """
    leads, number = np.unique(leader, return_inverse=True)
    owner = np.full(matched.size, -1, np.int32)
    owner[candidates] = number
    owner = owner[summit_of]
    inside = np.flatnonzero(owner >= 0)
    owner, above = owner[inside], matched.ravel()[inside]
    height = np.full(len(leads), -np.inf, np.float32)
    np.maximum.at(height, owner, above)
    # Weighed by how far a pixel stands above the boundary, so that pixels just inside or outside of it hardly matter.
    weight = above.astype(float) - boundary_fraction * height[owner]
    kept = weight > 0
    owner, inside, weight = owner[kept], inside[kept], weight[kept]
    where = np.unravel_index(inside, matched.shape)
    total = np.bincount(owner, weight, minlength=len(leads))
    positions = np.column_stack([np.bincount(owner, weight * axis, minlength=len(leads)) / total for axis in where])
    in_plane = np.ones(len(inside), bool)
    if matched.ndim == 3:
        in_plane = where[0] == np.unravel_index(candidates[leads], matched.shape)[0][owner]
    area = np.bincount(owner[in_plane], minlength=len(leads))
    return Puncta(positions.reshape(len(leads), matched.ndim), area, height, z_score[leads])
