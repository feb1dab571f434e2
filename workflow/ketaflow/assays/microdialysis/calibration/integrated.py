"""Peaks of one chromatogram: integrated here, by a person, or by the instrument's own software."""

from dataclasses import replace

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.integration import peaks
from ketaflow.assays.microdialysis.model import NAN, Chromatogram, Peak, QuantifySettings, VendorPeak
from ketaflow.core import files

Limits = list[tuple[float, float]]
# Peaks of traces integrated before in this process: the standards come with every animal of a batch.
_INTEGRATED: dict[str, list[Peak]] = {}


def trace_peaks(one: Chromatogram, settings: QuantifySettings, limits: Limits | None) -> list[Peak]:
    """Integrate one chromatogram.

    Parameters
    ----------
    one : Chromatogram
        The chromatogram. Without a signal, or with ``use: vendor``, the peaks are those of the instrument's own table.
    settings : QuantifySettings
        How to integrate.
    limits : list of (float, float) or None
        Start and stop (minutes) of peaks set by hand; they replace the peaks found.

    Returns
    -------
    list of Peak
        In time order, areas in the unit of the instrument. A peak that the file marks as integrated by hand has the
        area of the file.
    """
    if not len(one.signal) or (settings.use == "vendor" and one.vendor_peaks and not limits):
        return [_from_vendor(peak) for peak in one.vendor_peaks]
    how = (settings.peak_width_s, settings.snr_min, settings.smallest_peak_pct, settings.unmix, settings.baseline)
    trace = (hash(one.time_min.tobytes()), hash(one.signal.tobytes()))
    key = files.digest([trace, how, limits, one.area_time_s])
    if key not in _INTEGRATED:
        if len(_INTEGRATED) >= constants.KEPT_TRACES:
            _INTEGRATED.clear()
        _INTEGRATED[key] = _integrated(one, settings, limits)
    found = _INTEGRATED[key]
    manual = [peak for peak in one.vendor_peaks if peak.manual and peak.area is not None]
    return _with_manual(found, manual) if manual and not limits else found


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
            area_low=peak.area_low / one.area_time_s,
            area_high=peak.area_high / one.area_time_s,
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


def _with_manual(found: list[Peak], manual: list[VendorPeak]) -> list[Peak]:
    """The peaks with the areas of those that a person integrated in the instrument's software."""
    made = list(found)
    for peak in manual:
        if peak.retention_min is None:
            continue
        by_hand = replace(_from_vendor(peak), name=None)
        there = [
            index
            for index, own in enumerate(made)
            if own.start_min <= peak.retention_min <= own.stop_min and own.shape != constants.BY_HAND
        ]
        nearest = min(there, key=lambda index: abs(made[index].retention_min - by_hand.retention_min), default=None)
        if nearest is None:
            made.append(replace(by_hand, shape=constants.BY_HAND))
            continue
        own = made[nearest]
        limits = {
            end: getattr(own, end) if getattr(peak, end) is None else getattr(peak, end)
            for end in ("start_min", "stop_min")
        }
        area = by_hand.area
        made[nearest] = replace(own, area=area, area_low=area, area_high=area, shape=constants.BY_HAND, **limits)
    return sorted(made, key=lambda peak: peak.retention_min)
