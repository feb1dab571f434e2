"""A batch file gives back what was put in, byte for byte the same each time."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ketaflow.core import records
from ketaflow.core.records import Figure, Record


def batch() -> list[Record]:
    return [
        Record(
            "v/a.avi",
            facts={"frame_rate_hz": 25.0},
            tables={"trace": pd.DataFrame({"t_s": [0.0, 0.04], "motion": [0.1, np.nan]}), "bouts": [{"start_s": 1.0}]},
            arrays={"background": np.arange(12, dtype=np.uint8).reshape(3, 4)},
            figures={"r1": [Figure("Trace", "<svg/>"), Figure("Frame", b"\x00\xff", "image/webp", "at 3 s")]},
            rows={"swim": [{"recording": "r1", "animal": None}]},
            key="k1",
        ),
        Record("v/b.avi", status="failed", reason="zero bytes", key="k2"),
        Record("v/c.avi", tables={"trace": pd.DataFrame({"t_s": [5.0], "motion": [0.9]})}, key="k3"),
    ]


def test_a_batch_file_gives_back_what_was_put_in(tmp_path):
    records.write_batch(batch(), tmp_path / "b.zip")
    first, second, third = records.read_batch(tmp_path / "b.zip")
    assert (first.name, first.facts, first.rows, first.key) == (
        "v/a.avi", {"frame_rate_hz": 25.0}, {"swim": [{"recording": "r1", "animal": None}]}, "k1",
    )  # fmt: skip
    pd.testing.assert_frame_equal(first.table("trace"), batch()[0].tables["trace"])
    assert first.table("bouts")["start_s"].tolist() == [1.0]
    np.testing.assert_array_equal(first.arrays["background"], batch()[0].arrays["background"])
    assert first.figures == batch()[0].figures
    assert (second.status, second.reason, second.tables) == ("failed", "zero bytes", {})
    assert third.table("trace")["t_s"].tolist() == [5.0]


def test_equal_records_give_equal_bytes(tmp_path):
    for name in ("one.zip", "two.zip"):
        records.write_batch(batch(), tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_table_of_the_whole_batch_needs_no_unpacking(tmp_path):
    records.write_batch(batch(), tmp_path / "b.zip")
    assert records.batch_table(tmp_path / "b.zip", "trace")["t_s"].tolist() == [0.0, 0.04, 5.0]
    assert records.batch_table(tmp_path / "b.zip", "states").empty
    assert records.batch_tables(tmp_path / "b.zip") == ["trace", "bouts"]


def test_a_table_that_is_not_there_is_empty():
    assert Record().table("trace").empty


def test_tables_may_be_asked_for_alone(tmp_path):
    records.write_batch(batch(), tmp_path / "b.zip")
    first = records.read_batch(tmp_path / "b.zip", tables_only=True)[0]
    assert len(first.table("trace")) == 2
    assert not first.arrays
    assert not first.figures


def test_a_table_keeps_its_own_columns_whatever_the_others_of_the_batch_have(tmp_path):
    seen = Record("video", tables={"trace": pd.DataFrame({"time_s": [0.0, 1.0], "speed": [0.1, 0.2]})})
    told = Record("export", tables={"trace": pd.DataFrame({"time_s": [0.0], "mobility": [9.0]})})
    records.write_batch([seen, told], tmp_path / "b.zip")
    first, second = records.read_batch(tmp_path / "b.zip")
    assert list(first.tables["trace"]) == ["time_s", "speed"]
    assert list(second.tables["trace"]) == ["time_s", "mobility"]


THREADS = """
import os, sys
from ketaflow.core import records
import numpy as np, pandas as pd, pyarrow.parquet
path, table = sys.argv[1], pd.DataFrame({"name": ["a", "b"] * 500, "value": np.arange(1000.0)})
before = len(os.listdir("/proc/self/task"))
records.write_batch([records.Record("r", tables={"t": table, "u": table})], path)
records.read_batch(path)
records.batch_table(path, "t")
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted on Linux")
def test_batch_files_are_written_and_read_without_threads_that_may_abort_the_process_as_it_ends(tmp_path):
    where = {**os.environ, "PYTHONPATH": str(Path(records.__file__).parents[2])}
    words = [sys.executable, "-c", THREADS, str(tmp_path / "b.zip")]
    done = subprocess.run(words, capture_output=True, text=True, env=where, check=True)
    assert done.stdout.strip() == "0"
