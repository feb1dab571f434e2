"""ImageJ regions: encoded as ImageJ reads them, decoded as ImageJ writes them, and turned into rows of tables."""

import io
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
from roifile import ROI_TYPE

from ketaflow.assays.dendritic_spines import export
from ketaflow.assays.dendritic_spines.raters import imagej, regions
from ketaflow.assays.dendritic_spines.raters.corrections import replay

SPINES = pd.DataFrame(
    {"image": "a/b.tif", "recording": "a/b.tif", "spine": [1, 2, 3],
     "x_px": [5.0, 40.25, 80.0], "y_px": [6.0, 30.5, 9.0],
     "z_px": [2.0, 0.0, 4.0], "class": ["thin", "stubby", "thin"]}
)  # fmt: skip


def region(kind: int, top: int, left: int, bottom: int, right: int, xs=(), ys=(), counters=(), options=0) -> bytes:
    """A region as ImageJ lays it out: whole coordinates beside the corner, counters of a multi-point's planes."""
    header = struct.pack(">4shBxhhhhH", b"Iout", 227, kind, top, left, bottom, right, len(xs)).ljust(50, b"\0")
    second = 64 + 4 * len(xs)
    header += struct.pack(">h4xii", options, 0, second)
    places = struct.pack(f">{len(xs)}h", *xs) + struct.pack(f">{len(ys)}h", *ys)
    more = bytearray(64)
    struct.pack_into(">i", more, 48, second + 64 if counters else 0)
    return header + places + bytes(more) + struct.pack(f">{len(counters)}I", *counters)


def saved(folder, marks: dict[str, bytes]):
    with zipfile.ZipFile(folder / "RoiSet.zip", "w") as archive:
        for name, content in marks.items():
            archive.writestr(f"{name}.roi", content)
    return folder / "RoiSet.zip"


def test_a_point_lies_where_the_spine_is_with_its_plane_and_name():
    raw = imagej.encode_point(12.75, 40.25, 7, "0003-thin")
    assert raw[:4] == b"Iout"
    assert raw[6] == ROI_TYPE.POINT
    top, left, _, _, count = struct.unpack(">hhhhH", raw[8:18])
    assert (top, left, count) == (40, 12, 1)
    plane, second = struct.unpack(">ii", raw[56:64])
    assert plane == 7
    assert struct.unpack(">ff", raw[68:76]) == (12.75, 40.25)
    offset, length = struct.unpack(">ii", raw[second + 16 : second + 24])
    assert raw[offset : offset + 2 * length].decode("utf-16-be") == "0003-thin"


@pytest.mark.parametrize("name", ["0003-thin", "épine µ", ""])
def test_an_encoded_point_is_decoded_unchanged(name):
    (mark,) = imagej.decode_roi(imagej.encode_point(12.75, 40.25, 7, name))
    assert (mark.x_px, mark.y_px, mark.z_px, mark.name) == (12.25, 39.75, 6, name)


def test_points_clicked_in_several_planes_keep_their_planes():
    marks = imagej.decode_roi(region(ROI_TYPE.POINT, 20, 10, 31, 41, [0, 30], [0, 10], counters=[4 << 8, 9 << 8]))
    assert [(mark.x_px, mark.y_px, mark.z_px) for mark in marks] == [(10, 20, 3), (40, 30, 8)]


@pytest.mark.parametrize("kind", [1, 2])
def test_a_rectangle_or_an_oval_marks_its_middle(kind):
    (mark,) = imagej.decode_roi(region(kind, top=10, left=20, bottom=15, right=27))
    assert (mark.x_px, mark.y_px, mark.z_px) == (23, 12, None)


@pytest.mark.parametrize("kept", [0, 3, 40, 70])
def test_a_broken_region_is_refused_with_what_was_expected(tmp_path, kept):
    path = saved(tmp_path, {"a": imagej.encode_point(1.5, 1.5, 1, "0001-thin")[:kept]})
    with pytest.raises(SystemExit, match=r"RoiSet\.zip.*ROI manager"):
        imagej.read_points(path)


def exported(folder, spines):
    """The archive of the only image of a table of spines."""
    ((name, content),) = export.export({"spines": spines}).items()
    (folder / name).write_bytes(content)
    return folder / name


