"""Who is left out, by whom, and that both results stand side by side."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.statistics import exclusion_rules


def values_of(**known):
    return lambda name: known.get(name, [])


@pytest.mark.parametrize(
    ("rule", "known", "holds"),
    [
        ("unscored_s > 12", {"unscored_s": [13.0]}, True),
        ("unscored_s > 12", {"unscored_s": [12.0]}, False),
        ("unscored_s > 12", {"unscored_s": [3.0, 13.0]}, True),
        ("unscored_s > 12", {}, None),
        ("0 < a <= 2", {"a": [2]}, True),
        ("a > 1 and sex == 'male'", {"a": [2], "sex": ["female"]}, False),
        ("a > 1 or b > 1", {"a": [2]}, True),
        ("a > 1 and b > 1", {"a": [0]}, False),
        ("not a > 1", {"a": [2]}, False),
        ("100 * a / b > 5", {"a": [1], "b": [10]}, True),
        ("100 * a / b > 5", {"a": [1], "b": [0]}, None),
        ("status != 'ok'", {"status": ["flagged"]}, True),
        ("a > -1", {"a": [0]}, True),
    ],
)
def test_a_rule_is_a_comparison(rule, known, holds):
    assert exclusion_rules.fault(rule) is None
    assert exclusion_rules.holds(rule, values_of(**known)) is holds


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "a",
        "a +",
        "1 + 1",
        "open('x') > 1",
        "a.b > 1",
        "a[0] > 1",
        "(lambda: 1) > 0",
        "a > b'x'",
        "a is 1",
        "a > None",
    ],
)
def test_anything_else_is_refused(rule):
    assert exclusion_rules.fault(rule)


@pytest.fixture
def swim(lab):
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(
        [
            {"animal": f"{arm}{i}", "arm": arm, "value": 100 + rng.normal(0, 9)}
            for arm in ("veh", "ket")
            for i in range(6)
        ]
    )
    rows = rows.assign(recording="rec-" + rows["animal"])
    return lab.study(rows, lab.arms(["veh", "ket"]))


def with_rows(tables, **more):
    extra = pd.DataFrame([{"animal": "veh0", "assay": "assay", "recording": "rec-veh0", "unit": "s"} | more])
    return tables | {"measurements": pd.concat([tables["measurements"], extra], ignore_index=True)}


RULE = {"exclude": [{"when": "unscored_s > 12", "reason": "not seen"}]}


def test_a_planned_rule_leaves_out_and_shows_both_results(lab, swim):
    tables = with_rows(swim, measure="unscored_s", value=13.0)
    made = lab.analyse(tables, {"endpoints": {"e": RULE}})
    lines = made["contrasts"].set_index("sensitivity")
    assert lines.loc["", "n_reference"] == 5
    assert lines.loc["without_exclusions", "n_reference"] == 6
    left_out = made["exclusions"].iloc[0]
    assert (left_out["animal"], left_out["source"], left_out["rule"]) == ("veh0", "plan", "unscored_s > 12")
    assert left_out["reason"] == "not seen"
    assert np.isnan(lines.loc["without_exclusions", "p_family"])


def test_a_rule_may_ask_a_check(lab, swim):
    check = {"assay": "assay", "recording": "rec-ket2", "animal": None, "check": "dark_pct", "value": 40.0}
    tables = swim | {"checks": pd.DataFrame([check])}
    made = lab.analyse(tables, {"endpoints": {"e": {"exclude": [{"when": "dark_pct > 30", "reason": "dark"}]}}})
    assert list(made["exclusions"]["animal"]) == ["ket2"]
    assert "could not be evaluated for 11 of 12 rows, which are kept" in made["contrasts"]["note"][0]


def test_a_value_that_could_not_be_had_is_listed_with_its_reason(lab, swim):
    rows = swim["measurements"].copy()
    rows["reason"] = None
    rows.loc[3, ["value", "status", "reason"]] = [np.nan, "failed", "the video stops after 9 s"]
    made = lab.analyse(swim | {"measurements": rows}, {"endpoints": {"e": {}}})
    left_out = made["exclusions"].iloc[0]
    assert (left_out["animal"], left_out["source"], left_out["reason"]) == (
        "veh3",
        "no value",
        "the video stops after 9 s",
    )
    assert made["contrasts"]["n_reference"][0] == 5


def test_what_a_reviewer_rejects_is_a_second_data_set(lab, swim):
    rejected = pd.DataFrame(
        [{"assay": "assay", "recording": "rec-veh1", "animal": None, "reviewer": "anna", "reason": "splashed"}]
    )
    made = lab.analyse(swim | {"rejected": rejected}, {"endpoints": {"e": {}}})
    lines = made["contrasts"].set_index("dataset")
    assert (lines.loc["all", "n_reference"], lines.loc["reviewed", "n_reference"]) == (6, 5)
    own = made["exclusions"].iloc[0]
    assert (own["dataset"], own["animal"], own["reviewer"], own["source"]) == ("reviewed", "veh1", "anna", "reviewer")


def test_values_computed_without_what_was_rejected_enter_the_reviewed_data_set_alone(lab, swim):
    rejected = pd.DataFrame(columns=["assay", "recording", "animal", "reviewer", "reason"], dtype=object)
    anew = swim["measurements"].copy()
    anew.loc[0, "value"] = None
    anew.loc[0, "reason"] = "50 % of the window hold no value"
    made = lab.analyse(swim | {"rejected": rejected, "reviewed": anew}, {"endpoints": {"e": {}}})
    lines = made["contrasts"].set_index("dataset")
    assert (lines.loc["all", "n_reference"], lines.loc["reviewed", "n_reference"]) == (6, 5)
    own = made["exclusions"].iloc[0]
    assert (own["dataset"], own["source"], own["reason"]) == (
        "reviewed",
        "no value",
        "50 % of the window hold no value",
    )


def test_a_decision_about_one_animal_leaves_its_neighbours(lab, swim):
    rows = swim["measurements"].assign(recording="shared")
    rejected = pd.DataFrame(
        [{"assay": "assay", "recording": "shared", "animal": "ket1", "reviewer": "ben", "reason": "climbed out"}]
    )
    made = lab.analyse(swim | {"measurements": rows, "rejected": rejected}, {"endpoints": {"e": {}}})
    assert list(made["exclusions"]["animal"]) == ["ket1"]


def test_flagged_values_enter_and_a_sensitivity_analysis_drops_them(lab, swim):
    rows = swim["measurements"].assign(status="ok")
    rows.loc[0, "status"] = "flagged"
    made = lab.analyse(swim | {"measurements": rows}, {"endpoints": {"e": {"sensitivity": ["without_flagged"]}}})
    lines = made["contrasts"].set_index("sensitivity")
    assert (lines.loc["", "n_reference"], lines.loc["without_flagged", "n_reference"]) == (6, 5)


def test_a_mean_is_flagged_where_any_of_its_values_is(lab, swim):
    rows = pd.concat([swim["measurements"]] * 2, ignore_index=True).assign(status="ok")
    rows.loc[len(swim["measurements"]), "status"] = "flagged"  # the second value of the first animal
    plan = {"endpoints": {"e": {"summary": "mean", "sensitivity": ["without_flagged"]}}}
    lines = lab.analyse(swim | {"measurements": rows}, plan)["contrasts"].set_index("sensitivity")
    assert (lines.loc["", "n_reference"], lines.loc["without_flagged", "n_reference"]) == (6, 5)


def test_an_animal_without_an_arm_is_listed(lab, swim):
    tables = swim | {"allocation": swim["allocation"][1:]}
    made = lab.analyse(tables, {"endpoints": {"e": {}}})
    assert list(made["exclusions"]["source"]) == ["no arm"]
