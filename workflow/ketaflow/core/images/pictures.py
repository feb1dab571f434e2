"""Pictures for the reviewer: what a microscope recorded, with marks drawn over it as vectors.

In: 8-bit pictures and SVG marks in their pixels. Out: one SVG. Each picture is stored once, in its own pixels, however
often and however large it is shown; the marks disappear while the picture is pressed.
"""

import base64
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import imagecodecs
import numpy as np
from skimage.measure import approximate_polygon, find_contours
from skimage.transform import downscale_local_mean

# WebP qualities that are tried in turn (0 to 100). At 70 the outline of a cell or a punctum is that of the recording;
# 20 still shows each of them (looked at on simulated and real fields).
QUALITIES = (70, 55, 40, 20, 5)
# Gap between panels, and width of a line (pixels of the screen).
GAP_PX = 6
LINE_PX = 1.2
# Largest distance of an outline from the edge of the pixels it follows (pixels of the mask).
OUTLINE_TOLERANCE_PX = 0.4
# Lengths of scale bars (um), of which the longest within a quarter of the panel is drawn.
SCALE_BARS_UM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
# Letters of a hash that names a picture within a page.
NAME_LETTERS = 12
STYLE = "<style>svg:active .marks{opacity:0}</style>"


@dataclass(frozen=True)
class Panel:
    """One picture of a figure.

    Attributes
    ----------
    picture : (rows, columns, 3) uint8 ndarray
        Red, green and blue.
    marks : str
        SVG elements drawn over it, in pixels of the picture from its top left edge.
    """

    picture: np.ndarray
    marks: str = ""


def display_range(pixels: np.ndarray, quantiles: tuple[float, float]) -> tuple[float, float]:
    """Intensities that are shown as black and as full intensity.

    Parameters
    ----------
    pixels : (rows, columns) ndarray
        One channel (counts); only every fourth pixel along each axis is used.
    quantiles : tuple of float
        Shares of the pixels (0 to 1) below the two intensities.

    Returns
    -------
    (float, float)
        Intensities shown as black and as full intensity (counts).
    """
    low, high = np.quantile(pixels[::4, ::4], quantiles)
    return float(low), float(high)


