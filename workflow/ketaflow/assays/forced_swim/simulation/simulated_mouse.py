"""A swimming rodent seen from the side, drawn from capsules: trunk, head, four limbs and a tail.

In: what it does and when. Out: its pose in every frame and, from poses, how much of each pixel it covers. Lengths are
body lengths, x points towards the nose, y downwards, the origin is the middle of the trunk; angles are radians.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ketaflow.assays.forced_swim.simulation.constants import GAITS, TRANSITION_S


class PlannedState(NamedTuple):
    """A state and when it begins and ends (seconds of the video)."""

    state: str
    start_s: float
    stop_s: float


@dataclass(frozen=True)
class Lane:
    """Where an animal swims (pixels): between two walls, at the surface.

    ``width`` is that of the cylinder, which two animals may share.
    """

    left: float
    right: float
    water: float
    width: float


@dataclass(frozen=True)
class Poses:
    """Pose in each of n frames.

    Attributes
    ----------
    x_px, y_px : (n,) float
        Middle of the trunk (pixels).
    pitch_rad : (n,) float
        Angle of the trunk, nose up.
    heading : (n,) float
        1 to the right, -1 to the left, in between while turning.
    limbs_rad : (n, 4) float
        Angles of the limbs.
    tail_rad : (n,) float
        Angle of the tail.
    """

    x_px: np.ndarray
    y_px: np.ndarray
    pitch_rad: np.ndarray
    heading: np.ndarray
    limbs_rad: np.ndarray
    tail_rad: np.ndarray


def weighted_by_state(quantity: str, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Mix a quantity of the gaits by how far each state has taken over.

    Parameters
    ----------
    quantity : str
        A field of ``Gait``.
    weights : dict of str to (n,) float
        From ``state_weights``.

    Returns
    -------
    (n,) float
        In the unit of the quantity.
    """
    mixed: np.ndarray = np.zeros(1)
    for state, gait in GAITS.items():
        mixed = mixed + getattr(gait, quantity) * weights[state]
    return mixed


def state_weights(times_s: np.ndarray, schedule: list[PlannedState]) -> dict[str, np.ndarray]:
    """Compute the share of each state at each moment; a change takes ``TRANSITION_S``.

    Parameters
    ----------
    times_s : (n,) float
        Seconds of the video.
    schedule : list of PlannedState
        What the animal does.

    Returns
    -------
    dict of str to (n,) float
        Sum to 1 while the animal swims.
    """
    weights = {state: np.zeros(len(times_s)) for state in GAITS}
    for state, start_s, stop_s in schedule:
        rise = np.clip((times_s - start_s) / TRANSITION_S + 0.5, 0, 1)
        fall = np.clip((stop_s - times_s) / TRANSITION_S + 0.5, 0, 1)
        weights[state] += np.minimum(rise, fall)
    total = np.maximum(sum(weights.values(), np.zeros(len(times_s))), 1e-9)
    return {state: share / total for state, share in weights.items()}


