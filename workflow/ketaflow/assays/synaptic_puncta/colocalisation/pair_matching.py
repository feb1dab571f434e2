"""Pre and post puncta that lie together: one-to-one pairs, what chance makes of them, and the synapses left.

In: positions of two sets of puncta. Out: pairs, and how many of them are synapses. Chance is measured on the same
puncta by moving one channel against the other: small shifts keep nuclei on nuclei and dense areas on dense ones
and so give the estimate; rotations stand beside it. (No mirror images: near their axis each punctum meets itself.)
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.spatial import cKDTree

# More candidates than this within the matching distance are not looked at.
NEIGHBOURS = 4
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Field:
    """The area two channels share: its size in micrometres (z, y, x or y, x), and which of it is tissue.

    ``tissue`` is (y, x) at ``tissue_pixel_um`` a pixel.
    """

    extent_um: np.ndarray
    tissue: np.ndarray
    tissue_pixel_um: float

    def is_tissue(self, positions_um: np.ndarray) -> np.ndarray:
        """Whether each position lies in tissue; outside the field there is none."""
        plane_um = positions_um[:, -2:]
        index = (plane_um / self.tissue_pixel_um).astype(int)
        inside = ((plane_um >= 0) & (plane_um < self.extent_um[-2:])).all(1)
        index = np.clip(index, 0, np.array(self.tissue.shape) - 1)
        return inside & self.tissue[tuple(index.T)]


@dataclass(frozen=True)
class Chance:
    """Pairs that puncta placed without regard to each other would make, one estimate per shift and per rotation."""

    shifted: np.ndarray
    rotated: np.ndarray

    @property
    def pairs(self) -> float:
        """Pairs expected by chance alone."""
        return float(self.shifted.mean()) if len(self.shifted) else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Between which 95 % of the shifts lie."""
        if not len(self.shifted):
            return math.nan, math.nan
        low, high = np.quantile(self.shifted, [0.025, 0.975])
        return float(low), float(high)


def one_to_one(pre_um: np.ndarray, post_um: np.ndarray, reach_um: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pair puncta, the closest first, each at most once.

    ``reach_um`` is the largest distance along each axis (an ellipsoid). Returns the indices (n, 2) of pre and post
    and the distances in units of the reach (0 to 1), in no particular order.
    """
    first, second, apart = _within_reach(pre_um / reach_um, post_um / reach_um)
    pairs, distances = [np.empty((0, 2), np.int64)], [np.empty(0)]
    while len(first):
        best_of_first, best_of_second = _first_place(first, len(pre_um)), _first_place(second, len(post_um))
        place = np.arange(len(first))
        mutual = (best_of_first[first] == place) & (best_of_second[second] == place)
        pairs.append(np.column_stack([first[mutual], second[mutual]]))
        distances.append(apart[mutual])
        free_first, free_second = np.ones(len(pre_um), bool), np.ones(len(post_um), bool)
        free_first[first[mutual]] = free_second[second[mutual]] = False
        left = free_first[first] & free_second[second]
        first, second, apart = first[left], second[left], apart[left]
    return np.concatenate(pairs), np.concatenate(distances)


def _within_reach(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All couples no more than 1 apart, the closest first: index in each set, and distance."""
    if not len(first) or not len(second):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    near = min(NEIGHBOURS, len(second))
    apart, index = cKDTree(second).query(first, k=np.arange(1, near + 1), distance_upper_bound=1.0)
    which, rank = np.nonzero(np.isfinite(apart))
    apart, index = apart[which, rank], index[which, rank]
    order = np.argsort(apart, kind="stable")
    return which[order], index[order], apart[order]


def _first_place(members: np.ndarray, count: int) -> np.ndarray:
    """For each member, the first place at which it stands in a list."""
    place = np.full(count, -1)
    place[members[::-1]] = np.arange(len(members))[::-1]
    return place


def chance_pairs(
    pre_um: np.ndarray, post_um: np.ndarray, field: Field, reach_um: np.ndarray, *, shifts_um: np.ndarray
) -> Chance:
    """How many pairs chance makes: the post channel moved by each shift (m, 2), and turned.

    Only where both channels still show tissue are pairs counted; the count is scaled up to the whole field.
    """
    shifted = [
        _moved_pairs(pre_um, post_um + _in_plane(shift, post_um), field, _shifted(field, shift), reach_um)
        for shift in shifts_um
    ]
    turns = zip(_turned(post_um, field), _turned_masks(field), strict=True)
    rotated = [_moved_pairs(pre_um, moved_um, field, mask, reach_um) for moved_um, mask in turns]
    return Chance(np.array(shifted), np.array(rotated))


def _in_plane(shift_um: np.ndarray, positions_um: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(positions_um.shape[1] - 2), shift_um])


