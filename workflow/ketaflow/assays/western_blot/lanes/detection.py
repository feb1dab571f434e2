"""Find the lanes: a nearly regular grid of as many lanes as the lane map lists.

In: one membrane with its bands enhanced and, for each lane of the map, whether a signal is expected in it. Out: the
centre of every lane, how lanes lean, the borders between them, and how certain that is. The number of lanes is known,
so that they are fitted, not counted. Where a grid one lane further left or right fits as well, nothing is measured and
the user is asked for boxes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.images.band_enhancement import EnhancedPicture
from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.lanes.lane_plausibility import Plausibility, judge_lanes, row_strips
from ketaflow.assays.western_blot.lanes.profile_baseline import moved
from ketaflow.assays.western_blot.model import LaneGrid


class Fit(NamedTuple):
    """Lanes fitted at one pitch, in columns of the reduced picture.

    Attributes
    ----------
    score : float
        How well they fit (lanes).
    centres : (n_lanes,) float
        Centres of the lanes (columns).
    pitch : float
        Distance from one lane to the next (columns).
    """

    score: float
    centres: np.ndarray
    pitch: float


def find_lanes(enhanced: EnhancedPicture, expected: np.ndarray) -> LaneGrid | None:
    """Fit as many lanes as the lane map lists.

    Parameters
    ----------
    enhanced : EnhancedPicture
        One membrane with its bands enhanced.
    expected : (n_lanes,) bool
        Lanes that should hold a signal.

    Returns
    -------
    LaneGrid or None
        The best grid, certain or not; None where there is no signal.
    """
    height, factor = enhanced.strength, enhanced.factor
    lean = _lean(height)
    profile = column_profile(height, lean)
    if not profile.any():
        return None
    level = np.clip(profile / max(np.percentile(profile[profile > 0.05 * profile.max()], 70), 1e-9), 0, 1.25)
    tried = [_fit(level, expected, pitch) for pitch in _pitches(level, len(expected), factor)]
    fits = [fit for fit in tried if fit is not None]
    if not fits:
        return None
    fits += _elsewhere(level, expected, max(fits, key=lambda fit: fit.score))
    strips = row_strips(enhanced.rise, lean)
    judged = [_judged(strips, profile, fit, expected) for fit in _distinct(fits)]
    sound = [one for one in judged if not one.plausibility.doubt]
    best = max(sound or judged, key=lambda one: one.score)
    alone = best.score - len(expected)
    rival = max((one.score for one in sound if _differs(one, best, expected)), default=alone)
    borders = lane_borders(profile, best.centres, best.pitch)
    return LaneGrid(
        centres=best.centres * factor + (factor - 1) / 2,
        borders=borders * factor,
        lean=lean,
        middle=height.shape[0] * factor / 2,
        pitch=float(best.pitch * factor),
        margin=float(best.score - rival),
        filled=best.plausibility.filled,
        outside=best.plausibility.outside,
        doubt=best.plausibility.doubt,
    )


def widest_row(enhanced: EnhancedPicture) -> tuple[int, int] | None:
    """Find the row of bands that crosses most of the width.

    Parameters
    ----------
    enhanced : EnhancedPicture
        One membrane with its bands enhanced.

    Returns
    -------
    (int, int) or None
        First row of the membrane in the file and the row after its last; None where there are no bands.
    """
    height = len(enhanced.strength)
    best: tuple[float, int, int] | None = None
    for share in constants.ROW_HEIGHTS:
        tall = max(3, round(share * height))
        for top in range(0, height - tall + 1, max(1, tall // 4)):
            part = enhanced.strength[top : top + tall].max(axis=0)
            covered = float((part > constants.ROW_STRENGTH).mean())
            # A taller row must cover clearly more.
            if covered > 0 and (best is None or covered > constants.ROW_GAIN * best[0]):
                best = covered, top, top + tall
    return None if best is None else (best[1] * enhanced.factor, best[2] * enhanced.factor)


def lanes_beside(part: EnhancedPicture, grid: LaneGrid, expected: np.ndarray) -> float:
    """Return how strong a lane beside a grid shows in a part of the membrane.

    Parameters
    ----------
    part : EnhancedPicture
        Rows of the membrane.
    grid : LaneGrid
        The lanes, as found on the whole membrane.
    expected : (n_lanes,) bool
        Lanes that should hold a signal.

    Returns
    -------
    float
        Strongest lane that the grid does not list, as a fraction of the weakest listed one; 0 where the part does not
        show every listed lane, as a faint one would itself be taken for a lane that is not listed.
    """
    judged = _judged_in(part, grid, expected)
    return 0.0 if judged.doubt or judged.filled < 1 else judged.outside


def unlisted_lanes(enhanced: EnhancedPicture, grid: LaneGrid, expected: np.ndarray) -> float:
    """Return how strong a lane beside a grid shows anywhere on the membrane, whatever else speaks against the grid.

    Parameters
    ----------
    enhanced : EnhancedPicture
        The membrane.
    grid : LaneGrid
        The lanes, as found in one row of bands.
    expected : (n_lanes,) bool
        Lanes that should hold a signal.

    Returns
    -------
    float
        Strongest lane that the grid does not list, as a fraction of the weakest listed one.
    """
    return _judged_in(enhanced, grid, expected).outside


def _judged_in(part: EnhancedPicture, grid: LaneGrid, expected: np.ndarray) -> Plausibility:
    centres = (grid.centres - (part.factor - 1) / 2) / part.factor
    return judge_lanes(row_strips(part.rise, grid.lean), centres, grid.pitch / part.factor, expected)


@dataclass(frozen=True)
class Judged:
    """A fitted grid in columns of the reduced picture, and what the picture says about it.

    Attributes
    ----------
    score : float
        How well the grid fits (lanes).
    centres : (n_lanes,) float
        Centres of the lanes (columns).
    pitch : float
        Distance from one lane to the next (columns).
    plausibility : Plausibility
        What speaks for and against the grid.
    """

    score: float
    centres: np.ndarray
    pitch: float
    plausibility: Plausibility


def _judged(strips: np.ndarray, profile: np.ndarray, fit: Fit, expected: np.ndarray) -> Judged:
    """Refine the centres of a fit and judge it."""
    score, centres, pitch = fit
    spread = _spread(centres, pitch)
    refined = refined_centres(profile, centres, spread)
    return Judged(score, refined, spread, judge_lanes(strips, refined, spread, expected))


def _spread(centres: np.ndarray, pitch: float) -> float:
    """Usual distance from one well to the next; skipped wells count."""
    apart = np.diff(centres)
    return float(np.median(apart / np.maximum(1, np.rint(apart / pitch)))) if len(apart) else pitch


def _distinct(fits: list[Fit]) -> list[Fit]:
    """The best fits; of those that place every lane within a tenth of the pitch of each other, one is kept."""
    kept: list[Fit] = []
    for fit in sorted(fits, key=lambda fit: -fit.score):
        if all(np.abs(fit.centres - other.centres).max() > 0.1 * fit.pitch for other in kept):
            kept.append(fit)
    return kept


def _differs(one: Judged, best: Judged, expected: np.ndarray) -> bool:
    """Whether a grid places any lane with a signal elsewhere."""
    return bool(np.abs(one.centres - best.centres)[expected].max(initial=0) > 0.5 * best.pitch)


def _lean(height: np.ndarray) -> float:
    """Columns per row by which lanes lean: those of the sharpest column profile, upright unless that is clearly
    sharper."""
    sharp = np.array([np.square(np.square(column_profile(height, lean))).sum() for lean in constants.LEANS])
    upright = sharp[len(constants.LEANS) // 2]
    best = int(np.argmax(sharp))
    return float(constants.LEANS[best]) if sharp[best] > constants.LEAN_GAIN * upright else 0.0


def column_profile(height: np.ndarray, lean: float) -> np.ndarray:
    """Mean strength of each column, along leaning columns.

    Strips of rows are combined by their root mean square, so that a ladder with ten bands does not outshine lanes with
    one.

    Parameters
    ----------
    height : (n_rows, n_columns) float
        Rise of the signal above what lies around it, in the reduced picture.
    lean : float
        Columns by which lanes move to the right from one row to the next.

    Returns
    -------
    (n_columns,) float
        Strength in the unit of ``height``.
    """
    rows, columns = height.shape
    tall = max(1, round(rows / constants.ROW_STRIPS))
    total, count = np.zeros(columns), 0
    for top in range(0, max(rows - tall, 0) + 1, max(1, tall // 2)):
        strip = np.square(height[top : top + tall].mean(axis=0))
        shift = round(lean * (top + tall / 2 - rows / 2))
        total += moved(strip, -shift)
        count += 1
    return np.sqrt(total / count)


def _pitches(level: np.ndarray, count: int, factor: int) -> np.ndarray:
    """Pitches to try, in pixels: from all lanes within a third of the signal's extent to lanes across the picture."""
    width = len(level)
    covered = np.flatnonzero(level > 0.2)
    extent = max(covered[-1] - covered[0] + 1 if len(covered) else width, 8)
    longest = width / max(count - 0.35, 0.65 if factor == 1 else constants.FEWEST_WELLS)
    shortest = max(4.0, min(0.3 * extent / count, 0.5 * longest))
    return np.geomspace(shortest, longest, constants.PITCHES)


