"""What must not matter does not: names, order, units, technical replicates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = ["estimate", "se", "df", "statistic", "p_value", "p_adjusted", "ci_low", "ci_high", "effect_size"]
FREE = ["df", "statistic", "p_value", "p_adjusted", "effect_size"]
PLAN = {
    "endpoints": {
        "e": {"contrasts": ["dunnett", "trend", "jonckheere", "williams", "pairwise"], "sensitivity": ["welch", "rank"]}
    }
}
NESTED = {"endpoints": {"e": {"design": "nested", "contrasts": ["dunnett", "trend"]}}}
quickly = settings(max_examples=4, deadline=None)


def flat(seed, per_arm=5):
    rng = np.random.default_rng(seed)
    rows = [
        {"animal": f"a{d}{i}", "arm": f"d{d}", "value": 50 + d + rng.normal()} for d in range(4) for i in range(per_arm)
    ]
    return pd.DataFrame(rows)


def deep(seed, samples=4):
    rng = np.random.default_rng(seed)
    rows = []
    for dose in range(3):
        for i in range(4):
            animal = rng.normal()
            values = 50 + dose + animal + rng.normal(size=samples)
            rows += [
                {"animal": f"a{dose}{i}", "arm": f"d{dose}", "sample": f"s{j}", "value": v}
                for j, v in enumerate(values)
            ]
    return pd.DataFrame(rows)


def apart(frame):
    """Animals that differ more than their dendrites, so that no variance is estimated as zero."""
    return frame.assign(value=frame["value"] + 3 * frame.groupby("animal").ngroup().mod(4))


def numbers(lab, frame, plan, arms=4):
    tables = lab.study(frame, lab.arms([f"d{i}" for i in range(arms)], doses=[0, 5, 10, 20][:arms]))
    return lab.analyse(tables, plan)["contrasts"]


def same(first, second, columns, rtol=1e-6):
    for column in columns:
        np.testing.assert_allclose(
            first[column].to_numpy(float), second[column].to_numpy(float), rtol=rtol, atol=1e-9, err_msg=column
        )


@quickly
@given(seed=st.integers(0, 10_000))
def test_shuffled_rows_and_other_names_change_nothing(lab, seed):
    frame = flat(seed)
    renamed = frame.sample(frac=1, random_state=seed).assign(animal=lambda rows: "x" + rows["animal"].str[::-1])
    same(numbers(lab, frame, PLAN), numbers(lab, renamed, PLAN), NUMBERS)


@quickly
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-4, 0.37, 60.0, 1e5]), shift=st.sampled_from([0.0, 12.5]))
def test_another_unit_leaves_t_p_and_g(lab, seed, scale, shift):
    frame = flat(seed)
    other = frame.assign(value=frame["value"] * scale + shift)
    same(numbers(lab, frame, PLAN), numbers(lab, other, PLAN), FREE, rtol=1e-5)


@quickly
@given(seed=st.integers(0, 10_000))
def test_the_other_sign_turns_the_estimate_round(lab, seed):
    frame = flat(seed)
    before, after = numbers(lab, frame, PLAN), numbers(lab, frame.assign(value=-frame["value"]), PLAN)
    dunnett = before["contrast"] == "dunnett"
    np.testing.assert_allclose(before.loc[dunnett, "statistic"], -after.loc[dunnett, "statistic"], rtol=1e-8)
    np.testing.assert_allclose(before.loc[dunnett, "ci_low"], -after.loc[dunnett, "ci_high"], rtol=1e-6)


@quickly
@given(seed=st.integers(0, 10_000))
def test_measuring_every_dendrite_twice_leaves_p(lab, seed):
    frame = apart(deep(seed))
    twice = pd.concat([frame, frame.assign(sample=frame["sample"] + "-again")])
    same(numbers(lab, frame, NESTED, 3), numbers(lab, twice, NESTED, 3), ["estimate", "p_value", "ci_low"], rtol=1e-4)


@quickly
@given(seed=st.integers(0, 10_000))
def test_a_balanced_nested_model_is_the_analysis_of_means(lab, seed):
    frame = apart(deep(seed))
    means = frame.groupby(["animal", "arm"], as_index=False)["value"].mean()
    plain = {"endpoints": {"e": {"contrasts": ["dunnett", "trend"]}}}
    same(numbers(lab, frame, NESTED, 3), numbers(lab, means, plain, 3), ["estimate", "p_value", "ci_low"], rtol=1e-4)


@quickly
@given(seed=st.integers(0, 10_000))
def test_dunnett_with_one_arm_is_the_t_test(lab, seed):
    frame = flat(seed)
    frame = frame[frame["arm"].isin(["d0", "d1"])]
    line = numbers(lab, frame, {"endpoints": {"e": {}}}, 2).iloc[0]
    assert line["p_adjusted"] == pytest.approx(line["p_value"], rel=1e-12)
    assert line["df"] == 8


def test_one_sided_p_is_half_on_the_right_side_and_the_rest_on_the_other(lab):
    frame = flat(1)
    plan = {"endpoints": {side: {"alternative": side} for side in ("two-sided", "greater", "less")}}
    p = numbers(lab, frame, plan).pivot(index="level", columns="endpoint", values="p_value")
    np.testing.assert_allclose(p["greater"] + p["less"], 1)
    np.testing.assert_allclose(p[["greater", "less"]].min(axis=1) * 2, p["two-sided"])


def test_row_order_of_arms_does_not_choose_the_control(lab):
    frame = flat(2)
    arms = lab.arms(["d0", "d1", "d2", "d3"])
    before = lab.analyse(lab.study(frame, arms), PLAN)["contrasts"]
    after = lab.analyse(lab.study(frame, arms[::-1]), PLAN)["contrasts"]
    pd.testing.assert_frame_equal(before, after)
