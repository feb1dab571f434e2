"""ketaflow and people compared: agreement, checks of raters and recordings that do not fit, and figures."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import rated_cohorts
from swim_cases import DEFAULTS

from ketaflow.assays.forced_swim import cohort
from ketaflow.assays.forced_swim.figures import bland_altman
from ketaflow.assays.forced_swim.score_files import formats
from ketaflow.assays.forced_swim.score_files.scored_bouts import ReadOptions
from ketaflow.assays.forced_swim.settings import CohortSettings
from ketaflow.core.inputs import build
from ketaflow.core.results import Check, Summary, frame

SETTINGS = build(CohortSettings, DEFAULTS["cohort"])


def summary(tables, cohort_tables):
    """Tables of the summary by name, and its checks as one more table."""
    own = {name: table for name, table in tables.items() if name != "human_scores"}
    people = {"forced_swim_human_scores": tables["human_scores"]} if "human_scores" in tables else {}
    return cohort.summarise(own, {**people, **cohort_tables}, SETTINGS)


def bout(i, rater, shift=0.5, of=None):
    j = i if of is None else of
    times = {"start_s": 10.0 * j + shift, "stop_s": 10.0 * j + 5 + 8 * j, "total_s": np.nan}
    return {"recording": f"s{i}", "rater": rater, "behaviour": "immobility", **times}


def summarised(people, count=6, **rows):
    names = [f"s{i}" for i in range(count)]
    windows = pd.DataFrame({"recording": names, "start_s": 0.0, "stop_s": 100.0})
    machine = [{**bout(i, "", shift=0.0), "state": "immobility"} for i in range(count)]
    states = pd.DataFrame(machine)[["recording", "state", "start_s", "stop_s"]]
    tables = {"windows": windows, "states": states, "human_scores": pd.DataFrame(people)}
    return summary(tables, rows)


def doubtful(done, check):
    checks = frame(done.checks, Check)
    return checks[checks["check"].eq(check) & checks["verdict"].ne("pass")]


TWO = [bout(i, rater) for i in range(6) for rater in ("ann", "ben")]


def test_agreement_is_reported_for_every_pair():
    table = summarised(TWO).tables["agreement"].set_index(["rater_a", "rater_b"])
    assert set(table.index) == {("ketaflow", "ann"), ("ketaflow", "ben"), ("ann", "ben")}
    assert table.loc[("ann", "ben"), "kappa"] == 1
    assert table.loc[("ketaflow", "ann"), "bias_s"] == pytest.approx(0.5)
    assert table.loc[("ketaflow", "ann"), "n"] == 6


def test_there_is_no_summary_without_human_scores():
    assert summary({"states": pd.DataFrame(), "windows": pd.DataFrame()}, {}) == Summary()


def test_scores_of_swims_without_a_window_are_not_compared():
    done = summarised([{**bout(0, "ann"), "recording": "failed"}])
    assert (set(done.tables), done.checks, done.figures) == ({"human_scores"}, [], [])


def test_checks_name_the_animal():
    wrong = [bout(i, "cid", of={1: 4, 4: 1}.get(i, i)) for i in range(6)]
    swims = pd.DataFrame({"recording": [f"s{i}" for i in range(6)], "animal": [f"m{i}" for i in range(6)]})
    done = summarised(TWO + wrong, forced_swim=swims)
    named = doubtful(done, "recording fits its scores")
    assert list(named[["recording", "animal", "place"]].itertuples(index=False, name=None)) == [
        ("s1", "m1", "rater cid"), ("s4", "m4", "rater cid"),
    ]  # fmt: skip


def careless(seed, swap):
    """Six swims of random bouts whose ends three scorers see some seconds apart; ann confuses two swims, or none."""
    rng = np.random.default_rng(seed)
    rows = {"machine": [], "ann": [], "ben": []}
    for i in range(6):
        starts = np.arange(10, 220, 15) + rng.uniform(0, 6, 14)
        lengths = rng.uniform(2, 8, 14)
        for name, own in rows.items():
            recording = {1: "s4", 4: "s1"}.get(i, f"s{i}") if swap and name == "ann" else f"s{i}"
            begun = starts + rng.normal(0, 1.2, 14)
            own += [
                {"recording": recording, "start_s": a, "stop_s": b}
                for a, b in zip(begun, starts + lengths, strict=True)
            ]
    people = pd.concat([pd.DataFrame(rows[name]).assign(rater=name) for name in ("ann", "ben")])
    tables = {
        "windows": pd.DataFrame({"recording": [f"s{i}" for i in range(6)], "start_s": 0.0, "stop_s": 240.0}),
        "states": pd.DataFrame(rows["machine"]).assign(state="immobility"),
        "human_scores": people.assign(behaviour="immobility", total_s=np.nan),
    }
    return doubtful(summary(tables, {}), "recording fits its scores")


@pytest.mark.parametrize("seed", range(4))
def test_two_swapped_swims_and_no_others_are_named_among_imprecise_raters(seed):
    named = careless(seed, swap=True)
    assert set(zip(named["place"], named["recording"], strict=True)) == {("rater ann", "s1"), ("rater ann", "s4")}
    assert careless(seed, swap=False).empty


def test_with_a_single_rater_the_automatic_scores_are_not_suspected_of_a_swap():
    wrong = [bout(i, "ann", of={1: 4, 4: 1}.get(i, i)) for i in range(6)]
    assert set(doubtful(summarised(wrong), "recording fits its scores")["place"]) == {"rater ann"}


def test_a_discordant_rater_is_named_in_the_message():
    wrong = [bout(i, "cid", of=5 - i) for i in range(6)]
    row = doubtful(summarised(TWO + wrong), "rater agrees with others").iloc[0]
    assert row["recording"] == ""
    assert "the totals of cid correlate with nobody's" in row["message"]


def test_a_large_bias_of_the_automatic_scores_suggests_calibration():
    few = [{**bout(i, "ann"), "stop_s": 10.0 * i + 1} for i in range(2, 6)]
    row = doubtful(summarised(few), "bias against raters").iloc[0]
    assert row["value"] == pytest.approx(np.mean([5 + 8 * i - 0.5 for i in range(2, 6)]))
    assert "snakemake calibrate_forced_swim" in row["message"]


def test_a_single_rater_who_does_not_correlate_is_reported():
    wrong = [bout(i, "ann", of=5 - i) for i in range(6)]
    row = doubtful(summarised(wrong), "correlation with the rater").iloc[0]
    assert row["value"] == pytest.approx(-1)
    assert "Farthest apart: s" in row["message"]


def test_raters_who_agree_pass():
    checks = frame(summarised(TWO).checks, Check)
    assert set(checks["verdict"]) == {"pass"}
    assert {"rater agrees with others", "times count from the video's start"} <= set(checks["check"])


@pytest.mark.parametrize("late_s", [7.0, -6.0])
def test_shifted_times_are_reported(late_s):
    late = [{**bout(i, "cid"), "start_s": 30 + late_s + 5 * i, "stop_s": 42 + late_s + 5 * i} for i in range(6)]
    right = [{**bout(i, "ann"), "start_s": 30 + 5 * i, "stop_s": 42 + 5 * i} for i in range(6)]
    tables = {
        "windows": pd.DataFrame({"recording": [f"s{i}" for i in range(6)], "start_s": 0.0, "stop_s": 100.0}),
        "states": pd.DataFrame(right).rename(columns={"behaviour": "state"})[
            ["recording", "state", "start_s", "stop_s"]
        ],
        "human_scores": pd.DataFrame(right + late),
    }
    named = doubtful(summary(tables, {}), "times count from the video's start")
    assert list(named["place"]) == ["rater cid"]
    assert named["value"].iloc[0] == pytest.approx(-late_s)


def test_unrelated_scores_are_not_reported_as_shifted():
    rng = np.random.default_rng(0)
    for _ in range(5):
        starts = [np.sort(rng.uniform(0, 230, 12)) for _ in range(2)]
        rows = [
            pd.DataFrame({"recording": "s0", "start_s": own, "stop_s": own + rng.gamma(2, 2, 12)}) for own in starts
        ]
        tables = {
            "windows": pd.DataFrame({"recording": ["s0"], "start_s": [0.0], "stop_s": [240.0]}),
            "states": rows[0].assign(state="immobility"),
            "human_scores": rows[1].assign(behaviour="immobility", rater="ann", total_s=np.nan),
        }
        assert doubtful(summary(tables, {}), "times count from the video's start").empty


def test_behaviours_are_compared_where_both_scored_them():
    spans = [("immobility", 0, 40), ("swimming", 40, 80), ("climbing", 80, 100)]
    machine = pd.DataFrame(spans, columns=["state", "start_s", "stop_s"]).assign(recording="s0")
    people = machine.rename(columns={"state": "behaviour"}).assign(total_s=np.nan)
    tables = {"windows": pd.DataFrame({"recording": ["s0"], "start_s": [0.0], "stop_s": [100.0]}), "states": machine}
    wrong = people.replace({"behaviour": {"climbing": "swimming"}})
    still = people[people["behaviour"].eq("immobility")]
    # Of the wrong ones 0.8 are alike, 0.4 x 0.4 + 0.4 x 0.6 by chance.
    for scored, kappa in ((people, 1.0), (wrong, (0.8 - 0.4) / (1 - 0.4)), (still, np.nan)):
        done = summary({**tables, "human_scores": scored.assign(rater="ann")}, {})
        assert done.tables["agreement"]["kappa_behaviours"][0] == pytest.approx(kappa, nan_ok=True)


def test_totals_are_compared_in_seconds():
    totals = [{**bout(i, "ann"), "start_s": np.nan, "stop_s": np.nan, "total_s": 5.0 + 8 * i} for i in range(6)]
    row = summarised(totals).tables["agreement"].iloc[0]
    assert row["icc"] == pytest.approx(1)
    assert np.isnan(row["kappa"])


def test_a_bout_of_no_length_counts_as_zero_seconds():
    nothing = [{**bout(i, "ann"), "start_s": 3.0, "stop_s": 3.0} for i in range(6)]
    points = summarised(nothing).tables["agreement_recordings"]
    assert list(points["b_s"]) == [0] * 6


def test_figures_compare_ketaflow_with_people_and_people_with_one_another():
    done = summarised(TWO)
    assert [figure.title for figure in done.figures] == [bland_altman.WITH_PEOPLE, bland_altman.AMONG_PEOPLE]
    assert list(done.tables["legends"]["figure"]) == [figure.title for figure in done.figures]
    drawn = ElementTree.fromstring(done.figures[0].content)
    # Two panels of six recordings each.
    assert len(drawn.findall(".//{*}circle")) == 12
    assert "ketaflow \u2212 ann (n = 6)" in "".join(drawn.itertext())


def test_two_recordings_are_too_few_for_a_figure_and_the_legend_says_so():
    done = summarised([bout(i, "ann") for i in range(2)], count=2)
    assert done.figures == []
    assert "at most 2 recordings" in done.tables["legends"]["legend"].iloc[0]


@pytest.fixture(scope="module")
def public(shared, tmp_path_factory):
    """The public labels as a cohort: the label file in place of the table, EthoVision's mobility as Oliver scored."""
    names = ["FST_1", "FST_7", "FST_17", "FST_22", "FST_23", "FST_28"]
    folder = rated_cohorts.cohort(tmp_path_factory.mktemp("public"), names, window_s=(130, 370), sample_s=0.5)
    labels = (shared / "fst" / "dlcanalyzer_fst_human_labels.csv").read_bytes()
    (folder / "forced_swim_human_scores.csv").write_bytes(labels)
    bouts, problems = formats.read_scores(folder / "forced_swim_human_scores.csv", ReadOptions())
    assert not problems
    own = {
        arena: [(b.start_s, b.stop_s) for b in bouts if (b.observation, b.rater) == (name, "Oliver")]
        for arena, name in enumerate(names, 1)
    }
    rated_cohorts.workbook(
        folder / "swims.xlsx", {arena: rated_cohorts.followed(bouts, 380) for arena, bouts in own.items()}
    )
    return rated_cohorts.carried_out(folder, folder.parent / "public_out")[0]


