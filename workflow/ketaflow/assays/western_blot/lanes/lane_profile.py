"""Profile, background and peaks of every lane of a membrane on one picture.

In: the crops of the lanes, or of a box that a person drew. Out: a ``LaneProfile`` per lane.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.lanes.background import (
    backgrounds,
    extended,
    membrane_extent,
    shared_stripes,
    unevenness,
)
from ketaflow.assays.western_blot.lanes.lane_crops import LaneCrop, without_specks
from ketaflow.assays.western_blot.lanes.profile_baseline import Peak, find_peaks, profile_noise
from ketaflow.assays.western_blot.model import BackgroundMethod, QuantifySettings, Sample


@dataclass(frozen=True)
class LaneProfile:
    """One lane of a membrane on one picture.

    Attributes
    ----------
    lane : int
        Number of the lane; 1 is the leftmost.
    left : int
        First column of the lane in the file, at the middle row of the grid.
    pixels : (n_rows, n_columns) float32
        Signal, straightened so that bands lie level (counts).
    slope : float
        Rows per column by which bands were levelled.
    profile : (n_rows,) float
        Mean over the columns (counts).
    background, other_background : (n_rows,) float
        The background below the bands, and the other estimate of it (counts).
    beside : (n_rows,) float
        Signal in the gaps beside the lane (counts).
    noise, uneven : float
        Standard deviation of the profile's noise, and of what is uneven in the gaps (counts).
    method : {"lane", "gap"}
        Where ``background`` was read.
    specks : (n_rows, n_columns) bool
        Pixels covered by dust, scratches or bubbles.
    wide : (n_rows, n_wide_columns) float32
        The lane without specks, with what lies beside it (counts).
    inset : int
        First column of the lane in ``wide``.
    peaks : list of Peak
        Bands, from top to bottom.
    distinct : list of Peak
        Those that stand out enough to be listed though they belong to no target.
    """

    lane: int
    left: int
    pixels: np.ndarray
    slope: float
    profile: np.ndarray
    background: np.ndarray
    other_background: np.ndarray
    beside: np.ndarray
    noise: float
    uneven: float
    method: BackgroundMethod
    specks: np.ndarray
    wide: np.ndarray
    inset: int
    peaks: list[Peak]
    distinct: list[Peak]

    @property
    def width(self) -> int:
        """Columns of the lane."""
        return int(self.pixels.shape[1])

    @property
    def net(self) -> np.ndarray:
        """Profile less background, (n_rows,) float (counts)."""
        return np.asarray(self.profile - self.background)

    def volume(self, top: int, bottom: int) -> tuple[float, float]:
        """Return the signal less background, and the background, summed over rows ``top`` to ``bottom`` (included)."""
        rows = slice(top, bottom + 1)
        total = float(self.profile[rows].sum() * self.width)
        background = float((self.background[rows] + self._local_correction(top, bottom)).sum() * self.width)
        return total - background, background

    def _local_correction(self, top: int, bottom: int) -> np.ndarray:
        """What the baseline misses just above and below a box, interpolated across it as a straight line.

        Only what exceeds the lane's noise counts, and only rows that belong to no other band. A background taken from
        the gaps is not corrected, as the bands of a ladder leave no such rows.
        """
        size = bottom - top + 1
        if self.method == "gap":
            return np.zeros(size)
        reach = max(2, size // 2)
        least = max(
            constants.CORRECTION_SNR * self.noise,
            constants.CORRECTION_FRACTION * float(self.net[top : bottom + 1].max()),
        )
        others = [peak for peak in self.peaks if not top <= peak.row <= bottom]
        levels = [
            self._level(top - reach, top - 1, least, others),
            self._level(bottom + 1, bottom + reach, least, others),
        ]
        known = [level for level in levels if level is not None]
        if not known:
            return np.zeros(size)
        above, below = (known[0] if level is None else level for level in levels)
        return np.linspace(above, below, size) if len(known) == 2 or above == below else np.full(size, known[0])

    def _level(self, first: int, last: int, least: float, others: list[Peak]) -> float | None:
        """Median of the profile less baseline over some rows, 0 if below ``least``, None where bands leave too few."""
        rows = np.arange(max(0, first), min(len(self.profile), last + 1))
        taken = np.zeros(len(rows), bool)
        for peak in others:
            taken |= (rows >= peak.top) & (rows <= peak.bottom)
        free = rows[~taken]
        if len(free) < 2:
            return None
        level = float(np.median(self.net[free]))
        return level if abs(level) > least else 0.0

    def own_fraction(self, peak: Peak) -> float:
        """Return the fraction of a peak's height that the gaps beside the lane do not show (1: all; 0: background)."""
        rows = slice(round((peak.top + peak.row) / 2), round((peak.row + peak.bottom) / 2) + 1)
        height = float(self.net[rows].mean())
        return float((self.profile - self.beside)[rows].mean()) / height if height > 0 else 0.0

    def rise(self, peak: Peak) -> float:
        """Return the height of a peak above the higher of the two backgrounds (counts)."""
        return min(peak.height, float((self.profile - self.other_background)[round(peak.row)]))

    def hidden(self, top: int, bottom: int) -> float:
        """Return what was taken for dust, scratches and bubbles in rows ``top`` to ``bottom`` (included; counts)."""
        rows = slice(top, bottom + 1)
        cleaned = self.wide[rows, self.inset : self.inset + self.width]
        return float(np.abs(self.pixels[rows] - cleaned).sum(dtype=float))

    def saturated_pct(self, top: int, bottom: int, saturation_level: float) -> float:
        """Return the share of the box's pixels at or above the saturation level (%)."""
        return 100.0 * float((self.pixels[top : bottom + 1] >= saturation_level - 0.5).mean())


