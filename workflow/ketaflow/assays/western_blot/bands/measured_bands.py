"""Bands with their volumes: those of a lane, and boxes drawn by a person.

In: a ``Reading`` with profiles and rows. Out: rows of ``bands.csv``. Bands that were found are measured
over the baseline of their lane, boxes drawn by a person over what surrounds them (``box_volume``).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.bands.band_rows import BandRow, peak_near
from ketaflow.assays.western_blot.bands.box_column import BoxColumn, column_of
from ketaflow.assays.western_blot.bands.box_volume import measure_box, uncertainty_over
from ketaflow.assays.western_blot.bands.molecular_weight import mass_at
from ketaflow.assays.western_blot.bands.reading import Reading
from ketaflow.assays.western_blot.lanes.lane_crops import without_specks
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile
from ketaflow.assays.western_blot.lanes.profile_baseline import Peak, profile_noise
from ketaflow.assays.western_blot.model import Band, Box, BoxOrigin, BoxVolume, View
from ketaflow.core.errors import IngestError
from ketaflow.core.overlays import SOMEBODY


class Place(NamedTuple):
    """The upper left corner of a box and its size, in pixels of the file."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int


def bands_of_lane(reading: Reading, index: int) -> list[Band]:
    """Measure the bands of one lane.

    Parameters
    ----------
    reading : Reading
        Profiles, displacements and rows of a membrane.
    index : int
        Index of the lane.

    Returns
    -------
    list of Band
        Those of the targets, or a box where a band should be, and all other distinct ones.
    """
    lane, view, shifts = reading.lanes[index], reading.view, reading.shifts
    assert shifts is not None
    baselines = (lane.background, lane.other_background)
    baselines = baselines[::-1] if lane.method == "gap" else baselines
    ceiling = reading.scan.saturation_level - 0.5
    column = BoxColumn(lane.wide, lane.inset, lane.width, reading.length, ceiling, *baselines)
    made: list[Band] = []
    taken: set[Peak] = set()
    if view.lanes[index].sample not in ("ladder", "blank"):
        for target in view.targets:
            if target.role == "total_protein":
                made.append(_whole_lane(reading, lane, target.target))
                continue
            choice = reading.choices.get(target.target)
            if choice is None or choice.row is None:
                continue
            place = choice.row.place + (shifts[index] if choice.places is None else choice.places[index])
            peak = _peak_of_row(lane, choice.row, place, taken)
            own = peak_near(lane, peak.row, 0.5)
            origin: BoxOrigin = "expected" if own is None else "found"
            made.append(_measured(reading, lane, column, peak, target.target, origin))
            taken |= {own} if own is not None else set()
    others = [peak for peak in lane.peaks if peak not in taken and peak in lane.distinct]
    return made + [_measured(reading, lane, column, peak, None, "found") for peak in others]


def _mass(reading: Reading, peak: Peak, index: int) -> float | None:
    """Mass (kDa) at which a peak of a lane runs, None without a ladder or for a lane that is not in the lane map."""
    if reading.ladder is None or reading.shifts is None or index >= len(reading.shifts):
        return None
    return float(mass_at(reading.ladder, peak.row - reading.shifts[index]))


def _whole_lane(reading: Reading, lane: LaneProfile, target: str) -> Band:
    """All protein of a lane: its whole profile over the background of the gaps beside it."""
    view, last = reading.view, len(lane.profile) - 1
    gaps = lane.background if lane.method == "gap" else lane.other_background
    net = lane.profile - gaps
    volume = float(net.sum() * lane.width)
    place = Place(lane.left, view.top, lane.width, last + 1)
    over_zero = float(np.maximum(net, 0).sum() * lane.width) - volume
    return replace(
        _band(view, lane.lane, target, place, BoxVolume(volume, float(gaps.sum() * lane.width), over_zero, "gap")),
        snr=float(net.mean() / lane.noise * np.sqrt(last + 1)) if lane.noise > 0 else np.nan,
        saturated_pct=lane.saturated_pct(0, last, reading.scan.saturation_level),
    )


