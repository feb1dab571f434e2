"""The part of a field in which another marker is stained, such as the dendrites in a MAP2 channel."""

import numpy as np
from skimage.filters import gaussian, threshold_otsu
from skimage.morphology import isotropic_dilation

from ketaflow.assays.synaptic_puncta import constants


def stained_area(pixels: np.ndarray, pixel_size_um: float, margin_um: float) -> np.ndarray:
    """Find the stained area of a mask channel.

    Parameters
    ----------
    pixels : (rows, columns) or (planes, rows, columns) ndarray
        The channel; stacks are projected by their maximum.
    pixel_size_um : float
        Size of a pixel (um).
    margin_um : float
        The area reaches this far beyond the stained part (um).

    Returns
    -------
    (rows, columns) bool ndarray
        True in the area. A black and white image is used as it is, without blur and margin.

    References
    ----------
    Otsu 1979, doi:10.1109/TSMC.1979.4310076 (threshold).
    """
    plane = pixels.max(0) if pixels.ndim == 3 else pixels
    lowest = plane.min()
    if not ((plane != lowest) & (plane != plane.max())).any():
        return np.asarray(plane > lowest)
    blurred = gaussian(plane.astype(np.float32), constants.MASK_BLUR_UM / pixel_size_um, preserve_range=True)
    return np.asarray(isotropic_dilation(blurred > threshold_otsu(blurred), margin_um / pixel_size_um))
