"""Dataclasses of the assay: rows of its tables, settings of its stages, and what the stages hand on."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from ketaflow.assays.stained_cells.constants import UM2_PER_MM2
from ketaflow.core.inputs import Rows, recording_name
from ketaflow.core.results import Measurement, table

Stain = Literal["fluorescence", "dab"]
Style = Literal["disc", "textured", "defocused", "soma"]
Colour = tuple[float, float, float]
MAIN = "stained_cells"
CORRECTIONS = "stained_cells_corrections"
TRUTH = "stained_cells_truth"


@dataclass(frozen=True)
class FieldRow:
    """One row of the cohort table ``stained_cells``: one marker in one region of one image."""

    image: str
    animal: str
    region: str
    section: str | None
    marker: str
    channel: str | None
    pixel_size_um: float | None
    stain: str | None
    roi: str | None
    series: str | None = None

    @property
    def recording(self) -> str:
        """Name of the recording: the image, and its series where the row names one."""
        return recording_name(self.image, self.series)


@dataclass(frozen=True)
class Correction:
    """One row of the cohort table ``stained_cells_corrections``: a cell that a person added or dropped."""

    image: str
    action: str
    x_px: float
    y_px: float
    marker: str | None
    by: str | None


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``stained_cells_truth``: what was drawn into a simulated image; None for the default."""

    image: str
    stain: Stain | None
    style: Style | None
    cells: int | None
    pairs: int | None
    diameter_um: float | None
    snr: float | None
    brightness_cv: float | None
    unevenness: float | None
    optical_density: float | None
    background_density: float | None
    nuclei: int | None
    width_px: int | None
    height_px: int | None
    pixel_size_um: float | None


@dataclass(frozen=True)
class IngestSettings:
    """Settings ``stained_cells.ingest``: there are none."""


@dataclass(frozen=True)
class StainSettings:
    """Settings ``stained_cells.quantify.stain``."""

    dab_vector: Colour
    counterstain_vector: Colour
    white_level: tuple[float, ...]


@dataclass(frozen=True)
class CellSettings:
    """Settings ``stained_cells.quantify.cells``."""

    min_diameter_um: float
    max_diameter_um: float
    z_threshold: float
    min_intensity: float
    min_optical_density: float
    saddle_ratio: float
    boundary_fraction: float


@dataclass(frozen=True)
class QuantifySettings:
    """Settings ``stained_cells.quantify``."""

    stain: StainSettings
    cells: CellSettings


@dataclass(frozen=True)
class QcSettings:
    """Settings ``stained_cells.qc``."""

    max_pixel_size_um: float
    max_saturated_pct: float
    max_near_threshold_pct: float
    max_out_of_size_pct: float
    max_covered_pct: float
    min_area_um2: float
    min_white_pct: float
    max_tint_ratio: float
    max_stain_angle_deg: float
    picture_px: int


@dataclass(frozen=True)
class CohortSettings:
    """Settings ``stained_cells.cohort``."""

    max_background_ratio: float
    max_white_difference_pct: float


@dataclass(frozen=True)
class Field:
    """One marker in one region of one image.

    Attributes
    ----------
    recording, image, animal, region, section, marker : str
        What the table says of the field; ``section`` may be None.
    stain : {"fluorescence", "dab"}
        Bright cells on a dark ground, or brown cells in a colour image.
    pixels : (rows, columns) or (rows, columns, 3) ndarray
        Fluorescence (a stack as its maximum over the planes), or red, green and blue; the file's own numbers.
    roi : (rows, columns) bool ndarray or None
        The region of interest; None for the whole image.
    pixel_size_um : float
        Width and height of a pixel (um).
    planes : int
        Planes of the file.
    saturation_level : float or None
        Highest number the detector can write (counts); None where it is unknown.
    scale_source : str
        Where the scale comes from: ``table``, or the metadata that hold it.
    notes : tuple of str
        Doubts about the files that a reviewer should read.
    exposure_ms, gain : float or None
        Exposure (ms) and gain as the file states them.
    """

    recording: str
    image: str
    animal: str
    region: str
    section: str | None
    marker: str
    stain: Stain
    pixels: np.ndarray
    roi: np.ndarray | None
    pixel_size_um: float
    planes: int
    saturation_level: float | None
    scale_source: str
    notes: tuple[str, ...]
    exposure_ms: float | None = None
    gain: float | None = None

    @property
    def area_mm2(self) -> float:
        """Area that is measured: the region of interest, or the whole image (mm2)."""
        count = self.pixels.shape[0] * self.pixels.shape[1] if self.roi is None else int(np.count_nonzero(self.roi))
        return count * self.pixel_size_um**2 / UM2_PER_MM2


