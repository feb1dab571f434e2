"""Every doubt a reviewer should see is a check; what is shown names nobody."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

from ketaflow.assays.western_blot.figures import blot_figures
from ketaflow.assays.western_blot.images import intensity_scale
from ketaflow.assays.western_blot.images.readers import read_picture
from ketaflow.assays.western_blot.integrity import altered_pixels
from ketaflow.assays.western_blot.model import Band, Lane
from ketaflow.core.results import Check, frame

from .conftest import QC, lanes, with_pixels
from .drawn import lane_map, picture, write


@pytest.fixture(scope="module")
def reviewed(study):
    lab, rows = study
    blot = lab.ingested(images=rows["images"], lanes=rows["lanes"])
    return lab.reviewed(blot), rows


def test_a_good_blot_passes(reviewed):
    checks = frame(reviewed[0].checks, Check)
    doubtful = checks[checks["verdict"].ne("pass")]
    assert doubtful.empty, doubtful["message"].tolist()


def test_every_picture_is_shown_small_and_names_nobody(reviewed):
    checked, rows = reviewed
    assert set(checked.figures) == {row["image"] for row in rows["images"]}
    animals = {row["animal"] for row in rows["lanes"] if row["animal"]}
    for shown in checked.figures.values():
        assert len(shown) == 3
        assert sum(len(figure.content) for figure in shown) < 80_000
        for figure in shown:
            words = f"{figure.title} {figure.caption}"
            words += figure.content if isinstance(figure.content, str) else ""
            assert not any(f">{animal}<" in words or f" {animal} " in words for animal in animals)


def test_the_map_shows_every_target_of_the_membrane_and_marks_what_is_doubtful():
    band = Band(
        recording="a.tif", animal=None, image="a.tif", membrane="B1", channel=None, lane=1, target="GAPDH", x_px=0,
        y_px=0, width_px=9, height_px=9, volume=2.0, background=0.0, snr=50.0, saturated_pct=0.0, kda=None,
        volume_uncertainty=0.2, overlap_pct=0.0, specks_pct=0.0, dilution_ug=0.0,
        background_method="lane", box="found",
    )  # fmt: skip
    saturated, missing = replace(band, lane=2, volume=4.0, saturated_pct=3.0), replace(band, lane=3, box="expected")
    lane_map = [Lane("B1", lane, sample) for lane, sample in enumerate(["animal", "animal", "pool"], start=1)]
    drawing = blot_figures.membrane_map([band, saturated, missing, replace(band, target="<mTOR>")], lane_map, 3.0)
    assert ">1.00<" in drawing and ">2.00s<" in drawing and ">1.00n<" in drawing
    assert ">&lt;mTOR&gt;<" in drawing and ">3P<" in drawing


def drawn(study, change):
    """One picture of the study, changed, through all stages; its checks."""
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] == "GAPDH"]
    blot = lab.ingested(images=images, lanes=rows["lanes"])
    return lab.checks(with_pixels(blot, change))


def verdicts(checks: pd.DataFrame, name: str) -> list[str]:
    return checks[checks["check"].eq(name)]["verdict"].tolist()


@pytest.mark.parametrize(
    "change",
    [lambda lane: lane, lambda lane: lane[:, ::-1], lambda lane: (1.5 * lane.astype(float) + 200).astype(lane.dtype)],
    ids=["as it is", "mirrored", "brighter"],
)
def test_a_copied_lane_is_pointed_at(study, change):
    def copied(signal):
        signal[:, 289:328] = change(signal[:, 188:227])
        return signal

    assert verdicts(drawn(study, copied), "near_identical_lanes") == ["warn"]


def test_lanes_that_were_not_copied_are_not(study):
    assert verdicts(drawn(study, lambda signal: signal), "near_identical_lanes") == []


def spliced(how):
    def change(signal):
        signal = signal.astype(float)
        signal[:, 280:] = how(signal[:, 280:])
        return signal.clip(0, 65535).astype(np.uint16)

    return change


@pytest.mark.parametrize(
    "how", [lambda side: side + 90, lambda side: side * 1.25, lambda side: side - 90], ids=["lighter", "gain", "darker"]
)
def test_a_splice_is_pointed_at(study, how):
    assert verdicts(drawn(study, spliced(how)), "seam") == ["warn"]


def test_a_smooth_change_of_background_is_no_splice(study):
    ramp = 400 / (1 + np.exp(-(np.arange(560) - 280) / 12))
    assert verdicts(drawn(study, lambda signal: (signal + ramp).astype(np.uint16)), "seam") == ["pass"]


def eight_bit(seed: int = 0, top: float = 200) -> np.ndarray:
    """Five lanes of one band, 8 bits, on a background with some noise."""
    rows, columns = np.mgrid[0:320, 0:400]
    bands = top * np.exp(-((((columns - 40) % 80 - 40) / 24) ** 4) - ((rows - 160) / 9) ** 2)
    return (20 + bands + np.random.default_rng(seed).normal(0, 3, bands.shape)).clip(0, 255).astype(np.uint8)


def checked(lab, plane: np.ndarray, name: str = "a.tif") -> pd.DataFrame:
    from PIL import Image

    Image.fromarray(plane).save(lab.folder / name)
    images = [{"image": name, "membrane": "B1", "target": "BDNF", "role": "target"}]
    blot = lab.ingested(images=images, lanes=lanes("B1", 5))
    return lab.checks(blot)


def recompressed(plane: np.ndarray, quality: int) -> np.ndarray:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(plane).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("quality", [60, 80, 92])
def test_a_jpeg_is_known_though_it_is_called_tiff(lab, quality):
    former = recompressed(eight_bit(), quality)[:, 3:]
    checks = checked(lab, former)
    assert verdicts(checks, "lossless") == ["warn"]
    assert "blocks of JPEG" in checks.set_index("check").loc["lossless", "message"]


def test_a_plain_eight_bit_picture_is_no_former_jpeg(lab):
    checks = checked(lab, eight_bit())
    assert verdicts(checks, "lossless") == ["pass"] and verdicts(checks, "histogram_gaps") == ["pass"]


@pytest.mark.parametrize("stretch", [1.3, 2.0])
def test_stretched_contrast_is_pointed_at(lab, stretch):
    stretched = (eight_bit(top=100) * stretch).astype(np.uint8)
    assert verdicts(checked(lab, stretched), "histogram_gaps") == ["warn"]


def test_twelve_bits_that_fill_sixteen_are_not_called_stretched():
    counts = np.random.default_rng(0).normal(300, 20, (400, 400)).astype(np.uint16)
    assert intensity_scale.histogram_gaps_pct(16 * counts) == intensity_scale.histogram_gaps_pct(counts) < 1


def test_faint_bands_are_told(lab):
    """The fifth lane holds a two-hundredth of what the others do."""
    held = [6e5] * 3 + [3e3] + [6e5] * 4
    name = write(lab.folder, "a.tif", picture(held, 37.0, 3))
    images = [{"image": name, "membrane": "B1", "target": "GAPDH", "role": "target", "kda": 37.0}]
    blot = lab.ingested(images=images, lanes=lane_map("B1", [f"M{number}" for number in range(8)]))
    checks = lab.checks(blot)
    faint = checks[checks["check"].isin(["snr", "empty"]) & checks["verdict"].eq("warn")]
    assert len(faint) and faint["message"].str.contains("lane 5").all()


def test_saturated_lanes_are_named_with_their_animal(study):
    lab, rows = study
    images = [row for row in rows["images"] if row["target"] == "GAPDH"]
    blot = lab.ingested(images=images, lanes=rows["lanes"])
    level = float(np.percentile(blot.scans[0].pixels, 99.7))
    clipped = with_pixels(
        blot, lambda signal: np.minimum(signal, level).astype(signal.dtype), saturation_level=np.floor(level)
    )
    checks = lab.checks(clipped)
    saturated = checks[checks["check"].eq("saturated")]
    assert len(saturated) >= 3 and saturated["animal"].notna().any()
    values = lab.values(clipped)
    assert values["reason"].str.contains("saturated").any()
    assert set(values[values["reason"].str.contains("saturated")]["status"]) == {"flagged"}


def test_jpeg_and_eight_bits_are_told(lab):
    from PIL import Image

    rows, columns = np.mgrid[0:160, 0:300]
    picture = 10 + 200 * np.exp(-((((columns - 30) % 60 - 30) / 18) ** 4) - ((rows - 80) / 6) ** 2)
    Image.fromarray(picture.astype(np.uint8)).save(lab.folder / "a.jpg", quality=90)
    images = [{"image": "a.jpg", "membrane": "B1", "target": "BDNF", "role": "target"}]
    blot = lab.ingested(images=images, lanes=lanes("B1", 5))
    checks = lab.checks(blot)
    assert verdicts(checks, "bit_depth") == ["warn"] and verdicts(checks, "lossless") == ["warn"]


def test_lanes_that_cannot_be_found_fail_the_check(lab):
    tifffile.imwrite(lab.folder / "a.tif", np.random.default_rng(0).normal(500, 8, (300, 400)).astype(np.uint16))
    images = [{"image": "a.tif", "membrane": "B1", "target": "BDNF", "role": "target"}]
    blot = lab.ingested(images=images, lanes=lanes("B1", 8))
    checks = lab.checks(blot)
    assert verdicts(checks, "lanes") == ["fail"]


@pytest.mark.shared
def test_real_uncropped_pictures_raise_no_false_alarm(shared):
    wrong = []
    folders = [shared / "blot", *(shared / "blot" / name for name in ("pgk1_westerns", "gelgenie_masks"))]
    paths = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix in (".tif", ".png", ".jpg")]
    paths = [path for path in paths if "_mask" not in path.name]
    for path in paths:
        plane = next(iter(read_picture(path).planes.values()))
        is_jpeg = path.suffix == ".jpg"
        wrong += [(path.name, "seam")] * (altered_pixels.seam(plane)[0] > QC.splice_score)
        wrong += [(path.name, "jpeg")] * ((altered_pixels.jpeg_block_score(plane) > QC.jpeg_score) != is_jpeg)
        wrong += [(path.name, "gaps")] * (intensity_scale.histogram_gaps_pct(plane) > QC.histogram_gaps_pct)
    assert len(paths) == 18 and wrong == []
