"""One animal's chromatograms in; concentrations in brain time, baseline and response out."""

import numpy as np

from ketaflow.assays.microdialysis.analytes import to_um
from ketaflow.assays.microdialysis.calibration import calibration_lines, chromatograms
from ketaflow.assays.microdialysis.calibration.chromatograms import Series
from ketaflow.assays.microdialysis.response import brain_time, no_net_flux, time_course
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction
from ketaflow.assays.microdialysis.response.time_course import Values
from ketaflow.core.measures import measurement
from ketaflow.core.records import Record

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


def quantify(
    recording: Record,
    *,
    baseline: str,
    peak_width_s: float,
    snr_min: float,
    smallest_peak_pct: float,
    unmix: bool,
    retention_window_min: float,
    retention_shift_min: float,
    calibration: str,
    weighting: str,
    internal_standard: str,
    extrapolate_factor: float,
    flow_ul_per_min: float,
    dead_volume_ul: float,
    time_grid_min: float,
    merged_factor: float,
    baseline_fractions: int,
    baseline_min_fractions: int,
    auc_window_min: list[float],
    auc_early_window_min: list[float],
    auc_method: str,
    missing_max_pct: float,
) -> Record:
    """Measure one animal: every peak, every fraction, every analyte.

    Tables: ``measurements``, ``peaks`` (every peak of every chromatogram), ``calibration`` (one line per analyte),
    ``standards`` (read back), ``fractions`` (in brain time, one row per fraction and analyte), ``no_net_flux`` (lines).
    """
    settings = {name: value for name, value in locals().items() if name != "recording"}
    series = chromatograms.series_of(recording, settings)
    rows, told = [], []
    by_region: dict[str | None, list[dict]] = {}
    for row in recording.rows["microdialysis"]:
        by_region.setdefault(row.get("region"), []).append(row)
    wanted = {name: settings[name] for name in ("flow_ul_per_min", "dead_volume_ul", "merged_factor")}
    for region, own in by_region.items():
        moved = brain_time.in_brain_time(own, **wanted)
        values = _concentrations(recording, series, region, moved, settings)
        rows += _fraction_rows(recording, moved, values, region, time_grid_min)
        rows += time_course.response_rows(recording.name, moved, values, region, settings)
        told += time_course.fraction_table(recording.name, moved, values, region)
    more, fluxes = no_net_flux.measured(
        recording.name, no_net_flux.experiments(recording.rows.get("microdialysis_no_net_flux", []))
    )
    rows += more
    lines = [vars(line) for line in series.lines.values() if line]
    tables = {"measurements": rows, "peaks": _peak_table(recording, series, settings), "fractions": told}
    return Record(
        tables={
            **tables,
            "calibration": lines,
            "standards": series.readback,
            **({"no_net_flux": fluxes} if fluxes else {}),
        }
    )


def _concentrations(
    recording: Record, series: Series, region: str | None, moved: list[Fraction], settings: dict
) -> Values:
    """(uM or NaN, state, reason) of every analyte in every fraction; the lab's number goes first."""
    lab = _lab_values(recording, region)
    analytes = _analytes(series, lab, [fraction.row.get("chromatogram") for fraction in moved])
    unreadable = recording.facts["unreadable"]
    found: Values = {analyte: [] for analyte in analytes or [""]}
    for fraction in moved:
        path = fraction.row.get("chromatogram")
        for analyte in found:
            if fraction.kind == MISSED:
                found[analyte].append((np.nan, MISSED, "the fraction is noted as missed"))
            elif (fraction.name, analyte) in lab:
                found[analyte].append(lab[fraction.name, analyte])
            elif path in unreadable:
                found[analyte].append((np.nan, time_course.FAILED, unreadable[path]))
            elif path is None:
                found[analyte].append((np.nan, MISSED, "no chromatogram and no concentration"))
            else:
                found[analyte].append(_from_peak(series, path, analyte, settings))
    return found


def _lab_values(recording: Record, region: str | None) -> dict[tuple[str, str], tuple[float, str, str]]:
    """Concentrations the lab has already, in uM; zero is a value below the limit, not a number."""
    found = {}
    for row in recording.rows.get("microdialysis_concentrations", []):
        if row.get("region") in (None, region):
            told = (np.nan, row["state"], LAB_STATES[row["state"]]) if row.get("state") else _in_um(row["value"], row)
            found[row["fraction"], row["analyte"]] = told
    return found


