"""Batches: stable, cached record by record, and never stopped by one bad recording."""

import errno
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Group
from ketaflow.engine import batch_files, batches
from ketaflow.engine.batch_files import Outcome
from ketaflow.engine.batches import Job
from ketaflow.engine.stages import Stage


def groups(names) -> list[Group]:
    return [Group(name, {"swim": [{"recording": name}]}) for name in names]


def home(batched) -> dict[str, str]:
    return {group.name: batch for batch, members in batched.items() for group in members}


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=60), st.integers(1, 20))
def test_every_group_is_in_exactly_one_batch(names, batch_size):
    batched = batches.batched(groups(sorted(names)), batch_size)
    assert sorted(group.name for members in batched.values() for group in members) == sorted(names)


def test_one_more_animal_disturbs_one_batch():
    names = [f"r{number}" for number in range(100)]
    before = home(batches.batched(groups(names), 10))
    after = home(batches.batched(groups([*names, "r100"]), 10))
    assert {name: after[name] for name in names} == before


def test_when_batches_double_each_splits_in_two():
    names = [f"r{number}" for number in range(33)]
    few, many = home(batches.batched(groups(names), 17)), home(batches.batched(groups(names), 9))
    assert all(many[name].startswith(few[name]) and len(many[name]) == len(few[name]) + 1 for name in names)


@pytest.mark.parametrize(("load", "expected"), [(0.0, 4), (3.0, 4), (5.0, 8), (16.0, 16)])
def test_batches_are_as_many_as_their_number_or_their_load_asks_for(load, expected):
    names = [f"r{number}" for number in range(400)]
    assert len(batches.batched(groups(names), 100, load=load)) == expected


def test_order_of_rows_does_not_matter():
    names = [f"r{number}" for number in range(50)]
    assert home(batches.batched(groups(names), 5)) == home(batches.batched(groups(names[::-1]), 5))


@dataclass(frozen=True)
class Swim:
    recording: str
    frame: np.ndarray
    scores: int = 0


@dataclass(frozen=True)
class Limits:
    x: int


class Reader:
    """An assay's ingest that counts what it was asked to read."""

    def __init__(self):
        self.read = []

    def __call__(self, rows, folder: Path, settings) -> Swim:
        name = rows.by_table["swim"][0]["recording"]
        self.read.append(name)
        if name == "unreadable":
            raise IngestError("unreadable: found nothing, expected a video. Record it again.")
        if name == "surprising":
            raise ZeroDivisionError("division by zero")
        if name == "unlucky":
            raise OSError(errno.ESTALE, "Stale file handle")
        return Swim(name, np.eye(3) * settings.x)


@pytest.fixture
def use(monkeypatch):
    """Run this function as the stage of a little assay."""
    monkeypatch.setattr(batches.recordings, "named", lambda assay, group: ())

    def use(run, reads=(), takes_rows=False):
        monkeypatch.setattr(batches, "stage", lambda assay, name: Stage(run, reads, Swim, Limits, takes_rows))

    return use


@pytest.fixture
def job(tmp_path) -> Job:
    return Job("swim", "ingest", {"x": 1}, "1", tmp_path / "out.zip", tmp_path / "cache" / "b.zip")


def run(job: Job, names, folder=Path(".")) -> dict[str, Outcome]:
    batches.ingest(job, groups(names), folder)
    return {one.name: one for one in batch_files.read(job.output, Swim)}


def test_a_bad_recording_never_stops_its_batch(job, use):
    use(Reader())
    done = run(job, ["a", "unreadable", "surprising", "b"])
    assert [done[name].status for name in ("a", "unreadable", "surprising", "b")] == ["ok", "failed", "failed", "ok"]
    assert done["unreadable"].reason == "unreadable: found nothing, expected a video. Record it again."
    assert "division by zero" in done["surprising"].reason


def test_a_fault_of_the_machine_stops_the_job_and_is_no_fact_about_a_recording(job, use):
    use(Reader())
    with pytest.raises(OSError, match="Stale"):
        run(job, ["a", "unlucky"])
    assert not job.output.exists()
    assert not job.cache.exists()


def test_what_is_unchanged_comes_from_the_cache(job, use):
    first, again = Reader(), Reader()
    use(first)
    before = run(job, ["a", "b"])
    use(again)
    after = run(job, ["a", "b", "c"])
    assert (first.read, again.read) == (["a", "b"], ["c"])
    np.testing.assert_array_equal(after["a"].content.frame, before["a"].content.frame)
    assert after["a"].key == before["a"].key


