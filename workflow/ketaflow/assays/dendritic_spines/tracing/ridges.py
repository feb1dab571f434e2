"""Ridges of brightness in a projection, and how strong noise alone makes them."""

import numpy as np
from scipy import ndimage

# Radii of ridges looked for (um): from a thin oblique dendrite, blurred, to an apical trunk.
RIDGE_SIGMAS_UM = (0.25, 0.45, 0.8)
# A second derivative of white noise, times the squared width, has sqrt(3 / 16 pi) of a pixel's deviation, by the width.
RIDGE_OF_NOISE = 0.244
# In pixels smaller than this (um) neighbours share their noise, by the microscope or the blur put on stacks, and its
# deviation, which is told from second differences, comes out too small by the square of that.
NOISE_SHARED_UM = 0.1


def ridge_strength(picture: np.ndarray, pixel_um: float) -> np.ndarray:
    """Strength of the ridge at each pixel, in the picture's units, at the width that fits it best.

    The strength is the second derivative across the ridge, scaled so that it does not depend on the
    width (Lindeberg 1998, Int J Comput Vis 30:117).
    """
    best = np.zeros(picture.shape, np.float32)
    for sigma_um in RIDGE_SIGMAS_UM:
        sigma = max(sigma_um / pixel_um, 1.0)
        yy, xx, yx = (
            sigma**2 * ndimage.gaussian_filter(picture, sigma, order=order, truncate=3.0, mode="nearest")
            for order in ((2, 0), (0, 2), (1, 1))
        )
        spread = np.sqrt((yy - xx) ** 2 / 4 + yx**2)
        strength = -((yy + xx) / 2 - spread) - np.maximum(-((yy + xx) / 2 + spread), 0)
        np.maximum(best, strength, out=best)
    return best


def noise_ridge_strength(noise: float, pixel_um: float) -> float:
    """Standard deviation of a ridge's strength where there is noise alone, of that of a pixel."""
    width_px = max(RIDGE_SIGMAS_UM[0] / pixel_um, 1.0)
    return noise * max(NOISE_SHARED_UM / pixel_um, 1.0) ** 2 * RIDGE_OF_NOISE / width_px
