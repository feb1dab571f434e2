"""Rank comparisons by scikit-posthocs, in our names."""

import warnings
from collections.abc import Sequence

import numpy as np
from scipy import stats


def dunn_z(groups: Sequence[np.ndarray]) -> np.ndarray:
    """Dunn's z of every pair of groups, from joint ranks, corrected for ties.

    Parameters
    ----------
    groups : sequence of (n_animals,) float
        Values of each group.

    Returns
    -------
    (n_groups, n_groups) float
        Row minus column. scikit-posthocs returns two-sided p alone, from which z is computed.

    References
    ----------
    Dunn 1964, Technometrics 6:241-252, doi:10.1080/00401706.1964.10490181.
    """
    import scikit_posthocs

    p = scikit_posthocs.posthoc_dunn(list(groups)).to_numpy(float)
    ranks = np.split(stats.rankdata(np.concatenate(groups)), np.cumsum([len(group) for group in groups])[:-1])
    mean = np.array([rank.mean() for rank in ranks])
    return np.asarray(np.sign(np.subtract.outer(mean, mean)) * stats.norm.isf(p / 2))


def jonckheere_z(groups: Sequence[np.ndarray]) -> float:
    """z of Jonckheere's test for rising groups, corrected for ties.

    Parameters
    ----------
    groups : sequence of (n_animals,) float
        In the order of the alternative.

    Returns
    -------
    float
        Positive if later groups are larger.

    References
    ----------
    Jonckheere 1954, Biometrika 41:133-145; ties: Hollander, Wolfe & Chicken 2014, ISBN 978-0470387375.
    """
    import scikit_posthocs

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Ties are present")
        return float(scikit_posthocs.test_jonckheere(list(groups))[1])
