"""Dataclasses of the assay: rows of its tables, settings of its stages, and what the stages hand on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ketaflow.assays.elisa.calibration.curve import Curve, CurveKind, Weighting
from ketaflow.core.results import table

SampleKind = Literal["standard", "blank", "animal", "control"]


@dataclass(frozen=True)
class PlateRow:
    """One row of the cohort table ``elisa_plates``."""

    plate: str
    file: str
    wavelength_nm: float | None
    read: str | None
    reference_file: str | None
    reference_read: str | None


@dataclass(frozen=True)
class WellRow:
    """One row of the cohort table ``elisa_wells``."""

    plate: str
    well: str
    sample: SampleKind
    animal: str | None
    analyte: str
    concentration_pg_per_ml: float | None
    dilution_factor: float | None
    matrix: str | None
    protein_mg_per_ml: float | None
    session: str | None
    time_min: float | None
    control: str | None
    exclude: bool | None


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``elisa_truth``: what was drawn into a well."""

    plate: str
    well: str
    concentration_pg_per_ml: float | None
    fault: str | None


@dataclass(frozen=True)
class IngestSettings:
    """Settings ``elisa.ingest``."""

    reference_from_nm: float
    reference_to_nm: float
    repeat_difference_pct: float


@dataclass(frozen=True)
class QuantifySettings:
    """Settings ``elisa.quantify``."""

    curve: CurveKind
    weighting: Weighting
    blank_is_zero_standard: bool
    read_back_max_pct: float
    read_back_lowest_max_pct: float
    passing_levels_min_pct: float
    precision_max_pct: float
    exclude_outlying_standards: bool
    interval_level_pct: float
    replicate_cv_max_pct: float
    dilution_difference_max_pct: float


@dataclass(frozen=True)
class QcSettings:
    """Settings ``elisa.qc``."""

    levels_min_count: int
    standard_cv_max_pct: float
    residual_max_pct: float
    blank_max_pct: float
    recovery_low_pct: float
    recovery_high_pct: float
    pattern_max_pct: float
    pattern_max_probability: float


@dataclass(frozen=True)
class CohortSettings:
    """Settings ``elisa.cohort``."""

    plate_cv_max_pct: float


@dataclass(frozen=True)
class Well:
    """One well: what was put into it, and what the reader measured.

    Attributes
    ----------
    name : str
        ``A1`` ... ``H12``.
    row, column : int
        Place on the plate, from 0.
    content : WellRow
        Its row of the table.
    response : float
        Signal (absorbance or counts) less that at the reference wavelength; NaN where the file has no value, infinite
        where the detector was saturated.
    """

    name: str
    row: int
    column: int
    content: WellRow
    response: float


@dataclass(frozen=True)
class Source:
    """Where the responses of a plate come from.

    Attributes
    ----------
    format, read : str
        Format of the file, and which read of it was taken.
    wavelength_nm : float or None
        Wavelength of the measurement (nm); None where the file does not tell.
    reference : str
        The reference that was subtracted, such as ``570 nm``; else empty.
    notes : list of str
        What makes the choice doubtful.
    """

    format: str
    read: str
    wavelength_nm: float | None
    reference: str
    notes: list[str]


@dataclass(frozen=True)
class Plate:
    """One plate.

    Attributes
    ----------
    name : str
        As in the table.
    wells : list of Well
        Wells of the table, from A1 on along the rows; excluded ones left out.
    response : (n_rows, n_columns) float
        Response of every well of the plate, listed or not; NaN without a value, infinite where the detector was
        saturated.
    source : Source
        File, read and reference.
    excluded : list of str
        Wells that the table excludes.
    """

    name: str
    wells: list[Well]
    response: np.ndarray
    source: Source
    excluded: list[str]


@dataclass(frozen=True)
class CurveRow:
    """One row of ``curves.csv``: the curve of one analyte on one plate.

    ``accepted`` says whether values are read from it, ``note`` why not. Parameters as in ``Curve``; they and the limits
    are None without a curve. ``residual_pct`` is the weighted residual standard deviation (% of the response with
    weights 1/y2, else of the range of the standards).
    """

    plate: str
    analyte: str
    model: str
    weighting: str
    a: float | None
    b: float | None
    c_pg_per_ml: float | None
    d: float | None
    g: float | None
    ec50_pg_per_ml: float | None
    lloq_pg_per_ml: float | None
    uloq_pg_per_ml: float | None
    residual_pct: float | None
    levels: int
    levels_passed: int
    blanks_in_fit: bool
    accepted: bool
    note: str


