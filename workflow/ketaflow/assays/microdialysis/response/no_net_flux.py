"""No net flux: extraction fraction and extracellular concentration from the loss of perfused analyte.

In: rows of ``microdialysis_no_net_flux``. Out: measurements, and one fitted line per experiment.

References
----------
Chefer, Thompson, Zapata & Shippenberg (2009), Curr Protoc Neurosci 7.1, PMC2953244.
"""

from dataclasses import replace

import numpy as np
from scipy.special import stdtrit

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.cohort_rows import NoNetFluxRow
from ketaflow.assays.microdialysis.model import FluxExperiment
from ketaflow.assays.microdialysis.result_rows import FluxLine
from ketaflow.core.results import Measurement, measurement


def experiments(rows: list[NoNetFluxRow]) -> list[FluxExperiment]:
    """Group the rows of one animal into experiments.

    Parameters
    ----------
    rows : list of NoNetFluxRow
        Rows of one animal.

    Returns
    -------
    list of FluxExperiment
        One per analyte and region.
    """
    groups: dict[tuple[str, str | None], list[tuple[float, float]]] = {}
    for row in rows:
        groups.setdefault((row.analyte, row.region), []).append((row.infused_um, row.collected_um))
    return [FluxExperiment(*key, *np.array(pairs, float).T) for key, pairs in groups.items()]


def fault(experiment: FluxExperiment) -> str:
    """Return why no line can be fitted to an experiment; '' where one can."""
    levels = len(np.unique(experiment.infused_um))
    return (
        ""
        if levels >= constants.LEAST_PERFUSED
        else f"{levels} perfused concentrations, at least {constants.LEAST_PERFUSED} are needed"
    )


def fitted(experiment: FluxExperiment, animal: str) -> FluxLine:
    """Fit a straight line of loss against the perfused concentration.

    Parameters
    ----------
    experiment : FluxExperiment
        Concentrations in and out of the probe (micromolar).
    animal : str
        Whose experiment it is.

    Returns
    -------
    FluxLine
        Slope (the extraction fraction), intercept (uM) and crossing of zero (the extracellular concentration, uM), each
        with its 95 % interval; only a reason where there are too few concentrations.

    Notes
    -----
    The interval of the crossing follows Fieller's theorem; it is infinite where the slope may be zero.
    """
    infused_um, lost_um = experiment.infused_um, experiment.lost_um
    n = len(infused_um)
    line = FluxLine(animal, animal, experiment.analyte, experiment.region, n, reason=fault(experiment))
    if line.reason:
        return line
    mean = float(infused_um.mean())
    x, y = infused_um - mean, lost_um
    spread = float(x @ x)
    slope = float(x @ y) / spread
    rest = y - y.mean() - slope * x
    variance = float(rest @ rest) / (n - 2)
    t = float(stdtrit(n - 2, (1 + constants.CONFIDENCE) / 2))
    intercept = float(y.mean()) - slope * mean
    by_slope = t * np.sqrt(variance / spread)
    by_intercept = t * np.sqrt(variance * (1 / n + mean**2 / spread))
    low, high = _fieller(slope, float(y.mean()), mean, variance, spread, n, t)
    return replace(
        line,
        slope=slope,
        slope_low=slope - by_slope,
        slope_high=slope + by_slope,
        intercept_um=intercept,
        intercept_um_low=intercept - by_intercept,
        intercept_um_high=intercept + by_intercept,
        crossing_um=mean - float(y.mean()) / slope if slope else np.nan,
        crossing_um_low=low,
        crossing_um_high=high,
    )


def _fieller(
    slope: float, lost_mean: float, mean: float, variance: float, spread: float, n: int, t: float
) -> tuple[float, float]:
    """Interval of the crossing; all numbers where the slope does not differ from zero."""
    g = t**2 * variance / (slope**2 * spread) if slope else np.inf
    if g >= 1:
        return -np.inf, np.inf
    away = -lost_mean / slope
    centre = away / (1 - g)
    wide = t * np.sqrt(variance) / abs(slope) / (1 - g) * np.sqrt((1 - g) / n + away**2 / spread)
    return float(mean + centre - wide), float(mean + centre + wide)


def measured(line: FluxLine) -> list[Measurement]:
    """Measure one experiment.

    Parameters
    ----------
    line : FluxLine
        Its fitted line.

    Returns
    -------
    list of Measurement
        Extraction fraction and extracellular concentration, with their intervals as the reason.
    """
    if line.reason:
        return [_measurement(line, name, None, line.reason) for name in ("extraction_fraction", "extracellular_um")]
    slope = f"95 % interval {line.slope_low:.3g} to {line.slope_high:.3g}"
    known = np.isfinite(line.crossing_um_low)
    outside = f"no net flux; 95 % interval {line.crossing_um_low:.3g} to {line.crossing_um_high:.3g} uM"
    unknown = f"the loss does not follow what was perfused (slope: {slope}), so that no crossing is known"
    value, why = (line.crossing_um, outside) if known else (None, unknown)
    return [
        _measurement(line, "extraction_fraction", line.slope, slope),
        _measurement(line, "extracellular_um", value, why),
    ]


def _measurement(line: FluxLine, measure: str, value: float | None, reason: str) -> Measurement:
    return measurement(
        measure, value, animal=line.animal, recording=line.recording, analyte=line.analyte, region=line.region,
        n=line.n, reason=reason,
    )  # fmt: skip
