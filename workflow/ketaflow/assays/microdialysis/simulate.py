"""Draw the chromatograms of simulated animals: peaks with exponential tails, drift, noise, and faults where asked for.

The truth is a concentration per fraction and analyte; the standards are drawn from their own table.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import erfcx

from ketaflow.assays.microdialysis import constants
from ketaflow.assays.microdialysis.cohort_rows import FractionRow, StandardRow, TruthRow
from ketaflow.core.inputs import Rows


def tailed_peak(time_s: np.ndarray, centre_s: float, sigma_s: float, tail_s: float, area: float) -> np.ndarray:
    """Draw an exponentially modified Gaussian.

    Parameters
    ----------
    time_s : (n_points,) float
        Times (seconds).
    centre_s, sigma_s, tail_s : float
        Mean and standard deviation of the Gaussian, time constant of the tail (seconds).
    area : float
        Signal x s.

    Returns
    -------
    (n_points,) float
        Signal.
    """
    z = (sigma_s / tail_s - (time_s - centre_s) / sigma_s) / np.sqrt(2)
    gauss = np.exp(-(((time_s - centre_s) / sigma_s) ** 2) / 2)
    return area / (2 * tail_s) * gauss * erfcx(np.clip(z, -25, None))


def chromatogram(
    concentration_um: dict[str, float], rng: np.random.Generator, *, shift_min: float, ceiling_uv: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one injection.

    Parameters
    ----------
    concentration_um : dict of str to float
        Concentration of each analyte (uM).
    rng : Generator
        Source of noise.
    shift_min : float
        Shift of all retentions (minutes).
    ceiling_uv : float
        Signal at which the detector saturates (uV).

    Returns
    -------
    time_min, signal : (n_points,) float
        Times (minutes) and signal (uV).
    """
    step_s = constants.SIMULATED_STEP_S
    time_s = np.arange(0, constants.SIMULATED_LENGTH_MIN * 60 + step_s / 2, step_s)
    signal = 900 + 1.1 * time_s + 300 * np.sin(time_s / 400 + rng.uniform(0, 6))
    signal += tailed_peak(time_s, 62, 3, 2, 3e6) - tailed_peak(time_s, 75, 4, 3, 4e5)
    for retention, area in constants.SIMULATED_OTHERS:
        size = area * rng.lognormal(0, 0.1)
        signal += tailed_peak(time_s, 60 * (retention + shift_min), 4.5, 2.2, size)
    for analyte, (retention, sigma_s, tail_s, factor) in constants.SIMULATED_ANALYTES.items():
        area = factor * concentration_um.get(analyte, 0.0)
        signal += tailed_peak(time_s, 60 * (retention + shift_min), sigma_s, tail_s, area)
    signal += rng.normal(0, constants.SIMULATED_NOISE_UV, len(signal))
    return time_s / 60, np.minimum(signal, ceiling_uv)


def as_labsolutions(time_min: np.ndarray, signal: np.ndarray) -> str:
    """Write a LabSolutions export of one detector.

    Parameters
    ----------
    time_min, signal : (n_points,) float
        Times (minutes) and signal (uV).

    Returns
    -------
    str
        The text.
    """
    head = (
        "[Header]\nApplication Name\tLabSolutions\nVersion\t5.82\n\n[LC Chromatogram(Detector A-Ch1)]\n"
        f"Interval(msec)\t{1000 * constants.SIMULATED_STEP_S:.0f}\n# of Points\t{len(signal)}\nStart Time(min)\t0.000\n"
        f"End Time(min)\t{time_min[-1]:.3f}\nIntensity Units\tmV\nIntensity Multiplier\t0.001\n"
        "R.Time (min)\tIntensity\n"
    )
    return (
        head
        + "".join(f"{time:.5f}\t{value:.0f}\n" for time, value in zip(time_min.tolist(), signal.tolist(), strict=True))
        + "\n"
    )


