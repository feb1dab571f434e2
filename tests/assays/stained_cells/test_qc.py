"""What is doubtful is flagged, and every field is shown."""

import re
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from ketaflow.assays.stained_cells import constants


@pytest.mark.parametrize("stain", ["fluorescence", "dab"])
def test_a_good_field_passes_everything(drawn, stain):
    run = drawn(stain=stain, background_density=0.005, snr=8, width_px=512, height_px=512)
    assert set(run.verdicts().values()) == {"pass"}


def test_coarse_pixels_are_flagged(drawn):
    assert drawn(pixel_size_um=1.6, diameter_um=12).verdicts()["pixel size"] == "warn"


def test_saturated_cells_are_flagged(drawn):
    assert drawn(snr=60, bits=10).verdicts()["saturation"] == "warn"


def test_a_wrong_scale_is_flagged_by_the_size_of_the_objects(stages, row, tmp_path, drawn):
    tifffile.imwrite(tmp_path / "a.tif", drawn().fields.fields[0].pixels)
    assert stages([row(image="a.tif", pixel_size_um=0.15)], tmp_path).verdicts()["size"] == "warn"


@pytest.mark.parametrize("cells", [0, 3])
def test_specks_of_noise_in_a_field_of_few_cells_are_no_sign_of_a_wrong_scale(drawn, cells):
    assert drawn(cells=cells, pairs=0, snr=6).verdicts()["size"] == "pass"


def test_cells_near_the_threshold_are_flagged(drawn):
    run = drawn(stain="dab", optical_density=0.065, snr=6, brightness_cv=0.1)
    assert run.result.cell_count > 10
    assert run.verdicts()["threshold"] == "warn"


@pytest.mark.parametrize(
    ("white", "flagged"),
    [
        ((245.0, 245.0, 245.0), set()),
        ((150.0, 150.0, 150.0), {"white level"}),
        ((250.0, 240.0, 205.0), {"white level"}),
    ],
    ids=["grey", "dark", "tinted"],
)
def test_the_white_level_is_checked(drawn, white, flagged):
    run = drawn(stain="dab", white=white, background_density=0.0, width_px=512, height_px=512)
    assert {name for name, verdict in run.verdicts().items() if verdict != "pass"} == flagged


def test_a_tinted_white_level_of_the_settings_is_flagged(drawn, quantify_settings):
    tinted = (250.0, 240.0, 205.0)
    given = replace(quantify_settings, stain=replace(quantify_settings.stain, white_level=tinted))
    run = drawn(stain="dab", white=tinted, settings=given, snr=8)
    assert run.verdicts()["white balance"] == "warn"
    assert run.verdicts()["white level"] == "pass"


def test_another_stain_than_dab_is_flagged(stages, row, tmp_path, drawn):
    pixels = drawn(stain="dab", background_density=0.0).fields.fields[0].pixels
    tifffile.imwrite(tmp_path / "red.tif", np.ascontiguousarray(pixels[..., [1, 0, 2]]), photometric="rgb")
    run = stages([row(image="red.tif", stain="dab", pixel_size_um=0.5)], tmp_path)
    assert run.verdicts()["stain colour"] == "warn"


def test_a_stack_is_measured_as_its_maximum_and_flagged(stages, row, tmp_path, drawn):
    pixels = drawn().fields.fields[0].pixels
    stack = np.stack([pixels, np.full_like(pixels, 100)])
    tifffile.imwrite(tmp_path / "z.ome.tif", stack, ome=True, metadata={"axes": "ZYX"}, photometric="minisblack")
    run = stages([row(image="z.ome.tif", pixel_size_um=0.5)], tmp_path)
    assert run.result.cell_count == drawn().result.cell_count
    assert run.verdicts()["planes"] == "warn"


def test_corrections_that_change_nothing_are_flagged(drawn):
    run = drawn(corrections=({"image": "field.tif", "action": "drop", "x_px": 1.0, "y_px": 1.0},))
    assert run.verdicts()["corrections"] == "warn"


@pytest.mark.parametrize("stain", ["fluorescence", "dab"])
def test_figures_are_small_and_name_nobody(drawn, stain):
    run = drawn(stain=stain, width_px=900, height_px=900, cells=200, nuclei=100)
    figures = run.checked.figures["field.tif"]
    assert sum(len(figure.content) for figure in figures) < 60_000
    for figure in figures:
        assert "data:image/webp" in figure.content
        shown = re.sub(r"base64,[^\"]*", "", figure.content)
        for word in ("M1", "field.tif", "mPFC"):
            assert word not in figure.title + figure.caption + shown


def test_counted_cells_are_outlined_and_marked(drawn):
    run = drawn(snr=8)
    whole, part = (figure.content for figure in run.checked.figures["field.tif"])
    assert whole.count("<circle") == run.result.cell_count
    assert 2 <= part.count("<polygon") <= run.result.cell_count
    assert constants.COUNTED_FLUORESCENCE_COLOUR in part
