"""The same integration in every injection of a series: overlaps, shoulders, and limits that a person set.

Whether a shoulder is cut off, or an overlap is separated by fitted shapes, is decided once for each analyte, by the
majority of the injections in which its peak was found: a decision that differs between a standard and a fraction is an
error of calibration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.calibration import calibration_lines, identification
from ketaflow.assays.microdialysis.calibration.integrated import Trace
from ketaflow.assays.microdialysis.cohort_rows import PeakLimitsRow
from ketaflow.assays.microdialysis.integration.constants import NOT_SEPARATED
from ketaflow.assays.microdialysis.model import KnownPeak, Peak, QuantifySettings


class Side(IntEnum):
    """A side of a peak, as the step to its neighbour."""

    LEFT = -1
    RIGHT = 1


@dataclass(frozen=True)
class Named:
    """Peaks of each chromatogram of a series, and which of them is which analyte.

    Attributes
    ----------
    peaks : dict of str to list of Peak
        By path, in time order.
    index : dict of str to dict of str to int
        By path, the index of each analyte's peak.
    """

    peaks: dict[str, list[Peak]]
    index: dict[str, dict[str, int]]

    def peak(self, path: str, analyte: str) -> Peak | None:
        """Peak of an analyte in a chromatogram; None where it is missing."""
        index = self.index[path].get(analyte)
        return None if index is None else self.peaks[path][index]

    def replaced(self, path: str, analyte: str, peak: Peak) -> None:
        """Put another peak in place of that of an analyte."""
        self.peaks[path] = [
            peak if number == self.index[path][analyte] else one for number, one in enumerate(self.peaks[path])
        ]


def named_alike(
    traces: dict[str, Trace],
    expected: dict[str, float],
    given: set[str],
    levels: Mapping[str, Mapping[str, float]],
    settings: QuantifySettings,
) -> Named:
    """Integrate the chromatograms of a series and name their peaks, overlaps and shoulders alike in all.

    Parameters
    ----------
    traces : dict of str to Trace
        Chromatograms without names of their own, by path.
    expected : dict of str to float
        Expected retention (minutes) by analyte.
    given : set of str
        Analytes whose retention the table gives; an overlap is fitted from it where they have no maximum.
    levels : mapping of str to mapping of str to float
        By analyte, the concentration (uM) of each standard, by path.
    settings : QuantifySettings
        How to name and calibrate.

    Returns
    -------
    Named

    Notes
    -----
    Peaks are named between perpendicular drops first. Then overlaps are separated in the groups that hold an analyte.
    """
    first = {path: trace.peaks(fitted=False) for path, trace in traces.items()}
    index = {path: _named(own, expected, settings) for path, own in first.items()}
    found = Named(dict(first), dict(index))
    shapes: dict[str, KnownPeak] = {}
    for _ in range(2):
        for path, trace in traces.items():
            wanted, known = _known(first[path], index[path], expected, given, shapes)
            found.peaks[path] = trace.peaks(wanted_min=wanted, known=known)
            same = found.peaks[path] == first[path]
            found.index[path] = index[path] if same else _named(found.peaks[path], expected, settings)
        shapes = _usual_shapes(found, given)
        if not shapes:
            break
    for analyte in expected:
        _overlaps_alike(found, traces, first, index, analyte)
        for side in Side:
            _shoulders_alike(found, traces, analyte, side)
        _limits_alike(found, traces, analyte, levels.get(analyte, {}), settings)
    return found


def _named(own: list[Peak], expected: dict[str, float], settings: QuantifySettings) -> dict[str, int]:
    window_min, shift_min = settings.retention_window_min, settings.retention_shift_min
    return identification.named(own, expected, window_min=window_min, shift_min=shift_min)


def _times(own: list[Peak], index: dict[str, int], expected: dict[str, float]) -> dict[str, float]:
    """Where the analytes elute in one injection (minutes): at their peaks, or at the expected time plus the shift."""
    found = {name: own[number].retention_min for name, number in index.items()}
    shift = float(np.median([found[name] - expected[name] for name in found])) if found else 0.0
    return {name: round(found.get(name, expected[name] + shift), 4) for name in expected}


def _known(
    own: list[Peak], index: dict[str, int], expected: dict[str, float], given: set[str], shapes: Mapping[str, KnownPeak]
) -> tuple[list[float], list[KnownPeak]]:
    """Where analytes elute in one injection, and what is known of those whose retention is given."""
    times = _times(own, index, expected)
    # The maximum of a merged peak says little about the shift of the run.
    merged = {
        number
        for number in index.values()
        if any(
            own[number].start_min <= times[other] <= own[number].stop_min for other in expected if other not in index
        )
    }
    shifts = [times[name] - expected[name] for name, number in index.items() if number not in merged]
    shift = float(np.median(shifts)) if shifts else 0.0
    known = [
        replace(
            shapes.get(name, KnownPeak(0.0)), retention_min=round(expected[name] + shift, 4), hidden=name not in index,
            shift_known=bool(shifts),
        )
        for name in expected
        if name in given
    ]  # fmt: skip
    return sorted(times.values()), sorted(known, key=lambda one: one.retention_min)


def _usual_shapes(found: Named, given: set[str]) -> dict[str, KnownPeak]:
    """Median shape of each analyte whose peak was fitted from known retentions, over the injections of a series."""
    usual = {}
    for analyte in given:
        own = [peak for path in found.peaks if (peak := found.peak(path, analyte)) and peak.seeded]
        name = max({peak.shape for peak in own}, key=[peak.shape for peak in own].count, default="")
        own = [peak for peak in own if peak.shape == name]
        if len(own) >= constants.LEAST_LEVELS:
            spread_s, form = np.median([(peak.spread_s, peak.form) for peak in own], axis=0)
            usual[analyte] = KnownPeak(0.0, shape=name, spread_s=float(spread_s), form=float(form))
    return usual


def _overlaps_alike(
    found: Named, traces: dict[str, Trace], first: dict[str, list[Peak]], index: dict[str, dict[str, int]], analyte: str
) -> None:
    """Take the perpendicular drops of an analyte in all injections, if its fit was accepted in fewer than half."""
    shapes = {
        path: bool(peak.shape)
        for path in traces
        if not traces[path].uses_vendor
        and (peak := found.peak(path, analyte))
        and peak.shape not in (constants.BY_HAND, NOT_SEPARATED)
        and not peak.seeded
    }
    fitted = sum(shapes.values())
    if not fitted or 2 * fitted > len(shapes):
        return
    for path, is_fitted in shapes.items():
        number = index[path].get(analyte)
        if is_fitted and number is not None:
            found.replaced(path, analyte, first[path][number])


def _shoulders_alike(found: Named, traces: dict[str, Trace], analyte: str, side: Side) -> None:
    """Cut the shoulder on one side of an analyte off in all injections, or in none."""
    cuts: dict[str, float | None] = {}
    for path, trace in traces.items():
        peak = found.peak(path, analyte)
        if peak is None or peak.shape or trace.uses_vendor:
            continue
        beside = _neighbour(found, path, analyte, side)
        is_cut = beside is not None and _is_high(trace, peak, side)
        edge_min = peak.stop_min if side is Side.RIGHT else peak.start_min
        cuts[path] = edge_min - peak.retention_min if is_cut else None
    offsets = [offset for offset in cuts.values() if offset is not None]
    if not offsets or len(offsets) == len(cuts):
        return
    usual = float(np.median(offsets))
    for path, offset in cuts.items():
        peak = found.peak(path, analyte)
        assert peak is not None
        if 2 * len(offsets) > len(cuts) and offset is None:
            place = int(np.searchsorted(traces[path].one.time_min, peak.retention_min + usual))
            if peak.start < place < peak.stop:
                start, stop = (peak.start, place) if side is Side.RIGHT else (place, peak.stop)
                found.replaced(path, analyte, traces[path].share(peak, start, stop))
        elif 2 * len(offsets) <= len(cuts) and offset is not None:
            beside = _neighbour(found, path, analyte, side)
            if beside is None or not _is_shoulder(traces[path], beside, side):
                continue  # a peak of its own, absent from most injections
            start, stop = min(peak.start, beside.start), max(peak.stop, beside.stop)
            found.replaced(path, analyte, traces[path].share(peak, start, stop))


def _limits_alike(
    found: Named, traces: dict[str, Trace], analyte: str, levels: Mapping[str, float], settings: QuantifySettings
) -> None:
    """Integrate an analyte between the same limits in all injections, where its standards then agree better.

    The limits are those of the injection with which the standards scatter least about their line, and the baseline is
    the straight line between them. They are used only where they hold the peak in every injection. A standard series
    of adenosine reads back within 3.2 % by them, instead of 16 %.
    """
    own: dict[str, Peak] = {}
    for path, trace in traces.items():
        peak = found.peak(path, analyte)
        if peak is not None:
            if peak.shape or trace.uses_vendor or trace.limits or peak.saturated:
                return
            own[path] = peak
    if len(own) < constants.LEAST_LEVELS:
        return
    before = _scatter(own, levels, settings)
    if before <= constants.EQUAL_LIMITS_SCATTER:
        return
    best, least = None, constants.EQUAL_LIMITS_GAIN * before
    for peak in own.values():
        made = _between_limits(own, traces, peak.start_min - peak.retention_min, peak.stop_min - peak.retention_min)
        if made is not None and (scatter := _scatter(made, levels, settings)) < least:
            best, least = made, scatter
    for path, peak in (best or {}).items():
        found.replaced(path, analyte, peak)


def _between_limits(
    own: dict[str, Peak], traces: dict[str, Trace], before_min: float, after_min: float
) -> dict[str, Peak] | None:
    """The peaks between limits at given distances from their maxima; None where these do not hold one of them."""
    made: dict[str, Peak] = {}
    for path, peak in own.items():
        times, height = traces[path].one.time_min, traces[path].integrated.height
        start, stop = np.searchsorted(times, [peak.retention_min + before_min, peak.retention_min + after_min]).tolist()
        if not 0 < start < peak.apex < stop < len(times) - 1:
            return None
        if max(height[start], height[stop]) > constants.EQUAL_LIMITS_HEIGHT_FRACTION * peak.height:
            return None
        made[path] = traces[path].chord(peak, start, stop)
    return made


def _scatter(peaks: dict[str, Peak], levels: Mapping[str, float], settings: QuantifySettings) -> float:
    """Root mean square of the relative errors with which the standards of one analyte read back; 0 with too few."""
    known = [(levels[path], peak.area) for path, peak in peaks.items() if levels.get(path)]
    if len({level for level, _ in known}) <= constants.LEAST_LEVELS:
        return 0.0
    x, y = np.array(known, float).T
    line = calibration_lines.fitted("", x, y, np.nan, model=settings.calibration, weighting=settings.weighting)
    return np.inf if line is None else float(np.sqrt(np.mean(((y - line.intercept) / line.slope / x - 1) ** 2)))


def _neighbour(found: Named, path: str, analyte: str, side: Side) -> Peak | None:
    """The peak that touches that of an analyte on one side, unless it is another analyte's."""
    number = found.index[path][analyte] + side
    own = found.peaks[path]
    if not 0 <= number < len(own) or number in found.index[path].values():
        return None
    peak, beside = own[number - side], own[number]
    touching = beside.start == peak.stop if side is Side.RIGHT else beside.stop == peak.start
    return beside if touching and beside.cluster == peak.cluster and not beside.shape else None


