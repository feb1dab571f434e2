"""Dose response: the smallest effective dose, and a curve where the doses support one.

In: animals' means of one endpoint and their doses. Out: rows of the dose-response table, and the curve with its band.

Four doses barely identify a curve of three or four parameters. A curve is therefore reported only if all of these hold,
otherwise the reason why it is *not estimable*: there are more dose levels than parameters; the doses differ (one-way
anova at alpha); the ED50 lies between a tenth of the smallest dose and the largest; and its profile-likelihood interval
has two limits, less than a hundredfold apart. The ED50 is fitted on the log scale, so that its interval is positive.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from ketaflow.statistics.adapters.lmfit_adapter import CurveFit
from ketaflow.statistics.dataset import Analysis, EndpointTable
from ketaflow.statistics.model import DoseLevels
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.results.rows import DoseCurveRow, DoseResponseRow
from ketaflow.statistics.tests import contrasts, dose_curves, dose_trends
from ketaflow.statistics.tests.dose_curves import Shape

# Largest ratio of the limits of an ED50 that is still reported; ketaflow's choice.
WIDEST_INTERVAL_RATIO = 100.0
# Points at which a fitted curve and its band are tabulated.
CURVE_POINTS = 61


@dataclass(frozen=True)
class Parameter:
    """A reported quantity of a curve: estimate, standard error (delta method), limits and unit."""

    name: str
    estimate: float
    se: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Units:
    """Units of the dose and of the response on the scale of the analysis."""

    dose: str
    response: str


def response(analysis: Analysis, model: Model) -> tuple[list[DoseResponseRow], list[DoseCurveRow]]:
    """Analyse the dose response of each drug with several doses.

    Parameters
    ----------
    analysis : Analysis
        The endpoint and its rows.
    model : Model
        The fitted model, for the smallest effective dose.

    Returns
    -------
    list of DoseResponseRow
        The smallest effective dose, and the parameters of each curve or the reason why it is not estimable.
    list of DoseCurveRow
        Each estimable curve at a grid of doses, with the pointwise confidence band of the mean response,
        estimate ± t x SE (delta method).
    """
    table = analysis.table
    rows: list[DoseResponseRow] = []
    points: list[DoseCurveRow] = []
    if not table.treatment:
        return rows, points
    dose_unit = "mg/kg" if table.treatment == "arm" else ""
    scale, unit = analysis.endpoint.scale, table.measure.unit
    units = Units(dose_unit, unit if scale == "identity" else f"{scale} {unit}".strip())
    for drug, levels in dose_trends.dose_series(table, analysis.cohort).items():
        found = [_smallest_effective_dose(levels, analysis, model, units)]
        dose, y = _animals(table, levels)
        for shape in dose_curves.SHAPES:
            curve, band = _curve_rows(shape, dose, y, analysis.alpha, units)
            found += curve
            points += [replace(point, drug=drug) for point in band]
        rows += [replace(row, drug=drug) for row in found]
    return rows, points


def dose_p(dose: np.ndarray, y: np.ndarray) -> float:
    """Test the differences between doses by one-way anova.

    Parameters
    ----------
    dose : (n_animals,) float
        Dose of each animal (mg/kg).
    y : (n_animals,) float
        Animals' means on the scale of the analysis.

    Returns
    -------
    float
        Value of p; 0 where the residuals have no variance or no degrees of freedom.
    """
    groups = [y[dose == level] for level in np.unique(dose)]
    if len(y) <= len(groups) or all(np.ptp(group) == 0 for group in groups):
        return 0.0
    return float(stats.f_oneway(*groups).pvalue)


def _animals(table: EndpointTable, levels: DoseLevels) -> tuple[np.ndarray, np.ndarray]:
    """Dose and mean of each animal in a series."""
    means = dose_trends.series_table(table, levels).unit_means
    return dose_trends.doses_of(means[table.treatment], levels), means["y"].to_numpy(float)


def _curve_rows(
    shape: Shape, dose: np.ndarray, y: np.ndarray, alpha: float, units: Units
) -> tuple[list[DoseResponseRow], list[DoseCurveRow]]:
    """Rows and points of one curve, or the reason why it is not estimable and no points."""
    reason = (
        _not_supported(shape, dose, y, alpha)
        or _outside(dose_curves.fit(shape, dose, y), dose)
        or _too_wide(dose_curves.fitted(shape, dose, y, alpha, ["log_ed50"]), alpha)
    )
    if reason:
        row = DoseResponseRow(model=shape.name, parameter="ed50", estimable="no", unit=units.dose)
        return [replace(row, note=f"not estimable: {reason}")], []
    whole = dose_curves.fitted(shape, dose, y, alpha)
    common = DoseResponseRow(model=shape.name, df=whole.df, estimable="yes")
    rows = [
        replace(
            common, parameter=each.name, estimate=each.estimate, se=each.se, ci_low=each.low, ci_high=each.high,
            unit=each.unit,
        )
        for each in _reported(whole, alpha, units)
    ]  # fmt: skip
    sd = float(np.sqrt(whole.residual_variance))
    rows.append(replace(common, parameter="residual_sd", estimate=sd, unit=units.response))
    p, df = _lack_of_fit(whole, dose, y)
    note = "F test of the curve against a separate mean at each dose"
    rows.append(replace(common, parameter="lack_of_fit_p", estimate=p, df=df, note=note))
    return rows, list(_band(shape, whole, dose, alpha))


def _not_supported(shape: Shape, dose: np.ndarray, y: np.ndarray, alpha: float) -> str:
    """Why these doses and values cannot support a curve, before any fit; ``""`` if they can."""
    levels = len(np.unique(dose))
    if levels <= shape.parameters:
        return f"{levels} dose levels cannot identify a curve of {shape.parameters} parameters"
    p = dose_p(dose, y)
    if p > alpha and len(np.unique(y)) > 1:
        return f"the doses do not differ (anova p = {p:.2g})"
    return ""


def _outside(fit: CurveFit, dose: np.ndarray) -> str:
    """Why the ED50 is not reported, or ``""``."""
    log_ed50, positive = fit.parameters[-1], dose[dose > 0]
    inside = (
        np.log(dose_curves.SMALLEST_ED50_SHARE * positive.min() * 1.001) < log_ed50 < np.log(positive.max() * 0.999)
    )
    return "" if inside else "the ED50 lies outside the doses given"


def _too_wide(fit: CurveFit, alpha: float) -> str:
    """Why the interval of the ED50 is not reported, or ``""``."""
    low, high = fit.intervals["log_ed50"]
    if not np.isfinite(low) or not np.isfinite(high):
        missing = [name for name, limit in (("lower", low), ("upper", high)) if not np.isfinite(limit)]
        return f"the ED50 has no {' and no '.join(missing)} {1 - alpha:.0%} limit (profile likelihood)"
    if high - low > np.log(WIDEST_INTERVAL_RATIO):
        return f"the limits of the ED50 are {np.exp(min(high - low, 50)):.2g}-fold apart (profile likelihood)"
    return ""


def _reported(fit: CurveFit, alpha: float, units: Units) -> Iterator[Parameter]:
    """Reported quantities of a curve: profile limits, and limits on the log scale for derived doses."""
    unit, index = np.eye(len(fit.names)), {name: i for i, name in enumerate(fit.names)}

    def profile(name: str, called: str, of: str) -> Parameter:
        value, limits = fit.parameters[index[name]], np.array(fit.intervals[name])
        se = _delta_se(fit, unit[index[name]])
        if name.startswith("log_"):
            value, limits, se = np.exp(value), np.exp(limits), np.exp(value) * se
        return Parameter(called, float(value), float(se), float(limits[0]), float(limits[1]), of)

    if fit.names[0] == "e0":
        yield profile("e0", "e0", units.response)
        yield profile("emax", "emax", units.response)
        yield profile("log_ed50", "ed50", units.dose)
        return
    control, change, log_slope, log_ed50 = fit.parameters
    slope, half_width = np.exp(log_slope), stats.t.ppf(1 - alpha / 2, fit.df)
    yield profile("control_limit", "control_limit", units.response)
    top, top_se = control + change, _delta_se(fit, unit[0] + unit[1])
    yield Parameter("top_dose_limit", top, top_se, top - half_width * top_se, top + half_width * top_se, units.response)
    yield profile("log_slope", "slope", "")
    for share in (10, 50, 90):
        odds = np.log(share / (100 - share))
        log_dose = log_ed50 + odds / slope
        log_se = _delta_se(fit, unit[3] - unit[2] * odds / slope)
        dose = float(np.exp(log_dose))
        low, high = np.exp(log_dose - half_width * log_se), np.exp(log_dose + half_width * log_se)
        if share == 50:
            low, high = np.exp(fit.intervals["log_ed50"])
        yield Parameter(f"ed{share}", dose, dose * log_se, float(low), float(high), units.dose)


def _delta_se(fit: CurveFit, gradient: np.ndarray) -> float:
    return float(np.sqrt(max(gradient @ fit.covariance @ gradient, 0)))


def _band(shape: Shape, fit: CurveFit, dose: np.ndarray, alpha: float) -> Iterator[DoseCurveRow]:
    """Points of the curve from no dose to the largest dose given, evenly spaced."""
    at = np.linspace(0, dose.max(), CURVE_POINTS)
    values = dict(zip(fit.names, fit.parameters, strict=True))
    mean = shape.curve(at, **values)
    steps = 1e-5 * np.maximum(np.abs(fit.parameters), 0.1)

    def moved(name: str, step: float) -> np.ndarray:
        return shape.curve(at, **values | {name: values[name] + step})

    gradient = np.array([
        (moved(name, step) - moved(name, -step)) / (2 * step) for name, step in zip(fit.names, steps, strict=True)
    ])  # fmt: skip
    half = stats.t.ppf(1 - alpha / 2, fit.df) * np.sqrt(np.einsum("in,ij,jn->n", gradient, fit.covariance, gradient))
    for point, value, width in zip(at, mean, half, strict=True):
        yield DoseCurveRow(
            model=shape.name, dose=float(point), estimate=float(value), ci_low=value - width, ci_high=value + width
        )


def _lack_of_fit(fit: CurveFit, dose: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """p and denominator df of the F test of the curve against a separate mean at each dose."""
    levels = np.unique(dose)
    pure = sum(float(np.sum((y[dose == level] - y[dose == level].mean()) ** 2)) for level in levels)
    df1, df2 = len(levels) - len(fit.parameters), len(y) - len(levels)
    if pure <= 0 or df2 <= 0:
        return np.nan, df2
    return float(stats.f.sf((fit.rss - pure) / df1 / (pure / df2), df1, df2)), df2


def _smallest_effective_dose(levels: DoseLevels, analysis: Analysis, model: Model, units: Units) -> DoseResponseRow:
    """Step down from the largest dose while each dose differs from the control.

    A fixed sequence, each step at the full alpha (Tamhane, Hochberg & Dunnett 1996, doi:10.2307/2533142). It assumes
    that a larger dose does not act less.
    """
    treatment = analysis.table.treatment
    control, *doses = levels
    least, steps, reached = np.nan, [], 0.0
    base = model.mean(**{treatment: control})
    for level in reversed(doses):
        part = model.fit.estimate(model.mean(**{treatment: level}) - base)
        t, df = np.array(part.value / part.se), np.array(part.df)
        reached = max(reached, float(contrasts.tail(t, df, analysis.endpoint.alternative)))
        steps.append(f"{levels[level]:g}: p = {reached:.3g}")
        if reached > analysis.alpha:
            break
        least = levels[level]
    found = bool(np.isfinite(least))
    note = f"{'' if found else 'no dose differed from the control; '}from the largest dose down, {', '.join(steps)}"
    return DoseResponseRow(
        model="step-down", parameter="minimum_effective_dose", estimate=least, unit=units.dose,
        estimable="yes" if found else "no", note=note,
    )  # fmt: skip
