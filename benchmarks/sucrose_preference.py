"""What a bottle recording costs: CPU milliseconds of ingest, quantify and qc together, and beside a bare formula.

    python benchmarks/sucrose_preference.py [recordings]

The bare formula is pandas on the whole table at once, without leak controls, checks or pictures: what a
spreadsheet does. benchmarks/scale.py measures the whole workflow.
"""

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from scale import make_bottles  # noqa: E402

from ketaflow import assays  # noqa: E402
from ketaflow.engine import legacy, study  # noqa: E402

ASSAY = "sucrose_preference"


def main(recordings: int) -> None:
    """Print CPU milliseconds per recording for each stage."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bottles(folder, recordings)
        loaded = study.load({"cohort": str(folder)}, {})
        groups = [group for batch in loaded.batches[ASSAY].values() for group in batch]
        chosen = loaded.settings[ASSAY]
        cache = folder / "cache" / "b.zip"
        each = {}
        with contextlib.redirect_stdout(io.StringIO()):
            start = time.process_time()
            ingest = assays.stage(ASSAY, "ingest").ingest
            read = legacy.ingest_batch(groups, folder, ingest, chosen["ingest"], code="", cache=cache)
            each["ingest"] = time.process_time() - start
            measured, each["quantify"] = staged("quantify", [(one,) for one in read], chosen, cache)
            checked, each["qc"] = staged("qc", list(zip(read, measured, strict=True)), chosen, cache)
        failed = [one.reason for one in checked if one.status != "ok"]
        if failed:
            sys.exit(f"{len(failed)} recordings failed, the first because: {failed[0]}")
        start = time.process_time()
        bare(pd.read_csv(folder / f"{ASSAY}.csv"))
        each["bare formula"] = time.process_time() - start
    for what, seconds in each.items():
        print(f"{what:14s} {1000 * seconds / recordings:8.3f} ms a recording")
    print(f"{'three stages':14s} {1000 * sum(list(each.values())[:3]) / recordings:8.3f} ms a recording")


def staged(stage: str, inputs: list[tuple], chosen: dict, cache: Path) -> tuple[list, float]:
    """Records of one stage over the batch, and the CPU seconds it took."""
    start = time.process_time()
    made = legacy.stage_batch(inputs, getattr(assays.stage(ASSAY, stage), stage), chosen[stage], code="", cache=cache)
    return made, time.process_time() - start


def bare(table: pd.DataFrame) -> pd.Series:
    """Preference of every recording, and nothing else."""
    drunk = (table["start_g"] - table["end_g"]).groupby([table["recording"], table["content"]]).sum().unstack()
    return 100 * drunk["sucrose"] / drunk.sum(axis=1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
