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


def test_an_assay_added_as_a_folder_goes_the_whole_way(clone):
    done = clone.run()
    assert values(clone) == {f"A{number}": number + 2 for number in range(8)}
    assert (clone.results / "nose_poke" / "counts.csv").is_file()
    assert {"qc.html", "results.html"} <= {path.name for path in (clone.results / "report").iterdir()}
    assert "Nose poke: 8 recordings (8 ok, 0 flagged, 0 failed)" in done.stderr

    # Nothing changed: nothing to do.
    assert clone.planned() == {}

    # Each stage's code reruns that stage and what follows from it, nothing before it.
    batches = len(list((clone.results / "nose_poke").glob("b*")))
    later = {"collect": 1, "run": 1, "provenance": 1, "review": 1, "statistics": 1, "results": 1, "summary": 1}
    edit(stage(clone, "qc"), "Looks at pokes", "Looks hard at pokes")
    assert clone.planned() == {"qc": batches, **later}
    clone.run()
    edit(stage(clone, "quantify"), "Counts pokes", "Counts all pokes")
    assert clone.planned() == {"quantify": batches, "qc": batches, **later}
    clone.run()

    # A changed setting of one stage does the same.
    config = ("nose_poke={quantify: {minimum_s: 0.6}}",)
    assert clone.planned(config=config) == {"quantify": batches, "qc": batches, **later}

    # One more animal costs one batch.
    (clone.cohort / "logs" / "A8.txt").write_text("0.5\n" * 10)
    for name, row in (("animals", "A8,male"), ("allocation", "A8,ket10"), ("nose_poke", "rA8,A8,logs/A8.txt")):
        with (clone.cohort / f"{name}.csv").open("a") as table:
            table.write(row + "\n")
    planned = clone.planned()
    assert {rule: planned[rule] for rule in ("ingest", "quantify", "qc")} == {"ingest": 1, "quantify": 1, "qc": 1}
    clone.run()
    assert values(clone)["A8"] == 10


def test_a_broken_recording_is_failed_with_its_reason_and_stops_nothing(clone):
    (clone.cohort / "logs" / "A3.txt").write_text("")
    (clone.cohort / "logs" / "A4.txt").write_text("words\n")
    done = clone.run()
    table = pd.read_csv(clone.results / "recordings.csv").set_index("recording")
    assert table.loc["rA3", "status"] == table.loc["rA4", "status"] == "failed"
    assert table["status"].eq("ok").sum() == 6
    assert table.loc["rA3", "reason"] == "A3.txt: the file is empty. Copy it again from the device."
    assert "8 recordings (6 ok, 0 flagged, 2 failed)" in done.stderr
    measured = pd.read_csv(clone.results / "measurements.csv").set_index("animal")
    assert measured.loc["A3", "status"] == "failed"
    assert pd.isna(measured.loc["A3", "value"])

    # With strict: true the run ends with status 1, after everything else is finished.
    clone.run(config=("strict=true",), ok=False)
    assert (clone.results / "report" / "results.html").is_file()

    # A mended file is read again, and only its batch, though it be of an older date.
    (clone.cohort / "logs" / "A3.txt").write_text("0.5\n")
    os.utime(clone.cohort / "logs" / "A3.txt", (1_000_000_000, 1_000_000_000))
    assert clone.planned()["ingest"] == 1


def test_a_lost_intermediate_file_is_made_again_with_the_same_bytes(clone):
    clone.run()
    page = clone.results / "report" / "qc.html"
    batch = next((clone.results / "nose_poke").glob("b*"))
    before = {path: path.read_bytes() for path in (page, batch / "recordings.zip", clone.results / "measurements.csv")}
    (batch / "recordings.zip").unlink()
    page.unlink()
    done = clone.run()
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
    (clone.cohort / "settings.yaml").write_text("nose_poke: {quantify: {minimum_s: 0.6}}\n")
    clone.run()
    assert set(values(clone).values()) == {0}
    clone.run(config=("nose_poke={quantify: {minimum_s: 0.2}}",))
    assert values(clone)["A0"] == 2


def test_a_read_only_cohort_is_never_written_to(clone):
    before = {path: path.stat().st_mtime_ns for path in clone.cohort.rglob("*")}
    clone.run()
    assert {path: path.stat().st_mtime_ns for path in clone.cohort.rglob("*")} == before


def test_a_drawn_cohort_measures_what_was_drawn(clone):
    for path in (clone.cohort / "logs").iterdir():
        path.unlink()
    rows = "\n".join(f"rA{number},{number + 3}" for number in range(8))
    (clone.cohort / "nose_poke_truth.csv").write_text(f"recording,pokes\n{rows}\n")
    clone.run()
    assert values(clone) == {f"A{number}": number + 3 for number in range(8)}
    assert list((clone.cohort / "logs").iterdir()) == []


def test_no_job_before_the_statistics_is_given_the_arms(clone):
    """Arms appear in no batch file, parameter or log of the stages before the statistics."""
    clone.run()
    for path in [*(clone.results / "nose_poke").rglob("*"), *(clone.results / "logs").rglob("*.log")]:
        if path.is_file() and path.name != "statistics.log":
            assert b"ket10" not in path.read_bytes(), path
    assert "ket10" not in (clone.results / "report" / "qc.html").read_text()


def test_killed_at_any_moment_a_rerun_gives_the_undisturbed_result(clone):
    clone.run()
    undisturbed = (clone.results / "measurements.csv").read_bytes()
    clone.results = clone.folder / "again"
    for wait_s in (3.0, 5.0):
        words = [sys.executable, "-m", "snakemake", "--cores", "2", "--config", f"cohort={clone.cohort}"]
        run = subprocess.Popen(
            [*words, f"results={clone.results}"], cwd=clone.folder, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(wait_s)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    clone.run()
    assert (clone.results / "measurements.csv").read_bytes() == undisturbed
