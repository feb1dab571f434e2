"""Every lane of a membrane on one picture with its background and its bands.

In: the lanes as they were cut out, or the box a person drew. Out: a ``Strip`` per lane.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaflow.assays.western_blot.lanes.background import common, drawn_on, grounds, lumps, on_membrane, stripes
from ketaflow.assays.western_blot.lanes.lane_crops import Cut, without_specks
from ketaflow.assays.western_blot.lanes.profile_baseline import Band, find_bands, profile_noise

# A baseline is mended beside a band where it is off by this many times the noise and this share of the band's height
# (a strong band's glare reaches 2 %).
BEYOND_NOISE, BEYOND_FOOT = 2.0, 0.05
# A band stands above the gaps beside its lane by at least this share of its height over the baseline; what does not is
# background that goes on beside the lane.
OWN = 0.1
# The baseline is at least this many times as stiff as the usual band is tall.
STIFFNESS = 4.0
# Stripes are smoothed by this share of the usual band's rows from foot to foot (half a Gaussian's standard deviation).
SMOOTH = 1 / 12
# What takes up this many times the rows of the usual band, and is not this share of the tallest, is uneven background.
BROAD = (3.0, 0.3)


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
    lanes: list[Cut],
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
) -> list[Strip]:
    """Background and bands of all lanes of a membrane.

    ``kinds`` names what each lane holds (its ``sample`` in the map); ``background`` is auto, lane or gap: auto takes
    the gaps beside a ladder's lane, whose bands stand too close for a baseline of their own, and the lane itself else.
    """
    profiles = [lane.pixels.mean(axis=1) for lane in lanes]
    highest = max(float(np.percentile(own - lane.beside, 99.5)) for own, lane in zip(profiles, lanes, strict=True))
    own_edges = [edges(own, lane.beside) for own, lane in zip(profiles, lanes, strict=True)]
    inside = common(own_edges, len(lanes[0].beside))
    limits = {"min_snr": min_snr, "foot": foot, "highest": highest}

    def drawn(length: float, stripe: np.ndarray | None) -> list[Strip]:
        ways = [background if background != "auto" else "gap" if kind == "ladder" else "lane" for kind in kinds]
        parts = zip(lanes, inside, ways, strict=True)
        return [strip(*part, length=length, stripe=stripe, **limits) for part in parts]

    made = drawn(length, None)
    usual = _usual_height(made)
    stiff = min(STIFFNESS * usual, 2.0 * length)
    stiff = stiff if stiff > 1.15 * length else length
    stripe = stripes([lane.beside for lane in lanes], inside, length=stiff, smooth=max(1.0, SMOOTH * usual))
    if stiff != length or stripe.any():
        made = drawn(stiff, stripe)
    _keep_bands(made, min_share)
    _mark_clear(made, clear_share, clear_contrast, clear_snr)
    return made


def strip(
    lane: Cut,
    inside: slice,
    method: str,
    *,
    length: float,
    min_snr: float,
    foot: float,
    highest: float = np.inf,
    stripe: np.ndarray | None = None,
) -> Strip:
    """One lane.

    ``inside`` are the rows on the membrane; ``highest`` its highest band, infinite where the gaps may hold bands too
    and tell nothing about the lane; ``stripe`` (n_rows): what crosses all lanes as a stripe, counts.
    """
    cleaned, specks = without_specks(lane.pixels, length)
    profile = cleaned.mean(axis=1)
    within, gaps, uneven = grounds(profile, lane.beside, inside, length=length, highest=highest)
    profile = np.concatenate((within[: inside.start], profile[inside], within[inside.stop :]))
    quiet = profile_noise(profile)
    noise = max(lumps(profile - within), quiet)
    within = within if stripe is None else within + stripe
    background, other = (gaps, within) if method == "gap" else (within, gaps)
    beside = drawn_on(lane.beside[inside], inside, len(profile))
    made = Strip(
        lane.lane, lane.left, lane.pixels, lane.slope, profile, background, other, beside, noise, uneven, method, specks
    )
    seen = max(lumps(made.net), quiet) if method == "gap" else noise
    smooth = max(1.0, len(profile) / 1000)
    made.bands = find_bands(made.net, noise=seen, min_snr=min_snr, foot=foot, smooth=smooth)
    if np.isfinite(highest):
        made.bands = [band for band in made.bands if made.own_share(band) > OWN]
    return made


def edges(profile: np.ndarray, sought_in: np.ndarray) -> slice:
    """Rows on the membrane, from the profile ``sought_in`` (the gaps', if they hold no bands) of a lane."""
    return on_membrane(sought_in, float(np.percentile(profile, 99.5) - np.median(profile)))


def _keep_bands(made: list[Strip], min_share: float) -> None:
    """Drop what is too low beside the tallest: little is asked of one as broad as others, much of a broad one."""
    tallest, usual = _tallest(made), _usual_height(made)
    for each in made:
        each.bands = [
            band
            for band in each.bands
            if band.height >= tallest * (BROAD[1] if band.bottom - band.top + 1 > BROAD[0] * usual else min_share)
        ]


def _mark_clear(made: list[Strip], share: float, contrast: float, snr: float) -> None:
    """Mark the bands that anybody would see: beside the tallest, beside their background, or beside the noise."""
    tallest = _tallest(made)
    for each in made:
        limits = (share * tallest, snr * max(each.noise, each.uneven))
        each.clear = [
            band
            for band in each.bands
            if each.rise(band) * each.own_share(band) >= min(*limits, contrast * each.background[round(band.peak)])
        ]


def _tallest(made: list[Strip]) -> float:
    return max((band.height for each in made for band in each.bands), default=0.0)


def _usual_height(made: list[Strip]) -> float:
    """Median rows from foot to foot of each lane's strongest band."""
    strongest = [max(each.bands, key=lambda band: band.height) for each in made if each.bands]
    return float(np.median([band.bottom - band.top + 1 for band in strongest])) if strongest else 0.0
