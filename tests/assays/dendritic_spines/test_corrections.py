"""Corrections: what a person said stays true whatever finds the spines next time."""

import numpy as np
import pandas as pd
import pytest
from simulated_dendrites import record_of

from ketaflow.assays.dendritic_spines import qc, quantify
from ketaflow.assays.dendritic_spines.raters import corrections

PLACES = np.array([[0.0, 10, 10], [0, 50, 50], [0, 50, 90]])
EMPTY = {"spine": None, "x_px": None, "y_px": None, "z_px": None, "class": None, "by": None}


def replayed(*rows: dict, places: np.ndarray = PLACES):
    return corrections.replay([{**EMPTY, **row} for row in rows], places, 0.1, (100, 200))


def at(action: str, x: float, y: float, **more) -> dict:
    return {"action": action, "x_px": x, "y_px": y, **more}


def test_a_correction_by_place_means_the_nearest_spine():
    spines, failed = replayed(at("drop", 52, 49))
    assert [spine.number for spine in spines] == [1, 3]
    assert not failed


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_by_place_it_does_not_matter_how_spines_are_numbered(order):
    spines, _ = replayed(at("drop", 52, 49), at("reclass", 10, 11, **{"class": "thin"}), places=PLACES[order])
    assert {(spine.place_px[2], spine.given) for spine in spines} == {(10, "thin"), (90, None)}


def test_the_place_goes_before_the_number():
    spines, _ = replayed(at("drop", 50, 50, spine=1.0))
    assert [spine.number for spine in spines] == [1, 3]


@pytest.mark.parametrize("action", ["drop", "reclass", "move"])
def test_where_nothing_lies_near_the_row_is_named_with_the_distance(action):
    spines, failed = replayed(at(action, 50, 70, by="anna", **{"class": "thin"}))
    assert len(spines) == 3
    assert failed == [
        f"{action}, x_px 50, y_px 70, by anna: the nearest spine lies 2.0 um away, expected one within 1 um"
    ]


def test_a_spine_added_and_by_now_found_is_one_spine():
    spines, failed = replayed(at("add", 52, 50, **{"class": "stubby"}))
    assert [(spine.number, spine.origin, spine.given) for spine in spines][1] == (2, "found", "stubby")
    assert (len(spines), failed) == (3, [])


def test_a_spine_added_where_another_was_dropped_is_there():
    spines, _ = replayed(at("drop", 50, 50), at("add", 51, 50))
    assert [spine.number for spine in spines] == [1, 3, 4]


def test_what_was_added_can_be_moved_named_and_dropped_again():
    spines, failed = replayed(at("add", 20, 20), at("move", 24, 20), at("reclass", 24, 20, **{"class": "thin"}))
    added = spines[-1]
    assert (added.place_px[1:], added.given, added.origin) == ((20, 24), "thin", "added")
    assert not failed
    assert len(replayed(at("add", 20, 20), at("drop", 20, 21))[0]) == 3


def test_numbers_of_added_spines_stay_when_one_of_them_is_dropped():
    spines, _ = replayed(at("add", 20, 20), at("add", 20, 60), at("drop", 20, 20))
    assert spines[-1].number == 5


def test_a_number_that_means_a_spine_far_away_is_not_moved_across_the_image():
    _, failed = replayed(at("move", 90, 50, spine=1.0))
    assert "lies 8.9 um away, it is another one by now" in failed[0]


@pytest.mark.parametrize(("x", "y"), [(201, 50), (50, 101)])
def test_a_place_that_the_image_has_not_is_told(x, y):
    spines, failed = replayed(at("add", x, y))
    assert (len(spines), failed) == (3, [f"add, x_px {x}, y_px {y}: the image is 200 x 100 pixels"])


def test_corrections_outlive_a_new_detection(drawn, row, defaults):
    """Rows written beside one scorer's spines are replayed on what a stricter one finds."""
    before = drawn["measured"].table("spines")
    gone, renamed = before.iloc[1], before.iloc[3]
    rows = [
        {**EMPTY, **at("drop", gone["x_px"], gone["y_px"])},
        {**EMPTY, **at("reclass", renamed["x_px"], renamed["y_px"], **{"class": "filopodium"})},
        {**EMPTY, **at("add", 40.0, 12.0, **{"class": "thin"})},
    ]
    again = record_of(drawn["stack"], row, dendritic_spines_corrections=rows)
    for threshold in (0.2, 0.3, 0.45):
        after = quantify.quantify(again, **{**defaults["quantify"], "score_threshold": threshold}).table("spines")
        away_um = np.hypot(after["x_px"] - gone["x_px"], after["y_px"] - gone["y_px"]) * 0.1
        assert away_um.min() > 0.5
        named = (after["x_px"].eq(renamed["x_px"]) & after["y_px"].eq(renamed["y_px"])).to_numpy()
        assert list(after.loc[named, "class"]) in ([], ["filopodium"])
        near = np.hypot(after["x_px"] - 40, after["y_px"] - 12) * 0.1 < 0.5
        assert list(after.loc[near, "class"]) == ["thin"]


def test_a_correction_that_changed_nothing_reaches_the_reviewer(drawn, row, defaults):
    rows = [{**EMPTY, **at("drop", 1.0, 1.0, by="anna")}]
    again = record_of(drawn["stack"], row, dendritic_spines_corrections=rows)
    checked = qc.qc(again, quantify.quantify(again, **defaults["quantify"]), **defaults["qc"])
    checks = pd.DataFrame(checked.tables["checks"]).set_index("check")
    assert checks.loc["correction_applied", "verdict"] == "warn"
    assert "drop, x_px 1, y_px 1, by anna" in checks.loc["correction_applied", "message"]