def _is_high(trace: Trace, peak: Peak, side: Side) -> bool:
    """Whether a peak ends well above the baseline on one side."""
    edge = peak.stop if side is Side.RIGHT else peak.start
    return bool(trace.integrated.height[edge] > constants.CUT_FRACTION * peak.height)


def _is_shoulder(trace: Trace, beside: Peak, side: Side) -> bool:
    """Whether a peak hardly rises above the limit that it shares with its neighbour."""
    height = trace.integrated.height
    shared = height[beside.start if side is Side.RIGHT else beside.stop]
    return bool(height[beside.apex] - shared < constants.SHOULDER_RISE_FRACTION * height[beside.apex])


def at_set_limits(
    found: Named, traces: dict[str, Trace], expected: dict[str, float], limits: list[PeakLimitsRow]
) -> None:
    """Integrate analytes between limits that a person set for every injection.

    Parameters
    ----------
    found : Named
        The series; its peaks are replaced.
    traces : dict of str to Trace
        The chromatograms.
    expected : dict of str to float
        Expected retention (minutes) by analyte; the limits are shifted with it.
    limits : list of PeakLimitsRow
        Rows without a chromatogram.
    """
    for row in limits:
        if row.chromatogram is not None or row.analyte not in expected:
            continue
        for path, trace in traces.items():
            if trace.uses_vendor or trace.limits:
                continue
            peak = found.peak(path, row.analyte)
            own_min = peak.retention_min - expected[row.analyte] if peak is not None else np.nan
            shift = own_min if np.isfinite(own_min) else _shift(found, path, expected)
            made = trace.between(row.start_min + shift, row.stop_min + shift)
            if peak is not None:
                found.replaced(path, row.analyte, made)
            elif made.area > 0:
                own = sorted([*found.peaks[path], made], key=lambda one: one.retention_min)
                names = {name: own.index(found.peaks[path][number]) for name, number in found.index[path].items()}
                found.peaks[path], found.index[path] = own, {**names, row.analyte: own.index(made)}


def _shift(found: Named, path: str, expected: dict[str, float]) -> float:
    """Median shift of the analytes that were found in an injection (minutes); 0 where none was."""
    own = [found.peaks[path][number].retention_min - expected[name] for name, number in found.index[path].items()]
    return float(np.median(own)) if own else 0.0