def poses(
    times_s: np.ndarray,
    schedule: list[PlannedState],
    lane: Lane,
    *,
    length_px: float,
    vigour: float,
    rng: np.random.Generator,
) -> Poses:
    """Compute the poses of an animal that follows a schedule.

    Parameters
    ----------
    times_s : (n,) float
        Seconds of the video.
    schedule : list of PlannedState
        What the animal does.
    lane : Lane
        Where it swims.
    length_px : float
        Length of its body (pixels).
    vigour : float
        1 for ordinary strokes.
    rng : numpy Generator
        Source of everything left to chance.

    Returns
    -------
    Poses
        Place (pixels), pitch, limbs and tail (radians) in each frame.
    """
    weights = state_weights(times_s, schedule)
    step_s = np.diff(times_s, prepend=times_s[0])
    x, heading = _course(weights, step_s, lane, length_px, vigour, rng)
    strokes_hz = weighted_by_state("strokes_hz", weights) * (1 + 0.15 * _wander(times_s, 0.5, rng)) * np.sqrt(vigour)
    phase = 2 * np.pi * np.cumsum(strokes_hz * step_s) + rng.uniform(0, 6)
    reach = weighted_by_state("stroke_rad", weights) * vigour * (1 + 0.2 * _wander(times_s, 0.8, rng))
    still = weights["immobility"]
    offsets = np.array([0.0, np.pi, np.pi * 0.9, 0.1]) + rng.uniform(-0.4, 0.4, 4)
    limbs = (
        reach[:, None] * np.sin(phase[:, None] + offsets) + still[:, None] * 0.05 * _wander(times_s, 0.2, rng)[:, None]
    )
    tail = 0.5 * _wander(times_s, 0.25, rng) + 0.35 * (1 - still) * np.sin(phase * 0.5)
    bob = 0.02 * _wander(times_s, 0.5, rng) + 0.02 * (1 - still) * np.sin(phase)
    y = lane.water + length_px * (0.12 - weighted_by_state("rise", weights) + bob)
    pitch = weighted_by_state("pitch_rad", weights) + 0.06 * _wander(times_s, 0.3, rng)
    return Poses(x, y, pitch, heading, limbs, tail)


