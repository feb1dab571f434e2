"""QC: doubts become checks, and the reviewer's picture is small and blind."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from simulated_dendrites import QC, QUANTIFY, ROW, human_scores, image_of

from ketaflow.assays.dendritic_spines import qc, quantify
from ketaflow.assays.dendritic_spines.figures import depth_profile, overlay
from ketaflow.assays.dendritic_spines.model import Measured, ShaftPoint, SpineRow, spine_rows, spine_table
from ketaflow.core import images
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Checked, Figure


def verdicts(checked: Checked) -> dict[str, str]:
    return {one.check: one.verdict for one in checked.checks}


def checked(stack: np.ndarray, **changed) -> Checked:
    image = image_of(stack, **changed)
    return qc.qc(image, quantify.quantify(image, QUANTIFY, rows=Rows()), QC, rows=Rows())


@pytest.fixture(scope="module")
def passed(run) -> Checked:
    return qc.qc(run.image, run.measured, QC, rows=Rows())


@pytest.fixture(scope="module")
def saturated(run) -> Checked:
    """The image after a detector that clips at 1200 counts."""
    return checked(np.minimum(run.stack, 1200), saturation_level=1200.0)


def test_a_good_image_passes_every_check(passed):
    assert set(verdicts(passed).values()) == {"pass"}, verdicts(passed)


def test_a_saturated_image_is_flagged(saturated):
    assert verdicts(saturated)["saturated_pct"] == "warn"


def test_pixels_coarser_than_nyquist_are_flagged(run):
    assert verdicts(checked(run.stack, pixel_size_um=0.2))["pixel_size_um"] == "warn"


def nuclei(pixel_um: float, side: int = 300) -> np.ndarray:
    """Textured round nuclei 4 um apart and 5 to 8 um wide, as in a DAPI channel."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side] * pixel_um
    light = np.zeros((side, side))
    for top in np.arange(5, side * pixel_um, 10):
        for left in np.arange(5, side * pixel_um, 10):
            middle = np.array([top, left]) + rng.uniform(-1.5, 1.5, 2)
            light[np.hypot(y - middle[0], x - middle[1]) < rng.uniform(2.5, 4)] = rng.uniform(0.6, 1)
    texture = ndimage.gaussian_filter(rng.normal(0, 1, light.shape), 0.4 / pixel_um)
    light *= np.clip(1 + 0.4 * texture / texture.std(), 0.1, None)
    return rng.poisson(200 * ndimage.gaussian_filter(light, 0.2 / pixel_um) + 10).astype(np.uint16)


def test_nuclei_in_the_channel_of_the_dendrite_are_flagged_with_the_likely_cause():
    made = checked(nuclei(0.1)[None], pixel_size_um=0.1, z_step_um=None)
    flagged = {one.check: one.message for one in made.checks if one.verdict != "pass"}
    assert "is channel 1 the one of the dendrite?" in flagged.get("foreground_ratio", flagged.get("dendrite_length_um"))


@pytest.mark.shared
def test_real_nuclei_are_flagged(shared):
    pytest.importorskip("pylibCZIrw")
    found = images.read(
        shared / "cases/microscopy/nuc_small_new_red.czi", channel=None, pixel_size_um=None, z_step_um=None
    )
    made = checked(found.pixels, pixel_size_um=found.pixel_size_um, z_step_um=None, channel=found.channel)
    flagged = {one.check: one.message for one in made.checks if one.verdict == "warn"}
    assert "is channel nuclei the one of the dendrite?" in flagged["mean_head_diameter_um"]
    assert {"mean_length_um", "channel_name"} <= set(flagged)


@pytest.mark.parametrize(("channel", "verdict"), [("DAPI", "warn"), ("Hoechst 33342", "warn"), ("EGFP", None)])
def test_a_channel_named_like_a_stain_of_nuclei_is_flagged(run, channel, verdict):
    made = qc.qc(replace(run.image, channel=channel), run.measured, QC, rows=Rows())
    assert verdicts(made).get("channel_name") == verdict


def test_a_wrong_scale_is_flagged_with_the_likely_cause(run):
    made = checked(run.stack, pixel_size_um=0.5)
    flagged = {one.check: one.message for one in made.checks if one.verdict == "warn"}
    assert "is a pixel 0.5 um wide" in flagged["shaft_radius_um"]
    assert "is a pixel 0.5 um wide" in flagged["mean_head_diameter_um"]


def test_an_image_without_a_dendrite_fails_and_has_a_picture():
    noise = np.random.default_rng(0).poisson(20, (10, 120, 120)).astype(np.uint16)
    made = checked(noise)
    assert verdicts(made)["dendrite_length_um"] == "fail"
    assert made.figures[ROW["image"]]


def test_doubts_about_the_file_reach_the_reviewer(run):
    image = replace(run.image, notes=["planes are time points"])
    assert verdicts(qc.qc(image, run.measured, QC, rows=Rows()))["file_layout"] == "warn"


def test_the_picture_is_small_marks_every_spine_and_is_blind(run, passed):
    picture, depth = passed.figures[ROW["image"]]
    assert len(picture.content) < 80_000
    for figure in (picture, depth):
        assert figure.content.count("<circle") == len(run.measured.spines)
        for secret in (ROW["animal"], ROW["image"]):
            assert secret not in figure.content + figure.caption + figure.title