def _shifted(field: Field, shift_um: np.ndarray) -> np.ndarray:
    """The field's tissue after a shift; what comes in from outside is no tissue."""
    by = np.rint(shift_um / field.tissue_pixel_um).astype(int)
    moved = np.zeros_like(field.tissue)
    target = tuple(slice(max(step, 0), size + min(step, 0)) for step, size in zip(by, moved.shape, strict=True))
    origin = tuple(slice(max(-step, 0), size + min(-step, 0)) for step, size in zip(by, moved.shape, strict=True))
    moved[target] = field.tissue[origin]
    return moved


def _turned(positions_um: np.ndarray, field: Field) -> list[np.ndarray]:
    """Positions after half a turn and, where the field is square, after quarter turns."""
    y, x = positions_um[:, -2], positions_um[:, -1]
    height, width = field.extent_um[-2:]
    turns = [(height - y, width - x)]
    if height == width:
        turns += [(x, height - y), (width - x, y)]
    return [np.column_stack([positions_um[:, :-2], *turn]) for turn in turns]


def _turned_masks(field: Field) -> list[np.ndarray]:
    mask = field.tissue
    masks = [mask[::-1, ::-1]]
    if field.extent_um[-2] == field.extent_um[-1]:
        masks += [mask[::-1].T, mask[:, ::-1].T]
    return masks


def _moved_pairs(
    pre_um: np.ndarray, moved_um: np.ndarray, field: Field, moved_tissue: np.ndarray, reach_um: np.ndarray
) -> float:
    """Pairs between the pre puncta and the moved post puncta, had all of both lain in tissue."""
    overlap = field.tissue & moved_tissue
    there = Field(field.extent_um, overlap, field.tissue_pixel_um)
    first, second = pre_um[there.is_tissue(pre_um)], moved_um[there.is_tissue(moved_um)]
    pairs, _ = one_to_one(first, second, reach_um)
    crowding = crowding_of(len(pairs), len(first), len(second)) * overlap.sum() / max(field.tissue.sum(), 1)
    return random_pairs(len(pre_um), len(moved_um), crowding)


def random_pairs(n_pre: float, n_post: float, crowding: float) -> float:
    """Pairs that two sets of puncta without regard to each other make when the closest are paired first.

    ``crowding`` is the area within the matching distance over the area of the field. As the distance grows by
    dr, each free pre meets each free post with equal chance: dM = (n_pre - M)(n_post - M) d(crowding).
    """
    if n_pre <= 0 or n_post <= 0 or not crowding > 0:
        return 0.0
    if math.isclose(n_pre, n_post, rel_tol=1e-9):
        return n_pre**2 * crowding / (1 + n_pre * crowding)
    fewer, more = sorted((n_pre, n_post))
    left = math.exp(-(more - fewer) * crowding)
    return fewer * more * (1 - left) / (more - fewer * left)


def crowding_of(pairs: float, n_pre: float, n_post: float) -> float:
    """The crowding at which two such sets make so many pairs; the inverse of ``random_pairs``."""
    fewer, more = sorted((n_pre, n_post))
    if pairs <= 0 or fewer <= 0:
        return 0.0
    pairs = min(pairs, fewer - 0.5)
    if pairs <= 0:
        return 0.0
    if math.isclose(fewer, more, rel_tol=1e-9):
        return pairs / (fewer * (fewer - pairs))
    return math.log((more - pairs) * fewer / ((fewer - pairs) * more)) / (more - fewer)


def synapses(found: float, by_chance: float, n_pre: int, n_post: int) -> float:
    """True pairs among those found.

    Puncta that are already in a synapse cannot meet by chance, so chance is that of the puncta left over, not that
    of all: with T synapses, found = T + random_pairs(n_pre - T, n_post - T). Taking off the whole chance would
    lose synapses wherever many puncta are paired. Negative where fewer pairs are found than chance makes.
    """
    if not math.isfinite(by_chance):
        return math.nan
    if found <= by_chance:
        return found - by_chance
    crowding = crowding_of(by_chance, n_pre, n_post)

    def surplus(true: float) -> float:
        return true + random_pairs(n_pre - true, n_post - true, crowding) - found

    return float(brentq(surplus, 0.0, min(n_pre, n_post)))


def synapse_interval(found: float, chance: Chance, n_pre: int, n_post: int) -> tuple[float, float]:
    """Within which the number of synapses lies, 95 times of 100, given how much chance varies from shift to shift."""
    if len(chance.shifted) < 2:
        return math.nan, math.nan
    # The image itself is one draw of chance; the mean it is compared with varies less, by the number of shifts.
    spread = NORMAL_95 * float(chance.shifted.std(ddof=1)) * math.sqrt(1 + 1 / len(chance.shifted))
    low, high = max(chance.pairs - spread, 0.0), chance.pairs + spread
    return synapses(found, high, n_pre, n_post), synapses(found, low, n_pre, n_post)


def ring_of_shifts(n_shifts: int, shift_um: tuple[float, float]) -> np.ndarray:
    """Shifts (n, 2) spread evenly over a ring between two radii; the same for every image."""
    number = np.arange(n_shifts)
    radius = np.sqrt(np.interp((number + 0.5) / n_shifts, [0, 1], np.square(shift_um)))
    angle = number * math.pi * (3 - math.sqrt(5))
    return np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
