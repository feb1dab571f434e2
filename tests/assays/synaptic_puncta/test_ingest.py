"""Two channels of one field are read at one scale, or refused with a message."""

import numpy as np
import pytest
import tifffile

from ketaflow.assays.synaptic_puncta.ingest import ingest
from ketaflow.assays.synaptic_puncta.model import IngestSettings
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows

PRE = np.random.default_rng(0).integers(0, 4000, (60, 80)).astype(np.uint16)
POST = np.random.default_rng(1).integers(0, 4000, (60, 80)).astype(np.uint16)


def two_channels(path, pixels=(PRE, POST), names=("VGluT1", "PSD95"), size_um=0.1):
    metadata = {"axes": "CYX", "PhysicalSizeX": size_um, "PhysicalSizeY": size_um, "Channel": {"Name": list(names)}}
    tifffile.imwrite(path, np.stack(pixels), ome=True, photometric="minisblack", metadata=metadata)


def plain(path, pixels):
    tifffile.imwrite(path, pixels)


def read(row, folder):
    return ingest(Rows({"synaptic_puncta": [row]}), folder, IngestSettings()).fields[0]


def test_channels_of_one_file_are_found_by_number_by_name_or_by_marker(tmp_path, row):
    two_channels(tmp_path / "a.ome.tif", (POST, PRE), names=("PSD95", "VGluT1"))
    for words in ({"pre_channel": "2", "post_channel": "1"}, {"pre_channel": "VGluT1", "post_channel": "PSD95"}, {}):
        field = read(row(image="a.ome.tif", **words), tmp_path)
        np.testing.assert_array_equal(field.pre.pixels, PRE)
        np.testing.assert_array_equal(field.post.pixels, POST)


def test_without_names_the_first_channel_is_pre(tmp_path, row):
    two_channels(tmp_path / "a.ome.tif", names=("", ""))
    field = read(row(image="a.ome.tif"), tmp_path)
    np.testing.assert_array_equal(field.pre.pixels, PRE)


def test_channels_may_lie_in_a_file_each(tmp_path, row):
    plain(tmp_path / "pre one.v2.tif", PRE)
    plain(tmp_path / "post [a].tif", POST)
    field = read(row(pre_image="pre one.v2.tif", post_image="post [a].tif", pixel_size_um=0.1), tmp_path)
    np.testing.assert_array_equal(field.post.pixels, POST)
    assert field.pixel_size_um == 0.1


def test_a_field_without_a_scale_is_refused(tmp_path, row):
    plain(tmp_path / "a.tif", PRE)
    with pytest.raises(IngestError, match="pixel_size_um"):
        read(row(pre_image="a.tif", post_image="a.tif"), tmp_path)


def test_channels_of_different_size_are_refused(tmp_path, row):
    plain(tmp_path / "a.tif", PRE)
    plain(tmp_path / "b.tif", POST[:50])
    with pytest.raises(IngestError, match=r"1 x 60 x 80 and 1 x 50 x 80"):
        read(row(pre_image="a.tif", post_image="b.tif", pixel_size_um=0.1), tmp_path)


def test_one_channel_cannot_be_both_sides(tmp_path, row):
    two_channels(tmp_path / "a.ome.tif")
    with pytest.raises(IngestError, match="the same channel"):
        read(row(image="a.ome.tif", pre_channel="1", post_channel="VGluT1"), tmp_path)


def test_a_file_with_one_channel_says_what_is_missing(tmp_path, row):
    plain(tmp_path / "a.tif", PRE)
    with pytest.raises(IngestError, match=r"a\.tif"):
        read(row(image="a.tif", pixel_size_um=0.1), tmp_path)


@pytest.mark.shared
def test_a_scale_made_by_a_screen_is_refused(shared, row):
    folder = shared / "spine" / "synapse_puncta_culture"
    name = "original_metadata_Control_03_Homer.tif"
    with pytest.raises(IngestError, match="264"):
        read(row(pre_image=name, post_image=name), folder)


@pytest.mark.shared
def test_a_real_pair_is_read_at_its_own_scale(shared, row):
    folder = shared / "spine" / "synapse_puncta_invivo"
    field = read(row(pre_image="4-6_VGluT1.tif", post_image="4-6_PSD95.tif"), folder)
    assert field.pixel_size_um == pytest.approx(0.1413, abs=1e-4)
