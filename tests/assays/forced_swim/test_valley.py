"""The threshold of a swim lies in the valley between floating and swimming, if the swim shows one near the setting."""

import numpy as np
import pytest

from ketaflow.assays.forced_swim.scoring.valley import threshold_in_valley
from ketaflow.assays.forced_swim.tracking.wall_pairs import Walls, joined_clusters

THRESHOLD = 0.022


def activity(*modes, count=400, spread=0.1):
    """Activity with a log-normal mode at each given level."""
    rng = np.random.default_rng(3)
    return np.concatenate([level * np.exp(rng.normal(0, spread, count)) for level in modes])


@pytest.mark.parametrize(("floating", "swimming"), [(0.024, 0.08), (0.005, 0.021)])
def test_the_threshold_moves_between_floating_and_swimming(floating, swimming):
    found = threshold_in_valley(activity(floating, swimming), THRESHOLD, 2.0)
    assert 1.2 * floating < found < swimming / 1.2
    assert THRESHOLD / 2.01 <= found <= 2.01 * THRESHOLD


@pytest.mark.parametrize("modes", [(0.006,), (0.09,), (0.02,), (0.004, 0.009), (0.06, 0.12)])
def test_without_a_valley_within_reach_the_threshold_is_that_of_the_settings(modes):
    assert threshold_in_valley(activity(*modes), THRESHOLD, 2.0) == THRESHOLD


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_threshold_stays_below_a_kind_of_swimming_that_a_nearer_valley_separates_from_floating(seed):
    rng = np.random.default_rng(seed)
    modes = ((0.005, 40, 0.5), (0.0265, 200, 0.1), (0.073, 140, 0.1))
    floating, climbing, swimming = (level * np.exp(rng.normal(0, sd, count)) for level, count, sd in modes)
    found = threshold_in_valley(np.concatenate([floating, climbing, swimming]), THRESHOLD, 2.0)
    assert np.median(floating) < found < np.quantile(climbing, 0.02)


def test_a_ratio_of_one_keeps_the_threshold():
    assert threshold_in_valley(activity(0.024, 0.08), THRESHOLD, 1.0) == THRESHOLD
    assert threshold_in_valley(np.full(50, np.nan), THRESHOLD, 2.0) == THRESHOLD


def test_neighbouring_clusters_are_joined_in_every_way_that_gives_the_number_of_cylinders():
    assert joined_clusters([(0, 10), (15, 20), (40, 60)], 2) == [[(0, 10), (15, 60)], [(0, 20), (40, 60)]]
    assert Walls([(0, 50), (60, 112)], 1.0).are_alike
    assert not Walls([(0, 50), (60, 165)], 1.0).are_alike
