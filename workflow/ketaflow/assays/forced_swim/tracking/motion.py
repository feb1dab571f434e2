"""How much each animal moves: a signal free of resolution, frame rate and lamp flicker.

In: grey pictures with their times, the empty background and a cylinder. Out: one row for each picture looked at. The
body is a soft mask (0 to 1) of what differs from the background. A paddling limb goes to and fro; a body that glides,
turns or sinks after the last stroke moves on evenly. So motion is what a picture differs by from the mean of those just
before and after it, the body's centre held still: even movement, however fast, leaves nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import uniform_filter

from ketaflow.assays.forced_swim.tracking.body_mask import (
    SHAPE_COLUMNS,
    block_mean,
    body_shapes,
    cell_px,
    suppress_thin_parts,
)
from ketaflow.assays.forced_swim.tracking.scene import Appearance, Cylinder

# A picture is compared with its neighbours. What a stroke of so many a second leaves depends on how far they are; it is
# scaled to the same at every distance, beyond half a stroke by no more than there (s).
STROKE_HZ = 4.0
HALF_STROKE_S = 0.5 / STROKE_HZ
# Neighbours further apart than this on average tell nothing (s).
LONGEST_LAG_S = 0.3
# Change of the water from picture to picture is capped, pixel by pixel, so that an animal weighs little (grey levels).
MOST_UNREST = 12
# Water that changes by less than this from picture to picture (mean, grey levels) is the same picture coded again.
REPEATED = 0.04
# Bodies are looked at about this large (root of the area, pixels); larger ones are binned, which also quietens noise.
ANALYSIS_SIZE_PX = 25
# The body is compared through soft spots this wide (standard deviation) and this far apart, in a square of this size
# around its centre (shares of the body's size). Softness lets an edge move evenly through a spot.
SPOT, SPOT_STEP, SQUARE = 0.12, 0.09, 3.2
# A spot narrower than this (pixels) sees single pixels: their noise is not averaged, and an edge passes in steps. Of
# 0.8, 1.0 and 1.3, tried on a mouse of 13 pixels, 1.0 and 1.3 gave the seconds of the same scene drawn twice as large.
LEAST_SPOT_PX = 1.3
# Changes are averaged by their fourth power: a paw's stroke is a strong change in few places, while turning, waves and
# the camera's noise are weak ones everywhere. Of the powers 1 to 6, tried on 34 drawn swims, 4 and 6 told best.
POWER = 4
BLOCK = 32
# Differences from the background count from 4 standard deviations of the noise, or 15 % of the animal's contrast, on,
# and in full from 50 %: what lies between is the soft edge.
NOISE_SDS, LOW_CONTRAST, FULL_CONTRAST = 4.0, 0.15, 0.5
# Ripples are told from the animal by counting only what goes beyond them by this factor.
RIPPLES = 1.3
# Where the background is nearly as dark as the fur, contrast is taken to be at least this share of the usual.
LEAST_CONTRAST = 0.4


@dataclass
class AnimalTracker:
    """Follows one animal through the pictures of a video, a block of pictures at a time."""

    cylinder: Cylinder
    background: np.ndarray
    sign: int
    appearance: Appearance
    noise_sd: float
    ripple: np.ndarray
    clock: np.ndarray
    blocks: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self):
        """Cut out and bin what is compared with every picture."""
        height, width = self.background.shape
        one = self.cylinder
        size = self.appearance.size if np.isfinite(self.appearance.size) else 0.3 * one.width
        self.bin = max(1, round(size / ANALYSIS_SIZE_PX))
        self.size = size / self.bin
        self.cell = cell_px(self.size)
        rise = 0.08 * (one.bottom - one.top)
        y0, y1 = aligned_span(one.top - rise, one.bottom, height, self.bin * self.cell)
        x0, x1 = aligned_span(one.left + 1, one.right, width, self.bin * self.cell)
        self.crop = (slice(y0, y1), slice(x0, x1))
        empty = block_mean(self.background[self.crop], self.bin).astype(np.float32)
        noise = NOISE_SDS * self.noise_sd / np.sqrt(self.bin)
        self.blurred = noise > LOW_CONTRAST * self.appearance.contrast
        # Averaging three by three pixels quietens the noise threefold.
        noise = noise / 3 if self.blurred else noise
        ripple = RIPPLES * block_mean(self.ripple[self.crop], self.bin)
        # Fur stands out less before water than before the wall: the contrast is each pixel's own.
        contrast = np.maximum(self.sign * (empty - self.appearance.level), LEAST_CONTRAST * self.appearance.contrast)
        low = np.clip(ripple, np.maximum(noise, LOW_CONTRAST * contrast), 0.5 * contrast)
        full = np.maximum(FULL_CONTRAST * contrast, low + 0.25 * contrast)
        self.scale = (1 / np.maximum(full - low, 1e-3)).astype(np.float32)
        self.offset = ((self.sign * empty - low) * self.scale).astype(np.float32)
        hidden = block_mean(self.clock[self.crop].astype(np.float32), self.bin) > 0
        self.scale[hidden], self.offset[hidden] = 0, 0
        self.row_centres = y0 + (np.arange(empty.shape[0]) + 0.5) * self.bin
        slope = (one.water_right - one.water_left) / max(one.width, 1)
        surface = one.water_left + slope * (x0 + (np.arange(empty.shape[1]) + 0.5) * self.bin - one.left) - y0
        self.surface = surface / self.bin - 0.5
        self.above = (np.arange(empty.shape[0])[:, None] < self.surface).astype(np.float32)
        self.soft = max(SPOT * self.size, LEAST_SPOT_PX)
        self.spots = (np.arange(-SQUARE / 2, SQUARE / 2, SPOT_STEP) * self.size).astype(np.float32)
        self.pictures = np.empty((BLOCK, *empty.shape), np.float32)
        self.times_s = np.empty(BLOCK)
        self.filled = 0
        self.recent = RecentFrames(np.zeros(0), np.zeros((0, len(self.spots) ** 2), np.float32))
        self.changes: list[np.ndarray] = []
        self.water = (slice(y0 + max(0, int(surface.min())), y0 + self.bin * empty.shape[0], 4), slice(x0, x1, 4))
        self.sample = np.full(self.background[self.water].shape, -1, np.int16)
        self.unrest: list[float] = []

    def add_frame(self, time_s: float, picture: np.ndarray, gains: np.ndarray, centres: np.ndarray) -> None:
        """Take in one picture, its light evened by the gains of the reference bands."""
        sample = picture[self.water].astype(np.int16)
        self.unrest.append(float(np.minimum(np.abs(sample - self.sample), MOST_UNREST).mean()))
        self.sample = sample
        light = np.interp(self.row_centres, centres, gains).astype(np.float32)[:, None]
        factor = -self.sign * self.scale / light
        np.multiply(block_mean(picture[self.crop], self.bin), factor, out=self.pictures[self.filled])
        self.times_s[self.filled] = time_s
        self.filled += 1
        if self.filled == BLOCK:
            self.process_block()

    def process_block(self) -> None:
        """Measure the pictures taken in since the last time."""
        masks = self.pictures[: self.filled]
        masks += self.offset
        if self.blurred:
            masks = uniform_filter(masks, (0, 3, 3))
        np.clip(masks, 0, 1, out=masks)
        rows, columns = suppress_thin_parts(masks, self.size, self.cell)
        masks = np.ascontiguousarray(masks[:, rows, columns])
        times_s = self.times_s[: self.filled].copy()
        shape = body_shapes(masks, self.above[rows, columns], self.surface[columns] - rows.start)
        bodies = sampled_on_grid(masks, shape["x"], shape["y"], self.spots, self.soft)
        shape["x"] += columns.start
        shape["y"] += rows.start
        self.recent = self.recent.extended(times_s, bodies)
        self.changes.append(self.recent.changes() * (SPOT_STEP * self.size) ** 2)
        self.blocks.append(np.stack([times_s, *(shape[name] for name in SHAPE_COLUMNS)], axis=1))
        self.filled = 0

    def table(self) -> np.ndarray:
        """All that was seen, (n pictures, time, changed area in binned pixels and the columns of ``SHAPE``)."""
        if self.filled:
            self.process_block()
        seen = np.concatenate(self.blocks) if self.blocks else np.zeros((0, 1 + len(SHAPE_COLUMNS)))
        changed = np.full(len(seen), np.nan)
        if len(seen) > 2:
            changed[1:-1] = np.concatenate(self.changes)
        return np.insert(seen, 1, changed, axis=1)


@dataclass
class RecentFrames:
    """The last pictures of the body as seen through the spots, (n, spots), with their times."""

    times_s: np.ndarray
    bodies: np.ndarray

    def extended(self, times_s: np.ndarray, bodies: np.ndarray) -> "RecentFrames":
        """The last two of these, of which one still lacks a neighbour, followed by new ones."""
        return RecentFrames(np.append(self.times_s[-2:], times_s), np.concatenate([self.bodies[-2:], bodies]))

    def changes(self) -> np.ndarray:
        """Change (n - 2,) of each picture that has both neighbours; NaN beside a gap.

        By how much the mean of the neighbours is wrong, to the power ``POWER``, summed over the spots.
        """
        times_s, bodies = self.times_s, self.bodies
        if len(times_s) < 3:
            return np.zeros(0)
        lag_s = times_s[2:] - times_s[:-2]
        weight = ((times_s[2:] - times_s[1:-1]) / lag_s).astype(np.float32)[:, None]
        apart = bodies[:-2] - bodies[2:]
        apart *= weight
        apart += bodies[2:]
        apart -= bodies[1:-1]
        np.square(apart, out=apart)
        return np.einsum("ns,ns->n", apart, apart) / stroke_residual(lag_s) ** POWER


def stroke_residual(lag_s: np.ndarray) -> np.ndarray:
    """By what share of itself a stroke differs from the mean of the pictures before and after, ``lag_s`` apart (n,).

    That of a sine of ``STROKE_HZ``; NaN where the pictures are too far apart to tell.
    """
    share = 1 - np.cos(2 * np.pi * STROKE_HZ * np.minimum(lag_s / 2, HALF_STROKE_S))
    return np.where(lag_s <= 2 * LONGEST_LAG_S, share, np.nan)


def oscillation(times_s: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How far a place (n,) is from the mean of those before and after, scaled as strokes are; NaN where not known."""
    found = np.full(len(times_s), np.nan)
    if len(times_s) > 2:
        lag_s = times_s[2:] - times_s[:-2]
        weight = (times_s[2:] - times_s[1:-1]) / lag_s
        between = weight * places[:-2] + (1 - weight) * places[2:]
        found[1:-1] = (places[1:-1] - between) / stroke_residual(lag_s)
    return found


