"""Videos of simulated animals: each frame shows the room, ripples, the animals and the camera's noise.

In: a scene and what each animal does. Out: frames with their times.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.forced_swim.simulation import constants, simulated_mouse
from ketaflow.assays.forced_swim.simulation.room import CylinderBox, Ripples, SceneTruth, cylinder_boxes, empty_scene
from ketaflow.assays.forced_swim.simulation.simulated_mouse import Lane
from ketaflow.assays.forced_swim.simulation.swim_plan import parse_states


@dataclass(frozen=True)
class AnimalTruth:
    """What one animal does; the columns of ``forced_swim_truth`` with their defaults."""

    cylinder: int
    states: str
    seed: int = 0
    body_length: float = 0.42
    vigour: float = 1.0
    fault: str = ""


@dataclass(frozen=True)
class DrawnAnimal:
    """One animal to be drawn.

    Attributes
    ----------
    body : (n_frames, n_parts, 5) float
        Its capsules.
    corner : (n_frames, 2) int
        Where its window lies in the frame (x, y).
    centre : (n_frames, 2) float
        Where in the window the middle of its trunk lies (x, y).
    in_water : (n_frames,) bool
        Whether it is in the water.
    window : int
        Side of its window (pixels).
    lane : Lane
        Where it swims.
    start_s : float
        Its release (seconds of the video).
    """

    body: np.ndarray
    corner: np.ndarray
    centre: np.ndarray
    in_water: np.ndarray
    length_px: float
    window: int
    lane: Lane
    start_s: float

    @property
    def walls_px(self) -> tuple[int, int]:
        """First column between the walls, and the column after the last."""
        return round(self.lane.left) + 1, round(self.lane.right)

    def covers(self, span: slice) -> np.ndarray:
        """Compute the coverage of some frames.

        Parameters
        ----------
        span : slice
            The frames.

        Returns
        -------
        (n, window, window) float32
            0 to 1; zero while the animal is away.
        """
        if not self.in_water[span].any():
            return np.zeros((len(self.in_water[span]), 1, 1), np.float32)
        shape = (self.window, self.window)
        here = self.in_water[span]
        visible = np.zeros((len(here), *shape), np.float32)
        visible[here] = simulated_mouse.coverage(self.body[span][here], self.centre[span][here], self.length_px, shape)
        return visible


def draw_frames(
    scene: SceneTruth, animals: list[AnimalTruth], rng: np.random.Generator
) -> Iterator[tuple[float, np.ndarray]]:
    """Draw a video.

    Parameters
    ----------
    scene : SceneTruth
        The scene.
    animals : list of AnimalTruth
        What each animal does.
    rng : numpy Generator
        Source of noise, ripples and lost frames.

    Yields
    ------
    float
        Time (seconds).
    (height, width) uint8
        Grey levels.
    """
    times_s = np.arange(round(scene.duration_s * scene.fps)) / scene.fps
    kept = rng.random(len(times_s)) >= scene.drop_frames_pct / 100
    boxes = cylinder_boxes(scene)
    room = empty_scene(scene, boxes)
    light = 1 + scene.light_drift * times_s / scene.duration_s
    light *= 1 + scene.flicker * np.sin(2 * np.pi * constants.FLICKER_HZ * times_s)
    margin = constants.NOISE_MARGIN_PX
    noise = rng.normal(0, scene.noise_sd, np.add(room.shape, margin)).astype(np.float32)
    shifts = rng.integers(0, margin, (len(times_s), 2))
    ripples = [Ripples(box, scene, rng) for box in boxes]
    drawn = drawn_animals(animals, boxes, times_s)
    for first in range(0, len(times_s), constants.CHUNK_FRAMES):
        covers = [one.covers(slice(first, first + constants.CHUNK_FRAMES)) for one in drawn]
        for number in range(first, min(first + constants.CHUNK_FRAMES, len(times_s))):
            if not kept[number]:
                continue
            frame = room.copy()
            for ripple in ripples:
                ripple.add(frame, times_s[number])
            for one, cover in zip(drawn, covers, strict=True):
                draw_animal(frame, one, number, cover[number - first], scene)
                draw_hand(frame, one, times_s[number])
            dy, dx = shifts[number]
            if light[number] != 1:
                frame *= light[number]
            frame += noise[dy : dy + room.shape[0], dx : dx + room.shape[1]]
            if scene.fault == "black" and number > len(times_s) // 2:
                frame[:] = constants.BLACK_LEVEL
            yield times_s[number], np.clip(frame, 0, 255, out=frame).astype(np.uint8)


def drawn_animals(animals: list[AnimalTruth], boxes: list[CylinderBox], times_s: np.ndarray) -> list[DrawnAnimal]:
    """Prepare the animals of a video, each with its own seed; two where ``two_animals`` share a cylinder.

    Parameters
    ----------
    animals : list of AnimalTruth
        What each animal does.
    boxes : list of CylinderBox
        The cylinders.
    times_s : (n_frames,) float
        Seconds of the video.

    Returns
    -------
    list of DrawnAnimal
        One per animal in the water, from left to right within a cylinder; none for an empty cylinder.
    """
    found = []
    for animal in animals:
        if animal.fault == "empty_cylinder":
            continue
        box, count = boxes[animal.cylinder - 1], 1 + (animal.fault == "two_animals")
        width = (box.right - box.left) / count
        for index in range(count):
            left = box.left + index * width
            lane = Lane(left, left + width, box.water, box.right - box.left)
            found.append(drawn_animal(animal, lane, times_s, animal.seed + index))
    return found


def drawn_animal(animal: AnimalTruth, lane: Lane, times_s: np.ndarray, seed: int) -> DrawnAnimal:
    """Prepare one animal that follows its schedule between the walls of its lane.

    Parameters
    ----------
    animal : AnimalTruth
        What it does.
    lane : Lane
        Where it swims.
    times_s : (n_frames,) float
        Seconds of the video.
    seed : int
        Seed of everything left to chance.

    Returns
    -------
    DrawnAnimal
        Body, place and size of the window it is drawn in (pixels), and the frames in which it is in the water.
    """
    planned = parse_states(animal.states)
    length_px = animal.body_length * lane.width
    rng = np.random.default_rng(seed)
    pose = simulated_mouse.poses(times_s, planned, lane, length_px=length_px, vigour=animal.vigour, rng=rng)
    window = int(np.ceil(1.9 * length_px)) + 2
    centre = np.stack([pose.x_px, pose.y_px], axis=1)
    corner = np.round(centre - window / 2).astype(int)
    start_s, stop_s = planned[0].start_s, planned[-1].stop_s
    in_water = (times_s >= start_s) & (times_s < stop_s)
    body = simulated_mouse.capsules(pose)
    return DrawnAnimal(body, corner, centre - corner, in_water, length_px, window, lane, start_s)


def draw_animal(frame: np.ndarray, one: DrawnAnimal, number: int, cover: np.ndarray, scene: SceneTruth) -> None:
    """Draw an animal and its mirror image below the surface into a frame, in place.

    Parameters
    ----------
    frame : (height, width) float32
        Changed in place.
    one : DrawnAnimal
        The animal.
    number : int
        Number of the frame.
    cover : (window, window) float32
        How much of each pixel it covers.
    scene : SceneTruth
        Level of the fur, strength of the mirror image.
    """
    if not one.in_water[number]:
        return
    x, y = one.corner[number]
    row = int(one.lane.water) - y
    left, right = one.walls_px
    between = frame[:, left:right]
    x -= left
    blend(between, cover, x, y, scene.body_level)
    if scene.reflection > 0 and 0 < row < one.window:
        mirrored = cover[:row][::-1] * (scene.reflection * np.exp(-np.arange(row) / (0.25 * one.length_px)))[:, None]
        blend(between, mirrored.astype(np.float32), x, y + row, scene.body_level)


def blend(frame: np.ndarray, cover: np.ndarray, x: int, y: int, level: float) -> None:
    """Mix a grey level into a frame, in place, cut at its edges.

    Parameters
    ----------
    frame : (height, width) float32
        Changed in place.
    cover : (rows, columns) float32
        How much of each pixel takes the level, 0 to 1.
    x, y : int
        Where the cover lies in the frame.
    level : float
        Grey level.
    """
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + cover.shape[1], frame.shape[1]), min(y + cover.shape[0], frame.shape[0])
    if x0 < x1 and y0 < y1:
        here = frame[y0:y1, x0:x1]
        here += cover[y0 - y : y1 - y, x0 - x : x1 - x] * (level - here)


def draw_hand(frame: np.ndarray, one: DrawnAnimal, time_s: float) -> None:
    """Draw the hand that releases the animal, and its arm, in place.

    Parameters
    ----------
    frame : (height, width) float32
        Changed in place.
    one : DrawnAnimal
        The animal.
    time_s : float
        Seconds of the video.
    """
    since_s = time_s - one.start_s
    if not -constants.HAND_S < since_s < constants.HAND_S:
        return
    half = 0.18 * one.length_px * 1.5
    tip = int(one.lane.water * (1 - abs(since_s)) if since_s > 0 else one.lane.water * (1 + since_s))
    middle = sum(one.walls_px) / 2
    frame[: max(tip, 0), int(middle - half) : int(middle + half)] = constants.HAND_LEVEL
