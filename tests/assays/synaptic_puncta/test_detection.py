"""Puncta that were drawn are found, and nothing else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy import ndimage
from scipy.spatial import cKDTree

from ketaflow.assays.synaptic_puncta.detection import noise, spots, watershed
from ketaflow.assays.synaptic_puncta.quantify import find_puncta

FLAT = (0.1, 0.1)
WIDE = {"width_px": 512, "height_px": 512}


def f1(found, true, tolerance_px=2.5):
    """Harmonic mean of precision and recall, each punctum matched once, the closest first."""
    near = cKDTree(found).sparse_distance_matrix(cKDTree(true), tolerance_px, output_type="coo_matrix")
    rows, columns = set(), set()
    for index in np.argsort(near.data):
        if near.row[index] not in rows and near.col[index] not in columns:
            rows.add(near.row[index])
            columns.add(near.col[index])
    return 2 * len(rows) / (len(found) + len(true))


@pytest.mark.parametrize(("snr", "at_least"), [(6, 0.95), (3, 0.85)])
@pytest.mark.parametrize("sigma_um", [0.12, 0.16, 0.22])
def test_drawn_puncta_are_found_over_uneven_background(drawn_field, puncta_settings, snr, at_least, sigma_um):
    channel, truth = drawn_field(
        pre_alone=375, synapses=0, snr=snr, brightness_cv=0, sigma_um=sigma_um, unevenness=1.2, **WIDE
    )
    found = find_puncta(channel, FLAT, puncta_settings).puncta
    assert f1(found.positions_px, truth.pre_px[:, 1:]) >= at_least


def test_noise_alone_holds_hardly_a_punctum(puncta_settings):
    image = np.random.default_rng(3).normal(500, 20, (1024, 1024))
    assert len(find_puncta(image, FLAT, puncta_settings).puncta) <= 30


@pytest.mark.parametrize("shape", [(400, 400), (9, 200, 200)])
def test_the_noise_of_nothing_but_noise_is_its_standard_deviation(shape):
    image = np.random.default_rng(3).normal(500, 20, shape)
    filtered = spots.filter_spots(image, (1.5,) * len(shape), 4)
    background = noise.noise_of_background(filtered.spot, np.ones(shape, bool), 80)
    measured = noise.noise_of_minima(filtered.spot, filtered.fine, background).sd
    np.testing.assert_allclose(measured, filtered.spot.std(), rtol=0.1)


def test_a_dark_nucleus_does_not_raise_the_threshold_around_it(drawn_field, puncta_settings):
    words = {"snr": 6, "synapses": 0, "pre_alone": 150, "brightness_cv": 0}
    recall = []
    for nuclei in (0, 2):
        fields = [drawn_field(seed, nuclei=nuclei, **words) for seed in range(4)]
        found = sum(len(find_puncta(channel, FLAT, puncta_settings).puncta) for channel, _ in fields)
        recall.append(found / sum(len(truth.pre_px) for _, truth in fields))
    assert recall[1] > 0.93 * recall[0]


def test_gain_and_offset_of_the_camera_change_nothing(drawn_field, puncta_settings):
    channel, _ = drawn_field(snr=6, pre_alone=150)
    plain = find_puncta(channel, FLAT, puncta_settings).puncta
    other = find_puncta(channel.astype(float) * 3 + 1000, FLAT, puncta_settings).puncta
    np.testing.assert_allclose(other.positions_px, plain.positions_px, atol=1e-3)
    np.testing.assert_array_equal(other.area_px, plain.area_px)


def test_a_turned_image_has_the_same_puncta(drawn_field, puncta_settings):
    channel, _ = drawn_field(snr=8, pre_alone=150)
    plain = find_puncta(channel, FLAT, puncta_settings).puncta
    turned = find_puncta(np.rot90(channel), FLAT, puncta_settings).puncta
    assert abs(len(turned) - len(plain)) <= 2
    back = np.column_stack([turned.positions_px[:, 1], channel.shape[1] - 1 - turned.positions_px[:, 0]])
    assert f1(back, plain.positions_px, tolerance_px=0.5) > 0.98


def test_raising_the_threshold_never_adds_a_punctum(drawn_field, puncta_settings):
    channel, _ = drawn_field(snr=4)
    counts = [len(find_puncta(channel, FLAT, replace(puncta_settings, z_threshold=z)).puncta) for z in (3, 4, 5, 8, 12)]
    assert counts == sorted(counts, reverse=True)


def test_a_denser_field_does_not_raise_the_threshold_for_its_puncta(drawn_field, puncta_settings):
    faint = {"snr": 3, "brightness_cv": 0, "synapses": 0, **WIDE}
    few, many = (drawn_field(pre_alone=count, **faint) for count in (200, 800))
    recall = [
        len(find_puncta(channel, FLAT, puncta_settings).puncta) / len(truth.pre_px) for channel, truth in (few, many)
    ]
    assert recall[1] > 0.85 * recall[0]


def test_centre_and_size_of_a_lone_punctum_are_right(puncta_settings):
    y, x = np.mgrid[:96, :96]
    image = 1000 * np.exp(-((y - 40.3) ** 2 + (x - 52.6) ** 2) / (2 * 2.0**2))
    image += np.random.default_rng(0).normal(100, 3, image.shape)
    found = find_puncta(image, FLAT, puncta_settings).puncta
    assert len(found) == 1
    np.testing.assert_allclose(found.positions_px, [[40.3, 52.6]], atol=0.1)
    # Between the punctum's own size at a quarter of its height and that after the filter's blur.
    own, blurred = np.pi * 2 * np.log(4) * np.array([2.0**2, 2.0**2 + 1.5**2])
    assert own <= found.area_px[0] <= blurred


def test_a_clipped_black_background_is_not_full_of_puncta(drawn_field, puncta_settings):
    channel, truth = drawn_field(snr=10, synapses=0, pre_alone=60, background=60)
    clipped = np.clip(channel.astype(float) - np.quantile(channel, 0.8), 0, 255).astype(np.uint8)
    found = find_puncta(clipped, FLAT, puncta_settings).puncta
    assert len(found) <= 1.3 * len(truth.pre_px)


def test_a_plateau_and_its_edge_are_no_puncta(puncta_settings):
    image = np.full((200, 200), 200.0)
    image[60:140, 60:140] = 600
    image = ndimage.gaussian_filter(image, 2) + np.random.default_rng(0).normal(0, 15, image.shape)
    assert len(find_puncta(image, FLAT, puncta_settings).puncta) <= 6  # its four corners, and what noise adds


def test_puncta_of_a_stack_are_found_once_and_in_their_plane(drawn_field, puncta_settings):
    deep = {"planes": 9, "width_px": 128, "height_px": 128}
    channel, truth = drawn_field(synapses=0, pre_alone=40, snr=8, brightness_cv=0, **deep)
    found = find_puncta(channel, (0.3, 0.1, 0.1), puncta_settings).puncta
    assert f1(found.positions_px, truth.pre_px) > 0.9


def test_every_pixel_climbs_to_the_peak_of_its_area():
    image = np.array([[1, 2, 3, 2, 1, 4, 5]], dtype=float)
    assert watershed.peak_of_every_pixel(image).tolist() == [2, 2, 2, 2, 6, 6, 6]


def test_a_field_of_one_value_but_a_speck_does_not_break(puncta_settings):
    image = np.zeros((70, 70))
    image[30, 30] = 200
    assert len(find_puncta(image, FLAT, puncta_settings).puncta) == 1


def painted_as_found(puncta, painted):
    """Whether each painted pixel lies within the disc of a punctum's area."""
    radius_px = np.sqrt(puncta.area_px / np.pi)
    distance, nearest = cKDTree(puncta.positions_px).query(painted[["y_px", "x_px"]].to_numpy(), k=4)
    return (distance <= radius_px[nearest]).any(axis=1)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["Control_01_Homer", "Control_01_Bassoon"])
def test_what_a_person_painted_is_found_and_nothing_beside_it(shared, puncta_settings, name):
    folder = shared / "spine" / "synapse_puncta_culture"
    painted = pd.read_csv(folder / "human_pixels" / f"{name}.csv")
    found = find_puncta(tifffile.imread(folder / "images" / f"{name}.tif"), FLAT, puncta_settings).puncta
    inside, punctum = painted_as_found(found, painted), painted["label"].eq(1).to_numpy()
    assert (inside[punctum].mean() + 1 - inside[~punctum].mean()) / 2 >= 0.95


def test_specks_of_a_dark_area_beside_the_tissue_are_no_puncta(drawn_field, puncta_settings):
    channel, _ = drawn_field(pre_alone=375, synapses=0, snr=6, **WIDE)
    dark = np.s_[..., : WIDE["width_px"] // 3]
    channel = channel.copy()
    channel[dark] = np.random.default_rng(4).random(channel[dark].shape) < 0.05
    found = find_puncta(channel, FLAT, puncta_settings).puncta
    assert len(found) > 100
    assert (found.positions_px[:, -1] > WIDE["width_px"] // 3 - 4).all()
