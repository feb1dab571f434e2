"""How much each animal moves: a signal free of resolution, frame rate and lamp flicker.

In: grey pictures with their times, the empty background and a cylinder. Out: one row for each picture looked at. The
body is a soft mask (0 to 1) of what differs from the background. A paddling limb goes to and fro; a body that glides,
turns or sinks after the last stroke moves on evenly. So motion is what a picture differs by from the mean of those just
before and after it, the body's centre held still: even movement, however fast, leaves nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import uniform_filter

from ketaflow.assays.forced_swim.scene import Cylinder

# Pictures are compared with those this long before and after (s): half a stroke of 3 to 6 a second, and within reach of
# cameras from 11 to 60 frames a second.
LAG_S = 0.09
LONGEST_LAG_S = 0.3
# Neighbours on each side that are kept, so that the lag can be met at any rate.
REACH = 2
# Change of the water from picture to picture is capped, pixel by pixel, so that an animal weighs little (grey levels).
MOST_UNREST = 12
# Water that changes by less than this from picture to picture (mean, grey levels) is the same picture coded again.
REPEATED = 0.04
# Cylinders are looked at about this wide; larger ones are binned, which also quietens the noise.
ANALYSIS_WIDTH_PX = 100
# The body is compared through soft spots this wide (standard deviation) and this far apart, in a square of this size
# around its centre (shares of the cylinder's width). Softness lets an edge move evenly through a spot.
SPOT, SPOT_STEP, SQUARE = 0.04, 0.03, 1.3
BLOCK = 32
LEAST_PX = 4
SHAPE = ("area", "x", "y", "length", "height", "above", "top", "soft", "apart")
# Differences from the background count from 4 standard deviations of the noise, or 15 % of the animal's contrast, on,
# and in full from 50 %: what lies between is the soft edge.
NOISE_SDS, LOW_CONTRAST, FULL_CONTRAST = 4.0, 0.15, 0.5
# The water is calm for this percentage of the time.
CALM_PCT = 20
# Of the noise that is expected at the body's edge, codecs leave this share (chosen on drawn videos).
NOISE_LEFT = 0.75
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
        ripple = RIPPLES * binned(self.ripple[self.crop], self.bin)
        # Fur stands out less before water than before the wall: the contrast is each pixel's own.
        contrast = np.maximum(self.sign * (empty - self.fur), LEAST_CONTRAST * self.contrast)
        low = np.clip(ripple, np.maximum(noise, LOW_CONTRAST * contrast), 0.5 * contrast)
        full = np.maximum(FULL_CONTRAST * contrast, low + 0.25 * contrast)
        self.scale = (1 / np.maximum(full - low, 1e-3)).astype(np.float32)
        self.offset = ((self.sign * empty - low) * self.scale).astype(np.float32)
        self.row_centres = y0 + (np.arange(empty.shape[0]) + 0.5) * self.bin
        slope = (one.water_right - one.water_left) / max(one.width, 1)
        surface = one.water_left + slope * (x0 + (np.arange(empty.shape[1]) + 0.5) * self.bin - one.left) - y0
        self.surface = surface / self.bin - 0.5
        self.above = (np.arange(empty.shape[0])[:, None] < self.surface).astype(np.float32).ravel()
        self.spots = (np.arange(-SQUARE / 2, SQUARE / 2, SPOT_STEP) * empty.shape[1]).astype(np.float32)
        self.pictures = np.empty((BLOCK, *empty.shape), np.float32)
        self.times_s = np.empty(BLOCK)
        self.filled = 0
        self.recent = Recent(np.zeros(0), np.zeros((0, len(self.spots) ** 2), np.float32))
        self.changes: list[np.ndarray] = []
        self.water = (slice(y0 + max(0, int(surface.min())), y0 + self.bin * empty.shape[0], 2), slice(x0, x1, 4))
        self.sample = np.full(self.background[self.water].shape, -1, np.int16)
        self.unrest: list[float] = []

    def look(self, time_s: float, picture: np.ndarray, gains: np.ndarray, centres: np.ndarray) -> None:
        """Take in one picture, its light evened by the gains of the reference bands."""
        sample = picture[self.water].astype(np.int16)
        self.unrest.append(float(np.minimum(np.abs(sample - self.sample), MOST_UNREST).mean()))
        self.sample = sample
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
        bodies = through_spots(masks, shape["x"], shape["y"], self.spots, SPOT * masks.shape[2])
        self.recent = self.recent.and_then(times_s, bodies)
        self.changes.append(self.recent.changes() * (SPOT_STEP * masks.shape[2]) ** 2)
        self.blocks.append(np.stack([times_s, *(shape[name] for name in SHAPE)], axis=1))
        self.filled = 0

    def rows(self) -> np.ndarray:
        """All that was seen, (n pictures, time, changed area in binned pixels and the columns of ``SHAPE``)."""
        if self.filled:
            self.digest()
        seen = np.concatenate(self.blocks) if self.blocks else np.zeros((0, 1 + len(SHAPE)))
        changed = np.full(len(seen), np.nan)
        if len(seen) > 2 * REACH:
            changed[REACH:-REACH] = np.concatenate(self.changes)
        return np.insert(seen, 1, changed, axis=1)

    def noise_now(self) -> float:
        """The camera's noise from picture to picture, as coded (standard deviation, grey levels of a binned pixel).

        From the water in the film's calmer moments; two noisy values differ by 2/sqrt(pi) deviations on average.
        """
        live = np.array([unrest for unrest in self.unrest if unrest >= REPEATED])
        return float(np.percentile(live, CALM_PCT)) / (1.128 * np.sqrt(self.bin)) if len(live) else 0.0

    def noise_area(self, area: np.ndarray, soft: np.ndarray) -> np.ndarray:
        """Area (n,) that would seem to change by the camera's noise alone, in binned pixels.

        Only the soft edge of the body shows noise. A spot beside it sums the noise of the edge's pixels within its
        width, so the sum over spots grows with the root of the edge's length times its area.
        """
        in_mask = self.noise_now() * float(np.median(self.scale))
        length = 4.5 * np.sqrt(area)
        spot = SPOT * self.offset.shape[1]
        spread = np.sqrt(length * soft / (2 * np.sqrt(np.pi) * spot))
        return NOISE_LEFT * np.sqrt(1.5) * np.sqrt(2 / np.pi) * in_mask * spread


@dataclass
class Recent:
    """The last pictures of the body as seen through the spots, (n, spots), with their times."""

    times_s: np.ndarray
    bodies: np.ndarray

    def and_then(self, times_s: np.ndarray, bodies: np.ndarray) -> "Recent":
        """The last few of these, which still lack neighbours, followed by new ones."""
        kept = slice(max(0, len(self.times_s) - 2 * REACH), None)
        return Recent(np.append(self.times_s[kept], times_s), np.concatenate([self.bodies[kept], bodies]))

    def changes(self) -> np.ndarray:
        """Area changed (n - 2 ``REACH``,), in spots, of each picture that has all its neighbours; NaN beside a gap."""
        count = len(self.times_s) - 2 * REACH
        if count <= 0:
            return np.zeros(0)
        found = [self.unlike_neighbours(back, count) for back in range(1, REACH + 1)]
        (near_s, near), (far_s, far) = found[0], found[-1]
        weight = np.clip((LAG_S - near_s) / np.maximum(far_s - near_s, 1e-9), 0, 1)
        mixed = (1 - weight) * near + weight * far
        return np.where(np.isfinite(mixed), mixed, near)

    def unlike_neighbours(self, back: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean lag (s) to the neighbours ``back`` pictures away, and the area in which the mean of both is wrong."""
        here = slice(REACH, REACH + count)
        before, after = slice(REACH - back, REACH - back + count), slice(REACH + back, REACH + back + count)
        lag_s = self.times_s[after] - self.times_s[before]
        weight = ((self.times_s[after] - self.times_s[here]) / lag_s).astype(np.float32)[:, None]
        apart = self.bodies[before] - self.bodies[after]
        apart *= weight
        apart += self.bodies[after]
        apart -= self.bodies[here]
        np.abs(apart, out=apart)
        return lag_s / 2, np.where(lag_s <= 2 * LONGEST_LAG_S, apart.sum(axis=1), np.nan)


