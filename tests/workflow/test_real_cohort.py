"""A cohort of real recordings, laid out as a lab member would, goes the whole way with no manual step."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.shared]

# Human seconds of floating in the whole 7 min, and the arena of each rat (manual_scoring.csv of the data).
RATS = {"rat33": (1, 45.0), "rat35": (3, 55.0)}
# Last row minus first row of each log: licks left, right (README of the data).
SIPPERS = {"SIP004_101119_00": (482, 528), "SIP004_101319_00": (334, 81), "SIP005_021220_03": (202, 208)}
VIDEOS = ("eztrack_freezing_calibration_empty_chamber.wmv", "micefreeze_test_cable_short.avi")
# Between people who agree: mean bias 17 s, half-width of the limits of agreement 26 s (4 raters, 10 videos).
HUMAN_LIMITS_S = 26.0


@pytest.fixture(scope="module")
def results(shared, tmp_path_factory, new_clone) -> Path:
    made = new_clone(tmp_path_factory.mktemp("real"))
    (made.cohort / "swim").mkdir(parents=True)
    for name in ["ethovision_raw_export_rat_fst.xlsx", *VIDEOS]:
        shutil.copy(shared / "fst" / name, made.cohort / "swim")
    shutil.copytree(shared / "sucrose" / "sipper", made.cohort / "sipper")
    swims = [f"{rat},{rat},swim/ethovision_raw_export_rat_fst.xlsx,{arena}" for rat, (arena, _) in RATS.items()]
    swims += [f"video{number},mouse{number},swim/{name},1" for number, name in enumerate(VIDEOS)]
    made.table("forced_swim", "recording,animal,video,cylinder", swims)
    bottles, animals = [], [*RATS, "mouse0", "mouse1"]
    for log in [*SIPPERS, "SIP002_020320_00"]:
        animals.append(f"m_{log}")
        for side, content in (("left", "sucrose"), ("right", "water")):
            bottles.append(f"spt_{log},m_{log},test,{side},{content},sipper/{log}.CSV,{side}")
    made.table("sucrose_preference", "recording,animal,session,side,content,log,channel", bottles)
    made.table("animals", "animal,sex", [f"{animal},unknown" for animal in animals])
    arms = ["vehicle,yes,saline,0", "ket,no,ketamine,20"]
    made.table("arms", "arm,control,drug,dose_mg_per_kg", arms)
    halves = [f"{animal},{'ket' if number % 2 else 'vehicle'}" for number, animal in enumerate(animals)]
    made.table("allocation", "animal,arm", halves)
    window = "forced_swim: {quantify: {scoring_window_s: [0, 420]}}\n"
    (made.cohort / "settings.yaml").write_text(window)
    made.run()
    return made.results


@pytest.fixture(scope="module")
def measured(results) -> pd.DataFrame:
    return pd.read_csv(results / "measurements.csv").set_index(["recording", "measure"])


@pytest.fixture(scope="module")
def recordings(results) -> pd.DataFrame:
    return pd.read_csv(results / "recordings.csv").set_index("recording")


@pytest.mark.parametrize("rat", RATS)
def test_rats_are_scored_within_the_limits_between_people(measured, rat):
    assert abs(measured.loc[(rat, "immobility_s"), "value"] - RATS[rat][1]) <= HUMAN_LIMITS_S


@pytest.mark.parametrize("log", SIPPERS)
def test_sipper_logs_give_the_totals_of_their_counters(measured, log):
    left, right = SIPPERS[log]
    assert measured.loc[(f"spt_{log}", "sucrose_licks"), "value"] == left
    assert measured.loc[(f"spt_{log}", "water_licks"), "value"] == right


@pytest.mark.parametrize("log", ["SIP004_101119_00", "SIP002_020320_00"])
def test_a_stuck_sensor_is_flagged(results, log):
    checks = pd.read_csv(results / "checks.csv")
    own = checks[checks["recording"].eq(f"spt_{log}") & checks["verdict"].ne("pass")]
    assert own["check"].str.contains("stuck").any()


def test_an_empty_chamber_and_a_view_from_above_are_refused_with_a_reason(recordings):
    for name in ("video0", "video1"):
        assert recordings.loc[name, "status"] == "failed"
        assert len(recordings.loc[name, "reason"]) > 20


def test_nothing_refused_is_a_number(measured):
    for name in ("video0", "video1"):
        assert pd.isna(measured.loc[(name, "immobility_s"), "value"])


def test_both_pages_are_made(results):
    assert (results / "report" / "qc.html").stat().st_size > 10_000
    assert (results / "report" / "results.html").stat().st_size > 10_000
