"""A swimming rodent seen from the side, drawn from capsules: trunk, head, four limbs and a tail.

In: what it does and when. Out: its pose at every frame and, from poses, how much of each pixel it covers. Lengths are
in body lengths, x towards the nose, y downwards, the origin in the middle of the trunk; angles in radians. Used to draw
recordings whose truth is known.
"""

from dataclasses import dataclass

import numpy as np

STATES = ("immobility", "swimming", "climbing")
# Strokes per second of a paddling mouse: about 3 to 6 (unverified; read off the recordings of laboratories by eye).
STROKES_HZ = {"immobility": 0.0, "swimming": 3.6, "climbing": 4.6}
STROKE_RAD = {"immobility": 0.0, "swimming": 0.65, "climbing": 0.8}
PITCH_RAD = {"immobility": 0.28, "swimming": 0.2, "climbing": 1.3}
SPEED_PER_S = {"immobility": 0.0, "swimming": 0.9, "climbing": 0.1}
# Rise of the trunk's middle above its floating height (body lengths).
RISE = {"immobility": 0.0, "swimming": 0.02, "climbing": 0.1}
BLEND_S = 0.25


@dataclass
class Poses:
    """Pose at each of n frames: (n,) arrays, lengths in pixels."""

    x_px: np.ndarray
    y_px: np.ndarray
    pitch_rad: np.ndarray
    heading: np.ndarray
    limbs_rad: np.ndarray
    tail_rad: np.ndarray


def weighted_by_state(values: dict[str, float], weights: dict[str, np.ndarray]) -> np.ndarray:
    """A quantity that differs between states, mixed by how far each state has taken over."""
    return sum(values[state] * weights[state] for state in STATES)


def state_weights(times_s: np.ndarray, schedule: list[tuple[str, float, float]]) -> dict[str, np.ndarray]:
    """Share of each state at each moment (n,); changes take a quarter of a second."""
    weights = {state: np.zeros(len(times_s)) for state in STATES}
    for state, start_s, stop_s in schedule:
        rise = np.clip((times_s - start_s) / BLEND_S + 0.5, 0, 1)
        fall = np.clip((stop_s - times_s) / BLEND_S + 0.5, 0, 1)
        weights[state] += np.minimum(rise, fall)
    total = np.maximum(sum(weights.values()), 1e-9)
    return {state: share / total for state, share in weights.items()}


def poses(
    times_s: np.ndarray,
    schedule: list[tuple[str, float, float]],
    *,
    length_px: float,
    left_px: float,
    right_px: float,
    water_px: float,
    vigour: float,
    rng: np.random.Generator,
) -> Poses:
    """Poses of an animal that follows the schedule between two walls."""
    weights = state_weights(times_s, schedule)
    step_s = np.diff(times_s, prepend=times_s[0])
    x, heading = _course(weights, step_s, length_px, left_px, right_px, vigour, rng)
    strokes_hz = weighted_by_state(STROKES_HZ, weights) * (1 + 0.15 * _wander(times_s, 0.5, rng)) * np.sqrt(vigour)
    phase = 2 * np.pi * np.cumsum(strokes_hz * step_s) + rng.uniform(0, 6)
    reach = weighted_by_state(STROKE_RAD, weights) * vigour * (1 + 0.2 * _wander(times_s, 0.8, rng))
    still = weights["immobility"]
    offsets = np.array([0.0, np.pi, np.pi * 0.9, 0.1]) + rng.uniform(-0.4, 0.4, 4)
    limbs = (
        reach[:, None] * np.sin(phase[:, None] + offsets) + still[:, None] * 0.05 * _wander(times_s, 0.2, rng)[:, None]
    )
    tail = 0.5 * _wander(times_s, 0.25, rng) + 0.35 * (1 - still) * np.sin(phase * 0.5)
    bob = 0.02 * _wander(times_s, 0.5, rng) + 0.02 * (1 - still) * np.sin(phase)
    y = water_px + length_px * (0.12 - weighted_by_state(RISE, weights) + bob)
    pitch = weighted_by_state(PITCH_RAD, weights) + 0.06 * _wander(times_s, 0.3, rng)
    return Poses(x, y, pitch, heading, limbs, tail)


def _course(
    weights: dict[str, np.ndarray],
    step_s: np.ndarray,
    length_px: float,
    left_px: float,
    right_px: float,
    vigour: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Position between the walls and heading (1 right, -1 left, in between while turning), both (n,)."""
    speed = weighted_by_state(SPEED_PER_S, weights) * vigour * length_px
    low, high = left_px + 0.38 * length_px, right_px - 0.38 * length_px
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
    """A smooth random signal (n,) of standard deviation about 1, changing about ``pace_hz`` times a second."""
    knots_s = np.arange(times_s[0] - 1 / pace_hz, times_s[-1] + 2 / pace_hz, 0.5 / pace_hz)
    smooth = np.convolve(rng.normal(size=len(knots_s)), [0.25, 0.5, 0.25], "same") / 0.61
    return np.interp(times_s, knots_s, smooth)


def capsules(pose: Poses) -> np.ndarray:
    """The body of each pose as capsules (n, parts, 5): x0, y0, x1, y1, radius, in body lengths from its middle."""
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
        parts += _limb(x, y, rest + pose.limbs_rad[:, index], 0.13 if index < 2 else 0.16, 0.055, 0.04)
    parts += _limb(-0.43, 0.03, np.pi - 0.3 + 0.5 * pose.tail_rad, 0.28, 0.03, 0.022, bend=0.7 * pose.tail_rad)
    body = np.stack(parts, axis=1)
    return _turned(body, pose.pitch_rad, pose.heading)


def _limb(
    x: float, y: float, angle: np.ndarray, length: float, thick: float, thin: float, bend: np.ndarray | float = 0.4
) -> list[np.ndarray]:
    """Two segments hinged at (x, y), each (n, 5)."""
    knee_x, knee_y = x + length * np.cos(angle), y + length * np.sin(angle)
    end_x = knee_x + length * np.cos(angle + bend)
    end_y = knee_y + length * np.sin(angle + bend)
    whole = np.ones_like(angle)
    upper = np.stack([x * whole, y * whole, knee_x, knee_y, thick * whole], axis=-1)
    return [upper, np.stack([knee_x, knee_y, end_x, end_y, thin * whole], axis=-1)]


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
    """How much of each pixel of a small window the body covers, (n, height, width), 0 to 1.

    ``centre_px`` (n, 2) is where in the window the middle of the trunk lies (x, y).
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
        share = np.clip(((xs - x0) * along_x + (ys - y0) * along_y) / np.maximum(along_x**2 + along_y**2, 1e-6), 0, 1)
        distance = np.sqrt((xs - x0 - share * along_x) ** 2 + (ys - y0 - share * along_y) ** 2) - radius
        here = nearest[:, top:bottom, left:right]
        np.minimum(here, distance, out=here)
    return np.clip(0.5 - nearest, 0, 1)
