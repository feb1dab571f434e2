"""Measure one membrane on one picture: rows of bands, targets, and the volume of every band.

In: a view with its lanes, the pixels of the scan, boxes drawn by a person. Out: a ``Reading``. Where the lanes are not
certain, only boxes are measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.bands.band_rows import BandRow, find_band_rows, lane_displacements, peak_near
from ketaflow.assays.western_blot.bands.molecular_weight import calibrate, mass_at
from ketaflow.assays.western_blot.bands.targets import RowChoice, choose_rows
from ketaflow.assays.western_blot.lanes.background import interpolation_error
from ketaflow.assays.western_blot.lanes.lane_crops import LaneCrop, crop_lanes
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile, lane_profile, lane_profiles, rows_on_membrane
from ketaflow.assays.western_blot.lanes.profile_baseline import Peak
from ketaflow.assays.western_blot.model import (
    Band,
    Box,
    BoxOrigin,
    Ladder,
    Lane,
    LaneGrid,
    QuantifySettings,
    Scan,
    Target,
    View,
)
from ketaflow.core.errors import IngestError


@dataclass(frozen=True)
class Reading:
    """What was read off one membrane on one picture.

    Attributes
    ----------
    view : View
        The membrane on the picture.
    bands : list of Band
        By lane and from top to bottom.
    lanes : list of LaneProfile
        Profiles of the lanes; empty where the lanes were not found.
    shifts : (n_lanes,) float or None
        Rows by which each lane lies lower than the middle of the membrane.
    ladder : Ladder or None
        Bands of the ladder with their masses.
    choices : dict of str to RowChoice
        The row of bands of each target.
    """

    view: View
    bands: list[Band]
    lanes: list[LaneProfile]
    shifts: np.ndarray | None
    ladder: Ladder | None
    choices: dict[str, RowChoice]

    def bands_of(self, target: str) -> list[Band]:
        """Return the bands of one target."""
        return [band for band in self.bands if band.target == target]

    def volumes(self, target: str) -> np.ndarray:
        """Return the volume of a target's band by lane, (n_lanes,) float (counts); NaN where a lane has none."""
        by_lane = np.full(len(self.view.lanes), np.nan)
        for band in self.bands_of(target):
            if 1 <= band.lane <= len(by_lane):
                by_lane[band.lane - 1] = band.volume
        return by_lane


def read_view(view: View, scan: Scan, boxes: list[Box], settings: QuantifySettings) -> Reading:
    """Measure one membrane on one picture.

    Parameters
    ----------
    view : View
        The membrane with its lanes; without a grid only boxes are measured.
    scan : Scan
        The picture.
    boxes : list of Box
        Boxes drawn in this view. Each replaces the band found for its lane and target.
    settings : QuantifySettings
        How bands are found and their background is drawn.

    Returns
    -------
    Reading

    Raises
    ------
    IngestError
        If a box lies outside the membrane.
    """
    signal = scan.pixels[view.top : view.bottom]
    length = max(settings.background_length_pct / 100 * signal.shape[0], constants.SHORTEST_BACKGROUND_ROWS)
    reading = Reading(view, [], [], None, None, {})
    if view.grid is not None:
        reading = _read_lanes(view, view.grid, signal, length, scan.saturation_level, settings)
    bands = reading.bands
    for box in boxes:
        drawn = _boxed(signal, box, reading, length, scan.saturation_level, settings)
        bands = [band for band in bands if (band.lane, band.target) != (box.lane, box.target)] + [drawn]
    return replace(reading, bands=sorted(bands, key=lambda band: (band.lane, band.y_px)))


