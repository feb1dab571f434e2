"""Provenance: what is written is true, can be checked, and can be read by other programs."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

pytestmark = pytest.mark.slow


def made(clone) -> dict:
    return json.loads((clone.results / "provenance.json").read_text(encoding="utf-8"))


def verify(clone, ok=True):
    return clone.run("verify", ok=ok).stderr


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def finished(finished_study, new_clone, tmp_path_factory):
    """A copy of the finished study, for all tests here."""
    folder = tmp_path_factory.mktemp("finished") / "clone"
    return new_clone(Path(shutil.copytree(finished_study.folder, folder)))


def test_untouched_results_are_what_they_were(finished):
    before = {path: path.stat().st_mtime_ns for path in finished.results.rglob("*") if path.is_file()}
    assert "is what it was" in verify(finished)
    assert {path: path.stat().st_mtime_ns for path in finished.results.rglob("*") if path.is_file()} == before


def test_a_changed_input_output_or_piece_of_code_is_named(finished):
    changed = (
        finished.cohort / "logs" / "A1.txt",
        finished.cohort / "animals.csv",
        finished.results / "measurements.csv",
        finished.folder / "workflow" / "ketaflow" / "assays" / "nose_poke" / "quantify.py",
    )
    kept = {path: path.read_bytes() for path in changed}
    page, added = finished.results / "report" / "qc.html", finished.results / "added.csv"
    for path in changed:
        path.write_bytes(kept[path] + b"\n")
    shutil.move(page, finished.results.parent / "qc.html")
    added.write_text("")
    said = verify(finished, ok=False)
    for path, bytes_ in kept.items():
        path.write_bytes(bytes_)
    shutil.move(finished.results.parent / "qc.html", page)
    added.unlink()
    for name in ("logs/A1.txt", "animals.csv", "measurements.csv"):
        assert f"{name}: has changed" in said
    assert "report/qc.html: is not there any more" in said
    assert "added.csv: was added" in said
    assert "quantify of nose_poke: was edited" in said and "ingest of nose_poke" not in said
    assert "is what it was" in verify(finished)


@pytest.mark.long
def test_a_result_taken_from_an_earlier_run_keeps_that_runs_record(finished_study, new_clone, tmp_path):
    clone = new_clone(Path(shutil.copytree(finished_study.folder, tmp_path / "clone")))
    stage = clone.folder / "workflow" / "ketaflow" / "assays" / "nose_poke" / "qc.py"
    edit(stage, "Looks at pokes", "Looks hard at pokes")
    clone.run(env={"SOURCE_DATE_EPOCH": "1800000000"})
    found = made(clone)
    times = {
        stage: {found["runs"][run]["made_at"][:4] for run in groups.values()}
        for stage, groups in found["made_by_run"]["recordings"]["nose_poke"].items()
    }
    assert times == {"ingest": {"2023"}, "quantify": {"2023"}, "qc": {"2027"}}


def test_the_crate_is_read_by_the_library_and_every_file_is_there_or_marked_as_elsewhere(finished):
    crate = ROCrate(finished.results)
    assert crate.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    profiles = {one.id for one in crate.root_dataset["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in profiles
    entities = json.loads((finished.results / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    files = [one for one in entities if "File" in one["@type"]]
    assert len(files) > 20
    for one in files:
        beside = finished.results / one["@id"]
        elsewhere = finished.results / one.get("contentUrl", "nowhere")
        assert beside.is_file() or os.path.exists(elsewhere)
        assert one["sha256"]


@pytest.mark.long
def test_two_runs_with_a_fixed_date_give_equal_files(new_study, tmp_path):
    """Another folder, another number of cores, another time zone and another language."""
    trees = []
    for cores, zone, language in (("1", "UTC", "C.UTF-8"), ("2", "Asia/Tokyo", "de_DE.UTF-8")):
        clone = new_study(tmp_path / language / "clone")
        key = clone.results.with_name(f"{clone.results.name}.blinding_key")
        key.write_text("0" * 64)
        key.chmod(stat.S_IRUSR | stat.S_IWUSR)
        clone.run("--cores", cores, env={"SOURCE_DATE_EPOCH": "1700000000", "TZ": zone, "LC_ALL": language})
        leave = {"logs", "cache", "drawn", ".snakemake", ".running"}
        found = [path for path in sorted(clone.results.rglob("*")) if path.is_file()]
        inside = [path.relative_to(clone.results) for path in found]
        trees.append(
            {path.as_posix(): (clone.results / path).read_bytes() for path in inside if path.parts[0] not in leave}
        )
    one, other = trees
    assert set(one) == set(other)
    differ = {path: (one[path][:400], other[path][:400]) for path in one if one[path] != other[path]}
    assert differ == {}