def as_csv(time_min: np.ndarray, signal: np.ndarray) -> str:
    """Write a plain export with decimal points.

    Parameters
    ----------
    time_min, signal : (n_points,) float
        Times (minutes) and signal (uV).

    Returns
    -------
    str
        The text.
    """
    rows = zip(time_min.tolist(), signal.tolist(), strict=True)
    return "Time (min),Signal (uV)\n" + "".join(f"{time:.5f},{value:.1f}\n" for time, value in rows)


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Draw every chromatogram of one animal, and the standards unless another animal has drawn them.

    Parameters
    ----------
    rows : Rows
        Rows of ``microdialysis``, ``microdialysis_standards`` and ``microdialysis_truth``.
    folder : Path
        The folder that the paths of the chromatograms start from.
    seed : int
        Seed of the noise and of the shifts of retention.
    """
    rng = np.random.default_rng(seed)
    truth: dict[str, list[TruthRow]] = {}
    for row in rows.of("microdialysis_truth", TruthRow):
        truth.setdefault(row.fraction, []).append(row)
    drift_min = rng.normal(0, 0.04)
    for fraction in rows.of("microdialysis", FractionRow):
        drawn = truth.get(fraction.fraction, [])
        if fraction.chromatogram and drawn:
            faults = {row.fault for row in drawn if row.fault}
            known = {row.analyte: row.concentration_um or 0.0 for row in drawn}
            _write(folder / fraction.chromatogram, known, faults, rng, drift_min + rng.normal(0, 0.01))
    standards = rows.of("microdialysis_standards", StandardRow)
    for path in dict.fromkeys(row.chromatogram for row in standards):
        known = {row.analyte: row.concentration_um or 0.0 for row in standards if row.chromatogram == path}
        own = np.random.default_rng([len(path), *path.encode()])
        if not (folder / path).exists():
            _write(folder / path, known, set(), own, 0.0)


def _write(path: Path, known: dict[str, float], faults: set[str], rng: np.random.Generator, shift_min: float) -> None:
    ceiling = 6000.0 if "saturated" in faults else np.inf
    time_min, signal = chromatogram(known, rng, shift_min=shift_min, ceiling_uv=ceiling)
    text = as_csv(time_min, signal) if path.suffix == ".csv" else as_labsolutions(time_min, signal)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text[: len(text) // 2] if "truncated" in faults else text, encoding="utf-8", newline="\r\n")


def response_pct(time_min: float, dose_mg_per_kg: float) -> float:
    """Return simulated glutamate at a time after the dose, a rise that peaks after 30 minutes.

    Parameters
    ----------
    time_min : float
        Minutes from the dose.
    dose_mg_per_kg : float
        The dose.

    Returns
    -------
    float
        Percent of baseline.
    """
    if time_min <= 0:
        return 100.0
    top = 90 * dose_mg_per_kg / (dose_mg_per_kg + 8)
    return 100 + top * time_min / 30 * np.exp(1 - time_min / 30)


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Design the tables of the demonstration cohort.

    Parameters
    ----------
    animals : data frame
        Columns animal, arm, dose_mg_per_kg.
    rng : Generator
        Source of the animals' differences.

    Returns
    -------
    dict of str to data frame
        Six animals of each arm, ten fractions of 20 minutes, three analytes.
    """
    chosen = animals.assign(turn=animals.groupby("arm").cumcount())
    chosen = chosen[chosen["turn"] < 6].sort_values("animal")
    tables: dict[str, list[dict[str, object]]] = {"microdialysis": [], "microdialysis_truth": []}
    for animal, dose in zip(chosen["animal"], chosen["dose_mg_per_kg"].astype(float), strict=True):
        base = {name: value * rng.lognormal(0, 0.2) for name, value in constants.SIMULATED_BASELINE_UM.items()}
        strength = max(0.0, rng.normal(1, 0.25))
        for number, (start, stop) in enumerate(constants.SIMULATED_FRACTIONS_MIN, start=1):
            fractions = {"animal": animal, "fraction": number, "start_min": start, "stop_min": stop}
            tables["microdialysis"].append(
                fractions
                | {
                    "flow_ul_per_min": constants.SIMULATED_FLOW_UL_PER_MIN,
                    "dead_volume_ul": constants.SIMULATED_DEAD_VOLUME_UL,
                    "region": "mPFC",
                }
                | {"chromatogram": f"chromatograms/{animal}_{number:02d}.txt"}
            )
            lag_min = constants.SIMULATED_DEAD_VOLUME_UL / constants.SIMULATED_FLOW_UL_PER_MIN
            moments = np.linspace(start - lag_min, stop - lag_min, 41)
            rise = np.mean([response_pct(moment, dose) for moment in moments]) - 100
            for analyte, level in base.items():
                share = {"glutamate": 1.0, "glutamine": 0.1, "gaba": 0.25}[analyte] * strength * rise
                value = level * (1 + share / 100) * rng.lognormal(0, 0.05)
                truth = {"animal": animal, "fraction": number, "analyte": analyte}
                tables["microdialysis_truth"].append(truth | {"concentration_um": round(value, 5)})
    tables["microdialysis_standards"] = [
        {
            "chromatogram": f"standards/std_{level:g}um.txt",
            "analyte": analyte,
            "concentration_um": level,
            "retention_min": constants.SIMULATED_ANALYTES[analyte][0],
        }
        for level in constants.SIMULATED_LEVELS_UM
        for analyte in constants.SIMULATED_ANALYTES
    ]
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}
