"""Means over the test, side swaps and outliers, which need all recordings."""

import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.assays.sucrose_preference.cohort import summarise
from ketaflow.assays.sucrose_preference.settings import CohortSettings
from ketaflow.core import settings
from ketaflow.core.inputs import build
from ketaflow.core.results import Summary

DEFAULTS = settings.with_defaults({}, assays.described("sucrose_preference", "settings.schema"))
SETTINGS = build(CohortSettings, DEFAULTS["cohort"])


def cohort(days: list[tuple[str, str, str, float]], total_g: float = 5.0) -> Summary:
    """What is made of recordings given as (animal, session, side of the sucrose, preference)."""
    measured, bottles = tables(days, total_g)
    return summarise({"measurements": measured}, {"sucrose_preference": bottles}, SETTINGS)


def tables(days: list[tuple[str, str, str, float]], total_g: float = 5.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measurements and bottles of recordings."""
    measured, bottles = [], []
    for animal, session, side, preference in days:
        name = f"{animal}_{session}"
        for measure, value in (("sucrose_preference_pct", preference), ("total_intake_g", total_g)):
            measured.append(
                {"animal": animal, "recording": name, "session": session, "measure": measure, "value": value,
                 "unit": "%", "analyte": ""}
            )  # fmt: skip
        bottles.append({"recording": name, "side": side, "content": "sucrose", "dummy": False})
        other = "right" if side == "left" else "left"
        bottles.append({"recording": name, "side": other, "content": "water", "dummy": False})
    return pd.DataFrame(measured), pd.DataFrame(bottles)


def checks(found: Summary) -> dict[str, str]:
    return {row.check: row.verdict for row in found.checks}


def over_test(found: Summary) -> dict[str, float | None]:
    return {row.measure: row.value for row in found.measurements}


def test_left_and_right_count_equally_however_often_the_solution_was_on_each():
    found = cohort([("M1", "day1", "left", 90.0), ("M1", "day2", "right", 70.0), ("M1", "day3", "left", 90.0)])
    assert over_test(found)["test_sucrose_preference_pct"] == 80.0


def test_a_test_with_a_missing_session_is_flagged():
    found = cohort([("M1", "day1", "left", 90.0), ("M1", "day2", "right", None)])
    (mean,) = (row for row in found.measurements if row.measure == "test_sucrose_preference_pct")
    assert (mean.value, mean.status, mean.n) == (90.0, "flagged", 1)


def test_a_single_session_per_animal_has_no_mean_over_the_test():
    found = cohort([("M1", "day1", "left", 90.0), ("M2", "day1", "right", 70.0)])
    assert not found.measurements


def test_a_swap_shows_the_side_bias_over_the_test():
    found = cohort([("M1", "day1", "left", 90.0), ("M1", "day2", "right", 70.0)])
    row = found.tables["tests"].iloc[0]
    assert (row["test_preference_pct"], row["side_bias_pct"]) == (80.0, 20.0)
    assert over_test(found) == {"side_bias_pct": 20.0, "test_sucrose_preference_pct": 80.0}
    assert checks(found) == {"side_bias_swap": "pass"}


def test_an_animal_with_a_side_habit_is_flagged():
    assert checks(cohort([("M1", "day1", "left", 95.0), ("M1", "day2", "right", 30.0)])) == {"side_bias_swap": "warn"}


def test_a_test_without_a_swap_is_flagged():
    assert checks(cohort([("M1", "day1", "left", 95.0), ("M1", "day2", "left", 90.0)])) == {"swap_missing": "warn"}


@pytest.mark.parametrize(
    ("baseline", "test", "gate", "class_"), [(80, 60, "yes", "yes"), (60, 80, "no", "no"), (65, 65, "yes", "no")]
)
def test_gate_and_class_are_reported_and_exclude_no_session(baseline, test, gate, class_):
    found = cohort([("M1", "baseline1", "left", baseline), ("M1", "day1", "left", test), ("M1", "day2", "right", test)])
    row = found.tables["tests"].iloc[0]
    assert (row["passes_baseline_gate"], row["anhedonic"]) == (gate, class_)
    assert row["n_sessions"] == 2


def test_an_intake_far_from_its_session_is_flagged():
    days = [(f"M{number}", "day1", "left", 75.0) for number in range(10)]
    found = cohort(days)
    assert "intake_outlier" not in checks(found)
    measured = [
        {"animal": f"M{n}", "recording": f"M{n}_day1", "session": "day1", "measure": "total_intake_g",
         "value": 18.0 if n == 0 else 5.0 + n / 20}
        for n in range(10)
    ]  # fmt: skip
    bottles = pd.DataFrame({"recording": ["M0_day1"], "side": ["left"], "content": ["sucrose"], "dummy": [False]})
    odd = summarise({"measurements": pd.DataFrame(measured)}, {"sucrose_preference": bottles}, SETTINGS)
    assert [row.animal for row in odd.checks] == ["M0"]


def test_the_picture_shows_every_animal_in_every_session_in_the_order_of_time():
    days = [(f"mouse{n}", session, side, 60.0 + n) for n in range(6)
            for session, side in (("day2", "right"), ("baseline", "left"), ("day1", "left"))]  # fmt: skip
    measured, bottles = tables(days)
    starts = {"baseline": "2026-03-01", "day1": "2026-03-02", "day2": "2026-03-03"}
    session = bottles["recording"].str.split("_").str[1]
    bottles = bottles.assign(session=session, start_time=session.map(starts))
    (figure,) = summarise({"measurements": measured}, {"sucrose_preference": bottles}, SETTINGS).figures
    captions = [figure.content.index(f">{name}: ") for name in starts]
    assert captions == sorted(captions)
    assert figure.content.count("<circle") == len(days)
    assert "sessions before the test" in figure.caption
    assert "mouse" not in figure.content


def test_without_a_preference_there_is_no_picture():
    assert not cohort([("M1", "day1", "left", None)]).figures
