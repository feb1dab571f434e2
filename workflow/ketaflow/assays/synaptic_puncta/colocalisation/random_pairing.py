"""How many pairs two sets of randomly placed puncta form when the closest are paired first.

As the distance grows by dr, each free pre punctum meets each free post punctum with equal probability:
dM = (n_pre - M)(n_post - M) da, where a, the *crowding*, is the area within the distance over the area of the field.
"""

import math

from ketaflow.assays.synaptic_puncta import constants


def random_pairs(n_pre: float, n_post: float, crowding: float) -> float:
    """Return the expected number of pairs.

    Parameters
    ----------
    n_pre, n_post : float
        Number of puncta in each set.
    crowding : float
        Area within the matching distance over the area of the field.

    Returns
    -------
    float
        Solution M of the module's equation with M = 0 at crowding 0.
    """
    if n_pre <= 0 or n_post <= 0 or not crowding > 0:
        return 0.0
    if math.isclose(n_pre, n_post, rel_tol=constants.EQUAL_SIZES_TOLERANCE):
        return n_pre**2 * crowding / (1 + n_pre * crowding)
    fewer, more = sorted((n_pre, n_post))
    left = math.exp(-(more - fewer) * crowding)
    return fewer * more * (1 - left) / (more - fewer * left)


def crowding_of(pairs: float, n_pre: float, n_post: float) -> float:
    """Return the crowding at which two sets form so many pairs: the inverse of ``random_pairs``.

    Parameters
    ----------
    pairs : float
        Number of pairs; at most half a pair below the size of the smaller set.
    n_pre, n_post : float
        Number of puncta in each set.

    Returns
    -------
    float
        Area within the matching distance over the area of the field; 0 without pairs.
    """
    fewer, more = sorted((n_pre, n_post))
    if pairs <= 0 or fewer <= 0:
        return 0.0
    pairs = min(pairs, fewer - 0.5)
    if pairs <= 0:
        return 0.0
    if math.isclose(fewer, more, rel_tol=constants.EQUAL_SIZES_TOLERANCE):
        return pairs / (fewer * (fewer - pairs))
    return math.log((more - pairs) * fewer / ((fewer - pairs) * more)) / (more - fewer)
