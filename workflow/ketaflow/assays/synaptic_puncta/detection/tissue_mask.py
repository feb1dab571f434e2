"""Which part of the field is tissue: nuclei, vessels and holes contain no synapses and are left out of the area.

In: both channels and their puncta. Out: a coarse mask. A hole is wide, darker than its surroundings in both channels,
and empty of puncta. A field that merely darkens towards a corner keeps all its area.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from skimage.morphology import isotropic_opening
from skimage.transform import downscale_local_mean

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.detection import gaussian_filters
from ketaflow.assays.synaptic_puncta.model import TissueSettings


@dataclass(frozen=True)
class TissueMap:
    """The tissue in a field.

    Attributes
    ----------
    mask : (rows, columns) bool ndarray
        True where there is tissue, at a coarser scale than the image.
    pixel_um : float
        Size of a pixel of the mask (um).
    extent_um : (2,) ndarray
        Height and width of the field (um).
    region_um2 : float
        Area of the part of the field that is measured (um2), at the scale of the image.
    region_share : float
        Share of the mask's pixels in that part, with or without tissue (ratio).
    """

    mask: np.ndarray
    pixel_um: float
    extent_um: np.ndarray
    region_um2: float
    region_share: float = 1.0

    @property
    def field_um2(self) -> float:
        """Area of the field (um2)."""
        return float(np.prod(self.extent_um))

    @property
    def area_um2(self) -> float:
        """Area of the tissue in the measured part (um2)."""
        return self.region_um2 * float(self.mask.mean()) / self.region_share

    def limited_to(self, region: np.ndarray, pixel_size_um: float) -> "TissueMap":
        """Keep the tissue in a part of the field.

        Parameters
        ----------
        region : (rows, columns) bool ndarray
            True in the part that is measured, at the scale of the image.
        pixel_size_um : float
            Size of a pixel of the image (um).

        Returns
        -------
        TissueMap
            Without tissue where the region is empty.
        """
        factor = round(self.pixel_um / pixel_size_um)
        coarse = _downscaled(region, factor) >= 0.5
        area_um2 = float(np.count_nonzero(region)) * pixel_size_um**2
        return replace(self, mask=self.mask & coarse, region_um2=area_um2, region_share=float(coarse.mean()) or 1.0)

    def mean_of(self, image: np.ndarray, pixel_size_um: float) -> float:
        """Mean of an image over the tissue.

        Parameters
        ----------
        image : (rows, columns) or (planes, rows, columns) ndarray
            The image.
        pixel_size_um : float
            Size of a pixel of the image (um).

        Returns
        -------
        float
            NaN without tissue.
        """
        coarse = _downscaled(image, round(self.pixel_um / pixel_size_um))
        return float(coarse[self.mask].mean()) if self.mask.any() else math.nan

    def contains(self, positions_um: np.ndarray) -> np.ndarray:
        """Tell which positions lie in tissue.

        Parameters
        ----------
        positions_um : (n, 2) or (n, 3) ndarray
            Positions (um from the corner of the field); depth is not used.

        Returns
        -------
        (n,) bool ndarray
            False outside the field too.
        """
        plane_um = positions_um[:, -2:]
        index = (plane_um / self.pixel_um).astype(int)
        inside = ((plane_um >= 0) & (plane_um < self.extent_um)).all(1)
        index = np.clip(index, 0, np.array(self.mask.shape) - 1)
        return inside & self.mask[tuple(index.T)]


def tissue_map(
    channels: Sequence[np.ndarray],
    positions_um: Sequence[np.ndarray],
    *,
    pixel_size_um: float,
    settings: TissueSettings,
) -> TissueMap:
    """Find the tissue of a field.

    Parameters
    ----------
    channels : sequence of (rows, columns) or (planes, rows, columns) ndarray
        The images; stacks are averaged over their planes.
    positions_um : sequence of (n, 2) or (n, 3) ndarray
        Puncta of each channel (um).
    pixel_size_um : float
        Size of a pixel of the images (um).
    settings : TissueSettings
        ``hole_diameter_um``: narrower gaps remain tissue. ``hole_contrast``: how far a hole lies below its
        surroundings; 1 is the distance from the field's median to its darkest parts.

    Returns
    -------
    TissueMap
        Mask of the tissue in coarse pixels, and the extent of the field.
    """
    factor = max(1, int(constants.MASK_PIXEL_UM / pixel_size_um))
    coarse_um = factor * pixel_size_um
    hole_px = settings.hole_diameter_um / coarse_um
    darkness = [_darkness(_downscaled(image, factor), hole_px) for image in channels]
    dark = np.min(darkness, axis=0) > settings.hole_contrast
    holes, count = ndimage.label(_opened(dark, max(1, round(hole_px / 2))))
    tissue = holes == 0
    counted = np.sum([_puncta_per_pixel(positions, coarse_um, tissue.shape) for positions in positions_um], axis=0)
    usual = counted[tissue].mean() if tissue.any() else 0.0
    for number in range(1, count + 1):
        hole = holes == number
        if counted[hole].mean() >= constants.MAX_HOLE_PUNCTA_SHARE * usual:
            tissue |= hole
    extent_um = np.array(channels[0].shape[-2:]) * pixel_size_um
    return TissueMap(tissue, coarse_um, extent_um, float(np.prod(extent_um)))


def _downscaled(image: np.ndarray, factor: int) -> np.ndarray:
    """The image averaged over its planes and over squares of ``factor`` pixels, its edge repeated in the last ones."""
    plane = image.mean(0, dtype=np.float32) if image.ndim == 3 else image.astype(np.float32)
    height, width = plane.shape
    plane = np.pad(plane, ((0, -height % factor), (0, -width % factor)), mode="edge")
    return np.asarray(downscale_local_mean(plane, (factor, factor)))


def _darkness(image: np.ndarray, hole_px: float) -> np.ndarray:
    """How far each pixel lies below its surroundings, over the distance of the field's median to its darkest parts."""
    transform = gaussian_filters.cosine_transform(image)
    near, around = (
        gaussian_filters.inverse_transform(transform, gaussian_filters.gaussian_transfer(image.shape, (sigma, sigma)))
        for sigma in (constants.HOLE_SIGMA_RATIO * hole_px, constants.SURROUNDINGS_SIGMA_RATIO * hole_px)
    )
    dark_side = float(np.median(near) - np.quantile(near, constants.DARKEST_QUANTILE))
    difference = near - around
    noise = float(np.median(np.abs(difference - np.median(difference)))) / constants.MAD_PER_SD
    return (around - near) / max(dark_side, constants.MIN_DARK_SIDE_SD * noise, np.finfo(np.float32).tiny)


def _opened(mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask without parts narrower than a disc of that radius; beyond the field its edge goes on."""
    return isotropic_opening(np.pad(mask, radius, mode="edge"), radius)[radius:-radius, radius:-radius]


def _puncta_per_pixel(positions_um: np.ndarray, coarse_um: float, shape: tuple[int, ...]) -> np.ndarray:
    """Number of puncta in each pixel of the mask."""
    index = np.clip((positions_um[:, -2:] / coarse_um).astype(int), 0, np.array(shape) - 1)
    counted = np.zeros(shape)
    np.add.at(counted, tuple(index.T), 1)
    return counted
