"""Tables as people type them: understood and reported, or refused with the cause; never read differently in silence."""

import csv
import io
import random

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketaflow.core import cohort, tables
from ketaflow.core.tables import units
from ketaflow.engine.preparation import assay_tables

SCHEMAS = {**cohort.COMMON, **assay_tables.table_schemas()}
ANIMALS = cohort.COMMON["animals"]
ARMS = cohort.COMMON["arms"]


def checked(tmp_path, rows, schema, name="table.xlsx", merged=()):
    path = tmp_path / name
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        for cells in merged:
            book.active.merge_cells(cells)
        book.save(path)
    else:
        path.write_text("\n".join(";".join("" if cell is None else str(cell) for cell in row) for row in rows))
    return tables.typed_with_notes(tables.read_raw(path), schema)


def test_a_title_a_comment_and_a_unit_in_brackets_are_read_and_reported(tmp_path):
    rows = [
        ["Cohort 3, ketamine, March 2026"], [None],
        ["Animal", "Sex", "Weight (g)"], ["M1", "♀", "20,5"], ["M2", "Male", 21],
        ["* M1 weighed again on Monday"], ["the balance was changed on Tuesday"],
    ]  # fmt: skip
    made = checked(tmp_path, rows, ANIMALS, merged=["A1:C1"])
    assert not made.problems
    assert made.frame["animal"].tolist() == ["M1", "M2"]
    assert made.frame["sex"].tolist() == ["female", "male"]
    assert made.frame["weight_g"].tolist() == [20.5, 21.0]
    assert made.frame.index.tolist() == [4, 5]
    notes = "\n".join(made.notes)
    for said in ("read as a title: row 1", "row 6 '* M1 weighed again", "row 7 'the balance", "with a decimal comma"):
        assert said in notes


@pytest.mark.parametrize(
    ("heading", "typed", "expected"),
    [
        ("Weight (g)", "20", 20.0), ("weight [g]", "20", 20.0), ("Weight (mg)", "20500", 20.5),
        ("weight_kg", "0.3", 300.0), ("Weight g", "20", 20.0),
    ],
)  # fmt: skip
def test_a_weight_is_in_grams_whatever_its_heading_says(tmp_path, heading, typed, expected):
    made = checked(tmp_path, [["animal", "sex", heading], ["M1", "f", typed]], ANIMALS)
    assert not made.problems
    assert made.frame["weight_g"].tolist() == pytest.approx([expected])
    assert any("multiplied by" in note for note in made.notes) == (expected != float(typed))


def test_a_dose_in_micrograms_is_divided_by_a_thousand(tmp_path):
    rows = [["arm", "control", "drug", "Dose (µg/kg)"], ["v", "x", "saline", 0], ["k", None, "ketamine", 5000]]
    made = checked(tmp_path, rows, ARMS)
    assert not made.problems
    assert made.frame["dose_mg_per_kg"].tolist() == [0.0, 5.0]
    assert made.frame["control"].tolist() == [True, False]
    assert any("multiplied by 0.001" in note for note in made.notes)


def test_no_message_advises_a_renaming_that_changes_values(tmp_path):
    made = checked(tmp_path, [["animal", "sex", "weight_kg"], ["M1", "f", 24.8], ["M2", "f", 30.1]], ANIMALS)
    (first, *_) = made.problems
    assert "24800" in first.found
    assert "Rename" not in first.remedy
    assert "correct the unit there, or the values" in first.remedy


def test_an_own_column_never_takes_the_place_of_a_similar_known_one(tmp_path):
    rows = [["arm", "control", "drug", "dose_mg_per_kg", "treatment"], ["v", "yes", "saline", 0, "veh"]]
    made = checked(tmp_path, rows, ARMS)
    assert not made.problems
    assert made.frame["treatment"].tolist() == ["veh"]
    assert made.frame["pretreatment"].tolist() == [None]


def test_zeros_of_a_cell_format_are_part_of_a_name(tmp_path):
    path = tmp_path / "animals.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["animal", "sex"])
    book.active.append([7, "f"])
    book.active["A2"].number_format = "000"
    book.save(path)
    assert tables.typed_with_notes(tables.read_raw(path), ANIMALS).frame["animal"].tolist() == ["007"]


def test_names_with_blanks_are_one_cause_with_repaired_names(tmp_path):
    made = checked(tmp_path, [["animal", "sex"], *([f"M {number}", "f"] for number in range(12))], ANIMALS)
    said = str(cohort_error(made.problems))
    assert said.startswith("1 problem")
    assert "rows 2-13" in said
    assert "'M 0' > M_0" in said


def cohort_error(problems):
    from ketaflow.core.errors import CohortError

    return CohortError(problems)


def test_two_rows_of_headings_are_explained(tmp_path):
    rows = [
        ["Bottles of cohort 3"], [None, None, "left", None, "right", None],
        ["animal", "date", "start", "end", "start", "end"],
        ["M1", "14.3.2026", "153", "149", "150", "148"],
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"headings 'end', 'start' occur more than once under .*'left', 'right'"):
        checked(tmp_path, rows, ANIMALS)


