"""Calibration of each batch: its fractions are read from its own standards, or from the sets before and after them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ketaflow.assays.microdialysis.calibration import calibration_lines
from ketaflow.assays.microdialysis.calibration import series as series_module
from ketaflow.assays.microdialysis.calibration.series import Series, area_doubt, response
from ketaflow.assays.microdialysis.cohort_rows import FractionRow, PeakLimitsRow, StandardRow
from ketaflow.assays.microdialysis.model import NAN, Dialysate, Peak, QuantifySettings
from ketaflow.assays.microdialysis.result_rows import CalibrationLine, StandardReadBack


def calibrated_batches(
    dialysate: Dialysate, limits: list[PeakLimitsRow], settings: QuantifySettings
) -> dict[str | None, Series]:
    """Integrate, name and calibrate the chromatograms of one animal, batch by batch.

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
    dict of str or None to Series
        By the name of the batch; None for fractions that name none. Standards without a batch serve all.
    """
    made: dict[str | None, Series] = {}
    for batch in dict.fromkeys(row.batch for row in dialysate.fractions):
        standards = [row for row in dialysate.standards if row.batch in (None, batch)]
        paths = [row.path for row in dialysate.fractions if row.batch == batch and row.path]
        paths += [row.path for row in standards]
        own = {path: dialysate.chromatograms[path] for path in dict.fromkeys(paths) if path in dialysate.chromatograms}
        rows: list[FractionRow | StandardRow] = [*dialysate.fractions, *standards]
        named = series_module.named_series(own, standards, _limits_by_path(limits, rows), settings)
        made[batch] = _calibrated(named, standards, dialysate, settings)
    return made


def _limits_by_path(limits: list[PeakLimitsRow], rows: Sequence[FractionRow | StandardRow]) -> list[PeakLimitsRow]:
    """The limits with the path of their injection, which in a file of several has the sample's name."""
    made = []
    for limit in limits:
        paths = [
            row.path
            for row in rows
            if row.chromatogram == limit.chromatogram and limit.injection in (None, row.injection)
        ]
        made += [replace(limit, chromatogram=path) for path in dict.fromkeys(paths)] if limit.chromatogram else [limit]
    return made


def _calibrated(
    series: Series, standards: list[StandardRow], dialysate: Dialysate, settings: QuantifySettings
) -> Series:
    """The series with a line for each analyte of the standards, and the standards read back."""
    lines: dict[str, CalibrationLine | None] = {}
    sets: dict[str, tuple[tuple[float, CalibrationLine], ...]] = {}
    doubts: dict[str, dict[float, float]] = {}
    read_back: list[StandardReadBack] = []
    for analyte in series.internals:
        if analyte in series.internals.values():
            continue
        used = [row for row in standards if row.analyte == analyte]
        lines[analyte] = _line(series, analyte, used, settings)
        doubts[analyte] = _doubts(series, analyte, used)
        if settings.bracketing == "interpolated":
            sets[analyte] = _bracketing_sets(series, analyte, used, settings)
        with_sets = replace(series, lines=lines, sets=sets)
        read_back += [_read_back(with_sets, row, dialysate.unreadable) for row in used]
    return replace(series, lines=lines, sets=sets, doubts=doubts, read_back=tuple(read_back))


def line_at(series: Series, analyte: str, position: float | None) -> CalibrationLine | None:
    """Return the calibration line that holds for an injection.

    Parameters
    ----------
    series : Series
        The batch.
    analyte : str
        Name of the analyte.
    position : float or None
        When the sample was injected; None if unknown.

    Returns
    -------
    CalibrationLine or None
        Slope and intercept interpolated between the standard sets before and after it, in the range that both cover.
        Before the first and after the last set the line of that set; the pooled line where there are no sets, or the
        position is unknown.
    """
    sets = series.sets.get(analyte, ())
    if len(sets) < 2 or position is None:
        return series.lines.get(analyte)
    times = [time for time, _ in sets]
    after = int(np.clip(np.searchsorted(times, position), 1, len(sets) - 1))
    (begin, first), (end, second) = sets[after - 1], sets[after]
    share = float(np.clip((position - begin) / (end - begin), 0, 1))
    return replace(
        first,
        slope=(1 - share) * first.slope + share * second.slope,
        intercept=(1 - share) * first.intercept + share * second.intercept,
        lod_um=max(first.lod_um, second.lod_um),
        loq_um=max(first.loq_um, second.loq_um),
        lowest_um=max(first.lowest_um, second.lowest_um),
        highest_um=min(first.highest_um, second.highest_um),
        standard_set=f"{first.standard_set}-{second.standard_set}",
    )


