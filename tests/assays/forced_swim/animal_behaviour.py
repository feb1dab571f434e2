"""Behaviour of the second way of drawing: what an animal does when, and how its body and limbs move.

Written from descriptions of the test, independently of ketaflow's own simulation. Centimetres and seconds;
x to the right, y away from the camera, z up from the water surface; everything at 100 steps a second, so that a film of
any rate shows the same swim.
"""

from dataclasses import dataclass

import numpy as np

STEP_S = 0.01
KINDS = {
    # body length (cm), pitch while floating, while swimming (degrees), hind strokes a second, speed (body lengths/s)
    "mouse": {"length": 7.5, "float": (12, 38), "swim": (5, 28), "strokes": (3.0, 5.0), "speed": (0.15, 1.3)},
    "rat": {"length": 16.0, "float": (30, 62), "swim": (12, 42), "strokes": (2.2, 3.6), "speed": (0.1, 0.8)},
}
TYPICAL_S = {"immobility": (3.5, 0.75), "swimming": (4.0, 0.65), "climbing": (2.8, 0.45), "diving": (1.8, 0.15)}


@dataclass
class Performance:
    """Every quantity (n,) at 100 Hz; ``bouts`` are the states with their start and stop."""

    bouts: list[tuple[str, float, float]]
    track: dict[str, np.ndarray]
    length: float

    def at(self, time_s: float) -> dict[str, float]:
        """All quantities at one moment."""
        place = min(max(time_s / STEP_S, 0), len(self.track["x"]) - 1.001)
        low, part = int(place), place % 1
        return {name: values[low] * (1 - part) + values[low + 1] * part for name, values in self.track.items()}


def score(rng: np.random.Generator, start_s: float, stop_s: float, despair: float, dives: float = 0.06) -> list:
    """A sequence of states; ``despair`` 0 never rests, 1 floats nearly always."""
    bouts, now_s, last = [], start_s, ""
    while now_s < stop_s - 0.5:
        odds = {
            "immobility": despair,
            "swimming": 0.75 * (1 - despair),
            "climbing": 0.33 * (1 - despair),
            "diving": dives,
        }
        if last == "":
            odds["immobility"] = 0.0
        odds.pop(last, None)
        names = list(odds)
        weights = np.array([odds[name] for name in names]) + 1e-9
        if despair == 0:
            weights[[name == "immobility" for name in names]] = 0
        last = str(rng.choice(names, p=weights / weights.sum()))
        median, spread = TYPICAL_S[last]
        longer = 1 + 1.5 * despair if last == "immobility" else 1.0
        length_s = float(np.clip(median * longer * rng.lognormal(0, spread), 1.2, 25))
        bouts.append((last, now_s, min(now_s + length_s, stop_s)))
        now_s += length_s
    name, begin_s, _ = bouts[-1]
    bouts[-1] = (name, begin_s, stop_s)
    return bouts


def perform(rng: np.random.Generator, bouts: list, radius: float, depth: float, kind: str, scale: float = 1.0):
    """Move the body through ``bouts`` in a cylinder of that radius and depth of water."""
    ways = KINDS[kind]
    length = ways["length"] * scale
    n = round(bouts[-1][2] / STEP_S) + 2
    aims = _aims(rng, bouts, n, ways, length)
    track = _travel(rng, aims, n, radius, depth, length)
    for limb in ("hind", "fore"):
        wander = np.cumsum(rng.normal(0, 1, n)) * 0.012
        rate = aims[f"{limb}_hz"] * np.exp(0.12 * np.sin(wander))
        track[f"{limb}_phase"] = np.cumsum(rate) * STEP_S
        track[f"{limb}_swing"] = _eased(aims[f"{limb}_swing"], 0.07)
    strokes = track["hind_swing"] + track["fore_swing"] * (1 + aims["climb"])
    track["waves"] = _decaying(strokes, 1.3)
    track["splash"] = _eased(aims["climb"], 0.15)
    track["bend"] = 0.35 * np.sin(2 * np.pi * 0.5 * track["hind_phase"]) * track["hind_swing"] + 0.25 * np.sin(
        np.cumsum(rng.normal(0, 1, n)) * 0.02
    )
    return Performance(bouts, track, length)


def _aims(rng: np.random.Generator, bouts: list, n: int, ways: dict, length: float) -> dict[str, np.ndarray]:
    """What the animal wants at each step: posture, speed, strokes."""
    aims = {
        name: np.zeros(n) for name in ("pitch", "speed", "turn", "hind_swing", "fore_swing", "climb", "dive", "rest")
    }
    aims["hind_hz"], aims["fore_hz"] = np.full(n, np.mean(ways["strokes"])), np.full(n, 5.0)
    for state, start_s, stop_s in bouts:
        span = slice(round(start_s / STEP_S), n if (state, start_s, stop_s) == bouts[-1] else round(stop_s / STEP_S))
        count = len(range(*span.indices(n)))
        if state == "immobility":
            aims["rest"][span], aims["pitch"][span] = 1, rng.uniform(*ways["float"])
            aims["hind_swing"][span] = _balancing(rng, count)
        elif state == "climbing":
            aims["climb"][span], aims["pitch"][span] = 1, rng.uniform(62, 84)
            aims["fore_swing"][span], aims["hind_swing"][span] = rng.uniform(0.9, 1.2), rng.uniform(0.6, 0.9)
            aims["fore_hz"][span], aims["hind_hz"][span] = rng.uniform(4.5, 7), rng.uniform(3, 4.5)
        else:
            diving = state == "diving"
            aims["pitch"][span] = rng.uniform(*ways["swim"])
            aims["speed"][span] = length * rng.uniform(*ways["speed"])
            aims["turn"][span] = rng.normal(0, 0.9)
            aims["hind_hz"][span] = rng.uniform(*ways["strokes"]) * (1.2 if diving else 1)
            aims["hind_swing"][span] = rng.uniform(0.65, 1.1) * (1 if diving else _with_glides(rng, count))
            aims["fore_swing"][span] = rng.uniform(0.1, 0.7)
            if diving:
                half = count // 2
                aims["dive"][span.start : span.start + int(1.2 * half)] = 1
                aims["pitch"][span.start : span.start + half] = -rng.uniform(35, 65)
                aims["pitch"][span.start + half : span.start + count] = rng.uniform(30, 60)
    return aims


