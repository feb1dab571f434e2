"""Arms look the same everywhere: the control first and grey, rising dose in one hue, legible in light and dark."""

import pandas as pd
import pytest

from ketaflow.report import palette


def table(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "control", "drug", "dose_mg_per_kg", "order"])


STUDY = table(
    ("ket20", False, "ketamine", 20, None),
    ("ket5", False, "ketamine", 5, None),
    ("vehicle", True, "saline", 0, None),
    ("hnk", False, "(2R,6R)-HNK", 10, None),
    ("ket10", False, "ketamine", 10, None),
)


def test_the_control_comes_first_then_rising_dose():
    assert [arm.name for arm in palette.arms(STUDY)] == ["vehicle", "ket5", "hnk", "ket10", "ket20"]


def test_an_order_in_the_table_goes_before_dose():
    ordered = STUDY.assign(order=[1, 2, None, 3, 4])
    assert [arm.name for arm in palette.arms(ordered)] == ["vehicle", "ket20", "ket5", "hnk", "ket10"]


@pytest.mark.parametrize("theme", [0, 1])
def test_every_colour_stands_out_from_the_page(theme):
    drugs = [f"drug{n}" for n in range(4)]
    rows = [("vehicle", True, "saline", 0, None)] + [
        (f"{drug}_{dose}", False, drug, dose, None) for drug in drugs for dose in (1, 3, 10, 30)
    ]
    for arm in palette.arms(table(*rows)):
        assert palette.contrast(arm.colours[theme], palette.GROUND[theme]) >= 3, arm


def test_doses_of_one_drug_move_away_from_the_page_one_after_the_other():
    doses = [arm for arm in palette.arms(STUDY) if arm.drug == "ketamine"]
    for theme in (0, 1):
        contrasts = [palette.contrast(arm.colours[theme], palette.GROUND[theme]) for arm in doses]
        assert contrasts == sorted(contrasts)


def test_contrast_of_black_and_white_is_twenty_one():
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)


def test_a_pretreatment_has_a_hue_of_its_own():
    rows = STUDY.assign(pretreatment=[None, "NBQX", None, None, None])
    arms = {arm.name: arm for arm in palette.arms(rows)}
    assert arms["ket5"].drug == "ketamine + NBQX"
    assert arms["ket5"].colours != arms["ket10"].colours


def test_an_arm_without_a_label_is_called_by_its_name():
    assert palette.arms(STUDY)[0].label == "vehicle"
