"""Where a lane's background lies: between the membrane's edges, below its bands, above the darkness of the gaps.

In: the profile of a lane and of the gaps beside it. Out: the rows on the membrane, both baselines, and stripes across
all lanes. One watches the other: the gaps show where the lane's own baseline climbs a stretch of bands, or misses a
stripe.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.lanes.profile_baseline import baseline, profile_noise

# Edges of a membrane: a step by this share of all the running median changes, and of the lane's highest band.
EDGE_POINTS, EDGE_STEP, EDGE_BAND, BUMP = 250, 0.4, 0.15, 0.25
# The running median's share of the rows; a step within OUTER of either end, to less than anywhere between, is the edge
# towards the table, however high the bands: bands only add.
MEDIAN, OUTER = 0.12, 0.25
# An edge of the membrane crosses at least this share of the lanes; a step in fewer is a blotch.
SHARED_EDGE = 0.5
# Gaps hold no bands, and their baseline may follow stripes of light this much shorter than a lane's.
GAP_LENGTH = 0.5
# A lane's own baseline climbs bands where it stands above that of the gaps by this share of the membrane's highest band
# (and this many times what is uneven in the gaps) over this share of the length that parts bands from background. It is
# then drawn stiffer by these factors, and where that does not help the gaps' is taken.
CLIMB, BEYOND_UNEVEN, CLIMBING, STIFFER = 0.35, 10.0, 0.5, (1.0, 2.0, 4.0)
# A stripe shows in all gaps but this share of them (%), above this many times their noise (the usual detection limit).
FEW_GAPS, STRIPE_SNR = 10.0, 3.0


class Backgrounds(NamedTuple):
    """Baselines of a lane and of the gaps beside it, (n_rows,) float, and the unevenness of the gaps (counts)."""

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
        Mean signal of the lane and of the gaps, counts.
    inside
        Rows on the membrane; beyond them both baselines go on level.
    length
        Bumps shorter than this many rows are bands.
    highest
        Highest band of the membrane, counts; infinite where the gaps are no measure for the lane.

    Returns
    -------
    Backgrounds
    """
    lane, gap, count = profile[inside], beside[inside], len(profile)
    gaps = baseline(gap, length=GAP_LENGTH * length)
    uneven = unevenness(gap - baseline(gap, length=2.0 * length))
    climb = max(CLIMB * highest, BEYOND_UNEVEN * uneven)
    own = _below_bands(lane, gaps, length, climb)
    return Backgrounds(extended(own, inside, count), extended(gaps, inside, count), uneven)


def _below_bands(lane: np.ndarray, gaps: np.ndarray, length: float, climb: float) -> np.ndarray:
    """The lane's own baseline, as stiff as it must be not to climb a stretch of bands."""
    for stiffer in STIFFER:
        within = baseline(lane, length=stiffer * length)
        if (within - gaps > climb).sum() <= CLIMBING * length:
            return within
    return gaps


def shared_stripes(beside: list[np.ndarray], inside: list[slice], *, length: float, smooth: float) -> np.ndarray:
    """What crosses all lanes of a membrane as a stripe that a baseline this stiff does not follow; (n_rows,) counts.

    Light that lies across a membrane shows in every gap at the same rows; what a band throws into the gaps beside it
    does not show at the outer lanes and where wells are empty. So what nearly every gap shows is background.

    Parameters
    ----------
    beside, inside
        Of each lane: mean signal of the gaps (n_rows,), counts; rows on the membrane.
    length
        As the lanes' baselines are drawn, rows.
    smooth
        Standard deviation of the smoothing, rows.
    """
    over = np.zeros((len(beside), len(beside[0])))
    for gap, rows, out in zip(beside, inside, over, strict=True):
        out[rows] = ndimage.gaussian_filter1d(gap[rows] - baseline(gap[rows], length=length), smooth)
    quiet = np.median([profile_noise(gap) for gap in beside]) / np.sqrt(2 * np.sqrt(np.pi) * smooth)
    shared = np.percentile(over, FEW_GAPS, axis=0, method="lower")
    return np.where(shared > STRIPE_SNR * quiet, shared, 0.0)


