"""Teaching the scorer: it starts from the shipped one, it learns, and it leaves that one alone."""

import numpy as np
import pytest

from ketaflow.assays.dendritic_spines import simulate
from ketaflow.assays.dendritic_spines.detection import candidates, scorer
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.assays.dendritic_spines.training import scorer_training, shipped_scorer, training_images

RULES = {"min_dendrite_um": 6.0, "faintest_dendrite_ratio": 0.35, "max_reach_um": 3.0, "min_distance_um": 0.4}
COUNTS = {"mushroom_count": 5, "thin_count": 4, "stubby_count": 3, "filopodium_count": 0}
SCHOOL = {"threshold": 0.35, "match_um": 1.0, "passes": 8, "seed": 0}
NOWHERE = np.zeros((0, 2))


@pytest.fixture(scope="module")
def images() -> list[scorer_training.RatedImage]:
    made = []
    for seed in range(4):
        _, spines, stack = simulate.draw_stack({"length_um": 15.0, "photons": 80.0, **COUNTS}, seed)
        people_um = np.array([[spine["y_um"], spine["x_um"]] for spine in spines])
        found = scorer_training.search_as_quantify(stack, simulate.VOXEL_UM, RULES)
        made.append(scorer_training.RatedImage(f"{seed}", "m", simulate.VOXEL_UM[1], *found, people_um, NOWHERE))
    return made


def common(images, weights) -> float:
    """F1 of a scorer against people over images."""
    found = [scorer_training.accepted_positions(image, weights, 0.35) for image in images]
    both = sum(len(match_points(one, image.spines_um, 1.0)[0]) for one, image in zip(found, images, strict=True))
    return 2 * both / (sum(map(len, found)) + sum(len(image.spines_um) for image in images))


def test_a_taught_scorer_agrees_with_its_teachers_better_than_the_shipped_one(images):
    """Teachers who leave out the spines nearest to the shaft, as some laboratories do with stubby ones."""
    choosy = []
    for image in images:
        offered_um = image.offered.places_um[:, 1:] / image.factor
        nearest = np.linalg.norm(image.spines_um[:, None] - offered_um[None], axis=2).argmin(1)
        away = image.offered.descriptors[nearest, candidates.DESCRIPTORS.index("distance_in_radii")]
        choosy.append(scorer_training.RatedImage(**{**vars(image), "spines_um": image.spines_um[away > 2.5]}))
    weights = scorer_training.fine_tune(choosy, **SCHOOL)
    assert common(choosy, weights) > common(choosy, scorer.shipped_weights()) + 0.02
    counted = sum(len(scorer_training.accepted_positions(image, weights, 0.35)) for image in choosy)
    assert counted == pytest.approx(sum(len(image.spines_um) for image in choosy), rel=0.3)


@pytest.fixture(scope="module")
def taught(images):
    """Weights taught with everything that was drawn."""
    return scorer_training.fine_tune(images, **SCHOOL)


def test_teaching_what_the_shipped_scorer_knows_does_no_harm(images, taught):
    assert common(images, taught) >= common(images, scorer.shipped_weights())
    counted = sum(len(scorer_training.accepted_positions(image, taught, 0.35)) for image in images)
    assert counted == pytest.approx(sum(len(image.spines_um) for image in images), rel=0.3)


@pytest.mark.xfail(strict=True, reason="F1 0.989 taught and untaught: the shipped scorer has learnt such drawings")
def test_drawings_like_those_it_was_shipped_for_teach_a_scorer_something_still(images, taught):
    assert common(images, taught) > common(images, scorer.shipped_weights())


@pytest.mark.parametrize(("right", "low", "high"), [([8, 2], 0.1, 0.5), ([8, 0], 0.5, 0.9)])
def test_the_level_lets_in_what_is_right_and_keeps_out_what_is_not(right, low, high):
    """Ten spines: eight offered at 0.9; at 0.5 either the other two, or 20 places that are none; rubbish at 0.1."""
    people = np.column_stack([np.arange(10) * 5.0, np.zeros(10)])
    elsewhere = np.column_stack([np.arange(20) * 5.0, np.full(20, 9.0)])
    second = people[8:] if right[1] else elsewhere
    places = np.vstack([people[:8], second, elsewhere])
    scores = np.repeat([0.9, 0.5, 0.1], [8, len(second), 20])
    assert low < scorer_training._best_level([(people, places, scores)], 1.0) <= high


def test_the_shipped_weights_are_left_as_they_were(images):
    before = {name: array.copy() for name, array in scorer.shipped_weights().items()}
    scorer_training.fine_tune(images[:2], **SCHOOL)
    assert all(np.array_equal(before[name], array) for name, array in scorer.shipped_weights().items())


def test_the_same_seed_teaches_the_same_scorer(images):
    first, again = (scorer_training.fine_tune(images[:2], **SCHOOL) for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_a_candidate_that_people_disagree_on_is_neither_learned_as_spine_nor_as_none(images):
    image = images[0]
    sure, _ = scorer_training._examples(image)
    doubting = scorer_training.RatedImage(
        **{**vars(image), "spines_um": image.spines_um[1:], "doubtful_um": image.spines_um[:1]}
    )
    denying = scorer_training.RatedImage(**{**vars(image), "spines_um": image.spines_um[1:]})
    assert len(scorer_training._examples(doubting)[0]) < len(sure)
    assert scorer_training._examples(doubting)[1].sum() == scorer_training._examples(denying)[1].sum()


def test_an_image_without_a_dendrite_teaches_nothing():
    noise = np.random.default_rng(0).poisson(20, (1, 150, 150)).astype(np.uint16)
    assert scorer_training.search_as_quantify(noise, np.array([1, 0.1, 0.1]), RULES) is None


def test_a_drawn_field_gives_spines_and_others_to_learn_from():
    rng = np.random.default_rng(3)
    seen, label = shipped_scorer.labelled_candidates(training_images.random_image(rng), rng)
    assert seen.shape == (len(label), scorer.INPUT_WIDTH)
    assert 0 < label.mean() < 0.6


def test_a_candidate_and_its_mirror_image_score_the_same(images):
    offered = images[0].offered
    turned = offered.subset(np.arange(len(offered)))
    turned.patches = turned.patches[:, :, ::-1]
    np.testing.assert_allclose(
        scorer.score_candidates(offered, scorer.shipped_weights()),
        scorer.score_candidates(turned, scorer.shipped_weights()),
        rtol=1e-5,
    )


def test_scores_are_probabilities(images):
    for score in (
        scorer.score_candidates(images[0].offered, scorer.shipped_weights()),
        scorer.classical_score(images[0].offered),
    ):
        assert ((score >= 0) & (score <= 1)).all()
