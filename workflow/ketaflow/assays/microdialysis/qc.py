"""Checks of one animal's chromatograms, calibration, fractions and baseline; and what its reviewer sees."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.figures import review_figures
from ketaflow.assays.microdialysis.model import Dialysate, Measured, QcSettings
from ketaflow.assays.microdialysis.response import baseline_response
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction
from ketaflow.assays.microdialysis.result_rows import CalibrationLine, FractionResult, PeakRow, StandardReadBack
from ketaflow.core.results import Check, Checked, Figure, check, within


def qc(dialysate: Dialysate, measured: Measured, settings: QcSettings) -> Checked:
    """Check one animal.

    Parameters
    ----------
    dialysate : Dialysate
        Its chromatograms and those of the standards.
    measured : Measured
        What was measured on them.
    settings : QcSettings
        Limits of the checks.

    Returns
    -------
    Checked
        Figures: each chromatogram with its areas; the animal's time course, calibration, drift and no-net-flux lines.
    """
    by_path: dict[str, list[PeakRow]] = {}
    for peak in measured.peaks:
        by_path.setdefault(peak.chromatogram, []).append(peak)
    own = {row.path: row.name for row in dialysate.fractions if row.path and row.name}
    ends_min = {path: float(one.time_min[-1]) for path, one in dialysate.chromatograms.items() if len(one.time_min)}
    checks: list[Check] = []
    shown: dict[str, list[Figure]] = {}
    for path, file in own.items():
        peaks = by_path.get(path, [])
        checks += _trace_checks(dialysate, path, file, peaks, settings)
        checks += _length_check(dialysate.animal, path, file, ends_min)
        checks += _vendor_check(dialysate, path, file, peaks, settings.vendor_difference_max_pct)
        shown[file] = shown.get(file, []) + review_figures.of_trace(dialysate.chromatograms.get(path), peaks)
    checks += _standard_checks(dialysate, measured, settings)
    checks += _fraction_checks(dialysate, measured.fractions)
    checks += _injection_check(measured.fractions, settings.injection_cv_max_pct, dialysate.animal)
    checks += _baseline_checks(dialysate.animal, measured, settings)
    shown[dialysate.animal] = review_figures.of_animal(measured, settings.standard_error_max_pct)
    shown[dialysate.animal] += review_figures.of_flux(measured)
    return Checked(checks, shown)


@dataclass(frozen=True)
class _PeakLimit:
    """Limits of one property of the named peaks, and the message for a peak outside them."""

    check: str
    value: Callable[[PeakRow], float]
    low: float | None
    high: float | None
    message: str


def _peak_limits(settings: QcSettings) -> list[_PeakLimit]:
    shift = settings.shift_max_min
    late = "{analyte} eluted {value:+.2f} min from its expected retention"
    foot = (
        "{analyte} begins or ends at {value:.0f} % of its height above the baseline; its area depends on the baseline"
    )
    return [
        _PeakLimit(
            "signal_to_noise", lambda peak: peak.snr, settings.signal_to_noise_min, None,
            "signal-to-noise ratio of {analyte} is {value:.1f}",
        ),
        _PeakLimit(
            "tailing", lambda peak: peak.tailing, None, settings.tailing_max, "{analyte} tails (factor {value:.1f})"
        ),
        _PeakLimit(
            "resolution", lambda peak: peak.resolution, settings.resolution_min, None,
            "{analyte} overlaps the peak before it",
        ),
        _PeakLimit("foot", lambda peak: peak.foot_pct, None, settings.foot_max_pct, foot),
        _PeakLimit(
            "retention_shift", lambda peak: peak.shift_min, -shift, shift, late
        ),
    ]  # fmt: skip


def _trace_checks(
    dialysate: Dialysate, path: str, file: str, peaks: list[PeakRow], settings: QcSettings
) -> list[Check]:
    """Readable, saturated, signal to noise, tailing, resolution, foot and retention of one chromatogram."""
    animal, reason = dialysate.animal, dialysate.unreadable.get(path)
    if reason:
        return [check("chromatogram_readable", None, verdict="fail", message=reason, recording=file, animal=animal)]
    named = [peak for peak in peaks if peak.analyte]
    cut = [peak.analyte for peak in named if peak.saturated]
    message = f"detector saturated at {', '.join(cut)}: dilute and inject again" if cut else "no named peak is cut off"
    made = [
        check(
            "saturated_peaks", len(cut), unit="peaks", high=0, verdict="fail" if cut else "pass", message=message,
            recording=file, animal=animal,
        )
    ]  # fmt: skip
    for limit in _peak_limits(settings):
        made += _worst(named, limit, file, animal)
    return made


def _length_check(animal: str, path: str, file: str, ends_min: dict[str, float]) -> list[Check]:
    """Whether a run is as long as the animal's others: a plain export cut between two lines looks like a short run."""
    if path not in ends_min:
        return []
    usual = float(np.median(list(ends_min.values())))
    low = constants.SHORT_RUN_FRACTION * usual
    short = ends_min[path] < low
    text = f"the run ends after {ends_min[path]:.1f} min, the others after {usual:.1f}: is the file whole?"
    return [
        check(
            "run_length", ends_min[path], unit="min", low=low, recording=file, animal=animal,
            verdict="warn" if short else "pass", message=text if short else "the run is as long as the others",
        )
    ]  # fmt: skip