def interpolation_error(beside: np.ndarray, rows: int) -> float:
    """Standard error (counts) of a background drawn straight across a box of so many rows, from a lane's gaps.

    Everywhere in the gaps, where no band hides it, the background of a box's rows is compared with the mean of what
    lies half as far above and below; what noise alone would do is taken off. NaN where the profile is too short.
    """
    half = max(2, rows // 2)
    total = np.concatenate(([0.0], np.cumsum(beside, dtype=float)))
    first = np.arange(half, len(beside) - rows - half)
    if len(first) < rows:
        return float("nan")
    inside = (total[first + rows] - total[first]) / rows
    around = (total[first] - total[first - half] + total[first + rows + half] - total[first + rows]) / (2 * half)
    white = np.square(profile_noise(beside)) * (1 / rows + 0.5 / half)
    return float(np.sqrt(max(np.square(inside - around).mean() - white, 0.0)))


def extended(inner: np.ndarray, inside: slice, count: int) -> np.ndarray:
    """A baseline of the rows on the membrane, its ends drawn on level over those beyond its edges."""
    return np.pad(inner, (inside.start, count - inside.stop), mode="edge")


def unevenness(net: np.ndarray) -> float:
    """Standard deviation of what is left of a profile that no band explains: its excursions below the baseline."""
    below = net[net < 0]
    return float(np.sqrt(np.mean(np.square(below)))) if len(below) else 0.0


def shared_extents(edges: list[slice], count: int) -> list[slice]:
    """Rows on the membrane lane by lane (of ``count``), without the ends that most other lanes do not show."""
    first = np.mean([each.start > 0 for each in edges]) >= SHARED_EDGE
    last = np.mean([each.stop < count for each in edges]) >= SHARED_EDGE
    return [slice(each.start if first else 0, each.stop if last else count) for each in edges]


def membrane_extent(profile: np.ndarray, tallest: float) -> slice:
    """Rows between the membrane's edges, where the lane leaves it for paper or table within the picture.

    ``profile`` (n_rows,): signal beside the lane, where bands hardly show; ``tallest``: its highest band, counts.

    An edge is a step of the profile's running median, which bands do not move: a change within a few rows by a good
    part of all it changes and, unless it leads down to the table at an end, of the highest band. The longest stretch
    between steps is the membrane; without steps it is all rows. What rises and comes back to where it was is a band,
    not an edge.
    """
    rows = len(profile)
    step = max(1, rows // EDGE_POINTS)
    coarse = profile[: rows // step * step].reshape(-1, step).mean(axis=1)
    count = len(coarse)
    level = ndimage.median_filter(coarse, size=max(5, round(MEDIAN * count)) | 1, mode="nearest")
    reach = max(1, round(0.015 * count))
    change = np.abs(level[2 * reach :] - level[: -2 * reach])
    least = max(EDGE_STEP * float(np.ptp(level)), 20 * profile_noise(coarse))
    steps = (change > max(least, EDGE_BAND * tallest)) | ((change > least) & _ends(level, reach))
    if not least > 0 or not steps.any():
        return slice(0, rows)
    groups, found = ndimage.label(steps)
    steps = [round(place) + reach for (place,) in ndimage.center_of_mass(groups > 0, groups, range(1, found + 1))]
    first, last = _widest_level(level, [0, *steps, count])
    margin = max(2, round(0.02 * count))
    first, last = first + margin * (first > 0), last - margin * (last < count)
    return slice(int(first) * step, rows if last == count else int(last) * step) if last > first else slice(0, rows)


def _ends(level: np.ndarray, reach: int) -> np.ndarray:
    """Where, near either end, the level beyond is below all between the ends; (n - 2 * reach,) bool."""
    outer = max(2 * reach, round(OUTER * len(level)))
    lowest = level[outer:-outer].min() if len(level) > 2 * outer else -np.inf
    place = np.arange(reach, len(level) - reach)
    above, below = level[: -2 * reach], level[2 * reach :]
    return ((place < outer) & (above < lowest)) | ((place >= len(level) - outer) & (below < lowest))


def _widest_level(level: np.ndarray, ends: list[int]) -> tuple[int, int]:
    """The longest stretch between steps, once short ones that lie between two alike (bands) are joined to these."""
    ends = sorted(set(ends))
    while len(ends) > 3:
        heights = [float(np.median(level[a:b])) for a, b in pairwise(ends)]
        inner = [
            number
            for number in range(1, len(heights) - 1)
            if ends[number + 1] - ends[number] < BUMP * len(level)
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
