"""The unit guard and the plan's faults stop a run; what the cohort cannot carry is refused, and the rest goes on."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.core.errors import PlanError


def frame(per_arm=4, arms=("vehicle", "ket10"), rows=1, seed=3):
    rng = np.random.default_rng(seed)
    names = [(f"{arm}-{i}", arm) for arm in arms for i in range(per_arm)]
    return pd.DataFrame([
        {"animal": animal, "arm": arm, "sample": f"d{i}" if rows > 1 else None, "value": 10 + rng.normal()}
        for animal, arm in names for i in range(rows)
    ])  # fmt: skip


def two_arms(lab, rows, **arms):
    return lab.study(rows, lab.arms(["vehicle", "ket10"], **arms))


def note(tables, endpoint="e"):
    lines = tables["contrasts"]
    return lines.loc[lines["endpoint"] == endpoint, "note"].iloc[0]


def refused(lab, tables, **endpoint):
    made = lab.analyse(tables, {"endpoints": {"e": endpoint}})
    assert made["contrasts"]["p_value"].isna().all()
    return note(made)


# --- the unit guard -------------------------------------------------------------------------------------------------


def test_dendrites_are_not_animals(lab):
    tables = two_arms(lab, frame(rows=5))
    with pytest.raises(PlanError, match=r"5 rows for animal vehicle-0.*what repeats is sample.*design: nested"):
        lab.analyse(tables, {"endpoints": {"e": {}}})


def test_times_need_a_repeated_design(lab):
    rows = frame(rows=3).assign(sample=None)
    rows["time_min"] = rows.groupby("animal").cumcount() * 20.0
    with pytest.raises(PlanError, match=r"what repeats is time_min.*design: repeated"):
        lab.analyse(two_arms(lab, rows), {"endpoints": {"e": {"design": "nested"}}})
    made = lab.analyse(two_arms(lab, rows), {"endpoints": {"e": {"design": "repeated"}}})
    assert set(made["omnibus"]["term"]) == {"arm", "time_min", "arm:time_min"}


def test_a_row_that_stands_twice_is_found(lab):
    rows = pd.concat([frame(), frame()[:1]])
    with pytest.raises(PlanError, match="nothing, not even recording"):
        lab.analyse(two_arms(lab, rows), {"endpoints": {"e": {}}})


def test_a_declared_mean_makes_one_row_per_animal(lab):
    rows = frame(rows=5)
    made = lab.analyse(two_arms(lab, rows), {"endpoints": {"e": {"summary": "mean"}}})
    means = rows.groupby(["animal", "arm"], as_index=False, sort=False)["value"].mean()
    alone = lab.analyse(two_arms(lab, means), {"endpoints": {"e": {}}})
    assert made["contrasts"]["p_value"][0] == pytest.approx(alone["contrasts"]["p_value"][0], rel=1e-12)
    assert made["contrasts"]["n"][0] == 4


def test_sessions_are_chosen_by_where(lab):
    rows = pd.concat([frame().assign(session="pretest"), frame(seed=4).assign(session="test")])
    tables = two_arms(lab, rows)
    with pytest.raises(PlanError, match="what repeats is session"):
        lab.analyse(tables, {"endpoints": {"e": {}}})
    assert len(lab.analyse(tables, {"endpoints": {"e": {"where": {"session": "test"}}}})["contrasts"]) == 1


# --- faults of the plan ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ({"measure": "valve"}, "there is no measure of assay 'valve'. Did you mean 'value'"),
        ({"assay": "asay"}, "there is no assay 'asay'. Did you mean 'assay'"),
        ({"fixed": ["arm", "sexx"]}, "there is no column of arms or animals 'sexx'. Did you mean 'sex'"),
        ({"design": "ancova", "covariates": ["sex"]}, "sex is not a number"),
        ({"where": {"session": "tset"}}, "there is no session of value 'tset'"),
        ({"where": {"sesion": "test"}}, "there is no column of measurements.csv 'sesion'. Did you mean 'session'"),
        ({"arms": ["vehicle", "ket20"]}, "there is no arm 'ket20'"),
        ({"contrasts": [{"name": "c", "weights": {"vehicle": -1, "ket": 1}}]}, "there is no level of arm 'ket'"),
        ({"exclude": [{"when": "arm == 'ket10'", "reason": "why"}]}, "A rule may not use the treatment"),
        ({"exclude": [{"when": "unscored > 12", "reason": "dark"}]}, "there is no measure, check or column of animals"),
        ({"design": "crossover"}, "allocation has no periods"),
    ],
)  # fmt: skip
def test_a_fault_of_the_plan_says_where_and_what_to_do(lab, endpoint, says):
    tables = two_arms(lab, frame().assign(session="test"))
    with pytest.raises(PlanError) as error:
        lab.analyse(tables, {"endpoints": {"fst": endpoint}})
    assert says in str(error.value)
    assert "endpoints.fst" in str(error.value)


def test_all_faults_come_at_once(lab):
    plan = {"endpoints": {"a": {"measure": "nothing_like_it"}, "b": {"fixed": ["genotype"]}}}
    with pytest.raises(PlanError, match="2 faults in the plan"):
        lab.analyse(two_arms(lab, frame()), plan)


# --- refusals -------------------------------------------------------------------------------------------------------


def test_an_animal_in_two_arms_is_refused(lab):
    rows = frame()
    tables = two_arms(lab, rows)
    again = pd.DataFrame({"animal": ["vehicle-0"], "arm": ["ket10"]})
    tables["allocation"] = pd.concat([tables["allocation"], again], ignore_index=True)
    assert "vehicle-0 is in two arms" in refused(lab, tables)


def test_two_animals_are_too_few(lab):
    rows = frame()
    told = refused(lab, two_arms(lab, rows[rows["animal"].isin(rows["animal"][:6])]))
    assert told == "not tested: too few animals to compare (at least 3 per arm): ket10 has 2"


def test_a_control_divided_by_itself_is_refused(lab):
    rows = frame()
    rows.loc[rows["arm"] == "vehicle", "value"] = 1.0
    assert "divided by its own control" in refused(lab, two_arms(lab, rows))


def test_a_value_outside_what_is_possible_is_refused(lab):
    rows = frame()
    rows.loc[2, "value"] = 104.0
    tables = lab.study(rows, lab.arms(["vehicle", "ket10"]), facts={"minimum": 0, "maximum": 100})
    assert "animal vehicle-2 has 104, outside the physical range of the measure (0 to 100)" in refused(lab, tables)


def test_zero_has_no_logarithm(lab):
    rows = frame()
    rows.loc[2, "value"] = 0.0
    assert "the scale log needs values above 0; animal vehicle-2 has 0" in refused(
        lab, two_arms(lab, rows), scale="log"
    )


def test_an_empty_cell_is_refused(lab):
    rows = frame(arms=("saline", "ket", "nbqx_ket"))
    arms = lab.arms(
        ["saline", "ket", "nbqx_ket"], drugs=["saline", "ketamine", "ketamine"], pretreatment=["none", "none", "NBQX"]
    )
    told = refused(lab, lab.study(rows, arms), design="factorial", fixed=["drug", "pretreatment"])
    assert "no animal with drug saline and pretreatment NBQX" in told


def test_confounded_terms_are_refused(lab):
    tables = two_arms(lab, frame())
    tables["animals"]["sex"] = ["female"] * 4 + ["male"] * 4
    assert "sex is confounded with arm" in refused(lab, tables, fixed=["arm", "sex"])


def test_a_cage_of_one_arm_is_noted(lab):
    tables = two_arms(lab, frame())
    tables["animals"]["cage"] = ["c1", "c1", "c2", "c2", "c3", "c3", "c4", "c4"]
    made = lab.analyse(tables, {"endpoints": {"e": {}}})
    assert "cage is confounded with arm" in note(made)
    assert "confounded" in set(made["diagnostics"]["check"])
    assert made["contrasts"]["p_value"].notna().all()


def test_one_refused_endpoint_does_not_stop_the_others_and_counts_in_its_family(lab):
    rows = pd.concat([frame().assign(session="a"), frame()[:6].assign(session="b")])
    plan = {
        "endpoints": {s: {"where": {"session": s}, "role": "secondary"} for s in ("a", "b")},
        "families": {"secondary": "holm"},
    }
    lines = lab.analyse(two_arms(lab, rows), plan)["contrasts"].set_index("endpoint")
    assert lines.loc["a", "p_family"] == pytest.approx(min(1, 2 * lines.loc["a", "p_value"]))
    assert np.isnan(lines.loc["b", "p_family"])


def test_without_a_plan_nothing_stops(lab):
    made = lab.analyse(two_arms(lab, frame()[:6]))
    assert "too few animals" in note(made, "assay.value")
    assert set(made["contrasts"]["role"]) == {"exploratory"}


def test_the_default_plan_sees_dendrites_and_times(lab):
    rows = frame(rows=5)
    made = lab.analyse(two_arms(lab, rows))
    assert made["contrasts"]["model"][0] == "mixed: y ~ arm + (1 | animal)"
    assert made["contrasts"]["n"][0] == 4
    assert made["contrasts"]["n_observations"][0] == 40


def test_an_arm_that_was_not_measured_is_named(lab):
    tables = lab.study(frame(), lab.arms(["vehicle", "ket5", "ket10"]))
    more = pd.DataFrame({"animal": ["x1", "x2"], "arm": "ket5"})
    tables["allocation"] = pd.concat([tables["allocation"], more])
    assert note(lab.analyse(tables, {"endpoints": {"e": {}}})) == "not measured in ket5"


def test_seconds_and_minutes_are_not_one_measure(lab):
    tables = two_arms(lab, frame())
    tables["measurements"].loc[0, "unit"] = "min"
    assert "several units: min, u" in refused(lab, tables)


def test_what_goes_wrong_unforeseen_in_one_endpoint_leaves_the_others(lab, monkeypatch):
    from ketaflow.statistics import endpoint_analysis

    whole = endpoint_analysis.analysed

    def breaks_on_log(analysis):
        if analysis.endpoint.scale == "log":
            raise ZeroDivisionError("somewhere deep")
        return whole(analysis)

    monkeypatch.setattr(endpoint_analysis, "analysed", breaks_on_log)
    made = lab.analyse(two_arms(lab, frame()), {"endpoints": {"good": {}, "bad": {"scale": "log"}}})
    assert made["contrasts"].set_index("endpoint").loc["good", "p_value"] > 0
    assert "could not be computed (ZeroDivisionError: somewhere deep)" in note(made, "bad")


def test_an_arm_that_misses_a_time_is_named_with_the_remedy(lab):
    rows = [(f"{arm}{i}", arm, t, i + t) for arm in ("vehicle", "ket") for i in range(4) for t in (0, 10, 20)]
    data = pd.DataFrame(rows, columns=["animal", "arm", "time_min", "value"])
    data = data[~(data["arm"].eq("ket") & data["time_min"].eq(20))]
    made = lab.analyse(lab.study(data, lab.arms(["vehicle", "ket"])), {"endpoints": {"e": {"design": "repeated"}}})
    assert "no animal of ket was measured at time_min 20: Limit the times with window_min" in note(made)
