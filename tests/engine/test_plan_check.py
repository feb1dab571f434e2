"""A plan is checked with the tables, before any job, all faults at once."""

import pytest

from ketaflow.core.errors import CohortError
from ketaflow.engine import study

TABLES = {
    "animals": "animal,sex,baseline_s,coat\nM1,male,180,black\nM2,female,190,\nM3,male,170,black\n",
    "arms": "arm,control,drug,dose_mg_per_kg,co_drug\nvehicle,yes,saline,0,none\nket10,no,ketamine,10,NBQX\n",
    "allocation": "animal,arm\nM1,vehicle\nM2,ket10\nM3,ket10\n",
    "measurements": "animal,assay,measure,value,unit\nM1,open_field,distance_m,12,m\n",
}


@pytest.fixture
def faults(tmp_path):
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text)

    def faults(plan: str) -> str:
        (tmp_path / "plan.yaml").write_text(plan)
        try:
            found = study.load({"cohort": str(tmp_path), "results": str(tmp_path.parent / "out")}, {})
        except CohortError as error:
            return str(error)
        return "\n".join(found.notes)

    return faults


def endpoint(**entries: str) -> str:
    given = {"assay": "open_field", "measure": "distance_m", **entries}
    return "endpoints:\n  one:\n" + "".join(f"    {key}: {value}\n" for key, value in given.items())


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (endpoint(rol="primary", measure="distance"), "Did you mean 'role'?"),
        (endpoint(rol="primary", measure="distance"), "there is no measure of open_field 'distance'"),
        (endpoint(assay="forced_swim", measure="immobility_s"), "the cohort has no table for forced_swim"),
        (endpoint(assay="open_feild"), "Did you mean 'open_field'?"),
        (endpoint(fixed="[arm, sexx]"), "there is no column of animals or arms 'sexx'. Did you mean 'sex'?"),
        (endpoint(design="ancova", covariates="[coat]"), "the covariate coat holds words (animals.csv, row 2)"),
        (endpoint(where="{sesion: test}"), "Did you mean 'session'?"),
        (endpoint(arms="[vehicle, ket100]"), "there is no arm 'ket100'. Did you mean 'ket10'?"),
        (endpoint(contrasts="[{name: c, weights: {vehicle: -1, ket1: 1}}]"), "there is no arm 'ket1'"),
    ],
)
def test_a_fault_is_named_with_what_was_probably_meant(faults, plan, said):
    assert said in faults(plan)


def test_all_faults_of_tables_and_plan_are_told_at_once(faults, tmp_path):
    (tmp_path / "animals.csv").write_text("animal,sex\nM1,malle\nM2,female\nM3,male\n")
    said = faults(endpoint(rol="primary", measure="distance"))
    assert said.startswith("3 problems")


@pytest.mark.parametrize(
    "entries", [{"design": "ancova", "covariates": "[baseline_s]"}, {"fixed": "[arm, co_drug]", "design": "factorial"}]
)
def test_own_columns_serve_as_covariates_and_factors(faults, entries):
    said = faults(endpoint(**entries))
    assert "problem" not in said
    (used,) = [name for name in ("baseline_s", "co_drug") if name in str(entries)]
    assert used not in said
    assert "not used by the plan" in said
