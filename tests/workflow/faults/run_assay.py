"""Run one small batch of an assay over and over, each time with another call to the system failing once.

python run_assay.py ASSAY FOLDER MOST: draws the smallest group of the demonstration cohort into FOLDER, runs its stages
undisturbed, then with the n-th call failing for MOST values of n at random, and prints a JSON report. Loaded under
LD_PRELOAD.
"""

import contextlib
import ctypes
import io
import json
import os
import random
import shutil
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402
from ketaflow.core.inputs import Rows  # noqa: E402
from ketaflow.engine import batches, recordings, study  # noqa: E402
from ketaflow.engine.batch_files import Source  # noqa: E402
from ketaflow.engine.collection import collect  # noqa: E402
from ketaflow.engine.preparation import assay_tables  # noqa: E402

NEXT = {"ingest": "recordings.zip", "quantify": "measurements.zip", "qc": "checks.zip"}


def main(assay: str, folder: Path, most: int) -> dict[str, object]:
    shim = ctypes.CDLL(None)
    drawn = folder / "drawn"
    drawn.mkdir(parents=True)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    loaded = study.load({**config, "cohort": str(ROOT / "resources" / "demo_cohort")}, {})
    batch, name = smallest(loaded, assay)
    rows = {
        stage: [one for one in recordings.groups_from(loaded.rows(assay, batch, stage)) if one.name == name]
        for stage in ("simulate", *NEXT)
    }
    simulate = assays.stage(assay, "simulate")
    for group in rows["simulate"]:
        simulate.draw(Rows(group.rows), drawn, seed=recordings.seed(group.name))
    settings = loaded.settings[assay]
    cohort_tables = assay_tables.read_tables(assay, loaded.cohort.folder, loaded.cohort_tables(assay))

    def run(results: Path) -> dict[str, str]:
        for stage, file in NEXT.items():
            job = batches.Job(
                assay, stage, settings.get(stage, {}), "1", results / file, results / "cache" / stage / "b.zip"
            )
            if job.output.exists():
                continue
            if stage == "ingest":
                batches.ingest(job, rows[stage], drawn)
            else:
                before = [results / NEXT[earlier] for earlier in ("ingest", "quantify")[: 1 + (stage == "qc")]]
                batches.follow(job, before, rows[stage])
        given = collect.AssayInput([results], settings, Source("table.csv", "0", 1), (), cohort_tables)
        made = collect.collect({assay: given}, animals=loaded.cohort.tables["animals"].head(0), imported=None)
        tables = {"measurements": made.measurements, "checks": made.checks, "recordings": made.recordings}
        return {name: table.to_csv(index=False) for name, table in {**tables, **made.own[assay]}.items()}

    # The first run in this process imports what readers import late; what is counted and compared comes after it.
    whole = run(folder / "first")
    shim.arm(str(folder).encode(), ctypes.c_long(0))
    assert run(folder / "second") == whole
    count = shim.calls()
    chosen = sorted(random.Random(assay).sample(range(1, count + 1), min(most, count)))
    ended = {"job failed": 0, "undisturbed": 0, "different": []}
    for nth in chosen:
        results = folder / f"run{nth}"
        if child(lambda results=results, nth=nth: disturbed(shim, folder, nth, run, results)):
            ended["job failed"] += 1
        else:
            ended["undisturbed"] += 1
        shim.arm(b"", ctypes.c_long(0))
        if run(results) != whole:
            ended["different"].append(nth)
        shutil.rmtree(results)
    return {"calls": count, "injected": len(chosen), **ended}


def smallest(loaded: study.Study, assay: str) -> tuple[str, str]:
    """Batch and name of the group with the fewest files."""
    by_batch = loaded.batches[assay].items()
    named = [(len(one.files), batch, one.name) for batch, groups in by_batch for one in groups if one.files]
    return min(named)[1:]


def child(work) -> int:
    """Exit status of some work in a process of its own."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


def disturbed(shim, folder: Path, nth: int, run, results: Path) -> None:
    """A run whose n-th call fails, as a job would end: a failed job leaves no output."""
    shim.arm(str(folder).encode(), ctypes.c_long(nth))
    run(results)


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        report = main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(report))
