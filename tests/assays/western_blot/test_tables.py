"""Faults across the rows of the blot tables are found before anything runs, each with its row, column and remedy."""

from pathlib import Path

import pandas as pd
import pytest

from ketaflow.assays.western_blot.tables import problems
from ketaflow.core.cohort import Cohort

from .conftest import filled

PHOSPHO = {"image": "p.tif", "membrane": "P", "target": "p-mTOR", "role": "phospho", "total_target": "mTOR"}
TOTAL = {"image": "t.tif", "membrane": "T", "target": "mTOR", "role": "total"}
LADDER = {"membrane": "P", "lane": 1, "sample": "ladder"}
ANIMAL = {"membrane": "P", "lane": 2, "sample": "animal", "animal": "M1"}
OTHER = {"membrane": "T", "lane": 1, "sample": "animal", "animal": "M1"}
BOX = {"image": "p.tif", "lane": 2, "target": "p-mTOR", "x_px": 1, "y_px": 1, "width_px": 9, "height_px": 9}


def faults(
    images: list[dict], lanes: list[dict], boxes: list[dict] = (), frames: list[dict] = ()
) -> list[tuple[str, int, str]]:
    named = {"images": images, "lanes": lanes, "boxes": boxes, "frames": frames}
    given = {f"western_blot_{name}": rows for name, rows in named.items()}
    tables = {
        name: pd.DataFrame(filled(name, rows), index=range(2, len(rows) + 2)) for name, rows in given.items() if rows
    }
    found = problems(Cohort(Path("."), tables, {name: f"{name}.csv" for name in given}))
    assert all(fault.remedy for fault in found)
    return [(fault.file.removeprefix("western_blot_"), fault.row, fault.column) for fault in found]


def test_a_whole_set_of_tables_has_no_fault():
    assert faults([PHOSPHO | {"total_membrane": "T"}, TOTAL], [LADDER, ANIMAL, OTHER], [BOX]) == []


@pytest.mark.parametrize(
    ("images", "lanes", "boxes", "fault"),
    [
        ([PHOSPHO, TOTAL], [LADDER, ANIMAL], [], ("images.csv", 3, "membrane")),
        ([PHOSPHO], [ANIMAL], [], ("images.csv", 2, "total_target")),
        ([PHOSPHO | {"total_membrane": "Q"}, TOTAL], [ANIMAL, OTHER], [], ("images.csv", 2, "total_membrane")),
        ([PHOSPHO, TOTAL], [ANIMAL | {"animal": None}, OTHER], [], ("lanes.csv", 2, "animal")),
        ([PHOSPHO, TOTAL], [LADDER | {"animal": "M1"}, OTHER], [], ("lanes.csv", 2, "animal")),
        ([PHOSPHO, TOTAL], [LADDER | {"sample": "dilution"}, OTHER], [], ("lanes.csv", 2, "load_ug")),
        ([PHOSPHO, TOTAL], [LADDER | {"ladder_kda": "250 to 10"}, OTHER], [], ("lanes.csv", 2, "ladder_kda")),
        ([PHOSPHO, TOTAL], [ANIMAL, OTHER], [BOX | {"target": "BDNF"}], ("boxes.csv", 2, "target")),
    ],
    ids=["membrane without lanes", "unknown total", "total on no such membrane", "lane without animal",
         "animal on a ladder", "dilution without load", "ladder that is no list", "box of no picture"],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(images, lanes, boxes, fault):
    assert faults(images, lanes, boxes) == [fault]


def test_pictures_without_any_lane_map_are_one_fault():
    assert faults([PHOSPHO, TOTAL], []) == [("images.csv", 0, "")]


@pytest.mark.parametrize(
    ("borders", "is_fault"),
    [("10 50 90", False), (None, False), ("10 90", True), ("10 95 90", True), ("ten 50 90", True)],
)
def test_borders_of_lanes_are_ascending_and_one_more_than_lanes(borders, is_fault):
    frame = {"image": "p.tif", "membrane": "P", "left_px": 10, "right_px": 90, "borders_px": borders}
    found = faults([PHOSPHO, TOTAL], [LADDER, ANIMAL, OTHER], frames=[frame])
    assert found == ([("frames.csv", 2, "borders_px")] if is_fault else [])
