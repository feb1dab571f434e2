"""A stack as one picture: background subtracted, planes projected, noise estimated.

In: the stack as it was read and its scale. Out: a ``Projection``, in which dendrites are traced and spines are sought.
The brightest plane of each column is taken, because a mean over many planes dims thin spines.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import FWHM_PER_SIGMA
from ketaflow.assays.dendritic_spines.tracing import constants
from ketaflow.assays.dendritic_spines.tracing.image_properties import count_step, pixel_noise


@dataclass(frozen=True)
class Projection:
    """A stack and its projection, both without background.

    Attributes
    ----------
    stack : (planes, rows, columns) float32
        Counts above background.
    pixels : (rows, columns) float32
        The projection of the stack, above its own background.
    voxel_um : (3,) float
        Size of a voxel: depth, height, width (um).
    noise : float
        Standard deviation of a pixel of the projection (counts).
    background : float
        Background of the stack as it was read (counts).
    """

    stack: np.ndarray
    pixels: np.ndarray
    voxel_um: np.ndarray
    noise: float
    background: float

    @property
    def pixel_um(self) -> float:
        """Size of a pixel in the plane (um)."""
        return float(self.voxel_um[1])

    def rescaled(self, factor: float) -> "Projection":
        """Return the same images on another scale.

        Parameters
        ----------
        factor : float
            Multiplies the size of a voxel.

        Returns
        -------
        Projection
        """
        return replace(self, voxel_um=self.voxel_um * factor)


def project_stack(stack: np.ndarray, voxel_um: np.ndarray) -> Projection:
    """Subtract the background of a stack and project it.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        Counts as they were read, bright dendrites on dark.
    voxel_um : (3,) float
        Size of a voxel: depth, height, width (um).

    Returns
    -------
    Projection
        The stack without background, its projection, and noise and background of a pixel, all in counts.
    """
    above, background = subtract_background(stack)
    pixels = project(above, voxel_um)
    return Projection(above, pixels, voxel_um, pixel_noise(pixels[None], count_step(stack)), background)


def subtract_background(stack: np.ndarray) -> tuple[np.ndarray, float]:
    """Subtract the level at which most pixels of a stack lie.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        Counts.

    Returns
    -------
    above : (planes, rows, columns) float32
        Counts above background.
    background : float
        The background (counts).
    """
    background = float(np.quantile(stack[:, ::2, ::2], constants.BACKGROUND_QUANTILE))
    above = stack.astype(np.float32)
    above -= background
    return above, background


def project(above: np.ndarray, voxel_um: np.ndarray) -> np.ndarray:
    """Project a stack: the brightest plane of each column, above the background of that projection.

    Parameters
    ----------
    above : (planes, rows, columns) float32
        Counts above background.
    voxel_um : (3,) float
        Size of a voxel: depth, height, width (um).

    Returns
    -------
    (rows, columns) float32
        The projection; a single plane is returned as it is.

    Notes
    -----
    The stack is blurred first, in depth and a little in the plane. A point of light spreads over several voxels whose
    noise is independent; without the blur, dim heads are lost in the brightest noise of all planes.
    """
    if len(above) == 1:
        return above[0]
    sigma_um = np.array([constants.DEPTH_BLUR_UM, constants.PLANE_BLUR_UM, constants.PLANE_BLUR_UM])
    pixels = ndimage.gaussian_filter(above, sigma_um / voxel_um, mode="nearest", truncate=2.5).max(0)
    return pixels - np.quantile(pixels[::2, ::2], constants.BACKGROUND_QUANTILE)


def projected_fwhm_um(psf_fwhm_um: float, planes: int) -> float:
    """Width of a point of light in the projection.

    Parameters
    ----------
    psf_fwhm_um : float
        Full width at half maximum of the microscope's own blur in the plane (um).
    planes : int
        Number of planes projected.

    Returns
    -------
    float
        Full width at half maximum (um); wider than the microscope's where a stack was blurred before projection.
    """
    return psf_fwhm_um if planes == 1 else float(np.hypot(psf_fwhm_um, FWHM_PER_SIGMA * constants.PLANE_BLUR_UM))
