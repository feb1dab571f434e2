"""Whether signal follows load: the dilution lanes of a membrane.

In: micrograms loaded and band volumes. Out: the straight line with its intercept, and whether a saturating curve
describes the lanes better (Akaike's criterion for small samples). Dividing by a loading control asks for a line through
zero; many blots give another (Butler et al. 2019, PMC6360618).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

FEWEST = 4
# Difference in AICc from which a model is clearly the better one (Burnham & Anderson 2002).
CLEARLY = 4.0


@dataclass(frozen=True)
class Linearity:
    """A straight line through dilution lanes: slope (counts per ug), intercept with 95 % limits, R2, and verdict."""

    slope: float
    intercept: float
    intercept_low: float
    intercept_high: float
    r2: float
    aicc_gain: float
    saturating: bool
    lowest_ug: float
    highest_ug: float

    @property
    def through_zero(self) -> bool:
        """Whether the intercept's limits hold zero."""
        return self.intercept_low <= 0 <= self.intercept_high


def linearity(load_ug: np.ndarray, volume: np.ndarray) -> Linearity | None:
    """Fit the line and the hyperbola; None for fewer than four lanes or fewer than three loads."""
    load, volume = np.asarray(load_ug, float), np.asarray(volume, float)
    known = np.isfinite(load) & np.isfinite(volume)
    load, volume = load[known], volume[known]
    if len(load) < FEWEST or len(np.unique(load)) < 3:
        return None
    line = stats.linregress(load, volume)
    reach = stats.t.ppf(0.975, len(load) - 2) * line.intercept_stderr
    gain = _aicc(volume - line.intercept - line.slope * load, 3) - _aicc(_hyperbola_residuals(load, volume), 3)
    return Linearity(
        slope=float(line.slope),
        intercept=float(line.intercept),
        intercept_low=float(line.intercept - reach),
        intercept_high=float(line.intercept + reach),
        r2=float(line.rvalue**2),
        aicc_gain=float(gain),
        saturating=bool(gain > CLEARLY),
        lowest_ug=float(load.min()),
        highest_ug=float(load.max()),
    )


def _hyperbola_residuals(load: np.ndarray, volume: np.ndarray) -> np.ndarray:
    """What ``top * load / (half + load)`` leaves over."""
    start = [2 * volume.max(), np.median(load)]
    scale = max(float(np.abs(volume).max()), 1e-12)

    def left_over(parameters: np.ndarray) -> np.ndarray:
        return (volume - parameters[0] * load / (np.abs(parameters[1]) + load)) / scale

    return optimize.least_squares(left_over, start, x_scale=np.abs(start)).fun * scale


def _aicc(residuals: np.ndarray, parameters: int) -> float:
    """Akaike's criterion with its correction for few observations; ``parameters`` counts the variance too."""
    count = len(residuals)
    variance = max(float(np.square(residuals).mean()), 1e-300)
    correction = 2 * parameters * (parameters + 1) / max(count - parameters - 1, 0.5)
    return count * np.log(variance) + 2 * parameters + correction
