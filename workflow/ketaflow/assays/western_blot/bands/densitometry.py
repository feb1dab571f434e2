"""One membrane on one picture: lanes, rows, targets, and the volume of every band.

In: the signal of that part of the picture, the lane map, the targets it shows, boxes drawn by a person. Out: the table
of bands, and what a reviewer needs to judge it. Where the lanes are not certain nothing is measured but what was boxed.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ketaflow.assays.western_blot.bands.band_rows import Row, band_near, displacements, membrane_rows
from ketaflow.assays.western_blot.bands.molecular_weight import Calibration, calibrate
from ketaflow.assays.western_blot.bands.targets import Choice, choose
from ketaflow.assays.western_blot.lanes.background import straight_error
from ketaflow.assays.western_blot.lanes.detection import Comb
from ketaflow.assays.western_blot.lanes.lane_crops import Cut, cuts
from ketaflow.assays.western_blot.lanes.lane_profile import Strip, edges, strip, strips
from ketaflow.assays.western_blot.lanes.profile_baseline import Band
from ketaflow.core.errors import IngestError

FOUND, EXPECTED, GIVEN = "found", "expected", "given"
# A band's box is at least and at most this many times as tall as its row's usual one; bands beside it that are smaller
# than this share of its height do not cut it.
EVEN, SIDE_BAND = (0.85, 1.3), 0.1


@dataclass
class Reading:
    """What was read off one membrane on one picture. ``bands`` are dicts, in the coordinates of the part."""

    bands: list[dict] = field(default_factory=list)
    strips: list[Strip] = field(default_factory=list)
    comb: Comb | None = None
    shifts: np.ndarray | None = None
    calibration: Calibration | None = None
    choices: dict[str, Choice] = field(default_factory=dict)
    refusal: str = ""


def read(
    signal: np.ndarray,
    comb: Comb | None,
    refusal: str,
    lane_map: list[dict],
    targets: list[dict],
    boxes: list[dict],
    *,
    ceiling: float,
    background: str,
    length: float,
    min_snr: float,
    min_share: float,
    clear_share: float,
    clear_contrast: float,
    clear_snr: float,
    foot: float,
    max_slope: float,
    ladder_kda: list[float],
    tolerance_pct: float,
) -> Reading:
    """Measure one membrane on one picture; ``comb`` is None where the lanes are not certain, ``refusal`` says why."""
    reading = Reading(comb=comb, refusal=refusal)
    profile = {"length": length, "min_snr": min_snr, "foot": foot}
    if comb is not None:
        kinds = [row["sample"] for row in lane_map]
        own = {"background": background, "min_share": min_share}
        clear = {"clear_share": clear_share, "clear_contrast": clear_contrast, "clear_snr": clear_snr}
        lanes = cuts(signal, comb, length=length, max_slope=max_slope)
        reading.strips = strips(lanes, kinds, **own, **clear, **profile)
        _find_rows(reading, lane_map, targets, ladder_kda, tolerance_pct)
        reading.bands = _bands(reading, lane_map, targets, ceiling)
        _tell_background_errors(reading)
    for box in boxes:
        reading.bands = [
            band for band in reading.bands if (band["lane"], band["target"]) != (int(box["lane"]), box["target"])
        ]
        reading.bands.append(_boxed(signal, box, reading, ceiling, background, **profile))
    reading.bands.sort(key=lambda band: (band["lane"], band["y_px"]))
    return reading


def _find_rows(
    reading: Reading, lane_map: list[dict], targets: list[dict], ladder_kda: list[float], tolerance_pct: float
) -> None:
    """Displacement of the lanes, the ladder's calibration, and the row of each target."""
    kinds = np.array([row["sample"] for row in lane_map])
    lead = ~np.isin(kinds, ["ladder", "blank"])
    lead = lead if lead.any() else kinds == "ladder"
    centres = np.array([strip.left + strip.width / 2 for strip in reading.strips])
    reading.shifts = displacements(reading.strips, centres, lead)
    rows = membrane_rows(reading.strips, reading.shifts, lead)
    reading.calibration = _calibration(reading, kinds, lane_map, ladder_kda)
    single = [target for target in targets if target["role"] != "total_protein"]
    if single and not (kinds == "ladder").all():
        reading.choices = choose(single, rows, reading.calibration, tolerance_pct=tolerance_pct)


