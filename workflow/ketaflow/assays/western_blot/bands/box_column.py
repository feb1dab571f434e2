"""Columns of a box over the height of its membrane, and the baselines below them.

In: the membrane and the columns of a box. Out: a ``BoxColumn``, from which the background of the box is read.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.images.intensity_scale import noise_sd
from ketaflow.assays.western_blot.lanes import constants as lane_constants
from ketaflow.assays.western_blot.lanes.background import extended
from ketaflow.assays.western_blot.lanes.lane_profile import rows_on_membrane
from ketaflow.assays.western_blot.lanes.profile_baseline import baseline


@dataclass(frozen=True)
class BoxColumn:
    """The columns of a box over the height of its membrane.

    Attributes
    ----------
    pixels : (n_rows, n_columns) float32
        Signal of the box's columns and of those beside them (counts).
    left, width : int
        First column of the box in ``pixels``, and its columns.
    length : float
        Changes along the lane slower than this are background (rows).
    ceiling : float
        No background is read at or beside pixels at or above this level: ink, and clipped bands (counts).
    lane_baseline, gap_baseline : (n_rows,) float or None
        Baselines of the lane, with stripes that cross all lanes, and of the gaps beside it, where the lanes are known
        (counts).
    """

    pixels: np.ndarray
    left: int
    width: int
    length: float
    ceiling: float
    lane_baseline: np.ndarray | None = None
    gap_baseline: np.ndarray | None = None

    @cached_property
    def profile(self) -> np.ndarray:
        """Mean signal of the box's columns, (n_rows,) float (counts)."""
        return np.asarray(self.pixels[:, self.left : self.left + self.width].mean(axis=1, dtype=float))

    @cached_property
    def readable(self) -> np.ndarray:
        """Pixels at which a background can be read, (n_rows, n_columns) bool: not clipped, nor beside clipped ones."""
        clipped = self.pixels >= self.ceiling
        return ~ndimage.binary_dilation(clipped, np.ones((3, 3), bool)) if clipped.any() else ~clipped

    @cached_property
    def noise_sd(self) -> float:
        """Standard deviation of the pixels' noise (counts)."""
        return noise_sd(self.pixels)

    @cached_property
    def lane_level(self) -> np.ndarray:
        """Baseline below the profile between the membrane's edges, (n_rows,) float (counts)."""
        if self.lane_baseline is not None:
            return self.lane_baseline
        inside = self.inside
        return extended(baseline(self.profile[inside], length=self.length), inside, len(self.profile))

    @cached_property
    def beside(self) -> list[np.ndarray]:
        """Mean signal left and right of the box, as far as the pixels reach; each (n_rows,) float (counts)."""
        reach = max(constants.BESIDE_LEAST_PX, round(lane_constants.GAP_WIDTH * self.width))
        stop = self.left + self.width
        sides = [self.pixels[:, max(0, self.left - reach) : self.left], self.pixels[:, stop : stop + reach]]
        return [side.mean(axis=1, dtype=float) for side in sides if side.size]

    @cached_property
    def inside(self) -> slice:
        """Rows between the membrane's edges, beyond which the picture shows paper or table."""
        lowest = np.minimum.reduce(self.beside) if self.beside else self.profile
        return rows_on_membrane(self.profile, lowest)

    def gap_baselines(self, rows: slice) -> np.ndarray:
        """Baselines below the signal left and right of the box.

        Parameters
        ----------
        rows : slice
            Rows of the membrane; n of them.

        Returns
        -------
        (1 or 2, n) float
            Counts; one row per side that has pixels, one for a baseline that is given, or the level of the lane.
        """
        if self.gap_baseline is not None:
            return self.gap_baseline[None, rows]
        length = lane_constants.GAP_LENGTH * self.length
        gaps = [baseline(side[rows], length=length) for side in self.beside]
        return np.array(gaps) if gaps else self.lane_level[None, rows]


def column_of(signal: np.ndarray, left: int, width: int, *, length: float, ceiling: float) -> BoxColumn:
    """Cut out the columns of an upright box, with as much beside them as its background needs.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        The membrane (counts).
    left, width : int
        First column of the box, and its columns.
    length, ceiling : float
        As in ``BoxColumn``.

    Returns
    -------
    BoxColumn
        Pixels of the box and beside it, over all rows of the membrane.
    """
    margin = max(lane_constants.MARGIN_LEAST_PX, int(np.ceil(lane_constants.MARGIN_WIDTH * width)))
    start = max(0, left - margin)
    pixels = signal[:, start : left + width + margin].astype(np.float32)
    return BoxColumn(pixels, left - start, min(width, pixels.shape[1] - (left - start)), length, ceiling)
