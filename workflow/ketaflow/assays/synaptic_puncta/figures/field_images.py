"""Images for the reviewer: the whole field, and its middle enlarged with a ring around every punctum.

In: the channels and the puncta found. Out: WebP images. Pre is magenta and post is green, which red-green colour
blind readers can tell apart; the two puncta of a pair have white rings.
"""

import math
from collections.abc import Sequence

import imagecodecs
import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.transform import downscale_local_mean

from ketaflow.assays.synaptic_puncta import constants


def whole_field(channels: Sequence[np.ndarray], tissue: np.ndarray, *, side_px: int) -> bytes:
    """Draw the channels of the whole field, with the outline of the measured area.

    Parameters
    ----------
    channels : sequence of (rows, columns) or (planes, rows, columns) ndarray
        One channel, or pre and post; stacks are shown by their maximum over the planes.
    tissue : (rows, columns) bool ndarray
        Mask of the measured area at any scale.
    side_px : int
        Longest side of the figure (pixels).

    Returns
    -------
    bytes
        WebP.
    """
    step = max(1, math.ceil(max(channels[0].shape[-2:]) / side_px))
    shown = [_display_range(_shrunk(_projected(image), step)) for image in channels]
    merged = _grey(shown[0]) if len(shown) == 1 else _merged(*shown)
    index = [np.arange(size) * given // size for size, given in zip(merged.shape, tissue.shape, strict=False)]
    mask = tissue[np.ix_(*index)]
    outline = mask & ~ndimage.binary_erosion(mask, border_value=1)
    merged[outline & ~mask.all()] = constants.OUTLINE_RGB
    return _encoded(merged, constants.FIELD_FIGURE_MAX_BYTES)


def enlarged(channels: Sequence[np.ndarray], puncta: pd.DataFrame, *, side_px: int, zoom: int) -> bytes:
    """Draw the middle of the field: one channel, or pre, post, and both together.

    Parameters
    ----------
    channels : sequence of (rows, columns) or (planes, rows, columns) ndarray
        One channel, or pre and post.
    puncta : data frame
        Columns ``channel``, ``x_px``, ``y_px``, ``radius_px`` and ``partner``.
    side_px : int
        Side of the part that is shown (pixels of the image).
    zoom : int
        Enlargement.

    Returns
    -------
    bytes
        WebP.
    """
    height, width = channels[0].shape[-2:]
    side = min(side_px, height, width)
    top, left = (height - side) // 2, (width - side) // 2
    crops = [
        np.kron(
            _display_range(_projected(image))[top : top + side, left : left + side], np.ones((zoom, zoom), np.float32)
        )
        for image in channels
    ]
    panels = [_grey(crop) for crop in crops]
    if len(crops) > 1:
        panels.append(_merged(*crops))
    for number, channel in enumerate(("pre", "post")[: len(crops)]):
        own = puncta[puncta["channel"].eq(channel)]
        paired = own["partner"].notna()
        _draw_rings(panels[number], own[~paired], (top, left), zoom, constants.UNPAIRED_RGB)
        for panel in (panels[number], panels[-1]):
            _draw_rings(panel, own[paired], (top, left), zoom, constants.PAIRED_RGB)
    gap = np.zeros((panels[0].shape[0], constants.GAP_PX, 3), np.uint8)
    joined = [panels[0]]
    for panel in panels[1:]:
        joined += [gap, panel]
    return _encoded(np.concatenate(joined, axis=1), constants.PART_FIGURE_MAX_BYTES)


def _projected(image: np.ndarray) -> np.ndarray:
    """Maximum over the planes of a stack."""
    return image.max(0) if image.ndim == 3 else image


def _shrunk(image: np.ndarray, step: int) -> np.ndarray:
    """The image averaged over squares of ``step`` pixels; the remainder at the far edges is cut off."""
    height, width = (size // step for size in image.shape)
    cut = image[: height * step, : width * step].astype(np.float32)
    return np.asarray(downscale_local_mean(cut, (step, step)))


def _display_range(image: np.ndarray) -> np.ndarray:
    """Intensities from 0 to 1, the darkest and brightest pixels clipped."""
    low, high = np.quantile(image[::2, ::2], constants.DISPLAY_QUANTILES)
    return np.clip((image.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)


def _grey(channel: np.ndarray) -> np.ndarray:
    """One channel (rows, columns) as a grey RGB image."""
    return _eight_bit(np.repeat(channel[..., None], 3, axis=2))


def _merged(pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    """Both channels (rows, columns) as an RGB image."""
    return _eight_bit(
        pre[..., None] * np.array(constants.PRE_COLOUR) + post[..., None] * np.array(constants.POST_COLOUR)
    )


def _eight_bit(colours: np.ndarray) -> np.ndarray:
    """Fractions of full intensity as 8-bit numbers."""
    return (255 * np.clip(colours, 0, 1)).astype(np.uint8)


def _draw_rings(
    panel: np.ndarray, puncta: pd.DataFrame, corner: tuple[int, int], zoom: int, rgb: tuple[int, int, int]
) -> None:
    """Draw a circle around each punctum, in place; ``corner`` is the top left pixel of the part shown."""
    top, left = corner
    angle = np.linspace(0, 2 * np.pi, constants.RING_POINTS, endpoint=False)
    radius = zoom * (puncta["radius_px"].to_numpy() + constants.RING_MARGIN_PX)
    y = zoom * (puncta["y_px"].to_numpy() - top + 0.5)[:, None] + radius[:, None] * np.sin(angle)
    x = zoom * (puncta["x_px"].to_numpy() - left + 0.5)[:, None] + radius[:, None] * np.cos(angle)
    rows, columns = np.rint(y - 0.5).astype(int).ravel(), np.rint(x - 0.5).astype(int).ravel()
    inside = (rows >= 0) & (rows < panel.shape[0]) & (columns >= 0) & (columns < panel.shape[1])
    panel[rows[inside], columns[inside]] = rgb


def _encoded(picture: np.ndarray, max_bytes: int) -> bytes:
    """The picture as WebP, at the highest quality that fits into so many bytes."""
    encoded = b""
    for quality in constants.WEBP_QUALITIES:
        encoded = bytes(imagecodecs.webp_encode(np.ascontiguousarray(picture), level=quality, lossless=False, method=2))
        if len(encoded) <= max_bytes:
            break
    return encoded
