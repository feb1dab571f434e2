"""Cylinders in the scene: where their walls stand and how high the water is.

In: what was seen of a video. Out: one ``Cylinder`` for each, from the left. Cylinders are found where animals move and
where upright walls stand: all are taken to be of about one size and on one table.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ketaflow.assays.forced_swim.tracking.scene import Cylinder, KeyFrames
from ketaflow.assays.forced_swim.tracking.water_line import edge_strength, locate_water_line, surface_strength
from ketaflow.core.errors import IngestError

# Between the animals of two cylinders there is an upright edge at least this strong, relative to the outer walls.
BETWEEN_WALLS = 0.6
# What moves in a cylinder seems to reach beyond its walls by up to this share of its width: of shares from 0.06 to
# 0.22, tried on 36 drawn films, the larger found more walls.
BEYOND_WALLS = 0.2
# A share of what moves that lies outside a pair of walls tells as much against it as walls weaker by this times that.
# 0 to 50 were tried on 89 films of benchmarks/: from 25 on the same walls were found, of 196 cylinders 4 off.
CUT_OFF = 25.0
# Rows in which something is seen for less than this share of the time of the busiest row are a hand's, not an animal's.
PASSING_SHARE = 0.25
# Between head and body, above and below the surface, no more than this is seen of neither (share of the width).
SURFACE_GAP = 0.12
# A camera may be held askew by this much (tangent, 6 degrees).
MOST_ASKEW = 0.1


def find_cylinders(seen: KeyFrames, name: str) -> list[Cylinder]:
    """Cylinders of a video, from the left: those in which something moves, then empty ones that look the same."""
    empty = seen.quantile(0.5)
    clusters, strong, rows = moving_columns(seen)
    if not clusters:
        raise IngestError(
            f"{name}: nothing moves in this video, so no animal can be found. Check that it is the right file; "
            "expected animals filmed from the side."
        )
    upright, level = straightened(edge_strength(empty, axis=1), rows), edge_strength(empty, axis=0)
    profile = wall_profile(upright, rows)
    clusters = merged_clusters(profile, clusters)
    found = []
    for cluster, pair in zip(clusters, wall_pairs(profile, clusters, strong[slice(*rows)].sum(axis=0)), strict=True):
        own = animal_rows(seen, strong, cluster)
        found.append(locate_water_line(level, *pair, *wall_rows(upright, *pair, own), own))
    return sorted(found + empty_cylinders(profile, level, found), key=lambda one: one.left)


def moving_columns(seen: KeyFrames) -> tuple[list[tuple[int, int]], np.ndarray, tuple[int, int]]:
    """Columns in which each animal moves, what moves (height, width), and the rows of all animals.

    Looked for twice, the second time in those rows alone: an arm that comes from above leans over two cylinders.
    """
    clusters, strong = active_clusters(seen.variability)
    if not clusters:
        return [], strong, (0, len(strong))
    rows = union_span([animal_rows(seen, strong, cluster) for cluster in clusters])
    within = np.zeros_like(seen.variability)
    within[slice(*rows)] = seen.variability[slice(*rows)]
    again, inside = active_clusters(within)
    if again:
        clusters, strong = again, inside
    return clusters, strong, union_span([animal_rows(seen, strong, cluster) for cluster in clusters])


def union_span(spans: list[tuple[int, int]]) -> tuple[int, int]:
    """The span from the first start to the last stop."""
    return min(start for start, _ in spans), max(stop for _, stop in spans)


def animal_rows(seen: KeyFrames, strong: np.ndarray, cluster: tuple[int, int]) -> tuple[int, int]:
    """The rows in which the animal of a cluster of columns moves; ``strong`` marks the pixels of the film that change.

    Rows that only the hand which lets it go passes through are left out (in a short film it is there long enough to
    count as movement; an animal is at the surface most of the time), and what lies apart, as droppings on the floor do.
    """
    columns = slice(*cluster)
    mass = strong[:, columns].sum(axis=1)
    share = np.cumsum(mass) / mass.sum()
    first, after = int(np.searchsorted(share, 0.02)), int(np.searchsorted(share, 0.98)) + 1
    box = (slice(first, after), columns)
    apart = np.abs(seen.frames[:, box[0], columns] - seen.quantile(0.5)[box])
    there = apart > max(6.0, 0.5 * float(np.percentile(seen.variability[box], 99.5)))
    share = np.mean(np.count_nonzero(there, axis=2) >= max(2, 0.02 * (cluster[1] - cluster[0])), axis=0)
    gap = max(3, round(SURFACE_GAP * (cluster[1] - cluster[0])))
    lasting = ndimage.binary_closing(np.pad(share >= PASSING_SHARE * share.max(), gap), np.ones(gap))[gap:-gap]
    labels, _ = ndimage.label(lasting)
    masses = ndimage.sum_labels(mass[first:after], labels, np.arange(1, labels.max() + 1))
    rows = np.flatnonzero(labels == 1 + int(np.argmax(masses)))
    return first + int(rows[0]), first + int(rows[-1]) + 1


def straightened(upright: np.ndarray, rows: tuple[int, int]) -> np.ndarray:
    """Upright edges (height, width) sheared so that walls of a camera held askew stand upright; the middle row stays.

    The right shear is the one at which edges in ``rows`` line up best: their profile is the most uneven.
    """
    height, width = upright.shape
    away = np.arange(height) - (rows[0] + rows[1]) // 2
    columns = np.arange(width)
    best, clearest = upright, -np.inf
    for shear in sorted(np.linspace(-MOST_ASKEW, MOST_ASKEW, 21), key=abs):
        moved = columns + np.round(shear * away).astype(int)[:, None]
        sheared = np.take_along_axis(upright, np.clip(moved, 0, width - 1), axis=1)
        clear = float(np.sum(wall_profile(sheared, rows) ** 2)) * (1 - 0.5 * abs(shear))
        if clear > clearest:
            best, clearest = sheared, clear
    return best


def wall_profile(upright: np.ndarray, rows: tuple[int, int]) -> np.ndarray:
    """Strength of upright edges at each column (width,) that go through most rows around and below the water.

    A wall does; the outline of an animal that hardly moves does not.
    """
    height = len(upright)
    reach = max(rows[1] - rows[0], height // 8)
    band = upright[max(0, rows[0] - reach // 2) : min(height, rows[1] + 3 * reach // 2)]
    return np.percentile(ndimage.maximum_filter1d(band, 3, axis=1), 35, axis=0) + 1e-3


def merged_clusters(profile: np.ndarray, clusters: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Clusters with no wall between them put together: one animal that kept to two places of its cylinder."""
    reach = overhang_px(clusters)
    outer = min(profile[: clusters[0][0] + reach].max(), profile[max(0, clusters[-1][1] - reach) :].max())
    together = [clusters[0]]
    for cluster in clusters[1:]:
        between = profile[max(0, together[-1][1] - reach) : cluster[0] + reach]
        if between.max() < BETWEEN_WALLS * outer:
            together[-1] = (together[-1][0], cluster[1])
        else:
            together.append(cluster)
    return together


