"""Separation of overlapping peaks by fitted shapes instead of a perpendicular drop.

Shapes are fitted only where peaks overlap, and accepted only where their sum explains the trace to within the noise or
half a percent: a shape that does not fit is worse than a drop line. Heights are linear and solved for, so that few
parameters are searched (variable projection).

References
----------
Golub & Pereyra (1973), doi:10.1137/0710036; Kaufman (1975), doi:10.1007/BF01932995 (the shorter Jacobian).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration import constants, peak_shapes
from ketaflow.assays.microdialysis.model import Peak


def flagged_groups(found: list[Peak], height: np.ndarray) -> list[list[int]]:
    """Group neighbouring peaks whose valleys do not come down.

    Parameters
    ----------
    found : list of Peak
        In time order.
    height : (n_points,) float
        The trace above its baseline (unit of the signal).

    Returns
    -------
    list of list of int
        Indices of the peaks of each group; every peak is in one.
    """
    groups = _joined(found, height, list(range(len(found))), constants.OVERLAP_FRACTION)
    short = [
        [group]
        if len(group) <= constants.MAX_FITTED_PEAKS
        else _joined(found, height, group, constants.CROWDED_OVERLAP_FRACTION)
        for group in groups
    ]
    return [group for parts in short for group in parts]


def _joined(found: list[Peak], height: np.ndarray, indices: list[int], fraction: float) -> list[list[int]]:
    groups: list[list[int]] = []
    for index in indices:
        peak, before = found[index], found[groups[-1][-1]] if groups else None
        touching = before is not None and before.stop == peak.start and before.cluster == peak.cluster
        if before and touching and height[peak.start] > fraction * min(before.height, peak.height):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def hidden_centres(
    height: np.ndarray, bend: np.ndarray, start: int, stop: int, width: float, noise: float, apexes: list[int]
) -> list[int]:
    """Find peaks that hide on the side of others: the trace bends there without a maximum.

    Parameters
    ----------
    height : (n_points,) float
        The trace above its baseline.
    bend : (n_points,) float
        Minus the second derivative of the smoothed trace.
    start, stop : int
        The stretch (samples).
    width : float
        Width of a peak (samples).
    noise : float
        Noise of the trace (unit of the signal).
    apexes : list of int
        Maxima of the stretch (samples).

    Returns
    -------
    list of int
        Samples of the hidden peaks.
    """
    inside = bend[start : stop + 1]
    least = constants.HIDDEN_CURVATURE_FRACTION * max(float(inside.max(initial=0)), 1e-300)
    found = find_peaks(inside, prominence=least)[0] + start
    tall = constants.HIDDEN_NOISES * noise
    return [int(one) for one in found if height[one] > tall and min(abs(one - apex) for apex in apexes) > width / 3]


def parted(
    time_s: np.ndarray, height: np.ndarray, centres: list[int], widths_s: list[float], noise: float
) -> "Fit | None":
    """Fit peaks to a stretch of trace.

    Parameters
    ----------
    time_s, height : (n_points,) float
        Times (seconds), and the trace above its baseline.
    centres : list of int
        Samples of the peaks' maxima within the stretch.
    widths_s : list of float
        Their widths at half height (seconds).
    noise : float
        Noise of the trace (unit of the signal).

    Returns
    -------
    Fit or None
        None where no shape explains the stretch.
    """
    step = max(1, len(time_s) // (constants.FITTED_PEAK_POINTS * len(centres)))
    t, y = time_s[::step], height[::step]
    smallest = float(min(height[one] for one in centres))
    limit = max(constants.ACCEPTED_RESIDUAL_FRACTION * smallest, 2 * noise)
    enough = max(constants.WHITE_NOISES * noise, 0.01 * constants.ACCEPTED_RESIDUAL_FRACTION * smallest)
    places, widths = np.array([time_s[one] for one in centres]), np.array(widths_s)
    best = Fit(np.inf, np.empty(0), np.empty(0), "")
    for tied in (True, False):
        for name in peak_shapes.SHAPES:
            fit = _fit(t, y, places, widths, name, tied=tied)
            if not best.shape or fit.error < best.error * (1 if tied else constants.FREE_FORM_GAIN):
                best = fit
            if best.error < enough:
                break
        if not enough < best.error < constants.HOPELESS_FACTOR * limit:
            break
    return best if best.error <= limit and not (best.areas <= 0).any() else None


@dataclass(frozen=True)
class Fit:
    """A fitted sum of shapes.

    Attributes
    ----------
    error : float
        Root mean square of the residual (unit of the signal).
    areas : (n_peaks,) float
        Signal x s.
    places_s : (n_peaks,) float
        Times of the maxima (seconds).
    shape : str
        Name of the shape.
    area_sds : (n_peaks,) float or None
        Standard errors of the areas (signal x s), where they were computed.
    spreads_s, forms : (n_peaks,) float or None
        Standard deviation (seconds) and form of each peak, likewise.
    """

    error: float
    areas: np.ndarray
    places_s: np.ndarray
    shape: str
    area_sds: np.ndarray | None = None
    spreads_s: np.ndarray | None = None
    forms: np.ndarray | None = None


def _fit(t: np.ndarray, y: np.ndarray, centres_s: np.ndarray, widths_s: np.ndarray, name: str, *, tied: bool) -> Fit:
    """The best sum of shapes, found by damped steps (Levenberg, Marquardt); ``tied``: all have the same form."""
    shape, form, limits = peak_shapes.SHAPES[name]
    scale, count = float(np.mean(widths_s)), len(widths_s)
    logs = np.log(widths_s / scale / 2.355)
    here = np.concatenate([centres_s / scale, logs, np.full(1 if tied else count, form)])
    reach = np.concatenate(
        [np.ones(count), np.full(count, constants.WIDTH_LOG_RANGE), np.full(len(here) - 2 * count, np.inf)]
    )
    low, high = np.maximum(here - reach, -np.inf), here + reach
    low[2 * count :], high[2 * count :] = limits
    damping = 1e-3
    state = projected(shape, t / scale, y, here, count)
    for _ in range(constants.MAX_STEPS):
        error, _, rest, jacobian, _ = state
        normal, slope = jacobian.T @ jacobian, jacobian.T @ rest
        along = normal.flat[:: len(normal) + 1]
        normal.flat[:: len(normal) + 1] = (1 + damping) * along + damping * _ridge(along)
        there = np.clip(here + np.linalg.solve(normal, slope), low, high)
        tried = projected(shape, t / scale, y, there, count)
        if tried[0] < error:
            gain, here, state, damping = 1 - tried[0] / error, there, tried, damping / 5
            if gain < constants.LEAST_STEP_GAIN:
                break
        elif damping > 1e3:
            break
        else:
            damping *= 8
    error, areas, _, _, columns = state
    return Fit(error / np.sqrt(len(t)), scale * areas, t[columns.argmax(axis=0)], name)


def projected(
    shape: peak_shapes.Shape, t: np.ndarray, y: np.ndarray, parameters: np.ndarray, count: int
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Solve for the areas with which a sum of shapes fits best.

    Parameters
    ----------
    shape : Shape
        The shape.
    t, y : (n_points,) float
        Times, and the trace above its baseline.
    parameters : (n_parameters,) float
        ``count`` means, as many logarithms of spreads, and one form or as many.
    count : int
        Number of peaks.

    Returns
    -------
    length : float
        Length of the residual.
    areas : (n_peaks,) float
        The areas.
    rest : (n_points,) float
        The residual.
    ways : (n_points, n_parameters) float
        Its change with the parameters, with the opposite sign (the shorter Jacobian).
    columns : (n_points, n_peaks) float
        The shapes.
    """
    columns, by_parameter = shape(
        t[:, None], parameters[:count], parameters[count : 2 * count], parameters[2 * count :]
    )
    sides = np.concatenate([y[:, None], *by_parameter], axis=1)
    gram = columns.T @ columns
    gram.flat[:: count + 1] += _ridge(gram.flat[:: count + 1])
    shares = np.linalg.solve(gram, columns.T @ sides)
    sides -= columns @ shares
    areas, rest = shares[:, 0], sides[:, 0]
    ways = (sides[:, 1:].reshape(-1, 3, count) * areas).reshape(-1, 3 * count)
    if len(parameters) < 3 * count:
        ways = np.concatenate([ways[:, : 2 * count], ways[:, 2 * count :].sum(axis=1, keepdims=True)], axis=1)
    return float(np.sqrt(rest @ rest)), areas, rest, ways, columns


