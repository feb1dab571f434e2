"""Optical density follows Lambert and Beer, and the white level is found where there is glass."""

import math

import numpy as np
import pytest
from skimage.color import separate_stains

from ketaflow.assays.stained_cells.staining.optical_density import angle_deg, dab_density, relative_light, unit
from ketaflow.assays.stained_cells.staining.white_level import find_white_level

DAB, HAEMATOXYLIN = (0.27, 0.57, 0.78), (0.65, 0.70, 0.29)
WHITE = (240.0, 238.0, 236.0)


def stained(dab, haematoxylin, shape=(40, 40)):
    absorbed = dab * unit(DAB) + haematoxylin * unit(HAEMATOXYLIN)
    return np.broadcast_to(np.array(WHITE) * 10**-absorbed, (*shape, 3)).copy()


@pytest.mark.parametrize("dab", [0.0, 0.1, 0.5, 1.2])
@pytest.mark.parametrize("haematoxylin", [0.0, 0.4])
def test_dab_is_separated_from_the_counterstain(dab, haematoxylin):
    light = relative_light(stained(dab, haematoxylin), WHITE, sigma_px=1)
    np.testing.assert_allclose(dab_density(light, DAB, HAEMATOXYLIN), dab, atol=1e-4)


def test_it_is_what_scikit_image_separates():
    rng = np.random.default_rng(4)
    absorbed = np.stack([rng.uniform(0, 0.5, (20, 20)), rng.uniform(0, 1, (20, 20))], axis=-1)
    light = 10 ** -(absorbed @ np.array([unit(HAEMATOXYLIN), unit(DAB)]))
    vectors = np.array([unit(HAEMATOXYLIN), unit(DAB)])
    from_rgb = np.linalg.inv(np.vstack([vectors, unit(np.cross(*vectors))]))
    # separate_stains divides the logarithm of light by log(1e-6).
    expected = 6 * separate_stains(light, from_rgb)[..., 1]
    np.testing.assert_allclose(dab_density(light, DAB, HAEMATOXYLIN), expected, atol=1e-9)


def test_noise_biases_the_optical_density_little():
    rng = np.random.default_rng(5)
    noisy = np.clip(stained(0.6, 0.0, (300, 300)) + rng.normal(0, 30, (300, 300, 3)), 0, 255)
    found = dab_density(relative_light(noisy, WHITE, sigma_px=1.6), DAB, HAEMATOXYLIN)
    assert found.mean() == pytest.approx(0.6, rel=0.04)


def test_the_background_keeps_its_noise_on_both_sides():
    rng = np.random.default_rng(6)
    noisy = stained(0.0, 0.0, (300, 300)) + rng.normal(0, 5, (300, 300, 3))
    found = dab_density(relative_light(noisy, WHITE, sigma_px=1), DAB, HAEMATOXYLIN)
    assert np.mean(found < 0) == pytest.approx(0.5, abs=0.05)


def test_angles_of_stains():
    assert angle_deg(np.array(DAB), 3 * np.array(DAB)) == pytest.approx(0, abs=1e-4)
    assert angle_deg(np.array(DAB), np.array(HAEMATOXYLIN)) == pytest.approx(36.9, abs=0.1)


def test_glass_is_found_beside_tissue():
    picture = stained(0.2, 0.1, (400, 400))
    picture[:, :60] = WHITE
    noisy = np.clip(picture + np.random.default_rng(7).normal(0, 8, picture.shape), 0, 255)
    white = find_white_level(noisy, (), full_scale=255, block_px=40)
    assert white.source == "image"
    assert white.counts == pytest.approx(WHITE, rel=0.02)


def test_clipped_noise_does_not_lower_the_white_level():
    picture = np.full((400, 400, 3), 255.0)
    noisy = np.clip(picture + np.random.default_rng(8).normal(0, 50, picture.shape), 0, 255)
    assert find_white_level(noisy, (), full_scale=255, block_px=40).counts == pytest.approx((255, 255, 255), rel=0.01)


def test_tinted_tissue_is_not_taken_for_glass():
    white = find_white_level(stained(0.1, 0.0, (200, 200)), (), full_scale=255, block_px=40)
    assert (white.source, white.counts) == ("full scale", (255, 255, 255))


def test_a_white_level_of_the_settings_is_used():
    white = find_white_level(stained(0.1, 0.0), (231.0, 230.0, 229.0), full_scale=255, block_px=40)
    assert (white.source, white.counts) == ("settings", (231.0, 230.0, 229.0))


def test_a_white_level_that_is_too_high_shifts_the_density_by_its_logarithm():
    light = relative_light(stained(0.5, 0.0), tuple(1.1 * level for level in WHITE), sigma_px=1)
    shift = dab_density(light, DAB, HAEMATOXYLIN).mean() - 0.5
    # 0.836: optical density along DAB of a grey filter of 1.
    assert shift == pytest.approx(0.836 * math.log10(1.1), rel=0.01)
