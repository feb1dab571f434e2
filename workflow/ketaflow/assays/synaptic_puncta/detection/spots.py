"""Find puncta: bright spots of about the size of the optics, above the noise around them.

In: one channel, (rows, columns) or (planes, rows, columns). Out: its puncta, each with a z score. Every punctum is
compared with the noise of its own surroundings, so one threshold serves every image of a study, whatever the staining,
the gain or the unevenness of its background.

The image is filtered twice. The *spot* filter (a Gaussian of the size of a punctum less a wide one) detects puncta. The
*fine* filter (close to a Laplacian of Gaussian, narrower than a punctum) separates neighbours: its peaks are the
candidates, and two of them are one punctum where the saddle between them is no deeper than the noise.
"""

import math
from dataclasses import dataclass, fields
from itertools import product

import numpy as np

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.detection import gaussian_filters, noise, watershed

# Pixels of an image: one array of indices per axis.
Pixels = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Puncta:
    """Puncta of one channel, in the order of the image's rows.

    Attributes
    ----------
    positions_px : (n, 2) or (n, 3) ndarray
        Centres of brightness, axes as in the image; 0 is the middle of the first pixel.
    area_px : (n,) ndarray
        Cross-section in the plane of the peak (pixels).
    height : (n,) ndarray
        Peak of the spot filter (units of the image).
    z_score : (n,) ndarray
        Height above the local median, in standard deviations of the local noise.
    integrated : (n,) ndarray
        Sum of its pixels above the local background (units of the image).
    mean_intensity : (n,) ndarray
        Mean of its pixels above the local background (units of the image).
    """

    positions_px: np.ndarray
    area_px: np.ndarray
    height: np.ndarray
    z_score: np.ndarray
    integrated: np.ndarray
    mean_intensity: np.ndarray

    def __len__(self) -> int:
        return len(self.z_score)

    def subset(self, chosen: np.ndarray) -> "Puncta":
        """Select puncta.

        Parameters
        ----------
        chosen : (n,) bool ndarray
            True for the puncta to keep.

        Returns
        -------
        Puncta
            The chosen puncta, in their order.
        """
        return Puncta(*(getattr(self, one.name)[chosen] for one in fields(self)))


@dataclass(frozen=True)
class FilteredImage:
    """An image before and after the filters, in its own units.

    Attributes
    ----------
    pixels : (rows, columns) or (planes, rows, columns) ndarray
        The image.
    spot, fine, background : float32 ndarray of the same shape
        After the spot filter, the fine filter, and the wide Gaussian that is taken for background.
    sigma_px : tuple of float
        Standard deviation of a punctum along each axis (pixels).
    background_sigma_px : float
        Standard deviation of the wide Gaussian in the plane (pixels).
    """

    pixels: np.ndarray
    spot: np.ndarray
    fine: np.ndarray
    background: np.ndarray
    sigma_px: tuple[float, ...]
    background_sigma_px: float


def filter_spots(pixels: np.ndarray, sigma_px: tuple[float, ...], surround_ratio: float) -> FilteredImage:
    """Filter an image for spots.

    Parameters
    ----------
    pixels : (rows, columns) or (planes, rows, columns) ndarray
        The image.
    sigma_px : tuple of float
        Standard deviation of a punctum along each axis (pixels).
    surround_ratio : float
        Width of the Gaussian that is taken for background, over that of a punctum.

    Returns
    -------
    FilteredImage
        The image after the spot filter and after the fine one, and its background.

    References
    ----------
    Marr and Hildreth 1980, doi:10.1098/rspb.1980.0020 (differences of Gaussians).
    """
    transform = gaussian_filters.cosine_transform(pixels)
    fine_ratio = constants.FINE_SIGMA_RATIO
    inner, outer, spot, wide = (
        gaussian_filters.gaussian_transfer(pixels.shape, [ratio * sigma for sigma in sigma_px])
        for ratio in (fine_ratio, fine_ratio * constants.LAPLACIAN_SIGMA_RATIO, 1.0, surround_ratio)
    )
    spot_response, fine, background = (
        gaussian_filters.inverse_transform(transform, transfer) for transfer in (spot - wide, inner - outer, wide)
    )
    return FilteredImage(pixels, spot_response, fine, background, sigma_px, surround_ratio * sigma_px[-1])