def _worst(named: list[PeakRow], limit: _PeakLimit, path: str, animal: str) -> list[Check]:
    """One check for all named peaks of a chromatogram, with the value furthest from the limits."""
    known = [(peak.analyte, limit.value(peak)) for peak in named if np.isfinite(limit.value(peak))]
    if not known:
        return []
    bad = any(within(value, limit.low, limit.high) != "pass" for _, value in known)
    if limit.high is not None:
        analyte, value = max(known, key=lambda one: abs(one[1]))
    else:
        analyte, value = min(known, key=lambda one: one[1])
    message = limit.message.format(analyte=analyte, value=value)
    return [
        check(
            limit.check, value, low=limit.low, high=limit.high, verdict="warn" if bad else "pass",
            message=message if bad else f"{limit.check.replace('_', ' ')} OK", place=analyte,
            recording=path, animal=animal,
        )
    ]  # fmt: skip


def _standard_checks(dialysate: Dialysate, measured: Measured, settings: QcSettings) -> list[Check]:
    """Standards that cannot be read; each analyte's line, its standards read back, and repeated ones."""
    animal, unreadable = dialysate.animal, dialysate.unreadable
    own = {row.path for row in dialysate.standards}
    made = [
        check("standard_readable", None, verdict="warn", message=unreadable[path], recording=animal, animal=animal)
        for path in sorted(own & set(unreadable))
    ]
    r_squared_min = settings.r_squared_min
    for line in measured.calibration:
        rows = [
            row
            for row in measured.standards
            if row.analyte == line.analyte
            and row.concentration_um
            and line.batch in ("", row.batch)
            and line.standard_set in ("", row.standard_set)
        ]
        verdict = within(line.r_squared, r_squared_min, None) if line.levels > 1 else "warn"
        where = f"batch {line.batch}, " if line.batch else ""
        text = f"{line.analyte}: {where}{line.levels} levels, r2 {line.r_squared:.4f}"
        made.append(
            check(
                "calibration_r2", line.r_squared, low=r_squared_min, verdict=verdict, message=text,
                place=line.analyte, recording=animal, animal=animal,
            )
        )  # fmt: skip
        made.append(_read_back(rows, line, settings.standard_error_max_pct, animal))
        made += _drift(rows, line.analyte, settings.drift_max_pct, animal)
    return made


def _read_back(rows: list[StandardReadBack], line: CalibrationLine, error_max_pct: float, animal: str) -> Check:
    """How far the standards of one analyte read back from what they hold; the lowest may be 5 % further off."""
    known = [row for row in rows if np.isfinite(row.error_pct)]
    extra_pct = constants.LOWEST_STANDARD_EXTRA_PCT
    off = [
        row
        for row in known
        if abs(row.error_pct) > error_max_pct + extra_pct * (row.concentration_um <= line.lowest_um)
    ]
    worst = max((abs(row.error_pct) for row in known), default=np.nan)
    text = f"{line.analyte}: {len(off)} of {len(rows)} standards read back more than {error_max_pct:g} % off"
    if len(known) < len(rows):
        text += f", {len(rows) - len(known)} have no response"
    return check(
        "standards_read_back", worst, unit="%", high=error_max_pct, message=text, place=line.analyte,
        verdict="warn" if off or len(known) < len(rows) else "pass", recording=animal, animal=animal,
    )  # fmt: skip