def _window_mean(level: np.ndarray, size: float) -> np.ndarray:
    """Running mean over so many columns."""
    return ndimage.uniform_filter1d(level, max(1, round(size)), mode="constant")


def _worth(level: np.ndarray, pitch: float) -> np.ndarray:
    """Score of a lane centred at each column: signal in its core less half the signal where its gaps should be."""
    core, gap = _window_mean(level, constants.LANE_CORE * pitch), _window_mean(level, constants.GAP_CORE * pitch)
    half = round(pitch / 2)
    padded = np.pad(gap, half)
    left, right = padded[: len(gap)], padded[2 * half :]
    return core - 0.5 * (left + right)


def _spacing_cost(distance: np.ndarray, pitch: float) -> np.ndarray:
    """Cost of two neighbours at this distance: for leaving the pitch, and for skipped wells between them."""
    ratio = distance / pitch
    wells = np.maximum(1, np.rint(ratio))
    cost = constants.COST_UNEVEN * np.square((ratio - wells) / np.sqrt(wells)) + constants.COST_SKIPPED * (wells - 1)
    return cost


def _fit(level: np.ndarray, expected: np.ndarray, pitch: float, start: tuple[float, float] | None = None) -> Fit | None:
    """Best places for all lanes at one pitch, by dynamic programming; ``start`` limits the place of the first lane."""
    width = len(level)
    places = np.arange(width)
    worth = _worth(level, pitch) + constants.COST_OUTSIDE * _window_mean(level, pitch)
    blank = -0.5 * _window_mean(level, constants.LANE_CORE * pitch)
    margin = 0.3 * pitch
    best = (worth if expected[0] else blank) - constants.COST_OUTSIDE * level.sum() / pitch
    best = np.where((places < margin) | (places > width - margin), -np.inf, best)
    if start:
        best = np.where((places >= start[0]) & (places <= start[1]), best, -np.inf)
    nearest = max(1, int(np.ceil(constants.NEAREST_NEIGHBOUR * pitch)))
    cost = _spacing_cost(
        np.arange(nearest, max(nearest + 1, min(width, int(constants.FARTHEST_NEIGHBOUR * pitch) + 1))), pitch
    )
    came_from = []
    for lane in range(1, len(expected)):
        reach = np.concatenate((np.full(nearest + len(cost) - 1, -np.inf), best))
        options = np.lib.stride_tricks.sliding_window_view(reach, len(cost))[:width, ::-1] - cost
        choice = options.argmax(axis=1)
        came_from.append(places - nearest - choice)
        best = options[places, choice] + (worth if expected[lane] else blank)
    best = np.where(places > width - margin, -np.inf, best)
    last = int(best.argmax())
    if not np.isfinite(best[last]):
        return None
    centres = [last]
    for origin in reversed(came_from):
        centres.append(int(origin[centres[-1]]))
    return Fit(float(best[last]), np.array(centres[::-1]), float(pitch))


