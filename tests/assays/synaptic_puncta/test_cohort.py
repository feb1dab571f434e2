"""An animal is the sum of its sections."""

import pandas as pd
import pytest

from ketaflow.assays.synaptic_puncta.cohort import summarise
from ketaflow.assays.synaptic_puncta.model import CohortSettings


def section(animal, pairs, chance, synapses, tissue_um2):
    names = {"animal": animal, "region": "mPFC", "pre_marker": "VGluT1", "post_marker": "PSD95"}
    counts = {"pre_puncta": 2 * pairs, "post_puncta": 3 * pairs, "pairs": pairs, "chance_pairs": chance}
    return {**names, **counts, "synapses": synapses, "tissue_um2": tissue_um2}


def test_sections_are_weighted_by_their_tissue():
    sections = pd.DataFrame([section("M1", 100, 20, 90, 1000.0), section("M1", 10, 2, 9, 500.0)])
    animals = summarise({"sections": sections}, {}, CohortSettings()).tables["animals"]
    assert animals["sections"].tolist() == [2]
    assert animals["synapse_density_per_um2"].tolist() == [pytest.approx(99 / 1500)]
    assert animals["chance_colocalisation_pct"].tolist() == [pytest.approx(20)]


def test_an_animal_without_pairs_has_no_share_of_chance():
    sections = pd.DataFrame([section("M1", 0, 0, 0, 1000.0)])
    animals = summarise({"sections": sections}, {}, CohortSettings()).tables["animals"]
    assert animals["chance_colocalisation_pct"].isna().all()
    assert animals["synapse_density_per_um2"].tolist() == [0]


def test_nothing_measured_gives_no_table():
    assert summarise({}, {}, CohortSettings()).tables == {}


def marker_row(recording, exposure_ms, gain=None):
    return {"recording": recording, "animal": "M1", "channel": "pre", "marker": "PSD95", "exposure_ms": exposure_ms,
            "gain": gain}  # fmt: skip


def acquisition(rows, controls=()):
    tables = {"sections": pd.DataFrame([section("M1", 1, 0, 1, 1.0)]), "markers": pd.DataFrame(rows)}
    if controls:
        tables["controls"] = pd.DataFrame(controls)
    return summarise(tables, {}, CohortSettings())


def test_a_recording_of_another_exposure_is_flagged():
    found = acquisition([marker_row(name, ms) for name, ms in (("a.tif", 100), ("b.tif", 100), ("c.tif", 250))]).checks
    assert [(one.recording, one.check, one.verdict) for one in found] == [
        ("a.tif", "exposure", "pass"), ("b.tif", "exposure", "pass"), ("c.tif", "exposure", "warn"),
    ]  # fmt: skip
    assert found[2].message.startswith("Exposure 250 ms; most files of this marker have 100 ms.")


def test_a_recording_that_states_no_gain_among_others_that_do_is_flagged():
    found = acquisition([marker_row("a.tif", None, 2), marker_row("b.tif", None, 2), marker_row("c.tif", None)]).checks
    assert [(one.check, one.verdict) for one in found] == [("gain", "pass"), ("gain", "pass"), ("gain", "warn")]
    assert "does not state the gain" in found[2].message


def test_files_that_state_neither_are_not_compared():
    assert acquisition([marker_row("a.tif", None), marker_row("b.tif", None)]).checks == []


def test_a_control_of_another_exposure_is_flagged_and_listed_once():
    control = {"image": "c.tif", "marker": "PSD95", "exposure_ms": 300, "gain": None}
    summary = acquisition([marker_row("a.tif", 100), marker_row("b.tif", 100)], [control, control])
    assert [one.verdict for one in summary.checks].count("warn") == 1
    assert len(summary.tables["controls"]) == 1
