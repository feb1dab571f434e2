"""Videos of simulated animals: scene, water, ripples, noise, and the encoder.

In: a scene and what each animal does. Out: frames, and a video file of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ketaflow.assays.forced_swim.simulation import simulated_mouse
from ketaflow.assays.forced_swim.simulation.swim_plan import parse_states

CHUNK = 16


def cylinder_boxes(scene: dict) -> list[dict]:
    """Where the cylinders stand: left, right, top, bottom, water at the left and at the right (pixels)."""
    width, height = int(scene["width_px"]), int(scene["height_px"])
    count = int(scene.get("cylinders", 1))
    pitch = width / (count + 0.25)
    body = min(0.78 * pitch, 0.62 * height)
    boxes = []
    for index in range(count):
        middle = width / 2 + (index - (count - 1) / 2) * pitch
        water = 0.42 * height
        boxes.append({
            "left": middle - body / 2, "right": middle + body / 2, "top": 0.12 * height, "bottom": 0.9 * height,
            "water": water, "tilt": scene["tilt_px"] * body,
        })  # fmt: skip
    return boxes


@dataclass
class DrawnAnimal:
    """One animal to be drawn: its capsules and corners at every frame, and when it is in the water."""

    body: np.ndarray
    corner: np.ndarray
    centre: np.ndarray
    in_water: np.ndarray
    length_px: float
    window: int
    walls_px: tuple[int, int]
    surface_px: float
    start_s: float

    def covers(self, span: slice) -> np.ndarray:
        """Coverage (n, window, window) of a run of frames; zero while the animal is away."""
        if not self.in_water[span].any():
            return np.zeros((len(self.in_water[span]), 1, 1), np.float32)
        shape = (self.window, self.window)
        cover = simulated_mouse.coverage(self.body[span], self.centre[span], self.length_px, shape)
        return cover * self.in_water[span][:, None, None]


def frames(animals: list[dict], rng: np.random.Generator) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (time_s, picture) of the video, pictures (height, width) uint8."""
    scene = animals[0]
    times_s = np.arange(round(scene["duration_s"] * scene["fps"])) / scene["fps"]
    kept = rng.random(len(times_s)) >= scene["drop_frames_pct"] / 100
    boxes = cylinder_boxes(scene)
    room = empty_scene(scene, boxes)
    light = 1 + scene["light_drift"] * times_s / scene["duration_s"]
    light *= 1 + scene["flicker"] * np.sin(2 * np.pi * 100.07 * times_s)
    margin = 64
    noise = rng.normal(0, scene["noise_sd"], np.add(room.shape, margin)).astype(np.float32)
    shifts = rng.integers(0, margin, (len(times_s), 2))
    ripples = [Ripples(box, scene, rng) for box in boxes]
    animals_drawn = drawn_animals(animals, boxes, times_s)
    for first in range(0, len(times_s), CHUNK):
        covers = [one.covers(slice(first, first + CHUNK)) for one in animals_drawn]
        for frame in range(first, min(first + CHUNK, len(times_s))):
            if not kept[frame]:
                continue
            picture = room.copy()
            for ripple in ripples:
                ripple.add(picture, times_s[frame])
            for one, cover in zip(animals_drawn, covers, strict=True):
                draw_animal(picture, one, frame, cover[frame - first], scene)
                draw_hand(picture, one, times_s[frame])
            dy, dx = shifts[frame]
            picture *= light[frame]
            picture += noise[dy : dy + room.shape[0], dx : dx + room.shape[1]]
            if scene.get("fault") == "black" and frame > len(times_s) // 2:
                picture[:] = 16
            yield times_s[frame], np.clip(picture, 0, 255, out=picture).astype(np.uint8)


def drawn_animals(animals: list[dict], boxes: list[dict], times_s: np.ndarray) -> list[DrawnAnimal]:
    """The animals of a video, each with its own chance; a second one where two share a cylinder."""
    found = []
    for animal in animals:
        if animal.get("fault") == "empty_cylinder":
            continue
        box, count = boxes[int(animal["cylinder"]) - 1], 1 + (animal.get("fault") == "two_animals")
        width = (box["right"] - box["left"]) / count
        for index in range(count):
            left = box["left"] + index * width
            lane = {**box, "left": left, "right": left + width, "width": box["right"] - box["left"]}
            found.append(drawn_animal(animal, lane, times_s, int(animal["seed"]) + index))
    return found


def drawn_animal(animal: dict, lane: dict, times_s: np.ndarray, seed: int) -> DrawnAnimal:
    """One animal following its schedule between the walls of its lane."""
    planned = parse_states(animal["states"])
    length_px = animal["body_length"] * lane["width"]
    pose = simulated_mouse.poses(
        times_s,
        planned,
        length_px=length_px,
        left_px=lane["left"],
        right_px=lane["right"],
        water_px=lane["water"],
        vigour=animal["vigour"],
        rng=np.random.default_rng(seed),
    )
    window = int(np.ceil(1.9 * length_px)) + 2
    centre = np.stack([pose.x_px, pose.y_px], axis=1)
    corner = np.round(centre - window / 2).astype(int)
    in_water = (times_s >= planned[0][1]) & (times_s < planned[-1][2])
    walls = (round(lane["left"]) + 1, round(lane["right"]))
    body = simulated_mouse.capsules(pose)
    return DrawnAnimal(body, corner, centre - corner, in_water, length_px, window, walls, lane["water"], planned[0][1])


