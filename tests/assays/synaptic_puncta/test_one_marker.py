"""One marker alone: its density, area and intensity, within a region, a mask, and against a secondary-only image."""

import numpy as np
import pytest
import tifffile
from roifile import ROI_TYPE, ImagejRoi

from ketaflow.core.errors import IngestError

SIDE = 400
SIGMA_PX = 1.6
HEIGHT = 300.0
LEVEL = 400.0


def pixels(count, rng, height=HEIGHT, where=(0, SIDE)):
    """Puncta of one height at least 8 pixels apart, in a band of rows, over a level with noise."""
    places = []
    while len(places) < count:
        place = rng.uniform((where[0] + 8, 8), (where[1] - 8, SIDE - 8))
        if all(np.hypot(*(place - other)) > 8 for other in places):
            places.append(place)
    y, x = np.mgrid[:SIDE, :SIDE]
    image = np.full((SIDE, SIDE), LEVEL)
    for top, left in places:
        image += height * np.exp(-((y - top) ** 2 + (x - left) ** 2) / (2 * SIGMA_PX**2))
    return np.rint(image + rng.normal(0, 25, image.shape)).astype(np.uint16)


def write(path, image):
    tifffile.imwrite(path, image, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1})


@pytest.fixture
def run(tmp_path, row, run_stages):
    """Run the stages over one marker; ``image`` is the field, and cells are added to its row."""

    def made(image, *more_rows, **cells):
        write(tmp_path / "a.ome.tif", image)
        one = {"pre_marker": "PSD95", "post_marker": None, "image": "a.ome.tif", **cells}
        plain = {"pre_marker": "PSD95", "post_marker": None}
        return run_stages([row(**one), *(row(**{**plain, **more}) for more in more_rows)], tmp_path)

    return made


def values(run):
    return {one.measure: one.value for one in run.measured.measurements}


def test_density_area_and_light_of_drawn_puncta(run):
    found = run(pixels(200, np.random.default_rng(0)))
    value = values(found)
    assert set(value) == {
        "puncta_density_per_um2", "mean_punctum_area_um2", "mean_punctum_intensity", "integrated_intensity",
    }  # fmt: skip
    assert value["puncta_density_per_um2"] == pytest.approx(200 / 1600, rel=0.03)
    # Down to a quarter of its height a punctum holds about 85 % of its light.
    light = HEIGHT * 2 * np.pi * SIGMA_PX**2
    assert value["integrated_intensity"] == pytest.approx(0.85 * light, rel=0.05)
    area_px = value["mean_punctum_area_um2"] / 0.01
    assert value["mean_punctum_intensity"] == pytest.approx(value["integrated_intensity"] / area_px, rel=0.02)
    assert {one.analyte for one in found.measured.measurements} == {"PSD95"}
    assert set(found.measured.puncta["channel"]) == {"pre"}
    checks = {"pixel size", "saturation", "black level", "tissue", "puncta"}
    assert {one.check for one in found.checked.checks} == checks
    assert len(found.checked.figures["a.ome.tif"]) == 2


def test_twice_the_light_gives_twice_the_intensity_and_the_same_density(run):
    dim, bright = (values(run(pixels(150, np.random.default_rng(1), height))) for height in (200, 400))
    assert bright["integrated_intensity"] / dim["integrated_intensity"] == pytest.approx(2, rel=0.08)
    assert bright["puncta_density_per_um2"] == pytest.approx(dim["puncta_density_per_um2"], rel=0.03)


def roi(path, top, bottom):
    region = ImagejRoi()
    region.roitype, region.top, region.bottom, region.left, region.right = ROI_TYPE.RECT, top, bottom, 0, SIDE
    region.tofile(path)


def test_a_region_limits_puncta_and_area(run, tmp_path):
    roi(tmp_path / "layer.roi", 0, 150)
    found = run(pixels(100, np.random.default_rng(2), where=(0, 150)), roi="layer.roi")
    marker = found.measured.markers[0]
    assert marker.tissue_um2 == pytest.approx(15 * 40, rel=0.01)
    assert marker.puncta_density_per_um2 == pytest.approx(100 / 600, rel=0.03)
    assert not any(one.verdict == "warn" for one in found.checked.checks)


