"""The reviewer's picture of an image: its projection with shafts and spines drawn on it."""

import base64
from dataclasses import dataclass
from html import escape

import numpy as np

from ketaflow.assays.dendritic_spines.figures import constants
from ketaflow.assays.dendritic_spines.figures.constants import LINE_PX
from ketaflow.assays.dendritic_spines.model import Measured, ShaftPoint, SpineRow, spine_rows
from ketaflow.core.svg import COLOURS

CLASS_COLOURS = {"mushroom": "sky", "thin": "yellow", "stubby": "green", "filopodium": "pink"}
# Marks hide what they mark: they disappear while the picture is pressed.
STYLE = "<style>svg:active .marks{opacity:0}</style>"


@dataclass(frozen=True)
class Window:
    """The part of the field that is drawn: limits in pixels of the image."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def scale(self) -> float:
        """Units of the drawing for each pixel of the image."""
        return constants.DRAWN_PX / max(self.right - self.left, self.bottom - self.top)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing."""
        return (self.right - self.left) * self.scale, (self.bottom - self.top) * self.scale

    def at(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Return the place of the middle of a pixel in the drawing."""
        return (x_px - self.left + 0.5) * self.scale, (y_px - self.top + 0.5) * self.scale

    def cut(self, pixels: np.ndarray) -> np.ndarray:
        """Return the part of an image that is drawn.

        Parameters
        ----------
        pixels : (rows, columns) array
            The whole image.

        Returns
        -------
        (bottom - top, right - left) array
            A view of the image, not a copy.
        """
        return pixels[self.top : self.bottom, self.left : self.right]


def projection_svg(pixels: np.ndarray, saturated: np.ndarray, pixel_um: float, measured: Measured) -> str:
    """Draw a projection with what was found in it, cut to the dendrites.

    Parameters
    ----------
    pixels : (rows, columns) array
        The brightest plane of each column.
    saturated : (rows, columns) bool
        Pixels at which the detector clips.
    pixel_um : float
        Size of a pixel (um).
    measured : Measured
        Cell bodies, centrelines and spines.

    Returns
    -------
    str
        SVG of less than 80 kB.
    """
    window = _window(pixels.shape, pixel_um, measured.shafts)
    width, height = window.size
    marks = (
        _soma_outlines(measured.soma, window)
        + _shaft_lines(measured.shafts, window)
        + _spine_circles(spine_rows(measured.spines), window, pixel_um)
    )
    most = max(constants.MIN_PICTURE_BYTES, (constants.MAX_BYTES - len(marks)) * 3 // 4)
    picture = base64.b64encode(_webp(window.cut(pixels), window.cut(saturated), most))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" role="img" '
        f'aria-label="projection of the dendrite with {len(measured.spines)} spines marked" '
        f'style="max-width:100%;height:auto;background:#000">{STYLE}<image width="{width:.1f}" height="{height:.1f}" '
        f'preserveAspectRatio="none" href="data:image/webp;base64,{picture.decode()}"/>'
        f'<g class="marks" fill="none" stroke-width="{LINE_PX}">{marks}</g>{_scale_bar(window, pixel_um)}</svg>'
    )


def _window(shape: tuple[int, ...], pixel_um: float, shafts: list[ShaftPoint]) -> Window:
    """Window of the dendrites and a margin; the whole image where there is none."""
    if not shafts:
        return Window(0, shape[0], 0, shape[1])
    margin = constants.MARGIN_UM / pixel_um
    points = np.array([[point.y_px, point.x_px] for point in shafts])
    low = (points.min(0) - margin).clip(0).astype(int)
    high = np.minimum(points.max(0) + margin + 1, shape).astype(int)
    return Window(int(low[0]), int(high[0]), int(low[1]), int(high[1]))


def _webp(cut: np.ndarray, saturated: np.ndarray, most_bytes: int) -> bytes:
    """Encode the picture in grey, saturated pixels in colour, with less quality and then coarser until it fits."""
    import imagecodecs

    grey, side = _grey(cut), max(1, int(np.ceil(max(cut.shape) / constants.WIDEST_PX)))
    while True:
        coarse = _blocks(grey, side).mean((1, 3)).astype(np.uint8)
        colours = np.repeat(coarse[..., None], 3, axis=2)
        colours[_blocks(saturated, side).any((1, 3))] = constants.SATURATED_RGB
        for quality in constants.QUALITIES:
            encoded = imagecodecs.webp_encode(colours, level=quality, lossless=False, method=2)
            if len(encoded) <= most_bytes or min(coarse.shape) < constants.MIN_BLOCKS:
                return bytes(encoded)
        side += 1


def _blocks(pixels: np.ndarray, side: int) -> np.ndarray:
    """Split an image into squares (rows, side, columns, side); what is left over at the far edges is cut off."""
    height, width = (size // side * side for size in pixels.shape)
    return pixels[:height, :width].reshape(height // side, side, -1, side)


def _grey(cut: np.ndarray) -> np.ndarray:
    """Scale an image to eight bits between background and the brightest spines, dim spines lifted."""
    low, high = np.quantile(cut, [constants.BLACK_QUANTILE, constants.WHITE_QUANTILE])
    share = np.clip((cut - low) / max(high - low, 1e-9), 0, 1)
    return np.asarray((255 * share**constants.GAMMA).astype(np.uint8))


def _soma_outlines(soma: np.ndarray, window: Window) -> str:
    """Outline cell bodies by dots."""
    from skimage.measure import approximate_polygon, find_contours

    outlines = []
    for edge in find_contours(np.pad(soma, 1).astype(float), 0.5) if soma.any() else []:
        places = [window.at(x - 1, y - 1) for y, x in approximate_polygon(edge, 0.7)]
        outlines.append(f'<polygon points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in places)}"/>')
    if not outlines:
        return ""
    return f'<g stroke="#fff" stroke-dasharray="1 5" stroke-linecap="round">{"".join(outlines)}</g>'


def _shaft_lines(shafts: list[ShaftPoint], window: Window) -> str:
    """Draw the centreline of each branch."""
    lines = []
    for branch in sorted({point.branch for point in shafts}):
        places = [window.at(point.x_px, point.y_px) for point in shafts if point.branch == branch]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        lines.append(f'<polyline points="{path}" stroke-opacity="0.8"/>')
    return f'<g stroke="{COLOURS["orange"]}">{"".join(lines)}</g>'


def _spine_circles(spines: list[SpineRow], window: Window, pixel_um: float) -> str:
    """Draw spines class by class; each shows its number, class and place where the pointer rests on it."""
    groups = []
    for name in sorted({spine.spine_class for spine in spines}):
        colour = COLOURS[CLASS_COLOURS.get(name, "grey")]
        circles = "".join(_circle(spine, window, pixel_um) for spine in spines if spine.spine_class == name)
        groups.append(f'<g stroke="{colour}">{circles}</g>')
    return "".join(groups)


def _circle(spine: SpineRow, window: Window, pixel_um: float) -> str:
    """Draw one spine as wide as its head."""
    x, y = window.at(spine.x_px, spine.y_px)
    radius = max(spine.head_diameter_um / 2 / pixel_um * window.scale + 2 * LINE_PX, 3 * LINE_PX)
    dashed = ' stroke-dasharray="6 4"' if spine.origin != "found" else ""
    score = f", score {spine.score:.2f}" if spine.origin == "found" else f", {spine.origin}"
    title = f"{spine.spine}: {spine.spine_class}{score}, x {spine.x_px:.0f} y {spine.y_px:.0f}"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"{dashed}><title>{escape(title)}</title></circle>'


def _scale_bar(window: Window, pixel_um: float) -> str:
    """Draw a scale bar of a round length, at most a quarter of the width."""
    width, height = window.size
    per_um = window.scale / pixel_um
    bar_um = max((size for size in constants.SCALE_BARS_UM if size * per_um <= width / 4), default=1)
    x, y = width - bar_um * per_um - 18, height - 16
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{bar_um * per_um:.1f}" height="4" fill="#fff"/>'
        f'<text x="{x:.1f}" y="{y - 6:.1f}" style="font:18px system-ui,sans-serif;fill:#fff">{bar_um} µm</text>'
    )
