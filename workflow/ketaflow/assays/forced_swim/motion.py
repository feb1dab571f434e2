"""How much each animal moves: a signal free of resolution, frame rate and lamp flicker.

In: grey pictures with their times, the empty background and a cylinder. Out: one row for each picture looked at. The
body is a soft mask (0 to 1) of what differs from the background. Its motion is the share of the body's area that
changes within about an eighth of a second once the shift of the whole body is taken out, so that drifting is no
swimming, and paddling on the spot is.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import uniform_filter

from ketaflow.assays.forced_swim.scene import Cylinder

# The lags (s) over which change is averaged: short enough for strokes of 3 to 6 a second to show in full, and within
# reach of cameras from 11 to 60 frames a second.
LAGS_S = np.array([0.09, 0.11, 0.135, 0.16])
LONGEST_LAG_S = 0.34
# Cylinders are looked at about this wide; larger ones are binned, which also quietens the noise.
ANALYSIS_WIDTH_PX = 100
BLOCK = 32
LAGS = 4
LEAST_PX = 4
SHAPE = ("area", "x", "y", "length", "elongation", "pitch_deg", "above", "top", "soft", "apart")
# Differences from the background count from 4 standard deviations of the noise, or 18 % of the animal's contrast, on,
# and in full from 60 %: what lies between is the soft edge.
NOISE_SDS, LOW_CONTRAST, FULL_CONTRAST = 4.0, 0.15, 0.5
# Ripples are told from the animal by counting only what goes beyond them by this factor.
RIPPLES = 1.3
# Where the background is nearly as dark as the fur, contrast is taken to be at least this share of the usual.
LEAST_CONTRAST = 0.4
BANDS = 6


@dataclass
class Light:
    """Brightness of places without animals, in bands from top to bottom: the reference that takes out lamp flicker."""

    rows: np.ndarray
    columns: np.ndarray
    starts: np.ndarray
    expected: np.ndarray
    centres: np.ndarray

    def gains(self, picture: np.ndarray) -> np.ndarray:
        """Light of each band relative to the background's."""
        seen = picture[self.rows, self.columns].astype(np.float32)
        return np.add.reduceat(seen, self.starts) / self.expected


