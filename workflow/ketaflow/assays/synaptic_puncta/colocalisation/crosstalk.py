"""Whether the two channels are independent: bleed-through of one into the other, and displaced channels.

In: the filtered channels and their puncta. Bleed-through makes false pairs that no shift reveals, so it is measured and
reported, never corrected.
"""

import math
from typing import NamedTuple

import numpy as np
from skimage.measure import pearson_corr_coeff

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.detection.spots import Puncta


class Displacement(NamedTuple):
    """Distance between the channels and its standard error (um); NaN with too few pairs."""

    distance_um: float
    standard_error_um: float


def bleed_through_pct(puncta: Puncta, other: np.ndarray) -> float:
    """Share of the light of a channel's brightest puncta that appears in the other channel.

    Parameters
    ----------
    puncta : Puncta
        Puncta of the channel.
    other : (rows, columns) or (planes, rows, columns) ndarray
        The other channel after the spot filter.

    Returns
    -------
    float
        A low quantile over the brightest puncta of (other channel / height), in %, at least 0; NaN with too few puncta.
    """
    if len(puncta) * constants.BRIGHTEST_SHARE < constants.MIN_CROSSTALK_PUNCTA:
        return math.nan
    bright = puncta.subset(puncta.height >= np.quantile(puncta.height, 1 - constants.BRIGHTEST_SHARE))
    there = other[tuple(np.rint(bright.positions_px).astype(int).T)]
    return max(0.0, 100 * float(np.quantile(there / bright.height, constants.UNPAIRED_QUANTILE)))


def correlation(pre: np.ndarray, post: np.ndarray) -> float:
    """Pearson correlation of two filtered channels.

    Parameters
    ----------
    pre, post : (rows, columns) or (planes, rows, columns) ndarray
        Channels of equal shape; every second pixel in the plane is used.

    Returns
    -------
    float
        From -1 to 1; NaN if a channel is constant.
    """
    first, second = (channel[..., ::2, ::2].ravel() for channel in (pre, post))
    if not first.std() or not second.std():
        return math.nan
    return float(pearson_corr_coeff(first, second)[0])


def displacement(pre_um: np.ndarray, post_um: np.ndarray) -> Displacement:
    """Displacement of the post channel against the pre channel, from their pairs.

    Parameters
    ----------
    pre_um, post_um : (n, 2) or (n, 3) ndarray
        Positions of the partners of each pair (um).

    Returns
    -------
    Displacement
        Length of the mean vector in the plane, and its standard error. Chance pairs point in all directions and only
        shorten it.
    """
    if len(pre_um) < constants.MIN_CROSSTALK_PUNCTA:
        return Displacement(math.nan, math.nan)
    vectors = (post_um - pre_um)[:, -2:]
    error = float(np.sqrt(vectors.var(0, ddof=1).sum() / len(vectors)))
    return Displacement(float(np.linalg.norm(vectors.mean(0))), error)
