"""Calibration: a laboratory's marks in; a retrained scorer, its agreement on images left out, and a summary out."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from simulated_dendrites import ASSAY, INGEST, ROW, image_of, truth

from ketaflow.assays.dendritic_spines import calibrate, ingest, simulate
from ketaflow.assays.dendritic_spines.model import HUMAN_SCORES, MAIN, CohortSettings, DendriteImage
from ketaflow.assays.dendritic_spines.raters.consensus import consensus_positions
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows


def rated(seed: int, animal: str, raters: dict[str, float]) -> tuple[DendriteImage, pd.DataFrame]:
    """A simulated dendrite that raters marked: each jitters by about a pixel, and misses a share of the spines."""
    rng = np.random.default_rng(100 + seed)
    simulated = simulate.simulate_stack(truth(14.0, 60.0, mushroom_count=4, thin_count=5, stubby_count=3), seed)
    image = image_of(simulated.stack, image=f"spines/{seed}.tif", recording=f"spines/{seed}.tif", animal=animal)
    marks = [
        {"image": image.image, "rater": rater, "x_px": spine.head_um[2] / 0.1 + rng.normal(0, 1.0),
         "y_px": spine.head_um[1] / 0.1 + rng.normal(0, 1.0), "class": spine.spine_class}
        for rater, missed in raters.items() for spine in simulated.spines if rng.random() >= missed
    ]  # fmt: skip
    return image, pd.DataFrame(marks)


@pytest.fixture(scope="module")
def images() -> list[tuple[DendriteImage, pd.DataFrame]]:
    """Two images of each of four animals; anna marks all spines, ben misses every fifth."""
    return [rated(seed, f"m{seed // 2}", {"anna": 0.0, "ben": 0.2}) for seed in range(8)]


def calibrated(images, settings=ASSAY):
    scores = pd.concat([marks for _, marks in images], ignore_index=True) if images else pd.DataFrame()
    return calibrate.calibrate(iter([image for image, _ in images]), {}, {HUMAN_SCORES: scores}, settings)


@pytest.fixture(scope="module")
def made(images) -> dict:
    return calibrated(images)


def of_pair(report: pd.DataFrame, first: str, second: str) -> pd.Series:
    return report.set_index(["first", "second"]).loc[(first, second)]


def test_the_retrained_scorer_is_no_worse_than_the_shipped_one_on_images_left_out(made):
    scorers = (calibrate.SHIPPED, calibrate.RETRAINED)
    shipped, retrained = (of_pair(made["report"], name, calibrate.CONSENSUS) for name in scorers)
    assert retrained["f1"] >= shipped["f1"]
    assert retrained["images"] == shipped["images"] == 8
    assert retrained["f1_low"] <= retrained["f1"] <= retrained["f1_high"]


def test_raters_are_compared_with_each_other(made):
    people = of_pair(made["report"], "anna", "ben")
    assert people["recall"] == 1.0
    assert people["precision"] == pytest.approx(0.8, abs=0.1)
    assert people["count_bias_pct"] == pytest.approx(25, abs=15)


def test_no_scorer_is_tested_on_an_animal_it_was_trained_on(made):
    halves = made["left_out"].groupby("animal")["half"].nunique()
    assert (halves == 1).all()
    assert made["left_out"]["half"].nunique() == 2


def test_ingest_reads_the_scorer_that_the_settings_name(made, tmp_path):
    name = next(key for key in made if key.startswith("scorer_"))
    (tmp_path / name).write_bytes(made[name])
    stored = set(np.load(io.BytesIO(made[name])).files)
    assert set(ingest._lab_weights(tmp_path, name)) == stored - {"features", "trained_with"}
    assert f"scorer_file: {name}" in made["settings.yaml"]
    assert name in made["summary.txt"] or "leave the settings as they are" in made["summary.txt"]


def test_the_same_marks_give_the_same_files(made, images):
    again = calibrated(images)
    assert list(again) == list(made)
    name = next(key for key in made if key.startswith("scorer_"))
    assert again[name] == made[name]


def test_the_summary_names_the_numbers(made):
    for words in ("8 images of 4 animals", "anna against ben", "F1", "recall"):
        assert words in made["summary.txt"]


def test_too_few_images_are_refused_with_what_to_do(images):
    with pytest.raises(IngestError, match=r"2 images.*expected 6.*human_scores\.csv"):
        calibrated(images[:2])


def test_a_cohort_without_human_scores_is_refused(images):
    with pytest.raises(IngestError, match="0 images"):
        calibrate.calibrate([images[0][0]], {}, {}, ASSAY)


def test_rated_images_without_a_dendrite_and_unreadable_ones_are_named(images):
    noise = np.random.default_rng(0).poisson(20, (4, 120, 120)).astype(np.uint16)
    blank = (
        replace(images[0][0], stack=noise, image="blank.tif", recording="blank.tif"),
        images[0][1].assign(image="blank.tif"),
    )
    with pytest.raises(IngestError, match=r"no dendrite was found \(blank\.tif\)"):
        calibrated([*images[:3], blank])
    scores = pd.concat([images[0][1], images[0][1].assign(image="broken.tif")])
    with pytest.raises(IngestError, match=r"no dendrite was found \(broken\.tif\)"):
        calibrate.calibrate([images[0][0]], {}, {HUMAN_SCORES: scores}, ASSAY)


def test_halves_keep_animals_whole_and_weigh_about_the_same():
    animals = ["a"] * 4 + ["b"] * 2 + ["c"] * 2
    half = calibrate.animal_halves(animals, [5] * 8, seed=0)
    assert [len(set(half[np.array(animals) == name])) for name in "abc"] == [1, 1, 1]
    assert sorted(np.bincount(half)) == [4, 4]


def test_images_of_a_single_animal_are_assigned_one_by_one():
    assert sorted(np.bincount(calibrate.animal_halves(["a"] * 6, [3] * 6, seed=0))) == [3, 3]


def test_consensus_is_the_mean_place_and_the_share_of_raters():
    marks = {"anna": np.array([[0.0, 0], [5, 5]]), "ben": np.array([[0.2, 0]]), "cleo": np.array([[0.0, 0.1], [9, 9]])}
    positions, share = consensus_positions(marks, 1.0)
    np.testing.assert_allclose(positions, [[0.2 / 3, 0.1 / 3], [5, 5], [9, 9]])
    np.testing.assert_allclose(share, [1, 1 / 3, 1 / 3])


@pytest.mark.long
@pytest.mark.shared
def test_retraining_on_two_photon_images_improves_the_scorer_on_others(shared):
    """Real images without a scale (0.1 um assumed); the first file numbers train for the last, and vice versa."""
    folder = shared / "spine" / "twophoton_spine_centres"
    centres = pd.read_csv(folder / "spine_centres.csv").assign(rater="people", **{"class": None})
    names = sorted(centres["image"].unique())[::8]
    images = []
    for number, name in enumerate(names):
        animal = "first" if number < len(names) / 2 else "last"
        row = {**ROW, "image": name, "animal": animal, "pixel_size_um": 0.1}
        image = ingest.ingest(Rows({MAIN: [row]}), folder / "images", INGEST)
        images.append((image, centres[centres["image"].eq(name)]))
    # Half a box of 27 pixels.
    report = calibrated(images, replace(ASSAY, cohort=CohortSettings(match_um=1.35)))["report"]
    scorers = (calibrate.SHIPPED, calibrate.RETRAINED)
    shipped, retrained = (of_pair(report, name, calibrate.CONSENSUS) for name in scorers)
    assert retrained["images"] == len(names) == 33
    assert retrained["f1"] > shipped["f1"]
    assert abs(retrained["count_bias_pct"]) < 10
