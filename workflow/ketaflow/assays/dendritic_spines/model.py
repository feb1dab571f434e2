"""Dataclasses of the assay: rows of its tables, settings of its stages, and what the stages hand on."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ketaflow.core.inputs import Rows, recording_name
from ketaflow.core.results import Measurement, frame, table

MAIN = "dendritic_spines"
CORRECTIONS = f"{MAIN}_corrections"
HUMAN_SCORES = f"{MAIN}_human_scores"
TRUTH = f"{MAIN}_truth"

# Weights of a scorer by name: ``mean`` and ``scale`` of the inputs, ``<network>_<layer>_weight`` and ``..._bias``.
Weights = dict[str, np.ndarray]
# How a spine came to be: found by ketaflow, found and moved by a person, or added by a person.
Origin = Literal["found", "moved", "added"]


@dataclass(frozen=True)
class ImageRow:
    """One row of the cohort table ``dendritic_spines``."""

    image: str
    animal: str
    region: str
    cell: str | None
    dendrite: str | None
    channel: str | None
    pixel_size_um: float | None
    z_step_um: float | None
    series: str | None = None

    @property
    def recording(self) -> str:
        """Name of the recording: the image, and its series where the row names one."""
        return recording_name(self.image, self.series)


@dataclass(frozen=True)
class Correction:
    """One row of the cohort table ``dendritic_spines_corrections``; ``spine_class`` is its column ``class``."""

    action: str
    spine: int | None = None
    x_px: float | None = None
    y_px: float | None = None
    z_px: float | None = None
    spine_class: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class HumanMark:
    """One row of the cohort table ``dendritic_spines_human_scores``: a place that a rater marked as a spine."""

    rater: str
    x_px: float
    y_px: float


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``dendritic_spines_truth``: what was drawn into a simulated image."""

    length_um: float
    photons: float
    mushroom_count: int
    thin_count: int
    stubby_count: int
    filopodium_count: int
    hidden_count: int | None = None

    def count(self, spine_class: str) -> int:
        """Number of spines of a class that can be counted."""
        return int(getattr(self, f"{spine_class}_count"))


@dataclass(frozen=True)
class IngestSettings:
    """Settings ``dendritic_spines.ingest``."""

    scorer_file: str
    dendrites: Literal["bright", "dark"]


@dataclass(frozen=True)
class QuantifySettings:
    """Settings ``dendritic_spines.quantify``."""

    scorer: Literal["network", "classical"]
    score_threshold: float
    stricter_when_clear: float
    laxer_when_clear: float
    min_distance_um: float
    max_reach_um: float
    min_dendrite_um: float
    faintest_dendrite_ratio: float
    psf_fwhm_um: float
    mushroom_head_um: float
    stubby_neck_um: float
    stubby_length_um: float
    filopodium_length_um: float


@dataclass(frozen=True)
class QcSettings:
    """Settings ``dendritic_spines.qc``."""

    max_saturated_pct: float
    min_snr_ratio: float
    max_pixel_size_um: float
    min_length_um: float
    min_shaft_radius_um: float
    max_shaft_radius_um: float
    max_head_um: float
    max_spine_um: float
    max_foreground_ratio: float


@dataclass(frozen=True)
class CohortSettings:
    """Settings ``dendritic_spines.cohort``."""

    match_um: float


@dataclass(frozen=True)
class CalibrateSettings:
    """Settings ``dendritic_spines.calibrate``."""

    min_images: int
    passes: int
    seed: int


@dataclass(frozen=True)
class AssaySettings:
    """Settings that the calibration needs."""

    quantify: QuantifySettings
    cohort: CohortSettings
    calibrate: CalibrateSettings


@dataclass(frozen=True)
class DendriteImage:
    """One image of a dendrite, as ``ingest`` reads it.

    Attributes
    ----------
    recording, image : str
        Name of the recording, and path of the image in the cohort folder.
    animal, region : str
        The animal and the brain region.
    sample : str
        The dendrite below the animal: cell and dendrite, or the name of the image.
    stack : (planes, rows, columns) array
        Counts of the file, bright dendrites on dark.
    pixel_size_um : float
        Size of a pixel in the plane (um).
    z_step_um : float or None
        Distance between planes (um); None for a single plane.
    saturation_level : float or None
        Counts at which the detector clips; None where that is not known.
    scale_source : str
        Where the scale came from: ``table``, or the metadata that held it.
    channel : str
        The channel that was read.
    notes : list of str
        Doubts about the file for the reviewer.
    lab_weights : dict of str to array of any shape
        Weights of the laboratory's own scorer; empty where the settings name none.
    """

    recording: str
    image: str
    animal: str
    region: str
    sample: str
    stack: np.ndarray
    pixel_size_um: float
    z_step_um: float | None
    saturation_level: float | None
    scale_source: str
    channel: str
    notes: list[str]
    lab_weights: dict[str, np.ndarray]

    @property
    def voxel_um(self) -> np.ndarray:
        """Depth, height, width of a voxel, (3,) float (um). A single plane counts as 1 um deep, which is not used."""
        return np.array([self.z_step_um or 1.0, self.pixel_size_um, self.pixel_size_um])


