"""Nuclei and vessels are no tissue; a darker corner is."""

import numpy as np
import pytest

from ketaflow.assays.synaptic_puncta.detection.tissue_mask import tissue_map
from ketaflow.assays.synaptic_puncta.model import TissueSettings

SIZES = {"pixel_size_um": 0.1, "settings": TissueSettings(hole_diameter_um=4.0, hole_contrast=0.5, mask_margin_um=1.0)}


def field(rng, hole_radius_um=None, size=400, slope=0.0):
    y, x = np.mgrid[:size, :size]
    light = 300 * (1 + slope * (x / size - 0.5))
    inside = np.zeros((size, size), bool)
    if hole_radius_um:
        inside = (y - 150) ** 2 + (x - 240) ** 2 < (hole_radius_um / 0.1) ** 2
    image = np.where(inside, 0.4, 1) * light + rng.normal(0, 18, (size, size))
    places = rng.uniform(0, size, (500, 2))
    places = places[~inside[tuple(places.astype(int).T)]]
    return image, places * 0.1, inside


@pytest.mark.parametrize("radius_um", [2.5, 4, 7])
def test_a_nucleus_is_left_out_of_the_area(radius_um):
    rng = np.random.default_rng(0)
    image, places, inside = field(rng, radius_um)
    mask = tissue_map([image, image], [places, places], **SIZES).mask
    assert 1 - mask.mean() == pytest.approx(inside.mean(), rel=0.25)


@pytest.mark.parametrize("slope", [0.0, 0.8, 1.6])
def test_a_darker_side_stays_tissue(slope):
    image, places, _ = field(np.random.default_rng(1), slope=slope)
    mask = tissue_map([image, image], [places, places], **SIZES).mask
    assert mask.all()


def test_a_dark_place_full_of_puncta_is_tissue():
    rng = np.random.default_rng(2)
    image, places, _ = field(rng, 4)
    there = rng.normal((15, 24), 1.5, (60, 2))
    mask = tissue_map([image, image], [np.concatenate([places, there]), places], **SIZES).mask
    assert mask.all()


def test_a_place_dark_in_one_channel_only_is_tissue():
    rng = np.random.default_rng(3)
    with_hole, places, _ = field(rng, 4)
    without, _, _ = field(rng)
    mask = tissue_map([with_hole, without], [places, places], **SIZES).mask
    assert mask.all()