def aligned_span(start: float, stop: float, most: int, unit: int) -> tuple[int, int]:
    """First and after the last of the pixels from start to stop, a multiple of ``unit`` and inside 0 to ``most``."""
    first, after = max(0, int(start)), min(most, int(stop))
    length = min(-(-(after - first) // unit), most // unit) * unit
    first = min(first, most - length)
    return first, first + length


def sampled_on_grid(masks: np.ndarray, x: np.ndarray, y: np.ndarray, spots: np.ndarray, soft: float) -> np.ndarray:
    """Bodies (n, spots squared) as seen through Gaussian spots of width ``soft`` on a square grid around their centres.

    ``masks`` is (n, height, width), ``x`` and ``y`` are the bodies' centres, ``spots`` the grid's places about them
    (all in pixels). Centring is exact to a fraction of a pixel.
    """
    n, height, width = masks.shape
    down = grid_weights(np.nan_to_num(y), spots, height, soft)
    across = grid_weights(np.nan_to_num(x), spots, width, soft)
    return (down @ masks @ across.transpose(0, 2, 1)).reshape(n, -1)


def grid_weights(centres: np.ndarray, spots: np.ndarray, length: int, soft: float) -> np.ndarray:
    """Weights (n, spots, length) of the pixels of a line in each spot; those of a spot sum to 1."""
    places = centres.astype(np.float32)[:, None, None] + spots[:, None]
    apart = (places - np.arange(length, dtype=np.float32)) * np.float32(np.sqrt(0.5) / soft)
    np.square(apart, out=apart)
    np.negative(apart, out=apart)
    np.exp(apart, out=apart)
    apart *= np.float32(1 / (np.sqrt(2 * np.pi) * soft))
    return apart
