"""Recognise a dot blot, in which samples do not run in lanes.

In: the signal of a membrane. Out: how many rows of dots it shows. The wells of a manifold are round and lie
on a grid that is as wide as it is high; bands are wider than high, and their rows lie where the masses put them.
"""

import numpy as np
from skimage.measure import label, regionprops

from ketaflow.assays.western_blot.images.intensity_scale import noise_sd, reduced
from ketaflow.assays.western_blot.lanes import constants


def dot_rows(signal: np.ndarray) -> int:
    """Count the rows of a dot blot.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        A membrane (counts).

    Returns
    -------
    int
        0 where the picture does not show dots on a square grid.
    """
    small = reduced(signal, max(1, round(signal.shape[1] / constants.DOT_WIDTH_PX)))
    usual = float(np.median(small))
    above = small - usual
    room = max(constants.DOT_NOISE * noise_sd(small), constants.DOT_LEAST_RISE * float(above.max()))
    spots = [
        region
        for region in regionprops(label(above > room), intensity_image=above)
        if region.area >= constants.DOT_LEAST_PX
    ]
    if len(spots) < constants.FEWEST_DOTS:
        return 0
    # Where a spot is half as high as at its top: its size does not depend on its strength.
    boxes = np.array([_half_box(region.image_intensity) for region in spots])
    tops = np.array([region.bbox[:2] for region in spots])
    height, width = boxes[:, 2] - boxes[:, 0] + 1, boxes[:, 3] - boxes[:, 1] + 1
    usual = float(np.median(np.sqrt(height * width)))
    dots = (np.abs(np.log(height / width)) < constants.DOT_ASPECT_LOG) & (
        np.abs(np.log(np.sqrt(height * width) / usual)) < constants.DOT_SIZE_LOG
    )
    if dots.mean() < constants.DOT_FRACTION:
        return 0
    rows = _steps(np.sort(tops[dots, 0] + (boxes[dots, 0] + boxes[dots, 2]) / 2), usual)
    columns = _steps(np.sort(tops[dots, 1] + (boxes[dots, 1] + boxes[dots, 3]) / 2), usual)
    if not len(rows) or not len(columns):
        return 0
    down, across = float(np.median(rows)), float(np.median(columns))
    square = abs(np.log(down / across)) < constants.DOT_PITCH_LOG
    return len(rows) + 1 if square else 0


def _half_box(rise: np.ndarray) -> tuple[int, int, int, int]:
    """First row, first column, last row and last column of a spot at half its height."""
    rows, columns = np.nonzero(rise > rise.max() / 2)
    return int(rows.min()), int(columns.min()), int(rows.max()), int(columns.max())


def _steps(places: np.ndarray, size: float) -> np.ndarray:
    """Distances between groups of places; places closer than half a spot are one group."""
    groups = np.split(places, np.flatnonzero(np.diff(places) > size / 2) + 1)
    return np.diff([group.mean() for group in groups])
