"""Simulation: spheres hold their fluorophore, spines lie where the truth says, the design follows the dose."""

import numpy as np
import pandas as pd
import pytest
from simulated_dendrites import truth

from ketaflow.assays.dendritic_spines import simulate
from ketaflow.assays.dendritic_spines.constants import CLASSES
from ketaflow.assays.dendritic_spines.simulation import constants, optics, scene


def test_a_sphere_holds_its_volume_of_fluorophore():
    voxel_um = np.array([0.1, 0.1, 0.1])
    one = scene.Spheres(np.array([[1.5, 1.5, 1.5]]), np.array([0.8]), np.array([0.5]))
    light = optics.rasterise(one, (30, 30, 30), voxel_um)
    assert light.max() == pytest.approx(0.5)
    assert light.sum() * voxel_um.prod() == pytest.approx(0.5 * 4 / 3 * np.pi * 0.8**3, rel=0.03)


def test_overlapping_spheres_do_not_add_up_and_one_outside_adds_nothing():
    three = scene.Spheres(np.array([[1.5, 1.5, 1.5], [1.5, 1.5, 1.6], [9, 9, 9]]), np.full(3, 0.8), np.ones(3))
    assert optics.rasterise(three, (30, 30, 30), np.full(3, 0.1)).max() == 1


@pytest.mark.parametrize("radius_um", [0.15, 0.4])
@pytest.mark.parametrize("z_um", [1.5, 1.6, 1.65])
def test_a_head_keeps_its_light_wherever_it_lies_between_the_planes(radius_um, z_um):
    voxel_um = np.array([0.3, 0.1, 0.1])
    one = scene.Spheres(np.array([[z_um, 1.5, 1.5]]), np.array([radius_um]), np.ones(1))
    light = optics.rasterise(one, (10, 30, 30), voxel_um).sum() * voxel_um.prod()
    # Edges are soft over a pixel, which widens a small sphere.
    assert light == pytest.approx(4 / 3 * np.pi * radius_um**3, rel=0.2)


def test_the_same_truth_and_seed_give_the_same_stack():
    counts = truth(12.0, 50.0, mushroom_count=2, thin_count=2, stubby_count=1)
    first, again = simulate.simulate_stack(counts, 5), simulate.simulate_stack(counts, 5)
    np.testing.assert_array_equal(first.stack, again.stack)
    assert first.line_um.shape[1] == 3
    assert scene.path_length_um(first.line_um) == pytest.approx(12.0, abs=0.1)


def test_simulated_spines_lie_apart_and_beside_the_shaft_and_hidden_ones_over_it():
    counts = truth(15.0, 80.0, mushroom_count=5, thin_count=5, stubby_count=4, filopodium_count=1, hidden_count=6)
    for seed in range(6):
        line_um, spines, _ = simulate.simulate_stack(counts, seed)
        heads_um = np.array([spine.head_um[1:] for spine in spines])
        widths_um = np.array([spine.head_diameter_um for spine in spines])
        beside_um = np.linalg.norm(heads_um[:, None] - line_um[None, :, 1:], axis=2).min(1) + widths_um / 2
        hidden = np.array([spine.hidden for spine in spines])
        assert hidden.sum() == 6
        assert beside_um[~hidden].min() >= constants.SHAFT_RADIUS_UM + 0.4 > beside_um[hidden].max()
        between_um = np.linalg.norm(heads_um[:, None] - heads_um[None], axis=2)
        gap_um = between_um - np.add.outer(widths_um, widths_um) / 2
        assert gap_um[np.triu_indices(len(heads_um), 1)].min() > 0


@pytest.mark.long
def test_where_there_is_no_room_spines_that_merge_are_hidden():
    spines = simulate.simulate_stack(truth(4.0, 80.0, mushroom_count=40), 0).spines
    assert len(spines) == 40
    assert 10 < sum(spine.hidden for spine in spines) < 38


def test_the_design_has_more_spines_the_higher_the_dose():
    animals = pd.DataFrame({"animal": [f"m{n}" for n in range(60)], "dose_mg_per_kg": [0.0, 20.0] * 30})
    tables = simulate.design(animals, np.random.default_rng(1))
    images = tables["dendritic_spines_truth"].merge(tables["dendritic_spines"]).merge(animals)
    density = images[[f"{name}_count" for name in CLASSES]].sum(axis=1) / images["length_um"]
    means = density.groupby(images["dose_mg_per_kg"]).mean()
    assert means[20.0] > 1.15 * means[0.0]
