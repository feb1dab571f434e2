"""A folder to fill in: every table, nothing overwritten, and once filled in it is valid."""

import openpyxl
import pytest

from ketaflow.core import cohort, tables
from ketaflow.core.errors import CohortError
from ketaflow.engine import study
from ketaflow.engine.preparation import assay_tables, template


@pytest.fixture
def folder(tmp_path):
    template.write(tmp_path / "new", assay_tables.table_schemas())
    return tmp_path / "new"


def test_every_table_is_there_in_both_forms_and_reads_as_an_empty_table(folder):
    schemas = {**cohort.COMMON, **assay_tables.table_schemas()}
    expected = {name for name in schemas if not name.endswith("_truth")} - {"qc_decisions"}
    assert {path.stem for path in folder.rglob("*.xlsx")} == {path.stem for path in folder.rglob("*.csv")} == expected
    for path in [*folder.rglob("*.xlsx"), *folder.rglob("*.csv")]:
        made = tables.typed_with_notes(tables.read_raw(path), schemas[path.stem])
        assert not made.problems, path
        assert len(made.frame) == 0
        assert list(made.frame) == list(schemas[path.stem]["columns"])


def test_tables_that_are_not_filled_in_are_named(folder):
    _, problems = cohort.read(folder, assay_tables.table_schemas())
    assert {(problem.file, problem.found) for problem in problems} == {
        (f"{name}.xlsx", "the table holds no rows") for name in ("animals", "arms", "allocation")
    }


def test_nothing_is_overwritten(folder):
    with pytest.raises(CohortError, match="not empty; nothing was written"):
        template.write(folder, {})


def test_a_filled_in_folder_is_valid_and_says_what_it_holds(folder, tmp_path):
    rows = {
        "animals": [["007", "female"], ["008", "male"]],
        "arms": [["vehicle", "yes", "saline", 0], ["ket10", "no", "ketamine", 10]],
        "allocation": [["007", "vehicle"], [8, "ket10"]],
    }
    for name, filled in rows.items():
        book = openpyxl.load_workbook(folder / f"{name}.xlsx")
        heads = [cell.value for cell in book.active[1]]
        for row in filled:
            given = dict(
                zip(
                    [h for h in heads if h in ("animal", "sex", "arm", "control", "drug", "dose_mg_per_kg")],
                    row,
                    strict=True,
                )
            )
            book.active.append([given.get(head) for head in heads])
        book.save(folder / f"{name}.xlsx")
    found = study.load({"cohort": str(folder), "results": str(tmp_path / "out")}, {})
    assert found.overview().startswith("Tables are valid: 2 animals in 2 arms; no recordings")
    assert "allocation.xlsx: animal 8 was read as 008, as in animals.xlsx" in found.notes
