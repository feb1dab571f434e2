"""QC: doubts are told, and the reviewer's picture is small and blind."""

import base64

import numpy as np
import pandas as pd
import pytest
from simulated_dendrites import record_of

from ketaflow.assays.dendritic_spines import qc, quantify
from ketaflow.assays.dendritic_spines.figures import depth_profile, overlay


def verdicts(record) -> dict[str, str]:
    return {entry["check"]: entry["verdict"] for entry in record.tables["checks"]}


def checked(stack, row, defaults, **facts):
    recording = record_of(stack, row)
    recording.facts.update(facts)
    measured = quantify.quantify(recording, **defaults["quantify"])
    return qc.qc(recording, measured, **defaults["qc"])


def test_a_good_image_passes_every_check(drawn, row, defaults):
    told = verdicts(checked(drawn["stack"], row, defaults))
    assert set(told.values()) == {"pass"}, told


def test_a_saturated_image_is_flagged(drawn, row, defaults):
    clipped = np.minimum(drawn["stack"], 1200)
    assert verdicts(checked(clipped, row, defaults, ceiling=1200.0))["saturated_pct"] == "warn"


def test_pixels_coarser_than_nyquist_are_flagged(drawn, row, defaults):
    assert verdicts(checked(drawn["stack"], row, defaults, pixel_size_um=0.2))["pixel_size_um"] == "warn"


def test_an_image_without_a_dendrite_fails_and_still_has_a_picture(row, defaults):
    noise = np.random.default_rng(0).poisson(20, (10, 120, 120)).astype(np.uint16)
    record = checked(noise, row, defaults)
    assert verdicts(record)["dendrite_length_um"] == "fail"
    assert record.figures[row["image"]]


def test_the_readers_doubts_reach_the_reviewer(drawn, row, defaults):
    assert verdicts(checked(drawn["stack"], row, defaults, notes=["planes are time points"]))["file_layout"] == "warn"


def test_the_picture_is_small_marks_every_spine_and_names_nobody(drawn, row, defaults):
    record = qc.qc(drawn["recording"], drawn["measured"], **defaults["qc"])
    picture, depth = record.figures[row["image"]]
    assert len(picture.content) < 80_000
    for figure in (picture, depth):
        assert figure.content.count("<circle") == len(drawn["measured"].tables["spines"])
        for secret in (row["animal"], row["image"]):
            assert secret not in figure.content + figure.caption + figure.title


def picture_of(figure) -> np.ndarray:
    import imagecodecs

    return imagecodecs.webp_decode(base64.b64decode(figure.content.split("base64,")[1].split('"')[0]))


def test_saturated_pixels_are_coloured_and_no_others(drawn, row, defaults):
    clipped = np.minimum(drawn["stack"], 1200)
    shown = picture_of(checked(clipped, row, defaults, ceiling=1200.0).figures[row["image"]][0]).astype(int)
    coloured = (shown[..., 0] - shown[..., 1]) > 100
    assert coloured.mean() == pytest.approx((clipped.max(0) >= 1200).mean(), rel=0.2)
    whole = picture_of(checked(drawn["stack"], row, defaults).figures[row["image"]][0]).astype(int)
    assert np.ptp(whole, axis=2).max() < 60


def test_the_picture_can_be_seen_without_its_marks(drawn, row, defaults):
    content = checked(drawn["stack"], row, defaults).figures[row["image"]][0].content
    assert "svg:active .marks{opacity:0}" in content
    assert content.index("<image") < content.index('class="marks"') < content.index("<circle")


@pytest.mark.parametrize("side", [120, 1500])
def test_small_and_large_fields_are_drawn_alike(side):
    field = np.random.default_rng(0).integers(0, 200, (side // 2, side)).astype(np.uint8)
    spines = pd.DataFrame([{"spine": 1, "x_px": side / 2 - 0.5, "y_px": side / 4 - 0.5, "class": "thin", "score": 0.5,
                            "head_diameter_um": 0.5, "origin": "found"}])  # fmt: skip
    drawn = overlay.projection_svg(field, field > 255, field > 255, 0.1, pd.DataFrame(), spines)
    assert 'viewBox="0 0 720.0 360.0"' in drawn
    assert 'cx="360.0" cy="180.0"' in drawn


def test_a_cell_body_is_outlined_and_nothing_where_there_is_none():
    field, soma = np.random.default_rng(0).integers(0, 200, (60, 120)).astype(np.uint8), np.zeros((60, 120), bool)
    nothing = (pd.DataFrame(), pd.DataFrame())
    assert "<polygon" not in overlay.projection_svg(field, soma, soma, 0.1, *nothing)
    body = soma.copy()
    body[20:40, 90:] = True
    drawn = overlay.projection_svg(field, soma, body, 0.1, *nothing)
    outline = drawn.split('<polygon points="')[1].split('"')[0]
    xs, ys = np.array([place.split(",") for place in outline.split()], float).T
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == pytest.approx((540, 720, 120, 240), abs=4)


def test_a_flat_picture_has_no_depth_to_show(drawn, row, defaults):
    assert len(checked(drawn["stack"].max(0, keepdims=True), row, defaults).figures[row["image"]]) == 1


def test_light_over_depth_is_highest_where_the_shaft_lies():
    stack = np.zeros((9, 20, 20), np.uint16)
    stack[6, 10] = 100
    shafts = pd.DataFrame({"x_px": np.arange(20.0), "y_px": 10.0, "z_px": 6.0})
    profile = depth_profile.shaft_intensity(stack, shafts)
    assert (profile.argmax(), profile.max(), profile.min()) == (6, 1.0, 0.0)


def test_many_spines_still_make_a_small_picture(row):
    rng = np.random.default_rng(0)
    field = rng.integers(0, 4095, (900, 900)).astype(np.uint16)
    spines = pd.DataFrame({
        "spine": range(300), "x_px": rng.uniform(0, 900, 300), "y_px": rng.uniform(0, 900, 300), "class": "thin",
        "score": 0.5, "head_diameter_um": 0.5, "origin": "found",
    })  # fmt: skip
    drawn = overlay.projection_svg(field, field >= 4095, field > 4095, 0.1, pd.DataFrame(), spines)
    assert drawn.count("<circle") == 300
    assert len(drawn) < 80_000


def test_a_large_noisy_field_still_makes_a_small_picture(row, defaults):
    noise = np.random.default_rng(0).integers(0, 4095, (1, 1500, 1500)).astype(np.uint16)
    record = checked(noise, row, defaults)
    assert len(record.figures[row["image"]][0].content) < 80_000


@pytest.mark.parametrize(
    ("scale", "said"), [(1.0, None), (0.1, "micrometres"), (10.0, "6 of 6 marks of a rater lie outside the image")]
)
def test_marks_in_another_unit_are_told(drawn, row, scale, said, defaults):
    marks = [
        {"image": row["image"], "rater": "anna", "x_px": x * scale, "y_px": 40.0 * scale} for x in range(40, 100, 10)
    ]
    recording = record_of(drawn["stack"], row, dendritic_spines_human_scores=marks)
    checks = qc.qc(recording, drawn["measured"], **defaults["qc"]).table("checks")
    told = checks.loc[checks["check"].eq("human_marks"), "message"].tolist()
    assert (not told) if said is None else (said in told[0])
