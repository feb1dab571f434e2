"""CPU time of a bottle recording: ingest, quantify and qc, compared with the bare formula.

    python benchmarks/sucrose_preference.py [recordings]

The bare formula is pandas on the whole table at once, without leak controls, checks or figures, as a spreadsheet does
it. benchmarks/scale.py measures the whole workflow.
"""

import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from scale import make_bottles  # noqa: E402

from ketaflow.core.inputs import Rows  # noqa: E402
from ketaflow.engine import stages, study  # noqa: E402

ASSAY = "sucrose_preference"


def main(recordings: int) -> None:
    """Print CPU milliseconds per recording for each stage."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bottles(folder, recordings)
        loaded = study.load({"cohort": str(folder)}, {})
        groups = [group for batch in loaded.batches[ASSAY].values() for group in batch]
        each = {}
        each["ingest"], read = timed("ingest", [(Rows(group.rows), folder) for group in groups], loaded.settings[ASSAY])
        each["quantify"], measured = timed("quantify", [(one,) for one in read], loaded.settings[ASSAY])
        each["qc"], _ = timed("qc", list(zip(read, measured, strict=True)), loaded.settings[ASSAY])
        start = time.process_time()
        bare(pd.read_csv(folder / f"{ASSAY}.csv"))
        each["bare formula"] = time.process_time() - start
    for what, seconds in each.items():
        print(f"{what:14s} {1000 * seconds / recordings:8.3f} ms a recording")
    print(f"{'three stages':14s} {1000 * sum(list(each.values())[:3]) / recordings:8.3f} ms a recording")


def timed(name: str, inputs: list[tuple], chosen: dict) -> tuple[float, list]:
    """CPU seconds of one stage over all recordings, and what it returned."""
    own = stages.stage(ASSAY, name)
    settings = own.settings_from(chosen[name])
    start = time.process_time()
    made = [own.run(*given, settings) for given in inputs]
    return time.process_time() - start, made


def bare(table: pd.DataFrame) -> pd.Series:
    """Preference of every recording, and nothing else."""
    drunk = (table["start_g"] - table["end_g"]).groupby([table["recording"], table["content"]]).sum().unstack()
    return 100 * drunk["sucrose"] / drunk.sum(axis=1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
