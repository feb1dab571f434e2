"""Rows that cannot be read are named before anything runs."""

import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.assays.synaptic_puncta import tables
from ketaflow.core.cohort import Cohort

COLUMNS = ("image", "pre_image", "post_image", "pre_channel", "post_channel")


def faults(**cells):
    frame = pd.DataFrame([{**dict.fromkeys(COLUMNS), **cells}], index=[2])
    return [
        problem.column
        for problem in tables.problems(Cohort(None, {"synaptic_puncta": frame}, {"synaptic_puncta": "t.csv"}))
    ]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({}, "image"),
        ({"pre_image": "a.tif"}, "post_image"),
        ({"post_image": "a.tif"}, "pre_image"),
        ({"image": "a.tif", "pre_image": "b.tif", "post_image": "c.tif"}, "image"),
        ({"image": "a.tif", "pre_channel": "1"}, "post_channel"),
        ({"pre_image": "a.tif", "post_image": "a.tif"}, "post_image"),
    ],
)
def test_a_row_that_names_no_two_channels_is_a_problem(cells, column):
    assert faults(**cells) == [column]


@pytest.mark.parametrize(
    "cells",
    [
        {"image": "a.tif"},
        {"image": "a.tif", "pre_channel": "1", "post_channel": "2"},
        {"pre_image": "a.tif", "post_image": "b.tif"},
        {"pre_image": "a.tif", "post_image": "a.tif", "pre_channel": "1", "post_channel": "2"},
    ],
)
def test_every_way_to_name_two_channels_is_allowed(cells):
    assert faults(**cells) == []


def test_either_file_column_names_the_recording():
    group_by = assays.described("synaptic_puncta", "tables.schema")["group_by"]
    assert group_by["column"] == group_by["recording"] == ["image", "pre_image"]
