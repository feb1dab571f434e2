"""The area above baseline where a tube was lost: how near, and what is said of how near."""

import re
from itertools import pairwise

import numpy as np
import pytest

from ketaflow.assays.microdialysis.response.auc import incremental_area
from ketaflow.assays.microdialysis.response.brain_time import WHOLE, Fraction

HOW = {"missing_max_pct": 35, "method": "fraction", "scatter_pct": 3.0}
WINDOW_MIN = (0.0, 120.0)
EDGES_MIN = np.arange(-80, 181, 20.0)
TUBES = [Fraction(str(index), *span, WHOLE, False, 1.5, 0.0) for index, span in enumerate(pairwise(EDGES_MIN))]
GRID_MIN = np.arange(-80, 180.01, 0.1)


def percentages(seed: int) -> np.ndarray:
    """(tubes,) percent of baseline: a rise of 90 % that tops after 20 to 60 min; tubes scatter by 3 %."""
    rng = np.random.default_rng(seed)
    after = np.clip(GRID_MIN, 0, None) / rng.uniform(20, 60)
    collected = np.concatenate([[0], np.cumsum(100 + 90 * after * np.exp(1 - after))[:-1] * 0.1])
    return np.diff(np.interp(EDGES_MIN, GRID_MIN, collected)) / 20 * rng.normal(1, 0.03, len(TUBES))


def either_way(note: str) -> float:
    return float(re.search(r"leaves \+-(\d+) % x min", note)[1])


def lost(pct: np.ndarray, index: int) -> np.ndarray:
    return np.where(np.arange(len(pct)) == index, np.nan, pct)


def test_the_reported_interval_holds_the_area_of_the_whole_session():
    held = []
    for seed in range(40):
        pct = percentages(seed)
        whole, note, _ = incremental_area(TUBES, pct, WINDOW_MIN, **HOW)
        assert not note
        for index in range(4, 10):
            area, note, _ = incremental_area(TUBES, lost(pct, index), WINDOW_MIN, **HOW)
            held.append(abs(area - whole) <= either_way(note))
    assert 0.9 <= np.mean(held) <= 0.995


def test_a_steadier_animal_leaves_less_open():
    pct = lost(percentages(1), 7)
    notes = [
        incremental_area(TUBES, pct, WINDOW_MIN, **{**HOW, "scatter_pct": scatter})[1]
        for scatter in (np.nan, 3.0, 15.0)
    ]
    assert either_way(notes[0]) < either_way(notes[1]) < either_way(notes[2]) / 2


@pytest.mark.parametrize("index", [4, 6, 8])
def test_what_lies_on_a_straight_line_is_found_wherever_a_tube_is_lost(index):
    middles = np.array([tube.middle_min for tube in TUBES])
    pct = 100 + np.clip(middles, 0, None)
    area, note, _ = incremental_area(TUBES, lost(pct, index), WINDOW_MIN, **{**HOW, "scatter_pct": np.nan})
    assert area == pytest.approx(120**2 / 2)
    assert either_way(note) == 0


def test_a_session_that_ends_early_is_held_and_told_how_far_it_may_have_gone_on():
    pct = 100 + np.array([0, 0, 0, 0, 10, 30, 50, 70, 90, 0, 0, 0, 0.0])
    pct[9:] = np.nan
    area, note, _ = incremental_area(TUBES, pct, WINDOW_MIN, **HOW)
    assert area == pytest.approx(20 * (10 + 30 + 50 + 70 + 90 + 90))
    assert either_way(note) >= 1.96 * 20 * 20
