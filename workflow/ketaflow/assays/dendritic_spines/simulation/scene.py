"""Simulated dendrites: a shaft, its spines by class, and what is true of each.

Everything is spheres along lines, in micrometres (depth, y, x); ``optics`` makes an image of them. The truth is known
exactly: the length of the centreline, and the head, length, neck and class of every spine.
"""

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from ketaflow.assays.dendritic_spines.simulation.constants import (
    COUNTED_UM,
    END_MARGIN_UM,
    SPOT_UM,
    STEEP_RAD,
    STEP_UM,
    TRIES,
)


class ShapeRange(NamedTuple):
    """Lowest and highest head diameter, neck length and neck diameter of a class (um)."""

    head_um: tuple[float, float]
    neck_um: tuple[float, float]
    neck_width_um: tuple[float, float]


# Around the published light and electron microscopic dimensions (Alimohamadi et al. 2021, table 1: thin 0.98 um long,
# mushroom 1.5 um).
SHAPES = {
    "mushroom": ShapeRange((0.50, 0.90), (0.20, 0.80), (0.15, 0.25)),
    "thin": ShapeRange((0.28, 0.48), (0.40, 1.20), (0.10, 0.15)),
    "stubby": ShapeRange((0.45, 0.70), (0.00, 0.05), (0.30, 0.45)),
    "filopodium": ShapeRange((0.14, 0.22), (1.90, 3.20), (0.12, 0.18)),
}


@dataclass(frozen=True)
class Spheres:
    """Spheres to be filled with fluorophore.

    Attributes
    ----------
    centres_um : (n, 3) float
        Depth, y, x (um).
    radii_um : (n,) float
        Radii (um).
    brightness : (n,) float
        Concentration of fluorophore, 1 for a shaft.
    """

    centres_um: np.ndarray
    radii_um: np.ndarray
    brightness: np.ndarray

    @staticmethod
    def concatenate(parts: list["Spheres"]) -> "Spheres":
        """Join the spheres of several parts; none of no parts."""
        if not parts:
            return Spheres(np.zeros((0, 3)), np.zeros(0), np.zeros(0))
        return Spheres(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Spheres)))

    def brightened(self, factor: float) -> "Spheres":
        """Return the spheres with their brightness multiplied by ``factor``."""
        return replace(self, brightness=self.brightness * factor)


@dataclass(frozen=True)
class SpineTruth:
    """What is true of a simulated spine.

    Attributes
    ----------
    head_um : (3,) float
        Middle of the head: depth, y, x (um).
    head_diameter_um, length_um, neck_length_um : float
        Diameter of the head, length from the surface of the shaft to the tip, and length of the neck (um).
    spine_class : str
        mushroom, thin, stubby or filopodium.
    hidden : bool
        Whether it cannot be counted: its tip lies less than ``COUNTED_UM`` beside the shaft, or it merges with a
        neighbour.
    """

    head_um: np.ndarray
    head_diameter_um: float
    length_um: float
    neck_length_um: float
    spine_class: str
    hidden: bool = False


class Spine(NamedTuple):
    """A simulated spine: its true place and size, and the spheres it is made of, the head last."""

    truth: SpineTruth
    spheres: Spheres


