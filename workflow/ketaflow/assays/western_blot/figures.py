"""What a reviewer sees of a blot: the uncropped picture with lanes and boxes, and every lane's profile.

In: the scan and what was measured on it. Out: a small WebP and an SVG. Lanes carry numbers, nothing else.
"""

import io

import numpy as np

from ketaflow.assays.western_blot.scan import reduced
from ketaflow.core.svg import Chart

LONG_SIDE_PX, QUALITY = 760, 55
FOUND, EXPECTED, GIVEN, OTHER = (0, 114, 178), (213, 94, 0), (0, 158, 115), (150, 150, 150)
STATE_COLOURS = {"found": FOUND, "expected": EXPECTED, "given": GIVEN}
INITIALS = {"animal": "", "ladder": "L", "pool": "P", "dilution": "D", "blank": "-"}
PROFILE_POINTS, PROFILE_HEIGHT_PX = 110, 34


def overlay(signal: np.ndarray, views: list[dict], bands: list[dict], kinds: dict[str, list[str]]) -> bytes:
    """The whole picture, dark bands on white, with lanes, boxes and masses; WebP."""
    from PIL import Image, ImageDraw

    factor = max(1, int(np.ceil(max(signal.shape) / LONG_SIDE_PX)))
    small = reduced(signal, factor)
    low, high = np.percentile(small, [2, 99.7])
    grey = 255 - 235 * np.clip((small - low) / max(high - low, 1e-9), 0, 1) ** 0.7
    image = Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    pen = ImageDraw.Draw(image)
    for view in views:
        _draw_lanes(pen, view, kinds[view["membrane"]], factor)
    for band in bands:
        named = band["target"] is not None and band["target"] == band["target"]
        colour = STATE_COLOURS[band["box"]] if named else OTHER
        left, top = band["x_px"] / factor, band["y_px"] / factor
        right, bottom = left + band["width_px"] / factor, top + band["height_px"] / factor
        pen.rectangle([left, top, max(right - 1, left), max(bottom - 1, top)], outline=colour)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()


def _draw_lanes(pen: object, view: dict, kinds: list[str], factor: int) -> None:
    comb = view.get("comb")
    top, bottom = view["top"] / factor, (view["bottom"] - 1) / factor
    if top > 0:
        pen.line([(0, top), (10_000, top)], fill=OTHER)
    for row, kda in zip(*_ladder(view), strict=True):
        pen.text((2, (view["top"] + row) / factor - 6), f"{kda:g}", fill=EXPECTED)
    if comb is None:
        return
    for number, (centre, kind) in enumerate(zip(comb["centres"], kinds, strict=True), start=1):
        ends = [comb["lean"] * (edge - comb["middle"]) for edge in (0, view["bottom"] - view["top"])]
        pen.line([((centre + ends[0]) / factor, top + 12), ((centre + ends[0]) / factor, top + 18)], fill=FOUND)
        pen.line([((centre + ends[1]) / factor, bottom - 6), ((centre + ends[1]) / factor, bottom)], fill=FOUND)
        pen.text(((centre + ends[0]) / factor - 4, top), f"{number}{INITIALS[kind]}", fill=FOUND)


def _ladder(view: dict) -> tuple[list[float], list[float]]:
    ladder = view.get("ladder") or {"rows": [], "kda": []}
    return ladder["rows"], ladder["kda"]


def profiles(stack: np.ndarray, top: int) -> str:
    """Every lane's profile over its baseline, one below the other, each scaled to its own strongest band; SVG.

    ``stack`` (n_lanes, 3, n_rows): profile, background, second background.
    """
    count, _, rows = stack.shape
    step = max(1, int(np.ceil(rows / PROFILE_POINTS)))
    cut = rows // step * step
    blocks = stack[:, :, :cut].reshape(count, 3, -1, step)
    places = top + np.arange(cut // step) * step + step / 2
    chart = Chart(
        (top, top + rows), (0, count), "row of the picture (px)", "lane", height=46 + PROFILE_HEIGHT_PX * max(count, 3)
    )
    for lane in range(count):
        peaks, under = blocks[lane, 0].max(axis=1), blocks[lane, 1].mean(axis=1)
        low = float(min(blocks[lane, 0].min(), under.min()))
        reach = max(float(peaks.max()) - low, 1e-9) / 0.92
        base = count - 1 - lane
        chart.line(places, base + (under - low) / reach, "orange")
        chart.line(places, base + (peaks - low) / reach, "blue")
        chart.text(top + rows * 0.97, base + 0.55, str(lane + 1))
    return chart.svg("Profile and baseline of every lane")