def _ridge(diagonal: np.ndarray) -> float:
    """What keeps equations with this diagonal solvable."""
    return max(constants.RIDGE * float(diagonal.sum()), float(np.finfo(float).tiny))


def shared(height: np.ndarray, own: list[Peak], centres: list[int], fit: Fit) -> list[Peak]:
    """Share the area of touching peaks out by a fit.

    Parameters
    ----------
    height : (n_points,) float
        The trace above its baseline (unit of the signal).
    own : list of Peak
        The peaks between perpendicular drops.
    centres : list of int
        Samples of the fitted peaks.
    fit : Fit
        The fit.

    Returns
    -------
    list of Peak
        Those of the drop lines with new areas, and copies for the hidden ones. The total area stays the same.
    """
    total = sum(peak.area for peak in own)
    scale = total / fit.areas.sum()
    made = []
    for number, centre in enumerate(centres):
        peak = nearest(own, centre)
        low, high = peak.area_low / peak.area, peak.area_high / peak.area
        if centre != peak.apex or fit.area_sds is not None:
            place_min = float(fit.places_s[number] / 60)
            peak = replace(peak, apex=centre, retention_min=place_min, height=float(height[centre]))
        area, doubt = float(scale * fit.areas[number]), 0.0
        if fit.area_sds is not None and fit.spreads_s is not None and fit.forms is not None:
            doubt = constants.INTERVAL_SDS * float(scale * fit.area_sds[number])
            spread_s, form = float(fit.spreads_s[number]), float(fit.forms[number])
            peak = replace(peak, spread_s=spread_s, form=form, seeded=True)
        made.append(
            replace(
                peak, area=area, area_low=area * low - doubt, area_high=area * high + doubt, shape=fit.shape,
                foot_pct=np.nan,
            )
        )  # fmt: skip
    return made


def nearest(own: list[Peak], sample: int) -> Peak:
    """Return the peak whose maximum is nearest to a sample."""
    return min(own, key=lambda peak: abs(peak.apex - sample))
