"""Preference is a share of the intake; leaking bottles and stuck sensors give none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.assays.sucrose_preference.bottles.loss import density_g_per_ml
from ketaflow.assays.sucrose_preference.licks.lick_microstructure import lick_bursts, modal_lick_rate_hz
from ketaflow.assays.sucrose_preference.preference import preference_pct

grams = st.floats(0.5, 9).map(lambda value: round(value, 2))
DUMMY = {"recording": "leak", "animal": None, "dummy": True, "side": "left", "content": "water", "start_g": 150.0}


def test_four_grams_of_sucrose_and_one_of_water_are_eighty_percent(measure, pair):
    found = measure(pair(4.0, 1.0))
    assert found["sucrose_preference_pct"] == pytest.approx(80.0)
    assert found["sucrose_intake_g"] == pytest.approx(4.0)
    assert found["water_intake_g"] == pytest.approx(1.0)
    assert found["total_intake_g"] == pytest.approx(5.0)
    assert found["sucrose_intake_g_per_kg"] == pytest.approx(4.0 / 0.025)
    assert found["total_intake_ml_per_kg"] == pytest.approx((4.0 / density_g_per_ml("sucrose", 1) + 1 / 0.9982) / 0.025)
    assert not found.doubts()


@given(grams, grams)
def test_swapping_the_sides_does_not_change_preference(measure, pair, sucrose_g, water_g):
    one, other = (measure(pair(sucrose_g, water_g, left=left)) for left in ("sucrose", "water"))
    assert one["sucrose_preference_pct"] == pytest.approx(other["sucrose_preference_pct"])


@given(grams, grams)
def test_swapping_the_contents_mirrors_preference(measure, pair, sucrose_g, water_g):
    one, other = measure(pair(sucrose_g, water_g)), measure(pair(water_g, sucrose_g))
    assert one["sucrose_preference_pct"] + other["sucrose_preference_pct"] == pytest.approx(100)


@given(grams, grams, st.floats(0, 0.4).map(lambda value: round(value, 2)))
def test_a_leak_control_corrects_for_evaporation(measure, pair, sucrose_g, water_g, evaporated_g):
    dry = measure(pair(sucrose_g, water_g))
    wet = measure([*pair(sucrose_g + evaporated_g, water_g + evaporated_g), DUMMY | {"end_g": 150.0 - evaporated_g}])
    assert wet["sucrose_preference_pct"] == pytest.approx(dry["sucrose_preference_pct"])


def test_the_control_with_the_same_content_is_preferred(measure, pair):
    controls = [DUMMY | {"end_g": 149.9}, DUMMY | {"content": "sucrose", "end_g": 149.5}]
    found = measure([*pair(4.5, 1.1), *controls])
    assert found["sucrose_intake_g"] == pytest.approx(4.0)
    assert found["water_intake_g"] == pytest.approx(1.0)


def test_a_control_that_leaked_itself_corrects_nothing(measure, pair):
    found = measure([*pair(4.0, 1.0), DUMMY | {"end_g": 140.0}])
    assert found["sucrose_intake_g"] == pytest.approx(4.0)
    assert "leak_control" in found.doubts()


def test_a_leaking_bottle_gives_no_preference_and_no_intake(measure, pair):
    found = measure(pair(4.0, 25.0))
    for name in ("sucrose_preference_pct", "sucrose_intake_g", "water_intake_g", "total_intake_g"):
        assert found[name] is None
        assert "leaked" in found.reason(name)
    assert "leak_volume" in found.doubts()


def test_two_emptied_bottles_give_no_preference(measure, pair):
    found = measure(pair(9.0, 9.0, empty_g=141.0))
    assert found["sucrose_preference_pct"] is None
    assert "both bottles ran empty" in found.reason("sucrose_preference_pct")
    assert "bottle_emptied" in found.doubts()


def test_one_bottle_that_ran_empty_after_little_is_flagged_not_refused(measure):
    rows = [
        {"side": "left", "content": "sucrose", "start_ml": 8.0, "end_ml": 0.1},
        {"side": "right", "content": "water", "start_ml": 20.0, "end_ml": 18.0},
    ]
    found = measure(rows)
    assert found["sucrose_preference_pct"] == pytest.approx(79.87, abs=0.1)
    assert found.rows["sucrose_preference_pct"].status == "flagged"


def test_a_bottle_that_gained_weight_gives_no_preference(measure, pair):
    found = measure(pair(4.0, -3.0))
    assert found["sucrose_preference_pct"] is None
    assert "gained 3.00 g" in found.reason("sucrose_preference_pct")
    assert "negative_intake" in found.doubts()


def test_a_gain_within_the_precision_of_the_balance_is_no_intake(measure, pair):
    assert measure(pair(4.0, -0.05))["sucrose_preference_pct"] == pytest.approx(100.0)


def test_no_intake_gives_no_preference_rather_than_zero_or_fifty(measure, pair):
    found = measure(pair(0.0, 0.0))
    assert found["sucrose_preference_pct"] is None
    assert "the total intake of 0.00 g is within the precision" in found.reason("sucrose_preference_pct")
    assert "low_intake" in found.doubts()


def test_a_missing_reading_is_named(measure):
    rows = [
        {"side": "left", "content": "sucrose", "start_g": 150.0},
        {"side": "right", "content": "water", "start_g": 150.0},
    ]
    found = measure(rows)
    assert found["sucrose_preference_pct"] is None
    assert "first or the last reading" in found.reason("sucrose_preference_pct")


def test_with_one_bottle_read_once_the_other_has_an_intake_but_no_preference_is_given(measure):
    rows = [
        {"side": "left", "content": "sucrose", "start_g": 150.0, "end_g": 145.0},
        {"side": "right", "content": "water", "start_g": 150.0},
    ]
    found = measure(rows)
    assert (found["sucrose_intake_g"], found["water_intake_g"], found["total_intake_g"]) == (5.0, None, None)
    assert found["sucrose_preference_pct"] is None
    assert "water bottle on the right" in found.reason("sucrose_preference_pct")


def test_one_bottle_alone_is_no_choice(measure):
    found = measure([{"side": "left", "content": "sucrose", "start_g": 150.0, "end_g": 145.0}])
    assert found["sucrose_intake_g"] == 5.0
    assert "no water" in found.reason("sucrose_preference_pct")


def test_preference_is_a_share_of_volumes_or_of_weights_as_read(measure):
    def rows(unit: str) -> list[dict]:
        lost = (("left", "sucrose", 7.0), ("right", "water", 3.0))
        return [{"side": s, "content": c, f"start_{unit}": 50.0, f"end_{unit}": 50.0 - ml} for s, c, ml in lost]

    assert measure(rows("ml"))["sucrose_preference_pct"] == pytest.approx(70.0, abs=1e-9)
    assert measure(rows("g"))["sucrose_preference_pct"] == pytest.approx(70.0, abs=1e-9)
    assert measure(rows("ml"))["sucrose_intake_g"] == pytest.approx(7 * density_g_per_ml("sucrose", 1))


def test_a_control_that_was_misread_corrects_nothing(measure, pair):
    misread = {**DUMMY, "end_g": 155.0}
    assert measure([*pair(4.0, 1.0), misread])["total_intake_g"] == pytest.approx(5.0)


def test_licks_in_dark_and_light_give_separate_preferences(measure, tmp_path):
    for name, licks_s in (("sucrose", [60, 120, 180, 7300]), ("water", [240, 7400, 7500, 7600, 7700, 7800, 7900])):
        (tmp_path / f"{name}.txt").write_text("time_s\n" + "\n".join(map(str, licks_s)))
    hung = {"start_time": "2026-03-02 05:30:00", "end_time": "2026-03-02 08:30:00"}
    rows = [
        {"side": side, "content": name, "log": f"{name}.txt", **hung}
        for side, name in (("left", "sucrose"), ("right", "water"))
    ]
    found = measure(rows, tmp_path)
    assert found["sucrose_lick_preference_dark_pct"] == 75.0
    assert found["sucrose_lick_preference_light_pct"] == pytest.approx(100 / 7)


def test_without_a_body_weight_only_what_needs_it_is_missing(measure, pair):
    found = measure(pair(4.0, 1.0), weight_g=None)
    assert found["sucrose_preference_pct"] == pytest.approx(80.0)
    assert found["sucrose_intake_g_per_kg"] is None
    assert found.reason("sucrose_intake_g_per_kg") == "the body weight is not known"


def test_a_rat_may_drink_more_than_a_mouse(measure, pair):
    assert measure(pair(40.0, 10.0), weight_g=300.0)["sucrose_preference_pct"] == pytest.approx(80.0)
    assert measure(pair(40.0, 10.0), weight_g=30.0)["sucrose_preference_pct"] is None


def test_two_days_allow_twice_as_much(measure, pair):
    times = {"start_time": "2026-03-01 18:00:00", "end_time": "2026-03-03 18:00:00"}
    assert measure(pair(24.0, 6.0, **times))["sucrose_preference_pct"] == pytest.approx(80.0)
    assert measure(pair(24.0, 6.0))["sucrose_preference_pct"] is None


def test_water_in_both_bottles_shows_side_bias_and_no_preference(measure):
    rows = [
        {"side": side, "content": "water", "start_g": 150.0, "end_g": end}
        for side, end in (("left", 147.0), ("right", 149.0))
    ]
    found = measure(rows)
    assert found["side_bias_pct"] == pytest.approx(50.0)
    assert "sucrose_preference_pct" not in found.rows


def test_bottles_swapped_within_a_session_show_side_bias(measure, pair):
    morning = {"start_time": "2026-03-01 08:00:00", "end_time": "2026-03-01 20:00:00"}
    night = {"start_time": "2026-03-01 20:00:00", "end_time": "2026-03-02 08:00:00"}
    found = measure([*pair(4.0, 1.0, **morning), *pair(3.0, 2.0, left="water", **night)])
    assert found["sucrose_preference_pct"] == pytest.approx(70.0)
    assert found["side_bias_pct"] == pytest.approx(20.0)


def test_a_preference_for_saccharin_names_it_as_analyte(measure):
    rows = [
        {"side": "left", "content": "saccharin", "concentration_pct": 0.1, "start_ml": 30, "end_ml": 21},
        {"side": "right", "content": "water", "start_ml": 30, "end_ml": 29},
    ]
    found = measure(rows)
    assert found["sucrose_preference_pct"] == pytest.approx(90.0)
    assert found.rows["sucrose_preference_pct"].analyte == "saccharin"


@pytest.mark.parametrize(("pct", "density"), [(1, 1.0021), (2, 1.0060), (5, 1.0178), (10, 1.0381)])
def test_the_density_of_sucrose_agrees_with_the_handbook(pct, density):
    assert density_g_per_ml("sucrose", pct) == pytest.approx(density, abs=2e-4)


@given(st.floats(0, 50), st.floats(0, 50))
def test_preference_lies_between_0_and_100_or_is_undefined(wanted, other):
    found = preference_pct(wanted, other)
    assert found is None or 0 <= found <= 100


def test_a_pause_longer_than_the_gap_ends_a_burst():
    found = lick_bursts(np.array([0, 0.1, 0.2, 0.7, 1.3, 1.4]), burst_gap_s=0.5, burst_min_licks=1)
    assert found.licks.tolist() == [4, 2]
    np.testing.assert_allclose(found.start_s, [0, 1.3])


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=60), st.integers(1, 6))
def test_a_higher_minimum_never_adds_bursts(intervals, minimum):
    times = np.cumsum(intervals)
    few, many = (lick_bursts(times, burst_gap_s=0.5, burst_min_licks=n).licks for n in (minimum + 1, minimum))
    assert len(few) <= len(many)
    assert lick_bursts(times, burst_gap_s=0.5, burst_min_licks=1).licks.sum() == len(times)


def test_the_most_frequent_interval_gives_the_rate():
    times = np.cumsum(np.r_[np.full(50, 0.125), np.full(10, 0.3), np.full(5, 2.0)])
    assert modal_lick_rate_hz(times, burst_gap_s=0.5) == pytest.approx(8.0)


def test_no_lick_has_no_rate():
    assert modal_lick_rate_hz(np.empty(0), burst_gap_s=0.5) is None
