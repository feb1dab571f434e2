"""Simulated raters score what was drawn, a little late, and miss short bouts."""

import numpy as np
import pytest

from ketaflow.assays.forced_swim.simulation import simulated_raters
from ketaflow.assays.forced_swim.simulation.constants import RATERS, Habits
from ketaflow.assays.forced_swim.simulation.simulated_mouse import PlannedState

DRAWN = [
    PlannedState("swimming", 4.0, 60.0),
    PlannedState("immobility", 60.0, 61.0),
    PlannedState("swimming", 61.0, 90.0),
    PlannedState("immobility", 90.0, 120.0),
]


def rated(delay_s, min_bout_s):
    return simulated_raters.rated_bouts(DRAWN, Habits(delay_s, 0.0, min_bout_s), np.random.default_rng(0))


def test_a_steady_prompt_rater_scores_what_was_drawn():
    assert rated(0.0, 0.0) == DRAWN


def test_short_bouts_go_unnoticed():
    assert rated(0.0, 2.0) == [("swimming", 4.0, 90.0), ("immobility", 90.0, 120.0)]


def test_a_slow_rater_is_late_by_the_reaction_time_and_leaves_no_gap():
    first, second = rated(0.5, 2.0)
    assert second.start_s == pytest.approx(90.5)
    assert first.stop_s == second.start_s


def test_both_raters_score_every_recording():
    rows = simulated_raters.simulated_scores({"swim_1": DRAWN, "swim_2": DRAWN}, np.random.default_rng(1))
    assert {(row.recording, row.rater) for row in rows} == {
        (recording, rater) for recording in ("swim_1", "swim_2") for rater in RATERS
    }
