"""Mixed models beside those of glmm, and Dunnett's test beside scipy's: two libraries that share no code with ours."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

ARMS = ["vehicle", "ket5", "ket10"]


def cohort(seed, slope=0.3):
    """Twelve animals in three arms and four cages, two dendrites each, measured at four times; one value is missing."""
    rng, rows = np.random.default_rng(seed), []
    cages = rng.normal(size=4)
    for i in range(12):
        own, change = rng.normal(), slope * rng.normal()
        for dendrite in range(2):
            branch = rng.normal(scale=0.7)
            for time in range(4):
                value = 10 + cages[i // 3] + own + change * time + branch + (i % 3) * 0.3 * time + rng.normal(scale=0.6)
                rows.append({"animal": f"m{i:02d}", "arm": ARMS[i % 3], "cage": f"c{i // 3}", "sample": f"d{dendrite}",
                             "time_min": float(time), "value": value})  # fmt: skip
    return pd.DataFrame(rows).drop(index=5).reset_index(drop=True)


REPEATED = {"design": "repeated", "df": "satterthwaite", "contrasts": []}
MODELS = {
    "dendrites": (
        {"design": "nested", "df": "satterthwaite", "cluster": ["cage"], "contrasts": []},
        "value ~ arm + (1 | cage) + (1 | animal) + (1 | sample)",
    ),
    "times": (REPEATED, "value ~ arm * time_min + (1 | animal) + (1 | sample)"),
    "line": (REPEATED | {"time": "linear"}, "value ~ arm * time_min + (1 | animal) + (1 | sample)"),
    "random slopes": (
        REPEATED | {"time": "linear", "random_slopes": True},
        "value ~ arm * time_min + (1 + time_min | animal) + (1 | sample)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_terms_of_mixed_models_are_those_of_glmm(lab, name):
    glmm = pytest.importorskip("glmm")
    endpoint, formula = MODELS[name]
    frame = cohort(8)
    if name == "dendrites":
        frame = frame[frame["time_min"] == 3].assign(time_min=np.nan)
        frame = pd.concat(
            [frame, frame.assign(value=frame["value"] + np.sin(np.arange(len(frame))))], ignore_index=True
        )
    tests = lab.analyse(lab.study(frame, lab.arms(ARMS), animal_columns=["cage"]), {"endpoints": {"e": endpoint}})[
        "omnibus"
    ]
    columns = {key: frame[key].to_list() for key in ("animal", "arm", "cage", "value")}
    columns["sample"] = list(frame["animal"] + frame["sample"])
    if name != "dendrites":
        linear = endpoint.get("time") == "linear"
        columns["time_min"] = [time if linear else f"t{time:g}" for time in frame["time_min"]]
    expected = glmm.anova(glmm.fit(columns, formula), type="III").to_pandas()
    assert set(expected.index) == set(tests["term"])
    for term, row in expected.iterrows():
        ours = tests.loc[tests["term"] == term, ["df1", "df2", "statistic", "p_value"]].iloc[0]
        np.testing.assert_allclose(ours, row[["NumDF", "DenDF", "F value", "Pr(>F)"]], rtol=2e-3, err_msg=term)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_dunnett_is_that_of_scipy_within_its_random_error(lab, alternative):
    rng = np.random.default_rng(6)
    groups = [rng.normal(place * 0.4, 1, size) for place, size in enumerate((7, 5, 6, 9))]
    arms = ["vehicle", "ket5", "ket10", "ket20"]
    frame = pd.DataFrame({
        "animal": [f"m{i}" for i in range(27)], "value": np.concatenate(groups),
        "arm": np.repeat(arms, [len(group) for group in groups]),
    })  # fmt: skip
    plan = {"endpoints": {"e": {"alternative": alternative}}}
    ours = lab.analyse(lab.study(frame, lab.arms(arms)), plan)["contrasts"]
    theirs = stats.dunnett(*groups[1:], control=groups[0], alternative=alternative, rng=np.random.default_rng(1))
    np.testing.assert_allclose(ours["statistic"], theirs.statistic, rtol=1e-10)
    np.testing.assert_allclose(ours["p_adjusted"], theirs.pvalue, rtol=0, atol=5e-4)
