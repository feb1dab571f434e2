"""What a microscope makes of spheres of fluorophore: blur, photons, read noise, whole numbers.

The point-spread function is a Gaussian, which is a good approximation near the focus of a confocal or two-photon
microscope [1]_.

References
----------
.. [1] Zhang, Zerubia, Olivo-Marin (2007), Applied Optics 46:1819, doi:10.1364/AO.46.001819
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import FWHM_PER_SIGMA
from ketaflow.assays.dendritic_spines.simulation.scene import Spheres


@dataclass(frozen=True)
class Detector:
    """A detector that counts photons.

    Attributes
    ----------
    photons : float
        Photons of a voxel of concentration 1.
    background, read_noise : float
        Background, and standard deviation of the read noise (photons).
    gain, offset : float
        Counts per photon, and counts without light.
    ceiling : int
        Highest count.
    """

    photons: float
    background: float
    read_noise: float
    gain: float
    offset: float
    ceiling: int


def rasterise(spheres: Spheres, shape: tuple[int, ...], voxel_um: np.ndarray) -> np.ndarray:
    """Fill spheres with fluorophore.

    Parameters
    ----------
    spheres : Spheres
        The spheres; where they overlap, the brightest counts.
    shape : tuple of int
        Planes, rows, columns.
    voxel_um : (3,) float
        Size of a voxel: depth, height, width (um).

    Returns
    -------
    (planes, rows, columns) float32
        Concentration in each voxel, 1 for a shaft. Edges are soft over one pixel. A voxel deeper than wide holds the
        mean over its depth, so that a head or a neck between two planes is not lost.
    """
    volume = np.zeros(shape, np.float32)
    soft = float(voxel_um[1])
    depths = max(1, round(float(voxel_um[0]) / soft))
    within_um = ((np.arange(depths, dtype=np.float32) + 0.5) / depths - 0.5) * np.float32(voxel_um[0])
    reach = spheres.radii_um[:, None] + soft - within_um[0] * np.array([1, 0, 0])
    low = np.floor((spheres.centres_um - reach) / voxel_um).astype(int).clip(0)
    high = (np.ceil((spheres.centres_um + reach) / voxel_um).astype(int) + 1).clip(0, shape)
    axes = [np.arange(count, dtype=np.float32) * np.float32(step) for count, step in zip(shape, voxel_um, strict=True)]
    # A sphere thinner than a voxel fills only its share of it.
    level = spheres.brightness * np.minimum(1.0, 2 * spheres.radii_um / soft) ** 2
    for index in np.flatnonzero((high > low).all(1)):
        box = tuple(slice(*ends) for ends in zip(low[index].tolist(), high[index].tolist(), strict=True))
        z, y, x = (axis[side] - float(at) for axis, side, at in zip(axes, box, spheres.centres_um[index], strict=True))
        deep = z[:, None] + within_um
        away = np.sqrt((deep * deep)[:, :, None, None] + ((y * y)[:, None] + x * x))
        inside = np.clip((float(spheres.radii_um[index]) - away) / soft + 0.5, 0.0, 1.0).mean(1) * float(level[index])
        np.maximum(volume[box], inside, out=volume[box])
    return volume


def blur(volume: np.ndarray, voxel_um: np.ndarray, fwhm_xy_um: float, fwhm_z_um: float) -> np.ndarray:
    """Blur a volume by the point-spread function.

    Parameters
    ----------
    volume : (planes, rows, columns) float32
        Concentration of fluorophore.
    voxel_um : (3,) float
        Size of a voxel: depth, height, width (um).
    fwhm_xy_um, fwhm_z_um : float
        Full width at half maximum in the plane and in depth (um).

    Returns
    -------
    (planes, rows, columns) float32
        Light.
    """
    sigma_um = np.array([fwhm_z_um, fwhm_xy_um, fwhm_xy_um]) / FWHM_PER_SIGMA
    light: np.ndarray = ndimage.gaussian_filter(volume, sigma_um / voxel_um, mode="constant", truncate=3.0)
    return light


def detect(light: np.ndarray, detector: Detector, rng: np.random.Generator) -> np.ndarray:
    """Count light with Poisson noise and read noise.

    Parameters
    ----------
    light : array of any shape
        Light, 1 for the concentration of a shaft.
    detector : Detector
        The detector.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    uint16 array of the same shape
        Counts, clipped at the ceiling of the detector.
    """
    counted = rng.poisson(light * detector.photons + detector.background).astype(np.float32)
    counted += rng.normal(0, detector.read_noise, counted.shape).astype(np.float32)
    return np.clip(np.rint(detector.gain * counted + detector.offset), 0, detector.ceiling).astype(np.uint16)
