"""Quantify: truth by construction, laws, and reasons where there is nothing to measure."""

from dataclasses import replace

import numpy as np
import pytest
from simulated_dendrites import QUANTIFY, corrections, detector, image_of, truth, values

from ketaflow.assays.dendritic_spines import quantify, simulate
from ketaflow.assays.dendritic_spines.constants import CLASSES
from ketaflow.assays.dendritic_spines.detection import candidate_search
from ketaflow.assays.dendritic_spines.model import Measured, spine_rows
from ketaflow.assays.dendritic_spines.simulation import constants, optics, scene
from ketaflow.core.inputs import Rows


def measured(stack: np.ndarray, rows: Rows | None = None, **changed) -> Measured:
    return quantify.quantify(image_of(stack, **changed), QUANTIFY, rows=rows or Rows())


def test_the_length_of_a_simulated_dendrite_is_found_within_five_percent(run):
    assert values(run.measured)["dendrite_length_um"] == pytest.approx(16.0, rel=0.05)


def test_density_is_count_by_length(run):
    found = values(run.measured)
    assert found["spine_count"] == len(run.measured.spines)
    assert found["spine_density_per_um"] == pytest.approx(found["spine_count"] / found["dendrite_length_um"])


def test_class_densities_add_up_to_the_density(run):
    found = values(run.measured)
    parts = [found[f"{name}_density_per_um"] for name in CLASSES]
    assert sum(parts) == pytest.approx(found["spine_density_per_um"])


def test_every_measure_is_of_the_dendrite_of_the_cell(run):
    assert {(one.animal, one.region, one.sample) for one in run.measured.measurements} == {
        ("mouse-107", "mPFC", "n1/d1")
    }


def test_a_blank_image_fails_with_a_reason_and_no_number():
    noise = np.random.default_rng(0).poisson(20, (10, 120, 120)).astype(np.uint16)
    found = measured(noise)
    assert {(one.value, one.reason) for one in found.measurements} == {(None, quantify.NO_DENDRITE)}
    assert len(found.spines) == len(found.dendrites) == 0


