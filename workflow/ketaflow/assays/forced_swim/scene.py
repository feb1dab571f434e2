"""The scene without the animals: the background, the cylinders in it and their water lines.

In: pictures spread over the video. Out: the empty background and one ``Cylinder`` for each that is seen, from the left.
Cylinders are found where animals move and where upright walls stand: all are taken to be of one size and on one table.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from ketaflow.core.errors import IngestError

# Between the animals of two cylinders there is an upright edge at least this strong, relative to the outer walls.
BETWEEN_WALLS = 0.35
# A clock stands within this share of the rows at the upper or lower end of the picture.
CLOCK_ROWS = 0.1
# A change of a pixel larger than this share of the largest in the film is an animal's, not a glint's.
GLINT_SHARE = 0.4
# The rim of an animal is this wide (share of the cylinder's width).
RIM = 0.08
# Rows in which something is seen for less than this share of the time of the busiest row are a hand's, not an animal's.
PASSING_SHARE = 0.25
# A picture without a brighter pixel shows nothing (grey levels; black is 16 in video).
BLACK = 30


@dataclass
class Cylinder:
    """A cylinder in pixels of the video: its box, and the water surface at its left and right wall."""

    left: float
    right: float
    top: float
    bottom: float
    water_left: float
    water_right: float
    confidence: float = 1.0

    @property
    def width(self) -> float:
        """Distance of the walls (pixels)."""
        return self.right - self.left


@dataclass(frozen=True)
class Fur:
    """How an animal stands out: its grey level, its usual difference from what is behind, the root of its area (px)."""

    level: float
    contrast: float
    size: float


@dataclass
class Sights:
    """Pictures spread over a video, of one brightness: in order of time, and each pixel's values in rising order."""

    pictures: np.ndarray
    ranked: np.ndarray
    activity: np.ndarray

    def level(self, share: float) -> np.ndarray:
        """The value below which each pixel lies for a share of the time (height, width)."""
        return self.ranked[round(share * (len(self.ranked) - 1))]


def sights(pictures: list[np.ndarray], name: str) -> Sights:
    """Bring pictures to one brightness, and tell how much each pixel changes beyond the camera's noise."""
    even = evened(pictures)
    if even.max(initial=0) < BLACK:
        raise IngestError(f"{name}: the picture is black throughout. Check that it is the right file.")
    ranked = np.sort(even, axis=0)
    found = Sights(even, ranked, np.zeros(even.shape[1:], np.float32))
    spread = ndimage.gaussian_filter(found.level(0.95) - found.level(0.05), 1.0)
    found.activity = without_clock(np.maximum(spread - 2.0 * np.median(spread[::2, ::2]), 0))
    return found


def without_clock(activity: np.ndarray) -> np.ndarray:
    """Activity (height, width) without what changes wholly within the outermost rows: a clock in the picture."""
    height = len(activity)
    labels, _ = ndimage.label(activity > 6.0)
    patches = ndimage.find_objects(labels)
    kept = activity.copy()
    for number, (rows, columns) in enumerate(patches, start=1):
        if rows.stop <= CLOCK_ROWS * height or rows.start >= (1 - CLOCK_ROWS) * height:
            here = kept[rows, columns]
            here[labels[rows, columns] == number] = 0
    return kept


