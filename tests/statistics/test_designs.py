"""Each design on a cohort small enough to work out by hand or by another route."""

from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ketaflow.statistics import methods, sentences
from ketaflow.statistics import plan as plans

ROOT = Path(__file__).resolve().parents[2]


def normal(rng, mean, count):
    """Values with exactly this mean and a standard deviation of 1."""
    values = rng.normal(size=count)
    return mean + (values - values.mean()) / values.std(ddof=1)


def cohort(means, per_arm=6, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame([
        {"animal": f"{arm}-{i}", "arm": arm, "value": value}
        for arm, mean in means.items() for i, value in enumerate(normal(rng, mean, per_arm))
    ])  # fmt: skip


def row(frame, **wanted):
    for column, value in wanted.items():
        frame = frame[frame[column].fillna("").astype(str) == str(value)]
    assert len(frame) == 1, f"{len(frame)} rows with {wanted}"
    return frame.iloc[0]


# --- blockers -------------------------------------------------------------------------------------------------------

BLOCKER = {"saline": 100, "ket": 60, "nbqx": 98, "nbqx_ket": 97}


def blocker(lab, means=BLOCKER, **endpoint):
    arms = lab.arms(
        list(means), doses=[0, 10, 0, 10], drugs=["saline", "ketamine", "saline", "ketamine"],
        pretreatment=[None, None, "NBQX", "NBQX"],
    )  # fmt: skip
    common = {"design": "factorial", "fixed": ["drug", "pretreatment"], "contrasts": ["interaction"]}
    return lab.analyse(lab.study(cohort(means), arms), {"endpoints": {"e": common | endpoint}})


def test_a_reversal_is_the_difference_of_differences(lab):
    made = blocker(lab, contrasts=["interaction", "simple"])
    line = row(made["contrasts"], contrast="interaction")
    assert line["estimate"] == pytest.approx((97 - 98) - (60 - 100))
    assert line["se"] == pytest.approx(np.sqrt(4 / 6))
    assert line["reference"] == "(ketamine - saline) x (NBQX - none)"
    assert row(made["contrasts"], level="ketamine | pretreatment=NBQX")["estimate"] == pytest.approx(-1)
    simple = [entry["sentence"] for entry in sentences.sentences(made) if entry["contrast"] == "simple"]
    assert simple
    assert all("Only the interaction tests whether this differs" in sentence for sentence in simple)


def test_dunnett_in_a_factorial_design_averages_the_cells_equally(lab):
    line = row(blocker(lab, contrasts=["dunnett"])["contrasts"])
    assert line["estimate"] == pytest.approx(((60 - 100) + (97 - 98)) / 2)


# --- dose -----------------------------------------------------------------------------------------------------------


def doses(lab, means, drugs=None, **endpoint):
    arms = lab.arms(list(means), doses=[0, 5, 10, 20][: len(means)], drugs=drugs)
    facts = {"direction": endpoint.pop("direction", "lower")}
    return lab.analyse(lab.study(cohort(means), arms, facts=facts), {"endpoints": {"e": endpoint}})


def test_a_trend_is_the_slope_per_mg_per_kg(lab):
    line = row(doses(lab, {"v": 100, "k5": 90, "k10": 80, "k20": 60}, contrasts=["trend"])["contrasts"])
    assert line["estimate"] == pytest.approx(-2)
    assert (line["level"], line["n"], line["df"]) == ("dose_mg_per_kg", 24, 22)


def test_a_trend_keeps_to_one_drug(lab):
    arms = lab.arms(
        ["v", "k5", "k10", "hnk10", "nbqx_k10"], doses=[0, 5, 10, 10, 10],
        drugs=["saline", "ketamine", "ketamine", "HNK", "ketamine"], pretreatment=[None, None, None, None, "NBQX"],
    )  # fmt: skip
    rows = cohort({"v": 100, "k5": 90, "k10": 80, "hnk10": 0, "nbqx_k10": 500})
    line = row(lab.analyse(lab.study(rows, arms), {"endpoints": {"e": {"contrasts": ["trend"]}}})["contrasts"])
    assert line["estimate"] == pytest.approx(-2)
    assert line["n"] == 18


def test_no_trend_without_doses(lab):
    line = row(doses(lab, {"v": 100, "k5": 90}, contrasts=["trend"])["contrasts"])
    assert "no drug has several doses" in line["note"]
    assert np.isnan(line["p_value"])


def test_an_inverted_u_must_come_down_again(lab):
    def smallest(means, direction):
        lines = doses(lab, means, contrasts=["inverted_u"], direction=direction)["contrasts"]
        return lines["p_adjusted"].min()

    assert smallest({"v": 50, "k5": 54, "k10": 57, "k20": 51}, "higher") < 0.001
    assert smallest({"v": 50, "k5": 54, "k10": 57, "k20": 57}, "higher") > 0.05
    assert smallest({"v": 50, "k5": 46, "k10": 43, "k20": 49}, "lower") < 0.001


def test_williams_pools_the_top_doses(lab):
    lines = doses(lab, {"v": 100, "k5": 90, "k10": 80, "k20": 60}, contrasts=["williams"])["contrasts"]
    assert dict(zip(lines["level"], lines["estimate"].round(6), strict=True)) == {
        "k20": -40, "k10+k20": -30, "k5+k10+k20": round(-70 / 3, 6),
    }  # fmt: skip


def test_own_weights_make_a_contrast(lab):
    weights = {"v": -1, "k5": 0.5, "k10": 0.5}
    line = row(
        doses(lab, {"v": 100, "k5": 90, "k10": 80}, contrasts=[{"name": "low", "weights": weights}])["contrasts"]
    )
    assert (line["contrast"], line["estimate"]) == ("low", pytest.approx(-15))


# --- scales ---------------------------------------------------------------------------------------------------------


def test_the_log_scale_gives_a_ratio_of_geometric_means(lab):
    rows = cohort({"v": 0.0, "k": np.log(1.5)})
    rows["value"] = np.exp(rows["value"])
    tables = lab.study(rows, lab.arms(["v", "k"]))
    line = row(lab.analyse(tables, {"endpoints": {"e": {"scale": "log", "smallest_effect": 1.2}}})["contrasts"])
    assert line["estimate"] == pytest.approx(np.log(1.5))
    assert (line["effect_size_name"], line["effect_size"]) == ("ratio_of_geometric_means", pytest.approx(1.5))
    assert line["effect_ci_low"] == pytest.approx(np.exp(line["ci_low"]))
    assert line["estimate_scale"] == "log"


def test_the_logit_scale_takes_percentages(lab):
    rows = cohort({"v": 0.0, "k": 1.0})
    rows["value"] = 100 / (1 + np.exp(-rows["value"]))
    line = row(
        lab.analyse(lab.study(rows, lab.arms(["v", "k"])), {"endpoints": {"e": {"scale": "logit"}}})["contrasts"]
    )
    assert line["estimate"] == pytest.approx(1.0)


# --- animals as their own control, homes, covariates ----------------------------------------------------------------


def test_a_crossover_is_the_paired_test_when_periods_are_balanced(lab):
    rng = np.random.default_rng(5)
    rows = []
    for i in range(8):
        own = rng.normal(0, 3)
        for period in ("1", "2"):
            arm = "ket" if (i % 2 == 0) == (period == "1") else "veh"
            rows.append({"animal": f"a{i}", "arm": arm, "period": period, "session": period,
                         "value": 50 + own + 2 * (arm == "ket") + rng.normal()})  # fmt: skip
    rows = pd.DataFrame(rows)
    tables = lab.study(rows, lab.arms(["veh", "ket"]))
    made = lab.analyse(tables, {"endpoints": {"e": {"design": "crossover"}}})
    line = row(made["contrasts"])
    wide = rows.pivot(index="animal", columns="arm", values="value")
    change = (wide["ket"] - wide["veh"]).to_numpy()
    first = np.array([i % 2 == 0 for i in range(8)])
    by_hand = (change[first].mean() + change[~first].mean()) / 2
    se = np.sqrt(
        np.concatenate([change[first] - change[first].mean(), change[~first] - change[~first].mean()]).var() * 8 / 6 / 8
    )
    assert line["estimate"] == pytest.approx(by_hand)
    assert line["se"] == pytest.approx(se, rel=1e-5)
    assert line["df"] == pytest.approx(6, rel=1e-5)
    assert (line["n"], line["n_reference"]) == (8, 8)
    assert set(made["omnibus"]["term"]) == {"arm", "period"}


def test_a_session_that_is_no_period_is_a_fault(lab):
    rows = cohort({"veh": 1, "ket": 2}).assign(period="1", session="baseline")
    with pytest.raises(plans.PlanError, match="session baseline, which is not a period"):
        lab.analyse(lab.study(rows, lab.arms(["veh", "ket"])), {"endpoints": {"e": {"design": "crossover"}}})


def test_cages_as_a_random_effect_give_the_analysis_of_cages(lab):
    """Where a cage holds one arm and all cages are alike, the cages' means are what counts."""
    rng = np.random.default_rng(6)
    rows = [
        {"animal": f"{arm}{cage}{i}", "arm": arm, "cage": f"{arm}{cage}", "value": 10 + own + rng.normal()}
        for arm in ("veh", "ket") for cage, own in enumerate(rng.normal(0, 3, 5)) for i in range(4)
    ]  # fmt: skip
    rows = pd.DataFrame(rows)
    tables = lab.study(rows, lab.arms(["veh", "ket"]))
    tables["animals"]["cage"] = rows["cage"]
    made = lab.analyse(tables, {"endpoints": {"e": {"cluster": ["cage"]}}})
    means = rows.groupby(["arm", "cage"])["value"].mean()
    test = stats.ttest_ind(means["ket"], means["veh"])
    line = row(made["contrasts"])
    assert line["p_value"] == pytest.approx(test.pvalue, rel=1e-4)
    assert line["df"] == pytest.approx(8, rel=1e-4)
    assert "cage is confounded with arm" in line["note"]
    part = row(made["variance_components"], group="cage")
    assert part["effective_n"] == pytest.approx(40 / (1 + 3 * part["icc"]))


def test_an_arm_by_itself_can_be_left_out_of_an_endpoint(lab):
    rows = cohort({"v": 1, "k5": 2, "k10": 3})
    made = lab.analyse(lab.study(rows, lab.arms(["v", "k5", "k10"])), {"endpoints": {"e": {"arms": ["v", "k10"]}}})
    assert row(made["contrasts"])["df"] == 10


def test_power_uses_the_spread_of_this_cohort(lab):
    rows = cohort({"v": 100, "k": 90})
    made = lab.analyse(lab.study(rows, lab.arms(["v", "k"])), {"endpoints": {"e": {"smallest_effect": 1.2}}})
    line = row(made["power"], test="two groups, t test")
    assert line["sd"] == pytest.approx(1)
    assert (line["n_per_arm"], line["n_now"]) == (12, 6)  # G*Power 3.1: d = 1.2, alpha .05, power .8: 12 per group


# --- words ----------------------------------------------------------------------------------------------------------


def test_a_sentence_says_difference_interval_test_size_and_animals(lab):
    made = lab.analyse(
        lab.study(cohort({"v": 100, "k": 90}), lab.arms(["v", "k"])), {"endpoints": {"e": {"smallest_effect": 2}}}
    )
    contrast, detectable = sentences.sentences(made)
    assert contrast["sentence"] == (
        "k vs v: -10 u (95% CI -11.3 to -8.71), t(10) = -17.3, p < 0.0001, g = -9.23 (-13.3 to -5.11), n = 6, 6. "
        "The effect is not shown to be smaller than 2 u (equivalence p = 1; Bayes factor for no effect "
        "BF01 = 1.72e-06)."
    )
    assert detectable["sentence"] == (
        "With n = 6 in the smallest arm and the variance of this cohort, a two-sided t test of two groups "
        "(alpha = 0.05) has 80% power to detect a difference of 1.80 u (d = 1.80)."
    )


def test_a_refusal_is_a_sentence_too(lab):
    rows = cohort({"v": 1, "k": 2}, per_arm=2)
    (only,) = sentences.sentences(lab.analyse(lab.study(rows, lab.arms(["v", "k"])), {"endpoints": {"e": {}}}))
    assert only["sentence"].startswith("dunnett: not tested: too few animals")


def test_the_methods_paragraph_tells_what_was_run(lab):
    plan = plans.filled({
        "endpoints": {"e": {"assay": "assay", "measure": "value", "role": "secondary", "sensitivity": ["welch"]}},
        "families": {"secondary": "holm"},
    })  # fmt: skip
    tables = lab.study(cohort({"v": 1, "k": 2}), lab.arms(["v", "k"]))
    text = methods.methods_paragraph(plan, lab.analyse(tables, plan))
    for words in (
        "The animal was the unit", "e: a linear model, comparing each arm with the control", "by Holm's method",
        "tests that allow unequal variances", "No values were excluded", "m <- lm(y ~ arm)",
        f"statsmodels {metadata.version('statsmodels')} (Seabold & Perktold 2010",
    ):  # fmt: skip
        assert words in text


def test_the_demonstration_plan_is_a_plan():
    plan = plans.read(ROOT / "resources" / "demo_cohort" / "plan.yaml")
    assert plan["endpoints"]["fst_immobility"]["role"] == "primary"
    assert plan["families"]["secondary"] == "holm"
