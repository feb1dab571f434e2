"""A laboratory retrains the spine scorer on its own marks: one target, two things copied, the study once more."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.dendritic_spines import simulate
from ketaflow.assays.dendritic_spines.model import MAIN, TRUTH, TruthRow
from ketaflow.core.inputs import Rows

pytestmark = pytest.mark.long

IMAGES, ANIMALS = 6, 3
DRAWN = TruthRow(13.0, 60.0, mushroom_count=4, thin_count=4, stubby_count=2, filopodium_count=0)


@pytest.fixture(scope="module")
def retrained(tmp_path_factory, new_clone):
    """A cohort of simulated dendrites that two people marked, after ``snakemake calibrate_dendritic_spines``."""
    made = new_clone(tmp_path_factory.mktemp("retrained"))
    made.cohort.mkdir()
    rng, images, marks = np.random.default_rng(4), [], []
    for number in range(IMAGES):
        image = f"spines/field {number}.ome.tif"
        simulate.draw(Rows({MAIN: [{"image": image}], TRUTH: [vars(DRAWN)]}), made.cohort, seed=number)
        images.append(f"{image},m{number % ANIMALS},mPFC")
        for rater, missed in (("anna", 0.0), ("ben", 0.25)):
            for spine in simulate.simulate_stack(DRAWN, number).spines:
                if rng.random() >= missed:
                    x, y = spine.head_um[[2, 1]] / 0.1 + rng.normal(0, 1, 2)
                    marks.append(f"{image},{rater},{x:.1f},{y:.1f}")
    made.table("dendritic_spines", "image,animal,region", images)
    made.table("dendritic_spines_human_scores", "image,rater,x_px,y_px", marks)
    made.table("animals", "animal,sex", [f"m{number},female" for number in range(ANIMALS)])
    made.table("arms", "arm,control,drug,dose_mg_per_kg", ["vehicle,yes,saline,0", "ket,no,ketamine,10"])
    made.table("allocation", "animal,arm", ["m0,vehicle", "m1,ket", "m2,ket"])
    made.before = sorted(path.relative_to(made.cohort) for path in made.cohort.rglob("*"))
    made.said = made.run("calibrate_dendritic_spines")
    return made


def calibration(made) -> Path:
    return made.results / "dendritic_spines" / "calibration"


def test_the_target_writes_scorer_settings_report_and_summary(retrained):
    names = {path.name for path in calibration(retrained).glob("[!.]*")}
    scorer = next(name for name in names if name.startswith("scorer_"))
    assert names == {scorer, "settings.yaml", "report.csv", "left_out.csv", "summary.txt"}
    report = pd.read_csv(calibration(retrained) / "report.csv").set_index(["first", "second"])
    assert report.loc[("anna", "ben"), "recall"] == 1.0
    shipped, own = (report.loc[(f"{name} scorer", "consensus of raters"), "f1"] for name in ("shipped", "retrained"))
    assert own >= shipped - 0.02


def test_the_summary_is_printed_at_the_end(retrained):
    assert "On images it was not trained on" in retrained.said.stdout + retrained.said.stderr


def test_the_cohort_folder_is_left_unchanged(retrained):
    assert sorted(path.relative_to(retrained.cohort) for path in retrained.cohort.rglob("*")) == retrained.before


def test_the_retrained_scorer_is_used_after_two_things_are_copied(retrained):
    for path in calibration(retrained).iterdir():
        if path.name.startswith("scorer_") or path.name == "settings.yaml":
            shutil.copy(path, retrained.cohort)
    before = pd.read_csv(calibration(retrained) / "left_out.csv")
    retrained.run("out/measurements.csv")
    agreement = pd.read_csv(retrained.results / "dendritic_spines" / "agreement.csv")
    mine = agreement[agreement["first"].eq("ketaflow") & agreement["image"].isna()].set_index("second")
    assert mine.loc["anna", "images"] == IMAGES == before["image"].nunique()
    assert mine.loc["anna", "f1"] > 0.7
