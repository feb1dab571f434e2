"""A cohort submitted to a real Slurm by the profile gives what a laptop gives.

Starts a one-node Slurm (slurmctld, slurmd, munge) with the script kept beside the repository; needs root and Debian's
packages slurm-wlm and munge, and skips elsewhere.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

START = Path(__file__).resolve().parents[3] / "shared" / "slurm" / "start-slurm.sh"
# The one-node Slurm keeps no accounts, and a test need not wait 40 s before it looks at its first job.
NO_ACCOUNTS = ("--slurm-status-command", "squeue", "--slurm-no-account")
IMPATIENT = ("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5")

pytestmark = [pytest.mark.slurm, pytest.mark.slow]


@pytest.fixture
def slurm(tmp_path):
    if not shutil.which("slurmctld") or not shutil.which("munged"):
        pytest.skip("slurmctld and munged are not installed (Debian: slurm-wlm, munge)")
    if os.geteuid() != 0:
        pytest.skip("starting a Slurm needs root")
    if not START.is_file():
        pytest.skip("the script that starts a one-node Slurm (../shared/slurm) is not here")
    subprocess.run([START, "start"], check=True, timeout=120, capture_output=True)
    yield
    subprocess.run([START, "stop"], check=False, timeout=120, capture_output=True)


def test_slurm_gives_what_a_laptop_gives(slurm, clone):
    clone.run()
    local = {name: (clone.results / name).read_bytes() for name in ("measurements.csv", "checks.csv", "recordings.csv")}
    contrasts = (clone.results / "statistics" / "contrasts.csv").read_bytes()
    clone.results = clone.folder / "by_slurm"
    words = ("--workflow-profile", "profiles/slurm", *NO_ACCOUNTS, *IMPATIENT)
    done = clone.run(*words)
    assert "submitted with SLURM jobid" in done.stderr
    assert {name: (clone.results / name).read_bytes() for name in local} == local
    assert (clone.results / "statistics" / "contrasts.csv").read_bytes() == contrasts
