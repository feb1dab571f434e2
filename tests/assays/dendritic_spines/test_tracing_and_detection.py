"""The shaft's middle, what stands out from it, and which places are one spine."""

import numpy as np
import pytest
from scipy import ndimage

from ketaflow.assays.dendritic_spines.detection import (
    candidate_merging,
    candidate_search,
    multiscale,
    scorer,
)
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.assays.dendritic_spines.simulation import optics, scene
from ketaflow.assays.dendritic_spines.tracing import (
    image_properties,
    projection,
    ridges,
    shaft_profile,
    shaft_subtraction,
    tracer,
)
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.training import shipped_scorer

VOXEL_UM, SHAPE = np.array([0.3, 0.1, 0.1]), (14, 80, 160)
MIDDLE_UM = np.array([2.1, 4.0])
STRAIGHT = np.column_stack([np.full(281, 2.1), np.full(281, 4.0), np.linspace(-2, 18, 281)])


def pictured(*parts, photons=2000.0):
    """The projection, without background, of a straight shaft of radius 0.4 um and these balls."""
    shaft = scene.Spheres(STRAIGHT, np.full(len(STRAIGHT), 0.4), np.ones(len(STRAIGHT)))
    light = optics.blur(
        optics.rasterise(scene.Spheres.concatenate([shaft, *parts]), SHAPE, VOXEL_UM), VOXEL_UM, 0.3, 0.8
    )
    stack = optics.detect(light, photons=photons, background=2, read_noise=2, gain=12, offset=100, ceiling=65535,
                          rng=np.random.default_rng(0))  # fmt: skip
    lifted, _ = projection.subtract_background(stack)
    return lifted, projection.project(lifted, VOXEL_UM)


def ball(x_um, away_um, radius_um=0.3, brightness=1.0):
    centre = np.array([[MIDDLE_UM[0], MIDDLE_UM[1] + away_um, x_um]])
    return scene.Spheres(centre, np.array([radius_um]), np.array([brightness]))


def traced(lifted, picture):
    noise = image_properties.pixel_noise(picture[None], 1.0)
    return tracer.trace_dendrites(
        lifted, picture, VOXEL_UM, noise, min_dendrite_um=6.0, faintest_dendrite_ratio=0.35
    ), noise  # fmt: skip


def offered(*parts):
    lifted, picture = pictured(*parts)
    found, noise = traced(lifted, picture)
    made = candidate_search.find_candidates(picture, VOXEL_UM, found, noise, reach_um=3.0)
    return made, candidate_search.find_duplicates(picture, VOXEL_UM, found, made, 0.4), found.factor


def kept_of(made, same, factor, *marks_um):
    """How many of the candidates nearest to these marks (x, away) are different spines."""
    places = made.places_um[:, 1:] / factor
    nearest = [int(np.linalg.norm(places - [MIDDLE_UM[1] + away, x], axis=1).argmin()) for x, away in marks_um]
    among = np.isin(np.arange(len(made)), nearest)
    return len(same.suppress(np.ones(len(made)), among))


def test_a_line_beside_the_middle_is_brought_into_it_past_spines_on_one_side():
    spines = [ball(x, 0.9) for x in (3.0, 5.0, 7.0, 9.0, 11.0)]
    _, picture = pictured(*spines)
    beside = np.column_stack([np.full(141, 4.25), np.linspace(1, 15, 141)])
    middle = shaft_profile.centre_line(picture, beside, 0.1, 0.1, 0.9)
    assert np.abs(middle[:, 0] - 4.0).max() < 0.1


@pytest.mark.parametrize("pixel_um", [0.1, 0.2])
def test_the_ridges_of_noise_are_as_strong_as_expected(pixel_um):
    noise = np.random.default_rng(0).standard_normal((300, 300)).astype(np.float32)
    width_px = ridges.RIDGE_SIGMAS_UM[0] / pixel_um
    bent = width_px**2 * ndimage.gaussian_filter(noise, width_px, order=(2, 0))
    assert ridges.noise_ridge_strength(1.0, pixel_um) == pytest.approx(bent.std(), rel=0.1)


def test_a_shaft_that_crosses_the_image_is_as_long_as_the_image():
    found, _ = traced(*pictured(ball(5.0, 1.2), ball(9.0, -1.2)))
    assert sum(dendrite.length_um for dendrite in found.dendrites) == pytest.approx(SHAPE[2] * 0.1, rel=0.01)


def test_a_stubby_spine_without_a_peak_of_its_own_is_offered():
    made, _, factor = offered(ball(8.0, 0.55, 0.27))
    near = np.linalg.norm(made.places_um[:, 1:] / factor - [4.55, 8.0], axis=1)
    assert near.min() < 0.35