def overhang_px(clusters: list[tuple[int, int]]) -> int:
    """How far (pixels) what moves may reach beyond the walls of its cylinder: blur, waves on their outside, a tail."""
    return max(2, round(BEYOND_WALLS * float(np.median([stop - start for start, stop in clusters]))))


def empty_cylinders(profile: np.ndarray, level: np.ndarray, found: list[Cylinder]) -> list[Cylinder]:
    """Cylinders in which nothing moves: walls as far apart and as strong, water as high, where none was found yet."""
    wide = float(np.median([one.width for one in found]))
    strength = min(min(profile[int(one.left)], profile[int(one.right)]) for one in found)
    water = [round((one.water_left + one.water_right) / 2) for one in found]
    usual = min(surface_strength(level, one.left, one.right, y) for one, y in zip(found, water, strict=True))
    peaks = np.flatnonzero(ndimage.maximum_filter1d(profile, 5) == profile)
    peaks = [int(x) for x in peaks if profile[x] >= 0.6 * strength]
    extra: list[Cylinder] = []
    for left in peaks:
        for right in (x for x in peaks if abs(x - left - wide) <= max(2, 0.06 * wide)):
            clear = all(right < one.left + 3 or left > one.right - 3 for one in found + extra)
            surface = max(range(min(water) - 3, max(water) + 4), key=lambda y: surface_strength(level, left, right, y))
            if clear and surface_strength(level, left, right, surface) >= 0.5 * usual:
                extra.append(replace(found[0], left=left, right=right, water_left=surface, water_right=surface))
    return extra


