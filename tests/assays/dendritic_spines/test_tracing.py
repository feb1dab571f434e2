"""Tracing: projection, noise, ridges, and the middle of the shaft."""

import numpy as np
import pytest
from scipy import ndimage
from simulated_dendrites import SHAPE, VOXEL_UM, sphere, straight_shaft, traced

from ketaflow.assays.dendritic_spines.simulation import optics
from ketaflow.assays.dendritic_spines.simulation.golgi import simulate_golgi
from ketaflow.assays.dendritic_spines.tracing import constants, paths, shaft_profile
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.image_properties import pixel_noise
from ketaflow.assays.dendritic_spines.tracing.projection import project
from ketaflow.assays.dendritic_spines.tracing.ridges import noise_ridge_strength
from ketaflow.assays.dendritic_spines.tracing.shaft_subtraction import bulge_positions, shaft_residual


def test_the_background_of_a_projection_of_many_noisy_planes_is_zero():
    stack = np.random.default_rng(0).normal(0, 10, (15, 80, 80)).astype(np.float32)
    assert np.quantile(stack.max(0), 0.3) > 10
    assert np.quantile(project(stack, VOXEL_UM), 0.3) == pytest.approx(0, abs=0.5)
    np.testing.assert_array_equal(project(stack[:1], VOXEL_UM), stack[0])


def test_a_dim_point_of_light_exceeds_the_noise_of_the_projection():
    """A point three times as bright as a pixel's noise; without the blur the brightest noise is brighter."""
    rng = np.random.default_rng(0)
    point = optics.blur(np.pad(np.ones((1, 1, 1), np.float32), ((7, 7), (40, 40), (40, 40))), VOXEL_UM, 0.3, 0.8)
    stack = 3 * point / point.max() + rng.standard_normal(point.shape, np.float32)
    pixels = project(stack, VOXEL_UM)
    assert pixels.argmax() == np.ravel_multi_index((40, 40), pixels.shape)


def test_noise_is_estimated_beside_structure():
    stack = np.random.default_rng(0).normal(100, 7, (3, 200, 200)).astype(np.float32)
    stack[:, 90:100] += 500
    assert pixel_noise(stack, 0.0) == pytest.approx(7, rel=0.05)


@pytest.mark.parametrize("pixel_um", [0.1, 0.2])
def test_the_ridges_of_noise_are_as_strong_as_expected(pixel_um):
    noise = np.random.default_rng(0).standard_normal((300, 300)).astype(np.float32)
    width_px = constants.RIDGE_SIGMAS_UM[0] / pixel_um
    second_derivative = width_px**2 * ndimage.gaussian_filter(noise, width_px, order=(2, 0))
    assert noise_ridge_strength(1.0, pixel_um) == pytest.approx(second_derivative.std(), rel=0.1)


def test_a_line_beside_the_middle_is_moved_into_it_past_spines_on_one_side():
    projection = straight_shaft(*(sphere(x, 0.9) for x in (3.0, 5.0, 7.0, 9.0, 11.0)))
    beside = np.column_stack([np.full(141, 4.25), np.linspace(1, 15, 141)])
    middle = shaft_profile.centre_line(projection.pixels, beside, 0.1, 0.1, 0.9)
    assert np.abs(middle[:, 0] - 4.0).max() < 0.1


def test_a_shaft_that_crosses_the_image_is_as_long_as_the_image():
    found = traced(straight_shaft(sphere(5.0, 1.2), sphere(9.0, -1.2)))
    assert sum(dendrite.length_um for dendrite in found.dendrites) == pytest.approx(SHAPE[2] * 0.1, rel=0.01)


def test_a_bare_shaft_has_no_bulges():
    pixels = straight_shaft().pixels
    line = np.column_stack([np.zeros(141), np.full(141, 4.0), np.linspace(1, 15, 141)])
    even = Dendrite(line, np.full(141, 0.4), np.full(141, float(pixels[40, 80])))
    blurred = ndimage.gaussian_filter(pixels, 2.0)
    assert not len(bulge_positions(shaft_residual(blurred, 0.1, even), even, 0.0))


def a_grid(bars: int) -> np.ndarray:
    """Ridge strength of a comb: a shaft with so many side branches of 40 pixels."""
    ridge = np.zeros((100, 20 * bars + 20), np.float32)
    ridge[49:52] = 1.0
    for bar in range(bars):
        ridge[52 if bar % 2 else 9 : 92 if bar % 2 else 49, 20 * bar + 19 : 20 * bar + 22] = 0.9
    return ridge


@pytest.mark.parametrize("bars", [6, 60])
def test_the_number_of_searches_does_not_grow_with_the_number_of_branches(bars, monkeypatch):
    searches = []

    class Counted(paths.MCP_Geometric):
        def find_costs(self, starts):
            searches.append(len(starts))
            return super().find_costs(starts)

    monkeypatch.setattr(paths, "MCP_Geometric", Counted)
    found = paths.ridge_paths(a_grid(bars), 0.0, 0.1, min_dendrite_um=3.0, faintest_ratio=0.35)
    # The outermost side branches belong to the longest path.
    assert bars - 1 <= len(found) <= bars + 1
    assert len(searches) <= 6


def test_a_path_is_a_chain_of_neighbouring_pixels():
    for path in paths.ridge_paths(a_grid(8), 0.0, 0.1, min_dendrite_um=3.0, faintest_ratio=0.35):
        assert (np.abs(np.diff(path, axis=0)).max(1) == 1).all()


def test_a_drawn_golgi_field_is_dark_on_light_and_known():
    image = simulate_golgi(20.0, in_focus=1, out_of_focus=1, rng=np.random.default_rng(0))
    y, x = np.rint(image.heads_um / image.pixel_um).astype(int).clip(0, image.pixels.shape[0] - 1).T
    assert image.pixels[y, x].mean() < 0.8 * np.median(image.pixels)
    assert image.length_um == pytest.approx(20, rel=0.05)