def _elsewhere(level: np.ndarray, expected: np.ndarray, best: Fit) -> list[Fit]:
    """The best grids whose first lane lies further left or further right than that of the best grid."""
    _, centres, pitch = best
    found = []
    for start in ((0, centres[0] - 0.55 * pitch), (centres[0] + 0.55 * pitch, len(level))):
        fits = [_fit(level, expected, pitch * factor, start) for factor in (0.85, 0.93, 1.0, 1.07, 1.15)]
        found += [fit for fit in fits if fit is not None]
    return found


def refined_centres(profile: np.ndarray, centres: np.ndarray, pitch: float) -> np.ndarray:
    """Centres moved to the middle of their signal, where there is a signal.

    Parameters
    ----------
    profile : (n_columns,) float
        Strength of each column, see ``column_profile``.
    centres : (n_lanes,) float
        Fitted centres (columns).
    pitch : float
        Distance from one lane to the next (columns).

    Returns
    -------
    (n_lanes,) float
        Centres (columns), each moved by at most a quarter of the pitch.
    """
    profile = ndimage.uniform_filter1d(profile, max(1, round(0.15 * pitch)))
    refined = centres.astype(float)
    for lane, centre in enumerate(centres):
        low, high = max(0, round(centre - 0.5 * pitch)), min(len(profile), round(centre + 0.5 * pitch) + 1)
        part = profile[low:high] - profile[low:high].min()
        if part.max() > 0.1 * profile.max():
            inner = np.arange(max(low, round(centre - 0.3 * pitch)), min(high, round(centre + 0.3 * pitch) + 1)) - low
            peak = inner[part[inner].argmax()]
            weak = np.concatenate(([-1], np.flatnonzero(part <= 0.4 * part[peak]), [len(part)]))
            first, last = weak[weak < peak][-1] + 1, weak[weak > peak][0] - 1
            refined[lane] = np.clip(low + (first + last) / 2, centre - 0.25 * pitch, centre + 0.25 * pitch)
    return refined


