"""Peaks of one chromatogram: integrated here, by a person, or by the instrument's own software."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.integration import peaks
from ketaflow.assays.microdialysis.integration.peaks import Integrated
from ketaflow.assays.microdialysis.model import NAN, Chromatogram, KnownPeak, Peak, QuantifySettings, VendorPeak

Limits = list[tuple[float, float]]
# Traces integrated before in this process, and their peaks: the standards come with every animal of a batch.
_INTEGRATED: dict[Hashable, Integrated] = {}
_PEAKS: dict[Hashable, list[Peak]] = {}


@dataclass(frozen=True)
class Trace:
    """One chromatogram and how it is integrated.

    Attributes
    ----------
    one : Chromatogram
        The chromatogram.
    settings : QuantifySettings
        How to integrate.
    limits : list of (float, float) or None
        Start and stop (minutes) of peaks set by hand; they replace the peaks found.
    """

    one: Chromatogram
    settings: QuantifySettings
    limits: Limits | None = None

    @property
    def uses_vendor(self) -> bool:
        """Whether the peaks are those of the instrument's own table."""
        chosen = self.settings.use == "vendor" and bool(self.one.vendor_peaks) and not self.limits
        return chosen or not len(self.one.signal)

    def peaks(
        self, *, wanted_min: Sequence[float] | None = None, known: Sequence[KnownPeak] = (), fitted: bool = True
    ) -> list[Peak]:
        """Return the peaks of the chromatogram.

        Parameters
        ----------
        wanted_min : sequence of float, optional
            Overlapping peaks are separated only in groups that hold one of these times (minutes).
        known : sequence of KnownPeak
            What is known of the analytes.
        fitted : bool
            Whether overlapping peaks are separated at all.

        Returns
        -------
        list of Peak
            In time order, areas in the unit of the instrument. A peak that the file marks as integrated by hand has the
            area of the file.
        """
        if self.uses_vendor:
            return [_from_vendor(peak) for peak in self.one.vendor_peaks]
        found = self.integrated
        fitted = fitted and self.settings.unmix and found.separable
        how = (None if wanted_min is None else tuple(wanted_min), tuple(known)) if fitted else ()
        key = (self._key, self.one.area_time_s, fitted, how)
        if key not in _PEAKS:
            _forget(_PEAKS)
            own = found.peaks
            if fitted:
                own = found.separated(self.one.time_min, wanted_min=wanted_min, known=known)
            _PEAKS[key] = [self._in_units(peak, found) for peak in own]
        made = list(_PEAKS[key])
        manual = [peak for peak in self.one.vendor_peaks if peak.manual and peak.area is not None]
        return _with_manual(made, manual) if manual and not self.limits else made

    @cached_property
    def integrated(self) -> Integrated:
        """The trace with its baseline, and its peaks between perpendicular drops."""
        key = self._key
        if key not in _INTEGRATED:
            _forget(_INTEGRATED)
            how = self.settings
            _INTEGRATED[key] = peaks.peaks_of(
                self.one.time_min, self.one.signal, method=how.baseline, limits=self.limits,
                peak_width_s=how.peak_width_s, snr_min=how.snr_min, smallest_peak_pct=how.smallest_peak_pct,
                unmix=False,
            )  # fmt: skip
        return _INTEGRATED[key]

    @cached_property
    def _key(self) -> Hashable:
        how, limits = self.settings, None if self.limits is None else tuple(self.limits)
        trace = (hash(self.one.time_min.tobytes()), hash(self.one.signal.tobytes()))
        return (*trace, how.peak_width_s, how.snr_min, how.smallest_peak_pct, how.baseline, limits)

    def _in_units(self, peak: Peak, found: Integrated) -> Peak:
        """The peak with areas in the unit of the instrument, the area of its noise and the ends of its baseline."""
        one = self.one
        step_s = 60 * float(one.time_min[-1] - one.time_min[0]) / (len(one.time_min) - 1)
        return replace(
            peak,
            area=peak.area / one.area_time_s,
            area_low=peak.area_low / one.area_time_s,
            area_high=peak.area_high / one.area_time_s,
            noise_area=float(found.noise * np.sqrt(max(peak.width_s, 0.0) * step_s) / one.area_time_s),
            line_start=float(found.baseline[peak.start]),
            line_stop=float(found.baseline[peak.stop]),
        )

    def between(self, start_min: float, stop_min: float) -> Peak:
        """Integrate one peak between limits (minutes), over a straight line from the trace at one to the other."""
        limits = [(start_min, stop_min)]
        return replace(Trace(self.one, self.settings, limits).peaks()[0], shape=constants.SET_LIMITS)

    def chord(self, peak: Peak, start: int, stop: int) -> Peak:
        """The peak over the straight line from the trace at one limit to the trace at the other (samples)."""
        one, smooth = self.one, self.integrated.smooth
        inside = slice(start, stop + 1)
        line = np.linspace(smooth[start], smooth[stop], stop - start + 1)
        area = float(np.trapezoid(one.signal[inside] - line, one.time_min[inside]) * 60 / one.area_time_s)
        return replace(
            peak, start=start, stop=stop, start_min=float(one.time_min[start]), stop_min=float(one.time_min[stop]),
            area=area, area_low=min(area, peak.area), area_high=max(area, peak.area), foot_pct=0.0,
            height=float(smooth[peak.apex] - np.interp(peak.apex, [start, stop], smooth[[start, stop]])),
            line_start=float(smooth[start]), line_stop=float(smooth[stop]), shape=constants.EQUAL_LIMITS,
        )  # fmt: skip

    def share(self, peak: Peak, start: int, stop: int) -> Peak:
        """The peak cut down, or extended, to other limits (samples, stop included) over the same baseline."""
        one, found = self.one, self.integrated
        inside = slice(start, stop + 1)
        area = float(np.trapezoid(found.height[inside], one.time_min[inside]) * 60 / one.area_time_s)
        changed = area - peak.area
        made = replace(
            peak, start=start, stop=stop, start_min=float(one.time_min[start]), stop_min=float(one.time_min[stop]),
            area=area, area_low=peak.area_low + changed, area_high=peak.area_high + changed,
            line_start=float(found.baseline[start]), line_stop=float(found.baseline[stop]),
        )  # fmt: skip
        return made


def _forget(kept: dict[Hashable, Integrated] | dict[Hashable, list[Peak]]) -> None:
    """Make room for the next trace."""
    if len(kept) >= constants.KEPT_TRACES:
        kept.clear()


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
        by_hand = replace(_from_vendor(peak), name=None, shape=constants.BY_HAND)
        there = [
            index
            for index, own in enumerate(made)
            if own.start_min <= by_hand.retention_min <= own.stop_min and own.shape != constants.BY_HAND
        ]
        if not there:
            made.append(by_hand)
            continue
        nearest = min(there, key=lambda index: abs(made[index].retention_min - by_hand.retention_min))
        own = made[nearest]
        made[nearest] = replace(
            own, area=by_hand.area, area_low=by_hand.area, area_high=by_hand.area, shape=constants.BY_HAND,
            start_min=own.start_min if peak.start_min is None else peak.start_min,
            stop_min=own.stop_min if peak.stop_min is None else peak.stop_min,
        )  # fmt: skip
    return sorted(made, key=lambda peak: peak.retention_min)
