"""A batch file gives back what a stage returned, byte for byte the same each time."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pytest

from ketaflow.core.results import Figure, table
from ketaflow.engine import batch_files
from ketaflow.engine.batch_files import NamedRecording, Outcome, Source
from ketaflow.engine.codec import codec


class Point(NamedTuple):
    x_px: float
    y_px: float


@dataclass(frozen=True)
class Bout:
    start_s: float
    stop_s: float | None
    rater: str | None
    samples: int = 0


@dataclass(frozen=True)
class Cylinder:
    corner: Point
    walls: tuple[float, float]
    state: Literal["wet", "dry"]
    mask: np.ndarray | None = None


@dataclass(frozen=True)
class Swim:
    rate_hz: float
    cylinders: dict[str, Cylinder]
    notes: list[str]
    light: pd.DataFrame
    figures: list[Figure] = field(default_factory=list)
    lanes: dict[int, str] = field(default_factory=dict)
    bouts: list[Bout] = table()
    trace: pd.DataFrame = table()


def swim(start_s: float = 1.0) -> Swim:
    return Swim(
        rate_hz=25.0,
        cylinders={"r1": Cylinder(Point(3.0, 4.0), (1.0, 9.0), "wet", np.arange(12, dtype=np.uint8).reshape(3, 4))},
        notes=["tilted"],
        light=pd.DataFrame({"light": [1.0, 2.0]}),
        figures=[Figure("Trace", "<svg/>"), Figure("Frame", b"\x00\xff", "image/webp", "at 3 s")],
        lanes={1: "A1"},
        bouts=[Bout(start_s, None, "AB", 3), Bout(2.0, 3.0, None)],
        trace=pd.DataFrame({"time_s": [0.0, 0.04], "motion": [0.1, np.nan]}),
    )


def batch() -> list[Outcome]:
    named = (NamedRecording("r1", "M1", None, ("v/a.avi",), ""),)
    return [
        Outcome("v/a.avi", swim(), key="k1", recordings=named, sources=(Source("v/a.avi", "ab", 3),)),
        Outcome("v/b.avi", status="failed", reason="zero bytes", key="k2"),
        Outcome("v/c.avi", Swim(50.0, {}, [], pd.DataFrame(), trace=pd.DataFrame({"time_s": [5.0]})), key="k3"),
    ]


@pytest.fixture
def path(tmp_path) -> Path:
    batch_files.write(batch(), Swim, tmp_path / "b.zip")
    return tmp_path / "b.zip"


def test_a_batch_file_gives_back_what_was_put_in(path):
    first, second, third = batch_files.read(path, Swim)
    expected = batch()[0]
    assert (first.name, first.key, first.recordings, first.sources) == (
        expected.name, expected.key, expected.recordings, expected.sources,
    )  # fmt: skip
    for name in ("rate_hz", "notes", "figures", "lanes", "bouts"):
        assert getattr(first.content, name) == getattr(expected.content, name)
    cylinder, drawn = first.content.cylinders["r1"], expected.content.cylinders["r1"]
    np.testing.assert_array_equal(cylinder.mask, drawn.mask)
    assert (cylinder.corner, cylinder.walls, cylinder.state) == (drawn.corner, drawn.walls, drawn.state)
    pd.testing.assert_frame_equal(first.content.light, expected.content.light)
    pd.testing.assert_frame_equal(first.content.trace, expected.content.trace)
    assert (second.status, second.reason, second.content) == ("failed", "zero bytes", None)
    assert third.content.trace["time_s"].tolist() == [5.0]
    assert third.content.bouts == []


def test_records_can_be_read_without_their_published_tables(path):
    first, second, third = batch_files.without_tables(path, Swim)
    assert first.content.figures == swim().figures and list(first.content.light) == ["light"]
    assert first.content.bouts == third.content.bouts == [] and second.content is None


def test_a_table_keeps_its_own_columns_whatever_the_others_of_the_batch_have(path):
    first, _, third = batch_files.read(path, Swim)
    assert list(first.content.trace) == ["time_s", "motion"]
    assert list(third.content.trace) == ["time_s"]


def test_equal_records_give_equal_bytes(tmp_path):
    for name in ("one.zip", "two.zip"):
        batch_files.write(batch(), Swim, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_table_of_the_whole_batch_needs_no_unpacking(path):
    assert batch_files.tables(path) == ["bouts", "trace"]
    assert batch_files.table(path, "trace")["time_s"].tolist() == [0.0, 0.04, 5.0]
    assert batch_files.table(path, "states").empty


def test_headings_are_read_without_contents(path):
    assert [(one.name, one.status, one.content) for one in batch_files.headings(path)] == [
        ("v/a.avi", "ok", None), ("v/b.avi", "failed", None), ("v/c.avi", "ok", None),
    ]  # fmt: skip


def test_only_records_with_a_wanted_key_are_unpacked(path):
    assert [one.name for one in batch_files.matching(path, Swim, frozenset({"k2", "k3"}))] == ["v/c.avi"]


def test_a_type_that_cannot_be_written_is_named():
    with pytest.raises(TypeError, match="set"):
        codec(set[str])


def test_whole_numbers_and_missing_words_come_back_as_they_were(tmp_path):
    made = Swim(1.0, {}, [], pd.DataFrame(), bouts=[Bout(1.0, float("nan"), None, 4)])
    batch_files.write([Outcome("a", made)], Swim, tmp_path / "b.zip")
    (bout,) = batch_files.read(tmp_path / "b.zip", Swim)[0].content.bouts
    assert bout == Bout(1.0, None, None, 4)
    assert isinstance(bout.samples, int)


THREADS = """
import os, sys
from dataclasses import dataclass
import numpy as np, pandas as pd, pyarrow.parquet
from ketaflow.core.results import table
from ketaflow.engine import batch_files
@dataclass(frozen=True)
class Made:
    t: pd.DataFrame = table()
    u: pd.DataFrame = table()
path, frame = sys.argv[1], pd.DataFrame({"name": ["a", "b"] * 500, "value": np.arange(1000.0)})
before = len(os.listdir("/proc/self/task"))
batch_files.write([batch_files.Outcome("r", Made(frame, frame))], Made, path)
batch_files.read(path, Made)
batch_files.table(path, "t")
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted on Linux")
def test_batch_files_use_no_threads_that_may_abort_the_process_as_it_ends(tmp_path):
    where = {**os.environ, "PYTHONPATH": str(Path(batch_files.__file__).parents[2])}
    words = [sys.executable, "-c", THREADS, str(tmp_path / "b.zip")]
    done = subprocess.run(words, capture_output=True, text=True, env=where, check=True)
    assert done.stdout.strip() == "0"
