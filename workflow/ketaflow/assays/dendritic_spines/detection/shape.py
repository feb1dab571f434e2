"""Size of a spine: head diameter, length, neck length, brightness.

Everything is measured in the projection on the line from the shaft through the head. The spine ends where half of the
head's brightness is left. The diameter of a head is that of the sphere whose blurred image is as wide. Light does not
resolve the width of a neck, 0.1 to 0.2 um, so a neck has a length here and no width.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import ndimage
from scipy.special import erf

from ketaflow.assays.dendritic_spines.constants import FWHM_PER_SIGMA
from ketaflow.assays.dendritic_spines.detection import constants
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.detection.constants import PROFILE_STEP_UM
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.projection import Projection


@dataclass(frozen=True)
class Shapes:
    """Size of each spine.

    Attributes
    ----------
    head_diameter_um : (n,) float
        Diameter of the head (um); 0 where it is no wider than the blur.
    length_um : (n,) float
        From the surface of the shaft to the tip, in the plane (um).
    neck_length_um : (n,) float
        Between the surface of the shaft and the head (um).
    brightness_um2 : (n,) float
        Light of the head: brightness in units of the shaft's, times the area of its image (um2).
    below_resolution : (n,) bool
        Whether the image of the head is hardly wider than the blur.
    """

    head_diameter_um: np.ndarray
    length_um: np.ndarray
    neck_length_um: np.ndarray
    brightness_um2: np.ndarray
    below_resolution: np.ndarray


def measure_shapes(
    projection: Projection, spines: Candidates, dendrites: list[Dendrite], *, psf_fwhm_um: float
) -> Shapes:
    """Measure every spine of an image.

    Parameters
    ----------
    projection : Projection
        The image.
    spines : Candidates
        The spines, on the scale of the file.
    dendrites : list of Dendrite
        The dendrites they belong to.
    psf_fwhm_um : float
        Full width at half maximum of a point of light in the projection (um).

    Returns
    -------
    Shapes
    """
    if not len(spines):
        nothing = np.zeros(0)
        return Shapes(nothing, nothing, nothing, nothing, np.zeros(0, bool))
    feet = list(zip(spines.dendrite, spines.point, strict=True))
    lines = np.stack([dendrites[owner].line_um[point] for owner, point in feet])
    radius_um = np.array([dendrites[owner].radius_um[point] for owner, point in feet])
    shaft = np.array([dendrites[owner].brightness[point] for owner, point in feet])
    away_um = np.linalg.norm((spines.positions_um - lines)[:, 1:], axis=1)
    steps_um = np.arange(-constants.PROFILE_BELOW_UM, constants.PROFILE_ABOVE_UM + PROFILE_STEP_UM / 5, PROFILE_STEP_UM)
    profile = _profile(projection, spines, spines.outward, steps_um)
    zero = len(steps_um[steps_um < -1e-9])
    near = slice(zero - 3, zero + 4)
    head = profile[:, near].max(1)
    peak = zero - 3 + profile[:, near].argmax(1)
    tip_um = away_um + steps_um[0] + PROFILE_STEP_UM * _first_below(profile, peak, 0.5 * head)
    width_um = _head_width_um(projection, spines, head)
    diameter_um = sphere_diameter_um(width_um, psf_fwhm_um)
    return Shapes(
        head_diameter_um=diameter_um,
        length_um=np.maximum(tip_um - radius_um, 0),
        neck_length_um=np.maximum(away_um - radius_um - diameter_um / 2, 0),
        brightness_um2=head / np.maximum(shaft, 1e-6) * np.pi * width_um**2 / 4,
        below_resolution=width_um < constants.RESOLVED_IN_BLURS * psf_fwhm_um,
    )


def sphere_diameter_um(width_um: np.ndarray, psf_fwhm_um: float) -> np.ndarray:
    """Diameter of the spheres whose blurred images have given widths.

    Parameters
    ----------
    width_um : (n,) float
        Full widths of the images at half height (um).
    psf_fwhm_um : float
        Full width at half maximum of the blur in the plane (um); 0 for none.

    Returns
    -------
    (n,) float
        Diameters (um); 0 where the image is no wider than the blur.

    Notes
    -----
    The image of a sphere is round on top and no Gaussian: subtracting the blur in quadrature would make a head of the
    blur's width one quarter too narrow. The widths of simulated images are interpolated instead.
    """
    diameters, widths = _imaged_widths()
    if psf_fwhm_um <= 0:
        return width_um * diameters[-1] / widths[-1]
    in_blurs = width_um / psf_fwhm_um
    wide = in_blurs * diameters[-1] / widths[-1]
    return np.asarray(psf_fwhm_um * np.where(in_blurs < widths[-1], np.interp(in_blurs, widths, diameters), wide))


@cache
def _imaged_widths() -> tuple[np.ndarray, np.ndarray]:
    """Diameters of spheres, and the widths of their images at half height; both in widths of the blur."""
    diameters = np.linspace(0, constants.WIDEST_IN_BLURS, 33)
    return diameters, np.array([1.0, *(_imaged_width(diameter) for diameter in diameters[1:])])


def _imaged_width(diameter: float) -> float:
    """Width at half height of the image of a sphere, in the plane of its middle; all in widths of the blur."""
    step, reach = constants.STEP_IN_BLURS, constants.WIDEST_IN_BLURS / 2 + 2
    away = np.arange(-reach, reach + step / 2, step)
    chord = np.sqrt(np.maximum(diameter**2 / 4 - away[:, None] ** 2 - away**2, 0))
    # Light that the blur in depth brings from each column into the plane.
    light = erf(chord * FWHM_PER_SIGMA / constants.AXIAL_RATIO / np.sqrt(2))
    middle = len(away) // 2
    profile = ndimage.gaussian_filter(light, 1 / FWHM_PER_SIGMA / step)[middle, middle:]
    return 2 * float(np.interp(-profile[0] / 2, -profile, away[middle:]))


def _profile(projection: Projection, spines: Candidates, direction: np.ndarray, steps_um: np.ndarray) -> np.ndarray:
    """Brightness along a line through each spine (n, steps)."""
    points_um = (spines.positions_um * [0, 1, 1])[:, None] + steps_um[:, None] * direction[:, None]
    voxels = np.moveaxis(points_um, -1, 0) / projection.voxel_um[:, None, None]
    profile: np.ndarray = ndimage.map_coordinates(projection.pixels[None], voxels, order=1, mode="nearest")
    return profile


def _first_below(profile: np.ndarray, start: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Step (interpolated) after ``start`` at which each profile falls below its level; the last step if never."""
    below = (profile < level[:, None]) & (np.arange(profile.shape[1]) > start[:, None])
    after = np.where(below.any(1), below.argmax(1), profile.shape[1] - 1)
    rows = np.arange(len(profile))
    higher, lower = profile[rows, after - 1], profile[rows, after]
    back = (level - lower) / np.maximum(higher - lower, 1e-9)
    return np.asarray(after - np.where(below.any(1), back.clip(0, 1), 0))


def _head_width_um(projection: Projection, spines: Candidates, head: np.ndarray) -> np.ndarray:
    """Full width of each head at half height, along the shaft's direction (um)."""
    steps_um = np.arange(-constants.PROFILE_BELOW_UM, constants.PROFILE_BELOW_UM + PROFILE_STEP_UM / 5, PROFILE_STEP_UM)
    profile = _profile(projection, spines, spines.along, steps_um)
    middle = np.full(len(profile), len(steps_um) // 2)
    right = _first_below(profile, middle, 0.5 * head)
    left = _first_below(profile[:, ::-1], middle, 0.5 * head)
    half = np.minimum(right, left) - len(steps_um) // 2
    both = right + left - 2 * (len(steps_um) // 2)
    # A neighbour that touches one side would widen the head: more than twice the narrower side is not its own.
    return np.minimum(both, 3 * half) * PROFILE_STEP_UM
