"""Estimate the background of a lane: between the membrane's edges and below its bands.

In: the profile of a lane and of the gaps beside it. Out: the rows on the membrane, both baselines, and stripes across
all lanes. Each baseline checks the other: the gaps show where the lane's own baseline climbs a stretch of bands, or
misses a stripe.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.lanes.profile_baseline import baseline, profile_noise


class Backgrounds(NamedTuple):
    """Baselines of a lane and of the gaps beside it.

    Attributes
    ----------
    lane, gaps : (n_rows,) float
        Baselines (counts).
    uneven : float
        Unevenness of the gaps (counts).
    """

    lane: np.ndarray
    gaps: np.ndarray
    uneven: float


def backgrounds(
    profile: np.ndarray, beside: np.ndarray, inside: slice, *, length: float, highest: float
) -> Backgrounds:
    """Draw the baseline of a lane and that of the gaps beside it.

    Parameters
    ----------
    profile, beside : (n_rows,) float
        Mean signal of the lane and of the gaps (counts).
    inside : slice
        Rows on the membrane; beyond them both baselines go on level.
    length : float
        Bumps shorter than this many rows are bands.
    highest : float
        Highest band of the membrane (counts); infinite where the gaps are no measure for the lane.

    Returns
    -------
    Backgrounds
        Both baselines over all rows (counts), and how uneven the gaps are.
    """
    lane, gap, count = profile[inside], beside[inside], len(profile)
    gaps = baseline(gap, length=constants.GAP_LENGTH * length)
    uneven = unevenness(gap - baseline(gap, length=2.0 * length))
    climb = max(constants.CLIMB_HEIGHT * highest, constants.CLIMB_UNEVENNESS * uneven)
    own = _below_bands(lane, gaps, length, climb)
    return Backgrounds(extended(own, inside, count), extended(gaps, inside, count), uneven)


def _below_bands(lane: np.ndarray, gaps: np.ndarray, length: float, climb: float) -> np.ndarray:
    """The lane's own baseline, made stiffer until it no longer climbs a stretch of bands; else that of the gaps."""
    for stiffer in constants.STIFFENING:
        within = baseline(lane, length=stiffer * length)
        if (within - gaps > climb).sum() <= constants.CLIMB_LENGTH * length:
            return within
    return gaps


def shared_stripes(beside: list[np.ndarray], inside: list[slice], *, length: float, smooth: float) -> np.ndarray:
    """Find stripes that cross all lanes of a membrane and that a stiff baseline does not follow.

    Light that lies across a membrane shows in every gap at the same rows. What a band scatters into the gaps beside it
    does not show at the outer lanes and where wells are empty. What nearly every gap shows is therefore background.

    Parameters
    ----------
    beside : list of (n_rows,) float
        Mean signal of the gaps beside each lane (counts).
    inside : list of slice
        Rows of each lane on the membrane.
    length : float
        Length of background changes for which the lanes' baselines are drawn (rows).
    smooth : float
        Standard deviation of the smoothing (rows).

    Returns
    -------
    (n_rows,) float
        Height of the stripes (counts); 0 elsewhere.
    """
    over = np.zeros((len(beside), len(beside[0])))
    for gap, rows, out in zip(beside, inside, over, strict=True):
        out[rows] = ndimage.gaussian_filter1d(gap[rows] - baseline(gap[rows], length=length), smooth)
    quiet = np.median([profile_noise(gap) for gap in beside]) / np.sqrt(2 * np.sqrt(np.pi) * smooth)
    shared = np.percentile(over, constants.STRIPE_PERCENTILE, axis=0, method="lower")
    return np.where(shared > constants.STRIPE_SNR * quiet, shared, 0.0)


def extended(inner: np.ndarray, inside: slice, count: int) -> np.ndarray:
    """Extend a baseline beyond the edges of the membrane at the level of its ends.

    Parameters
    ----------
    inner : (n_inside,) float
        Baseline of the rows on the membrane (counts).
    inside : slice
        Those rows.
    count : int
        Rows in all.

    Returns
    -------
    (count,) float
        The baseline over all rows (counts).
    """
    return np.pad(inner, (inside.start, count - inside.stop), mode="edge")


