"""Images for the reviewer: the whole field, and its middle enlarged with a ring around every punctum.

In: the channels and the puncta found. Out: SVG with the recorded pixels in it. Pre is magenta and post is green, which
red-green colour blind readers can tell apart; the two puncta of a pair have white rings.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.core.images import pictures
from ketaflow.core.images.pictures import Panel


def whole_field(channels: Sequence[np.ndarray], tissue: np.ndarray, *, pixel_um: float, side_px: int) -> str:
    """Draw the channels of the whole field, with the outline of the measured area.

    Parameters
    ----------
    channels : sequence of (rows, columns) or (planes, rows, columns) ndarray
        One channel, or pre and post; stacks are shown by their maximum over the planes.
    tissue : (rows, columns) bool ndarray
        Mask of the measured area at any scale.
    pixel_um : float
        Size of a pixel (um).
    side_px : int
        Longest side of the picture (pixels).

    Returns
    -------
    str
        SVG.
    """
    small = [pictures.reduced(_projected(image), side_px) for image in channels]
    step = small[0][1]
    picture = _merged([_displayed(image) for image, _ in small])
    marks = "" if tissue.all() else pictures.outlines(tissue, scale=picture.shape[0] / tissue.shape[0])
    return pictures.figure_svg(
        [Panel(picture, pictures.coloured(marks, constants.OUTLINE_COLOUR))],
        label="the whole field with the edge of the measured area",
        zoom=side_px / max(picture.shape[:2]),
        pixel_um=pixel_um * step,
        max_bytes=constants.FIELD_PICTURE_MAX_BYTES,
    )


def enlarged(channels: Sequence[np.ndarray], puncta: pd.DataFrame, *, pixel_um: float, side_px: int, zoom: int) -> str:
    """Draw the middle of the field: one channel, or pre, post, and both together.

    Parameters
    ----------
    channels : sequence of (rows, columns) or (planes, rows, columns) ndarray
        One channel, or pre and post.
    puncta : data frame
        Columns ``channel``, ``x_px``, ``y_px``, ``radius_px`` and ``partner``.
    pixel_um : float
        Size of a pixel (um).
    side_px : int
        Side of the part that is shown (pixels of the image).
    zoom : int
        Enlargement.

    Returns
    -------
    str
        SVG.
    """
    height, width = channels[0].shape[-2:]
    side = min(side_px, height, width)
    top, left = (height - side) // 2, (width - side) // 2
    shown = [_displayed(_projected(image))[top : top + side, left : left + side] for image in channels]
    near = puncta.assign(x_px=puncta["x_px"] - left, y_px=puncta["y_px"] - top)
    near = near[near["x_px"].between(0, side) & near["y_px"].between(0, side)]
    paired = near["partner"].notna()
    panels = []
    for name, channel in zip(("pre", "post"), shown, strict=False):
        own = near["channel"].eq(name)
        panels.append(Panel(pictures.eight_bit(channel), _rings(near[own & paired], near[own & ~paired])))
    if len(shown) > 1:
        panels.append(Panel(_merged(shown), _rings(near[paired], near[:0])))
    return pictures.figure_svg(
        panels,
        label="the middle of the field with a ring around every punctum",
        zoom=zoom,
        pixel_um=pixel_um,
        max_bytes=constants.PART_PICTURE_MAX_BYTES,
        smooth=False,
    )


def _projected(image: np.ndarray) -> np.ndarray:
    """Maximum over the planes of a stack."""
    return image.max(0) if image.ndim == 3 else image


def _displayed(image: np.ndarray) -> np.ndarray:
    """Intensities from 0 to 1, the darkest and brightest pixels clipped."""
    return pictures.stretched(image, pictures.display_range(image, constants.DISPLAY_QUANTILES))


def _merged(shown: Sequence[np.ndarray]) -> np.ndarray:
    """One channel (rows, columns) in grey, or both as an RGB image."""
    if len(shown) == 1:
        return pictures.eight_bit(shown[0])
    colours = (np.array(constants.PRE_COLOUR), np.array(constants.POST_COLOUR))
    return pictures.eight_bit(sum(channel[..., None] * colour for channel, colour in zip(shown, colours, strict=True)))


def _rings(paired: pd.DataFrame, alone: pd.DataFrame) -> str:
    """Rings around puncta with and without a partner."""
    return "".join(
        pictures.coloured(
            pictures.circles(puncta["x_px"], puncta["y_px"], puncta["radius_px"] + constants.RING_MARGIN_PX), colour
        )
        for puncta, colour in ((paired, constants.PAIRED_COLOUR), (alone, constants.UNPAIRED_COLOUR))
    )
