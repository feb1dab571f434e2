"""Linear models and numerical derivatives by statsmodels, which takes 0.6 s to load and is loaded where it is used."""

from collections.abc import Callable

import numpy as np


def hessian(function: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Second derivatives of a function by central differences, (n_parameters, n_parameters)."""
    from statsmodels.tools import numdiff

    return np.asarray(numdiff.approx_hess3(at, function, epsilon=1e-4 * np.maximum(np.abs(at), 0.1)))
