"""Whether the two channels are independent: light of one that leaks into the other, and misplaced channels.

In: the matched responses of both channels and their puncta. Leaked light makes false synapses that no shift
reveals, so it is measured and shown, never taken off.
"""

import math

import numpy as np

from ketaflow.assays.synaptic_puncta.detection.punctum_detection import Puncta

BRIGHTEST = 0.25
# Where light leaks, it leaks at every punctum. So the low end tells: as long as a tenth of the brightest puncta has no
# partner, this share of them shows the other channel's level without one.
WITHOUT_PARTNER = 0.1
FEWEST = 20


def bleed_through_pct(puncta: Puncta, into: np.ndarray) -> float:
    """Share of the light of a channel's brightest puncta that is seen in the other channel (%), at least 0.

    ``into`` is the other channel's matched response. NaN with too few puncta.
    """
    if len(puncta) * BRIGHTEST < FEWEST:
        return math.nan
    bright = puncta.chosen(puncta.height >= np.quantile(puncta.height, 1 - BRIGHTEST))
    seen = into[tuple(np.rint(bright.positions_px).astype(int).T)]
    return max(0.0, 100 * float(np.quantile(seen / bright.height, WITHOUT_PARTNER)))


def correlation(pre: np.ndarray, post: np.ndarray) -> float:
    """Pearson correlation of two responses, over every second pixel."""
    every_second = tuple(slice(None, None, 2) for _ in range(2))
    first, second = pre[(..., *every_second)].ravel(), post[(..., *every_second)].ravel()
    if not first.std() or not second.std():
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])


def displacement_um(pre_um: np.ndarray, post_um: np.ndarray) -> tuple[float, float]:
    """How far the post channel lies from the pre channel: the mean over pairs (um), and its standard error.

    Pairs by chance point in all directions and so only weaken what is found.
    """
    if len(pre_um) < FEWEST:
        return math.nan, math.nan
    apart = (post_um - pre_um)[:, -2:]
    error = float(np.sqrt(apart.var(0, ddof=1).sum() / len(apart)))
    return float(np.linalg.norm(apart.mean(0))), error