def _drift(rows: list[StandardReadBack], analyte: str, drift_max_pct: float, animal: str) -> list[Check]:
    """Spread of repeated injections of one standard, and the change from the first standard set to the last."""
    by_level: dict[tuple[str, float], list[StandardReadBack]] = {}
    for row in rows:
        if np.isfinite(row.response):
            by_level.setdefault((row.batch, row.concentration_um), []).append(row)
    repeated = [own for own in by_level.values() if len(own) > 1]
    if not repeated:
        return []
    spreads = [np.ptp([row.response for row in own]) / np.mean([row.response for row in own]) for own in repeated]
    changes = [own[-1].response / own[0].response - 1 for own in repeated if own[0].response > 0]
    most, change = 100 * float(max(spreads)), 100 * float(np.median(changes)) if changes else 0.0
    text = (
        f"{analyte}: repeated injections of a standard differ by up to {most:.0f} % (median change from the first to "
        f"the last: {change:+.0f} %)"
    )
    return [
        check(
            "standard_drift", most, unit="%", high=drift_max_pct, verdict=within(most, None, drift_max_pct),
            message=text, place=analyte, recording=animal, animal=animal,
        )
    ]  # fmt: skip


def _injection_check(fractions: list[FractionResult], cv_max_pct: float, animal: str) -> list[Check]:
    """Agreement of the injections of one tube."""
    repeated = [row for row in fractions if np.isfinite(row.injection_cv_pct)]
    if not repeated:
        return []
    worst = max(repeated, key=lambda row: row.injection_cv_pct)
    text = (
        f"CV of the injections of one tube is at most {worst.injection_cv_pct:.0f} % ({worst.analyte}, fraction "
        f"{worst.fraction})"
    )
    return [
        check(
            "injection_cv", worst.injection_cv_pct, unit="%", high=cv_max_pct, place=worst.analyte, message=text,
            verdict=within(worst.injection_cv_pct, None, cv_max_pct), recording=animal, animal=animal,
        )
    ]  # fmt: skip


def _vendor_check(dialysate: Dialysate, path: str, file: str, peaks: list[PeakRow], most_pct: float) -> list[Check]:
    """Areas of the named peaks against those of the instrument's own table, where the file has both."""
    one = dialysate.chromatograms.get(path)
    if one is None or not len(one.signal) or not one.vendor_peaks:
        return []
    vendor = [(peak.retention_min, peak.area) for peak in one.vendor_peaks if peak.retention_min and peak.area]
    if not vendor:
        return []
    times, areas = np.array(vendor, float).T
    ratios: dict[str, float] = {}
    every: list[float] = []
    for peak in peaks:
        nearest = int(np.abs(times - peak.retention_min).argmin())
        if abs(times[nearest] - peak.retention_min) < peak.width_s / 60:
            every.append(peak.area / areas[nearest])
            if peak.analyte:
                ratios[peak.analyte] = every[-1]
    if not ratios:
        return []
    # Some programs count area in a unit of their own.
    scale = float(np.median(every)) if not 0.5 < float(np.median(every)) < 2 else 1.0
    analyte = max(ratios, key=lambda name: abs(ratios[name] / scale - 1))
    difference = 100 * (ratios[analyte] / scale - 1)
    text = f"{analyte} differs by {difference:+.1f} % from the area in the {one.form} peak table"
    return [
        check(
            "vendor_area", difference, unit="%", low=-most_pct, high=most_pct, place=analyte, message=text,
            verdict=within(abs(difference), None, most_pct), recording=file, animal=dialysate.animal,
        )
    ]  # fmt: skip


def _fraction_checks(dialysate: Dialysate, fractions: list[FractionResult]) -> list[Check]:
    """Lag, lost fractions, changes of flow, and values that have a state in place of a number."""
    animal = dialysate.animal
    once = list({(row.region, row.fraction): row for row in fractions}.values())
    made = [_lag_check(dialysate, once), _lost_check(once, animal), _flow_check(once, animal)]
    for state in ("above_range", "below_loq", "saturated", "uncertain_area"):
        found = [row.analyte for row in fractions if row.state == state]
        if found:
            text = f"{len(found)} values {state.replace('_', ' ')}: {', '.join(sorted(set(found)))}"
            made.append(
                check(
                    state, len(found), unit="values", high=0, verdict="warn", message=text, recording=animal,
                    animal=animal,
                )
            )  # fmt: skip
    return made


