"""Peaks that overlap, parted by fitted shapes instead of a perpendicular drop.

Only where an overlap is flagged, and only where a sum of simple shapes explains the trace to within its noise or half a
percent: a shape that does not fit is worse than a drop line. Heights are linear and solved for, so that few numbers
are searched (variable projection).
"""

import numpy as np
from scipy.optimize import least_squares, nnls
from scipy.special import erf, erfcx

from ketaflow.assays.microdialysis.extrema import prominent, smoothed

# A valley higher than this fraction of the smaller peak is an overlap.
FLAGGED = 0.35
# A fit counts if its residual stays below this fraction of the smallest peak, or twice the noise.
EXPLAINED = 0.005
MOST_PEAKS = 3
MOST_POINTS = 60
# A turn of curvature this strong, against the strongest one, may be a hidden peak, if the trace is this high there
# (against the maximum beside it); less is a tail, and tails belong to their peak.
HIDDEN_FRACTION = 0.15
HIDDEN_HEIGHT = 0.15
HIDDEN_NOISES = 30.0
HIDDEN_AREA = 0.1
# A first shape this many times too far off is not tried again with another.
HOPELESS = 4.0


def skew_normal(t: np.ndarray, centre: float, sigma: float, skew: float) -> np.ndarray:
    """Skew-normal shape of area one."""
    z = (t - centre) / sigma
    return np.exp(-(z**2) / 2) / (sigma * np.sqrt(2 * np.pi)) * (1 + erf(skew * z / np.sqrt(2)))


def tailed(t: np.ndarray, centre: float, sigma: float, ratio: float) -> np.ndarray:
    """Exponentially modified Gaussian of area one; ``ratio`` is the tail's time constant over sigma."""
    tail = max(ratio, 1e-3) * sigma
    z = (sigma / tail - (t - centre) / sigma) / np.sqrt(2)
    return np.exp(-(((t - centre) / sigma) ** 2) / 2) * erfcx(np.clip(z, -25, None)) / (2 * tail)


SHAPES = {"skew_normal": (skew_normal, 0.0, (-8.0, 8.0)), "emg": (tailed, 0.3, (1e-3, 6.0))}


def flagged_groups(rows: list[dict], height: np.ndarray) -> list[list[int]]:
    """Runs of neighbouring peaks (indices of ``rows``) whose valleys do not come down."""
    groups: list[list[int]] = []
    for index, row in enumerate(rows):
        before = rows[index - 1] if index else None
        touching = before is not None and before["stop"] == row["start"] and before["cluster"] == row["cluster"]
        if touching and height[row["start"]] > FLAGGED * min(before["height"], row["height"]):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def hidden_centres(
    height: np.ndarray, start: int, stop: int, width: float, noise: float, apexes: list[int]
) -> list[int]:
    """Samples at which the trace bends down without a maximum: peaks hidden on the side of others."""
    bend = -np.gradient(np.gradient(smoothed(height, max(width / 8, 1.0))))[start : stop + 1]
    found = prominent(bend, HIDDEN_FRACTION * max(float(bend.max(initial=0)), 1e-300)) + start
    tall = max(HIDDEN_HEIGHT * float(max(height[apex] for apex in apexes)), HIDDEN_NOISES * noise)
    return [int(one) for one in found if height[one] > tall and min(abs(one - apex) for apex in apexes) > width / 3]


def parted(
    time_s: np.ndarray, height: np.ndarray, centres: list[int], widths_s: list[float], noise: float
) -> tuple[np.ndarray, np.ndarray, str] | None:
    """(areas, centres in s, shape's name) of peaks fitted to a stretch of trace; None where no shape explains it.

    Parameters
    ----------
    time_s, height : (n,) float
        The stretch, above its baseline.
    centres
        Samples of the peaks' maxima within the stretch.
    widths_s
        Their widths at half height.
    """
    step = max(1, len(time_s) // MOST_POINTS)
    t, y = time_s[::step], height[::step]
    smallest = float(min(height[one] for one in centres))
    limit = max(EXPLAINED * smallest, 2 * noise)
    best = None
    for name, (shape, start, limits) in SHAPES.items():
        error, areas, places = _fit(t, y, [time_s[one] for one in centres], widths_s, shape, start, limits)
        if best is None or error < best[0]:
            best = error, areas, places, name
        if not 0.1 * EXPLAINED * smallest < error < HOPELESS * limit:
            break
    error, areas, places, name = best
    return None if error > limit or (areas <= 0).any() else (areas, places, name)


def _fit(t: np.ndarray, y: np.ndarray, centres_s: list, widths_s: list, shape, start: float, limits: tuple):
    count, scale = len(centres_s), float(np.mean(widths_s))

    def basis(parameters: np.ndarray) -> np.ndarray:
        places, logs, forms = parameters.reshape(3, count)
        return np.stack(
            [
                shape(t, one * scale, np.exp(log) * scale, form)
                for one, log, form in zip(places, logs, forms, strict=True)
            ],
            axis=1,
        )

    def heights(columns: np.ndarray) -> np.ndarray:
        solved = np.linalg.lstsq(columns, y, rcond=None)[0]
        return solved if (solved > 0).all() else nnls(columns, y)[0]

    def rest(parameters: np.ndarray) -> np.ndarray:
        columns = basis(parameters)
        return (columns @ heights(columns) - y) / (y.max() or 1.0)

    sigma = np.log(np.array(widths_s) / scale / 2.355)
    first = np.concatenate([np.array(centres_s) / scale, sigma, np.full(count, start)])
    low = np.concatenate([first[:count] - 1.0, sigma - 1.2, np.full(count, limits[0])])
    high = np.concatenate([first[:count] + 1.0, sigma + 1.2, np.full(count, limits[1])])
    found = least_squares(rest, first, bounds=(low, high), max_nfev=10, xtol=1e-6, ftol=1e-7)
    columns = basis(found.x)
    areas = heights(columns)
    error = float(np.sqrt(np.mean((columns @ areas - y) ** 2)))
    places = np.array([t[one.argmax()] for one in columns.T])
    return error, areas, places
