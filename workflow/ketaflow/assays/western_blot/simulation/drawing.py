"""Draw a blot as an imager would store it: bands, ladder, uneven background, noise of a camera.

In: geometry, and the volume of every band. Out: a 16-bit picture with exactly these volumes.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.simulation.constants import FULL_SCALE


@dataclass(frozen=True)
class Stage:
    """Geometry of a membrane on its picture: size, lanes, how it lies, and its background (all pixels and counts)."""

    height_px: int
    width_px: int
    lanes: int
    tilt: float
    smile_px: float
    background: float
    noise_sd: float
    band_sd_px: float = 4.5

    @property
    def pitch_px(self) -> float:
        """Distance between lanes."""
        return 0.9 * self.width_px / self.lanes

    def lane_x(self, lane: int) -> float:
        """Centre of a lane (1 is the leftmost)."""
        return self.width_px / 2 + (lane - (self.lanes + 1) / 2) * self.pitch_px

    def row(self, kda: float) -> float:
        """Row to which a mass has run in the middle of the membrane."""
        reach = (np.log10(320) - np.log10(kda)) / (np.log10(320) - np.log10(8))
        return self.height_px * (0.1 + 0.8 * reach)

    def drop(self, x: np.ndarray | float) -> np.ndarray:
        """Rows by which tilt and smile of the membrane displace a column.

        Parameters
        ----------
        x : (n,) array or scalar
            Columns (pixels).

        Returns
        -------
        (n,) float or scalar
            Displacement (pixels), positive downwards.
        """
        across = (np.asarray(x) - self.width_px / 2) / (self.width_px / 2)
        return np.asarray(self.tilt * across * self.width_px / 2 + self.smile_px * (across**2 - 0.3))


def blank_picture(stage: Stage, rng: np.random.Generator) -> np.ndarray:
    """Draw the background of a membrane, with a slope and soft blotches.

    Parameters
    ----------
    stage : Stage
        Geometry and level.
    rng : numpy Generator
        Source of slope and blotches.

    Returns
    -------
    (height_px, width_px) float
        Counts.
    """
    rows, columns = np.mgrid[0 : stage.height_px, 0 : stage.width_px].astype(np.float32)
    slope = 1 + 0.25 * rng.uniform(-1, 1) * (columns / stage.width_px - 0.5)
    slope += 0.25 * rng.uniform(-1, 1) * (rows / stage.height_px - 0.5)
    coarse = rng.normal(0, 1, (stage.height_px // 40 + 2, stage.width_px // 40 + 2)).astype(np.float32)
    blotches = ndimage.zoom(coarse, 40, order=1)[: stage.height_px, : stage.width_px]
    return stage.background * (slope + 0.03 * blotches)


def add_band(picture: np.ndarray, stage: Stage, lane: int, kda: float, volume: float, rng: np.random.Generator) -> None:
    """Add one band to a picture, in place: flat across the lane, Gaussian along it, slightly askew.

    Parameters
    ----------
    picture : (height_px, width_px) float
        The picture (counts).
    stage : Stage
        Geometry.
    lane : int
        Number of the lane; 1 is the leftmost.
    kda : float
        Mass of the band (kDa).
    volume : float
        Its volume (counts).
    rng : numpy Generator
        Source of its displacement.
    """
    centre, half = stage.lane_x(lane), 0.36 * stage.pitch_px
    left, right = int(centre - 0.5 * stage.pitch_px), int(centre + 0.5 * stage.pitch_px) + 1
    columns = np.arange(left, right)
    across = np.exp(-(((columns - centre) / half) ** 8))
    place = stage.row(kda) + stage.drop(columns) + rng.normal(0, 0.8)
    reach = int(6 * stage.band_sd_px)
    top = int(place.min()) - reach
    rows = np.arange(top, int(place.max()) + reach)
    shape = across * np.exp(-0.5 * ((rows[:, None] - place) / stage.band_sd_px) ** 2)
    keep = (rows >= 0) & (rows < picture.shape[0])
    picture[rows[keep][:, None], columns] += volume * shape[keep] / shape.sum()


def developed(picture: np.ndarray, stage: Stage, rng: np.random.Generator) -> np.ndarray:
    """Add the noise of a camera: shot noise and read noise.

    Parameters
    ----------
    picture : (height_px, width_px) float
        Counts without noise.
    stage : Stage
        Read noise.
    rng : numpy Generator
        Source of the noise.

    Returns
    -------
    (height_px, width_px) uint16
        Counts, clipped at the end of the scale.
    """
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    noisy = picture + noise * np.sqrt(stage.noise_sd**2 + 0.5 * np.maximum(picture, 0))
    return np.clip(np.rint(noisy), 0, FULL_SCALE).astype(np.uint16)
