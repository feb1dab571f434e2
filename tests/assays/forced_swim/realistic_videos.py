"""The second way of drawing swims: many styles, with the faults of real cameras.

Constants were tuned on some styles and tested on others; docs/assays/forced_swim.md lists which.

``style(seed)`` chooses everything at random; ``STYLES`` are named films chosen by hand. ``film`` writes the file and
returns the truth.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import animal_behaviour
import av
import numpy as np
from optics import Camera, Look, Stage, Vessel

DIGITS = {
    "0": "757", "1": "262", "2": "637", "3": "737", "4": "571", "5": "767", "6": "477", "7": "711", "8": "777",
    "9": "771", ":": "020",
}  # fmt: skip


# With x264's macroblock tree equal pictures were now and then coded otherwise; without it they never were.
STEADY = "mbtree=0"


@dataclass(frozen=True)
class Film:
    """Everything a film is made from."""

    seed: int
    look: Look
    kind: str = "mouse"
    despair: tuple[float, ...] = (0.5, 0.5)
    width: int = 400
    height: int = 304
    fps: float = 25.0
    seconds: float = 70.0
    codec: str = "libx264"
    kbit: int = 400
    radius: float = 9.0
    unequal: float = 0.12
    deep: float = 15.0
    above: float = 5.0
    roll_deg: float = 0.0
    noise: float = 2.0
    flicker: float = 0.0
    exposure_jumps: int = 0
    interlaced: bool = False
    stamp: bool = False
    hand: bool = True
    faeces: int = 0
    passer_by: bool = False
    scale: float = 1.0
    drop: float = 0.0
    hangs_s: tuple[float, float] = (np.inf, np.inf)

    def at(self, **changes) -> "Film":
        """The same film otherwise."""
        return replace(self, **changes)


WHITE = Look(wall=45, table=60, water=55, fur=215, belly=-20, skin=180, glints=35)
BACKLIT = Look(wall=40, table=50, water=150, fur=225, belly=-25, skin=190, clear=0.95, glints=30)
GREY = Look(wall=200, table=120, water=170, fur=95, belly=25, skin=130)

STYLES = {
    "four_beakers": Film(1, Look(dividers=True), despair=(0.3, 0.6, 0.8, 0.5), width=480, height=272, radius=6.5,
                         deep=11),
    "white_mice": Film(2, WHITE, noise=4, flicker=0.03),
    "albino_rat": Film(3, BACKLIT, kind="rat", despair=(0.55,), width=320, height=400, fps=30, radius=12, deep=32),
    "agouti_tilted": Film(4, GREY, despair=(0.4, 0.6, 0.5), width=480, height=300, roll_deg=4, unequal=0.25),
    "interlaced": Film(5, Look(), interlaced=True, codec="mpeg4", kbit=900, width=360, height=288, above=10),
    "exposure": Film(6, Look(wall=170), exposure_jumps=3, stamp=True, noise=3, above=8),
    "hooded_rat": Film(7, Look(fur=45, belly=60, wall=175, water=190), kind="rat", despair=(0.6,), width=240,
                       height=320, fps=15, codec="wmv2", kbit=500, radius=11, deep=30, faeces=9),
    "thin_wire": Film(8, replace(WHITE, wall=60), kbit=120, fps=30),
    "from_above": Film(9, Look(ripple=9, mirror=0.15), despair=(0.2, 0.5, 0.7, 0.5), width=480, height=272, above=26,
                       passer_by=True, radius=7, deep=12),
    "far_away": Film(10, Look(), despair=(0.5, 0.3, 0.7, 0.5), width=320, height=180, radius=7, deep=12, noise=1.5),
    "loud": Film(11, replace(GREY, fur=60, ripple=8), noise=7, fps=50, seconds=60, despair=(0.5,), width=280,
                 height=300),
    "rat_pair": Film(12, replace(BACKLIT, wall=70, water=110), kind="rat", despair=(0.7, 0.4), width=480, height=400,
                     fps=12.5, radius=12, deep=30, unequal=0.2),
    "never_rests": Film(13, Look(fur=25), despair=(0.0, 0.96), seconds=60, stamp=True),
}  # fmt: skip


def style(seed: int) -> Film:
    """A film of which everything is left to chance."""
    rng = np.random.default_rng([77, seed])
    rat, light = rng.random() < 0.3, rng.random() < 0.4
    if light:
        wall = rng.uniform(30, 80)
        look = Look(wall=wall, table=rng.uniform(40, 90), water=rng.uniform(wall, 140), fur=rng.uniform(195, 230),
                    belly=-20, skin=rng.uniform(160, 195))  # fmt: skip
    else:
        wall = rng.uniform(150, 215)
        look = Look(wall=wall, table=rng.uniform(90, 190), water=rng.uniform(150, 200), fur=rng.uniform(20, 80),
                    skin=rng.uniform(80, 130))  # fmt: skip
    look = replace(look, ripple=rng.uniform(2, 9), mirror=rng.uniform(0, 0.4), glints=rng.uniform(10, 40),
                   clutter=rng.uniform(0, 40), dividers=bool(rng.random() < 0.3))  # fmt: skip
    count = int(rng.integers(1, 3 if rat else 5))
    width = {1: 260, 2: 400, 3: 480, 4: 520}[count]
    return Film(
        seed, look, kind="rat" if rat else "mouse", despair=tuple(rng.uniform(0.15, 0.85, count)), width=width,
        height=int(rng.integers(15, 20)) * 16 if count < 3 else 272, fps=float(rng.choice([15, 25, 25, 29.97, 30])),
        codec=str(rng.choice(["libx264", "libx264", "libx264", "mpeg4", "wmv2"])), kbit=int(rng.uniform(180, 900)),
        radius=rng.uniform(11, 13.5) if rat else rng.uniform(6, 10.5), unequal=rng.uniform(0, 0.25),
        deep=rng.uniform(26, 36) if rat else rng.uniform(11, 17), above=rng.uniform(-3, 22),
        roll_deg=rng.uniform(-4, 4), noise=rng.uniform(0.8, 5), flicker=rng.choice([0, 0, 0.04]),
        exposure_jumps=int(rng.integers(0, 3)),
        interlaced=bool(rng.random() < 0.15), stamp=bool(rng.random() < 0.4), hand=bool(rng.random() < 0.7),
        faeces=int(rng.integers(0, 8)), passer_by=bool(rng.random() < 0.3), scale=rng.uniform(0.85, 1.15),
    )  # fmt: skip


@dataclass
class Truth:
    """What happened in each cylinder: bouts of (state, start, stop) in seconds of the video, the first from release."""

    bouts: list[list[tuple[str, float, float]]]
    boxes: list[tuple[float, float, float, float]]


def staged(film: Film) -> tuple[Stage, list[animal_behaviour.Performance], list[float]]:
    """The scene, its animals and the moment each enters the water."""
    rng = np.random.default_rng([1234, film.seed])
    count = len(film.despair)
    sizes = film.radius * (1 + film.unequal * rng.uniform(-1, 1, count))
    gaps = np.cumsum(sizes * 2 + film.radius * rng.uniform(0.35, 0.8, count))
    places = gaps - sizes - (gaps[-1]) / 2 + 0.25 * film.radius
    middle = 0.62 * film.deep * 1.35
    row_width, row_height = gaps[-1] + 0.6 * film.radius, 1.75 * film.deep
    away = max(90.0, 2.2 * row_width)
    focal = away * min(film.width / row_width, film.height / row_height) * rng.uniform(0.86, 0.97)
    camera = Camera(film.width, film.height, focal, away, film.above, film.roll_deg)
    vessels = []
    for x, radius in zip(places, sizes, strict=True):
        vessels.append(Vessel(x, radius, film.deep * 1.4, film.deep * rng.uniform(0.94, 1.06), middle))
    stage = Stage(camera, vessels, film.look, rng)
    releases = [float(rng.uniform(3, 8)) + 1.5 * number if film.hand else 0.0 for number in range(count)]
    performances = []
    for vessel, release_s, despair in zip(vessels, releases, film.despair, strict=True):
        bouts = animal_behaviour.score(rng, release_s, film.seconds, despair)
        performances.append(animal_behaviour.perform(rng, bouts, vessel.radius, film.deep, film.kind, film.scale))
    return stage, performances, releases


def film(made: Film, path: Path) -> Truth:
    """Write the film and tell what happens in it."""
    stage, performances, releases = staged(made)
    rng = np.random.default_rng([4321, made.seed])
    camera = Lens(made, stage, rng)
    with av.open(str(path), "w") as container:
        from fractions import Fraction

        stream = container.add_stream(made.codec, rate=Fraction(made.fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = made.width, made.height, "yuv420p"
        stream.bit_rate, stream.thread_count = made.kbit * 1000, 1
        stream.codec_context.time_base = 1 / Fraction(made.fps).limit_denominator(1001)
        if made.codec == "libx264":
            stream.options = {"preset": "veryfast", "x264-params": STEADY}
        for number in range(int(made.seconds * made.fps)):
            if number > 5 and rng.random() < made.drop:
                continue
            if not made.hangs_s[0] < number / made.fps < made.hangs_s[1]:
                picture = camera.take(number / made.fps, performances, releases)
            if made.stamp:
                stamp(picture, number / made.fps)
            frame = av.VideoFrame.from_ndarray(picture, "gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return Truth(
        [performance.bouts for performance in performances], [box_of(stage, vessel) for vessel in stage.vessels]
    )


def box_of(stage: Stage, vessel: Vessel) -> tuple[float, float, float, float]:
    """Left, right, water line and floor of a cylinder in the picture."""
    u, floor, scale = stage.camera.project(vessel.x, 0, -vessel.middle)
    _, line, _ = stage.camera.project(vessel.x, -vessel.radius, vessel.water - vessel.middle)
    return float(u - vessel.radius * scale), float(u + vessel.radius * scale), float(line), float(floor)


class Lens:
    """The camera with all its faults."""

    def __init__(self, made: Film, stage: Stage, rng: np.random.Generator):
        self.made, self.stage, self.rng = made, stage, rng
        self.grain = rng.normal(0, 1, (made.height + 64, made.width + 64)).astype(np.float32)
        self.jumps = np.sort(rng.uniform(10, made.seconds, made.exposure_jumps))
        self.gains = rng.uniform(0.82, 1.2, made.exposure_jumps)
        self.pellets = [
            (int(rng.integers(len(stage.vessels))), rng.uniform(8, made.seconds - 5), *rng.uniform(-0.6, 0.6, 2))
            for _ in range(made.faeces)
        ]

    def take(self, time_s: float, performances: list, releases: list[float]) -> np.ndarray:
        """One picture (height, width) uint8."""
        if not self.made.interlaced:
            return self._exposed(self._scene(time_s, performances, releases), time_s)
        picture = self._scene(time_s, performances, releases)
        picture[1::2] = self._scene(time_s + 0.5 / self.made.fps, performances, releases)[1::2]
        return self._exposed(picture, time_s)

    def _scene(self, time_s: float, performances: list, releases: list[float]) -> np.ndarray:
        held = [_lift(time_s - release_s) if self.made.hand else 0.0 for release_s in releases]
        picture = self.stage.draw(time_s, performances, held)
        for number, begin_s, x, y in self.pellets:
            if time_s > begin_s:
                self._pellet(picture, self.stage.vessels[number], time_s - begin_s, x, y)
        if self.made.hand:
            for vessel, performance, release_s in zip(self.stage.vessels, performances, releases, strict=True):
                self._hand(picture, vessel, performance, time_s - release_s)
        if self.made.passer_by:
            centre = (time_s * 0.07 % 1.6 - 0.3) * self.made.width
            picture += 7 * np.exp(-(((self.stage.columns[:1] - centre) / (0.12 * self.made.width)) ** 2))
        return picture

    def _pellet(self, picture, vessel, age_s, x, y) -> None:
        z = max(0.25, vessel.water - 2.5 * age_s) - vessel.middle
        x = vessel.radius * x
        u, v, scale = self.stage.camera.project(vessel.apparent(x, vessel.radius * y, True), vessel.radius * y, z)
        half = max(1, round(float(scale) * 0.22))
        picture[int(v) - half : int(v) + half, int(u) - half : int(u) + half + 1] += 0.75 * (
            35 - picture[int(v), int(u)]
        )

    def _hand(self, picture, vessel, performance, after_s) -> None:
        """A gloved arm from above that lowers the animal and goes away."""
        if not -2.2 < after_s < 1.6:
            return
        pose = performance.at(max(0.0, -0.0))
        height = _lift(after_s) if after_s < 0 else 1 + 14 * after_s
        u, v, scale = self.stage.camera.project(vessel.x + pose["x"], 0, vessel.water - vessel.middle + height)
        across = abs(self.stage.columns - u - 0.15 * (v - self.stage.rows))
        arm = np.clip(2.6 * scale - across, 0, 1) * np.clip(v - self.stage.rows, 0, 1)
        fist = np.clip(3.4 * scale - np.hypot(self.stage.columns - u, self.stage.rows - v + 2 * scale), 0, 1)
        picture += np.maximum(arm, fist) * (165 - picture)

    def _exposed(self, picture: np.ndarray, time_s: float) -> np.ndarray:
        """Light, lens, gain, noise, stamp."""
        gain = 1 + self.made.flicker * np.sin(2 * np.pi * 100 * time_s * 1.003)
        for begin_s, level in zip(self.jumps, self.gains, strict=True):
            if time_s > begin_s:
                gain *= 1 + (level - 1) * (1 - np.exp(-(time_s - begin_s) / 0.4))
        picture = picture * self.stage.light * np.float32(gain)
        top, left = self.rng.integers(0, 64, 2)
        noise = self.grain[top : top + picture.shape[0], left : left + picture.shape[1]]
        picture += noise * np.sqrt(np.maximum(picture, 4) / 128) * np.float32(self.made.noise)
        return np.clip(picture, 0, 255).astype(np.uint8)


def stamp(picture: np.ndarray, time_s: float) -> None:
    """Time of day, burnt into the upper left corner in small digits."""
    moment = f"14:{int(time_s // 60):02d}:{int(time_s % 60):02d}:{int(time_s * 100 % 100):02d}"
    picture[3:16, 3 : 5 + 8 * len(moment)] = 10
    for place, mark in enumerate(moment):
        shape = np.array([[int(bit) for bit in f"{int(row):03b}"] for row in DIGITS[mark]])
        picture[5:14, 5 + 8 * place : 11 + 8 * place] = 10 + 230 * np.kron(shape, np.ones((3, 2), int))


def film_from_above(path: Path, seed: int, seconds: float = 40.0) -> None:
    """Two round beakers seen from the ceiling, a dark mouse in each."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:160, :320].astype(np.float32)
    swims = [
        animal_behaviour.perform(rng, animal_behaviour.score(rng, 0.0, seconds, 0.4), 9.0, 15.0, "mouse")
        for _ in range(2)
    ]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = 320, 160, "yuv420p", 1
        stream.options = {"x264-params": STEADY}
        for number in range(int(seconds * 15)):
            picture = 120 + rng.normal(0, 2, rows.shape).astype(np.float32)
            for centre, swim in zip((82, 238), swims, strict=True):
                apart = np.hypot(columns - centre, rows - 80)
                picture += 70 * (apart < 66) - 60 * (abs(apart - 67) < 1.5)
                pose = swim.at(number / 15)
                x, y = columns - centre - 6.6 * pose["x"], rows - 80 - 6.6 * pose["y"]
                along = x * np.cos(pose["yaw"]) + y * np.sin(pose["yaw"])
                across = y * np.cos(pose["yaw"]) - x * np.sin(pose["yaw"])
                picture -= 150 * (np.hypot(along / 22, across / 8) < 1)
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), "gray")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode())


def _lift(after_s: float) -> float:
    """How high above the surface the hand holds the animal (cm); 99 while it is out of the picture."""
    if after_s >= 0:
        return 0.0
    return 99.0 if after_s < -2.2 else -8.0 * after_s