def _bracketing_sets(
    series: Series, analyte: str, used: list[StandardRow], settings: QuantifySettings
) -> tuple[tuple[float, CalibrationLine], ...]:
    """When each set of standards (rows with one ``replicate``) was injected, and its line; empty where unknown."""
    found = []
    for number in sorted({row.replicate or 1 for row in used}):
        own = [row for row in used if (row.replicate or 1) == number]
        positions = [row.position for row in own if row.position is not None]
        line = _line(series, analyte, own, settings)
        if line is None or len(positions) < len(own):
            return ()
        found.append((float(np.median(positions)), replace(line, standard_set=str(number))))
    found.sort(key=lambda one: one[0])
    apart = all(before[0] < after[0] for before, after in pairwise(found))
    return tuple(found) if len(found) > 1 and apart else ()


def _line(series: Series, analyte: str, used: list[StandardRow], settings: QuantifySettings) -> CalibrationLine | None:
    """Line of one analyte; a blank without a peak counts as a response of zero."""
    responses = [response(series, row.path, analyte) for row in used]
    known = [
        (row.concentration_um, 0.0 if value is None else value)
        for row, value in zip(used, responses, strict=True)
        if value is not None or (row.concentration_um == 0 and row.path in series.peaks)
    ]
    if not known:
        return None
    x, y = np.array(known, float).T
    noise = _noise_response(series, used, analyte)
    line = calibration_lines.fitted(analyte, x, y, noise, model=settings.calibration, weighting=settings.weighting)
    batches = {row.batch for row in used if row.batch}
    return replace(line, batch=batches.pop()) if line and len(batches) == 1 else line


def _doubts(series: Series, analyte: str, used: list[StandardRow]) -> dict[float, float]:
    """By concentration, how far the areas of the standards depend on the baseline: the least of the injections."""
    found: dict[float, float] = {}
    for row in used:
        peak = series.peak(row.path, analyte)
        if peak is not None and row.concentration_um:
            found[row.concentration_um] = min(found.get(row.concentration_um, np.inf), area_doubt(peak))
    return found


def _read_back(series: Series, row: StandardRow, unreadable: dict[str, str]) -> StandardReadBack:
    value, line = response(series, row.path, row.analyte), line_at(series, row.analyte, row.position)
    back = line.concentration_um(value) if line and value is not None else NAN
    given = row.concentration_um
    reason = unreadable.get(row.path, "" if value is not None or not given else "no peak at its retention")
    return StandardReadBack(
        recording=row.name,
        analyte=row.analyte,
        chromatogram=row.path,
        concentration_um=given,
        response=NAN if value is None else value,
        back_calculated_um=back,
        error_pct=100 * (back / given - 1) if given else NAN,
        batch=row.batch or "",
        standard_set="" if row.replicate is None else str(row.replicate),
        area_doubt_pct=_doubt_pct(series.peak(row.path, row.analyte)),
        readable=row.path not in unreadable,
        reason=reason,
    )


def _doubt_pct(peak: Peak | None) -> float:
    return NAN if peak is None else 100 * area_doubt(peak)


def _noise_response(series: Series, used: list[StandardRow], analyte: str) -> float:
    """Median response that noise alone would give at the analyte's peak in the standards; NaN without a trace."""
    internal = series.internals.get(analyte)
    noises = []
    for row in used:
        peak = series.peak(row.path, analyte)
        if peak is not None:
            reference = series_module.area(series, row.path, internal) if internal else 1.0
            noises.append(peak.noise_area / (reference or NAN))
    return float(np.median(noises)) if noises else NAN