def boxes_of(view: View, boxes: list[Box], sharing: int) -> list[Box]:
    """Select the boxes of a view.

    Parameters
    ----------
    view : View
        The membrane on the picture.
    boxes : list of Box
        All boxes of the group.
    sharing : int
        How many membranes share the picture. Where several do, a box belongs to the membrane it names, or to the one it
        lies in.

    Returns
    -------
    list of Box
        Those of targets that the view shows.
    """
    shown = {target.target for target in view.targets}
    own = []
    for box in boxes:
        centre = box.y_px + box.height_px / 2
        here = box.membrane == view.membrane if box.membrane else sharing == 1 or view.top <= centre < view.bottom
        if box.image == view.image and here and box.target in shown:
            own.append(box)
    return own


def _read_lanes(
    view: View, grid: LaneGrid, signal: np.ndarray, length: float, saturation_level: float, settings: QuantifySettings
) -> Reading:
    """Profiles, rows, ladder and bands of a membrane whose lanes are known."""
    crops = crop_lanes(signal, grid, length=length, max_slope=settings.max_slope)
    lanes = lane_profiles(crops, [lane.sample for lane in view.lanes], settings, length=length)
    samples = np.array([lane.sample for lane in view.lanes])
    lead = ~np.isin(samples, ["ladder", "blank"])
    lead = lead if lead.any() else samples == "ladder"
    centres = np.array([lane.left + lane.width / 2 for lane in lanes])
    shifts = lane_displacements(lanes, centres, lead)
    rows = find_band_rows(lanes, shifts, lead)
    ladder = _best_ladder(lanes, shifts, view.lanes, settings.ladder_kda)
    single = [target for target in view.targets if target.role != "total_protein"]
    choices = {}
    if single and not (samples == "ladder").all():
        choices = choose_rows(single, rows, ladder, tolerance_pct=settings.kda_tolerance_pct)
    reading = Reading(view, [], lanes, shifts, ladder, choices)
    bands = [
        band for index in range(len(lanes)) for band in _bands_of_lane(reading, index, view.targets, saturation_level)
    ]
    return replace(reading, bands=_with_background_errors(bands, lanes))


def _best_ladder(
    lanes: list[LaneProfile], shifts: np.ndarray, lane_map: list[Lane], usual_kda: Sequence[float]
) -> Ladder | None:
    """The ladder lane with most bands assigned to masses; of equal ones the smoothest."""
    found = []
    for profile, shift, lane in zip(lanes, shifts, lane_map, strict=True):
        if lane.sample != "ladder":
            continue
        rows = np.array([peak.row for peak in profile.peaks]) - shift
        heights = np.array([peak.height for peak in profile.peaks])
        ladder = calibrate(rows, heights, masses_of(lane.ladder_kda) or usual_kda)
        if ladder is not None:
            found.append(ladder)
    return max(found, key=lambda ladder: (len(ladder.rows), -ladder.spread_pct), default=None)


def masses_of(text: str | None) -> list[float]:
    """Return the masses of a ladder (kDa) as the lane map lists them, ``250 150 100 75``; empty if it lists none."""
    return [float(part) for part in str(text or "").replace(";", " ").replace("/", " ").split()]


def _bands_of_lane(reading: Reading, index: int, targets: list[Target], saturation_level: float) -> list[Band]:
    """Bands of one lane: those of the targets, or a box where a band should be, and all other distinct ones."""
    lane, view, shifts = reading.lanes[index], reading.view, reading.shifts
    grid = view.grid
    assert grid is not None and shifts is not None
    made: list[Band] = []
    taken: set[Peak] = set()

    def band_at(peak: Peak, target: str | None, origin: BoxOrigin) -> Band:
        lean = int(grid.shift(np.array([peak.row]))[0])
        place = _Place(lean, _mass(reading, peak, index))
        return _measured(view, lane, peak, target, origin, place, saturation_level)

    if view.lanes[index].sample not in ("ladder", "blank"):
        for target in targets:
            if target.role == "total_protein":
                made.append(_whole_lane(view, lane, target.target, saturation_level))
                continue
            row = reading.choices[target.target].row if target.target in reading.choices else None
            if row is None:
                continue
            peak = _peak_of_row(lane, row, shifts[index], taken)
            own = peak_near(lane, peak.row, 0.5)
            made.append(band_at(peak, target.target, "expected" if own is None else "found"))
            taken |= {own} if own is not None else set()
    made += [band_at(peak, None, "found") for peak in lane.peaks if peak not in taken and peak in lane.distinct]
    return made


