"""A stack as one picture: background subtracted, planes projected."""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import FWHM_PER_SIGMA

# Blur put upon stacks before they are projected (um, sigma). In depth that of a confocal microscope of aperture 1.3
# (0.7 um wide at half height); in the plane half of such a one's, which widens a point by a sixth.
DEPTH_SIGMA_UM, PLANE_SIGMA_UM = 0.3, 0.07


def voxel_size_um(facts: dict) -> np.ndarray:
    """Size of a voxel (z, y, x) um; one plane counts as one micrometre deep, which nothing uses."""
    return np.array([facts["z_step_um"] or 1.0, facts["pixel_size_um"], facts["pixel_size_um"]])


def subtract_background(stack: np.ndarray) -> tuple[np.ndarray, float]:
    """The stack (float32) less its background, and that background: the level most pixels lie at.

    Dendrites fill little of a field, so that a low quantile is background even in a crowded one.
    """
    background = float(np.quantile(stack[:, ::2, ::2], 0.3))
    lifted = stack.astype(np.float32)
    lifted -= background
    return lifted, background


def project(lifted: np.ndarray, voxel_um: np.ndarray) -> np.ndarray:
    """The brightest of all planes (y, x) less its own background: of many planes even the dark is brightest somewhere.

    ``lifted`` is a stack without background, of voxels (z, y, x) um; of a single plane nothing is taken. A stack is
    blurred first, in depth and a little in the plane: a point of light is in several voxels and its noise in each
    another, and of sharp planes' brightest dim heads go under in the brightest noise.
    """
    if len(lifted) == 1:
        return lifted[0]
    sigma = np.array([DEPTH_SIGMA_UM, PLANE_SIGMA_UM, PLANE_SIGMA_UM]) / voxel_um
    picture = ndimage.gaussian_filter(lifted, sigma, mode="nearest", truncate=2.5).max(0)
    return picture - np.quantile(picture[::2, ::2], 0.3)


def projected_fwhm_um(psf_fwhm_um: float, planes: int) -> float:
    """Width at half height (um) of a point in the plane of the projection of so many planes."""
    return psf_fwhm_um if planes == 1 else float(np.hypot(psf_fwhm_um, FWHM_PER_SIGMA * PLANE_SIGMA_UM))
