"""Every lane of a membrane on one picture, cut out, straightened, with its background and its bands.

In: the signal of a membrane and the comb of its lanes (or boxes drawn by a person). Out: a ``Strip`` per lane.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaflow.assays.western_blot.lanes import Comb
from ketaflow.assays.western_blot.profiles import Band, baseline, find_bands, profile_noise, straightened, tilt

# A lane's own columns: where its bands reach this share of their strongest column; never narrower than this part of
# the room between its borders.
EDGE, NARROWEST = 0.05, 0.35
GAP_WIDTH = 0.12


@dataclass
class Strip:
    """One lane.

    ``pixels`` (n_rows, n_columns): straightened signal; ``left``: first column in the file at the comb's middle row;
    ``slope``: rows per column by which bands were levelled; ``profile``, ``background`` (n_rows): means over columns;
    ``other`` (n_rows): the second estimate of the background; ``noise``: of the profile, counts.
    """

    lane: int
    left: int
    pixels: np.ndarray
    slope: float
    profile: np.ndarray
    background: np.ndarray
    other: np.ndarray
    noise: float
    method: str
    bands: list[Band] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Columns of the lane."""
        return self.pixels.shape[1]

    @property
    def net(self) -> np.ndarray:
        """Profile less background."""
        return self.profile - self.background

    def volume(self, top: int, bottom: int) -> tuple[float, float, float]:
        """Signal less background summed over rows ``top`` to ``bottom``; the background; the volume over the other."""
        rows = slice(top, bottom + 1)
        total, under = self.profile[rows].sum(), self.background[rows].sum()
        return (
            float((total - under) * self.width),
            float(under * self.width),
            float((total - self.other[rows].sum()) * self.width),
        )

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
    foot: float,
    max_slope: float,
) -> list[Strip]:
    """All lanes of the comb.

    ``kinds`` names what each lane holds (its ``sample`` in the map); ``background`` is auto, lane or gap: auto takes
    the gaps beside a ladder's lane, whose bands stand too close for a baseline of their own, and the lane itself else.
    """
    made = []
    for lane, kind in enumerate(kinds):
        left, right = (round(border) for border in comb.borders[lane])
        room = leaning(signal, comb, left, max(right, left + 4))
        gaps = baseline(_gap_profile(signal, comb, lane), length=length)
        method = background if background != "auto" else ("gap" if kind == "ladder" else "lane")
        slope = tilt(room, largest=max_slope)
        room = straightened(room, slope)
        first, last = own_columns(room, length)
        made.append(
            strip(lane + 1, left + first, room[:, first : last + 1], slope, gaps, method, length, min_snr, foot)
        )
    return made


def strip(
    lane: int,
    left: int,
    pixels: np.ndarray,
    slope: float,
    gaps: np.ndarray | None,
    method: str,
    length: float,
    min_snr: float,
    foot: float,
) -> Strip:
    """One lane from its straightened pixels; ``gaps`` is the background beside it, None where it is not known."""
    profile = pixels.mean(axis=1)
    within = baseline(profile, length=length)
    gaps = within if gaps is None else gaps
    background, other = (gaps, within) if method == "gap" else (within, gaps)
    noise = max(lumps(profile - within), profile_noise(profile))
    smooth = max(1.0, len(profile) / 1000)
    bands = find_bands(profile - background, noise=noise, min_snr=min_snr, foot=foot, smooth=smooth)
    return Strip(lane, left, pixels, slope, profile, background, other, noise, method, bands)


def lumps(net: np.ndarray) -> float:
    """Standard deviation of what is left of a profile that no band explains: its excursions below the baseline."""
    below = net[net < 0]
    return float(np.sqrt(np.mean(np.square(below)))) if len(below) else 0.0


def leaning(signal: np.ndarray, comb: Comb, left: int, right: int) -> np.ndarray:
    """Columns ``left`` to ``right`` of the picture, following the lean of the lanes, as float32."""
    rows, columns = signal.shape
    shift = comb.shift(np.arange(rows))
    if not shift.any():
        return signal[:, max(0, left) : min(columns, right + 1)].astype(np.float32)
    wanted = np.clip(np.arange(left, right + 1)[None, :] + shift[:, None], 0, columns - 1)
    return np.take_along_axis(signal, wanted, axis=1).astype(np.float32)


def own_columns(room: np.ndarray, length: float) -> tuple[int, int]:
    """First and last column that bands of the lane reach, within the room between its borders."""
    profile = room.mean(axis=1)
    net = profile - baseline(profile, length=length)
    strong = net > 0.3 * net.max()
    across = room[strong].mean(axis=0) - np.median(room[~strong], axis=0) if strong.any() and not strong.all() else None
    columns = room.shape[1]
    if across is None or across.max() <= 0:
        return 0, columns - 1
    smooth = np.convolve(np.pad(across, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    peak = int(smooth.argmax())
    above = smooth > EDGE * smooth.max()
    left = np.flatnonzero(~above[:peak])
    right = np.flatnonzero(~above[peak:])
    first = int(left[-1]) + 1 if len(left) else 0
    last = peak + int(right[0]) - 1 if len(right) else columns - 1
    missing = int(np.ceil(NARROWEST * columns)) - (last - first + 1)
    if missing > 0:
        first, last = max(0, first - missing // 2), min(columns - 1, last + missing - missing // 2)
    return first, last


def _gap_profile(signal: np.ndarray, comb: Comb, lane: int) -> np.ndarray:
    """The lower of the mean signals in the gaps left and right of a lane."""
    half = max(1, round(GAP_WIDTH * comb.pitch / 2))
    sides = []
    for border in comb.borders[lane]:
        centre = int(np.clip(round(border), half, signal.shape[1] - 1 - half))
        sides.append(leaning(signal, comb, centre - half, centre + half).mean(axis=1))
    return np.minimum(*sides)
