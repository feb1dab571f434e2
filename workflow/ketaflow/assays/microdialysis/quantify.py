"""One animal's chromatograms in; concentrations in brain time, baseline and response out."""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.microdialysis.analytes import to_um
from ketaflow.assays.microdialysis.calibration import calibration_lines, chromatograms
from ketaflow.assays.microdialysis.calibration.chromatograms import Series
from ketaflow.assays.microdialysis.model import (
    NAN,
    ConcentrationRow,
    Determination,
    Dialysate,
    FractionRow,
    Measured,
    NoNetFluxRow,
    Peak,
    PeakLimitsRow,
    PeakRow,
    QuantifySettings,
)
from ketaflow.assays.microdialysis.response import brain_time, no_net_flux, time_course
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction
from ketaflow.assays.microdialysis.response.time_course import Determinations
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Measurement, measurement

LAB_STATES = {
    calibration_lines.BELOW: "reported as below the limit of quantification",
    calibration_lines.ABOVE: "reported as above the range",
    MISSED: "reported as missed",
}
WHY = {
    calibration_lines.BELOW: "below the limit of quantification ({loq:.3g} uM)",
    calibration_lines.ABOVE: "above the range of the standards ({highest:.3g} uM)",
    calibration_lines.ABSENT: "no peak at its retention",
}


@dataclass(frozen=True)
class _Sources:
    """What the concentrations of one animal come from: its chromatograms, and the laboratory's own numbers."""

    dialysate: Dialysate
    series: Series
    reported: list[ConcentrationRow]
    settings: QuantifySettings


def quantify(dialysate: Dialysate, settings: QuantifySettings, *, rows: Rows) -> Measured:
    """Measure one animal: every peak, every fraction, every analyte.

    Parameters
    ----------
    dialysate : Dialysate
        The animal's chromatograms and those of the standards.
    settings : QuantifySettings
        Integration, calibration, brain time and response.
    rows : Rows
        Rows of ``microdialysis_concentrations``, ``microdialysis_limits`` and ``microdialysis_no_net_flux``.

    Returns
    -------
    Measured
    """
    series = chromatograms.series_of(dialysate, rows.of("microdialysis_limits", PeakLimitsRow), settings)
    sources = _Sources(dialysate, series, rows.of("microdialysis_concentrations", ConcentrationRow), settings)
    animal, found, listed = dialysate.animal, [], []
    by_region: dict[str | None, list[FractionRow]] = {}
    for row in dialysate.fractions:
        by_region.setdefault(row.region, []).append(row)
    for region, own in by_region.items():
        moved = brain_time.in_brain_time(
            own,
            flow_ul_per_min=settings.flow_ul_per_min,
            dead_volume_ul=settings.dead_volume_ul,
            merged_factor=settings.merged_factor,
        )
        values = _concentrations(sources, region, moved)
        found += _fraction_rows(animal, moved, values, region, settings.time_grid_min)
        found += time_course.response_rows(animal, moved, values, region, settings)
        listed += time_course.fraction_table(animal, moved, values, region)
    experiments = no_net_flux.experiments(rows.of("microdialysis_no_net_flux", NoNetFluxRow))
    flux_lines = [no_net_flux.fitted(one, animal) for one in experiments]
    return Measured(
        measurements=found + [row for line in flux_lines for row in no_net_flux.measured(line)],
        peaks=_peak_table(sources),
        fractions=listed,
        calibration=[line for line in series.lines.values() if line],
        standards=list(series.read_back),
        no_net_flux=flux_lines,
        experiments=experiments,
    )


def _concentrations(sources: _Sources, region: str | None, moved: list[Fraction]) -> Determinations:
    """What was determined of every analyte in every fraction; the laboratory's own number goes first."""
    reported = _reported_values(sources.reported, region)
    analytes = _analytes(sources.series, reported, [fraction.chromatogram for fraction in moved])
    unreadable = sources.dialysate.unreadable
    found: Determinations = {analyte: [] for analyte in analytes or [""]}
    for fraction in moved:
        path = fraction.chromatogram
        for analyte, points in found.items():
            if fraction.kind == MISSED:
                points.append(Determination(NAN, MISSED, "the fraction is noted as missed"))
            elif (fraction.name, analyte) in reported:
                points.append(reported[fraction.name, analyte])
            elif path in unreadable:
                points.append(Determination(NAN, time_course.FAILED, unreadable[path]))
            elif path is None:
                points.append(Determination(NAN, MISSED, "no chromatogram and no concentration"))
            else:
                points.append(_from_peak(sources, path, analyte))
    return found


def _reported_values(rows: list[ConcentrationRow], region: str | None) -> dict[tuple[str, str], Determination]:
    """Concentrations that the laboratory measured, by fraction and analyte."""
    found = {}
    for row in rows:
        if row.region not in (None, region):
            continue
        if row.state:
            found[row.fraction, row.analyte] = Determination(NAN, row.state, LAB_STATES[row.state])
        elif row.value is not None:
            found[row.fraction, row.analyte] = _in_um(row.value, row.unit, row.analyte)
    return found