def find(
    filtered: FilteredImage, *, window_px: float, z_threshold: float, edge_ratio: float, boundary_fraction: float
) -> Puncta:
    """Find the puncta of one channel.

    Parameters
    ----------
    filtered : FilteredImage
        From ``filter_spots``.
    window_px : float
        Side of the windows in which the noise is estimated (pixels).
    z_threshold : float
        Smallest z score of a punctum (standard deviations of the noise).
    edge_ratio : float
        Smallest height of a punctum over ``background_rise`` at its place.
    boundary_fraction : float
        A punctum extends down to this share of its height.

    Returns
    -------
    Puncta
    """
    spot, fine = filtered.spot, filtered.fine
    peak_of = watershed.peak_of_every_pixel(fine)
    candidates = np.flatnonzero((peak_of == np.arange(fine.size)) & (spot.ravel() > 0))
    where = np.unravel_index(candidates, fine.shape)
    height = _neighbourhood_maximum(spot, where)
    is_strong = _provisional_z(spot, where, height, window_px) > constants.PROVISIONAL_PUNCTUM_Z
    strong = tuple(index[is_strong] for index in where)
    z_score, fine_sd = _z_scores(filtered, where, height, strong, window_px)
    kept = (
        (z_score > z_threshold) & is_round(filtered, where) & (height > edge_ratio * background_rise(filtered, where))
    )
    candidates, z_score = candidates[kept], z_score[kept]
    leader = watershed.merge_shallow_peaks(fine, peak_of, candidates, constants.MIN_SADDLE_DEPTH_SD * fine_sd[kept])
    leads, number = np.unique(leader, return_inverse=True)
    owner = np.full(spot.size, -1, np.int32)
    owner[candidates] = number
    return _extents(filtered, owner[peak_of], candidates[leads], z_score[leads], boundary_fraction)


def is_round(filtered: FilteredImage, where: Pixels) -> np.ndarray:
    """Tell spots from fibres by the ratio of the two principal curvatures in the plane.

    Parameters
    ----------
    filtered : FilteredImage
        The filtered image.
    where : tuple of (n,) ndarray
        Peaks.

    Returns
    -------
    (n,) bool ndarray
        True where the image falls off to all sides, as at a spot.

    References
    ----------
    Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94, section 4.1.
    """
    reach = max(1, round(filtered.sigma_px[-1]))

    def at(down: int, right: int) -> np.ndarray:
        offset = (0,) * (len(where) - 2) + (down * reach, right * reach)
        return filtered.spot[_moved(where, offset, filtered.spot.shape)]

    middle = 2 * at(0, 0)
    down, across = at(1, 0) + at(-1, 0) - middle, at(0, 1) + at(0, -1) - middle
    mixed = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    determinant, trace = down * across - mixed**2, down + across
    least = constants.MIN_CURVATURE_RATIO / (1 + constants.MIN_CURVATURE_RATIO) ** 2
    return (trace < 0) & (determinant > least * trace**2)


def background_rise(filtered: FilteredImage, where: Pixels) -> np.ndarray:
    """How much the background rises across its own width.

    Parameters
    ----------
    filtered : FilteredImage
        The filtered image.
    where : tuple of (n,) ndarray
        Pixels.

    Returns
    -------
    (n,) ndarray
        Gradient of the background times its standard deviation (units of the image).
    """
    in_plane = (0,) * (len(where) - 2)
    background = filtered.background
    steps = [
        background[_moved(where, (*in_plane, *step), background.shape)]
        - background[_moved(where, (*in_plane, *(-by for by in step)), background.shape)]
        for step in ((1, 0), (0, 1))
    ]
    return filtered.background_sigma_px * np.hypot(*steps) / 2


def _provisional_z(spot: np.ndarray, where: Pixels, height: np.ndarray, window_px: float) -> np.ndarray:
    """Z scores of candidates against noise that still contains the puncta."""
    median, sd = noise.noise_of_background(spot, np.ones(spot.shape, bool), window_px).at(where)
    return np.asarray((height - median) / sd)


