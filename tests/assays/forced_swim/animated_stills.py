"""Films made of photographs of real mice in water: each animal is cut out, and moved as a floating or paddling one.

The photographs are not part of this repository (``stills`` names them in a folder of shared data). The scene behind an
animal is inpainted. An animal is the ratio of the photograph to that scene, so that its head, the bright line of the
meniscus and the limbs below it all move, and water and glass are seen through its rim.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.restoration import inpaint_biharmonic

BOB = 0.015


@dataclass(frozen=True)
class Photograph:
    """A photograph, and for each animal its cylinder (left, right) and the box and meniscus of the animal (pixels)."""

    name: str
    cylinders: tuple[tuple[int, int], ...]
    animals: tuple[tuple[int, int, int, int, int], ...]
    limit: float


# Left, top, right, bottom, meniscus.
STILLS = (
    Photograph(
        "dbscorer_fst_4beakers_frame.png",
        ((84, 115), (134, 165), (182, 213), (233, 267)),
        ((90, 121, 117, 138, 128), (133, 122, 164, 139, 129), (194, 119, 215, 139, 128), (232, 118, 265, 134, 126)),
        0.8,
    ),
    Photograph("dbscorer_fst_single_beaker_frame.png", ((66, 243),), ((83, 108, 236, 192, 156),), 0.78),
)


@dataclass
class Cutout:
    """One animal: the ratio of the photograph to the scene behind it, its place, and the row of the meniscus."""

    ratio: np.ndarray
    left: int
    top: int
    meniscus: int
    walls: tuple[int, int]
    length: float


@dataclass
class Style:
    """How a film is made; lengths in body lengths, rates in Hz."""

    still: int = 0
    zoom: float = 2.0
    fps: float = 15.0
    duration_s: float = 90.0
    rest_share: tuple[float, ...] = (0.5,)
    rest_s: float = 8.0
    noise: float = 1.5
    stroke_hz: tuple[float, ...] = (4.0,)
    reach: float = 0.12
    speed: float = 0.4
    drift: float = 0.1
    release_s: float = 0.0
    flicker: float = 0.0
    mirrored: bool = False
    codec: str = "libx264"
    crf: int = 22
    seed: int = 0


@dataclass
class Truth:
    """For each animal its bouts (state, start, stop; s), and the wall of every cylinder (left, right; pixels)."""

    bouts: list[list[tuple[str, float, float]]] = field(default_factory=list)
    walls: list[tuple[float, float]] = field(default_factory=list)


def style(seed: int, still: int | None = None) -> Style:
    """A film whose every property is left to chance."""
    rng = np.random.default_rng(seed)
    still = int(rng.integers(2)) if still is None else still
    count = len(STILLS[still].animals)
    return Style(
        still=still,
        zoom=float(rng.choice([1.5, 2.0, 3.0]) if still == 0 else rng.choice([0.6, 0.8, 1.0])),
        fps=float(rng.choice([12.5, 15, 25, 30])),
        duration_s=80.0,
        rest_share=tuple(rng.choice([0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95], count)),
        rest_s=float(rng.uniform(4, 12)),
        noise=float(rng.uniform(0.5, 4)),
        stroke_hz=tuple(rng.uniform(2.5, 6, count)),
        reach=float(rng.uniform(0.08, 0.2)),
        speed=float(rng.uniform(0.15, 0.9)),
        drift=float(rng.uniform(0.02, 0.15)),
        release_s=float(rng.choice([0, 0, 3, 5])),
        flicker=float(rng.choice([0, 0, 0.02])),
        mirrored=bool(rng.integers(2)),
        codec=str(rng.choice(["libx264", "mpeg4"])),
        crf=int(rng.integers(18, 28)),
        seed=seed,
    )


def scene_and_cutouts(folder: Path, made: Style) -> tuple[np.ndarray, list[Cutout]]:
    """The scene without animals (height, width; grey levels), and the animals."""
    still = STILLS[made.still]
    image = np.asarray(Image.open(folder / still.name).convert("L"), float)
    mask = np.zeros(image.shape, bool)
    rows = ndimage.median_filter(image, (1, 41 if made.still == 0 else 201))
    for left, top, right, bottom, _ in still.animals:
        mask[top:bottom, left:right] |= image[top:bottom, left:right] < still.limit * rows[top:bottom, left:right]
    mask = ndimage.binary_dilation(mask, iterations=2 if made.still == 0 else 5)
    scene = inpaint_biharmonic(image / 255, mask) * 255
    zoomed = [ndimage.zoom(one, made.zoom, order=1) for one in (image, scene, mask.astype(float))]
    image, scene, soft = zoomed
    ratio = 1 + np.clip(ndimage.gaussian_filter(soft, 1), 0, 1) * (image / np.maximum(scene, 1) - 1)
    cutouts = []
    for (left, top, right, bottom, meniscus), walls in zip(still.animals, still.cylinders, strict=True):
        pad = 3 if made.still == 0 else 12
        x0, y0, x1, y1 = (round(made.zoom * value) for value in (left - pad, top - pad, right + pad, bottom + pad))
        columns = np.flatnonzero((ratio[y0:y1, x0:x1] < 0.75).any(axis=0))
        cutouts.append(
            Cutout(
                ratio[y0:y1, x0:x1],
                x0,
                y0,
                round(made.zoom * meniscus) - y0,
                (made.zoom * walls[0], made.zoom * walls[1]),
                float(np.ptp(columns)),
            )
        )
    return scene, cutouts


def schedule(rng: np.random.Generator, made: Style, share: float) -> list[tuple[str, float, float]]:
    """Bouts whose immobile share is about ``share``; the animal swims first."""
    bouts, now_s = [], made.release_s
    if share >= 1:
        return [("immobility", now_s, made.duration_s)]
    if share <= 0:
        return [("swimming", now_s, made.duration_s)]
    rest_s = made.rest_s * (2 if share > 0.7 else 1)
    while now_s < made.duration_s:
        for state, mean_s in (("swimming", rest_s * (1 - share) / share), ("immobility", rest_s)):
            length_s = max(2.0, mean_s * rng.uniform(0.6, 1.4))
            if now_s < made.duration_s:
                bouts.append((state, now_s, min(now_s + length_s, made.duration_s)))
            now_s += length_s
    return bouts


class Actor:
    """Moves one cutout."""

    def __init__(self, rng: np.random.Generator, cutout: Cutout, bouts: list, made: Style, stroke_hz: float):
        """Remember the animal and what it does."""
        self.rng, self.cutout, self.bouts, self.made, self.stroke_hz = rng, cutout, bouts, made, stroke_hz
        self.x, self.way, self.vigour, self.phase = 0.0, float(rng.choice([-1, 1])), 0.0, rng.uniform(0, 6)
        self.rest_phase, self.drift_way = rng.uniform(0, 6), float(rng.choice([-1, 1]))
        self.facing = self.turned = 1.0
        height, width = cutout.ratio.shape
        self.rows, self.columns = np.mgrid[0:height, 0:width].astype(float)
        low, high = cutout.walls
        own = np.flatnonzero((cutout.ratio < 0.75).any(axis=0)) + cutout.left
        self.range = (low + 2 - own[0], high - 2 - own[-1])

    def patch(self, time_s: float, step_s: float) -> tuple[np.ndarray, float]:
        """The animal at a moment: its ratio to the scene, and how far it is from its place (pixels)."""
        made, cutout = self.made, self.cutout
        state = next((name for name, start, stop in self.bouts if start <= time_s < stop), "immobility")
        active = state == "swimming"
        self.vigour += ((1.0 if active else 0.0) - self.vigour) * min(1, step_s / 0.15)
        self.phase += 2 * np.pi * self.stroke_hz * step_s * self.rng.uniform(0.85, 1.15)
        pace = made.speed * self.way * self.vigour + made.drift * self.drift_way * (1 - self.vigour)
        self.x += pace * cutout.length * step_s
        if not self.range[0] <= self.x <= self.range[1]:
            self.x = float(np.clip(self.x, *self.range))
            self.way, self.drift_way = -np.sign(self.x or 1), -np.sign(self.x or 1)
        if self.rng.uniform() < 0.3 * step_s:
            self.way = -self.way
        if active and self.rng.uniform() < 0.15 * step_s:
            self.turned = -self.turned
        # A turn by half a circle takes about a second; half-way the animal is seen end-on.
        self.facing += float(np.clip(self.turned - self.facing, -2.5 * step_s, 2.5 * step_s))
        middle = self.columns.shape[1] / 2
        narrowed = np.copysign(max(0.35, abs(self.facing)), self.facing)
        columns = middle + (self.columns - middle) / narrowed
        if self.rng.uniform() < 0.1 * step_s:
            self.drift_way = -self.drift_way
        depth = np.clip((self.rows - cutout.meniscus) / max(1, len(self.rows) - cutout.meniscus), 0, 1)
        across = self.columns / self.columns.shape[1]
        stroke = made.reach * cutout.length * self.vigour * depth
        dx = stroke * np.sin(self.phase + 5 * across)
        dy = 0.6 * stroke * np.cos(self.phase + 5 * across + 1)
        bob = BOB * cutout.length * (np.sin(2 * np.pi * 1.2 * time_s + self.rest_phase))
        bob += 0.03 * cutout.length * self.vigour * np.sin(self.phase / 2)
        moved = [self.rows - dy - bob, columns - dx]
        return ndimage.map_coordinates(cutout.ratio, moved, order=1, mode="constant", cval=1.0), self.x


def film(folder: Path, made: Style, path: Path) -> Truth:
    """Write a film of the animals of a photograph; returns what they do."""
    rng = np.random.default_rng(made.seed)
    scene, cutouts = scene_and_cutouts(folder, made)
    height, width = (side // 2 * 2 for side in scene.shape)
    shares = [made.rest_share[i % len(made.rest_share)] for i in range(len(cutouts))]
    truth = Truth([schedule(rng, made, share) for share in shares], [one.walls for one in cutouts])
    rates = [made.stroke_hz[i % len(made.stroke_hz)] for i in range(len(cutouts))]
    actors = [Actor(rng, *one, made, rate) for *one, rate in zip(cutouts, truth.bouts, rates, strict=True)]
    if made.mirrored:
        truth.bouts.reverse()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(made.codec, rate=Fraction(made.fps))
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = width, height, "yuv420p", 1
        if made.codec == "libx264":
            stream.options = {"preset": "veryfast", "crf": str(made.crf)}
        else:
            stream.bit_rate = 1_500_000
        step_s = 1 / float(stream.codec_context.framerate)
        for index in range(int(made.duration_s / step_s)):
            time_s, picture = index * step_s, scene.copy()
            for cutout, actor in zip(cutouts, actors, strict=True):
                patch, x = actor.patch(time_s, step_s)
                if time_s >= made.release_s:
                    paste(picture, patch, cutout.left + x, cutout.top)
            picture *= 1 + made.flicker * np.sin(2 * np.pi * 9.7 * time_s)
            picture = picture[:height, :width] + rng.normal(0, made.noise, (height, width)).astype(np.float32)
            picture = picture[:, ::-1] if made.mirrored else picture
            grey = np.clip(picture, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.repeat(grey[:, :, None], 3, axis=2), format="rgb24")
            for packet in stream.encode(frame.reformat(format="yuv420p")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return truth


def paste(picture: np.ndarray, patch: np.ndarray, left: float, top: int) -> None:
    """Multiply a patch into a picture at a place between pixels."""
    whole, part = int(np.floor(left)), left % 1
    shifted = ndimage.shift(patch, (0, part), order=1, mode="nearest") if part else patch
    x0, x1 = max(0, whole), min(picture.shape[1], whole + patch.shape[1])
    picture[top : top + len(patch), x0:x1] *= shifted[:, x0 - whole : x1 - whole]