def lane_profiles(
    crops: list[LaneCrop], samples: Sequence[Sample], settings: QuantifySettings, *, length: float
) -> list[LaneProfile]:
    """Draw the backgrounds and find the bands of all lanes of a membrane.

    Parameters
    ----------
    crops : list of LaneCrop
        The lanes from left to right.
    samples : sequence of str
        What each lane holds.
    settings : QuantifySettings
        ``background`` says where it is read; ``auto`` takes the gaps beside a ladder's lane, whose bands are too close
        together for a baseline of their own, and the lane itself for all others.
    length : float
        Changes along the lane slower than this are background (rows).

    Returns
    -------
    list of LaneProfile
    """
    profiles = [crop.pixels.mean(axis=1) for crop in crops]
    highest = max(
        float(np.percentile(own - crop.beside, constants.STRONGEST_PERCENTILE))
        for own, crop in zip(profiles, crops, strict=True)
    )
    extents = [rows_on_membrane(own, crop.beside) for own, crop in zip(profiles, crops, strict=True)]
    methods = [_method(settings, sample) for sample in samples]

    def drawn(length: float, stripe: np.ndarray | None) -> list[LaneProfile]:
        return [
            lane_profile(
                *part, length=length, stripe=stripe, min_snr=settings.min_snr, foot=settings.foot, highest=highest
            )
            for part in zip(crops, extents, methods, strict=True)
        ]

    made = drawn(length, None)
    usual = _usual_rows(made)
    stiff = min(constants.STIFFNESS_PER_BAND * usual, constants.MOST_STIFFENING * length)
    stiff = stiff if stiff > constants.LEAST_STIFFENING * length else length
    smooth = max(1.0, constants.STRIPE_SMOOTHING * usual)
    stripe = shared_stripes([crop.beside for crop in crops], extents, length=stiff, smooth=smooth)
    if stiff != length or stripe.any():
        made = drawn(stiff, stripe)
    return _with_distinct_peaks(_without_weak_peaks(made, settings.min_share), settings)


def _method(settings: QuantifySettings, sample: Sample) -> BackgroundMethod:
    if settings.background in ("lane", "gap"):
        return settings.background
    return "gap" if sample == "ladder" else "lane"


