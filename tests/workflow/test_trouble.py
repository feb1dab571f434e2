"""What can go wrong under a run: a full disk, a second run, a job killed. A rerun gives the undisturbed result."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

TABLES = ("measurements.csv", "checks.csv", "recordings.csv")
# What a stage does at its second recording, once: wait long enough to be disturbed.
WAITS = """
    import time
    if row.recording == "rA3":
        time.sleep(8)
"""


def tables(clone) -> dict[str, bytes]:
    return {name: (clone.results / name).read_bytes() for name in TABLES}


def put_into(clone, stage: str, before: str, lines: str) -> None:
    path = clone.folder / "workflow" / "ketaflow" / "assays" / "nose_poke" / f"{stage}.py"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, lines + before))


def wait_for(found, most_s: float = 60) -> None:
    end = time.monotonic() + most_s
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 100 kB, and a way to enlarge it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=100m", folder], check=True)
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_told_and_once_there_is_room_the_run_goes_on(finished, small_disk):
    undisturbed = tables(finished)
    folder, enlarge = small_disk
    finished.results = folder / "out"
    done = finished.run(ok=False)
    assert "The disk is full: make room, then run the same command again" in done.stdout + done.stderr
    assert not list(finished.results.rglob("*.part"))
    enlarge()
    finished.run()
    assert tables(finished) == undisturbed


def test_a_second_run_in_the_same_folder_stops_and_the_first_goes_on(clone, new_clone):
    put_into(clone, "ingest", "    path = folder / row.log", WAITS)
    other = Path(shutil.copytree(clone.folder, clone.folder.with_name("other")))
    first = clone.start()
    wait_for(lambda: (clone.results / ".running").is_file() and (clone.results / ".running").read_text())
    # From a clone of its own, so that nothing but the results folder is shared.
    second = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--config", f"cohort={clone.cohort}",
         f"results={clone.results}"], cwd=other, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert second.returncode != 0
    assert f"Another run is at work in {clone.results}" in second.stdout + second.stderr
    assert first.wait(timeout=300) == 0, clone.said()
    assert (clone.results / "report" / "results.html").is_file()
    clone.run()


def test_stopped_by_ctrl_c_the_last_words_say_so_and_a_rerun_goes_on(clone):
    put_into(clone, "ingest", "    path = folder / row.log", WAITS)
    run = clone.start()
    wait_for(lambda: list(clone.results.glob("logs/ingest/nose_poke/*.log")))
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(timeout=60) != 0
    last = clone.said().strip().splitlines()[-1]
    assert last == (
        "Stopped by you (Ctrl-C). What is finished is kept: run the same command again, and it goes on from here."
    )
    clone.run()
    assert (clone.results / "measurements.csv").is_file()


def test_a_job_killed_for_its_memory_costs_its_batch_alone_and_a_rerun_mends_it(finished):
    undisturbed = tables(finished)
    finished.results = finished.folder / "again"
    marker = finished.folder / "killed"
    put_into(
        finished, "ingest", '    path = folder / row.log',
        f"""
    import os, signal
    if row.recording == "rA3" and not os.path.exists({str(marker)!r}):
        open({str(marker)!r}, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
""",
    )  # fmt: skip
    done = finished.run(ok=False)
    assert "run the same command again" in done.stdout + done.stderr
    batches = list((finished.results / "nose_poke").glob("b*/recordings.zip"))
    assert batches, "the other batches went on"
    finished.run()
    assert tables(finished) == undisturbed


def test_memory_that_runs_out_fails_the_job_not_the_recording(clone):
    marker = clone.folder / "tried"
    put_into(
        clone, "quantify", '    count = sum(',
        f"""
    import os
    if not os.path.exists({str(marker)!r}):
        open({str(marker)!r}, "w").close()
        raise MemoryError
""",
    )  # fmt: skip
    done = clone.run(ok=False)
    assert "There was not enough memory" in done.stdout + done.stderr
    done = clone.run()
    assert "8 recordings (8 ok, 0 flagged, 0 failed)" in done.stderr