@dataclass(frozen=True)
class SpineRow:
    """One row of the table ``spines``; ``spine_class`` is its column ``class``.

    Attributes
    ----------
    spine : int
        Number of the spine in its image, from 1.
    x_px, y_px, z_px : float
        Place of the head (pixels; 0 is the middle of the first pixel and the first plane).
    score : float
        Probability that it is a spine; 1 for a spine that a person added or moved.
    head_diameter_um, length_um, neck_length_um, brightness_um2 : float
        See ``detection.shape.Shapes``.
    spine_class : str
        mushroom, thin, stubby or filopodium.
    class_probability : float
        Probability of that class; 1 where a person gave it.
    below_resolution : bool
        Whether the head is hardly wider than the blur.
    origin : {"found", "moved", "added"}
        By ketaflow, or by a person.
    branch : int
        Number of the branch it belongs to, from 1.
    """

    image: str
    recording: str
    animal: str
    spine: int
    x_px: float
    y_px: float
    z_px: float
    score: float
    head_diameter_um: float
    length_um: float
    neck_length_um: float
    brightness_um2: float
    spine_class: str
    class_probability: float
    below_resolution: bool
    origin: Origin
    branch: int


@dataclass(frozen=True)
class BranchRow:
    """One row of the table ``dendrites``: a traced branch, with its median radius and brightness (counts)."""

    image: str
    recording: str
    animal: str
    branch: int
    length_um: float
    radius_um: float
    brightness: float
    pixel_size_um: float


@dataclass(frozen=True)
class ShaftPoint:
    """One row of the table ``shafts``: a point of a centreline (pixels)."""

    image: str
    recording: str
    animal: str
    branch: int
    x_px: float
    y_px: float
    z_px: float


@dataclass(frozen=True)
class Measured:
    """What ``quantify`` measures in one image.

    Attributes
    ----------
    soma : (rows, columns) bool
        True in cell bodies, where no dendrite is traced.
    noise, background : float
        Noise of a pixel of the projection, and background of the stack (counts).
    unmatched_corrections : list of str
        Corrections that changed nothing, and why.
    foreground_ratio : float
        Area at least half as bright as the shafts over the area of the traced shafts; NaN without dendrites.
    measurements : list of Measurement
        The measures of the dendrite.
    spines : data frame
        Columns of ``SpineRow``, with ``class`` for ``spine_class``.
    dendrites : list of BranchRow
        One row for each traced branch.
    shafts : list of ShaftPoint
        Points of the centrelines.
    """

    soma: np.ndarray
    noise: float
    background: float
    unmatched_corrections: list[str]
    foreground_ratio: float = math.nan
    measurements: list[Measurement] = table()
    spines: pd.DataFrame = table()
    dendrites: list[BranchRow] = table()
    shafts: list[ShaftPoint] = table()


def spine_table(rows: list[SpineRow]) -> pd.DataFrame:
    """Return spines as the table ``spines``.

    Parameters
    ----------
    rows : list of SpineRow
        The spines.

    Returns
    -------
    data frame
        Fields of ``SpineRow``, with ``class`` for ``spine_class``. Without spines it has no columns, so that no empty
        file is written.
    """
    if not rows:
        return pd.DataFrame()
    return frame(rows, SpineRow).rename(columns={"spine_class": "class"})


def spine_rows(spines: pd.DataFrame) -> list[SpineRow]:
    """Return the rows of a table ``spines``.

    Parameters
    ----------
    spines : data frame
        See ``spine_table``.

    Returns
    -------
    list of SpineRow
        One per row of the table, in its order.
    """
    renamed = spines.rename(columns={"class": "spine_class"})
    return [SpineRow(**{str(name): cell for name, cell in row.items()}) for row in renamed.to_dict("records")]


def corrections(rows: Rows) -> list[Correction]:
    """Return the corrections of an image, in the order of their table."""
    return [
        Correction(
            action=row["action"],
            spine=None if row.get("spine") is None else int(row["spine"]),
            **{name: row.get(name) for name in ("x_px", "y_px", "z_px", "by")},
            spine_class=row.get("class"),
        )
        for row in _plain(rows, CORRECTIONS)
    ]


def _plain(rows: Rows, name: str) -> list[dict[str, Any]]:
    """Rows of a table as they are; ``class`` cannot be the name of a field."""
    return rows.by_table.get(name, [])
