"""Pictures for the reviewer: the field as it is, and a part of it enlarged with a ring around every punctum.

In: both channels and the puncta found. Out: encoded pictures. Pre is magenta, post is green, as is usual for
those who cannot tell red from green; a pair has a white ring around each of its two puncta.
"""

import math

import imagecodecs
import numpy as np
import pandas as pd

PRE, POST = np.array([1.0, 0.25, 1.0]), np.array([0.25, 1.0, 0.25])
PAIRED, ALONE, OUTLINE = (255, 255, 255), (255, 190, 0), (255, 220, 60)
DISPLAY_RANGE = (0.01, 0.997)
GAP_PX = 6
RING_POINTS = 48
QUALITIES = (45, 20, 5)
MOST_BYTES = {"field": 25_000, "part": 50_000}


def whole_field(pre: np.ndarray, post: np.ndarray, tissue: np.ndarray, *, side_px: int) -> bytes:
    """Both channels of the whole field, no wider than ``side_px``, with the edge of the tissue drawn in."""
    step = max(1, math.ceil(max(pre.shape[-2:]) / side_px))
    merged = _merged(*(_shown(_shrunk(_flat(image), step)) for image in (pre, post)))
    index = [np.arange(size) * given // size for size, given in zip(merged.shape, tissue.shape, strict=False)]
    mask = tissue[np.ix_(*index)]
    edge = mask & ~_inner(mask)
    merged[edge & ~mask.all()] = OUTLINE
    return _encoded(merged, MOST_BYTES["field"])


def enlarged(pre: np.ndarray, post: np.ndarray, puncta: pd.DataFrame, *, side_px: int, zoom: int) -> bytes:
    """The middle of the field: pre, post, and both together, puncta ringed."""
    height, width = pre.shape[-2:]
    side = min(side_px, height, width)
    top, left = (height - side) // 2, (width - side) // 2
    crops = [
        np.kron(_shown(_flat(image))[top : top + side, left : left + side], np.ones((zoom, zoom), np.float32))
        for image in (pre, post)
    ]
    panels = [_merged(crop, crop, grey=True) for crop in crops] + [_merged(*crops)]
    for number, channel in enumerate(("pre", "post")):
        own = puncta[puncta["channel"].eq(channel)]
        for panel in (panels[number], panels[2]):
            paired = own["partner"].notna()
            if panel is panels[number]:
                _ring(panel, own[~paired], top, left, zoom, ALONE)
            _ring(panel, own[paired], top, left, zoom, PAIRED)
    gap = np.zeros((panels[0].shape[0], GAP_PX, 3), np.uint8)
    return _encoded(np.concatenate([panels[0], gap, panels[1], gap, panels[2]], axis=1), MOST_BYTES["part"])


def _flat(image: np.ndarray) -> np.ndarray:
    return image.max(0) if image.ndim == 3 else image


def _shrunk(image: np.ndarray, step: int) -> np.ndarray:
    """The image averaged over squares of ``step`` pixels; what is left over at the far edges is cut off."""
    height, width = (size // step for size in image.shape)
    cut = image[: height * step, : width * step].astype(np.float32)
    return cut.reshape(height, step, width, step).mean((1, 3))


def _shown(image: np.ndarray) -> np.ndarray:
    """Grey values from 0 to 1, the darkest and brightest pixels clipped."""
    low, high = np.quantile(image[::2, ::2], DISPLAY_RANGE)
    return np.clip((image.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)


def _merged(pre: np.ndarray, post: np.ndarray, grey: bool = False) -> np.ndarray:
    colour = np.repeat(pre[..., None], 3, axis=2) if grey else pre[..., None] * PRE + post[..., None] * POST
    return (255 * np.clip(colour, 0, 1)).astype(np.uint8)


def _inner(mask: np.ndarray) -> np.ndarray:
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    return inner


def _ring(panel: np.ndarray, puncta: pd.DataFrame, top: int, left: int, zoom: int, colour: tuple) -> None:
    """Draw a circle around each punctum, in place."""
    angle = np.linspace(0, 2 * np.pi, RING_POINTS, endpoint=False)
    radius = zoom * (puncta["radius_px"].to_numpy() + 1.5)
    y = zoom * (puncta["y_px"].to_numpy() - top + 0.5)[:, None] + radius[:, None] * np.sin(angle)
    x = zoom * (puncta["x_px"].to_numpy() - left + 0.5)[:, None] + radius[:, None] * np.cos(angle)
    rows, columns = np.rint(y - 0.5).astype(int).ravel(), np.rint(x - 0.5).astype(int).ravel()
    seen = (rows >= 0) & (rows < panel.shape[0]) & (columns >= 0) & (columns < panel.shape[1])
    panel[rows[seen], columns[seen]] = colour


def _encoded(picture: np.ndarray, most_bytes: int) -> bytes:
    """The picture as WebP, as good as fits into so many bytes."""
    for quality in QUALITIES:
        encoded = imagecodecs.webp_encode(np.ascontiguousarray(picture), level=quality, lossless=False, method=2)
        if len(encoded) <= most_bytes:
            break
    return encoded
