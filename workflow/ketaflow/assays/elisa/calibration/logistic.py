"""The logistic curve of an immunoassay, its derivatives and its inverse."""

import numpy as np

from ketaflow.assays.elisa.calibration.curve import Curve


def response(curve: Curve, x: np.ndarray) -> np.ndarray:
    """Response at concentrations.

    Parameters
    ----------
    curve : Curve
        The curve ``d + (a - d) / (1 + (x / c) ** b) ** g`` [1]_.
    x : (n,) float
        Concentrations (pg/ml), not negative.

    Returns
    -------
    (n,) float
        In the unit of the standards' responses.

    References
    ----------
    .. [1] Findlay and Dillard (2007), AAPS Journal 9:E260-E267, doi:10.1208/aapsj0902029
    """
    return curve.d + (curve.a - curve.d) * shape(x, np.log(curve.c), curve.b, curve.g)


def shape(x: np.ndarray, log_c: float | np.ndarray, b: float | np.ndarray, g: float | np.ndarray) -> np.ndarray:
    """Fall of the curve from 1 at concentration zero to 0 at an infinite one.

    Parameters
    ----------
    x : (n,) float
        Concentrations (pg/ml); negative ones count as zero.
    log_c : scalar or array that broadcasts with ``x``
        Natural logarithm of the parameter c (pg/ml), the inflection of a curve with four parameters.
    b, g : scalar or array that broadcasts with ``x``
        Slope (positive) and asymmetry (1 for four parameters).

    Returns
    -------
    float ndarray
        Values ``(1 + (x / c) ** b) ** -g``, from 0 to 1, of the shape to which the arguments broadcast: (n,) for one
        curve.
    """
    with np.errstate(divide="ignore", over="ignore"):
        power = np.exp(b * (np.log(np.maximum(x, 0)) - log_c))
        return np.asarray((1 + power) ** -g)


def gradient(curve: Curve, x: np.ndarray, n_parameters: int) -> np.ndarray:
    """Derivatives of the response by ``a, d, log c, log b`` (and ``log g``).

    Parameters
    ----------
    curve : Curve
        The curve.
    x : (n,) float
        Concentrations (pg/ml).
    n_parameters : int
        4 or 5.

    Returns
    -------
    (n, n_parameters) float
        In the unit of the responses. At concentration zero only the first column, the derivative by ``a``, is not zero.
    """
    positive = np.maximum(x, np.finfo(float).tiny)
    log_ratio = np.log(positive) - np.log(curve.c)
    power = np.exp(np.clip(curve.b * log_ratio, -700, 700))
    fall = (1 + power) ** -curve.g
    span = curve.a - curve.d
    inner = span * curve.g * fall * power / (1 + power)
    columns = [fall, 1 - fall, inner * curve.b, -inner * curve.b * log_ratio]
    if n_parameters == 5:
        columns.append(-span * fall * curve.g * np.log1p(power))
    made = np.stack(columns, axis=1)
    made[x <= 0, 2:] = 0
    return made


def slope(curve: Curve, x: np.ndarray) -> np.ndarray:
    """Derivative of the response by the natural logarithm of the concentration.

    Parameters
    ----------
    curve : Curve
        The curve.
    x : (n,) float
        Concentrations (pg/ml).

    Returns
    -------
    (n,) float
        In the unit of the responses.
    """
    return -gradient(curve, x, 4)[:, 2]


def concentration(curve: Curve, y: np.ndarray) -> np.ndarray:
    """Concentration of responses, the inverse of the curve.

    Parameters
    ----------
    curve : Curve
        The curve.
    y : (n,) float
        Responses.

    Returns
    -------
    (n,) float
        Concentrations (pg/ml); zero below the curve's lower end, infinite beyond its upper end, NaN without a response.
    """
    fall = (np.asarray(y, float) - curve.d) / (curve.a - curve.d)
    with np.errstate(all="ignore"):
        found = curve.c * (np.clip(fall, 1e-300, 1) ** (-1 / curve.g) - 1) ** (1 / curve.b)
    found = np.where(fall >= 1, 0.0, np.where(fall <= 0, np.inf, found))
    return np.where(np.isnan(fall), np.nan, found)


def ec50(curve: Curve) -> float:
    """Concentration of the half response.

    Parameters
    ----------
    curve : Curve
        The curve.

    Returns
    -------
    float
        Concentration (pg/ml) halfway between the ends of the curve; differs from its parameter c in a curve with five
        parameters.
    """
    return float(curve.c * (2 ** (1 / curve.g) - 1) ** (1 / curve.b))


def variance_scale(curve: Curve, y: np.ndarray) -> np.ndarray:
    """Variance of a single response over the residual variance: the inverse of its weight.

    Parameters
    ----------
    curve : Curve
        Weighting and the smallest response that counts.
    y : (n,) float
        Responses on the curve.

    Returns
    -------
    (n,) float
        Squared unit of the responses for weights 1/y2, their unit for 1/y, 1 throughout without weights.
    """
    size = np.maximum(np.abs(y), curve.floor)
    return size ** {"none": 0.0, "1/y": 1.0, "1/y2": 2.0}[curve.weighting]
