"""How well confused swims are found, and what calibration gains, among drawn people who are not alike.

    python benchmarks/forced_swim_people.py

Each of 25 cohorts has six swims of two minutes, whose motion wanders between rest and strokes and differs in strength
from animal to animal. Three people score them: each with a threshold of their own that wobbles by 25 % from swim to
swim, and with keys 0.4 +- 0.2 s late. In every cohort one of them then confuses two swims. Calibration is judged on
5 cohorts of twelve such swims that one person scored with twice ketaflow's threshold. No video is drawn.
"""

import sys
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests" / "assays" / "forced_swim")]

import test_calibrate as drawn  # noqa: E402

from ketaflow.assays.forced_swim import calibrate  # noqa: E402
from ketaflow.assays.forced_swim.raters import comparison, rater_checks, threshold_fitting  # noqa: E402
from ketaflow.assays.forced_swim.raters.threshold_fitting import Pair  # noqa: E402

COHORTS, SWIMS, STEP_S, HUMAN_LIMITS_S = 25, 6, 0.1, 26.0
THRESHOLD, PEOPLE = 0.05, {"ann": 0.05, "ben": 0.07, "cid": 0.035}
CONFUSED = {"s1": "s4", "s4": "s1"}
CHECK = "recording fits its scores"


def cohort(seed):
    """Tables of one cohort, as quantify leaves them."""
    rng = np.random.default_rng(seed)
    people, machine, windows = [], [], []
    for i in range(SWIMS):
        trace = drawn.trace(1000 * seed + i)
        trace["motion"] *= np.exp(rng.normal(0, 0.5))
        swim = threshold_fitting.RatedSwim(f"s{i}", "", "", trace, 0.5, drawn.WINDOW_S, drawn.RULES)
        windows.append({"recording": swim.recording, "start_s": drawn.WINDOW_S[0], "stop_s": drawn.WINDOW_S[1]})
        machine += drawn.bouts(threshold_fitting.rescored(swim, Pair(THRESHOLD, 1.0), STEP_S)[0], swim.recording, "", 0)
        for rater, threshold in PEOPLE.items():
            line, _ = threshold_fitting.rescored(swim, Pair(threshold * np.exp(rng.normal(0, 0.25)), 1.0), STEP_S)
            people += drawn.bouts(line, swim.recording, rater, rng.normal(0.4, 0.2))
    states = pd.DataFrame(machine).rename(columns={"behaviour": "state"}).drop(columns=["rater", "total_s"])
    return {"windows": pd.DataFrame(windows), "states": states, "human_scores": pd.DataFrame(people)}


def named(tables):
    """Who is said to have confused which swim."""
    found = rater_checks.all_findings(
        comparison.compare_scorers(tables["windows"], tables["states"], tables["human_scores"], STEP_S), HUMAN_LIMITS_S
    )
    return {(one.rater, one.recording) for one in found if one.doubtful and one.check == CHECK}


def confusions():
    """Confusions found, by three people and beside the machine alone, and false ones."""
    both, alone, false = 0, 0, 0
    for seed in range(COHORTS):
        tables = cohort(seed)
        people = tables["human_scores"].copy()
        own = people["rater"] == "cid"
        people.loc[own, "recording"] = people.loc[own, "recording"].replace(CONFUSED)
        wanted = {("cid", name) for name in CONFUSED}
        both += named({**tables, "human_scores": people}) == wanted
        alone += named({**tables, "human_scores": people[own]}) == wanted
        false += bool(named(tables))
    return both, alone, false


def gains(cohorts=5):
    """Mean distance to a person of unseen swims, with the present and with fitted settings (s), by cohort."""
    rows = []
    for seed in range(cohorts):
        wobble = np.exp(np.random.default_rng(seed).normal(0, 0.25, 12))
        made = drawn.cohort(12, 2 * THRESHOLD, 1.0, late_s=0.4, factor=wobble)
        rows.append(calibrate.calibrate(*made, drawn.SETTINGS)["report"]["mean_error_s"].to_numpy()[:2])
    return np.array(rows)


if __name__ == "__main__":
    began = process_time()
    both, alone, false = confusions()
    error_s = gains()
    print(f"two confused swims named, and nothing else, beside two other people   {both} of {COHORTS}")
    print(f"the same beside ketaflow alone                                        {alone} of {COHORTS}")
    print(f"cohorts without a confusion in which one is named                     {false} of {COHORTS}")
    for name, own_s in zip(("present", "fitted"), error_s.T, strict=True):
        told = f"unseen swims, {name} settings, from the person on average"
        print(f"{told:<70}{own_s.min():.0f} to {own_s.max():.0f} s")
    print(f"({process_time() - began:.0f} CPU seconds)")
