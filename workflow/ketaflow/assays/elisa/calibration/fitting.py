"""Fit of a logistic curve to the standards by weighted least squares.

Weights follow the measured response, as usual, but stay within a factor of two of those by the fitted response: else
one well without substrate would get ten thousand times the weight of the others. ``a`` and ``d`` enter linearly, so
that the start is the best point of a grid of inflections, slopes and asymmetries and does not depend on guesses.
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


def fitted(
    standards: Standards,
    kind: CurveKind,
    weighting: Weighting,
    start: Curve | None = None,
    response_factor: float = constants.WEIGHT_RESPONSE_FACTOR,
) -> Curve | None:
    """Fit a curve to all wells.

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
    response_factor : float
        Largest factor between the response that gives a well its weight and the fitted one; 1 for weights by the fitted
        response alone.

    Returns
    -------
    Curve or None
        None with too few levels, or where the responses do not change with the concentration.
    """
    n_parameters = constants.PARAMETERS[kind]
    levels = np.unique(standards.x[standards.x > 0])
    if len(levels) < n_parameters + constants.SPARE_LEVELS or np.ptp(standards.y) == 0:
        return None
    floor = constants.WEIGHT_FLOOR * float(np.abs(standards.y).max())
    size = _level_means(standards)
    curve = start or _start(standards, kind, _weights(size, weighting, floor), (weighting, floor))
    for _ in range(constants.REWEIGHTING_PASSES):
        size = _sizes(standards.y, logistic.response(curve, standards.x) if start else size, response_factor)
        before, start = curve, curve
        curve = _polished(before, standards, _weights(size, weighting, floor), n_parameters)
        if np.allclose(_sizes(standards.y, logistic.response(curve, standards.x), response_factor), size, rtol=1e-6):
            break
    return _with_covariance(curve, standards, n_parameters)


def robust(standards: Standards, kind: CurveKind, weighting: Weighting, start: Curve | None = None) -> Curve | None:
    """Fit with weights by the fitted response alone, for the search of outliers: a low outlier gets no extra weight.

    Parameters
    ----------
    standards : Standards
        The wells.
    kind : {"4pl", "5pl"}
        Number of parameters.
    weighting : {"none", "1/y", "1/y2"}
        Weights by the response.
    start : Curve, optional
        A curve close to the result, instead of a search.

    Returns
    -------
    Curve or None
        As from ``fitted``.
    """
    return fitted(standards, kind, weighting, start, response_factor=1.0)


def _level_means(standards: Standards) -> np.ndarray:
    """Mean response of the level of each well."""
    _, place = np.unique(standards.x, return_inverse=True)
    return np.asarray((np.bincount(place, standards.y) / np.bincount(place))[place])


def _sizes(y: np.ndarray, on_curve: np.ndarray, factor: float) -> np.ndarray:
    """Responses that weights follow: the measured ones, unless they differ from the curve by more than the factor."""
    return np.clip(np.abs(y), np.abs(on_curve) / factor, np.abs(on_curve) * factor)


def _weights(size: np.ndarray, weighting: Weighting, floor: float) -> np.ndarray:
    return np.asarray(np.maximum(np.abs(size), floor) ** {"none": 0.0, "1/y": -1.0, "1/y2": -2.0}[weighting])


def _start(standards: Standards, kind: CurveKind, weight: np.ndarray, rest_of_curve: tuple[Weighting, float]) -> Curve:
    """Best point of the grid, with the linear parameters solved for each point."""
    x, y = standards.x, standards.y
    lowest, highest = x[x > 0].min(), x.max()
    beyond = constants.START_INFLECTION_FACTORS
    log_c = np.linspace(np.log(lowest * beyond[0]), np.log(highest * beyond[1]), constants.START_INFLECTIONS)
    asymmetries = constants.START_ASYMMETRIES if kind == "5pl" else (1.0,)
    grid = np.stack(np.meshgrid(log_c, constants.START_SLOPES, asymmetries, indexing="ij"), axis=-1).reshape(-1, 3)
    fall = logistic.shape(x[None, :], grid[:, :1], grid[:, 1:2], grid[:, 2:])
    total = weight.sum()
    mean_fall, mean_y = fall @ weight / total, float(y @ weight / total)
    centred, rest = fall - mean_fall[:, None], y - mean_y
    spread = (centred**2) @ weight
    with np.errstate(all="ignore"):
        span = np.where(spread > 1e-12 * total, (centred * rest) @ weight / spread, 0.0)
    squares = ((rest - span[:, None] * centred) ** 2) @ weight
    best = int(np.argmin(squares))
    d = mean_y - span[best] * mean_fall[best]
    inflection, b, g = (float(value) for value in grid[best])
    empty = np.zeros((0, 0))
    return Curve(
        float(d + span[best]), b, float(np.exp(inflection)), float(d), g, empty, np.nan, 0, *rest_of_curve
    )  # fmt: skip


def _polished(start: Curve, standards: Standards, weight: np.ndarray, n_parameters: int) -> Curve:
    """Least squares with fixed weights."""
    x, y = standards.x, standards.y
    root = np.sqrt(weight)
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
    far, slopes, asymmetries = (
        np.log(constants.INFLECTION_BEYOND_FACTOR),
        constants.SLOPE_LIMITS,
        constants.ASYMMETRY_LIMITS,
    )
    low = [-np.inf, -np.inf, lowest - far, np.log(slopes[0]), np.log(asymmetries[0])][:n_parameters]
    high = [np.inf, np.inf, highest + far, np.log(slopes[1]), np.log(asymmetries[1])][:n_parameters]
    theta = np.array([start.a / unit, start.d / unit, np.log(start.c), np.log(start.b), np.log(start.g)][:n_parameters])
    theta = np.clip(theta, np.array(low) + 1e-6, np.array(high) - 1e-6)
    found = least_squares(residuals, theta, jacobian, (low, high), x_scale="jac", ftol=1e-10, xtol=1e-10, gtol=1e-10)
    curve = at(found.x)
    return replace(curve, a=float(curve.a), d=float(curve.d))


def _with_covariance(curve: Curve, standards: Standards, n_parameters: int) -> Curve:
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
