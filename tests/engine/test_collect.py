"""Batches put together: nothing is lost, a failure keeps its reason, an item's fingerprint follows its content."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest

from ketaflow.core.inputs import Group
from ketaflow.core.results import (
    CHECK_COLUMNS,
    MEASUREMENT_COLUMNS,
    RECORDING_COLUMNS,
    Checked,
    Measurement,
    check,
    measurement,
    table,
)
from ketaflow.engine import batch_files, recordings
from ketaflow.engine.batch_files import ExpectedMeasure, NamedRecording, Outcome, Source
from ketaflow.engine.collection import collect, run_summary

ASSAY = "forced_swim"
TABLE = Source("forced_swim.csv", "t", 10)
ANIMALS = pd.DataFrame({"animal": ["M1", "M2", "M3"]})


@dataclass(frozen=True)
class Ingested:
    """What ingest made of a film; nothing here looks inside."""


@dataclass(frozen=True)
class Measured:
    measurements: list[Measurement] = table()


GIVEN = (ExpectedMeasure("immobility_s"),)


def batch(folder: Path, immobility_s: float | None = 150.0, verdict: str = "pass", sha256: str = "a") -> Path:
    """One video that was measured and one that could not be read."""
    failed = {"status": "failed", "reason": "v/2.mp4: no bytes in this file"}
    reason = "" if immobility_s else "dark"
    value = measurement("immobility_s", immobility_s, animal="M1", recording="r1", reason=reason)
    seen = check("brightness", 80.0, recording="r1", animal="M1", message="too dark", verdict=verdict)
    first, second = (
        {
            "recordings": (NamedRecording(f"r{n}", f"M{n}", "test", (f"v/{n}.mp4",), "", GIVEN),),
            "sources": (Source(f"v/{n}.mp4", sha, 5),),
        }
        for n, sha in ((1, sha256), (2, "b"))
    )
    stages = {
        "recordings": (Ingested, Outcome("v/1.mp4", Ingested(), **first), Outcome("v/2.mp4", **second, **failed)),
        "measurements": (Measured, Outcome("v/1.mp4", Measured([value])), Outcome("v/2.mp4", **failed)),
        "checks": (Checked, Outcome("v/1.mp4", Checked([seen])), Outcome("v/2.mp4", **failed)),
    }
    for name, (kind, *made) in stages.items():
        batch_files.write(made, kind, folder / f"{name}.zip")
    return folder


def collected(*folders: Path, imported: pd.DataFrame | None = None, more: tuple[Source, ...] = ()) -> collect.Collected:
    given = collect.AssayInput(list(folders), {}, TABLE, more)
    return collect.collect({ASSAY: given}, animals=ANIMALS, imported=imported)


@pytest.fixture(autouse=True)
def no_summary_over_the_cohort(monkeypatch):
    real = collect.assays.has
    monkeypatch.setattr(collect.assays, "has", lambda assay, name: name != "cohort" and real(assay, name))


def test_a_recording_that_could_not_be_read_is_listed_everywhere_with_its_reason(tmp_path):
    found = collected(batch(tmp_path))
    row = found.recordings.set_index("recording").loc["r2"]
    assert (row["status"], row["reason"]) == ("failed", "v/2.mp4: no bytes in this file")
    empty = found.measurements[found.measurements["recording"].eq("r2")]
    assert "immobility_s" in set(empty["measure"])
    assert empty["value"].isna().all()
    assert set(empty["reason"]) == {"v/2.mp4: no bytes in this file"}
    assert found.checks[found.checks["recording"].eq("r2")]["verdict"].tolist() == ["fail"]


def test_an_animal_without_a_recording_is_listed(tmp_path):
    checks = collected(batch(tmp_path)).checks
    assert checks[checks["check"].eq("recording_present")]["animal"].tolist() == ["M3"]


@pytest.mark.parametrize(("verdict", "status"), [("pass", "ok"), ("warn", "flagged"), ("fail", "flagged")])
def test_a_doubtful_recording_is_flagged(tmp_path, verdict, status):
    assert collected(batch(tmp_path, verdict=verdict)).recordings.set_index("recording").loc["r1", "status"] == status


def test_a_recording_without_any_value_is_failed(tmp_path):
    row = collected(batch(tmp_path, immobility_s=None)).recordings.set_index("recording").loc["r1"]
    assert (row["status"], row["reason"]) == ("failed", "dark")


def test_tables_have_the_contracts_columns(tmp_path):
    found = collected(batch(tmp_path))
    assert tuple(found.measurements) == MEASUREMENT_COLUMNS
    assert tuple(found.checks) == CHECK_COLUMNS
    assert tuple(found.recordings) == RECORDING_COLUMNS
    assert set(found.measurements["assay"]) == {ASSAY}


def test_an_items_fingerprint_follows_what_was_recorded_and_measured(tmp_path):
    def fingerprint(name, **change):
        items = collected(batch(tmp_path / name, **change)).items.set_index("recording")
        return items.loc["r1", "item_sha256"]

    same, again = fingerprint("a"), fingerprint("b")
    assert same == again
    assert fingerprint("c", immobility_s=151.0) != same
    assert fingerprint("d", sha256="other") != same
    assert fingerprint("e", verdict="warn") == same, "a check's limit may change without a new judgement"


def test_values_from_elsewhere_enter_like_everything_else(tmp_path):
    row = {
        "animal": "M3",
        "assay": "elisa",
        "measure": "bdnf_pg_per_ml",
        "value": 41.0,
        "unit": "pg/ml",
        "status": None,
    }
    elsewhere = pd.DataFrame([row])
    found = collected(batch(tmp_path), imported=elsewhere).measurements
    row = found[found["assay"].eq("elisa")].iloc[0]
    assert (row["value"], row["status"]) == (41.0, "ok")


def test_the_last_lines_of_a_run_count_and_name_what_failed(tmp_path):
    said = run_summary.summary(collected(batch(tmp_path)))
    assert said.splitlines()[0].endswith("2 recordings (1 ok, 0 flagged, 1 failed)")
    assert "failed: r2: v/2.mp4: no bytes in this file" in said


def test_order_of_batches_changes_nothing(tmp_path):
    one, two = batch(tmp_path / "1"), batch(tmp_path / "2", immobility_s=99.0)
    forward = collected(one, two)
    assert len(forward.measurements) == 2 * len(collected(one).measurements)


def test_a_file_that_only_a_later_stage_uses_is_listed_with_its_fingerprint(tmp_path):
    found = collected(batch(tmp_path), more=(Source("scores/boris.csv", "c", 9),)).recordings
    assert found.set_index("path").loc["scores/boris.csv", "sha256"] == "c"


def dialysed(folder: Path, table_sha256: str = "t", **changed: object) -> dict[str, str]:
    """Fingerprints of two animals' time courses; ``changed`` is M2's own row."""
    made = {"recordings": [], "measurements": [], "checks": []}
    for animal in ("M1", "M2"):
        row = {"animal": animal, "fraction": "1", "start_min": -20.0, "chromatogram": None}
        rows = {"microdialysis": [row | (changed if animal == "M2" else {})]}
        named = recordings.named("microdialysis", Group(animal, rows))
        value = measurement("baseline_um", 2.0, animal=animal, recording=animal)
        made["recordings"].append(Outcome(animal, Ingested(), recordings=named))
        made["measurements"].append(Outcome(animal, Measured([value])))
        made["checks"].append(Outcome(animal, Checked()))
    for (name, done), kind in zip(made.items(), (Ingested, Measured, Checked), strict=True):
        batch_files.write(done, kind, folder / f"{name}.zip")
    given = collect.AssayInput([folder], {}, Source("microdialysis.csv", table_sha256, 10))
    found = collect.collect({"microdialysis": given}, animals=ANIMALS, imported=None)
    return found.items.set_index("recording")["item_sha256"].to_dict()


def test_a_row_of_another_animal_in_the_same_table_leaves_a_judgement_standing(tmp_path):
    before = dialysed(tmp_path)
    after = dialysed(tmp_path, table_sha256="another", note="air in the line")
    assert after["M1"] == before["M1"]
    assert after["M2"] != before["M2"], "its own row was changed"


def test_recordings_that_failed_for_one_reason_share_a_line(tmp_path):
    failed = [(f"r{number}", "M1", "the film ends before the scoring window") for number in range(12)]
    frame = pd.DataFrame(
        [("forced_swim", name, animal, "", "", 0, "failed", reason) for name, animal, reason in failed],
        columns=list(RECORDING_COLUMNS),
    )
    found = replace(collected(batch(tmp_path)), recordings=frame)
    (line,) = [line for line in run_summary.summary(found).splitlines() if "scoring window" in line]
    assert line == "  failed: r0, r1, r2, r3, r4 and 7 more: the film ends before the scoring window"


def test_an_assay_that_yields_no_value_is_named_in_the_last_line(tmp_path):
    said = run_summary.summary(collected(batch(tmp_path, immobility_s=None))).splitlines()
    assert said[-1] == "No value was measured in: Forced swim"


def test_a_summary_over_the_cohort_that_fails_costs_nothing_else(tmp_path, monkeypatch):
    monkeypatch.undo()

    def summarise(tables, rows, **settings) -> dict:
        raise KeyError("analyte")

    monkeypatch.setattr(collect.assays.stage(ASSAY, "cohort"), "summarise", summarise)
    found = collected(batch(tmp_path))
    assert found.measurements["value"].notna().any()
    (row,) = found.checks[found.checks["check"].eq("cohort_summary")].to_dict("records")
    assert (row["verdict"], "KeyError: 'analyte'" in row["message"]) == ("fail", True)
    assert "the summary over the cohort failed" in run_summary.summary(found)


def test_a_standard_that_cannot_be_read_is_a_failed_row_of_its_own(tmp_path, monkeypatch):
    monkeypatch.undo()
    from ketaflow.assays.microdialysis import model as microdialysis

    nan, reason = float("nan"), "s.txt: the file is empty. Export the chromatogram again."
    broken = microdialysis.StandardReadBack(
        "s.txt", "glutamate", "s.txt", 1.0, nan, nan, nan, readable=False, reason=reason
    )
    made = {"recordings": [], "measurements": [], "checks": []}
    sources = (Source("c.txt", "c", 5), Source("s.txt", "s", 0))
    for animal in ("M1", "M2"):
        value = measurement("baseline_um", 2.0, animal=animal, recording=animal)
        named = (NamedRecording(animal, animal, None, ("c.txt",), ""),)
        made["recordings"].append(Outcome(animal, Ingested(), recordings=named, sources=sources))
        made["measurements"].append(Outcome(animal, microdialysis.Measured([value], standards=[broken])))
        made["checks"].append(Outcome(animal, Checked()))
    for (name, done), kind in zip(made.items(), (Ingested, microdialysis.Measured, Checked), strict=True):
        batch_files.write(done, kind, tmp_path / f"{name}.zip")
    given = collect.AssayInput([tmp_path], {}, Source("microdialysis.csv", "t", 10))
    found = collect.collect({"microdialysis": given}, animals=ANIMALS, imported=None)
    rows = found.recordings.set_index("path")
    assert rows.loc["s.txt", ["recording", "status", "reason"]].tolist() == ["s.txt", "failed", reason]
    assert rows.loc["c.txt", "status"].tolist() == ["ok", "ok"]
    assert "s.txt" not in set(found.items["recording"])
    assert f"  failed: s.txt: {reason}" in run_summary.summary(found)
