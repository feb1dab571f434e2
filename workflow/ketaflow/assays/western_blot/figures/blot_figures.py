"""What a reviewer sees of a blot: the uncropped picture with lanes and boxes, every lane's profile, the membrane's map.

In: the scan and what was measured on it. Out: a small WebP and two SVGs. Lanes carry numbers, nothing else.
"""

import io
from html import escape

import numpy as np

from ketaflow.assays.western_blot.images.intensity_scale import reduced
from ketaflow.core.svg import COLOURS, MARGIN_LEFT, STYLE, Chart

LONG_SIDE_PX, QUALITY = 760, 60
FOUND, EXPECTED, GIVEN, OTHER = (0, 114, 178), (213, 94, 0), (0, 158, 115), (150, 150, 150)
SATURATED, SEAM = (204, 61, 140), (230, 159, 0)
STATE_COLOURS = {"found": FOUND, "expected": EXPECTED, "given": GIVEN}
INITIALS = {"animal": "", "ladder": "L", "pool": "P", "dilution": "D", "blank": "-"}
# Points of a profile in all lanes together, and how many times the enlarged one is enlarged.
POINTS, LANE_HEIGHT_PX, ENLARGED = 1300, 40, 8
CELL_PX, ROW_PX, NAME_PX = 44, 26, 96


def overlay(
    signal: np.ndarray, views: list[dict], bands: list[dict], kinds: dict[str, list[str]], seams: list[int]
) -> bytes:
    """The whole picture, dark bands on white, with lanes, boxes, masses and doubtful columns; WebP."""
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
        box = [band["x_px"], band["y_px"], band["x_px"] + band["width_px"], band["y_px"] + band["height_px"]]
        left, top, right, bottom = (edge / factor for edge in box)
        pen.rectangle([left, top, max(right - 1, left), max(bottom - 1, top)], outline=_colour(band))
    for (_, target), band in _last_of_targets(bands).items():
        right, middle = (band["x_px"] + band["width_px"]) / factor, (band["y_px"] + band["height_px"] / 2) / factor
        words = f"{target} {band['kda']:.0f} kDa" if band["kda"] == band["kda"] and band["kda"] else target
        room = right + 5 + pen.textlength(words) <= image.width
        place = (right + 5, middle - 6) if room else (image.width - pen.textlength(words) - 3, middle + 9)
        pen.text(place, words, fill=FOUND)
    for column in seams:
        pen.line([(column / factor, 0), (column / factor, image.height)], fill=SEAM)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()


def _named(band: dict) -> bool:
    return band["target"] is not None and band["target"] == band["target"]


def _colour(band: dict) -> tuple[int, int, int]:
    if not _named(band):
        return OTHER
    return SATURATED if band["saturated_pct"] > 0 else STATE_COLOURS[band["box"]]


def _last_of_targets(bands: list[dict]) -> dict[tuple[str, str], dict]:
    """The rightmost box of each target of each membrane."""
    named = sorted((band for band in bands if _named(band)), key=lambda band: band["x_px"])
    return {(band["membrane"], band["target"]): band for band in named}


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


