"""Dataclasses of the assay: rows of its tables, settings of its stages, and what the stages hand on."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from ketaflow.core.inputs import recording_name
from ketaflow.core.results import Measurement, table

Side = Literal["pre", "post"]
SIDES: tuple[Side, Side] = ("pre", "post")


@dataclass(frozen=True)
class FieldRow:
    """One row of the cohort table ``synaptic_puncta``: one field of a section, stained for one marker or two."""

    image: str | None
    pre_image: str | None
    post_image: str | None
    animal: str
    region: str
    section: str | None
    pre_marker: str
    post_marker: str | None
    pre_channel: str | None
    post_channel: str | None
    pixel_size_um: float | None
    z_step_um: float | None
    roi: str | None = None
    mask_channel: str | None = None
    mask_image: str | None = None
    secondary_only: bool | None = None
    series: str | None = None

    @property
    def sides(self) -> tuple[Side, ...]:
        """The channels of the row: pre alone where it has no second marker."""
        return SIDES if self.post_marker else ("pre",)

    @property
    def recording(self) -> str:
        """Name of the recording: the file with both channels, or that of pre, and its series where one is named."""
        return recording_name(self.image or self.pre_image or "", self.series)

    def file(self, side: Side) -> str:
        """The file that holds a channel."""
        own = self.pre_image if side == "pre" else self.post_image
        return own or self.image or ""

    def marker(self, side: Side) -> str:
        """The protein that was stained in a channel."""
        return self.pre_marker if side == "pre" else self.post_marker or ""

    def channel(self, side: Side) -> str | None:
        """Name or number of a channel in its file, where the table gives it."""
        return self.pre_channel if side == "pre" else self.post_channel


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``synaptic_puncta_truth``: what was drawn into a simulated field; None for the default."""

    image: str
    synapses: int | None
    pre_alone: int | None
    post_alone: int | None
    snr: float | None
    brightness_cv: float | None
    unevenness: float | None
    nuclei: int | None
    nucleus_um: float | None
    bleed_pct: float | None
    width_px: int | None
    height_px: int | None
    planes: int | None
    pixel_size_um: float | None
    sigma_um: float | None
    apart_um: float | None


@dataclass(frozen=True)
class IngestSettings:
    """Settings ``synaptic_puncta.ingest``: there are none."""


@dataclass(frozen=True)
class PunctaSettings:
    """Settings ``synaptic_puncta.quantify.puncta``."""

    fwhm_um: float
    axial_fwhm_um: float
    surround_ratio: float
    noise_window_um: float
    z_threshold: float
    edge_ratio: float
    boundary_fraction: float
    min_area_um2: float
    max_area_um2: float


@dataclass(frozen=True)
class PairSettings:
    """Settings ``synaptic_puncta.quantify.pairs``."""

    reach_um: float
    axial_reach_um: float
    n_shifts: int
    shift_um: tuple[float, float]


@dataclass(frozen=True)
class TissueSettings:
    """Settings ``synaptic_puncta.quantify.tissue``."""

    hole_diameter_um: float
    hole_contrast: float
    mask_margin_um: float


@dataclass(frozen=True)
class QuantifySettings:
    """Settings ``synaptic_puncta.quantify``."""

    puncta: PunctaSettings
    pairs: PairSettings
    tissue: TissueSettings


@dataclass(frozen=True)
class QcSettings:
    """Settings ``synaptic_puncta.qc``."""

    coarse_pixel_um: float
    saturated_pct: float
    least_puncta: int
    least_tissue_pct: float
    bleed_through_pct: float
    displacement_um: float
    chance_pct: float
    secondary_only_pct: float
    picture_px: int


@dataclass(frozen=True)
class CohortSettings:
    """Settings ``synaptic_puncta.cohort``: there are none."""


@dataclass(frozen=True)
class Channel:
    """One channel of a field.

    Attributes
    ----------
    file : str
        Path of its file, relative to the cohort folder.
    marker : str
        The protein that was stained.
    pixels : (rows, columns) or (planes, rows, columns) ndarray
        Intensities in the file's own numbers.
    saturated_pct : float or None
        Share of pixels at the saturation level (%); None where that level is unknown.
    exposure_ms, gain : float or None
        Exposure (ms) and gain as the file states them.
    """

    file: str
    marker: str
    pixels: np.ndarray
    saturated_pct: float | None
    exposure_ms: float | None = None
    gain: float | None = None


@dataclass(frozen=True)
class Region:
    """The part of a field that is measured.

    Attributes
    ----------
    roi : (rows, columns) bool ndarray or None
        True inside the region of interest; None for the whole field.
    mask_pixels : (rows, columns) or (planes, rows, columns) ndarray or None
        The channel whose stained area is measured; None where there is none.
    """

    roi: np.ndarray | None = None
    mask_pixels: np.ndarray | None = None


@dataclass(frozen=True)
class Field:
    """One or two channels of one field of a section, at one scale.

    Attributes
    ----------
    recording, animal, region, section : str
        What the table says of the field; ``section`` may be None.
    pre, post : Channel
        The channels, of equal shape; ``post`` is None where one marker was stained.
    pixel_size_um : float
        Width and height of a pixel (um).
    z_step_um : float or None
        Distance between planes (um); None for one plane.
    scale_source : str
        Where the scale comes from: ``table``, or the metadata that hold it.
    notes : tuple of str
        Doubts about the files that a reviewer should read.
    limits : Region
        Region of interest and mask.
    """

    recording: str
    animal: str
    region: str
    section: str | None
    pre: Channel
    post: Channel | None
    pixel_size_um: float
    z_step_um: float | None
    scale_source: str
    notes: tuple[str, ...]
    limits: Region = Region()

    @property
    def channels(self) -> dict[Side, Channel]:
        """The channels by side, pre first."""
        return {"pre": self.pre} if self.post is None else {"pre": self.pre, "post": self.post}

    @property
    def voxel_um(self) -> tuple[float, ...]:
        """Size of a voxel (um) along (y, x), or (z, y, x) for a stack."""
        plane = (self.pixel_size_um, self.pixel_size_um)
        return plane if self.z_step_um is None else (self.z_step_um, *plane)


