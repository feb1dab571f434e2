"""Quantify: truth by construction, laws, and what is said where there is nothing to measure."""

import numpy as np
import pytest
from simulated_dendrites import record_of, truth, values

from ketaflow.assays.dendritic_spines import constants, quantify, simulate
from ketaflow.assays.dendritic_spines.simulation import optics, scene


def test_the_length_of_a_drawn_dendrite_is_found_within_five_percent(drawn):
    assert values(drawn["measured"])["dendrite_length_um"] == pytest.approx(16.0, rel=0.05)


def test_density_is_count_by_length(drawn):
    told = values(drawn["measured"])
    assert told["spine_count"] == len(drawn["measured"].tables["spines"])
    assert told["spine_density_per_um"] == pytest.approx(told["spine_count"] / told["dendrite_length_um"])


def test_class_densities_add_up_to_the_density(drawn):
    told = values(drawn["measured"])
    parts = [told[f"{name}_density_per_um"] for name in constants.CLASSES]
    assert sum(parts) == pytest.approx(told["spine_density_per_um"])


def test_the_sample_is_the_dendrite_of_the_cell(drawn):
    assert {entry["sample"] for entry in drawn["measured"].tables["measurements"]} == {"n1/d1"}


def test_a_blank_image_fails_with_a_reason_and_no_number(row, defaults):
    noise = np.random.default_rng(0).poisson(20, (10, 120, 120)).astype(np.uint16)
    measured = quantify.quantify(record_of(noise, row), **defaults["quantify"])
    assert all(entry["value"] is None for entry in measured.tables["measurements"])
    assert {entry["reason"] for entry in measured.tables["measurements"]} == {quantify.NO_DENDRITE}


