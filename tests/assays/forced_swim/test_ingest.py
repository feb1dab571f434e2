"""Reading a video: cylinders, release and trace; and messages if it cannot be read."""

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import drawn_videos
import realistic_videos
from swim_cases import SMALL, draw_own, measure, read, reason, value

from ketaflow.assays.forced_swim import ingest
from ketaflow.assays.forced_swim.readers import ethovision, video
from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.core.errors import IngestError


def plan(seed, still=0.5, start=3, stop=59):
    return drawn_videos.schedule(np.random.default_rng(seed), start, stop, still)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A video of two cylinders, and where they were drawn."""
    folder = tmp_path_factory.mktemp("two")
    boxes = drawn_videos.make(folder / "two.mp4", [plan(1), plan(2, start=5)], 60, **SMALL)
    return folder, boxes, read(folder, "two.mp4")


def test_the_page_of_the_assay_lists_every_reader():
    page = (Path(__file__).parents[3] / "docs" / "assays" / "forced_swim.md").read_text(encoding="utf-8")
    assert [reader.name for reader in ingest.READERS if f"**{reader.name}**" not in page] == []


def test_cylinders_are_found_where_they_were_drawn(two):
    _, boxes, record = two
    for swim, (left, right, _, _, water) in zip(record.swims, boxes, strict=True):
        assert swim.view.region_px[0] == pytest.approx(left, abs=4)
        assert swim.view.region_px[2] == pytest.approx(right, abs=4)
        assert np.mean(swim.view.water_px) == pytest.approx(water, abs=4)


def test_each_animal_has_its_own_moment_of_release(two):
    releases = [swim.release_s for swim in two[2].swims]
    np.testing.assert_allclose(releases, [3.0, 5.0], atol=0.3)


def test_values_of_the_table_take_precedence(two):
    more = {"release_s": 7.0, "region_x_px": 20.0, "region_y_px": 20.0, "region_width_px": 90.0,
            "region_height_px": 160.0, "water_line_px": 100.0}  # fmt: skip
    (swim,) = read(two[0], "two.mp4", (1,), more).swims
    assert swim.release_s == 7.0
    assert swim.view.region_px == (20, 20, 110, 180)
    assert swim.view.water_px == (100, 100)


def test_a_tilted_water_line_is_followed(tmp_path):
    drawn_videos.make(tmp_path / "tilted.mp4", [plan(3)], 40, cylinders=1, tilt=0.08, **SMALL)
    view = read(tmp_path, "tilted.mp4", (1,)).swims[0].view
    fall = view.water_px[1] - view.water_px[0]
    assert fall == pytest.approx(0.08 * (view.region_px[2] - view.region_px[0]), abs=4)


@pytest.mark.parametrize("named", [(1,), (1, 2, 3)])
def test_another_number_of_cylinders_is_refused(two, named):
    with pytest.raises(IngestError, match=r"2 cylinders .* the table numbers"):
        read(two[0], "two.mp4", named)


def recoded(source: Path, target: Path, change, turn: int = 0) -> None:
    """Encode a video of 10 frames/s again, each frame changed (frame, number), with a rotation in its header."""
    with av.open(str(source)) as film, av.open(str(target), "w") as sink:
        stream = sink.add_stream("libx264", rate=10, options={"preset": "ultrafast", "crf": "18"})
        for number, frame in enumerate(film.decode(video=0)):
            picture = change(video.luma(frame), number)
            if not number:
                stream.height, stream.width = picture.shape
                stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, 10)
                stream.set_display_rotation(turn)
            planes = np.full((stream.height * 3 // 2, stream.width), 128, np.uint8)
            planes[: stream.height] = picture
            changed = av.VideoFrame.from_ndarray(planes, "yuv420p")
            changed.pts, changed.time_base = number, Fraction(1, 10)
            sink.mux(stream.encode(changed))
        sink.mux(stream.encode(None))


def test_a_displaced_camera_is_measured(two, tmp_path):
    recoded(two[0] / "two.mp4", tmp_path / "push.mp4", lambda picture, n: np.roll(picture, 3 * (n > 300), axis=1))
    moved_px = read(tmp_path, "push.mp4").video.camera_shift_px
    assert moved_px == pytest.approx(3, abs=0.5)
    assert two[2].video.camera_shift_px < 0.3


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_video_of_a_phone_is_rotated_as_the_file_states(two, tmp_path, turn):
    """Stored rotated, with the rotation in the header: the same swims as stored upright."""
    recoded(two[0] / "two.mp4", tmp_path / "phone.mp4", lambda picture, _: np.rot90(picture, -turn // 90), turn)
    record = read(tmp_path, "phone.mp4")
    assert record.video.width_px == two[2].video.width_px
    upright, turned = measure(two[2]), measure(record)
    for name in ("s1", "s2"):
        assert value(turned, name) == pytest.approx(value(upright, name), abs=0.03 * 46)


def test_lost_frames_are_counted_by_timestamps(tmp_path):
    drawn_videos.make(tmp_path / "lossy.mp4", [plan(1), plan(2)], 30, drop=0.1, **SMALL)
    swim_file = read(tmp_path, "lossy.mp4")
    assert swim_file.frame_rate_hz == pytest.approx(10)
    assert swim_file.frames_lost == pytest.approx(30, abs=15)


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "empty"), (b"a,b\n1,2\n", "no readable video"), (b"\0" * 4000, "no readable video")]
)
def test_a_file_that_is_no_video_is_refused(tmp_path, content, message):
    (tmp_path / "bad.mp4").write_bytes(content)
    with pytest.raises(IngestError, match=message):
        read(tmp_path, "bad.mp4")


def test_a_truncated_video_is_refused(two, tmp_path):
    content = (two[0] / "two.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 3])
    with pytest.raises(IngestError, match="cut off"):
        read(tmp_path, "cut.mp4")


def test_the_missing_part_of_a_truncated_avi_is_unscored(tmp_path):
    drawn_videos.make(tmp_path / "whole.avi", [plan(1), plan(2)], 60, codec="mpeg4", **SMALL)
    content = (tmp_path / "whole.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(content[: len(content) // 3])
    measured = measure(read(tmp_path, "cut.avi"))
    assert np.isnan(value(measured, "s1"))
    assert "video ends" in reason(measured, "s1")


def test_an_empty_cylinder_fails_alone(tmp_path):
    drawn_videos.make(tmp_path / "one.mp4", [plan(1), []], 60, **SMALL)
    measured = measure(read(tmp_path, "one.mp4"))
    assert value(measured, "s1") > 5
    assert "no animal" in reason(measured, "s2")


def test_no_animal_at_all_is_refused(tmp_path):
    drawn_videos.make(tmp_path / "none.mp4", [[], []], 40, **SMALL)
    with pytest.raises(IngestError, match="no animal"):
        read(tmp_path, "none.mp4")


def test_an_animal_removed_early_is_not_immobile(tmp_path):
    drawn_videos.make(tmp_path / "gone.mp4", [plan(1, 0.1), plan(2, 0.1)], 60, removed_s=40, **SMALL)
    measured = measure(read(tmp_path, "gone.mp4"))
    assert value(measured, "s1") < 15
    assert value(measured, "s1", "unscored_s") == pytest.approx(14, abs=2)
    assert "removed early" in reason(measured, "s1")


def test_two_animals_in_a_cylinder_are_refused(tmp_path):
    draw_own(tmp_path, [plan(1), plan(2)], faults=("two_animals",))
    measured = measure(read(tmp_path, "swim.mp4"))
    assert "two animals" in reason(measured, "s1")
    assert value(measured, "s2") > 0


def test_darkness_is_not_immobility(tmp_path):
    draw_own(tmp_path, [plan(1), plan(2)], faults=("black", "black"))
    measured = measure(read(tmp_path, "swim.mp4"), (10, 56))
    assert np.isnan(value(measured, "s1"))
    assert "dark" in reason(measured, "s1")


def test_a_gap_in_the_recording_is_unscored(tmp_path):
    drawn_videos.make(tmp_path / "gap.mp4", [plan(1), plan(2)], 60, gap_s=(20, 25), **SMALL)
    measured = measure(read(tmp_path, "gap.mp4"))
    assert value(measured, "s1", "unscored_s") == pytest.approx(5, abs=0.3)


SPENDTHRIFT = "7.4 of 8 s: x264 spends spare bits on the picture that hangs and changes it for a second"


@pytest.mark.slow
@pytest.mark.parametrize(
    "codec",
    ["mpeg4", pytest.param("libx264", marks=[pytest.mark.long, pytest.mark.xfail(strict=True, reason=SPENDTHRIFT)])],
)
def test_a_camera_that_hangs_leaves_the_swim_unscored_not_immobile(tmp_path, codec):
    made = realistic_videos.Film(
        31, realistic_videos.Look(), seconds=40, hangs_s=(20, 28), width=320, height=240, stamp=True, hand=False
    )
    realistic_videos.film(made.at(codec=codec), tmp_path / "hung.avi")
    measured = measure(read(tmp_path, "hung.avi", more={"release_s": 0.0}), (10, 38))
    for name in ("s1", "s2"):
        assert "the recorder stopped" in reason(measured, name)
        assert value(measured, name, "unscored_s") == pytest.approx(8, abs=0.5)


@pytest.mark.long
def test_a_video_from_above_is_refused_unless_the_settings_allow_it(tmp_path):
    realistic_videos.film_from_above(tmp_path / "above.mp4", 5)
    boxes = {"region_x_px": 15.0, "region_y_px": 12.0, "region_width_px": 134.0, "region_height_px": 136.0}
    with pytest.raises(IngestError, match="no swim filmed from the side"):
        read(tmp_path, "above.mp4", (1,), boxes)
    measured = measure(read(tmp_path, "above.mp4", (1,), boxes, view="top"), (2, 38))
    assert value(measured, "s1", "unscored_s") < 2
    assert np.isnan(value(measured, "s1", "climbing_s"))


def test_text_in_the_file_that_is_no_utf8_does_not_matter(two, tmp_path):
    content = (two[0] / "two.mp4").read_bytes()
    assert content.count(b"Lavf") == 1
    (tmp_path / "two.mp4").write_bytes(content.replace(b"Lavf", b"\xccavf"))
    index, _ = video.index_video(tmp_path / "two.mp4", 40)
    assert len(index.times_s) == two[2].frames


def test_damaged_frames_are_counted(two, tmp_path):
    content = bytearray((two[0] / "two.mp4").read_bytes())
    start = content.find(b"mdat") + len(content) // 3
    content[start : start + 4000] = b"\x55" * 4000
    (tmp_path / "hurt.mp4").write_bytes(content)
    assert read(tmp_path, "hurt.mp4").video.frames_damaged > 0
    assert two[2].video.frames_damaged == 0


@pytest.mark.long
def test_skipping_nonreference_frames_does_not_change_the_score(tmp_path, monkeypatch):
    options = {"preset": "fast", "x264-params": f"keyint=50:{realistic_videos.STEADY}"}
    drawn_videos.make(tmp_path / "b.mp4", [plan(1), plan(2)], 60, options=options, **{**SMALL, "fps": 25})
    frames, spared_frames = (list(video.FrameReader(tmp_path / "b.mp4", 0.0, longest_s)) for longest_s in (0.0, 0.1))
    assert len(spared_frames) < 0.7 * len(frames)
    spared = measure(read(tmp_path, "b.mp4"))
    monkeypatch.setattr(constants, "MAX_INTERVAL_RATIO", 0.0)
    whole = measure(read(tmp_path, "b.mp4"))
    for name in ("s1", "s2"):
        assert value(spared, name) == pytest.approx(value(whole, name), abs=0.01 * 46)


def test_frames_are_decoded_one_by_one(two):
    stream = iter(video.FrameReader(two[0] / "two.mp4", 0.0))
    assert next(stream)[0] == 0.0
    assert next(stream)[0] == pytest.approx(0.1)


@pytest.mark.shared
def test_real_videos_are_decoded_to_the_last_frame(shared):
    for name, frames in [
        ("eztrack_freezing_calibration_empty_chamber.wmv", 298),
        ("micefreeze_test_cable_short.avi", 600),
    ]:
        assert sum(1 for _ in video.FrameReader(shared / "fst" / name, 0.0)) == pytest.approx(frames, abs=1)


@pytest.mark.shared
def test_an_empty_chamber_is_refused(shared):
    with pytest.raises(IngestError, match="no animal"):
        read(shared / "fst", "eztrack_freezing_calibration_empty_chamber.wmv", (1,))


@pytest.mark.shared
def test_arenas_of_an_ethovision_export_are_found_by_number(shared):
    sheets = ethovision.read_export_sheets(shared / "fst" / "ethovision_raw_export_rat_fst.xlsx")
    arenas = ethovision.raw_arenas(sheets)
    assert sorted(arenas) == [1, 3]
    assert arenas[3].header["Recording after"] == "+ 00:00:35.040"


@pytest.mark.shared
def test_a_missing_arena_is_named(shared):
    with pytest.raises(IngestError, match="no arena 2; the file holds arenas 1, 3"):
        read(shared / "fst", "ethovision_raw_export_rat_fst.xlsx", [2])
