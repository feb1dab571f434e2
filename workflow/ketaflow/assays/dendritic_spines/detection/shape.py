"""Size of a spine: head, length, neck, brightness.

All is measured on the line from the shaft through the head: half of the head's brightness ends the spine, the
darkest point between head and shaft is the neck. A head is as wide as the ball whose image is as wide. Light does not
resolve a neck of 0.1 to 0.2 um, so a neck has a length here and no width.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage
from scipy.special import erf

from ketaflow.assays.dendritic_spines.constants import FWHM_PER_SIGMA
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite

STEP_UM = 0.05
# Blur is so much longer in depth than in the plane (ratio; confocal and two-photon: 2.2 to 4).
AXIAL = 2.7
# Spheres up to so many blurs wide are looked up, drawn in steps of so many; wider ones hardly feel the blur.
WIDEST_IN_BLURS, STEP_IN_BLURS = 8.0, 0.05


@dataclass
class Shapes:
    """Measures of each spine, all (n,): micrometres; ``brightness_um2`` is the head's light in shafts x um2."""

    head_diameter_um: np.ndarray
    length_um: np.ndarray
    neck_length_um: np.ndarray
    brightness_um2: np.ndarray
    below_resolution: np.ndarray


def measure_shapes(
    picture: np.ndarray, voxel_um: np.ndarray, spines: Candidates, dendrites: list[Dendrite], *, psf_fwhm_um: float
) -> Shapes:
    """Measure every spine on the projection without background (y, x); lengths lie in its plane."""
    smooth = picture[None]
    count = len(spines)
    if not count:
        return Shapes(*(np.zeros(0) for _ in range(4)), np.zeros(0, bool))
    lines = np.stack(
        [dendrites[owner].line_um[point] for owner, point in zip(spines.dendrite, spines.point, strict=True)]
    )
    radius = np.array([dendrites[o].radius_um[p] for o, p in zip(spines.dendrite, spines.point, strict=True)])
    shaft = np.array([dendrites[o].brightness[p] for o, p in zip(spines.dendrite, spines.point, strict=True)])
    away = np.linalg.norm((spines.places_um - lines)[:, 1:], axis=1)
    outward = np.arange(-1.0, 1.51, STEP_UM)
    places_um = spines.places_um * [0, 1, 1]
    profile = _along(smooth, voxel_um, places_um, spines.outward, outward)
    zero = len(outward[outward < -1e-9])
    near = slice(zero - 3, zero + 4)
    head = profile[:, near].max(1)
    peak = zero - 3 + profile[:, near].argmax(1)
    tip_um = away + outward[0] + STEP_UM * _falls_below(profile, peak, 0.5 * head)
    width = _width(smooth, voxel_um, spines, head)
    diameter = sphere_diameter_um(width, psf_fwhm_um)
    neck = np.maximum(away - radius - diameter / 2, 0)
    light = head / np.maximum(shaft, 1e-6) * np.pi * width**2 / 4
    return Shapes(diameter, np.maximum(tip_um - radius, 0.1), neck, light, width < 1.1 * psf_fwhm_um)


def _along(
    smooth: np.ndarray, voxel_um: np.ndarray, places_um: np.ndarray, direction: np.ndarray, steps_um: np.ndarray
) -> np.ndarray:
    """Brightness along a line through each place (n, steps)."""
    points = places_um[:, None] + steps_um[:, None] * direction[:, None]
    return ndimage.map_coordinates(smooth, np.moveaxis(points, -1, 0) / voxel_um[:, None, None], order=1,
                                   mode="nearest")  # fmt: skip


def _falls_below(profile: np.ndarray, start: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Where after ``start`` each profile first falls below its level (steps, between two of them); the end if never."""
    below = (profile < level[:, None]) & (np.arange(profile.shape[1]) > start[:, None])
    after = np.where(below.any(1), below.argmax(1), profile.shape[1] - 1)
    rows = np.arange(len(profile))
    higher, lower = profile[rows, after - 1], profile[rows, after]
    back = (level - lower) / np.maximum(higher - lower, 1e-9)
    return after - np.where(below.any(1), back.clip(0, 1), 0)


def _width(smooth: np.ndarray, voxel_um: np.ndarray, spines: Candidates, head: np.ndarray) -> np.ndarray:
    """Full width of the head at half height, along the shaft's direction (um)."""
    steps = np.arange(-1.0, 1.01, STEP_UM)
    profile = _along(smooth, voxel_um, spines.places_um * [0, 1, 1], spines.along, steps)
    middle = np.full(len(profile), len(steps) // 2)
    right = _falls_below(profile, middle, 0.5 * head)
    left = _falls_below(profile[:, ::-1], middle, 0.5 * head)
    half = np.minimum(right, left) - len(steps) // 2
    both = right + left - 2 * (len(steps) // 2)
    # A neighbour that touches one side would widen the head: more than twice the narrower side is not its own.
    return np.minimum(both, 3 * half) * STEP_UM


def sphere_diameter_um(width_um: np.ndarray, psf_fwhm_um: float) -> np.ndarray:
    """Diameter (n,) of the balls whose image is so wide at half height (n,); 0 where it is no wider than the blur.

    A ball's image is round on top and not a Gaussian: taking the blur off in quadrature makes a head of the blur's
    width a quarter too narrow.
    """
    diameters, widths = _imaged_spheres()
    if psf_fwhm_um <= 0:
        return width_um * diameters[-1] / widths[-1]
    in_blurs = width_um / psf_fwhm_um
    wide = in_blurs * diameters[-1] / widths[-1]
    return psf_fwhm_um * np.where(in_blurs < widths[-1], np.interp(in_blurs, widths, diameters), wide)


@cache
def _imaged_spheres() -> tuple[np.ndarray, np.ndarray]:
    """Diameters of balls, and the widths at half height of their images; both in widths of the blur at half height."""
    diameters = np.linspace(0, WIDEST_IN_BLURS, 33)
    return diameters, np.array([1.0, *(_imaged_width(diameter) for diameter in diameters[1:])])


def _imaged_width(diameter: float) -> float:
    """Width at half height of the image of a ball, in the plane of its middle; all in widths of the blur."""
    away = np.arange(-WIDEST_IN_BLURS / 2 - 2, WIDEST_IN_BLURS / 2 + 2 + STEP_IN_BLURS / 2, STEP_IN_BLURS)
    chord = np.sqrt(np.maximum(diameter**2 / 4 - away[:, None] ** 2 - away**2, 0))
    # So much of each column the blur brings into the plane.
    light = erf(chord * FWHM_PER_SIGMA / AXIAL / np.sqrt(2))
    seen = ndimage.gaussian_filter(light, 1 / FWHM_PER_SIGMA / STEP_IN_BLURS)[len(away) // 2, len(away) // 2 :]
    return 2 * float(np.interp(-seen[0] / 2, -seen, away[len(away) // 2 :]))