def _peak_of_row(lane: LaneProfile, row: BandRow, place: float, taken: set[Peak]) -> Peak:
    """The lane's peak of a row, or the place where it should be, as tall as is usual in the row."""
    reach = max(row.above, row.below, constants.ROW_REACH * len(lane.profile))
    peak = peak_near(lane, place, reach)
    last = len(lane.profile) - 1
    if peak is not None and peak not in taken:
        return _limited_by_row(peak, row, lane)
    top, bottom = (int(np.clip(round(edge), 0, last)) for edge in (place - row.above, place + row.below))
    return Peak(float(place), top, bottom, float(lane.net[int(np.clip(round(place), 0, last))]))


def _limited_by_row(peak: Peak, row: BandRow, lane: LaneProfile) -> Peak:
    """The peak with edges about as far apart as in its row: blotches do not stretch it, noise does not cut it short."""
    others = [other for other in lane.peaks if other is not peak]
    lowest = max((other.bottom + 1 for other in others if other.row < peak.row), default=0)
    highest = min((other.top - 1 for other in others if other.row > peak.row), default=len(lane.profile) - 1)
    above = np.clip(peak.row - peak.top, constants.LEAST_OF_ROW * row.above, constants.MOST_OF_ROW * row.above)
    below = np.clip(peak.bottom - peak.row, constants.LEAST_OF_ROW * row.below, constants.MOST_OF_ROW * row.below)
    top, bottom = max(lowest, round(peak.row - above)), min(highest, round(peak.row + below))
    return replace(peak, top=min(top, int(peak.row)), bottom=max(bottom, int(peak.row)))


def _measured(
    reading: Reading, lane: LaneProfile, column: BoxColumn, peak: Peak, target: str | None, origin: BoxOrigin
) -> Band:
    """One band with its volume; the box holds the band as it slopes in the file."""
    view, scan = reading.view, reading.scan
    volume = _volume(reading, lane, column, peak)
    slack = abs(lane.slope) * (lane.width - 1) / 2
    top, bottom = max(0, round(peak.top - slack)), min(len(lane.profile) - 1, round(peak.bottom + slack))
    lean = 0 if view.grid is None else int(view.grid.shift(np.array([peak.row]))[0])
    rows = slice(peak.top, peak.bottom + 1)
    place = Place(lane.left + lean, view.top + top, lane.width, bottom - top + 1)
    return replace(
        _band(view, lane.lane, target, place, volume),
        snr=float(peak.height / lane.noise) if lane.noise > 0 else np.nan,
        saturated_pct=lane.saturated_pct(peak.top, peak.bottom, scan.saturation_level),
        kda=_mass(reading, peak, lane.lane - 1),
        overlap_pct=_overlap_pct(lane, peak),
        specks_pct=100.0 * float(lane.specks[rows].mean()),
        box=origin,
        given_by=_given_by(reading, target),
    )


def _given_by(reading: Reading, target: str | None) -> str:
    """Who gave the row of a target, or the lanes; empty if nobody did."""
    choice = reading.choices.get(target or "")
    return (choice.given_by if choice is not None else "") or reading.view.lanes_given_by


def _volume(reading: Reading, lane: LaneProfile, column: BoxColumn, peak: Peak) -> BoxVolume:
    """Volume of a band that was found, over the baseline of its lane unless the settings ask for the border."""
    if reading.settings.background == "border":
        return measure_box(column, peak.top, peak.rows, background="border")
    net, background = lane.volume(peak.top, peak.bottom)
    level = background / (peak.rows * lane.width)
    uncertainty = uncertainty_over(column, peak.top, peak.rows, level=level)
    uncertainty = float(np.hypot(uncertainty, lane.hidden(peak.top, peak.bottom)))
    return BoxVolume(net, background, uncertainty, lane.method)


