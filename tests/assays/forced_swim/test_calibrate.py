"""Threshold and shortest bout fitted to human scores of some swims, tested on others."""

import copy
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from swim_cases import DEFAULTS

from ketaflow.assays.forced_swim import calibrate
from ketaflow.assays.forced_swim.model import Swim, SwimFile, VideoProperties
from ketaflow.assays.forced_swim.raters import threshold_fitting
from ketaflow.assays.forced_swim.raters.threshold_fitting import Pair, RatedSwim
from ketaflow.assays.forced_swim.settings import AssaySettings
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import build

WINDOW_S = (10.0, 130.0)
QUANTIFY = {**DEFAULTS["quantify"], "immobility_threshold": 0.05, "min_bout_s": 1.0}
OWN = {**DEFAULTS["calibrate"], "threshold_steps": 25, "min_bouts_s": [0.5, 1, 2]}
SETTINGS = build(AssaySettings, {**DEFAULTS, "quantify": QUANTIFY, "calibrate": OWN})
RULES = SETTINGS.quantify.state_rules()
VIDEO = VideoProperties("h264", "yuv420p", 320, 240, 1750, 0, 0, (), 0.0, 0.0, 140.0, 2.0, "dark", 0.0)


def trace(seed):
    """Motion that wanders between rest and strokes, as a slow random walk does, at 12.5 pictures a second."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal(1750)
    walk = np.zeros(len(steps))
    for i in range(1, len(steps)):
        walk[i] = 0.97 * walk[i - 1] + 0.24 * steps[i]
    motion = 0.08 * np.exp(0.9 * walk)
    return pd.DataFrame({"time_s": np.arange(len(steps)) * 0.08, "seen": True, "motion": motion, "speed": 0.0})


def cohort(count, threshold, min_bout_s, *, late_s=0.0, factor=None, of=None, videos=None):
    """Recordings, and tables in which ann scored them with a threshold and shortest bout of her own."""
    files, people, windows, automatic = [], [], [], []
    for i in range(count):
        name, own = f"s{i}", trace(i)
        video = f"v{i // 2 if videos is None else videos[i]}.mp4"
        swim = Swim(name, f"m{i}", None, 1, "", 0.0, 0.5, own)
        files.append(SwimFile(video, len(own), 0, 12.5, [swim], VIDEO))
        windows.append({"recording": name, "start_s": WINDOW_S[0], "stop_s": WINDOW_S[1]})
        rated = RatedSwim(name, "", "", trace(of[i]) if of else own, 0.5, WINDOW_S, RULES)
        ann = Pair(threshold if factor is None else threshold * factor[i], min_bout_s)
        people += bouts(threshold_fitting.rescored(rated, ann, 0.1)[0], name, "ann", late_s)
        automatic += bouts(threshold_fitting.rescored(rated, Pair(0.05, 1.0), 0.1)[0], name, "ketaflow", 0)
    states = pd.DataFrame(automatic).rename(columns={"behaviour": "state"})
    tables = {"windows": pd.DataFrame(windows), "states": states[["recording", "state", "start_s", "stop_s"]]}
    return files, tables, {"forced_swim_human_scores": pd.DataFrame(people)}


def bouts(line, recording, rater, late_s):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], line, [0]]))).reshape(-1, 2) * 0.1 + WINDOW_S[0] + late_s
    about = {"recording": recording, "rater": rater, "behaviour": "immobility", "total_s": np.nan}
    return [{**about, "start_s": start, "stop_s": stop} for start, stop in edges] or [
        {**about, "start_s": 0.0, "stop_s": 0.0}
    ]


@pytest.fixture(scope="module")
def fitted():
    return calibrate.calibrate(*cohort(8, 0.1, 2.0, late_s=0.3), SETTINGS)


def test_the_threshold_and_bout_people_used_are_found(fitted):
    found = yaml.safe_load(fitted["settings.yaml"])["forced_swim"]["quantify"]
    assert found["immobility_threshold"] == pytest.approx(0.1, rel=0.12)
    assert found["min_bout_s"] == 2


def test_unseen_swims_come_nearer_to_people(fitted):
    error_s = fitted["report"].set_index("settings")["mean_error_s"]
    assert error_s["present"] > 15
    assert error_s["fitted, on swims not fitted to"] < 4


def test_a_rater_with_a_varying_threshold_is_fitted_on_average():
    wobble = np.exp(0.2 * np.random.default_rng(5).standard_normal(12))
    done = calibrate.calibrate(*cohort(12, 0.1, 1.0, late_s=0.4, factor=wobble), SETTINGS)
    found = yaml.safe_load(done["settings.yaml"])["forced_swim"]["quantify"]
    assert found["immobility_threshold"] == pytest.approx(0.1, rel=0.2)
    assert found["min_bout_s"] == 1
    error_s = done["report"]["mean_error_s"]
    assert error_s[1] < 0.5 * error_s[0]


def test_no_swim_is_judged_with_settings_fitted_to_its_animal_or_video():
    files, tables, scored = cohort(6, 0.1, 1.0)
    trusted = calibrate.trusted_scores(tables, scored["forced_swim_human_scores"], SETTINGS)
    swims = [one for _, one in calibrate.rated_swims(files, tables, trusted.scores, SETTINGS.quantify)]
    part = threshold_fitting.cross_validation_folds(swims, 5)
    assert [part[2 * i] == part[2 * i + 1] for i in range(3)] == [True] * 3
    assert len(set(part)) == 3
    grid = threshold_fitting.score_grid(swims, np.geomspace(0.03, 0.3, 9), np.array([1.0]), step_s=0.1, edge_s=1.0)
    before = threshold_fitting.held_out_settings(grid, part, 0)
    # The human scores of fold 0 are changed: the settings for fold 0 stay, those for the others change.
    other = copy.deepcopy(grid)
    other.people_s[part == 0], other.unlike_s[part == 0] = 0.0, np.nan
    after = threshold_fitting.held_out_settings(other, part, 0)
    assert [before[i] == after[i] for i in np.flatnonzero(part == 0)] == [True, True]
    assert before != after


def test_swims_of_one_animal_stay_together_across_videos():
    whose = [("a", "1"), ("b", "2"), ("a", "3"), ("c", "3"), ("d", "4")]
    swims = [RatedSwim(f"s{i}", *own, pd.DataFrame(), 0.5, WINDOW_S, RULES) for i, own in enumerate(whose)]
    part = threshold_fitting.cross_validation_folds(swims, 5)
    assert part[0] == part[2] == part[3]
    assert len({part[0], part[1], part[4]}) == 3


def test_raters_who_score_like_ketaflow_leave_the_settings_unchanged():
    done = calibrate.calibrate(*cohort(4, 0.05, 1.0), SETTINGS)
    assert "Keep the present settings" in done["summary.txt"]
    assert yaml.safe_load(done["settings.yaml"])["forced_swim"]["quantify"] == {
        "immobility_threshold": 0.05, "min_bout_s": 1,
    }  # fmt: skip


def test_settings_can_be_fitted_to_totals():
    files, tables, scored = cohort(8, 0.1, 1.0)
    bouts_s = scored["forced_swim_human_scores"]
    inside = bouts_s.assign(total_s=bouts_s["stop_s"] - bouts_s["start_s"]).groupby("recording")["total_s"].sum()
    totals = [{"recording": name, "rater": "ann", "behaviour": "immobility", "start_s": np.nan, "stop_s": np.nan,
               "total_s": total} for name, total in inside.items()]  # fmt: skip
    done = calibrate.calibrate(files, tables, {"forced_swim_human_scores": pd.DataFrame(totals)}, SETTINGS)
    assert done["report"]["mean_error_s"][1] < 6
    assert np.isnan(done["report"]["kappa"][1])


def test_swapped_recordings_are_left_out_of_the_fit_and_reported():
    files, _, scored = cohort(6, 0.05, 1.0, of=[0, 1, 2, 3, 5, 4])
    right = cohort(6, 0.05, 1.0)[1]
    done = calibrate.calibrate(files, right, scored, SETTINGS)
    assert set(done["recordings"]["recording"]) == {"s0", "s1", "s2", "s3"}
    assert "Left out, ann in s4" in done["summary.txt"]


@pytest.mark.parametrize(
    ("count", "videos", "message"),
    [
        (0, None, "0 swims scored by people"),
        (3, None, "3 swims scored by people"),
        (4, [0, 0, 0, 0], "share one video"),
    ],
)
def test_too_few_scored_swims_are_reported_with_a_remedy(count, videos, message):
    files, tables, scored = cohort(max(count, 1), 0.1, 1.0, videos=videos)
    with pytest.raises(IngestError, match=message):
        calibrate.calibrate(files, tables, scored if count else {}, SETTINGS)


def test_the_figure_marks_the_present_and_the_fitted_threshold(fitted):
    words = "".join(ElementTree.fromstring(fitted["figure.svg"]).itertext())
    assert "now" in words
    assert "fitted, bouts of 2 s" in words


def test_the_limit_and_the_sampling_interval_of_an_export_are_fitted():
    files, people, windows, automatic = [], [], [], []
    for i in range(8):
        # Mobility in percent of the body that wanders about 11.
        own = trace(i).drop(columns="speed").assign(motion=lambda one: 0.11 * (one["motion"] / 0.08) ** 0.5)
        files.append(SwimFile(f"v{i}.xlsx", len(own), 0, 12.5, [Swim(f"s{i}", f"m{i}", None, 1, "", 0.0, 0.5, own)],
                              source="ethovision"))  # fmt: skip
        windows.append({"recording": f"s{i}", "start_s": WINDOW_S[0], "stop_s": WINDOW_S[1]})
        rated = RatedSwim(f"s{i}", "", "", own, 0.5, WINDOW_S, SETTINGS.quantify.sampling_rule(None))
        people += bouts(threshold_fitting.rescored(rated, Pair(0.14, 2.0), 0.1)[0], f"s{i}", "ann", 0)
        automatic += bouts(threshold_fitting.rescored(rated, Pair(0.11, 5.0), 0.1)[0], f"s{i}", "ketaflow", 0)
    states = pd.DataFrame(automatic).rename(columns={"behaviour": "state"})
    tables = {"windows": pd.DataFrame(windows), "states": states[["recording", "state", "start_s", "stop_s"]]}
    done = calibrate.calibrate(files, tables, {"forced_swim_human_scores": pd.DataFrame(people)}, SETTINGS)
    found = yaml.safe_load(done["settings.yaml"])["forced_swim"]["quantify"]
    assert found == {"ethovision_threshold_pct": pytest.approx(14, abs=0.5), "sample_s": 2}
    assert "sample_s 2" in done["summary.txt"]
