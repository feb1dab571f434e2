"""Judge whether a picture shows these lanes and no others.

In: the rise above the surroundings in strips of rows, and the places of the lanes. Out: what speaks against them. A dip
separates neighbours, no lane has such a dip within it, lanes are evenly spaced, the outermost lanes show a signal, and
all signal lies in lanes. A lane map that is one lane short or long nearly always breaks one of these rules, though its
lanes can be fitted.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.lanes import constants


@dataclass(frozen=True)
class Plausibility:
    """Whether the picture shows the lanes.

    Attributes
    ----------
    filled : float
        Fraction of the lanes expected to show a signal that do.
    outside : float
        Strongest lane that is not listed, as a fraction of the weakest listed one.
    doubt : str
        What speaks against these lanes; empty if nothing does.
    """

    filled: float
    outside: float
    doubt: str


def row_strips(rise: np.ndarray, lean: float) -> np.ndarray:
    """Reduce a picture to overlapping strips of rows.

    Parameters
    ----------
    rise : (n_rows, n_columns) float
        Rise above the surroundings (counts).
    lean : float
        Columns per row by which lanes lean to the right.

    Returns
    -------
    (n_strips, n_columns) float
        Largest rise of each column within each strip, the lean taken out.
    """
    rows, columns = rise.shape
    tall = max(1, round(rows / constants.ROW_STRIPS))
    made = []
    for top in range(0, max(rows - tall, 0) + 1, max(1, tall // 2)):
        shift = round(lean * (top + tall / 2 - rows / 2))
        strip = rise[top : top + tall].max(axis=0)
        made.append(strip[np.clip(np.arange(columns) + shift, 0, columns - 1)] if shift else strip)
    return np.array(made)


def judge_lanes(strips: np.ndarray, centres: np.ndarray, pitch: float, expected: np.ndarray) -> Plausibility:
    """Judge whether a picture shows these lanes and no others.

    Parameters
    ----------
    strips : (n_strips, n_columns) float
        Rise in strips of rows, as ``row_strips`` returns them.
    centres : (n_lanes,) float
        Columns of the lanes' centres.
    pitch : float
        Distance from one well to the next (columns).
    expected : (n_lanes,) bool
        Lanes that should show a signal.

    Returns
    -------
    Plausibility
        How many of the expected lanes show a signal, how much lies outside the lanes, and the doubt that follows, if
        any.
    """
    profile = np.sqrt((strips**constants.STRIP_EXPONENT).mean(axis=0))
    shows = np.array([_part(profile, centre, -0.3, 0.3, pitch).mean() for centre in centres])
    usual = float(np.median(shows[expected])) if expected.any() else 0.0
    if usual <= 0:
        return Plausibility(0.0, 0.0, "most lanes show no signal")
    lit = expected & (shows > constants.LIT_FRACTION * usual)
    filled = float(lit[expected].mean())
    outside, skipped = _unlisted(strips, centres, lit, pitch) if lit.any() else (0.0, 0.0)
    doubt = _doubt(strips, centres, pitch, expected, lit, lit & (shows > constants.PLAIN_FRACTION * usual))
    if not doubt and skipped > constants.SKIPPED_FRACTION:
        doubt = "a well that the lane map skips is not empty"
    return Plausibility(filled, outside, doubt)


def _doubt(
    strips: np.ndarray, centres: np.ndarray, pitch: float, expected: np.ndarray, lit: np.ndarray, plain: np.ndarray
) -> str:
    """The first sign that these are not the lanes; ``lit`` lanes show a signal, ``plain`` ones a strong one."""
    ends = np.flatnonzero(expected)[[0, -1]]
    for lane in ends[~lit[ends]].tolist():
        return f"lane {lane + 1} shows no signal: the lanes may be shifted by one"
    return _spacing_doubt(centres, pitch) or _dip_doubt(strips, centres, pitch, lit, plain)


def _spacing_doubt(centres: np.ndarray, pitch: float) -> str:
    """Whether lanes overlap, or lie between wells."""
    apart = np.diff(centres)
    if len(apart) and apart.min() < constants.LEAST_DISTANCE * pitch:
        return f"lanes {apart.argmin() + 1} and {apart.argmin() + 2} overlap"
    wells = apart / pitch
    odd = np.abs(wells - np.maximum(1, np.rint(wells)))
    if len(odd) and odd.max() > constants.GREATEST_OFFSET:
        return f"lanes {odd.argmax() + 1} and {odd.argmax() + 2} are not a whole number of wells apart"
    return ""


def _dip_doubt(strips: np.ndarray, centres: np.ndarray, pitch: float, lit: np.ndarray, plain: np.ndarray) -> str:
    """Whether a dip is missing between two lanes, or divides one."""
    half = 0.15 * pitch
    between = {
        lane: _dip(strips, (centres[lane], centres[lane + 1]), (-0.3, 0.3), half, pitch)
        for lane in range(len(centres) - 1)
        if lit[lane] and lit[lane + 1]
    }
    within = {
        lane: _dip(strips, (centres[lane] - 0.28 * pitch, centres[lane] + 0.28 * pitch), (-0.16, 0.16), half, pitch)
        for lane in np.flatnonzero(plain).tolist()
    }
    usual = float(np.median(list(between.values()))) if between else 1.0
    if usual < constants.LEAST_USUAL_DIP:
        return "no gaps are visible between the lanes"
    if np.median(list(within.values())) > max(constants.USUAL_DEEP_DIP * usual, constants.LEAST_DIP):
        return "most lanes are divided by a gap, as if each were two"
    for lane, dip in within.items():
        if dip > max(constants.DEEP_DIP * min(usual, 0.5 if not between else usual), constants.LEAST_DIP):
            return f"lane {lane + 1} is divided by a gap, as if it were two"
    for lane, dip in between.items():
        if (
            dip < constants.SHALLOW_DIP * usual
            and _alike(strips, centres[lane : lane + 2], pitch) > constants.SAME_LANE_CORRELATION
        ):
            return f"lanes {lane + 1} and {lane + 2} have no gap between them, as if they were one"
    return ""


def _part(curve: np.ndarray, centre: float, low: float, high: float, pitch: float) -> np.ndarray:
    """Columns from ``low`` to ``high`` (pitches) of a centre; at least one."""
    last = curve.shape[-1] - 1
    first = max(0, min(round(centre + low * pitch), last))
    return curve[..., first : max(first, min(round(centre + high * pitch), last)) + 1]


def _alike(strips: np.ndarray, places: np.ndarray, pitch: float) -> float:
    """Correlation of two places over the strips: halves of one lane hold the same bands, neighbours may hold others."""
    first, second = (_part(strips, place, -0.15, 0.15, pitch).mean(axis=1) for place in places)
    if min(first.std(), second.std()) == 0:
        return 1.0
    return float(np.corrcoef(first, second)[0, 1])


def _dip(
    strips: np.ndarray, places: tuple[float, float], side: tuple[float, float], half_px: float, pitch: float
) -> float:
    """Depth of the dip midway between two places, as a fraction of the lower of the two, weighted by strip."""
    lower = np.minimum(*(_part(strips, place, *side, pitch).max(axis=1) for place in places))
    middle = sum(places) / 2
    least = _part(strips, middle, -half_px / pitch, half_px / pitch, pitch).min(axis=1)
    weight = np.where(lower > constants.FAINT_STRIP * strips.max(), lower, 0)
    return float((weight - np.minimum(least, lower))[weight > 0].sum() / weight.sum()) if weight.any() else 1.0


def _unlisted(strips: np.ndarray, listed: np.ndarray, lit: np.ndarray, pitch: float) -> tuple[float, float]:
    """Strongest lane that is not listed, anywhere and in a well between two listed lanes, as fractions of the weakest
    listed one (0: there is none).

    Only rows in which the nearest lane has bands count. Neighbours mostly hold the same proteins, while towels,
    scratches and the edges of a gel lie in other rows. With three lanes or more, rows count that two of them show. The
    flank of a strong lane is not a lane: there must be a dip before it, or it must be nearly as strong.
    """
    centres = listed[lit]
    columns = np.arange(strips.shape[1])
    distance = np.abs(columns[:, None] - centres[None, :])
    nearest, away = distance.argmin(axis=1), distance.min(axis=1) / pitch
    bands = np.stack([_part(strips, centre, -0.3, 0.3, pitch).mean(axis=1) for centre in centres], axis=1)
    if len(centres) > 2:
        highest = bands.max(axis=0)
        showing = (bands > constants.SHARED_FRACTION * highest) & (
            highest > constants.LIT_FRACTION * np.median(highest)
        )
        shared = ndimage.maximum_filter1d(showing, 3, axis=0).sum(axis=1) > 1
        bands = bands * shared[:, None]
    beside = ndimage.maximum_filter1d(bands, 3, axis=0)
    signal = np.sqrt(np.square(np.minimum(strips, beside[:, nearest])).sum(axis=0))
    strength = np.sqrt(np.square(bands).sum(axis=0))
    signal = ndimage.minimum_filter1d(signal, max(1, round(0.3 * pitch)))
    lowest = _lowest_on_the_way(signal, centres, nearest)
    beyond = (
        (away > constants.LANE_REACH + 0.15)
        & (away < constants.OUTSIDE_REACH)
        & ((signal > constants.FLANK_DIP * lowest) | (signal > constants.FLANK_FRACTION * strength[nearest]))
    )
    between = _stands_between(signal, centres)
    beyond |= (away > constants.MIDWAY_DISTANCE) & between
    if len(centres) < constants.FEWEST_FOR_PITCH:
        # The pitch is not known.
        beyond |= (away > constants.CLOSE_REACH) & (constants.CLOSE_DIP * signal > lowest)
    weakest = max(float(strength.min()), constants.WEAKEST_FRACTION * float(np.median(strength)), 1e-9)
    skipped = between & (np.abs(columns[:, None] - listed[None, :]).min(axis=1) > constants.MIDWAY_DISTANCE * pitch)
    return float(signal[beyond].max(initial=0) / weakest), float(signal[skipped].max(initial=0) / weakest)


def _stands_between(signal: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Columns of a signal between two neighbouring lanes with a dip towards both; (n_columns,) bool."""
    stands = np.zeros(len(signal), bool)
    for left, right in pairwise(np.rint(centres).astype(int)):
        part = signal[left : right + 1]
        if len(part):
            lower = np.maximum(np.minimum.accumulate(part), np.minimum.accumulate(part[::-1])[::-1])
            stands[left : right + 1] |= part > constants.FLANK_DIP * lower
    return stands


def _lowest_on_the_way(signal: np.ndarray, centres: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """Lowest signal between each column and the centre of its nearest lane."""
    lowest = signal.copy()
    for lane, centre in enumerate(np.rint(centres).astype(int)):
        own = np.flatnonzero(nearest == lane)
        if len(own):
            middle = int(np.clip(centre, own[0], own[-1]))
            right, left = slice(middle, own[-1] + 1), slice(own[0], middle + 1)
            lowest[right] = np.minimum.accumulate(signal[right])
            lowest[left] = np.minimum.accumulate(signal[left][::-1])[::-1]
    return lowest
