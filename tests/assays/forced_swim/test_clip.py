"""Annotated clips: the requested part of the video, even sides, and a frame in the colour of the state."""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import drawn_videos
from swim_cases import DEFAULTS, SMALL, measure, read

from ketaflow.assays.forced_swim import clip, ingest
from ketaflow.assays.forced_swim.figures import annotated_frame, review_figures
from ketaflow.assays.forced_swim.figures.constants import PANEL_PX
from ketaflow.assays.forced_swim.model import Swim, SwimFile
from ketaflow.assays.forced_swim.scoring.model import Measured
from ketaflow.assays.forced_swim.settings import ClipSettings
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import build

SETTINGS = {**DEFAULTS["clip"], "width_px": 301}


@pytest.fixture(scope="module")
def swum(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    truth = [[("swimming", 2, 20), ("immobility", 20, 40)], [("immobility", 2, 20), ("swimming", 20, 40)]]
    drawn_videos.make(folder / "one.mp4", truth, 40, **SMALL)
    record = read(folder, "one.mp4")
    return folder, record, measure(record, window=(4, 36))


def filmed(swum, name, **changes):
    import av

    folder, record, measured = swum
    path = folder / f"{name}.part"
    clip.clip(record, measured, name, folder, path, build(ClipSettings, {**SETTINGS, **changes}))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(stream)]
        return stream.codec_context, frames


def frame_colour(swum, name, picture):
    box = np.array(swum[1].swim(name).view.region_px) * 300 / swum[1].video.width_px
    across = picture[int(box[1]) - 3 : int(box[1]) - 1, int(box[0] + box[2]) // 2].astype(float).mean(axis=0)
    return min(
        annotated_frame.COLOURS, key=lambda state: np.abs(np.array(annotated_frame.COLOURS[state]) - across).sum()
    )


def test_a_clip_shows_the_requested_part_at_the_frame_rate_of_the_video(swum):
    codec, frames = filmed(swum, "s1", start_s=10.0, length_s=5.0)
    assert codec.name in ("h264", "mpeg4")
    assert codec.pix_fmt == "yuv420p"
    assert (codec.width, codec.width % 2, codec.height % 2) == (300, 0, 0)
    assert len(frames) == 50
    assert frames[-1][0] == pytest.approx(4.9, abs=0.02)


def test_the_cylinder_is_framed_in_the_colour_of_its_state(swum):
    for name, early, late in (("s1", "swimming", "immobility"), ("s2", "immobility", "swimming")):
        _, frames = filmed(swum, name, start_s=10.0, length_s=22.0)
        shown = dict((round(time_s), frame_colour(swum, name, picture)) for time_s, picture in frames)
        assert (shown[4], shown[20]) == (early, late)


def test_a_clip_begins_with_the_scoring_window_by_default(swum):
    assert DEFAULTS["clip"]["start_s"] is None
    _, frames = filmed(swum, "s1", length_s=40.0)
    window_s = swum[2].scores["s1"].window_s
    assert len(frames) == pytest.approx(10 * (40 - window_s[0]), abs=1)


def test_a_start_after_the_end_of_the_video_is_reported(swum):
    with pytest.raises(IngestError, match="would begin at 90 s, but the video ends at 40 s"):
        filmed(swum, "s1", start_s=90.0)


def test_an_export_gives_no_clip():
    swim = Swim("s1", "a1", None, 1, "", 0.0, 0.5, pd.DataFrame())
    export = SwimFile("x/raw.xlsx", 10, 0, 5.0, [swim])
    with pytest.raises(IngestError, match=r"raw\.xlsx is no video and holds no pictures"):
        clip.clip(export, Measured(), "s1", Path(), Path("x.mp4"), build(ClipSettings, SETTINGS))


def test_an_unscored_swim_can_be_annotated():
    empty = pd.DataFrame({"state": [], "start_s": [], "stop_s": []})
    marks = annotated_frame.Annotation(
        (10, 10, 60, 80, 30, 30), "cylinder 1", empty, np.zeros(0), np.zeros(0), float("nan"), (0, 5)
    )
    done = annotated_frame.Annotator(marks, 100).annotated(1.0, np.zeros((90, 100, 3), np.uint8))
    assert done.shape == (90 + PANEL_PX, 100, 3)


def test_the_film_for_the_reviewer_shows_one_cylinder_from_the_middle_of_the_video(swum):
    import av

    folder, record, _ = swum
    filmed_too = ingest.with_films(record, folder / "one.mp4", 40.0, 4.0)
    for swim in filmed_too.swims:
        with av.open(io.BytesIO(swim.film)) as container:
            images = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
            seconds = float(container.duration / av.time_base)
        assert seconds == pytest.approx(4.0, abs=0.3) and len(swim.film) < 40_000
        left, top, right, bottom = swim.view.region_px
        assert images[0].shape[1] / images[0].shape[0] == pytest.approx((right - left) / (bottom - top), rel=0.05)
    assert [figure.media for figure in review_figures.film_figure(filmed_too.swims[0])] == ["video/mp4"]
    assert review_figures.film_figure(record.swims[0]) == []
