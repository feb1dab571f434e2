"""Maxima, shapes and their search, against what numpy, calculus and the drawn truth say."""

import numpy as np
import pytest

from ketaflow.assays.microdialysis.integration import deconvolution, peak_shapes, preprocessing


def test_the_typical_width_is_that_of_the_peaks_and_not_of_the_noise():
    t = np.arange(4000.0)
    peaks = sum(np.exp(-((t - centre) ** 2) / (2 * 40**2)) for centre in (600, 1400, 2600))
    for noise in (0.001, 0.03):
        signal = peaks + np.random.default_rng(2).normal(0, noise, len(t))
        assert preprocessing.typical_width(signal) == pytest.approx(2.355 * 40, rel=0.1)


@pytest.mark.parametrize("name", peak_shapes.SHAPES)
@pytest.mark.parametrize("form", [0.05, 0.5, 2.0])
def test_a_shape_has_area_one_its_mean_and_its_spread(name, form):
    t = np.linspace(-40, 60, 20_001)[:, None]
    values = peak_shapes.SHAPES[name][0](t, np.array([3.0]), np.log([2.0]), np.array([form]))[0][:, 0]
    mean = np.trapezoid(values * t[:, 0], t[:, 0])
    assert np.trapezoid(values, t[:, 0]) == pytest.approx(1, abs=1e-6)
    assert mean == pytest.approx(3, abs=1e-3)
    assert np.trapezoid(values * (t[:, 0] - mean) ** 2, t[:, 0]) == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize("name", peak_shapes.SHAPES)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_derivatives_are_the_differences_of_the_shape(name, which):
    t = np.linspace(-5, 8, 60)[:, None]
    here = [np.array([0.0, 2.0]), np.log([1.0, 1.5]), np.array([0.5, 1.3])]
    there = [one + 1e-6 * (index == which) for index, one in enumerate(here)]
    values, slopes = peak_shapes.SHAPES[name][0](t, *here)
    moved = peak_shapes.SHAPES[name][0](t, *there)[0]
    np.testing.assert_allclose((moved - values) / 1e-6, slopes[which], atol=1e-5)


@pytest.mark.parametrize("resolution", [0.8, 1.0, 1.3])
@pytest.mark.parametrize("ratio", [0.3, 1.0])
def test_two_tailing_peaks_are_told_apart_in_noise(resolution, ratio):
    t = np.arange(0, 120, 0.5)
    centres = np.array([50.0, 50 + 4 * 5 * resolution])
    drawn = peak_shapes.tailed(t[:, None], centres, np.log([5.0, 5.0]), np.full(2, ratio))[0] @ [1000.0, 300.0]
    height = drawn + np.random.default_rng(3).normal(0, 0.05, len(t))
    tops = [int(one) for one in (centres - 2) / 0.5]
    fit = deconvolution.parted(t, height, tops, [11.0, 11.0], 0.05)
    assert fit.shape == "emg"
    assert fit.areas == pytest.approx([1000, 300], rel=0.02)


def test_what_no_shape_explains_is_left_to_the_drop_line():
    t = np.arange(0, 60, 0.5)
    boxes = 10.0 * ((t > 10) & (t < 25)) + 8.0 * ((t > 28) & (t < 50))
    assert deconvolution.parted(t, boxes, [35, 78], [15.0, 22.0], 0.01) is None
