"""Corrections: what a person corrected stays corrected, whatever finds the spines next time."""

from dataclasses import replace

import numpy as np
import pytest
from simulated_dendrites import QC, QUANTIFY, corrections

from ketaflow.assays.dendritic_spines import qc, quantify
from ketaflow.assays.dendritic_spines.model import Correction
from ketaflow.assays.dendritic_spines.raters.corrections import replay
from ketaflow.core.inputs import Rows

POSITIONS = np.array([[0.0, 10, 10], [0, 50, 50], [0, 50, 90]])


def replayed(*rows: Correction, positions: np.ndarray = POSITIONS):
    made = replay(list(rows), positions, 0.1, (100, 200))
    return made.spines, made.failed


def at(action: str, x: float, y: float, **more) -> Correction:
    return Correction(action, x_px=x, y_px=y, **more)


def test_a_correction_by_place_applies_to_the_nearest_spine():
    spines, failed = replayed(at("drop", 52, 49))
    assert [spine.number for spine in spines] == [1, 3]
    assert not failed


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_by_place_the_numbers_of_spines_do_not_matter(order):
    spines, _ = replayed(at("drop", 52, 49), at("reclass", 10, 11, spine_class="thin"), positions=POSITIONS[order])
    assert {(spine.position_px[2], spine.given_class) for spine in spines} == {(10, "thin"), (90, None)}


def test_the_place_has_precedence_over_the_number():
    spines, _ = replayed(at("drop", 50, 50, spine=1))
    assert [spine.number for spine in spines] == [1, 3]


@pytest.mark.parametrize("action", ["drop", "reclass", "move"])
def test_where_no_spine_is_near_the_row_is_named_with_the_distance(action):
    spines, failed = replayed(at(action, 50, 70, by="anna", spine_class="thin"))
    assert len(spines) == 3
    assert failed == [
        f"{action}, x_px 50, y_px 70, by anna: the nearest spine lies 2.0 um away, expected one within 1 um"
    ]


def test_a_spine_that_was_added_and_is_found_later_is_one_spine():
    spines, failed = replayed(at("add", 52, 50, spine_class="stubby"))
    assert [(spine.number, spine.origin, spine.given_class) for spine in spines][1] == (2, "found", "stubby")
    assert (len(spines), failed) == (3, [])


def test_a_spine_can_be_added_where_another_was_dropped():
    spines, _ = replayed(at("drop", 50, 50), at("add", 51, 50))
    assert [spine.number for spine in spines] == [1, 3, 4]


def test_an_added_spine_can_be_moved_reclassified_and_dropped():
    spines, failed = replayed(at("add", 20, 20), at("move", 24, 20), at("reclass", 24, 20, spine_class="thin"))
    added = spines[-1]
    assert (added.position_px[1:], added.given_class, added.origin) == ((20, 24), "thin", "added")
    assert not failed
    assert len(replayed(at("add", 20, 20), at("drop", 20, 21))[0]) == 3


def test_added_spines_keep_their_numbers_when_one_of_them_is_dropped():
    spines, _ = replayed(at("add", 20, 20), at("add", 20, 60), at("drop", 20, 20))
    assert spines[-1].number == 5


def test_a_number_that_means_a_spine_far_away_is_not_moved_across_the_image():
    _, failed = replayed(at("move", 90, 50, spine=1))
    assert "spine 1 now lies 8.9 um from this place; spines were renumbered since" in failed[0]


@pytest.mark.parametrize(("x", "y"), [(201, 50), (50, 101)])
def test_a_place_outside_the_image_is_reported(x, y):
    spines, failed = replayed(at("add", x, y))
    assert (len(spines), failed) == (3, [f"add, x_px {x}, y_px {y}: the image is 200 x 100 pixels"])


def test_corrections_outlive_a_new_detection(run):
    """Rows written for one scorer's spines are replayed on what a stricter one finds."""
    before = run.measured.spines
    gone, renamed = before.iloc[1], before.iloc[3]
    rows = corrections(
        {"action": "drop", "x_px": gone["x_px"], "y_px": gone["y_px"]},
        {"action": "reclass", "x_px": renamed["x_px"], "y_px": renamed["y_px"], "class": "filopodium"},
        {"action": "add", "x_px": 40.0, "y_px": 12.0, "class": "thin"},
    )
    for threshold in (0.2, 0.3, 0.45):
        after = quantify.quantify(run.image, replace(QUANTIFY, score_threshold=threshold), rows=rows).spines
        away_um = np.hypot(after["x_px"] - gone["x_px"], after["y_px"] - gone["y_px"]) * 0.1
        assert away_um.min() > 0.5
        named = (after["x_px"].eq(renamed["x_px"]) & after["y_px"].eq(renamed["y_px"])).to_numpy()
        assert list(after.loc[named, "class"]) in ([], ["filopodium"])
        near = np.hypot(after["x_px"] - 40, after["y_px"] - 12) * 0.1 < 0.5
        assert list(after.loc[near, "class"]) == ["thin"]


def test_a_correction_that_changed_nothing_is_shown_to_the_reviewer(run):
    rows = corrections({"action": "drop", "x_px": 1.0, "y_px": 1.0, "by": "anna"})
    checked = qc.qc(run.image, quantify.quantify(run.image, QUANTIFY, rows=rows), QC, rows=Rows())
    (applied,) = [one for one in checked.checks if one.check == "correction_applied"]
    assert applied.verdict == "warn"
    assert "drop, x_px 1, y_px 1, by anna" in applied.message
