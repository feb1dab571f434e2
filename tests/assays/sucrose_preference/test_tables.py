"""Faults of the bottle table: an unknown side or content is an error, never a guess."""

from pathlib import Path

import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.assays.sucrose_preference.tables import problems
from ketaflow.core.cohort import Cohort

COLUMNS = assays.described("sucrose_preference", "tables.schema")["tables"]["sucrose_preference"]["columns"]
LEFT = {
    "recording": "r1",
    "animal": "M1",
    "session": "day1",
    "side": "left",
    "content": "sucrose",
    "start_g": 150.0,
    "end_g": 146.0,
}
RIGHT = LEFT | {"side": "right", "content": "water"}
DUMMY = RIGHT | {"recording": "leak", "animal": None, "dummy": True}
EARLY = {"start_time": "2026-03-01 08:00:00", "end_time": "2026-03-01 20:00:00"}
LATE = {"start_time": "2026-03-01 20:00:00", "end_time": "2026-03-02 08:00:00"}


def faults(*rows: dict, folder: Path = Path(".")) -> list[tuple[int, str]]:
    table = pd.DataFrame([dict.fromkeys(COLUMNS) | row for row in rows], index=range(2, len(rows) + 2))
    found = problems(Cohort(folder, {"sucrose_preference": table}, {"sucrose_preference": "s.csv"}))
    return [(fault.row, fault.column) for fault in found]


def test_two_bottles_and_a_leak_control_are_no_fault():
    assert faults(LEFT, RIGHT, DUMMY) == []


@pytest.mark.parametrize("content", ["sugar", "sucrse", "solution", "?", "A", "bottle 1"])
def test_a_content_that_is_not_known_is_a_fault(content):
    assert faults(LEFT | {"content": content}, RIGHT) == [(2, "content")]


@pytest.mark.parametrize("content", ["Sucrose", "water ", "saccharin"])
def test_known_contents_may_have_capitals_and_blanks(content):
    assert faults(LEFT | {"content": content}, RIGHT | {"content": "water"}) == []


def test_another_solution_is_accepted_with_its_concentration():
    assert faults(LEFT | {"content": "stevia", "concentration_pct": 0.2}, RIGHT) == []


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([LEFT, RIGHT | {"side": "left"}], (3, "side")),
        ([LEFT | {"animal": None}, RIGHT], (2, "animal")),
        ([LEFT, RIGHT, DUMMY | {"animal": "M1"}], (4, "animal")),
        ([LEFT | {"start_g": None, "end_g": None}, RIGHT], (2, "start_g")),
        ([LEFT | {"start_ml": 20.0}, RIGHT], (2, "start_ml")),
        ([LEFT | {"channel": "left"}, RIGHT], (2, "channel")),
        ([LEFT | {"log": "a.csv"}, RIGHT | {"log": "a.csv", "channel": "right"}], (2, "channel")),
        ([LEFT | {"log": "a.csv", "channel": "left"}, RIGHT | {"log": "a.csv", "channel": "left"}], (3, "channel")),
        ([LEFT, RIGHT | {"animal": "M2"}], (3, "animal")),
        ([LEFT, RIGHT | {"session": "day2"}], (3, "session")),
        ([LEFT, RIGHT, DUMMY | {"session": "day9"}], (4, "session")),
        ([LEFT | {"start_time": EARLY["end_time"], "end_time": EARLY["start_time"]}, RIGHT], (2, "end_time")),
    ],
)  # fmt: skip
def test_a_fault_across_cells_or_rows_names_row_and_column(rows, fault):
    assert fault in faults(*rows)


def test_bottles_that_changed_places_with_their_times_are_no_fault():
    swapped = [LEFT | LATE | {"content": "water"}, RIGHT | LATE | {"content": "sucrose"}]
    assert faults(LEFT | EARLY, RIGHT | EARLY, *swapped) == []


def test_a_bottle_sheet_that_bottles_share_needs_no_channel(tmp_path):
    (tmp_path / "sheet.csv").write_text("Animal,Sucrose start (g),Sucrose end (g)\nM1,250,244\n")
    (tmp_path / "licks.csv").write_text("left_s,right_s\n0.1,0.2\n")
    no_readings = {"start_g": None, "end_g": None}
    for name, expected in (("sheet.csv", []), ("licks.csv", [(2, "channel"), (3, "channel")])):
        rows = [row | no_readings | {"log": name} for row in (LEFT, RIGHT)]
        assert faults(*rows, folder=tmp_path) == expected