def _lag_check(dialysate: Dialysate, once: list[FractionResult]) -> Check:
    lag = float(np.median([row.lag_min for row in once]))
    known = lag > 0 or all(row.dead_volume_ul is not None for row in dialysate.fractions)
    text = f"fractions left the brain {lag:.1f} min before they reached the tube" if known else (
        "no dead volume is given: times are those of the tube, later than those of the brain"
    )  # fmt: skip
    animal = dialysate.animal
    verdict = "pass" if known else "warn"
    return check("lag", lag, unit="min", verdict=verdict, message=text, recording=animal, animal=animal)


def _lost_check(once: list[FractionResult], animal: str) -> Check:
    gone = [row for row in once if row.kind == MISSED or row.state in (MISSED, "failed")]
    text = f"{len(gone)} of {len(once)} fractions hold no value" if gone else "every fraction was measured"
    return check(
        "missing_fractions", len(gone), unit="fractions", high=0, verdict="warn" if gone else "pass", message=text,
        recording=animal, animal=animal,
    )  # fmt: skip


def _flow_check(once: list[FractionResult], animal: str) -> Check:
    flows = {row.flow_ul_per_min for row in once}
    changed = f"the flow changed ({min(flows):g} to {max(flows):g} ul/min), and recovery with it"
    verdict, text = ("warn", changed) if len(flows) > 1 else ("pass", "one flow throughout")
    return check("flow", max(flows), unit="ul/min", verdict=verdict, message=text, recording=animal, animal=animal)


def _baseline_checks(animal: str, measured: Measured, settings: QcSettings) -> list[Check]:
    """Spread and drift of each analyte's baseline, from the fractions that made it."""
    baselines = {(row.region, row.analyte): row for row in measured.measurements if row.measure == "baseline_um"}
    courses: dict[tuple[str | None, str], list[FractionResult]] = {}
    for fraction in measured.fractions:
        courses.setdefault((fraction.region, fraction.analyte), []).append(fraction)
    made = []
    for key, rows in courses.items():
        found, analyte = baselines.get(key), key[1]
        if found is None:
            continue
        if found.value is None:
            made.append(
                check(
                    "baseline", None, verdict="fail", message=f"{analyte}: {found.reason}", place=analyte,
                    recording=animal, animal=animal,
                )
            )  # fmt: skip
            continue
        made += _steadiness(animal, analyte, _baseline(rows, int(found.n or 0)), settings)
    return made


def _steadiness(animal: str, analyte: str, base: baseline_response.Baseline, settings: QcSettings) -> list[Check]:
    """Spread and drift of one baseline."""
    cv_max_pct, trend_max_pct = settings.baseline_cv_max_pct, settings.baseline_trend_max_pct
    drifts = abs(base.trend_pct) > trend_max_pct and base.trend_p < constants.TREND_P_MAX
    return [
        check(
            "baseline_cv", base.cv_pct, unit="%", high=cv_max_pct, verdict=within(base.cv_pct, None, cv_max_pct),
            message=f"{analyte}: CV of the baseline {base.cv_pct:.0f} % over {base.count} fractions", place=analyte,
            recording=animal, animal=animal,
        ),
        check(
            "baseline_trend", base.trend_pct, unit="%", low=-trend_max_pct, high=trend_max_pct,
            verdict="warn" if drifts else "pass", place=analyte, recording=animal, animal=animal,
            message=f"{analyte}: the baseline changes by {base.trend_pct:+.0f} % (p = {base.trend_p:.2f})",
        ),
    ]  # fmt: skip


def _baseline(rows: list[FractionResult], count: int) -> baseline_response.Baseline:
    """The baseline of one analyte, from its rows of the table of fractions."""
    moved = [
        Fraction(row.fraction, row.start_min, row.stop_min, row.kind, row.merged, row.flow_ul_per_min, row.lag_min)
        for row in rows
    ]
    values = np.array([row.concentration_um for row in rows], float)
    return baseline_response.baseline_of(moved, values, count=count, least=1)
