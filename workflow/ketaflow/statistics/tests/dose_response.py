"""Dose response: the smallest dose that acts, and a curve where the doses can carry one.

Four doses hardly hold a curve of three or four parameters. A curve is printed only where every one of
these holds, else the reason why it is *not estimable*: more dose levels than parameters; dose explains
something (one-way anova over the doses at alpha); the half-effective dose lies between a tenth of the
smallest dose and the largest; and its confidence limits are less than a hundredfold apart.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from ketaflow.statistics.dataset import Cohort, EndpointTable
from ketaflow.statistics.model import DoseLevels, Endpoint, Line
from ketaflow.statistics.models.designs import Model
from ketaflow.statistics.tests import contrasts, dose_trends

WIDEST_INTERVAL = 100.0
BELOW_SMALLEST = 0.1


@dataclass(frozen=True)
class Curve:
    """A fitted curve: parameters (the last is the log of the half-effective dose), covariance, residual variance."""

    name: str
    parameters: np.ndarray
    covariance: np.ndarray
    rss: float
    df: int

    @property
    def sigma2(self) -> float:
        """Residual variance."""
        return self.rss / self.df


def response(table: EndpointTable, endpoint: Endpoint, known: Cohort, model: Model, *, alpha: float) -> list[Line]:
    """Lines of the dose-response table, for each drug with several doses."""
    if not table.treatment:
        return []
    lines = []
    for drug, levels in dose_trends.dose_series(table, known).items():
        found = list(_least_dose(model, table, levels, endpoint, alpha))
        means = dose_trends.within(table, levels).unit_means
        dose = means[table.treatment].map(levels).to_numpy(float)
        for name, fit in (("emax", fit_emax), ("four_parameter_logistic", fit_logistic)):
            found += list(_curve_lines(name, fit, dose, means["y"].to_numpy(), alpha))
        lines += [{"drug": drug, "unit": "mg/kg" if table.treatment == "arm" else ""} | line for line in found]
    return lines


def fit_emax(dose: np.ndarray, y: np.ndarray) -> Curve:
    """y = e0 + emax * dose / (ed50 + dose); parameters e0, emax, log ed50."""
    grid = _log_doses(dose)
    share = lambda log_ed50: dose / (np.exp(log_ed50) + dose)  # noqa: E731
    left = lambda log_ed50: _linear(share(log_ed50), y)[1]  # noqa: E731
    near, step = min(grid, key=left), grid[1] - grid[0]
    best = optimize.minimize_scalar(left, bounds=(near - step, near + step), method="bounded", options={"xatol": 1e-9})
    curve = lambda p: p[0] + p[1] * share(p[2])  # noqa: E731
    return _fitted("emax", curve, np.append(_linear(share(best.x), y)[0], best.x), y)


def fit_logistic(dose: np.ndarray, y: np.ndarray) -> Curve:
    """Four-parameter log-logistic: y = d + (c - d) * dose^b / (dose^b + e^b); parameters d, c - d, b, log e.

    d is the limit at no dose, c at a dose without bounds; b > 0 (Ritz et al. 2015, doi:10.1371/journal.pone.0146021).
    """
    with np.errstate(divide="ignore"):
        log_dose = np.log(dose)
    share = lambda at: 1 / (1 + np.exp(np.clip(-np.exp(at[0]) * (log_dose - at[1]), -700, 700)))  # noqa: E731
    grid = [[slope, value] for slope in np.log([0.5, 1, 2, 4, 8]) for value in _log_doses(dose)]
    found = _polished(min(grid, key=lambda at: _linear(share(at), y)[1]), share, y)
    curve = lambda p: p[0] + p[1] * share([np.log(max(p[2], 1e-12)), p[3]])  # noqa: E731
    found[2] = np.exp(found[2])
    return _fitted("four_parameter_logistic", curve, found, y)


def _log_doses(dose: np.ndarray) -> np.ndarray:
    """Where a half-effective dose is looked for."""
    positive = dose[dose > 0]
    return np.linspace(np.log(positive.min() / 10), np.log(positive.max()), 40)


def _linear(share: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Limits of a curve of known shape by least squares, and the sum of squares left."""
    centred, rise = share - share.mean(), y - y.mean()
    spread = centred @ centred
    slope = centred @ rise / spread if spread > 0 else 0.0
    left_over = rise - slope * centred
    return np.array([y.mean() - slope * share.mean(), slope]), float(left_over @ left_over)


def _polished(start: list[float], share: Callable, y: np.ndarray) -> np.ndarray:
    """Shape parameters at the least sum of squares, the limits solved for each: limits, then shape."""
    found = optimize.minimize(
        lambda at: _linear(share(at), y)[1], start, method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-14 * np.sum(y**2), "maxiter": 2000},
    )  # fmt: skip
    return np.concatenate([_linear(share(found.x), y)[0], found.x])


def _fitted(name: str, curve: Callable, parameters: np.ndarray, y: np.ndarray) -> Curve:
    """The curve with its covariance from the curvature of the sum of squares (central differences)."""
    moves = np.diag(1e-4 * np.maximum(np.abs(parameters), 0.1))

    def rss(at: np.ndarray) -> float:
        return float(np.sum((y - curve(at)) ** 2))

    hessian = np.empty((len(parameters),) * 2)
    for i, a in enumerate(moves):
        for j, b in enumerate(moves[: i + 1]):
            corners = (
                rss(parameters + a + b) - rss(parameters + a - b) - rss(parameters - a + b) + rss(parameters - a - b)
            )
            hessian[i, j] = hessian[j, i] = corners / (4 * a[i] * b[j])
    df = len(y) - len(parameters)
    return Curve(name, parameters, 2 * np.linalg.pinv(hessian) * rss(parameters) / max(df, 1), rss(parameters), df)


