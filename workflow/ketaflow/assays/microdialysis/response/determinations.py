"""What was determined of each analyte in each injection, and the mean over the injections of one tube."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.analytes import PER_FRACTION, amount_of, to_um
from ketaflow.assays.microdialysis.calibration import batches, calibration_lines
from ketaflow.assays.microdialysis.calibration.series import Series, area_doubt, response
from ketaflow.assays.microdialysis.cohort_rows import ConcentrationRow, FractionRow
from ketaflow.assays.microdialysis.integration.constants import NOT_SEPARATED
from ketaflow.assays.microdialysis.model import NAN, Determination, Dialysate, Peak, QuantifySettings
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction
from ketaflow.assays.microdialysis.result_rows import CalibrationLine

SATURATED, FAILED, REJECTED = "saturated", "failed", "rejected"
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
OVERLAPS = "its peak overlaps that of another analyte, and no fitted shape separates the two"
# What was determined in every fraction, by analyte; and in every injection of every fraction.
Determinations = dict[str, list[Determination]]
ByInjection = dict[str, list[list[Determination]]]
Reported = dict[tuple[str, str], list[Determination]]


@dataclass(frozen=True)
class Sources:
    """What the concentrations of one animal come from.

    Attributes
    ----------
    dialysate : Dialysate
        Its chromatograms.
    series : dict of str or None to Series
        The same, calibrated, by batch.
    reported : list of ConcentrationRow
        Concentrations that the laboratory measured; they take precedence.
    settings : QuantifySettings
        How to calibrate.
    """

    dialysate: Dialysate
    series: dict[str | None, Series]
    reported: list[ConcentrationRow]
    settings: QuantifySettings


def tubes(rows: list[FractionRow]) -> dict[str, list[FractionRow]]:
    """Group the rows of one animal and region by fraction: each row of a group is an injection of the same tube."""
    found: dict[str, list[FractionRow]] = {}
    for row in rows:
        found.setdefault(row.fraction, []).append(row)
    return found


def determined(
    sources: Sources, region: str | None, by_tube: dict[str, list[FractionRow]], moved: list[Fraction]
) -> ByInjection:
    """Determine every analyte in every injection of one region.

    Parameters
    ----------
    sources : Sources
        Chromatograms and the laboratory's own numbers.
    region : str or None
        The region.
    by_tube : dict of str to list of FractionRow
        The injections of each fraction.
    moved : list of Fraction
        The fractions, in the order of time.

    Returns
    -------
    dict of str to list of list of Determination
        By analyte, for each fraction its injections. Concentrations are those of the undiluted dialysate.
    """
    reported = _reported_values(sources, region, by_tube)
    rows = [row for own in by_tube.values() for row in own]
    found: ByInjection = {analyte: [] for analyte in _analytes(sources, reported, rows) or [""]}
    for fraction in moved:
        for analyte, points in found.items():
            if fraction.kind == MISSED:
                points.append([Determination(NAN, MISSED, "the fraction is noted as missed")])
            elif (fraction.name, analyte) in reported:
                points.append(reported[fraction.name, analyte])
            else:
                points.append([_in_injection(sources, row, analyte) for row in by_tube[fraction.name]])
    return found


def averaged(points: list[Determination]) -> Determination:
    """Average the injections of one tube.

    Parameters
    ----------
    points : list of Determination
        One per injection.

    Returns
    -------
    Determination
        Mean of the injections that have a number, with their coefficient of variation. Where some have none, the reason
        names it; where none has one, the first injection's state and reason.
    """
    if len(points) == 1:
        return points[0]
    valued = [point for point in points if np.isfinite(point.value)]
    if not valued:
        return points[0]
    values = np.array([point.value for point in valued])
    cv_pct = 100 * float(values.std(ddof=1) / values.mean()) if len(values) > 1 else NAN
    doubtful = [point for point in valued if point.state != calibration_lines.OK]
    gaps = [point.reason for point in points if not np.isfinite(point.value)]
    reasons = [point.reason for point in doubtful[:1]]
    if gaps:
        reasons.append(f"mean of {len(valued)} of {len(points)} injections; another: {gaps[0]}")
    state = doubtful[0].state if doubtful else calibration_lines.OK
    return Determination(float(values.mean()), state, "; ".join(reasons), len(valued), cv_pct)


def _in_injection(sources: Sources, row: FractionRow, analyte: str) -> Determination:
    """An analyte in one injection of a fraction, times the dilution of the sample."""
    unreadable = sources.dialysate.unreadable
    if row.path is None:
        return Determination(NAN, MISSED, "no chromatogram and no concentration")
    if row.path in unreadable:
        return Determination(NAN, FAILED, unreadable[row.path])
    found = from_peak(sources, row, analyte)
    return _undiluted(found, row)


def _undiluted(found: Determination, row: FractionRow) -> Determination:
    return found._replace(value=found.value * (row.dilution_factor or 1.0))


def _reported_values(sources: Sources, region: str | None, by_tube: dict[str, list[FractionRow]]) -> Reported:
    """Concentrations that the laboratory measured, by fraction and analyte."""
    found: Reported = {}
    for row in sources.reported:
        own = by_tube.get(row.fraction)
        if row.region not in (None, region) or own is None:
            continue
        tube = next((one for one in own if one.injection == row.injection), own[0])
        if row.state:
            point = Determination(NAN, row.state, LAB_STATES[row.state])
        elif row.value is None:
            continue
        else:
            point = _undiluted(_reported(row, tube), tube)
        found.setdefault((row.fraction, row.analyte), []).append(point)
    return found


def _reported(row: ConcentrationRow, tube: FractionRow) -> Determination:
    """The concentration of one row; an amount is divided by the volume that it was found in."""
    amount = amount_of(row.unit or "")
    if amount is None or row.value is None:
        return in_um(NAN if row.value is None else row.value, row.unit, row.analyte)
    pmol, per = amount
    if per == PER_FRACTION:
        flow = tube.flow_ul_per_min
        volume_ul, missing = (
            (None, "flow_ul_per_min") if flow is None else (flow * (tube.stop_min - tube.start_min), "")
        )
    else:
        volume_ul, missing = row.injection_ul, "injection_ul"
    if not volume_ul:
        reason = f"{row.value:g} {row.unit} is no concentration without {missing}: enter it in the table"
        return Determination(NAN, FAILED, reason)
    return in_um(row.value * pmol / volume_ul, "pmol/ul", row.analyte)


def in_um(value: float, unit: str | None, analyte: str) -> Determination:
    """Convert a reported concentration to uM.

    Parameters
    ----------
    value : float
        The number; zero is a value below the limit.
    unit, analyte : str
        Its unit, and what was measured.

    Returns
    -------
    Determination
    """
    factor = to_um(unit or "", analyte)
    if factor is None:
        reason = f"{value:g} in '{unit or ''}', which is no unit of concentration known here"
        return Determination(NAN, FAILED, reason)
    if value > 0:
        return Determination(value * factor, calibration_lines.OK, "")
    return Determination(NAN, calibration_lines.BELOW, "reported as zero: below the limit")


def _analytes(sources: Sources, reported: Iterable[tuple[str, str]], rows: list[FractionRow]) -> list[str]:
    """Analytes of the standards, of the laboratory's numbers, and of result tables with concentrations."""
    in_tables = [
        peak.name
        for row in rows
        if row.path is not None
        for peak in sources.series[row.batch].peaks.get(row.path, [])
        if peak.name and peak.reported is not None
    ]
    calibrated = [name for row in rows for name in sources.series[row.batch].lines]
    known = list(dict.fromkeys([*calibrated, *(analyte for _, analyte in reported)]))
    lowered = {name.lower() for name in known}
    return known + [name for name in dict.fromkeys(in_tables) if name.lower() not in lowered]


