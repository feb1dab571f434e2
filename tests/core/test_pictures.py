"""A reviewer's picture is small, holds what was recorded once, and its marks lie where the objects are."""

import base64
import re
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import pytest

from ketaflow.core.images import pictures
from ketaflow.core.images.pictures import Panel


def stored(svg):
    """Pictures stored in an SVG."""
    found = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", svg)
    return [imagecodecs.webp_decode(base64.b64decode(one)) for one in found]


def drawn(*panels, **options):
    options = {"label": "a field", "zoom": 2, "pixel_um": 0.5, "max_bytes": 20_000} | options
    return pictures.figure_svg(panels, **options)


@pytest.fixture(scope="module")
def picture():
    ramp = np.linspace(0, 1, 100, dtype=np.float32)
    return pictures.eight_bit(np.outer(ramp, ramp))


def test_a_picture_shown_twice_is_stored_once(picture):
    svg = drawn(Panel(picture), Panel(picture, "<circle/>"))
    ElementTree.fromstring(svg)
    assert len(stored(svg)) == 1
    assert np.abs(stored(svg)[0].astype(int) - picture).max() < 20


def test_a_picture_fits_into_its_bytes_where_a_quality_allows():
    noise = pictures.eight_bit(np.random.default_rng(0).random((200, 200)))
    large, small = (len(pictures.encoded(noise, limit)) for limit in (10**6, 15_000))
    assert large > 20_000
    assert small <= 15_000


def test_an_outline_follows_the_edge_of_the_pixels():
    mask = np.zeros((20, 20), bool)
    mask[5:10, 3:15] = True
    numbers = np.array(re.findall(r"[\d.]+", pictures.outlines(mask, scale=2)), float).reshape(-1, 2)
    assert numbers.min(0) == pytest.approx([6, 10], abs=0.1)
    assert numbers.max(0) == pytest.approx([30, 20], abs=0.1)
    assert pictures.outlines(np.zeros((4, 4), bool)) == ""


def test_a_circle_is_drawn_around_the_middle_of_a_pixel():
    assert 'cx="0.5" cy="3.5" r="2.0"' in pictures.circles([0], [3], [2])


def test_a_large_image_is_averaged():
    image = np.arange(64.0).reshape(8, 8)
    small, step = pictures.reduced(image, 3)
    assert step == 3
    assert small[0, 0] == image[:3, :3].mean()


@pytest.mark.parametrize(("pixel_um", "length"), [(0.5, 10), (0.05, 1), (2.0, 50)])
def test_the_scale_bar_is_as_long_as_it_says(picture, pixel_um, length):
    svg = drawn(Panel(picture), pixel_um=pixel_um)
    assert f"{length} µm" in svg
    bar = re.search(r'width="([\d.]+)" height="3"', svg)
    assert float(bar[1]) == pytest.approx(2 * length / pixel_um, rel=0.01)
