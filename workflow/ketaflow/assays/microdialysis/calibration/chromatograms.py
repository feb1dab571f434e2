"""From the chromatograms of one animal to named peaks, calibration lines and responses.

In: chromatograms and standards. Out: a ``Series`` with the peaks of every chromatogram, the peak of each analyte, and
the line of each analyte with its standards read back.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.calibration import calibration_lines, identification
from ketaflow.assays.microdialysis.integration import peaks
from ketaflow.assays.microdialysis.model import (
    NAN,
    CalibrationLine,
    Chromatogram,
    Dialysate,
    Peak,
    PeakLimitsRow,
    QuantifySettings,
    StandardReadBack,
    StandardRow,
    VendorPeak,
)
from ketaflow.core import files
from ketaflow.core.errors import IngestError

Limits = list[tuple[float, float]]
# Peaks of traces integrated before in this process: the standards come with every animal of a batch.
_INTEGRATED: dict[str, list[Peak]] = {}


@dataclass(frozen=True)
class Series:
    """All chromatograms of an animal, taken apart.

    Attributes
    ----------
    peaks : dict of str to list of Peak
        Peaks of each chromatogram, in time order, by path.
    expected : dict of str to float
        Expected retention (minutes) of each analyte.
    named : dict of str to dict of str to int
        By path, the index of each analyte's peak.
    internals : dict of str to str
        Internal standard of each analyte; '' where there is none.
    lines : dict of str to CalibrationLine or None
        Line of each analyte that is no internal standard; None where none can be fitted.
    read_back : tuple of StandardReadBack
        The standards, calculated back.
    """

    peaks: dict[str, list[Peak]]
    expected: dict[str, float]
    named: dict[str, dict[str, int]]
    internals: dict[str, str] = field(default_factory=dict)
    lines: dict[str, CalibrationLine | None] = field(default_factory=dict)
    read_back: tuple[StandardReadBack, ...] = ()


def series_of(dialysate: Dialysate, limits: list[PeakLimitsRow], settings: QuantifySettings) -> Series:
    """Integrate, name and calibrate the chromatograms of one animal.

    Parameters
    ----------
    dialysate : Dialysate
        The animal's chromatograms and the standards.
    limits : list of PeakLimitsRow
        Peaks whose start and stop a person set.
    settings : QuantifySettings
        How to integrate, name and calibrate.

    Returns
    -------
    Series

    Raises
    ------
    IngestError
        If an internal standard is none of the standards' analytes.
    """
    by_hand: dict[str, Limits] = {}
    for row in limits:
        by_hand.setdefault(row.chromatogram, []).append((row.start_min, row.stop_min))
    found = {path: trace_peaks(one, settings, by_hand.get(path)) for path, one in dialysate.chromatograms.items()}
    standards = [row for row in dialysate.standards if row.chromatogram in found]
    expected = identification.elution(standards, found)
    given = {name for own in found.values() for peak in own if (name := peak.name)}
    analytes = list(dict.fromkeys(row.analyte for row in standards))
    named = {}
    for path, own in found.items():
        if given & set(analytes) and any(peak.name for peak in own):
            named[path] = by_name(own, analytes)
        else:
            window_min, shift_min = settings.retention_window_min, settings.retention_shift_min
            named[path] = identification.named(own, expected, window_min=window_min, shift_min=shift_min)
    internals = internal_standards(standards, settings.internal_standard)
    return _calibrated(Series(found, expected, named, internals), standards, settings)


def by_name(own: list[Peak], analytes: list[str]) -> dict[str, int]:
    """Find the analytes among peaks that carry names.

    Parameters
    ----------
    own : list of Peak
        Peaks of one result table.
    analytes : list of str
        Names to find; case is ignored.

    Returns
    -------
    dict of str to int
        Index of the peak of each analyte that is there.
    """
    lowered = {(peak.name or "").strip().lower(): index for index, peak in enumerate(own)}
    return {name: lowered[name.lower()] for name in analytes if name.lower() in lowered}


def trace_peaks(one: Chromatogram, settings: QuantifySettings, limits: Limits | None) -> list[Peak]:
    """Integrate one chromatogram; where it has no signal, take the peaks of the instrument's own table.

    Parameters
    ----------
    one : Chromatogram
        The chromatogram.
    settings : QuantifySettings
        How to integrate.
    limits : list of (float, float) or None
        Start and stop (minutes) of peaks set by hand; they replace the peaks found.

    Returns
    -------
    list of Peak
        In time order, areas in the unit of the instrument.
    """
    if not len(one.signal):
        return [_from_vendor(peak) for peak in one.vendor_peaks]
    how = (settings.peak_width_s, settings.snr_min, settings.smallest_peak_pct, settings.unmix, settings.baseline)
    trace = (hash(one.time_min.tobytes()), hash(one.signal.tobytes()))
    key = files.digest([trace, how, limits, one.area_time_s])
    if key not in _INTEGRATED:
        if len(_INTEGRATED) >= constants.KEPT_TRACES:
            _INTEGRATED.clear()
        _INTEGRATED[key] = _integrated(one, settings, limits)
    return _INTEGRATED[key]


def _integrated(one: Chromatogram, settings: QuantifySettings, limits: Limits | None) -> list[Peak]:
    found = peaks.peaks_of(
        one.time_min,
        one.signal,
        method=settings.baseline,
        limits=limits,
        peak_width_s=settings.peak_width_s,
        snr_min=settings.snr_min,
        smallest_peak_pct=settings.smallest_peak_pct,
        unmix=settings.unmix,
    )
    step_s = 60 * float(one.time_min[-1] - one.time_min[0]) / (len(one.time_min) - 1)
    return [
        replace(
            peak,
            area=peak.area / one.area_time_s,
            noise_area=float(found.noise * np.sqrt(max(peak.width_s, 0.0) * step_s) / one.area_time_s),
            line_start=float(found.baseline[peak.start]),
            line_stop=float(found.baseline[peak.stop]),
        )
        for peak in found.peaks
    ]


def _from_vendor(peak: VendorPeak) -> Peak:
    """A peak of the instrument's table; what it does not give is NaN."""
    known = (peak.retention_min, peak.start_min, peak.stop_min, peak.area, peak.height)
    retention_min, start_min, stop_min, area, height = (NAN if one is None else one for one in known)
    return Peak(
        retention_min, start_min, stop_min, area, height,
        name=peak.name, reported=peak.concentration, reported_unit=peak.unit,
    )  # fmt: skip


