"""Crop every lane of a membrane: its own columns with bands levelled, and the gaps beside it.

In: the signal of a membrane and the grid of its lanes. Out: a ``LaneCrop`` per lane.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.lanes.profile_baseline import baseline, straightened, tilt
from ketaflow.assays.western_blot.model import LaneGrid


@dataclass(frozen=True)
class LaneCrop:
    """One lane as cut out of its membrane.

    Attributes
    ----------
    lane : int
        Number of the lane; 1 is the leftmost.
    left : int
        First column in the file, at the middle row of the grid.
    pixels : (n_rows, n_columns) float32
        Signal, straightened so that bands lie level (counts).
    slope : float
        Rows per column by which bands were levelled.
    beside : (n_rows,) float
        Signal in the gaps beside the lane (counts).
    wide : (n_rows, n_wide_columns) float32
        The lane with what lies beside it, straightened alike (counts).
    inset : int
        First column of the lane in ``wide``.
    """

    lane: int
    left: int
    pixels: np.ndarray
    slope: float
    beside: np.ndarray
    wide: np.ndarray
    inset: int


def crop_lanes(signal: np.ndarray, grid: LaneGrid, *, length: float, max_slope: float) -> list[LaneCrop]:
    """Crop every lane of a membrane, with its bands levelled.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        The membrane (counts).
    grid : LaneGrid
        Where its lanes are.
    length : float
        Bumps shorter than this are bands (rows).
    max_slope : float
        Steepest slope of a band that is levelled (rows per column).

    Returns
    -------
    list of LaneCrop
        From left to right, equally wide.
    """
    rooms = [leaning(signal, grid, round(left), max(round(right), round(left) + 4)) for left, right in grid.borders]
    cores = [own_columns(room, length, constants.LANE_CORE_LEVEL) for room in rooms]
    slopes = [tilt(room[:, a : b + 1], largest=max_slope) for room, (a, b) in zip(rooms, cores, strict=True)]
    rooms = [straightened(room, slope) for room, slope in zip(rooms, slopes, strict=True)]
    columns = _equal([own_columns(room, length, constants.LANE_EDGE) for room in rooms], grid, rooms)
    made = []
    lean = bool(grid.shift(np.arange(signal.shape[0])).any())
    for lane, (room, slope, (first, last)) in enumerate(zip(rooms, slopes, columns, strict=True)):
        left, width = max(0, round(grid.borders[lane, 0])) + first, last - first + 1
        margin = max(constants.MARGIN_LEAST_PX, int(np.ceil(constants.MARGIN_WIDTH * width)))
        inset = margin if lean else min(left, margin)
        centre = (room.shape[1] - 1) / 2 - first + inset
        wide = straightened(leaning(signal, grid, left - margin, left + width - 1 + margin), slope, centre=centre)
        beside = _gap_profile(signal, grid, lane, (first, last))
        made.append(LaneCrop(lane + 1, left, room[:, first : last + 1], slope, beside, wide, inset))
    return made


def leaning(signal: np.ndarray, grid: LaneGrid, left: int, right: int) -> np.ndarray:
    """Cut out columns that follow the lean of the lanes.

    Parameters
    ----------
    signal : (n_rows, n_columns) array
        The membrane (counts).
    grid : LaneGrid
        Where its lanes are.
    left, right : int
        First and last column at the middle row of the grid.

    Returns
    -------
    (n_rows, right - left + 1) float32
        Narrower at the edges of the picture where lanes are upright.
    """
    rows, columns = signal.shape
    shift = grid.shift(np.arange(rows))
    if not shift.any():
        return signal[:, max(0, left) : min(columns, right + 1)].astype(np.float32)
    wanted = np.clip(np.arange(left, right + 1)[None, :] + shift[:, None], 0, columns - 1)
    return np.take_along_axis(signal, wanted, axis=1).astype(np.float32)


def own_columns(room: np.ndarray, length: float, edge: float) -> tuple[int, int]:
    """Find the columns in which the bands of a lane show.

    Parameters
    ----------
    room : (n_rows, n_columns) float32
        Signal between the lane's borders (counts).
    length : float
        Bumps shorter than this are bands (rows).
    edge : float
        Fraction of the strongest column at which the lane ends.

    Returns
    -------
    int, int
        First and last column.
    """
    profile = room.mean(axis=1)
    net = profile - baseline(profile, length=length)
    strong = net > 0.3 * net.max()
    rest = room[~strong][:: max(1, len(room) // constants.SAMPLED_ROWS)]
    across = room[strong].mean(axis=0) - np.median(rest, axis=0) if strong.any() and len(rest) else None
    columns = room.shape[1]
    if across is None or across.max() <= 0:
        return 0, columns - 1
    smooth = np.convolve(np.pad(across, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    first, last = _run(smooth, edge)
    if edge < constants.FLANK_LEVELS[0]:
        steady = ndimage.uniform_filter1d(across, max(3, columns // 8))
        first, last = _without_glow(first, last, *(_run(steady, level) for level in constants.FLANK_LEVELS))
    return first, last


def _run(smooth: np.ndarray, level: float) -> tuple[int, int]:
    """First and last column around the strongest at or above a fraction of it."""
    peak = int(smooth.argmax())
    above = smooth > level * smooth.max()
    left, right = np.flatnonzero(~above[:peak]), np.flatnonzero(~above[peak:])
    return int(left[-1]) + 1 if len(left) else 0, peak + int(right[0]) - 1 if len(right) else len(smooth) - 1


def _without_glow(first: int, last: int, outer: tuple[int, int], inner: tuple[int, int]) -> tuple[int, int]:
    """Edges of a lane, limited to the extrapolation of its flanks from two levels; beyond lies glow."""
    middle = (inner[0] + inner[1]) / 2
    left, right = (
        1 + abs(at - middle) ** 2 / max(abs(core - middle), 0.5) for at, core in zip(outer, inner, strict=True)
    )
    return max(first, int(np.floor(middle - left))), min(last, int(np.ceil(middle + right)))


def _equal(columns: list[tuple[int, int]], grid: LaneGrid, rooms: list[np.ndarray]) -> list[tuple[int, int]]:
    """First and last column of each lane, all of the usual width, around the lane's own middle.

    Where the lane's width is unusual, the columns lie around the grid's centre.
    """
    usual = float(np.median([last - first + 1 for first, last in columns]))
    made = []
    for lane, ((first, last), room) in enumerate(zip(columns, rooms, strict=True)):
        middle = (first + last) / 2
        if abs(last - first + 1 - usual) > constants.WIDTH_TOLERANCE * usual:
            middle = grid.centres[lane] - max(0, round(grid.borders[lane, 0]))
        left = int(np.clip(round(middle - (usual - 1) / 2), 0, room.shape[1] - 1))
        made.append((left, int(min(left + round(usual) - 1, room.shape[1] - 1))))
    return made


def _gap_profile(signal: np.ndarray, grid: LaneGrid, lane: int, columns: tuple[int, int]) -> np.ndarray:
    """Lower of the mean signals in the gaps left and right of a lane, (n_rows,) float; columns count from its
    border."""
    start = max(0, round(grid.borders[lane, 0]))
    left, right = start + columns[0], start + columns[1]
    width = right - left + 1
    half = max(1, round(constants.GAP_WIDTH * width / 2))
    sides = []
    for edge, border, way in ((left, grid.borders[lane, 0], -1), (right, grid.borders[lane, 1], 1)):
        away = min(max(way * (border - edge), 0), constants.GAP_DISTANCE * width)
        centre = int(np.clip(round(edge + way * away), half, signal.shape[1] - 1 - half))
        sides.append(leaning(signal, grid, centre - half, centre + half).mean(axis=1))
    return np.minimum(*sides)


def without_specks(pixels: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Remove dust, scratches and bubbles from a lane.

    A speck leaves its row's usual range: from the background to a few times the row's median, with room for noise. Its
    pixels and those beside it are interpolated along the row, in which a band changes slowly. Rows in which much of the
    width leaves the range hold a bent band and are left unchanged. No band is darker than the background: the pixels of
    such a hole take the mean of the row's other pixels, if it leaves enough of them.

    Parameters
    ----------
    pixels : (n_rows, n_columns) float32
        The lane (counts).
    length : float
        Bumps shorter than this are bands (rows).

    Returns
    -------
    (n_rows, n_columns) float32, (n_rows, n_columns) bool
        The cleaned lane, and the pixels that were changed.
    """
    middle = np.median(pixels, axis=1)
    under = baseline(middle, length=length)
    some = slice(None, None, max(1, len(pixels) // constants.SAMPLED_ROWS))
    room = constants.SPECK_SD * 1.4826 * float(np.median(np.abs(pixels[some] - middle[some, None])))
    high = (under + constants.ROW_CREST * np.maximum(middle - under, 0) + room)[:, None]
    low = (np.minimum(under, middle) - room)[:, None]
    bright = pixels > high
    holes = _holes(pixels, room, length)
    least = constants.SPOT_HEIGHT * float((middle - under).max())
    specks = bright | (pixels < low)
    specks &= (specks.mean(axis=1) < constants.SPECK_WIDTH)[:, None]
    specks |= _bright_spots(bright, holes, pixels - middle[:, None], least)
    cleaned = pixels
    if specks.any():
        specks = ndimage.binary_dilation(specks, np.ones((3, 3)))
        cleaned = _interpolated(pixels, specks)
    if holes.any():
        left = ~holes.all(axis=1)
        share = np.where(holes, 0, cleaned).sum(axis=1)[left] / (~holes).sum(axis=1)[left]
        cleaned = cleaned.copy()
        cleaned[left] = np.where(holes[left], share[:, None], cleaned[left])
    return cleaned, specks | holes


def _bright_spots(bright: np.ndarray, holes: np.ndarray, over: np.ndarray, least: float) -> np.ndarray:
    """Bright spots about as tall as they are wide, narrower than half of the lane, that rise above their rows by
    ``least`` (counts); (n_rows, n_columns) bool.

    A piece of a bent band is wider than tall, what a bubble leaves of a band has a hole in its rows, and noise and
    blocks of a JPEG are low.
    """
    labels, _ = ndimage.label(bright)
    kept = np.zeros_like(bright)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        own = labels[place] == number
        height, width = own.shape
        spot = constants.SPOT_ROUNDNESS * width <= height and 2 * width < bright.shape[1] and not holes[place[0]].any()
        if spot and over[place][own].max() > least:
            kept[place] |= own
    return kept


def _interpolated(pixels: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """The pixels with hidden ones interpolated along their rows; rows that are hidden altogether are left."""
    filled, columns = pixels.copy(), np.arange(pixels.shape[1])
    for row in np.flatnonzero(hidden.any(axis=1) & ~hidden.all(axis=1)):
        seen = ~hidden[row]
        filled[row, ~seen] = np.interp(columns[~seen], columns[seen], pixels[row, seen])
    return filled


def _holes(pixels: np.ndarray, room: float, length: float) -> np.ndarray:
    """Compact areas darker than the lane's background by more than ``room``, such as bubbles; (n_rows, n_columns)
    bool."""
    bright = np.quantile(
        pixels[:, :: max(1, pixels.shape[1] // constants.SAMPLED_COLUMNS)], constants.HOLE_ROW_QUANTILE, axis=1
    )
    step = max(1, round(length / constants.HOLE_WINDOW_ROWS))
    ground = ndimage.percentile_filter(
        bright[::step], constants.HOLE_BACKGROUND_PCT, size=round(length / step) | 1, mode="nearest"
    )
    ground = np.repeat(ground, step)[: len(bright)]
    dark = ndimage.binary_closing(pixels < (np.minimum(bright, ground) - room)[:, None], iterations=2)
    labels, _ = ndimage.label(dark)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        size = (rows.stop - rows.start, columns.stop - columns.start)
        if size[0] > constants.HOLE_HEIGHT * length or min(size) < 3:
            dark[labels == number] = False
    return dark
