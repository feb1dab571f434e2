"""The room of a simulated video: wall, table, glass and water, and the ripples on its surface.

In: how a scene is drawn. Out: grey levels without animals, and where its cylinders are.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SceneTruth:
    """How a video is drawn; the columns of ``forced_swim_truth`` with their defaults."""

    duration_s: float
    cylinders: int = 1
    fps: float = 10.0
    width_px: int = 320
    height_px: int = 240
    codec: str = "libx264"
    body_level: float = 45.0
    wall_level: float = 190.0
    noise_sd: float = 2.0
    ripple: float = 6.0
    flicker: float = 0.0
    light_drift: float = 0.0
    reflection: float = 0.35
    tilt_px: float = 0.0
    drop_frames_pct: float = 0.0
    fault: str = ""


@dataclass(frozen=True)
class CylinderBox:
    """Position of a cylinder (pixels); ``tilt`` is how much lower the surface is at its right wall."""

    left: float
    right: float
    top: float
    bottom: float
    water: float
    tilt: float


def cylinder_boxes(scene: SceneTruth) -> list[CylinderBox]:
    """Place the cylinders of a scene side by side."""
    width, height = scene.width_px, scene.height_px
    pitch = width / (scene.cylinders + 0.25)
    body = min(0.78 * pitch, 0.62 * height)
    boxes = []
    for index in range(scene.cylinders):
        middle = width / 2 + (index - (scene.cylinders - 1) / 2) * pitch
        tilt = scene.tilt_px * body
        boxes.append(
            CylinderBox(middle - body / 2, middle + body / 2, 0.12 * height, 0.9 * height, 0.42 * height, tilt)
        )
    return boxes


class Ripples:
    """Waves on and just below the surface of one cylinder: three standing waves of different pace."""

    def __init__(self, box: CylinderBox, scene: SceneTruth, rng: np.random.Generator):
        """Lay out the waves over the rows and columns they touch."""
        self.left, self.right = round(box.left) + 2, round(box.right) - 1
        reach = max(2, round(0.025 * scene.height_px))
        self.top = round(box.water) - reach
        xs = np.arange(self.right - self.left) / max(self.right - self.left, 1)
        depth = np.exp(-(((np.arange(2 * reach + 1) - reach) / reach) ** 2) * 2)
        self.paces_hz = rng.uniform(0.4, 2.2, 3)
        turns = rng.uniform(1.5, 6, 3)[:, None]
        self.waves = scene.ripple / 2 * np.sin(2 * np.pi * (xs * turns + rng.random((3, 1))))
        self.depth = depth[:, None].astype(np.float32)

    def add(self, frame: np.ndarray, time_s: float) -> None:
        """Add the waves of one moment to a frame, in place.

        Parameters
        ----------
        frame : (height, width) float32
            Changed in place.
        time_s : float
            Seconds of the video.
        """
        height = np.sin(2 * np.pi * self.paces_hz * time_s) @ self.waves
        rows = slice(self.top, self.top + len(self.depth))
        frame[rows, self.left : self.right] += self.depth * height.astype(np.float32)


def empty_scene(scene: SceneTruth, boxes: list[CylinderBox]) -> np.ndarray:
    """Draw the room without animals: wall, table, glass and water, darker towards the sides.

    Parameters
    ----------
    scene : SceneTruth
        The scene.
    boxes : list of CylinderBox
        The cylinders.

    Returns
    -------
    (height, width) float32
        Grey levels.
    """
    height, width = scene.height_px, scene.width_px
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    level = scene.wall_level
    room: np.ndarray = level * (1 - 0.12 * ((xs / width - 0.5) ** 2 + (ys / height - 0.5) ** 2) * 2)
    room[ys > boxes[0].bottom + 0.02 * height] *= 0.8
    for box in boxes:
        surface = box.water + box.tilt * ((xs - box.left) / (box.right - box.left) - 0.5)
        inside = (xs > box.left) & (xs < box.right) & (ys > box.top) & (ys < box.bottom)
        wet = inside & (ys > surface)
        room[wet] = room[wet] * 0.9 + 0.03 * level
        room -= 0.2 * level * np.exp(-((ys - surface) ** 2) / 2.0) * inside
        glass = np.exp(-((xs - box.left) ** 2) / 2) + np.exp(-((xs - box.right) ** 2) / 2)
        room -= 0.3 * level * glass * ((ys > box.top) & (ys < box.bottom + 1))
        across = (xs > box.left) & (xs < box.right)
        room -= 0.25 * level * np.exp(-((ys - box.bottom) ** 2) / 3) * across
        room += 0.06 * level * np.exp(-((xs - box.left * 0.8 - box.right * 0.2) ** 2) / 8) * inside
    return room
