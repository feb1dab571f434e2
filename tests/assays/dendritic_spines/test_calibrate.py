"""Calibration: a laboratory's own positions in; a scorer, its worth on images left out, and plain words out."""

import io

import numpy as np
import pandas as pd
import pytest
from simulated_dendrites import ANY, record_of, truth

from ketaflow.assays.dendritic_spines import calibrate, ingest, simulate
from ketaflow.assays.dendritic_spines.raters.consensus import consensus_positions
from ketaflow.core.errors import IngestError

SCORES = "dendritic_spines_human_scores"


def scored_record(seed: int, animal: str, raters: dict[str, float]):
    """A drawn dendrite that raters marked: each jitters by a pixel or so, and misses its share of the spines."""
    rng = np.random.default_rng(100 + seed)
    _, spines, stack = simulate.draw_stack(truth(14.0, 60.0, mushroom_count=4, thin_count=5, stubby_count=3), seed)
    row = {"image": f"spines/{seed}.tif", "animal": animal, "region": "mPFC", **ANY}
    marks = [
        {"image": row["image"], "rater": rater, "x_px": spine["x_um"] / 0.1 + rng.normal(0, 1.0),
         "y_px": spine["y_um"] / 0.1 + rng.normal(0, 1.0), "z_px": None, "class": spine["class"]}
        for rater, missed in raters.items() for spine in spines if rng.random() >= missed
    ]  # fmt: skip
    return record_of(stack, row, **{SCORES: marks})


@pytest.fixture(scope="module")
def cohort() -> list:
    """Two images of each of four animals; anna marks all, ben misses every fifth spine."""
    return [scored_record(seed, f"m{seed // 2}", {"anna": 0.0, "ben": 0.2}) for seed in range(8)]


@pytest.fixture(scope="module")
def made(cohort, defaults) -> dict:
    return calibrate.calibrate(cohort, {}, defaults)


def of_pair(report: pd.DataFrame, first: str, second: str) -> pd.Series:
    return report.set_index(["first", "second"]).loc[(first, second)]


def test_the_taught_scorer_is_no_worse_than_the_shipped_one_on_images_left_out(made):
    scorers = (calibrate.SHIPPED, calibrate.TAUGHT)
    shipped, taught = (of_pair(made["report"], name, calibrate.PEOPLE) for name in scorers)
    assert taught["f1"] >= shipped["f1"]
    assert taught["images"] == shipped["images"] == 8
    assert taught["f1_low"] <= taught["f1"] <= taught["f1_high"]


def test_rater_stands_beside_rater(made):
    people = of_pair(made["report"], "anna", "ben")
    assert people["recall"] == 1.0
    assert people["precision"] == pytest.approx(0.8, abs=0.1)
    assert people["count_bias_pct"] == pytest.approx(25, abs=15)


def test_no_scorer_is_judged_on_an_animal_that_taught_it(made):
    halves = made["left_out"].groupby("animal")["half"].nunique()
    assert (halves == 1).all()
    assert made["left_out"]["half"].nunique() == 2


def test_the_scorer_handed_out_is_read_by_ingest_and_named_in_the_settings(made, cohort, tmp_path):
    name = next(key for key in made if key.startswith("scorer_"))
    (tmp_path / name).write_bytes(made[name])
    read = ingest._lab_scorer(tmp_path, name)
    assert {key.removeprefix("scorer_") for key in read} == set(np.load(io.BytesIO(made[name])).files)
    assert f"scorer_file: {name}" in made["settings.yaml"]
    assert name in made["summary.txt"] or "leave the settings as they are" in made["summary.txt"]


def test_the_same_marks_give_the_same_files(made, cohort, defaults):
    again = calibrate.calibrate(iter(cohort), {}, defaults)
    assert list(again) == list(made)
    name = next(key for key in made if key.startswith("scorer_"))
    assert again[name] == made[name]


def test_what_is_told_names_the_numbers(made):
    told = made["summary.txt"]
    for words in ("8 images of 4 animals", "anna against ben", "F1", "recall"):
        assert words in told


def test_too_few_images_are_refused_in_plain_words(cohort, defaults):
    with pytest.raises(IngestError, match=r"2 images.*expected 6.*human_scores\.csv"):
        calibrate.calibrate(cohort[:2], {}, defaults)


def test_a_cohort_nobody_scored_is_refused(cohort, defaults):
    with pytest.raises(IngestError, match="0 images"):
        calibrate.calibrate([record_of(cohort[0].arrays["stack"], cohort[0].rows["dendritic_spines"][0])], {}, defaults)


def test_scored_images_without_a_dendrite_are_named(cohort, defaults):
    noise = np.random.default_rng(0).poisson(20, (4, 120, 120)).astype(np.uint16)
    blank = record_of(noise, {**cohort[0].rows["dendritic_spines"][0], "image": "blank.tif"},
                      **{SCORES: [{**cohort[0].rows[SCORES][0], "image": "blank.tif"}]})  # fmt: skip
    with pytest.raises(IngestError, match=r"no dendrite was found \(blank\.tif\)"):
        calibrate.calibrate([*cohort[:3], blank], {}, defaults)


def test_halves_keep_animals_whole_and_weigh_alike():
    animals = ["a"] * 4 + ["b"] * 2 + ["c"] * 2
    half = calibrate.halves(animals, [5] * 8, seed=0)
    assert [len(set(half[np.array(animals) == name])) for name in "abc"] == [1, 1, 1]
    assert sorted(np.bincount(half)) == [4, 4]


def test_images_of_one_animal_are_shared_out_one_by_one():
    assert sorted(np.bincount(calibrate.halves(["a"] * 6, [3] * 6, seed=0))) == [3, 3]


def test_a_place_that_half_of_the_raters_marked_is_agreed_on():
    marks = {"anna": np.array([[0.0, 0], [5, 5]]), "ben": np.array([[0.2, 0]]), "cleo": np.array([[0.0, 0.1], [9, 9]])}
    places, share = consensus_positions(marks, 1.0)
    np.testing.assert_allclose(places, [[0.2 / 3, 0.1 / 3], [5, 5], [9, 9]])
    np.testing.assert_allclose(share, [1, 1 / 3, 1 / 3])


@pytest.mark.slow
@pytest.mark.shared
def test_two_photon_images_teach_a_scorer_that_does_better_on_others(shared, defaults):
    """Real images whose scale nobody told (0.1 um assumed); the first file numbers teach the last, and vice versa."""
    folder = shared / "spine" / "twophoton_spine_centres"
    centres = pd.read_csv(folder / "spine_centres.csv").assign(rater="people", **{"class": None})
    names = sorted(centres["image"].unique())[::8]
    recordings = []
    for number, name in enumerate(names):
        animal = "first" if number < len(names) / 2 else "last"
        row = {"image": name, "animal": animal, "region": "cortex", **ANY, "pixel_size_um": 0.1}
        record = ingest.ingest({"dendritic_spines": [row]}, folder / "images", **defaults["ingest"])
        record.rows = {"dendritic_spines": [row], SCORES: centres[centres["image"].eq(name)].to_dict("records")}
        recordings.append(record)
    # Half a box of 27 pixels.
    report = calibrate.calibrate(recordings, {}, {**defaults, "cohort": {"match_um": 1.35}})["report"]
    shipped, taught = (of_pair(report, name, calibrate.PEOPLE) for name in (calibrate.SHIPPED, calibrate.TAUGHT))
    assert taught["images"] == len(names) == 33
    assert taught["f1"] > shipped["f1"]
    assert abs(taught["count_bias_pct"]) < 10
