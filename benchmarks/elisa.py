"""CPU time of a plate: ingest, quantify and qc; and the accuracy and exchanged rows of drawn plates.

    python benchmarks/elisa.py [plates]

Plates have eight standards, 36 animals in duplicate, two blanks and log-normal noise of 5 %. Exports are written as
Gen5 does, with a reference wavelength.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests" / "assays" / "elisa")]

from drawn_plates import DEFAULTS, ROWS, Kit, exchanged, usual, whole_plate  # noqa: E402
from drawn_plates import plate as drawn_plate  # noqa: E402

from ketaflow.assays.elisa.plate.exchange import find_exchange  # noqa: E402
from ketaflow.assays.elisa.simulate import as_gen5  # noqa: E402
from ketaflow.core.inputs import Rows  # noqa: E402
from ketaflow.engine import stages  # noqa: E402

ASSAY, SEED = "elisa", 2_026_11
KITS = {
    "usual": Kit(),
    "saturating": Kit(c=250, b=1.3),
    "strongly saturating": Kit(c=120, b=1.4),
    "far from saturation": Kit(c=4000, b=0.95),
    "steep": Kit(b=1.8, c=400),
    "shallow": Kit(b=0.8, c=600),
    "high background": Kit(bottom=0.2),
    "asymmetric": Kit(g=0.6, b=1.5),
    "falling (competitive)": Kit(bottom=2.6, top=0.05, c=90, b=1.1),
}


def main(count: int) -> None:
    """Print CPU milliseconds per plate for each stage, then the errors by kit."""
    own = {name: stages.stage(ASSAY, name) for name in ("ingest", "quantify", "qc")}
    chosen = {name: stage.settings_from(DEFAULTS[name]) for name, stage in own.items()}
    spent = dict.fromkeys(own, 0.0)
    lines = []
    with tempfile.TemporaryDirectory() as name:
        for number, (title, kit) in enumerate(KITS.items()):
            errors, inside, asked = [], [], 0
            for turn in range(count):
                rng = np.random.default_rng([SEED, number, turn])
                layout = usual(kit, rng)
                rows = written(Path(name), layout, whole_plate(kit, layout, rng))
                plate = timed(spent, "ingest", own, rows, Path(name), chosen["ingest"])
                measured = timed(spent, "quantify", own, plate, chosen["quantify"])
                timed(spent, "qc", own, plate, measured, chosen["qc"])
                asked += len(measured.animals)
                for one in measured.animals:
                    if one.concentration_pg_per_ml is not None:
                        truth = 2 * layout.truth[one.wells.split(", ")[0]]
                        errors.append(abs(one.concentration_pg_per_ml / truth - 1))
                        inside.append((one.low_pg_per_ml or 0) <= truth <= (one.high_pg_per_ml or np.inf))
            lines.append(
                f"{title:22s} median error {100 * np.median(errors):4.1f} %, "
                f"within 15 %: {100 * np.mean(np.array(errors) <= 0.15):5.1f} %, "
                f"interval holds {100 * np.mean(inside):4.1f} %, with a value {100 * len(errors) / asked:3.0f} %"
            )
    plates = count * len(KITS)
    for stage, seconds in spent.items():
        print(f"{stage:10s} {1000 * seconds / plates:6.1f} ms a plate")
    print(f"{'together':10s} {1000 * sum(spent.values()) / plates:6.1f} ms a plate ({plates} plates)")
    print("\n".join(lines))
    for title in ("usual", "saturating", "high background"):
        print(f"{title:22s} exchanged rows named on {exchanges_named(KITS[title], 4 * count)} of {4 * count} plates")


def exchanges_named(kit: Kit, count: int) -> int:
    """Count plates on which two exchanged rows, drawn at random, are named and no others."""
    named = 0
    for turn in range(count):
        rng = np.random.default_rng([SEED, 99, turn])
        layout = usual(kit, rng)
        first, second = (str(row) for row in rng.choice(list(ROWS), 2, replace=False))
        own = drawn_plate(layout, exchanged(whole_plate(kit, layout, rng), first, second))
        found = find_exchange(own.wells, own.response)
        named += found is not None and {well[0] for well in found.wells} == {first, second}
    return named


def written(folder: Path, layout, values) -> Rows:
    """Write the export of a plate, and return its rows."""
    wells = [f"{row}{column}" for row in ROWS for column in range(1, 13)]
    plastic = dict.fromkeys(wells, 0.04)
    text = as_gen5({450: {well: values[well] + 0.04 for well in wells}, 570: plastic})
    (folder / "plate.txt").write_text(text, encoding="utf-8")
    rows = [vars(row) for row in layout.rows.values()]
    return Rows({"elisa_plates": [{"plate": "P1", "file": "plate.txt", "wavelength_nm": 450}], "elisa_wells": rows})


def timed(spent: dict[str, float], name: str, own: dict, *given):
    """Run a stage and add its CPU seconds."""
    start = time.process_time()
    made = own[name].run(*given)
    spent[name] += time.process_time() - start
    return made


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
