"""The simulated plates of the demonstration: what was drawn is measured, and the faults are named."""

import pandas as pd
import pytest

from ketaflow.assays.elisa import constants, simulate
from ketaflow.core.inputs import Rows
from ketaflow.engine import recordings, stages, study

COHORT = "resources/demo_cohort"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory, request):
    """Every plate of the demonstration, drawn, measured and checked: (folder, plate, measured, checked) by name."""
    loaded = study.load({"cohort": str(request.config.rootpath / COHORT)}, {})
    folder, found = tmp_path_factory.mktemp("elisa"), {}
    for groups in loaded.batches["elisa"].values():
        for group in groups:
            simulate.draw(Rows(group.rows), folder, seed=recordings.seed(group.name))
            own = {name: stages.stage("elisa", name) for name in ("ingest", "quantify", "qc")}
            chosen = {name: stage.settings_from(loaded.settings["elisa"][name]) for name, stage in own.items()}
            plate = own["ingest"].run(Rows(group.rows), folder, chosen["ingest"])
            measured = own["quantify"].run(plate, chosen["quantify"])
            found[group.name] = (plate, measured, own["qc"].run(plate, measured, chosen["qc"]))
    return loaded.cohort.tables, found


def test_both_plates_are_read_with_their_reference(demonstration):
    _, found = demonstration
    assert {name: plate.source.reference for name, (plate, *_) in found.items()} == {
        "bdnf_plasma": "570 nm", "bdnf_hippocampus": "570 nm",
    }  # fmt: skip


def test_values_are_those_drawn(demonstration):
    tables, found = demonstration
    truth = tables["elisa_truth"].set_index(["plate", "well"])
    errors = []
    for name, (_, measured, _) in found.items():
        for one in measured.animals:
            drawn = truth.loc[(name, one.wells.split(", ")[0]), "concentration_pg_per_ml"]
            if one.concentration_pg_per_ml is not None and not one.doubt:
                errors.append(abs(one.concentration_pg_per_ml / drawn - 1))
    assert len(errors) == 46
    assert pd.Series(errors).median() <= 0.05
    assert pd.Series(errors).quantile(0.95) <= 0.15


def test_every_fault_drawn_is_named_with_its_well(demonstration):
    tables, found = demonstration
    truth = tables["elisa_truth"]
    named = {
        (name, one.check, well)
        for name, (_, _, checked) in found.items()
        for one in checked.checks
        if one.verdict != "pass"
        for well in one.place.split(", ")
    }
    checks = {"bad_duplicate": "replicate_cv", "contaminated": "blank_contaminated"}
    drawn = truth.dropna(subset=["fault"])
    assert len(drawn) == 2
    for row in drawn.itertuples():
        assert (row.plate, checks[row.fault], row.well) in named
    above = truth[truth["concentration_pg_per_ml"] > 2 * constants.LEVELS_PG_PER_ML[0] * 1.2]
    assert len(above) == 2
    for row in above.itertuples():
        assert (row.plate, "above_uloq", row.well) in named


def test_equal_seeds_give_equal_files(tmp_path, request):
    loaded = study.load({"cohort": str(request.config.rootpath / COHORT)}, {})
    group = next(iter(loaded.batches["elisa"].values()))[0]
    for folder in ("a", "b"):
        simulate.draw(Rows(group.rows), tmp_path / folder, seed=3)
    for path in group.files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
