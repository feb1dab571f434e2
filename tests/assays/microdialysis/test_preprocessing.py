"""Prominences, crossings and smoothing, against scipy and against values known by construction."""

import numpy as np
import pytest
from scipy.signal import find_peaks, peak_prominences

from ketaflow.assays.microdialysis.integration import preprocessing
from ketaflow.assays.microdialysis.integration.baseline import drop_line
from ketaflow.assays.microdialysis.integration.constants import LINE_WIDTH_POINTS
from ketaflow.assays.microdialysis.integration.preprocessing import outlined


def trace(seed: int, points: int = 3000, width: float = 30.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    at = np.arange(points)
    centres, heights = rng.uniform(0, points, 8), rng.uniform(5, 99, 8)
    peaks = (heights * np.exp(-(((at[:, None] - centres) / width) ** 2))).sum(axis=1)
    return peaks + rng.normal(0, 1, points) + 20 * np.sin(at / 700)


@pytest.mark.parametrize("seed", range(6))
def test_prominences_are_those_of_scipy_where_it_accepts_the_maxima(seed):
    for signal in (trace(seed), np.round(trace(seed)), preprocessing.smoothed(trace(seed), 2.0)):
        tops = find_peaks(signal)[0]
        np.testing.assert_array_equal(preprocessing.prominences(signal, tops), peak_prominences(signal, tops)[0])


def test_a_flank_is_followed_however_long_it_is():
    signal = np.concatenate([np.linspace(0, 10, 2001), np.linspace(10, 4, 601)[1:]])
    assert preprocessing.crossings(signal, 2000, 5.5) == pytest.approx((1100, 2450))
    assert preprocessing.crossings(signal, 2000, 3.0) == pytest.approx((600, 2600)), (
        "the end, where it never comes so low"
    )


def test_a_parabola_is_told_apart_into_height_rise_and_bend():
    curves = preprocessing.parabola(21)
    np.testing.assert_allclose(curves.T @ curves, np.eye(3), atol=1e-12)
    at = np.linspace(-1, 1, 21)
    np.testing.assert_allclose((3 + 2 * at) @ curves[:, 2], 0, atol=1e-12)


def test_a_densely_sampled_trace_has_the_line_of_a_sparse_one():
    dense = outlined(trace(3, 24_000, 240.0))
    assert dense.width > 4 * LINE_WIDTH_POINTS
    sparse = dense.thinned(8)
    tops = find_peaks(sparse.smooth, prominence=10)[0]
    np.testing.assert_allclose(
        drop_line(dense, 8 * tops + 4)[4:-8:8], drop_line(sparse, tops)[:-1], atol=2 * sparse.noise
    )
