"""One animal's course: concentrations in brain time, and all that is computed from every fraction together.

Computed here so that it can be computed twice: when the animal is measured, and anew when a reviewer has rejected one
of its chromatograms.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ketaflow.assays.microdialysis.analytes import RATIOS, canonical
from ketaflow.assays.microdialysis.calibration import calibration_lines
from ketaflow.assays.microdialysis.response import baseline_response
from ketaflow.assays.microdialysis.response.auc import incremental_area
from ketaflow.assays.microdialysis.response.brain_time import MISSED, Fraction, reported_min
from ketaflow.core.measures import measurement

# (uM or NaN, state, reason) of every fraction, by analyte.
Values = dict[str, list[tuple[float, str, str]]]
SATURATED, FAILED, REJECTED = "saturated", "failed", "rejected"
# Gaps that are told with what is computed across them: the tube held what hides its number, or a reviewer took it out.
TOLD = {
    calibration_lines.BELOW: "below the limit",
    calibration_lines.ABSENT: "not found",
    calibration_lines.ABOVE: "above the range",
    SATURATED: "saturated",
    REJECTED: "rejected by a reviewer",
}


def numbers(values: list[tuple[float, str, str]]) -> np.ndarray:
    """(fractions,) concentrations, NaN where there is none."""
    return np.array([value for value, _, _ in values], float)


def with_ratios(values: Values) -> Values:
    """The values, and beside them the ratios glutamate/glutamine and GABA/glutamate."""
    named = {canonical(name): name for name in values}
    ratios = {
        f"{top}/{bottom}": [_ratio(above, below) for above, below in pairs(values, named[top], named[bottom])]
        for top, bottom in RATIOS
        if top in named and bottom in named
    }
    return values | ratios


def pairs(values: Values, top: str, bottom: str) -> Iterable[tuple]:
    """Both analytes' points, fraction by fraction, each with its name."""
    for above, below in zip(values[top], values[bottom], strict=True):
        yield (top, *above), (bottom, *below)


def _ratio(above: tuple, below: tuple) -> tuple[float, str, str]:
    for name, value, state, reason in (above, below):
        if not np.isfinite(value):
            return np.nan, state, f"{name}: {reason}"
    states = {state for _, _, state, _ in (above, below)} - {calibration_lines.OK}
    return above[1] / below[1], (states or {calibration_lines.OK}).pop(), ""


def response_rows(animal: str, moved: list[Fraction], values: Values, region: str | None, settings: dict) -> list[dict]:
    """Baseline, percent of it, area, peak and time to peak of every analyte and ratio."""
    rows = []
    for analyte, points in with_ratios(values).items():
        about = {"animal": animal, "recording": animal, "region": region, "analyte": analyte}
        series = numbers(points)
        base = baseline_response.baseline_of(
            moved, series, count=settings["baseline_fractions"], least=settings["baseline_min_fractions"]
        )
        pct = 100 * series / base.mean
        rows += _baseline_rows(base, moved, points, about, settings["baseline_fractions"])
        rows += _fraction_rows(moved, points, pct, base.reason, about, settings["time_grid_min"])
        rows += _area_rows(moved, points, pct, base, about, settings)
        rows += _peak_rows(moved, points, pct, base.reason, about, settings)
    return rows


def _baseline_rows(
    base: baseline_response.Baseline, moved: list[Fraction], points: list, about: dict, count: int
) -> Iterable[dict]:
    unit = "ratio" if "/" in about["analyte"] else "uM"
    last = baseline_response.before_dose(moved)[-count:]
    doubt = _told([points[index] for index in last if not np.isfinite(points[index][0])])
    status = "flagged" if doubt and not base.reason else None
    reason = base.reason or (f"of the fractions before the dose {doubt}: the mean is of the others" if doubt else "")
    yield measurement("baseline_um", base.mean, unit=unit, n=base.count, reason=reason, status=status, **about)
    spread = base.reason or ("" if np.isfinite(base.cv_pct) else "a single fraction has no spread")
    yield measurement("baseline_cv_pct", base.cv_pct, unit="%", n=base.count, reason=spread, **about)


def _fraction_rows(
    moved: list[Fraction], points: list, pct: np.ndarray, no_baseline: str, about: dict, grid_min: float
) -> Iterable[dict]:
    """Percent of baseline of each fraction, and a ratio as itself."""
    for fraction, (value, state, reason), share in zip(moved, points, pct, strict=True):
        time_min = reported_min(fraction, grid_min)
        status = "flagged" if state == calibration_lines.ABOVE else None
        if "/" in about["analyte"]:
            known = status if np.isfinite(value) else None
            yield measurement(
                "concentration_ratio", value, unit="ratio", time_min=time_min, reason=reason, status=known, **about
            )
        known = status if np.isfinite(share) else None
        why = reason if not np.isfinite(value) else no_baseline or reason
        yield measurement("pct_baseline", share, unit="%", time_min=time_min, reason=why, status=known, **about)