def lane_borders(profile: np.ndarray, centres: np.ndarray, pitch: float) -> np.ndarray:
    """Left and right border of each lane: the valley towards its neighbour.

    Parameters
    ----------
    profile : (n_columns,) float
        Strength of each column, see ``column_profile``.
    centres : (n_lanes,) float
        Centres of the lanes (columns), in increasing order.
    pitch : float
        Distance from one lane to the next (columns).

    Returns
    -------
    (n_lanes, 2) float
        Borders (columns) inside the picture; 0.6 pitches from the centre where there is no neighbour.
    """
    borders = np.column_stack([centres - 0.6 * pitch, centres + 0.6 * pitch])
    for lane in range(len(centres) - 1):
        gap = centres[lane + 1] - centres[lane]
        if gap > 1.25 * pitch:
            continue
        low, high = round(centres[lane] + 0.3 * gap), round(centres[lane + 1] - 0.3 * gap) + 1
        part = profile[low:high]
        lowest = np.flatnonzero(part <= part.min() + 1e-9)
        valley = low + float(lowest[len(lowest) // 2]) if len(part) else (centres[lane] + centres[lane + 1]) / 2
        borders[lane, 1] = borders[lane + 1, 0] = valley
    return np.clip(borders, 0, len(profile) - 1)
