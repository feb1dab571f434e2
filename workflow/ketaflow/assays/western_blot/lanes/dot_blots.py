"""Recognise dot and slot blots, in which samples do not run in lanes.

In: the signal of a membrane. Out: how many rows of dots or slots it shows. The wells of a manifold are alike and lie on
a grid. Dots are round and their grid is as wide as it is high, while bands are wider than high and their rows lie where
the masses put them. Slots look like bands, but their rows are evenly spaced.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.measure import label, regionprops

from ketaflow.assays.western_blot.images.constants import WORK_WIDTH_PX
from ketaflow.assays.western_blot.images.intensity_scale import noise_sd, reduced
from ketaflow.assays.western_blot.lanes import constants


@dataclass(frozen=True)
class Spots:
    """Spots of a membrane, in pixels of the reduced picture.

    Attributes
    ----------
    height, width : (n_spots,) float
        Size of each spot at half its height above the background, which does not depend on its strength.
    row, column : (n_spots,) float
        Its middle.
    share : (n_spots,) float
        Its part of the signal of all spots, so that dust and scratches count little.
    """

    height: np.ndarray
    width: np.ndarray
    row: np.ndarray
    column: np.ndarray
    share: np.ndarray

    @property
    def size(self) -> np.ndarray:
        """Geometric mean of height and width, (n_spots,) float."""
        return np.asarray(np.sqrt(self.height * self.width))

    def alike(self, sizes: np.ndarray) -> np.ndarray:
        """Which spots are about as large as the usual one; strong spots decide which that is.

        Parameters
        ----------
        sizes : (n_spots,) float
            Size of each spot (pixels of the reduced picture): height, width or their mean.

        Returns
        -------
        (n_spots,) bool
            True where the size is alike.
        """
        order = np.argsort(sizes)
        usual = sizes[order][np.searchsorted(np.cumsum(self.share[order]), 0.5)]
        return np.asarray(np.abs(np.log(sizes / usual)) < constants.DOT_SIZE_LOG)

    def pitches(self, kept: np.ndarray) -> tuple[float, float]:
        """Usual distances of some spots from the next one.

        Parameters
        ----------
        kept : (n_spots,) bool
            The spots.

        Returns
        -------
        (float, float)
            In their column and in their row (pixels of the reduced picture); NaN where no spot has another there.
        """
        down, across = (np.abs(place[kept, None] - place[None, kept]) for place in (self.row, self.column))
        near = np.median(self.size[kept]) / 2
        nearest = []
        for along, beside in ((down, across), (across, down)):
            steps = np.where((beside < near) & (along > near), along, np.inf).min(axis=1, initial=np.inf)
            nearest.append(float(np.median(steps[np.isfinite(steps)])) if np.isfinite(steps).any() else np.nan)
        return nearest[0], nearest[1]

    def steps(self, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances between rows and between columns of some of the spots.

        Parameters
        ----------
        kept : (n_spots,) bool
            The spots; those closer than half a spot are in one row or column.

        Returns
        -------
        rows, columns : (n_steps,) float
            Distances from each row or column to the next (pixels of the reduced picture).
        """
        usual = float(np.median(self.size[kept]))
        return _steps(np.sort(self.row[kept]), usual), _steps(np.sort(self.column[kept]), usual)


def spots_of(signal: np.ndarray, largest: float) -> Spots | None:
    """Find the spots of a membrane.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        A membrane (counts).
    largest : float
        Greatest size of a spot (fraction of the shorter side of the picture).

    Returns
    -------
    Spots or None
        None where there are fewer than four.
    """
    small = reduced(signal, max(1, round(signal.shape[1] / WORK_WIDTH_PX)))
    size = max(3, round(min(small.shape) * largest))
    above = small - ndimage.grey_opening(ndimage.gaussian_filter(small, 1.0), size=(size, size))
    room = max(constants.DOT_NOISE * noise_sd(small), constants.DOT_LEAST_RISE * float(above.max()))
    regions = [
        region
        for region in regionprops(label(above > room), intensity_image=above)
        if region.area >= constants.DOT_LEAST_PX
    ]
    if len(regions) < constants.FEWEST_DOTS:
        return None
    boxes = np.array([_half_box(region.image_intensity) for region in regions])
    first = np.array([region.bbox[:2] for region in regions])
    middle = first + (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2] + 1.0
    signals = np.array([region.image_intensity.sum() for region in regions])
    return Spots(size[:, 0], size[:, 1], middle[:, 0], middle[:, 1], signals / signals.sum())


def dot_rows(spots: Spots) -> int:
    """Count the rows of a dot blot.

    Parameters
    ----------
    spots : Spots
        All spots of the membrane.

    Returns
    -------
    int
        0 where they are not round dots of one size on a square grid.
    """
    round_ones = np.abs(np.log(spots.height / spots.width)) < constants.DOT_ASPECT_LOG
    dots = round_ones & spots.alike(spots.size)
    if spots.share[dots].sum() < constants.DOT_FRACTION:
        return 0
    down, across = spots.pitches(dots)
    square = abs(np.log(down / across)) < constants.DOT_PITCH_LOG
    return len(spots.steps(dots)[0]) + 1 if square else 0


def slot_rows(spots: Spots) -> int:
    """Count the rows of a slot blot.

    Parameters
    ----------
    spots : Spots
        All spots of the membrane.

    Returns
    -------
    int
        0 where they are not slots of one size on a full grid with three or more evenly spaced rows.
    """
    slots = spots.alike(spots.height) & spots.alike(spots.width) & (spots.width > spots.height)
    if spots.share[slots].sum() < constants.DOT_FRACTION:
        return 0
    rows, columns = spots.steps(slots)
    if len(rows) + 1 < constants.FEWEST_SLOT_ROWS or not len(columns):
        return 0
    even = np.abs(rows / np.median(rows) - 1).max() < constants.SLOT_UNEVENNESS
    full = slots.sum() >= constants.SLOT_FRACTION * (len(rows) + 1) * (len(columns) + 1)
    return len(rows) + 1 if even and full else 0


def _half_box(rise: np.ndarray) -> tuple[int, int, int, int]:
    """First row, first column, last row and last column of a spot at half its height."""
    rows, columns = np.nonzero(rise > rise.max() / 2)
    return int(rows.min()), int(columns.min()), int(rows.max()), int(columns.max())


def _steps(places: np.ndarray, size: float) -> np.ndarray:
    """Distances between groups of places; places closer than half a spot are one group."""
    groups = np.split(places, np.flatnonzero(np.diff(places) > size / 2) + 1)
    return np.diff([group.mean() for group in groups])
