"""Images are read with their scale and region, or refused with a message."""

import imagecodecs
import numpy as np
import pytest
import tifffile
from roifile import ImagejRoi

from ketaflow.assays.stained_cells.ingest import ingest
from ketaflow.assays.stained_cells.model import IngestSettings
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows

GREY = np.random.default_rng(0).integers(0, 4000, (60, 80)).astype(np.uint16)
COLOUR = np.random.default_rng(1).integers(0, 255, (60, 80, 3)).astype(np.uint8)


def read(folder, *rows):
    return ingest(Rows({"stained_cells": list(rows)}), folder, IngestSettings()).fields


def two_channels(path, names):
    metadata = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "Channel": {"Name": names}}
    tifffile.imwrite(path, np.stack([GREY, GREY + 1]), ome=True, photometric="minisblack", metadata=metadata)


def test_a_channel_is_found_by_number_by_name_or_by_marker(tmp_path, row):
    two_channels(tmp_path / "a.ome.tif", ["DAPI", "c-Fos"])
    for words in ({"channel": "2"}, {"channel": "c-Fos"}, {}):
        field = read(tmp_path, row(image="a.ome.tif", **words))[0]
        np.testing.assert_array_equal(field.pixels, GREY + 1)
        assert (field.pixel_size_um, field.scale_source) == (0.5, "OME")


def test_exposure_is_read_from_the_file(tmp_path, row):
    plane = {"ExposureTime": [20.0], "ExposureTimeUnit": ["ms"]}
    metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "Plane": plane}
    tifffile.imwrite(tmp_path / "a.ome.tif", GREY, ome=True, photometric="minisblack", metadata=metadata)
    assert read(tmp_path, row(image="a.ome.tif"))[0].exposure_ms == pytest.approx(20)


def test_a_channel_that_is_not_clear_is_asked_for(tmp_path, row):
    two_channels(tmp_path / "a.ome.tif", ["DAPI", "FITC"])
    with pytest.raises(IngestError, match="DAPI, FITC"):
        read(tmp_path, row(image="a.ome.tif"))


@pytest.mark.parametrize("kind", ["tif", "png"])
def test_a_dab_image_is_read_in_colour(tmp_path, row, kind):
    if kind == "tif":
        tifffile.imwrite(tmp_path / "a.tif", COLOUR, photometric="rgb")
    else:
        (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(COLOUR))
    field = read(tmp_path, row(image=f"a.{kind}", stain="dab", pixel_size_um=0.5))[0]
    np.testing.assert_array_equal(field.pixels, COLOUR)
    assert field.saturation_level == 255


def test_a_grey_dab_image_is_refused(tmp_path, row):
    tifffile.imwrite(tmp_path / "a.tif", GREY)
    with pytest.raises(IngestError, match=r"a\.tif.*an image in colour"):
        read(tmp_path, row(image="a.tif", stain="dab", pixel_size_um=0.5))


def test_an_image_without_a_scale_is_refused(tmp_path, row):
    tifffile.imwrite(tmp_path / "a.tif", GREY)
    with pytest.raises(IngestError, match="pixel_size_um"):
        read(tmp_path, row(image="a.tif"))


def test_a_stack_is_projected_even_if_the_file_gives_no_step(tmp_path, row):
    stack = np.stack([GREY, GREY // 2])
    tifffile.imwrite(tmp_path / "z.ome.tif", stack, ome=True, metadata={"axes": "ZYX"}, photometric="minisblack")
    field = read(tmp_path, row(image="z.ome.tif", pixel_size_um=0.5))[0]
    np.testing.assert_array_equal(field.pixels, GREY)
    assert field.planes == 2


def test_regions_of_one_image_are_fields_of_one_recording(tmp_path, row):
    tifffile.imwrite(tmp_path / "a.tif", GREY)
    for name, left in (("upper", 0), ("lower", 40)):
        corners = [[left, 0], [left + 40, 0], [left + 40, 60], [left, 60]]
        (tmp_path / f"{name}.roi").write_bytes(ImagejRoi.frompoints(corners).tobytes())
    rows = [row(image="a.tif", pixel_size_um=0.5, region=name, roi=f"{name}.roi") for name in ("upper", "lower")]
    upper, lower = read(tmp_path, *rows)
    assert upper.roi.sum() == lower.roi.sum() == 2400
    assert not (upper.roi & lower.roi).any()
    assert upper.recording == lower.recording == "a.tif"
    assert upper.area_mm2 == pytest.approx(2400 * 0.25 / 1e6)


def test_a_region_of_another_image_is_refused(tmp_path, row):
    tifffile.imwrite(tmp_path / "a.tif", GREY)
    (tmp_path / "far.roi").write_bytes(ImagejRoi.frompoints([[900, 900], [990, 900], [990, 990]]).tobytes())
    with pytest.raises(IngestError, match="outside the image"):
        read(tmp_path, row(image="a.tif", pixel_size_um=0.5, roi="far.roi"))
