"""Draw forced swim videos whose truth is known, and the tables of the demonstration cohort.

In: rows of the cohort with their truth (what each animal does and when; the scene). Out: a video with water, ripples,
sensor noise, glass edges, a mirror image under the surface and animals with limbs. Same rows and seed, same video.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim import raters, swimmer

SCENE = {
    "fps": 10.0, "width_px": 320, "height_px": 240, "codec": "libx264", "body_level": 45.0, "wall_level": 190.0,
    "noise_sd": 2.0, "ripple": 6.0, "flicker": 0.0, "light_drift": 0.0, "reflection": 0.35, "tilt_px": 0.0,
    "drop_frames_pct": 0.0, "body_length": 0.42, "vigour": 1.0, "seed": 0,
}  # fmt: skip
CHUNK = 16
RELEASE_S = 4.0
SWIM_S = 360.0


def draw(rows: dict[str, list[dict]], folder: Path, *, seed: int) -> None:
    """Write the video that the rows of one group describe below ``folder``."""
    truth = {row["recording"]: row for row in rows["forced_swim_truth"]}
    animals = [{**SCENE, **{k: v for k, v in {**truth[row["recording"]], **row}.items() if v is not None}}
               for row in rows["forced_swim"]]  # fmt: skip
    target = folder / animals[0]["video"]
    target.parent.mkdir(parents=True, exist_ok=True)
    faults = {animal.get("fault", "") for animal in animals}
    if faults & {"zero_byte", "wrong_type"}:
        target.write_bytes(b"" if "zero_byte" in faults else b"recording,animal\nthis is a table,not a video\n")
        return
    encode(frames(animals, np.random.default_rng(seed)), target, animals[0])
    if "truncated" in faults:
        content = target.read_bytes()
        target.write_bytes(content[: len(content) // 3])


def schedule(text: str) -> list[tuple[str, float, float]]:
    """States of a truth row, as (state, start_s, stop_s)."""
    pattern = re.compile(r"\s*([a-z_]+)\s+([0-9.]+)-([0-9.]+)\s*")
    parts = [pattern.fullmatch(part) for part in text.split(";") if part.strip()]
    if not all(parts):
        raise ValueError(f"states must read like 'swimming 5-40; immobility 40-52', found {text!r}")
    return [(part[1], float(part[2]), float(part[3])) for part in parts]


def layout(scene: dict) -> list[dict]:
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
class Swimmer:
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
        cover = swimmer.coverage(self.body[span], self.centre[span], self.length_px, shape)
        return cover * self.in_water[span][:, None, None]


def frames(animals: list[dict], rng: np.random.Generator) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (time_s, picture) of the video, pictures (height, width) uint8."""
    scene = animals[0]
    times_s = np.arange(round(scene["duration_s"] * scene["fps"])) / scene["fps"]
    kept = rng.random(len(times_s)) >= scene["drop_frames_pct"] / 100
    boxes = layout(scene)
    room = empty_scene(scene, boxes)
    light = 1 + scene["light_drift"] * times_s / scene["duration_s"]
    light *= 1 + scene["flicker"] * np.sin(2 * np.pi * 100.07 * times_s)
    margin = 64
    noise = rng.normal(0, scene["noise_sd"], np.add(room.shape, margin)).astype(np.float32)
    shifts = rng.integers(0, margin, (len(times_s), 2))
    ripples = [Ripples(box, scene, rng) for box in boxes]
    animals_drawn = swimmers(animals, boxes, times_s)
    for first in range(0, len(times_s), CHUNK):
        covers = [one.covers(slice(first, first + CHUNK)) for one in animals_drawn]
        for frame in range(first, min(first + CHUNK, len(times_s))):
            if not kept[frame]:
                continue
            picture = room.copy()
            for ripple in ripples:
                ripple.add(picture, times_s[frame])
            for one, cover in zip(animals_drawn, covers, strict=True):
                lay(picture, one, frame, cover[frame - first], scene)
                lower_hand(picture, one, times_s[frame])
            dy, dx = shifts[frame]
            picture *= light[frame]
            picture += noise[dy : dy + room.shape[0], dx : dx + room.shape[1]]
            if scene.get("fault") == "black" and frame > len(times_s) // 2:
                picture[:] = 16
            yield times_s[frame], np.clip(picture, 0, 255, out=picture).astype(np.uint8)


def swimmers(animals: list[dict], boxes: list[dict], times_s: np.ndarray) -> list[Swimmer]:
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
            found.append(swimmer_of(animal, lane, times_s, int(animal["seed"]) + index))
    return found


