"""Which ladder a lane holds, and the masses of its bands.

In: the profiles of the ladder lanes, and what the lane map says of them: masses, a product, or nothing. Out: a
``Ladder``. A ladder that nobody named is compared with the products of ``resources/reference/ladders.csv``; products
that fit as well as the best one are listed with it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from ketaflow.assays.western_blot.bands import constants
from ketaflow.assays.western_blot.bands.molecular_weight import calibrate
from ketaflow.assays.western_blot.ladder_products import masses_of, products
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile
from ketaflow.assays.western_blot.model import Ladder, Lane


def read_ladder(
    lanes: list[LaneProfile], shifts: np.ndarray, lane_map: list[Lane], usual_kda: Sequence[float]
) -> Ladder | None:
    """Assign masses to the bands of the ladder lanes.

    Parameters
    ----------
    lanes : list of LaneProfile
        Lanes of the membrane from left to right.
    shifts : (n_lanes,) float
        Displacement of each lane (rows).
    lane_map : list of Lane
        What each lane holds.
    usual_kda : sequence of float
        Masses of the lab's ladder (kDa); empty if the settings name none.

    Returns
    -------
    Ladder or None
        That of the lane with most bands assigned to masses; of equal ones the smoothest.
    """
    found = []
    for profile, shift, lane in zip(lanes, shifts, lane_map, strict=True):
        if lane.sample == "ladder":
            rows = np.array([peak.row for peak in profile.peaks]) - shift
            heights = np.array([peak.height for peak in profile.peaks])
            named = masses_of(lane.ladder_kda) or tuple(usual_kda)
            ladder = calibrate(rows, heights, named) if named else guessed(rows, heights)
            if ladder is not None:
                found.append(ladder)
    return max(found, key=lambda ladder: (len(ladder.rows), -ladder.spread_pct), default=None)


def guessed(rows: np.ndarray, heights: np.ndarray) -> Ladder | None:
    """Find the product whose masses follow the smoothest curve over the bands of a lane.

    Parameters
    ----------
    rows, heights : (n_bands,) float
        Rows of the bands of a ladder lane, and their heights (counts).

    Returns
    -------
    Ladder or None
        The product with the smallest spread among those with most bands of the lane explained. Its ``alternatives`` are
        the products whose variance about their curve is no larger by an F test at 5 %. None where no product fits.
    """
    fits = [(product, calibrate(rows, heights, product.kda)) for product in products()]
    fitting = [(product, ladder) for product, ladder in fits if ladder is not None]
    if not fitting:
        return None
    # Bands that a product leaves unexplained: found but not among its masses, or among its masses but not found.
    missed = [len(rows) + len(product.kda) - 2 * len(ladder.rows) for product, ladder in fitting]
    kept = [pair for pair, left in zip(fitting, missed, strict=True) if left <= min(missed) + constants.MISSED_BANDS]

    def spread(ladder: Ladder) -> float:
        return max(ladder.spread_pct, constants.LEAST_SPREAD_PCT)

    order = sorted(kept, key=lambda pair: spread(pair[1]))
    best, ladder = order[0]
    degrees = max(len(ladder.rows) - 3, 1)
    others = [
        product.name
        for product, other in order[1:]
        if (spread(other) / spread(ladder)) ** 2 < stats.f.ppf(0.95, max(len(other.rows) - 3, 1), degrees)
    ]
    return replace(ladder, product=best.name, alternatives=tuple(others))
