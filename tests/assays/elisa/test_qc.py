"""Every fault drawn into a plate is named with its well, and a sound plate raises none of these alarms."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from drawn_plates import Kit, Layout, exchanged, plate, qc_settings, settings, standards_down, usual, whole_plate

from ketaflow.assays.elisa.qc import qc
from ketaflow.assays.elisa.quantify import quantify

SEEDS = range(6)
ALARMS = {
    "exchanged_wells", "curve_accepted", "blank_contaminated", "blank_level", "curve_scatter", "standard_replicates",
    "standard_levels", "wells_not_listed", "wells_without_value", "saturated_wells", "hook_effect", "no_value",
}  # fmt: skip


def checked(layout, values):
    """Checks of a plate."""
    own = plate(layout, values)
    return qc(own, quantify(own, settings()), qc_settings())


def raised(layout, values) -> dict[str, set[str]]:
    """Wells by check, of checks that did not pass."""
    found: dict[str, set[str]] = {}
    for one in checked(layout, values).checks:
        if one.verdict != "pass":
            found.setdefault(one.check, set()).update(one.place.split(", "))
    return found


def drawn(seed: int, layout_of=usual):
    kit, rng = Kit(), np.random.default_rng([seed, 5])
    layout = layout_of(kit, rng)
    return kit, layout, whole_plate(kit, layout, rng), rng


def vertical(kit: Kit, rng: np.random.Generator) -> Layout:
    """Standards along rows A and B, replicates below one another."""
    layout = Layout()
    for place, level in enumerate(kit.levels, start=1):
        layout.put((f"A{place}", f"B{place}"), "standard", level, concentration_pg_per_ml=level)
    for column in range(1, 13):
        for first, second in (("C", "D"), ("E", "F"), ("G", "H")):
            x = float(np.exp(rng.uniform(np.log(20), np.log(900))))
            layout.put(
                (f"{first}{column}", f"{second}{column}"), "animal", x, animal=f"M{first}{column}", matrix="plasma"
            )
    return layout


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sound_plate_raises_no_alarm(seed):
    _, layout, values, _ = drawn(seed)
    assert not set(raised(layout, values)) & ALARMS


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("factor", [0.4, 2.2])
def test_a_bad_duplicate_is_named(seed, factor):
    _, layout, values, rng = drawn(seed)
    inside = [well for well, x in layout.truth.items() if layout.rows[well].sample == "animal" and 60 < x < 400]
    well = str(rng.choice(inside))
    found = raised(layout, values | {well: values[well] * factor})
    assert well in found["replicate_cv"]
    assert "exchanged_wells" not in found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bad_standard_is_named_and_left_out(seed):
    _, layout, values, rng = drawn(seed)
    well = str(rng.choice([f"{row}{column}" for row in "BCDEF" for column in (1, 2)]))
    found = raised(layout, values | {well: values[well] * 0.5})
    assert well in found["standard_left_out"]
    assert well in found["standard_replicates"]


@pytest.mark.parametrize("seed", SEEDS)
def test_samples_above_the_highest_standard_are_named(seed):
    kit, layout, values, _ = drawn(seed)
    above = {"A3": kit.response(2800), "A4": kit.response(2900)}
    assert {"A3", "A4"} <= raised(layout, values | above)["above_uloq"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_contaminated_blank_is_named_and_changes_no_value(seed):
    kit, layout, values, _ = drawn(seed)
    dirty = values | {"H12": float(kit.response(40))}
    assert raised(layout, dirty)["blank_contaminated"] == {"H12"}
    clean, soiled = (quantify(plate(layout, one), settings()).animals for one in (values, dirty))
    pairs = [(a.concentration_pg_per_ml, b.concentration_pg_per_ml) for a, b in zip(clean, soiled, strict=True)]
    assert all(abs(b / a - 1) < 0.1 for a, b in pairs if a and b)


@pytest.mark.parametrize(("first", "second"), [("B", "C"), ("A", "F"), ("D", "G")])
def test_exchanged_rows_are_named_and_their_samples_have_no_value(first, second):
    _, layout, values, _ = drawn(1)
    own = plate(layout, exchanged(values, first, second))
    measured = quantify(own, settings())
    rows = {well[0] for well in raised(layout, exchanged(values, first, second))["exchanged_wells"]}
    assert rows == {first, second}
    for one in measured.animals:
        if one.wells[0] in rows:
            assert one.concentration_pg_per_ml is None
            assert "look exchanged" in one.state


def test_wells_without_substrate_beside_empty_columns_are_no_exchange():
    layout, kit = Layout(), Kit()
    standards_down(kit, layout, columns=(1,))
    layout.put(["A2", "B2"], "animal", 100.0, animal="M1", matrix="plasma")
    values = whole_plate(kit, layout, np.random.default_rng(2))
    values |= {"B1": 0.05, "E1": 0.05}
    assert "exchanged_wells" not in raised(layout, values)


def test_exchanged_rows_of_vertical_replicates_are_named_with_the_other_possibility():
    _, layout, values, _ = drawn(2, vertical)
    found = raised(layout, exchanged(values, "C", "E"))["exchanged_wells"]
    assert {well[0] for well in found} == {"C", "D", "E", "F"}


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [("2", "3", {"2", "3"}), ("3", "6", {"3", "4", "5", "6"})],
    ids=["standards", "samples"],
)
def test_exchanged_columns_are_named_with_the_other_possibility_if_there_is_one(first, second, named):
    _, layout, values, _ = drawn(3)
    names = {first: second, second: first}
    swapped = {well: values[well[0] + names.get(well[1:], well[1:])] for well in values}
    assert {well[1:] for well in raised(layout, swapped)["exchanged_wells"]} == named


def test_wells_that_table_or_file_lack_are_named():
    kit, layout, values, _ = drawn(0)
    for well in ("G3", "G4"):
        del layout.rows[well], layout.truth[well]
    values |= {"G3": float(kit.response(300)), "B5": math.nan, "C7": math.inf}
    found = raised(layout, values)
    assert found["wells_not_listed"] == {"G3"} or found["wells_not_listed"] == {"G3", "G4"}
    assert found["wells_without_value"] == {"B5"}
    assert found["saturated_wells"] == {"C7"}


def test_controls_that_do_not_recover_are_named():
    kit, layout, values, _ = drawn(0)
    layout.put(("A11", "A12"), "control", 100.0, concentration_pg_per_ml=100.0, control="low")
    found = raised(layout, values | {"A11": float(kit.response(160)), "A12": float(kit.response(160))})
    assert found["control_recovery"] == {"A11", "A12"}


def test_a_high_blank_is_reported():
    _, layout, values, _ = drawn(0)
    assert "blank_level" in raised(layout, {well: value + 0.6 for well, value in values.items()})


def spread(kit: Kit, rng: np.random.Generator) -> Layout:
    """Replicates of 36 animals at the edge and inside, far from one another."""
    layout = Layout()
    standards_down(kit, layout, columns=(1, 7))
    wells = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 13) if column not in (1, 7)]
    order = [str(well) for well in rng.permutation(wells)]
    for number in range(0, 80, 2):
        x = float(np.exp(rng.uniform(np.log(40), np.log(600))))
        layout.put(order[number : number + 2], "animal", x, animal=f"M{number}", matrix="plasma")
    return layout


def test_edge_effect_and_drift_are_found_from_replicates_and_not_without():
    _, layout, values, _ = drawn(4, spread)
    patterns = {"edge_effect", "drift_over_rows", "drift_over_columns"}
    assert not patterns & set(raised(layout, values))
    edge = {well: value * (1.25 if well[0] in "AH" or well[1:] in ("1", "12") else 1) for well, value in values.items()}
    assert "edge_effect" in raised(layout, edge)
    drift = {well: value * (1 + 0.3 * (int(well[1:]) - 1) / 11) for well, value in values.items()}
    assert "drift_over_columns" in raised(layout, drift)


def test_figures_show_every_well_and_the_curve_and_name_no_animal():
    _, layout, values, _ = drawn(0)
    shown = checked(layout, values).figures["P1"]
    assert [figure.title for figure in shown] == ["Plate", "Standard curve of BDNF"]
    assert shown[0].content.count("<title>") == 96
    assert shown[0].content.count(">S<") == 16
    for figure in shown:
        assert "M0" not in figure.content + figure.caption
        assert "P1" not in figure.content + figure.caption


def test_messages_name_no_animal():
    _, layout, values, _ = drawn(0)
    values["C3"] *= 3
    assert not [one.message for one in checked(layout, values).checks if "M0" in one.message]
