"""Checks of a picture's pixels: how it was stored, and whether it shows signs of alteration.

In: scans as ingest left them. Out: rows of the checks table. What may be the work of a person reads "please check".
"""

import numpy as np

from ketaflow.assays.western_blot.integrity import altered_pixels, constants
from ketaflow.assays.western_blot.model import LaneGrid, QcSettings, Scan, View
from ketaflow.assays.western_blot.model.constants import LEAST_BITS
from ketaflow.core.results import Check, check, within


def scan_checks(scan: Scan, settings: QcSettings) -> list[Check]:
    """Check how a picture was stored, and whether it shows signs of alteration.

    Parameters
    ----------
    scan : Scan
        One channel of a picture.
    settings : QcSettings
        Limits of the histogram's gaps, of the splice score and of the JPEG score.

    Returns
    -------
    list of Check
    """
    image, place, bits = scan.image, _place(scan), scan.storage.bits
    made = [
        check(
            "bit_depth",
            bits,
            recording=image,
            place=place,
            low=LEAST_BITS,
            unit="bits",
            verdict=within(bits, LEAST_BITS, None),
            message=scan.storage.display_doubt or f"{bits:.0f}-bit {scan.storage.format}",
        ),
        _lossless_check(scan, settings.jpeg_score),
        check(
            "polarity",
            scan.polarity_clearness,
            recording=image,
            place=place,
            verdict="warn" if scan.polarity_unsure else "pass",
            message=f"bands taken as {scan.polarity} ({scan.polarity_source})"
            + ("; enter the column polarity to be sure" if scan.polarity_unsure else ""),
        ),
    ]
    if scan.storage.colour:
        made.append(
            check("grey", 0.0, recording=image, place=place, verdict="warn", message="a colour picture, not a scan")
        )
    return [*made, *_histogram_checks(scan, settings.histogram_gaps_pct), _seam_check(scan, settings.splice_score)]


def _place(scan: Scan) -> str:
    return "" if scan.channel is None else f"channel {scan.channel}"


def _histogram_checks(scan: Scan, limit_pct: float) -> list[Check]:
    """Whether contrast was stretched; nothing where that cannot be judged."""
    gaps = scan.histogram_gaps_pct
    if not np.isfinite(gaps):
        return []
    message = (
        "gaps in the histogram: contrast was stretched before export, please check" if gaps > limit_pct else "even"
    )
    verdict = within(gaps, None, limit_pct)
    return [
        check(
            "histogram_gaps", gaps, recording=scan.image, place=_place(scan), unit="%", high=limit_pct,
            verdict=verdict, message=message,
        )
    ]  # fmt: skip


def _seam_check(scan: Scan, limit: float) -> Check:
    """Whether the picture jumps between two columns."""
    seam = altered_pixels.seam(scan.pixels)
    message = f"a straight jump at column {seam.column}: please check" if seam.score > limit else "no straight jump"
    verdict = within(seam.score, None, limit)
    return check(
        "seam", seam.score, recording=scan.image, place=_place(scan), high=limit, verdict=verdict, message=message
    )


def _lossless_check(scan: Scan, limit: float) -> Check:
    """Whether the picture is, or once was, a JPEG."""
    score = altered_pixels.jpeg_block_score(scan.pixels)
    message, verdict = "lossless", "pass"
    if scan.storage.lossy:
        message, verdict = "JPEG compression changes pixel values: export TIFF", "warn"
    elif score > limit:
        message = f"8-pixel blocks of JPEG in a {scan.storage.format} file: please check, and export TIFF"
        verdict = "warn"
    return check(
        "lossless", score, recording=scan.image, place=_place(scan), high=limit, message=message, verdict=verdict
    )


def twin_checks(view: View, scan: Scan, limit: float) -> list[Check]:
    """Check for lanes of one picture that agree down to their noise.

    Parameters
    ----------
    view : View
        The membrane with its lanes.
    scan : Scan
        The picture.
    limit : float
        Correlation of their fine structure from which two lanes are reported.

    Returns
    -------
    list of Check
        One for each pair of lanes; empty where the lanes were not found.
    """
    if view.grid is None or len(view.grid.centres) < 2:
        return []
    lanes = _crops(scan.pixels[view.top : view.bottom], view.grid)
    if lanes is None:
        return []
    return [
        check(
            "near_identical_lanes", score, recording=view.image, place=f"lanes {one} and {other}", high=limit,
            verdict="warn", message=f"lanes {one} and {other} agree down to their noise: please check",
        )
        for one, other, score in altered_pixels.lane_correlations(lanes)
        if score > limit
    ]  # fmt: skip


def _crops(signal: np.ndarray, grid: LaneGrid) -> np.ndarray | None:
    """The middle of each lane, (n_lanes, n_rows, n_columns) float32; None where lanes are too narrow."""
    half = int(min(grid.pitch * constants.TWIN_HALF_WIDTH, constants.TWIN_COLUMNS / 2))
    step = max(1, len(signal) // constants.COMPARED_ROWS)
    lefts = [int(np.clip(round(centre) - half, 0, signal.shape[1] - 2 * half)) for centre in grid.centres.tolist()]
    if half < constants.TWIN_LEAST_HALF_WIDTH or min(lefts) < 0:
        return None
    rows = slice(None, len(signal) // step * step, step)
    return np.array([signal[rows, left : left + 2 * half] for left in lefts], np.float32)
