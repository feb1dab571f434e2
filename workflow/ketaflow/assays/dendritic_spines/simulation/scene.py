"""Dendrites that never were: a shaft, its spines by class, and what else lies in the field.

Everything is balls along lines, in micrometres (z, y, x); ``optics`` turns them into an image. The truth
is known exactly: the length of the centreline, and the head, length, neck and class of every spine.
"""

from dataclasses import dataclass

import numpy as np

# Head diameter, neck length and neck diameter (um), lowest and highest. Around the published light and
# electron microscopic dimensions (Alimohamadi et al. 2021, table 1: thin 0.98 um long, mushroom 1.5 um).
SHAPES = {
    "mushroom": ((0.50, 0.90), (0.20, 0.80), (0.15, 0.25)),
    "thin": ((0.28, 0.48), (0.40, 1.20), (0.10, 0.15)),
    "stubby": ((0.45, 0.70), (0.00, 0.05), (0.30, 0.45)),
    "filopodium": ((0.14, 0.22), (1.90, 3.20), (0.12, 0.18)),
}
STEP_UM = 0.06
# A spine counts where its tip stands this far off the shaft's surface in the plane of the image (um): the rule by which
# people count in projections (Holtmaat et al. 2009, Nat Protoc 4:1128), and a little more than a microscope's blur.
COUNTED_UM = 0.4
# Spines that point this steeply (rad from the optical axis) lie over or under the shaft: a quarter of all directions.
STEEP_RAD = np.pi / 8
# So often another place is tried for a spine that would be one with its neighbour.
TRIES = 500


@dataclass
class Spheres:
    """Spheres to be filled with fluorophore: centres (n, 3) and radii (n,) in um, brightness (n,) of 1 = the shaft."""

    centres_um: np.ndarray
    radii_um: np.ndarray
    brightness: np.ndarray

    @staticmethod
    def concatenate(parts: list["Spheres"]) -> "Spheres":
        """All balls of several parts."""
        return Spheres(*(np.concatenate([getattr(part, name) for part in parts]) for name in Spheres.__annotations__))


def random_centreline(
    start_um: np.ndarray, heading_rad: float, length_um: float, *, bend: float, tilt: float, rng: np.random.Generator
) -> np.ndarray:
    """A gently bending line (n, 3): its heading wanders by ``bend`` rad per sqrt(um), its depth by ``tilt``."""
    count = max(2, int(length_um / STEP_UM) + 1)
    heading = heading_rad + _wander(count, bend, rng)
    slope = _wander(count, tilt, rng)
    steps = STEP_UM * np.column_stack([np.sin(slope), np.cos(slope) * np.sin(heading), np.cos(slope) * np.cos(heading)])
    return start_um + np.cumsum(np.vstack([np.zeros(3), steps[1:]]), axis=0)