def _overlap_pct(lane: LaneProfile, peak: Peak) -> float:
    """Signal at the end of a box where it meets a neighbouring band (% of the band's height); 0 without neighbours."""
    if peak.height <= 0:
        return 0.0
    ends = []
    for other in lane.peaks:
        if other is not peak and other.top <= peak.bottom + 1 and other.bottom >= peak.top - 1:
            ends.append(lane.net[peak.bottom if other.row > peak.row else peak.top])
    return 100.0 * float(np.clip(max(ends, default=0.0) / peak.height, 0.0, 1.0))


def _band(view: View, lane: int, target: str | None, place: Place, volume: BoxVolume) -> Band:
    """A band with its volume; the caller adds what else is known of it."""
    return Band(
        recording=view.image,
        animal=view.lanes[lane - 1].animal if 1 <= lane <= len(view.lanes) else None,
        image=view.image,
        membrane=view.membrane,
        channel=view.channel,
        lane=lane,
        target=target,
        x_px=place.x_px,
        y_px=place.y_px,
        width_px=place.width_px,
        height_px=place.height_px,
        volume=volume.net,
        background=volume.background,
        snr=np.nan,
        saturated_pct=0.0,
        kda=None,
        volume_uncertainty=volume.uncertainty,
        overlap_pct=0.0,
        specks_pct=0.0,
        dilution_ug=np.nan,
        background_method=volume.method,
        box="found",
        given_by=view.lanes_given_by,
    )


def boxed(signal: np.ndarray, box: Box, reading: Reading) -> Band:
    """Measure a box drawn by a person, as it was drawn.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        The membrane (counts).
    box : Box
        The box, in pixels of the file.
    reading : Reading
        The membrane; its lanes need not be known.

    Returns
    -------
    Band
        Volume, background and quality of what the box holds, marked as given by a person.

    Raises
    ------
    IngestError
        If the box lies outside the membrane.
    """
    view, scan = reading.view, reading.scan
    left, y = max(0, round(box.x_px)), box.y_px - view.top
    width = min(max(1, round(box.width_px)), signal.shape[1] - left)
    if width < 1 or not 0 <= y + box.height_px / 2 < signal.shape[0]:
        raise IngestError(
            f"{box.image}: the box of lane {box.lane:g}, {box.target} lies outside the picture or membrane. "
            "Correct it in western_blot_boxes; pixels count from the upper left corner."
        )
    top = int(np.clip(round(y), 0, signal.shape[0] - 1))
    height = int(np.clip(round(box.height_px), 1, signal.shape[0] - top))
    column = column_of(signal, left, width, length=reading.length, ceiling=scan.saturation_level - 0.5)
    volume = measure_box(column, top, height, background=reading.settings.background)
    rows, columns = slice(top, top + height), slice(column.left, column.left + column.width)
    # A bent band that nobody levelled may look like a speck: the pixels stay as they were drawn around.
    cleaned, specks = without_specks(column.pixels[:, columns], reading.length)
    hidden = float(np.abs(column.pixels[rows, columns] - cleaned[rows]).sum(dtype=float))
    volume = replace(volume, uncertainty=float(np.hypot(volume.uncertainty, hidden)))
    profile = column.profile[rows]
    row = top + int(profile.argmax())
    noise = profile_noise(column.profile)
    pixels = signal[top : top + height, left : left + width]
    return replace(
        _band(view, box.lane, box.target, Place(left, view.top + top, width, height), volume),
        snr=float((profile.max() - volume.background / pixels.size) / noise) if noise > 0 else np.nan,
        saturated_pct=100.0 * float((pixels >= scan.saturation_level - 0.5).mean()),
        specks_pct=100.0 * float(specks[rows].mean()),
        kda=_mass(reading, Peak(float(row), top, top + height - 1, float(profile.max())), box.lane - 1),
        box="given",
        given_by=box.by or SOMEBODY,
    )
