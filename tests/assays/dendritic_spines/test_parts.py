"""The parts beside the stages: matching, classes, corrections, agreement, drawing."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.dendritic_spines import cohort, constants, simulate
from ketaflow.assays.dendritic_spines.detection import candidate_search, candidates, scorer, shape, spine_class
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.assays.dendritic_spines.simulation import optics, scene
from ketaflow.assays.dendritic_spines.tracing import image_properties, projection
from ketaflow.assays.dendritic_spines.training import shipped_scorer

RULE = {"mushroom_head_um": 0.6, "stubby_neck_um": 0.2, "stubby_length_um": 1.0, "filopodium_length_um": 2.0}


def test_each_place_is_matched_once_and_only_within_reach():
    first, second = np.array([[0.0, 0], [0.1, 0], [9, 9]]), np.array([[0.0, 0.05], [20, 20]])
    left, right = match_points(first, second, reach=1.0)
    assert (list(left), list(right)) == ([0], [0])


def test_of_near_places_the_strongest_stays():
    places = np.array([[0.0, 0, 0], [0, 0, 0.2], [0, 0, 5]])
    assert list(candidate_search.suppress_neighbours(places, np.array([0.5, 0.9, 0.1]), 0.5)) == [1, 2]


@pytest.mark.parametrize(
    ("length_um", "head_um", "neck_um", "name"),
    [
        (1.4, 0.8, 0.6, "mushroom"),
        (1.5, 0.9, 0.0, "mushroom"),  # its neck is hidden in the shaft's light
        (1.2, 0.3, 0.8, "thin"),
        (0.5, 0.6, 0.0, "stubby"),
        (3.0, 0.2, 2.5, "filopodium"),
    ],
)
def test_a_typical_spine_gets_its_class(length_um, head_um, neck_um, name):
    told = spine_class.class_probabilities(np.array([length_um]), np.array([head_um]), np.array([neck_um]), **RULE)[0]
    assert constants.CLASSES[int(np.argmax(told))] == name
    assert told.max() > 0.8


def test_class_probabilities_add_up_to_one_and_are_even_at_the_edge():
    told = spine_class.class_probabilities(
        np.array([1.2, 0.1, 5]), np.array([0.6, 0.9, 0.9]), np.array([0.9, 0, 0.2]), **RULE
    )
    np.testing.assert_allclose(told.sum(1), 1)
    assert told[0, 0] == pytest.approx(0.5, abs=0.01)


def test_a_drawn_ball_holds_its_volume_of_fluorophore():
    voxel_um = np.array([0.1, 0.1, 0.1])
    ball = scene.Spheres(np.array([[1.5, 1.5, 1.5]]), np.array([0.8]), np.array([0.5]))
    light = optics.rasterise(ball, (30, 30, 30), voxel_um)
    assert light.max() == pytest.approx(0.5)
    assert light.sum() * voxel_um.prod() == pytest.approx(0.5 * 4 / 3 * np.pi * 0.8**3, rel=0.03)


def test_balls_that_overlap_do_not_add_up_and_one_outside_adds_nothing():
    three = scene.Spheres(np.array([[1.5, 1.5, 1.5], [1.5, 1.5, 1.6], [9, 9, 9]]), np.full(3, 0.8), np.ones(3))
    assert optics.rasterise(three, (30, 30, 30), np.full(3, 0.1)).max() == 1


def seen_in(haze, radii_away):
    """Candidates so far from the shaft, all but the last in surroundings of this haze."""
    facts = np.zeros((len(radii_away), len(candidates.DESCRIPTORS)))
    facts[:, candidates.DESCRIPTORS.index("surround_in_shafts")] = [haze] * (len(radii_away) - 1) + [5.0]
    facts[:, candidates.DESCRIPTORS.index("distance_in_radii")] = radii_away
    return candidates.Candidates(*[np.zeros((len(radii_away), 1))] * 6, facts)


# A half is odds of 1: divided by 4 that is 1/5, multiplied by 4 it is 4/5; half clear is half of the log odds.
@pytest.mark.parametrize(
    ("haze", "on_shaft", "beside"),
    [(0.0, 0.2, 0.8), (0.02, 0.2, 0.8), (0.035, 1 / 3, 2 / 3), (0.05, 0.5, 0.5), (0.3, 0.5, 0.5)],
)
def test_in_a_clear_image_places_on_the_shaft_are_doubted_and_those_beside_it_believed(haze, on_shaft, beside):
    found, even = seen_in(haze, [0.1, 1.2, 1.7, 2.2, 5.0]), np.full(5, 0.5)
    read = scorer.adjust_for_clear_image(even, found, stricter_when_clear=4, laxer_when_clear=4)
    np.testing.assert_allclose(read, [on_shaft, on_shaft, 0.5, beside, beside])
    np.testing.assert_allclose(
        scorer.adjust_for_clear_image(even, found, stricter_when_clear=1, laxer_when_clear=1), even
    )


def test_how_many_score_well_does_not_change_how_an_image_is_read():
    found = seen_in(0.03, [1.0, 2.5, 4.0, 1.5])
    few, many = np.array([0.6, 0.1, 0.1, 0.1]), np.array([0.6, 0.9, 0.9, 0.9])
    read = [
        scorer.adjust_for_clear_image(scores, found, stricter_when_clear=9, laxer_when_clear=5)[0]
        for scores in (few, many)
    ]
    assert read[0] == read[1]


def test_the_dark_around_a_dendrite_is_zero_in_the_projection_of_many_noisy_planes():
    stack = np.random.default_rng(0).normal(0, 10, (15, 80, 80)).astype(np.float32)
    assert np.quantile(stack.max(0), 0.3) > 10
    voxel_um = np.array([0.3, 0.1, 0.1])
    assert np.quantile(projection.project(stack, voxel_um), 0.3) == pytest.approx(0, abs=0.5)
    np.testing.assert_array_equal(projection.project(stack[:1], voxel_um), stack[0])


def test_a_dim_point_of_light_stands_out_of_the_projection_of_a_noisy_stack():
    """A point three times as bright as a pixel's noise: of sharp planes the brightest noise is brighter."""
    voxel_um, rng = np.array([0.3, 0.1, 0.1]), np.random.default_rng(0)
    point = optics.blur(np.pad(np.ones((1, 1, 1), np.float32), ((7, 7), (40, 40), (40, 40))), voxel_um, 0.3, 0.8)
    stack = 3 * point / point.max() + rng.standard_normal(point.shape, np.float32)
    picture = projection.project(stack, voxel_um)
    assert picture.argmax() == np.ravel_multi_index((40, 40), picture.shape)


