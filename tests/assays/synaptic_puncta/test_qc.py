"""What is doubtful is flagged, and every field is shown."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ketaflow.assays.synaptic_puncta import simulate
from ketaflow.assays.synaptic_puncta.simulation.fields import Scene, simulate_field


def verdicts(checked):
    return {(row.check, row.place): row.verdict for row in checked.checks}


def test_a_good_field_passes_everything(drawn):
    checked = drawn(synapses=100, snr=9).checked
    assert set(verdicts(checked).values()) == {"pass"}


def test_bleed_through_is_flagged(drawn):
    wide = {"width_px": 512, "height_px": 512, "synapses": 150, "pre_alone": 350, "post_alone": 350, "snr": 12}
    clean, leaking = (drawn(2, bleed_pct=share, **wide).measured.sections[0] for share in (0, 30))
    assert clean.bleed_pre_into_post_pct < 5
    assert leaking.bleed_pre_into_post_pct == pytest.approx(30, abs=10)
    assert verdicts(drawn(2, bleed_pct=30, **wide).checked)["bleed-through", "pre into post"] == "warn"


def test_a_saturated_channel_is_flagged(drawn):
    checked = drawn(snr=20, background=60, bits=8).checked
    assert verdicts(checked)["saturation", "pre"] == "warn"


@pytest.mark.parametrize(("share", "verdict"), [(0.05, "pass"), (0.5, "warn")])
def test_a_clipped_black_level_is_flagged(tmp_path, row, run_stages, share, verdict):
    scene = Scene(synapses=100, snr=9)
    field = simulate_field(scene, np.random.default_rng(0))
    clipped = replace(field, pre=np.maximum(field.pre, np.quantile(field.pre, share).astype(field.pre.dtype)))
    simulate.write(clipped, tmp_path / "field.ome.tif", scene, ("VGluT1", "PSD95"))
    found = verdicts(run_stages([row(image="field.ome.tif")], tmp_path).checked)
    assert (found["black level", "pre"], found["black level", "post"]) == (verdict, "pass")


@pytest.mark.parametrize(("share", "verdict"), [(0.0, "pass"), (0.5, "warn")])
def test_a_field_of_which_half_is_empty_is_flagged(tmp_path, row, run_stages, share, verdict):
    scene = Scene(width_px=400, height_px=400, synapses=250, snr=9)
    rng = np.random.default_rng(0)
    field = simulate_field(scene, rng)
    for channel in (field.pre, field.post):
        edge = channel[..., : int(share * scene.width_px)]
        edge[:] = rng.normal(160, 10, edge.shape).astype(channel.dtype)
    simulate.write(field, tmp_path / "field.ome.tif", scene, ("VGluT1", "PSD95"))
    run = run_stages([row(image="field.ome.tif")], tmp_path)
    assert verdicts(run.checked)["tissue", ""] == verdict
    if verdict == "warn":
        (message,) = [check.message for check in run.checked.checks if check.check == "tissue"]
        assert "lowers every density" in message


def test_an_empty_channel_is_flagged(drawn):
    checked = drawn(synapses=0, pre_alone=0).checked
    assert verdicts(checked)["puncta", "pre"] == "warn"
    assert verdicts(checked)["puncta", "post"] == "pass"


def test_displaced_channels_are_flagged(drawn, shifted_apart):
    assert shifted_apart(0)["displacement", ""] == "pass"
    assert shifted_apart(3)["displacement", ""] == "warn"


def test_figures_are_small_and_name_nobody(drawn):
    checked = drawn(width_px=1024, height_px=1024, synapses=1000).checked
    figures = checked.figures["field.ome.tif"]
    assert sum(len(figure.content) for figure in figures) < 80_000
    for figure in figures:
        assert "data:image/webp" in figure.content
        shown = re.sub(r"base64,[^\"]*", "", figure.content)
        for word in ("M1", "S1", "field.ome", "mPFC"):
            assert word not in figure.title + figure.caption + shown
