"""Pairs are one to one, chance is estimated without bias, and the pairs beyond chance are the synapses."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from ketaflow.assays.synaptic_puncta.colocalisation.chance import chance_pairs, ring_of_shifts
from ketaflow.assays.synaptic_puncta.colocalisation.pair_matching import one_to_one
from ketaflow.assays.synaptic_puncta.colocalisation.random_pairing import crowding_of, random_pairs
from ketaflow.assays.synaptic_puncta.colocalisation.synapse_count import synapses
from ketaflow.assays.synaptic_puncta.detection.tissue_mask import TissueMap

REACH = np.array([0.4, 0.4])
SHIFTS = ring_of_shifts(20, (2, 6))


def whole(extent_um=50.0, hole=None):
    tissue = np.ones((125, 125), bool)
    if hole is not None:
        tissue[hole] = False
    return TissueMap(tissue, extent_um / 125, np.array([extent_um, extent_um]), extent_um**2)


def scattered(n, rng, extent_um=50.0):
    return rng.uniform(0, extent_um, (n, 2))


def synapses_of(pre, post, field):
    pairs, _ = one_to_one(pre, post, REACH)
    by_chance = chance_pairs(pre, post, field, REACH, shifts_um=SHIFTS)
    return synapses(len(pairs), by_chance.pairs, len(pre), len(post))


def test_the_closest_pair_first_and_none_twice():
    pre, post = np.array([[0.0, 0.0], [0.0, 0.3]]), np.array([[0.0, 0.2], [5.0, 5.0]])
    pairs, distances = one_to_one(pre, post, REACH)
    assert pairs.tolist() == [[1, 0]]
    assert distances == pytest.approx([0.25])


def test_a_punctum_that_loses_its_partner_takes_the_next_best():
    pre, post = np.array([[0.0, 0.0], [0.0, 0.25]]), np.array([[0.0, 0.2], [0.0, -0.3]])
    pairs, _ = one_to_one(pre, post, REACH)
    assert sorted(pairs.tolist()) == [[0, 1], [1, 0]]


def test_swapping_the_channels_gives_the_same_pairs():
    rng = np.random.default_rng(0)
    pre, post = scattered(800, rng), scattered(900, rng)
    one, _ = one_to_one(pre, post, REACH)
    other, _ = one_to_one(post, pre, REACH)
    assert sorted(one.tolist()) == sorted(other[:, ::-1].tolist())


def test_about_as_many_pairs_as_the_best_assignment():
    rng = np.random.default_rng(1)
    pre, post = scattered(300, rng, 12), scattered(300, rng, 12)
    cost = np.minimum(cdist(pre, post), 10.0)
    cost[cost > 0.4] = 10.0
    best = (cost[linear_sum_assignment(cost)] <= 0.4).sum()
    pairs, _ = one_to_one(pre, post, REACH)
    assert 0.9 * best <= len(pairs) <= best


def test_the_axis_of_the_microscope_has_its_own_reach():
    pre, post = np.array([[0.0, 0, 0]]), np.array([[0.7, 0, 0]])
    assert len(one_to_one(pre, post, np.array([0.8, 0.4, 0.4]))[0]) == 1
    assert len(one_to_one(pre, post[:, ::-1], np.array([0.8, 0.4, 0.4]))[0]) == 0


def test_nothing_pairs_with_nothing():
    none, some = np.empty((0, 2)), np.zeros((3, 2))
    assert len(one_to_one(none, some, REACH)[0]) == len(one_to_one(some, none, REACH)[0]) == 0


@pytest.mark.parametrize(("n_pre", "n_post"), [(500, 500), (400, 900), (1500, 300)])
def test_crowding_and_random_pairs_undo_each_other(n_pre, n_post):
    pairs = random_pairs(n_pre, n_post, 4e-4)
    assert crowding_of(pairs, n_pre, n_post) == pytest.approx(4e-4)


def test_random_pairs_follow_the_formula():
    rng = np.random.default_rng(2)
    counted = [len(one_to_one(scattered(900, rng), scattered(700, rng), REACH)[0]) for _ in range(20)]
    assert np.mean(counted) == pytest.approx(random_pairs(900, 700, np.pi * 0.4**2 / 2500), rel=0.03)


def test_independent_channels_have_no_synapses():
    left = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        left.append(synapses_of(scattered(900, rng), scattered(900, rng), whole()))
    assert abs(np.mean(left)) < 10


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("count", [300, 1200])
def test_true_pairs_are_recovered_whatever_their_share(share, count):
    true = round(share * count)
    left = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        pre, post = scattered(count, rng), scattered(count, rng)
        post[:true] = pre[:true] + rng.normal(0, 0.08, (true, 2))
        left.append(synapses_of(pre, post, whole()))
    assert np.mean(left) == pytest.approx(true, rel=0.05)


def test_chance_is_higher_where_a_hole_crowds_the_puncta():
    rng = np.random.default_rng(5)
    field = whole(hole=(slice(0, 60), slice(None)))
    pre, post = scattered(3000, rng), scattered(3000, rng)
    pre, post = pre[field.contains(pre)], post[field.contains(post)]
    pairs, _ = one_to_one(pre, post, REACH)
    by_chance = chance_pairs(pre, post, field, REACH, shifts_um=SHIFTS)
    assert by_chance.pairs == pytest.approx(len(pairs), rel=0.1)
    low, high = by_chance.interval
    assert low <= by_chance.pairs <= high
    assert by_chance.rotated.mean() == pytest.approx(len(pairs), rel=0.15)


def test_shifts_lie_in_their_ring_and_point_everywhere():
    length = np.linalg.norm(SHIFTS, axis=1)
    assert (length >= 2).all() and (length <= 6).all()
    assert np.linalg.norm(SHIFTS.mean(0)) < 0.5