def picture_of(figure: Figure) -> np.ndarray:
    import imagecodecs

    return imagecodecs.webp_decode(base64.b64decode(figure.content.split("base64,")[1].split('"')[0]))


def test_saturated_pixels_are_coloured_and_no_others(run, passed, saturated):
    shown = picture_of(saturated.figures[ROW["image"]][0]).astype(int)
    coloured = (shown[..., 0] - shown[..., 1]) > 100
    assert coloured.mean() == pytest.approx((run.stack.max(0) >= 1200).mean(), rel=0.2)
    whole = picture_of(passed.figures[ROW["image"]][0]).astype(int)
    assert np.ptp(whole, axis=2).max() < 60


def test_the_picture_can_be_seen_without_its_marks(passed):
    content = passed.figures[ROW["image"]][0].content
    assert "svg:active .marks{opacity:0}" in content
    assert content.index("<image") < content.index('class="marks"') < content.index("<circle")


def spine_at(number: int, x_px: float, y_px: float) -> SpineRow:
    return SpineRow(
        "a", "a", "m", spine=number, x_px=x_px, y_px=y_px, z_px=0, score=0.5, head_diameter_um=0.5, length_um=1,
        neck_length_um=0.5, brightness_um2=0.1, spine_class="thin", class_probability=0.9, below_resolution=False,
        origin="found", branch=1,
    )  # fmt: skip


def found_in(field: np.ndarray, *spines: SpineRow, soma: np.ndarray | None = None) -> Measured:
    """Spines in a field without dendrites."""
    nowhere = np.zeros(field.shape, bool)
    return Measured(nowhere if soma is None else soma, 1.0, 0.0, [], spines=spine_table(list(spines)))


@pytest.mark.parametrize("side", [120, 1500])
def test_small_and_large_fields_are_drawn_alike(side):
    field = np.random.default_rng(0).integers(0, 200, (side // 2, side)).astype(np.uint8)
    found = found_in(field, spine_at(1, side / 2 - 0.5, side / 4 - 0.5))
    svg = overlay.projection_svg(field, field > 255, 0.1, found)
    assert 'viewBox="0 0 720.0 360.0"' in svg
    assert 'cx="360.0" cy="180.0"' in svg


def test_a_cell_body_is_outlined_and_nothing_where_there_is_none():
    field = np.random.default_rng(0).integers(0, 200, (60, 120)).astype(np.uint8)
    nowhere = np.zeros(field.shape, bool)
    assert "<polygon" not in overlay.projection_svg(field, nowhere, 0.1, found_in(field))
    body = nowhere.copy()
    body[20:40, 90:] = True
    svg = overlay.projection_svg(field, nowhere, 0.1, found_in(field, soma=body))
    outline = svg.split('<polygon points="')[1].split('"')[0]
    xs, ys = np.array([place.split(",") for place in outline.split()], float).T
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == pytest.approx((540, 720, 120, 240), abs=4)


def test_a_single_plane_has_no_depth_to_show(run):
    assert len(checked(run.stack.max(0, keepdims=True)).figures[ROW["image"]]) == 1


def test_light_over_depth_is_highest_where_the_shaft_lies():
    stack = np.zeros((9, 20, 20), np.uint16)
    stack[6, 10] = 100
    light = depth_profile.shaft_light(stack, [ShaftPoint("a", "a", "m", 1, x, 10.0, 6.0) for x in np.arange(20.0)])
    assert (light.argmax(), light.max(), light.min()) == (6, 1.0, 0.0)


def test_many_spines_still_make_a_small_picture():
    rng = np.random.default_rng(0)
    field = rng.integers(0, 4095, (900, 900)).astype(np.uint16)
    places = rng.uniform(0, 900, (300, 2))
    found = found_in(field, *(spine_at(number, x, y) for number, (x, y) in enumerate(places)))
    svg = overlay.projection_svg(field, field >= 4095, 0.1, found)
    assert svg.count("<circle") == 300
    assert len(svg) < 80_000


def test_a_large_noisy_field_still_makes_a_small_picture():
    noise = np.random.default_rng(0).integers(0, 4095, (1500, 1500)).astype(np.uint16)
    assert len(overlay.projection_svg(noise, noise >= 4095, 0.1, found_in(noise))) < 80_000


@pytest.mark.parametrize(
    ("scale", "expected"), [(1.0, None), (0.1, "micrometres"), (10.0, "6 of 6 marks of a rater lie outside the image")]
)
def test_marks_in_another_unit_are_reported(run, scale, expected):
    marks = human_scores(
        *({"rater": "anna", "x_px": x * scale, "y_px": 40.0 * scale, "class": None} for x in range(40, 100, 10))
    )
    made = qc.qc(run.image, run.measured, QC, rows=marks)
    messages = [one.message for one in made.checks if one.check == "human_marks"]
    assert (not messages) if expected is None else (expected in messages[0])


def test_a_table_of_spines_gives_the_same_rows_back():
    spines = [spine_at(1, 3.0, 4.0), spine_at(2, 5.5, 6.0)]
    assert spine_rows(spine_table(spines)) == spines
    assert "class" in spine_table(spines)
