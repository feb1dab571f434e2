"""Every chromatogram of an animal taken apart: peaks, names, calibration lines, concentrations."""

from dataclasses import dataclass, field

import numpy as np

from ketaflow.assays.microdialysis.calibration import calibration_lines, identification
from ketaflow.assays.microdialysis.calibration.calibration_lines import Line
from ketaflow.assays.microdialysis.integration import peaks
from ketaflow.core import files
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record

# Peaks of traces seen before in this process: the standards come with every animal of a batch.
_SEEN: dict[str, list[dict]] = {}
MOST_SEEN = 256


@dataclass
class Series:
    """All chromatograms of an animal: peaks and named ones by path; retentions, lines, internals by analyte."""

    peaks: dict[str, list[dict]]
    expected: dict[str, float]
    named: dict[str, dict[str, int]]
    lines: dict[str, Line | None] = field(default_factory=dict)
    readback: list[dict] = field(default_factory=list)
    internals: dict[str, str] = field(default_factory=dict)


def series_of(recording: Record, settings: dict) -> Series:
    """Integrate, name and calibrate the chromatograms of one animal."""
    rows = recording.rows
    limits: dict[str, list[tuple[float, float]]] = {}
    for row in rows.get("microdialysis_limits", []):
        limits.setdefault(row["chromatogram"], []).append((row["start_min"], row["stop_min"]))
    found = {
        path: trace_peaks(facts, recording.arrays[facts["array"]], settings, limits.get(path))
        for path, facts in recording.facts["traces"].items()
    }
    standards = [row for row in rows.get("microdialysis_standards", []) if row["chromatogram"] in found]
    expected = identification.elution(standards, found)
    wanted = {"window_min": settings["retention_window_min"], "shift_min": settings["retention_shift_min"]}
    told = {name for path in found for peak in found[path] if (name := peak.get("name"))}
    analytes = list(dict.fromkeys(row["analyte"] for row in standards))
    named = {
        path: by_name(rows_of, analytes)
        if told & set(analytes) and _has_names(rows_of)
        else identification.named(rows_of, expected, **wanted)
        for path, rows_of in found.items()
    }
    series = Series(found, expected, named, internals=internal_standards(standards, settings["internal_standard"]))
    _calibrate(series, standards, settings)
    return series


def _has_names(rows: list[dict]) -> bool:
    return any(row.get("name") for row in rows)


def by_name(rows: list[dict], analytes: list[str]) -> dict[str, int]:
    """Peaks of a result table that already carry the analytes' names."""
    lowered = {(row.get("name") or "").strip().lower(): index for index, row in enumerate(rows)}
    return {name: lowered[name.lower()] for name in analytes if name.lower() in lowered}


def trace_peaks(facts: dict, trace: np.ndarray, settings: dict, limits: list | None) -> list[dict]:
    """Peaks of one chromatogram, in the area unit of its instrument; those of the vendor where there is no trace."""
    if not trace.shape[1]:
        return [_from_vendor(row) for row in facts["vendor_peaks"]]
    wanted = {name: settings[name] for name in ("peak_width_s", "snr_min", "smallest_peak_pct", "unmix")}
    method = settings["baseline"]
    key = files.digest([hash(trace.tobytes()), wanted, method, limits, facts["area_time_s"]])
    if key not in _SEEN:
        if len(_SEEN) >= MOST_SEEN:
            _SEEN.clear()
        found = peaks.peaks_of(trace[0], trace[1], method=method, limits=limits, **wanted)
        for row in found.rows:
            row["area"] /= facts["area_time_s"]
            row["noise_area"] = found.noise * np.sqrt(max(row["width_s"], 0.0) * _step_s(trace)) / facts["area_time_s"]
            inside = slice(row["start"], row["stop"] + 1)
            row["line_start"], row["line_stop"] = (float(found.baseline[inside][end]) for end in (0, -1))
        _SEEN[key] = found.rows
    return [dict(row) for row in _SEEN[key]]


