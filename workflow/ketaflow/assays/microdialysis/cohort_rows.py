"""Rows of the assay's cohort tables."""

from dataclasses import dataclass
from datetime import datetime


def run_position(injected_at: str | None, injection_order: float | None) -> float | None:
    """Return when a sample was injected: minutes from its time, else its number in the sequence; None if unknown."""
    return datetime.fromisoformat(injected_at).timestamp() / 60 if injected_at else injection_order


@dataclass(frozen=True)
class FractionRow:
    """One row of the cohort table ``microdialysis``: an injection of a collected fraction, on the clock of the tube.

    Two fields are no columns: ``source`` is the chromatogram's path, with the name of the sample where the file holds
    several; ``recording`` the name of the recording where several rows name one file.
    """

    animal: str
    fraction: str
    start_min: float
    stop_min: float
    flow_ul_per_min: float | None
    dead_volume_ul: float | None
    region: str | None
    chromatogram: str | None
    recovery_pct: float | None
    note: str | None
    batch: str | None = None
    injection: str | None = None
    dilution_factor: float | None = None
    injection_order: float | None = None
    injected_at: str | None = None
    source: str | None = None
    recording: str | None = None

    @property
    def path(self) -> str | None:
        """The chromatogram, with the name of the sample where the file holds several."""
        return self.source or self.chromatogram

    @property
    def name(self) -> str | None:
        """Name of the recording in the results: the path, or path#injection where several rows name the file."""
        return self.recording or self.chromatogram

    @property
    def position(self) -> float | None:
        """When it was injected: minutes where the table gives a time, else its number in the sequence."""
        return run_position(self.injected_at, self.injection_order)


@dataclass(frozen=True)
class ConcentrationRow:
    """One row of ``microdialysis_concentrations``: a concentration that the laboratory measured."""

    fraction: str
    analyte: str
    value: float | None
    unit: str | None
    state: str | None
    region: str | None
    injection: str | None = None
    injection_ul: float | None = None


@dataclass(frozen=True)
class StandardRow:
    """One row of ``microdialysis_standards``: an analyte of known concentration in a standard."""

    chromatogram: str
    analyte: str
    concentration_um: float
    retention_min: float | None
    internal_standard: str | None
    batch: str | None = None
    replicate: int | None = None
    injection: str | None = None
    injection_order: float | None = None
    injected_at: str | None = None
    source: str | None = None
    recording: str | None = None

    @property
    def path(self) -> str:
        """The chromatogram, with the name of the sample where the file holds several."""
        return self.source or self.chromatogram

    @property
    def name(self) -> str:
        """Name of the standard in the results: the path, or path#injection where several rows name the file."""
        return self.recording or self.chromatogram

    @property
    def position(self) -> float | None:
        """When it was injected: minutes where the table gives a time, else its number in the sequence."""
        return run_position(self.injected_at, self.injection_order)


@dataclass(frozen=True)
class PeakLimitsRow:
    """One row of ``microdialysis_limits``: a peak whose limits a person set.

    Without a chromatogram the limits hold for the analyte in every injection.
    """

    chromatogram: str | None
    start_min: float
    stop_min: float
    analyte: str | None = None
    injection: str | None = None


@dataclass(frozen=True)
class NoNetFluxRow:
    """One row of ``microdialysis_no_net_flux``: a perfused concentration and what was collected."""

    animal: str
    analyte: str
    infused_um: float
    collected_um: float
    region: str | None


@dataclass(frozen=True)
class TruthRow:
    """One row of ``microdialysis_truth``: a concentration drawn into a simulated chromatogram."""

    fraction: str
    analyte: str
    concentration_um: float | None
    fault: str | None
