"""Tables in every form a lab keeps them, and every fault named where it stands."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.core import tables

SCHEMA = {
    "title": "Swims",
    "key": ["recording"],
    "columns": {
        "recording": {"type": "name", "required": True, "description": "the recording's name"},
        "weight_g": {"type": "number", "above": 0, "description": "body weight (grams)"},
        "cylinder": {"type": "integer", "minimum": 1, "description": "1 is the leftmost"},
        "video": {"type": "file", "description": "the video"},
        "sex": {"type": "text", "choices": ["female", "male"], "description": "female or male"},
        "dummy": {"type": "yes_no", "description": "yes or no"},
        "start_time": {"type": "moment", "description": "when"},
    },
}
PLAIN = "recording,weight_g,cylinder\nr1,22.5,1\nr2,,2\n"


def read(tmp_path, content: bytes, name="swim.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return tables.typed(tables.read_raw(path), SCHEMA)


def same(frame: pd.DataFrame) -> bool:
    first = frame["weight_g"].tolist()[0]
    return list(frame["recording"]) == ["r1", "r2"] and first == 22.5 and frame["weight_g"].isna().tolist()[1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", PLAIN),
        ("a.csv", PLAIN.replace("22.5", "22,5").replace("r1,", "r1;").replace(",1", ";1").replace("r2,,2", "r2;;2")
         .replace("recording,weight_g,cylinder", "recording;weight_g;cylinder")),
        ("a.tsv", PLAIN.replace(",", "\t")),
        ("a.csv", PLAIN.replace("\n", "\r\n")),
        ("a.csv", PLAIN.replace("\n", "\r")),
    ],
    ids=["comma", "semicolon and decimal comma", "tab", "CRLF", "CR"],
)  # fmt: skip
def test_every_dialect_and_encoding_gives_the_same_table(tmp_path, encoding, name, text):
    frame, problems = read(tmp_path, text.encode(encoding), name)
    assert not problems
    assert same(frame)


def test_latin_1_letters_survive(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("recording,notes\nr1,Käfig µ\n".encode("latin-1"))
    assert tables.read_raw(path).rows[0][1]["notes"] == "Käfig µ"


def test_excel_gives_the_same_table(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["recording", "weight_g", "cylinder"], ["r1", 22.5, 1], [None, None, None], ["r2", None, 2]):
        book.active.append(row)
    book.save(tmp_path / "swim.xlsx")
    frame, problems = tables.typed(tables.read_raw(tmp_path / "swim.xlsx"), SCHEMA)
    assert not problems
    assert same(frame)
    assert list(frame.index) == [2, 4]


def declared_smaller(path, size: str) -> bytes:
    """The workbook at a path whose first worksheet declares a smaller size than it has, as some programs write it."""
    import io
    import re
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                part = re.sub(rb'<dimension ref="[^"]*"/>', f'<dimension ref="{size}"/>'.encode(), part)
            new.writestr(name, part)
    return packed.getvalue()


def test_a_worksheet_that_declares_too_small_a_size_is_read_whole(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["recording", "weight_g", "cylinder"], ["r1", 22.5, 1], ["r2", None, 2]):
        book.active.append(row)
    book.create_sheet("empty")
    book.create_sheet("notes").append(["read me"])
    book.save(tmp_path / "whole.xlsx")
    content = declared_smaller(tmp_path / "whole.xlsx", "A1")
    frame, problems = read(tmp_path, content, "swim.xlsx")
    assert not problems
    assert same(frame)
    expected = {"Sheet": [["recording", "weight_g", "cylinder"], ["r1", "22.5", "1"], ["r2", "", "2"]]}
    assert tables.worksheets(content) == {**expected, "notes": [["read me"]]}


def test_a_damaged_workbook_is_refused():
    with pytest.raises(ValueError, match="not a whole Excel workbook"):
        tables.worksheets(b"PK\x03\x04 and no more")


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path):
    frame, _ = read(tmp_path, b"recording\nr1\n\nr2\n")
    assert list(frame.index) == [2, 4]


def test_all_faults_are_found_at_once(tmp_path):
    text = (
        "recording,weight_g,cylinder,video,sex,dummy,start_time\n"
        "r 1,heavy,1.5,../x.mp4,femal,maybe,yesterday\n"
        ",-3,0,/etc/passwd,,,\n"
        "ok,1,1,C:\\x.avi,male,yes,2026-03-14 19:30\n"
        "ok,1,1,a/b.avi,male,no,14.03.2026 19:30\n"
    )
    _, problems = read(tmp_path, text.encode())
    places = {(problem.row, problem.column) for problem in problems}
    assert places == {
        (2, "recording"), (2, "weight_g"), (2, "cylinder"), (2, "video"), (2, "sex"), (2, "dummy"), (2, "start_time"),
        (3, "recording"), (3, "weight_g"), (3, "cylinder"), (3, "video"), (4, "video"), (5, "recording"),
    }  # fmt: skip
    assert "Did you mean 'female'?" in next(p.remedy for p in problems if p.column == "sex")


def test_a_misspelt_heading_is_named_with_the_right_one(tmp_path):
    _, problems = read(tmp_path, b"recordng,weight_g\nr1,2\n")
    assert [(p.column, p.row) for p in problems] == [("recordng", 1)]
    assert "'recording'" in problems[0].remedy


def test_a_heading_in_other_letters_is_known(tmp_path):
    frame, problems = read(tmp_path, b"Recording,Weight g,Own Note\nr1,2,x\n")
    assert not problems
    assert frame.loc[2, ["recording", "weight_g", "Own Note"]].tolist() == ["r1", 2.0, "x"]


def test_a_heading_that_stands_in_two_ways_is_not_guessed(tmp_path):
    frame, _ = read(tmp_path, b"recording,Recording\nr1,r2\n")
    assert frame.loc[2, ["recording", "Recording"]].tolist() == ["r1", "r2"]


def test_a_labs_own_columns_are_kept(tmp_path):
    frame, problems = read(tmp_path, b"recording,experimenter\nr1,AB\n")
    assert not problems
    assert frame["experimenter"].tolist() == ["AB"]


def test_a_decimal_comma_among_commas_is_not_guessed(tmp_path):
    _, problems = read(tmp_path, b'recording,weight_g\nr1,"22,5"\n')
    assert len(problems) == 1
    assert "decimal sign is a point" in problems[0].remedy


@pytest.mark.parametrize("bad", ["..", ".", "a/b", "a b", "x" * 65, "<b>", "a\\b", "ä", "a\nb", "=1+1"])
def test_names_that_could_escape_a_folder_or_a_page_are_refused(bad):
    assert tables.PARSERS["name"](bad, False)[1]


@pytest.mark.parametrize("bad", ["../x", "/x", "a/../../x", "C:/x", "c:\\x", "\\\\server\\x", "a\\..\\..\\x"])
def test_paths_that_leave_the_folder_are_refused(bad):
    assert not tables.safe_path(bad)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_with_either_decimal_sign(value):
    text = repr(value)
    assert tables.PARSERS["number"](text, False) == (value, None)
    if "." in text:
        assert tables.PARSERS["number"](text.replace(".", ","), True) == (value, None)


@given(st.text(max_size=80))
def test_whatever_passes_for_a_name_is_harmless(text):
    value, wrong = tables.PARSERS["name"](text, False)
    if wrong is None:
        assert value not in ("", ".", "..")
        assert not set(value) & set("/\\<>&\"' \n")
