"""Fitting the threshold to people on some recordings, judging it on others."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from scenes import DEFAULTS

from ketaflow.assays.forced_swim import calibrate, scoring


def test_the_threshold_people_used_is_found_and_judged_on_other_recordings():
    rng = np.random.default_rng(3)
    times_s = np.arange(0, 60, 0.08)
    traces, people, windows = [], [], []
    for i in range(6):
        still = np.repeat(rng.random(30) < 0.5, 25)[: len(times_s)]
        motion = np.where(still, 0.06, 0.18)
        traces.append(pd.DataFrame({"recording": f"s{i}", "time_s": times_s, "seen": True, "motion": motion}))
        total = {"rater": "ann", "behaviour": "immobility", "start_s": np.nan, "stop_s": np.nan}
        people.append({"recording": f"s{i}", **total, "total_s": 0.08 * np.count_nonzero(still)})
        windows.append({"recording": f"s{i}", "start_s": 0.0, "stop_s": 60.0})
    tables = {"trace": pd.concat(traces), "human_scores": pd.DataFrame(people), "windows": pd.DataFrame(windows)}
    rules = scoring.Rules(**DEFAULTS["quantify"]).of_states("h264")
    settings = {"thresholds": [0.03, 0.1], "min_bouts_s": [1.0], "held_out_share": 0.5, "rules": rules}
    table = calibrate.calibrate(tables, {}, **settings)["calibration"]
    best = table[table["best"]]
    assert set(best["immobility_threshold"]) == {0.1}
    assert best.set_index("part").loc["held_out", "n"] == 3
    assert best.set_index("part").loc["held_out", "mean_error_s"] < 2
