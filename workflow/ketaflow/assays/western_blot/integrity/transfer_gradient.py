"""Gradients over a membrane, with their uncertainty and direction: was protein transferred evenly?

In: loading controls by lane, total protein by lane and row, background by lane and row. Out: ``Gradient``. Targets are
not used: they follow the lanes where arms are loaded in order. How much of a gradient of the loading control is due to
the membrane and how much to the samples cannot be separated. A doubt therefore needs a gradient whose whole confidence
interval lies beyond the limit, which the usual scatter of loading does not reach.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from ketaflow.assays.western_blot.integrity import constants

# The end at which a gradient is compared with the other one.
Far = Literal["right", "bottom"]


@dataclass(frozen=True)
class Gradient:
    """Ratio of the amount at the far end to that at the near end, with its 95 % confidence limits."""

    factor: float
    low: float
    high: float

    def beyond(self, limit_pct: float) -> bool:
        """Return whether the whole interval lies beyond ``1 + limit_pct / 100`` times, in either direction."""
        limit = 1 + limit_pct / 100
        return self.low > limit or self.high < 1 / limit

    @property
    def steepness(self) -> float:
        """Size of the change whatever its direction: the absolute logarithm of the factor."""
        return abs(float(np.log(self.factor)))

    @property
    def change_pct(self) -> float:
        """Change from the near end to the far one (%)."""
        return 100 * (self.factor - 1)


def gradient(place: np.ndarray, amount: np.ndarray) -> Gradient | None:
    """Fit an exponential trend of amounts over places.

    Parameters
    ----------
    place : (n,) float
        Where each amount was measured, 0 at one end of the membrane and 1 at the other.
    amount : (n,) float
        Anything positive: volumes, counts. Others are left out.

    Returns
    -------
    Gradient or None
        None for fewer than five amounts above zero.
    """
    place, amount = np.asarray(place, float), np.asarray(amount, float)
    known = np.isfinite(amount) & (amount > 0)
    x, y = place[known], np.log(amount[known])
    if len(x) < constants.FEWEST_PLACES or not np.ptp(x) > 0:
        return None
    across = x - x.mean()
    slope = float(across @ y / (across @ across))
    left_over = y - y.mean() - slope * across
    error = np.sqrt(float(left_over @ left_over) / (len(x) - 2) / float(across @ across))
    reach = float(special.stdtrit(len(x) - 2, (1 + constants.CONFIDENCE) / 2)) * error
    return Gradient(*(float(np.exp(value)) for value in (slope, slope - reach, slope + reach)))


def corner(lanes: np.ndarray) -> Gradient | None:
    """Compare the lower part of the right lanes with that of the left ones, loading taken out.

    Parameters
    ----------
    lanes : (n_lanes, n_rows) float
        Total protein less background of the lanes from left to right, rows from top to bottom. All lanes hold the same
        proteome: what remains of the logarithms of its parts, once the mean of each lane and of each row is
        subtracted, is due to the membrane. A factor of 2 means twice as much per lane in the lower right corner as in
        the lower left, and half as much above.

    Returns
    -------
    Gradient or None
        None for fewer than five lanes, or where fewer than three parts hold enough protein.
    """
    count, rows = lanes.shape
    height = rows // constants.ROW_BINS
    if count < constants.FEWEST_PLACES or height < 1:
        return None
    parts = lanes[:, : height * constants.ROW_BINS].reshape(count, constants.ROW_BINS, height).sum(axis=2)
    strong = (parts > 0.02 * parts.max()).all(axis=0)
    if strong.sum() < 3:
        return None
    logs = np.log(parts[:, strong])
    logs = logs - logs.mean(axis=1, keepdims=True)
    down = (np.flatnonzero(strong) + 0.5) / constants.ROW_BINS
    down = down - down.mean()
    slopes = (logs - logs.mean(axis=0)) @ down / (down @ down)
    return gradient(np.linspace(0, 1, count), np.exp(slopes / 2))


def direction(factor: float, far: Far) -> str:
    """Describe the direction of a gradient in words, from the end with less to the end with more."""
    ways = ("left", "right") if far == "right" else ("top", "bottom")
    return f"from {ways[0]} to {ways[1]}" if factor >= 1 else f"from {ways[1]} to {ways[0]}"