@pytest.mark.shared
def test_the_discordant_rater_of_a_public_data_set_is_named(public):
    checks = public.checks[public.checks["verdict"].ne("pass")]
    odd = checks[checks["check"].eq("rater agrees with others")]
    assert list(odd["place"]) == ["rater Jin"]
    assert "the totals of Jin correlate with nobody's" in odd["message"].iloc[0]
    assert "Farthest apart: FST_17 (79 s, others " in odd["message"].iloc[0]
    far = checks[checks["check"].eq("seconds near the others'")]
    assert list(zip(far["recording"], far["animal"], strict=True))[:1] == [("FST_17", "m2")]
    assert set(checks["place"]) - {""} <= {"rater Jin", *(f"cylinder {i}" for i in range(1, 7))}


@pytest.mark.shared
def test_agreement_in_a_public_data_set_equals_the_independent_computation(public):
    table = public.own["forced_swim"]["agreement"].set_index(["rater_a", "rater_b"])
    three = table.loc[[("Oliver", "Rebecca"), ("Oliver", "Schlappi"), ("Rebecca", "Schlappi")]]
    assert three["icc"].to_numpy() == pytest.approx([0.76, 0.57, 0.87], abs=0.01)
    assert three["bias_s"].abs().max() < 30
    assert table[table.index.map(lambda pair: "Jin" in pair)]["icc"].max() < 0


