"""What a microscope makes of balls of fluorophore: blur, haze, photons, read noise, whole numbers.

The point-spread function is a Gaussian (sigma = FWHM / 2.355), good enough near the focus of a confocal or
two-photon microscope (Zhang, Zerubia & Olivo-Marin 2007, Applied Optics 46:1819).
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.scene import Balls

FWHM_PER_SIGMA = 2.355


def fill(balls: Balls, shape: tuple[int, int, int], voxel_um: np.ndarray) -> np.ndarray:
    """Concentration of fluorophore in each voxel, 0 to 1 (shaft); edges are soft over one voxel."""
    volume = np.zeros(shape, np.float32)
    soft = float(voxel_um[1])
    for centre, radius, brightness in zip(balls.centres_um, balls.radii_um, balls.brightness, strict=True):
        low = np.floor((centre - radius - soft) / voxel_um).astype(int).clip(0)
        high = (np.ceil((centre + radius + soft) / voxel_um).astype(int) + 1).clip(0, shape)
        if (high <= low).any():
            continue
        z, y, x = (
            (np.arange(first, last) * step - middle) ** 2
            for first, last, step, middle in zip(low, high, voxel_um, centre, strict=True)
        )
        away = np.sqrt(z[:, None, None] + y[None, :, None] + x[None, None, :])
        # A ball thinner than a voxel fills only its share of it.
        share = min(1.0, 2 * radius / soft) ** 2
        inside = brightness * share * np.clip((radius - away) / soft + 0.5, 0, 1)
        box = volume[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        np.maximum(box, inside, out=box)
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
