"""How well two scorers agree: intraclass correlation, Bland-Altman limits, kappa.

In: seconds of immobility of the same recordings by two scorers, or their states over time. Out: plain numbers.

References
----------
.. [1] McGraw, Wong (1996), Psychol Methods 1:30-46, doi:10.1037/1082-989X.1.1.30
.. [2] Bland, Altman (1986), Lancet 327:307-310, doi:10.1016/S0140-6736(86)90837-8
.. [3] Cohen (1960), Educ Psychol Meas 20:37-46, doi:10.1177/001316446002000104
.. [4] Bland, Altman (1999), Stat Methods Med Res 8:135-160, doi:10.1177/096228029900800204
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from ketaflow.assays.forced_swim.raters.constants import MIN_RECORDINGS, SD_95, TINY

UNKNOWN = (np.nan, np.nan)


class IntraclassCorrelation(NamedTuple):
    """ICC(2,1) and its confidence interval."""

    icc: float
    low: float
    high: float


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bias and the limits within which 95 % of differences lie, each with its 95 % confidence interval."""

    bias: float
    low: float = np.nan
    high: float = np.nan
    bias_ci: tuple[float, float] = UNKNOWN
    low_ci: tuple[float, float] = UNKNOWN
    high_ci: tuple[float, float] = UNKNOWN


def icc_2_1(scores: np.ndarray, confidence: float = 0.95) -> IntraclassCorrelation:
    """Compute the absolute agreement of single scores, two-way random effects.

    Parameters
    ----------
    scores : (n_recordings, n_raters) float
        Without missing values.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    IntraclassCorrelation
        NaN for fewer than three recordings, or equal scores throughout.

    Notes
    -----
    ICC(A,1) of McGraw and Wong (1996). ``pingouin.intraclass_corr`` gives the same and rounds its interval.

    References
    ----------
    .. [1] McGraw, Wong (1996), Psychol Methods 1:30-46, doi:10.1037/1082-989X.1.1.30
    """
    n, k = scores.shape
    if n < MIN_RECORDINGS or np.allclose(scores, scores[0, 0]):
        return IntraclassCorrelation(np.nan, np.nan, np.nan)
    grand = scores.mean()
    rows = k * np.sum((scores.mean(axis=1) - grand) ** 2) / (n - 1)
    columns = n * np.sum((scores.mean(axis=0) - grand) ** 2) / (k - 1)
    residual = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + grand
    error = max(np.sum(residual**2) / ((n - 1) * (k - 1)), TINY)
    icc = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    a, b = k * icc / (n * (1 - icc) + TINY), 1 + k * icc * (n - 1) / (n * (1 - icc) + TINY)
    df = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    upper = stats.f.ppf(0.5 + confidence / 2, n - 1, df)
    lower = stats.f.ppf(0.5 + confidence / 2, df, n - 1)
    between = k * columns + (k * n - k - n) * error
    low = n * (rows - upper * error) / (upper * between + n * rows)
    high = n * (lower * rows - error) / (between + n * lower * rows)
    return IntraclassCorrelation(float(icc), float(low), float(high))


def limits_of_agreement(differences: np.ndarray) -> LimitsOfAgreement:
    """Compute bias and limits of agreement of paired differences.

    Parameters
    ----------
    differences : (n,) float
        Differences of two scorers, in any unit.

    Returns
    -------
    LimitsOfAgreement
        In the same unit; limits and intervals are NaN for fewer than three differences.

    Notes
    -----
    The limits lie 1.96 standard deviations from the bias [1]_. The standard error of a limit is
    sqrt(1/n + 1.96^2 / (2 (n - 1))) standard deviations [2]_.

    References
    ----------
    .. [1] Bland, Altman (1986), Lancet 327:307-310, doi:10.1016/S0140-6736(86)90837-8
    .. [2] Bland, Altman (1999), Stat Methods Med Res 8:135-160, doi:10.1177/096228029900800204
    """
    n = len(differences)
    bias = float(np.mean(differences)) if n else np.nan
    if n < MIN_RECORDINGS:
        return LimitsOfAgreement(bias)
    sd, t = float(np.std(differences, ddof=1)), float(stats.t.ppf(0.975, n - 1))
    half, of_bias = SD_95 * sd, t * sd / np.sqrt(n)
    of_limit = t * sd * np.sqrt(1 / n + SD_95**2 / (2 * (n - 1)))
    low, high = bias - half, bias + half
    return LimitsOfAgreement(bias, low, high, _around(bias, of_bias), _around(low, of_limit), _around(high, of_limit))


