"""Rows that cannot be meant are named before anything runs."""

import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.assays.stained_cells import tables
from ketaflow.core.cohort import Cohort

ROW = {"image": "a.tif", "marker": "c-Fos", "channel": None, "stain": "fluorescence"}
UNKNOWN = [({"image": "b.tif", "marker": None}, "image"), ({"image": "a.tif", "marker": "pS6"}, "marker")]


def faults(row, corrections=()):
    found = {"stained_cells": pd.DataFrame([{**ROW, **row}], index=[2])}
    if corrections:
        found["stained_cells_corrections"] = pd.DataFrame(list(corrections), index=range(2, 2 + len(corrections)))
    files = {name: f"{name}.csv" for name in found}
    return [(problem.file, problem.row, problem.column) for problem in tables.problems(Cohort(None, found, files))]


def test_a_dab_image_has_no_channel():
    assert faults({"stain": "dab", "channel": "2"}) == [("stained_cells.csv", 2, "channel")]
    assert faults({"stain": "dab"}) == []
    assert faults({"channel": "2"}) == []


@pytest.mark.parametrize(("correction", "column"), UNKNOWN)
def test_a_correction_of_an_unknown_image_or_marker_is_a_problem(correction, column):
    assert faults({}, [correction]) == [("stained_cells_corrections.csv", 2, column)]


def test_a_correction_of_an_image_of_the_table_is_none():
    assert faults({}, [{"image": "a.tif", "marker": "c-Fos"}, {"image": "a.tif", "marker": None}]) == []


def test_the_image_names_the_recording():
    group_by = assays.described("stained_cells", "tables.schema")["group_by"]
    assert group_by["column"] == group_by["recording"] == "image"
