"""The reviewer's pictures: the projection with shaft and spines drawn on it, and the light over depth."""

import base64
from html import escape

import numpy as np
import pandas as pd

from ketaflow.core.svg import COLOURS, Chart

CLASS_COLOURS = {"mushroom": "sky", "thin": "yellow", "stubby": "green", "filopodium": "pink"}
SATURATED_RGB = (255, 0, 255)
WIDEST_PX = 640
# The whole figure stays below 80 kB; base64 adds a third to the picture.
MOST_BYTES, LEAST_PICTURE_BYTES = 78_000, 12_000
QUALITIES = (70, 50, 30, 15, 5)
MARGIN_UM = 4.0
# Marks hide what they mark: they go while the picture is held.
STYLE = "<style>svg:active .marks{opacity:0}</style>"


def svg(
    projection: np.ndarray, saturated: np.ndarray, pixel_um: float, shafts: pd.DataFrame, spines: pd.DataFrame
) -> str:
    """Projection (y, x) with centrelines (``shafts``) and spines on it, cut to the dendrite.

    ``saturated`` (y, x) marks the pixels at the detector's ceiling.
    """
    top, bottom, left, right = _window(projection.shape, pixel_um, shafts)
    height, width = bottom - top, right - left
    line = max(width, height) / 420
    marks = _shaft_lines(shafts, left, top, line) + _spine_circles(spines, left, top, pixel_um, line)
    most = max(LEAST_PICTURE_BYTES, (MOST_BYTES - len(marks)) * 3 // 4)
    picture = base64.b64encode(_webp(projection[top:bottom, left:right], saturated[top:bottom, left:right], most))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="projection of the dendrite with {len(spines)} spines marked" '
        f'style="max-width:100%;height:auto;background:#000">{STYLE}<image width="{width}" height="{height}" '
        f'preserveAspectRatio="none" href="data:image/webp;base64,{picture.decode()}"/>'
        f'<g class="marks" fill="none" stroke-width="{line:.2f}">{marks}</g>{_scale_bar(width, height, pixel_um)}</svg>'
    )


def _window(shape: tuple[int, int], pixel_um: float, shafts: pd.DataFrame) -> tuple[int, int, int, int]:
    """Rows and columns that hold the dendrites and a margin; everything where there is none."""
    if not len(shafts):
        return 0, shape[0], 0, shape[1]
    margin = MARGIN_UM / pixel_um
    low = (shafts[["y_px", "x_px"]].min().to_numpy() - margin).clip(0).astype(int)
    high = np.minimum(shafts[["y_px", "x_px"]].max().to_numpy() + margin + 1, shape).astype(int)
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def _webp(cut: np.ndarray, saturated: np.ndarray, most_bytes: int) -> bytes:
    """The picture as WebP, grey with saturated pixels coloured, coarser until it is small enough."""
    import imagecodecs

    fewer = max(1, int(np.ceil(max(cut.shape) / WIDEST_PX)))
    grey = _blocks(_grey(cut), fewer).mean((1, 3)).astype(np.uint8)
    colours = np.repeat(grey[..., None], 3, axis=2)
    colours[_blocks(saturated, fewer).any((1, 3))] = SATURATED_RGB
    for quality in QUALITIES:
        encoded = imagecodecs.webp_encode(colours, level=quality, lossless=False, method=2)
        if len(encoded) <= most_bytes:
            break
    return bytes(encoded)


def _blocks(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture (y, x) as squares (rows, side, columns, side); what is left over at the far edges is cut off."""
    height, width = (size // side * side for size in picture.shape)
    return picture[:height, :width].reshape(height // side, side, -1, side)


def _grey(cut: np.ndarray) -> np.ndarray:
    """Eight bits between background and the brightest spines, with dim ones lifted."""
    low, high = np.quantile(cut, [0.05, 0.998])
    share = np.clip((cut - low) / max(high - low, 1e-9), 0, 1)
    return (255 * share**0.6).astype(np.uint8)


def _shaft_lines(shafts: pd.DataFrame, left: int, top: int, line: float) -> str:
    drawn = []
    for _, points in shafts.groupby("branch") if len(shafts) else []:
        path = " ".join(f"{x - left + 0.5:.1f},{y - top + 0.5:.1f}" for x, y in points[["x_px", "y_px"]].to_numpy())
        drawn.append(f'<polyline points="{path}" stroke-opacity="0.8"/>')
    return f'<g stroke="{COLOURS["orange"]}">{"".join(drawn)}</g>'


def _spine_circles(spines: pd.DataFrame, left: int, top: int, pixel_um: float, line: float) -> str:
    """Spines class by class; each tells its number, class and place to the one who points at it."""
    drawn = []
    for name, rows in spines.groupby("class") if len(spines) else []:
        colour = COLOURS[CLASS_COLOURS.get(name, "grey")]
        circles = "".join(_circle(spine, left, top, pixel_um, line) for spine in rows.to_dict("records"))
        drawn.append(f'<g stroke="{colour}">{circles}</g>')
    return "".join(drawn)


def _circle(spine: dict, left: int, top: int, pixel_um: float, line: float) -> str:
    radius = max(spine["head_diameter_um"] / 2 / pixel_um + 2 * line, 3 * line)
    dashed = f' stroke-dasharray="{3 * line:.1f} {2 * line:.1f}"' if spine["origin"] != "found" else ""
    score = f", score {spine['score']:.2f}" if spine["origin"] == "found" else f", {spine['origin']}"
    told = f"{spine['spine']}: {spine['class']}{score}, x {spine['x_px']:.0f} y {spine['y_px']:.0f}"
    return (
        f'<circle cx="{spine["x_px"] - left + 0.5:.1f}" cy="{spine["y_px"] - top + 0.5:.1f}" r="{radius:.1f}"{dashed}>'
        f"<title>{escape(told)}</title></circle>"
    )


def _scale_bar(width: int, height: int, pixel_um: float) -> str:
    bar_um = max((size for size in (1, 2, 5, 10, 20) if size / pixel_um <= width / 4), default=1)
    size = max(width, height) / 38
    x, y = width - bar_um / pixel_um - size, height - size
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{bar_um / pixel_um:.1f}" height="{size / 4:.1f}" fill="#fff"/>'
        f'<text x="{x:.1f}" y="{y - size / 3:.1f}" style="font:{size:.1f}px system-ui,sans-serif;fill:#fff">'
        f"{bar_um} µm</text>"
    )


def depth_profile(stack: np.ndarray, shafts: pd.DataFrame) -> np.ndarray:
    """Light of each plane (n,) where the shaft runs, less the darkest plane's, as a share of the brightest plane's."""
    y, x = (np.rint(shafts[name].to_numpy()).astype(int) for name in ("y_px", "x_px"))
    light = stack[:, y.clip(0, stack.shape[1] - 1), x.clip(0, stack.shape[2] - 1)].mean(1)
    light = light - np.quantile(stack[:, ::4, ::4], 0.3)
    return light / max(float(light.max()), 1e-9)


def depth_svg(profile: np.ndarray, step_um: float, spine_depths_um: np.ndarray) -> str:
    """The light of the planes, and the depth of every spine below it."""
    deepest = (len(profile) - 1) * step_um
    chart = Chart((0, deepest), (0, 105), "Depth (µm)", "Light of the shaft (%)", width=480, height=180)
    chart.line(np.arange(len(profile)) * step_um, 100 * profile)
    chart.level(50, "half")
    chart.points(spine_depths_um, np.full(len(spine_depths_um), 4.0), "green", radius=2)
    return chart.svg("light of the shaft in every plane of the stack, and the depth of its spines")
