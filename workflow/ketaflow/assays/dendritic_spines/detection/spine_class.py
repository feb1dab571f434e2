"""The class of a spine, from its numbers: mushroom, thin, stubby, filopodium.

The class is a rule on neck, head and length, with logistic edges as wide as the error of measurement, so
that each class has a probability. Experts shown the same spines agree at kappa 0.44: the class is an opinion.
"""

import numpy as np
from scipy.special import expit

# Errors of length and head diameter (um, root mean square) on 203 drawn spines; they set how soft the rule's edges are.
LENGTH_ERROR_UM, HEAD_ERROR_UM = 0.11, 0.12


def class_probabilities(
    length_um: np.ndarray, head_um: np.ndarray, neck_um: np.ndarray, *, mushroom_head_um: float, stubby_neck_um: float,
    stubby_length_um: float, filopodium_length_um: float,
) -> np.ndarray:  # fmt: skip
    """Probability (n, 4) of each of ``CLASSES``.

    A spine shorter than ``stubby_length_um`` with no neck to speak of (shorter than ``stubby_neck_um``) is stubby; of
    the others a head of ``mushroom_head_um`` or more makes a mushroom, and of the rest one longer than
    ``filopodium_length_um`` is a filopodium, a shorter one thin. Terms follow Rodriguez et al. 2008 (PLoS ONE 3:e1997).
    """
    stubby = (1 - _above(neck_um, stubby_neck_um, LENGTH_ERROR_UM)) * (
        1 - _above(length_um, stubby_length_um, LENGTH_ERROR_UM)
    )
    wide = _above(head_um, mushroom_head_um, HEAD_ERROR_UM)
    long = _above(length_um, filopodium_length_um, LENGTH_ERROR_UM)
    rest = 1 - stubby
    return np.column_stack([rest * wide, rest * (1 - wide) * (1 - long), stubby, rest * (1 - wide) * long])


def _above(value: np.ndarray, threshold: float, error: float) -> np.ndarray:
    return expit(1.7 * (np.asarray(value) - threshold) / error)
