"""Ingest: the file's own numbers and a scale, or an error that says what to do."""

import numpy as np
import pytest

from ketaflow.assays.dendritic_spines import ingest
from ketaflow.core.errors import IngestError


def test_the_stack_keeps_the_cameras_numbers(drawn):
    np.testing.assert_array_equal(drawn["recording"].arrays["stack"], drawn["stack"])
    assert drawn["recording"].arrays["stack"].dtype == np.uint16


def test_the_scale_comes_from_the_file(drawn):
    facts = drawn["recording"].facts
    assert (facts["pixel_size_um"], facts["z_step_um"], facts["scale_source"]) == (0.1, 0.3, "OME")
    assert facts["ceiling"] == 4095


def test_the_tables_scale_overrules_the_files(drawn, row, defaults):
    rows = {"dendritic_spines": [{**row, "pixel_size_um": 0.08}]}
    record = ingest.ingest(rows, drawn["folder"], **defaults["ingest"])
    assert (record.facts["pixel_size_um"], record.facts["scale_source"]) == (0.08, "table")


def test_a_scorer_that_is_none_is_refused_by_name(drawn):
    (drawn["folder"] / "own.npz").write_bytes(b"nothing")
    with pytest.raises(IngestError, match=r"own\.npz.*scorer_file"):
        ingest.ingest(drawn["rows"], drawn["folder"], scorer_file="own.npz")
