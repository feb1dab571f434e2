"""The plan: what it may say, what it says when it is silent, and how a changed one is noticed."""

import pandas as pd
import pytest

from ketaflow.core.errors import PlanError
from ketaflow.statistics import plan as plans

SMALL = {"endpoints": {"fst": {"assay": "forced_swim", "measure": "immobility_s"}}}


def with_endpoint(**keys):
    return {"endpoints": {"fst": SMALL["endpoints"]["fst"] | keys}}


def test_silence_is_filled_in():
    endpoint = plans.filled(SMALL)["endpoints"]["fst"]
    assert endpoint["design"] == "one_way"
    assert endpoint["fixed"] == ["arm"]
    assert endpoint["contrasts"] == ["dunnett"]
    assert endpoint["role"] == endpoint["family"] == "exploratory"
    assert plans.filled(SMALL)["alpha"] == 0.05


def test_filling_in_twice_is_filling_in_once():
    once = plans.filled(with_endpoint(role="primary", family="main") | {"families": {"main": "holm"}})
    assert plans.filled(once) == once


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (with_endpoint(mesure="x"), "Did you mean 'measure'"),
        (with_endpoint(contrasts=["dunett"]), "there is no contrast 'dunett'. Did you mean 'dunnett'"),
        (with_endpoint(design="one-way"), "Allowed: one_way"),
        (with_endpoint(design="factorial"), "a factorial design with fewer than two factors"),
        (with_endpoint(design="ancova"), "an ancova without covariates"),
        (with_endpoint(scale="log", at_bounds="squeeze"), "squeeze on a scale without bounds"),
        (with_endpoint(contrasts=["interaction"]), "an interaction in a design without interactions"),
        (with_endpoint(family="seconday"), "there is no family 'seconday'"),
        (with_endpoint(exclude=[{"when": "__import__('os')", "reason": "why"}]), "cannot be read"),
        (with_endpoint(scale="log", smallest_effect=0.8), "Give a ratio above 1"),
        (with_endpoint() | {"families": {"secondary": "bonferoni"}}, "Allowed: none, holm"),
        (SMALL | {"alfa": 0.05}, "Did you mean 'alpha'"),
        ({"endpoints": {}}, "endpoints"),
        ({}, "endpoints"),
    ],
)
def test_a_fault_says_what_to_do(plan, says):
    with pytest.raises(PlanError) as error:
        plans.filled(plan)
    assert says in str(error.value)


def test_no_file_is_no_plan(tmp_path):
    assert plans.read(tmp_path / "plan.yaml") is None


def test_a_plan_is_read_from_its_file(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("endpoints:\n  fst: {assay: forced_swim, measure: immobility_s, role: primary}\n")
    assert plans.read(path)["endpoints"]["fst"]["family"] == "primary"
    path.write_text("endpoints: [")
    with pytest.raises(PlanError, match="not valid YAML"):
        plans.read(path)


def test_the_first_plan_is_kept_and_a_change_is_said_aloud():
    plan, versions = plans.filled(SMALL), {"numpy": "2"}
    first = plans.lock(plan, None, versions)
    again = plans.lock(plan, first, versions)
    assert not again["changed"]
    assert again == first
    later = plans.lock(plans.filled(with_endpoint(alternative="less")), again, versions)
    assert later["changed"]
    assert later["sha256"] == first["sha256"]
    assert later["changes"][0]["what"] == ["endpoints.fst"]
    assert plans.lock(plan, later, versions)["changed"] is False


def test_the_default_plan_takes_what_assays_call_endpoints():
    measures = {"swim": {"immobility_s": {"endpoint": True}, "unscored_s": {"endpoint": False}}}
    rows = pd.DataFrame(
        [
            {"animal": "a", "assay": "swim", "measure": "immobility_s", "session": "test"},
            {"animal": "a", "assay": "swim", "measure": "unscored_s", "session": "test"},
            {"animal": "a", "assay": "elisa", "measure": "bdnf", "analyte": "BDNF"},
            {"animal": "a", "assay": "elisa", "measure": "bdnf", "analyte": "VEGF"},
        ]
    )
    endpoints = plans.default(measures, rows)["endpoints"]
    assert list(endpoints) == ["elisa.bdnf.BDNF", "elisa.bdnf.VEGF", "swim.immobility_s.test"]
    assert endpoints["swim.immobility_s.test"]["where"] == {"session": "test"}
    assert all(endpoint["role"] == "exploratory" for endpoint in endpoints.values())


def test_a_measure_may_ask_for_contrasts_of_its_own():
    measures = {"dialysis": {"area": {"endpoint": True, "contrasts": ["dunnett", "inverted_u"]}}}
    rows = pd.DataFrame([{"animal": "a", "assay": "dialysis", "measure": "area"}])
    (endpoint,) = plans.default(measures, rows)["endpoints"].values()
    assert endpoint["contrasts"] == ["dunnett", "inverted_u"]
