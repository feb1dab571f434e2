"""Videos of simulated animals: scene, water, ripples, noise, and the encoder.

In: a scene and what each animal does. Out: frames with their times, and a video file of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ketaflow.assays.forced_swim.simulation import constants, simulated_mouse
from ketaflow.assays.forced_swim.simulation.simulated_mouse import Lane
from ketaflow.assays.forced_swim.simulation.swim_plan import parse_states


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
class AnimalTruth:
    """What one animal does; the columns of ``forced_swim_truth`` with their defaults."""

    cylinder: int
    states: str
    seed: int = 0
    body_length: float = 0.42
    vigour: float = 1.0
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
        cover = simulated_mouse.coverage(self.body[span], self.centre[span], self.length_px, shape)
        visible: np.ndarray = cover * self.in_water[span][:, None, None]
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


def encode_video(frames: Iterable[tuple[float, np.ndarray]], path: Path, scene: SceneTruth) -> None:
    """Write frames with their times as a video.

    Parameters
    ----------
    frames : iterable of (float, (height, width) uint8)
        Times (seconds) and grey levels.
    path : Path
        The file; its ending decides the container.
    scene : SceneTruth
        Encoder, frame rate and size.
    """
    import av

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(scene.codec, rate=Fraction(scene.fps).limit_denominator(1000))
        stream.width, stream.height = scene.width_px // 2 * 2, scene.height_px // 2 * 2
        stream.pix_fmt = "pal8" if scene.codec == "rawvideo" else "yuv420p"
        if scene.codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "23"}
            stream.codec_context.gop_size = constants.GOP_FRAMES
        elif scene.codec != "rawvideo":
            stream.bit_rate = constants.VIDEO_BIT_RATE
        stream.codec_context.thread_count = 1
        for time_s, image in frames:
            frame = video_frame(image[: stream.height, : stream.width], stream.pix_fmt)
            frame.pts = round(time_s * float(stream.codec_context.framerate))
            frame.time_base = 1 / stream.codec_context.framerate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def video_frame(image: np.ndarray, pixel_format: str) -> Any:
    """Make a frame of PyAV from a grey image.

    Parameters
    ----------
    image : (height, width) uint8
        Grey levels; both sides even.
    pixel_format : str
        ``pal8`` or ``yuv420p``.

    Returns
    -------
    av.VideoFrame
    """
    import av

    if pixel_format == "pal8":
        greys = np.arange(256, dtype=np.uint8)
        palette = np.stack([np.full(256, 255, np.uint8), greys, greys, greys], axis=1)
        pair: Any = (image, palette)
        return av.VideoFrame.from_ndarray(pair, format="pal8")
    height, width = image.shape
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = image
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
