"""The background: an animal that keeps its place is removed from it, a mark on the cylinder is not."""

import numpy as np
import pytest
from skimage.draw import ellipse

from ketaflow.assays.forced_swim.model import SwimRow
from ketaflow.assays.forced_swim.tracking import background, cylinder_detection, scene, video_tracking

HEIGHT, WIDTH, PICTURES = 160, 120, 30


def seen_in_cylinder(bodies, sign):
    """Pictures (n, height, width) of a cylinder in which bodies are drawn, each as one ellipse a picture."""
    pictures = np.full((PICTURES, HEIGHT, WIDTH), 128, np.uint8)
    for body in bodies:
        for picture, (y, x, high, wide) in zip(pictures, body, strict=True):
            picture[ellipse(y, x, high, wide, shape=picture.shape)] = 128 - 70 * sign
    return scene.key_frames(list(pictures), "swim.mp4")


def empty_scene(seen, sign):
    """The empty scene of that cylinder, which fills the picture."""
    cylinder = scene.Cylinder(left=0, right=WIDTH - 1, top=0, bottom=HEIGHT, water_left=60, water_right=60)
    return background.estimate_background(seen, sign, [cylinder]).background


@pytest.mark.parametrize("count", [1, 2, 3, 36, 80])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_values_are_sorted_over_the_frames(count, kind):
    levels = np.random.default_rng(count).integers(0, 40, (count, 5, 7)).astype(kind)
    np.testing.assert_array_equal(scene.sorted_over_frames(levels), np.sort(levels, axis=0))


@pytest.mark.parametrize("sign", [1, -1])
def test_an_animal_that_only_turns_is_removed_from_the_background(sign):
    lying, upright = (60, 50, 12, 25), (60, 50, 25, 12)
    seen = seen_in_cylinder([[lying, upright] * (PICTURES // 2)], sign)
    np.testing.assert_allclose(empty_scene(seen, sign), 128, atol=3)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sticker_on_the_glass_remains_in_the_background(sign):
    sticker = [(30, 60, 10, 10)] * PICTURES
    swimming = [(100, 25 + 70 * (number % 10) / 9, 12, 20) for number in range(PICTURES)]
    empty = empty_scene(seen_in_cylinder([sticker, swimming], sign), sign)
    np.testing.assert_allclose(empty[25:35, 55:65], 128 - 70 * sign, atol=3)
    np.testing.assert_allclose(empty[80:120], 128, atol=3)


def test_the_back_of_a_floating_animal_is_not_taken_for_the_water_line():
    pictures = np.full((PICTURES, HEIGHT, WIDTH), 190, np.uint8)
    pictures[:, 60:, 20:101], pictures[:, 20:, [20, 100]] = 160, 90
    for number, picture in enumerate(pictures):
        around = (66, 60, 12, 33) if number % 10 else (66, 60, 33, 12)
        picture[ellipse(*around, shape=picture.shape, rotation=np.radians(25))] = 50
    seen = scene.key_frames(list(pictures), "swim.mp4")
    found = cylinder_detection.find_cylinders(seen, "swim.mp4", 1)
    empty = background.estimate_background(seen, 1, found).background
    (one,) = video_tracking.refined_cylinders(
        dict(enumerate(found, start=1)), [SwimRow("s1", "a1", "", 1)], empty
    ).values()
    np.testing.assert_allclose([one.water_left, one.water_right], 59.5, atol=1.5)
    assert np.abs(np.array([found[0].water_left, found[0].water_right]) - 59.5).max() > 3


def test_an_animal_that_bobs_in_place_leaves_no_rim_in_the_background():
    rng = np.random.default_rng(4)
    places = [(60 + rng.uniform(-2, 2), 50 if number % 8 else 90, 12, 20) for number in range(PICTURES)]
    empty = empty_scene(seen_in_cylinder([places], 1), 1)
    np.testing.assert_allclose(empty[35:90, 15:], 128, atol=3)


def three_cylinders(middles):
    """Pictures of three cylinders with an animal in each that swims around these places (columns)."""
    pictures = np.full((PICTURES, HEIGHT, 3 * WIDTH), 190, np.uint8)
    for number, left in enumerate((10, 130, 250)):
        pictures[:, 60:, left : left + 100] = 160
        pictures[:, 20:, [left, left + 100]] = 90
        for step, picture in enumerate(pictures):
            own = middles[number]
            x = left + own[step % len(own)] + 3 * (step % 5)
            picture[ellipse(70, x, 10, 12, shape=picture.shape)] = 50
    return scene.key_frames(list(pictures), "swim.mp4")


def test_an_animal_seen_in_two_places_alone_is_one_if_the_table_has_three_cylinders():
    seen = three_cylinders([(40,), (18, 70), (40,)])
    seen.frames[:, :, 180] = seen.sorted_levels[:, :, 180] = 90
    found = cylinder_detection.find_cylinders(seen, "swim.mp4", 3)
    assert len(found) == 3
    np.testing.assert_allclose([found[1].left, found[1].right], (130, 230), atol=3)
    assert len(cylinder_detection.find_cylinders(seen, "swim.mp4", 4)) == 4


def test_a_background_of_which_hardly_anything_is_known_stays_as_it_is():
    hidden = np.random.default_rng(1).random((120, 80)) < 0.98
    here = np.full(hidden.shape, 128, np.float32)
    np.testing.assert_array_equal(background.inpainted(here, hidden), here)
