"""Motion of one animal: a signal that does not depend on resolution, frame rate or lamp flicker.

In: grey frames with their times, the scene without animals, and a cylinder. Out: one row per analysed frame. The body
is a soft mask (0 to 1) of what differs from the background. A paddling limb goes to and fro, whereas a body that
glides, turns or sinks after its last stroke moves on evenly. So motion is the difference of a frame from the mean of
the frames before and after it, the body's centre held still: even movement, however fast, leaves nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.body_mask import (
    SHAPE_COLUMNS,
    BodyShapes,
    BodySupport,
    MaskScale,
    block_mean,
    body_shapes,
    cell_px,
    in_pixels,
)
from ketaflow.assays.forced_swim.tracking.illumination import ReferenceLight
from ketaflow.assays.forced_swim.tracking.scene import Appearance, Cylinder, EmptyScene, KeyFrames


class AnimalTracker:
    """Follows one animal through the frames of a video, a block of frames at a time.

    Parameters
    ----------
    cylinder : Cylinder
        Where the animal is.
    seen : KeyFrames
        Key frames of the video, for the clock.
    empty : EmptyScene
        The scene without animals.
    appearance : Appearance
        How the animal differs from the background.
    light : ReferenceLight
        Where the light of the frames is measured.
    """

    def __init__(
        self, cylinder: Cylinder, seen: KeyFrames, empty: EmptyScene, appearance: Appearance, light: ReferenceLight
    ):
        """Crop and reduce what every frame is compared with."""
        self.cylinder, self.appearance, self.sign = cylinder, appearance, empty.sign
        height, width = empty.background.shape
        size = appearance.size if np.isfinite(appearance.size) else 0.3 * cylinder.width
        self.reduction = max(1, round(size / constants.ANALYSIS_SIZE_PX))
        self.size = size / self.reduction
        margin, unit = 0.08 * (cylinder.bottom - cylinder.top), self.reduction * cell_px(self.size)
        y0, y1 = aligned_span(cylinder.top - margin, cylinder.bottom, height, unit)
        x0, x1 = aligned_span(cylinder.left + 1, cylinder.right, width, unit)
        self.crop = (slice(y0, y1), slice(x0, x1))
        background = block_mean(empty.background[self.crop], self.reduction).astype(np.float32)
        rows, columns = background.shape
        self.mask_scale = self._mask_scale(background, empty.noise_sd, seen.clock_mask)
        self.support = BodySupport.of_size(self.size, background.shape)
        self.light_weights = light.weights_at(y0 + (np.arange(rows) + 0.5) * self.reduction)
        slope = (cylinder.water_right - cylinder.water_left) / max(cylinder.width, 1)
        column_centres = x0 + (np.arange(columns) + 0.5) * self.reduction
        surface = cylinder.water_left + slope * (column_centres - cylinder.left) - y0
        self.surface = surface / self.reduction - 0.5
        self.above = (np.arange(rows)[:, None] < self.surface).astype(np.float32)
        self.aperture_sd = max(constants.APERTURE_SD_FRACTION * self.size, constants.MIN_APERTURE_SD_PX)
        half = constants.APERTURE_SQUARE_FRACTION / 2
        self.grid = (np.arange(-half, half, constants.APERTURE_STEP_FRACTION) * self.size).astype(np.float32)
        self.below_px = max(0, int(surface.min()))
        # The last frame of the block before, and the frames of this block.
        self._crops = np.zeros((constants.BLOCK_FRAMES + 1, y1 - y0, x1 - x0), np.uint8)
        self._recent = RecentFrames(np.zeros(0), np.zeros((0, len(self.grid) ** 2), np.float32))
        self._rows: list[np.ndarray] = []
        self._changes: list[np.ndarray] = []
        self._water_changes: list[np.ndarray] = []

    def _mask_scale(self, background: np.ndarray, noise_sd: float, clock_mask: np.ndarray) -> MaskScale:
        """Thresholds of the mask at each pixel, from noise and contrast."""
        usual = self.appearance.contrast
        noise = constants.MASK_NOISE_SDS * noise_sd / np.sqrt(self.reduction)
        is_blurred = bool(noise > constants.MASK_LOW_FRACTION * usual)
        # Averaging 3 x 3 pixels reduces the noise to a third.
        noise = noise / 3 if is_blurred else noise
        # Fur contrasts less with water than with the wall: the contrast is each pixel's own.
        contrast = np.maximum(self.sign * (background - self.appearance.level), constants.MIN_CONTRAST_FRACTION * usual)
        low = np.minimum(np.maximum(noise, constants.MASK_LOW_FRACTION * contrast), 0.5 * contrast)
        full = np.maximum(constants.MASK_FULL_FRACTION * contrast, low + 0.25 * contrast)
        scale = (1 / np.maximum(full - low, 1e-3)).astype(np.float32)
        offset = ((self.sign * background - low) * scale).astype(np.float32)
        hidden = block_mean(clock_mask[self.crop].astype(np.float32), self.reduction) > 0
        scale[hidden], offset[hidden] = 0, 0
        return MaskScale(-self.sign * scale, offset, is_blurred)

    @property
    def width(self) -> int:
        """Width of the cylinder (pixels after reduction)."""
        return self.mask_scale.offset.shape[1]

    def add_frame(self, place: int, frame: np.ndarray) -> None:
        """Add a frame to a block.

        Parameters
        ----------
        place : int
            Its number in the block.
        frame : (height, width) uint8
            Grey levels.
        """
        self._crops[place + 1] = frame[self.crop]

    def measure_block(self, times_s: np.ndarray, gains: np.ndarray) -> None:
        """Measure the frames added since the last block.

        Parameters
        ----------
        times_s : (n,) float
            Times of the frames (seconds of the video).
        gains : (n, n_bands) float
            Light of each band of the reference.
        """
        crops = self._crops[: len(times_s) + 1]
        masks, rows, columns = self._bodies(crops[1:], (gains @ self.light_weights).astype(np.float32))
        shapes = body_shapes(masks, self.above[rows, columns], self.surface[columns] - rows.start)
        bodies = sampled_on_grid(masks, shapes, self.grid, self.aperture_sd)
        shapes = replace(shapes, x=shapes.x + columns.start, y=shapes.y + rows.start)
        self._recent = self._recent.extended(times_s, bodies)
        self._changes.append(self._recent.changes() * (constants.APERTURE_STEP_FRACTION * self.size) ** 2)
        self._rows.append(np.stack([times_s, *(getattr(shapes, name) for name in SHAPE_COLUMNS)], axis=1))
        self._water_changes.append(mean_changes(crops[:, self.below_px :: 4, ::4].copy()))
        self._crops[0] = crops[-1]

    def _bodies(self, crops: np.ndarray, light: np.ndarray) -> tuple[np.ndarray, slice, slice]:
        """Masks of the body, and the rows and columns where it is; the rest of the cylinder is not looked at.

        A mask rises with the difference from the background, so nothing exceeds the mask of the strongest level and
        light of the block. Where no body can be in that, none is in any of the frames.
        """
        if self.sign > 0:
            level, brightness = crops.min(axis=0, keepdims=True), light.max(axis=0, keepdims=True)
        else:
            level, brightness = crops.max(axis=0, keepdims=True), light.min(axis=0, keepdims=True)
        (most,) = self.mask_scale.masks(block_mean(level, self.reduction), brightness, slice(None), slice(None))
        down, over = self.support.cells_reached(most)
        rows, columns = in_pixels(down, self.support.cell), in_pixels(over, self.support.cell)
        near = crops[:, in_pixels(rows, self.reduction), in_pixels(columns, self.reduction)]
        masks = self.mask_scale.masks(block_mean(near, self.reduction), light, rows, columns)
        return self.support.without_thin_parts(masks, down, over)

    def table(self) -> pd.DataFrame:
        """Return what was measured in all frames.

        Returns
        -------
        data frame
            One row per frame: ``time_s`` (seconds), ``changed`` (change of the body to the power ``CHANGE_POWER``,
            integrated over its area; NaN beside a gap), and the fields of ``BodyShapes`` (pixels after reduction).
        """
        rows = np.concatenate(self._rows) if self._rows else np.zeros((0, 1 + len(SHAPE_COLUMNS)))
        changed = np.full(len(rows), np.nan)
        if len(rows) > 2:
            changed[1:-1] = np.concatenate(self._changes)
        return pd.DataFrame(np.insert(rows, 1, changed, axis=1), columns=["time_s", "changed", *SHAPE_COLUMNS])

    def repeats_water(self) -> np.ndarray:
        """Test whether the water of each frame equals that of the frame before, noise included.

        Returns
        -------
        (n_frames,) bool
            True where the frame repeats the one before.
        """
        changes = np.concatenate([np.zeros(0), *self._water_changes])
        return np.concatenate([[False], changes[1:] < constants.REPEATED_WATER_CHANGE])[: len(changes)]


@dataclass(frozen=True)
class RecentFrames:
    """The last frames of a body as sampled on the grid.

    Attributes
    ----------
    times_s : (n,) float
        Times of the frames (seconds).
    bodies : (n, n_apertures) float32
        Mask averaged in each aperture.
    """

    times_s: np.ndarray
    bodies: np.ndarray

    def extended(self, times_s: np.ndarray, bodies: np.ndarray) -> "RecentFrames":
        """Append new frames to the last two, one of which still lacks its neighbour.

        Parameters
        ----------
        times_s : (n,) float
            Times of the new frames (seconds).
        bodies : (n, n_apertures) float32
            The new frames.

        Returns
        -------
        RecentFrames
            The last two frames and the new ones.
        """
        return RecentFrames(np.append(self.times_s[-2:], times_s), np.concatenate([self.bodies[-2:], bodies]))

    def changes(self) -> np.ndarray:
        """Measure the change of each frame that has both neighbours.

        Returns
        -------
        (n - 2,) float
            Difference from the mean of the neighbours to the power ``CHANGE_POWER``, summed over the apertures and
            scaled by ``stroke_residual``; NaN beside a gap.
        """
        times_s, bodies = self.times_s, self.bodies
        if len(times_s) < 3:
            return np.zeros(0)
        lag_s = times_s[2:] - times_s[:-2]
        weight = ((times_s[2:] - times_s[1:-1]) / lag_s).astype(np.float32)[:, None]
        difference = bodies[:-2] - bodies[2:]
        difference *= weight
        difference += bodies[2:]
        difference -= bodies[1:-1]
        np.square(difference, out=difference)
        total: np.ndarray = np.einsum("ns,ns->n", difference, difference)
        return total / stroke_residual(lag_s) ** constants.CHANGE_POWER


def mean_changes(frames: np.ndarray) -> np.ndarray:
    """Measure how much each frame differs from the one before.

    Parameters
    ----------
    frames : (n, height, width) uint8
        Grey levels.

    Returns
    -------
    (n - 1,) float
        Mean absolute difference (grey levels); that of a pixel counts up to ``MAX_WATER_CHANGE``.
    """
    earlier, later = frames[:-1], frames[1:]
    change = np.minimum(np.maximum(earlier, later) - np.minimum(earlier, later), constants.MAX_WATER_CHANGE)
    mean: np.ndarray = change.mean(axis=(1, 2))
    return mean


def stroke_residual(lag_s: np.ndarray) -> np.ndarray:
    """Return how much a stroke differs from the mean of the frames before and after, as a fraction of its amplitude.

    Division by it makes the change independent of the frame rate. A stroke is a sine of ``STROKE_HZ``; frames more than
    half a stroke apart count as half a stroke apart.

    Parameters
    ----------
    lag_s : (n,) float
        Time from the frame before to the frame after (seconds).

    Returns
    -------
    (n,) float
        NaN where the frames are too far apart to tell.
    """
    half_lag_s = np.minimum(lag_s / 2, 0.5 / constants.STROKE_HZ)
    residual = 1 - np.cos(2 * np.pi * constants.STROKE_HZ * half_lag_s)
    return np.where(lag_s <= 2 * constants.MAX_LAG_S, residual, np.nan)


def oscillation(times_s: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Measure how far a place is from the mean of those before and after, scaled as strokes are.

    Parameters
    ----------
    times_s : (n,) float
        Times (seconds).
    places : (n,) float
        Coordinate at each time, in any unit.

    Returns
    -------
    (n,) float
        In the unit of ``places``; NaN at the ends and beside a gap.
    """
    found = np.full(len(times_s), np.nan)
    if len(times_s) > 2:
        lag_s = times_s[2:] - times_s[:-2]
        weight = (times_s[2:] - times_s[1:-1]) / lag_s
        between = weight * places[:-2] + (1 - weight) * places[2:]
        found[1:-1] = (places[1:-1] - between) / stroke_residual(lag_s)
    return found


