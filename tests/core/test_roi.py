import zipfile

import numpy as np
import pytest
import roifile
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from ketaflow.core.errors import IngestError
from ketaflow.core.images import read_roi

SHAPE = (60, 80)


def box(kind, top, left, bottom, right, name="layer 2"):
    roi = ImagejRoi()
    roi.roitype, roi.name = kind, name
    roi.top, roi.left, roi.bottom, roi.right = top, left, bottom, right
    return roi


def saved(folder, *rois, name="a.zip"):
    path = folder / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for number, roi in enumerate(rois):
                archive.writestr(f"{number}.roi", roi.tobytes())
    else:
        rois[0].tofile(path)
    return path


def test_a_rectangle_covers_the_pixels_that_imagej_shows(tmp_path):
    roi = read_roi(saved(tmp_path, box(ROI_TYPE.RECT, 10, 20, 15, 40), name="a.roi"), SHAPE)
    expected = np.zeros(SHAPE, bool)
    expected[10:15, 20:40] = True
    assert np.array_equal(roi.mask, expected)
    assert roi.area_um2(0.5) == pytest.approx(25)
    assert roi.names == ("layer 2",)
    assert not roi.notes


@pytest.mark.parametrize("points", [
    [(10, 10), (50, 10), (50, 40), (10, 40)],
    [(10.0, 10.0), (50.0, 10.0), (50.0, 40.0), (10.0, 40.0)],
])  # fmt: skip
def test_a_polygon_has_the_area_between_its_corners(tmp_path, points):
    mask = read_roi(saved(tmp_path, ImagejRoi.frompoints(points), name="a.roi"), SHAPE).mask
    assert mask.sum() == 40 * 30
    assert mask[10:40, 10:50].all()


def test_an_ellipse_has_its_area(tmp_path):
    mask = read_roi(saved(tmp_path, box(ROI_TYPE.OVAL, 5, 10, 45, 70), name="a.roi"), SHAPE).mask
    assert mask.sum() == pytest.approx(np.pi * 20 * 30, rel=0.01)


def test_rounded_corners_are_cut_off(tmp_path):
    roi = box(ROI_TYPE.RECT, 10, 10, 50, 50)
    roi.rounded_rect_arc_size = 20
    mask = read_roi(saved(tmp_path, roi, name="a.roi"), SHAPE).mask
    assert mask.sum() == pytest.approx(1600 - (4 - np.pi) * 100, rel=0.01)


def test_regions_of_a_zip_are_united(tmp_path):
    rois = box(ROI_TYPE.RECT, 0, 0, 10, 10, "one"), box(ROI_TYPE.RECT, 5, 5, 15, 15, "two")
    roi = read_roi(saved(tmp_path, *rois), SHAPE)
    assert roi.mask.sum() == 100 + 100 - 25
    assert roi.names == ("one", "two")


def test_a_composite_keeps_its_holes(tmp_path):
    def outline(low, high):
        return [0, low, low, 1, high, low, 1, high, high, 1, low, high, 4]

    roi = box(ROI_TYPE.RECT, 10, 10, 50, 50)
    roi.multi_coordinates = np.array(outline(10, 50) + outline(20, 30), np.float32)
    roi.shape_roi_size = roi.multi_coordinates.size
    roi.n_coordinates = 0
    path = saved(tmp_path, roi, name="a.roi")
    assert roifile.roiread(path).multi_coordinates is not None
    mask = read_roi(path, SHAPE).mask
    assert mask.sum() == 40 * 40 - 10 * 10
    assert not mask[20:30, 20:30].any()


def test_a_region_that_leaves_the_image_is_cut_and_reported(tmp_path):
    roi = read_roi(saved(tmp_path, box(ROI_TYPE.RECT, 40, 60, 80, 100), name="a.roi"), SHAPE)
    assert roi.mask.sum() == 20 * 20
    assert "75 % of region layer 2 lies outside the image" in roi.notes[0]


@pytest.mark.parametrize(("roi", "words"), [
    (box(ROI_TYPE.LINE, 0, 0, 5, 5), "is a line and encloses no area"),
    (box(ROI_TYPE.POINT, 0, 0, 5, 5), "is a point and encloses no area"),
    (box(ROI_TYPE.RECT, 100, 100, 120, 120), "lies outside the image"),
])  # fmt: skip
def test_a_region_without_pixels_is_refused(tmp_path, roi, words):
    with pytest.raises(IngestError, match=words):
        read_roi(saved(tmp_path, roi), SHAPE)


def test_a_spline_is_refused(tmp_path):
    roi = ImagejRoi.frompoints([(10, 10), (50, 10), (50, 40)])
    roi.roitype, roi.options = ROI_TYPE.POLYGON, roi.options | ROI_OPTIONS.SPLINE_FIT
    with pytest.raises(IngestError, match="Interpolate"):
        read_roi(saved(tmp_path, roi, name="a.roi"), SHAPE)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.roi", b"nothing", "cannot be read as an ImageJ region"),
    ("a.roi", b"Iout", "cannot be read as an ImageJ region"),
    ("a.zip", b"PK", "cannot be read as an ImageJ region"),
    ("a.tif", b"II*\0", "expected a region of ImageJ"),
])  # fmt: skip
def test_another_file_is_refused(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(IngestError, match=words):
        read_roi(path, SHAPE)


def test_an_empty_zip_is_refused(tmp_path):
    with pytest.raises(IngestError, match="holds no region"):
        read_roi(saved(tmp_path), SHAPE)
