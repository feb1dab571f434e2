"""Every call to the system may fail once: the next run gives the tables of an undisturbed one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ketaflow import assays

FAULTS = Path(__file__).resolve().parent / "faults"
# Calls that fail in turn, of several hundred per assay, chosen at random. More by KETAFLOW_INJECTED.
INJECTED = os.environ.get("KETAFLOW_INJECTED", "8")


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    """The library that makes the n-th call fail."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("shim") / "nth_call.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, FAULTS / "nth_call.c", "-ldl"], check=True)
    return library


@pytest.mark.long
@pytest.mark.parametrize("assay", assays.names())
def test_a_call_that_fails_once_changes_no_table(shim, assay, tmp_path):
    command = [sys.executable, FAULTS / "run_assay.py", assay, tmp_path / "runs", INJECTED]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "LD_PRELOAD": str(shim)}
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    print(report)
    assert report["injected"] > 0
    assert report["job failed"] > 0
    assert report["different"] == []