def _from_result_table(series: Series, path: str, analyte: str) -> Determination:
    """The concentration that a chromatogram's own result table gives."""
    for peak in series.peaks.get(path, []):
        if (peak.name or "").lower() == analyte.lower() and peak.reported is not None:
            return in_um(peak.reported, peak.reported_unit, analyte)
    reason = "no calibration, and no concentration in its result table"
    return Determination(NAN, calibration_lines.ABSENT, reason)


def from_peak(sources: Sources, row: FractionRow, analyte: str) -> Determination:
    """Calculate the concentration of an analyte in the injected sample from its peak.

    Parameters
    ----------
    sources : Sources
        Chromatograms and calibration.
    row : FractionRow
        The injection.
    analyte : str
        Name of the analyte.

    Returns
    -------
    Determination
        Before dilution is taken into account.
    """
    series, path = sources.series[row.batch], row.path or ""
    line = batches.line_at(series, analyte, row.position)
    if line is None:
        return _from_result_table(series, path, analyte)
    peak = series.peak(path, analyte)
    if peak is not None and peak.saturated:
        return Determination(NAN, SATURATED, "the detector was saturated at its peak; dilute and inject again")
    if peak is not None and peak.shape == NOT_SEPARATED:
        return Determination(NAN, FAILED, OVERLAPS)
    found = response(series, path, analyte)
    internal = series.internals.get(analyte)
    if found is None and peak is not None and internal:
        return Determination(NAN, FAILED, f"no peak of its internal standard {internal}")
    factor = sources.settings.extrapolate_factor
    value, state = calibration_lines.quantified(line, found, extrapolate_factor=factor)
    reason = WHY[state].format(loq=line.loq_um, highest=line.highest_um) if state in WHY else ""
    if value is None or peak is None:
        return Determination(NAN if value is None else value, state, reason)
    doubt = _doubt(series, peak, line, value, sources.settings.area_doubt_max_pct)
    if doubt and state == calibration_lines.OK:
        return Determination(value, calibration_lines.UNCERTAIN, doubt)
    return Determination(value, state, "; ".join(filter(None, [reason, doubt])))


def _doubt(series: Series, peak: Peak, line: CalibrationLine, value_um: float, most_pct: float) -> str:
    """How far the baseline leaves the concentration open; '' where it hardly does."""
    if 100 * area_doubt(peak) > most_pct:
        low, high = (100 * (area / peak.area - 1) for area in (peak.area_low, peak.area_high))
        return f"the area depends on the baseline ({low:+.0f} to {high:+.0f} %)"
    levels = series.doubts.get(line.analyte, {})
    beside = [
        max((level for level in levels if level <= value_um), default=None),
        min((level for level in levels if level > value_um), default=None),
    ]
    worst = max((level for level in beside if level is not None), key=lambda level: levels[level], default=None)
    if worst is None or 100 * levels[worst] <= most_pct or len(levels) < constants.LEAST_LEVELS:
        return ""
    return (
        f"the area of the standard of {worst:g} uM beside it depends on the baseline (by {100 * levels[worst]:.0f} %)"
    )
