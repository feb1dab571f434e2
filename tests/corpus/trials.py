"""Draw one good recording of each assay, and try hostile files in its place."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ketaflow import assays
from ketaflow.core.inputs import Rows
from ketaflow.engine import recordings, study

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).with_name("run_reader.py")
MAX_S, MAX_MB = 20, 2000
# Endings under which an assay reads files; a content is tried under each.
ENDINGS = {
    "dendritic_spines": (".tif", ".czi", ".lif", ".nd2", ".png"),
    "elisa": (".csv", ".xlsx"),
    "forced_swim": (".mp4", ".avi", ".xlsx", ".txt", ".csv", ".h5"),
    "microdialysis": (".txt", ".csv", ".ch", ".cdf", ".json", ".xlsx", ".D"),
    "stained_cells": (".tif", ".jpg", ".czi"),
    "sucrose_preference": (".csv", ".xlsx", ".txt"),
    "synaptic_puncta": (".tif", ".lif", ".png"),
    "western_blot": (".tif", ".png", ".jpg", ".1sc", ".gel", ".zip"),
}


@dataclass(frozen=True)
class Trial:
    """How one file ended."""

    kind: str
    ending: str
    status: str
    reason: str
    cpu_s: float
    megabytes: float

    @property
    def fault(self) -> str:
        """What is wrong with this ending; empty where nothing is."""
        if self.status not in ("ok", "flagged", "failed"):
            return "the reader did not return"
        if "could not be worked on" in self.reason:
            return "the reader raised what is no error of ours"
        if self.cpu_s > MAX_S:
            return f"took {self.cpu_s:.0f} s"
        return f"took {self.megabytes:.0f} MB" if self.megabytes > MAX_MB else ""


@cache
def _demonstration() -> study.Study:
    config = {"cohort": str(ROOT / "resources" / "demo_cohort")}
    return study.load(config, {"results": "nowhere"})


def drawn_groups(assay: str, folder: Path) -> list[dict]:
    """Draw the first group of each ending into the folder; return the groups as the runner reads them."""
    by_ending = {}
    for groups in _demonstration().batches[assay].values():
        for group in groups:
            if group.files:
                by_ending.setdefault(Path(group.files[0]).suffix, group)
    told = []
    for number, group in enumerate(by_ending.values()):
        into = folder / str(number)
        into.mkdir(parents=True)
        assays.stage(assay, "simulate").draw(Rows(group.rows), into, seed=recordings.seed(group.name))
        rows = {name: table for name, table in group.rows.items() if not name.endswith("_truth")}
        told.append({"name": group.name, "rows": rows, "files": group.files, "folder": str(into)})
    return told


def tried(assay: str, group: dict, endings: tuple[str, ...], *, seed: int = 0, count: int = 0) -> list[Trial]:
    """Give every hostile content, and ``count`` damaged copies of each good file, to an assay's reader."""
    done = subprocess.run(
        [sys.executable, str(RUNNER), assay, group["folder"], str(seed), str(count)],
        input=json.dumps({**group, "endings": list(endings)}), capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [Trial(**json.loads(line)) for line in done.stdout.splitlines()]


def told(assay: str, found: list[Trial]) -> str:
    """How many files were tried and how they ended, and each that ended wrongly."""
    failed = sum(trial.status == "failed" for trial in found)
    slowest = max(found, key=lambda trial: trial.cpu_s)
    largest = max(trial.megabytes for trial in found)
    wrong = [f"    {one.kind} {one.ending}: {one.fault}: {one.reason[:200]}" for one in found if one.fault]
    first = f"{assay}: {len(found)} files tried, {failed} failed with a reason, {len(wrong)} ended wrongly; "
    return "\n".join(
        [first + f"at most {slowest.cpu_s:.1f} s CPU ({slowest.kind} {slowest.ending}) and {largest:.0f} MB", *wrong]
    )


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        for assay in sys.argv[2:] or assays.names():
            groups = drawn_groups(assay, Path(name) / assay)
            endings = [ENDINGS[assay], *[()] * (len(groups) - 1)]
            made = [tried(assay, *one, seed=1, count=int(sys.argv[1])) for one in zip(groups, endings, strict=True)]
            print(told(assay, [trial for some in made for trial in some]), flush=True)