def lane_profile(
    crop: LaneCrop,
    extent: slice,
    method: BackgroundMethod,
    *,
    length: float,
    min_snr: float,
    foot: float,
    highest: float = np.inf,
    stripe: np.ndarray | None = None,
) -> LaneProfile:
    """Draw the background and find the bands of one lane.

    Parameters
    ----------
    crop : LaneCrop
        The lane.
    extent : slice
        Rows on the membrane.
    method : {"lane", "gap"}
        Whether the background is a baseline of the lane, or one of the gaps beside it.
    length : float
        Changes along the lane slower than this are background (rows).
    min_snr : float
        A peak rises this many times the noise above its valleys.
    foot : float
        A band ends where the profile falls below this fraction of its peak.
    highest : float
        Height of the membrane's strongest band (counts); infinite where the gaps may hold bands too and say nothing
        about the lane.
    stripe : (n_rows,) float, optional
        What crosses all lanes as a stripe (counts).

    Returns
    -------
    LaneProfile
        Without distinct peaks.
    """
    cleaned, specks = without_specks(crop.pixels, length)
    profile = cleaned.mean(axis=1)
    below = backgrounds(profile, crop.beside, extent, length=length, highest=highest)
    within = below.lane
    profile = np.concatenate((within[: extent.start], profile[extent], within[extent.stop :]))
    quiet = profile_noise(profile)
    noise = max(unevenness(profile - within), quiet)
    within = within if stripe is None else within + stripe
    background, other = (below.gaps, within) if method == "gap" else (within, below.gaps)
    made = LaneProfile(
        lane=crop.lane,
        left=crop.left,
        pixels=crop.pixels,
        slope=crop.slope,
        profile=profile,
        background=background,
        other_background=other,
        beside=extended(crop.beside[extent], extent, len(profile)),
        noise=noise,
        uneven=below.uneven,
        method=method,
        specks=specks,
        wide=_with_cleaned(crop, cleaned),
        inset=crop.inset,
        peaks=[],
        distinct=[],
    )
    peak_noise = max(unevenness(made.net), quiet) if method == "gap" else noise
    found = find_peaks(made.net, noise=peak_noise, min_snr=min_snr, foot=foot, smooth=max(1.0, len(profile) / 1000))
    if np.isfinite(highest):
        found = [peak for peak in found if made.own_fraction(peak) > constants.LEAST_OWN_FRACTION]
    return replace(made, peaks=found)


def _with_cleaned(crop: LaneCrop, cleaned: np.ndarray) -> np.ndarray:
    """The lane and what lies beside it, with the lane's pixels replaced by the cleaned ones."""
    if cleaned is crop.pixels:
        return crop.wide
    wide = crop.wide.copy()
    wide[:, crop.inset : crop.inset + cleaned.shape[1]] = cleaned
    return wide


def rows_on_membrane(profile: np.ndarray, beside: np.ndarray) -> slice:
    """Find the rows of a lane that lie on the membrane.

    Parameters
    ----------
    profile, beside : (n_rows,) float
        Signal of the lane and of the gaps beside it (counts). The edges of the membrane are sought in the gaps.

    Returns
    -------
    slice
        Rows between the edges.
    """
    return membrane_extent(beside, float(np.percentile(profile, constants.STRONGEST_PERCENTILE) - np.median(profile)))


def _without_weak_peaks(lanes: list[LaneProfile], min_share: float) -> list[LaneProfile]:
    """Lanes without peaks that are too weak beside the strongest; a broad peak must be stronger than a usual one."""
    strongest, usual = _strongest(lanes), _usual_rows(lanes)

    def least(peak: Peak) -> float:
        return strongest * (constants.BROAD_HEIGHT if peak.rows > constants.BROAD_ROWS * usual else min_share)

    return [replace(lane, peaks=[peak for peak in lane.peaks if peak.height >= least(peak)]) for lane in lanes]


def _with_distinct_peaks(lanes: list[LaneProfile], settings: QuantifySettings) -> list[LaneProfile]:
    """Lanes with the peaks that stand out beside the strongest, beside their background, or beside the noise."""
    strongest = _strongest(lanes)
    made = []
    for lane in lanes:
        limits = (settings.clear_share * strongest, settings.clear_snr * max(lane.noise, lane.uneven))
        distinct = [
            peak
            for peak in lane.peaks
            if lane.rise(peak) * lane.own_fraction(peak)
            >= min(*limits, settings.clear_contrast * lane.background[round(peak.row)])
        ]
        made.append(replace(lane, distinct=distinct))
    return made


def _strongest(lanes: list[LaneProfile]) -> float:
    """Height of the strongest peak of all lanes (counts)."""
    return max((peak.height for lane in lanes for peak in lane.peaks), default=0.0)


def _usual_rows(lanes: list[LaneProfile]) -> float:
    """Median height in rows, from foot to foot, of each lane's strongest peak."""
    strongest = [max(lane.peaks, key=lambda peak: peak.height) for lane in lanes if lane.peaks]
    return float(np.median([peak.rows for peak in strongest])) if strongest else 0.0
