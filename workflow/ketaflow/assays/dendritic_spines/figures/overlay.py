"""The reviewer's pictures: the projection with shaft and spines drawn on it, and the light over depth."""

import base64
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from ketaflow.core.svg import COLOURS

CLASS_COLOURS = {"mushroom": "sky", "thin": "yellow", "stubby": "green", "filopodium": "pink"}
SATURATED_RGB = (255, 0, 255)
# Pages enlarge a drawing a little at most, so a small field is drawn as wide as a large one.
DRAWN_PX, WIDEST_PX, LINE_PX = 720, 640, 1.8
# The whole figure stays below 80 kB; base64 adds a third to the picture.
MOST_BYTES, LEAST_PICTURE_BYTES = 78_000, 12_000
QUALITIES = (70, 50, 30, 15, 5)
# A picture of fewer rows or columns than this shows nothing.
FEWEST_BLOCKS = 16
MARGIN_UM = 4.0
# Marks hide what they mark: they go while the picture is held.
STYLE = "<style>svg:active .marks{opacity:0}</style>"


@dataclass(frozen=True)
class Window:
    """The part of the field that is drawn (pixels of the image), and how many units of the drawing a pixel takes."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def scale(self) -> float:
        """Units of the drawing for each pixel of the image."""
        return DRAWN_PX / max(self.right - self.left, self.bottom - self.top)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing."""
        return (self.right - self.left) * self.scale, (self.bottom - self.top) * self.scale

    def at(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Where the middle of a pixel lies in the drawing."""
        return (x_px - self.left + 0.5) * self.scale, (y_px - self.top + 0.5) * self.scale

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The part of a picture (y, x) that is drawn."""
        return picture[self.top : self.bottom, self.left : self.right]


def projection_svg(
    projection: np.ndarray, saturated: np.ndarray, soma: np.ndarray, pixel_um: float, shafts: pd.DataFrame,
    spines: pd.DataFrame,
) -> str:  # fmt: skip
    """Projection (y, x) with centrelines (``shafts``) and spines on it, cut to the dendrite.

    ``saturated`` (y, x) marks the pixels at the detector's ceiling, ``soma`` (y, x) those of cell bodies.
    """
    view = _window(projection.shape, pixel_um, shafts)
    width, height = view.size
    marks = _soma_outlines(soma, view) + _shaft_lines(shafts, view) + _spine_circles(spines, view, pixel_um)
    most = max(LEAST_PICTURE_BYTES, (MOST_BYTES - len(marks)) * 3 // 4)
    picture = base64.b64encode(_webp(view.cut(projection), view.cut(saturated), most))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" role="img" '
        f'aria-label="projection of the dendrite with {len(spines)} spines marked" '
        f'style="max-width:100%;height:auto;background:#000">{STYLE}<image width="{width:.1f}" height="{height:.1f}" '
        f'preserveAspectRatio="none" href="data:image/webp;base64,{picture.decode()}"/>'
        f'<g class="marks" fill="none" stroke-width="{LINE_PX}">{marks}</g>{_scale_bar(view, pixel_um)}</svg>'
    )


def _window(shape: tuple[int, int], pixel_um: float, shafts: pd.DataFrame) -> Window:
    """What holds the dendrites and a margin; everything where there is none."""
    if not len(shafts):
        return Window(0, shape[0], 0, shape[1])
    margin = MARGIN_UM / pixel_um
    low = (shafts[["y_px", "x_px"]].min().to_numpy() - margin).clip(0).astype(int)
    high = np.minimum(shafts[["y_px", "x_px"]].max().to_numpy() + margin + 1, shape).astype(int)
    return Window(int(low[0]), int(high[0]), int(low[1]), int(high[1]))


def _webp(cut: np.ndarray, saturated: np.ndarray, most_bytes: int) -> bytes:
    """The picture as WebP, grey with saturated pixels coloured, worse and then coarser until it is small enough."""
    import imagecodecs

    grey, fewer = _grey(cut), max(1, int(np.ceil(max(cut.shape) / WIDEST_PX)))
    while True:
        coarse = _blocks(grey, fewer).mean((1, 3)).astype(np.uint8)
        colours = np.repeat(coarse[..., None], 3, axis=2)
        colours[_blocks(saturated, fewer).any((1, 3))] = SATURATED_RGB
        for quality in QUALITIES:
            encoded = imagecodecs.webp_encode(colours, level=quality, lossless=False, method=2)
            if len(encoded) <= most_bytes or min(coarse.shape) < FEWEST_BLOCKS:
                return bytes(encoded)
        fewer += 1


def _blocks(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture (y, x) as squares (rows, side, columns, side); what is left over at the far edges is cut off."""
    height, width = (size // side * side for size in picture.shape)
    return picture[:height, :width].reshape(height // side, side, -1, side)


def _grey(cut: np.ndarray) -> np.ndarray:
    """Eight bits between background and the brightest spines, with dim ones lifted."""
    low, high = np.quantile(cut, [0.05, 0.998])
    share = np.clip((cut - low) / max(high - low, 1e-9), 0, 1)
    return (255 * share**0.6).astype(np.uint8)


def _soma_outlines(soma: np.ndarray, view: Window) -> str:
    """Edges of the cell bodies, dotted."""
    from skimage.measure import approximate_polygon, find_contours

    drawn = []
    for edge in find_contours(np.pad(soma, 1).astype(float), 0.5) if soma.any() else []:
        places = [view.at(x - 1, y - 1) for y, x in approximate_polygon(edge, 0.7)]
        drawn.append(f'<polygon points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in places)}"/>')
    return f'<g stroke="#fff" stroke-dasharray="1 5" stroke-linecap="round">{"".join(drawn)}</g>' if drawn else ""


def _shaft_lines(shafts: pd.DataFrame, view: Window) -> str:
    drawn = []
    for _, points in shafts.groupby("branch") if len(shafts) else []:
        places = [view.at(x, y) for x, y in points[["x_px", "y_px"]].to_numpy()]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawn.append(f'<polyline points="{path}" stroke-opacity="0.8"/>')
    return f'<g stroke="{COLOURS["orange"]}">{"".join(drawn)}</g>'


def _spine_circles(spines: pd.DataFrame, view: Window, pixel_um: float) -> str:
    """Spines class by class; each tells its number, class and place to the one who points at it."""
    drawn = []
    for name, rows in spines.groupby("class") if len(spines) else []:
        colour = COLOURS[CLASS_COLOURS.get(name, "grey")]
        circles = "".join(_circle(spine, view, pixel_um) for spine in rows.to_dict("records"))
        drawn.append(f'<g stroke="{colour}">{circles}</g>')
    return "".join(drawn)


def _circle(spine: dict, view: Window, pixel_um: float) -> str:
    x, y = view.at(spine["x_px"], spine["y_px"])
    radius = max(spine["head_diameter_um"] / 2 / pixel_um * view.scale + 2 * LINE_PX, 3 * LINE_PX)
    dashed = ' stroke-dasharray="6 4"' if spine["origin"] != "found" else ""
    score = f", score {spine['score']:.2f}" if spine["origin"] == "found" else f", {spine['origin']}"
    told = f"{spine['spine']}: {spine['class']}{score}, x {spine['x_px']:.0f} y {spine['y_px']:.0f}"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"{dashed}><title>{escape(told)}</title></circle>'


def _scale_bar(view: Window, pixel_um: float) -> str:
    width, height = view.size
    per_um = view.scale / pixel_um
    bar_um = max((size for size in (1, 2, 5, 10, 20, 50) if size * per_um <= width / 4), default=1)
    x, y = width - bar_um * per_um - 18, height - 16
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{bar_um * per_um:.1f}" height="4" fill="#fff"/>'
        f'<text x="{x:.1f}" y="{y - 6:.1f}" style="font:18px system-ui,sans-serif;fill:#fff">{bar_um} µm</text>'
    )
