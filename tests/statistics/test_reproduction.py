"""The exported folder gives the published p values again, from the values alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ketaflow import statistics
from ketaflow.core import files
from ketaflow.statistics import plan as plans
from ketaflow.statistics import reproduction
from ketaflow.statistics.templates import reproduce

ROOT = Path(__file__).resolve().parents[2]
ARMS = ("vehicle", "ket5", "ket10", "ket20", "ket40")

SEED = 5
TABLES = ("contrasts", "omnibus", "diagnostics")
P_COLUMNS = ["p_value", "p_adjusted", "p_family", "equivalence_p_value"]


def measurements(rng):
    """One value per animal, dendrites, time courses, percentages, a dose curve and periods, of 30 animals."""
    rows = []
    for i in range(30):
        arm = ARMS[i % 5]
        common = {"animal": f"{i:03d}", "arm": arm, "cage": f"c{i // 5}", "sex": ("f", "m")[i % 2]}
        common |= {"weight_g": 20 + rng.normal()}
        own, effect = rng.normal(), ARMS.index(arm)
        status = "flagged" if i == 6 else "ok"
        rows.append(common | {"measure": "swim", "value": 100 - 8 * effect + 6 * own + rng.normal(), "status": status})
        rows.append(common | {"measure": "unscored", "value": 20.0 if i == 9 else 1.0})
        rows.append(common | {"measure": "ratio", "value": float(np.exp(0.2 * effect + 0.3 * own))})
        rows.append(common | {"measure": "preference", "value": min(100.0, 80 + 5 * effect + 5 * own)})
        rows.append(common | {"measure": "curve", "value": 10 + 50 * effect**3 / (effect**3 + 8) + own})
        rows += [common | {"measure": "spines", "sample": f"d{k}", "value": 5 + own + rng.normal()} for k in range(4)]
        rows += [common | {"measure": "flat", "sample": f"d{k}", "value": rng.normal()} for k in range(4)]
        rows += [
            common | {"measure": "glu", "time_min": 20.0 * k, "value": 100 + effect * k + 5 * own + rng.normal()}
            for k in range(4)
        ]
    return pd.DataFrame(rows)


REPEATED = {"measure": "glu", "role": "secondary", "design": "repeated"}
PLAN = {
    "endpoints": {
        "swim": {
            "measure": "swim", "role": "primary", "smallest_effect": 10, "fixed": ["arm", "sex"],
            "contrasts": ["dunnett", "trend", "jonckheere", "williams", "pairwise", "inverted_u",
                          {"name": "high", "weights": {"vehicle": -1, "ket20": 0.5, "ket40": 0.5}}],
            "sensitivity": ["welch", "rank", "mann_whitney", "without_flagged", "log"],
            "exclude": [{"when": "unscored > 12", "reason": "not seen"}],
        },
        "ratio": {"measure": "ratio", "role": "secondary", "scale": "log", "sensitivity": ["welch"],
                  "contrasts": ["dunnett_stepdown", "pairwise"], "smallest_effect": 1.5, "alternative": "greater"},
        "sexes": {"measure": "ratio", "family": "false", "design": "factorial", "fixed": ["arm", "sex"],
                  "contrasts": ["interaction", "simple", "trend"], "sensitivity": ["welch"]},
        "weight": {"measure": "swim", "family": "false", "design": "ancova", "covariates": ["weight_g"],
                   "contrasts": ["dunnett", "williams"], "alternative": "less"},
        "preference": {"measure": "preference", "family": "false", "scale": "logit", "at_bounds": "squeeze",
                       "sensitivity": ["rank"]},
        "curve": {"measure": "curve", "family": "ordered", "contrasts": ["trend", "jonckheere"]},
        "doses": {"measure": "swim", "family": "ordered", "fixed": ["dose_mg_per_kg"],
                  "contrasts": ["dunnett", "trend"]},
        "spines": {"measure": "spines", "role": "secondary", "design": "nested", "cluster": ["cage"],
                   "contrasts": ["dunnett", "trend"], "sensitivity": ["unit_means"]},
        "flat": {"measure": "flat", "family": "stepup", "design": "nested"},
        "mean_spines": {"measure": "spines", "role": "secondary", "summary": "mean", "arms": ["vehicle", "ket20"]},
        "glu": REPEATED | {"window_min": [0, 40], "contrasts": ["interaction", "simple", "trend"],
                           "sensitivity": ["sphericity"]},
        "line": REPEATED | {"time": "linear", "random_slopes": True, "contrasts": ["dunnett"], "family": "stepup"},
        "course": REPEATED | {"fixed": [], "contrasts": [], "sensitivity": ["rank"], "df": "kenward_roger"},
        "nothing": {"measure": "missing", "role": "secondary"},
    },
    "families": {"secondary": "holm", "false": "bh", "ordered": "fixed_sequence", "stepup": "hochberg"},
}  # fmt: skip
NAMES = ("swim", "ratio", "preference", "curve", "spines", "flat", "glu", "missing")
MEASURES = {"assay": {name: {"unit": "u", "endpoint": True} for name in NAMES}}


def exported(tables, planned, path, *, rejected=None):
    """The exported folder of a study."""
    study = {name: table for name, table in tables.items() if name != "measures"} | {"rejected": rejected}
    named = {name: {"assay": "assay"} | endpoint for name, endpoint in planned["endpoints"].items()}
    plan, settings = plans.filled(planned | {"endpoints": named}), statistics.Settings(min_animals_per_arm=3, power=0.8)
    made = statistics.analyse(statistics.StudyTables(**study), plan, MEASURES, settings)
    cohort = {name: tables[name] for name in ("animals", "arms", "allocation")}
    files.write_all(reproduction.files(made, cohort, reproduction.facts(plan, MEASURES, settings)), path)
    return path


@pytest.fixture(scope="module")
def folder(lab, tmp_path_factory):
    """Every contrast, sensitivity analysis and family method, and every design but the crossover."""
    rows = measurements(np.random.default_rng(SEED))
    columns = ["cage", "sex", "weight_g"]
    tables = lab.study(rows, lab.arms(ARMS, doses=[0, 5, 10, 20, 40]), animal_columns=columns)
    tables["measurements"]["measure"] = rows["measure"]
    return exported(tables, PLAN, tmp_path_factory.mktemp("endpoints"))


@pytest.fixture(scope="module")
def small_folder(lab, tmp_path_factory):
    """A crossover with a missing period, also without what a reviewer rejected."""
    rng, rows = np.random.default_rng(SEED), []
    for i in range(12):
        own = rng.normal()
        for period in range(3):
            arm = ARMS[(i + period) % 3]
            value = 10 + own + 0.5 * period + ARMS.index(arm) + rng.normal()
            names = {"animal": f"{i:03d}", "arm": arm, "period": f"p{period}", "session": f"p{period}"}
            rows.append(names | {"value": value, "recording": f"r{i}{period}"})
    tables = lab.study(pd.DataFrame(rows[1:]), lab.arms(ARMS[:3], doses=[0, 5, 10]), measure="swim")
    contrasts = ["dunnett", "trend", "pairwise", "williams", "inverted_u"]
    plan = {"endpoints": {"swim": {"measure": "swim", "design": "crossover", "contrasts": contrasts}}}
    rejected = pd.DataFrame([{"assay": "assay", "recording": "r41", "animal": "004", "reviewer": "A", "reason": "why"}])
    return exported(tables, plan, tmp_path_factory.mktemp("crossover"), rejected=rejected)


def run(command, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_value_says_whether_it_entered_and_why_not(folder):
    values = pd.read_csv(folder / "values.csv", dtype={"animal": str})
    swim = values[values["endpoint"].eq("swim") & values["dataset"].eq("all")].set_index("animal")
    assert len(swim) == 30
    assert swim.loc["009", ["excluded", "source", "reason"]].tolist() == ["yes", "plan", "not seen"]
    assert swim["excluded"].eq("yes").sum() == 1
    assert {"arm", "sex", "value", "unit"} <= set(swim)
    others = values[values["endpoint"].eq("mean_spines") & values["source"].eq("arms")]
    assert set(others["arm"]) == {"ket5", "ket10", "ket40"}


def test_every_planned_endpoint_but_the_one_without_values_is_tested(folder):
    contrasts = pd.read_csv(folder / "contrasts.csv")
    assert set(contrasts.loc[contrasts["p_value"].isna(), "endpoint"]) == {"nothing"}
    robust = pd.read_csv(folder / "omnibus.csv").query("model.str.endswith('HC3')")
    assert set(robust["sum_of_squares_type"]) == {"III"}, "type II tests assume equal variances"


def test_the_python_script_reproduces_every_p_value(folder, monkeypatch, capsys):
    monkeypatch.setattr(reproduce, "FOLDER", folder)
    assert reproduce.main() == 0
    assert capsys.readouterr().out == "every p value is reproduced\n"


def test_the_python_script_runs_in_the_exported_folder(small_folder):
    code, output = run([sys.executable, "reproduce.py"], small_folder)
    assert (code, "every p value is reproduced" in output) == (0, True), output


def test_the_python_script_finds_a_changed_p_value(small_folder, tmp_path, monkeypatch, capsys):
    copy = shutil.copytree(small_folder, tmp_path / "copy")
    table = pd.read_csv(copy / "contrasts.csv")
    table.loc[table["p_value"].notna().idxmax(), "p_adjusted"] += 0.01
    table.to_csv(copy / "contrasts.csv", index=False)
    monkeypatch.setattr(reproduce, "FOLDER", copy)
    assert reproduce.main() == 1
    assert "1 p values differ" in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_the_r_script_reproduces_every_p_value(folder):
    code, output = run(["Rscript", "reproduce.R"], folder)
    count = sum(pd.read_csv(folder / f"{name}.csv").filter(P_COLUMNS).notna().sum().sum() for name in TABLES)
    curves = pd.read_csv(folder / "dose_response.csv")["parameter"].eq("lack_of_fit_p").sum()
    assert curves, "no curve was fitted"
    assert (code, output.splitlines()[-1]) == (
        0, f"{count + curves} p values compared, 0 differ; 0 have no counterpart here"
    ), output  # fmt: skip


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_the_r_script_finds_a_changed_p_value_and_data_set(small_folder, tmp_path):
    copy = shutil.copytree(small_folder, tmp_path / "copy")
    table = pd.read_csv(copy / "contrasts.csv")
    table.loc[table["dataset"].eq("reviewed") & table["contrast"].eq("trend"), "p_adjusted"] += 0.01
    table.to_csv(copy / "contrasts.csv", index=False)
    code, output = run(["Rscript", "reproduce.R"], copy)
    assert (code, " 1 differ" in output) == (1, True), output
