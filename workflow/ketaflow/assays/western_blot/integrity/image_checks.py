"""Checks of a picture's pixels: how it was stored, and whether it looks worked on.

In: scans as ingest left them. Out: rows of the checks table. What may be a person's doing reads "please check".
"""

import numpy as np

from ketaflow.assays.western_blot.integrity import altered_pixels
from ketaflow.core.measures import check, within
from ketaflow.core.records import Record

# Columns and rows of each lane that are compared with the other lanes' of the picture.
TWIN_COLUMNS, TWIN_ROWS = 48, 600


def scan_checks(
    scan: dict, signal: np.ndarray, splice_score: float, gaps_limit: float, jpeg_score: float
) -> list[dict]:
    """How the picture was stored, and whether it looks worked on."""
    image, place = scan["image"], "" if scan["channel"] is None else f"channel {scan['channel']}"
    bits, gaps = scan["bits"], scan["histogram_gaps_pct"]
    made = [
        check(
            "bit_depth", bits, recording=image, place=place, low=10, unit="bits", verdict=within(bits, 10, None),
            message=f"{bits:.0f}-bit {scan['format']}" + ("" if bits >= 10 else ": export 16-bit TIFF from the imager"),
        ),
        _lossless_check(scan, signal, jpeg_score, image, place),
        check(
            "polarity", scan["polarity_clearness"], recording=image, place=place,
            verdict="warn" if scan["polarity_unsure"] else "pass",
            message=f"bands taken as {scan['polarity']} ({scan['polarity_source']})"
            + ("; enter the column polarity to be sure" if scan["polarity_unsure"] else ""),
        ),
    ]  # fmt: skip
    if scan.get("colour"):
        made.append(
            check("grey", 0.0, recording=image, place=place, verdict="warn", message="a colour picture, not a scan")
        )
    if np.isfinite(gaps):
        message = "some values are never taken: contrast was stretched, please check" if gaps > gaps_limit else "even"
        made.append(
            check(
                "histogram_gaps", gaps, recording=image, place=place, unit="%", high=gaps_limit,
                verdict=within(gaps, None, gaps_limit), message=message,
            )
        )  # fmt: skip
    return [*made, _seam_check(signal, splice_score, image, place)]


def _seam_check(signal: np.ndarray, limit: float, image: str, place: str) -> dict:
    """Whether the picture jumps between two columns."""
    score, at = altered_pixels.seam(signal)
    message = f"a straight jump at column {at}: please check" if score > limit else "no straight jump"
    return check(
        "seam", score, recording=image, place=place, high=limit, verdict=within(score, None, limit), message=message
    )


def _lossless_check(scan: dict, signal: np.ndarray, limit: float, image: str, place: str) -> dict:
    """Whether the picture is, or once was, a JPEG."""
    score = altered_pixels.jpeg_grid(signal)
    message = "stored without loss"
    if scan.get("lossy"):
        message = "JPEG changes what it stores: export TIFF"
    elif score > limit:
        message = f"the blocks of JPEG show although the file is {scan['format']}: please check, export TIFF anew"
    return check(
        "lossless", score, recording=image, place=place, high=limit, message=message,
        verdict="pass" if message == "stored without loss" else "warn",
    )  # fmt: skip


def twin_checks(view: dict, recording: Record, limit: float) -> list[dict]:
    """Lanes that agree down to their noise."""
    comb = view.get("comb")
    scan = next(
        scan
        for scan in recording.facts["scans"]
        if (scan["image"], scan["channel"]) == (view["image"], view["channel"])
    )
    if comb is None or len(comb["centres"]) < 2:
        return []
    signal = recording.arrays[scan["key"]][view["top"] : view["bottom"]]
    half = int(min(comb["pitch"] * 0.3, TWIN_COLUMNS / 2))
    step = max(1, len(signal) // TWIN_ROWS)
    lefts = [int(np.clip(round(centre) - half, 0, signal.shape[1] - 2 * half)) for centre in comb["centres"]]
    if half < 3 or min(lefts) < 0:
        return []
    cut = np.array([signal[: len(signal) // step * step : step, left : left + 2 * half] for left in lefts], np.float32)
    pairs = altered_pixels.twins(cut, list(range(1, len(lefts) + 1)))
    return [
        check(
            "near_identical_lanes", score, recording=view["image"], place=f"lanes {one} and {other}", high=limit,
            verdict="warn", message=f"lanes {one} and {other} agree down to their noise: please check",
        )
        for one, other, score in pairs
        if score > limit
    ]  # fmt: skip
