"""How much each animal moves: a signal free of resolution, frame rate and lamp flicker.

In: grey pictures with their times, the empty background and a cylinder. Out: one row for each picture looked at. The
body is a soft mask (0 to 1) of what differs from the background. Its motion is the share of the body's area that
changes within about an eighth of a second once the shift of the whole body is taken out, so that drifting is no
swimming, and paddling on the spot is.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ketaflow.assays.forced_swim.scene import Cylinder

# The lags (s) over which change is averaged: short enough for strokes of 3 to 6 a second to show in full, and within
# reach of cameras from 11 to 60 frames a second.
LAGS_S = np.array([0.09, 0.11, 0.135, 0.16])
LONGEST_LAG_S = 0.34
# Cylinders are looked at about this wide; larger ones are binned, which also quietens the noise.
ANALYSIS_WIDTH_PX = 100
PAD = 10
# Differences from the background count from 4 standard deviations of the noise, or 18 % of the animal's contrast, on,
# and in full from 60 %: what lies between is the soft edge.
NOISE_SDS, LOW_CONTRAST, FULL_CONTRAST = 4.0, 0.18, 0.6
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
class Seen:
    """The body in one picture: its mask with a margin of zeros, its box, area and centre."""

    time_s: float
    mask: np.ndarray
    box: tuple[int, int, int, int]
    area: float
    x: float
    y: float


@dataclass
class Tracker:
    """Follows one animal through the pictures of a video."""

    cylinder: Cylinder
    background: np.ndarray
    sign: int
    contrast: float
    noise_sd: float
    rows: list[tuple] = field(default_factory=list)
    recent: deque = field(default_factory=lambda: deque(maxlen=5))

    def __post_init__(self):
        """Cut out and bin what is compared with every picture."""
        height, width = self.background.shape
        one = self.cylinder
        self.bin = max(1, round(one.width / ANALYSIS_WIDTH_PX))
        rise = 0.08 * (one.bottom - one.top)
        y0, y1 = max(0, int(one.top - rise)), min(height, int(one.bottom))
        x0, x1 = max(0, int(one.left) + 1), min(width, int(one.right))
        self.crop = (slice(y0, y0 + (y1 - y0) // self.bin * self.bin), slice(x0, x0 + (x1 - x0) // self.bin * self.bin))
        self.empty = self.sign * binned(self.background[self.crop], self.bin).astype(np.float32)
        self.low = max(NOISE_SDS * self.noise_sd / np.sqrt(self.bin), LOW_CONTRAST * self.contrast)
        self.scale = np.float32(1 / max(FULL_CONTRAST * self.contrast - self.low, 1e-3))
        self.empty -= np.float32(self.low)
        shape = self.empty.shape
        self.xs, self.ys = np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32)
        self.row_centres = y0 + (self.ys + 0.5) * self.bin
        slope = (one.water_right - one.water_left) / max(one.width, 1)
        surface = one.water_left + slope * (x0 + (self.xs + 0.5) * self.bin - one.left) - y0
        self.surface = surface / self.bin - 0.5
        self.above = (self.ys[:, None] < self.surface[None, :]).astype(np.float32)

    def look(self, time_s: float, picture: np.ndarray, gains: np.ndarray, centres: np.ndarray) -> None:
        """Add the row of one picture."""
        light = np.interp(self.row_centres, centres, gains).astype(np.float32)[:, None]
        here = binned(picture[self.crop], self.bin)
        mask = np.zeros((self.empty.shape[0] + 2 * PAD, self.empty.shape[1] + 2 * PAD), np.float32)
        body = mask[PAD:-PAD, PAD:-PAD]
        np.multiply(here, np.float32(-self.sign) / light, out=body)
        body += self.empty
        body *= self.scale
        np.clip(body, 0, 1, out=body)
        columns, rows = body.sum(axis=0), body.sum(axis=1)
        area = float(rows.sum())
        if area < 4:
            self.recent.clear()
            self.rows.append((time_s, area, *[np.nan] * 9))
            return
        seen = self._seen(time_s, mask, columns, rows, area)
        motion = self._motion(seen)
        self.recent.appendleft(seen)
        self.rows.append((time_s, area, seen.x, seen.y, motion, *self._shape(body, columns, rows, seen)))

    def _seen(self, time_s: float, mask: np.ndarray, columns: np.ndarray, rows: np.ndarray, area: float) -> Seen:
        x, y = float(columns @ self.xs) / area, float(rows @ self.ys) / area
        wide, high = np.flatnonzero(columns > 0), np.flatnonzero(rows > 0)
        return Seen(time_s, mask, (high[0], high[-1] + 1, wide[0], wide[-1] + 1), area, x, y)

    def _shape(self, body: np.ndarray, columns: np.ndarray, rows: np.ndarray, seen: Seen) -> tuple:
        """Length, elongation and pitch of the body, its top and share above water, its soft edge, its spread."""
        y0, y1, x0, x1 = seen.box
        dx, dy = self.xs[x0:x1] - seen.x, self.ys[y0:y1] - seen.y
        part = body[y0:y1, x0:x1]
        xx = float(columns[x0:x1] @ dx**2) / seen.area
        yy = float(rows[y0:y1] @ dy**2) / seen.area
        xy = float(dy @ part @ dx) / seen.area
        spread = np.hypot((xx - yy) / 2, xy)
        long, short = (xx + yy) / 2 + spread, max((xx + yy) / 2 - spread, 0.05)
        pitch = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy))
        above = float((part * self.above[y0:y1, x0:x1]).sum()) / seen.area
        solid = np.flatnonzero(rows > max(1.5, 0.02 * np.sqrt(seen.area)))
        top = float(self.surface[int(np.clip(seen.x, 0, len(self.surface) - 1))]) - (solid[0] if len(solid) else y0)
        soft = float(np.count_nonzero((part > 0) & (part < 1)))
        return 4 * np.sqrt(long), np.sqrt(long / short), abs(pitch), above, top, soft

    def _motion(self, now: Seen) -> float:
        """Share of the body that changed over the lags, the shift of the whole body taken out; NaN after a gap."""
        lags, changes = [], []
        for before in self.recent:
            lag_s = now.time_s - before.time_s
            if lag_s > LONGEST_LAG_S or (lags and lags[-1] >= LAGS_S[-1]):
                break
            lags.append(lag_s)
            changes.append(changed(now, before))
        return float(np.interp(LAGS_S, lags, changes).mean()) if lags else np.nan


def changed(now: Seen, before: Seen) -> float:
    """Share of two body masks that does not overlap once their centres lie on one another, 0 to 1."""
    dx = float(np.clip(now.x - before.x, 1 - PAD, PAD - 1))
    dy = float(np.clip(now.y - before.y, 1 - PAD, PAD - 1))
    ix, iy = int(np.floor(dx)), int(np.floor(dy))
    y0, y1 = min(now.box[0], before.box[0] + iy), max(now.box[1], before.box[1] + iy + 1)
    x0, x1 = min(now.box[2], before.box[2] + ix), max(now.box[3], before.box[3] + ix + 1)
    height, width = now.mask.shape
    y0, y1, x0, x1 = max(y0 + PAD, PAD), min(y1 + PAD, height - PAD), max(x0 + PAD, PAD), min(x1 + PAD, width - PAD)
    source = before.mask[y0 - iy - 1 : y1 - iy, x0 - ix - 1 : x1 - ix]
    fx, fy = np.float32(dx - ix), np.float32(dy - iy)
    across = source[:, 1:] + fx * (source[:, :-1] - source[:, 1:])
    moved = across[1:] + fy * (across[:-1] - across[1:])
    moved -= now.mask[y0:y1, x0:x1]
    np.abs(moved, out=moved)
    return float(moved.sum()) / (now.area + before.area)


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