def test_sampled_scores_are_compared_interval_by_interval_and_never_shifted():
    spans = [(0, 7), (20, 24), (40, 58)]
    sampled = [(0, 5), (5, 10), (20, 25), (40, 60)]
    tables = {
        "windows": pd.DataFrame({"recording": ["s0"], "start_s": [0.0], "stop_s": [100.0]}),
        "states": pd.DataFrame(
            [("s0", "immobility", *span) for span in spans], columns=["recording", "state", "start_s", "stop_s"]
        ),
        "human_scores": pd.DataFrame(
            [("s0", "ann", "immobility", *span, 5.0) for span in sampled],
            columns=["recording", "rater", "behaviour", "start_s", "stop_s", "sample_s"],
        ),
    }
    done = summary(tables, {})
    # 5 to 10 s is immobile by ann, but not for more than half of it by ketaflow; all other of the 20 intervals agree.
    assert done.tables["agreement"]["frame_agreement_pct"][0] == pytest.approx(95)
    assert not [one for one in done.checks if one.check == "times count from the video's start"]


def test_a_total_of_another_length_than_the_window_is_left_out_with_a_check():
    totals = [
        {**bout(i, "ann"), "start_s": np.nan, "stop_s": np.nan, "total_s": 5.0, "scored_s": 300.0 if i else 100.0}
        for i in range(3)
    ]
    done = summarised(totals)
    left_out = [one for one in done.checks if one.check == "total covers the scoring window"]
    assert [(one.recording, one.value, one.verdict) for one in left_out] == [
        ("s1", 300.0, "warn"), ("s2", 300.0, "warn"),
    ]  # fmt: skip
    assert list(done.tables["agreement_recordings"]["recording"]) == ["s0"]
