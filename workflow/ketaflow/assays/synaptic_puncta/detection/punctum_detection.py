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

from ketaflow.assays.synaptic_puncta.detection import noise, smoothing, watershed

# The sharp filter is finer than the spot; 1.6 is the ratio at which a difference of Gaussians comes closest to their
# Laplacian (Marr & Hildreth 1980, doi:10.1098/rspb.1980.0020).
SHARP, SHARP_SURROUND = 0.7, 1.6
# Puncta must not pass for noise: what stands this high at first sight is left out of it, and so far around it.
FIRST_SIGHT_Z = 3.5
FOOTPRINT_SD = 2.2
# Leaving the puncta out lowers the noise, hardly ever to less than this share of it.
WORTH_A_LOOK = 0.4
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
    summit_of = watershed.climb(sharp)
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
    leader = watershed.merged(sharp, summit_of, candidates, SADDLE_SD * sharp_sd[kept])
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
    middle, sd = noise.quiet_map(matched, np.ones(matched.shape, bool), window_px).at(where)
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
    middle, sd = noise.noise_map(
        filtered.matched, filtered.sharp, noise.quiet_map(filtered.matched, quiet, window_px)
    ).at(where)
    return (height - middle) / sd, noise.quiet_map(filtered.sharp, quiet, window_px).at(where)[1]


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