def _balancing(rng: np.random.Generator, count: int) -> np.ndarray:
    """Single small strokes of one hind leg that keep the head up, every few seconds."""
    swing, place = np.zeros(count), 0
    while True:
        place += int(rng.exponential(3.0) / STEP_S) + 60
        if place >= count - 60:
            return swing
        swing[place : place + int(rng.uniform(0.2, 0.4) / STEP_S)] = rng.uniform(0.2, 0.5)


def _with_glides(rng: np.random.Generator, count: int) -> np.ndarray:
    """Swimming is not all strokes: short glides of less than half a second."""
    swing = np.ones(count)
    for place in np.flatnonzero(rng.random(count) < STEP_S / 4):
        swing[place : place + int(rng.uniform(0.15, 0.45) / STEP_S)] = 0.15
    return swing


def _travel(rng: np.random.Generator, aims: dict, n: int, radius: float, depth: float, length: float) -> dict:
    """Place, heading and pitch of the trunk, step by step."""
    place, heading = rng.normal(0, 0.25, 2) * radius, rng.uniform(0, 2 * np.pi)
    velocity, spin, pitch, sunk = np.zeros(2), 0.0, 20.0, 0.0
    reach = max(0.25 * radius, radius - 0.42 * length)
    names = ("x", "y", "z", "yaw", "pitch")
    track = {name: np.zeros(n) for name in names}
    bob, gusts = np.cumsum(rng.normal(0, 1, n)) * 0.03, rng.normal(0, 1, (n, 3))
    for i in range(n):
        ahead = np.array([np.cos(heading), np.sin(heading)])
        out = place / max(np.hypot(*place), 1e-6)
        if aims["rest"][i]:
            velocity *= 1 - STEP_S / 1.3
            velocity += gusts[i, :2] * 0.006 * length
            spin *= 1 - STEP_S / 1.4
            spin += gusts[i, 2] * 0.012
            near = reach
        elif aims["climb"][i]:
            side = np.arctan2(*out[::-1]) - heading
            spin = 4 * np.arctan2(np.sin(side), np.cos(side)) + 2.0 * gusts[i, 2] * 0.2
            near = radius - 0.2 * length
            velocity += (out * (near - np.hypot(*place)) * 3 - velocity) * STEP_S / 0.2
        else:
            spin += (aims["turn"][i] + _away(place, ahead, reach) - spin) * STEP_S / 0.15 + gusts[i, 2] * 0.08
            velocity += (ahead * aims["speed"][i] - velocity) * STEP_S / 0.35
            near = reach
        place = place + velocity * STEP_S
        if np.hypot(*place) > near:
            place *= 1 - 0.06 * (1 - near / np.hypot(*place))
            velocity -= 0.2 * out * max(0.0, velocity @ out)
        heading += spin * STEP_S
        pitch += (aims["pitch"][i] - pitch) * STEP_S / 0.3
        sunk += (aims["dive"][i] * 0.55 * depth - sunk) * STEP_S / 0.35
        surface = -0.10 * length - 0.14 * length * abs(np.sin(np.radians(max(pitch, 0))))
        heave = 0.05 * length * aims["climb"][i] * np.sin(2 * np.pi * 2.1 * i * STEP_S)
        track["x"][i], track["y"][i], track["yaw"][i], track["pitch"][i] = *place, heading, pitch
        track["z"][i] = surface - sunk + heave + 0.012 * length * np.sin(bob[i])
    return track


def _away(place: np.ndarray, ahead: np.ndarray, reach: float) -> float:
    """Turning (radians/s) that keeps a swimmer off the wall."""
    far = np.hypot(*place) / reach
    if far < 0.6 or place @ ahead < 0:
        return 0.0
    side = place[0] * ahead[1] - place[1] * ahead[0]
    return float(np.sign(side) or 1.0) * 3.0 * min(far, 1.3)


def _eased(aim: np.ndarray, tau_s: float) -> np.ndarray:
    """A first-order approach to the aim."""
    eased, now = np.empty_like(aim), 0.0
    for i, value in enumerate(aim):
        now += (value - now) * STEP_S / tau_s
        eased[i] = now
    return eased


def _decaying(drive: np.ndarray, tau_s: float) -> np.ndarray:
    """Waves build up quickly and die away slowly."""
    waves, now = np.empty_like(drive), 0.0
    for i, value in enumerate(drive):
        now += (value - now) * STEP_S / (0.25 if value > now else tau_s)
        waves[i] = now
    return waves