def aligned_span(start: float, stop: float, most: int, unit: int) -> tuple[int, int]:
    """Return the first pixel, and the pixel after the last, of a span whose length is a multiple of a unit.

    Parameters
    ----------
    start, stop : float
        What the span should cover (pixels).
    most : int
        Length of the axis; the span lies within 0 and this.
    unit : int
        The unit (pixels).

    Returns
    -------
    tuple of int
    """
    first, after = max(0, int(start)), min(most, int(stop))
    length = min(-(-(after - first) // unit), most // unit) * unit
    first = min(first, most - length)
    return first, first + length


def sampled_on_grid(masks: np.ndarray, shapes: BodyShapes, grid: np.ndarray, aperture_sd: float) -> np.ndarray:
    """Average masks in Gaussian apertures on a square grid around the body's centre.

    The grid follows the centre to a fraction of a pixel; soft apertures let an edge move through them evenly.

    Parameters
    ----------
    masks : (n, height, width) float32
        Body masks.
    shapes : BodyShapes
        Of these masks; gives the centres.
    grid : (m,) float32
        Positions of the apertures relative to the centre, in both directions (pixels).
    aperture_sd : float
        Standard deviation of an aperture (pixels).

    Returns
    -------
    (n, m * m) float32
        Share of each aperture that the body covers, 0 to 1; one row per frame.
    """
    n, height, width = masks.shape
    down = grid_weights(np.nan_to_num(shapes.y), grid, height, aperture_sd)
    across = grid_weights(np.nan_to_num(shapes.x), grid, width, aperture_sd)
    sampled: np.ndarray = (down @ masks @ across.transpose(0, 2, 1)).reshape(n, -1)
    return sampled


def grid_weights(centres: np.ndarray, grid: np.ndarray, length: int, aperture_sd: float) -> np.ndarray:
    """Return the weights of the pixels of a line in each aperture.

    Parameters
    ----------
    centres : (n,) float
        Centre of the body in each frame (pixels).
    grid : (m,) float32
        Positions of the apertures relative to the centre (pixels).
    length : int
        Number of pixels of the line.
    aperture_sd : float
        Standard deviation of an aperture (pixels).

    Returns
    -------
    (n, m, length) float32
        Sum to 1 over the pixels.
    """
    places = centres.astype(np.float32)[:, None, None] + grid[:, None]
    weights = (places - np.arange(length, dtype=np.float32)) * np.float32(np.sqrt(0.5) / aperture_sd)
    np.square(weights, out=weights)
    np.negative(weights, out=weights)
    np.exp(weights, out=weights)
    weights *= np.float32(1 / (np.sqrt(2 * np.pi) * aperture_sd))
    return weights
