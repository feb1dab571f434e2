"""Dataclasses of the assay: settings of its stages, and what the stages hand on."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from ketaflow.assays.microdialysis.cohort_rows import FractionRow, StandardRow
from ketaflow.assays.microdialysis.result_rows import (
    CalibrationLine,
    FluxLine,
    FractionResult,
    InjectionResult,
    PeakRow,
    StandardReadBack,
)
from ketaflow.core.results import Measurement, table

BaselineMethod = Literal["drop_line", "valley_to_valley", "tangent_skim", "snip", "arpls"]
Weighting = Literal["none", "1/x", "1/x2"]
NAN = float("nan")


@dataclass(frozen=True)
class IngestSettings:
    """Settings ``microdialysis.ingest``."""

    detector: str
    time_unit: Literal["auto", "min", "s"]


@dataclass(frozen=True)
class QuantifySettings:
    """Settings ``microdialysis.quantify``."""

    baseline: BaselineMethod
    peak_width_s: float
    snr_min: float
    smallest_peak_pct: float
    unmix: bool
    area_doubt_max_pct: float
    use: Literal["own", "vendor"]
    bracketing: Literal["pooled", "interpolated"]
    retention_window_min: float
    retention_shift_min: float
    calibration: Literal["linear", "through_zero"]
    weighting: Weighting
    internal_standard: str
    extrapolate_factor: float
    flow_ul_per_min: float
    dead_volume_ul: float
    time_grid_min: float
    merged_factor: float
    baseline_fractions: int
    baseline_min_fractions: int
    auc_window_min: tuple[float, float]
    auc_early_window_min: tuple[float, float]
    auc_method: Literal["fraction", "trapezoid"]
    missing_max_pct: float


@dataclass(frozen=True)
class QcSettings:
    """Settings ``microdialysis.qc``."""

    baseline_cv_max_pct: float
    baseline_trend_max_pct: float
    standard_error_max_pct: float
    r_squared_min: float
    signal_to_noise_min: float
    tailing_max: float
    resolution_min: float
    foot_max_pct: float
    shift_max_min: float
    drift_max_pct: float
    injection_cv_max_pct: float
    vendor_difference_max_pct: float


@dataclass(frozen=True)
class VendorPeak:
    """A peak of the instrument's own peak table; None for what the file does not give.

    ``manual``: the file marks it as integrated by hand.
    """

    name: str | None = None
    retention_min: float | None = None
    start_min: float | None = None
    stop_min: float | None = None
    area: float | None = None
    height: float | None = None
    concentration: float | None = None
    unit: str | None = None
    manual: bool = False


@dataclass(frozen=True)
class Chromatogram:
    """One detector of one injection.

    Attributes
    ----------
    time_min, signal : (n_points,) float
        Times (minutes, increasing) and detector values; both empty where the file holds a peak table alone.
    unit, detector, form : str
        Unit of the signal, name of the detector, and the format of the file.
    area_time_s : float
        Unit of time in the instrument's areas: 1 for signal x s, 60 for signal x min.
    vendor_peaks : list of VendorPeak
        The instrument's own peak table.
    sample : str
        Name of the sample, where the file gives it.
    """

    time_min: np.ndarray
    signal: np.ndarray
    unit: str = ""
    detector: str = ""
    form: str = ""
    area_time_s: float = 1.0
    vendor_peaks: list[VendorPeak] = field(default_factory=list)
    sample: str = ""

    @property
    def area_unit(self) -> str:
        """Unit of the areas, such as mAU*s."""
        return f"{self.unit or 'signal'}*{'min' if self.area_time_s == 60 else 's'}"


@dataclass(frozen=True)
class Dialysate:
    """The fractions of one animal, with their chromatograms and those of the standards.

    Attributes
    ----------
    animal : str
        The animal.
    fractions : list of FractionRow
        Its collected fractions.
    standards : list of StandardRow
        The standards, one row per analyte.
    chromatograms : dict of str to Chromatogram
        By path.
    unreadable : dict of str to str
        Why a chromatogram could not be read, by path.
    """

    animal: str
    fractions: list[FractionRow]
    standards: list[StandardRow] = field(default_factory=list)
    chromatograms: dict[str, Chromatogram] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peak:
    """One peak of a chromatogram, integrated here or taken from the instrument's peak table.

    Attributes
    ----------
    retention_min, start_min, stop_min : float
        Time of the maximum, start and end (minutes).
    area : float
        Signal x s, or the unit of the instrument's areas.
    area_low, area_high : float
        Lowest and highest area under admissible baselines (unit of the area).
    height : float
        Above the baseline (unit of the signal).
    saturated : bool
        Whether the detector clipped the top.
    snr : float
        Height over the standard deviation of the noise.
    width_s : float
        Width at half height (seconds).
    tailing : float
        Tailing factor at 5 % of the height.
    foot_pct : float
        Height of the higher end above the baseline (% of the peak's height).
    resolution : float
        Resolution from the peak before.
    cut : bool
        Whether the start or end of the run cuts the peak.
    cluster, start, apex, stop : int
        Number of the cluster of touching peaks, and samples of start, maximum and end.
    shape : str
        Fitted shape, where overlapping peaks were separated by one.
    noise_area : float
        Area that noise alone would give (one standard deviation).
    line_start, line_stop : float
        The baseline under both ends (unit of the signal).
    spread_s, form : float
        Standard deviation (seconds) and form of the fitted shape.
    seeded : bool
        Whether it was fitted from known retentions.
    name, reported, reported_unit : str, float, str
        Name, concentration and its unit in the instrument's peak table; None where it gives none.
    """

    retention_min: float
    start_min: float = NAN
    stop_min: float = NAN
    area: float = NAN
    height: float = NAN
    saturated: bool = False
    snr: float = NAN
    width_s: float = NAN
    tailing: float = NAN
    foot_pct: float = NAN
    resolution: float = NAN
    cut: bool = False
    cluster: int = 0
    start: int = 0
    apex: int = 0
    stop: int = 0
    shape: str = ""
    noise_area: float = NAN
    line_start: float = NAN
    line_stop: float = NAN
    area_low: float = NAN
    area_high: float = NAN
    spread_s: float = NAN
    form: float = NAN
    seeded: bool = False
    name: str | None = None
    reported: float | None = None
    reported_unit: str | None = None


@dataclass(frozen=True)
class KnownPeak:
    """What is known of an analyte before overlapping peaks are separated.

    Attributes
    ----------
    retention_min : float
        Where its maximum is expected in this injection (minutes).
    hidden : bool
        Whether the trace has no maximum there.
    shift_known : bool
        Whether other analytes show how much the run is shifted.
    shape, spread_s, form : str, float, float
        Shape of its peak in the other injections of the series, with its standard deviation (seconds) and its form.
    """

    retention_min: float
    hidden: bool = False
    shift_known: bool = True
    shape: str = ""
    spread_s: float = NAN
    form: float = NAN


class Determination(NamedTuple):
    """An analyte in one injection or fraction.

    Its concentration (uM; NaN if none), a state, and the reason for a gap or a doubt; for a mean of several injections
    their number and coefficient of variation (%).
    """

    value: float
    state: str
    reason: str
    injections: int = 1
    cv_pct: float = NAN


@dataclass(frozen=True)
class FluxExperiment:
    """One analyte perfused at several concentrations in one region of an animal.

    Attributes
    ----------
    infused_um, collected_um : (n,) float
        Concentrations in the perfusate and in the dialysate (micromolar).
    """

    analyte: str
    region: str | None
    infused_um: np.ndarray
    collected_um: np.ndarray

    @property
    def lost_um(self) -> np.ndarray:
        """(n,) loss on the way (micromolar): positive where the tissue takes up, negative where it releases."""
        return self.infused_um - self.collected_um


@dataclass(frozen=True)
class Measured:
    """What ``quantify`` returns for one animal.

    Attributes
    ----------
    measurements : list of Measurement
        Concentrations, baseline and response.
    peaks, fractions, calibration, standards, no_net_flux, injections : list
        The published tables.
    experiments : list of FluxExperiment
        No-net-flux experiments, for the reviewer's figures.
    """

    measurements: list[Measurement] = table()
    peaks: list[PeakRow] = table()
    fractions: list[FractionResult] = table()
    calibration: list[CalibrationLine] = table()
    standards: list[StandardReadBack] = table()
    no_net_flux: list[FluxLine] = table()
    injections: list[InjectionResult] = table()
    experiments: list[FluxExperiment] = field(default_factory=list)
