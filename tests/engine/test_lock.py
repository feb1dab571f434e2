"""A results folder belongs to one run, and must be one that can be written to."""

from ketaflow.engine import lock


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written to" in lock.claim(tmp_path / "file" / "results")
