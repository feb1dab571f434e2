"""Class of a spine from its size: mushroom, thin, stubby or filopodium.

The class is a rule on neck, head and length. Its edges are as soft as the error of measurement, so that each class has
a probability. Eight experts who saw the same spines agreed at a kappa of 0.44: the class is an opinion.
"""

import numpy as np
from scipy.special import ndtr

from ketaflow.assays.dendritic_spines.detection.constants import HEAD_ERROR_UM, LENGTH_ERROR_UM
from ketaflow.assays.dendritic_spines.detection.shape import Shapes
from ketaflow.assays.dendritic_spines.model import QuantifySettings


def class_probabilities(shapes: Shapes, settings: QuantifySettings) -> np.ndarray:
    """Probability of each class.

    Parameters
    ----------
    shapes : Shapes
        Sizes of the spines.
    settings : QuantifySettings
        ``stubby_neck_um``, ``stubby_length_um``, ``mushroom_head_um`` and ``filopodium_length_um`` are used.

    Returns
    -------
    (n, 4) float
        In the order of ``constants.CLASSES``; rows add up to 1.

    Notes
    -----
    A spine shorter than ``stubby_length_um`` with a neck shorter than ``stubby_neck_um`` is stubby. Of the others a
    head of ``mushroom_head_um`` or more makes a mushroom; of the rest a spine longer than ``filopodium_length_um`` is a
    filopodium, a shorter one thin. The terms follow [1]_.

    References
    ----------
    .. [1] Rodriguez et al. (2008), PLoS ONE 3:e1997, doi:10.1371/journal.pone.0001997
    """
    necked = _exceeds(shapes.neck_length_um, settings.stubby_neck_um, LENGTH_ERROR_UM)
    longer = _exceeds(shapes.length_um, settings.stubby_length_um, LENGTH_ERROR_UM)
    stubby = (1 - necked) * (1 - longer)
    wide = _exceeds(shapes.head_diameter_um, settings.mushroom_head_um, HEAD_ERROR_UM)
    long = _exceeds(shapes.length_um, settings.filopodium_length_um, LENGTH_ERROR_UM)
    rest = 1 - stubby
    return np.column_stack([rest * wide, rest * (1 - wide) * (1 - long), stubby, rest * (1 - wide) * long])


def _exceeds(value: np.ndarray, threshold: float, error: float) -> np.ndarray:
    """Probability that values measured with a normally distributed error exceed a threshold."""
    return np.asarray(ndtr((np.asarray(value) - threshold) / error))
