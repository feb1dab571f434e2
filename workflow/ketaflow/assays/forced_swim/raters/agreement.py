"""How well two scorers agree: intraclass correlation, Bland-Altman limits, kappa, share of time alike.

In: seconds of immobility of the same recordings by two scorers, or their states over time. Out: plain numbers.

References
----------
.. [1] McGraw, Wong (1996), Psychol Methods 1:30-46, doi:10.1037/1082-989X.1.1.30
.. [2] Bland, Altman (1986), Lancet 327:307-310, doi:10.1016/S0140-6736(86)90837-8
.. [3] Cohen (1960), Educ Psychol Meas 20:37-46, doi:10.1177/001316446002000104
.. [4] Bland, Altman (1999), Stat Methods Med Res 8:135-160, doi:10.1177/096228029900800204
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats


def icc_2_1(scores: np.ndarray, confidence: float = 0.95) -> tuple[float, float, float]:
    """Absolute agreement of single scores, two-way random effects, with its interval; NaN for fewer than 3 rows.

    ``scores`` is (n recordings, k raters) without missing values. Formulas: ICC(A,1) of [1]_.
    """
    n, k = scores.shape
    if n < 3 or np.allclose(scores, scores[0, 0]):
        return np.nan, np.nan, np.nan
    grand = scores.mean()
    rows = k * np.sum((scores.mean(axis=1) - grand) ** 2) / (n - 1)
    columns = n * np.sum((scores.mean(axis=0) - grand) ** 2) / (k - 1)
    residual = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + grand
    error = max(np.sum(residual**2) / ((n - 1) * (k - 1)), 1e-12)
    icc = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    a, b = k * icc / (n * (1 - icc) + 1e-12), 1 + k * icc * (n - 1) / (n * (1 - icc) + 1e-12)
    df = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    upper = stats.f.ppf(0.5 + confidence / 2, n - 1, df)
    lower = stats.f.ppf(0.5 + confidence / 2, df, n - 1)
    between = k * columns + (k * n - k - n) * error
    low = n * (rows - upper * error) / (upper * between + n * rows)
    high = n * (lower * rows - error) / (between + n * lower * rows)
    return float(icc), float(low), float(high)


UNKNOWN = (np.nan, np.nan)


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bias and the limits within which 95 % of differences lie [2]_, each with its 95 % interval [4]_."""

    bias: float
    low: float = np.nan
    high: float = np.nan
    bias_ci: tuple[float, float] = UNKNOWN
    low_ci: tuple[float, float] = UNKNOWN
    high_ci: tuple[float, float] = UNKNOWN


def limits_of_agreement(differences: np.ndarray) -> LimitsOfAgreement:
    """Bias and limits of agreement of paired differences (n,); limits and intervals NaN for fewer than 3.

    The standard error of a limit is sqrt(1/n + 1.96^2 / (2 (n - 1))) standard deviations [4]_.
    """
    n = len(differences)
    bias = float(np.mean(differences)) if n else np.nan
    if n < 3:
        return LimitsOfAgreement(bias)
    sd, t = float(np.std(differences, ddof=1)), float(stats.t.ppf(0.975, n - 1))
    half, of_bias, of_limit = 1.96 * sd, t * sd / np.sqrt(n), t * sd * np.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
    low, high = bias - half, bias + half
    around = [(float(middle - reach), float(middle + reach))
              for middle, reach in ((bias, of_bias), (low, of_limit), (high, of_limit))]  # fmt: skip
    return LimitsOfAgreement(bias, low, high, *around)


def kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Cohen's kappa of two lists of codes [3]_; 1 where both are alike and constant, NaN where there is nothing."""
    if not len(first):
        return np.nan
    codes = np.unique(np.concatenate([first, second]))
    observed = float(np.mean(first == second))
    chance = float(sum(np.mean(first == code) * np.mean(second == code) for code in codes))
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)


def pairwise_kappa(first: list[np.ndarray], second: list[np.ndarray]) -> np.ndarray:
    """Cohen's kappa of every timeline of the one list with every one of the other, (n, m), over what both reach."""
    length = max(map(len, [*first, *second]), default=0)
    own, reached = _padded(first, length)
    other, seen = _padded(second, length)
    return kappa_from_counts(reached @ seen.T, own @ seen.T, reached @ other.T, own @ other.T)


def _padded(lines: list[np.ndarray], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Timelines (n, length), and how far each reaches; as numbers that multiply fast."""
    padded, reached = np.zeros((2, len(lines), length), np.float32)
    for row, line in enumerate(lines):
        padded[row, : len(line)], reached[row, : len(line)] = line, 1
    return padded, reached


def kappa_from_counts(n: np.ndarray, first: np.ndarray, second: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Kappa of two yes-no timelines [3]_ from counts: steps, yes of the first, of the second, of both."""
    n = np.asarray(n, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = 1 - (first + second - 2 * both) / n
        chance = (first * second + (n - first) * (n - second)) / n**2
        return np.where(chance == 1, 1.0, (observed - chance) / (1 - chance))


def timeline(bouts: np.ndarray, start_s: float, stop_s: float, step_s: float) -> np.ndarray:
    """Whether each step of a window lies in one of the bouts (n, 2), judged in its middle."""
    middles = np.arange(start_s + step_s / 2, stop_s, step_s)
    inside = np.zeros(len(middles), bool)
    for begin, end in bouts:
        inside |= (middles >= begin) & (middles < end)
    return inside
