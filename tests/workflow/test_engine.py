"""The engine, on a tiny assay: what runs, what runs again, what a bad recording or table does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def stage(clone, name: str) -> Path:
    return clone.folder / "workflow" / "ketaflow" / "assays" / "nose_poke" / f"{name}.py"


def values(clone) -> dict[str, float]:
    table = pd.read_csv(clone.results / "measurements.csv")
    return dict(zip(table["animal"], table["value"], strict=True))


def test_an_assay_added_as_a_folder_goes_the_whole_way(finished_study):
    results = finished_study.results
    assert values(finished_study) == {f"A{number}": number + 2 for number in range(8)}
    assert (results / "nose_poke" / "counts.csv").is_file()
    assert {"qc.html", "results.html"} <= {path.name for path in (results / "report").iterdir()}
    assert "Nose poke: 8 recordings (8 ok, 0 flagged, 0 failed)" in finished_study.said()


def test_a_change_reruns_its_stage_and_what_follows_from_it(finished):
    # Nothing changed: nothing to do.
    assert finished.planned() == {}

    # Each stage's code reruns that stage and what follows from it, nothing before it.
    batches = len(list((finished.results / "nose_poke").glob("b*")))
    later = {"collect": 1, "run": 1, "provenance": 1, "review": 1, "statistics": 1, "results": 1, "summary": 1}
    edit(stage(finished, "qc"), "Looks at pokes", "Looks hard at pokes")
    assert finished.planned() == {"qc": batches, **later}
    edit(stage(finished, "qc"), "Looks hard at pokes", "Looks at pokes")
    edit(stage(finished, "quantify"), "Counts pokes", "Counts all pokes")
    assert finished.planned() == {"quantify": batches, "qc": batches, **later}
    edit(stage(finished, "quantify"), "Counts all pokes", "Counts pokes")
    assert finished.planned() == {}

    # A changed setting of one stage does the same.
    config = ("nose_poke={quantify: {minimum_s: 0.6}}",)
    assert finished.planned(config=config) == {"quantify": batches, "qc": batches, **later}

    # One more animal costs one batch.
    (finished.cohort / "logs" / "A8.txt").write_text("0.5\n" * 10)
    for name, row in (("animals", "A8,male"), ("allocation", "A8,ket10"), ("nose_poke", "rA8,A8,logs/A8.txt")):
        with (finished.cohort / f"{name}.csv").open("a") as table:
            table.write(row + "\n")
    planned = finished.planned()
    assert {rule: planned[rule] for rule in ("ingest", "quantify", "qc")} == {"ingest": 1, "quantify": 1, "qc": 1}
    finished.run()
    assert values(finished)["A8"] == 10


@pytest.fixture(scope="module")
def broken_study(new_study, tmp_path_factory):
    """The study with two broken recordings, run once; what its cohort was before."""
    clone = new_study(tmp_path_factory.mktemp("broken") / "clone")
    (clone.cohort / "logs" / "A3.txt").write_text("")
    (clone.cohort / "logs" / "A4.txt").write_text("words\n")
    before = {path: path.stat().st_mtime_ns for path in clone.cohort.rglob("*")}
    return clone, clone.run().stderr, before


def test_a_cohort_is_never_written_to(broken_study):
    clone, _, before = broken_study
    assert {path: path.stat().st_mtime_ns for path in clone.cohort.rglob("*")} == before


def test_a_broken_recording_is_failed_with_its_reason_and_stops_nothing(broken_study):
    clone, said, _ = broken_study
    table = pd.read_csv(clone.results / "recordings.csv").set_index("recording")
    assert table.loc["rA3", "status"] == table.loc["rA4", "status"] == "failed"
    assert table["status"].eq("ok").sum() == 6
    assert table.loc["rA3", "reason"] == "A3.txt: the file is empty. Copy it again from the device."
    assert "8 recordings (6 ok, 0 flagged, 2 failed)" in said
    measured = pd.read_csv(clone.results / "measurements.csv").set_index("animal")
    assert measured.loc["A3", "status"] == "failed"
    assert pd.isna(measured.loc["A3", "value"])

    # With strict: true the run ends with status 1, after everything else is finished.
    (clone.results / "report" / "results.html").unlink()
    clone.run(config=("strict=true",), ok=False)
    assert (clone.results / "report" / "results.html").is_file()

    # A mended file is read again, and only its batch, though it be of an older date.
    (clone.cohort / "logs" / "A3.txt").write_text("0.5\n")
    os.utime(clone.cohort / "logs" / "A3.txt", (1_000_000_000, 1_000_000_000))
    assert clone.planned()["ingest"] == 1


def test_a_lost_intermediate_file_is_made_again_with_the_same_bytes(finished):
    page = finished.results / "report" / "qc.html"
    batch = next((finished.results / "nose_poke").glob("b*"))
    before = {
        path: path.read_bytes() for path in (page, batch / "recordings.zip", finished.results / "measurements.csv")
    }
    (batch / "recordings.zip").unlink()
    page.unlink()
    done = finished.run()
    assert "Traceback" not in done.stdout + done.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_wrong_tables_stop_the_run_before_any_job_with_all_problems(clone):
    edit(clone.cohort / "nose_poke.csv", "A1.txt", "A1x.txt")
    edit(clone.cohort / "allocation.csv", "A2,ket10", "A2,kett10")
    (clone.cohort / "settings.yaml").write_text("nose_poke: {quantify: {minimum: 3}}\n")
    done = clone.run(ok=False)
    said = done.stdout + done.stderr
    assert "3 problems in the cohort; nothing was run" in said
    assert "nose_poke.csv, row 3, column log: 'logs/A1x.txt' does not exist" in said
    assert "Did you mean 'ket10'?" in said
    assert "Did you mean 'minimum_s'?" in said
    assert "Traceback" not in said
    assert not clone.results.exists()


def test_settings_of_the_cohort_stand_between_config_and_command_line(clone):
    settings = "nose_poke: {quantify: {minimum_s: 0.6}, jobs: {batch_size: 8}}\n"
    (clone.cohort / "settings.yaml").write_text(settings)
    clone.run("out/measurements.csv")
    assert set(values(clone).values()) == {0}
    clone.run("out/measurements.csv", config=("nose_poke={quantify: {minimum_s: 0.2}}",))
    assert values(clone)["A0"] == 2


@pytest.mark.long
def test_a_drawn_cohort_measures_what_was_drawn(clone):
    for path in (clone.cohort / "logs").iterdir():
        path.unlink()
    rows = "\n".join(f"rA{number},{number + 3}" for number in range(8))
    (clone.cohort / "nose_poke_truth.csv").write_text(f"recording,pokes\n{rows}\n")
    clone.run("out/measurements.csv", config=("nose_poke={jobs: {batch_size: 8}}",))
    assert values(clone) == {f"A{number}": number + 3 for number in range(8)}
    assert list((clone.cohort / "logs").iterdir()) == []


def test_no_job_before_the_statistics_is_given_the_arms(finished_study):
    """Arms appear in no batch file, parameter or log of the stages before the statistics."""
    for path in [*(finished_study.results / "nose_poke").rglob("*"), *(finished_study.results / "logs").rglob("*.log")]:
        if path.is_file() and path.name != "statistics.log":
            assert b"ket10" not in path.read_bytes(), path
    assert "ket10" not in (finished_study.results / "report" / "qc.html").read_text()


@pytest.mark.long
def test_killed_at_any_moment_a_rerun_gives_the_undisturbed_result(finished):
    undisturbed = (finished.results / "measurements.csv").read_bytes()
    finished.results = finished.folder / "again"
    for wait_s in (3.0, 5.0):
        words = [sys.executable, "-m", "snakemake", "--cores", "2", "--config", f"cohort={finished.cohort}"]
        run = subprocess.Popen(
            [*words, f"results={finished.results}"], cwd=finished.folder, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(wait_s)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    finished.run()
    assert (finished.results / "measurements.csv").read_bytes() == undisturbed
