"""Memory of a job on large stacks.  python benchmarks/dendritic_spines_memory.py [STACKS]

Draws STACKS (1) stacks of 63 MB (30 x 1024 x 1024, 16 bits) and takes them through ingest, quantify and qc as the
workflow does, by batch files, each stage in a process of its own; prints each stage's highest memory (resident set).
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from ketaflow import assays  # noqa: E402
from ketaflow.core import settings  # noqa: E402
from ketaflow.core.inputs import Group  # noqa: E402
from ketaflow.engine import batch_files, batches, stages  # noqa: E402

ASSAY = "dendritic_spines"
SCALE = {"pixel_size_um": 0.1, "z_step_um": 0.3}


def draw(folder: Path, stacks: int) -> None:
    import tifffile
    from dendritic_spines import large_stack

    for number in range(stacks):
        tifffile.imwrite(folder / f"{number}.tif", large_stack(np.random.default_rng(number)), metadata={"axes": "ZYX"})


def run(stage: str, folder: Path, stacks: int) -> None:
    """One stage over the batch, and its highest memory on standard output."""
    block = settings.with_defaults({}, assays.described(ASSAY, "settings.schema"))[stage]
    output = folder / f"{stage}.zip"
    job = batches.Job(ASSAY, stage, block, "", output, folder / "cache" / f"{stage}.zip")
    if stage == "ingest":
        rows = [{"image": f"{number}.tif", "animal": "m", "region": "r", **SCALE} for number in range(stacks)]
        batches.ingest(job, [Group(row["image"], {ASSAY: [row]}, [row["image"]]) for row in rows], folder)
    else:
        before = ["ingest"] if stage == "quantify" else ["ingest", "quantify"]
        batches.follow(job, [folder / f"{name}.zip" for name in before], [])
    done = batch_files.read(output, stages.stage(ASSAY, stage).writes)
    failed = [outcome.reason for outcome in done if outcome.status == "failed"]
    print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, failed]))


def main(stacks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        calls = [[sys.executable, __file__, name, folder, str(stacks)] for name in ("draw", *assays.STAGES)]
        for call in calls:
            told = subprocess.run(call, check=True, capture_output=True, text=True).stdout.splitlines()
            if told:
                highest_mb, failed = json.loads(told[-1])
                print(f"{call[2]:10} {highest_mb:6.0f} MB  {len(failed)} failed {failed[:1] or ''}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        stage, place, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
        draw(place, count) if stage == "draw" else run(stage, place, count)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