def light_of(background: np.ndarray, changes: np.ndarray, cylinders: list[Cylinder]) -> Light:
    """Choose quiet, well-lit pixels outside the cylinders (inside, where none is left), a few hundred in each band."""
    height, width = background.shape
    quiet = (changes <= np.percentile(changes, 70)) & (background > 25) & (background < 250)
    for cylinder in cylinders:
        outside = quiet.copy()
        outside[int(cylinder.top) : int(cylinder.bottom), int(cylinder.left) - 2 : int(cylinder.right) + 3] = False
        quiet = outside if outside.mean() > 0.03 else quiet
    rows, columns = [], []
    for band in np.array_split(np.arange(height), BANDS):
        ys, xs = np.nonzero(quiet[band[0] : band[-1] + 1])
        picked = np.linspace(0, len(ys) - 1, min(len(ys), 500)).astype(int)
        if len(ys) >= 30:
            rows.append(ys[picked] + band[0])
            columns.append(xs[picked])
    if not rows:
        rows, columns = [np.arange(0, height, 4)], [np.full(len(range(0, height, 4)), width // 2)]
    starts = np.cumsum([0, *(len(part) for part in rows[:-1])])
    all_rows, all_columns = np.concatenate(rows), np.concatenate(columns)
    expected = np.add.reduceat(background[all_rows, all_columns], starts)
    return Light(all_rows, all_columns, starts, expected, np.array([part.mean() for part in rows]))


@dataclass
class Tracker:
    """Follows one animal through the pictures of a video, a block of pictures at a time."""

    cylinder: Cylinder
    background: np.ndarray
    sign: int
    contrast: float
    fur: float
    noise_sd: float
    ripple: np.ndarray
    blocks: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self):
        """Cut out and bin what is compared with every picture."""
        height, width = self.background.shape
        one = self.cylinder
        self.bin = max(1, round(one.width / ANALYSIS_WIDTH_PX))
        rise = 0.08 * (one.bottom - one.top)
        y0, y1 = max(0, int(one.top - rise)), min(height, int(one.bottom))
        x0, x1 = max(0, int(one.left) + 1), min(width, int(one.right))
        self.crop = (slice(y0, y0 + (y1 - y0) // self.bin * self.bin), slice(x0, x0 + (x1 - x0) // self.bin * self.bin))
        empty = binned(self.background[self.crop], self.bin).astype(np.float32)
        noise = NOISE_SDS * self.noise_sd / np.sqrt(self.bin)
        self.blurred = noise > LOW_CONTRAST * self.contrast
        # Averaging three by three pixels quietens the noise threefold.
        noise = noise / 3 if self.blurred else noise
        self.noise_now = noise / NOISE_SDS
        ripple = RIPPLES * self.ripple[self.crop[0]][:: self.bin]
        # Fur stands out less before water than before the wall: the contrast is each pixel's own.
        contrast = np.maximum(self.sign * (empty - self.fur), LEAST_CONTRAST * self.contrast)
        low = np.clip(ripple[:, None], np.maximum(noise, LOW_CONTRAST * contrast), 0.5 * contrast)
        full = np.maximum(FULL_CONTRAST * contrast, low + 0.25 * contrast)
        self.scale = (1 / np.maximum(full - low, 1e-3)).astype(np.float32)
        self.offset = ((self.sign * empty - low) * self.scale).astype(np.float32)
        self.row_centres = y0 + (np.arange(empty.shape[0]) + 0.5) * self.bin
        slope = (one.water_right - one.water_left) / max(one.width, 1)
        surface = one.water_left + slope * (x0 + (np.arange(empty.shape[1]) + 0.5) * self.bin - one.left) - y0
        self.surface = surface / self.bin - 0.5
        self.above = (np.arange(empty.shape[0])[:, None] < self.surface).astype(np.float32).ravel()
        self.window = int(1.3 * empty.shape[1]) // 2 * 2
        self.pictures = np.empty((BLOCK, *empty.shape), np.float32)
        self.times_s = np.empty(BLOCK)
        self.filled = 0
        self.before = Before(np.zeros(0), np.zeros((0, self.window, self.window), np.float32), np.zeros(0))

    def look(self, time_s: float, picture: np.ndarray, gains: np.ndarray, centres: np.ndarray) -> None:
        """Take in one picture, its light evened by the gains of the reference bands."""
        light = np.interp(self.row_centres, centres, gains).astype(np.float32)[:, None]
        factor = -self.sign * self.scale / light
        np.multiply(binned(picture[self.crop], self.bin), factor, out=self.pictures[self.filled])
        self.times_s[self.filled] = time_s
        self.filled += 1
        if self.filled == BLOCK:
            self.digest()

    def digest(self) -> None:
        """Measure the pictures taken in since the last time."""
        masks = self.pictures[: self.filled]
        masks += self.offset
        if self.blurred:
            masks = uniform_filter(masks, (0, 3, 3))
        np.clip(masks, 0, 1, out=masks)
        times_s = self.times_s[: self.filled].copy()
        shape = shapes(masks, self.above, self.surface)
        bodies = centred(masks, shape["x"], shape["y"], self.window)
        now = Before(times_s, bodies, shape["area"]).after(self.before)
        motion = changes(now)[len(self.before.times_s) :]
        self.before = now.last(LAGS)
        self.blocks.append(np.stack([times_s, motion, *(shape[name] for name in SHAPE)], axis=1))
        self.filled = 0

    def rows(self) -> np.ndarray:
        """All that was seen, (n pictures, time, motion and the columns of ``SHAPE``)."""
        if self.filled:
            self.digest()
        return np.concatenate(self.blocks) if self.blocks else np.zeros((0, 2 + len(SHAPE)))


@dataclass
class Before:
    """Pictures of the body, (n, size, size) with its centre in the middle, their times and the body's areas."""

    times_s: np.ndarray
    bodies: np.ndarray
    area: np.ndarray

    def after(self, earlier: "Before") -> "Before":
        """These pictures with earlier ones before them."""
        return Before(
            np.concatenate([earlier.times_s, self.times_s]),
            np.concatenate([earlier.bodies, self.bodies]),
            np.concatenate([earlier.area, self.area]),
        )

    def last(self, count: int) -> "Before":
        """The last few pictures."""
        return Before(self.times_s[-count:], self.bodies[-count:].copy(), self.area[-count:])


def shapes(masks: np.ndarray, above: np.ndarray, surface: np.ndarray) -> dict[str, np.ndarray]:
    """Area, centre, length, elongation, pitch, share above water, top, soft edge and division of each body, (n,) each.

    ``masks`` is (n, height, width), ``above`` marks its pixels above the water (flat), ``surface`` is the water's row
    at each column. Lengths are in binned pixels; a body of less than ``LEAST_PX`` pixels is undefined.
    """
    n, height, width = masks.shape
    xs, ys = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    powers = np.stack([np.ones_like(xs), xs, xs**2], axis=1)
    per_row = (masks.reshape(-1, width) @ powers).reshape(n, height, 3).astype(float)
    area = per_row[:, :, 0].sum(axis=1)
    whole = np.where(area < LEAST_PX, np.nan, area)
    x, y = per_row[:, :, 1].sum(axis=1) / whole, per_row[:, :, 0] @ ys / whole
    xx = per_row[:, :, 2].sum(axis=1) / whole - x**2
    yy = per_row[:, :, 0] @ ys**2 / whole - y**2
    xy = per_row[:, :, 1] @ ys / whole - x * y
    spread = np.hypot((xx - yy) / 2, xy)
    long, short = (xx + yy) / 2 + spread, np.maximum((xx + yy) / 2 - spread, 0.05)
    flat = masks.reshape(n, -1)
    solid = per_row[:, :, 0] > np.maximum(1.5, 0.02 * np.sqrt(area))[:, None]
    column = np.clip(np.nan_to_num(x), 0, width - 1).astype(int)
    return {
        "area": area,
        "x": x,
        "y": y,
        "length": 4 * np.sqrt(long),
        "elongation": np.sqrt(long / short),
        "pitch_deg": np.abs(np.degrees(0.5 * np.arctan2(2 * xy, xx - yy))),
        "above": flat @ above / whole,
        "top": surface[column] - np.where(solid.any(axis=1), solid.argmax(axis=1), y),
        # Were the soft edge spread evenly between 0 and 1, its pixels would hold m (1 - m) = 1/6 on average.
        "soft": 6 * (area - np.einsum("np,np->n", flat, flat)),
        "apart": columns_apart(masks.sum(axis=1)),
    }


def columns_apart(columns: np.ndarray) -> np.ndarray:
    """Empty columns (n,) between two bodies that each hold a quarter of the area or more; 0 for a single body.

    ``columns`` (n, width) is the area in each column.
    """
    share = np.cumsum(columns, axis=1) / np.maximum(columns.sum(axis=1, keepdims=True), 1e-9)
    quiet = columns < 0.08 * columns.max(axis=1, keepdims=True)
    return np.count_nonzero(quiet & (share > 0.25) & (share < 0.75), axis=1)


def centred(masks: np.ndarray, x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Windows (n, size, size) of the masks in which the body's centre lies exactly in the middle."""
    n, height, width = masks.shape
    x, y = np.nan_to_num(x), np.nan_to_num(y)
    left, top = np.floor(x).astype(int) - size // 2, np.floor(y).astype(int) - size // 2
    raw = np.zeros((n, size + 1, size + 1), np.float32)
    for index in range(n):
        x0, y0 = max(left[index], 0), max(top[index], 0)
        x1, y1 = min(left[index] + size + 1, width), min(top[index] + size + 1, height)
        raw[index, y0 - top[index] : y1 - top[index], x0 - left[index] : x1 - left[index]] = masks[index, y0:y1, x0:x1]
    fx = (x - np.floor(x)).astype(np.float32)[:, None, None]
    fy = (y - np.floor(y)).astype(np.float32)[:, None, None]
    across = raw[:, :, 1:] - raw[:, :, :-1]
    across *= fx
    across += raw[:, :, :-1]
    down = across[:, 1:] - across[:, :-1]
    down *= fy
    down += across[:, :-1]
    return down


def changes(now: Before) -> np.ndarray:
    """Share of the body (n,) that changed over ``LAGS_S``, averaged over them; NaN after a gap."""
    n = len(now.times_s)
    lags_s, shares = np.full((LAGS, n), np.nan), np.full((LAGS, n), np.nan)
    for back in range(1, min(LAGS, n - 1) + 1):
        lag_s = now.times_s[back:] - now.times_s[:-back]
        if back > 1 and lag_s.min(initial=np.inf) > LAGS_S[-1] and np.median(lags_s[back - 2, back:]) >= LAGS_S[-1]:
            break
        apart = now.bodies[back:] - now.bodies[:-back]
        np.abs(apart, out=apart)
        share = apart.reshape(n - back, -1).sum(axis=1) / np.maximum(now.area[back:] + now.area[:-back], LEAST_PX)
        near = (lag_s <= LONGEST_LAG_S) & (np.minimum(now.area[back:], now.area[:-back]) >= LEAST_PX)
        lags_s[back - 1, back:] = np.where(near, lag_s, np.nan)
        shares[back - 1, back:] = np.where(near, share, np.nan)
    return averaged(lags_s, shares)


def averaged(lags_s: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Mean share over ``LAGS_S`` from shares at the lags there are, both (lags, n) with lags rising; NaN with none.

    Between two lags the share is interpolated, outside them it is that of the nearest one.
    """
    total = np.zeros(lags_s.shape[1])
    for wanted in LAGS_S:
        value = shares[0].copy()
        for shorter in range(len(lags_s) - 1):
            a, b = lags_s[shorter], lags_s[shorter + 1]
            weight = np.clip((wanted - a) / np.maximum(b - a, 1e-9), 0, 1)
            mixed = (1 - weight) * shares[shorter] + weight * shares[shorter + 1]
            value = np.where((wanted > a) & np.isfinite(mixed), mixed, value)
        total += value
    return total / len(LAGS_S)


def binned(picture: np.ndarray, factor: int) -> np.ndarray:
    """Means of blocks of ``factor`` x ``factor`` pixels."""
    if factor == 1:
        return picture
    kind = np.uint16 if picture.dtype == np.uint8 else np.float32
    total = picture[::factor].astype(kind)
    for row in range(1, factor):
        total += picture[row::factor]
    across = total[:, ::factor].astype(np.float32)
    for column in range(1, factor):
        across += total[:, column::factor]
    across *= np.float32(1 / factor**2)
    return across