def test_each_image_has_its_archive():
    spines = pd.concat([SPINES.iloc[:2], SPINES.iloc[:1].assign(image="c.tif", recording="c.tif")])
    made = export.export({"spines": spines})
    assert list(made) == ["a_b.tif_rois.zip", "c.tif_rois.zip"]
    assert zipfile.ZipFile(io.BytesIO(made["a_b.tif_rois.zip"])).namelist() == ["0001-thin.roi", "0002-stubby.roi"]
    assert made == export.export({"spines": spines})


def test_images_whose_names_differ_only_in_a_slash_have_separate_archives():
    names = ["a/b.tif", "a_b.tif", "a b.tif"]
    made = regions.roi_archives(pd.concat([SPINES.assign(image=name, recording=name) for name in names]))
    assert sorted(made) == ["a_b.tif_rois.zip", "a_b.tif_rois_2.zip", "a_b.tif_rois_3.zip"]


def test_a_cohort_without_spines_exports_nothing():
    assert export.export({}) == {}


def test_untouched_regions_give_no_corrections(tmp_path):
    path = exported(tmp_path, SPINES)
    assert regions.corrections_from_rois(SPINES, imagej.read_points(path), "anna") == []


def test_changes_in_fiji_become_corrections_that_reproduce_them(tmp_path):
    """Spine 1 dragged, spine 2 deleted, spine 3 renamed to mushroom, and one new spine marked."""
    path = saved(tmp_path, {
        "0001-thin": imagej.encode_point(15.5, 6.5, 3, "0001-thin"),
        "0003-mushroom": imagej.encode_point(80.5, 9.5, 5, "0003-mushroom"),
        "0060-0100": imagej.encode_point(100.5, 60.5, 2, "0060-0100"),
    })  # fmt: skip
    rows = regions.corrections_from_rois(SPINES, imagej.read_points(path), "anna")
    assert sorted(row.action for row in rows) == ["add", "add", "drop", "drop", "reclass"]
    assert {row.by for row in rows} == {"anna"}
    found = SPINES[["z_px", "y_px", "x_px"]].to_numpy()
    replayed = replay(rows, found, 0.1, (100, 200))
    after = {(spine.position_px[2], spine.position_px[1], spine.given_class) for spine in replayed.spines}
    assert after == {(15.0, 6.0, "thin"), (80.0, 9.0, "mushroom"), (100.0, 60.0, None)}
    assert not replayed.failed


def test_regions_renamed_by_fiji_mean_the_spines_they_lie_on(tmp_path):
    path = saved(tmp_path, {
        f"p{number}": imagej.encode_point(row.x_px + 0.5, row.y_px + 0.5, 1, f"p{number}")
        for number, row in enumerate(SPINES.itertuples())
    })  # fmt: skip
    assert regions.corrections_from_rois(SPINES, imagej.read_points(path), "") == []


def test_the_commands_print_rows_of_the_cohorts_tables(tmp_path, capsys):
    (tmp_path / "dendritic_spines").mkdir()
    SPINES.to_csv(tmp_path / "dendritic_spines" / "spines.csv", index=False)
    written = exported(tmp_path, SPINES)
    regions.main(["scores", "a/b.tif", str(written), "--rater", "ben"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["image,rater,x_px,y_px,z_px,class", "a/b.tif,ben,5.0,6.0,2,thin"]
    regions.main(["corrections", str(tmp_path), "a/b.tif", str(written), "--by", "ben"])
    assert capsys.readouterr().out.splitlines() == ["image,action,x_px,y_px,z_px,class,by"]


def test_exported_coordinates_are_read_back(tmp_path):
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 2000, (50, 2)).round(2)
    spines = pd.DataFrame({"image": "a.tif", "recording": "a.tif", "spine": range(1, 51),
                           "x_px": places[:, 0], "y_px": places[:, 1],
                           "z_px": 0.0, "class": "thin"})  # fmt: skip
    path = exported(tmp_path, spines)
    read = sorted((mark.name, mark.x_px, mark.y_px) for mark in imagej.read_points(path))
    np.testing.assert_allclose([[x, y] for _, x, y in read], places, atol=1e-3)
