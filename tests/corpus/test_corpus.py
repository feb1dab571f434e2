"""Hostile and damaged files end with an error of ours, quickly and in little memory, whatever they are given to."""

import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import hostile
import trials

from ketaflow import assays
from ketaflow.core import cohort, limits, settings, tables
from ketaflow.core.errors import CohortError
from ketaflow.core.limits import Limits
from ketaflow.engine import study
from ketaflow.engine.preparation import assay_tables


@pytest.mark.parametrize("name", ["animals.csv", "animals.xlsx", "plan.yaml"])
def test_a_hostile_table_is_a_problem_of_the_cohort(tmp_path, name):
    for table in ("animals", "arms", "allocation"):
        shutil.copy(trials.ROOT / "resources" / "demo_cohort" / f"{table}.csv", tmp_path)
    (tmp_path / name).with_suffix(".csv").unlink(missing_ok=True)
    for kind, content in hostile.contents().items():
        if name == "plan.yaml" and not content:
            continue  # No plan: the default one is used.
        (tmp_path / name).write_bytes(content)
        before = time.process_time()
        with pytest.raises(CohortError):
            study.load({"cohort": str(tmp_path)}, {"results": "nowhere"})
        assert time.process_time() - before < trials.MAX_S, kind


EVERY_TABLE = {**cohort.COMMON, **assay_tables.table_schemas()}


@pytest.mark.long
@pytest.mark.parametrize("name", EVERY_TABLE)
def test_hostile_content_of_any_table_is_a_problem_that_names_its_file(tmp_path, name):
    default = settings.with_defaults({}, study.settings_schema())["limits"]
    for ending in tables.ENDINGS:
        for kind, content in hostile.contents().items():
            path = tmp_path / f"{name}{ending}"
            path.write_bytes(content)
            before = time.process_time()
            with limits.applied(Limits(**default)):
                _, problems = cohort.read(tmp_path, assay_tables.table_schemas(), assay_tables.reshaped)
            path.unlink()
            assert any(problem.file == path.name for problem in problems), kind
            assert time.process_time() - before < trials.MAX_S, kind


@pytest.mark.long
@pytest.mark.parametrize("assay", assays.names())
def test_a_hostile_recording_fails_with_a_reason(tmp_path, assay):
    group, *_ = trials.drawn_groups(assay, tmp_path)
    # All endings and other seeds: python tests/corpus/trials.py COUNT.
    found = trials.tried(assay, group, trials.ENDINGS[assay][:1], seed=1, count=12)
    assert not [trial for trial in found if trial.fault], trials.told(assay, found)