def _mass(reading: Reading, peak: Peak, index: int) -> float | None:
    """Mass (kDa) at which a peak of a lane runs, None without a ladder or for a lane that is not in the lane map."""
    if reading.ladder is None or reading.shifts is None or index >= len(reading.shifts):
        return None
    return float(mass_at(reading.ladder, peak.row - reading.shifts[index]))


def _with_background_errors(bands: list[Band], lanes: list[LaneProfile]) -> list[Band]:
    """Bands of targets with the uncertainty of their background: two standard errors, % of the volume."""
    errors: dict[int, float] = {}
    made = []
    for band in bands:
        rows = band.height_px
        if band.target is not None and band.volume > 0 and rows != len(lanes[0].profile):
            if rows not in errors:
                errors[rows] = float(np.median([interpolation_error(lane.beside, rows) for lane in lanes]))
            band = replace(band, background_error_pct=200.0 * errors[rows] * rows * band.width_px / band.volume)
        made.append(band)
    return made


def _whole_lane(view: View, lane: LaneProfile, target: str, saturation_level: float) -> Band:
    """All protein of a lane: its whole profile over the background of the gaps beside it."""
    last = len(lane.profile) - 1
    gaps = lane.background if lane.method == "gap" else lane.other_background
    net = lane.profile - gaps
    return Band(
        recording=view.image,
        animal=_animal(view, lane.lane),
        image=view.image,
        membrane=view.membrane,
        channel=view.channel,
        lane=lane.lane,
        target=target,
        x_px=lane.left,
        y_px=view.top,
        width_px=lane.width,
        height_px=last + 1,
        volume=float(net.sum() * lane.width),
        background=float(gaps.sum() * lane.width),
        snr=float(net.mean() / lane.noise * np.sqrt(last + 1)) if lane.noise > 0 else np.nan,
        saturated_pct=lane.saturated_pct(0, last, saturation_level),
        kda=None,
        volume_other_background=float(np.maximum(net, 0).sum() * lane.width),
        specks_pct=0.0,
        background_error_pct=np.nan,
        dilution_ug=np.nan,
        background_method="gap",
        box="found",
    )


def _peak_of_row(lane: LaneProfile, row: BandRow, shift: float, taken: set[Peak]) -> Peak:
    """The lane's peak of a row, or the place where it should be, as tall as is usual in the row."""
    place = row.place + shift
    reach = max(row.above, row.below, constants.ROW_REACH * len(lane.profile))
    peak = peak_near(lane, place, reach)
    last = len(lane.profile) - 1
    if peak is not None and peak not in taken:
        return _limited_by_row(peak, row, lane)
    top, bottom = (int(np.clip(round(edge), 0, last)) for edge in (place - row.above, place + row.below))
    return Peak(float(place), top, bottom, float(lane.net[int(np.clip(round(place), 0, last))]))


def _limited_by_row(peak: Peak, row: BandRow, lane: LaneProfile) -> Peak:
    """The peak with edges about as far apart as in its row: blotches do not stretch it, noise does not cut it short."""
    others = [
        other for other in lane.peaks if other is not peak and other.height > constants.SIDE_BAND_HEIGHT * peak.height
    ]
    lowest = max((other.bottom + 1 for other in others if other.row < peak.row), default=0)
    highest = min((other.top - 1 for other in others if other.row > peak.row), default=len(lane.profile) - 1)
    above = np.clip(peak.row - peak.top, constants.LEAST_OF_ROW * row.above, constants.MOST_OF_ROW * row.above)
    below = np.clip(peak.bottom - peak.row, constants.LEAST_OF_ROW * row.below, constants.MOST_OF_ROW * row.below)
    top, bottom = max(lowest, round(peak.row - above)), min(highest, round(peak.row + below))
    return replace(peak, top=min(top, int(peak.row)), bottom=max(bottom, int(peak.row)))