def through_spots(masks: np.ndarray, x: np.ndarray, y: np.ndarray, spots: np.ndarray, soft: float) -> np.ndarray:
    """Bodies (n, spots squared) as seen through Gaussian spots of width ``soft`` on a square grid around their centres.

    ``masks`` is (n, height, width), ``x`` and ``y`` are the bodies' centres, ``spots`` the grid's places about them
    (all in pixels). Centring is exact to a fraction of a pixel.
    """
    n, height, width = masks.shape
    down = spot_weights(np.nan_to_num(y), spots, height, soft)
    across = spot_weights(np.nan_to_num(x), spots, width, soft)
    return (down @ masks @ across.transpose(0, 2, 1)).reshape(n, -1)


def spot_weights(centres: np.ndarray, spots: np.ndarray, length: int, soft: float) -> np.ndarray:
    """Weights (n, spots, length) of the pixels of a line in each spot; those of a spot sum to 1."""
    places = centres.astype(np.float32)[:, None, None] + spots[:, None]
    apart = (places - np.arange(length, dtype=np.float32)) * np.float32(np.sqrt(0.5) / soft)
    np.square(apart, out=apart)
    np.negative(apart, out=apart)
    np.exp(apart, out=apart)
    apart *= np.float32(1 / (np.sqrt(2 * np.pi) * soft))
    return apart


def shapes(masks: np.ndarray, above: np.ndarray, surface: np.ndarray) -> dict[str, np.ndarray]:
    """Area, centre, length, height, share above water, top, soft edge and division of each body, (n,) each.

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
    long = (xx + yy) / 2 + spread
    flat = masks.reshape(n, -1)
    solid = per_row[:, :, 0] > np.maximum(1.5, 0.02 * np.sqrt(area))[:, None]
    column = np.clip(np.nan_to_num(x), 0, width - 1).astype(int)
    return {
        "area": area,
        "x": x,
        "y": y,
        "length": 4 * np.sqrt(long),
        "height": 4 * np.sqrt(np.maximum(yy, 0)),
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