def profiles(stack: np.ndarray, methods: list[str], top: int, bands: list[dict]) -> str:
    """Every lane's profile over its baseline, one below the other; SVG.

    ``stack`` (n_lanes, 3, n_rows): profile, background by the lane's of ``methods``, second background; where a target
    was measured over the second one (total protein over the gaps), that is shown. The whole profile shows the bands;
    enlarged, whether the baseline follows what lies between them. Boxes of targets stand below their lane.
    """
    count, _, rows = stack.shape
    step = max(1, int(np.ceil(rows * count / POINTS)))
    cut = rows // step * step
    blocks = stack[:, :, :cut].reshape(count, 3, -1, step)
    places = top + np.arange(cut // step) * step + step / 2
    sparse = slice(None, None, 3)
    height = 46 + LANE_HEIGHT_PX * max(count, 3)
    chart = Chart((top, top + rows), (0, count), "row of the picture (px)", "lane", height=height, show_y_ticks=False)
    for lane in range(count):
        base = count - 1 - lane + 0.08
        other = any(
            band["lane"] == lane + 1 and _named(band) and band["background_method"] != methods[lane] for band in bands
        )
        under = blocks[lane, 2 if other else 1].mean(axis=1)
        low = float(np.minimum(under, blocks[lane, 0].mean(axis=1)).min())
        reach = max(float(blocks[lane, 0].max()) - low, 1e-9) / 0.88
        whole, close = blocks[lane, 0].max(axis=1), blocks[lane, 0].mean(axis=1)
        chart.line(places, base + (whole - low) / reach, "grey")
        chart.line(places[sparse], base + np.minimum(ENLARGED * (under - low) / reach, 0.88)[sparse], "orange")
        chart.line(places, base + np.minimum(ENLARGED * (close - low) / reach, 0.88), "blue")
        for band in bands:
            if band["lane"] == lane + 1 and _named(band):
                edges = [band["y_px"], band["y_px"] + band["height_px"]]
                chart.line(edges, [base - 0.05] * 2, "pink" if band["saturated_pct"] > 0 else "green")
        chart.parts.append(
            f'<text x="{MARGIN_LEFT - 6}" y="{chart.y(base + 0.3):.1f}" text-anchor="end">{lane + 1}</text>'
        )
    return chart.svg("Profile and baseline of every lane")


def membrane_map(bands: list[dict], kinds: list[str], least_snr: float) -> str:
    """Every target in every lane of a membrane: its volume over the row's median, shaded, with its doubts; SVG."""
    targets = list(dict.fromkeys(band["target"] for band in bands if _named(band)))
    wide, high = NAME_PX + CELL_PX * len(kinds) + 8, ROW_PX * (len(targets) + 1) + 8
    parts = [
        _word(NAME_PX + CELL_PX * (lane + 0.5), ROW_PX * 0.65, f"{lane + 1}{INITIALS[kind]}", "middle")
        for lane, kind in enumerate(kinds)
    ]
    for row, target in enumerate(targets, start=1):
        cells = {int(band["lane"]): band for band in bands if band["target"] == target}
        held = [cells[lane]["volume"] for lane in cells if kinds[lane - 1] in ("animal", "pool")]
        usual = float(np.median([volume for volume in held if volume > 0] or [np.nan]))
        parts.append(_word(NAME_PX - 8, ROW_PX * (row + 0.65), target, "end"))
        parts += [_cell(lane, row, band, usual, least_snr) for lane, band in sorted(cells.items())]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" viewBox="0 0 {wide} {high}" role="img" '
        f'aria-label="Volume of every target in every lane" style="max-width:100%;height:auto">{STYLE}'
        f"{''.join(parts)}</svg>"
    )


def _cell(lane: int, row: int, band: dict, usual: float, least_snr: float) -> str:
    """One lane's volume over the usual one, darker the further away, and its marks."""
    ratio = band["volume"] / usual if usual > 0 else float("nan")
    marks = "s" * (band["saturated_pct"] > 0) + "n" * (band["box"] == "expected") + "b" * (band["box"] == "given")
    marks += "f" * (band["box"] != "expected" and band["snr"] < least_snr)
    away = float(np.clip(np.log2(ratio) / 2, -1, 1)) if ratio > 0 else -1.0
    left, top = NAME_PX + CELL_PX * (lane - 1), ROW_PX * row
    words = f"{ratio:.2f}" if ratio == ratio else "-"
    return (
        f'<rect x="{left + 1}" y="{top + 1}" width="{CELL_PX - 2}" height="{ROW_PX - 2}" '
        f'fill="{COLOURS["blue" if away > 0 else "yellow"]}" fill-opacity="{0.08 + 0.5 * abs(away):.2f}"'
        f'{f""" stroke="{COLOURS["pink"]}" stroke-width="2" """ if marks else ""}/>'
        + _word(left + CELL_PX / 2, top + ROW_PX * 0.65, f"{words}{marks}", "middle")
    )


def _word(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
