"""Whether a comb of lanes is borne out by the picture: what it must show if these, and no others, are its lanes.

In: relief in strips of rows and the places of the lanes. Out: the doubts. Neighbouring lanes are parted by a dip, no
lane has such a dip within it, lanes follow each other evenly, the outermost show something, and what is signal lies in
lanes. A map one lane short or long breaks one of these nearly always, though its lanes can be fitted.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

STRIPS = 24
# A lane reaches this far from its centre, in pitches.
REACH = 0.55
# What lies below this share of the picture's strongest strip is no evidence of anything.
FAINT = 0.01
# Strips of rows count by this power of their signal, so that a faint row of bands has a voice beside a strong one.
VOICE = 0.8
# Two lanes are one if the dip between them is below this share of the usual dip; one lane is two if the dip within it
# is above this share of it (above the second one in most lanes), and deeper than 0.12 of its height; where the usual
# dip is less deep than the last number, lanes cannot be told apart.
ONE_LANE, TWO_LANES, TWO_LANES_USUALLY, LEAST_DIP, NO_GAPS = 0.3, 0.7, 0.4, 0.12, 0.1
# Two places without a dip between them are two lanes all the same if their bands correlate less than this.
ALIKE = 0.4
# Neighbours are at least this share of the usual distance apart, and their distance is off whole wells by at most the
# next (pitches); the outer lanes show this share of the usual (soft) signal. Lanes nobody listed are sought up to
# BEYOND pitches from those listed, and midway between two less than NEXT apart (a map of every second lane); signal
# there is more than a flank if it is this many times the dip before it, or this share of the lane beside it.
CROWDED, UNEVEN, END_SHOWS = 0.72, 0.35, 0.27
BEYOND, MIDWAY, NEXT, DIP_BEFORE, FLANK = 3.0, 0.4, 1.25, 1.3, 0.4
# A lane weaker than this share of the usual one is no measure for others, and (soft) too faint to look like two.
# Rows where two lanes that show something reach this share of their strongest are rows of bands; the rims of wells stay
# below it (0.14 at most), and a lane that shows hardly anything has no say.
WEAKEST, PLAIN, SHARED = 0.15, 0.5, 0.2


@dataclass(frozen=True)
class Plausibility:
    """``filled``: share of the lanes expected to show a signal that do; ``outside``: the strongest lane nobody listed,
    against the weakest listed one; ``doubt``: what speaks against these lanes, in words, empty if nothing does."""

    filled: float
    outside: float
    doubt: str


def row_strips(rise: np.ndarray, lean: float) -> np.ndarray:
    """Largest relief of each column in overlapping strips of rows, along leaning columns; (n_strips, n_columns)."""
    rows, columns = rise.shape
    tall = max(1, round(rows / STRIPS))
    made = []
    for top in range(0, max(rows - tall, 0) + 1, max(1, tall // 2)):
        shift = round(lean * (top + tall / 2 - rows / 2))
        strip = rise[top : top + tall].max(axis=0)
        made.append(strip[np.clip(np.arange(columns) + shift, 0, columns - 1)] if shift else strip)
    return np.array(made)


def judge_lanes(strips: np.ndarray, centres: np.ndarray, pitch: float, expected: np.ndarray) -> Plausibility:
    """Judge lanes at ``centres`` (columns of the strips); ``expected`` marks those that should show a signal."""
    profile = np.sqrt((strips**VOICE).mean(axis=0))
    shows = np.array([_part(profile, centre, -0.3, 0.3, pitch).mean() for centre in centres])
    usual = float(np.median(shows[expected])) if expected.any() else 0.0
    if usual <= 0:
        return Plausibility(0.0, 0.0, "most lanes show no signal")
    lit = expected & (shows > END_SHOWS * usual)
    filled = float(lit[expected].mean())
    outside = _outside(strips, centres[lit], pitch) if lit.any() else 0.0
    return Plausibility(filled, outside, _doubt(strips, centres, pitch, expected, lit, lit & (shows > PLAIN * usual)))


def _doubt(
    strips: np.ndarray, centres: np.ndarray, pitch: float, expected: np.ndarray, lit: np.ndarray, plain: np.ndarray
) -> str:
    """The first of the signs that these are not the lanes; ``lit`` lanes show something, ``plain`` ones plenty."""
    ends = np.flatnonzero(expected)[[0, -1]]
    for lane in ends[~lit[ends]].tolist():
        return f"lane {lane + 1} would show nothing, so that the lanes could lie one further on"
    return _spacing_doubt(centres, pitch) or _dip_doubt(strips, centres, pitch, lit, plain)


def _spacing_doubt(centres: np.ndarray, pitch: float) -> str:
    """Whether lanes lie on top of each other, or off the wells."""
    apart = np.diff(centres)
    if len(apart) and apart.min() < CROWDED * pitch:
        return f"lanes {apart.argmin() + 1} and {apart.argmin() + 2} would lie on top of each other"
    wells = apart / pitch
    odd = np.abs(wells - np.maximum(1, np.rint(wells)))
    if len(odd) and odd.max() > UNEVEN:
        return f"lanes {odd.argmax() + 1} and {odd.argmax() + 2} would not stand in wells as far apart as the others"
    return ""


def _dip_doubt(strips: np.ndarray, centres: np.ndarray, pitch: float, lit: np.ndarray, plain: np.ndarray) -> str:
    """Whether a dip is missing between two lanes, or parts one."""
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
    if usual < NO_GAPS:
        return "no gaps can be seen between the lanes"
    if np.median(list(within.values())) > max(TWO_LANES_USUALLY * usual, LEAST_DIP):
        return "most lanes look like two"
    for lane, dip in within.items():
        if dip > max(TWO_LANES * min(usual, 0.5 if not between else usual), LEAST_DIP):
            return f"lane {lane + 1} looks like two"
    for lane, dip in between.items():
        if dip < ONE_LANE * usual and _alike(strips, centres[lane : lane + 2], pitch) > ALIKE:
            return f"lanes {lane + 1} and {lane + 2} look like one"
    return ""


def _part(curve: np.ndarray, centre: float, low: float, high: float, pitch: float) -> np.ndarray:
    """Columns from ``low`` to ``high`` (pitches) of a centre; at least one."""
    last = curve.shape[-1] - 1
    first = int(np.clip(round(centre + low * pitch), 0, last))
    return curve[..., first : int(np.clip(round(centre + high * pitch), first, last)) + 1]


def _alike(strips: np.ndarray, places: np.ndarray, pitch: float) -> float:
    """Correlation of two places down the strips: halves of one lane hold the same bands, neighbours may hold others."""
    first, second = (_part(strips, place, -0.15, 0.15, pitch).mean(axis=1) for place in places)
    if min(first.std(), second.std()) == 0:
        return 1.0
    return float(np.corrcoef(first, second)[0, 1])


def _dip(
    strips: np.ndarray, places: tuple[float, float], side: tuple[float, float], half_px: float, pitch: float
) -> float:
    """How far the signal falls midway between two places, as a share of the lower of the two; strips weighed by it."""
    lower = np.minimum(*(_part(strips, place, *side, pitch).max(axis=1) for place in places))
    middle = sum(places) / 2
    least = _part(strips, middle, -half_px / pitch, half_px / pitch, pitch).min(axis=1)
    weight = np.where(lower > FAINT * strips.max(), lower, 0)
    return float((weight - np.minimum(least, lower))[weight > 0].sum() / weight.sum()) if weight.any() else 1.0


def _outside(strips: np.ndarray, centres: np.ndarray, pitch: float) -> float:
    """The strongest lane nobody listed, against the weakest listed one (0: there is none).

    Only rows at which the nearest lane has bands count: protein that one lane holds its neighbours mostly hold too,
    while towels, scratches and the edges of a gel lie elsewhere. Of three lanes and more, rows count that two show.
    The flank of a strong lane is no lane: there must be a dip before it, or it must be nearly as strong.
    """
    distance = np.abs(np.arange(strips.shape[1])[:, None] - centres[None, :])
    nearest, away = distance.argmin(axis=1), distance.min(axis=1) / pitch
    bands = np.stack([_part(strips, centre, -0.3, 0.3, pitch).mean(axis=1) for centre in centres], axis=1)
    if len(centres) > 2:
        highest = bands.max(axis=0)
        showing = (bands > SHARED * highest) & (highest > END_SHOWS * np.median(highest))
        shared = ndimage.maximum_filter1d(showing, 3, axis=0).sum(axis=1) > 1
        bands = bands * shared[:, None]
    beside = ndimage.maximum_filter1d(bands, 3, axis=0)
    signal = np.sqrt(np.square(np.minimum(strips, beside[:, nearest])).sum(axis=0))
    strength = np.sqrt(np.square(bands).sum(axis=0))
    signal = ndimage.minimum_filter1d(signal, max(1, round(0.3 * pitch)))
    dip = signal > DIP_BEFORE * _lowest_on_the_way(signal, centres, nearest)
    beyond = (away > REACH + 0.15) & (away < BEYOND) & (dip | (signal > FLANK * strength[nearest]))
    beyond |= (away > MIDWAY) & _stands_between(signal, centres, pitch)
    weakest = max(float(strength.min()), WEAKEST * float(np.median(strength)), 1e-9)
    return float(signal[beyond].max(initial=0) / weakest)


def _stands_between(signal: np.ndarray, centres: np.ndarray, pitch: float) -> np.ndarray:
    """Columns of a signal between two lanes that follow each other with a dip towards both; (n_columns,) bool."""
    stands = np.zeros(len(signal), bool)
    for left, right in pairwise(np.rint(centres).astype(int)):
        if 0 < right - left < NEXT * pitch:
            part = signal[left : right + 1]
            lower = np.maximum(np.minimum.accumulate(part), np.minimum.accumulate(part[::-1])[::-1])
            stands[left : right + 1] |= part > DIP_BEFORE * lower
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
