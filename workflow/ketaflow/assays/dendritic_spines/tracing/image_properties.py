"""Properties of an image that need no dendrite: polarity, step of its counts, noise, saturation."""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import SD_PER_MAD
from ketaflow.assays.dendritic_spines.tracing import constants


def is_dark_on_light(stack: np.ndarray, pixel_um: float) -> bool:
    """Tell whether the dendrites of a stack are darker than their surroundings, as in a Golgi stain.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        Counts.
    pixel_um : float
        Size of a pixel (um).

    Returns
    -------
    bool
        False for images smaller than 5 um, which are too small to show polarity.

    Notes
    -----
    Dendrites fill little of a field, so structure as wide as dendrites is skewed towards their polarity: the third
    moments of its dark and its bright side are compared.
    """
    mean_plane = stack.mean(0, dtype=np.float32)
    if min(mean_plane.shape) * pixel_um < 4 * constants.COARSE_STRUCTURE_UM:
        return False
    finer, coarser = (
        ndimage.gaussian_filter(mean_plane, sigma_um / pixel_um, truncate=2.5, mode="nearest")
        for sigma_um in (constants.FINE_STRUCTURE_UM, constants.COARSE_STRUCTURE_UM)
    )
    structure = (finer - coarser).astype(float)
    dark, bright = ((side.clip(0) ** 3).sum() ** (1 / 3) for side in (-structure, structure))
    return bool(dark > constants.DARK_RATIO * bright)


def count_step(stack: np.ndarray) -> float:
    """Step between neighbouring values of a stack.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        The stack as it was read.

    Returns
    -------
    float
        1 for whole numbers; a 16-bit step of the range for real numbers, such as a deconvolved or rescaled image.
    """
    sampled = stack[..., ::2, ::2]
    if np.issubdtype(stack.dtype, np.integer) or np.array_equal(sampled, np.rint(sampled)):
        return 1.0
    return float(np.ptp(stack)) / 2**16


def pixel_noise(stack: np.ndarray, step: float) -> float:
    """Estimate the standard deviation of a pixel's noise.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        Counts; the middle plane is used.
    step : float
        Step of the counts (``count_step``), the lower limit of the noise.

    Returns
    -------
    float
        Standard deviation (counts).

    Notes
    -----
    Each pixel is compared with the mean of its four neighbours, in which structure cancels. The difference carries 5/4
    of a pixel's variance; rounding adds one twelfth of a squared step.
    """
    plane = stack[len(stack) // 2].astype(np.float32)
    neighbours = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    difference = plane[1:-1, 1:-1] - neighbours / 4
    spread = SD_PER_MAD * float(np.median(np.abs(difference - np.median(difference))))
    return float(np.hypot(spread / np.sqrt(1.25), step / np.sqrt(12)))


def saturated_pct(stack: np.ndarray, saturation_level: float) -> float:
    """Share of the bright pixels that are saturated.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        Counts.
    saturation_level : float
        Counts at which the detector clips.

    Returns
    -------
    float
        Saturated pixels, in percent of those brighter than half of the saturation level; 0 where there are none.
    """
    bright = np.count_nonzero(stack >= saturation_level / 2)
    return 100.0 * np.count_nonzero(stack >= saturation_level) / bright if bright else 0.0
