"""No net flux: what is perfused through the probe against what is lost on the way tells what is outside it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ketaflow.core.measures import measurement

# Fewer perfused concentrations do not show whether the loss follows a line.
LEAST_LEVELS = 3
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Experiment:
    """One analyte perfused at several concentrations in one region of an animal; (n,) float, micromolar."""

    analyte: str
    region: str | None
    infused_um: np.ndarray
    collected_um: np.ndarray

    @property
    def lost_um(self) -> np.ndarray:
        """What stayed outside: positive where the tissue took up, negative where it gave."""
        return self.infused_um - self.collected_um

    @property
    def fault(self) -> str:
        """Why no line can be laid; '' where it can."""
        levels = len(np.unique(self.infused_um))
        return "" if levels >= LEAST_LEVELS else f"{levels} perfused concentrations, at least {LEAST_LEVELS} are needed"


def experiments(rows: list[dict]) -> list[Experiment]:
    """Experiments of one animal, from its rows of microdialysis_no_net_flux."""
    groups: dict[tuple, list[tuple[float, float]]] = {}
    for row in rows:
        groups.setdefault((row["analyte"], row.get("region")), []).append((row["infused_um"], row["collected_um"]))
    return [Experiment(*key, *np.array(pairs, float).T) for key, pairs in groups.items()]


def fitted(infused_um: np.ndarray, lost_um: np.ndarray) -> dict[str, float]:
    """Straight line of loss (in - out) against what was perfused.

    The slope is the extraction fraction, the crossing of zero the concentration outside the probe (Chefer 2009).
    Returns ``slope``, ``intercept_um``, ``crossing_um``, each with ``_low`` and ``_high`` (95 %, the crossing's by
    Fieller's theorem; infinite where the slope may be zero).
    """
    n, mean = len(infused_um), float(infused_um.mean())
    x, y = infused_um - mean, lost_um
    spread = float(x @ x)
    slope = float(x @ y) / spread
    rest = y - y.mean() - slope * x
    variance = float(rest @ rest) / (n - 2)
    t = float(stdtrit(n - 2, (1 + CONFIDENCE) / 2))
    intercept = float(y.mean()) - slope * mean
    sides = {
        "slope": t * np.sqrt(variance / spread),
        "intercept_um": t * np.sqrt(variance * (1 / n + mean**2 / spread)),
    }
    low, high = _fieller(slope, float(y.mean()), mean, variance, spread, n, t)
    return {
        "slope": slope, "slope_low": slope - sides["slope"], "slope_high": slope + sides["slope"],
        "intercept_um": intercept, "intercept_um_low": intercept - sides["intercept_um"],
        "intercept_um_high": intercept + sides["intercept_um"],
        "crossing_um": mean - float(y.mean()) / slope if slope else np.nan, "crossing_um_low": low,
        "crossing_um_high": high,
    }  # fmt: skip


def _fieller(
    slope: float, lost_mean: float, mean: float, variance: float, spread: float, n: int, t: float
) -> tuple[float, float]:
    """Interval of the crossing; the whole line where the slope cannot be told from zero."""
    g = t**2 * variance / (slope**2 * spread) if slope else np.inf
    if g >= 1:
        return -np.inf, np.inf
    away = -lost_mean / slope
    centre = away / (1 - g)
    wide = t * np.sqrt(variance) / abs(slope) / (1 - g) * np.sqrt((1 - g) / n + away**2 / spread)
    return float(mean + centre - wide), float(mean + centre + wide)


def measured(animal: str, found: list[Experiment]) -> tuple[list[dict], list[dict]]:
    """(measurements, rows of the table no_net_flux): extraction fraction and concentration outside, with intervals."""
    rows, table = [], []
    for one in found:
        about = {"animal": animal, "recording": animal, "analyte": one.analyte, "region": one.region}
        fit = {} if one.fault else fitted(one.infused_um, one.lost_um)
        table.append({**about, "n": len(one.infused_um), **fit, "reason": one.fault})
        more = {"n": len(one.infused_um), **about}
        if not fit:
            rows.append(measurement("extraction_fraction", None, unit="ratio", reason=one.fault, **more))
            rows.append(measurement("extracellular_um", None, unit="uM", reason=one.fault, **more))
            continue
        slope = f"95 % interval {fit['slope_low']:.3g} to {fit['slope_high']:.3g}"
        rows.append(measurement("extraction_fraction", fit["slope"], unit="ratio", reason=slope, **more))
        known = np.isfinite(fit["crossing_um_low"])
        outside = f"no net flux; 95 % interval {fit['crossing_um_low']:.3g} to {fit['crossing_um_high']:.3g} uM"
        unknown = f"the loss does not follow what was perfused (slope: {slope}), so that no crossing is known"
        value, why = (fit["crossing_um"], outside) if known else (None, unknown)
        rows.append(measurement("extracellular_um", value, unit="uM", reason=why, **more))
    return rows, table
