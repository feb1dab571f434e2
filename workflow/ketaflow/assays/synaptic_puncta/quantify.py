"""Measure fields: puncta of each marker, their pairs, and the pairs beyond chance.

In: the channels of each field. Out: densities per square micrometre of the measured area, area and intensity of the
puncta, every punctum with its score and its partner, and the counts behind the densities.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.colocalisation import chance, crosstalk, pair_matching, synapse_count
from ketaflow.assays.synaptic_puncta.detection import spots
from ketaflow.assays.synaptic_puncta.detection.marker_mask import stained_area
from ketaflow.assays.synaptic_puncta.detection.spots import Puncta
from ketaflow.assays.synaptic_puncta.detection.tissue_mask import TissueMap, tissue_map
from ketaflow.assays.synaptic_puncta.model import (
    Channel,
    Control,
    Field,
    Fields,
    MarkerRow,
    Measured,
    PairSettings,
    PunctaSettings,
    QuantifySettings,
    Section,
    Side,
)
from ketaflow.core.results import Measurement, measurement

NO_TISSUE = "no tissue was found in the measured area"
NO_PAIRS = "no pair was found, so the share of chance pairs is not defined"
NO_PUNCTA = "no punctum was found"


@dataclass(frozen=True)
class ChannelPuncta:
    """Puncta of one channel.

    Attributes
    ----------
    spot_response : (rows, columns) or (planes, rows, columns) ndarray
        The channel after the spot filter.
    puncta : Puncta
        The puncta within the limits of area.
    positions_um : (n, 2) or (n, 3) ndarray
        Their centres (um from the corner of the field), axes as in the image.
    """

    spot_response: np.ndarray
    puncta: Puncta
    positions_um: np.ndarray


class _Pairing(NamedTuple):
    """Partners of the puncta: ``indices`` (n, 2) of pre and post in all puncta, and their distance (um)."""

    indices: np.ndarray
    distance_um: np.ndarray


class _MeasuredField(NamedTuple):
    """All that is measured in one field."""

    section: Section
    markers: list[MarkerRow]
    puncta: pd.DataFrame
    tissue: np.ndarray


def quantify(fields: Fields, settings: QuantifySettings) -> Measured:
    """Measure every field of a recording.

    Parameters
    ----------
    fields : Fields
        The fields and their secondary-only controls.
    settings : QuantifySettings
        Settings ``synaptic_puncta.quantify``.

    Returns
    -------
    Measured
        Densities (1/um2), areas (um2), intensities (counts) and share of chance (%) of each field, the tables
        ``sections``, ``markers``, ``controls`` and ``puncta``, and the tissue masks.
    """
    controls = [
        _control(field, channel, settings.puncta) for field in fields.controls for channel in field.channels.values()
    ]
    measured = [_measured_field(field, controls, settings) for field in fields.fields]
    puncta = [one.puncta.assign(field=number) for number, one in enumerate(measured)]
    return Measured(
        measurements=[row for one in measured for row in _measurements(one)],
        sections=[one.section for one in measured],
        markers=[row for one in measured for row in one.markers],
        controls=controls,
        puncta=pd.concat(puncta, ignore_index=True),
        tissue=[one.tissue for one in measured],
    )


def find_puncta(pixels: np.ndarray, voxel_um: tuple[float, ...], settings: PunctaSettings) -> ChannelPuncta:
    """Find the puncta of one channel that are neither too small nor too large.

    Parameters
    ----------
    pixels : (rows, columns) or (planes, rows, columns) ndarray
        The channel.
    voxel_um : tuple of float
        Size of a voxel (um), one value per axis.
    settings : PunctaSettings
        Settings ``synaptic_puncta.quantify.puncta``.

    Returns
    -------
    ChannelPuncta
        The channel after the spot filter, its puncta, and their positions (um).
    """
    pixel_um = voxel_um[-1]
    fwhm_um = [settings.axial_fwhm_um, settings.fwhm_um, settings.fwhm_um][-pixels.ndim :]
    sizes_px = np.divide(fwhm_um, constants.FWHM_PER_SD * np.array(voxel_um))
    sigma_px = tuple(np.maximum(sizes_px, constants.MIN_SIGMA_PX).tolist())
    filtered = spots.filter_spots(pixels, sigma_px, settings.surround_ratio)
    found = spots.find(
        filtered,
        window_px=max(constants.MIN_NOISE_WINDOW_PX, settings.noise_window_um / pixel_um),
        z_threshold=settings.z_threshold,
        edge_ratio=settings.edge_ratio,
        boundary_fraction=settings.boundary_fraction,
    )
    area_um2 = found.area_px * pixel_um**2
    found = found.subset((area_um2 >= settings.min_area_um2) & (area_um2 <= settings.max_area_um2))
    return ChannelPuncta(filtered.spot, found, (found.positions_px + 0.5) * np.array(voxel_um))


def _control(field: Field, channel: Channel, settings: PunctaSettings) -> Control:
    """Level and unspecific puncta of one channel of a secondary-only image."""
    found = find_puncta(channel.pixels, field.voxel_um, settings)
    area_um2 = math.prod(channel.pixels.shape[-2:]) * field.pixel_size_um**2
    return Control(
        image=channel.file,
        marker=channel.marker,
        mean_level=float(channel.pixels.mean()),
        puncta_density_per_um2=len(found.puncta) / area_um2,
        exposure_ms=channel.exposure_ms,
        gain=channel.gain,
    )


def _measured_field(field: Field, controls: list[Control], settings: QuantifySettings) -> _MeasuredField:
    """Puncta, tissue, pairs and densities of one field."""
    found = {
        side: find_puncta(channel.pixels, field.voxel_um, settings.puncta) for side, channel in field.channels.items()
    }
    tissue = _measured_area(field, list(found.values()), settings)
    if field.post is None:
        section, pairing = _single_section(field, found["pre"], tissue), _Pairing(np.zeros((0, 2), int), np.zeros(0))
    else:
        section, pairing = _section(field, found["pre"], found["post"], tissue, settings.pairs)
    swapped = _Pairing(pairing.indices[:, ::-1], pairing.distance_um)
    puncta = [
        _puncta_table(field, side, channel, tissue, pairing if side == "pre" else swapped)
        for side, channel in found.items()
    ]
    markers = [_marker_row(field, side, channel, tissue, controls) for side, channel in found.items()]
    return _MeasuredField(section, markers, pd.concat(puncta), tissue.mask)


def _measured_area(field: Field, found: list[ChannelPuncta], settings: QuantifySettings) -> TissueMap:
    """The tissue of a field inside its region of interest and its mask."""
    tissue = tissue_map(
        [channel.pixels for channel in field.channels.values()],
        [one.positions_um for one in found],
        pixel_size_um=field.pixel_size_um,
        settings=settings.tissue,
    )
    limits = field.limits
    parts = [] if limits.roi is None else [limits.roi]
    if limits.mask_pixels is not None:
        parts.append(stained_area(limits.mask_pixels, field.pixel_size_um, settings.tissue.mask_margin_um))
    return tissue.limited_to(np.logical_and.reduce(parts), field.pixel_size_um) if parts else tissue


def _marker_row(
    field: Field, side: Side, found: ChannelPuncta, tissue: TissueMap, controls: list[Control]
) -> MarkerRow:
    """What was measured of one marker."""
    channel = field.channels[side]
    inside = found.puncta.subset(tissue.contains(found.positions_um))
    own = [control for control in controls if control.marker == channel.marker]
    return MarkerRow(
        recording=field.recording,
        animal=field.animal,
        region=field.region,
        section=field.section,
        channel=side,
        marker=channel.marker,
        puncta=len(inside),
        tissue_um2=tissue.area_um2,
        puncta_density_per_um2=len(inside) / (tissue.area_um2 or math.nan),
        mean_punctum_area_um2=_mean(inside.area_px) * field.pixel_size_um**2,
        mean_punctum_intensity=_mean(inside.mean_intensity),
        integrated_intensity=_mean(inside.integrated),
        mean_level=tissue.mean_of(channel.pixels, field.pixel_size_um),
        control_level=_mean([control.mean_level for control in own]),
        control_density_per_um2=_mean([control.puncta_density_per_um2 for control in own]),
        exposure_ms=channel.exposure_ms,
        gain=channel.gain,
    )


def _single_section(field: Field, found: ChannelPuncta, tissue: TissueMap) -> Section:
    """Counts and densities of a field with one marker."""
    count = int(tissue.contains(found.positions_um).sum())
    return Section(
        recording=field.recording,
        animal=field.animal,
        region=field.region,
        section=field.section,
        pre_marker=field.pre.marker,
        post_marker=None,
        field_um2=tissue.field_um2,
        region_um2=tissue.region_um2,
        tissue_um2=tissue.area_um2,
        pre_puncta=count,
        pre_density_per_um2=count / (tissue.area_um2 or math.nan),
        pre_z_median=_median(found.puncta.z_score),
    )


def _section(
    field: Field, pre: ChannelPuncta, post: ChannelPuncta, tissue: TissueMap, settings: PairSettings
) -> tuple[Section, _Pairing]:
    """Counts and densities of one field, and its pairs; puncta outside the tissue are not counted."""
    inside = [np.flatnonzero(tissue.contains(one.positions_um)) for one in (pre, post)]
    pre_um, post_um = pre.positions_um[inside[0]], post.positions_um[inside[1]]
    reach_um = np.array([settings.axial_reach_um, settings.reach_um, settings.reach_um])[-pre_um.shape[1] :]
    pairs = pair_matching.one_to_one(pre_um, post_um, reach_um).indices
    shifts_um = chance.ring_of_shifts(settings.n_shifts, settings.shift_um)
    by_chance = chance.chance_pairs(pre_um, post_um, tissue, reach_um, shifts_um=shifts_um)
    displacement = crosstalk.displacement(pre_um[pairs[:, 0]], post_um[pairs[:, 1]])
    n_pre, n_post, n_pairs = len(pre_um), len(post_um), len(pairs)
    synapses = synapse_count.synapses(n_pairs, by_chance.pairs, n_pre, n_post)
    low, high = synapse_count.synapse_interval(n_pairs, by_chance, n_pre, n_post)
    area_um2 = tissue.area_um2 or math.nan
    section = Section(
        recording=field.recording,
        animal=field.animal,
        region=field.region,
        section=field.section,
        pre_marker=field.pre.marker,
        post_marker=None if field.post is None else field.post.marker,
        field_um2=tissue.field_um2,
        region_um2=tissue.region_um2,
        tissue_um2=tissue.area_um2,
        pre_puncta=n_pre,
        post_puncta=n_post,
        pairs=n_pairs,
        chance_pairs=by_chance.pairs,
        chance_pairs_low=by_chance.interval[0],
        chance_pairs_high=by_chance.interval[1],
        rotated_pairs=float(by_chance.rotated.mean()),
        synapses=synapses,
        synapses_low=low,
        synapses_high=high,
        pre_density_per_um2=n_pre / area_um2,
        post_density_per_um2=n_post / area_um2,
        synapse_density_per_um2=max(synapses, 0.0) / area_um2,
        chance_colocalisation_pct=100 * by_chance.pairs / n_pairs if n_pairs else math.nan,
        pre_z_median=_median(pre.puncta.z_score),
        post_z_median=_median(post.puncta.z_score),
        bleed_pre_into_post_pct=crosstalk.bleed_through_pct(pre.puncta, post.spot_response),
        bleed_post_into_pre_pct=crosstalk.bleed_through_pct(post.puncta, pre.spot_response),
        channel_correlation=crosstalk.correlation(pre.spot_response, post.spot_response),
        displacement_um=displacement.distance_um,
        displacement_error_um=displacement.standard_error_um,
    )
    distance_um = np.linalg.norm(pre_um[pairs[:, 0]] - post_um[pairs[:, 1]], axis=1)
    return section, _Pairing(np.column_stack([inside[0][pairs[:, 0]], inside[1][pairs[:, 1]]]), distance_um)


def _measurements(measured: _MeasuredField) -> list[Measurement]:
    """The rows of a field in the table of measurements."""
    section = measured.section
    listed: list[tuple[str, float, str, int | None, str]] = []
    if section.post_marker is not None:
        both = f"{section.pre_marker}/{section.post_marker}"
        listed = [
            ("pre_density_per_um2", section.pre_density_per_um2, section.pre_marker, section.pre_puncta, ""),
            ("post_density_per_um2", section.post_density_per_um2, section.post_marker, section.post_puncta, ""),
            ("synapse_density_per_um2", section.synapse_density_per_um2, both, section.pairs, ""),
            ("chance_colocalisation_pct", section.chance_colocalisation_pct, both, section.pairs, NO_PAIRS),
        ]
    for row in measured.markers:
        listed += [
            ("puncta_density_per_um2", row.puncta_density_per_um2, row.marker, row.puncta, ""),
            ("mean_punctum_area_um2", row.mean_punctum_area_um2, row.marker, row.puncta, NO_PUNCTA),
            ("mean_punctum_intensity", row.mean_punctum_intensity, row.marker, row.puncta, NO_PUNCTA),
            ("integrated_intensity", row.integrated_intensity, row.marker, row.puncta, NO_PUNCTA),
        ]
        if math.isfinite(row.control_level):
            listed.append(("mean_intensity", row.mean_level - row.control_level, row.marker, None, ""))
    return [
        measurement(
            measure,
            value,
            animal=section.animal,
            recording=section.recording,
            analyte=analyte,
            region=section.region,
            sample=section.section or section.recording,
            n=n,
            reason="" if math.isfinite(value) else (reason if section.tissue_um2 else NO_TISSUE),
        )
        for measure, value, analyte, n, reason in listed
    ]


def _puncta_table(
    field: Field, side: Side, channel: ChannelPuncta, tissue: TissueMap, pairing: _Pairing
) -> pd.DataFrame:
    """Every punctum of one channel; ``partner`` is the number of its partner among the other channel's puncta."""
    positions, count = channel.puncta.positions_px, len(channel.puncta)
    partner, distance = np.full(count, np.nan), np.full(count, np.nan)
    own, other = pairing.indices.T
    partner[own], distance[own] = other + 1, pairing.distance_um.round(3)
    return pd.DataFrame(
        {
            "image": field.channels[side].file,
            "recording": field.recording,
            "animal": field.animal,
            "channel": side,
            "marker": field.channels[side].marker,
            "punctum": np.arange(count) + 1,
            "x_px": positions[:, -1].round(2),
            "y_px": positions[:, -2].round(2),
            "z_px": positions[:, 0].round(2) if positions.shape[1] == 3 else np.full(count, np.nan),
            "area_um2": (channel.puncta.area_px * field.pixel_size_um**2).round(4),
            "z_score": channel.puncta.z_score.round(2),
            "height": channel.puncta.height.astype(float).round(2),
            "mean_intensity": channel.puncta.mean_intensity.round(2),
            "integrated_intensity": channel.puncta.integrated.round(2),
            "in_tissue": tissue.contains(channel.positions_um),
            "partner": partner,
            "partner_distance_um": distance,
        }
    )


def _median(values: np.ndarray) -> float:
    """Median; NaN of nothing."""
    return float(np.median(values)) if len(values) else math.nan


def _mean(values: np.ndarray | list[float]) -> float:
    """Mean; NaN of nothing."""
    return float(np.mean(values)) if len(values) else math.nan
