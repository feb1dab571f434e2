"""Peaks of a trace: where they are, where they begin and end, and how large they are.

In: (n_points,) times and signals. Out: one ``Peak`` per peak. An area is the signal above a straight line, between
perpendicular drops.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration import constants
from ketaflow.assays.microdialysis.integration.baseline import drop_line
from ketaflow.assays.microdialysis.integration.drift import slow_drift
from ketaflow.assays.microdialysis.integration.level_places import area_ranges
from ketaflow.assays.microdialysis.integration.peak_bounds import Span, chords, peak_spans, skimmed, spans_by_hand
from ketaflow.assays.microdialysis.integration.preprocessing import Outline, crossings, outlined
from ketaflow.assays.microdialysis.integration.separation import separated
from ketaflow.assays.microdialysis.model import KnownPeak, Peak

# Methods that draw straight lines: under them a bowed drift is taken off first.
STRAIGHT_LINES = ("drop_line", "valley_to_valley", "tangent_skim")


@dataclass(frozen=True)
class Integrated:
    """A trace taken apart.

    Attributes
    ----------
    smooth, baseline : (n_points,) float
        The smoothed trace, and the line under its peaks (unit of the signal).
    noise : float
        Standard deviation of the noise (unit of the signal).
    peaks : list of Peak
        In time order.
    height : (n_points,) float
        The trace above its baseline (unit of the signal).
    width : float
        Width of its peaks at half height (samples).
    separable : bool
        Whether overlapping peaks may be shared out by fitted shapes.
    """

    smooth: np.ndarray
    baseline: np.ndarray
    noise: float
    peaks: list[Peak]
    height: np.ndarray
    width: float
    separable: bool

    def separated(
        self,
        time_min: np.ndarray,
        *,
        wanted_min: Sequence[float] | None = None,
        known: Sequence[KnownPeak] = (),
    ) -> list[Peak]:
        """Share out overlapping peaks by fitted shapes; see ``separation.separated``.

        Parameters
        ----------
        time_min : (n_points,) float
            Times of the samples (minutes).
        wanted_min : sequence of float, optional
            Only groups that hold one of these times (minutes) are fitted; all by default.
        known : sequence of KnownPeak
            What is known of the analytes. A fit starts from those without a maximum of their own as well.

        Returns
        -------
        list of Peak
            By retention; the peaks as they are if the trace cannot be separated.
        """
        if not self.separable:
            return self.peaks
        made = separated(time_min, self.height, self.peaks, self.width, self.noise, wanted_min=wanted_min, known=known)
        return with_resolution(sorted(made, key=lambda peak: peak.retention_min))


def peaks_of(
    time_min: np.ndarray,
    signal: np.ndarray,
    *,
    peak_width_s: float,
    snr_min: float,
    smallest_peak_pct: float,
    method: str,
    unmix: bool,
    limits: list[tuple[float, float]] | None = None,
) -> Integrated:
    """Find and integrate every peak of a trace.

    Parameters
    ----------
    time_min, signal : (n_points,) float
        Times (minutes, increasing) and values of the detector.
    peak_width_s : float
        Width of the peaks at half height (seconds); 0 estimates it from the trace.
    snr_min : float
        Least height of a peak above its surroundings (times the noise).
    smallest_peak_pct : float
        Least height of a peak (% of the range of the trace).
    method : str
        Baseline: drop_line, valley_to_valley, tangent_skim, snip or arpls.
    unmix : bool
        Whether to separate overlapping peaks by fitted shapes where these explain them.
    limits : list of (float, float), optional
        Start and stop of peaks that a person set (minutes); they replace the peaks found.

    Returns
    -------
    Integrated
        Areas in signal x s.
    """
    step_s = 60 * float(np.median(np.diff(time_min)))
    trace = outlined(signal, peak_width_s / step_s)
    apexes = _apexes(trace, snr_min, smallest_peak_pct)
    drift = slow_drift(trace, apexes) if method in STRAIGHT_LINES and not limits else None
    if drift is not None:
        trace = trace.less(drift)
        apexes = _apexes(trace, snr_min, smallest_peak_pct)
    line = baseline_of(trace, apexes, method)
    if limits:
        spans, line = spans_by_hand(time_min, signal, trace.smooth, limits)
    else:
        spans = peak_spans(trace, line, apexes)
        if method == "valley_to_valley":
            line = chords(trace.smooth, spans)
        elif method == "tangent_skim":
            line = skimmed(trace.smooth, line, spans)
    found = [measured(time_min, trace, line, span) for span in spans]
    if not limits:  # what lies under its own line is the rim of a negative peak, and no peak
        found = [peak for peak in found if peak.area > 0 and peak.height > 0]
    ranges = area_ranges(time_min, trace.smooth, line, found, trace.ripple)
    found = [replace(peak, area_low=low, area_high=high) for peak, (low, high) in zip(found, ranges, strict=True)]
    made = Integrated(
        trace.smooth + trace.drift, line + trace.drift, trace.noise, with_resolution(found), trace.signal - line,
        trace.width, not limits and method == "drop_line",
    )  # fmt: skip
    return replace(made, peaks=made.separated(time_min)) if unmix else made


def _apexes(trace: Outline, snr_min: float, smallest_peak_pct: float) -> np.ndarray:
    smooth = trace.smooth
    top = float(np.quantile(smooth, 0.95) - np.quantile(smooth, 0.05))
    least = max(snr_min * trace.noise, smallest_peak_pct / 100 * top, 1e-9 * np.ptp(smooth))
    return find_peaks(smooth, prominence=least)[0] if least > 0 else np.empty(0, int)


def baseline_of(trace: Outline, apexes: np.ndarray, method: str) -> np.ndarray:
    """Draw the baseline of a whole trace.

    Parameters
    ----------
    trace : Outline
        The trace, without its slow drift.
    apexes : (n_peaks,) int
        Samples of its peaks.
    method : str
        One of snip and arpls (curves of pybaselines), or any other for the drop line.

    Returns
    -------
    (n_points,) float
        In the unit of the signal.
    """
    if method in ("snip", "arpls"):
        import pybaselines

        if method == "snip":
            half = int(np.clip(3 * trace.width, 1, (len(trace.smooth) - 1) // 2))
            return pybaselines.smooth.snip(trace.smooth, max_half_window=half, decreasing=True)[0]
        return pybaselines.whittaker.arpls(trace.smooth, lam=1e4 * max(trace.width, 5) ** 2)[0]
    return drop_line(trace, apexes)


def measured(time_min: np.ndarray, trace: Outline, line: np.ndarray, span: Span) -> Peak:
    """Measure one peak between its limits.

    Parameters
    ----------
    time_min : (n_points,) float
        Times (minutes).
    trace : Outline
        The trace, without its slow drift.
    line : (n_points,) float
        The baseline under it (unit of the signal).
    span : Span
        Samples of start, maximum and end, and the number of the cluster.

    Returns
    -------
    Peak
        Area in signal x s.
    """
    signal, smooth = trace.signal, trace.smooth
    start, apex, stop, cluster = span
    inside = slice(start, stop + 1)
    above = signal[inside] - line[inside]
    above_line = smooth[inside] - line[inside]
    height = float(smooth[apex] - line[apex])
    half = crossings(above_line, apex - start, 0.5 * height)
    tenth = crossings(above_line, apex - start, 0.05 * height)
    step_s = 60 * float(time_min[-1] - time_min[0]) / (len(time_min) - 1)
    from_end = min(start, len(signal) - 1 - stop)
    not_down = 0.05 * height < max(signal[start] - line[start], signal[stop] - line[stop])
    return Peak(
        retention_min=_vertex(time_min, smooth - line, apex),
        start_min=float(time_min[start]),
        stop_min=float(time_min[stop]),
        area=float(np.trapezoid(above, time_min[inside]) * 60),
        height=height,
        snr=height / trace.noise if trace.noise > 0 else np.nan,
        saturated=flat_top((signal + trace.drift)[inside]),
        width_s=step_s * (half[1] - half[0]),
        tailing=(tenth[1] - tenth[0]) / max(2 * (apex - start - tenth[0]), 1e-9),
        cut=bool((from_end <= constants.CUT_WIDTHS * (half[1] - half[0]) and not_down) or from_end < 3),
        foot_pct=100 * float(max(above_line[0], above_line[-1], 0.0)) / height if height > 0 else np.nan,
        cluster=cluster,
        apex=apex,
        start=start,
        stop=stop,
    )


def _vertex(time_min: np.ndarray, height: np.ndarray, apex: int) -> float:
    """Time of the maximum, from the parabola through the three highest points."""
    if not 0 < apex < len(height) - 1:
        return float(time_min[apex])
    before, here, after = height[apex - 1 : apex + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(time_min[apex] + np.clip(shift, -1, 1) * (time_min[apex + 1] - time_min[apex]))


def flat_top(values: np.ndarray) -> bool:
    """Tell whether the top of a peak is clipped.

    Parameters
    ----------
    values : (n_points,) float
        The signal within the peak.

    Returns
    -------
    bool
        True if too many samples lie within 1 % of the highest. Of the samples above half height a Gaussian has 12 %
        there, whatever its width; a clipped peak has more.
    """
    top, low = float(values.max()), float(values.min())
    near = np.count_nonzero(values >= top - constants.CLIPPED_FRACTION * (top - low))
    half = np.count_nonzero(values >= (top + low) / 2)
    return bool(near >= constants.CLIPPED_POINTS and near > constants.CLIPPED_SHARE * half)


def with_resolution(found: list[Peak]) -> list[Peak]:
    """Return the peaks with the resolution from the one before: 1.18 x distance over the sum of the half widths."""
    made = found[:1]
    for before, peak in pairwise(found):
        apart_s = 60 * (peak.retention_min - before.retention_min)
        made.append(replace(peak, resolution=1.18 * apart_s / (peak.width_s + before.width_s)))
    return made
