"""Peaks that overlap, parted by fitted shapes instead of a perpendicular drop.

Only where an overlap is flagged, and only where a sum of simple shapes explains the trace to within its noise or half a
percent: a shape that does not fit is worse than a drop line. Heights are linear and solved for, so that few numbers are
searched (variable projection; Golub and Pereyra 1973, doi:10.1137/0710036, with Kaufman's shorter Jacobian, 1975,
doi:10.1007/BF01932995).
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from ketaflow.assays.microdialysis.integration import peak_shapes
from ketaflow.assays.microdialysis.model import Peak

# A valley higher than this fraction of the smaller peak is an overlap; among more than MOST_PEAKS the second counts.
FLAGGED = (0.05, 0.35)
# A fit counts if its residual stays below this fraction of the smallest peak, or twice the noise.
EXPLAINED = 0.005
MOST_PEAKS = 4
# So many samples of each peak are enough.
PEAK_POINTS = 30
# A turn of curvature this strong, against the strongest one, may be a hidden peak, if the trace is this high there
# (against the maximum beside it); less is a tail, and tails belong to their peak.
HIDDEN_FRACTION = 0.15
HIDDEN_HEIGHT = 0.15
HIDDEN_NOISES = 30.0
HIDDEN_AREA = 0.1
# A first shape this many times too far off is not tried again with another.
HOPELESS = 2.0
# A sum that leaves no more than this many times the noise is not bettered. Peaks of one form each are believed only if
# they leave this much less than peaks of one form together: neighbours in a run tail alike.
WHITE = 1.1
FREE_GAIN = 0.7
# In a peak lower than so many times the noise no form of its own can be seen, and none is tried.
FREE_NOISES = 30.0
# The search: steps at most, the relative gain at which it ends, how far widths may go (factor e to the power of).
MOST_STEPS = 20
LEAST_GAIN = 2e-2
WIDEST_LOG = 1.2
# Keeps the equations solvable where two shapes have become one, or one has left the stretch.
RIDGE = 1e-12
# An outer flank that tails more than this lets the tailed shape be tried first.
TAILS = 1.1


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
    groups = _joined(found, height, list(range(len(found))), FLAGGED[0])
    short = [[group] if len(group) <= MOST_PEAKS else _joined(found, height, group, FLAGGED[1]) for group in groups]
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
    """Samples at which the trace bends down without a maximum: peaks hidden on the side of others.

    ``bend`` is minus the second derivative of the smoothed trace.
    """
    inside = bend[start : stop + 1]
    least = HIDDEN_FRACTION * max(float(inside.max(initial=0)), 1e-300)
    found = find_peaks(inside, prominence=least)[0] + start
    tall = max(HIDDEN_HEIGHT * float(max(height[apex] for apex in apexes)), HIDDEN_NOISES * noise)
    return [int(one) for one in found if height[one] > tall and min(abs(one - apex) for apex in apexes) > width / 3]


def parted(
    time_s: np.ndarray, height: np.ndarray, centres: list[int], widths_s: list[float], noise: float, tailing: float
) -> "Fit | None":
    """Fit peaks to a stretch of trace; None where no shape explains it.

    Parameters
    ----------
    time_s, height : (n,) float
        The stretch, above its baseline.
    centres
        Samples of the peaks' maxima within the stretch.
    widths_s
        Their widths at half height.
    tailing
        Tailing of the last peak, which tells which shape to try first.
    """
    step = max(1, len(time_s) // (PEAK_POINTS * len(centres)))
    t, y = time_s[::step], height[::step]
    smallest = float(min(height[one] for one in centres))
    limit = max(EXPLAINED * smallest, 2 * noise)
    order = ("emg", "skew_normal") if tailing > TAILS else ("skew_normal", "emg")
    enough = max(WHITE * noise, 0.01 * EXPLAINED * smallest)
    places, widths = np.array([time_s[one] for one in centres]), np.array(widths_s)
    best: Fit | None = None
    for tied in (True, False) if smallest > FREE_NOISES * noise else (True,):
        for name in order:
            fit = _fit(t, y, places, widths, name, tied=tied)
            if best is None or fit.error < best.error * (1 if tied else FREE_GAIN):
                best = fit
            if best.error < enough:
                break
        if not enough < best.error < HOPELESS * limit:
            break
    return best if best and best.error <= limit and not (best.areas <= 0).any() else None


@dataclass(frozen=True)
class Fit:
    """A sum of shapes: its residual (root mean square), areas, times of the maxima, and the shape's name."""

    error: float
    areas: np.ndarray
    places_s: np.ndarray
    shape: str


def _fit(t: np.ndarray, y: np.ndarray, centres_s: np.ndarray, widths_s: np.ndarray, name: str, *, tied: bool) -> Fit:
    """The best sum of shapes, found by damped steps (Levenberg, Marquardt); ``tied``: all have the same form."""
    shape, form, limits = peak_shapes.SHAPES[name]
    scale, count = float(np.mean(widths_s)), len(widths_s)
    logs = np.log(widths_s / scale / 2.355)
    here = np.concatenate([centres_s / scale, logs, np.full(1 if tied else count, form)])
    reach = np.concatenate([np.ones(count), np.full(count, WIDEST_LOG), np.full(len(here) - 2 * count, np.inf)])
    low, high = np.maximum(here - reach, -np.inf), here + reach
    low[2 * count :], high[2 * count :] = limits
    damping = 1e-3
    state = _projected(shape, t / scale, y, here, count)
    for _ in range(MOST_STEPS):
        error, _, rest, jacobian, _ = state
        normal, slope = jacobian.T @ jacobian, jacobian.T @ rest
        along = normal.flat[:: len(normal) + 1]
        normal.flat[:: len(normal) + 1] = (1 + damping) * along + damping * _ridge(along)
        there = np.clip(here + np.linalg.solve(normal, slope), low, high)
        tried = _projected(shape, t / scale, y, there, count)
        if tried[0] < error:
            gain, here, state, damping = 1 - tried[0] / error, there, tried, damping / 5
            if gain < LEAST_GAIN:
                break
        elif damping > 1e3:
            break
        else:
            damping *= 8
    error, areas, _, _, columns = state
    return Fit(error / np.sqrt(len(t)), scale * areas, t[columns.argmax(axis=0)], name)


def _projected(
    shape: peak_shapes.Shape, t: np.ndarray, y: np.ndarray, parameters: np.ndarray, count: int
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(residual's length, areas, residual, its steepest ways down, shapes) with the areas that fit best.

    ``parameters`` are ``count`` means, as many logarithms of spreads, and one form or as many.
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
    return max(RIDGE * float(diagonal.sum()), float(np.finfo(float).tiny))
