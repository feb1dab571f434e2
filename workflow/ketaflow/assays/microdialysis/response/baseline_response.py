"""Baseline of an animal before the dose, and the peak of its response."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.response.brain_time import WHOLE, Fraction


@dataclass(frozen=True)
class Baseline:
    """Mean of an animal's own fractions before the dose.

    Attributes
    ----------
    mean : float
        Micromolar, or a ratio; NaN where it cannot be computed.
    cv_pct : float
        Coefficient of variation (%).
    trend_pct : float
        Change from the first to the last fraction along a straight line (% of the mean).
    trend_p : float
        Probability of such a slope by chance (two-sided t test).
    count : int
        Number of fractions.
    reason : str
        Why there is no baseline.
    """

    mean: float
    cv_pct: float
    trend_pct: float
    trend_p: float
    count: int
    reason: str = ""


def before_dose(fractions: list[Fraction]) -> list[int]:
    """Find the whole fractions that were collected before the dose.

    Parameters
    ----------
    fractions : list of Fraction
        In brain time.

    Returns
    -------
    list of int
        Their indices.
    """
    return [
        index
        for index, fraction in enumerate(fractions)
        if fraction.kind == WHOLE and fraction.stop_min <= constants.EDGE_MIN
    ]


def baseline_of(fractions: list[Fraction], values: np.ndarray, *, count: int, least: int) -> Baseline:
    """Compute the baseline.

    Parameters
    ----------
    fractions : list of Fraction
        In brain time.
    values : (n_fractions,) float
        Concentrations or ratios; NaN where there is none.
    count : int
        The last so many whole fractions before the dose that hold a value are used.
    least : int
        Fewest fractions that make a baseline.

    Returns
    -------
    Baseline
        Mean (unit of the values), CV (%), trend (% of the mean) with its p value; NaN with a reason where there is
        none.
    """
    before = [index for index in before_dose(fractions) if np.isfinite(values[index])][-count:]
    if len(before) < least:
        text = f"{len(before)} whole fractions before the dose hold a value, {least} are needed for a baseline"
        return Baseline(np.nan, np.nan, np.nan, np.nan, len(before), text)
    x = np.array([fractions[index].middle_min for index in before])
    y = values[before]
    mean = float(y.mean())
    if mean <= 0:
        return Baseline(np.nan, np.nan, np.nan, np.nan, len(before), "the baseline is not above zero")
    trend, p = _trend(x, y)
    cv = 100 * float(y.std(ddof=1)) / mean if len(y) > 1 else np.nan
    return Baseline(mean, cv, 100 * trend / mean, p, len(before))


def _trend(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Change along the fitted line from first to last, and its p value (NaN below three points)."""
    if len(x) < 3:
        return np.nan, np.nan
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - slope * centred
    error = np.sqrt(rest @ rest / (len(x) - 2) / (centred @ centred))
    p = 2 * stdtr(len(x) - 2, -abs(slope) / error) if error > 0 else float(slope == 0)
    return slope * float(np.ptp(x)), float(p)


def peak_of(fractions: list[Fraction], pct: np.ndarray, window_min: tuple[float, float]) -> tuple[float, float]:
    """Find the highest fraction whose middle lies in a window.

    Parameters
    ----------
    fractions : list of Fraction
        In brain time.
    pct : (n_fractions,) float
        Percent of baseline.
    window_min : (float, float)
        Start (excluded) and end (minutes from the dose).

    Returns
    -------
    peak_pct, time_min : float
        Height (% of baseline) and middle of that fraction (minutes); NaN if no fraction has a value.
    """
    middles = np.array([fraction.middle_min for fraction in fractions])
    after = np.flatnonzero((middles > window_min[0]) & (middles <= window_min[1]) & np.isfinite(pct))
    if not len(after):
        return np.nan, np.nan
    best = after[np.argmax(pct[after])]
    return float(pct[best]), float(middles[best])
