"""The key of the review's codes: made once, kept, readable by its owner alone."""

import stat

import pytest

from ketaflow.core.errors import CohortError
from ketaflow.review import blinding_key


def test_a_key_is_made_once_and_kept(tmp_path):
    results = tmp_path / "results"
    made = blinding_key.find("", results, make=True)
    assert made.path == tmp_path / "results.blinding_key"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert blinding_key.find("", results, make=True) == made
    assert len(blinding_key.read(made.path)) == 64


def test_a_check_makes_no_key(tmp_path):
    assert blinding_key.find("", tmp_path / "results", make=False).fingerprint == ""
    assert not list(tmp_path.iterdir())


def test_two_studies_have_two_keys_and_the_fingerprint_follows_the_key(tmp_path):
    one, other = (blinding_key.find(str(tmp_path / name), tmp_path, make=True) for name in ("a", "b"))
    assert one.fingerprint != other.fingerprint
    other.path.write_text(one.path.read_text())
    assert blinding_key.find(str(other.path), tmp_path, make=True).fingerprint == one.fingerprint


def test_an_empty_key_file_is_refused(tmp_path):
    (tmp_path / "key").write_text("")
    with pytest.raises(CohortError, match="not the key"):
        blinding_key.find(str(tmp_path / "key"), tmp_path, make=True)


def test_a_place_that_cannot_be_written_to_is_a_problem_of_the_cohort(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CohortError, match="cannot be written here"):
        blinding_key.find("", tmp_path / "file" / "results", make=True)
