"""How many of the pairs are synapses: the pairs beyond chance.

In: the number of pairs, and the number expected by chance. Out: the number of synapses and its interval.
"""

import math

from scipy.optimize import brentq

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.colocalisation.chance import Chance
from ketaflow.assays.synaptic_puncta.colocalisation.random_pairing import crowding_of, random_pairs


def synapses(n_pairs: float, chance_pairs: float, n_pre: int, n_post: int) -> float:
    """Estimate the number of synapses among the pairs.

    Parameters
    ----------
    n_pairs : float
        Pairs found.
    chance_pairs : float
        Pairs that all puncta would form by chance.
    n_pre, n_post : int
        Puncta of each channel.

    Returns
    -------
    float
        Solution T of ``n_pairs = T + random_pairs(n_pre - T, n_post - T)``; negative where fewer pairs are found than
        expected by chance; NaN where chance is unknown.

    Notes
    -----
    Puncta that belong to a synapse cannot form a chance pair, so chance applies to the remaining puncta only.
    Subtracting ``chance_pairs`` would lose synapses wherever many puncta are paired.
    """
    if not math.isfinite(chance_pairs):
        return math.nan
    if n_pairs <= chance_pairs:
        return n_pairs - chance_pairs
    crowding = crowding_of(chance_pairs, n_pre, n_post)

    def surplus(true: float) -> float:
        return true + random_pairs(n_pre - true, n_post - true, crowding) - n_pairs

    return float(brentq(surplus, 0.0, min(n_pre, n_post)))


def synapse_interval(n_pairs: float, chance: Chance, n_pre: int, n_post: int) -> tuple[float, float]:
    """95 % interval of the synapse count, from the spread of the chance estimate over shifts.

    Parameters
    ----------
    n_pairs : float
        Pairs found.
    chance : Chance
        Pairs expected by chance, for each shift.
    n_pre, n_post : int
        Puncta of each channel.

    Returns
    -------
    low, high : float
        Bounds of the interval; NaN with fewer than two shifts. Missed puncta are not part of it.
    """
    if len(chance.shifted) < 2:
        return math.nan, math.nan
    # The image is one draw of chance; the mean that it is compared with varies less, by the number of shifts.
    spread = constants.NORMAL_95_SD * float(chance.shifted.std(ddof=1))
    half_width = spread * math.sqrt(1 + 1 / len(chance.shifted))
    low, high = max(chance.pairs - half_width, 0.0), chance.pairs + half_width
    return synapses(n_pairs, high, n_pre, n_post), synapses(n_pairs, low, n_pre, n_post)
