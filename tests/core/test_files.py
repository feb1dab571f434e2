"""Files are written whole or not at all."""

import io
import os
import sys

import pandas as pd
import pytest

from ketaflow.core import files
from ketaflow.core.errors import IngestError, PlanError


def test_what_is_interrupted_leaves_no_half_file(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError), files.written_aside(target) as aside:
        aside.write_text("ha")
        raise RuntimeError("killed")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_csv_keeps_every_digit(tmp_path):
    files.write_csv(pd.DataFrame({"value": [0.1 + 0.2]}), tmp_path / "a.csv")
    assert pd.read_csv(tmp_path / "a.csv")["value"].tolist() == [0.1 + 0.2]


def test_tables_of_an_earlier_run_go(tmp_path):
    files.write_tables({"states": pd.DataFrame({"a": [1]}), "old": pd.DataFrame({"a": [1]})}, tmp_path)
    files.write_tables({"states": pd.DataFrame({"a": [1]})}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["states.csv"]


def test_a_folders_fingerprint_is_its_contents(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "FID1A.ch").write_bytes(b"123")
    assert files.sha256(tmp_path / "one") == files.sha256(tmp_path / "two")
    (tmp_path / "two" / "FID1A.ch").write_bytes(b"124")
    assert files.sha256(tmp_path / "one") != files.sha256(tmp_path / "two")


def test_a_log_keeps_what_was_printed_and_the_traceback_of_a_surprise(tmp_path):
    with pytest.raises(SystemExit), files.log_to(tmp_path / "logs" / "a.log"):
        print("reading")
        raise ValueError("no")
    text = (tmp_path / "logs" / "a.log").read_text()
    assert text.startswith("reading\n")
    assert "Traceback" in text
    assert "ValueError: no" in text


def test_a_fault_of_the_plan_is_told_without_a_traceback(tmp_path):
    with pytest.raises(SystemExit), files.log_to(tmp_path / "a.log"):
        raise PlanError("endpoint swim: there is no measure 'imobility_s'")
    assert (tmp_path / "a.log").read_text() == "endpoint swim: there is no measure 'imobility_s'\n"


def test_words_that_look_like_numbers_stay_words(tmp_path):
    files.write_csv(pd.DataFrame({"animal": ["007", None], "value": [1.5, None]}), tmp_path / "a.csv")
    back = files.read_csv(tmp_path / "a.csv")
    assert back["animal"].tolist()[0] == "007"
    assert back["animal"].isna().tolist() == [False, True]
    assert back["value"].dtype == float


def test_a_table_without_columns_can_be_read_back(tmp_path):
    files.write_csv(pd.DataFrame(), tmp_path / "a.csv")
    assert files.read_csv(tmp_path / "a.csv").empty


def test_a_fault_that_can_be_mended_is_told_on_the_terminal_too(tmp_path, monkeypatch):
    told = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", told)
    with pytest.raises(SystemExit), files.log_to(tmp_path / "a.log"):
        raise IngestError("x.mp4: the file is empty. Copy it again.")
    with pytest.raises(SystemExit), files.log_to(tmp_path / "b.log"):
        raise ZeroDivisionError
    assert told.getvalue().strip() == "x.mp4: the file is empty. Copy it again."


def test_a_folder_is_marked_by_the_files_in_it(tmp_path):
    (tmp_path / "run.D").mkdir()
    inner = tmp_path / "run.D" / "signal.ch"
    inner.write_bytes(b"1234")
    before = files.mark(tmp_path / "run.D")
    kept = inner.stat().st_mtime_ns
    inner.write_bytes(b"12345")
    os.utime(inner, ns=(kept, kept))
    assert files.mark(tmp_path / "run.D") != before


def test_an_exported_table_holds_no_formula(tmp_path):
    cells = ["=1+1", "+cmd|x", "-A1", "@x", "-0.5", "+2e-3", "a=b", None]
    files.write_all({"made": pd.DataFrame({"text": cells, "number": range(-4, 4)})}, tmp_path)
    assert (tmp_path / "made.csv").read_text().splitlines() == [
        "text,number", "'=1+1,-4", "'+cmd|x,-3", "'-A1,-2", "'@x,-1", "-0.5,0", "+2e-3,1", "a=b,2", ",3",
    ]  # fmt: skip
