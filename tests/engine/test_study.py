"""A study as the rules see it: what is a recording, and which decisions of reviewers belong to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ketaflow.core.errors import CohortError
from ketaflow.engine import recordings, study
from ketaflow.review import blinding

TABLES = {
    "animals": "animal,sex\nM1,male\nM2,female\n",
    "arms": "arm,control,drug,dose_mg_per_kg\nvehicle,yes,saline,0\nket10,no,ketamine,10\n",
    "allocation": "animal,arm\nM1,vehicle\nM2,ket10\n",
    "microdialysis": "animal,fraction,start_min,stop_min,chromatogram\n"
    "M1,1,-20,0,c.txt\nM1,2,0,20,c2.txt\nM2,1,-20,0,\n",
    "microdialysis_standards": "chromatogram,analyte,concentration_um\nc.txt,glutamate,1\n",
}
KEY = "a key for this test alone"


def cohort(folder: Path, *decisions: str) -> Path:
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    for name in ("c.txt", "c2.txt"):
        (folder / name).write_text("")
    header = "code,decision,reason,note,reviewer,decided_at,item_sha256\n"
    rows = "".join(f"{code},reject,,,A.B.,2026-03-01 10:00,0\n" for code in decisions)
    (folder / "qc_decisions.csv").write_text(header + rows)
    return folder


def loaded(folder: Path) -> study.Study:
    """The study, whose key lies in a file of its own."""
    key = folder.parent / f"{folder.name}.key"
    key.write_text(KEY)
    given = {"cohort": str(folder), "results": str(folder.parent / "results"), "blinding_key_file": str(key)}
    return study.load(given, {})


def test_an_animal_measured_as_a_whole_is_a_recording_beside_its_chromatograms(tmp_path):
    found = loaded(cohort(tmp_path))
    named = {group.name: recordings.names("microdialysis", group) for group in groups(found)}
    assert named == {"M1": {"c.txt", "c2.txt", "M1"}, "M2": {"M2"}}


def groups(found: study.Study) -> list:
    return [group for members in found.batches["microdialysis"].values() for group in members]


@pytest.mark.parametrize("recording", ["c.txt", "M1", "M2"])
def test_a_decision_on_a_chromatogram_or_on_a_time_course_is_taken(tmp_path, recording):
    loaded(cohort(tmp_path, blinding.code("microdialysis", recording, KEY)))


def test_a_decision_on_what_no_reviewer_was_shown_is_refused(tmp_path):
    with pytest.raises(CohortError, match="no recording has the code"):
        loaded(cohort(tmp_path, blinding.code("microdialysis", "M3", KEY)))


def test_decisions_without_the_key_they_were_made_with_are_refused(tmp_path):
    folder = cohort(tmp_path, blinding.code("microdialysis", "M1", KEY))
    with pytest.raises(CohortError, match="without the key they were made with"):
        study.load({"cohort": str(folder), "results": str(tmp_path.parent / "no_results_here")}, {})


def test_names_of_files_and_animals_are_hidden_and_those_of_fractions_are_not(tmp_path):
    hidden = loaded(cohort(tmp_path)).hidden_words()
    assert {"M1", "c.txt"} <= set(hidden)
    assert not {"1", "F1", "2"} & set(hidden)


def test_large_stacks_share_a_job_with_fewer_others(tmp_path):
    """Ten stacks of 200 MB (files with holes, which take no room) against 500 MB of files in one job."""
    for name in ("animals", "arms", "allocation"):
        (tmp_path / f"{name}.csv").write_text(TABLES[name])
    rows = [f"stack{number}.tif,M1,CA1" for number in range(10)]
    (tmp_path / "dendritic_spines.csv").write_text("\n".join(["image,animal,region", *rows]) + "\n")
    counts = []
    for megabytes in (1, 200):
        for number in range(10):
            with (tmp_path / f"stack{number}.tif").open("wb") as file:
                file.truncate(megabytes * 10**6)
        counts.append(len(loaded(tmp_path).batches["dendritic_spines"]))
    assert counts[0] == 1
    assert counts[1] >= 4


def test_planning_loads_no_library_that_only_jobs_need():
    """Each start of Snakemake plans; scipy.stats alone would take 0.6 s of it."""
    root = Path(study.__file__).resolve().parents[3]
    code = f"""
import sys
from ketaflow.engine import digest, study
study.load({{"cohort": {str(root / "resources" / "demo_cohort")!r}}}, {{"results": "nowhere"}})
digest.code_of_jobs()
print(*sorted({{"scipy.stats", "skimage", "sklearn", "av", "matplotlib"}} & set(sys.modules)))
"""
    env = {**os.environ, "PYTHONPATH": str(root / "workflow")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_figures_for_papers_are_written_in_the_runs_of_usual_studies(tmp_path, monkeypatch):
    small = loaded(cohort(tmp_path))
    assert small.writes_figures_in_every_run
    monkeypatch.setattr(study, "MOST_RECORDINGS_WITH_FIGURES", 3)
    assert not loaded(tmp_path).writes_figures_in_every_run
    (tmp_path / "plan.yaml").write_text(
        "endpoints:\n  glutamate:\n    assay: microdialysis\n    measure: auc_pct_min\n    role: primary\n"
    )
    assert small.writes_figures_in_every_run
