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
ARMS = ("vehicle", "ket5", "ket10", "ket20")


def measurements(rng):
    """One value per animal, dendrites, a time course and percentages, of 24 animals."""
    rows = []
    for i in range(24):
        arm = ARMS[i % 4]
        common = {"animal": f"{i:03d}", "arm": arm, "cage": f"c{i // 4}", "sex": ("f", "m")[i % 2]}
        own, effect = rng.normal(), ARMS.index(arm)
        status = "flagged" if i == 6 else "ok"
        rows.append(common | {"measure": "swim", "value": 100 - 8 * effect + 6 * own + rng.normal(), "status": status})
        rows.append(common | {"measure": "unscored", "value": 20.0 if i == 9 else 1.0})
        rows.append(common | {"measure": "ratio", "value": float(np.exp(0.2 * effect + 0.3 * own))})
        rows += [common | {"measure": "spines", "sample": f"d{k}", "value": 5 + own + rng.normal()} for k in range(4)]
        rows += [
            common | {"measure": "glu", "time_min": 20.0 * k, "value": 100 + effect * k + 5 * own + rng.normal()}
            for k in range(4)
        ]
    return pd.DataFrame(rows)


PLAN = {
    "endpoints": {
        "swim": {
            "measure": "swim", "role": "primary", "smallest_effect": 10, "fixed": ["arm", "sex"],
            "contrasts": ["dunnett", "trend", "jonckheere", "williams", "pairwise", "inverted_u"],
            "sensitivity": ["welch", "rank", "mann_whitney", "without_flagged", "log"],
            "exclude": [{"when": "unscored > 12", "reason": "not seen"}],
        },
        "ratio": {"measure": "ratio", "role": "secondary", "scale": "log", "sensitivity": ["welch"],
                  "contrasts": ["dunnett_stepdown"]},
        "spines": {"measure": "spines", "role": "secondary", "design": "nested", "cluster": ["cage"],
                   "sensitivity": ["unit_means"]},
        "mean_spines": {"measure": "spines", "role": "secondary", "summary": "mean", "arms": ["vehicle", "ket20"]},
        "glu": {"measure": "glu", "role": "secondary", "design": "repeated", "window_min": [0, 40],
                "contrasts": ["interaction", "simple"], "sensitivity": ["sphericity"]},
        "nothing": {"measure": "missing", "role": "secondary"},
    },
    "families": {"secondary": "holm"},
}  # fmt: skip
MEASURES = {"assay": {name: {"unit": "u", "endpoint": True} for name in ("swim", "spines", "glu", "missing")}}


@pytest.fixture(scope="module")
def folder(lab, tmp_path_factory):
    rows = measurements(np.random.default_rng(5))
    tables = lab.study(rows, lab.arms(ARMS, doses=[0, 5, 10, 20]), animal_columns=["cage", "sex"])
    tables["measurements"]["measure"] = rows["measure"]
    study = {name: table for name, table in tables.items() if name != "measures"}
    planned = {name: {"assay": "assay"} | endpoint for name, endpoint in PLAN["endpoints"].items()}
    plan = plans.filled(PLAN | {"endpoints": planned})
    settings = statistics.Settings(min_animals_per_arm=3, power=0.8)
    rejected = pd.DataFrame([{"assay": "assay", "recording": "r", "animal": "x", "reviewer": "A", "reason": "why"}])
    made = statistics.analyse(statistics.StudyTables(**study | {"rejected": rejected}), plan, MEASURES, settings)
    cohort = {name: tables[name] for name in ("animals", "arms", "allocation")}
    path = tmp_path_factory.mktemp("endpoints")
    files.write_all(reproduction.files(made, cohort, reproduction.facts(plan, MEASURES, settings)), path)
    return path


def run(command, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_value_says_whether_it_entered_and_why_not(folder):
    values = pd.read_csv(folder / "values.csv", dtype={"animal": str})
    swim = values[values["endpoint"].eq("swim") & values["dataset"].eq("all")].set_index("animal")
    assert len(swim) == 24
    assert swim.loc["009", ["excluded", "source", "reason"]].tolist() == ["yes", "plan", "not seen"]
    assert swim["excluded"].eq("yes").sum() == 1
    assert {"arm", "sex", "value", "unit"} <= set(swim)
    others = values[values["endpoint"].eq("mean_spines") & values["source"].eq("arms")]
    assert set(others["arm"]) == {"ket5", "ket10"}


def test_the_python_script_reproduces_every_p_value(folder):
    code, output = run([sys.executable, "reproduce.py"], folder)
    assert (code, "every p value is reproduced" in output) == (0, True), output


def test_the_python_script_finds_a_changed_p_value(folder, tmp_path, monkeypatch, capsys):
    copy = shutil.copytree(folder, tmp_path / "copy")
    table = pd.read_csv(copy / "contrasts.csv")
    table.loc[table["p_value"].notna().idxmax(), "p_adjusted"] += 0.01
    table.to_csv(copy / "contrasts.csv", index=False)
    monkeypatch.setattr(reproduce, "FOLDER", copy)
    assert reproduce.main() == 1
    assert "1 p values differ" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_the_r_script_reproduces_the_p_values(folder):
    code, output = run(["Rscript", "reproduce.R"], folder)
    assert code == 0, output
