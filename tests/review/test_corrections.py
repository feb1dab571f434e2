"""Tables that reviewers corrected: codes become names, and names become codes."""

import pandas as pd
import pytest

from ketaflow import assays
from ketaflow.review import blinding
from ketaflow.review.corrections import Names, coded, is_editable, name_code, resolved

SCHEMAS = assays.described("western_blot", "tables.schema")["tables"]
FRAMES = SCHEMAS["western_blot_frames"]
NAMES = Names("western_blot", "image", {"a.tif": "a.tif", "b.tif": "b.tif"}, {"membrane": {"M1", "M2"}})
KEY = "secret"
CODES = {name: blinding.code("western_blot", name, KEY) for name in ("a.tif", "b.tif")}


def table(*rows: dict) -> pd.DataFrame:
    made = pd.DataFrame(list(rows), columns=list(FRAMES["columns"])).astype(object)
    return made.where(made.notna(), None).set_index(pd.RangeIndex(2, 2 + len(rows)))


def row(image: str, membrane: str | None = None, **more: object) -> dict:
    return {"image": image, "membrane": membrane, "left_px": 10.0, "right_px": 90.5, "by": "AB", **more}


def test_codes_become_names_beside_names_that_stay():
    given = table(row(CODES["a.tif"], name_code("western_blot", "membrane", "M2", KEY)), row("b.tif", "M1"))
    made, problems = resolved(given, FRAMES, NAMES, KEY, "frames.csv")
    assert problems == []
    assert made[["image", "membrane"]].to_numpy().tolist() == [["a.tif", "M2"], ["b.tif", "M1"]]
    assert made["right_px"].tolist() == [90.5, 90.5]


def test_what_the_page_is_given_comes_back_as_it_was():
    given = table(row("a.tif", "M2", borders_px="10 50 90.5"), row("b.tif"))
    rows = coded(given, FRAMES, NAMES, KEY)
    assert not {"a.tif", "b.tif", "M2"} & {cell for one in rows for cell in one}
    assert rows[0][2:8] == ["10", "90.5", "", "", "", "10 50 90.5"]
    back = pd.DataFrame(rows, columns=list(FRAMES["columns"]), index=given.index).replace("", None)
    made, problems = resolved(back, FRAMES, NAMES, KEY, "frames.csv")
    assert problems == [] and made["image"].tolist() == ["a.tif", "b.tif"]
    assert made["membrane"].fillna("").tolist() == ["M2", ""]


@pytest.mark.parametrize("key", [KEY, "another key", ""])
def test_a_code_that_nothing_has_is_listed_with_its_row(key):
    given = table(row("a.tif"), row("2222-3333"))
    _, problems = resolved(given, FRAMES, NAMES, key, "frames.csv")
    assert [(one.file, one.row, one.column) for one in problems] == [("frames.csv", 3, "image")]
    assert "2222-3333" in problems[0].found and "blinding_key_file" in problems[0].remedy


def test_a_row_given_by_name_and_again_by_code_is_refused():
    given = table(row("a.tif", "M1"), row(CODES["a.tif"], name_code("western_blot", "membrane", "M1", KEY)))
    _, problems = resolved(given, FRAMES, NAMES, KEY, "frames.csv")
    assert [(one.row, one.found) for one in problems] == [(3, "row 2 gives the same")]


def test_a_picture_whose_name_looks_like_a_code_keeps_it():
    odd = Names("western_blot", "image", {"2222-3333": "2222-3333"}, {})
    made, problems = resolved(table(row("2222-3333")), FRAMES, odd, KEY, "frames.csv")
    assert problems == [] and made["image"].tolist() == ["2222-3333"]


def test_only_declared_tables_may_hold_codes():
    assert [name for name, schema in SCHEMAS.items() if is_editable(schema)] == [
        "western_blot_boxes",
        "western_blot_rows",
        "western_blot_frames",
    ]
