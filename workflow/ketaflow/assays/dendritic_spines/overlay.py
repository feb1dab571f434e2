"""The reviewer's picture: a compressed projection with shaft and spines drawn over it as SVG."""

import base64

import numpy as np
import pandas as pd

from ketaflow.core.svg import COLOURS

CLASS_COLOURS = {"mushroom": "sky", "thin": "yellow", "stubby": "green", "filopodium": "pink"}
WIDEST_PX = 640
# The whole figure stays below 80 kB; base64 adds a third to the picture.
MOST_PICTURE_BYTES = 44_000
MARGIN_UM = 4.0


def svg(projection: np.ndarray, pixel_um: float, shafts: pd.DataFrame, spines: pd.DataFrame) -> str:
    """Projection (y, x) with centrelines (``shafts``) and spines on it, cut to the dendrite."""
    top, bottom, left, right = _window(projection.shape, pixel_um, shafts)
    cut = projection[top:bottom, left:right]
    fewer = max(1, int(np.ceil(max(cut.shape) / WIDEST_PX)))
    height, width = cut.shape
    picture = base64.b64encode(_webp(_grey(cut), fewer)).decode()
    body = [f'<image width="{width}" height="{height}" preserveAspectRatio="none" '
            f'href="data:image/webp;base64,{picture}"/>']  # fmt: skip
    line = max(width, height) / 500
    if len(shafts):
        for _, points in shafts.groupby("branch"):
            path = " ".join(f"{x - left + 0.5:.1f},{y - top + 0.5:.1f}" for x, y in points[["x_px", "y_px"]].to_numpy())
            body.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS["orange"]}" '
                        f'stroke-width="{line:.2f}" stroke-opacity="0.8"/>')  # fmt: skip
    body += [_circle(spine, left, top, pixel_um, line) for spine in spines.to_dict("records")]
    body.append(_scale_bar(width, height, pixel_um))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="projection of the dendrite with {len(spines)} spines marked" '
        f'style="max-width:100%;height:auto;background:#000">{"".join(body)}</svg>'
    )


def _window(shape: tuple[int, int], pixel_um: float, shafts: pd.DataFrame) -> tuple[int, int, int, int]:
    """Rows and columns that hold the dendrites and a margin; everything where there is none."""
    if not len(shafts):
        return 0, shape[0], 0, shape[1]
    margin = MARGIN_UM / pixel_um
    low = (shafts[["y_px", "x_px"]].min().to_numpy() - margin).clip(0).astype(int)
    high = np.minimum(shafts[["y_px", "x_px"]].max().to_numpy() + margin + 1, shape).astype(int)
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def _grey(cut: np.ndarray) -> np.ndarray:
    """Eight bits between background and the brightest spines, with dim ones lifted."""
    low, high = np.quantile(cut, [0.05, 0.998])
    share = np.clip((cut - low) / max(high - low, 1e-9), 0, 1)
    return (255 * share**0.6).astype(np.uint8)


def _webp(grey: np.ndarray, fewer: int) -> bytes:
    """The picture as WebP, coarser until it is small enough."""
    import imagecodecs

    coarse = grey[: len(grey) // fewer * fewer, : grey.shape[1] // fewer * fewer]
    coarse = coarse.reshape(len(grey) // fewer, fewer, -1, fewer).mean((1, 3)).astype(np.uint8)
    colours = np.repeat(coarse[..., None], 3, axis=2)
    for quality in (70, 50, 30, 15, 5):
        encoded = imagecodecs.webp_encode(colours, level=quality, lossless=False, method=2)
        if len(encoded) <= MOST_PICTURE_BYTES:
            break
    return bytes(encoded)


def _circle(spine: dict, left: int, top: int, pixel_um: float, line: float) -> str:
    radius = max(spine["head_diameter_um"] / 2 / pixel_um + 2 * line, 3 * line)
    dashed = ' stroke-dasharray="3 2"' if spine["origin"] != "found" else ""
    told = f"{spine['spine']}: {spine['class']}, score {spine['score']:.2f}"
    return (
        f'<circle cx="{spine["x_px"] - left + 0.5:.1f}" cy="{spine["y_px"] - top + 0.5:.1f}" r="{radius:.1f}" '
        f'fill="none" stroke="{COLOURS[CLASS_COLOURS[spine["class"]]]}" stroke-width="{line:.2f}"{dashed}>'
        f"<title>{told}</title></circle>"
    )


def _scale_bar(width: int, height: int, pixel_um: float) -> str:
    """A bar of 1, 2, 5, 10 or 20 um, about a sixth of the picture."""
    bar_um = max((size for size in (1, 2, 5, 10, 20) if size / pixel_um <= width / 4), default=1)
    size = max(width, height) / 45
    x, y = width - bar_um / pixel_um - size, height - size
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{bar_um / pixel_um:.1f}" height="{size / 4:.1f}" fill="#fff"/>'
        f'<text x="{x:.1f}" y="{y - size / 3:.1f}" style="font:{size:.1f}px system-ui,sans-serif;fill:#fff">'
        f"{bar_um} µm</text>"
    )
