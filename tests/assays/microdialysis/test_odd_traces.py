"""Traces no chromatograph should give, and some it does: every method answers with finite numbers, and no warning."""

import warnings

import numpy as np
import pytest

from ketaflow.assays.microdialysis.integration import peaks

METHODS = ["drop_line", "valley_to_valley", "tangent_skim", "snip", "arpls"]
LENGTHS = [20, 21, 40, 1000]


def bell(points: int) -> np.ndarray:
    return np.exp(-(((np.arange(points) - points / 2) / (points / 12)) ** 2))


def noise(points: int, sd: float = 0.1) -> np.ndarray:
    return np.random.default_rng(points).normal(0, sd, points)


ODD = {
    "level": lambda n: np.full(n, 5.0),
    "straight": lambda n: np.linspace(0, 9, n),
    "noise alone": noise,
    "one point high": lambda n: 100.0 * (np.arange(n) == n // 2),
    "a step": lambda n: np.where(np.arange(n) > n // 2, 100.0, 0.0),
    "a block": lambda n: np.where(np.abs(np.arange(n) - n / 2) < n / 5, 100.0, 0.0),
    "far from zero": lambda n: 1e9 + bell(n) + noise(n, 0.01),
    "tiny": lambda n: 1e-12 * bell(n) + noise(n, 1e-15),
    "huge": lambda n: 1e17 * bell(n),
    "upside down": lambda n: noise(n) - 100 * bell(n),
    "up and down": lambda n: np.where(np.arange(n) % 2, 1.0, -1.0),
    "few counts": lambda n: np.round(3 * bell(n)),
    "begins on a peak": lambda n: 100 * np.exp(-((np.arange(n) / (n / 12)) ** 2)) + noise(n),
    "ends on a peak": lambda n: 100 * np.exp(-(((n - np.arange(n)) / (n / 12)) ** 2)) + noise(n),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("points", LENGTHS)
def test_an_odd_trace_has_finite_answers(name, method, points):
    time_min, signal = np.arange(points) / 120, ODD[name](points)
    for width_s in (0, 5):
        for limits in (None, [(time_min[2], time_min[points // 2])]):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                if method in ("snip", "arpls"):  # the library warns of traces it can do little with
                    warnings.filterwarnings("ignore", module="pybaselines")
                    warnings.filterwarnings("ignore", message=".*(max_half_window|baseline points).*")
                found = peaks.peaks_of(
                    time_min, signal, peak_width_s=width_s, snr_min=5, smallest_peak_pct=0.05, unmix=True,
                    method=method, limits=limits,
                )  # fmt: skip
            assert np.isfinite(found.baseline).all()
            assert all(np.isfinite([peak.area, peak.height, peak.retention_min]).all() for peak in found.peaks)
            assert limits or all(peak.area > 0 for peak in found.peaks)


def test_a_plateau_beside_taller_peaks_is_baseline():
    """A valve that raises the baseline for four minutes; a clipped top is level for long as well."""
    time_s = np.arange(0, 900, 0.5)
    signal = 1500 / (1 + np.exp(-(time_s - 400) / 8)) - 1500 / (1 + np.exp(-(time_s - 650) / 8)) + noise(1800, 2.0)
    for at_s, height in ((120, 8000), (200, 3000), (820, 6000)):
        signal += height * np.exp(-(((time_s - at_s) / 8) ** 2))
    found = peaks.peaks_of(
        time_s / 60, signal, method="drop_line", unmix=True, peak_width_s=0, snr_min=5, smallest_peak_pct=0.05
    ).peaks
    # The whole plateau holds 375,000.
    assert all(peak.area < 60_000 for peak in found if 380 < 60 * peak.retention_min < 700)