@dataclass(frozen=True)
class Fields:
    """What ``ingest`` produces: the fields that share an image, in the order of their rows."""

    fields: list[Field]


@dataclass(frozen=True)
class FieldResult:
    """One row of the table ``fields``: counts and areas of one field, and what its checks need.

    Attributes
    ----------
    area_mm2 : float
        Area that is measured (mm2).
    cell_count, added, dropped : int
        Cells, after corrections; cells that a person added and dropped.
    cell_density_per_mm2, stained_area_pct : float
        Cells per area (1/mm2), and share of the area that is stained (%).
    mean_intensity, mean_optical_density : float
        Mean over the cells: counts above the local background (fluorescence), optical density (DAB); NaN otherwise.
    background : float
        Median level between the cells: counts, or optical density.
    threshold : float
        Median smallest height above the background that makes a cell, in the same unit.
    snr : float
        Median height of a cell over the SD of the smoothed background.
    near_threshold_pct : float
        Share of the cells that are less than 1.5 times as high as the threshold (%).
    too_small, too_large, at_edge : int
        Objects that are no cells by their size, and cells that the rule at the edge leaves out.
    covered_pct : float
        Share of the whole image within stained objects (%).
    median_diameter_um : float
        Median diameter of a disc with the area of a cell (um).
    saturated_pct : float
        Share of the pixels of cells that are saturated (fluorescence), or black (DAB) (%).
    white_red, white_green, white_blue : float
        DAB: white level (counts).
    white_source : str
        ``settings``, ``image`` or ``full scale``; empty for fluorescence.
    full_scale : float
        Highest number the detector can write (counts).
    stain_angle_deg : float
        DAB: angle between the colour of the cells, less that of their surroundings, and the vector of DAB (degrees).
    unmatched_corrections : int
        Corrections that apply to no cell.
    exposure_ms, gain : float or None
        Exposure (ms) and gain as the file states them.
    """

    recording: str
    animal: str
    region: str
    section: str | None
    marker: str
    stain: str
    area_mm2: float
    cell_count: int
    added: int
    dropped: int
    cell_density_per_mm2: float
    stained_area_pct: float
    mean_intensity: float
    mean_optical_density: float
    background: float
    threshold: float
    snr: float
    near_threshold_pct: float
    too_small: int
    too_large: int
    at_edge: int
    covered_pct: float
    median_diameter_um: float
    saturated_pct: float
    white_red: float
    white_green: float
    white_blue: float
    white_source: str
    full_scale: float
    stain_angle_deg: float
    unmatched_corrections: int
    exposure_ms: float | None
    gain: float | None


@dataclass(frozen=True)
class Measured:
    """What ``quantify`` produces.

    Attributes
    ----------
    measurements : list of Measurement
        Density, count, stained area and mean stain of each field.
    fields : list of FieldResult
        One row per field, in the order of the rows.
    cells : data frame
        One row per counted cell; ``field`` is the number of its field from 0.
    labels : list of (rows, columns) int32 ndarray
        For each field, at the scale of the analysis: number of the counted cell of each pixel, from 1; -1 in objects
        that are not counted; 0 elsewhere.
    """

    measurements: list[Measurement] = table()
    fields: list[FieldResult] = table()
    cells: pd.DataFrame = table()
    labels: list[np.ndarray] = field(default_factory=list)


def corrections(rows: Rows) -> list[Correction]:
    """Corrections of an image, in the order of their table."""
    return rows.of(CORRECTIONS, Correction)
