"""Measure one group of membranes: its bands, and from them values per animal.

In: the blot as ingest left it, and boxes drawn by a person. Out: ``Measured``: ``measurements``; ``bands`` (every band
of every lane), ``dilutions`` (linear range), ``targets`` (how each was read), ``fingerprints`` (what distinguishes a
lane from every other), and the views with their lane profiles for checks and figures.
"""

import numpy as np

from ketaflow.assays.western_blot.bands.densitometry import read_view
from ketaflow.assays.western_blot.bands.membrane_view import locate_lanes
from ketaflow.assays.western_blot.bands.molecular_weight import is_within
from ketaflow.assays.western_blot.bands.reading import Reading
from ketaflow.assays.western_blot.integrity.duplicated_lanes import fingerprints
from ketaflow.assays.western_blot.model import (
    Blot,
    Box,
    Drawn,
    Frame,
    GivenRow,
    Measured,
    Profiles,
    QuantifySettings,
    View,
    ViewSummary,
)
from ketaflow.assays.western_blot.normalisation.dilution_lanes import read_dilutions
from ketaflow.assays.western_blot.normalisation.exposures import choose_exposures
from ketaflow.assays.western_blot.normalisation.loading_control import target_summaries
from ketaflow.assays.western_blot.normalisation.normalised_values import animal_values
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Measurement, measurement


def quantify(blot: Blot, settings: QuantifySettings, *, rows: Rows) -> Measured:
    """Measure the membranes of a group.

    Parameters
    ----------
    blot : Blot
        Scans, targets and lane maps.
    settings : QuantifySettings
        How lanes and bands are found, and when a value is flagged.
    rows : Rows
        Rows of ``western_blot_boxes``, ``western_blot_rows`` and ``western_blot_frames``.

    Returns
    -------
    Measured
    """
    drawn = Drawn(
        boxes=rows.of("western_blot_boxes", Box),
        rows=rows.of("western_blot_rows", GivenRow),
        frames=rows.of("western_blot_frames", Frame),
    )
    readings = [_read(blot, view, drawn, settings) for view in locate_lanes(blot, drawn, settings)]
    readings = choose_exposures(readings, saturated_limit_pct=settings.saturated_limit_pct)
    read = [read_dilutions(reading) for reading in readings]
    readings, dilutions = [reading for reading, _ in read], [fit for _, fits in read for fit in fits]
    return Measured(
        measurements=animal_values(readings, dilutions, settings) + _unreadable(blot),
        bands=[band for reading in readings for band in reading.bands],
        dilutions=dilutions,
        targets=target_summaries(blot, readings),
        fingerprints=[lane for reading in readings for lane in fingerprints(reading.view, reading.lanes)],
        views=[_summary(reading) for reading in readings],
    )


def _read(blot: Blot, view: View, drawn: Drawn, settings: QuantifySettings) -> Reading:
    shared = len({target.membrane for target in blot.targets if target.image == view.image}) > 1
    names = [target.target for target in view.targets]
    own = drawn.of_view(view.image, view.membrane, names, (view.top, view.bottom) if shared else None)
    return read_view(view, blot.scan(view.image, view.channel), own, settings)


def _unreadable(blot: Blot) -> list[Measurement]:
    """An empty value with its reason for every animal of a picture that could not be read."""
    return [
        measurement(
            "band_volume",
            None,
            animal=animal,
            recording=target.image,
            reason=blot.unreadable[target.image],
            analyte=target.target,
            region=target.region,
            sample=target.sample_name,
            n=0,
        )
        for target in blot.targets
        if target.image in blot.unreadable
        for animal in blot.animals_of(target.membrane)
    ]


def _summary(reading: Reading) -> ViewSummary:
    """What checks and figures need to know of a reading."""
    view, ladder = reading.view, reading.ladder
    beyond = (
        [] if ladder is None else [one.target for one in view.targets if one.kda and not is_within(ladder, one.kda)]
    )
    return ViewSummary(
        view=view,
        chosen={name: choice.how for name, choice in reading.choices.items()},
        lost=[name for name, choice in reading.choices.items() if choice.row is None],
        profiles=_profiles(reading) if reading.lanes else None,
        ladder=ladder,
        beyond_ladder=beyond,
        rows_given_by={name: choice.given_by for name, choice in reading.choices.items() if choice.given_by},
    )


def _profiles(reading: Reading) -> Profiles:
    lanes = reading.lanes
    return Profiles(
        signal=np.array([lane.profile for lane in lanes], dtype=np.float32),
        background=np.array([lane.background for lane in lanes], dtype=np.float32),
        other_background=np.array([lane.other_background for lane in lanes], dtype=np.float32),
        shifts=[] if reading.shifts is None else reading.shifts.tolist(),
    )
