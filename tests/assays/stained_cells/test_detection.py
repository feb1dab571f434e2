"""Background, noise, merging of shallow saddles, filling of holes."""

import numpy as np
import pytest
from scipy import ndimage

from ketaflow.assays.stained_cells.detection.background import flatten
from ketaflow.assays.stained_cells.detection.segmentation import filled, merge_shallow

LIMITS = {"min_diameter_um": 4, "max_diameter_um": 25}


def smoothed(picture, sigma=1.6):
    return ndimage.gaussian_filter(picture.astype(np.float32), sigma)


def test_noise_alone_has_its_own_sd_and_no_height():
    smooth = smoothed(np.random.default_rng(3).normal(500, 20, (600, 600)))
    flat = flatten(smooth, 0.5, **LIMITS)
    assert np.median(flat.noise_sd) == pytest.approx(smooth.std(), rel=0.1)
    assert abs(np.median(flat.height)) < 0.1 * smooth.std()


def test_cells_raise_neither_noise_nor_background():
    rng = np.random.default_rng(4)
    picture = rng.normal(500, 20, (600, 600))
    y, x = np.mgrid[:600, :600]
    covered = np.zeros((600, 600), bool)
    for centre in rng.uniform(0, 600, (300, 2)):
        covered |= np.hypot(y - centre[0], x - centre[1]) < 9
    assert 0.15 < covered.mean() < 0.35
    alone, with_cells = (flatten(smoothed(one), 0.5, **LIMITS) for one in (picture, picture + 100 * covered))
    assert np.median(with_cells.noise_sd) < 1.3 * np.median(alone.noise_sd)
    away = ~ndimage.binary_dilation(covered, iterations=6)
    assert abs(np.median(with_cells.height[away])) < np.median(alone.noise_sd)


def test_a_dark_side_that_is_cut_off_does_not_hide_the_structure_of_the_background():
    """Optical density ends at 0: a fifth of a pale, grainy background is cut off."""
    grain = smoothed(np.random.default_rng(6).normal(0, 1, (600, 600)))
    cut_off = np.maximum(grain, np.quantile(grain, 0.2))
    hidden, found = (np.median(flatten(cut_off, 0.5, **LIMITS, has_floor=floor).noise_sd) for floor in (False, True))
    assert hidden < 0.2 * grain.std()
    assert found == pytest.approx(grain.std(), rel=0.4)


def test_the_edge_of_the_tissue_is_no_cell():
    picture = np.random.default_rng(5).normal(100, 5, (600, 600))
    picture[:, 300:] += 200
    flat = flatten(smoothed(picture), 0.5, **LIMITS)
    far = np.ones((600, 600), bool)
    far[:, 285:315] = False
    assert np.mean((flat.height > 5 * flat.noise_sd)[far]) < 1e-3


def test_shallow_saddles_are_merged_and_deep_ones_kept():
    relief = np.array([[0.0, 5.0, 10.0, 9.5, 9.8, 3.0, 8.0, 4.0]])
    labels = np.array([[0, 1, 1, 1, 2, 2, 3, 3]])
    merged = merge_shallow(labels, relief, np.array([10.0, 9.8, 8.0]), 0.9)[0]
    assert merged[0] == 0 and len(np.unique(merged)) == 3
    assert len(np.unique(merged[1:6])) == len(np.unique(merged[6:])) == 1


def test_merging_joins_chains_to_one():
    relief = np.array([[10.0, 9.9, 10.1, 9.9, 10.2]])
    merged = merge_shallow(np.array([[1, 1, 2, 2, 3]]), relief, np.array([10.0, 10.1, 10.2]), 0.9)
    assert len(np.unique(merged)) == 1


def test_holes_are_filled_up_to_an_area():
    mask = np.zeros((40, 40), bool)
    mask[5:35, 5:35] = True
    mask[10:14, 10:14] = False
    mask[20:30, 20:30] = False
    assert filled(mask, 20)[10:14, 10:14].all()
    assert not filled(mask, 20)[20:30, 20:30].any()
    assert filled(mask, 200)[20:30, 20:30].all()
    assert not filled(mask, 200)[:5].any()


def test_nothing_is_merged_or_filled_in_an_empty_field():
    empty = np.zeros((10, 10), int)
    assert not merge_shallow(empty, np.zeros((10, 10)), np.empty(0), 0.9).any()
    assert not filled(empty > 0, 5).any()
