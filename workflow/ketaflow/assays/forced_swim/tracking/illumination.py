"""Brightness of places without animals: the reference that removes lamp flicker and slow changes of the light."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.scene import Cylinder


@dataclass(frozen=True)
class ReferenceLight:
    """Pixels without animals, in horizontal bands from top to bottom.

    Attributes
    ----------
    rows, columns : (n_pixels,) int
        The pixels, band by band.
    band_starts : (n_bands,) int
        Place of each band's first pixel among them.
    expected : (n_bands,) float
        Summed background level of each band (grey levels).
    band_rows : (n_bands,) float
        Mean row of each band.
    """

    rows: np.ndarray
    columns: np.ndarray
    band_starts: np.ndarray
    expected: np.ndarray
    band_rows: np.ndarray

    def gains(self, levels: np.ndarray) -> np.ndarray:
        """Measure the light of each band of some frames.

        Parameters
        ----------
        levels : (n_frames, n_pixels) uint8
            Grey levels at ``rows`` and ``columns``.

        Returns
        -------
        (n_frames, n_bands) float
            Relative to the background.
        """
        return np.add.reduceat(levels.astype(np.float32), self.band_starts, axis=1) / self.expected

    def weights_at(self, rows: np.ndarray) -> np.ndarray:
        """Return how much the light of each band counts at some rows of the frame.

        Parameters
        ----------
        rows : (n_rows,) float
            Rows of the frame.

        Returns
        -------
        (n_bands, n_rows) float32
            Linear interpolation between the mean rows of the bands.
        """
        return np.stack([np.interp(rows, self.band_rows, one) for one in np.eye(len(self.band_rows))]).astype(
            np.float32
        )


class RoomSampler:
    """Samples what frames show outside the animals: their light, and whether they repeat the frame before.

    Parameters
    ----------
    light : ReferenceLight
        Where the light is measured.
    """

    def __init__(self, light: ReferenceLight):
        """Prepare a block of frames; the last sample of the block before comes first."""
        self.light = light
        self._levels = np.empty((constants.BLOCK_FRAMES, len(light.rows)), np.uint8)
        self._samples: list[np.ndarray] = []

    def add_frame(self, place: int, frame: np.ndarray) -> None:
        """Sample a frame.

        Parameters
        ----------
        place : int
            Its number in the block.
        frame : (height, width) uint8
            Grey levels.
        """
        step = constants.REPEAT_SAMPLING_PX
        self._levels[place] = frame[self.light.rows, self.light.columns]
        self._samples.append(frame[::step, ::step].copy())

    def measured(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Measure the block and begin another.

        Parameters
        ----------
        count : int
            Number of frames in the block.

        Returns
        -------
        gains : (count, n_bands) float
            Light of each band relative to the background.
        is_repeat : (count,) bool
            Whether a frame repeats the one before; False for the first of the video.
        """
        repeats = [np.array_equal(earlier, later) for earlier, later in pairwise(self._samples)]
        self._samples = self._samples[-1:]
        return self.light.gains(self._levels[:count]), np.array([False] * (count - len(repeats)) + repeats)


def reference_light(background: np.ndarray, variability: np.ndarray, cylinders: list[Cylinder]) -> ReferenceLight:
    """Choose quiet, well-lit pixels outside the cylinders, a few hundred in each band.

    Parameters
    ----------
    background : (height, width) float32
        The scene without animals (grey levels).
    variability : (height, width) float
        Range of each pixel (grey levels).
    cylinders : list of Cylinder
        Avoided as long as enough pixels remain.

    Returns
    -------
    ReferenceLight
        Places of the pixels by band of rows, and their mean grey level in the scene without animals.
    """
    height, width = background.shape
    quiet = (variability <= np.percentile(variability, 70)) & (background > 25) & (background < 250)
    for cylinder in cylinders:
        outside = quiet.copy()
        outside[int(cylinder.top) : int(cylinder.bottom), int(cylinder.left) - 2 : int(cylinder.right) + 3] = False
        quiet = outside if outside.mean() > 0.03 else quiet
    rows, columns = [], []
    for band in np.array_split(np.arange(height), constants.LIGHT_BANDS):
        ys, xs = np.nonzero(quiet[band[0] : band[-1] + 1])
        count = min(len(ys), constants.LIGHT_PIXELS_PER_BAND)
        picked = np.linspace(0, len(ys) - 1, count).astype(int)
        if len(ys) >= 30:
            rows.append(ys[picked] + band[0])
            columns.append(xs[picked])
    if not rows:
        rows, columns = [np.arange(0, height, 4)], [np.full(len(range(0, height, 4)), width // 2)]
    starts = np.cumsum([0, *(len(part) for part in rows[:-1])])
    all_rows, all_columns = np.concatenate(rows), np.concatenate(columns)
    expected = np.add.reduceat(background[all_rows, all_columns], starts)
    return ReferenceLight(all_rows, all_columns, starts, expected, np.array([part.mean() for part in rows]))