def unevenness(net: np.ndarray) -> float:
    """Estimate the unevenness of a profile outside bands from its excursions below the baseline.

    Parameters
    ----------
    net : (n_rows,) float
        Profile less baseline (counts).

    Returns
    -------
    float
        Root mean square of the negative values (counts); 0 if there are none.
    """
    below = net[net < 0]
    return float(np.sqrt(np.mean(np.square(below)))) if len(below) else 0.0


def membrane_extent(profile: np.ndarray, tallest: float) -> slice:
    """Find the rows between the membrane's edges, beyond which a picture shows paper or table.

    An edge is a step of the profile's running median, which bands do not change. It is at least a fraction of all
    changes and, unless it leads down to the table at an end, of the highest band. The longest stretch between steps is
    the membrane. What rises and returns to its level is a band, not an edge.

    Parameters
    ----------
    profile : (n_rows,) float
        Signal beside the lane, where bands hardly show (counts).
    tallest : float
        Height of the lane's highest band (counts).

    Returns
    -------
    slice
        Rows on the membrane; all rows where there is no step.
    """
    rows = len(profile)
    step = max(1, rows // constants.EDGE_POINTS)
    coarse = profile[: rows // step * step].reshape(-1, step).mean(axis=1)
    count = len(coarse)
    level = ndimage.median_filter(coarse, size=max(5, round(constants.MEDIAN_WINDOW * count)) | 1, mode="nearest")
    reach = max(1, round(0.015 * count))
    change = np.abs(level[2 * reach :] - level[: -2 * reach])
    least = max(constants.EDGE_STEP * float(np.ptp(level)), 20 * profile_noise(coarse))
    steps = (change > max(least, constants.EDGE_STEP_OF_BAND * tallest)) | ((change > least) & _ends(level, reach))
    if not least > 0 or not steps.any():
        return slice(0, rows)
    groups, found = ndimage.label(steps)
    steps = [round(place) + reach for (place,) in ndimage.center_of_mass(groups > 0, groups, range(1, found + 1))]
    first, last = _widest_level(level, [0, *steps, count])
    margin = max(2, round(0.02 * count))
    first, last = first + margin * (first > 0), last - margin * (last < count)
    return slice(int(first) * step, rows if last == count else int(last) * step) if last > first else slice(0, rows)


def _ends(level: np.ndarray, reach: int) -> np.ndarray:
    """Points near either end beyond which the level is below all levels between the ends; (n - 2 * reach,) bool."""
    outer = max(2 * reach, round(constants.OUTER_ROWS * len(level)))
    lowest = level[outer:-outer].min() if len(level) > 2 * outer else -np.inf
    place = np.arange(reach, len(level) - reach)
    above, below = level[: -2 * reach], level[2 * reach :]
    return ((place < outer) & (above < lowest)) | ((place >= len(level) - outer) & (below < lowest))


def _widest_level(level: np.ndarray, ends: list[int]) -> tuple[int, int]:
    """First and last point of the longest stretch between steps, after short stretches between two equal levels (bands)
    are merged with their neighbours.
    """
    ends = sorted(set(ends))
    while len(ends) > 3:
        heights = [float(np.median(level[a:b])) for a, b in pairwise(ends)]
        inner = [
            number
            for number in range(1, len(heights) - 1)
            if ends[number + 1] - ends[number] < constants.BUMP_LENGTH * len(level)
            and abs(heights[number - 1] - heights[number + 1])
            < 0.5 * abs(heights[number] - (heights[number - 1] + heights[number + 1]) / 2)
        ]
        if not inner:
            break
        shortest = min(inner, key=lambda number: ends[number + 1] - ends[number])
        del ends[shortest : shortest + 2]
    widths = np.diff(ends)
    widest = int(widths.argmax())
    return ends[widest], ends[widest + 1]
