"""Standards read back from their curve, and the range over which values are reported."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.elisa.calibration import inverse, logistic
from ketaflow.assays.elisa.calibration.curve import Curve
from ketaflow.assays.elisa.model import QuantifySettings


@dataclass(frozen=True)
class Level:
    """The wells of one standard concentration.

    Attributes
    ----------
    x : float
        Concentration (pg/ml), above zero.
    error_pct : float
        Error of the concentration read back from the mean response (%); infinite beyond the curve.
    cv_pct : float
        Precision expected of a sample there (%).
    """

    x: float
    error_pct: float
    cv_pct: float

    def passes(self, error_max_pct: float, cv_max_pct: float) -> bool:
        """Whether the level reads back and a sample there is precise enough."""
        return abs(self.error_pct) <= error_max_pct and self.cv_pct <= cv_max_pct


@dataclass(frozen=True)
class Range:
    """The range over which values are reported: its lowest and highest level (pg/ml), and how many levels pass."""

    low: float
    high: float
    passed: int


def levels(curve: Curve, x: np.ndarray, y: np.ndarray, replicates: int) -> list[Level]:
    """Read each standard level back from the curve.

    Parameters
    ----------
    curve : Curve
        The curve.
    x, y : (n_wells,) float
        Standards in the fit: concentrations (pg/ml) and responses.
    replicates : int
        Wells of a sample, for the precision.

    Returns
    -------
    list of Level
        In ascending order; zero is left out.
    """
    distinct = np.unique(x[x > 0])
    means = np.array([y[x == level].mean() for level in distinct])
    errors_pct = 100 * (logistic.concentration(curve, means) / distinct - 1)
    cvs_pct = inverse.precision_pct(curve, distinct, replicates)
    return [Level(*map(float, row)) for row in zip(distinct, errors_pct, cvs_pct, strict=True)]


def working_range(found: Sequence[Level], fewest: int, settings: QuantifySettings) -> Range | None:
    """The run of levels with the most that pass; it begins and ends with one that passes.

    Parameters
    ----------
    found : sequence of Level
        In ascending order.
    fewest : int
        Fewest levels that must pass.
    settings : QuantifySettings
        Limits of the error, wider at the lowest level of the range; limit of the precision; share of the levels within
        the range that must pass.

    Returns
    -------
    Range or None
        None where no run is long enough: the curve is not accepted.
    """
    error_max_pct, precision_max_pct = settings.read_back_max_pct, settings.precision_max_pct
    passes = [one.passes(error_max_pct, precision_max_pct) for one in found]
    begins = [one.passes(settings.read_back_lowest_max_pct, precision_max_pct) for one in found]
    best: Range | None = None
    for start in range(len(found)):
        for stop in range(start + 1, len(found)):
            passed = begins[start] + sum(passes[start + 1 : stop + 1])
            enough = passed >= fewest and 100 * passed >= settings.passing_levels_min_pct * (stop - start + 1)
            if begins[start] and passes[stop] and enough and (best is None or passed > best.passed):
                best = Range(found[start].x, found[stop].x, passed)
    return best