def test_two_regions_of_one_image_are_two_fields(run, tmp_path):
    roi(tmp_path / "upper.roi", 0, 200)
    roi(tmp_path / "lower.roi", 200, 400)
    image = pixels(150, np.random.default_rng(3), where=(0, 200))
    found = run(image, {"image": "a.ome.tif", "roi": "lower.roi", "region": "L5"}, roi="upper.roi", region="L2")
    by_region = {one.region: one.puncta for one in found.measured.markers}
    assert by_region["L2"] == pytest.approx(150, rel=0.03)
    assert by_region["L5"] <= 3


@pytest.mark.parametrize("is_binary", [True, False])
def test_a_mask_limits_puncta_and_area(run, tmp_path, is_binary):
    mask = np.zeros((SIDE, SIDE), np.uint16)
    mask[:, 100:200] = 255 if is_binary else 900
    if not is_binary:
        mask += np.random.default_rng(5).integers(100, 200, mask.shape).astype(np.uint16)
    write(tmp_path / "map2.tif", mask)
    found = run(pixels(300, np.random.default_rng(4)), mask_image="map2.tif")
    marker = found.measured.markers[0]
    # A stained channel is widened by the margin of 1 um on both sides; a black and white mask is used as it is.
    width_um = 10 if is_binary else 12
    assert marker.tissue_um2 == pytest.approx(width_um * 40, rel=0.06)
    assert marker.puncta_density_per_um2 == pytest.approx(300 / 1600, rel=0.25)


def test_a_mask_of_another_size_is_refused(run, tmp_path):
    write(tmp_path / "map2.tif", np.eye(100, dtype=np.uint16))
    with pytest.raises(IngestError, match="the mask is 100 x 100"):
        run(pixels(10, np.random.default_rng(0)), mask_image="map2.tif")


def test_a_secondary_only_image_gives_the_background(run, tmp_path):
    rng = np.random.default_rng(6)
    write(tmp_path / "second.tif", pixels(40, rng))
    found = run(pixels(200, rng), {"image": "second.tif", "secondary_only": True})
    assert len(found.measured.sections) == 1
    light = 160 * HEIGHT * 2 * np.pi * SIGMA_PX**2 / SIDE**2
    assert values(found)["mean_intensity"] == pytest.approx(light, rel=0.1)
    (one,) = [one for one in found.checked.checks if one.check == "secondary only"]
    assert one.value == pytest.approx(20, rel=0.1)
    assert one.verdict == "warn"


def test_a_control_that_cannot_be_read_is_reported_and_stops_nothing(run, tmp_path):
    (tmp_path / "second.tif").write_bytes(b"II*\0")
    found = run(pixels(100, np.random.default_rng(7)), {"image": "second.tif", "secondary_only": True})
    assert "mean_intensity" not in values(found)
    assert any(one.verdict == "warn" and "secondary-only image" in one.message for one in found.checked.checks)


def test_one_marker_in_a_file_with_several_channels_must_be_named(run_stages, tmp_path, row):
    stack = np.stack([pixels(5, np.random.default_rng(0))] * 2)
    metadata = {"axes": "CYX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1}
    tifffile.imwrite(tmp_path / "b.ome.tif", stack, ome=True, photometric="minisblack", metadata=metadata)
    with pytest.raises(IngestError, match="holds 2 channels"):
        run_stages([row(image="b.ome.tif", pre_marker="PSD95", post_marker=None)], tmp_path)


def test_a_field_without_puncta_has_no_area_and_says_why(run):
    found = run(np.random.default_rng(0).normal(LEVEL, 25, (64, 64)).astype(np.uint16))
    empty = {one.measure: one.reason for one in found.measured.measurements if one.value is None}
    assert empty == dict.fromkeys(
        ["mean_punctum_area_um2", "mean_punctum_intensity", "integrated_intensity"], "no punctum was found"
    )
