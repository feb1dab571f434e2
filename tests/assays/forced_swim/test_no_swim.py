"""Films that are no swim: too few frames, a still, an empty cylinder, a cage from above; the reason names which."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import ellipse

sys.path.insert(0, str(Path(__file__).parent))
import drawn_videos
from swim_cases import SMALL, measure, measurement, read

from ketaflow.assays.forced_swim.tracking import scene, water_line
from ketaflow.core.errors import IngestError

REGION = {"region_x_px": 20.0, "region_y_px": 10.0, "region_width_px": 120.0, "region_height_px": 100.0}


def write(path: Path, pictures, rate: int) -> None:
    """Write grey pictures as a video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        height, width = pictures[0].shape
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = width, height, "yuv420p", 1
        stream.options = {"crf": "18", "preset": "ultrafast"}
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray")
            for packet in stream.encode(frame.reformat(format="yuv420p")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def bedding(rng) -> np.ndarray:
    """Shavings from above: texture without any line."""
    rough = ndimage.gaussian_filter(rng.standard_normal((120, 160)), 2.5)
    return np.clip(140 + 35 * rough / rough.std(), 0, 255)


def test_a_video_with_too_few_frames_per_second_is_refused(tmp_path):
    plan = [("swimming", 0, 40)]
    drawn_videos.make(tmp_path / "slow.mp4", [plan, plan], 40, **{**SMALL, "fps": 2.0})
    with pytest.raises(IngestError, match=r"2\.0 frames per second; strokes of 3 to 6"):
        read(tmp_path, "slow.mp4")


def test_a_still_is_named_as_one(tmp_path):
    write(tmp_path / "still.mp4", [bedding(np.random.default_rng(1)).astype(np.uint8)] * 100, 10)
    with pytest.raises(IngestError, match="every frame shows the same image"):
        read(tmp_path, "still.mp4", (1,))


def test_noise_in_an_empty_region_is_no_animal(tmp_path):
    rng = np.random.default_rng(2)
    pictures = [np.clip(128 + 12 * rng.standard_normal((120, 160)), 0, 255).astype(np.uint8) for _ in range(200)]
    write(tmp_path / "noise.mp4", pictures, 10)
    with pytest.raises(IngestError, match="no animal was seen in this cylinder"):
        read(tmp_path, "noise.mp4", (1,), REGION)


def test_a_resting_animal_in_a_cage_from_above_is_refused_or_flagged_with_the_reason(tmp_path):
    rng = np.random.default_rng(3)
    cage, pictures = bedding(rng), []
    for index in range(300):
        picture = cage + 2 * rng.standard_normal(cage.shape)
        x = 80 + 12 * np.sin(index / 40)
        picture[ellipse(60, x, 12 + np.sin(index / 7), 22, shape=picture.shape)] = 40
        pictures.append(np.clip(picture, 0, 255).astype(np.uint8))
    write(tmp_path / "cage.mp4", pictures, 10)
    try:
        record = read(tmp_path, "cage.mp4", (1,), {**REGION, "release_s": 0.0})
    except IngestError as error:
        assert "without water" in str(error)
        return
    row = measurement(measure(record, (2, 25)), "s1")
    assert row.status == "flagged"
    assert "no continuous water surface was found" in row.reason


def test_a_water_line_is_coherent_and_a_line_through_bedding_is_not():
    water = np.full((120, 640), 190.0)
    water[60:] = 160
    cylinder = scene.Cylinder(20, 620, 5, 115, 60, 60)
    noise = np.random.default_rng(4).standard_normal(water.shape)
    assert water_line.surface_coherence(water + 2 * noise, cylinder) > 0.9
    fine = [140 + 35 * np.random.default_rng(seed).standard_normal(water.shape) for seed in range(20)]
    lines = [water_line.surface_coherence(image, cylinder) for image in fine]
    assert np.quantile(lines, 0.9) < 0.42