def test_the_root_of_a_spine_is_not_taught_as_the_spine():
    """A head 1 um from the centreline: candidates at the head, on the shaft, and half way, which nobody can tell."""
    places = np.array([[0, 0, 1.0], [0, 0, 0.5], [0, 0, 0.55]])
    facts = np.zeros((3, len(candidates.DESCRIPTORS)))
    facts[:, candidates.DESCRIPTORS.index("distance_in_radii")] = [2, 0.4, 1.1]
    offered = candidates.Candidates(places, *[np.zeros((3, 1))] * 5, facts)
    spine, sure = shipped_scorer.label_by_head(offered, np.array([[0, 0, 1.0]]), np.array([0.5]), np.array([False]))
    assert list(spine) == [True, False, False]
    assert list(sure) == [True, True, False]


def test_the_noise_of_a_stack_is_found_beside_structure():
    rng = np.random.default_rng(0)
    stack = rng.normal(100, 7, (3, 200, 200)).astype(np.float32)
    stack[:, 90:100] += 500
    assert image_properties.pixel_noise(stack, 0.0) == pytest.approx(7, rel=0.05)


def test_agreement_counts_every_pair_of_raters():
    people = pd.DataFrame(
        {
            "image": "a",
            "rater": ["r1", "r1", "r2"],
            "x_px": [10, 90, 11],
            "y_px": 10,
            "class": ["thin", "thin", "stubby"],
        }
    )
    tables = {
        "spines": pd.DataFrame({"image": ["a", "b"], "x_px": [12.0, 1], "y_px": [10.0, 1], "class": ["thin", "thin"]}),
        "dendrites": pd.DataFrame({"image": ["a", "b"], "pixel_size_um": 0.1}),
    }
    told = cohort.summarise(tables, {"dendritic_spines_human_scores": people}, match_um=1.0)["agreement"]
    mine = told[told["first"].eq("ketaflow") & told["second"].eq("r1") & told["image"].eq("a")].iloc[0]
    assert (mine["precision"], mine["recall"], mine["count_bias_pct"], mine["class_agreement"]) == (1, 0.5, -50, 1)
    assert len(told) == 6


def test_without_human_scores_there_is_no_agreement():
    assert cohort.summarise({}, {}, match_um=1.0) == {}


def test_the_same_truth_and_seed_draw_the_same_stack():
    told = {"length_um": 12.0, "photons": 50.0, "mushroom_count": 2, "thin_count": 2, "stubby_count": 1,
            "filopodium_count": 0}  # fmt: skip
    np.testing.assert_array_equal(simulate.draw_stack(told, 5)[2], simulate.draw_stack(told, 5)[2])
    assert simulate.draw_stack(told, 5)[0].shape[1] == 3
    assert scene.path_length_um(simulate.draw_stack(told, 5)[0]) == pytest.approx(12.0, abs=0.1)