def _calibration(
    reading: Reading, kinds: np.ndarray, lane_map: list[dict], ladder_kda: list[float]
) -> Calibration | None:
    """The calibration of the ladder lane that follows a smooth line best."""
    found = []
    for lane in np.flatnonzero(kinds == "ladder"):
        bands = reading.strips[lane].bands
        rows = np.array([band.peak for band in bands]) - reading.shifts[lane]
        heights = np.array([band.height for band in bands])
        masses = masses_of(lane_map[lane].get("ladder_kda")) or ladder_kda
        fit = calibrate(rows, heights, masses)
        if fit is not None:
            found.append(fit)
    return max(found, key=lambda fit: (len(fit.rows), -fit.spread_pct), default=None)


def masses_of(text: str | None) -> list[float]:
    """Masses of a ladder as the lane map lists them (``250 150 100 75``); empty where it lists none."""
    return [float(part) for part in str(text or "").replace(";", " ").replace("/", " ").split()]


def _bands(reading: Reading, lane_map: list[dict], targets: list[dict], ceiling: float) -> list[dict]:
    """Every band of every lane; those of a target's row named, or an empty box where the lane shows none."""
    made = []
    for index, (lane_strip, lane_row) in enumerate(zip(reading.strips, lane_map, strict=True)):
        named: dict[int, str] = {}
        if lane_row["sample"] not in ("ladder", "blank"):
            for target in targets:
                if target["role"] == "total_protein":
                    made.append(_whole_lane(lane_strip, target["target"], ceiling))
                    continue
                row = reading.choices.get(target["target"], Choice(None, "")).row
                if row is None:
                    continue
                band = _of_row(lane_strip, row, reading.shifts[index], set(named))
                own = band_near(lane_strip, band.peak, 0.5)
                state = EXPECTED if own is None else FOUND
                named[id(own)] = target["target"]
                made.append(_row(reading, lane_strip, band, target["target"], state, ceiling, index))
        for band in lane_strip.bands:
            if id(band) not in named and band in lane_strip.clear:
                made.append(_row(reading, lane_strip, band, None, FOUND, ceiling, index))
    return made


def _tell_background_errors(reading: Reading) -> None:
    """Write beside each target's volume how far its background may be off (two standard errors, % of the volume)."""
    errors: dict[int, float] = {}
    for band in reading.bands:
        rows = band["height_px"]
        if band["target"] is None or not band["volume"] > 0 or rows == len(reading.strips[0].profile):
            continue
        if rows not in errors:
            own = [straight_error(lane.beside, rows) for lane in reading.strips]
            errors[rows] = float(np.median(own))
        band["background_error_pct"] = 200.0 * errors[rows] * rows * band["width_px"] / band["volume"]


def _whole_lane(lane_strip: Strip, target: str, ceiling: float) -> dict:
    """All protein of a lane: its whole profile over the background of the gaps beside it."""
    last = len(lane_strip.profile) - 1
    gaps = lane_strip.background if lane_strip.method == "gap" else lane_strip.other
    net = lane_strip.profile - gaps
    return {
        "lane": lane_strip.lane,
        "target": target,
        "x_px": lane_strip.left,
        "y_px": 0,
        "width_px": lane_strip.width,
        "height_px": last + 1,
        "volume": float(net.sum() * lane_strip.width),
        "background": float(gaps.sum() * lane_strip.width),
        "snr": float(net.mean() / lane_strip.noise * np.sqrt(last + 1)) if lane_strip.noise > 0 else np.nan,
        "saturated_pct": lane_strip.saturated_pct(0, last, ceiling),
        "kda": None,
        "volume_other_background": float(np.maximum(net, 0).sum() * lane_strip.width),
        "specks_pct": 0.0,
        "background_error_pct": np.nan,
        "dilution_ug": np.nan,
        "background_method": "gap",
        "box": FOUND,
    }


def _of_row(lane_strip: Strip, row: Row, shift: float, taken: set[int]) -> Band:
    """The lane's band of a row, or the place where it should be, as large as its neighbours'."""
    place = row.place + shift
    reach = max(row.above, row.below, 0.012 * len(lane_strip.profile))
    band = band_near(lane_strip, place, reach)
    last = len(lane_strip.profile) - 1
    if band is not None and id(band) not in taken:
        return _as_its_row(band, row, lane_strip)
    top, bottom = (int(np.clip(round(edge), 0, last)) for edge in (place - row.above, place + row.below))
    return Band(float(place), top, bottom, float(lane_strip.net[int(np.clip(round(place), 0, last))]))


