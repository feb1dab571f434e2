"""Checks and figures: limits that warn, and figures that stay small and do not name the animal."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import drawn_videos
import rated_cohorts
from swim_cases import SMALL, measure, read, review, verdicts

from ketaflow.assays.forced_swim import qc
from ketaflow.assays.forced_swim.figures import review_figures
from ketaflow.assays.forced_swim.model import HumanScoreRow
from ketaflow.assays.forced_swim.tracking.video_tracking import longest_repeat_s
from ketaflow.core.svg import COLOURS


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("review")
    truth = [drawn_videos.schedule(np.random.default_rng(i), 3, 59, 0.5) for i in (1, 2)]
    drawn_videos.make(folder / "secret_name.mp4", truth, 60, drop=0.12, **SMALL)
    record = read(folder, "secret_name.mp4")
    return review(record, measure(record))


def test_lost_frames_raise_a_warning(reviewed):
    found = verdicts(reviewed, "s1")
    assert found["lost frames"] == "warn"
    assert found["time not scored"] == "pass"


def test_a_displaced_camera_raises_a_warning(tmp_path):
    drawn_videos.make(
        tmp_path / "swim.mp4",
        [drawn_videos.schedule(np.random.default_rng(i), 3, 39, 0.5) for i in (1, 2)],
        40,
        **SMALL,
    )
    record = read(tmp_path, "swim.mp4")
    pushed = replace(record, video=replace(record.video, camera_shift_px=3.0))
    measured = measure(record)
    assert verdicts(review(record, measured), "s1")["camera displacement"] == "pass"
    assert verdicts(review(pushed, measured), "s1")["camera displacement"] == "warn"


def test_every_swim_shows_scene_filmstrip_and_motion(reviewed):
    for figures in reviewed.figures.values():
        assert [figure.media for figure in figures] == ["image/webp", "image/webp", "image/svg+xml"]
        assert sum(len(figure.content) for figure in figures) < 60_000


def test_figures_do_not_name_animal_or_file(reviewed):
    for recording, figures in reviewed.figures.items():
        for figure in figures:
            message = figure.title + figure.caption + (figure.content if isinstance(figure.content, str) else "")
            assert not {recording, recording.replace("s", "a"), "secret"} & set(message.replace(">", " ").split())
            assert "secret_name" not in message


def test_a_failed_cylinder_still_shows_the_scene(tmp_path):
    drawn_videos.make(tmp_path / "one.mp4", [[("swimming", 3, 39)], []], 40, **SMALL)
    record = read(tmp_path, "one.mp4")
    done = review(record, measure(record))
    assert list(verdicts(done, "s2").values()) == ["fail"]
    assert len(done.figures["s2"]) == 1


def test_the_caption_states_the_effect_of_another_threshold_in_seconds(reviewed):
    caption = reviewed.figures["s1"][2].caption
    message = [float(number) for number in re.findall(r"(\d+) s(?:[;,.] )", caption)]
    assert len(message) == 3
    assert message[1] <= message[0] <= message[2]


def test_light_is_drawn_below_activity_on_the_same_axis(reviewed):
    drawn = ElementTree.fromstring(reviewed.figures["s1"][2].content)
    words = "".join(drawn.itertext())
    assert "Light (%)" in words
    assert words.count("Time in the video (s)") == 1


def test_lost_frames_are_marked_in_the_figure(reviewed):
    assert "pictures lost (0)" not in reviewed.figures["s1"][2].caption
    assert f'fill="{COLOURS["pink"]}"' in reviewed.figures["s1"][2].content.split("Light (%)")[1]


def test_an_export_shows_mobility_only(tmp_path):
    rated_cohorts.workbook(tmp_path / "swims.xlsx", {1: rated_cohorts.followed([(10, 20)], 60)})
    record = read(tmp_path, "swims.xlsx", cylinders=(1,))
    done = review(record, measure(record))
    (figure,) = done.figures["s1"]
    assert "Mobility (share of body)" in figure.content
    assert "Light" not in figure.content + figure.caption
    assert "repeated frames" not in verdicts(done, "s1")


def test_moving_parts_are_coloured_and_still_parts_grey():
    first, later = np.full((4, 6), 200, np.uint8), np.full((4, 6), 200, np.uint8)
    first[1, 1], later[1, 2] = 30, 30
    done = review_figures.red_cyan(first, later).astype(int)
    coloured = np.ptp(done, axis=-1) > 0
    assert np.argwhere(coloured).tolist() == [[1, 1], [1, 2]]


def hung(folder, hold_s):
    """A swim in which the camera repeats one picture for a while."""
    import av

    drawn_videos.make(folder / "live.mp4", [[("swimming", 2, 30)]] * 2, 30, **SMALL)
    with av.open(str(folder / "live.mp4")) as source, av.open(str(folder / "hung.mp4"), "w") as copy:
        stream = copy.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.bit_rate = SMALL["width"], SMALL["height"], 4_000_000
        for number, frame in enumerate(source.decode(video=0)):
            if not 100 <= number < 100 + 10 * hold_s:
                picture = frame.to_ndarray(format="gray")
            copy.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")))
        copy.mux(stream.encode(None))
    return read(folder, "hung.mp4")


def test_a_camera_that_hung_is_reported_and_shown(tmp_path):
    record = hung(tmp_path, 8)
    # The encoder takes some frames to settle on the repeated one.
    assert 6 < record.video.longest_repeat_s < 8.2
    done = review(record, measure(record, window=(4, 26)))
    assert verdicts(done, "s1")["repeated frames"] == "warn"
    assert f'fill="{COLOURS["yellow"]}"' in done.figures["s1"][2].content


def test_a_key_frame_does_not_divide_the_time_that_a_camera_hung():
    repeats = np.ones(100, bool)
    repeats[[0, 40, 41, 70]] = False
    assert longest_repeat_s(np.arange(100) * 0.1, repeats) == pytest.approx(9.9)


@pytest.mark.parametrize(
    ("stop_s", "fps", "doubtful"),
    [
        (99.0, 25.0, []),
        (140.0, 25.0, ["scores end within the video"]),
        (99.0, 30.0, ["frame rate of the scoring program"]),
    ],
)
def test_scores_after_the_end_or_at_another_frame_rate_are_reported(stop_s, fps, doubtful):
    rows = [HumanScoreRow("s1", "ann", "immobility", 5.0, stop_s, None, fps)]
    checks = qc.human_score_checks(rows, 100.0, 25.0, qc.Subject("s1", "a1", "cylinder 1"))
    assert [check.check for check in checks if check.verdict != "pass"] == doubtful
