"""Gaussian filters by the discrete cosine transform: equal cost for any width, image reflected at its edges.

Several filters of one image share its transform: ``cosine_transform`` once, then for each filter the sum or difference
of ``gaussian_transfer`` functions, and ``inverse_transform``.
"""

from collections.abc import Sequence

import numpy as np
from scipy import fft


def cosine_transform(image: np.ndarray) -> np.ndarray:
    """Transform an image, less its mean, which keeps small differences of a bright image exact in single precision.

    Parameters
    ----------
    image : (rows, columns) or (planes, rows, columns) ndarray
        Intensities.

    Returns
    -------
    (rows, columns) or (planes, rows, columns) float32 ndarray
        Coefficients of the cosine transform (type II).
    """
    image = image.astype(np.float32)
    return fft.dctn(image - image.mean())


def gaussian_transfer(shape: tuple[int, ...], sigma_px: Sequence[float]) -> np.ndarray:
    """Transfer function of a Gaussian: the factor by which it multiplies each coefficient of the transform.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image, (rows, columns) or (planes, rows, columns).
    sigma_px : sequence of float
        Standard deviation of the Gaussian along each axis (pixels).

    Returns
    -------
    (rows, columns) or (planes, rows, columns) float32 ndarray
        Factors from 0 to 1.
    """
    transfer = np.ones((), np.float32)
    for size, sigma in zip(shape, sigma_px, strict=True):
        along = np.exp(-0.5 * (np.pi * sigma / size * np.arange(size)) ** 2)
        transfer = transfer[..., None] * along.astype(np.float32)
    return transfer


def inverse_transform(coefficients: np.ndarray, transfer: np.ndarray) -> np.ndarray:
    """Return the image after a filter.

    Parameters
    ----------
    coefficients : (rows, columns) or (planes, rows, columns) ndarray
        From ``cosine_transform``.
    transfer : ndarray
        Transfer function of the filter, of the same shape.

    Returns
    -------
    (rows, columns) or (planes, rows, columns) float32 ndarray
        The filtered image, less the level that ``cosine_transform`` subtracted where the filter keeps the mean.
    """
    return fft.idctn(coefficients * transfer)