def _in_um(value: float, row: dict) -> tuple[float, str, str]:
    """A concentration in its row's unit as uM; zero is a value below the limit, not a number."""
    factor = to_um(row["unit"] or "", row["analyte"])
    if factor is None:
        return (
            np.nan,
            time_course.FAILED,
            f"{value:g} in '{row['unit'] or ''}', which is no unit of concentration known here",
        )
    if value > 0:
        return value * factor, calibration_lines.OK, ""
    return np.nan, calibration_lines.BELOW, "reported as zero: below the limit"


def _analytes(series: Series, lab: dict[tuple[str, str], tuple], paths: list[str | None]) -> list[str]:
    """Those of the standards, of the lab's numbers, and those a result table gives a concentration of."""
    told = [
        peak["name"]
        for path in paths
        for peak in series.peaks.get(path, [])
        if peak.get("name") and peak.get("told") is not None
    ]
    known = list(dict.fromkeys([*series.lines, *(analyte for _, analyte in lab)]))
    lowered = {name.lower() for name in known}
    return known + [name for name in dict.fromkeys(told) if name.lower() not in lowered]


def _told(series: Series, path: str, analyte: str) -> tuple[float, str, str] | None:
    """The concentration that a chromatogram's own result table gives; None where it gives none."""
    for peak in series.peaks.get(path, []):
        if (peak.get("name") or "").lower() == analyte.lower() and peak.get("told") is not None:
            return _in_um(peak["told"], {"unit": peak["told_unit"], "analyte": analyte})
    return None


def _from_peak(series: Series, path: str, analyte: str, settings: dict) -> tuple[float, str, str]:
    line = series.lines.get(analyte)
    if line is None:
        nothing = (np.nan, calibration_lines.ABSENT, "no calibration, and no concentration in its result table")
        return _told(series, path, analyte) or nothing
    index = series.named[path].get(analyte)
    if index is not None and series.peaks[path][index]["saturated"]:
        return np.nan, time_course.SATURATED, "the detector was saturated at its peak; dilute and inject again"
    area = chromatograms.response(series, path, analyte)
    internal = series.internals.get(analyte)
    if area is None and index is not None and internal:
        return np.nan, time_course.FAILED, f"no peak of its internal standard {internal}"
    value, state = calibration_lines.quantified(line, area, extrapolate_factor=settings["extrapolate_factor"])
    reason = WHY[state].format(loq=line.loq_um, highest=line.highest_um) if state in WHY else ""
    return (np.nan if value is None else value), state, reason


def _fraction_rows(
    recording: Record, moved: list[Fraction], values: Values, region: str | None, grid_min: float
) -> list[dict]:
    """Concentration of every analyte in every fraction, and outside the probe where its recovery is known."""
    rows = []
    for index, fraction in enumerate(moved):
        name = fraction.row.get("chromatogram") or recording.name
        more = {"region": region, "time_min": brain_time.reported_min(fraction, grid_min)}
        for analyte, series in values.items():
            value, state, reason = series[index]
            status = "flagged" if state == calibration_lines.ABOVE and np.isfinite(value) else None
            told = {"animal": recording.name, "recording": name, "reason": reason, "analyte": analyte, **more}
            rows.append(measurement("concentration_um", value, unit="uM", status=status, **told))
            recovery_pct = fraction.row.get("recovery_pct")
            if recovery_pct and np.isfinite(value):
                outside = value / (recovery_pct / 100)
                rows.append(measurement("extracellular_um", outside, unit="uM", status=status, **told))
    return rows


def _peak_table(recording: Record, series: Series, settings: dict) -> list[dict]:
    """Every peak of every chromatogram, named where it is an analyte, with its concentration and state."""
    rows = []
    kept = (
        "retention_min",
        "start_min",
        "stop_min",
        "area",
        "height",
        "snr",
        "saturated",
        "width_s",
        "tailing",
        "resolution",
        "foot_pct",
    )
    for path, found in series.peaks.items():
        names = {index: name for name, index in series.named[path].items()}
        facts = recording.facts["traces"][path]
        for index, peak in enumerate(found):
            analyte = names.get(index, "")
            value, state = np.nan, ""
            if analyte and analyte in series.lines:
                value, state, _ = _from_peak(series, path, analyte, settings)
            expected = series.expected.get(analyte, np.nan)
            row = {"chromatogram": path, "analyte": analyte, **{name: peak[name] for name in kept}}
            more = {"area_unit": facts["area_unit"], "concentration_um": value, "state": state}
            lines = {name: peak.get(name, np.nan) for name in ("line_start", "line_stop")}
            fitted = {"shape": peak.get("shape", ""), "shift_min": peak["retention_min"] - expected}
            rows.append({**row, **more, **lines, **fitted})
    return rows