def random_centreline(
    start_um: np.ndarray, heading_rad: float, length_um: float, *, bend: float, tilt: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw a gently bending line.

    Parameters
    ----------
    start_um : (3,) float
        Its start: depth, y, x (um).
    heading_rad, length_um : float
        Its direction in the plane (rad from x to y), and its length (um).
    bend, tilt : float
        Wandering of its heading and of its slope in depth (rad per square root of um).
    rng : numpy.random.Generator
        Source of the wandering.

    Returns
    -------
    (n, 3) float
        Points in steps of ``STEP_UM``: depth, y, x (um).
    """
    count = max(2, int(length_um / STEP_UM) + 1)
    heading = heading_rad + _wander(count, bend, rng)
    slope = _wander(count, tilt, rng)
    steps = STEP_UM * np.column_stack([np.sin(slope), np.cos(slope) * np.sin(heading), np.cos(slope) * np.cos(heading)])
    return np.asarray(start_um + np.cumsum(np.vstack([np.zeros(3), steps[1:]]), axis=0))


def shaft_spheres(line_um: np.ndarray, radius_um: float, brightness: float, rng: np.random.Generator) -> Spheres:
    """Draw a slightly beaded shaft.

    Parameters
    ----------
    line_um : (n, 3) float
        Its centreline (um).
    radius_um, brightness : float
        Mean radius (um), and concentration of fluorophore.
    rng : numpy.random.Generator
        Source of the beads.

    Returns
    -------
    Spheres
        One for each point of the line.
    """
    beads = 1 + 0.1 * np.interp(np.linspace(0, 1, len(line_um)), np.linspace(0, 1, 24), rng.normal(0, 1, 24))
    return Spheres(line_um, radius_um * beads, np.full(len(line_um), brightness))


def spines_along(
    line_um: np.ndarray, radius_um: float, classes: list[str], *, flatness: float, rng: np.random.Generator
) -> list[Spine]:
    """Draw spines anywhere along a line.

    Parameters
    ----------
    line_um : (n, 3) float
        Centreline of the shaft (um).
    radius_um : float
        Radius of the shaft (um).
    classes : list of str
        Class of each spine.
    flatness : float
        0 lets spines point in every direction, 1 only sideways in the plane of the image.
    rng : numpy.random.Generator
        Source of places and shapes.

    Returns
    -------
    list of Spine
        In order along the line; fewer than asked for where there is no room.
    """
    spines = []
    margin = max(1, int(END_MARGIN_UM / STEP_UM))
    places = _places(len(classes), margin, len(line_um) - margin, rng)
    for place, name in zip(places, classes, strict=True):
        tangent = line_um[min(place + 3, len(line_um) - 1)] - line_um[max(place - 3, 0)]
        outward = _outward(tangent / np.linalg.norm(tangent), flatness, rng)
        spines.append(_spine(line_um[place], outward, radius_um, name, rng))
    return spines


def place_spines(
    line_um: np.ndarray, radius_um: float, requested: list[tuple[str, bool]], *, blur_um: float,
    rng: np.random.Generator,
) -> list[Spine]:  # fmt: skip
    """Draw spines along a line, none through another.

    Parameters
    ----------
    line_um : (n, 3) float
        Centreline of the shaft (um).
    radius_um : float
        Radius of the shaft (um).
    requested : list of (str, bool)
        Class of each spine, and whether it is hidden over or under the shaft.
    blur_um : float
        Full width at half maximum of the microscope's blur in the plane (um).
    rng : numpy.random.Generator
        Source of places and shapes.

    Returns
    -------
    list of Spine
        No head is nearer to another in the plane than both are wide in the image (mean diameter and ``blur_um`` in
        quadrature), because nobody could tell them apart; where there is no room for that, the later one is hidden.
    """
    spines: list[Spine] = []
    for name, hidden in requested:
        for _ in range(TRIES):
            spine = _spine_anywhere(line_um, radius_um, name, hidden, rng)
            alone = not any(_touch(spine, other, blur_um) for other in spines)
            head, head_radius_um = spine.spheres.centres_um[-1], spine.spheres.radii_um[-1]
            if alone and spine.truth.hidden == hidden and _between_ends(head, line_um, head_radius_um):
                break
        truth = replace(spine.truth, hidden=spine.truth.hidden or not alone)
        spines.append(Spine(truth, spine.spheres))
    return spines


def path_length_um(line_um: np.ndarray) -> float:
    """Return the length of a line.

    Parameters
    ----------
    line_um : (n, 3) float
        Points of the line: depth, y, x (um).

    Returns
    -------
    float
        Length through its points (um).
    """
    return float(np.linalg.norm(np.diff(line_um, axis=0), axis=1).sum())


def _wander(count: int, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth random walk that stays near zero over a few micrometres (count,)."""
    knots = max(3, int(count * STEP_UM / 4) + 2)
    values = np.cumsum(rng.normal(0, strength * 2, knots)) * 0.5
    return np.interp(np.linspace(0, knots - 1, count), np.arange(knots), values - values[0])


def _spine_anywhere(line_um: np.ndarray, radius_um: float, name: str, steep: bool, rng: np.random.Generator) -> Spine:
    """Draw one spine somewhere on the line, pointing sideways or steeply."""
    place = int(rng.integers(1, len(line_um) - 1))
    tangent = line_um[place + 1] - line_um[place - 1]
    tangent /= np.linalg.norm(tangent)
    outward = _steep(tangent, rng) if steep else _outward(tangent, 0.9, rng)
    truth, spheres = _spine(line_um[place], outward, radius_um, name, rng)
    return Spine(replace(truth, hidden=_tip_sideways_um(truth, line_um) < radius_um + COUNTED_UM), spheres)


def _between_ends(centre_um: np.ndarray, line_um: np.ndarray, radius_um: float) -> bool:
    """Tell whether a whole head lies between the ends of the line: beyond them the image may end."""
    ends = ((line_um[0], line_um[1] - line_um[0]), (line_um[-1], line_um[-2] - line_um[-1]))
    return all((centre_um - end) @ inwards > radius_um * np.linalg.norm(inwards) for end, inwards in ends)


def _tip_sideways_um(truth: SpineTruth, line_um: np.ndarray) -> float:
    """Distance of the tip from the middle of the shaft in the plane of the image (um)."""
    away = np.hypot(line_um[:, 1] - truth.head_um[1], line_um[:, 2] - truth.head_um[2]).min()
    return float(away) + truth.head_diameter_um / 2


def _touch(one: Spine, other: Spine, blur_um: float) -> bool:
    """Tell whether two spines merge, in the image or in space. The first third of each lies in the shaft or near it."""
    apart = np.hypot(*(one.truth.head_um - other.truth.head_um)[1:])
    if apart < np.hypot(blur_um, (one.truth.head_diameter_um + other.truth.head_diameter_um) / 2):
        return True
    near, far = (len(spine.spheres.radii_um) // 3 for spine in (one, other))
    away = np.linalg.norm(one.spheres.centres_um[near:, None] - other.spheres.centres_um[None, far:], axis=2)
    return bool((away < one.spheres.radii_um[near:, None] + other.spheres.radii_um[None, far:]).any())


def _steep(tangent: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Direction perpendicular to the shaft within ``STEEP_RAD`` of the optical axis, up or down."""
    sideways = np.array([0.0, tangent[2], -tangent[1]])
    sideways /= np.linalg.norm(sideways)
    angle = rng.uniform(-STEEP_RAD, STEEP_RAD)
    return np.asarray(np.sin(angle) * sideways + rng.choice([-1, 1]) * np.cos(angle) * np.cross(tangent, sideways))


def _places(count: int, first: int, last: int, rng: np.random.Generator) -> np.ndarray:
    """Places along the line, in order; real spines keep no distance, but two never share a spot."""
    offered = np.arange(first, last, max(1, int(SPOT_UM / STEP_UM)))
    return np.sort(rng.choice(offered, size=min(count, len(offered)), replace=False))


def _outward(tangent: np.ndarray, flatness: float, rng: np.random.Generator) -> np.ndarray:
    """Direction nearly perpendicular to the shaft."""
    sideways = np.array([0.0, tangent[2], -tangent[1]])
    sideways /= np.linalg.norm(sideways)
    upward = np.cross(tangent, sideways)
    angle = rng.uniform(0, 2 * np.pi)
    across = np.cos(angle) * sideways + (1 - flatness) * np.sin(angle) * upward
    outward = across / np.linalg.norm(across) + rng.normal(0, 0.25) * tangent
    return np.asarray(outward / np.linalg.norm(outward))


def _spine(
    root_um: np.ndarray, outward: np.ndarray, shaft_radius_um: float, name: str, rng: np.random.Generator
) -> Spine:
    """Draw one spine of a class at a place on the shaft."""
    ranges = SHAPES[name]
    head_um = rng.uniform(*ranges.head_um)
    neck_um, neck_width_um = rng.uniform(*ranges.neck_um), rng.uniform(*ranges.neck_width_um)
    reach = shaft_radius_um + neck_um + head_um / 2
    if name == "stubby":
        reach = shaft_radius_um + head_um * rng.uniform(0.2, 0.45)
    along = np.arange(0.5 * shaft_radius_um, reach, STEP_UM / 2)
    centre = root_um + reach * outward
    neck = root_um + along[:, None] * outward
    radii = np.append(np.full(len(along), neck_width_um / 2), head_um / 2)
    brightness = rng.uniform(0.75, 1.05)
    truth = SpineTruth(
        head_um=centre,
        head_diameter_um=head_um,
        length_um=reach + head_um / 2 - shaft_radius_um,
        neck_length_um=max(0.0, neck_um),
        spine_class=name,
    )
    return Spine(truth, Spheres(np.vstack([neck, centre]), radii, np.full(len(radii), brightness)))
