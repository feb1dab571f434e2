"""A projection at several scales, with its shafts and the light beyond them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import SD_PER_MAD
from ketaflow.assays.dendritic_spines.detection import constants
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.shaft_subtraction import shaft_residual


@dataclass(frozen=True)
class MultiscaleView:
    """A projection blurred to several widths.

    Attributes
    ----------
    scales : list of (rows, columns) float32
        The projection blurred to each of ``constants.BLOB_SIGMAS_UM``.
    residuals : list of (points, offsets) float32
        Light beyond the bare shaft of each dendrite (``shaft_residual``).
    pixel_um : float
        Size of a pixel (um).
    dendrites : list of Dendrite
        The dendrites, laid flat.
    noise : float
        Standard deviation of a pixel of the projection.
    """

    scales: list[np.ndarray]
    residuals: list[np.ndarray]
    pixel_um: float
    dendrites: list[Dendrite]
    noise: float

    @classmethod
    def of(cls, pixels: np.ndarray, pixel_um: float, dendrites: list[Dendrite], noise: float) -> "MultiscaleView":
        """Blur a projection to each width.

        Parameters
        ----------
        pixels : (rows, columns) float32
            Projection without background.
        pixel_um : float
            Size of a pixel (um).
        dendrites : list of Dendrite
            The dendrites, laid flat.
        noise : float
            Standard deviation of a pixel of the projection (counts).

        Returns
        -------
        MultiscaleView
            The projection at each width of ``constants.BLOB_SIGMAS_UM``, and what it holds beyond the shaft of each
            dendrite.
        """
        scales = [blur(pixels, sigma_um, pixel_um) for sigma_um in constants.BLOB_SIGMAS_UM]
        residuals = [shaft_residual(scales[constants.BULGE_SCALE], pixel_um, dendrite) for dendrite in dendrites]
        return cls(scales, residuals, pixel_um, dendrites, noise)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.scales[0].shape

    @property
    def blobs(self) -> list[np.ndarray]:
        """Differences between neighbouring scales: structure of three sizes, each (rows, columns)."""
        return [finer - coarser for finer, coarser in pairwise(self.scales)]

    @property
    def bulge_noise(self) -> float:
        """Standard deviation of a pixel's noise that the blur of the bulges leaves."""
        sigma_um = constants.BLOB_SIGMAS_UM[constants.BULGE_SCALE]
        return float(self.noise * self.pixel_um / (2 * np.sqrt(np.pi) * sigma_um))


def blur(pixels: np.ndarray, sigma_um: float, pixel_um: float) -> np.ndarray:
    """Blur a projection by a Gaussian.

    Parameters
    ----------
    pixels : (rows, columns) float32
        The projection.
    sigma_um, pixel_um : float
        Standard deviation of the Gaussian, and size of a pixel (um).

    Returns
    -------
    (rows, columns) float32
        The blurred projection, in counts; edges are repeated outwards.
    """
    blurred: np.ndarray = ndimage.gaussian_filter(pixels, sigma_um / pixel_um, truncate=2.5, mode="nearest")
    return blurred


def distance_from_shafts(view: MultiscaleView) -> np.ndarray:
    """Distance of each pixel from the nearest centreline.

    Parameters
    ----------
    view : MultiscaleView
        The projection with its dendrites.

    Returns
    -------
    (rows, columns) float
        In um.
    """
    off_line = np.ones(view.shape, bool)
    for dendrite in view.dendrites:
        y, x = np.rint(dendrite.line_um[:, 1:] / view.pixel_um).astype(int).T
        off_line[y.clip(0, view.shape[0] - 1), x.clip(0, view.shape[1] - 1)] = False
    distance: np.ndarray = ndimage.distance_transform_edt(off_line) * view.pixel_um
    return distance


def blob_clutter(view: MultiscaleView) -> list[float]:
    """Strength of the blobs that lie beside the shafts by chance: noise, dots, fibres.

    Parameters
    ----------
    view : MultiscaleView
        The projection with its dendrites.

    Returns
    -------
    list of float
        Standard deviation (from the median absolute deviation) of the blobs of each size (counts). The noise of a
        pixel would not give it where an image was smoothed, sharpened or projected.
    """
    away = distance_from_shafts(view)
    beside = (away > constants.CLUTTER_FROM_UM) & (away < constants.CLUTTER_TO_UM)
    if not beside.any():
        beside = np.ones(beside.shape, bool)
    blobs = [blob[beside] for blob in view.blobs]
    return [SD_PER_MAD * float(np.median(np.abs(blob - np.median(blob)))) for blob in blobs]
