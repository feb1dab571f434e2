"""Every lane of a membrane on one picture, cut out: its own columns, bands levelled, and the gaps beside it.

In: the signal of a membrane and the grid of its lanes. Out: a ``LaneCrop`` per lane.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.lanes.profile_baseline import baseline, straightened, tilt
from ketaflow.assays.western_blot.model import LaneGrid

# A lane's own columns: where its bands reach this share of their strongest column (the core, which tells how they
# slope: the second share); never narrower than this part of the room between its borders.
EDGE, CORE, NARROWEST = 0.05, 0.3, 0.2
# How a lane's flanks fall is read between these shares; a Gaussian's reach 0.05 where the flank, drawn on, ends.
FLANKS, FLANK_ROOM = (0.2, 0.4), 1.03
# The gaps beside a lane: their width and, where there is room, their distance, as shares of the lane's width.
GAP_WIDTH, GAP_AWAY = 0.15, 0.25
# Lanes of one grid are equally wide: a lane's own columns count if they differ less than this from the usual width.
UNEQUAL = 0.25
# A pixel is a speck if it leaves its row's range by this many times the noise. The range reaches to this many times the
# row's middle value above background; specks take up less than this share of a row.
SPECK, CREST, SPECK_WIDTH = 8.0, 2.5, 0.2
# A hole leaves a row the brightness of this share of its pixels; background is what this share (%) of the rows around
# does not reach, so that dense bands are none; holes are lower than this share of what is background along a lane.
BRIGHT, LOW, HOLE = 0.75, 20, 0.5
# So many columns tell how bright a row is, so many rows how a lane lies and how much its pixels scatter.
ENOUGH, ENOUGH_ROWS = 24, 500


@dataclass(frozen=True)
class LaneCrop:
    """One lane: its number, ``left``: its first column in the file at the grid's middle row, ``pixels`` (n_rows,
    n_columns): straightened signal, ``slope``: rows per column by which bands were levelled, ``beside`` (n_rows):
    signal in the gaps beside it."""

    lane: int
    left: int
    pixels: np.ndarray
    slope: float
    beside: np.ndarray


def crop_lanes(signal: np.ndarray, grid: LaneGrid, *, length: float, max_slope: float) -> list[LaneCrop]:
    """All lanes of the grid; bumps shorter than ``length`` (rows) are bands, none slopes more than ``max_slope``."""
    rooms = [leaning(signal, grid, round(left), max(round(right), round(left) + 4)) for left, right in grid.borders]
    cores = [own_columns(room, length, CORE) for room in rooms]
    slopes = [tilt(room[:, a : b + 1], largest=max_slope) for room, (a, b) in zip(rooms, cores, strict=True)]
    rooms = [straightened(room, slope) for room, slope in zip(rooms, slopes, strict=True)]
    columns = _equal([own_columns(room, length, EDGE) for room in rooms], grid, rooms)
    made = []
    for lane, (room, slope, (first, last)) in enumerate(zip(rooms, slopes, columns, strict=True)):
        left = max(0, round(grid.borders[lane, 0])) + first
        beside = _gap_profile(signal, grid, lane, (first, last))
        made.append(LaneCrop(lane + 1, left, room[:, first : last + 1], slope, beside))
    return made


def leaning(signal: np.ndarray, grid: LaneGrid, left: int, right: int) -> np.ndarray:
    """Columns ``left`` to ``right`` of the picture, following the lean of the lanes, as float32."""
    rows, columns = signal.shape
    shift = grid.shift(np.arange(rows))
    if not shift.any():
        return signal[:, max(0, left) : min(columns, right + 1)].astype(np.float32)
    wanted = np.clip(np.arange(left, right + 1)[None, :] + shift[:, None], 0, columns - 1)
    return np.take_along_axis(signal, wanted, axis=1).astype(np.float32)


def own_columns(room: np.ndarray, length: float, edge: float) -> tuple[int, int]:
    """First and last column in which bands reach the share ``edge`` of their strongest, within the lane's borders."""
    profile = room.mean(axis=1)
    net = profile - baseline(profile, length=length)
    strong = net > 0.3 * net.max()
    rest = room[~strong][:: max(1, len(room) // ENOUGH_ROWS)]
    across = room[strong].mean(axis=0) - np.median(rest, axis=0) if strong.any() and len(rest) else None
    columns = room.shape[1]
    if across is None or across.max() <= 0:
        return 0, columns - 1
    smooth = np.convolve(np.pad(across, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    first, last = _run(smooth, edge)
    if edge < FLANKS[0]:
        steady = ndimage.uniform_filter1d(across, max(3, columns // 8))
        first, last = _without_glow(first, last, *(_run(steady, level) for level in FLANKS))
    missing = int(np.ceil(NARROWEST * columns)) - (last - first + 1)
    if missing > 0:
        first, last = max(0, first - missing // 2), min(columns - 1, last + missing - missing // 2)
    return first, last


def _run(smooth: np.ndarray, level: float) -> tuple[int, int]:
    """First and last column around the highest at or above a share of it."""
    peak = int(smooth.argmax())
    above = smooth > level * smooth.max()
    left, right = np.flatnonzero(~above[:peak]), np.flatnonzero(~above[peak:])
    return int(left[-1]) + 1 if len(left) else 0, peak + int(right[0]) - 1 if len(right) else len(smooth) - 1


def _without_glow(first: int, last: int, outer: tuple[int, int], inner: tuple[int, int]) -> tuple[int, int]:
    """Edges of a lane no further out than its flanks, seen at two heights, go on; what lies beyond is glow."""
    middle = (inner[0] + inner[1]) / 2
    left, right = (
        1 + FLANK_ROOM * abs(at - middle) ** 2 / max(abs(core - middle), 0.5)
        for at, core in zip(outer, inner, strict=True)
    )
    return max(first, int(np.floor(middle - left))), min(last, int(np.ceil(middle + right)))


def _equal(columns: list[tuple[int, int]], grid: LaneGrid, rooms: list[np.ndarray]) -> list[tuple[int, int]]:
    """First and last column of each lane, all of the usual width, around its own middle (the grid's if that is odd)."""
    usual = float(np.median([last - first + 1 for first, last in columns]))
    made = []
    for lane, ((first, last), room) in enumerate(zip(columns, rooms, strict=True)):
        middle = (first + last) / 2
        if abs(last - first + 1 - usual) > UNEQUAL * usual:
            middle = grid.centres[lane] - max(0, round(grid.borders[lane, 0]))
        left = int(np.clip(round(middle - (usual - 1) / 2), 0, room.shape[1] - 1))
        made.append((left, int(min(left + round(usual) - 1, room.shape[1] - 1))))
    return made


def _gap_profile(signal: np.ndarray, grid: LaneGrid, lane: int, columns: tuple[int, int]) -> np.ndarray:
    """The lower of the mean signals in the gaps left and right of a lane's own columns (counted from its border)."""
    start = max(0, round(grid.borders[lane, 0]))
    left, right = start + columns[0], start + columns[1]
    width = right - left + 1
    half = max(1, round(GAP_WIDTH * width / 2))
    sides = []
    for edge, border, way in ((left, grid.borders[lane, 0], -1), (right, grid.borders[lane, 1], 1)):
        away = min(max(way * (border - edge), 0), GAP_AWAY * width)
        centre = int(np.clip(round(edge + way * away), half, signal.shape[1] - 1 - half))
        sides.append(leaning(signal, grid, centre - half, centre + half).mean(axis=1))
    return np.minimum(*sides)


def without_specks(pixels: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """A lane without dust, scratches and bubbles, and where they were ((n_rows, n_columns) bool).

    A pixel is cut to its row's usual range: from the background to a few times the row's middle value, with room for
    noise. Rows in which much of the width would be cut hold a bent band, and are left alone. Darker than the background
    no band can be: such a hole counts as its row's other pixels, if it leaves enough of them.
    """
    middle = np.median(pixels, axis=1)
    under = baseline(middle, length=length)
    some = slice(None, None, max(1, len(pixels) // ENOUGH_ROWS))
    room = SPECK * 1.4826 * float(np.median(np.abs(pixels[some] - middle[some, None])))
    high = (under + CREST * np.maximum(middle - under, 0) + room)[:, None]
    low = (np.minimum(under, middle) - room)[:, None]
    specks = (pixels > high) | (pixels < low)
    specks &= (specks.mean(axis=1) < SPECK_WIDTH)[:, None]
    cleaned = np.where(specks, np.clip(pixels, low, high), pixels) if specks.any() else pixels
    holes = _holes(pixels, room, length)
    if holes.any():
        left = ~holes.all(axis=1)
        share = np.where(holes, 0, cleaned).sum(axis=1)[left] / (~holes).sum(axis=1)[left]
        cleaned = cleaned.copy()
        cleaned[left] = np.where(holes[left], share[:, None], cleaned[left])
    return cleaned, specks | holes


def _holes(pixels: np.ndarray, room: float, length: float) -> np.ndarray:
    """Compact areas darker than the lane's background by more than ``room``, as bubbles leave them."""
    bright = np.quantile(pixels[:, :: max(1, pixels.shape[1] // ENOUGH)], BRIGHT, axis=1)
    ground = ndimage.percentile_filter(bright, LOW, size=round(length) | 1, mode="nearest")
    dark = ndimage.binary_closing(pixels < (np.minimum(bright, ground) - room)[:, None], iterations=2)
    labels, _ = ndimage.label(dark)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        size = (rows.stop - rows.start, columns.stop - columns.start)
        if size[0] > HOLE * length or min(size) < 3:
            dark[labels == number] = False
    return dark