def _curve_lines(name: str, fit: Callable, dose: np.ndarray, y: np.ndarray, alpha: float) -> Iterable[Line]:
    parameters = 3 if name == "emax" else 4
    count = len(np.unique(dose))
    if count <= parameters:
        yield _not_estimable(name, f"{count} dose levels cannot hold a curve of {parameters} parameters")
        return
    if dose_p(dose, y) > alpha and len(np.unique(y)) > 1:
        yield _not_estimable(name, f"the doses do not differ (anova p = {dose_p(dose, y):.2g})")
        return
    curve = fit(dose, y)
    reason = _doubt(curve, dose, alpha)
    if reason:
        yield _not_estimable(name, reason)
        return
    bound = stats.t.ppf(1 - alpha / 2, curve.df)
    for parameter, value, gradient in _reported(curve):
        se = float(np.sqrt(max(gradient @ curve.covariance @ gradient, 0)))
        yield {
            "model": name, "parameter": parameter, "estimate": value, "se": se, "df": curve.df,
            "ci_low": value - bound * se,
            "ci_high": value + bound * se, "estimable": "yes",
        }  # fmt: skip
    yield {
        "model": name,
        "parameter": "residual_sd",
        "estimate": np.sqrt(curve.sigma2),
        "df": curve.df,
        "estimable": "yes",
    }
    yield _lack_of_fit(curve, dose, y)


def _reported(curve: Curve) -> Iterable[tuple[str, float, np.ndarray]]:
    """Name, value and gradient of what a curve is reported by; the half-effective dose on the dose's own scale."""
    unit = np.eye(len(curve.parameters))
    if curve.name == "emax":
        yield "e0", curve.parameters[0], unit[0]
        yield "emax", curve.parameters[1], unit[1]
        yield "ed50", np.exp(curve.parameters[2]), unit[2] * np.exp(curve.parameters[2])
        return
    control, change, slope, log_ed50 = curve.parameters
    yield "control_limit", control, unit[0]
    yield "top_dose_limit", control + change, unit[0] + unit[1]
    yield "slope", slope, unit[2]
    for share in (10, 50, 90):
        odds = np.log(share / (100 - share))
        value = np.exp(log_ed50 + odds / slope)
        yield f"ed{share}", value, value * (unit[3] - unit[2] * odds / slope**2)


def dose_p(dose: np.ndarray, y: np.ndarray) -> float:
    """p of the one-way anova over doses."""
    groups = [y[dose == level] for level in np.unique(dose)]
    within = sum(float(np.sum((group - group.mean()) ** 2)) for group in groups)
    df1, df2 = len(groups) - 1, len(y) - len(groups)
    between = float(np.sum((y - y.mean()) ** 2)) - within
    return float(special.fdtrc(df1, df2, between / df1 / (within / df2))) if within > 0 and df2 > 0 else 0.0


def _doubt(curve: Curve, dose: np.ndarray, alpha: float) -> str:
    """Why a curve cannot be trusted, or ``""``."""
    ed50, positive = np.exp(curve.parameters[-1]), dose[dose > 0]
    if not BELOW_SMALLEST * positive.min() * 1.001 < ed50 < positive.max() * 0.999:
        return "the half-effective dose lies outside the doses given"
    half = stats.t.ppf(1 - alpha / 2, curve.df) * np.sqrt(max(curve.covariance[-1, -1], 0))
    if 2 * half > np.log(WIDEST_INTERVAL):
        return f"the half-effective dose is uncertain by a factor of {np.exp(min(2 * half, 50)):.2g}"
    return ""


def _lack_of_fit(curve: Curve, dose: np.ndarray, y: np.ndarray) -> Line:
    """F test of the curve against a mean of its own for each dose."""
    levels = np.unique(dose)
    pure = sum(float(np.sum((y[dose == level] - y[dose == level].mean()) ** 2)) for level in levels)
    df1, df2 = len(levels) - len(curve.parameters), len(y) - len(levels)
    p = float(stats.f.sf((curve.rss - pure) / df1 / (pure / df2), df1, df2)) if pure > 0 and df2 > 0 else np.nan
    note = "p that the dose means depart from the curve by chance"
    return {
        "model": curve.name,
        "parameter": "lack_of_fit_p",
        "estimate": p,
        "df": df2,
        "estimable": "yes",
        "note": note,
    }


def _not_estimable(name: str, reason: str) -> Line:
    return {"model": name, "parameter": "ed50", "estimable": "no", "note": f"not estimable: {reason}"}


def _least_dose(
    model: Model, table: EndpointTable, levels: DoseLevels, endpoint: Endpoint, alpha: float
) -> Iterable[Line]:
    """The smallest effective dose, stepping down from the largest while each dose differs from the control.

    A fixed sequence, each step at the full alpha (Tamhane, Hochberg & Dunnett 1996, doi:10.2307/2533142); it presumes
    that more does not do less.
    """
    control, *doses = levels
    least, told, reached = np.nan, [], 0.0
    base = model.mean(**{table.treatment: control})
    for level in reversed(doses):
        part = model.fit.estimate(model.mean(**{table.treatment: level}) - base)
        p = float(contrasts.tail(np.array(part.value / part.se), np.array(part.df), endpoint.alternative))
        reached = max(reached, p)
        told.append(f"{levels[level]:g}: p = {reached:.3g}")
        if reached > alpha:
            break
        least = levels[level]
    none = "" if np.isfinite(least) else "no dose differed from the control; "
    yield {
        "model": "step-down", "parameter": "minimum_effective_dose", "estimate": least,
        "estimable": "yes" if np.isfinite(least) else "no",
        "note": none + "from the largest dose down, " + ", ".join(told),
    }  # fmt: skip