def _wander(count: int, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth random walk that stays near zero over a few micrometres."""
    knots = max(3, int(count * STEP_UM / 4) + 2)
    values = np.cumsum(rng.normal(0, strength * 2, knots)) * 0.5
    return np.interp(np.linspace(0, knots - 1, count), np.arange(knots), values - values[0])


def shaft_spheres(line_um: np.ndarray, radius_um: float, brightness: float, rng: np.random.Generator) -> Spheres:
    """The shaft along a line, a little beaded."""
    beads = 1 + 0.1 * np.interp(np.linspace(0, 1, len(line_um)), np.linspace(0, 1, 24), rng.normal(0, 1, 24))
    return Spheres(line_um, radius_um * beads, np.full(len(line_um), brightness))


def spines_along(
    line_um: np.ndarray, radius_um: float, classes: list[str], *, flatness: float, rng: np.random.Generator
) -> tuple[list[dict], Spheres]:
    """One spine for each class named, anywhere along the line, and what is true of it.

    ``flatness`` 0 lets them stand out in every direction, 1 only sideways in the plane of the image. The truth
    holds the head's centre (z_um, y_um, x_um), its diameter, length from shaft to tip, neck length, class.
    """
    truth, parts = [], []
    margin = max(1, int(0.4 / STEP_UM))
    places = _apart(len(classes), margin, len(line_um) - margin, rng)
    for place, name in zip(places, classes, strict=True):
        tangent = line_um[min(place + 3, len(line_um) - 1)] - line_um[max(place - 3, 0)]
        outward = _outward(tangent / np.linalg.norm(tangent), flatness, rng)
        facts, balls = _spine(line_um[place], outward, radius_um, name, rng)
        truth.append({"spine": len(truth) + 1, "place": int(place), **facts})
        parts.append(balls)
    return truth, Spheres.concatenate(parts) if parts else Spheres(np.zeros((0, 3)), np.zeros(0), np.zeros(0))


def place_spines(
    line_um: np.ndarray, radius_um: float, wanted: list[tuple[str, bool]], *, blur_um: float, rng: np.random.Generator
) -> tuple[list[dict], Spheres]:
    """A spine for each (class, hidden) that is ``wanted``, none through another, and what is true of each.

    The truth is that of ``spines``, and ``hidden``: the spine lies over or under the shaft, its tip less than
    ``COUNTED_UM`` beside it. No head is nearer to another in the plane than both are wide (mean diameter and the blur's
    width at half height in quadrature), for nobody could tell two from one; where there is no room left for that, the
    later one is hidden too.
    """
    truth, parts = [], []
    for name, hidden in wanted:
        for _ in range(TRIES):
            facts, balls = _anywhere(line_um, radius_um, name, hidden, rng)
            alone = not any(_touch(facts, balls, *other, blur_um) for other in zip(truth, parts, strict=True))
            if alone and facts["hidden"] == hidden and _between_ends(balls.centres_um[-1], line_um, balls.radii_um[-1]):
                break
        facts["hidden"] |= not alone
        truth.append({"spine": len(truth) + 1, **facts})
        parts.append(balls)
    return truth, Spheres.concatenate(parts) if parts else Spheres(np.zeros((0, 3)), np.zeros(0), np.zeros(0))


def _anywhere(
    line_um: np.ndarray, radius_um: float, name: str, steep: bool, rng: np.random.Generator
) -> tuple[dict, Spheres]:
    """One spine somewhere on the line, pointing sideways or steeply, and whether its tip is hidden."""
    place = int(rng.integers(1, len(line_um) - 1))
    tangent = line_um[place + 1] - line_um[place - 1]
    tangent /= np.linalg.norm(tangent)
    outward = _steep(tangent, rng) if steep else _outward(tangent, 0.9, rng)
    facts, balls = _spine(line_um[place], outward, radius_um, name, rng)
    hidden = _sideways_um(facts, line_um) < radius_um + COUNTED_UM
    return {"place": place, "hidden": hidden, **facts}, balls


def _between_ends(centre_um: np.ndarray, line_um: np.ndarray, radius_um: float) -> bool:
    """Whether a whole head lies between the ends of the line: beyond them the image may end."""
    ends = ((line_um[0], line_um[1] - line_um[0]), (line_um[-1], line_um[-2] - line_um[-1]))
    return all((centre_um - end) @ inwards > radius_um * np.linalg.norm(inwards) for end, inwards in ends)


def _sideways_um(facts: dict, line_um: np.ndarray) -> float:
    """How far the tip lies from the shaft's middle in the plane of the image (um)."""
    away = np.hypot(line_um[:, 1] - facts["y_um"], line_um[:, 2] - facts["x_um"]).min()
    return float(away) + facts["head_diameter_um"] / 2


def _touch(one: dict, balls: Spheres, other: dict, others: Spheres, blur_um: float) -> bool:
    """Whether two spines would be one, to the eye or in space. The first third of each lies in the shaft or near it."""
    apart = np.hypot(one["y_um"] - other["y_um"], one["x_um"] - other["x_um"])
    if apart < np.hypot(blur_um, (one["head_diameter_um"] + other["head_diameter_um"]) / 2):
        return True
    near, far = (len(ball.radii_um) // 3 for ball in (balls, others))
    away = np.linalg.norm(balls.centres_um[near:, None] - others.centres_um[None, far:], axis=2)
    return bool((away < balls.radii_um[near:, None] + others.radii_um[None, far:]).any())


def _steep(tangent: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A direction square to the shaft and no farther than ``STEEP_RAD`` from the optical axis, up or down."""
    sideways = np.array([0.0, tangent[2], -tangent[1]])
    sideways /= np.linalg.norm(sideways)
    angle = rng.uniform(-STEEP_RAD, STEEP_RAD)
    return np.sin(angle) * sideways + rng.choice([-1, 1]) * np.cos(angle) * np.cross(tangent, sideways)


def _apart(count: int, first: int, last: int, rng: np.random.Generator) -> np.ndarray:
    """Places along the line; real spines keep no distance, but two never share a spot."""
    offered = np.arange(first, last, max(1, int(0.18 / STEP_UM)))
    return np.sort(rng.choice(offered, size=min(count, len(offered)), replace=False))


def _outward(tangent: np.ndarray, flatness: float, rng: np.random.Generator) -> np.ndarray:
    """A direction nearly square to the shaft."""
    sideways = np.array([0.0, tangent[2], -tangent[1]])
    sideways /= np.linalg.norm(sideways)
    upward = np.cross(tangent, sideways)
    angle = rng.uniform(0, 2 * np.pi)
    across = np.cos(angle) * sideways + (1 - flatness) * np.sin(angle) * upward
    outward = across / np.linalg.norm(across) + rng.normal(0, 0.25) * tangent
    return outward / np.linalg.norm(outward)


def _spine(
    root_um: np.ndarray, outward: np.ndarray, shaft_radius_um: float, name: str, rng: np.random.Generator
) -> tuple[dict, Spheres]:
    (head_low, head_high), neck_range, width_range = SHAPES[name]
    head_um = rng.uniform(head_low, head_high)
    neck_um, neck_width_um = rng.uniform(*neck_range), rng.uniform(*width_range)
    reach = shaft_radius_um + neck_um + head_um / 2
    if name == "stubby":
        reach = shaft_radius_um + head_um * rng.uniform(0.2, 0.45)
    along = np.arange(0.5 * shaft_radius_um, reach, STEP_UM / 2)
    centre = root_um + reach * outward
    neck = root_um + along[:, None] * outward
    radii = np.append(np.full(len(along), neck_width_um / 2), head_um / 2)
    brightness = rng.uniform(0.75, 1.05)
    facts = {
        "z_um": centre[0], "y_um": centre[1], "x_um": centre[2], "head_diameter_um": head_um, "class": name,
        "length_um": reach + head_um / 2 - shaft_radius_um, "neck_length_um": max(0.0, neck_um),
    }  # fmt: skip
    return facts, Spheres(np.vstack([neck, centre]), radii, np.full(len(radii), brightness))


def path_length_um(line_um: np.ndarray) -> float:
    """Length of a line through its points (n, 3)."""
    return float(np.linalg.norm(np.diff(line_um, axis=0), axis=1).sum())
