"""Rows that cannot be read are named before anything runs."""

import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.assays.synaptic_puncta import tables
from ketaflow.core.cohort import Cohort

COLUMNS = ("image", "pre_image", "post_image", "pre_channel", "post_channel", "secondary_only")


def faults(**cells):
    plain = {**dict.fromkeys(COLUMNS), "pre_marker": "VGluT1", "post_marker": "PSD95"}
    return faults_of([{**plain, **cells}])


def faults_of(rows):
    frame = pd.DataFrame(rows, index=range(2, 2 + len(rows)))
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


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"image": "a.tif"}, None),
        ({"image": "a.tif", "pre_channel": "PSD95"}, None),
        ({"pre_image": "a.tif"}, None),
        ({"image": "a.tif", "post_channel": "2"}, "post_marker"),
        ({"pre_image": "a.tif", "post_image": "b.tif"}, "post_marker"),
        ({"image": "a.tif", "pre_image": "b.tif"}, "image"),
    ],
)
def test_one_marker_has_no_post_channel(cells, column):
    assert faults(post_marker=None, **cells) == ([column] if column else [])


def test_a_secondary_only_image_needs_rows_of_its_marker():
    plain = {**dict.fromkeys(COLUMNS), "post_marker": None}
    control = {**plain, "image": "c.tif", "pre_marker": "PSD95", "secondary_only": True}
    assert faults_of([control, {**plain, "image": "a.tif", "pre_marker": "PSD95"}]) == []
    assert faults_of([control, {**plain, "image": "a.tif", "pre_marker": "synapsin"}]) == ["pre_marker"]


def test_either_file_column_names_the_recording():
    group_by = assays.described("synaptic_puncta", "tables.schema")["group_by"]
    assert group_by["column"] == group_by["recording"] == ["image", "pre_image"]