def swimmer_of(animal: dict, lane: dict, times_s: np.ndarray, seed: int) -> Swimmer:
    """One animal following its schedule between the walls of its lane."""
    planned = schedule(animal["states"])
    length_px = animal["body_length"] * lane["width"]
    pose = swimmer.poses(
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
    body = swimmer.capsules(pose)
    return Swimmer(body, corner, centre - corner, in_water, length_px, window, walls, lane["water"], planned[0][1])


def lay(picture: np.ndarray, one: Swimmer, frame: int, cover: np.ndarray, scene: dict) -> None:
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


def lower_hand(picture: np.ndarray, one: Swimmer, time_s: float) -> None:
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


def encode(pictures: Iterator[tuple[float, np.ndarray]], path: Path, scene: dict) -> None:
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


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Tables of the demonstration cohort: four cylinders to a video, animals of unlike arms side by side.

    Immobility falls with the dose from about 165 s of the scored 240 s (39 % less at 20 mg/kg); SD 20 s.
    """
    order = animals.assign(place=rng.permutation(len(animals)))
    order["turn"] = order.sort_values("place").groupby("arm").cumcount()
    order = order.sort_values(["turn", "place"]).reset_index(drop=True)
    swims, truths = [], []
    for index, animal in order.iterrows():
        number, cylinder = divmod(index, 4)
        dose = float(animal.get("dose_mg_per_kg") or 0.0)
        target_s = float(np.clip(rng.normal(165 - 90 * dose / (dose + 8), 20), 30, 220))
        release_s = RELEASE_S + 2.0 * cylinder
        recording = f"swim_{animal['animal']}"
        swims.append(
            {
                "recording": recording,
                "animal": animal["animal"],
                "video": f"videos/swim_{number + 1:02d}.mp4",
                "cylinder": cylinder + 1,
                "session": "test",
                "hours_after_dose": 24,
            }
        )
        count = min(4, len(order) - 4 * number)
        truths.append(
            {
                "recording": recording,
                "states": plan_states(target_s, release_s, rng),
                "seed": int(rng.integers(1, 1_000_000)),
                "body_length": round(float(rng.normal(0.5, 0.025)), 3),
                "vigour": round(float(rng.normal(1.0, 0.08)), 3),
                "fps": 10,
                "width_px": 320,
                "height_px": 200,
                "duration_s": RELEASE_S + 2.0 * 3 + SWIM_S + 2.0,
                "codec": "libx264",
                "cylinders": count,
                "noise_sd": 2.0,
            }
        )
    by_people = {truth["recording"]: schedule(truth["states"]) for truth in truths[::3]}
    return {
        "forced_swim": pd.DataFrame(swims),
        "forced_swim_truth": pd.DataFrame(truths),
        "forced_swim_human_scores": raters.scored(by_people, rng),
    }


def plan_states(target_s: float, release_s: float, rng: np.random.Generator) -> str:
    """States of a six-minute swim with ``target_s`` of immobility in its last four minutes, as a truth row's text."""
    parts, now = _mobile(release_s, release_s + rng.uniform(40, 75), rng)
    while now < release_s + 120 - 14:
        still = min(rng.uniform(2, 7), release_s + 118 - now)
        parts.append(("immobility", now, now + still))
        more, now = _mobile(now + still, min(now + still + rng.uniform(6, 20), release_s + 120), rng)
        parts += more
    more, now = _mobile(now, release_s + 120, rng)
    parts += more
    count = max(4, round(min(target_s, 240 - target_s) / 7))
    stills = 2 + rng.dirichlet(np.full(count, 1.5)) * (target_s - 2 * count)
    moves = 2 + rng.dirichlet(np.full(count, 1.5)) * (240 - target_s - 2 * count)
    for still, move in zip(stills, moves, strict=True):
        more, now = _mobile(now, now + move, rng)
        parts += [*more, ("immobility", now, now + still)]
        now += still
    return "; ".join(f"{state} {start:.2f}-{stop:.2f}" for state, start, stop in parts if stop - start > 0.01)


def _mobile(start_s: float, stop_s: float, rng: np.random.Generator) -> tuple[list[tuple[str, float, float]], float]:
    """A stretch of swimming, sometimes with climbing of two seconds or more in it."""
    if stop_s - start_s > 5 and rng.random() < 0.45:
        climb_s = rng.uniform(2, min(7, stop_s - start_s - 2))
        middle = start_s + rng.uniform(1, stop_s - start_s - climb_s - 1)
        parts = [("swimming", start_s, middle), ("climbing", middle, middle + climb_s)]
        return [*parts, ("swimming", middle + climb_s, stop_s)], stop_s
    return [("swimming", start_s, stop_s)], stop_s
