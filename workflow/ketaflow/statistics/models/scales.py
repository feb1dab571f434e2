"""Scales of the analysis: identity, logarithm, and the logit of percentages."""

import numpy as np


def to_scale(values: np.ndarray, scale: str) -> np.ndarray:
    """Transform values to the scale of the analysis.

    Parameters
    ----------
    values : (n_rows,) float
        In the measure's unit; percentages for the logit.
    scale : str
        ``identity``, ``log`` (natural logarithm) or ``logit`` (log of p / (100 - p)).

    Returns
    -------
    (n_rows,) float
        NaN where the transform is not finite.
    """
    if scale == "identity":
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.log(values) if scale == "log" else np.log(values / (100 - values))
    return np.where(np.isfinite(moved), moved, np.nan)


def squeezed(values: np.ndarray) -> np.ndarray:
    """Move percentages off 0 and 100, so that all of them have a logit.

    Parameters
    ----------
    values : (n_rows,) float
        Percentages.

    Returns
    -------
    (n_rows,) float
        (p (n - 1) + 50) / n, for n values.

    References
    ----------
    Smithson & Verkuilen 2006, Psychol Methods 11:54-71, doi:10.1037/1082-989X.11.1.54.
    """
    count = max(len(values), 1)
    return (values * (count - 1) + 50) / count