def _z_scores(
    filtered: FilteredImage, where: Pixels, height: np.ndarray, strong: Pixels, window_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Z score of each candidate, and the noise of the fine filter there; the strong candidates are left out of it."""
    reach_px = [round(constants.FOOTPRINT_SD * sigma) for sigma in filtered.sigma_px]
    background = ~_footprints(strong, filtered.spot.shape, reach_px)
    of_background = noise.noise_of_background(filtered.spot, background, window_px)
    median, sd = noise.noise_of_minima(filtered.spot, filtered.fine, of_background).at(where)
    return (height - median) / sd, noise.noise_of_background(filtered.fine, background, window_px).at(where)[1]


def _footprints(where: Pixels, shape: tuple[int, ...], reach_px: list[int]) -> np.ndarray:
    """Mark the pixels within ``reach_px`` (along each axis) of any of the points."""
    marked = np.zeros(shape, bool)
    for offset in product(*(range(-reach, reach + 1) for reach in reach_px)):
        marked[_moved(where, offset, shape)] = True
    return marked


def _neighbourhood_maximum(response: np.ndarray, where: Pixels) -> np.ndarray:
    """The highest response at each pixel and its neighbours."""
    highest = response[where]
    for offset in product((-1, 0, 1), repeat=response.ndim):
        highest = np.maximum(highest, response[_moved(where, offset, response.shape)])
    return highest


def _moved(where: Pixels, offset: tuple[int, ...], shape: tuple[int, ...]) -> Pixels:
    """The pixels that lie ``offset`` from others, kept inside the image."""
    return tuple(np.clip(index + by, 0, size - 1) for index, by, size in zip(where, offset, shape, strict=True))


def _extents(
    filtered: FilteredImage, owner_of: np.ndarray, peaks: np.ndarray, z_score: np.ndarray, boundary_fraction: float
) -> Puncta:
    """Extent of each punctum: the pixels of its area (``owner_of``, -1 outside) above a share of its height."""
    spot, count = filtered.spot, len(peaks)
    inside = np.flatnonzero(owner_of >= 0)
    owner, response = owner_of[inside], spot.ravel()[inside]
    height = np.full(count, -np.inf, np.float32)
    np.maximum.at(height, owner, response)
    # Weighted by the height above the boundary, so that pixels just inside or outside of it hardly matter.
    weight = response.astype(float) - boundary_fraction * height[owner]
    kept = weight > 0
    owner, inside, weight = owner[kept], inside[kept], weight[kept]
    where = np.unravel_index(inside, spot.shape)
    total = np.bincount(owner, weight, minlength=count)
    positions = np.column_stack([np.bincount(owner, weight * axis, minlength=count) / total for axis in where])
    in_plane = np.ones(len(inside), bool)
    if spot.ndim == 3:
        in_plane = where[0] == np.unravel_index(peaks, spot.shape)[0][owner]
    area = np.bincount(owner[in_plane], minlength=count)
    covered = np.zeros(spot.shape, bool)
    covered.ravel()[inside] = True
    level = _surroundings(filtered, np.unravel_index(peaks, spot.shape), covered)
    integrated = np.bincount(owner, filtered.pixels.ravel()[inside] - level[owner], minlength=count)
    mean = integrated / np.maximum(np.bincount(owner, minlength=count), 1)
    return Puncta(positions.reshape(count, spot.ndim), area, height, z_score, integrated, mean)


def _surroundings(filtered: FilteredImage, peaks: Pixels, covered: np.ndarray) -> np.ndarray:
    """Median (n,) of the pixels in a ring around each peak that no punctum covers; of all if none is left."""
    sigma = filtered.sigma_px[-1]
    inner, outer = constants.RING_INNER_SD * sigma, constants.RING_OUTER_SD * sigma
    reach = range(-math.ceil(outer), math.ceil(outer) + 1)
    before = (0,) * (len(peaks) - 2)
    ring = [(*before, *step) for step in product(reach, repeat=2) if inner < math.hypot(*step) <= outer]
    around = [_moved(peaks, offset, covered.shape) for offset in ring]
    values = np.stack([filtered.pixels[one] for one in around], axis=1).astype(np.float32)
    free = np.stack([~covered[one] for one in around], axis=1)
    free[~free.any(1)] = True
    values = np.sort(np.where(free, values, np.inf), axis=1)
    middle = (free.sum(1) - 1) // 2
    return np.asarray(values[np.arange(len(values)), middle])
