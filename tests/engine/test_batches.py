"""Batches: stable, cached record by record, and never stopped by one bad recording."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.core import records
from ketaflow.core.cohort import Group
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record
from ketaflow.engine import batches


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


class Reader:
    """An assay's ingest that counts what it was asked to read."""

    def __init__(self):
        self.read = []

    def __call__(self, rows, folder: Path, **settings) -> Record:
        name = rows["swim"][0]["recording"]
        self.read.append(name)
        if name == "unreadable":
            raise IngestError("unreadable: found nothing, expected a video. Record it again.")
        if name == "surprising":
            raise ZeroDivisionError("division by zero")
        return Record(tables={"trace": [{"recording": name, "motion": 0.5}]}, arrays={"frame": np.eye(3)})


def run(names, cache: Path, reader, settings=None, code="1", folder=Path(".")):
    done = batches.ingest_batch(groups(names), folder, reader, settings or {}, code=code, cache=cache)
    batches.write(done, cache.parent.parent / "out.zip", cache)
    return {record.name: record for record in done}


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache" / "b.zip"


def test_a_bad_recording_never_stops_its_batch(cache):
    done = run(["a", "unreadable", "surprising", "b"], cache, Reader())
    assert [done[name].status for name in ("a", "unreadable", "surprising", "b")] == ["ok", "failed", "failed", "ok"]
    assert done["unreadable"].reason == "unreadable: found nothing, expected a video. Record it again."
    assert "division by zero" in done["surprising"].reason


def test_what_is_unchanged_comes_from_the_cache(cache):
    first = Reader()
    before = run(["a", "b"], cache, first)
    again = Reader()
    after = run(["a", "b", "c"], cache, again)
    assert (first.read, again.read) == (["a", "b"], ["c"])
    assert after["a"].table("trace").equals(records.read_batch(cache)[0].table("trace"))
    assert after["a"].key == before["a"].key


@pytest.mark.parametrize("change", [{"settings": {"x": 1}}, {"code": "2"}])
def test_changed_settings_or_code_read_everything_again(cache, change):
    run(["a", "b"], cache, Reader())
    again = Reader()
    run(["a", "b"], cache, again, **change)
    assert again.read == ["a", "b"]


def test_a_failed_recording_is_tried_again(cache):
    run(["unreadable"], cache, Reader())
    again = Reader()
    run(["unreadable"], cache, again)
    assert again.read == ["unreadable"]


def test_a_changed_file_is_read_again(cache, tmp_path):
    def with_file(names, reader):
        made = [Group(name, {"swim": [{"recording": name}]}, [f"{name}.avi"]) for name in names]
        done = batches.ingest_batch(made, tmp_path, reader, {}, code="1", cache=cache)
        batches.write(done, tmp_path / "out.zip", cache)
        return done

    for name in "ab":
        (tmp_path / f"{name}.avi").write_text(name)
    with_file("ab", Reader())
    (tmp_path / "b.avi").write_text("changed")
    again = Reader()
    done = with_file("ab", again)
    assert again.read == ["b"]
    assert done[0].sources[0]["bytes"] == 1


def test_tables_for_later_stages_read_nothing_again_but_reach_them(cache, tmp_path):
    def with_scores(scored, reader):
        rows = {"swim": [{"recording": "a", "video": "a.avi"}], **({"scores": scored} if scored else {})}
        made = [Group("a", rows, ["a.avi", *(row["file"] for row in scored)])]
        done = batches.ingest_batch(made, tmp_path, reader, {}, code="1", cache=cache, later={"scores"})
        batches.write(done, tmp_path / "out.zip", cache)
        return done[0]

    for name in ("a.avi", "ann.csv"):
        (tmp_path / name).write_text(name)
    bare = with_scores([], Reader())
    again = Reader()
    scored = with_scores([{"recording": "a", "file": "ann.csv"}], again)
    (tmp_path / "ann.csv").write_text("corrected")
    corrected = with_scores([{"recording": "a", "file": "ann.csv"}], again)
    assert again.read == []
    assert scored.rows["scores"] == [{"recording": "a", "file": "ann.csv"}]
    assert len({bare.key, scored.key, corrected.key}) == 3
    assert [source["path"] for source in corrected.sources] == ["a.avi", "ann.csv"]
    (tmp_path / "a.avi").write_text("another film")
    with_scores([], again)
    assert again.read == ["a"]


def test_the_cache_serves_the_halves_of_a_split_batch(cache):
    run(["a", "b"], cache, Reader())
    again = Reader()
    run(["a"], cache.with_name("b0.zip"), again)
    assert again.read == []


def test_a_broken_cache_is_not_used_and_not_fatal(cache):
    run(["a"], cache, Reader())
    cache.unlink()
    cache.write_bytes(b"half a zip")
    again = Reader()
    assert run(["a"], cache, again)["a"].status == "ok"
    assert again.read == ["a"]


def test_a_failed_record_is_passed_on_with_its_reason(tmp_path):
    seen = []
    before = [(Record("a", key="1"),), (Record("b", status="failed", reason="no video", key="2"),)]

    def stage(record):
        seen.append(record.name)
        return Record(tables={"measurements": [{"value": 1.0}]})

    done = batches.stage_batch(before, stage, {}, code="1", cache=tmp_path / "cache" / "b.zip")
    assert seen == ["a"]
    assert [(record.name, record.status, record.reason) for record in done] == [
        ("a", "ok", ""),
        ("b", "failed", "no video"),
    ]
