"""Drawn raters write down what was drawn, a little late, and miss what is over at once."""

import numpy as np
import pytest

from ketaflow.assays.forced_swim.simulation import simulated_raters

DRAWN = [("swimming", 4.0, 60.0), ("immobility", 60.0, 61.0), ("swimming", 61.0, 90.0), ("immobility", 90.0, 120.0)]


def test_a_steady_prompt_rater_writes_down_what_was_drawn():
    assert simulated_raters.rated_bouts(DRAWN, 0.0, 0.0, 0.0, np.random.default_rng(0)) == DRAWN


def test_what_is_over_at_once_goes_unnoticed():
    told = simulated_raters.rated_bouts(DRAWN, 0.0, 0.0, 2.0, np.random.default_rng(0))
    assert told == [("swimming", 4.0, 90.0), ("immobility", 90.0, 120.0)]


def test_a_slow_rater_is_late_by_the_reaction_time_and_leaves_no_gap():
    told = simulated_raters.rated_bouts(DRAWN, 0.5, 0.0, 2.0, np.random.default_rng(0))
    assert told[1][1] == pytest.approx(90.5)
    assert told[0][2] == told[1][1]


def test_both_raters_score_every_recording_handed_to_them():
    table = simulated_raters.simulated_scores({"swim_1": DRAWN, "swim_2": DRAWN}, np.random.default_rng(1))
    assert set(zip(table["recording"], table["rater"], strict=True)) == {
        (recording, rater) for recording in ("swim_1", "swim_2") for rater in simulated_raters.HABITS
    }