def _area_rows(
    moved: list[Fraction], points: list, pct: np.ndarray, base: baseline_response.Baseline, about: dict, settings: dict
) -> Iterable[dict]:
    wanted = {
        "missing_max_pct": settings["missing_max_pct"],
        "method": settings["auc_method"],
        "scatter_pct": base.cv_pct,
    }
    for measure, window in (("auc_pct_min", "auc_window_min"), ("auc_early_pct_min", "auc_early_window_min")):
        area, note, why = incremental_area(moved, pct, tuple(settings[window]), **wanted)
        if not np.isfinite(area):
            yield measurement(measure, area, unit="% x min", reason=base.reason or why, **about)
            continue
        doubt = _told(_gaps(moved, points, settings[window]))
        text = "; ".join(filter(None, [note, doubt and f"of the window's fractions {doubt}, interpolated"]))
        yield measurement(measure, area, unit="% x min", reason=text, status="flagged" if text else None, **about)


def _peak_rows(
    moved: list[Fraction], points: list, pct: np.ndarray, no_baseline: str, about: dict, settings: dict
) -> Iterable[dict]:
    window = settings["auc_window_min"]
    peak, when = baseline_response.peak_of(moved, pct, tuple(window))
    higher = [point for point in _gaps(moved, points, window) if point[1] in (calibration_lines.ABOVE, SATURATED)]
    why = "" if np.isfinite(peak) else no_baseline or "no fraction after the dose holds a value"
    status = None
    if higher and np.isfinite(peak):
        status, why = "flagged", f"of the window's fractions {_told(higher)}: the peak may be higher"
    yield measurement("peak_pct_baseline", peak, unit="%", reason=why, status=status, **about)
    yield measurement("time_to_peak_min", when, unit="min", reason=why, status=status, **about)


def _gaps(moved: list[Fraction], points: list, window_min: list[float]) -> list[tuple[float, str, str]]:
    """Points without a number of fractions that reach into the window."""
    first, last = window_min
    return [
        point
        for fraction, point in zip(moved, points, strict=True)
        if fraction.stop_min > first and fraction.start_min < last and not np.isfinite(point[0])
    ]


def _told(points: list[tuple[float, str, str]]) -> str:
    """How many points are without a number for a reason worth telling, in words; '' where none is."""
    states = [state for _, state, _ in points if state in TOLD]
    return ", ".join(f"{states.count(state)} {words}" for state, words in TOLD.items() if state in states)


def fraction_table(animal: str, moved: list[Fraction], values: Values, region: str | None) -> list[dict]:
    """One row per fraction and analyte, in brain time."""
    return [
        {
            "recording": animal, "animal": animal, "region": region, "fraction": fraction.name,
            "start_min": fraction.start_min, "stop_min": fraction.stop_min, "lag_min": fraction.lag_min,
            "kind": fraction.kind, "merged": fraction.merged, "flow_ul_per_min": fraction.flow_ul_per_min,
            "chromatogram": fraction.row.get("chromatogram"), "analyte": analyte,
            "concentration_um": points[index][0], "state": points[index][1], "reason": points[index][2],
        }
        for index, fraction in enumerate(moved)
        for analyte, points in values.items()
    ]  # fmt: skip


def from_table(rows: pd.DataFrame, rejected: Mapping[str, str]) -> tuple[list[Fraction], Values]:
    """Fractions and values of one animal and region out of the table, without those whose chromatogram was rejected.

    ``rejected`` gives the reason for each rejected chromatogram.
    """
    moved, values = [], {}
    rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    for row in rows:
        path = row["chromatogram"]
        taken_out = path in rejected
        if row["analyte"] == rows[0]["analyte"]:
            moved.append(_fraction(row, MISSED if taken_out else row["kind"]))
        value = np.nan if row["concentration_um"] is None else float(row["concentration_um"])
        point = (np.nan, REJECTED, rejected[path]) if taken_out else (value, row["state"] or "", row["reason"] or "")
        values.setdefault(row["analyte"] or "", []).append(point)
    return moved, values


def _fraction(row: dict, kind: str) -> Fraction:
    times = {name: float(row[name]) for name in ("start_min", "stop_min", "lag_min", "flow_ul_per_min")}
    return Fraction(name=str(row["fraction"]), kind=kind, merged=bool(row["merged"]), row=row, **times)