@pytest.mark.parametrize("pixel_um", [0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("planes", [1, 8])
def test_noise_holds_no_dendrite_for_any_size_of_a_pixel(pixel_um, planes):
    noise = np.random.default_rng(1).poisson(20, (planes, 200, 200)).astype(np.uint16)
    assert {one.reason for one in measured(noise, pixel_size_um=pixel_um).measurements} == {quantify.NO_DENDRITE}


def test_a_smooth_shaft_has_density_zero_and_no_head_diameter():
    found = values(measured(simulate.simulate_stack(truth(mushroom_count=0), 3).stack))
    assert found["spine_density_per_um"] < 0.15
    if found["spine_count"] == 0:
        assert found["spine_head_diameter_um"] is None


def test_empty_image_around_a_dendrite_changes_nothing():
    stack = simulate.simulate_stack(truth(mushroom_count=6), 3).stack
    cut_out = np.where(stack.max(0) > 220, stack, 0)
    small = np.pad(cut_out, ((0, 0), (40, 40), (40, 40)))
    large = np.pad(cut_out, ((0, 0), (500, 500), (450, 450)))
    near, far = (values(measured(image)) for image in (small, large))
    assert far["dendrite_length_um"] == pytest.approx(near["dendrite_length_um"], rel=0.02)
    assert abs(far["spine_count"] - near["spine_count"]) <= 1


def test_an_image_rescaled_to_between_0_and_1_has_the_same_spines():
    """As deconvolution leaves it: real numbers, whose noise is no count."""
    stack = simulate.simulate_stack(truth(mushroom_count=4, thin_count=6, photons=60.0), 5).stack
    counts, rescaled = (measured(image) for image in (stack, (stack / 4095).astype(np.float32)))
    assert values(rescaled)["dendrite_length_um"] == pytest.approx(values(counts)["dendrite_length_um"], rel=1e-3)
    assert values(rescaled)["spine_count"] == values(counts)["spine_count"]
    assert rescaled.noise * 4095 == pytest.approx(counts.noise, rel=0.01)


def test_a_cell_body_is_no_dendrite():
    """Three bare dendrites of about 10.5 um leave a body 8 um wide in the middle of 30 um."""
    voxel_um, middle = np.array([0.4, 0.12, 0.12]), np.array([3.0, 15.0, 15.0])
    rng = np.random.default_rng(0)
    lines = [scene.random_centreline(middle, angle, 24, bend=0.02, tilt=0.0, rng=rng) for angle in (0.2, 2.3, 4.4)]
    parts = [scene.shaft_spheres(line, 0.45, 1.0, rng) for line in lines]
    parts.append(scene.Spheres(middle[None], np.array([4.0]), np.array([1.2])))
    light = optics.rasterise(scene.Spheres.concatenate(parts), (15, 250, 250), voxel_um)
    stack = optics.detect(optics.blur(light, voxel_um, 0.3, 0.8), detector(100), rng)
    found = values(measured(stack, pixel_size_um=0.12, z_step_um=0.4))
    outside = [(abs(line - middle) < 15)[:, 1:].all(1) & (np.linalg.norm(line - middle, axis=1) > 4) for line in lines]
    expected = sum(part.sum() for part in outside) * constants.STEP_UM
    assert found["dendrite_length_um"] == pytest.approx(expected, rel=0.07)


@pytest.mark.parametrize("turn", ["mirror", "transpose", "half turn"])
def test_turning_the_image_keeps_the_count_and_the_length(run, turn):
    stack = run.stack
    turned = {"mirror": stack[:, :, ::-1], "transpose": stack.transpose(0, 2, 1), "half turn": stack[:, ::-1, ::-1]}
    before, after = values(run.measured), values(measured(np.ascontiguousarray(turned[turn])))
    assert after["dendrite_length_um"] == pytest.approx(before["dendrite_length_um"], rel=0.02)
    assert abs(after["spine_count"] - before["spine_count"]) <= 1


def test_doubling_the_exposure_keeps_the_count(run):
    assert abs(values(measured(run.stack * 2))["spine_count"] - values(run.measured)["spine_count"]) <= 1


def test_a_higher_threshold_never_adds_spines(run):
    counts = [
        values(quantify.quantify(run.image, replace(QUANTIFY, score_threshold=threshold), rows=Rows()))["spine_count"]
        for threshold in (0.2, 0.5, 0.8)
    ]
    assert counts == sorted(counts, reverse=True)


def test_in_tissue_no_spine_below_the_limit_of_detection_is_counted(run, monkeypatch):
    monkeypatch.setattr(candidate_search, "clearness", lambda candidates: 0.0)
    monkeypatch.setattr(candidate_search.constants, "DETECTION_LIMIT", 1e9)
    assert values(quantify.quantify(run.image, QUANTIFY, rows=Rows()))["spine_count"] == 0


def test_the_classical_rule_needs_no_network(run):
    found = values(quantify.quantify(run.image, replace(QUANTIFY, scorer="classical"), rows=Rows()))
    assert found["spine_count"] is not None


def corrected(run, *rows: dict) -> Measured:
    return quantify.quantify(run.image, QUANTIFY, rows=corrections(*rows))


def test_a_dropped_spine_is_gone_and_the_others_keep_their_numbers(run):
    after = corrected(run, {"action": "drop", "spine": 2.0})
    assert list(after.spines["spine"]) == [number for number in run.measured.spines["spine"] if number != 2]


def test_an_added_spine_is_measured_and_counted(run):
    after = corrected(run, {"action": "add", "x_px": 40.0, "y_px": 30.0, "class": "thin"})
    added = spine_rows(after.spines)[-1]
    assert (added.x_px, added.y_px, added.spine_class, added.origin) == (40, 30, "thin", "added")
    assert values(after)["spine_count"] == values(run.measured)["spine_count"] + 1


def test_a_spine_is_moved_and_reclassified(run):
    after = corrected(run, {"action": "move", "spine": 1.0, "x_px": 33.0, "y_px": 31.0},
                      {"action": "reclass", "spine": 1.0, "class": "filopodium"})  # fmt: skip
    moved = next(spine for spine in spine_rows(after.spines) if spine.spine == 1)
    assert (moved.x_px, moved.spine_class, moved.origin) == (33, "filopodium", "moved")


def test_a_correction_that_applies_to_no_spine_is_reported(run):
    after = corrected(run, {"action": "drop", "spine": 99.0})
    assert after.unmatched_corrections == ["drop, spine 99: there is no spine of that number"]
