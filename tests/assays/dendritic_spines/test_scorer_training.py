"""Training: retraining starts from the shipped scorer, learns, and leaves the shipped one unchanged."""

from dataclasses import replace

import numpy as np
import pytest
from simulated_dendrites import QUANTIFY, truth

from ketaflow.assays.dendritic_spines import simulate
from ketaflow.assays.dendritic_spines.detection import scorer
from ketaflow.assays.dendritic_spines.detection.candidates import DESCRIPTORS, Candidates
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.assays.dendritic_spines.simulation.constants import VOXEL_UM
from ketaflow.assays.dendritic_spines.training import scorer_training, shipped_scorer
from ketaflow.assays.dendritic_spines.training.scorer_training import RatedImage, Training, accepted_positions, retrain
from ketaflow.assays.dendritic_spines.training.training_images import random_image

TRAINING = Training(threshold=0.35, match_um=1.0, passes=8, seed=0)
NOWHERE = np.zeros((0, 2))


@pytest.fixture(scope="module")
def images() -> list[RatedImage]:
    made = []
    counts = truth(15.0, 80.0, mushroom_count=5, thin_count=4, stubby_count=3)
    for seed in range(4):
        simulated = simulate.simulate_stack(counts, seed)
        people_um = np.array([spine.head_um[1:] for spine in simulated.spines])
        search = scorer_training.search_as_quantify(simulated.stack, VOXEL_UM, QUANTIFY)
        made.append(RatedImage(f"{seed}", "m", VOXEL_UM[1], search, people_um, NOWHERE))
    return made


def accepted(image: RatedImage, weights) -> np.ndarray:
    return accepted_positions(image, weights, TRAINING.threshold)


def pooled_f1(images: list[RatedImage], weights) -> float:
    """F1 of a scorer against people over images."""
    found = [accepted(image, weights) for image in images]
    both = sum(len(match_points(one, image.spines_um, 1.0)[0]) for one, image in zip(found, images, strict=True))
    return 2 * both / (sum(map(len, found)) + sum(len(image.spines_um) for image in images))


def test_a_retrained_scorer_agrees_with_its_raters_better_than_the_shipped_one(images):
    """Raters who leave out the spines nearest to the shaft, as some laboratories do with stubby ones."""
    choosy = []
    for image in images:
        search = image.search
        offered_um = search.candidates.positions_um[:, 1:] / search.scale_factor
        nearest = np.linalg.norm(image.spines_um[:, None] - offered_um[None], axis=2).argmin(1)
        away = search.candidates.descriptor("distance_in_radii")[nearest]
        choosy.append(replace(image, spines_um=image.spines_um[away > 2.5]))
    weights = retrain(choosy, TRAINING)
    assert pooled_f1(choosy, weights) > pooled_f1(choosy, scorer.shipped_weights()) + 0.02
    counted = sum(len(accepted(image, weights)) for image in choosy)
    assert counted == pytest.approx(sum(len(image.spines_um) for image in choosy), rel=0.3)


@pytest.fixture(scope="module")
def retrained(images):
    """Weights retrained on every simulated spine."""
    return retrain(images, TRAINING)


def test_retraining_on_what_the_shipped_scorer_knows_does_no_harm(images, retrained):
    assert pooled_f1(images, retrained) >= pooled_f1(images, scorer.shipped_weights())
    counted = sum(len(accepted(image, retrained)) for image in images)
    assert counted == pytest.approx(sum(len(image.spines_um) for image in images), rel=0.3)


@pytest.mark.xfail(strict=True, reason="F1 0.989 before and after: the shipped scorer was trained on such images")
def test_retraining_on_images_like_those_of_the_shipped_scorer_still_improves_it(images, retrained):
    assert pooled_f1(images, retrained) > pooled_f1(images, scorer.shipped_weights())


@pytest.mark.parametrize(("right", "low", "high"), [([8, 2], 0.1, 0.5), ([8, 0], 0.5, 0.9)])
def test_the_level_accepts_spines_and_rejects_other_places(right, low, high):
    """Ten spines: eight offered at 0.9; at 0.5 either the other two, or 20 places that are none; others at 0.1."""
    people = np.column_stack([np.arange(10) * 5.0, np.zeros(10)])
    elsewhere = np.column_stack([np.arange(20) * 5.0, np.full(20, 9.0)])
    second = people[8:] if right[1] else elsewhere
    places = np.vstack([people[:8], second, elsewhere])
    scores = np.repeat([0.9, 0.5, 0.1], [8, len(second), 20])
    judged = scorer_training._Judged(people, places, scores)
    assert low < scorer_training._best_level([judged], 1.0) <= high


def test_the_shipped_weights_are_left_unchanged(images):
    before = {name: array.copy() for name, array in scorer.shipped_weights().items()}
    retrain(images[:2], TRAINING)
    assert all(np.array_equal(before[name], array) for name, array in scorer.shipped_weights().items())


def test_the_same_seed_trains_the_same_scorer(images):
    first, again = (retrain(images[:2], TRAINING) for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_a_candidate_that_raters_disagree_on_is_not_learned_from(images):
    image = images[0]
    inputs, _ = scorer_training._examples(image)
    doubting = replace(image, spines_um=image.spines_um[1:], doubtful_um=image.spines_um[:1])
    denying = replace(image, spines_um=image.spines_um[1:])
    assert len(scorer_training._examples(doubting)[0]) < len(inputs)
    assert scorer_training._examples(doubting)[1].sum() == scorer_training._examples(denying)[1].sum()


def test_an_image_without_a_dendrite_gives_no_candidates():
    noise = np.random.default_rng(0).poisson(20, (1, 150, 150)).astype(np.uint16)
    assert scorer_training.search_as_quantify(noise, np.array([1, 0.1, 0.1]), QUANTIFY) is None


def test_a_training_image_gives_spines_and_others_to_learn_from():
    rng = np.random.default_rng(3)
    inputs, labels = shipped_scorer.labelled_candidates(random_image(rng), rng)
    assert inputs.shape == (len(labels), scorer.INPUT_WIDTH)
    assert 0 < labels.mean() < 0.6


def test_the_root_of_a_spine_is_not_labelled_as_the_spine():
    """A head 1 um from the centreline: candidates at the head, on the shaft, and half way, which nobody can tell."""
    descriptors = np.zeros((3, len(DESCRIPTORS)))
    descriptors[:, DESCRIPTORS.index("distance_in_radii")] = [2, 0.4, 1.1]
    places = np.array([[0, 0, 1.0], [0, 0, 0.5], [0, 0, 0.55]])
    candidates = Candidates(places, *[np.zeros((3, 1))] * 5, descriptors)
    head, width, hidden = np.array([[0, 0, 1.0]]), np.array([0.5]), np.array([False])
    spine, certain = shipped_scorer.label_by_head(candidates, head, width, hidden)
    assert list(spine) == [True, False, False]
    assert list(certain) == [True, True, False]


def test_a_candidate_and_its_mirror_image_score_the_same(images):
    candidates = images[0].search.candidates
    mirrored = replace(candidates, patches=candidates.patches[:, :, ::-1])
    weights = scorer.shipped_weights()
    scores, of_mirrored = (scorer.score_candidates(one, weights) for one in (candidates, mirrored))
    np.testing.assert_allclose(scores, of_mirrored, rtol=1e-5)


def test_scores_are_probabilities(images):
    candidates = images[0].search.candidates
    weights = scorer.shipped_weights()
    for scores in (scorer.score_candidates(candidates, weights), scorer.classical_score(candidates)):
        assert ((scores >= 0) & (scores <= 1)).all()