def test_a_sheet_with_bottles_side_by_side_may_be_named_as_a_log_instead(tmp_path):
    (tmp_path / "sucrose_preference.csv").write_text("animal;start;end;start;end\nM1;153;149;150;148\n")
    _, problems = cohort.read(tmp_path, SCHEMAS)
    (found,) = [problem for problem in problems if problem.file == "sucrose_preference.csv"]
    assert "more than once" in found.found and "column log of a table sucrose_preference" in found.remedy


@pytest.mark.parametrize("text", ["+nan", "-nan", "inf", "-inf", "1_0", "1e400", "１２", "0x10", "1,234.5", "1 000"])
def test_what_is_no_plain_number_is_refused(text):
    value, wrong = tables.PARSERS["number"](text, False)
    assert value is None
    assert wrong


def test_a_cell_is_quoted_in_at_most_80_characters(tmp_path):
    made = checked(tmp_path, [["animal", "sex"], ["M1", "f" * 5000]], ANIMALS)
    assert len(made.problems[0].found) < 100


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_a_folder_or_a_pipe_in_a_tables_place_is_refused(tmp_path, kind):
    import os

    path = tmp_path / "animals.csv"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(ValueError, match="a table is expected here"):
        tables.read_raw(path)


@pytest.mark.parametrize("content", [b'a,b\n"' + b"x" * 200_000, b"PK\x03\x04 half a workbook"])
def test_a_broken_file_is_a_reason_and_no_traceback(tmp_path, content):
    path = tmp_path / ("t.xlsx" if content.startswith(b"PK") else "t.csv")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"longer than|not a whole Excel workbook"):
        tables.read_raw(path)


def example(rule: dict, name: str, number: int) -> str:
    """A valid cell."""
    if "choices" in rule:
        return rule["choices"][number % len(rule["choices"])]
    low = max(rule.get("minimum", 0), rule.get("above", 0))
    plain = {
        "number": f"{min(low + 1.5 + number, rule.get('maximum', 1e9)):g}", "integer": f"{int(low) + 1 + number}",
        "yes_no": ["yes", "no"][number % 2], "date": f"2026-03-1{number}", "moment": f"2026-03-1{number} 09:30:00",
        "file": f"files/{name}_{number}.dat", "text": f"some {name} {number}",
    }  # fmt: skip
    return plain.get(rule["type"], f"{name}_{number}")


def heading(name: str, rule: dict, style: random.Random) -> str:
    """The same heading in another spelling."""
    unit = next((u for kind in units.KINDS for u in kind if name.endswith(f"_{u}")), "")
    if unit and rule["type"] == "number" and not name.startswith("concentration") and style.random() < 0.5:
        stem = name.removesuffix(f"_{unit}").replace("_", " ")
        name = f"{stem.capitalize()} ({unit.replace('_per_', '/').replace('pct', '%')})"
        return name if style.random() < 0.5 else name.replace("(", "[").replace(")", "]")
    return style.choice([name, name.upper(), name.capitalize(), name.replace("_", " ")])


@pytest.mark.parametrize("name", sorted(SCHEMAS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_every_table_reads_the_same_in_any_order_spelling_and_dialect_or_says_why_not(tmp_path, name, seed):
    style, schema = random.Random(seed), SCHEMAS[name]
    columns = schema["columns"]
    rows = [[example(rule, column, number) for column, rule in columns.items()] for number in range(3)]
    plain = written(tmp_path / "plain.csv", [list(columns), *rows], ",")
    expected = tables.typed_with_notes(tables.read_raw(plain), schema)
    assert not expected.problems

    order = list(range(len(columns)))
    style.shuffle(order)
    comma = style.random() < 0.5
    changed = [[heading(column, rule, style) for column, rule in columns.items()]] + [
        [with_comma(cell, rule) if comma else cell for cell, rule in zip(row, columns.values(), strict=True)]
        for row in rows
    ]
    changed = [[row[place] for place in order] for row in changed]
    if style.random() < 0.5:
        changed.insert(style.randrange(1, len(changed) + 1), [""] * len(order))
    if style.random() < 0.5 and len(order) > 1:
        changed.insert(0, ["A title of the lab"] + [""] * (len(order) - 1))
    path = written(tmp_path / "changed.csv", changed, ";" if comma else style.choice([",", "\t", ";"]))
    made = tables.typed_with_notes(tables.read_raw(path), schema)
    if not made.problems:
        pd.testing.assert_frame_equal(
            made.frame[list(columns)].reset_index(drop=True), expected.frame[list(columns)].reset_index(drop=True)
        )
    assert not made.unused or made.problems, f"a column was lost: {made.unused}"


def with_comma(cell: str, rule: dict) -> str:
    return cell.replace(".", ",") if rule["type"] == "number" and "choices" not in rule else cell


def written(path, rows, delimiter):
    path = path.with_suffix(".tsv") if delimiter == "\t" else path
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_text(buffer.getvalue())
    return path
