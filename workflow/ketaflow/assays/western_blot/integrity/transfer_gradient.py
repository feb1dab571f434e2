"""Whether protein came across evenly: gradients over a membrane, with their uncertainty and direction.

In: loading controls by lane, total protein by lane and row, background by lane and row. Out: ``Gradient``. Targets have
no voice: they may well follow the lanes where arms stand in order. What a gradient of the loading control owes to the
membrane and what to the samples cannot be told apart; so a doubt needs a gradient whose whole confidence interval lies
beyond the limit, and the usual scatter of loading does not reach that.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

FEWEST, CONFIDENCE = 5, 0.95
ROW_BINS = 8


@dataclass(frozen=True)
class Gradient:
    """How many times as much there is at the far end as at the near one, with its confidence limits."""

    factor: float
    low: float
    high: float

    def beyond(self, limit_pct: float) -> bool:
        """Whether the whole interval lies beyond ``1 + limit_pct / 100`` times, either way."""
        limit = 1 + limit_pct / 100
        return self.low > limit or self.high < 1 / limit

    @property
    def change_pct(self) -> float:
        """Change from the near end to the far one (%)."""
        return 100 * (self.factor - 1)


def gradient(place: np.ndarray, amount: np.ndarray) -> Gradient | None:
    """Exponential trend of amounts over places; None for fewer than five amounts above zero.

    Parameters
    ----------
    place : (n,) float
        Where each amount was measured, 0 at one end of the membrane and 1 at the other.
    amount : (n,) float
        Anything positive: volumes, counts. Others are left out.
    """
    place, amount = np.asarray(place, float), np.asarray(amount, float)
    known = np.isfinite(amount) & (amount > 0)
    x, y = place[known], np.log(amount[known])
    if len(x) < FEWEST or not np.ptp(x) > 0:
        return None
    across = x - x.mean()
    slope = float(across @ y / (across @ across))
    left_over = y - y.mean() - slope * across
    error = np.sqrt(float(left_over @ left_over) / (len(x) - 2) / float(across @ across))
    reach = float(special.stdtrit(len(x) - 2, (1 + CONFIDENCE) / 2)) * error
    return Gradient(*(float(np.exp(value)) for value in (slope, slope - reach, slope + reach)))


def corner(lanes: np.ndarray) -> Gradient | None:
    """How much more protein the lower part of the right lanes holds than that of the left ones, loading left out.

    Parameters
    ----------
    lanes : (n_lanes, n_rows) float
        Total protein less background of the lanes from left to right, rows from top to bottom. All lanes hold the same
        proteome: what is left of the logarithms of its parts once each lane's and each row's mean is taken off is the
        membrane's doing. A factor of 2 means twice as much per lane in the lower right corner as in the lower left, and
        half as much above.
    """
    count, rows = lanes.shape
    height = rows // ROW_BINS
    if count < FEWEST or height < 1:
        return None
    parts = lanes[:, : height * ROW_BINS].reshape(count, ROW_BINS, height).sum(axis=2)
    strong = (parts > 0.02 * parts.max()).all(axis=0)
    if strong.sum() < 3:
        return None
    logs = np.log(parts[:, strong])
    logs = logs - logs.mean(axis=1, keepdims=True)
    down = (np.flatnonzero(strong) + 0.5) / ROW_BINS
    down = down - down.mean()
    slopes = (logs - logs.mean(axis=0)) @ down / (down @ down)
    return gradient(np.linspace(0, 1, count), np.exp(slopes / 2))


def direction(factor: float, far: str) -> str:
    """Words for a gradient towards ``right`` or ``bottom``."""
    ways = {"right": ("left", "right"), "bottom": ("top", "bottom")}[far]
    return f"from {ways[0]} to {ways[1]}" if factor >= 1 else f"from {ways[1]} to {ways[0]}"
