"""Bounded measures, arms without variance, and evidence for the absence of an effect."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from ketaflow.statistics.adapters import pingouin_adapter


def percentages(per_arm=8, top=100.0):
    rng = np.random.default_rng(3)
    rows = [
        (f"{arm}{i}", arm, 70 + 8 * place + 5 * rng.normal()) for place, arm in enumerate("vk") for i in range(per_arm)
    ]
    frame = pd.DataFrame(rows, columns=["animal", "arm", "value"])
    frame.loc[frame.index[-1], "value"] = top
    return frame


def analysed(lab, frame, facts=None, arms=("v", "k"), **endpoint):
    return lab.analyse(lab.study(frame, lab.arms(arms), facts=facts), {"endpoints": {"e": endpoint}})


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_a_refused_logit_names_the_three_ways_out(lab):
    note = analysed(lab, percentages(), scale="logit")["contrasts"]["note"][0]
    assert "animal k7 has 100 (1 such animals)" in note
    for remedy in ("scale: identity", "sensitivity: [rank]", "at_bounds: squeeze"):
        assert remedy in note


def test_a_refused_logarithm_offers_no_squeeze(lab):
    note = analysed(lab, percentages(top=0.0), scale="log")["contrasts"]["note"][0]
    assert "sensitivity: [rank]" in note
    assert "squeeze" not in note


def test_squeezed_percentages_are_those_of_smithson_and_verkuilen(lab):
    frame = percentages()
    made = analysed(lab, frame, scale="logit", at_bounds="squeeze")["contrasts"].iloc[0]
    share = (frame["value"] / 100 * 15 + 0.5) / 16
    logit = np.log(share / (1 - share))
    expected = stats.ttest_ind(logit[frame["arm"].eq("k")], logit[frame["arm"].eq("v")])
    assert made["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
    assert "squeezed" in made["note"]


def test_a_ceiling_of_a_described_measure_is_flagged(lab):
    checks = analysed(lab, percentages(), {"maximum": 100})["diagnostics"].set_index("check")
    assert checks.loc["at_maximum", "message"] == "6% of the animals are at the maximum of the measure, 100"


def test_a_floor_of_an_imported_measure_is_suspected_from_its_ties(lab):
    frame = percentages()
    frame.loc[:3, "value"] = 12.0
    checks = analysed(lab, frame)["diagnostics"].set_index("check")
    assert "25% of the animals have the minimum value, 12: a possible floor" in checks.loc["at_minimum", "message"]
    assert "at_maximum" not in checks.index


# --- variance -------------------------------------------------------------------------------------------------------


def three_arms(constant):
    frame = percentages().assign(value=lambda rows: rows["value"].round(1))
    more = frame[frame["arm"].eq("k")].assign(arm="l", animal=lambda rows: "l" + rows["animal"])
    frame = pd.concat([frame, more], ignore_index=True)
    frame.loc[frame["arm"].isin(constant), "value"] = 90.0
    return frame


def test_an_arm_without_variance_is_named(lab):
    made = analysed(lab, three_arms(["l"]), arms=("v", "k", "l"), sensitivity=["welch"])
    assert "all animals of l have the same value" in made["contrasts"]["note"][0]
    checks = made["diagnostics"].set_index("check")
    assert "all animals of l have the same value" in checks.loc["no_variance", "message"]
    welch = made["omnibus"][made["omnibus"]["model"].eq("Welch")].iloc[0]
    assert np.isnan(welch["p_value"])
    assert welch["note"] == "not computed: no variance in l"


def test_games_howell_is_named_so(lab):
    made = analysed(lab, three_arms([]), arms=("v", "k", "l"), contrasts=["pairwise"], sensitivity=["welch"])
    rows = made["contrasts"][
        made["contrasts"]["sensitivity"].eq("welch") & made["contrasts"]["contrast"].eq("pairwise")
    ]
    assert set(rows["model"]) == {"Games-Howell"}
    assert set(rows["adjustment"]) == {"games-howell"}


# --- absence of an effect -------------------------------------------------------------------------------------------


def jzs_null(t, n, m, scale=0.707):
    """BF01 from Rouder et al. 2009, equation 1, by numerical integration over the variance of the effect."""
    size, df = n * m / (n + m), n + m - 2

    def density(g):
        prior = (2 * np.pi) ** -0.5 * g**-1.5 * np.exp(-1 / (2 * g))
        spread = 1 + size * g * scale**2
        return spread**-0.5 * (1 + t**2 / (spread * df)) ** (-(df + 1) / 2) * prior

    return (1 + t**2 / df) ** (-(df + 1) / 2) / integrate.quad(density, 0, np.inf)[0]


@pytest.mark.parametrize(("t", "n", "m"), [(0.3, 8, 8), (2.5, 6, 9), (-4.0, 12, 10)])
def test_the_bayes_factor_is_that_of_rouder(t, n, m):
    assert pingouin_adapter.bayes_factor_null(t, n, m) == pytest.approx(jzs_null(t, n, m), rel=1e-4)


def test_the_bayes_factor_is_given_where_the_plan_states_a_smallest_effect(lab):
    frame = percentages()
    without = analysed(lab, frame)["contrasts"].iloc[0]
    line = analysed(lab, frame, smallest_effect=5)["contrasts"].iloc[0]
    assert np.isnan(without["bayes_factor_null"])
    groups = [frame.loc[frame["arm"].eq(arm), "value"] for arm in "kv"]
    assert line["bayes_factor_null"] == pytest.approx(jzs_null(stats.ttest_ind(*groups).statistic, 8, 8), rel=1e-4)


def test_the_detectable_difference_has_the_power_it_claims(lab):
    frame = percentages()
    line = analysed(lab, frame)["power"].iloc[0]
    shift = line["detectable_effect"] / line["sd"] * np.sqrt(8 * 8 / 16)
    critical = stats.t.isf(0.025, 14)
    reached = stats.nct.sf(critical, 14, shift) + stats.nct.cdf(-critical, 14, shift)
    assert reached == pytest.approx(0.8, abs=1e-4)


# --- residuals ------------------------------------------------------------------------------------------------------


def test_residuals_and_their_quantiles_are_given_for_every_observation(lab):
    frame = percentages()
    made = analysed(lab, frame)["residuals"]
    means = frame.groupby("arm")["value"].transform("mean").to_numpy()
    np.testing.assert_allclose(made["fitted"], means)
    np.testing.assert_allclose(made["residual"], frame["value"] - means)
    order = made["residual"].argsort().to_numpy()
    assert np.all(np.diff(made["normal_quantile"].to_numpy()[order]) > 0)
    assert made["normal_quantile"].sum() == pytest.approx(0, abs=1e-9)