def _as_its_row(band: Band, row: Row, lane_strip: Strip) -> Band:
    """The band with a box about as tall as its row's: blotches do not stretch it, noise does not cut it short."""
    others = [other for other in lane_strip.bands if other is not band and other.height > SIDE_BAND * band.height]
    lowest = max((other.bottom + 1 for other in others if other.peak < band.peak), default=0)
    highest = min((other.top - 1 for other in others if other.peak > band.peak), default=len(lane_strip.profile) - 1)
    above = np.clip(band.peak - band.top, EVEN[0] * row.above, EVEN[1] * row.above)
    below = np.clip(band.bottom - band.peak, EVEN[0] * row.below, EVEN[1] * row.below)
    top, bottom = max(lowest, round(band.peak - above)), min(highest, round(band.peak + below))
    return replace(band, top=min(top, int(band.peak)), bottom=max(bottom, int(band.peak)))


def _row(
    reading: Reading, lane_strip: Strip, band: Band, target: str | None, state: str, ceiling: float, index: int
) -> dict:
    """One row of the table of bands; the box holds the band as it slopes in the file."""
    volume = lane_strip.volume(band.top, band.bottom)
    lean = int(reading.comb.shift(np.array([band.peak]))[0]) if reading.comb is not None else 0
    slack = abs(lane_strip.slope) * (lane_strip.width - 1) / 2
    top, bottom = max(0, round(band.top - slack)), min(len(lane_strip.profile) - 1, round(band.bottom + slack))
    kda = None
    if reading.calibration is not None and reading.shifts is not None:
        kda = float(reading.calibration.mass(band.peak - reading.shifts[index]))
    return {
        "lane": lane_strip.lane,
        "target": target,
        "x_px": lane_strip.left + lean,
        "y_px": top,
        "width_px": lane_strip.width,
        "height_px": bottom - top + 1,
        "volume": volume.net,
        "background": volume.under,
        "snr": band.height / lane_strip.noise if lane_strip.noise > 0 else np.nan,
        "saturated_pct": lane_strip.saturated_pct(band.top, band.bottom, ceiling),
        "kda": kda,
        "volume_other_background": volume.other,
        "specks_pct": volume.specks_pct,
        "background_error_pct": np.nan,
        "dilution_ug": np.nan,
        "background_method": lane_strip.method,
        "box": state,
    }


def _boxed(
    signal: np.ndarray,
    box: dict,
    reading: Reading,
    ceiling: float,
    background: str,
    *,
    length: float,
    min_snr: float,
    foot: float,
) -> dict:
    """A box drawn by a person, taken as it is; the background is that of its columns, from top to bottom."""
    left, width = round(box["x_px"]), max(1, round(box["width_px"]))
    if left >= signal.shape[1] or not 0 <= box["y_px"] + box["height_px"] / 2 < signal.shape[0]:
        raise IngestError(
            f"{box['image']}: the box of lane {box['lane']:g}, {box['target']} lies outside the picture or membrane. "
            "Correct it in western_blot_boxes; pixels count from the upper left corner."
        )
    top = int(np.clip(round(box["y_px"]), 0, signal.shape[0] - 1))
    bottom = int(np.clip(top + round(box["height_px"]) - 1, top, signal.shape[0] - 1))
    pixels = signal[:, max(0, left) : left + width].astype(np.float32)
    beside = max(2, width // 10)
    sides = [signal[:, max(0, left - beside) : max(1, left)], signal[:, left + width : left + width + beside]]
    gaps = np.minimum(*(side.mean(axis=1) if side.shape[1] else pixels.mean(axis=1) for side in sides))
    method = "gap" if background == "gap" else "lane"
    own = pixels.mean(axis=1)
    cut = Cut(int(box["lane"]), left, pixels, 0.0, gaps)
    drawn = strip(cut, edges(own, own), method, length=length, min_snr=min_snr, foot=foot)
    net = drawn.net[top : bottom + 1]
    band = Band(float(top + int(net.argmax())), top, bottom, float(net.max()))
    bare = Reading(calibration=reading.calibration, shifts=reading.shifts)
    index = int(box["lane"]) - 1
    if reading.shifts is None or index >= len(reading.shifts):
        bare.shifts = None
    row = _row(bare, drawn, band, box["target"], GIVEN, ceiling, index)
    return {**row, "x_px": left, "y_px": top, "width_px": width, "height_px": bottom - top + 1}
