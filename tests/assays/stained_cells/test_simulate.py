"""Drawn fields are what their rows say, and the demonstration has an effect to find."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.stained_cells import simulate
from ketaflow.assays.stained_cells.simulation.rendering import simulate_field
from ketaflow.assays.stained_cells.simulation.scene import Scene
from ketaflow.core.inputs import Rows

DOSES = [0, 5, 10, 20] * 10
ANIMALS = pd.DataFrame({"animal": [f"M{n:02d}" for n in range(40)], "arm": list("abcd") * 10, "dose_mg_per_kg": DOSES})


def drawn_rows():
    made = simulate.design(ANIMALS, np.random.default_rng(0))
    return made["stained_cells"], made["stained_cells_truth"]


@pytest.mark.parametrize("number", [0, 40])
def test_the_same_rows_and_seed_draw_the_same_image(tmp_path, number):
    table, truth = drawn_rows()
    row = table.iloc[number].to_dict()
    rows = Rows({"stained_cells": [row], "stained_cells_truth": [truth.iloc[number].to_dict()]})
    for name in ("one", "two"):
        simulate.draw(rows, tmp_path / name, seed=5)
    one, two = ((tmp_path / name / row["image"]).read_bytes() for name in ("one", "two"))
    assert one == two


def test_cells_grow_with_the_dose():
    table, truth = drawn_rows()
    cells = (truth["cells"] + 2 * truth["pairs"]).groupby([table["marker"], DOSES * 2]).mean().unstack()
    assert (cells.diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    assert (cells[20] > 1.35 * cells[0]).all()


def test_the_table_says_nothing_of_treatment():
    table, _ = drawn_rows()
    assert not set(table.columns) & {"arm", "dose_mg_per_kg"}


@pytest.mark.parametrize("style", ["disc", "textured", "defocused", "soma"])
def test_as_many_cells_are_drawn_as_asked_for_and_pairs_touch(style):
    scene = Scene(style=style, cells=30, pairs=10, snr=50)
    field = simulate_field(scene, np.random.default_rng(3))
    assert len(field.cells) == 50
    assert set(np.unique(field.labels)) == set(range(51))
    for pair in range(10):
        one, other = field.cells.centres_px[field.cells.pair == pair] * scene.pixel_size_um
        reach = field.cells.radii_um[field.cells.pair == pair].max(1).sum()
        assert 0.5 * reach < np.hypot(*(one - other)) <= reach


def test_the_noise_of_the_background_is_that_of_its_photons_and_the_camera():
    field = simulate_field(Scene(cells=0, pairs=0, unevenness=0, bits=16), np.random.default_rng(4))
    assert field.pixels.std() == pytest.approx(np.sqrt(250 + 36), rel=0.02)
