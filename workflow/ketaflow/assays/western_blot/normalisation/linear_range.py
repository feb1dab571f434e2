"""Linear range: does the signal follow the load of the dilution lanes?

In: micrograms loaded and band volumes. Out: the straight line with its intercept, and whether a saturating curve
describes the lanes better (Akaike's criterion for small samples). Dividing by a loading control requires a line through
zero; many blots give another one (Butler et al. 2019, PMC6360618). Errors of a blot grow with the signal. Curves are
therefore fitted to logarithms, so that each lane counts by its relative error.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ketaflow.assays.western_blot.normalisation import constants


@dataclass(frozen=True)
class Linearity:
    """How signal follows load.

    Attributes
    ----------
    slope, intercept : float
        Of the straight line (counts per microgram, counts).
    intercept_low, intercept_high : float
        95 % limits of the intercept (counts).
    r2 : float
        Explained fraction of the variance of logarithms.
    aicc_gain : float
        How much better the hyperbola describes the lanes than the line (difference in AICc).
    saturating : bool
        Whether it describes them clearly better.
    lowest_ug, highest_ug : float
        Smallest and largest load (micrograms).
    linear_to_ug : float
        Largest load at which the signal is still proportional within 15 % (micrograms).
    start, bend : float
        Of the hyperbola ``start * load / (1 + bend * load)`` (counts per microgram, per microgram).
    """

    slope: float
    intercept: float
    intercept_low: float
    intercept_high: float
    r2: float
    aicc_gain: float
    saturating: bool
    lowest_ug: float
    highest_ug: float
    linear_to_ug: float
    start: float
    bend: float

    @property
    def through_zero(self) -> bool:
        """Whether zero lies within the limits of the intercept."""
        return self.intercept_low <= 0 <= self.intercept_high


def equivalent_ug(fit: Linearity, volume: float) -> float:
    """Return the load of the dilution lanes that gives a volume.

    Parameters
    ----------
    fit : Linearity
        The curve that describes the dilution lanes best.
    volume : float
        Volume of a band (counts).

    Returns
    -------
    float
        Micrograms; NaN outside the loads of the dilution lanes.
    """
    if fit.saturating:
        left = fit.start - fit.bend * volume
        load = volume / left if left > 0 else np.inf
    else:
        load = (volume - fit.intercept) / fit.slope if fit.slope > 0 else np.nan
    return float(load) if fit.lowest_ug <= load <= fit.highest_ug else float("nan")


def linearity(load_ug: np.ndarray, volume: np.ndarray) -> Linearity | None:
    """Fit a line and a hyperbola to the dilution lanes.

    Parameters
    ----------
    load_ug, volume : (n_lanes,) float
        Micrograms loaded, and band volumes (counts). Lanes without a load or a signal are left out.

    Returns
    -------
    Linearity or None
        None for fewer than four lanes with a signal, or fewer than three loads.

    References
    ----------
    Burnham, Anderson (2002), Model selection and multimodel inference.
    """
    load, volume = np.asarray(load_ug, float), np.asarray(volume, float)
    known = np.isfinite(load) & (load > 0) & (volume > 0)
    load, volume = load[known], volume[known]
    if len(load) < constants.FEWEST_DILUTION_LANES or len(np.unique(load)) < 3:
        return None
    slope, intercept, error, fitted = _line(load, volume)
    reach = float(special.stdtrit(len(load) - 2, 0.975)) * error
    bend, bend_low, curve = hyperbola(load, volume)
    left_line, left_curve = np.log(volume / fitted), np.log(volume / curve)
    gain = _aicc(left_line, 3) - _aicc(left_curve, 3)
    spread = np.log(volume) - np.log(volume).mean()
    saturating = bool(gain > constants.CLEAR_AICC_GAIN and bend_low > 0)
    linear_to = constants.STILL_LINEAR_LOSS / (1 - constants.STILL_LINEAR_LOSS) / bend if saturating else np.inf
    return Linearity(
        slope=slope,
        intercept=intercept,
        intercept_low=intercept - reach,
        intercept_high=intercept + reach,
        r2=float(1 - left_line @ left_line / (spread @ spread)),
        aicc_gain=float(gain),
        saturating=saturating,
        lowest_ug=float(load.min()),
        highest_ug=float(load.max()),
        linear_to_ug=float(min(linear_to, load.max())),
        start=float(np.exp(np.mean(np.log(curve / load * (1 + bend * load))))),
        bend=bend,
    )


def _line(load: np.ndarray, volume: np.ndarray) -> tuple[float, float, float, np.ndarray]:
    """Slope, intercept, the intercept's standard error and the fitted volumes, by relative errors.

    A line weighted by the inverse square of what it predicts, fitted again until it rests.
    """
    design = np.column_stack([load, np.ones_like(load)])
    fitted = load * float(np.exp(np.mean(np.log(volume / load))))
    for _ in range(constants.LINE_ROUNDS):
        weight = 1 / np.maximum(fitted, 0.05 * volume)
        parameters = np.linalg.lstsq(design * weight[:, None], volume * weight, rcond=None)[0]
        fitted = np.maximum(design @ parameters, 0.05 * volume)
    left = (volume - fitted) / fitted
    scaled = design / fitted[:, None]
    covariance = np.linalg.inv(scaled.T @ scaled) * float(left @ left) / (len(load) - 2)
    return float(parameters[0]), float(parameters[1]), float(np.sqrt(covariance[1, 1])), fitted


def hyperbola(load: np.ndarray, volume: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Fit ``start * load / (1 + bend * load)`` to logarithms of volumes.

    Parameters
    ----------
    load, volume : (n_lanes,) float
        Micrograms loaded, and band volumes (counts); both above zero.

    Returns
    -------
    float, float, (n_lanes,) float
        The bend (per microgram), its lower one-sided 95 % limit, and the fitted volumes (counts).
    """
    bends = constants.BENDS / load.max()
    logs = np.log(volume / load)

    def left(bend: float) -> np.ndarray:
        over = logs + np.log1p(bend * load)
        return over - over.mean()

    sums = [float(np.square(left(bend)).sum()) for bend in bends]
    best = int(np.argmin(sums))
    fine = np.linspace(bends[max(best - 1, 0)], bends[min(best + 1, len(bends) - 1)], 101)
    bend = float(min(fine, key=lambda value: float(np.square(left(value)).sum())))
    variance = max(float(np.square(left(bend)).sum()) / (len(load) - 2), 1e-300)
    steep = load / (1 + bend * load)
    steep = steep - steep.mean()
    error = np.sqrt(variance / max(float(steep @ steep), 1e-300))
    low = bend - float(special.stdtrit(len(load) - 2, 0.95)) * error
    return bend, low, volume / np.exp(left(bend))


def _aicc(residuals: np.ndarray, parameters: int) -> float:
    """Akaike's criterion with its correction for few observations; ``parameters`` counts the variance too."""
    count = len(residuals)
    variance = max(float(np.square(residuals).mean()), 1e-12)
    correction = 2 * parameters * (parameters + 1) / max(count - parameters - 1, 0.5)
    return count * np.log(variance) + 2 * parameters + correction