@pytest.mark.parametrize("change", [{"settings": {"x": 2}}, {"code": "2"}])
def test_changed_settings_or_code_read_everything_again(job, use, change):
    use(Reader())
    run(job, ["a", "b"])
    again = Reader()
    use(again)
    run(replace(job, **change), ["a", "b"])
    assert again.read == ["a", "b"]


def test_a_failed_recording_is_tried_again(job, use):
    use(Reader())
    run(job, ["unreadable"])
    again = Reader()
    use(again)
    run(job, ["unreadable"])
    assert set(again.read) == {"unreadable"}


def test_a_file_that_was_not_there_changes_the_jobs_parameters_so_that_it_runs_again(job, use, tmp_path):
    use(Reader())
    group = [Group("a", {"swim": [{"recording": "a"}]}, ["a.avi"])]
    before = batches.times_absent(job.cache)
    batches.ingest(job, group, tmp_path)
    absent = batches.times_absent(job.cache)
    (tmp_path / "a.avi").write_text("a")
    batches.ingest(job, group, tmp_path)
    assert (before, absent, batches.times_absent(job.cache)) == (0, 1, 1)


def test_a_reading_that_succeeds_the_second_time_is_no_failure(job, use):
    tries = []

    def once(rows, folder, settings):
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not a video")
        return Swim("a", np.eye(3))

    use(once)
    assert run(job, ["a"])["a"].status == "ok"


def test_a_pipe_is_refused_without_being_opened(job, use, tmp_path):
    os.mkfifo(tmp_path / "a.avi")
    use(Reader())
    batches.ingest(job, [Group("a", {"swim": [{"recording": "a"}]}, ["a.avi"])], tmp_path)
    (done,) = batch_files.read(job.output, Swim)
    assert (done.status, "no regular file" in done.reason) == ("failed", True)
    assert batches.times_absent(job.cache) == 0  # it is there: the next run has nothing new to read


def test_a_changed_file_is_read_again(job, use, tmp_path):
    def with_files():
        made = [Group(name, {"swim": [{"recording": name}]}, [f"{name}.avi"]) for name in "ab"]
        batches.ingest(job, made, tmp_path)
        return batch_files.headings(job.output)

    for name in "ab":
        (tmp_path / f"{name}.avi").write_text(name)
    use(Reader())
    with_files()
    (tmp_path / "b.avi").write_text("changed")
    again = Reader()
    use(again)
    done = with_files()
    assert again.read == ["b"]
    assert done[0].sources[0].bytes == 1


def test_the_cache_serves_the_halves_of_a_split_batch(job, use):
    use(Reader())
    run(job, ["a", "b"])
    again = Reader()
    use(again)
    run(replace(job, cache=job.cache.with_name("b0.zip")), ["a"])
    assert again.read == []


def test_a_broken_cache_is_not_used_and_not_fatal(job, use):
    use(Reader())
    run(job, ["a"])
    job.cache.unlink()
    job.cache.write_bytes(b"half a zip")
    again = Reader()
    use(again)
    assert run(job, ["a"])["a"].status == "ok"
    assert again.read == ["a"]


def test_a_failed_record_is_passed_on_with_its_reason(job, use):
    use(Reader())
    run(job, ["a", "unreadable"])
    seen = []

    def quantify(swim, settings):
        seen.append(swim.recording)
        return swim

    use(quantify, reads=(Swim,))
    later = replace(job, stage="quantify", output=job.output.with_name("later.zip"), cache=job.cache.with_name("l.zip"))
    assert batches.follow(later, [job.output], []) == 1
    assert seen == ["a"]
    done = batch_files.headings(later.output)
    assert [(one.name, one.status) for one in done] == [("a", "ok"), ("unreadable", "failed")]
    assert done[1].reason == "unreadable: found nothing, expected a video. Record it again."


def test_rows_of_a_later_stage_rerun_that_stage_for_their_own_recording_alone(job, use):
    use(Reader())
    run(job, ["a", "b"])
    seen = []

    def quantify(swim, settings, rows):
        seen.append(swim.recording)
        return replace(swim, scores=len(rows.by_table.get("scores", [])))

    use(quantify, reads=(Swim,), takes_rows=True)
    later = replace(job, stage="quantify", output=job.output.with_name("later.zip"), cache=job.cache.with_name("b.zip"))
    later = replace(later, cache=job.cache.parent / "later" / "b.zip")
    batches.follow(later, [job.output], [])
    batches.follow(later, [job.output], [Group("b", {"scores": [{"recording": "b", "rater": "AB"}]})])
    assert seen == ["a", "b", "b"]
    assert [one.content.scores for one in batch_files.read(later.output, Swim)] == [0, 1]