def test_the_design_gives_more_spines_the_higher_the_dose():
    animals = pd.DataFrame({"animal": [f"m{n}" for n in range(60)], "dose_mg_per_kg": [0.0, 20.0] * 30})
    tables = simulate.design(animals, np.random.default_rng(1))
    told = tables["dendritic_spines_truth"].merge(tables["dendritic_spines"]).merge(animals)
    density = told[[f"{name}_count" for name in constants.CLASSES]].sum(axis=1) / told["length_um"]
    means = density.groupby(told["dose_mg_per_kg"]).mean()
    assert means[20.0] > 1.15 * means[0.0]


@pytest.mark.parametrize("radius_um", [0.15, 0.4])
@pytest.mark.parametrize("z_um", [1.5, 1.6, 1.65])
def test_a_head_holds_its_light_wherever_it_lies_between_the_planes(radius_um, z_um):
    voxel_um = np.array([0.3, 0.1, 0.1])
    ball = scene.Spheres(np.array([[z_um, 1.5, 1.5]]), np.array([radius_um]), np.ones(1))
    light = optics.rasterise(ball, (10, 30, 30), voxel_um).sum() * voxel_um.prod()
    # Edges are soft over a pixel, which widens a small ball.
    assert light == pytest.approx(4 / 3 * np.pi * radius_um**3, rel=0.2)


def test_drawn_spines_stand_apart_and_beside_the_shaft_and_hidden_ones_over_it():
    told = {"length_um": 15.0, "photons": 80.0, "mushroom_count": 5, "thin_count": 5, "stubby_count": 4,
            "filopodium_count": 1, "hidden_count": 6}  # fmt: skip
    for seed in range(6):
        line, spines, _ = simulate.draw_stack(told, seed)
        heads, widths = pd.DataFrame(spines)[["y_um", "x_um"]].to_numpy(), [s["head_diameter_um"] for s in spines]
        beside = np.linalg.norm(heads[:, None] - line[None, :, 1:], axis=2).min(1) + np.array(widths) / 2
        hidden = np.array([spine["hidden"] for spine in spines])
        assert hidden.sum() == 6
        assert beside[~hidden].min() >= simulate.SHAFT_RADIUS_UM + 0.4 > beside[hidden].max()
        apart = np.linalg.norm(heads[:, None] - heads[None], axis=2) - np.add.outer(widths, widths) / 2
        assert apart[np.triu_indices(len(heads), 1)].min() > 0


def test_where_there_is_no_room_the_spines_that_cannot_be_told_apart_are_hidden():
    told = {"length_um": 4.0, "photons": 80.0, "mushroom_count": 40, "thin_count": 0, "stubby_count": 0,
            "filopodium_count": 0}  # fmt: skip
    hidden = [spine["hidden"] for spine in simulate.draw_stack(told, 0)[1]]
    assert len(hidden) == 40
    assert 10 < sum(hidden) < 38


@pytest.mark.parametrize("fwhm_um", [0.2, 0.3, 0.45])
@pytest.mark.parametrize("diameter_um", [0.25, 0.4, 0.6, 0.9])
def test_a_ball_is_as_wide_as_it_was_drawn_whatever_the_blur(diameter_um, fwhm_um):
    voxel_um = np.full(3, 0.05)
    ball = scene.Spheres(np.full((1, 3), 2.0), np.array([diameter_um / 2]), np.ones(1))
    light = optics.blur(optics.rasterise(ball, (80, 80, 80), voxel_um), voxel_um, fwhm_um, 2.7 * fwhm_um)
    profile = light.max(0)[40, 40:]
    width_um = 2 * np.interp(-profile[0] / 2, -profile, np.arange(40) * 0.05)
    assert shape.sphere_diameter_um(np.array([width_um]), fwhm_um)[0] == pytest.approx(diameter_um, rel=0.1)


def test_what_is_no_wider_than_the_blur_has_no_diameter_and_what_is_far_wider_keeps_its_own():
    np.testing.assert_allclose(shape.sphere_diameter_um(np.array([0.2, 0.3]), 0.3), 0)
    wide = shape.sphere_diameter_um(np.array([3.0]), 0.1)[0]
    assert wide == pytest.approx(shape.sphere_diameter_um(np.array([3.0]), 0.0)[0])
    assert wide == pytest.approx(3.0 * 2 / np.sqrt(3), rel=0.1)
