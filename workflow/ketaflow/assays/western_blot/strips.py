"""Every lane of a membrane on one picture, cut out, straightened, with its background and its bands.

In: the signal of a membrane and the comb of its lanes (or boxes drawn by a person). Out: a ``Strip`` per lane.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ketaflow.assays.western_blot.ground import common, grounds, lumps, on_membrane
from ketaflow.assays.western_blot.lanes import Comb
from ketaflow.assays.western_blot.profiles import (
    Band,
    baseline,
    find_bands,
    profile_noise,
    straightened,
    tilt,
)

# A lane's own columns: where its bands reach this share of their strongest column (the core, which tells how they
# slope: the second share); never narrower than this part of the room between its borders.
EDGE, CORE, NARROWEST = 0.05, 0.3, 0.2
# How a lane's flanks fall is read between these shares; a Gaussian's reach 0.05 where the flank, drawn on, ends.
FLANKS, FLANK_ROOM = (0.2, 0.4), 1.03
# The gaps beside a lane: their width and, where there is room, their distance, as shares of the lane's width.
GAP_WIDTH, GAP_AWAY = 0.15, 0.25
# A baseline is mended beside a band where it is off by this many times the noise and this share of the band's height
# (a strong band's glare reaches 2 %).
BEYOND_NOISE, BEYOND_FOOT = 2.0, 0.05
# A pixel is a speck if it leaves its row's range by this many times the noise. The range reaches to this many times the
# row's middle value above background; specks take up less than this share of a row.
SPECK, CREST, SPECK_WIDTH = 8.0, 2.5, 0.2
# A band stands above the gaps beside its lane by at least this share of its height over the baseline; what does not is
# background that goes on beside the lane.
OWN = 0.1
# The baseline is at least this many times as stiff as the usual band is tall.
STIFFNESS = 4.0
# What takes up this many times the rows of the usual band, and is not this share of the tallest, is uneven background.
BROAD = (3.0, 0.3)
# Lanes of one comb are equally wide: a lane's own columns count if they differ less than this from the usual width.
UNEQUAL = 0.25


@dataclass(frozen=True)
class Volume:
    """Counts of a box: ``net`` of background, the background ``under`` it, the net over the ``other`` background.

    ``specks_pct`` is the share of its pixels that were replaced by their neighbours' (dust, scratches).
    """

    net: float
    under: float
    other: float
    specks_pct: float


@dataclass
class Strip:
    """One lane.

    ``pixels`` (n_rows, n_columns): straightened signal; ``left``: first column in the file at the comb's middle row;
    ``slope``: rows per column by which bands were levelled; ``profile``, ``background`` (n_rows): means over columns;
    ``other`` (n_rows): the second estimate of the background; ``beside`` (n_rows): signal in the gaps; ``noise``: of
    the profile, counts; ``uneven``: what is uneven in the gaps, counts; ``clear``: the bands anybody would see.
    """

    lane: int
    left: int
    pixels: np.ndarray
    slope: float
    profile: np.ndarray
    background: np.ndarray
    other: np.ndarray
    beside: np.ndarray
    noise: float
    uneven: float
    method: str
    specks: np.ndarray
    bands: list[Band] = field(default_factory=list)
    clear: list[Band] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Columns of the lane."""
        return self.pixels.shape[1]

    @property
    def net(self) -> np.ndarray:
        """Profile less background."""
        return self.profile - self.background

    def volume(self, top: int, bottom: int) -> Volume:
        """Signal less background summed over rows ``top`` to ``bottom``."""
        rows = slice(top, bottom + 1)
        total = float(self.profile[rows].sum() * self.width)
        under = float((self.background[rows] + self._local(top, bottom)).sum() * self.width)
        other = float(self.other[rows].sum() * self.width)
        return Volume(total - under, under, total - other, 100.0 * float(self.specks[rows].mean()))

    def _local(self, top: int, bottom: int) -> np.ndarray:
        """What the baseline misses just above and below a box, drawn on across it as a straight line.

        Only where it is beyond the lane's noise, and only from rows that belong to no other band; a background taken
        from the gaps is left as it is, as the bands of a ladder leave no such rows.
        """
        size = bottom - top + 1
        if self.method == "gap":
            return np.zeros(size)
        reach = max(2, size // 2)
        least = max(BEYOND_NOISE * self.noise, BEYOND_FOOT * float(self.net[top : bottom + 1].max()))
        others = [band for band in self.bands if not top <= band.peak <= bottom]
        levels = [
            self._level(top - reach, top - 1, least, others),
            self._level(bottom + 1, bottom + reach, least, others),
        ]
        known = [level for level in levels if level is not None]
        if not known:
            return np.zeros(size)
        above, below = (known[0] if level is None else level for level in levels)
        return np.linspace(above, below, size) if len(known) == 2 or above == below else np.full(size, known[0])

    def _level(self, first: int, last: int, least: float, others: list[Band]) -> float | None:
        """Median of the profile less baseline over some rows, 0 if below ``least``, None where bands leave too few."""
        rows = np.arange(max(0, first), min(len(self.profile), last + 1))
        taken = np.zeros(len(rows), bool)
        for band in others:
            taken |= (rows >= band.top) & (rows <= band.bottom)
        free = rows[~taken]
        if len(free) < 2:
            return None
        level = float(np.median(self.net[free]))
        return level if abs(level) > least else 0.0

    def own_share(self, band: Band) -> float:
        """Share of a band's height that the gaps beside the lane do not show in its rows (1: all; 0: background)."""
        rows = slice(round((band.top + band.peak) / 2), round((band.peak + band.bottom) / 2) + 1)
        height = float(self.net[rows].mean())
        return float((self.profile - self.beside)[rows].mean()) / height if height > 0 else 0.0

    def rise(self, band: Band) -> float:
        """Height of a band's peak above the higher of the two backgrounds: a bump on a smear is little of a band."""
        peak = round(band.peak)
        return min(band.height, float((self.profile - self.other)[peak]))

    def saturated_pct(self, top: int, bottom: int, ceiling: float) -> float:
        """Share of the box's pixels at the detector's ceiling (%)."""
        return 100.0 * float((self.pixels[top : bottom + 1] >= ceiling - 0.5).mean())


def strips(
    signal: np.ndarray,
    comb: Comb,
    kinds: list[str],
    *,
    background: str,
    length: float,
    min_snr: float,
    min_share: float,
    clear_share: float,
    clear_contrast: float,
    clear_snr: float,
    foot: float,
    max_slope: float,
) -> list[Strip]:
    """All lanes of the comb.

    ``kinds`` names what each lane holds (its ``sample`` in the map); ``background`` is auto, lane or gap: auto takes
    the gaps beside a ladder's lane, whose bands stand too close for a baseline of their own, and the lane itself else.
    """
    rooms = [leaning(signal, comb, round(left), max(round(right), round(left) + 4)) for left, right in comb.borders]
    cores = [own_columns(room, length, CORE) for room in rooms]
    slopes = [tilt(room[:, a : b + 1], largest=max_slope) for room, (a, b) in zip(rooms, cores, strict=True)]
    rooms = [straightened(room, slope) for room, slope in zip(rooms, slopes, strict=True)]
    columns = _equal([own_columns(room, length, EDGE) for room in rooms], comb, rooms)
    gaps = [_gap_profile(signal, comb, lane, own) for lane, own in enumerate(columns)]

    profiles = [room[:, first : last + 1].mean(axis=1) for room, (first, last) in zip(rooms, columns, strict=True)]
    highest = max(float(np.percentile(own - gap, 99.5)) for own, gap in zip(profiles, gaps, strict=True))
    inside = common([edges(own, gap) for own, gap in zip(profiles, gaps, strict=True)], len(signal))

    def cut(lane: int, length: float) -> Strip:
        first, last = columns[lane]
        method = background if background != "auto" else ("gap" if kinds[lane] == "ladder" else "lane")
        left, pixels = max(0, round(comb.borders[lane, 0])) + first, rooms[lane][:, first : last + 1]
        place = (lane + 1, left, pixels, slopes[lane])
        return strip(*place, gaps[lane], inside[lane], method, length, min_snr, foot, highest=highest)

    made = [cut(lane, length) for lane in range(len(kinds))]
    stiff = STIFFNESS * _usual_height(made)
    if stiff > 1.15 * length:
        made = [cut(lane, min(stiff, 2.0 * length)) for lane in range(len(kinds))]
    tallest = max((band.height for each in made for band in each.bands), default=0.0)
    usual = _usual_height(made)
    for each in made:
        each.bands = [band for band in each.bands if band.height >= _least(band, usual, min_share) * tallest]
        limits = (clear_share * tallest, clear_snr * max(each.noise, each.uneven))
        each.clear = [
            band
            for band in each.bands
            if each.rise(band) * each.own_share(band)
            >= min(*limits, clear_contrast * each.background[round(band.peak)])
        ]
    return made


def strip(
    lane: int,
    left: int,
    pixels: np.ndarray,
    slope: float,
    beside: np.ndarray,
    inside: slice,
    method: str,
    length: float,
    min_snr: float,
    foot: float,
    *,
    highest: float = np.inf,
) -> Strip:
    """One lane from its straightened pixels; ``beside`` is the signal in the gaps beside it.

    ``inside`` are the rows on the membrane; ``highest`` its highest band, infinite where ``beside`` may hold bands too
    and tells nothing about the lane.
    """
    cleaned, specks = without_specks(pixels, length)
    profile = cleaned.mean(axis=1)
    within, gaps, uneven = grounds(profile, beside, inside, length=length, highest=highest)
    profile = np.concatenate((within[: inside.start], profile[inside], within[inside.stop :]))
    background, other = (gaps, within) if method == "gap" else (within, gaps)
    quiet = profile_noise(profile)
    noise, seen = (max(lumps(profile - below), quiet) for below in (within, background))
    smooth = max(1.0, len(profile) / 1000)
    bands = find_bands(profile - background, noise=seen, min_snr=min_snr, foot=foot, smooth=smooth)
    made = Strip(lane, left, pixels, slope, profile, background, other, beside, noise, uneven, method, specks, bands)
    if np.isfinite(highest):
        made.bands = [band for band in bands if made.own_share(band) > OWN]
    return made


def edges(profile: np.ndarray, sought_in: np.ndarray) -> slice:
    """Rows on the membrane, from the profile ``sought_in`` (the gaps', if they hold no bands) of a lane."""
    return on_membrane(sought_in, float(np.percentile(profile, 99.5) - np.median(profile)))


def leaning(signal: np.ndarray, comb: Comb, left: int, right: int) -> np.ndarray:
    """Columns ``left`` to ``right`` of the picture, following the lean of the lanes, as float32."""
    rows, columns = signal.shape
    shift = comb.shift(np.arange(rows))
    if not shift.any():
        return signal[:, max(0, left) : min(columns, right + 1)].astype(np.float32)
    wanted = np.clip(np.arange(left, right + 1)[None, :] + shift[:, None], 0, columns - 1)
    return np.take_along_axis(signal, wanted, axis=1).astype(np.float32)


def own_columns(room: np.ndarray, length: float, edge: float) -> tuple[int, int]:
    """First and last column in which bands reach the share ``edge`` of their strongest, within the lane's borders."""
    profile = room.mean(axis=1)
    net = profile - baseline(profile, length=length)
    strong = net > 0.3 * net.max()
    across = room[strong].mean(axis=0) - np.median(room[~strong], axis=0) if strong.any() and not strong.all() else None
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


def _least(band: Band, usual: float, min_share: float) -> float:
    """Share of the tallest band that makes a band: little for one that is as broad as others, much for a broad one."""
    return BROAD[1] if band.bottom - band.top + 1 > BROAD[0] * usual else min_share


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


def _usual_height(made: list[Strip]) -> float:
    """Median rows from foot to foot of each lane's strongest band."""
    strongest = [max(each.bands, key=lambda band: band.height) for each in made if each.bands]
    return float(np.median([band.bottom - band.top + 1 for band in strongest])) if strongest else 0.0


def _equal(columns: list[tuple[int, int]], comb: Comb, rooms: list[np.ndarray]) -> list[tuple[int, int]]:
    """First and last column of each lane, all of the usual width, around its own middle (the comb's if that is odd)."""
    usual = float(np.median([last - first + 1 for first, last in columns]))
    made = []
    for lane, ((first, last), room) in enumerate(zip(columns, rooms, strict=True)):
        middle = (first + last) / 2
        if abs(last - first + 1 - usual) > UNEQUAL * usual:
            middle = comb.centres[lane] - max(0, round(comb.borders[lane, 0]))
        left = int(np.clip(round(middle - (usual - 1) / 2), 0, room.shape[1] - 1))
        made.append((left, int(min(left + round(usual) - 1, room.shape[1] - 1))))
    return made


def without_specks(pixels: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """A lane without dust and scratches, and where they were ((n_rows, n_columns) bool).

    A pixel is cut to its row's usual range: from the background to a few times the row's middle value, with room for
    noise. Rows in which much of the width would be cut hold a bent band, and are left alone.
    """
    middle = np.median(pixels, axis=1)
    under = baseline(middle, length=length)
    room = SPECK * 1.4826 * float(np.median(np.abs(pixels - middle[:, None])))
    high = (under + CREST * np.maximum(middle - under, 0) + room)[:, None]
    low = (np.minimum(under, middle) - room)[:, None]
    specks = (pixels > high) | (pixels < low)
    specks &= (specks.mean(axis=1) < SPECK_WIDTH)[:, None]
    return (np.where(specks, np.clip(pixels, low, high), pixels) if specks.any() else pixels), specks


def _gap_profile(signal: np.ndarray, comb: Comb, lane: int, columns: tuple[int, int]) -> np.ndarray:
    """The lower of the mean signals in the gaps left and right of a lane's own columns (counted from its border)."""
    start = max(0, round(comb.borders[lane, 0]))
    left, right = start + columns[0], start + columns[1]
    width = right - left + 1
    half = max(1, round(GAP_WIDTH * width / 2))
    sides = []
    for edge, border, way in ((left, comb.borders[lane, 0], -1), (right, comb.borders[lane, 1], 1)):
        away = min(max(way * (border - edge), 0), GAP_AWAY * width)
        centre = int(np.clip(round(edge + way * away), half, signal.shape[1] - 1 - half))
        sides.append(leaning(signal, comb, centre - half, centre + half).mean(axis=1))
    return np.minimum(*sides)
