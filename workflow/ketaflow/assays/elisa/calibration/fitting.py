"""Fit of a logistic curve to the standards by weighted least squares.

Weights follow the measured responses, as usual; in the search of outliers they follow the fitted ones, since one well
without substrate would get ten thousand times the weight of the others. ``a`` and ``d`` enter linearly, so that the
start is the best point of a grid of inflections and slopes and does not depend on guesses.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import special
from scipy.optimize import least_squares

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.calibration import logistic
from ketaflow.assays.elisa.calibration.curve import Curve, CurveKind, Weighting


@dataclass(frozen=True)
class Standards:
    """Wells of known concentration.

    Attributes
    ----------
    x : (n_wells,) float
        Concentrations (pg/ml); zero for blanks.
    y : (n_wells,) float
        Responses, all finite.
    """

    x: np.ndarray
    y: np.ndarray

    def kept(self, mask: np.ndarray) -> "Standards":
        """Select wells.

        Parameters
        ----------
        mask : (n_wells,) bool
            True for the wells to keep.

        Returns
        -------
        Standards
            The chosen wells, in their order.
        """
        return Standards(self.x[mask], self.y[mask])


class Outlier(NamedTuple):
    """Wells that do not belong to the curve of the others: their places, and the probability of their deviation."""

    places: tuple[int, ...]
    probability: float


def fitted(standards: Standards, kind: CurveKind, weighting: Weighting, start: Curve | None = None) -> Curve | None:
    """Fit a curve to all wells, with weights by their responses.

    Parameters
    ----------
    standards : Standards
        At least one level above zero more than parameters.
    kind : {"4pl", "5pl"}
        Number of parameters.
    weighting : {"none", "1/y", "1/y2"}
        Weights by the response.
    start : Curve, optional
        A curve close to the result, instead of a search.

    Returns
    -------
    Curve or None
        None with too few levels, or where the responses do not change with the concentration.
    """
    if not _suffice(standards, kind):
        return None
    curve = start or _start(standards, kind, weighting)
    return _with_covariance(_polished(curve, standards, standards.y), standards)


def robust(standards: Standards, kind: CurveKind, weighting: Weighting, start: Curve | None = None) -> Curve | None:
    """Fit with weights by the fitted responses, for the search of outliers: a low outlier gets no extra weight.

    Parameters
    ----------
    standards, kind, weighting, start
        As for ``fitted``.

    Returns
    -------
    Curve or None
        As from ``fitted``.
    """
    if not _suffice(standards, kind):
        return None
    curve = start or _start(standards, kind, weighting)
    size = logistic.response(curve, standards.x) if start else _level_means(standards)
    for _ in range(constants.REWEIGHTING_PASSES):
        curve, before = _polished(curve, standards, size), size
        size = logistic.response(curve, standards.x)
        if np.allclose(size, before, rtol=1e-6):
            break
    return _with_covariance(curve, standards)


def _level_means(standards: Standards) -> np.ndarray:
    """Mean response of the level of each well."""
    _, place = np.unique(standards.x, return_inverse=True)
    return np.asarray((np.bincount(place, standards.y) / np.bincount(place))[place])


def _suffice(standards: Standards, kind: CurveKind) -> bool:
    """Whether there are enough levels above zero, and responses that change."""
    levels = np.unique(standards.x[standards.x > 0])
    return len(levels) >= constants.PARAMETERS[kind] + constants.SPARE_LEVELS and bool(np.ptp(standards.y) > 0)


def _start(standards: Standards, kind: CurveKind, weighting: Weighting) -> Curve:
    """Best point of a grid of inflections and slopes, with the linear parameters solved for each point."""
    x, y = standards.x, standards.y
    floor = constants.RESPONSE_FLOOR * float(np.abs(y).max())
    empty = Curve(0.0, 1.0, 1.0, 1.0, 1.0, np.zeros((constants.PARAMETERS[kind],) * 2), np.nan, 0, weighting, floor)
    weight = 1 / logistic.variance_scale(empty, _level_means(standards))
    log_c = np.linspace(np.log(x[x > 0].min()), np.log(x.max()), constants.START_INFLECTIONS)
    grid = np.stack(np.meshgrid(log_c, constants.START_SLOPES, indexing="ij"), axis=-1).reshape(-1, 2)
    fall = logistic.shape(x[None, :], grid[:, :1], grid[:, 1:], 1.0)
    total = weight.sum()
    mean_fall, mean_y = fall @ weight / total, float(y @ weight / total)
    centred, rest = fall - mean_fall[:, None], y - mean_y
    spread = (centred**2) @ weight
    with np.errstate(all="ignore"):
        span = np.where(spread > 1e-12 * total, (centred * rest) @ weight / spread, 0.0)
    squares = ((rest - span[:, None] * centred) ** 2) @ weight
    best = int(np.argmin(squares))
    d = mean_y - span[best] * mean_fall[best]
    inflection, b = grid[best]
    return replace(empty, a=float(d + span[best]), b=float(b), c=float(np.exp(inflection)), d=float(d))


def _polished(start: Curve, standards: Standards, size: np.ndarray) -> Curve:
    """Least squares with the weights of responses of a size."""
    x, y, n_parameters = standards.x, standards.y, len(start.covariance)
    root = 1 / np.sqrt(logistic.variance_scale(start, size))
    unit = float(np.ptp(y))

    def at(theta: np.ndarray) -> Curve:
        g = float(np.exp(theta[4])) if n_parameters == 5 else start.g
        return replace(
            start, a=theta[0] * unit, d=theta[1] * unit, c=float(np.exp(theta[2])), b=float(np.exp(theta[3])), g=g
        )

    def residuals(theta: np.ndarray) -> np.ndarray:
        return np.asarray(root * (logistic.response(at(theta), x) - y))

    def jacobian(theta: np.ndarray) -> np.ndarray:
        made = root[:, None] * logistic.gradient(at(theta), x, n_parameters)
        made[:, :2] *= unit
        return np.asarray(made)

    lowest, highest = np.log(x[x > 0].min()), np.log(x.max())
    far, (least, most) = np.log(constants.INFLECTION_BEYOND_FACTOR), np.log(constants.SHAPE_LIMITS)
    low = [-np.inf, -np.inf, lowest - far, least, least][:n_parameters]
    high = [np.inf, np.inf, highest + far, most, most][:n_parameters]
    theta = np.array([start.a / unit, start.d / unit, np.log(start.c), np.log(start.b), np.log(start.g)][:n_parameters])
    theta = np.clip(theta, np.array(low) + 1e-6, np.array(high) - 1e-6)
    found = least_squares(residuals, theta, jacobian, (low, high), x_scale="jac", ftol=1e-10, xtol=1e-10, gtol=1e-10)
    curve = at(found.x)
    return replace(curve, a=float(curve.a), d=float(curve.d))


def _with_covariance(curve: Curve, standards: Standards) -> Curve:
    n_parameters = len(curve.covariance)
    on_curve = logistic.response(curve, standards.x)
    root = 1 / np.sqrt(logistic.variance_scale(curve, on_curve))
    df = len(standards.x) - n_parameters
    variance = float(((root * (standards.y - on_curve)) ** 2).sum() / df) if df > 0 else np.nan
    design = root[:, None] * logistic.gradient(curve, standards.x, n_parameters)
    covariance = np.linalg.pinv(design.T @ design) * variance
    return replace(curve, covariance=covariance, residual_sd=float(np.sqrt(variance)), df=df)


def outlier(curve: Curve, standards: Standards) -> Outlier | None:
    """Find the well or level whose deletion improves the fit most.

    Parameters
    ----------
    curve : Curve
        Fitted to these wells.
    standards : Standards
        The wells.

    Returns
    -------
    Outlier or None
        The one with the smallest probability (F test of a shift of its mean [1]_, times the number of wells and levels
        tested), whatever that is; None without degrees of freedom.

    References
    ----------
    .. [1] Cook and Weisberg (1982), Residuals and Influence in Regression, ISBN 978-0412242809
    """
    x = standards.x
    on_curve = logistic.response(curve, x)
    root = 1 / np.sqrt(logistic.variance_scale(curve, on_curve))
    rest = root * (standards.y - on_curve)
    design = root[:, None] * logistic.gradient(curve, x, len(curve.covariance))
    free = np.eye(len(x)) - design @ np.linalg.pinv(design)
    squares = float(rest @ rest)
    candidates: list[tuple[int, ...]] = [(place,) for place in range(len(x))]
    candidates += [places for level in np.unique(x) if len(places := tuple(np.flatnonzero(x == level).tolist())) > 1]
    best: Outlier | None = None
    for places in candidates:
        df = curve.df - len(places)
        if df < 1:
            continue
        own = list(places)
        gain = float(rest[own] @ np.linalg.pinv(free[np.ix_(own, own)]) @ rest[own])
        left = max(squares - gain, 1e-12 * squares)
        probability = float(special.fdtrc(len(own), df, gain / len(own) / (left / df))) * len(candidates)
        if best is None or probability < best.probability:
            best = Outlier(places, probability)
    return best
