"""QC: doubts are told, and the reviewer's picture is small and blind."""

import numpy as np
from dendrite import record_of

from ketaflow.assays.dendritic_spines import qc, quantify


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
    figure = record.figures[row["image"]][0]
    assert len(figure.content) < 80_000
    assert figure.content.count("<circle") == len(drawn["measured"].tables["spines"])
    for secret in (row["animal"], row["image"]):
        assert secret not in figure.content + figure.caption + figure.title


def test_a_large_noisy_field_still_makes_a_small_picture(row, defaults):
    noise = np.random.default_rng(0).integers(0, 4095, (1, 1500, 1500)).astype(np.uint16)
    record = checked(noise, row, defaults)
    assert len(record.figures[row["image"]][0].content) < 80_000
