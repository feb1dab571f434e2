"""A cohort submitted to a real Slurm by the profile gives what a laptop gives, also when the node goes away."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest

from . import one_node

ROOT = Path(__file__).resolve().parents[2]
# The one-node Slurm keeps no accounts, and a test need not wait 40 s before it looks at its first job.
NO_ACCOUNTS = ("--slurm-status-command", "squeue", "--slurm-no-account")
IMPATIENT = ("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5")
BY_SLURM = ("--workflow-profile", "profiles/slurm", *NO_ACCOUNTS, *IMPATIENT)
TABLES = ("measurements.csv", "checks.csv", "recordings.csv", "statistics/contrasts.csv")

pytestmark = [pytest.mark.slurm, pytest.mark.long]


@pytest.fixture(scope="module")
def slurm():
    if reason := one_node.why_not():
        pytest.skip(reason)
    # Not in pytest's folder: the user munge may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        one_node.start(folder)
        yield
    finally:
        one_node.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def tables(results: Path) -> dict[str, bytes]:
    return {name: (results / name).read_bytes() for name in TABLES}


def test_slurm_gives_what_a_laptop_gives(slurm, finished):
    local = tables(finished.results)
    finished.results = finished.folder / "by_slurm"
    done = finished.run(*BY_SLURM)
    assert "submitted with SLURM jobid" in done.stderr
    assert tables(finished.results) == local


def test_the_demonstration_by_slurm_is_the_demonstration(slurm, demonstration, new_clone, tmp_path):
    made = new_clone(tmp_path / "by_slurm")
    made.cohort = demonstration.cohort
    done = made.run(*BY_SLURM)
    # 24 animals in eight assays: one submission an assay, and the tables, statistics, pages and provenance.
    assert done.stderr.count("submitted with SLURM jobid") <= 21
    for name in TABLES:
        ours, theirs = (pd.read_csv(results / name) for results in (made.results, demonstration.results))
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9)


def test_a_job_that_slurm_ends_for_its_memory_is_tried_again_with_twice_as_much(slurm, finished):
    local = tables(finished.results)
    finished.results = finished.folder / "by_slurm"
    tried = finished.folder / "tried.txt"
    # One batch needs more than the first attempt may take, and less than the second.
    needy = f"""
    import os, subprocess, time
    if row.recording == "rA3":
        with open({str(tried)!r}, "a") as told:
            subprocess.run(["squeue", "-h", "-t", "running", "-o", "%m"], stdout=told)
        much = bytearray(os.urandom(1_000_000)) * 350
        time.sleep(8)
"""
    path = finished.folder / "workflow" / "ketaflow" / "assays" / "nose_poke" / "ingest.py"
    line = "    path = folder / row.log"
    path.write_text(path.read_text().replace(line, needy + line))
    finished.run(*BY_SLURM)
    assert tried.read_text().split() == ["500M", "1000M"]
    assert tables(finished.results) == local


def test_jobs_are_submitted_anew_when_the_node_goes_away_under_them(slurm, finished):
    local = tables(finished.results)
    finished.results = finished.folder / "by_slurm"
    # The first job waits, so that there is time to take the node away.
    path = finished.folder / "workflow" / "ketaflow" / "assays" / "nose_poke" / "ingest.py"
    marker = finished.folder / "waited"
    wait = f"    import os, time\n    if not os.path.exists({str(marker)!r}):\n"
    wait += f"        open({str(marker)!r}, 'w').close()\n        time.sleep(60)\n"
    text = path.read_text()
    path.write_text(text.replace("    path = folder / row.log", wait + "    path = folder / row.log"))
    node = subprocess.run(["sinfo", "-h", "-o", "%n"], capture_output=True, text=True).stdout.strip()
    with finished.start(*BY_SLURM) as run:
        end = time.monotonic() + 120
        while not marker.exists() and time.monotonic() < end:
            time.sleep(0.2)
        assert marker.exists()
        subprocess.run(["scontrol", "update", f"nodename={node}", "state=down", "reason=test"], check=True)
        # The node registers again by itself; where it has not yet, it is asked to.
        time.sleep(2)
        subprocess.run(["scontrol", "update", f"nodename={node}", "state=resume"], check=False)
        assert run.wait(timeout=300) == 0, finished.said()
    # What ran on when its node was declared dead.
    subprocess.run(["pkill", "-KILL", "-f", str(finished.folder)], check=False)
    assert tables(finished.results) == local
