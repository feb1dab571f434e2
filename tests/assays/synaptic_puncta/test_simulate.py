"""Drawn fields are what their rows say, and the demonstration has an effect to find."""

import numpy as np
import pandas as pd

from ketaflow.assays.synaptic_puncta import simulate
from ketaflow.core.inputs import Rows

DOSES = [0, 5, 10, 20] * 10
ANIMALS = pd.DataFrame({"animal": [f"M{n:02d}" for n in range(40)], "arm": list("abcd") * 10, "dose_mg_per_kg": DOSES})


def drawn_rows():
    made = simulate.design(ANIMALS, np.random.default_rng(0))
    return made["synaptic_puncta"], made["synaptic_puncta_truth"]


def test_the_same_rows_and_seed_draw_the_same_image(tmp_path):
    table, truth = drawn_rows()
    row = table.iloc[0].to_dict()
    rows = Rows({"synaptic_puncta": [row], "synaptic_puncta_truth": [truth.iloc[0].to_dict()]})
    for name in ("one", "two"):
        simulate.draw(rows, tmp_path / name, seed=5)
    one, two = ((tmp_path / name / row["image"]).read_bytes() for name in ("one", "two"))
    assert one == two


def test_synapses_grow_with_the_dose():
    _, truth = drawn_rows()
    mean = truth["synapses"].groupby(ANIMALS["dose_mg_per_kg"]).mean()
    assert mean.is_monotonic_increasing
    assert mean[20] > 1.2 * mean[0]


def test_the_table_says_nothing_of_treatment():
    table, _ = drawn_rows()
    assert not set(table.columns) & {"arm", "dose_mg_per_kg"}
    assert not any("arm" in str(cell) for cell in table.to_numpy().ravel())