def _around(middle: float, reach: float) -> tuple[float, float]:
    """Interval around a value."""
    return float(middle - reach), float(middle + reach)


def kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Compute Cohen's kappa of two lists of codes.

    Parameters
    ----------
    first, second : (n,) int or bool
        Codes of the same moments by two scorers.

    Returns
    -------
    float
        1 if both are equal and constant; NaN if the lists are empty.

    Notes
    -----
    Equal to ``sklearn.metrics.cohen_kappa_score`` except for constant and empty lists.

    References
    ----------
    .. [1] Cohen (1960), Educ Psychol Meas 20:37-46, doi:10.1177/001316446002000104
    """
    if not len(first):
        return np.nan
    codes = np.unique(np.concatenate([first, second]))
    observed = float(np.mean(first == second))
    chance = float(sum(np.mean(first == code) * np.mean(second == code) for code in codes))
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)


def pairwise_kappa(first: list[np.ndarray], second: list[np.ndarray]) -> np.ndarray:
    """Compute Cohen's kappa of every timeline of one list with every one of another.

    Parameters
    ----------
    first, second : list of (n_steps,) bool
        Timelines; a pair is compared over the steps that both reach.

    Returns
    -------
    (n_first, n_second) float
        Kappa of each pair of timelines, -1 to 1; NaN for a pair without a common step.
    """
    length = max(map(len, [*first, *second]), default=0)
    own, own_reach = _padded(first, length)
    other, other_reach = _padded(second, length)
    return kappa_from_counts(own_reach @ other_reach.T, own @ other_reach.T, own_reach @ other.T, own @ other.T)


def _padded(timelines: list[np.ndarray], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Timelines (n, length), and how far each reaches, as float32, which multiply fast."""
    padded, reached = np.zeros((2, len(timelines), length), np.float32)
    for row, timeline_ in enumerate(timelines):
        padded[row, : len(timeline_)], reached[row, : len(timeline_)] = timeline_, 1
    return padded, reached


def kappa_from_counts(
    n: np.ndarray | float, first: np.ndarray | float, second: np.ndarray | float, both: np.ndarray | float
) -> np.ndarray:
    """Compute Cohen's kappa of two yes-no timelines from counts.

    Parameters
    ----------
    n, first, second, both : array of any shape, or float
        Number of steps; steps with yes of the first, of the second, of both.

    Returns
    -------
    array of the same shape
        Kappa, -1 to 1; 1 where both timelines are all yes or all no, NaN without any step.
    """
    n = np.asarray(n, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = 1 - (first + second - 2 * both) / n
        chance = (first * second + (n - first) * (n - second)) / n**2
        return np.where(chance == 1, 1.0, (observed - chance) / (1 - chance))


def timeline(bouts: np.ndarray, start_s: float, stop_s: float, step_s: float) -> np.ndarray:
    """Sample bouts at the middle of every step of a window.

    Parameters
    ----------
    bouts : (n, 2) float
        Start and stop of each bout (seconds of the video).
    start_s, stop_s, step_s : float
        The window and the length of a step (seconds).

    Returns
    -------
    (n_steps,) bool
        Whether a step lies in one of the bouts.
    """
    middles = np.arange(start_s + step_s / 2, stop_s, step_s)
    inside = np.zeros(len(middles), bool)
    for begin, end in bouts:
        inside |= (middles >= begin) & (middles < end)
    return inside
