"""Golgi-stained dendrites in bright field, drawn with a known truth: dark on light, with dendrites out of focus.

Stained dendrites absorb light along their whole depth, so the absorbances of all dendrites add up (Beer-Lambert), and
those above and below the focus appear as wide, pale shadows. One plane is imaged.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ketaflow.assays.dendritic_spines.constants import CLASSES, FWHM_PER_SIGMA
from ketaflow.assays.dendritic_spines.simulation import constants, optics, scene
from ketaflow.assays.dendritic_spines.simulation.scene import Spheres, Spine


@dataclass(frozen=True)
class GolgiImage:
    """A drawn bright-field image and its truth.

    Attributes
    ----------
    pixels : (rows, columns) uint8
        Grey levels, dark dendrites on light.
    pixel_um : float
        Size of a pixel (um).
    heads_um : (n, 2) float
        Middles of the heads that can be counted: y, x (um).
    length_um : float
        Length of the dendrites in focus inside the image (um).
    """

    pixels: np.ndarray
    pixel_um: float
    heads_um: np.ndarray
    length_um: float


def simulate_golgi(side_um: float, *, in_focus: int, out_of_focus: int, rng: np.random.Generator) -> GolgiImage:
    """Draw a field of Golgi-stained dendrites.

    Parameters
    ----------
    side_um : float
        Height and width of the field (um).
    in_focus, out_of_focus : int
        Number of dendrites that cross the field in the plane of focus, and above or below it.
    rng : numpy.random.Generator
        Source of places, shapes and noise.

    Returns
    -------
    GolgiImage
        Dendrites in focus do not run side by side: each crosses the field at another height.
    """
    pixel_um = constants.GOLGI_PIXEL_UM
    size = round(side_um / pixel_um)
    absorbance = np.zeros((size, size), np.float32)
    heads, length_um = [], 0.0
    for number in range(in_focus):
        middle_um = side_um * (number + 0.5) / in_focus
        line, spines = _dendrite(side_um, middle_um, rng.normal(0, 0.1), rng)
        absorbance += _shadow(line, spines, size, constants.GOLGI_FWHM_UM / FWHM_PER_SIGMA, rng)
        inside = ((line[:, 1:] >= 0) & (line[:, 1:] < side_um)).all(1)
        length_um += scene.path_length_um(line[inside])
        heads += [spine.truth.head_um[1:] for spine in spines if _can_be_counted(spine, line, side_um)]
    for _ in range(out_of_focus):
        line, spines = _dendrite(side_um, rng.uniform(0, side_um), rng.uniform(-np.pi, np.pi), rng)
        sigma_um = rng.uniform(*constants.GOLGI_DEFOCUS_UM)
        absorbance += _shadow(line, spines, size, sigma_um, rng)
    light = _illumination(size, rng) * 10**-absorbance
    light += constants.GOLGI_NOISE * rng.standard_normal(light.shape)
    pixels = np.clip(np.rint(constants.GOLGI_WHITE * light), 0, 255).astype(np.uint8)
    return GolgiImage(pixels, pixel_um, np.array(heads).reshape(-1, 2), length_um)


def _dendrite(
    side_um: float, middle_um: float, heading_rad: float, rng: np.random.Generator
) -> tuple[np.ndarray, list[Spine]]:
    """Draw the line of a dendrite through the field, and its spines."""
    along = np.array([np.sin(heading_rad), np.cos(heading_rad)])
    start = np.array([0, *(np.array([middle_um, side_um / 2]) - 0.75 * side_um * along)])
    line = scene.random_centreline(start, heading_rad, 1.5 * side_um, bend=0.03, tilt=0.0, rng=rng)
    count = rng.poisson(rng.uniform(*constants.GOLGI_DENSITY_PER_UM) * 1.5 * side_um)
    classes = list(rng.choice(CLASSES, count, p=constants.GOLGI_CLASS_SHARES))
    return line, scene.spines_along(line, constants.SHAFT_RADIUS_UM, classes, flatness=0.6, rng=rng)


def _shadow(line: np.ndarray, spines: list[Spine], size: int, sigma_um: float, rng: np.random.Generator) -> np.ndarray:
    """Absorbance (rows, columns) of a dendrite whose image is blurred."""
    shaft = scene.shaft_spheres(line, constants.SHAFT_RADIUS_UM, 1.0, rng)
    spheres = Spheres.concatenate([shaft, *(spine.spheres for spine in spines)])
    pixel_um = constants.GOLGI_PIXEL_UM
    voxel_um = np.array([constants.GOLGI_DEPTH_UM / 8, pixel_um, pixel_um])
    moved = replace(spheres, centres_um=spheres.centres_um + np.array([constants.GOLGI_DEPTH_UM / 2, 0, 0]))
    thickness_um = optics.rasterise(moved, (8, size, size), voxel_um).sum(0) * voxel_um[0]
    blurred: np.ndarray = ndimage.gaussian_filter(thickness_um, sigma_um / pixel_um, truncate=3.0)
    return np.float32(rng.uniform(*constants.GOLGI_ABSORBANCE_PER_UM)) * blurred


def _can_be_counted(spine: Spine, line: np.ndarray, side_um: float) -> bool:
    """Tell whether the tip of a spine lies beside the shaft, and its head in the field."""
    head = spine.truth.head_um[1:]
    aside = np.hypot(*(line[:, 1:] - head).T).min() + spine.truth.head_diameter_um / 2 - constants.SHAFT_RADIUS_UM
    return bool(aside >= constants.COUNTED_UM and (head >= 0).all() and (head < side_um).all())


def _illumination(size: int, rng: np.random.Generator) -> np.ndarray:
    """Uneven light of the lamp (rows, columns), around 1."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    slope = rng.uniform(-0.15, 0.15, 2)
    return np.asarray(1 + slope[0] * y + slope[1] * x - rng.uniform(0, 0.2) * (y**2 + x**2))