def _in_um(value: float, unit: str | None, analyte: str) -> Determination:
    """A concentration in some unit as uM; zero is a value below the limit, not a number."""
    factor = to_um(unit or "", analyte)
    if factor is None:
        reason = f"{value:g} in '{unit or ''}', which is no unit of concentration known here"
        return Determination(NAN, time_course.FAILED, reason)
    if value > 0:
        return Determination(value * factor, calibration_lines.OK, "")
    return Determination(NAN, calibration_lines.BELOW, "reported as zero: below the limit")


def _analytes(series: Series, reported: dict[tuple[str, str], Determination], paths: list[str | None]) -> list[str]:
    """Analytes of the standards, of the laboratory's numbers, and of result tables with concentrations."""
    in_tables = [
        peak.name
        for path in paths
        if path is not None
        for peak in series.peaks.get(path, [])
        if peak.name and peak.reported is not None
    ]
    known = list(dict.fromkeys([*series.lines, *(analyte for _, analyte in reported)]))
    lowered = {name.lower() for name in known}
    return known + [name for name in dict.fromkeys(in_tables) if name.lower() not in lowered]


def _from_result_table(series: Series, path: str, analyte: str) -> Determination:
    """The concentration that a chromatogram's own result table gives."""
    for peak in series.peaks.get(path, []):
        if (peak.name or "").lower() == analyte.lower() and peak.reported is not None:
            return _in_um(peak.reported, peak.reported_unit, analyte)
    reason = "no calibration, and no concentration in its result table"
    return Determination(NAN, calibration_lines.ABSENT, reason)


def _from_peak(sources: _Sources, path: str, analyte: str) -> Determination:
    """The concentration of an analyte from its peak in one chromatogram."""
    series = sources.series
    line = series.lines.get(analyte)
    if line is None:
        return _from_result_table(series, path, analyte)
    index = series.named[path].get(analyte)
    if index is not None and series.peaks[path][index].saturated:
        reason = "the detector was saturated at its peak; dilute and inject again"
        return Determination(NAN, time_course.SATURATED, reason)
    area = chromatograms.response(series, path, analyte)
    internal = series.internals.get(analyte)
    if area is None and index is not None and internal:
        return Determination(NAN, time_course.FAILED, f"no peak of its internal standard {internal}")
    factor = sources.settings.extrapolate_factor
    value, state = calibration_lines.quantified(line, area, extrapolate_factor=factor)
    reason = WHY[state].format(loq=line.loq_um, highest=line.highest_um) if state in WHY else ""
    return Determination(NAN if value is None else value, state, reason)


def _fraction_rows(
    animal: str, moved: list[Fraction], values: Determinations, region: str | None, grid_min: float
) -> list[Measurement]:
    """Concentration of every analyte in every fraction, and outside the probe where its recovery is known."""
    made: list[Measurement] = []
    for index, fraction in enumerate(moved):
        time_min = brain_time.reported_min(fraction, grid_min)
        for analyte, points in values.items():
            value, state, reason = points[index]
            found = {"concentration_um": value}
            if fraction.recovery_pct and np.isfinite(value):
                found["extracellular_um"] = value / (fraction.recovery_pct / 100)
            status = "flagged" if state == calibration_lines.ABOVE and np.isfinite(value) else None
            made += [
                measurement(
                    measure, amount, animal=animal, recording=fraction.chromatogram or animal, analyte=analyte,
                    region=region, time_min=time_min, status=status, reason=reason,
                )
                for measure, amount in found.items()
            ]  # fmt: skip
    return made


def _peak_table(sources: _Sources) -> list[PeakRow]:
    """Every peak of every chromatogram, named where it is an analyte, with its concentration and state."""
    own = {row.chromatogram for row in sources.dialysate.fractions}
    made = []
    for path, found in sources.series.peaks.items():
        names = {index: name for name, index in sources.series.named[path].items()}
        animal = sources.dialysate.animal if path in own else None
        made += [_peak_row(sources, path, animal, peak, names.get(index, "")) for index, peak in enumerate(found)]
    return made


def _peak_row(sources: _Sources, path: str, animal: str | None, peak: Peak, analyte: str) -> PeakRow:
    value, state = NAN, ""
    if analyte and analyte in sources.series.lines:
        value, state, _ = _from_peak(sources, path, analyte)
    return PeakRow(
        recording=path,
        animal=animal,
        chromatogram=path,
        analyte=analyte,
        retention_min=peak.retention_min,
        start_min=peak.start_min,
        stop_min=peak.stop_min,
        area=peak.area,
        height=peak.height,
        snr=peak.snr,
        saturated=peak.saturated,
        width_s=peak.width_s,
        tailing=peak.tailing,
        resolution=peak.resolution,
        foot_pct=peak.foot_pct,
        area_unit=sources.dialysate.chromatograms[path].area_unit,
        concentration_um=value,
        state=state,
        line_start=peak.line_start,
        line_stop=peak.line_stop,
        shape=peak.shape,
        shift_min=peak.retention_min - sources.series.expected.get(analyte, NAN),
    )
