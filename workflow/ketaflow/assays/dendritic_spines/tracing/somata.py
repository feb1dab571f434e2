"""Cell bodies, in which no dendrite is traced."""

import numpy as np
from scipy import ndimage
from skimage.morphology import isotropic_dilation, isotropic_erosion

from ketaflow.assays.dendritic_spines.tracing import constants


def find_somata(pixels: np.ndarray, pixel_um: float) -> np.ndarray:
    """Find cell bodies: places too wide to be dendrites that are half as bright as the brightest.

    Parameters
    ----------
    pixels : (rows, columns) float32
        Projection without background.
    pixel_um : float
        Size of a pixel (um).

    Returns
    -------
    (rows, columns) bool
        True in a cell body and its rim. Without the mask, the rim would be traced as a dendrite. Nothing is masked
        where more than half of the image would be: that is haze, not a cell body.
    """
    coarse = max(1, int(constants.SOMA_STEP_UM / pixel_um))
    blurred = ndimage.gaussian_filter(pixels, constants.SOMA_STEP_UM / pixel_um, truncate=2.5)
    small = blurred[::coarse, ::coarse]
    step_um = coarse * pixel_um
    # In an image that is nearly all dark a quantile is dark too, hence the share of the maximum.
    level = max(0.5 * float(np.quantile(small, 0.995)), 0.3 * float(small.max()))
    inner = isotropic_erosion(small > level, constants.SOMA_RADIUS_UM, spacing=step_um)
    if not inner.any():
        return np.zeros(pixels.shape, bool)
    whole = isotropic_dilation(inner, constants.SOMA_RADIUS_UM + constants.SOMA_RIM_UM, spacing=step_um)
    if whole.mean() > 0.5:
        return np.zeros(pixels.shape, bool)
    return whole.repeat(coarse, 0).repeat(coarse, 1)[: pixels.shape[0], : pixels.shape[1]]