def test_a_bare_shaft_has_no_bulges():
    _, picture = pictured()
    line = np.column_stack([np.zeros(141), np.full(141, 4.0), np.linspace(1, 15, 141)])
    even = Dendrite(line, np.full(141, 0.4), np.full(141, float(picture[40, 80])))
    out = shaft_subtraction.residual(multiscale.blur(picture, 0.2, 0.1), 0.1, even)
    assert not len(shaft_subtraction.bulge_positions(out, even, 0.0))


def test_two_heads_with_dark_between_them_are_two_spines():
    made, same, factor = offered(ball(8.0, 1.2, 0.2), ball(8.7, 1.2, 0.2))
    assert kept_of(made, same, factor, (8.0, 1.2), (8.7, 1.2)) == 2


def test_two_places_on_one_wide_head_are_one_spine():
    lifted, picture = pictured(ball(8.0, 1.2, 0.5))
    found, noise = traced(lifted, picture)
    marks = np.array([[0, 5.2, 7.75], [0, 5.2, 8.25]])
    made = candidate_search.candidates_at(picture, VOXEL_UM, found, noise, marks)
    made.places_um = marks * found.factor
    assert len(candidate_search.find_duplicates(picture, VOXEL_UM, found, made, 0.4).pairs) == 1


def test_the_root_below_a_head_is_no_second_spine():
    made, same, factor = offered(ball(8.0, 1.5), ball(8.1, 0.6, 0.25))
    assert kept_of(made, same, factor, (8.0, 1.5), (8.1, 0.6)) == 1


def test_of_one_spine_the_best_place_is_kept_and_a_displaced_one_displaces_nothing():
    """A row of three, each one spine with the next: the middle one is the weakest but one of the ends."""
    same = candidate_merging.Duplicates(np.array([[0, 1], [1, 2]]), 3)
    assert list(same.suppress(np.array([0.9, 0.8, 0.7]), np.ones(3, bool))) == [0, 2]
    assert list(same.suppress(np.array([0.9, 0.95, 0.7]), np.ones(3, bool))) == [1]


def test_the_shipped_weights_are_of_the_features_and_layers_as_they_are():
    weights = scorer.shipped_weights()
    assert len(weights["mean"]) == len(weights["scale"]) == scorer.INPUT_WIDTH
    assert len(scorer.network_names(weights)) == shipped_scorer.NETWORKS
    for network in scorer.network_names(weights):
        shapes = [weights[f"{network}_{layer}_weight"].shape for layer in range(scorer.layer_count(weights, network))]
        assert shapes == [
            (scorer.INPUT_WIDTH, shipped_scorer.LAYERS[0]),
            shipped_scorer.LAYERS,
            (shipped_scorer.LAYERS[1], 1),
        ]


def test_the_shipped_weights_still_know_spines_in_fields_they_have_not_seen():
    """Features computed otherwise than when the network was trained would show here: few spines, or many others."""
    from ketaflow.assays.dendritic_spines.training import training_images

    rng = np.random.default_rng(1234)
    seen, label = zip(
        *(shipped_scorer.labelled_candidates(training_images.random_image(rng), rng) for _ in range(8)), strict=True
    )
    told = scorer.network_output(np.vstack(seen).astype(np.float32), scorer.shipped_weights())
    spine = np.concatenate(label)
    assert (told >= 0.5)[spine].mean() > 0.5
    assert (told >= 0.5)[~spine].mean() < 0.06
    assert told.mean() == pytest.approx(spine.mean(), rel=0.3)


def test_a_dendrite_is_found_with_all_its_spines_in_good_light():
    places = [(3.0, 1.3), (5.0, -1.3), (7.0, 1.0), (9.5, -1.5), (12.0, 1.2)]
    lifted, picture = pictured(*(ball(x, away) for x, away in places))
    found, noise = traced(lifted, picture)
    made = candidate_search.find_candidates(picture, VOXEL_UM, found, noise, reach_um=3.0)
    told = scorer.adjust_for_clear_image(
        scorer.score_candidates(made, scorer.shipped_weights()), made, stricter_when_clear=20, laxer_when_clear=8
    )
    kept = candidate_search.find_duplicates(picture, VOXEL_UM, found, made, 0.4).suppress(told, told >= 0.6)
    marks = np.array([[4.0 + away, x] for x, away in places])
    same, _ = match_points(made.places_um[kept, 1:] / found.factor, marks, 0.5)
    assert len(kept) == len(same) == len(places)
