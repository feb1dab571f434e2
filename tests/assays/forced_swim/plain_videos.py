"""The third way of drawing swims, as plain as possible: flat tones, an ellipse, a head, four paws, a line for a tail.

Motion and threshold were developed without these videos; the detection of walls, water line and background was improved
on them. Bodies travel, lean and paddle; floating bodies only bob and drift.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from skimage.draw import disk, ellipse, polygon

WIDTH, HEIGHT, FPS, CYLINDERS = 400, 300, 20, 2
TOP, SURFACE, FLOOR = 36, 105, 279


@dataclass(frozen=True)
class Style:
    """Tones in grey levels, sizes in pixels, speed in body lengths a second, ``reach`` of a stroke in body lengths."""

    wall: int = 110
    outside: int = 200
    water: int = 170
    line: int = 230
    fur: int = 50
    noise: float = 3.0
    shade: float = 0.0
    flicker: float = 0.0
    paw: float = 5.0
    reach: float = 0.35
    stroke_hz: float = 4.0
    speed: float = 0.5
    stays: bool = False
    length: float = 39.0
    seed: int = 0


def box(number: int) -> tuple[int, int]:
    """Left and right wall of a cylinder."""
    wide = WIDTH / CYLINDERS
    return int((number + 0.18) * wide), int((number + 0.82) * wide)


def film(path: Path, style: Style, schedules: list[list[tuple[str, float, float]]]) -> None:
    """Write a film of animals that do what the schedules (state, start, stop; s) say."""
    rng = np.random.default_rng(style.seed)
    scene = empty(style)
    places = [sum(box(number)) / 2 for number in range(CYLINDERS)]
    ways = [1] * CYLINDERS
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = WIDTH, HEIGHT, "yuv420p", 1
        stream.options = {"preset": "ultrafast", "crf": "20"}
        for index in range(int(schedules[0][-1][2] * FPS)):
            time_s, picture = index / FPS, scene.copy()
            for number, schedule in enumerate(schedules):
                state = next(name for name, start, stop in schedule if start <= time_s < stop)
                places[number], ways[number] = moved(places[number], ways[number], state, box(number), style, time_s)
                draw(picture, places[number], ways[number], state, style, time_s)
            picture = picture * (1 + style.flicker * np.sin(2 * np.pi * 3.1 * time_s))
            picture += style.noise * rng.standard_normal(picture.shape, dtype=np.float32)
            grey = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), "gray8")
            frame = grey.reformat(format="yuv420p")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def empty(style: Style) -> np.ndarray:
    """The scene (height, width) without animals."""
    slope = np.linspace(-0.5, 0.5, HEIGHT)[:, None] + np.linspace(-0.5, 0.5, WIDTH)
    scene = np.full((HEIGHT, WIDTH), style.outside, np.float32) + (style.shade * slope).astype(np.float32)
    for number in range(CYLINDERS):
        left, right = box(number)
        scene[SURFACE:FLOOR, left:right] += style.water - style.outside
        scene[SURFACE - 1 : SURFACE + 1, left:right] = style.line
        for wall in (left, right):
            scene[TOP:FLOOR, wall - 1 : wall + 2] = style.wall
        scene[FLOOR - 2 : FLOOR + 2, left:right] = style.wall
    return scene


def moved(x: float, way: int, state: str, walls: tuple[int, int], style: Style, time_s: float) -> tuple[float, int]:
    """Where an animal is a picture later, and which way it looks: swimming to and fro, climbing at the nearer wall."""
    left, right = walls
    step = 2 * style.length / FPS
    if state == "swimming":
        x += way * style.speed * step
        room = 1.25 * style.length
        way = 1 if x < left + room else -1 if x > right - room else way
    elif state == "climbing" and not style.stays:
        goal = left + 22 if x < (left + right) / 2 else right - 22
        x += float(np.clip(goal - x, -step, step))
    else:
        x += 0.03 * step * np.sin(0.6 * time_s)
    return x, way


def draw(picture: np.ndarray, x: float, way: int, state: str, style: Style, time_s: float) -> None:
    """Put an animal into the picture."""
    long, high = style.length, 0.42 * style.length
    phase = 2 * np.pi * style.stroke_hz * time_s
    lean, y = {
        "swimming": (12 + 6 * np.sin(phase / 4), SURFACE + 0.55 * high + np.sin(phase / 2)),
        "climbing": (80, SURFACE + 0.35 * long + 1.2 * np.sin(phase / 1.5)),
        "immobility": (25, SURFACE + 0.8 * high + 0.6 * np.sin(np.pi * time_s)),
    }[state]
    along = np.array([way * np.cos(np.radians(lean)), -np.sin(np.radians(lean))])
    paint(picture, ellipse(y, x, high, long, picture.shape, np.radians(way * lean)), style.fur)
    head = np.array([x, y]) + 0.9 * long * along
    paint(picture, disk(head[::-1], 0.6 * high, shape=picture.shape), style.fur)
    tail = np.array([x, y]) - 0.95 * long * along
    stroke(picture, tail, tail + np.array([-0.3 * long * way, 0.5 * long]), 2, style.fur)
    beat = style.reach * long * (state != "immobility")
    for number, place in enumerate((-0.5, -0.2, 0.35, 0.6)):
        root, swing = np.array([x, y]) + place * long * along, beat * np.sin(phase + 1.6 * number)
        side = [0.32 * long, -0.27 * long + swing] if place > 0 else [0.32 * long, 0.13 * long + swing]
        stroke(
            picture, root, root + (side if state == "climbing" else [swing, high + 0.22 * long]), style.paw, style.fur
        )


def stroke(picture: np.ndarray, start: np.ndarray, stop: np.ndarray, wide: float, tone: int) -> None:
    """A straight line of a width."""
    along = np.subtract(stop, start) / max(np.hypot(*np.subtract(stop, start)), 1e-9)
    aside = np.array([-along[1], along[0]]) * wide / 2
    corners = np.array([start + aside, stop + aside, stop - aside, start - aside])
    paint(picture, polygon(corners[:, 1], corners[:, 0], picture.shape), tone)


def paint(picture: np.ndarray, pixels: tuple[np.ndarray, np.ndarray], tone: int) -> None:
    """Give pixels a tone."""
    picture[pixels] = tone
