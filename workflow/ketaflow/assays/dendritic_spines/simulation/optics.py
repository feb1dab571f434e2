"""What a microscope makes of balls of fluorophore: blur, haze, photons, read noise, whole numbers.

The point-spread function is a Gaussian (sigma = FWHM / 2.355), good enough near the focus of a confocal or
two-photon microscope (Zhang, Zerubia & Olivo-Marin 2007, Applied Optics 46:1819).
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.simulation.scene import Spheres

FWHM_PER_SIGMA = 2.355


def rasterise(balls: Spheres, shape: tuple[int, int, int], voxel_um: np.ndarray) -> np.ndarray:
    """Concentration of fluorophore in each voxel, 0 to 1 (shaft); edges are soft over one pixel.

    A voxel deeper than wide holds the mean over its depth: a head or a neck between two planes is not lost.
    """
    volume = np.zeros(shape, np.float32)
    soft = float(voxel_um[1])
    depths = max(1, round(float(voxel_um[0]) / soft))
    within_um = ((np.arange(depths, dtype=np.float32) + 0.5) / depths - 0.5) * np.float32(voxel_um[0])
    reach = balls.radii_um[:, None] + soft - within_um[0] * np.array([1, 0, 0])
    low = np.floor((balls.centres_um - reach) / voxel_um).astype(int).clip(0)
    high = (np.ceil((balls.centres_um + reach) / voxel_um).astype(int) + 1).clip(0, shape)
    axes = [np.arange(count, dtype=np.float32) * np.float32(step) for count, step in zip(shape, voxel_um, strict=True)]
    # A ball thinner than a voxel fills only its share of it.
    level = balls.brightness * np.minimum(1.0, 2 * balls.radii_um / soft) ** 2
    for ball in np.flatnonzero((high > low).all(1)):
        box = tuple(slice(*ends) for ends in zip(low[ball].tolist(), high[ball].tolist(), strict=True))
        z, y, x = (axis[side] - float(at) for axis, side, at in zip(axes, box, balls.centres_um[ball], strict=True))
        deep = z[:, None] + within_um
        away = np.sqrt((deep * deep)[:, :, None, None] + ((y * y)[:, None] + x * x))
        inside = np.clip((float(balls.radii_um[ball]) - away) / soft + 0.5, 0.0, 1.0).mean(1) * float(level[ball])
        np.maximum(volume[box], inside, out=volume[box])
    return volume


def blur(volume: np.ndarray, voxel_um: np.ndarray, fwhm_xy_um: float, fwhm_z_um: float) -> np.ndarray:
    """The volume seen through the point-spread function."""
    sigma_um = np.array([fwhm_z_um, fwhm_xy_um, fwhm_xy_um]) / FWHM_PER_SIGMA
    return ndimage.gaussian_filter(volume, sigma_um / voxel_um, mode="constant", truncate=3.0)


def detect(
    light: np.ndarray, *, photons: float, background: float, read_noise: float, gain: float, offset: float,
    ceiling: int, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Counts of the camera: ``photons`` where light is 1, Poisson and read noise (photons), then gain and offset."""
    counted = rng.poisson(light * photons + background).astype(np.float32)
    counted += rng.normal(0, read_noise, counted.shape).astype(np.float32)
    return np.clip(np.rint(gain * counted + offset), 0, ceiling).astype(np.uint16)
