"""Teaching the scorer: it starts from the shipped one, and it learns."""

import numpy as np
import pytest

from ketaflow.assays.dendritic_spines import calibrate, fields, scorer, simulate, train

RULES = {"min_dendrite_um": 6.0, "faintest_dendrite_ratio": 0.35, "max_reach_um": 3.0}
COUNTS = {"mushroom_count": 5, "thin_count": 4, "stubby_count": 3, "filopodium_count": 0}


@pytest.fixture(scope="module")
def images() -> list[calibrate.Taught]:
    made = []
    for seed in range(4):
        _, spines, stack = simulate.drawn({"length_um": 15.0, "photons": 80.0, **COUNTS}, seed)
        people = np.array([[spine["y_um"], spine["x_um"]] for spine in spines]) / simulate.VOXEL_UM[1:]
        made.append(calibrate.taught(f"{seed}", stack, simulate.VOXEL_UM, people, RULES))
    return made


def test_a_taught_scorer_counts_as_many_as_people_do(images):
    weights = calibrate.fitted(images, threshold=0.35, apart_um=0.5, seed=0)
    told = calibrate.judged(images, weights, threshold=0.35, apart_um=0.5, match_um=0.5)
    assert abs(told["count_bias_pct"]) < 15


def test_the_shipped_weights_are_left_as_they_were(images):
    before = {name: array.copy() for name, array in scorer.shipped().items()}
    calibrate.fitted(images[:2], threshold=0.35, apart_um=0.5, seed=0)
    assert all(np.array_equal(before[name], array) for name, array in scorer.shipped().items())


def test_images_left_out_are_judged_by_both_scorers(images):
    told = calibrate.left_out(images, threshold=0.35, apart_um=0.5, match_um=0.5, seed=0)
    assert list(told["scorer"]) == ["shipped", "taught"] * 2
    assert told.groupby("scorer")["images"].sum().eq(4).all()


def test_an_image_without_a_dendrite_teaches_nothing():
    noise = np.random.default_rng(0).poisson(20, (1, 150, 150)).astype(np.uint16)
    assert calibrate.taught("a", noise, np.array([1, 0.1, 0.1]), np.zeros((0, 2)), RULES) is None


def test_a_drawn_field_gives_spines_and_others_to_learn_from():
    rng = np.random.default_rng(3)
    seen, label = train.labelled(fields.draw(rng), rng)
    assert seen.shape == (len(label), scorer.WIDTH)
    assert 0 < label.mean() < 0.6


def test_a_candidate_and_its_mirror_image_score_the_same(images):
    offered = images[0].offered
    turned = offered.chosen(np.arange(len(offered)))
    turned.patches = turned.patches[:, :, ::-1]
    np.testing.assert_allclose(
        scorer.scores(offered, scorer.shipped()), scorer.scores(turned, scorer.shipped()), rtol=1e-5
    )


def test_scores_are_probabilities(images):
    for score in (scorer.scores(images[0].offered, scorer.shipped()), scorer.classical(images[0].offered)):
        assert ((score >= 0) & (score <= 1)).all()
