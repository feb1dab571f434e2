"""Rows of the published tables, one dataclass per table."""

from dataclasses import dataclass

NAN = float("nan")


@dataclass(frozen=True)
class PeakRow:
    """One row of ``peaks.csv``: a peak of a chromatogram; ``animal`` is empty for a standard's."""

    recording: str
    animal: str | None
    chromatogram: str
    analyte: str
    retention_min: float
    start_min: float
    stop_min: float
    area: float
    area_low: float
    area_high: float
    height: float
    snr: float
    saturated: bool
    width_s: float
    tailing: float
    resolution: float
    foot_pct: float
    area_unit: str
    concentration_um: float
    state: str
    line_start: float
    line_stop: float
    shape: str
    shift_min: float


@dataclass(frozen=True)
class CalibrationLine:
    """One row of ``calibration.csv``: response = slope x concentration + intercept, from ``loq_um`` to ``highest_um``.

    ``levels`` counts the different concentrations above zero, ``r_squared`` is weighted as the fit. ``batch`` and
    ``standard_set`` are empty where one line serves all.
    """

    analyte: str
    slope: float
    intercept: float
    weighting: str
    r_squared: float
    lod_um: float
    loq_um: float
    lowest_um: float
    highest_um: float
    levels: int
    batch: str = ""
    standard_set: str = ""

    def concentration_um(self, response: float) -> float:
        """Return the concentration (uM) of a response; valid only within the range of the line."""
        return (response - self.intercept) / self.slope


@dataclass(frozen=True)
class StandardReadBack:
    """One row of ``standards.csv``: a standard's concentration calculated back from its response.

    ``reason`` says why a standard has no response; ``readable`` is False where its file could not be
    read. ``area_doubt_pct`` is how far its area depends on the baseline.
    """

    recording: str
    analyte: str
    chromatogram: str
    concentration_um: float
    response: float
    back_calculated_um: float
    error_pct: float
    batch: str = ""
    standard_set: str = ""
    area_doubt_pct: float = NAN
    readable: bool = True
    reason: str = ""


@dataclass(frozen=True)
class FractionResult:
    """One row of ``fractions.csv``: an analyte in one fraction, with times in the brain (minutes from the dose).

    ``concentration_um`` is that of the undiluted dialysate, and the mean of ``injections`` injections.
    """

    recording: str
    animal: str
    region: str | None
    fraction: str
    start_min: float
    stop_min: float
    lag_min: float
    kind: str
    merged: bool
    flow_ul_per_min: float
    chromatogram: str | None
    analyte: str
    concentration_um: float
    state: str
    reason: str
    dilution_factor: float = 1.0
    recovery_pct: float | None = None
    injections: int = 1
    injection_cv_pct: float = NAN


@dataclass(frozen=True)
class InjectionResult:
    """One row of ``injections.csv``: an analyte in one injection of a fraction that was injected several times."""

    recording: str
    animal: str
    region: str | None
    fraction: str
    injection: str
    analyte: str
    concentration_um: float
    state: str
    reason: str


@dataclass(frozen=True)
class FluxLine:
    """One row of ``no_net_flux.csv``: a straight line of loss against the perfused concentration.

    Each value has the limits of its 95 % interval (``_low``, ``_high``); all are NaN, with a ``reason``, where no line
    can be fitted. ``crossing_um`` is the concentration at which nothing is lost.
    """

    animal: str
    recording: str
    analyte: str
    region: str | None
    n: int
    slope: float = NAN
    slope_low: float = NAN
    slope_high: float = NAN
    intercept_um: float = NAN
    intercept_um_low: float = NAN
    intercept_um_high: float = NAN
    crossing_um: float = NAN
    crossing_um_low: float = NAN
    crossing_um_high: float = NAN
    reason: str = ""
