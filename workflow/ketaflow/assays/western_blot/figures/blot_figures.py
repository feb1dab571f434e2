"""Figures for the reviewer: the uncropped picture, every lane's profile, the membrane's map.

In: the scan and what was measured on it. Out: a small WebP and two SVGs. Lanes are labelled by number only.
"""

import io
from html import escape

import numpy as np

from ketaflow.assays.western_blot.figures import constants
from ketaflow.assays.western_blot.images.intensity_scale import reduced
from ketaflow.assays.western_blot.model import Band, Lane, Profiles, Sample
from ketaflow.core.svg import COLOURS, MARGIN_LEFT, STYLE, Chart

INITIALS: dict[Sample, str] = {"animal": "", "ladder": "L", "pool": "P", "dilution": "D", "blank": "-"}


def plain_picture(signal: np.ndarray) -> tuple[bytes, int]:
    """Draw the whole picture, bands dark on white.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        The picture (counts).

    Returns
    -------
    bytes, int
        A WebP, and how many pixels of the file one of its pixels is wide.
    """
    from PIL import Image

    factor = max(1, int(np.ceil(max(signal.shape) / constants.LONG_SIDE_PX)))
    small = reduced(signal, factor)
    low, high = np.percentile(small, [constants.WHITE_PCT, constants.BLACK_PCT])
    grey = 255 - constants.GREY_RANGE * np.clip((small - low) / max(high - low, 1e-9), 0, 1) ** constants.GAMMA
    buffer = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).convert("RGB").save(buffer, "WEBP", quality=constants.QUALITY, method=4)
    return buffer.getvalue(), factor


def profiles(stack: Profiles, top: int, bands: list[Band]) -> str:
    """Draw every lane's profile over its baseline, one below the other.

    The whole profile shows the bands; enlarged, it shows whether the baseline follows what lies between them. Boxes of
    targets are drawn below their lane.

    Parameters
    ----------
    stack : Profiles
        Profiles and backgrounds of all lanes.
    top : int
        First row of the membrane in the file.
    bands : list of Band
        Bands of the view.

    Returns
    -------
    str
        An SVG.
    """
    count, rows = stack.signal.shape
    step = max(1, int(np.ceil(rows * count / constants.POINTS)))
    signal, own = (
        curve[:, : rows // step * step].reshape(count, -1, step) for curve in (stack.signal, stack.background)
    )
    places = top + np.arange(rows // step) * step + step / 2
    sparse = slice(None, None, 3)
    height = 46 + constants.LANE_HEIGHT_PX * max(count, 3)
    chart = Chart((top, top + rows), (0, count), "row of the picture (px)", "lane", height=height, show_y_ticks=False)
    for lane in range(count):
        base = count - 1 - lane + constants.PROFILE_MARGIN
        boxes = [band for band in bands if band.lane == lane + 1 and band.target is not None]
        under = own[lane].mean(axis=1)
        whole, close = signal[lane].max(axis=1), signal[lane].mean(axis=1)
        low = float(np.minimum(under, close).min())
        reach = max(float(signal[lane].max()) - low, 1e-9) / constants.PROFILE_HEIGHT
        chart.line(places, base + (whole - low) / reach, "grey")
        enlarged = (
            base + np.minimum(constants.ENLARGED * (curve - low) / reach, constants.PROFILE_HEIGHT)
            for curve in (under, close)
        )
        chart.line(places[sparse], next(enlarged)[sparse], "orange")
        chart.line(places, next(enlarged), "blue")
        for band in boxes:
            edges = [band.y_px, band.y_px + band.height_px]
            chart.line(edges, [base - 0.05] * 2, "pink" if band.saturated_pct > 0 else "green")
        chart.parts.append(
            f'<text x="{MARGIN_LEFT - 6}" y="{chart.y(base + 0.3):.1f}" text-anchor="end">{lane + 1}</text>'
        )
    return chart.svg("Profile and baseline of every lane")


def membrane_map(bands: list[Band], lanes: list[Lane], least_snr: float) -> str:
    """Draw the map of a membrane: every target in every lane, its volume over the row's median, with its doubts.

    Parameters
    ----------
    bands : list of Band
        Bands of all pictures of the membrane.
    lanes : list of Lane
        Its lane map.
    least_snr : float
        Bands below this many times the noise are marked as faint.

    Returns
    -------
    str
        An SVG.
    """
    targets = list(dict.fromkeys(band.target for band in bands if band.target is not None))
    width, height = constants.NAME_PX + constants.CELL_PX * len(lanes) + 8, constants.ROW_PX * (len(targets) + 1) + 8
    parts = [
        _word(
            constants.NAME_PX + constants.CELL_PX * (index + 0.5),
            constants.ROW_PX * 0.65,
            f"{index + 1}{INITIALS[lane.sample]}",
            "middle",
        )
        for index, lane in enumerate(lanes)
    ]
    for row, target in enumerate(targets, start=1):
        cells = {band.lane: band for band in bands if band.target == target}
        held = [band.volume for lane, band in cells.items() if lanes[lane - 1].sample in ("animal", "pool")]
        usual = float(np.median([volume for volume in held if volume > 0] or [np.nan]))
        parts.append(_word(constants.NAME_PX - 8, constants.ROW_PX * (row + 0.65), target, "end"))
        parts += [_cell(lane, row, band, usual, least_snr) for lane, band in sorted(cells.items())]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Volume of every target in every lane" style="max-width:100%;height:auto">{STYLE}'
        f"{''.join(parts)}</svg>"
    )


def _cell(lane: int, row: int, band: Band, usual: float, least_snr: float) -> str:
    """One lane's volume over the usual one, darker the further away, and its marks."""
    ratio = band.volume / usual if usual > 0 else float("nan")
    marks = "s" * (band.saturated_pct > 0) + "n" * (band.box == "expected") + "b" * (band.box == "given")
    marks += "f" * (band.box != "expected" and band.snr < least_snr)
    away = float(np.clip(np.log2(ratio) / 2, -1, 1)) if ratio > 0 else -1.0
    left, top = constants.NAME_PX + constants.CELL_PX * (lane - 1), constants.ROW_PX * row
    words = f"{ratio:.2f}" if np.isfinite(ratio) else "-"
    return (
        f'<rect x="{left + 1}" y="{top + 1}" width="{constants.CELL_PX - 2}" height="{constants.ROW_PX - 2}" '
        f'fill="{COLOURS["blue" if away > 0 else "yellow"]}" fill-opacity="{0.08 + 0.5 * abs(away):.2f}"'
        f'{f""" stroke="{COLOURS["pink"]}" stroke-width="2" """ if marks else ""}/>'
        + _word(left + constants.CELL_PX / 2, top + constants.ROW_PX * 0.65, f"{words}{marks}", "middle")
    )


def _word(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