@pytest.mark.parametrize("pixel_um", [0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("planes", [1, 8])
def test_noise_holds_no_dendrite_whatever_the_size_of_a_pixel(pixel_um, planes, row, defaults):
    noise = np.random.default_rng(1).poisson(20, (planes, 200, 200)).astype(np.uint16)
    measured = quantify.quantify(record_of(noise, row, pixel_um=pixel_um), **defaults["quantify"])
    assert {entry["reason"] for entry in measured.tables["measurements"]} == {quantify.NO_DENDRITE}


def test_a_smooth_shaft_has_density_zero_and_no_head_diameter(row, defaults):
    _, _, stack = simulate.draw_stack(truth(mushroom_count=0), 3)
    told = values(quantify.quantify(record_of(stack, row), **defaults["quantify"]))
    assert told["spine_density_per_um"] < 0.15
    if told["spine_count"] == 0:
        assert told["spine_head_diameter_um"] is None


def test_much_empty_image_around_a_dendrite_changes_nothing(row, defaults):
    _, _, stack = simulate.draw_stack(truth(mushroom_count=6), 3)
    cut_out = np.where(stack.max(0) > 220, stack, 0)
    cut = np.pad(cut_out, ((0, 0), (40, 40), (40, 40)))
    lost = np.pad(cut_out, ((0, 0), (500, 500), (450, 450)))
    near, far = (values(quantify.quantify(record_of(image, row), **defaults["quantify"])) for image in (cut, lost))
    assert far["dendrite_length_um"] == pytest.approx(near["dendrite_length_um"], rel=0.02)
    assert abs(far["spine_count"] - near["spine_count"]) <= 1


def test_an_image_rescaled_to_between_0_and_1_has_the_same_spines(row, defaults):
    """As deconvolution leaves it: real numbers, whose noise is no count."""
    _, _, stack = simulate.draw_stack(truth(mushroom_count=4, thin_count=6, photons=60.0), 5)
    counts, rescaled = (
        quantify.quantify(record_of(image, row), **defaults["quantify"])
        for image in (stack, (stack / 4095).astype(np.float32))
    )
    assert values(rescaled)["dendrite_length_um"] == pytest.approx(values(counts)["dendrite_length_um"], rel=1e-3)
    assert values(rescaled)["spine_count"] == values(counts)["spine_count"]
    assert rescaled.facts["noise"] * 4095 == pytest.approx(counts.facts["noise"], rel=0.01)


def test_a_cell_body_is_not_dendrite(row, defaults):
    """Three bare dendrites of 10.5 um or so leave a body 8 um wide in the middle of 30 um."""
    voxel_um, middle = np.array([0.4, 0.12, 0.12]), np.array([3.0, 15.0, 15.0])
    rng = np.random.default_rng(0)
    lines = [scene.random_centreline(middle, angle, 24, bend=0.02, tilt=0.0, rng=rng) for angle in (0.2, 2.3, 4.4)]
    parts = [scene.shaft_spheres(line, 0.45, 1.0, rng) for line in lines]
    parts.append(scene.Spheres(middle[None], np.array([4.0]), np.array([1.2])))
    light = optics.blur(
        optics.rasterise(scene.Spheres.concatenate(parts), (15, 250, 250), voxel_um), voxel_um, 0.3, 0.8
    )
    stack = optics.detect(light, photons=100, background=2, read_noise=2, gain=12, offset=100, ceiling=65535, rng=rng)
    told = values(quantify.quantify(record_of(stack, row, 0.12, 0.4), **defaults["quantify"]))
    outside = [(abs(line - middle) < 15)[:, 1:].all(1) & (np.linalg.norm(line - middle, axis=1) > 4) for line in lines]
    assert told["dendrite_length_um"] == pytest.approx(sum(part.sum() for part in outside) * scene.STEP_UM, rel=0.07)


@pytest.mark.parametrize("turn", ["mirror", "transpose", "half turn"])
def test_turning_the_image_keeps_the_count_and_the_length(drawn, row, defaults, turn):
    stack = drawn["stack"]
    turned = {"mirror": stack[:, :, ::-1], "transpose": stack.transpose(0, 2, 1), "half turn": stack[:, ::-1, ::-1]}
    before = values(drawn["measured"])
    after = values(quantify.quantify(record_of(np.ascontiguousarray(turned[turn]), row), **defaults["quantify"]))
    assert after["dendrite_length_um"] == pytest.approx(before["dendrite_length_um"], rel=0.02)
    assert abs(after["spine_count"] - before["spine_count"]) <= 1


def test_doubling_the_exposure_keeps_the_count(drawn, row, defaults):
    before = values(drawn["measured"])
    after = values(quantify.quantify(record_of(drawn["stack"] * 2, row), **defaults["quantify"]))
    assert abs(after["spine_count"] - before["spine_count"]) <= 1


def test_a_higher_threshold_never_adds_spines(drawn, defaults):
    counts = [
        values(quantify.quantify(drawn["recording"], **{**defaults["quantify"], "score_threshold": threshold}))
        ["spine_count"] for threshold in (0.2, 0.5, 0.8)
    ]  # fmt: skip
    assert counts == sorted(counts, reverse=True)


def test_the_classical_rule_needs_no_network(drawn, defaults):
    told = values(quantify.quantify(drawn["recording"], **{**defaults["quantify"], "scorer": "classical"}))
    assert told["spine_count"] is not None


def corrected(drawn, defaults, *rows):
    empty = {"spine": None, "x_px": None, "y_px": None, "z_px": None, "class": None}
    before = drawn["recording"]
    again = record_of(before.arrays["stack"], before.rows["dendritic_spines"][0],
                      dendritic_spines_corrections=[{**empty, **row} for row in rows])  # fmt: skip
    return quantify.quantify(again, **defaults["quantify"])


def test_a_dropped_spine_is_gone_and_the_others_keep_their_numbers(drawn, defaults):
    before = [spine["spine"] for spine in drawn["measured"].tables["spines"]]
    after = corrected(drawn, defaults, {"action": "drop", "spine": 2.0})
    assert [spine["spine"] for spine in after.tables["spines"]] == [number for number in before if number != 2]


def test_an_added_spine_is_measured_and_counted(drawn, defaults):
    after = corrected(drawn, defaults, {"action": "add", "x_px": 40.0, "y_px": 30.0, "class": "thin"})
    added = after.tables["spines"][-1]
    assert (added["x_px"], added["y_px"], added["class"], added["origin"]) == (40, 30, "thin", "added")
    assert values(after)["spine_count"] == values(drawn["measured"])["spine_count"] + 1


def test_a_spine_is_moved_and_named_anew(drawn, defaults):
    after = corrected(drawn, defaults, {"action": "move", "spine": 1.0, "x_px": 33.0, "y_px": 31.0},
                      {"action": "reclass", "spine": 1.0, "class": "filopodium"})  # fmt: skip
    moved = next(spine for spine in after.tables["spines"] if spine["spine"] == 1)
    assert (moved["x_px"], moved["class"], moved["origin"]) == (33, "filopodium", "moved")


def test_a_correction_that_fits_nothing_is_told(drawn, defaults):
    after = corrected(drawn, defaults, {"action": "drop", "spine": 99.0})
    assert after.facts["unmatched"] == ["drop, spine 99: there is no spine of that number"]
