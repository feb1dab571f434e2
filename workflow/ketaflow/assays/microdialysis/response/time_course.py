"""Time course of one animal: concentrations in brain time, and what is computed from all fractions together.

In: fractions and what was determined in each. Out: baseline, percent of baseline, area, peak and time to peak.
``quantify`` computes them from the chromatograms; ``revise`` computes them again from the table of fractions when a
reviewer has rejected a chromatogram.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ketaflow.assays.microdialysis.analytes import RATIOS, canonical
from ketaflow.assays.microdialysis.calibration import calibration_lines
from ketaflow.assays.microdialysis.model import Determination, QuantifySettings
from ketaflow.assays.microdialysis.response import baseline_response
from ketaflow.assays.microdialysis.response.auc import incremental_area
from ketaflow.assays.microdialysis.response.baseline_response import Baseline
from ketaflow.assays.microdialysis.response.brain_time import MISSED, PATHS_BY, Fraction, reported_min
from ketaflow.assays.microdialysis.response.determinations import REJECTED, SATURATED, Determinations, averaged
from ketaflow.assays.microdialysis.result_rows import FractionResult
from ketaflow.core.results import Measurement, measurement

# Gaps that are named beside a value computed across them: the fraction held a concentration that is not known, or a
# reviewer took it out.
NAMED_GAPS = {
    calibration_lines.BELOW: "below the limit",
    calibration_lines.ABSENT: "not found",
    calibration_lines.ABOVE: "above the range",
    SATURATED: "saturated",
    REJECTED: "rejected by a reviewer",
}
UNCERTAIN_IN_WORDS = "with an uncertain area"


@dataclass(frozen=True)
class Course:
    """One analyte, or one ratio of analytes, over the fractions of one animal and region.

    Attributes
    ----------
    animal, region, analyte : str
        Whose course it is; a ratio is named ``glutamate/glutamine``.
    fractions : list of Fraction
        In brain time.
    points : list of Determination
        What was determined in each fraction.
    baseline : Baseline
        Mean of the last fractions before the dose.
    pct : (n_fractions,) float
        Percent of baseline; NaN where there is no value.
    """

    animal: str
    region: str | None
    analyte: str
    fractions: list[Fraction]
    points: list[Determination]
    baseline: Baseline
    pct: np.ndarray

    @property
    def is_ratio(self) -> bool:
        """Whether the course is that of a ratio of two analytes."""
        return "/" in self.analyte

    def measurement(self, measure: str, value: float, **more: Any) -> Measurement:
        """Make a measurement of this animal, region and analyte."""
        return measurement(
            measure, value, animal=self.animal, recording=self.animal, region=self.region, analyte=self.analyte, **more
        )


def concentrations(points: list[Determination]) -> np.ndarray:
    """Return the concentrations of one analyte.

    Parameters
    ----------
    points : list of Determination
        One per fraction.

    Returns
    -------
    (n_fractions,) float
        Micromolar, or a ratio; NaN where there is none.
    """
    return np.array([point.value for point in points], float)


def with_ratios(values: Determinations) -> Determinations:
    """Add the ratios glutamate/glutamine and GABA/glutamate where both analytes were determined.

    Parameters
    ----------
    values : dict of str to list of Determination
        By analyte, one per fraction.

    Returns
    -------
    dict of str to list of Determination
        The same, followed by the ratios.
    """
    named = {canonical(name): name for name in values}
    ratios = {
        f"{top}/{bottom}": _ratios(values, named[top], named[bottom])
        for top, bottom in RATIOS
        if top in named and bottom in named
    }
    return values | ratios


def _ratios(values: Determinations, top: str, bottom: str) -> list[Determination]:
    """Ratio of two analytes in each fraction; a gap in either is a gap in the ratio, with its reason."""
    made = []
    for above, below in zip(values[top], values[bottom], strict=True):
        gap = next(((name, one) for name, one in ((top, above), (bottom, below)) if not np.isfinite(one.value)), None)
        if gap:
            name, one = gap
            made.append(Determination(np.nan, one.state, f"{name}: {one.reason}"))
            continue
        doubtful = [(name, one) for name, one in ((top, above), (bottom, below)) if one.state != calibration_lines.OK]
        state = doubtful[0][1].state if doubtful else calibration_lines.OK
        reason = "; ".join(f"{name}: {one.reason}" for name, one in doubtful if one.reason)
        made.append(Determination(above.value / below.value, state, reason))
    return made


def concentration_rows(
    animal: str, moved: list[Fraction], values: Determinations, region: str | None, grid_min: float
) -> list[Measurement]:
    """List the concentration of every analyte in every fraction, and outside the probe where its recovery is known.

    Parameters
    ----------
    animal, region : str
        Whose fractions they are.
    moved : list of Fraction
        The fractions, in brain time.
    values : dict of str to list of Determination
        What was determined in each, by analyte.
    grid_min : float
        Times are rounded to multiples of this (minutes); 0 leaves them exact.

    Returns
    -------
    list of Measurement
        The recording is the chromatogram; the animal where there are several, or none.
    """
    made: list[Measurement] = []
    for index, fraction in enumerate(moved):
        recording = fraction.chromatogram if fraction.chromatogram and fraction.injections == 1 else animal
        for analyte, points in values.items():
            point = points[index]
            found = {"concentration_um": point.value}
            if fraction.recovery_pct and np.isfinite(point.value):
                found["extracellular_um"] = point.value / (fraction.recovery_pct / 100)
            made += [
                measurement(
                    measure, amount, animal=animal, recording=recording, analyte=analyte, region=region,
                    time_min=reported_min(fraction, grid_min), status=_doubted(point), reason=point.reason,
                    n=point.injections if point.injections > 1 else None,
                )
                for measure, amount in found.items()
            ]  # fmt: skip
    return made


def _doubted(point: Determination) -> str | None:
    """Status of a number whose state is not ok."""
    return "flagged" if point.state != calibration_lines.OK and np.isfinite(point.value) else None


def response_rows(
    animal: str, moved: list[Fraction], values: Determinations, region: str | None, settings: QuantifySettings
) -> list[Measurement]:
    """Measure the response of one animal in one region.

    Parameters
    ----------
    animal, region : str
        Whose response it is.
    moved : list of Fraction
        The fractions, in brain time.
    values : dict of str to list of Determination
        What was determined in each, by analyte.
    settings : QuantifySettings
        Baseline, windows and gaps.

    Returns
    -------
    list of Measurement
        Baseline, percent of it, area, peak and time to peak of every analyte and ratio.
    """
    rows: list[Measurement] = []
    for analyte, points in with_ratios(values).items():
        series = concentrations(points)
        count, least = settings.baseline_fractions, settings.baseline_min_fractions
        base = baseline_response.baseline_of(moved, series, count=count, least=least)
        course = Course(animal, region, analyte, moved, points, base, 100 * series / base.mean)
        rows += _baseline_rows(course, count)
        rows += _fraction_rows(course, settings.time_grid_min)
        rows += _area_rows(course, settings)
        rows += _peak_rows(course, settings.auc_window_min)
    return rows


def _baseline_rows(course: Course, count: int) -> Iterator[Measurement]:
    base = course.baseline
    last = baseline_response.before_dose(course.fractions)[-count:]
    doubt = _gaps_in_words([course.points[index] for index in last])
    if doubt:
        doubt += ": the mean is of the others"
    doubt = ", ".join(filter(None, [doubt, _uncertain([course.points[index] for index in last])]))
    status = "flagged" if doubt and not base.reason else None
    reason = base.reason or (f"of the fractions before the dose {doubt}" if doubt else "")
    measure = "baseline_ratio" if course.is_ratio else "baseline_um"
    yield course.measurement(measure, base.mean, n=base.count, reason=reason, status=status)
    spread = base.reason or ("" if np.isfinite(base.cv_pct) else "a single fraction has no spread")
    yield course.measurement("baseline_cv_pct", base.cv_pct, n=base.count, reason=spread)


def _fraction_rows(course: Course, grid_min: float) -> Iterator[Measurement]:
    """Percent of baseline of each fraction, and the value of a ratio."""
    for fraction, point, share in zip(course.fractions, course.points, course.pct, strict=True):
        time_min = reported_min(fraction, grid_min)
        status = _doubted(point)
        if course.is_ratio:
            known = status if np.isfinite(point.value) else None
            yield course.measurement(
                "concentration_ratio", point.value, time_min=time_min, reason=point.reason, status=known
            )
        known = status if np.isfinite(share) else None
        why = point.reason if not np.isfinite(point.value) else course.baseline.reason or point.reason
        yield course.measurement("pct_baseline", share, time_min=time_min, reason=why, status=known)


def _area_rows(course: Course, settings: QuantifySettings) -> Iterator[Measurement]:
    windows = {"auc_pct_min": settings.auc_window_min, "auc_early_pct_min": settings.auc_early_window_min}
    for measure, window_min in windows.items():
        area, note, why = incremental_area(
            course.fractions,
            course.pct,
            window_min,
            missing_max_pct=settings.missing_max_pct,
            method=settings.auc_method,
            scatter_pct=course.baseline.cv_pct,
        )
        if not np.isfinite(area):
            yield course.measurement(measure, area, reason=course.baseline.reason or why)
            continue
        doubt, open_areas = _gaps_in_words(_gaps(course, window_min)), _uncertain(_within(course, window_min))
        words = [note, doubt and f"of the window's fractions {doubt}, interpolated", open_areas]
        text = "; ".join(filter(None, words))
        yield course.measurement(measure, area, reason=text, status="flagged" if text else None)


def _peak_rows(course: Course, window_min: tuple[float, float]) -> Iterator[Measurement]:
    peak, when = baseline_response.peak_of(course.fractions, course.pct, window_min)
    higher = [point for point in _gaps(course, window_min) if point.state in (calibration_lines.ABOVE, SATURATED)]
    why = "" if np.isfinite(peak) else course.baseline.reason or "no fraction after the dose holds a value"
    status = None
    if higher and np.isfinite(peak):
        status, why = "flagged", f"of the window's fractions {_gaps_in_words(higher)}: the peak may be higher"
    yield course.measurement("peak_pct_baseline", peak, reason=why, status=status)
    yield course.measurement("time_to_peak_min", when, reason=why, status=status)


def _within(course: Course, window_min: tuple[float, float]) -> list[Determination]:
    """Points of fractions that reach into the window."""
    first, last = window_min
    return [
        point
        for fraction, point in zip(course.fractions, course.points, strict=True)
        if fraction.stop_min > first and fraction.start_min < last
    ]


def _gaps(course: Course, window_min: tuple[float, float]) -> list[Determination]:
    """Points without a number of fractions that reach into the window."""
    return [point for point in _within(course, window_min) if not np.isfinite(point.value)]


def _gaps_in_words(points: Iterable[Determination]) -> str:
    """How many gaps there are of each named kind; '' where there is none."""
    states = [point.state for point in points if point.state in NAMED_GAPS and not np.isfinite(point.value)]
    return ", ".join(f"{states.count(state)} {words}" for state, words in NAMED_GAPS.items() if state in states)


def _uncertain(points: Iterable[Determination]) -> str:
    """How many fractions have a number whose area is uncertain; '' where none has."""
    count = sum(point.state == calibration_lines.UNCERTAIN for point in points)
    return f"{count} fractions {UNCERTAIN_IN_WORDS}" if count else ""


def fraction_table(
    animal: str, moved: list[Fraction], values: Determinations, region: str | None
) -> list[FractionResult]:
    """List what was determined in each fraction.

    Parameters
    ----------
    animal, region : str
        Whose fractions they are.
    moved : list of Fraction
        In brain time.
    values : dict of str to list of Determination
        By analyte, one per fraction.

    Returns
    -------
    list of FractionResult
        One per fraction and analyte.
    """
    return [
        FractionResult(
            recording=animal, animal=animal, region=region, fraction=fraction.name, start_min=fraction.start_min,
            stop_min=fraction.stop_min, lag_min=fraction.lag_min, kind=fraction.kind, merged=fraction.merged,
            flow_ul_per_min=fraction.flow_ul_per_min, chromatogram=fraction.chromatogram, analyte=analyte,
            concentration_um=points[index].value, state=points[index].state, reason=points[index].reason,
            dilution_factor=fraction.dilution_factor, recovery_pct=fraction.recovery_pct,
            injections=points[index].injections, injection_cv_pct=points[index].cv_pct,
        )
        for index, fraction in enumerate(moved)
        for analyte, points in values.items()
    ]  # fmt: skip


def from_table(
    rows: pd.DataFrame, rejected: Mapping[str, str], injections: pd.DataFrame
) -> tuple[list[Fraction], Determinations]:
    """Rebuild fractions and determinations from the published tables, without rejected chromatograms.

    Parameters
    ----------
    rows : data frame
        Rows of ``fractions.csv`` of one animal and region, in the order in which they were written.
    rejected : mapping of str to str
        The reason for each rejected chromatogram.
    injections : data frame
        Rows of ``injections.csv`` of the same animal and region.

    Returns
    -------
    fractions : list of Fraction
        In brain time; one whose chromatograms were all rejected counts as missed.
    values : dict of str to list of Determination
        By analyte, one per fraction: the mean of the injections that are left.
    """
    moved: list[Fraction] = []
    values: Determinations = {}
    records = _records(rows)
    repeats = _records(injections)
    for row in records:
        paths = str(row["chromatogram"] or "").split(PATHS_BY)
        taken_out = [path for path in paths if path in rejected]
        gone = len(taken_out) == len(paths)
        if row["analyte"] == records[0]["analyte"]:
            moved.append(_fraction(row, MISSED if gone else row["kind"], len(paths)))
        point = _point(row)
        if gone:
            point = Determination(np.nan, REJECTED, rejected[paths[0]])
        elif taken_out:
            left = [
                _point(one)
                for one in repeats
                if (one["fraction"], one["analyte"]) == (row["fraction"], row["analyte"])
                and one["recording"] not in rejected
            ]
            point = averaged(left) if left else point
        values.setdefault(row["analyte"] or "", []).append(point)
    return moved, values


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    plain = rows.astype(object).where(rows.notna(), None)
    return [{str(name): cell for name, cell in row.items()} for row in plain.to_dict("records")]


def _point(row: Mapping[str, Any]) -> Determination:
    value = np.nan if row["concentration_um"] is None else float(row["concentration_um"])
    return Determination(value, row["state"] or "", row["reason"] or "")


def _fraction(row: Mapping[str, Any], kind: str, injections: int) -> Fraction:
    return Fraction(
        name=str(row["fraction"]),
        start_min=float(row["start_min"]),
        stop_min=float(row["stop_min"]),
        kind=kind,
        merged=bool(row["merged"]),
        flow_ul_per_min=float(row["flow_ul_per_min"]),
        lag_min=float(row["lag_min"]),
        chromatogram=row["chromatogram"],
        recovery_pct=row.get("recovery_pct"),
        injections=injections,
    )
