"""Properties of an image that need no dendrite: polarity, counts, noise, saturation."""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import SD_PER_MAD

# Widths (um, sigma) between which dendrites and spines are. Dark structure that stands out so much more than bright is
# what the image shows (ratio): 0.4 to 0.8 in 140 fluorescence images, real and drawn, over 1.2 inverted, 1 in noise.
STRUCTURE_SIGMAS_UM, DARK_RATIO = (0.4, 1.2), 1.15


def is_dark_on_light(stack: np.ndarray, pixel_um: float) -> bool:
    """Whether the dendrites of a stack (z, y, x) are darker than what is around them, as a Golgi stain makes them.

    Structure as wide as dendrites is skewed to the side of the dendrites, for they fill little of the field. In an
    image smaller than 5 um nothing is told by that, and it passes.
    """
    flat = stack.mean(0, dtype=np.float32)
    if min(flat.shape) * pixel_um < 4 * STRUCTURE_SIGMAS_UM[1]:
        return False
    finer, coarser = (
        ndimage.gaussian_filter(flat, sigma / pixel_um, truncate=2.5, mode="nearest") for sigma in STRUCTURE_SIGMAS_UM
    )
    structure = (finer - coarser).astype(float)
    dark, bright = ((side.clip(0) ** 3).sum() ** (1 / 3) for side in (-structure, structure))
    return bool(dark > DARK_RATIO * bright)


def count_step(stack: np.ndarray) -> float:
    """What two neighbouring values of a stack as it was read differ by: 1 in whole numbers.

    Real numbers (a deconvolved or rescaled image, often from 0 to 1) are taken for 16 bits over their range.
    """
    some = stack[..., ::2, ::2]
    if np.issubdtype(stack.dtype, np.integer) or np.array_equal(some, np.rint(some)):
        return 1.0
    return float(np.ptp(stack)) / 2**16


def pixel_noise(stack: np.ndarray, step: float) -> float:
    """Standard deviation of a pixel, from its difference to its neighbours (structure cancels); at least a count's.

    ``step`` is that of the counts (``count_step``).
    """
    plane = stack[len(stack) // 2].astype(np.float32)
    neighbours = plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]
    rough = plane[1:-1, 1:-1] - neighbours / 4
    spread = SD_PER_MAD * float(np.median(np.abs(rough - np.median(rough))))
    # A difference to the mean of four carries 5/4 of a pixel's variance; counting adds a twelfth of a step's square.
    return float(np.hypot(spread / np.sqrt(1.25), step / np.sqrt(12)))


def saturated_pct(stack: np.ndarray, ceiling: float) -> float:
    """Share of pixels at the detector's ceiling among those brighter than half of it (%); 0 where none are."""
    bright = np.count_nonzero(stack >= ceiling / 2)
    return 100.0 * np.count_nonzero(stack >= ceiling) / bright if bright else 0.0