@dataclass(frozen=True)
class Fields:
    """What ``ingest`` produces: the fields that share an image, in the order of their rows, and their controls.

    Attributes
    ----------
    fields : list of Field
        The fields.
    controls : list of Field
        Fields of sections that were given no primary antibody, with the same first marker.
    """

    fields: list[Field]
    controls: list[Field] = field(default_factory=list)


@dataclass(frozen=True)
class Control:
    """One row of the table ``controls``: one marker's channel in an image without the primary antibody.

    ``mean_level`` is the mean of all pixels (counts). Its puncta, which are unspecific, are counted per area of the
    field.
    """

    image: str
    marker: str
    mean_level: float
    puncta_density_per_um2: float
    exposure_ms: float | None
    gain: float | None


@dataclass(frozen=True)
class MarkerRow:
    """One row of the table ``markers``: what was measured of one marker in one field.

    Attributes
    ----------
    channel, puncta, tissue_um2
        ``pre`` or ``post``, the number of puncta, and the measured area (um2).
    mean_punctum_intensity, integrated_intensity : float
        Means over the puncta of their mean and summed intensity above the local background (counts).
    mean_level : float
        Mean of all pixels of the measured area (counts).
    control_level, control_density_per_um2 : float
        Means over the secondary-only images of the marker of their mean (counts) and of their puncta (1/um2); NaN
        without such images.
    exposure_ms, gain : float or None
        As the file states them.
    """

    recording: str
    animal: str
    region: str
    section: str | None
    channel: str
    marker: str
    puncta: int
    tissue_um2: float
    puncta_density_per_um2: float
    mean_punctum_area_um2: float
    mean_punctum_intensity: float
    integrated_intensity: float
    mean_level: float
    control_level: float
    control_density_per_um2: float
    exposure_ms: float | None
    gain: float | None


@dataclass(frozen=True)
class Section:
    """One row of the table ``sections``: counts, chance and densities of one field.

    Where one marker was stained, everything about a second one and about pairs is NaN or None.

    Attributes
    ----------
    field_um2, region_um2, tissue_um2 : float
        Area of the field, of its region of interest inside the mask, and of the tissue in that region (um2).
    pre_puncta, post_puncta, pairs : int
        Puncta of each channel in tissue, and pairs of them.
    chance_pairs, chance_pairs_low, chance_pairs_high : float
        Pairs expected by chance (mean over the shifts), and the range of 95 % of the shifts.
    rotated_pairs : float
        Pairs expected by chance, estimated by rotation.
    synapses, synapses_low, synapses_high : float
        Pairs beyond chance and their 95 % interval; negative where fewer pairs are found than expected by chance.
    pre_density_per_um2, post_density_per_um2, synapse_density_per_um2 : float
        Counts per area of tissue (1/um2).
    chance_colocalisation_pct : float
        Chance pairs over pairs (%).
    pre_z_median, post_z_median : float
        Median z score of all puncta of a channel.
    bleed_pre_into_post_pct, bleed_post_into_pre_pct : float
        Light of the brightest puncta of one channel that appears in the other (%).
    channel_correlation : float
        Pearson correlation of the filtered channels.
    displacement_um, displacement_error_um : float
        Distance between the channels, and its standard error (um).
    """

    recording: str
    animal: str
    region: str
    section: str | None
    pre_marker: str
    post_marker: str | None
    field_um2: float
    region_um2: float
    tissue_um2: float
    pre_puncta: int
    pre_density_per_um2: float
    pre_z_median: float
    post_puncta: int | None = None
    pairs: int | None = None
    chance_pairs: float = math.nan
    chance_pairs_low: float = math.nan
    chance_pairs_high: float = math.nan
    rotated_pairs: float = math.nan
    synapses: float = math.nan
    synapses_low: float = math.nan
    synapses_high: float = math.nan
    post_density_per_um2: float = math.nan
    synapse_density_per_um2: float = math.nan
    chance_colocalisation_pct: float = math.nan
    post_z_median: float = math.nan
    bleed_pre_into_post_pct: float = math.nan
    bleed_post_into_pre_pct: float = math.nan
    channel_correlation: float = math.nan
    displacement_um: float = math.nan
    displacement_error_um: float = math.nan


@dataclass(frozen=True)
class Measured:
    """What ``quantify`` produces.

    Attributes
    ----------
    measurements : list of Measurement
        Densities, areas, intensities and share of chance of each field.
    sections : list of Section
        One row per field, in the order of the rows.
    markers : list of MarkerRow
        One row per field and marker.
    controls : list of Control
        One row per secondary-only image and marker.
    puncta : data frame
        One row per punctum; ``field`` is the number of its field from 0.
    tissue : list of (rows, columns) bool ndarray
        Coarse tissue mask of each field; True where there is tissue.
    """

    measurements: list[Measurement] = table()
    sections: list[Section] = table()
    markers: list[MarkerRow] = table()
    controls: list[Control] = table()
    puncta: pd.DataFrame = table()
    tissue: list[np.ndarray] = field(default_factory=list)