def evened(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures (n, height, width) float32 brought to one brightness, so that light is no motion."""
    stack = np.stack(pictures).astype(np.float32)
    levels = np.median(stack[:, ::4, ::4], axis=(1, 2))
    usual = np.percentile(levels, 80)
    usable = levels > 0.4 * usual
    return stack[usable] * (usual / levels[usable])[:, None, None]


def find(seen: Sights, name: str) -> list[Cylinder]:
    """Cylinders of a video, from the left: those in which something moves, then empty ones that look the same."""
    empty = seen.level(0.5)
    clusters, rows = active_clusters(seen.activity)
    if not clusters:
        raise IngestError(
            f"{name}: nothing moves in this video, so no animal can be found. Check that it is the right file; "
            "expected animals filmed from the side."
        )
    rows = without_hand(seen, clusters, rows)
    upright, level = edge_strength(empty, axis=1), edge_strength(empty, axis=0)
    profile = wall_profile(upright, rows)
    walls = wall_pairs(profile, joined(profile, clusters))
    found = [with_water_line(level, *pair, *wall_rows(upright, *pair, rows), rows) for pair in walls]
    return sorted(found + empty_ones(profile, level, found), key=lambda one: one.left)


def without_hand(seen: Sights, clusters: list[tuple[int, int]], rows: tuple[int, int]) -> tuple[int, int]:
    """The rows in which animals move, without those above that only the hand which lets them go passes through.

    In a short film it is there long enough to count as movement; an animal is at the surface most of the time.
    """
    columns = np.concatenate([np.arange(*span) for span in clusters])
    box = (slice(*rows), columns)
    apart = np.abs(seen.pictures[:, box[0]][:, :, columns] - seen.level(0.5)[box])
    there = apart > max(6.0, 0.5 * float(np.percentile(seen.activity[box], 99.5)))
    share = np.mean(np.count_nonzero(there, axis=2) >= max(2, 0.02 * len(columns)), axis=0)
    lasting = np.flatnonzero(share >= PASSING_SHARE * share.max())
    return rows[0] + int(lasting[0]), rows[1]


def wall_profile(upright: np.ndarray, rows: tuple[int, int]) -> np.ndarray:
    """Strength of upright edges at each column (width,) that go through most rows around and below the water.

    A wall does; the outline of an animal that hardly moves does not.
    """
    height = len(upright)
    reach = max(rows[1] - rows[0], height // 8)
    band = upright[max(0, rows[0] - reach // 2) : min(height, rows[1] + 3 * reach // 2)]
    return np.percentile(ndimage.maximum_filter1d(band, 3, axis=1), 35, axis=0) + 1e-3


def joined(profile: np.ndarray, clusters: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Clusters with no wall between them put together: one animal that kept to two places of its cylinder."""
    outer = min(profile[: clusters[0][0] + 1].max(), profile[clusters[-1][1] - 1 :].max())
    together = [clusters[0]]
    for cluster in clusters[1:]:
        between = profile[together[-1][1] - 1 : cluster[0] + 1]
        if between.max() < BETWEEN_WALLS * outer:
            together[-1] = (together[-1][0], cluster[1])
        else:
            together.append(cluster)
    return together


def empty_ones(profile: np.ndarray, level: np.ndarray, found: list[Cylinder]) -> list[Cylinder]:
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


def surface_strength(level: np.ndarray, left: float, right: float, row: int) -> float:
    """Strength of a level edge between two walls at a row: of its weaker half, for a surface reaches both walls."""
    inset = max(2, int(right - left) // 10)
    rows = level[max(0, row - 1) : row + 2, int(left) + inset : int(right) - inset].max(axis=0)
    half = len(rows) // 2
    return float(min(np.median(rows[:half]), np.median(rows[half:])))


def edge_strength(picture: np.ndarray, axis: int) -> np.ndarray:
    """Strength of edges across ``axis``, smoothed along them, (height, width), grey levels per pixel."""
    along = ndimage.gaussian_filter1d(picture, 2.0, axis=1 - axis)
    return np.abs(ndimage.gaussian_filter1d(along, 1.0, axis=axis, order=1))


def active_clusters(changes: np.ndarray) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Columns (start, stop) in which something moves, one cluster for each animal, and the rows of all of them."""
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
    if not kept:
        return [], (0, height)
    columns = np.concatenate([np.arange(*span) for span in kept])
    share = np.cumsum(strong[:, columns].sum(axis=1)) / strong[:, columns].sum()
    return kept, (int(np.searchsorted(share, 0.02)), int(np.searchsorted(share, 0.98)) + 1)


def wall_pairs(profile: np.ndarray, clusters: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Left and right wall of the cylinder around each cluster: strong upright edges, all pairs about equally wide."""
    borders = [0, *((a[1] + b[0]) // 2 for a, b in pairwise(clusters)), len(profile) - 1]
    peaks = np.flatnonzero(ndimage.maximum_filter1d(profile, 5) == profile)
    choices = []
    for index, (start, stop) in enumerate(clusters):
        inward = max(2, (stop - start) // 8)
        lefts = _strong(profile, peaks, borders[index], start + inward)
        rights = _strong(profile, peaks, stop - inward, borders[index + 1])
        choices.append([(left, right) for left in lefts for right in rights])
    widths = sorted({right - left for pairs in choices for left, right in pairs})
    best, best_score = None, -np.inf
    for wide in widths:
        picked = [max(pairs, key=lambda pair: _fit(profile, pair, wide)) for pairs in choices]
        score = sum(_fit(profile, pair, wide) for pair in picked)
        if score > best_score:
            best, best_score = picked, score
    return best


def _strong(profile: np.ndarray, peaks: np.ndarray, start: int, stop: int) -> list[int]:
    inside = [int(x) for x in peaks if start <= x <= stop]
    strongest = max((profile[x] for x in inside), default=0)
    return [x for x in inside if profile[x] > 0.4 * strongest] or [int(start if start < stop else stop)]


def _fit(profile: np.ndarray, pair: tuple[int, int], wide: float) -> float:
    left, right = pair
    strength = (profile[left] + profile[right]) / (2 * profile.max())
    return strength - 8 * abs(right - left - wide) / wide - 0.5 * wide / len(profile)


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


def with_water_line(level: np.ndarray, left: int, right: int, top: int, bottom: int, rows: tuple[int, int]) -> Cylinder:
    """The cylinder with its water surface: the strongest straight, nearly level edge where the animal moves."""
    inset = max(2, (right - left) // 10)
    columns = np.arange(left + inset, right - inset)
    tilt = (columns - (left + right) / 2) / (right - left)
    floor = np.median(level[top:bottom, columns])
    capped = np.minimum(level, np.percentile(level[top:bottom, columns], 98))
    heights = np.arange(max(rows[0], top + 2), max(min(rows[1], bottom - 2), max(rows[0], top + 2) + 1))
    best = (-np.inf, float(heights[0]), 0.0)
    for rise in np.linspace(-0.2, 0.2, 21) * (right - left):
        ys = np.clip(heights[:, None] + np.round(tilt * rise).astype(int), 0, len(level) - 1)
        scores = capped[ys, columns].mean(axis=1) - 0.002 * abs(rise)
        if scores.max() > best[0]:
            # A surface drawn as a line has an edge above and one below: the middle of both is meant.
            peak = int(scores.argmax())
            near = slice(max(0, peak - 5), peak + 6)
            weight = np.maximum(scores[near] - 0.6 * scores[peak], 0)
            best = (float(scores[peak]), float(weight @ heights[near] / weight.sum()), float(rise))
    score, y, rise = best
    confidence = float(np.clip((score / (floor + 1e-3) - 1) / 3, 0, 1))
    return Cylinder(left, right, top, bottom, y - rise / 2, y + rise / 2, confidence)


def polarity(seen: Sights, cylinders: list[Cylinder]) -> int:
    """1 where the animals are darker than the water, -1 where they are lighter.

    Where something moves, the brightest and the darkest sight of each pixel are compared with the still pixels of the
    same row: the empty scene looks like its neighbours, the animal does not.
    """
    low, middle, high = seen.level(0.05), seen.level(0.5), seen.level(0.95)
    changes = seen.activity
    vote = 0.0
    for cylinder in cylinders:
        box = (slice(int(cylinder.top), int(cylinder.bottom)), slice(int(cylinder.left) + 2, int(cylinder.right) - 1))
        moving = changes[box] > max(6.0, 0.25 * float(changes[box].max()))
        still = np.where(moving, np.nan, middle[box])
        filled = np.isfinite(still).any(axis=1)
        usual = np.full(len(still), np.nanmedian(still) if filled.any() else np.nan)
        usual[filled] = np.nanmedian(still[filled], axis=1)
        usual = np.nan_to_num(usual, nan=float(np.median(middle[box])))[:, None]
        vote += float(np.sum((np.abs(low[box] - usual) - np.abs(high[box] - usual))[moving]))
    return 1 if vote >= 0 else -1


def empty_background(seen: Sights, sign: int, cylinders: list[Cylinder]) -> tuple[np.ndarray, float]:
    """The scene without animals (height, width), and the camera's noise (standard deviation, grey levels).

    The usual sight of each pixel; where an animal often is, what is seen when it is elsewhere (the brighter sights for
    a dark animal); where an animal never leaves, what the same row of its cylinder looks like.
    """
    middle = seen.level(0.5)
    clear, clearest = (seen.level(0.85), seen.level(0.95)) if sign > 0 else (seen.level(0.15), seen.level(0.05))
    spread = np.abs(seen.level(0.85) - seen.level(0.15))
    sample = (slice(None, None, 2), slice(None, None, 2))
    still = spread[sample] <= np.percentile(spread[sample], 60)
    bias = float(np.median((clear - middle)[sample][still]))
    apart = seen.pictures[:, ::2, ::2][:, still] - middle[sample][still]
    noise_sd = 1.4826 * float(np.median(np.abs(apart)))
    often = sign * (clearest - middle) > max(10.0, 6 * noise_sd, 0.4 * float(seen.activity.max()))
    empty = np.where(ndimage.maximum_filter(often, 3), clear - bias, middle).astype(np.float32)
    for cylinder in cylinders:
        fill_in_resting_animal(empty, seen, cylinder, sign)
    return empty, noise_sd


def inside(cylinder: Cylinder) -> tuple[slice, slice]:
    """Rows and columns of a cylinder, its walls left out."""
    inset = max(2, round(0.04 * cylinder.width))
    rows = slice(int(cylinder.top), int(cylinder.bottom))
    return rows, slice(int(cylinder.left) + inset, int(cylinder.right) - inset + 1)


def fill_in_resting_animal(empty: np.ndarray, seen: Sights, cylinder: Cylinder, sign: int) -> None:
    """Take an animal that hardly ever left its place out of the background, in place.

    It is a patch unlike its row that stays as it is inside and changes at its rim, while nothing else of its size is
    ever seen in the cylinder.
    """
    box = inside(cylinder)
    here, changes = empty[box], seen.activity[box]
    beside = np.median(here, axis=1, keepdims=True)
    unlike = ndimage.gaussian_filter(sign * (beside - here), 1.0)
    limit = max(15.0, 0.4 * float(unlike.max(initial=0)))
    labels, count = ndimage.label(unlike > limit)
    if not count:
        return
    patch = labels == 1 + int(np.argmax(ndimage.sum_labels(changes, labels, np.arange(1, count + 1))))
    wide = ndimage.binary_dilation(patch, iterations=max(2, round(0.04 * cylinder.width)))
    rim = wide & ~ndimage.binary_erosion(patch, iterations=2)
    apart = sign * (here - seen.pictures[(slice(None), *box)]) > 0.5 * limit
    elsewhere = np.median(np.count_nonzero(apart & ~wide, axis=(1, 2)))
    big = 0.006 * here.size < patch.sum() and np.ptp(np.nonzero(patch)[1]) < 0.8 * here.shape[1]
    if big and elsewhere < 0.4 * patch.sum() and float(np.percentile(changes[rim], 75)) > 4:
        rows = np.nonzero(wide.any(axis=1))[0]
        filled = np.where(wide, np.nan, here)[rows]
        level = np.nanmedian(np.where(np.isfinite(filled).any(axis=1, keepdims=True), filled, here[rows]), axis=1)
        here[rows] = np.where(wide[rows], level[:, None], here[rows])


def ripple_of(seen: Sights, cylinder: Cylinder, sign: int) -> np.ndarray:
    """How far ripples carry each pixel (height, width) from its usual brightness, grey levels; 0 outside the cylinder.

    Ripples brighten and darken, an animal does only one of them: so the other side is looked at, of the whole row, and
    of the pixel and its neighbours, for the glint where water meets glass fills no row.
    """
    box = inside(cylinder)
    away = sign * (seen.level(0.95 if sign > 0 else 0.05)[box] - seen.level(0.5)[box])
    rows = ndimage.maximum_filter1d(np.median(away, axis=1), 3)[:, None]
    ripple = np.zeros(seen.pictures.shape[1:], np.float32)
    # Where the animal often is, leaving it is a change to this side too, and large: neither it nor its soft rim, at
    # which the change is smaller, tells of ripples.
    near = ndimage.maximum_filter(away, max(3, round(RIM * cylinder.width)))
    glint = np.where(near < GLINT_SHARE * float(np.abs(seen.activity).max()), away, 0)
    ripple[box] = np.maximum(rows, ndimage.maximum_filter(glint, 3))
    return ripple


def fur_of(seen: Sights, background: np.ndarray, cylinder: Cylinder, sign: int, noise_sd: float) -> Fur:
    """How the animal of a cylinder stands out from what is behind it; NaN where nothing does."""
    box = (slice(int(cylinder.top), int(cylinder.bottom)), slice(int(cylinder.left) + 2, int(cylinder.right) - 1))
    here = seen.pictures[(slice(None), *box)]
    apart = sign * (background[box] - here)
    strongest = float(np.percentile(apart[:, ::2, ::2], 99.7))
    if strongest < max(8.0, 5 * noise_sd):
        return Fur(np.nan, np.nan, np.nan)
    body = apart > 0.5 * strongest
    areas = np.count_nonzero(body, axis=(1, 2))
    usual = float(np.median(areas[areas >= 0.3 * np.percentile(areas, 90)]))
    return Fur(float(np.median(here[body])), float(np.median(apart[body])), float(np.sqrt(usual)))


def given(swim: dict, seen: Sights, name: str) -> Cylinder:
    """The cylinder whose box stands in the table; its water line is found inside."""
    sides = ("region_x_px", "region_y_px", "region_width_px", "region_height_px")
    missing = [side for side in sides if swim.get(side) is None]
    height, width = seen.pictures.shape[1:]
    if missing:
        raise IngestError(f"{name}: cylinder {swim['cylinder']:g} has no {', '.join(missing)}. Fill in all four.")
    left, top, wide, high = (float(swim[side]) for side in sides)
    if left + wide > width + 1 or top + high > height + 1 or wide < 8 or high < 8:
        raise IngestError(
            f"{name}: the region of cylinder {swim['cylinder']:g} ends at x {left + wide:g}, y {top + high:g}; the "
            f"picture is {width} x {height} pixels. Correct the region_ columns."
        )
    level = edge_strength(seen.level(0.5), axis=0)
    box = (int(left), int(min(left + wide, width - 1)), int(top), int(min(top + high, height - 1)))
    rows = (int(top + 0.1 * high), int(top + 0.8 * high))
    return with_water_line(level, *box, rows)
