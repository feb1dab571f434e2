"""From the chromatograms of one batch to named peaks and responses."""

from dataclasses import dataclass, field

import numpy as np

from ketaflow.assays.microdialysis.calibration import identification, series_limits
from ketaflow.assays.microdialysis.calibration.integrated import Limits, Trace
from ketaflow.assays.microdialysis.cohort_rows import PeakLimitsRow, StandardRow
from ketaflow.assays.microdialysis.integration.constants import NOT_SEPARATED
from ketaflow.assays.microdialysis.model import Chromatogram, Peak, QuantifySettings
from ketaflow.assays.microdialysis.result_rows import CalibrationLine, StandardReadBack
from ketaflow.core.errors import IngestError


@dataclass(frozen=True)
class Series:
    """Chromatograms that share their standards.

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
    sets : dict of str to tuple of (float, CalibrationLine)
        For bracketing: when each standard set was injected, and its line, in order of time.
    doubts : dict of str to dict of float to float
        By analyte and concentration (uM), how far the areas of the standards depend on the baseline (fraction).
    read_back : tuple of StandardReadBack
        The standards, calculated back.
    """

    peaks: dict[str, list[Peak]]
    expected: dict[str, float]
    named: dict[str, dict[str, int]]
    internals: dict[str, str] = field(default_factory=dict)
    lines: dict[str, CalibrationLine | None] = field(default_factory=dict)
    sets: dict[str, tuple[tuple[float, CalibrationLine], ...]] = field(default_factory=dict)
    doubts: dict[str, dict[float, float]] = field(default_factory=dict)
    read_back: tuple[StandardReadBack, ...] = ()

    def peak(self, path: str, analyte: str) -> Peak | None:
        """Peak of an analyte in a chromatogram; None where it is missing."""
        index = self.named.get(path, {}).get(analyte)
        return None if index is None else self.peaks[path][index]


def named_series(
    chromatograms: dict[str, Chromatogram],
    standards: list[StandardRow],
    limits: list[PeakLimitsRow],
    settings: QuantifySettings,
) -> Series:
    """Integrate and name the chromatograms of one batch.

    Parameters
    ----------
    chromatograms : dict of str to Chromatogram
        Those of the fractions and of the standards, by path.
    standards : list of StandardRow
        All standards of the batch, also those that could not be read.
    limits : list of PeakLimitsRow
        Peaks whose start and stop a person set.
    settings : QuantifySettings
        How to integrate and name.

    Returns
    -------
    Series
        Peaks of every chromatogram, where each analyte elutes (minutes), and which peak is which analyte.

    Raises
    ------
    IngestError
        If an internal standard is none of the standards' analytes.
    """
    by_hand: dict[str, Limits] = {}
    for row in limits:
        if row.chromatogram is not None:
            by_hand.setdefault(row.chromatogram, []).append((row.start_min, row.stop_min))
    traces = {path: Trace(one, settings, by_hand.get(path)) for path, one in chromatograms.items()}
    analytes = list(dict.fromkeys(row.analyte for row in standards))
    readable = [row for row in standards if row.path in traces]
    given = {row.analyte for row in standards if row.retention_min is not None}
    by_name_min = _retentions_by_name(chromatograms, analytes)
    # The order of the peaks is used only for analytes whose retention neither the table nor a file gives.
    sought = set(analytes) - given - set(by_name_min)
    in_order = {row.path: traces[row.path].peaks() for row in readable if sought}
    internals = internal_standards(standards, settings.internal_standard)
    expected = identification.elution(readable, in_order, by_name_min, set(internals.values()))
    named = {
        path for path, trace in traces.items() if trace.uses_vendor and any(p.name for p in trace.one.vendor_peaks)
    }
    by_their_names = named if by_name_min else set()
    unnamed = {path: trace for path, trace in traces.items() if path not in by_their_names}
    levels: dict[str, dict[str, float]] = {}
    for standard in readable:
        levels.setdefault(standard.analyte, {})[standard.path] = standard.concentration_um
    found = series_limits.named_alike(unnamed, expected, given | set(by_name_min), levels, settings)
    for path in by_their_names:
        found.peaks[path] = traces[path].peaks()
        found.index[path] = by_name(found.peaks[path], analytes)
    series_limits.at_set_limits(found, traces, expected, limits)
    peaks = {path: found.peaks[path] for path in chromatograms}
    index = {path: found.index[path] for path in chromatograms}
    return Series(peaks, expected, index, internals)


def _retentions_by_name(chromatograms: dict[str, Chromatogram], analytes: list[str]) -> dict[str, float]:
    """Median retention (minutes) of the analytes that the instruments' peak tables name."""
    found: dict[str, list[float]] = {}
    lowered = {analyte.lower(): analyte for analyte in analytes}
    for one in chromatograms.values():
        for peak in one.vendor_peaks:
            analyte = lowered.get((peak.name or "").strip().lower())
            if analyte:
                found.setdefault(analyte, []).append(np.nan if peak.retention_min is None else peak.retention_min)
    return {
        analyte: float(np.nanmedian(times)) if np.isfinite(times).any() else np.nan for analyte, times in found.items()
    }


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
                f"the internal standard '{internal}' of {analyte} is in no row of microdialysis_standards, which "
                f"has {', '.join(analytes)}. Add its rows, or correct the name there or in "
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
    found, internal = area(series, path, analyte), series.internals.get(analyte)
    if not internal or found is None:
        return found
    reference = area(series, path, internal)
    return found / reference if reference else None


def area(series: Series, path: str, analyte: str) -> float | None:
    """Area of an analyte in a chromatogram.

    Parameters
    ----------
    series : Series
        The named peaks of a batch.
    path : str
        The chromatogram.
    analyte : str
        The analyte.

    Returns
    -------
    float or None
        Area as in ``Peak``; None where its peak, or the area, is missing.
    """
    peak = series.peak(path, analyte)
    if peak is None or peak.shape == NOT_SEPARATED or not np.isfinite(peak.area):
        return None
    return peak.area


def area_doubt(peak: Peak | None) -> float:
    """Return how far the area of a peak depends on the baseline, as a fraction of the area; 0 where unknown."""
    if peak is None or not (peak.area > 0) or not np.isfinite(peak.area_low + peak.area_high):
        return 0.0
    return max(peak.area_high - peak.area, peak.area - peak.area_low) / peak.area
