"""The fitted curve of a plate, as all parts of the assay hand it on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

CurveKind = Literal["4pl", "5pl"]
Weighting = Literal["none", "1/y", "1/y2"]


@dataclass(frozen=True)
class Curve:
    """A fitted logistic curve ``y = d + (a - d) / (1 + (x / c) ** b) ** g``.

    Attributes
    ----------
    a, d : float
        Response at concentration zero, and at an infinite one.
    b : float
        Slope (dimensionless, positive).
    c : float
        Concentration at the inflection (pg/ml); the EC50 if ``g`` is 1.
    g : float
        Asymmetry (dimensionless); 1 for four parameters.
    covariance : (n_parameters, n_parameters) float
        Covariance of ``a, d, log c, log b`` (and ``log g``), scaled by the residual variance.
    residual_sd : float
        Weighted residual standard deviation; a fraction of the response with weights 1/y2.
    df : int
        Degrees of freedom of the residuals.
    weighting : {"none", "1/y", "1/y2"}
        Weights of the fit.
    floor : float
        Smallest response that counts for the weights.
    """

    a: float
    b: float
    c: float
    d: float
    g: float
    covariance: np.ndarray
    residual_sd: float
    df: int
    weighting: Weighting
    floor: float