def _course(
    weights: dict[str, np.ndarray],
    step_s: np.ndarray,
    lane: Lane,
    length_px: float,
    vigour: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Position between the walls and heading, (n,) each."""
    speed = weighted_by_state("speed_per_s", weights) * vigour * length_px
    low, high = lane.left + 0.38 * length_px, lane.right - 0.38 * length_px
    drift = 0.08 * length_px * _wander(np.cumsum(step_s), 0.15, rng) * weights["immobility"]
    x, heading, toward, now = np.empty(len(step_s)), np.empty(len(step_s)), 1.0, 0.5 * (low + high)
    turn = rng.random(len(step_s))
    climbing = weights["climbing"] > 0.5
    facing = toward
    for frame, step in enumerate(step_s):
        if turn[frame] < 0.25 * step * (weights["swimming"][frame] > 0.5):
            toward = -toward
        target = toward * (3.0 if climbing[frame] else 1.0)
        now += (speed[frame] * target + drift[frame]) * step
        if now < low or now > high:
            now = min(max(now, low), high)
            toward = -toward if weights["swimming"][frame] > 0.5 else toward
        facing += np.clip(toward - facing, -5 * step, 5 * step)
        x[frame], heading[frame] = now, facing
    return x, heading


def _wander(times_s: np.ndarray, pace_hz: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth random signal (n,) of standard deviation about 1 that changes about ``pace_hz`` times a second."""
    knots_s = np.arange(times_s[0] - 1 / pace_hz, times_s[-1] + 2 / pace_hz, 0.5 / pace_hz)
    smooth = np.convolve(rng.normal(size=len(knots_s)), [0.25, 0.5, 0.25], "same") / 0.61
    return np.interp(times_s, knots_s, smooth)


def capsules(pose: Poses) -> np.ndarray:
    """Build the body of each pose from capsules.

    Parameters
    ----------
    pose : Poses
        Pose of the animal in each of n frames.

    Returns
    -------
    (n, n_parts, 5) float
        Each part as x0, y0, x1, y1 and radius, in body lengths from the middle of the trunk.
    """
    n = len(pose.x_px)
    fixed = np.array(
        [
            [-0.27, 0.02, 0.16, 0.0, 0.17],
            [0.2, -0.03, 0.36, -0.06, 0.115],
            [0.4, -0.06, 0.47, -0.04, 0.05],
            [0.27, -0.15, 0.29, -0.19, 0.05],
        ]
    )
    parts = [np.broadcast_to(part, (n, 5)) for part in fixed]
    roots = [(0.2, 0.1, 1.35), (0.14, 0.12, 1.75), (-0.22, 0.12, 1.5), (-0.3, 0.1, 1.9)]
    for index, (x, y, rest) in enumerate(roots):
        parts += _limb(x, y, rest + pose.limbs_rad[:, index], 0.13 if index < 2 else 0.16, (0.055, 0.04))
    tail = np.pi - 0.3 + 0.5 * pose.tail_rad
    parts += _limb(-0.43, 0.03, tail, 0.28, (0.03, 0.022), bend=0.7 * pose.tail_rad)
    return _turned(np.stack(parts, axis=1), pose.pitch_rad, pose.heading)


def _limb(
    x: float,
    y: float,
    angle: np.ndarray,
    length: float,
    radii: tuple[float, float],
    bend: np.ndarray | float = 0.4,
) -> list[np.ndarray]:
    """Two segments hinged at (x, y), each (n, 5)."""
    knee_x, knee_y = x + length * np.cos(angle), y + length * np.sin(angle)
    end_x = knee_x + length * np.cos(angle + bend)
    end_y = knee_y + length * np.sin(angle + bend)
    whole = np.ones_like(angle)
    upper = np.stack([x * whole, y * whole, knee_x, knee_y, radii[0] * whole], axis=-1)
    return [upper, np.stack([knee_x, knee_y, end_x, end_y, radii[1] * whole], axis=-1)]


def _turned(body: np.ndarray, pitch_rad: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """The body pitched nose up and foreshortened by its heading; never narrower than a third."""
    cosine, sine = np.cos(pitch_rad)[:, None], np.sin(pitch_rad)[:, None]
    width = np.where(heading < 0, -1, 1) * np.maximum(np.abs(heading), 0.35)
    turned = body.copy()
    for x, y in ((0, 1), (2, 3)):
        along, down = body[:, :, x], body[:, :, y]
        turned[:, :, x] = (along * cosine + down * sine) * width[:, None]
        turned[:, :, y] = -along * sine + down * cosine
    return turned


def coverage(body: np.ndarray, centre_px: np.ndarray, length_px: float, shape: tuple[int, int]) -> np.ndarray:
    """Compute how much of each pixel of a small window the body covers.

    Parameters
    ----------
    body : (n, n_parts, 5) float
        From ``capsules``.
    centre_px : (n, 2) float
        Where in the window the middle of the trunk lies (x, y).
    length_px : float
        Length of the body (pixels).
    shape : tuple of int
        Height and width of the window.

    Returns
    -------
    (n, height, width) float32
        0 to 1.
    """
    nearest = np.full((len(body), *shape), np.inf, np.float32)
    for part in range(body.shape[1]):
        ends = (body[:, part, :4] * length_px + np.tile(centre_px, 2)).astype(np.float32)
        radius = (body[:, part, 4] * length_px).astype(np.float32)[:, None, None]
        # Only pixels that the part can reach in any of these frames.
        low, high = ends.min(axis=0) - radius.max() - 1, ends.max(axis=0) + radius.max() + 2
        left, right = np.clip((min(low[0], low[2]), max(high[0], high[2])), 0, shape[1]).astype(int)
        top, bottom = np.clip((min(low[1], low[3]), max(high[1], high[3])), 0, shape[0]).astype(int)
        ys = np.arange(top, bottom, dtype=np.float32)[None, :, None]
        xs = np.arange(left, right, dtype=np.float32)[None, None, :]
        x0, y0, x1, y1 = (ends[:, i, None, None] for i in range(4))
        along_x, along_y = x1 - x0, y1 - y0
        right_of, below = xs - x0, ys - y0
        share = right_of * along_x + below * along_y
        share /= np.maximum(along_x**2 + along_y**2, 1e-6)
        np.clip(share, 0, 1, out=share)
        distance = (right_of - share * along_x) ** 2
        distance += (below - share * along_y) ** 2
        distance = np.sqrt(distance, out=distance)
        distance -= radius
        here = nearest[:, top:bottom, left:right]
        np.minimum(here, distance, out=here)
    return np.clip(0.5 - nearest, 0, 1)