def active_clusters(changes: np.ndarray) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Columns (start, stop) in which something moves, a cluster for each animal, and what moves (height, width)."""
    height, width = changes.shape
    strong = changes > max(6.0, 0.25 * float(np.percentile(changes, 99.5)))
    strong = ndimage.binary_opening(strong, np.ones((2, 2)))
    busy = strong.sum(axis=0) >= max(2, 0.015 * height)
    busy = ndimage.binary_closing(np.pad(busy, 8), np.ones(max(3, width // 64)))[8:-8]
    labels, count = ndimage.label(busy)
    masses = np.array([strong[:, labels == index].sum() for index in range(1, count + 1)])
    spans = [np.flatnonzero(labels == index) for index in range(1, count + 1)]
    kept = [
        (int(span[0]), int(span[-1]) + 1)
        for span, mass in zip(spans, masses, strict=True)
        if len(span) >= 0.015 * width and mass >= 0.12 * masses.max()
    ]
    return kept, strong


def wall_pairs(profile: np.ndarray, clusters: list[tuple[int, int]], busy: np.ndarray) -> list[tuple[int, int]]:
    """Left and right wall of the cylinder around each cluster: strong upright edges, all pairs about equally wide.

    ``busy`` (width,) is how much moves in each column: little of it may lie outside the walls.
    """
    moved = np.concatenate([[0], np.cumsum(busy)])
    reach = overhang_px(clusters)
    borders = [0, *((a[1] + b[0]) // 2 for a, b in pairwise(clusters)), len(profile) - 1]
    peaks = np.flatnonzero(ndimage.maximum_filter1d(profile, 5) == profile)
    choices = []
    for index, (start, stop) in enumerate(clusters):
        inward = min(reach, (stop - start) // 3)
        lefts = _wall_candidates(profile, peaks, borders[index], start + inward)
        rights = _wall_candidates(profile, peaks, stop - inward, borders[index + 1])
        pairs = [(left, right) for left in lefts for right in rights]
        kept = [moved[min(right, stop)] - moved[max(left, start)] for left, right in pairs]
        whole = max(moved[stop] - moved[start], 1)
        choices.append([(*pair, CUT_OFF * (1 - part / whole)) for pair, part in zip(pairs, kept, strict=True)])
    widths = sorted({right - left for pairs in choices for left, right, _ in pairs})
    best, best_score = None, -np.inf
    for wide in widths:
        picked = [max(pairs, key=lambda pair: _pair_score(profile, pair, wide)) for pairs in choices]
        score = sum(_pair_score(profile, pair, wide) for pair in picked)
        if score > best_score:
            best, best_score = picked, score
    return [(left, right) for left, right, _ in best]


def _wall_candidates(profile: np.ndarray, peaks: np.ndarray, start: int, stop: int) -> list[int]:
    inside = [int(x) for x in peaks if start <= x <= stop]
    strongest = max((profile[x] for x in inside), default=0)
    return [x for x in inside if profile[x] > 0.4 * strongest] or [int(start if start < stop else stop)]


def _pair_score(profile: np.ndarray, pair: tuple[int, int, float], wide: float) -> float:
    left, right, loss = pair
    strength = (profile[left] + profile[right]) / (2 * profile.max())
    return strength - loss - 8 * abs(right - left - wide) / wide - 0.5 * wide / len(profile)


def wall_rows(upright: np.ndarray, left: int, right: int, rows: tuple[int, int]) -> tuple[int, int]:
    """Upper and lower end of the walls around the rows in which the animal moves."""
    sides = [upright[:, max(0, x - 1) : x + 2].max(axis=1) for x in (left, right)]
    both = ndimage.median_filter(np.minimum(*sides), 5)
    level = 0.35 * np.median(both[rows[0] : rows[1]])
    middle = (rows[0] + rows[1]) // 2
    weak = np.flatnonzero(both < max(level, 1e-3))
    top = weak[weak < middle].max(initial=-1) + 1
    bottom = weak[weak > middle].min(initial=len(both))
    reach = rows[1] - rows[0]
    return min(top, max(0, rows[0] - reach // 4)), max(bottom, min(len(both), rows[1] + reach // 4))


def cylinder_from_table(swim: dict, seen: KeyFrames, name: str) -> Cylinder:
    """The cylinder whose box stands in the table; its water line is found inside."""
    sides = ("region_x_px", "region_y_px", "region_width_px", "region_height_px")
    missing = [side for side in sides if swim.get(side) is None]
    height, width = seen.frames.shape[1:]
    if missing:
        raise IngestError(f"{name}: cylinder {swim['cylinder']:g} has no {', '.join(missing)}. Fill in all four.")
    left, top, wide, high = (float(swim[side]) for side in sides)
    if left + wide > width + 1 or top + high > height + 1 or wide < 8 or high < 8:
        raise IngestError(
            f"{name}: the region of cylinder {swim['cylinder']:g} ends at x {left + wide:g}, y {top + high:g}; the "
            f"picture is {width} x {height} pixels. Correct the region_ columns."
        )
    level = edge_strength(seen.quantile(0.5), axis=0)
    box = (int(left), int(min(left + wide, width - 1)), int(top), int(min(top + high, height - 1)))
    rows = (int(top + 0.1 * high), int(top + 0.8 * high))
    return locate_water_line(level, *box, rows)
