"""Shape: the diameter of a head under any blur, and the class of a spine from its size."""

import numpy as np
import pytest
from simulated_dendrites import QUANTIFY

from ketaflow.assays.dendritic_spines.constants import CLASSES
from ketaflow.assays.dendritic_spines.detection.shape import Shapes, sphere_diameter_um
from ketaflow.assays.dendritic_spines.detection.spine_class import class_probabilities
from ketaflow.assays.dendritic_spines.simulation import optics, scene


def probabilities(length_um: list[float], head_um: list[float], neck_um: list[float]) -> np.ndarray:
    nothing = np.zeros(len(length_um))
    shapes = Shapes(np.array(head_um), np.array(length_um), np.array(neck_um), nothing, nothing > 0)
    return class_probabilities(shapes, QUANTIFY)


@pytest.mark.parametrize(
    ("length_um", "head_um", "neck_um", "name"),
    [
        (1.4, 0.8, 0.6, "mushroom"),
        (1.5, 0.9, 0.0, "mushroom"),  # its neck is hidden in the light of the shaft
        (1.2, 0.3, 0.8, "thin"),
        (0.5, 0.6, 0.0, "stubby"),
        (3.0, 0.2, 2.5, "filopodium"),
    ],
)
def test_a_typical_spine_gets_its_class(length_um, head_um, neck_um, name):
    (found,) = probabilities([length_um], [head_um], [neck_um])
    assert CLASSES[int(np.argmax(found))] == name
    assert found.max() > 0.8


def test_class_probabilities_add_up_to_one_and_are_even_at_the_edge():
    found = probabilities([1.2, 0.1, 5], [0.6, 0.9, 0.9], [0.9, 0, 0.2])
    np.testing.assert_allclose(found.sum(1), 1)
    assert found[0, 0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("fwhm_um", [0.2, 0.3, 0.45])
@pytest.mark.parametrize("diameter_um", [0.25, 0.4, 0.6, 0.9])
def test_a_sphere_is_as_wide_as_simulated_under_any_blur(diameter_um, fwhm_um):
    voxel_um = np.full(3, 0.05)
    one = scene.Spheres(np.full((1, 3), 2.0), np.array([diameter_um / 2]), np.ones(1))
    light = optics.blur(optics.rasterise(one, (80, 80, 80), voxel_um), voxel_um, fwhm_um, 2.7 * fwhm_um)
    profile = light.max(0)[40, 40:]
    width_um = 2 * np.interp(-profile[0] / 2, -profile, np.arange(40) * 0.05)
    assert sphere_diameter_um(np.array([width_um]), fwhm_um)[0] == pytest.approx(diameter_um, rel=0.1)


def test_a_head_no_wider_than_the_blur_has_no_diameter_and_a_far_wider_one_keeps_its_own():
    np.testing.assert_allclose(sphere_diameter_um(np.array([0.2, 0.3]), 0.3), 0)
    wide = sphere_diameter_um(np.array([3.0]), 0.1)[0]
    assert wide == pytest.approx(sphere_diameter_um(np.array([3.0]), 0.0)[0])
    assert wide == pytest.approx(3.0 * 2 / np.sqrt(3), rel=0.1)
