"""Optics of the second way of drawing: perspective, refraction, reflections, ripples, and the animal in the scene.

Centimetres in the world (z up from the table), grey levels 0 to 255 in the picture. The body is a union of discs, drawn
once above and once below the water, for glass and water shift what is below sideways.
"""

from dataclasses import dataclass, field

import numpy as np
from animal_behaviour import Performance


@dataclass(frozen=True)
class Camera:
    """A pinhole looking at the middle of the row."""

    width: int
    height: int
    focal: float
    away: float
    above: float
    roll_deg: float

    def project(self, x, y, z) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Column, row and pixels per centimetre of points in the world (z from the middle of the cylinders)."""
        x, y, z = np.broadcast_arrays(np.asarray(x, float), y, z)
        down = np.arctan2(self.above, self.away)
        ahead = (y + self.away) * np.cos(down) + (self.above - z) * np.sin(down)
        up = (z - self.above) * np.cos(down) + (y + self.away) * np.sin(down)
        right, up = self.focal * x / ahead, self.focal * up / ahead
        roll = np.radians(self.roll_deg)
        u = self.width / 2 + right * np.cos(roll) - up * np.sin(roll)
        return u, self.height / 2 - up * np.cos(roll) - right * np.sin(roll), self.focal / ahead


@dataclass
class Vessel:
    """One cylinder: where it stands, how large it is, how deep its water."""

    x: float
    radius: float
    height: float
    water: float  # surface above the table
    middle: float  # height of the picture's middle above the table

    def apparent(self, x, y, below) -> np.ndarray:
        """Where a point at (x, y) from the axis seems to be; a glass of water magnifies, most at its far wall."""
        side = np.asarray(x) / (1 - 0.25 * (1 + np.clip(np.asarray(y) / self.radius, -1, 1))) / self.radius
        side = side / (1 + np.abs(side) ** 6) ** (1 / 6)
        return self.x + np.where(below, side * self.radius, x)


@dataclass
class Look:
    """Grey levels and strengths of a scene."""

    wall: float = 190
    table: float = 150
    water: float = 175
    fur: float = 30
    belly: float = 12  # added on the underside
    skin: float = 95  # paws and tail
    clear: float = 0.9  # how much of the animal the water lets through
    ripple: float = 5.0
    mirror: float = 0.3
    glints: float = 25.0
    lamp: float = 0.25
    vignette: float = 0.3
    clutter: float = 25.0
    dividers: bool = False
    extra: dict = field(default_factory=dict)


class Stage:
    """The still part of the scene, and the drawing of one moment into it."""

    def __init__(self, camera: Camera, vessels: list[Vessel], look: Look, rng: np.random.Generator):
        self.camera, self.vessels, self.look = camera, vessels, look
        rows, columns = np.mgrid[: camera.height, : camera.width].astype(np.float32)
        self.rows, self.columns = rows, columns
        self.light = self._light(rng)
        self.still = self._room(rng)
        self.pools = [self._fill(vessel, rng) for vessel in vessels]

    def _light(self, rng: np.random.Generator) -> np.ndarray:
        """Lamp gradient and vignetting, as a factor."""
        height, width = self.rows.shape
        u, v = self.columns / width - 0.5, self.rows / height - 0.5
        turn = rng.uniform(0, 2 * np.pi)
        lamp = 1 + self.look.lamp * (u * np.cos(turn) + v * np.sin(turn))
        return (lamp * (1 - self.look.vignette * 2 * (u**2 + v**2))).astype(np.float32)

    def _room(self, rng: np.random.Generator) -> np.ndarray:
        """Wall, table and the things that stand about."""
        height, width = self.rows.shape
        _, edge, _ = self.camera.project(0, 25, -self.vessels[0].middle)
        tilt = np.tan(np.radians(self.camera.roll_deg))
        line = edge - (self.columns - width / 2) * tilt
        share = np.clip((self.rows - line) / 2 + 0.5, 0, 1)
        room = self.look.wall + (self.look.table - self.look.wall) * share
        for _ in range(5):
            left, top = rng.uniform(-0.1, 1) * width, rng.uniform(-0.1, 0.55) * height
            box = (abs(self.columns - left) < rng.uniform(0.02, 0.12) * width) & (
                abs(self.rows - top) < rng.uniform(0.02, 0.15) * height
            )
            room = room + box * rng.uniform(-1, 1) * self.look.clutter
        if self.look.dividers:
            for vessel in self.vessels:
                for side in (-1, 1):
                    u, _, scale = self.camera.project(vessel.x + side * 1.25 * vessel.radius, 0, 0)
                    room[:, max(0, int(u)) : int(u + 0.8 * scale) + 1] *= 0.8
        return room.astype(np.float32)

    def _fill(self, vessel: Vessel, rng: np.random.Generator) -> dict:
        """Draw an empty cylinder into the room, and prepare the patterns its ripples are made of."""
        look, camera = self.look, self.camera
        low, top = -vessel.middle, vessel.height - vessel.middle
        u0, v0, scale = camera.project(vessel.x, 0, low)
        u1, v1, _ = camera.project(vessel.x, 0, top)
        _, surface, scale = camera.project(vessel.x, -vessel.radius, vessel.water - vessel.middle)
        axis = u0 + (self.rows - v0) * (u1 - u0) / (v1 - v0)
        side = (self.columns - axis) / (vessel.radius * scale)
        line = surface - (self.columns - axis) * np.tan(np.radians(camera.roll_deg))
        inside = (abs(side) < 1) & (self.rows > v1) & (self.rows < v0)
        wet = inside & (self.rows > line)
        flipped = np.clip(axis - side * vessel.radius * scale * 0.8, 0, camera.width - 1).astype(int)
        behind = self.still[self.rows.astype(int), flipped]
        water = behind + (look.water - behind) * 0.55
        rim = np.exp(-(((abs(side) - 0.97) / 0.025) ** 2)) - 0.7 * np.exp(-(((abs(side) - 0.91) / 0.03) ** 2))
        streak = np.exp(-(((side + rng.uniform(0.4, 0.75)) / 0.04) ** 2))
        still = np.where(wet, water - 25 * abs(side) ** 8, self.still - 6 * inside)
        self.still = (still + inside * (-look.glints * 1.2 * rim + look.glints * streak)).astype(np.float32)
        for z, strength in ((top, 0.9), (low + 0.4, 0.8), (vessel.water - vessel.middle, 0.8)):
            self._ring(self.still, vessel, z, look.glints * strength, 0.0)
        box = (
            slice(max(0, int(surface - 0.3 * (v0 - surface))), min(camera.height, int(v0) + 2)),
            slice(max(0, int(axis.min() - 4)), camera.width),
        )
        box = (
            box[0],
            slice(max(0, int(u0 - 1.15 * vessel.radius * scale)), int(u0 + 1.15 * vessel.radius * scale) + 1),
        )
        depth = np.clip((self.rows - line)[box] / (v0 - surface), 0, 1)
        patterns = []
        for _ in range(5):
            bend = rng.uniform(0.5, 3) * np.sin(self.columns[box] / scale * rng.uniform(0.2, 0.6) + rng.uniform(0, 6))
            wave = np.sin(self.rows[box] / scale * rng.uniform(0.8, 3) + bend)
            patterns.append((wave * wet[box] * (0.25 + np.exp(-depth / 0.15))).astype(np.float32))
        return {"box": box, "patterns": patterns, "rates": rng.uniform(0.7, 2.2, 5), "scale": float(scale)}

    def _ring(self, picture: np.ndarray, vessel: Vessel, z: float, strength: float, wave: float, phase: float = 0.0):
        """A bright ellipse with a dark one below it: a rim, or the meniscus with ``wave`` (cm) running round."""
        angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
        heave = wave * (np.sin(3 * angle + 5 * phase) + 0.7 * np.sin(7 * angle - 8 * phase))
        u, v, _ = self.camera.project(
            vessel.x + vessel.radius * np.cos(angle), vessel.radius * np.sin(angle), z + heave
        )
        for shift, sign in ((0, 1.0), (1.4, -0.9)):
            columns, rows = np.round(u).astype(int), np.round(v + shift).astype(int)
            seen = (columns >= 0) & (columns < picture.shape[1]) & (rows >= 0) & (rows < picture.shape[0])
            picture[rows[seen], columns[seen]] += sign * strength * np.where(np.sin(angle[seen]) < 0, 1, 0.5)

    def draw(self, time_s: float, performances: list[Performance | None], held: list[float]) -> np.ndarray:
        """The scene before light and lens; ``held`` is how high above the water a hand holds each animal (cm)."""
        picture = self.still.copy()
        for vessel, pool, swimmer, lift in zip(self.vessels, self.pools, performances, held, strict=True):
            pose = swimmer.at(time_s) if swimmer is not None else None
            waves = pose["waves"] if pose is not None and lift <= 0 else 0.0
            part = picture[pool["box"]]
            for pattern, rate, number in zip(pool["patterns"], pool["rates"], range(5), strict=True):
                strength = self.look.ripple * (0.08 + 0.6 * waves)
                part += pattern * np.float32(strength * np.sin(2 * np.pi * rate * time_s + number))
            level = vessel.water - vessel.middle
            self._ring(picture, vessel, level, 0.4 * self.look.glints, 0.02 + 0.12 * waves, time_s)
            if pose is not None and lift < 50:
                self._animal(picture, vessel, pose, swimmer.length, lift, time_s)
        return picture

    def _animal(self, picture, vessel, pose, length, lift, time_s) -> None:
        """Tail, far paws, body, near paws: each as discs, below and above the surface."""
        look = self.look
        for discs, level, shade in skeleton(pose, length, look):
            x, y, z, radius = discs.T
            z = z + vessel.water - vessel.middle + max(lift, 0)
            surface = vessel.water - vessel.middle + 0.1 * pose["waves"] * np.sin(9 * time_s + x)
            far = look.clear ** (1 + (y + vessel.radius) / (2 * vessel.radius))
            self._discs(picture, vessel, (x, y, z, radius), surface, True, level, shade, far)
            self._discs(picture, vessel, (x, y, z, radius), surface, False, level, shade, 1.0)
            if look.mirror and lift <= 0 and level == look.fur:
                mirrored = (x, y, 2 * surface - z, radius)
                self._discs(picture, vessel, mirrored, surface, None, level, shade, look.mirror)
        if pose["splash"] > 0.2 and lift <= 0:
            self._drops(picture, vessel, pose, length, time_s)

    def _discs(self, picture, vessel, discs, surface, below, level, shade, seen) -> None:
        """Blend a union of discs; ``below`` True under water, False above it, None mirrored above the water line."""
        x, y, z, radius = discs
        wet = z - radius < surface
        if not (wet if below is True else ~wet | (z + radius > surface)).any():
            return
        ball = self.camera.project(vessel.apparent(x, y, below is not False), y, z)
        u, v, scale = ball
        r = radius * scale
        _, line, _ = self.camera.project(
            vessel.x + x, y if below is False else np.full_like(y, -vessel.radius), surface
        )
        line = float(np.mean(line))
        left, right = int(max(0, (u - r).min() - 2)), int(min(picture.shape[1], (u + r).max() + 3))
        top, bottom = int(max(0, (v - r).min() - 2)), int(min(picture.shape[0], (v + r).max() + 3))
        if below is True:
            top = max(top, int(line) - 1)
        else:
            bottom = min(bottom, int(line) + 2)
        if below is None:
            top = max(top, int(line - 0.14 * vessel.radius * scale.mean()))
        if left >= right or top >= bottom:
            return
        rows, columns = self.rows[top:bottom, left:right], self.columns[top:bottom, left:right]
        u, v, r = (each.astype(np.float32)[:, None, None] for each in (u, v, r))
        apart = (np.sqrt((columns[:1] - u) ** 2 + (rows[:, :1] - v) ** 2) - r).min(axis=0)
        away = (rows[:, :1] - line) if below is True else (line - rows[:, :1])
        cover = np.clip(0.5 - apart, 0, 1) * np.clip(away + 0.5, 0, 1) * np.float32(np.mean(seen))
        fur = level + shade * np.clip((rows - v.mean()) / max(r.max(), 1), -1, 1)
        patch = picture[top:bottom, left:right]
        patch += cover * (fur - patch)

    def _drops(self, picture, vessel, pose, length, time_s) -> None:
        """Water thrown up where the paws break the surface."""
        rng = np.random.default_rng(int(time_s * 25) + int(1000 * vessel.x) % 997)
        ahead = np.array([np.cos(pose["yaw"]), np.sin(pose["yaw"])]) * 0.3 * length
        for _ in range(rng.integers(2, 9)):
            x, y = pose["x"] + ahead[0] + rng.normal(0, 1.2), pose["y"] + ahead[1] + rng.normal(0, 1)
            u, v, _ = self.camera.project(vessel.x + x, y, vessel.water - vessel.middle + abs(rng.normal(0.3, 0.9)))
            if 1 <= v < picture.shape[0] - 1 and 1 <= u < picture.shape[1] - 1:
                picture[int(v) : int(v) + 1 + rng.integers(2), int(u)] += rng.choice([-25, 45]) * pose["splash"]


def skeleton(pose: dict[str, float], length: float, look: Look) -> list[tuple[np.ndarray, float, float]]:
    """Discs (x, y, z, radius; z from the surface) of tail, paws and body, with their grey level and shading."""
    pitch, yaw = np.radians(pose["pitch"]), pose["yaw"]
    along = np.linspace(-0.5, 0.5, 11)
    bend = pose["bend"] * (along - 0.1) ** 2
    girth = length * np.interp(along, [-0.5, -0.3, 0, 0.25, 0.36, 0.5], [0.11, 0.18, 0.165, 0.115, 0.105, 0.035])
    curl = yaw + 1.6 * bend
    reach = along * length
    centre = np.array([pose["x"], pose["y"], pose["z"]])
    body = np.column_stack([
        centre[0] + reach * np.cos(pitch) * np.cos(curl), centre[1] + reach * np.cos(pitch) * np.sin(curl),
        centre[2] + reach * np.sin(pitch) + 0.06 * length * (along > 0.3), girth,
    ])  # fmt: skip
    ahead = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
    across = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    down = np.cross(ahead, across) * (-1 if np.cross(ahead, across)[2] > 0 else 1)
    ears = np.stack(
        [[*(body[8, :3] + side * 0.07 * length * across - 0.09 * length * down), 0.05 * length] for side in (-1, 1)]
    )
    paws = {-1: [], 1: []}
    for side in (-1, 1):
        paws[side] = np.concatenate(
            [
                _leg(body[2, :3], side, across, down, ahead, length, pose["hind_phase"], pose["hind_swing"], 0.24),
                _leg(body[7, :3], side, across, down, ahead, length, pose["fore_phase"], pose["fore_swing"], 0.16),
            ]
        )
    wag = pose["hind_swing"] * np.sin(2 * np.pi * 0.5 * pose["hind_phase"])
    s = np.linspace(0, 1, 20)
    sweep = yaw + np.pi + 0.5 * wag * s + 0.6 * np.sin(pose["bend"] * 3) * s
    tail = np.column_stack([
        body[0, 0] + 0.85 * length * s * np.cos(sweep), body[0, 1] + 0.85 * length * s * np.sin(sweep),
        body[0, 2] - 0.85 * length * s * (0.25 + 0.5 * np.sin(max(pitch, 0))), length * (0.035 - 0.022 * s),
    ])  # fmt: skip
    near = -1 if across[1] > 0 else 1
    return [
        (paws[-near], look.skin, 0.0), (tail, look.skin, 0.0), (body, look.fur, look.belly),
        (ears, 0.5 * (look.fur + look.skin), 0.0), (paws[near], look.skin, 0.0),
    ]  # fmt: skip


def _leg(hip, side, across, down, ahead, length, phase, swing, size) -> np.ndarray:
    """Thigh to paw as five discs; hind and fore legs of both sides stroke in turn."""
    angle = 2 * np.pi * (phase + 0.25 * side)
    back = -0.5 + 1.1 * swing * np.sin(angle)
    stretch = size * length * (0.75 + 0.35 * swing * np.cos(angle))
    way = down * np.cos(back) + ahead * np.sin(back)
    steps = np.linspace(0.35, 1, 5)[:, None]
    at = hip + side * 0.11 * length * across + steps * stretch * way
    return np.column_stack([at, length * np.linspace(0.05, 0.03, 5)])
