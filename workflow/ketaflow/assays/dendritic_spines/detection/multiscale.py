"""A projection at several scales, with its shafts and what stands out of them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import SD_PER_MAD
from ketaflow.assays.dendritic_spines.tracing import shaft_subtraction
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite

# Heads of 0.25 to 0.9 um, blurred: blobs between these (sigma, um).
BLOB_SIGMAS_UM = (0.12, 0.2, 0.33, 0.54)
# Beside the shaft means this far from its line (um): where spines are, and a little beyond.
CLUTTER_FROM_UM, CLUTTER_TO_UM = 1.2, 4.0
# Bulges are sought in the picture at this of the scales, blurred about as wide as the smallest resolved head.
BULGE_SCALE = 1
BULGE_SIGMA_UM = BLOB_SIGMAS_UM[BULGE_SCALE]


@dataclass
class MultiscaleView:
    """A projection blurred to each of ``BLOB_SIGMAS_UM``, its shafts, what stands out of each, and a pixel's noise."""

    scales: list[np.ndarray]
    outs: list[np.ndarray]
    pixel_um: float
    dendrites: list[Dendrite]
    noise: float

    @classmethod
    def of(cls, picture: np.ndarray, pixel_um: float, dendrites: list[Dendrite], noise: float) -> "MultiscaleView":
        """The view of a projection (y, x) without background."""
        scales = [blur(picture, sigma, pixel_um) for sigma in BLOB_SIGMAS_UM]
        outs = [shaft_subtraction.residual(scales[BULGE_SCALE], pixel_um, dendrite) for dendrite in dendrites]
        return cls(scales, outs, pixel_um, dendrites, noise)

    @property
    def blobs(self) -> list[np.ndarray]:
        """What is as wide as each of three sizes of blob (y, x)."""
        return [finer - coarser for finer, coarser in pairwise(self.scales)]


def blur(picture: np.ndarray, sigma_um: float, pixel_um: float) -> np.ndarray:
    """The picture (y, x) through a Gaussian."""
    return ndimage.gaussian_filter(picture, sigma_um / pixel_um, truncate=2.5, mode="nearest")


def distance_from_shafts(shape: tuple[int, ...], pixel_um: float, dendrites: list[Dendrite]) -> np.ndarray:
    """Distance (y, x) um of each pixel from the nearest line."""
    far = np.ones(shape, bool)
    for dendrite in dendrites:
        y, x = np.rint(dendrite.line_um[:, 1:] / pixel_um).astype(int).T
        far[y.clip(0, shape[0] - 1), x.clip(0, shape[1] - 1)] = False
    return ndimage.distance_transform_edt(far) * pixel_um


def blob_clutter(view: MultiscaleView) -> list[float]:
    """How strong blobs of nothing are beside the shaft (three sizes): noise as the blob sees it, dots, fibres.

    The noise of a pixel does not tell that where a picture has been smoothed, sharpened or projected.
    """
    away = distance_from_shafts(view.scales[0].shape, view.pixel_um, view.dendrites)
    beside = (away > CLUTTER_FROM_UM) & (away < CLUTTER_TO_UM)
    if not beside.any():
        beside = np.ones(beside.shape, bool)
    blobs = [blob[beside] for blob in view.blobs]
    return [SD_PER_MAD * float(np.median(np.abs(blob - np.median(blob)))) for blob in blobs]
