"""A cohort of a few lines, and the analysis of one plan over it."""

import pandas as pd
import pytest

from ketaflow import statistics

SETTINGS = {"min_animals_per_arm": 3, "power": 0.8}
CHECKS = ["assay", "recording", "animal", "place", "check", "value", "unit", "low", "high", "verdict", "message"]


def arms_table(names, doses=None, drugs=None, **columns):
    """Arms in the order given, the first is the control."""
    return pd.DataFrame({
        "arm": list(names), "control": [place == 0 for place in range(len(names))],
        "drug": list(drugs) if drugs else ["saline", *["ketamine"] * (len(names) - 1)],
        "dose_mg_per_kg": [float(dose) for dose in (doses if doses is not None else range(len(names)))],
        "pretreatment": None, "stressor": None,
    } | columns)  # fmt: skip


def study(frame, arms, *, animal_columns=(), assay="assay", measure="value", facts=None):
    """Tables of a cohort from one long frame with animal, arm, value and perhaps time_min, sample, session."""
    people = frame.drop_duplicates("animal")
    animals = pd.DataFrame({"animal": people["animal"], "sex": "unknown", "cage": None, "litter": None})
    animals = animals.assign(**{name: people[name] for name in animal_columns}).reset_index(drop=True)
    rows = {name: frame[name] for name in ("time_min", "sample", "session", "status", "recording") if name in frame}
    allocation = frame.drop_duplicates(["animal", "arm"])
    return {
        "measurements": pd.DataFrame(
            {"animal": frame["animal"], "assay": assay, "measure": measure, "value": frame["value"], "unit": "u"} | rows
        ),
        "checks": pd.DataFrame(columns=CHECKS),
        "animals": animals,
        "arms": arms,
        "allocation": allocation[["animal", "arm", *[c for c in ("period",) if c in frame]]].reset_index(drop=True),
        "measures": {assay: {measure: {"unit": "u", "direction": "none", "endpoint": True} | (facts or {})}},
        "rejected": None,
    }


def analyse(tables, plan=None, **settings):
    """All statistics tables; endpoints without assay and measure are given the only ones there are."""
    if plan is not None:
        plan = {
            **plan,
            "endpoints": {k: {"assay": "assay", "measure": "value"} | v for k, v in plan["endpoints"].items()},
        }
    measures = tables["measures"]
    study_tables = statistics.StudyTables(**{name: table for name, table in tables.items() if name != "measures"})
    return statistics.analyse(study_tables, plan, measures, statistics.Settings(**SETTINGS | settings))


@pytest.fixture(scope="session")
def lab():
    """The three helpers under one name."""

    class Lab:
        pass

    Lab.arms, Lab.study, Lab.analyse = staticmethod(arms_table), staticmethod(study), staticmethod(analyse)
    return Lab