def draw_animal(picture: np.ndarray, one: DrawnAnimal, frame: int, cover: np.ndarray, scene: dict) -> None:
    """Lay an animal over the picture, paler under water, with its mirror image below the surface."""
    if not one.in_water[frame]:
        return
    x, y = one.corner[frame]
    row = int(one.surface_px) - y
    between = picture[:, one.walls_px[0] : one.walls_px[1]]
    x -= one.walls_px[0]
    blend(between, cover, x, y, scene["body_level"])
    if scene["reflection"] > 0 and 0 < row < one.window:
        mirrored = cover[:row][::-1] * (scene["reflection"] * np.exp(-np.arange(row) / (0.25 * one.length_px)))[:, None]
        blend(between, mirrored.astype(np.float32), x, y + row, scene["body_level"])


def blend(picture: np.ndarray, cover: np.ndarray, x: int, y: int, level: float) -> None:
    """Mix a grey level into the picture where ``cover`` (0 to 1) lies, cut at the picture's edges."""
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + cover.shape[1], picture.shape[1]), min(y + cover.shape[0], picture.shape[0])
    if x0 < x1 and y0 < y1:
        here = picture[y0:y1, x0:x1]
        here += cover[y0 - y : y1 - y, x0 - x : x1 - x] * (level - here)


def draw_hand(picture: np.ndarray, one: DrawnAnimal, time_s: float) -> None:
    """The hand that lets the animal into the water, and its arm, from one second before to one after."""
    apart_s = time_s - one.start_s
    if not -1.0 < apart_s < 1.0:
        return
    half = 0.18 * one.length_px * 1.5
    tip = int(one.surface_px * (1 - abs(apart_s)) if apart_s > 0 else one.surface_px * (1 + apart_s))
    middle = sum(one.walls_px) / 2
    picture[: max(tip, 0), int(middle - half) : int(middle + half)] = 120


class Ripples:
    """Waves on and just below the surface of one cylinder: three standing waves of unlike pace."""

    def __init__(self, box: dict, scene: dict, rng: np.random.Generator):
        """Lay out the waves over the rows and columns they touch."""
        self.left, self.right = round(box["left"]) + 2, round(box["right"]) - 1
        reach = max(2, round(0.025 * scene["height_px"]))
        self.top = round(box["water"]) - reach
        xs = np.arange(self.right - self.left) / max(self.right - self.left, 1)
        depth = np.exp(-(((np.arange(2 * reach + 1) - reach) / reach) ** 2) * 2)
        self.paces_hz = rng.uniform(0.4, 2.2, 3)
        turns = rng.uniform(1.5, 6, 3)[:, None]
        self.waves = scene["ripple"] / 2 * np.sin(2 * np.pi * (xs * turns + rng.random((3, 1))))
        self.depth = depth[:, None].astype(np.float32)

    def add(self, picture: np.ndarray, time_s: float) -> None:
        """Add the waves of one moment."""
        height = np.sin(2 * np.pi * self.paces_hz * time_s) @ self.waves
        rows = slice(self.top, self.top + len(self.depth))
        picture[rows, self.left : self.right] += self.depth * height.astype(np.float32)


def empty_scene(scene: dict, boxes: list[dict]) -> np.ndarray:
    """The room without animals: wall, table, glass, water, and the light falling off to the sides."""
    height, width = int(scene["height_px"]), int(scene["width_px"])
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    level = scene["wall_level"]
    room = level * (1 - 0.12 * ((xs / width - 0.5) ** 2 + (ys / height - 0.5) ** 2) * 2)
    room[ys > boxes[0]["bottom"] + 0.02 * height] *= 0.8
    for box in boxes:
        surface = box["water"] + box["tilt"] * ((xs - box["left"]) / (box["right"] - box["left"]) - 0.5)
        inside = (xs > box["left"]) & (xs < box["right"]) & (ys > box["top"]) & (ys < box["bottom"])
        wet = inside & (ys > surface)
        room[wet] = room[wet] * 0.9 + 0.03 * level
        room -= 0.2 * level * np.exp(-((ys - surface) ** 2) / 2.0) * inside
        glass = np.exp(-((xs - box["left"]) ** 2) / 2) + np.exp(-((xs - box["right"]) ** 2) / 2)
        room -= 0.3 * level * glass * ((ys > box["top"]) & (ys < box["bottom"] + 1))
        across = (xs > box["left"]) & (xs < box["right"])
        room -= 0.25 * level * np.exp(-((ys - box["bottom"]) ** 2) / 3) * across
        room += 0.06 * level * np.exp(-((xs - box["left"] * 0.8 - box["right"] * 0.2) ** 2) / 8) * inside
    return room


def encode_video(pictures: Iterator[tuple[float, np.ndarray]], path: Path, scene: dict) -> None:
    """Write pictures with their times as a video; the encoder and container as the scene asks."""
    import av

    codec = scene["codec"]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(scene["fps"]).limit_denominator(1000))
        stream.width, stream.height = int(scene["width_px"]) // 2 * 2, int(scene["height_px"]) // 2 * 2
        stream.pix_fmt = "pal8" if codec == "rawvideo" else "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "23"}
            stream.codec_context.gop_size = 50
        elif codec != "rawvideo":
            stream.bit_rate = 2_000_000
        stream.codec_context.thread_count = 1
        for time_s, picture in pictures:
            frame = video_frame(picture[: stream.height, : stream.width], stream.pix_fmt)
            frame.pts = round(time_s * float(stream.codec_context.framerate))
            frame.time_base = 1 / stream.codec_context.framerate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def video_frame(picture: np.ndarray, pixel_format: str):
    """A grey picture as a frame of the encoder's pixel format."""
    import av

    if pixel_format == "pal8":
        greys = np.arange(256, dtype=np.uint8)
        palette = np.stack([np.full(256, 255, np.uint8), greys, greys, greys], axis=1)
        return av.VideoFrame.from_ndarray((picture, palette), format="pal8")
    height, width = picture.shape
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = picture
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
