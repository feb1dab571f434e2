"""Detection: candidates, which of them are one spine, and their scores."""

import io
import warnings

import numpy as np
import pytest
from simulated_dendrites import MIDDLE_UM, QUANTIFY, sphere, straight_shaft, traced

from ketaflow.assays.dendritic_spines.detection import candidate_search, scorer, scorer_file
from ketaflow.assays.dendritic_spines.detection.candidate_merging import Duplicates
from ketaflow.assays.dendritic_spines.detection.candidates import DESCRIPTORS, Candidates
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.assays.dendritic_spines.training import constants, shipped_scorer
from ketaflow.assays.dendritic_spines.training.scorer_training import Search

ADJUSTMENT = {"stricter_when_clear": QUANTIFY.stricter_when_clear, "laxer_when_clear": QUANTIFY.laxer_when_clear}


def searched(*parts) -> Search:
    projection = straight_shaft(*parts)
    tracing = traced(projection)
    found = candidate_search.detectable(candidate_search.find_candidates(projection, tracing, reach_um=3.0))
    duplicates = candidate_search.find_duplicates(projection, tracing, found, min_distance_um=0.4)
    return Search(found, tracing.scale_factor, duplicates)


def spines_among(search: Search, *marks_um) -> int:
    """How many of the candidates nearest to these marks (x, distance from the line) are different spines."""
    flat_um = search.candidates.positions_um[:, 1:] / search.scale_factor
    nearest = [int(np.linalg.norm(flat_um - [MIDDLE_UM[1] + away, x], axis=1).argmin()) for x, away in marks_um]
    eligible = np.isin(np.arange(len(flat_um)), nearest)
    return len(search.duplicates.suppress(np.ones(len(flat_um)), eligible))


def test_of_near_places_the_strongest_is_kept():
    places = np.array([[0.0, 0, 0], [0, 0, 0.2], [0, 0, 5]])
    assert list(candidate_search.suppress_neighbours(places, np.array([0.5, 0.9, 0.1]), 0.5)) == [1, 2]


def test_a_stubby_spine_without_a_peak_of_its_own_is_a_candidate():
    search = searched(sphere(8.0, 0.55, 0.27))
    near = np.linalg.norm(search.candidates.positions_um[:, 1:] / search.scale_factor - [4.55, 8.0], axis=1)
    assert near.min() < 0.35


def test_two_heads_with_a_dip_between_them_are_two_spines():
    search = searched(sphere(8.0, 1.2, 0.2), sphere(8.7, 1.2, 0.2))
    assert spines_among(search, (8.0, 1.2), (8.7, 1.2)) == 2


def test_two_places_on_one_wide_head_are_one_spine():
    projection = straight_shaft(sphere(8.0, 1.2, 0.5))
    tracing = traced(projection)
    places_um = np.array([[0, 5.2, 7.75], [0, 5.2, 8.25]])
    made = candidate_search.candidates_at(projection, tracing, places_um)
    assert tracing.scale_factor == 1
    assert len(candidate_search.find_duplicates(projection, tracing, made, min_distance_um=0.4).pairs) == 1


def test_the_root_below_a_head_is_no_second_spine():
    search = searched(sphere(8.0, 1.5), sphere(8.1, 0.6, 0.25))
    assert spines_among(search, (8.0, 1.5), (8.1, 0.6)) == 1


def test_a_displaced_candidate_displaces_none():
    """A row of three, each one spine with the next: first the middle one is weaker than an end, then the strongest."""
    duplicates = Duplicates(np.array([[0, 1], [1, 2]]), 3)
    assert list(duplicates.suppress(np.array([0.9, 0.8, 0.7]), np.ones(3, bool))) == [0, 2]
    assert list(duplicates.suppress(np.array([0.9, 0.95, 0.7]), np.ones(3, bool))) == [1]


def with_descriptors(**values: list[float]) -> Candidates:
    """Candidates of which only these descriptors matter."""
    count = len(next(iter(values.values())))
    descriptors = np.zeros((count, len(DESCRIPTORS)))
    for name, column in values.items():
        descriptors[:, DESCRIPTORS.index(name)] = column
    return Candidates(*[np.zeros((count, 1))] * 6, descriptors)


def in_haze(haze: float, radii: list[float]) -> Candidates:
    """Candidates at these distances from the shaft, all but the last in surroundings of this haze."""
    return with_descriptors(surround_in_shafts=[haze] * (len(radii) - 1) + [5.0], distance_in_radii=radii)


# A half is odds of 1: divided by 4 that is 1/5, multiplied by 4 it is 4/5; half clear is half of the log odds.
@pytest.mark.parametrize(
    ("haze", "on_shaft", "beside"),
    [(0.0, 0.2, 0.8), (0.02, 0.2, 0.8), (0.035, 1 / 3, 2 / 3), (0.05, 0.5, 0.5), (0.3, 0.5, 0.5)],
)
def test_in_a_clear_image_the_odds_fall_on_the_shaft_and_rise_beside_it(haze, on_shaft, beside):
    found, even = in_haze(haze, [0.1, 1.2, 1.7, 2.2, 5.0]), np.full(5, 0.5)
    adjusted = scorer.adjust_for_clear_image(even, found, stricter_when_clear=4, laxer_when_clear=4)
    np.testing.assert_allclose(adjusted, [on_shaft, on_shaft, 0.5, beside, beside])
    unchanged = scorer.adjust_for_clear_image(even, found, stricter_when_clear=1, laxer_when_clear=1)
    np.testing.assert_allclose(unchanged, even)


