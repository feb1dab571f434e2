"""ImageJ regions: written as ImageJ reads them."""

import struct
import zipfile

import pandas as pd

from ketaflow.assays.dendritic_spines import rois


def test_a_point_lies_where_the_spine_is_with_its_plane_and_name():
    raw = rois.point_roi(12.75, 40.25, 7, "0003-thin")
    assert raw[:4] == b"Iout"
    assert raw[6] == rois.POINT
    top, left, _, _, count = struct.unpack(">hhhhH", raw[8:18])
    assert (top, left, count) == (40, 12, 1)
    plane, second = struct.unpack(">ii", raw[56:64])
    assert plane == 7
    assert struct.unpack(">ff", raw[68:76]) == (12.75, 40.25)
    offset, length = struct.unpack(">ii", raw[second + 16 : second + 24])
    assert raw[offset : offset + 2 * length].decode("utf-16-be") == "0003-thin"


def test_each_image_has_its_archive(tmp_path):
    spines = pd.DataFrame(
        {
            "image": ["a/b.tif", "a/b.tif", "c.tif"],
            "spine": [1, 2, 1],
            "x_px": 5.0,
            "y_px": 6.0,
            "z_px": 2.0,
            "class": "thin",
        }
    )
    written = rois.write_rois(spines, tmp_path / "imagej")
    assert [path.name for path in written] == ["a_b.tif_rois.zip", "c.tif_rois.zip"]
    assert zipfile.ZipFile(written[0]).namelist() == ["0001-thin.roi", "0002-thin.roi"]
