"""What people scored, the whole way through the engine: an export, doubts among the checks, calibration, a film."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "assays" / "forced_swim"))
import drawn_videos
import rated_cohorts

pytestmark = pytest.mark.long

SWIMS = [f"swim{number}" for number in range(6)]
# Ann floats below 20 %, EthoVision's mobility averaged over 4 s as ketaflow does; the default is 11 %.
ANN_PCT, AVERAGED_S = 20.0, 4.0
SMALL = {"width": 256, "height": 192, "fps": 10.0}


def boris(folder: Path, mobility: list[np.ndarray]) -> None:
    """Ann's bouts as BORIS exports them, saved as the table of scores; observations have names of their own."""
    lines = ["Observation id,Subject,Behavior,Behavior type,Start (s),Stop (s)"]
    for number, values in enumerate(mobility):
        width = round(AVERAGED_S * rated_cohorts.RATE_HZ) + 1
        still = np.convolve(values, np.ones(width) / width, "same") < ANN_PCT
        edges = np.flatnonzero(np.diff(np.concatenate([[0], still, [0]]))).reshape(-1, 2) / rated_cohorts.RATE_HZ
        lines += [f"obs {number},,Floating,STATE,{start},{stop}" for start, stop in edges if stop - start >= 1]
    (folder / "forced_swim_human_scores.csv").write_text("\n".join(lines) + "\n")
    names = [f"swim{number},obs {number},ann" for number in range(6)]
    (folder / "forced_swim_human_names.csv").write_text("\n".join(["recording,observation,rater", *names]) + "\n")


@pytest.fixture(scope="module")
def clone(tmp_path_factory, new_clone):
    made = new_clone(tmp_path_factory.mktemp("people") / "clone")
    rated_cohorts.cohort(made.cohort, [*SWIMS, "filmed", "beside"], window_s=(5, 175))
    mobility = [rated_cohorts.wandering(number, 180) for number in range(6)]
    for book in range(2):
        arenas = {arena: mobility[3 * book + arena - 1] for arena in (1, 2, 3)}
        rated_cohorts.workbook(made.cohort / f"book{book}.xlsx", arenas)
    drawn_videos.make(made.cohort / "film.mp4", [[("swimming", 2, 9), ("immobility", 9, 20)]] * 2, 20, **SMALL)
    swims = [f"swim{i},m{i},book{i // 3}.xlsx,{i % 3 + 1}" for i in range(6)]
    made.table(
        "forced_swim", "recording,animal,video,cylinder", [*swims, "filmed,m6,film.mp4,1", "beside,m7,film.mp4,2"]
    )
    boris(made.cohort, mobility)
    return made


@pytest.fixture(scope="module")
def run(clone):
    targets = ["calibrate_forced_swim", f"{clone.results}/forced_swim/clips/filmed.mp4", f"{clone.results}/checks.csv"]
    clip = "forced_swim={clip: {start_s: 5, length_s: 8}}"
    return clone.run(*targets, config=(clip,))


def test_the_threshold_ann_used_is_found_on_swims_not_fitted_to(clone, run):
    folder = clone.results / "forced_swim" / "calibration"
    found = yaml.safe_load((folder / "settings.yaml").read_text())["forced_swim"]["quantify"]
    assert found["ethovision_threshold_pct"] == pytest.approx(ANN_PCT, rel=0.1)
    error_s = pd.read_csv(folder / "report.csv").set_index("settings")["mean_error_s"]
    assert error_s["fitted, on swims not fitted to"] < 0.2 * error_s["present"]
    assert "ethovision_threshold_pct" in run.stdout + run.stderr


def test_agreement_checks_and_figures_are_collected(clone, run):
    agreement = pd.read_csv(clone.results / "forced_swim" / "agreement.csv")
    assert list(agreement[["rater_a", "rater_b", "n"]].iloc[0]) == ["ketaflow", "ann", 6]
    checks = pd.read_csv(clone.results / "checks.csv")
    assert "times count from the video's start" in set(checks["check"])
    assert not (clone.results / "forced_swim" / "agreement_checks.csv").exists()
    assert list((clone.results / "forced_swim" / "figures").glob("*.svg"))


def test_a_film_is_made_of_the_recording_asked_for(clone, run):
    import av

    with av.open(str(clone.results / "forced_swim" / "clips" / "filmed.mp4")) as film:
        assert float(film.duration) / av.time_base == pytest.approx(8, abs=0.3)


def test_nothing_is_written_into_the_cohort_folder(clone, run):
    assert {path.name for path in clone.cohort.iterdir()} == {
        "animals.csv", "arms.csv", "allocation.csv", "forced_swim.csv", "forced_swim_human_scores.csv",
        "forced_swim_human_names.csv", "settings.yaml", "book0.xlsx", "book1.xlsx", "film.mp4",
    }  # fmt: skip