@dataclass(frozen=True)
class StandardRow:
    """One row of ``standards.csv``: a standard well read back from the curve.

    ``read_back_pg_per_ml`` is None where the response lies beyond the curve. ``level_error_pct`` is the error of the
    level's mean response, ``limit_pct`` the largest allowed, ``level_cv_pct`` the precision expected of a sample
    there (%). ``in_fit`` says whether the well is part of the fit, ``in_range`` whether its level lies between the
    limits of quantification.
    """

    plate: str
    analyte: str
    well: str
    concentration_pg_per_ml: float
    response: float | None
    read_back_pg_per_ml: float | None
    error_pct: float | None
    level_error_pct: float | None
    level_cv_pct: float | None
    limit_pct: float
    in_fit: bool
    in_range: bool


@dataclass(frozen=True)
class WellResult:
    """One row of ``wells.csv``: a well with its response and the concentration read from the curve (in the well)."""

    plate: str
    well: str
    sample: str
    animal: str | None
    analyte: str
    matrix: str | None
    dilution_factor: float
    response: float | None
    saturated: bool
    in_well_pg_per_ml: float | None
    state: str


@dataclass(frozen=True)
class SampleResult:
    """One row of ``samples.csv``: the replicate wells of one sample at one dilution.

    Attributes
    ----------
    sample : str
        ``animal`` or ``control``.
    wells : str
        Its wells, such as ``C3, C4``.
    n : int
        Wells with a response.
    response : float or None
        Mean response; None where a well is saturated or has none.
    cv_pct : float or None
        Coefficient of variation of the replicates' concentrations, or of their responses where one of them has no
        concentration (%); None for a single well.
    in_well_pg_per_ml : float or None
        Concentration in the well; None outside the range.
    concentration_pg_per_ml, low_pg_per_ml, high_pg_per_ml : float or None
        Concentration of the undiluted sample and its interval by inverse prediction.
    state : str
        ``ok``, or why there is no value: ``< LLOQ``, ``> ULOQ`` or a sentence.
    doubt : str
        What makes the value doubtful but usable; else empty.
    nominal_pg_per_ml : float or None
        Known concentration of a control.
    """

    plate: str
    sample: SampleKind
    animal: str | None
    control: str | None
    analyte: str
    matrix: str | None
    session: str | None
    time_min: float | None
    dilution_factor: float
    protein_mg_per_ml: float | None
    nominal_pg_per_ml: float | None
    wells: str
    n: int
    response: float | None
    cv_pct: float | None
    in_well_pg_per_ml: float | None
    concentration_pg_per_ml: float | None
    low_pg_per_ml: float | None
    high_pg_per_ml: float | None
    state: str
    doubt: str


@dataclass(frozen=True)
class AnimalResult:
    """One row of ``animals.csv``: an animal's sample on one plate, all dilutions together.

    Attributes
    ----------
    n : int
        Wells behind the value.
    concentration_pg_per_ml, concentration_pg_per_mg_protein : float or None
        Mean over the dilutions within the range, weighted by their wells; None where there is none.
    low_pg_per_ml, high_pg_per_ml : float or None
        Interval by inverse prediction, where one dilution is within the range.
    has_protein : bool
        Whether the table gives the protein of the extract.
    largest_deviation_pct : float or None
        Largest deviation of a dilution from the mean of those within the range (%); None for a single one.
    hook : bool
        Whether a lower dilution reads within the range although the higher one shows that it should lie above.
    state, doubt : str
        As in ``SampleResult``.
    """

    plate: str
    animal: str
    analyte: str
    matrix: str | None
    session: str | None
    time_min: float | None
    wells: str
    n: int
    concentration_pg_per_ml: float | None
    low_pg_per_ml: float | None
    high_pg_per_ml: float | None
    concentration_pg_per_mg_protein: float | None
    has_protein: bool
    largest_deviation_pct: float | None
    hook: bool
    state: str
    doubt: str


@dataclass(frozen=True)
class Exchange:
    """Two rows or columns of the plate that seem to be exchanged.

    Attributes
    ----------
    what : str
        Such as ``rows B and C``; with alternatives where several exchanges would explain the plate.
    wells : list of str
        Their wells.
    disorders, disorders_after : int
        Groups of replicates that differ and standard levels out of order, as read and with the two put back.
    """

    what: str
    wells: list[str]
    disorders: int
    disorders_after: int


@dataclass(frozen=True)
class FittedCurve:
    """The curve of one analyte, as figures and checks need it; None where none was fitted."""

    analyte: str
    curve: Curve | None


@dataclass(frozen=True)
class Measured:
    """What was measured on one plate: tables to publish, and what the checks need besides.

    ``replicate_cv_max_pct`` and ``dilution_difference_max_pct`` are the limits by which samples were flagged.
    """

    fitted: list[FittedCurve]
    exchange: Exchange | None
    replicate_cv_max_pct: float
    dilution_difference_max_pct: float
    curves: list[CurveRow] = table()
    standards: list[StandardRow] = table()
    wells: list[WellResult] = table()
    samples: list[SampleResult] = table()
    animals: list[AnimalResult] = table()