@dataclass(frozen=True)
class _Place:
    """Columns by which the lane lies further right at a band than at the grid's middle row, and the band's mass."""

    lean_px: int
    kda: float | None


def _measured(
    view: View,
    lane: LaneProfile,
    peak: Peak,
    target: str | None,
    origin: BoxOrigin,
    place: _Place,
    saturation_level: float,
) -> Band:
    """One band with its volume; the box holds the band as it slopes in the file."""
    volume = lane.volume(peak.top, peak.bottom)
    slack = abs(lane.slope) * (lane.width - 1) / 2
    top, bottom = max(0, round(peak.top - slack)), min(len(lane.profile) - 1, round(peak.bottom + slack))
    return Band(
        recording=view.image,
        animal=_animal(view, lane.lane),
        image=view.image,
        membrane=view.membrane,
        channel=view.channel,
        lane=lane.lane,
        target=target,
        x_px=lane.left + place.lean_px,
        y_px=view.top + top,
        width_px=lane.width,
        height_px=bottom - top + 1,
        volume=volume.net,
        background=volume.background,
        snr=float(peak.height / lane.noise) if lane.noise > 0 else np.nan,
        saturated_pct=lane.saturated_pct(peak.top, peak.bottom, saturation_level),
        kda=place.kda,
        volume_other_background=volume.net_of_other,
        specks_pct=volume.specks_pct,
        background_error_pct=np.nan,
        dilution_ug=np.nan,
        background_method=lane.method,
        box=origin,
    )


def _animal(view: View, lane: int) -> str | None:
    return view.lanes[lane - 1].animal if 1 <= lane <= len(view.lanes) else None


def _boxed(
    signal: np.ndarray, box: Box, reading: Reading, length: float, saturation_level: float, settings: QuantifySettings
) -> Band:
    """A box drawn by a person, as it was drawn; its background is that of its columns, from top to bottom."""
    view = reading.view
    left, width, y = round(box.x_px), max(1, round(box.width_px)), box.y_px - view.top
    if left >= signal.shape[1] or not 0 <= y + box.height_px / 2 < signal.shape[0]:
        raise IngestError(
            f"{box.image}: the box of lane {box.lane:g}, {box.target} lies outside the picture or membrane. "
            "Correct it in western_blot_boxes; pixels count from the upper left corner."
        )
    top = int(np.clip(round(y), 0, signal.shape[0] - 1))
    bottom = int(np.clip(top + round(box.height_px) - 1, top, signal.shape[0] - 1))
    pixels = signal[:, max(0, left) : left + width].astype(np.float32)
    beside = max(2, width // 10)
    sides = [signal[:, max(0, left - beside) : max(1, left)], signal[:, left + width : left + width + beside]]
    own = pixels.mean(axis=1)
    gaps = np.minimum(*(side.mean(axis=1) if side.shape[1] else own for side in sides))
    lane = lane_profile(
        LaneCrop(box.lane, left, pixels, 0.0, gaps),
        rows_on_membrane(own, own),
        "gap" if settings.background == "gap" else "lane",
        length=length,
        min_snr=settings.min_snr,
        foot=settings.foot,
    )
    net = lane.net[top : bottom + 1]
    peak = Peak(float(top + int(net.argmax())), top, bottom, float(net.max()))
    place = _Place(0, _mass(reading, peak, box.lane - 1))
    band = _measured(view, lane, peak, box.target, "given", place, saturation_level)
    return replace(band, x_px=left, y_px=view.top + top, width_px=width, height_px=bottom - top + 1)