@pytest.mark.parametrize(("haze", "left"), [(0.1, [3.1, 0]), (0.035, [2.9, 3.1, 0]), (0.0, [2.9, 3.1, 0, 0.2])])
def test_in_tissue_a_candidate_fainter_than_three_deviations_of_chance_blobs_is_none(haze, left):
    """The limit is 3 in tissue, 1.5 where the image is half clear, and 0 in a clear image."""
    found = with_descriptors(
        small_blob_in_clutter=[2.9, 3.1, 0, 0.2, -2],
        middle_blob_in_clutter=[2.9, -1, 3.1, 0, -1],
        surround_in_shafts=[haze] * 5,
    )
    assert candidate_search.detectable(found).descriptor("small_blob_in_clutter").tolist() == left


def test_the_adjustment_does_not_depend_on_how_many_candidates_score_high():
    found = in_haze(0.03, [1.0, 2.5, 4.0, 1.5])
    few, many = np.array([0.6, 0.1, 0.1, 0.1]), np.array([0.6, 0.9, 0.9, 0.9])
    adjusted = [scorer.adjust_for_clear_image(scores, found, **ADJUSTMENT)[0] for scores in (few, many)]
    assert adjusted[0] == adjusted[1]


def test_the_shipped_weights_fit_the_inputs_and_layers():
    weights = scorer.shipped_weights()
    assert len(weights["mean"]) == len(weights["scale"]) == scorer.INPUT_WIDTH
    assert len(scorer.network_names(weights)) == constants.NETWORKS
    for network in scorer.network_names(weights):
        depth = scorer.layer_count(weights, network)
        shapes = [weights[f"{network}_{layer}_weight"].shape for layer in range(depth)]
        assert shapes == [(scorer.INPUT_WIDTH, constants.LAYERS[0]), constants.LAYERS, (constants.LAYERS[1], 1)]


@pytest.fixture(scope="module")
def trained_on_two() -> list[bytes]:
    """Two scorers' files from the first two tissues instead of all: the same code, seeds, thread and file format."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Got `batch_size`")
        return [shipped_scorer.train(tissues=2)[0] for _ in range(2)]


def test_training_still_begins_with_the_images_of_the_shipped_weights(trained_on_two):
    """Whoever changes the simulation, the tracing or the inputs has to train the shipped weights again."""
    now, shipped = (
        scorer_file.first_images_of(io.BytesIO(trained_on_two[0])),
        scorer_file.first_images_of(scorer.SHIPPED),
    )
    assert len(now) == constants.DESCRIBED_IMAGES
    # Other processors round differently, so that a candidate may come or go.
    np.testing.assert_allclose(now[:, :2], shipped[:, :2], atol=2)
    np.testing.assert_allclose(now[:, 2], shipped[:, 2], rtol=0.005)


def test_training_writes_the_same_bytes_again(trained_on_two):
    first, second = trained_on_two
    assert first == second
    versions = scorer_file.versions_trained_with(io.BytesIO(first))
    assert [one.split()[0] for one in versions] == ["numpy", "scipy", "scikit-image", "scikit-learn"]
    assert set(scorer_file.decode(io.BytesIO(first))) == set(scorer.shipped_weights())


def test_the_shipped_weights_recognise_spines_in_images_they_have_not_seen():
    """Inputs computed otherwise than for the training would show here: few spines, or many others."""
    unseen = range(constants.TISSUES, constants.TISSUES + 4)
    inputs, labels = zip(*(part for number in unseen for part in shipped_scorer.tissue_examples(number)), strict=True)
    scores = scorer.network_output(np.vstack(inputs).astype(np.float32), scorer.shipped_weights())
    spine = np.concatenate(labels)
    assert (scores >= 0.5)[spine].mean() > 0.5
    assert (scores >= 0.5)[~spine].mean() < 0.06
    assert scores.mean() == pytest.approx(spine.mean(), rel=0.3)


def test_a_bright_dendrite_is_found_with_all_its_spines_and_nothing_else():
    places = [(3.0, 1.3), (5.0, -1.3), (7.0, 1.0), (9.5, -1.5), (12.0, 1.2)]
    search = searched(*(sphere(x, away) for x, away in places))
    scores = scorer.score_candidates(search.candidates, scorer.shipped_weights())
    scores = scorer.adjust_for_clear_image(scores, search.candidates, **ADJUSTMENT)
    kept = search.duplicates.suppress(scores, scores >= QUANTIFY.score_threshold)
    marks = np.array([[4.0 + away, x] for x, away in places])
    matched, _ = match_points(search.candidates.positions_um[kept, 1:] / search.scale_factor, marks, 0.5)
    assert len(kept) == len(matched) == len(places)
