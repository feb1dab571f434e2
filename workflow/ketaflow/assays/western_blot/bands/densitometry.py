"""Measure one membrane on one picture: rows of bands, targets, and the volume of every band.

In: a view with its lanes, the pixels of the scan, and what a person drew. Out: a ``Reading``. Where the lanes are not
certain, only boxes are measured.
"""

from dataclasses import replace

import numpy as np

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.bands.band_rows import find_band_rows, lane_displacements
from ketaflow.assays.western_blot.bands.given_rows import row_between
from ketaflow.assays.western_blot.bands.ladders import read_ladder
from ketaflow.assays.western_blot.bands.measured_bands import bands_of_lane, boxed
from ketaflow.assays.western_blot.bands.reading import Reading
from ketaflow.assays.western_blot.bands.targets import choose_rows
from ketaflow.assays.western_blot.lanes.lane_crops import crop_lanes
from ketaflow.assays.western_blot.lanes.lane_profile import lane_profiles
from ketaflow.assays.western_blot.model import Drawn, LaneGrid, QuantifySettings, Scan, View
from ketaflow.core.overlays import SOMEBODY


def read_view(view: View, scan: Scan, drawn: Drawn, settings: QuantifySettings) -> Reading:
    """Measure one membrane on one picture.

    Parameters
    ----------
    view : View
        The membrane with its lanes; without a grid only boxes are measured.
    scan : Scan
        The picture.
    drawn : Drawn
        What a person drew in this view. Boxes replace the bands found for their lane and target.
    settings : QuantifySettings
        How bands are found and their background is read.

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
    reading = Reading(view, [], [], None, None, {}, scan, settings, length)
    if view.grid is not None:
        reading = _read_lanes(reading, view.grid, signal, drawn)
    bands = reading.bands
    for box in drawn.boxes:
        measured = boxed(signal, box, reading)
        bands = [band for band in bands if (band.lane, band.target) != (box.lane, box.target)] + [measured]
    return replace(reading, bands=sorted(bands, key=lambda band: (band.lane, band.y_px)))


def _read_lanes(reading: Reading, grid: LaneGrid, signal: np.ndarray, drawn: Drawn) -> Reading:
    """Profiles, rows, ladder and bands of a membrane whose lanes are known."""
    view, settings, length = reading.view, reading.settings, reading.length
    crops = crop_lanes(signal, grid, length=length, max_slope=settings.max_slope)
    lanes = lane_profiles(crops, [lane.sample for lane in view.lanes], settings, length=length)
    samples = np.array([lane.sample for lane in view.lanes])
    lead = ~np.isin(samples, ["ladder", "blank"])
    lead = lead if lead.any() else samples == "ladder"
    centres = np.array([lane.left + lane.width / 2 for lane in lanes])
    shifts = lane_displacements(lanes, centres, lead)
    rows = find_band_rows(lanes, shifts, lead)
    ladder = read_ladder(lanes, shifts, view.lanes, settings.ladder_kda)
    single = [target for target in view.targets if target.role != "total_protein"]
    choices = {}
    if single and not (samples == "ladder").all():
        choices = choose_rows(single, rows, ladder, tolerance_pct=settings.kda_tolerance_pct)
        for given in drawn.rows:
            top, bottom = given.top_px - view.top, given.bottom_px - view.top
            choices[given.target] = row_between(lanes, lead, top, bottom, given.by or SOMEBODY)
    reading = replace(reading, lanes=lanes, shifts=shifts, ladder=ladder, choices=choices)
    return replace(reading, bands=[band for index in range(len(lanes)) for band in bands_of_lane(reading, index)])