def stretched(pixels: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Intensities as shares of the displayed range.

    Parameters
    ----------
    pixels : (rows, columns) ndarray
        One channel.
    limits : tuple of float
        What ``display_range`` returns.

    Returns
    -------
    (rows, columns) float32 ndarray
        0 to 1.
    """
    low, high = limits
    return np.clip((pixels.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)


def eight_bit(shares: np.ndarray) -> np.ndarray:
    """Shares of full intensity as 8-bit RGB.

    Parameters
    ----------
    shares : (rows, columns) or (rows, columns, 3) ndarray
        0 to 1, values beyond are clipped; one channel becomes grey.

    Returns
    -------
    (rows, columns, 3) uint8 ndarray
        Red, green and blue; 255 is full intensity.
    """
    colours = np.repeat(shares[..., None], 3, axis=2) if shares.ndim == 2 else shares
    return (255 * np.clip(colours, 0, 1)).astype(np.uint8)


def reduced(pixels: np.ndarray, side_px: int) -> tuple[np.ndarray, int]:
    """Average an image over squares until it is small enough; what is left over at the far edges is cut off.

    Parameters
    ----------
    pixels : (rows, columns) or (rows, columns, samples) ndarray
        The image.
    side_px : int
        Longest side wanted (pixels).

    Returns
    -------
    (ndarray, int)
        The smaller image, and the side of a square.
    """
    step = max(1, math.ceil(max(pixels.shape[:2]) / side_px))
    height, width = (size - size % step for size in pixels.shape[:2])
    cut = pixels[:height, :width]
    return (downscale_local_mean(cut, (step, step, 1)[: cut.ndim]) if step > 1 else cut), step


def outlines(mask: np.ndarray, *, scale: float = 1.0) -> str:
    """Outline the regions of a mask.

    Parameters
    ----------
    mask : (rows, columns) bool ndarray
        True inside.
    scale : float
        Pixels of the picture along the side of a pixel of the mask.

    Returns
    -------
    str
        SVG polygons, without a colour; empty where the mask is.
    """
    found = find_contours(np.pad(mask, 1).astype(np.float32), 0.5) if mask.any() else []
    parts = []
    for contour in found:
        corners = (approximate_polygon(contour, OUTLINE_TOLERANCE_PX)[:-1] - 0.5) * scale
        parts.append(f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for y, x in corners)}"/>')
    return "".join(parts)


def circles(x_px: Iterable[float], y_px: Iterable[float], radius_px: Iterable[float]) -> str:
    """Draw circles around the middles of pixels.

    Parameters
    ----------
    x_px, y_px, radius_px : iterable of float
        Places, counted from the middle of the first pixel, and radii (pixels of the picture).

    Returns
    -------
    str
        SVG circles, without a colour.
    """
    return "".join(
        f'<circle cx="{x + 0.5:.1f}" cy="{y + 0.5:.1f}" r="{radius:.1f}"/>'
        for x, y, radius in zip(x_px, y_px, radius_px, strict=True)
    )


def coloured(marks: str, colour: str, *, filled: bool = False) -> str:
    """Give marks a colour; empty where there are none."""
    look = f'fill="{colour}" stroke="none"' if filled else f'stroke="{colour}"'
    return f"<g {look}>{marks}</g>" if marks else ""


def figure_svg(
    panels: Sequence[Panel], *, label: str, zoom: float, pixel_um: float, max_bytes: int, smooth: bool = True
) -> str:
    """Draw panels beside each other.

    Parameters
    ----------
    panels : sequence of Panel
        Panels of equal size; those with the same array share one stored picture.
    label : str
        What the figure shows, for readers who do not see it; names neither animal nor file.
    zoom : float
        Pixels of the screen along the side of a pixel of the picture.
    pixel_um : float
        Size of a pixel of the picture (um), for the scale bar of the first panel.
    max_bytes : int
        Largest size of one stored picture (bytes).
    smooth : bool
        Whether enlarged pixels are blended into each other; if not, they are squares.

    Returns
    -------
    str
        SVG.
    """
    height, width = (size * zoom for size in panels[0].picture.shape[:2])
    names: dict[int, str] = {}
    parts = []
    for number, panel in enumerate(panels):
        name = names.get(id(panel.picture))
        shown = f'<use href="#{name}"/>'
        if name is None:
            content = encoded(panel.picture, max_bytes)
            name = names[id(panel.picture)] = f"v{hashlib.sha256(content).hexdigest()[:NAME_LETTERS]}"
            pixelated = "" if smooth else ' style="image-rendering:pixelated"'
            shown = (
                f'<image id="{name}" width="{width:g}" height="{height:g}" preserveAspectRatio="none"{pixelated} '
                f'href="data:image/webp;base64,{base64.b64encode(content).decode()}"/>'
            )
        marks = f'<g class="marks" transform="scale({zoom:g})">{panel.marks}</g>' if panel.marks else ""
        parts.append(f'<g transform="translate({number * (width + GAP_PX):g} 0)">{shown}{marks}</g>')
    total = len(panels) * (width + GAP_PX) - GAP_PX
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total:g} {height:g}" width="{total:g}" role="img" '
        f'aria-label="{label}" style="max-width:100%;height:auto;background:#000">{STYLE}'
        f'<g fill="none" stroke-width="{LINE_PX / zoom:.2g}">{"".join(parts)}</g>'
        f"{_scale_bar(width, height, zoom / pixel_um)}</svg>"
    )


def encoded(picture: np.ndarray, max_bytes: int) -> bytes:
    """Encode a picture as WebP, at the highest quality that fits into so many bytes, and else at the lowest.

    Parameters
    ----------
    picture : (rows, columns, 3) uint8 ndarray
        Red, green and blue.
    max_bytes : int
        Largest size wanted.

    Returns
    -------
    bytes
        Content of a WebP file; larger than ``max_bytes`` where even the lowest quality is.
    """
    found = b""
    for quality in QUALITIES:
        found = bytes(imagecodecs.webp_encode(np.ascontiguousarray(picture), level=quality, lossless=False, method=4))
        if len(found) <= max_bytes:
            break
    return found


def _scale_bar(width: float, height: float, per_um: float) -> str:
    """Draw a bar of a round length in the lower right corner of the first panel, on a dark ground."""
    length = max((size for size in SCALE_BARS_UM if size * per_um <= width / 4), default=SCALE_BARS_UM[0])
    drawn = length * per_um
    x, y = width - drawn - 10, height - 10
    return (
        f'<rect x="{x - 4:.1f}" y="{y - 18:.1f}" width="{drawn + 8:.1f}" height="26" fill="#000" fill-opacity="0.55"/>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{drawn:.1f}" height="3" fill="#fff"/>'
        f'<text x="{x + drawn / 2:.1f}" y="{y - 4:.1f}" text-anchor="middle" '
        f'style="font:12px system-ui,sans-serif;fill:#fff">{length} µm</text>'
    )
