"""A rejected chromatogram does not count for its animal's response; other animals keep theirs."""

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import QUANTIFY, fraction_row, measure, table, with_concentrations

from ketaflow.assays.microdialysis.revise import revise
from ketaflow.core.results import Measurement, frame

FLAT = [2.0, 2.0, 2.0]
ROWS = [
    fraction_row(number, -60 + 20 * number, -40 + 20 * number, chromatogram=f"c/{number}.txt") for number in range(9)
]


def measured(course: list[float], name: str = "measurements") -> pd.DataFrame:
    return table(measure(with_concentrations(ROWS, {"glutamate": course})), name)


def revised(course: list[float], *paths: str) -> pd.DataFrame:
    return again(measured(course, "fractions"), dict.fromkeys(paths, "peak cut by a bubble"))


def again(fractions: pd.DataFrame, reasons: dict[str, str]) -> pd.DataFrame:
    return frame(revise({"fractions": fractions}, reasons, QUANTIFY), Measurement)


def value(rows: pd.DataFrame, measure: str) -> float:
    return float(rows.loc[rows["measure"].eq(measure), "value"].astype(float).iloc[0])


COURSE = [*FLAT, 3.0, 3.2, 3.4, 2.6, 2.2, 2.0]


def test_an_animal_without_a_rejected_chromatogram_is_left_alone():
    assert not len(revised(COURSE, "c/99.txt"))


def test_what_lies_outside_a_window_changes_nothing_in_it():
    before = measured(COURSE)
    revised_rows = revised(COURSE, "c/8.txt")
    assert value(revised_rows, "auc_early_pct_min") == pytest.approx(value(before, "auc_early_pct_min"))
    assert value(revised_rows, "baseline_um") == value(before, "baseline_um")


def test_an_artefact_leaves_the_area_with_its_chromatogram():
    true, with_artefact = [*FLAT, *[3.0] * 6], [*FLAT, 3.0, 3.0, 30.0, 3.0, 3.0, 3.0]
    assert value(measured(with_artefact), "auc_pct_min") > 30_000
    revised_rows = revised(with_artefact, "c/5.txt")
    assert value(revised_rows, "auc_pct_min") == pytest.approx(value(measured(true), "auc_pct_min"))
    assert value(revised_rows, "peak_pct_baseline") == pytest.approx(150)
    row = revised_rows[revised_rows["measure"].eq("auc_pct_min")].iloc[0]
    assert row["status"] == "flagged"
    assert "1 rejected by a reviewer" in row["reason"]


def test_a_rejected_fraction_before_the_dose_is_no_part_of_the_baseline():
    revised_rows = revised([2.0, 8.0, 2.0, *[3.0] * 6], "c/1.txt")
    assert value(revised_rows, "baseline_um") == pytest.approx(2.0)
    assert value(revised_rows, "auc_pct_min") == pytest.approx(50 * 120)


def test_the_rejected_fraction_has_no_percentage_and_says_why():
    revised_rows = revised([*FLAT, *[3.0] * 6], "c/5.txt")
    shares = revised_rows[revised_rows["measure"].eq("pct_baseline")]
    assert shares["value"].isna().tolist() == [number == 5 for number in range(9)]
    assert shares["reason"].iloc[5] == "the chromatogram was rejected: peak cut by a bubble"


def test_too_many_rejected_leave_no_area():
    revised_rows = revised([*FLAT, *[3.0] * 6], "c/4.txt", "c/5.txt", "c/6.txt")
    row = revised_rows[revised_rows["measure"].eq("auc_pct_min")].iloc[0]
    assert pd.isna(row["value"])
    assert row["reason"] == "50 % of 0 to 120 min hold no value"


def test_ratios_are_computed_again_too():
    record = with_concentrations(ROWS, {"GABA": [1.0] * 9, "glutamate": [2.0, 4.0, 2.0, *[4.0] * 6]})
    revised_rows = again(table(measure(record), "fractions"), {"c/1.txt": "noise"})
    own = revised_rows[revised_rows["measure"].eq("baseline_ratio") & revised_rows["analyte"].eq("gaba/glutamate")]
    assert own["value"].tolist() == pytest.approx([0.5])


def test_a_table_read_back_from_its_file_gives_the_same(tmp_path):
    fractions = measured([*FLAT, 3.0, 0.0, 3.0, 2.6, 2.2, 2.0], "fractions")
    fractions.to_csv(tmp_path / "fractions.csv", index=False)
    read = pd.read_csv(tmp_path / "fractions.csv", keep_default_na=False, na_values=[""])
    one, other = (again(rows, {"c/3.txt": "x"}) for rows in (fractions, read))
    pd.testing.assert_frame_equal(one, other)
