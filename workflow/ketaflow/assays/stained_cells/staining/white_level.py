"""The white level: how bright is a bright-field image where nothing absorbs light?

In: a colour image. Out: the counts of red, green and blue that mean an optical density of 0, and where they come from.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import Colour


@dataclass(frozen=True)
class WhiteLevel:
    """Counts (red, green, blue) that mean an optical density of 0.

    Attributes
    ----------
    counts : tuple of float
        The white level.
    source : str
        ``settings``, ``image`` (its brightest part is grey, hence glass) or ``full scale`` (it is not).
    """

    counts: Colour
    source: str


def find_white_level(rgb: np.ndarray, given: tuple[float, ...], *, full_scale: float, block_px: int) -> WhiteLevel:
    """Determine the white level of an image.

    A camera is white-balanced on the empty slide, so that glass is grey and tissue, stained or not, is tinted. The
    brightest part of the image is therefore taken for glass if it is grey. Otherwise tissue fills the image, and the
    full scale of the camera is assumed. Medians of blocks are used, because noise at the white level may be clipped.

    Parameters
    ----------
    rgb : (rows, columns, 3) ndarray
        Red, green and blue (counts).
    given : tuple of float
        White level from the settings; empty to determine it.
    full_scale : float
        Highest number the camera writes (counts).
    block_px : int
        Side of the blocks (pixels).

    Returns
    -------
    WhiteLevel
        White level of red, green and blue (counts), and where it comes from.
    """
    if given:
        red, green, blue = given
        return WhiteLevel((red, green, blue), "settings")
    height, width = (max(size // block_px, 1) for size in rgb.shape[:2])
    step = max(block_px // constants.WHITE_SAMPLES_PER_SIDE, 1)
    medians = np.array(
        [
            np.median(part[::step, ::step].reshape(-1, 3), axis=0)
            for band in np.array_split(rgb, height, axis=0)
            for part in np.array_split(band, width, axis=1)
        ]
    )
    brightness = medians.mean(1)
    brightest = medians[np.argsort(brightness)[-constants.WHITE_BLOCKS :]].mean(0)
    if brightest.max() - brightest.min() <= constants.MAX_GREY_DIFFERENCE * brightest.max():
        red, green, blue = brightest.tolist()
        return WhiteLevel((red, green, blue), "image")
    return WhiteLevel((full_scale, full_scale, full_scale), "full scale")
