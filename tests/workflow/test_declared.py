"""Every file a job reads is declared: an input or output of its rule, or part of the code its digest covers."""

import importlib
import json
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def jobs(demonstration) -> list[dict]:
    found = [json.loads(path.read_text()) for path in sorted(demonstration.opened.glob("*.json"))]
    assert {"ingest", "quantify", "qc", "collect", "statistics", "results", "review"} <= {job["rule"] for job in found}
    return found


@pytest.fixture(scope="module")
def covered(demonstration):
    """Files of the workflow that the digest of a rule covers, read from the clone that was run."""
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "ketaflow"}
    for name in kept:
        del sys.modules[name]
    sys.path.insert(0, str(demonstration.folder / "workflow"))
    digest = importlib.import_module("ketaflow.engine.digest")
    names = importlib.import_module("ketaflow.assays").names()

    def parts(job: dict) -> set[Path]:
        by_rule = {"collect": digest.collect_parts, "revise": digest.revise_parts, "review": digest.review_parts}
        if job["assay"]:
            return digest.closure(*digest.stage_parts({"draw": "simulate"}.get(job["rule"], job["rule"]), job["assay"]))
        return digest.closure(*by_rule.get(job["rule"], lambda _: digest.script_parts(job["rule"]))(names))

    yield parts
    sys.path.remove(str(demonstration.folder / "workflow"))
    for name in [name for name in sys.modules if name.split(".")[0] == "ketaflow"]:
        del sys.modules[name]
    sys.modules.update(kept)


def test_code_and_data_of_the_workflow_are_part_of_the_digest(demonstration, jobs, covered):
    unseen = set()
    progress = ("progress.py", "lock.py")
    for job in jobs:
        known = {str(path) for path in covered(job)}
        for name in job["opened"]:
            path = Path(name)
            inside = path.is_relative_to(demonstration.folder) and not path.is_relative_to(demonstration.results)
            own = inside and path.relative_to(demonstration.folder).parts[0] in ("workflow", "resources")
            compiled = path.parent.name == "__pycache__"  # its source is opened too
            if own and not compiled and name not in known and path.name not in progress and not path.is_dir():
                unseen.add((job["rule"], job["assay"], str(path.relative_to(demonstration.folder))))
    assert not unseen


def test_files_of_the_results_and_the_cohort_are_inputs_outputs_or_recordings(demonstration, jobs):
    unseen = set()
    for job in jobs:
        allowed = [*job["declared"], job["cache"] or "-"]
        for name in job["opened"]:
            path = Path(name)
            if not (path.is_relative_to(demonstration.results) or path.is_relative_to(demonstration.cohort)):
                continue
            beside = name if not path.name.startswith(".") else str(path.parent / path.name[1:].rsplit(".", 2)[0])
            if any(beside == one or beside.startswith(one + "/") for one in allowed) or path.name in job["rows"]:
                continue
            if path.is_dir() or path.parent.name == "logs":
                continue
            unseen.add((job["rule"], job["assay"], str(path)))
    assert not unseen
