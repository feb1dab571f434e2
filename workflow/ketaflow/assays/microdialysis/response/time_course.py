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
from ketaflow.assays.microdialysis.model import Determination, FractionResult, QuantifySettings
from ketaflow.assays.microdialysis.response import baseline_response
from ketaflow.assays.microdialysis.response.auc import incremental_area
from ketaflow.assays.microdialysis.response.baseline_response import Baseline
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction, reported_min
from ketaflow.core.results import Measurement, measurement

# What was determined in every fraction, by analyte.
Determinations = dict[str, list[Determination]]
SATURATED, FAILED, REJECTED = "saturated", "failed", "rejected"
# Gaps that are named beside a value computed across them: the fraction held a concentration that is not known, or a
# reviewer took it out.
NAMED_GAPS = {
    calibration_lines.BELOW: "below the limit",
    calibration_lines.ABSENT: "not found",
    calibration_lines.ABOVE: "above the range",
    SATURATED: "saturated",
    REJECTED: "rejected by a reviewer",
}


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
        states = {above.state, below.state} - {calibration_lines.OK}
        made.append(Determination(above.value / below.value, (states or {calibration_lines.OK}).pop(), ""))
    return made


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
    doubt = _gaps_in_words([course.points[index] for index in last if not np.isfinite(course.points[index].value)])
    status = "flagged" if doubt and not base.reason else None
    reason = base.reason or (f"of the fractions before the dose {doubt}: the mean is of the others" if doubt else "")
    measure = "baseline_ratio" if course.is_ratio else "baseline_um"
    yield course.measurement(measure, base.mean, n=base.count, reason=reason, status=status)
    spread = base.reason or ("" if np.isfinite(base.cv_pct) else "a single fraction has no spread")
    yield course.measurement("baseline_cv_pct", base.cv_pct, n=base.count, reason=spread)


def _fraction_rows(course: Course, grid_min: float) -> Iterator[Measurement]:
    """Percent of baseline of each fraction, and the value of a ratio."""
    for fraction, point, share in zip(course.fractions, course.points, course.pct, strict=True):
        time_min = reported_min(fraction, grid_min)
        status = "flagged" if point.state == calibration_lines.ABOVE else None
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
        doubt = _gaps_in_words(_gaps(course, window_min))
        text = "; ".join(filter(None, [note, doubt and f"of the window's fractions {doubt}, interpolated"]))
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


def _gaps(course: Course, window_min: tuple[float, float]) -> list[Determination]:
    """Points without a number of fractions that reach into the window."""
    first, last = window_min
    return [
        point
        for fraction, point in zip(course.fractions, course.points, strict=True)
        if fraction.stop_min > first and fraction.start_min < last and not np.isfinite(point.value)
    ]


def _gaps_in_words(points: Iterable[Determination]) -> str:
    """How many gaps there are of each named kind; '' where there is none."""
    states = [point.state for point in points if point.state in NAMED_GAPS]
    return ", ".join(f"{states.count(state)} {words}" for state, words in NAMED_GAPS.items() if state in states)


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
        )
        for index, fraction in enumerate(moved)
        for analyte, points in values.items()
    ]  # fmt: skip


def from_table(rows: pd.DataFrame, rejected: Mapping[str, str]) -> tuple[list[Fraction], Determinations]:
    """Rebuild fractions and determinations from the table of fractions, without rejected chromatograms.

    Parameters
    ----------
    rows : data frame
        Rows of ``fractions.csv`` of one animal and region, in the order in which they were written.
    rejected : mapping of str to str
        The reason for each rejected chromatogram.

    Returns
    -------
    fractions : list of Fraction
        In brain time; one whose chromatogram was rejected counts as missed.
    values : dict of str to list of Determination
        By analyte, one per fraction.
    """
    moved: list[Fraction] = []
    values: Determinations = {}
    records: list[dict[str, Any]] = [
        {str(name): cell for name, cell in row.items()}
        for row in rows.astype(object).where(rows.notna(), None).to_dict("records")
    ]
    for row in records:
        path = row["chromatogram"]
        taken_out = path in rejected
        if row["analyte"] == records[0]["analyte"]:
            moved.append(_fraction(row, MISSED if taken_out else row["kind"]))
        value = np.nan if row["concentration_um"] is None else float(row["concentration_um"])
        point = Determination(value, row["state"] or "", row["reason"] or "")
        if taken_out:
            point = Determination(np.nan, REJECTED, rejected[path])
        values.setdefault(row["analyte"] or "", []).append(point)
    return moved, values


def _fraction(row: Mapping[str, Any], kind: str) -> Fraction:
    return Fraction(
        name=str(row["fraction"]),
        start_min=float(row["start_min"]),
        stop_min=float(row["stop_min"]),
        kind=kind,
        merged=bool(row["merged"]),
        flow_ul_per_min=float(row["flow_ul_per_min"]),
        lag_min=float(row["lag_min"]),
        chromatogram=row["chromatogram"],
    )
