"""Poses of DeepLabCut and SLEAP: every form of the file gives the same immobility, every doubt is named."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import posed_animals as posed
from swim_cases import judged, measure, measurement, read, review, value

from ketaflow.assays.forced_swim.poses import deeplabcut
from ketaflow.core.errors import IngestError

RATE_HZ = 25.0
BOUTS = [("swimming", 0, 8), ("immobility", 8, 20), ("swimming", 20, 26), ("immobility", 26, 40)]
WINDOW_S = (0, 40)
WRITERS = {
    "dlc.csv": posed.deeplabcut_csv, "dlc.h5": posed.deeplabcut_h5, "sleap.csv": posed.sleap_csv,
    "sleap.h5": posed.sleap_h5,
}  # fmt: skip


@pytest.fixture(scope="module")
def animal():
    return posed.positions(BOUTS, RATE_HZ, seed=3)


@pytest.fixture(scope="module")
def neighbour():
    return posed.positions([("immobility", 0, 20), ("swimming", 20, 40)], RATE_HZ, seed=4, left_px=900.0)


def scored(folder, name, cylinder=1, more=None, **changes):
    swim_file = read(folder, name, (cylinder,), {"frame_rate_hz": RATE_HZ, "release_s": 0.0, **(more or {})}, **changes)
    return swim_file, measure(swim_file, WINDOW_S)


@pytest.mark.parametrize("name", WRITERS)
def test_every_form_of_a_file_gives_the_immobility_of_the_animal(tmp_path, animal, name):
    WRITERS[name](tmp_path / name, {"": animal})
    swim_file, measured = scored(tmp_path, name)
    error, kappa, _ = judged(measured, "s1", BOUTS)
    assert abs(error) < 5
    assert kappa > 0.85
    assert swim_file.source == "pose"
    assert "tailtip" in swim_file.swims[0].poses.parts_left_out
    climbing = measurement(measured, "s1", "climbing_s")
    assert climbing.value is None
    assert "does not separate climbing" in climbing.reason


@pytest.mark.parametrize("rate_hz", [15.0, 60.0])
@pytest.mark.parametrize("length_px", [40.0, 160.0])
def test_frame_rate_and_zoom_do_not_matter(tmp_path, rate_hz, length_px):
    xy = posed.positions(BOUTS, rate_hz, seed=5, length_px=length_px)
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": xy})
    _, measured = scored(tmp_path, "a.csv", more={"frame_rate_hz": rate_hz})
    assert abs(judged(measured, "s1", BOUTS)[0]) < 5


@pytest.mark.parametrize("name", WRITERS)
def test_several_animals_are_told_apart_by_name_or_by_their_cylinder(tmp_path, animal, neighbour, name):
    WRITERS[name](tmp_path / name, {"right": neighbour, "left": animal})
    by_place = [value(scored(tmp_path, name, cylinder)[1], f"s{cylinder}") for cylinder in (1, 2)]
    assert by_place == pytest.approx([26, 20], abs=2)
    by_name = scored(tmp_path, name, 1, {"animal": "right"})[1]
    assert value(by_name, "s1") == by_place[1]
    with pytest.raises(IngestError, match=r"no animal in cylinder 3; the file holds 'right', 'left'"):
        scored(tmp_path, name, 3)


def test_frames_in_which_two_animals_were_exchanged_are_unscored(tmp_path, animal, neighbour):
    left, right = animal.copy(), neighbour.copy()
    left[600:700], right[600:700] = neighbour[600:700], animal[600:700]
    posed.sleap_h5(tmp_path / "a.h5", {"left": left, "right": right})
    _, measured = scored(tmp_path, "a.h5", 1)
    assert value(measured, "s1", "unscored_s") == pytest.approx(4, abs=0.3)


def test_marks_of_the_scene_are_no_animal(tmp_path, animal, neighbour):
    posed.deeplabcut_csv(tmp_path / "a.csv", {"left": animal, "right": neighbour})
    lines = (tmp_path / "a.csv").read_text().splitlines()
    marks = [",DLC_net" * 3, ",single" * 3, ",corner" * 3, ",x,y,likelihood"]
    marked = [line + (marks[place] if place < 4 else ",5,5,0.99") for place, line in enumerate(lines)]
    (tmp_path / "b.csv").write_text("\n".join(marked) + "\n")
    assert value(scored(tmp_path, "b.csv")[1], "s1") == value(scored(tmp_path, "a.csv")[1], "s1")


def test_the_tracks_of_one_cylinder_are_joined_and_animals_in_one_place_are_refused(tmp_path, animal, neighbour):
    first, second = animal.copy(), animal.copy()
    first[500:], second[:500] = np.nan, np.nan
    posed.sleap_csv(tmp_path / "broken.csv", {"track_0": first, "track_7": second, "track_3": neighbour})
    assert value(scored(tmp_path, "broken.csv")[1], "s1") == pytest.approx(26, abs=2)
    first[300:500] = np.nan
    posed.sleap_csv(
        tmp_path / "far.csv", {"track_0": first, "track_7": second + np.array([400, 0]), "track_3": neighbour}
    )
    with pytest.raises(IngestError, match="'track_0' is seen in less than half of the frames"):
        scored(tmp_path, "far.csv")
    posed.sleap_csv(tmp_path / "same.csv", {"a": animal, "b": animal + 20})
    with pytest.raises(IngestError, match="'a' and 'b' are seen at the same time in the same place"):
        scored(tmp_path, "same.csv", 2)


def test_what_is_unsure_is_unscored_and_never_immobile(tmp_path, animal):
    sure = posed.likelihoods(animal)
    sure[250:450] = 0.1
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": animal}, {"": sure})
    swim_file, measured = scored(tmp_path, "a.csv")
    assert value(measured, "s1", "unscored_s") == pytest.approx(8, abs=0.5)
    assert value(measured, "s1") == pytest.approx(18, abs=2)
    found = {one.check: one for one in review(swim_file, measured).checks}
    assert found["time not scored"].verdict == "warn"
    assert found["body parts found"].value == pytest.approx(80, abs=1)
    assert "left out: tailtip" in found["body parts found"].message
    assert value(scored(tmp_path, "a.csv", pose_min_likelihood=0.05)[1], "s1", "unscored_s") < 0.5


def test_jumps_and_a_body_that_is_too_long_are_left_out_and_counted(tmp_path, animal):
    xy = animal.copy()
    xy[300::40, 3] += 300
    xy[600:700, 0] += 400
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": xy})
    swim_file, measured = scored(tmp_path, "a.csv")
    checks = {one.check: one for one in review(swim_file, measured).checks}
    assert checks["jumps of body parts"].value > 0.1
    assert checks["implausibly long body"].value == pytest.approx(10, abs=1)
    assert checks["implausibly long body"].verdict == "warn"
    assert value(measured, "s1", "unscored_s") == pytest.approx(4, abs=0.5)


def test_parts_scattered_before_the_animal_is_there_do_not_lengthen_it(tmp_path, animal):
    xy = animal.copy()
    xy[:250] = np.random.default_rng(0).uniform(0, 2000, xy[:250].shape)
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": xy})
    swim_file = read(tmp_path, "a.csv", (1,), {"frame_rate_hz": RATE_HZ})
    assert swim_file.swims[0].poses.length_px == pytest.approx(90, rel=0.15)
    assert swim_file.swims[0].release_s == pytest.approx(10, abs=0.3)


def test_the_reviewer_sees_sketches_in_which_only_a_moving_animal_is_coloured(tmp_path, animal):
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": animal})
    swim_file, measured = scored(tmp_path, "a.csv", filmstrip_every_s=1.0)
    strip = swim_file.swims[0].strip
    differs = (strip.pairs[:, 0] != strip.pairs[:, 1]).mean(axis=(1, 2))
    still = [(8.5 < t < 19) or (26.5 < t < 39) for t in strip.times_s]
    assert np.median(differs[still]) < 0.5 * np.median(differs[~np.array(still)])
    titles = [figure.title for figure in review(swim_file, measured).figures["s1"]]
    assert len(titles) == 2


def test_the_parts_may_be_chosen(tmp_path, animal):
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": animal})
    swim_file, _ = scored(tmp_path, "a.csv", pose_parts=["nose", "tailbase", "pawhl"])
    assert swim_file.swims[0].poses.parts == ("nose", "tailbase", "pawhl")
    with pytest.raises(IngestError, match="no part whisker; it has nose, neck"):
        scored(tmp_path, "a.csv", pose_parts=["nose", "whisker"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("scorer,a,a,a\nbodyparts,n,n,n\ncoords,x,y,likelihood\n0,1,2,1\n1,x7,2,1\n", r"row 5, column n x: found 'x7'"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,likelihood\n0,1,1\n1,1,1\n", "no column n y"),
        (
            "scorer,a,a,a\nbodyparts,n,n,n\ncoords,x,y,likelihood\n0,1,2,1\n0,1,2,1\n",
            "numbers of the frames do not rise",
        ),
        ("scorer,a,a,a\nbodyparts,n,n,n\ncoords,x,y,likelihood\nlabeled-data/v/i.png,1,2,1\n", "hand-labelled"),
        ("scorer,a,a,a\nbodyparts,n,n,n\ncoords,x,y\n0,1,2,1\n", "differ in length"),
        ("track,frame_idx,instance.score,n.x,n.y,n.score\n,0,1,1,1,1\n,0,1,9,9,1\n", "frame 0 holds several instances"),
        ("track,frame_idx,instance.score,n.x,n.y,n.score\n,0,1,1,u,1\n", "row 2, column n.y: found 'u'"),
        ("track,frame_idx,instance.score,n.x\n,0,1,1\n", "no column n.y"),
        ("a,b\n1,2\n", "neither an EthoVision export .* nor poses"),
        (
            "time,code,class\n1,Floating,1\n5,END,0\n",
            r"the file holds scores \(CowLog code file.*forced_swim_human_files",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_the_place_and_a_remedy(tmp_path, content, message):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(IngestError, match=message) as caught:
        scored(tmp_path, "a.csv")
    assert "a.csv" in str(caught.value)


def test_a_file_without_a_frame_rate_is_refused(tmp_path, animal):
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": animal})
    with pytest.raises(IngestError, match="Enter the frame rate of the video in the column frame_rate_hz"):
        read(tmp_path, "a.csv", (1,))


def test_an_h5_of_another_kind_or_cut_short_is_refused(tmp_path, animal):
    import h5py

    posed.deeplabcut_h5(tmp_path / "cut.h5", {"": animal})
    (tmp_path / "cut.h5").write_bytes((tmp_path / "cut.h5").read_bytes()[:5000])
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["weights"] = np.zeros(3)
    for name, message in (("cut.h5", "no whole h5 file"), ("other.h5", "holds weights"), ("gone.h5", "not there")):
        with pytest.raises(IngestError, match=message):
            scored(tmp_path, name)


def test_headings_that_are_no_plain_data_are_never_executed(tmp_path, animal):
    import h5py

    class Attack:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    posed.deeplabcut_h5(tmp_path / "a.h5", {"": animal})
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["df_with_missing"].attrs["non_index_axes"] = np.bytes_(pickle.dumps([(1, [Attack()])], 0))
    with pytest.raises(IngestError, match="headings cannot be read"):
        scored(tmp_path, "a.h5")
    assert not (tmp_path / "executed").exists()


def test_a_semicolon_table_with_decimal_commas_is_read(tmp_path, animal):
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": animal})
    text = (tmp_path / "a.csv").read_text().replace(",", ";").replace(".", ",")
    (tmp_path / "b.csv").write_text(text)
    plain, excel = (deeplabcut.read_csv(tmp_path / name).individuals[0].xy for name in ("a.csv", "b.csv"))
    assert np.array_equal(plain, excel)


def test_frames_without_a_row_are_unscored(tmp_path, animal):
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": animal})
    lines = (tmp_path / "a.csv").read_text().splitlines(keepends=True)
    # Three rows of headings, then one for each frame: those of 10 to 15 s are missing.
    (tmp_path / "b.csv").write_text("".join(lines[:253] + lines[378:]))
    _, measured = scored(tmp_path, "b.csv")
    assert value(measured, "s1", "unscored_s") == pytest.approx(5, abs=0.6)


def test_an_animal_is_released_when_it_stays_in_sight(tmp_path, animal):
    hidden = animal.copy()
    # Half a second of something else, then the animal from 4 s on.
    hidden[:25], hidden[38:100] = np.nan, np.nan
    posed.deeplabcut_csv(tmp_path / "a.csv", {"": hidden})
    swim_file, _ = scored(tmp_path, "a.csv", more={"release_s": None})
    assert swim_file.swims[0].release_s == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("seconds", [0.4, 0.9])
def test_short_tracks_and_tracks_that_overlap_briefly_are_no_other_animal(tmp_path, animal, neighbour, seconds):
    frames, alone = round(seconds * RATE_HZ), value(_of_two(tmp_path, animal, neighbour), "s1")
    stray, first, second = np.full_like(animal, np.nan), animal.copy(), animal.copy()
    stray[200 : 200 + frames] = animal[200 : 200 + frames] + 2000
    first[500 + frames // 2 :], second[: 500 - frames // 2] = np.nan, np.nan
    posed.sleap_h5(tmp_path / "b.h5", {"a": first, "b": second, "c": neighbour, "d": stray})
    assert value(scored(tmp_path, "b.h5")[1], "s1") == pytest.approx(alone, abs=0.5)


def _of_two(folder, animal, neighbour):
    posed.sleap_h5(folder / "a.h5", {"a": animal, "c": neighbour})
    return scored(folder, "a.h5")[1]
