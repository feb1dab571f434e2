"""Figures for the reviewer of one animal: its chromatograms, time course, calibration and no-net-flux lines."""

import numpy as np

from ketaflow.assays.microdialysis.figures import charts
from ketaflow.assays.microdialysis.figures.charts import CourseBaseline
from ketaflow.assays.microdialysis.model import Chromatogram, Measured
from ketaflow.assays.microdialysis.result_rows import CalibrationLine, FractionResult, PeakRow, StandardReadBack
from ketaflow.core.results import Figure, Measurement


def of_trace(chromatogram: Chromatogram | None, peaks: list[PeakRow]) -> list[Figure]:
    """Draw a chromatogram with its areas.

    Parameters
    ----------
    chromatogram : Chromatogram or None
        None where the file could not be read.
    peaks : list of PeakRow
        Its peaks.

    Returns
    -------
    list of Figure
        Empty where there is no signal.
    """
    if chromatogram is None or not len(chromatogram.signal):
        return []
    return [charts.trace_figure(chromatogram, peaks)]


def of_animal(measured: Measured, error_max_pct: float) -> list[Figure]:
    """Draw the time course of each region, the calibration of each analyte, and the standards in order.

    Parameters
    ----------
    measured : Measured
        What was measured on the animal.
    error_max_pct : float
        Limit of the standards' error (%).

    Returns
    -------
    list of Figure
        Of many analytes, those whose standards read back worst.
    """
    figures = []
    by_region: dict[str, list[FractionResult]] = {}
    for row in measured.fractions:
        by_region.setdefault(row.region or "", []).append(row)
    for region, fractions in by_region.items():
        if baselines := _baselines(measured.measurements, region):
            figures.append(charts.course_figure(fractions, baselines, region))
    standards: dict[str, list[StandardReadBack]] = {}
    for standard in measured.standards:
        standards.setdefault(standard.analyte, []).append(standard)
    kept = _worst_analytes(measured.calibration, standards)
    for line in measured.calibration:
        if line.analyte in kept:
            own = [row.concentration_um for row in measured.fractions if row.analyte == line.analyte]
            figures.append(
                charts.calibration_figure(line, standards[line.analyte], np.array(own, float), error_max_pct)
            )
    drift = charts.drift_figure([row for row in measured.standards if row.analyte in kept])
    return [*figures, drift] if drift else figures


def of_flux(measured: Measured) -> list[Figure]:
    """Draw the line of each no-net-flux experiment.

    Parameters
    ----------
    measured : Measured
        What was measured on the animal.

    Returns
    -------
    list of Figure
        One for each experiment with a line.
    """
    pairs = zip(measured.experiments, measured.no_net_flux, strict=True)
    return [charts.flux_figure(experiment, line) for experiment, line in pairs if np.isfinite(line.slope)]


def _worst_analytes(lines: list[CalibrationLine], standards: dict[str, list[StandardReadBack]]) -> set[str]:
    """The analytes whose standards read back worst, as many as have a colour."""
    worst = sorted(lines, key=lambda line: -_worst_error(standards[line.analyte]))
    return {line.analyte for line in worst[: len(charts.CYCLE)]}


def _worst_error(standards: list[StandardReadBack]) -> float:
    return float(np.nanmax(np.abs([row.error_pct for row in standards]), initial=0))


def _baselines(measurements: list[Measurement], region: str) -> dict[str, CourseBaseline]:
    """Baseline of each analyte in one region."""
    own = [row for row in measurements if (row.region or "") == region and row.analyte]
    spreads = {row.analyte: row.value for row in own if row.measure == "baseline_cv_pct"}
    found = {}
    for row in own:
        if row.measure == "baseline_um" and row.analyte and row.value is not None:
            spread = spreads.get(row.analyte)
            found[row.analyte] = CourseBaseline(row.value, np.nan if spread is None else spread, int(row.n or 0))
    return found