def _step_s(trace: np.ndarray) -> float:
    return 60 * float(trace[0, -1] - trace[0, 0]) / (trace.shape[1] - 1)


def _from_vendor(row: dict) -> dict:
    nothing = dict.fromkeys(("snr", "width_s", "tailing", "resolution", "foot_pct", "noise_area"), np.nan)
    place = {
        name: row[name] if row[name] is not None else np.nan for name in ("retention_min", "start_min", "stop_min")
    }
    size = {name: row[name] if row[name] is not None else np.nan for name in ("area", "height")}
    return {
        **nothing,
        **place,
        **size,
        "saturated": False,
        "name": row["name"],
        "told": row["concentration"],
        "told_unit": row["unit"],
    }


def internal_standards(standards: list[dict], for_all: str) -> dict[str, str]:
    """The internal standard of each analyte: the one its rows name, else ``for_all``; '' where there is none.

    Raises IngestError where it is not among the standards' analytes, as its retention is then unknown.
    """
    analytes = list(dict.fromkeys(row["analyte"] for row in standards))
    own = {row["analyte"]: row["internal_standard"] for row in standards if row.get("internal_standard")}
    named = {analyte: own.get(analyte, for_all) for analyte in analytes}
    for analyte, internal in named.items():
        if internal and internal not in analytes:
            raise IngestError(
                f"the internal standard '{internal}' of {analyte} stands in no row of microdialysis_standards, where "
                f"{', '.join(analytes)} are. Add its rows, or correct the name there or in "
                "microdialysis.quantify.internal_standard."
            )
    return named


def response(series: Series, path: str, analyte: str) -> float | None:
    """Area of an analyte in a chromatogram, over that of its internal standard where it has one; None if absent."""
    area, internal = _area(series, path, analyte), series.internals.get(analyte)
    if not internal or area is None:
        return area
    reference = _area(series, path, internal)
    return area / reference if reference else None


def _area(series: Series, path: str, analyte: str) -> float | None:
    index = series.named.get(path, {}).get(analyte)
    area = None if index is None else series.peaks[path][index]["area"]
    return area if area is not None and np.isfinite(area) else None


def _calibrate(series: Series, standards: list[dict], settings: dict) -> None:
    """Fit a line for each analyte of the standards, and read the standards back."""
    for analyte, internal in series.internals.items():
        if analyte in series.internals.values():
            continue
        used = [row for row in standards if row["analyte"] == analyte]
        responses = [response(series, row["chromatogram"], analyte) for row in used]
        known = [
            (row["concentration_um"], 0.0 if value is None else value)
            for row, value in zip(used, responses, strict=True)
            if value is not None or row["concentration_um"] == 0
        ]
        x, y = (np.array(column, float) for column in zip(*known, strict=True)) if known else (np.empty(0), np.empty(0))
        noise = _noise_response(series, used, analyte, internal)
        model, weighting = settings["calibration"], settings["weighting"]
        line = calibration_lines.fitted(analyte, x, y, noise, model=model, weighting=weighting) if len(x) else None
        series.lines[analyte] = line
        for row, value in zip(used, responses, strict=True):
            back = line.concentration_um(value) if line and value is not None else np.nan
            told = row["concentration_um"]
            series.readback.append(
                {
                    "analyte": analyte,
                    "chromatogram": row["chromatogram"],
                    "concentration_um": told,
                    "response": np.nan if value is None else value,
                    "back_calculated_um": back,
                    "error_pct": 100 * (back / told - 1) if told else np.nan,
                }
            )


def _noise_response(series: Series, used: list[dict], analyte: str, internal: str) -> float:
    noises = []
    for row in used:
        path = row["chromatogram"]
        index = series.named.get(path, {}).get(analyte)
        if index is not None:
            reference = _area(series, path, internal) if internal else 1.0
            noises.append(series.peaks[path][index]["noise_area"] / (reference or np.nan))
    return float(np.median(noises)) if noises else np.nan