def internal_standards(standards: list[StandardRow], for_all: str) -> dict[str, str]:
    """Return the internal standard of each analyte.

    Parameters
    ----------
    standards : list of StandardRow
        Rows may name their own internal standard.
    for_all : str
        Internal standard of analytes whose rows name none; '' for none.

    Returns
    -------
    dict of str to str
        By analyte; '' where there is none.

    Raises
    ------
    IngestError
        If one is not among the standards' analytes: its retention is then unknown.
    """
    analytes = list(dict.fromkeys(row.analyte for row in standards))
    own = {row.analyte: row.internal_standard for row in standards if row.internal_standard}
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
    """Return the area of an analyte in a chromatogram, divided by that of its internal standard if it has one.

    Parameters
    ----------
    series : Series
        The chromatograms.
    path, analyte : str
        Which chromatogram, and which analyte.

    Returns
    -------
    float or None
        None where a peak is missing.
    """
    area, internal = _area(series, path, analyte), series.internals.get(analyte)
    if not internal or area is None:
        return area
    reference = _area(series, path, internal)
    return area / reference if reference else None


def _area(series: Series, path: str, analyte: str) -> float | None:
    index = series.named.get(path, {}).get(analyte)
    area = None if index is None else series.peaks[path][index].area
    return area if area is not None and np.isfinite(area) else None


def _calibrated(series: Series, standards: list[StandardRow], settings: QuantifySettings) -> Series:
    """The series with a line for each analyte of the standards, and the standards read back."""
    lines: dict[str, CalibrationLine | None] = {}
    read_back: list[StandardReadBack] = []
    for analyte in series.internals:
        if analyte in series.internals.values():
            continue
        used = [row for row in standards if row.analyte == analyte]
        responses = [response(series, row.chromatogram, analyte) for row in used]
        line = _line(series, analyte, used, responses, settings)
        lines[analyte] = line
        read_back += [_read_back(row, line, value) for row, value in zip(used, responses, strict=True)]
    return replace(series, lines=lines, read_back=tuple(read_back))


def _line(
    series: Series,
    analyte: str,
    used: list[StandardRow],
    responses: list[float | None],
    settings: QuantifySettings,
) -> CalibrationLine | None:
    """Line of one analyte; a blank without a peak counts as a response of zero."""
    known = [
        (row.concentration_um, 0.0 if value is None else value)
        for row, value in zip(used, responses, strict=True)
        if value is not None or row.concentration_um == 0
    ]
    if not known:
        return None
    x, y = np.array(known, float).T
    noise = _noise_response(series, used, analyte)
    return calibration_lines.fitted(analyte, x, y, noise, model=settings.calibration, weighting=settings.weighting)


def _read_back(row: StandardRow, line: CalibrationLine | None, value: float | None) -> StandardReadBack:
    back = line.concentration_um(value) if line and value is not None else NAN
    given = row.concentration_um
    return StandardReadBack(
        recording=row.chromatogram,
        analyte=row.analyte,
        chromatogram=row.chromatogram,
        concentration_um=given,
        response=NAN if value is None else value,
        back_calculated_um=back,
        error_pct=100 * (back / given - 1) if given else NAN,
    )


def _noise_response(series: Series, used: list[StandardRow], analyte: str) -> float:
    """Median response that noise alone would give at the analyte's peak in the standards; NaN without a trace."""
    internal = series.internals.get(analyte)
    noises = []
    for row in used:
        index = series.named.get(row.chromatogram, {}).get(analyte)
        if index is not None:
            reference = _area(series, row.chromatogram, internal) if internal else 1.0
            noises.append(series.peaks[row.chromatogram][index].noise_area / (reference or NAN))
    return float(np.median(noises)) if noises else NAN
