"""Human scores in all their forms, and how well scorers agree."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.forced_swim import agreement, cohort, scores
from ketaflow.core.errors import IngestError

TABULAR = """Observation id\tswim 1\t\t\t
Observation date\t2024-03-01\t\t\t

Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus
10.5\tx.mp4\t360\t25\tNo focal subject\tFloating\t\t\tSTART
14.25\tx.mp4\t360\t25\tNo focal subject\tFloating\t\t\tSTOP
20\tx.mp4\t360\t25\tNo focal subject\tClimbing\t\t\tSTART
22\tx.mp4\t360\t25\tNo focal subject\tClimbing\t\t\tSTOP
"""
AGGREGATED = """Observation id,Subject,Behavior,Behavior type,Start (s),Stop (s),Duration (s)
obs1,No focal subject,immobility,STATE,10.5,14.25,3.75
obs1,No focal subject,swimming,STATE,14.25,20,5.75
"""
POINTS = """Observation id,Subject,Behavior,Behavior type,Time
obs1,,Swimming,POINT,5
obs1,,Immobile,POINT,10
obs1,,Immobile,POINT,15
obs1,,Climbing,POINT,20
"""
LABELS = """file;Experimenter;from;to;type;ID
A.json;Ann;2.5;3.5;Start_End;FST_1
A.json;Ann;10.5;14.25;Floating;FST_1
B.json;Ben;11;14;Floating;FST_1
"""


def spans(events):
    return [(event["behaviour"], event["start_s"], event["stop_s"]) for event in events]


def written(folder, text, name="export.csv"):
    (folder / name).write_text(text)
    return folder / name


def test_starts_and_stops_become_bouts(tmp_path):
    events = scores.exported(written(tmp_path, TABULAR, "export.tsv"), None)
    assert spans(events) == [("immobility", 10.5, 14.25), ("climbing", 20, 22)]


def test_aggregated_bouts_are_read_as_they_are(tmp_path):
    events = scores.exported(written(tmp_path, AGGREGATED), None)
    assert spans(events) == [("immobility", 10.5, 14.25), ("swimming", 14.25, 20)]


def test_a_point_lasts_until_the_next(tmp_path):
    events = scores.exported(written(tmp_path, POINTS), "obs1")
    assert spans(events) == [
        ("swimming", 5, 10), ("immobility", 10, 15), ("immobility", 15, 20), ("climbing", 20, 25),
    ]  # fmt: skip


def test_labels_of_several_raters_keep_their_names(tmp_path):
    events = scores.exported(written(tmp_path, LABELS), "FST_1")
    assert [(event["rater"], event["start_s"]) for event in events] == [("Ann", 10.5), ("Ben", 11)]


def test_a_bout_that_never_stops_is_refused(tmp_path):
    cut = TABULAR.split("14.25")[0]
    with pytest.raises(IngestError, match="never stops"):
        scores.exported(written(tmp_path, cut, "export.tsv"), None)


def test_an_export_of_several_observations_asks_which(tmp_path):
    with pytest.raises(IngestError, match="several observations"):
        scores.exported(written(tmp_path, AGGREGATED + "obs2,,immobility,STATE,1,2,1\n"), None)


def test_icc_is_that_of_shrout_and_fleiss():
    # Shrout & Fleiss (1979), Psychol Bull 86:420-428, table 2; ICC(2,1) = 0.29 in table 4.
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    icc, low, high = agreement.icc_2_1(ratings)
    assert icc == pytest.approx(0.29, abs=0.005)
    assert low < icc < high


def test_icc_and_its_interval_are_pingouin_s():
    import pingouin

    rng = np.random.default_rng(1)
    ratings = rng.normal(100, 30, (12, 1)) + rng.normal(0, 10, (12, 2)) + [0, 8]
    long = pd.DataFrame({"target": np.repeat(np.arange(12), 2), "rater": [0, 1] * 12, "score": ratings.ravel()})
    table = pingouin.intraclass_corr(long, "target", "rater", "score").set_index("Type").iloc[1]
    icc, low, high = agreement.icc_2_1(ratings)
    assert icc == pytest.approx(table["ICC"], abs=1e-6)
    np.testing.assert_allclose([low, high], table["CI95"], atol=0.006)


def test_bland_altman_limits_are_bias_and_two_standard_deviations():
    bias, low, high = agreement.limits_of_agreement(np.array([1.0, 2.0, 3.0]))
    assert (bias, low, high) == pytest.approx((2, 2 - 1.96, 2 + 1.96))


def test_kappa_of_chance_is_nothing():
    first, second = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert agreement.kappa(first, second) == 0
    assert agreement.kappa(first, first) == 1


def cohort_tables(people):
    recordings = [f"s{i}" for i in range(6)]
    windows = pd.DataFrame({"recording": recordings, "start_s": 0.0, "stop_s": 100.0})
    machine = [
        {"recording": f"s{i}", "state": "immobility", "start_s": 10.0 * i, "stop_s": 10.0 * i + 5 + 8 * i}
        for i in range(6)
    ]
    return {"windows": windows, "states": pd.DataFrame(machine), "human_scores": pd.DataFrame(people)}


def bout(i, rater, shift=0.5, of=None):
    j = i if of is None else of
    times = {"start_s": 10.0 * j + shift, "stop_s": 10.0 * j + 5 + 8 * j, "total_s": np.nan}
    return {"recording": f"s{i}", "rater": rater, "behaviour": "immobility", **times}


def test_agreement_is_reported_for_every_pair():
    tables = cohort.summarise(cohort_tables([bout(i, r) for i in range(6) for r in ("ann", "ben")]), {}, step_s=0.1)
    table = tables["agreement"].set_index(["rater_a", "rater_b"])
    assert set(table.index) == {("ketaflow", "ann"), ("ketaflow", "ben"), ("ann", "ben")}
    assert table.loc[("ann", "ben"), "kappa"] == 1
    assert table.loc[("ketaflow", "ann"), "bias_s"] == pytest.approx(0.5)
    assert table.loc[("ketaflow", "ann"), "n"] == 6


def test_swapped_recordings_are_named():
    right = [bout(i, r) for i in range(6) for r in ("ann", "ben")]
    wrong = [bout(i, "cid", of={1: 4, 4: 1}.get(i, i)) for i in range(6)]
    checks = cohort.summarise(cohort_tables(right + wrong), {}, step_s=0.1)["agreement_checks"]
    named = checks[checks["check"] == "recording fits its scores"]
    assert set(zip(named["rater"], named["recording"], strict=True)) == {("cid", "s1"), ("cid", "s4")}


def test_totals_alone_are_compared_as_seconds():
    totals = [
        {"recording": f"s{i}", "rater": "ann", "behaviour": "immobility", "start_s": np.nan, "stop_s": np.nan,
         "total_s": 5.0 + 8 * i}
        for i in range(6)
    ]  # fmt: skip
    row = cohort.summarise(cohort_tables(totals), {}, step_s=0.1)["agreement"].iloc[0]
    assert row["icc"] == pytest.approx(1)
    assert np.isnan(row["kappa"])


@pytest.mark.shared
def test_the_odd_rater_of_a_public_file_is_named(shared):
    names = ["FST_1", "FST_7", "FST_17", "FST_22", "FST_23", "FST_28"]
    path = shared / "fst" / "dlcanalyzer_fst_human_labels.csv"
    people = [{**event, "recording": name} for name in names for event in scores.exported(path, name)]
    windows = pd.DataFrame({"recording": names, "start_s": 130.0, "stop_s": 370.0})
    machine = pd.DataFrame(columns=["recording", "state", "start_s", "stop_s"])
    tables = cohort.summarise(
        {"windows": windows, "states": machine, "human_scores": pd.DataFrame(people)}, {}, step_s=0.1
    )
    checks = tables["agreement_checks"]
    assert "Jin" in set(checks[checks["check"] == "rater agrees with others"]["rater"])
    assert set(checks["rater"]) == {"Jin"}
