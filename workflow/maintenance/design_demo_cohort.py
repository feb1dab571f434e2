"""Design the demonstration cohort: who, in which arm, and what each assay draws; written to resources/demo_cohort.

Run by hand (make demo-cohort) when an assay joins or its design changes; the tables are committed, so that
everyone measures the same animals. 24 mice, half of each sex, in cages of four that hold one animal of each
arm; arms are shuffled within the cage.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402
from ketaflow.core import files  # noqa: E402
from ketaflow.engine import recordings  # noqa: E402

FOLDER = ROOT / "resources" / "demo_cohort"
SEED = 20_240_117
ARMS = pd.DataFrame(
    {
        "arm": ["vehicle", "ket5", "ket10", "ket20"],
        "control": ["yes", "no", "no", "no"],
        "drug": ["saline", "ketamine", "ketamine", "ketamine"],
        "dose_mg_per_kg": [0, 5, 10, 20],
        "route": "i.p.",
        "order": [1, 2, 3, 4],
        "label": ["Vehicle", "Ketamine 5 mg/kg", "Ketamine 10 mg/kg", "Ketamine 20 mg/kg"],
    }
)
CAGES = 6


def animals_and_arms(rng: np.random.Generator) -> pd.DataFrame:
    """24 animals with cage, sex, weight and arm."""
    rows = []
    for cage in range(CAGES):
        sex = ("female", "male")[cage % 2]
        for arm in rng.permutation(ARMS["arm"]):
            number = len(rows) + 1
            weight_g = rng.normal(20.5 if sex == "female" else 25.5, 1.2)
            rows.append((f"M{number:02d}", sex, "C57BL/6J", round(weight_g, 1), f"C{cage + 1}", arm))
    return pd.DataFrame(rows, columns=["animal", "sex", "strain", "weight_g", "cage", "arm"])


def main() -> None:
    """Write every table of the demonstration cohort; an assay that draws nothing yet is left out."""
    animals = animals_and_arms(np.random.default_rng(SEED))
    files.write_csv(animals.drop(columns="arm"), FOLDER / "animals.csv")
    files.write_csv(ARMS, FOLDER / "arms.csv")
    files.write_csv(animals[["animal", "arm"]], FOLDER / "allocation.csv")
    known = animals.merge(ARMS[["arm", "control", "dose_mg_per_kg"]], on="arm")
    for assay in assays.names():
        tables = assays.stage(assay, "simulate").design(known, np.random.default_rng([SEED, recordings.seed(assay)]))
        for name, table in tables.items():
            files.write_csv(table, FOLDER / f"{name}.csv")


if __name__ == "__main__":
    main()
