"""Volume of a box, the background it was measured over, and its uncertainty.

In: the columns of a box over the height of its membrane, with what lies beside them, and the rows of the box. Out: a
``BoxVolume``. A box drawn by a person is measured by the background that its surroundings call for. A band that was
found keeps the baseline of its lane; the other backgrounds enter its uncertainty. The background is read

``border``
    around the box: a plane through a border on all four sides, fitted so that signal within the border (neighbouring
    bands, ink, dust) has no influence; an end on which another band adjoins is left out, as it shows only the valley
    between them. The border lies at the box, where an uneven background is most like the one below the band, unless
    it is brighter than one further away by more than the foot of a band: what fades with distance is the band;
``gap``
    beside the lane, along a baseline: only if the setting asks for it, and for bands that were found in ladder lanes;
``lane``
    below the lane's own profile: where the lane is brighter than the gaps just above and just below the box (a smear,
    or a box that cuts through its band), or where there is no border to read.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.bands.box_column import BoxColumn
from ketaflow.assays.western_blot.lanes.constants import GAP_WIDTH
from ketaflow.assays.western_blot.lanes.profile_baseline import asymmetric_weights
from ketaflow.assays.western_blot.model import BackgroundMethod, BoxVolume


def measure_box(
    column: BoxColumn, top: float, height: float, *, background: Literal["auto", "border", "lane", "gap"]
) -> BoxVolume:
    """Measure the volume of a box.

    Parameters
    ----------
    column : BoxColumn
        The columns of the box.
    top, height : float
        First row of the box in ``column.pixels``, and its rows.
    background : {"auto", "border", "lane", "gap"}
        Where the background is read; ``auto`` decides it from the surroundings of the box.

    Returns
    -------
    BoxVolume
    """
    drawn = _Box(column, float(top), float(height), float(column.left), float(column.width))
    method, admissible = _admissible(drawn, background)
    level = admissible[0]
    resized = [(other, _admissible(other, background)[1][0]) for other in map(drawn.resized, constants.RESIZED)]
    uncertainty = _uncertainty(drawn, admissible, resized)
    return BoxVolume(drawn.total - level * drawn.area, level * drawn.area, uncertainty, method)


def uncertainty_over(column: BoxColumn, top: float, height: float, *, level: float) -> float:
    """Uncertainty of the volume of a box that is measured over a known background.

    Parameters
    ----------
    column : BoxColumn
        The columns of the box.
    top, height : float
        First row of the box in ``column.pixels``, and its rows.
    level : float
        Mean background of the box (counts).

    Returns
    -------
    float
        As in ``BoxVolume`` (counts); the background is compared with those that suit the surroundings of the box.
    """
    drawn = _Box(column, float(top), float(height), float(column.left), float(column.width))
    resized = [(drawn.resized(factor), level) for factor in constants.RESIZED]
    return _uncertainty(drawn, [level, *_admissible(drawn, "auto")[1]], resized)


def _uncertainty(drawn: "_Box", levels: list[float], resized: list[tuple["_Box", float]]) -> float:
    """Uncertainty of a box measured over the first of the levels (counts), see ``BoxVolume``."""
    net = drawn.total - levels[0] * drawn.area
    spread = max(abs(level - levels[0]) for level in levels) * drawn.area
    change = max(abs(other.total - level * other.area - net) for other, level in resized)
    white = drawn.column.noise_sd * float(np.sqrt(drawn.area * (1 + drawn.area / drawn.border_area)))
    return float(np.sqrt(spread**2 + change**2 + (constants.STANDARD_ERRORS * white) ** 2))


@dataclass(frozen=True)
class _Box:
    """A box in the pixels of its column, with fractions of pixels before rounding."""

    column: BoxColumn
    y: float
    height: float
    x: float
    width: float

    @property
    def top(self) -> int:
        return max(0, min(round(self.y), len(self.column.pixels) - 1))

    @property
    def bottom(self) -> int:
        """Row after the last."""
        return min(self.top + max(1, round(self.height)), len(self.column.pixels))

    @property
    def left(self) -> int:
        return max(0, min(round(self.x), self.column.pixels.shape[1] - 1))

    @property
    def right(self) -> int:
        """Column after the last."""
        return min(self.left + max(1, round(self.width)), self.column.pixels.shape[1])

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    @property
    def border_px(self) -> int:
        """Width of the border (pixels)."""
        return max(constants.BESIDE_LEAST_PX, round(constants.BORDER_WIDTH * float(np.sqrt(self.area))))

    @property
    def border_area(self) -> int:
        """Pixels of the border on all four sides."""
        return 2 * self.border_px * (self.bottom - self.top + self.right - self.left)

    @property
    def total(self) -> float:
        return float(self.column.pixels[self.top : self.bottom, self.left : self.right].sum(dtype=float))

    def resized(self, factor: float) -> "_Box":
        """The box drawn larger or smaller around its centre."""
        more = (factor - 1) / 2
        return _Box(
            self.column,
            self.y - more * self.height,
            factor * self.height,
            self.x - more * self.width,
            factor * self.width,
        )


def _admissible(box: _Box, background: str) -> tuple[BackgroundMethod, list[float]]:
    """The method and the mean levels of the admissible backgrounds (counts), that of the method first."""
    column, rows = box.column, slice(box.top, box.bottom)
    lane = float(column.lane_level[rows].mean())
    around = _around(box)
    beside = column.gap_baselines(around)
    gaps = sorted(beside[:, rows.start - around.start : rows.stop - around.start].mean(axis=1).tolist())
    gap = float(np.mean(gaps))
    adjoining = _bands_adjoin(box)
    if background == "gap":
        return "gap", gaps
    borders = _border_levels(box, adjoining)
    if background == "lane" or not borders:
        return "lane", [lane, gap]
    border = borders[0]
    if all(adjoining):
        # Only the sides are left of the border, and the lane's own baseline climbs the bands.
        return "border", [*borders, gap]
    height = max(float(column.profile[rows].max()) - border, 1e-9)
    ends = [
        level for level, adjoins in zip(_end_levels(box), adjoining, strict=True) if level is not None and not adjoins
    ]
    smeared = bool(ends) and min(ends) - border > constants.SMEAR_HEIGHT * height
    cut = border - lane > constants.CUT_HEIGHT * max(float(column.profile[rows].max()) - lane, 1e-9)
    if background == "auto" and (smeared or cut):
        return "lane", [lane, gap]
    # A drawn box may cut its lane; the columns beside it then show more than background.
    beside_box = _side_level(box) if column.lane_baseline is None else -np.inf
    return "border", [*borders, lane, gap, *([beside_box] if np.isfinite(beside_box) else [])]


def _border_levels(box: _Box, adjoining: tuple[bool, bool]) -> list[float]:
    """Levels of the borders that show the background of a box (counts), the one that is used first; empty where too
    little of the border lies on the membrane.

    A band's tails fade with the distance from it; an uneven background is most like that below the band where it is
    nearest.
    """
    near, far = (_border_level(box, adjoining, distance) for distance in (0.0, constants.BORDER_DISTANCE))
    if near is None or far is None:
        return [level for level in (near, far) if level is not None]
    height = float(box.column.profile[box.top : box.bottom].max()) - far
    return [far] if near - far > constants.BORDER_FOOT * height else [near, far]


def _border_level(box: _Box, adjoining: tuple[bool, bool], distance: float) -> float | None:
    """Level of the background at the middle of a box, from a border on all four sides; None where too little of the
    border lies on the membrane.

    The border is divided into segments whose levels are fitted by a plane. Asymmetric weights, as in arPLS, remove the
    segments that hold signal. A side on which another band adjoins is left out.
    """
    height, width = box.bottom - box.top, box.right - box.left
    thick = box.border_px
    away = round(distance * float(np.sqrt(height * width)))
    top, bottom, left, right = box.top - away, box.bottom + away, box.left - away, box.right + away
    sides = [(top, bottom, left - thick, left), (top, bottom, right, right + thick)]
    ends = ((top - thick, top, box.left, box.right), (bottom, bottom + thick, box.left, box.right))
    sides += [end for end, adjoins in zip(ends, adjoining, strict=True) if not adjoins]
    segments = np.concatenate([_segments(box, side) for side in sides])
    if len(segments) < min(constants.BORDER_SEGMENTS, height) + min(constants.BORDER_SEGMENTS, width):
        return None
    across = (segments[:, 1] - (box.top + box.bottom - 1) / 2) / height
    along = (segments[:, 2] - (box.left + box.right - 1) / 2) / width
    design = np.column_stack([np.ones(len(segments)), across, along])
    weights = np.ones(len(segments))
    level = float(np.median(segments[:, 0]))
    for _ in range(constants.BORDER_ROUNDS):
        root = np.sqrt(weights)
        fit = np.linalg.lstsq(design * root[:, None], segments[:, 0] * root, rcond=None)[0]
        level = float(fit[0])
        renewed = asymmetric_weights(segments[:, 0] - design @ fit)
        if renewed is None or np.abs(renewed - weights).max() < constants.BORDER_CHANGE:
            break
        weights = renewed
    return level


def _segments(box: _Box, side: tuple[int, int, int, int]) -> np.ndarray:
    """Level, row and column of the segments of one side of the border that lie on the membrane, (n, 3) float."""
    pixels, readable = box.column.pixels, box.column.readable
    top, bottom, left, right = side
    top, bottom = max(top, 0), min(bottom, pixels.shape[0])
    left, right = max(left, 0), min(right, pixels.shape[1])
    if bottom <= top or right <= left:
        return np.empty((0, 3))
    part, kept = pixels[top:bottom, left:right], readable[top:bottom, left:right]
    upright = bottom - top > right - left
    part, kept = (part, kept) if upright else (part.T, kept.T)
    shown = 2 * kept.sum(axis=1) >= kept.shape[1]
    if not shown.any():
        return np.empty((0, 3))
    place = np.flatnonzero(shown)
    part, kept = part[place], kept[place]
    levels = np.median(part, axis=1) if kept.all() else np.nanmedian(np.where(kept, part, np.nan), axis=1)
    starts = np.unique(np.linspace(0, len(place), constants.BORDER_SEGMENTS, endpoint=False).astype(int))
    sizes = np.diff(starts, append=len(place))
    means = [np.add.reduceat(values, starts) / sizes for values in (levels.astype(float), place.astype(float))]
    if upright:
        return np.column_stack([means[0], top + means[1], np.full(len(starts), (left + right - 1) / 2)])
    return np.column_stack([means[0], np.full(len(starts), (top + bottom - 1) / 2), left + means[1]])


def _end_levels(box: _Box) -> tuple[float | None, float | None]:
    """Levels of the box's columns just above and just below it (counts); None beyond the membrane."""
    reach = max(constants.BESIDE_LEAST_PX, (box.bottom - box.top) // 4)
    profile = box.column.profile
    above, below = profile[max(0, box.top - reach) : box.top], profile[box.bottom : box.bottom + reach]
    return (
        float(np.median(above)) if len(above) else None,
        float(np.median(below)) if len(below) else None,
    )


def _around(box: _Box) -> slice:
    """Rows of a box and its surroundings, from which the level of the gaps is read."""
    reach = round(constants.GAP_REACH * (box.bottom - box.top))
    inside = box.column.inside
    return slice(
        min(box.top, max(inside.start, box.top - reach)), max(box.bottom, min(inside.stop, box.bottom + reach))
    )


def _bands_adjoin(box: _Box) -> tuple[bool, bool]:
    """Whether other bands begin above and below a box, before the signal has returned to the level beside the box."""
    size, column = box.bottom - box.top, box.column
    over = column.profile - _side_level(box)
    over = ndimage.gaussian_filter1d(over, max(1.0, constants.ADJOIN_SMOOTHING * size))
    inside = over[box.top : box.bottom]
    if not np.isfinite(inside).all():
        return False, False
    peak, height = box.top + int(inside.argmax()), float(inside.max())
    if height <= 0:
        return False, False
    reach = max(1, round(constants.ADJOIN_REACH * size))
    hidden = np.logical_not(column.readable[:, box.left : box.right].any(axis=1))
    above = np.arange(peak, max(-1, box.top - reach - 1), -1)
    below = np.arange(peak, min(len(over), box.bottom + reach))
    return (
        _rises_again(over[_up_to(above, hidden, box)], height),
        _rises_again(over[_up_to(below, hidden, box)], height),
    )


def _side_level(box: _Box) -> float:
    """Lowest column median of the signal left and right of a box (counts); minus infinity where nothing is readable."""
    beside = max(constants.BESIDE_LEAST_PX, round(GAP_WIDTH * (box.right - box.left)))
    columns = [*range(max(0, box.left - beside), box.left), *range(box.right, box.right + beside)]
    columns = [column for column in columns if column < box.column.pixels.shape[1]]
    part = box.column.pixels[box.top : box.bottom, columns]
    readable = box.column.readable[box.top : box.bottom, columns].all(axis=0)
    return float(np.median(part[:, readable], axis=0).min()) if readable.any() else -np.inf


def _up_to(side: np.ndarray, hidden: np.ndarray, box: _Box) -> np.ndarray:
    """Rows from a band's peak outwards, up to the first row outside the box at which nothing can be read."""
    ends = np.flatnonzero(hidden[side] & ((side < box.top) | (side >= box.bottom)))
    return side[: ends[0]] if len(ends) else side


def _rises_again(side: np.ndarray, height: float) -> bool:
    """Whether the signal, away from a band's peak, rises again from a valley above the level beside the band."""
    lowest = np.minimum.accumulate(side)
    rise = side - lowest
    again = np.flatnonzero(rise > constants.ADJOIN_RISE * height)
    return bool(len(again)) and bool(lowest[again[0]] > constants.ADJOIN_VALLEY * height)
