"""Size and shape of a spine: head, length, neck, brightness, and the class its numbers give.

All is measured on the line from the shaft through the head: half of the head's brightness ends the spine, the
darkest point between head and shaft is the neck. A head is as wide as the ball whose image is as wide. Light does not
resolve a neck of 0.1 to 0.2 um, so a neck has a length here and no width.

The class is a rule on neck, head and length, with logistic edges as wide as the error of measurement, so
that each class has a probability. Experts shown the same spines agree at kappa 0.44: the class is an opinion.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage
from scipy.special import erf, expit

from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.simulation.optics import FWHM_PER_SIGMA
from ketaflow.assays.dendritic_spines.tracing.shaft import Dendrite

CLASSES = ("mushroom", "thin", "stubby", "filopodium")
STEP_UM = 0.05
# Blur is so much longer in depth than in the plane (ratio; confocal and two-photon: 2.2 to 4).
AXIAL = 2.7
# Balls up to so many blurs wide are looked up, drawn in steps of so many; wider ones hardly feel the blur.
WIDEST_IN_BLURS, STEP_IN_BLURS = 8.0, 0.05
# Errors of length and head diameter (um, root mean square) on 203 drawn spines; they set how soft the rule's edges are.
LENGTH_ERROR_UM, HEAD_ERROR_UM = 0.11, 0.12


@dataclass
class Shapes:
    """Measures of each spine, all (n,): micrometres; ``brightness_um2`` is the head's light in shafts x um2."""

    head_diameter_um: np.ndarray
    length_um: np.ndarray
    neck_length_um: np.ndarray
    brightness_um2: np.ndarray
    below_resolution: np.ndarray


def measured(
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
    diameter = ball_diameter_um(width, psf_fwhm_um)
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


def ball_diameter_um(width_um: np.ndarray, psf_fwhm_um: float) -> np.ndarray:
    """Diameter (n,) of the balls whose image is so wide at half height (n,); 0 where it is no wider than the blur.

    A ball's image is round on top and not a Gaussian: taking the blur off in quadrature makes a head of the blur's
    width a quarter too narrow.
    """
    diameters, widths = _images_of_balls()
    if psf_fwhm_um <= 0:
        return width_um * diameters[-1] / widths[-1]
    in_blurs = width_um / psf_fwhm_um
    wide = in_blurs * diameters[-1] / widths[-1]
    return psf_fwhm_um * np.where(in_blurs < widths[-1], np.interp(in_blurs, widths, diameters), wide)


@cache
def _images_of_balls() -> tuple[np.ndarray, np.ndarray]:
    """Diameters of balls, and the widths at half height of their images; both in widths of the blur at half height."""
    diameters = np.linspace(0, WIDEST_IN_BLURS, 33)
    return diameters, np.array([1.0, *(_image_of_ball(diameter) for diameter in diameters[1:])])


def _image_of_ball(diameter: float) -> float:
    """Width at half height of the image of a ball, in the plane of its middle; all in widths of the blur."""
    away = np.arange(-WIDEST_IN_BLURS / 2 - 2, WIDEST_IN_BLURS / 2 + 2 + STEP_IN_BLURS / 2, STEP_IN_BLURS)
    chord = np.sqrt(np.maximum(diameter**2 / 4 - away[:, None] ** 2 - away**2, 0))
    # So much of each column the blur brings into the plane.
    light = erf(chord * FWHM_PER_SIGMA / AXIAL / np.sqrt(2))
    seen = ndimage.gaussian_filter(light, 1 / FWHM_PER_SIGMA / STEP_IN_BLURS)[len(away) // 2, len(away) // 2 :]
    return 2 * float(np.interp(-seen[0] / 2, -seen, away[len(away) // 2 :]))


def class_probabilities(
    length_um: np.ndarray, head_um: np.ndarray, neck_um: np.ndarray, *, mushroom_head_um: float, stubby_neck_um: float,
    stubby_length_um: float, filopodium_length_um: float,
) -> np.ndarray:  # fmt: skip
    """Probability (n, 4) of each of ``CLASSES``.

    A spine shorter than ``stubby_length_um`` with no neck to speak of (shorter than ``stubby_neck_um``) is stubby; of
    the others a head of ``mushroom_head_um`` or more makes a mushroom, and of the rest one longer than
    ``filopodium_length_um`` is a filopodium, a shorter one thin. Terms follow Rodriguez et al. 2008 (PLoS ONE 3:e1997).
    """
    stubby = (1 - _above(neck_um, stubby_neck_um, LENGTH_ERROR_UM)) * (
        1 - _above(length_um, stubby_length_um, LENGTH_ERROR_UM)
    )
    wide = _above(head_um, mushroom_head_um, HEAD_ERROR_UM)
    long = _above(length_um, filopodium_length_um, LENGTH_ERROR_UM)
    rest = 1 - stubby
    return np.column_stack([rest * wide, rest * (1 - wide) * (1 - long), stubby, rest * (1 - wide) * long])


def _above(value: np.ndarray, threshold: float, error: float) -> np.ndarray:
    return expit(1.7 * (np.asarray(value) - threshold) / error)
