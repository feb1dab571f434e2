"""Problems of the tables that stop a run before any job."""

import pandas as pd
import pytest

from ketaflow.core.errors import CohortError
from ketaflow.engine import study

GOOD = [
    ("A1", "standard", None, 100.0, None),
    ("B1", "standard", None, 10.0, None),
    ("C1", "animal", "M01", None, 2.0),
    ("D1", "animal", "M01", None, 2.0),
]
COLUMNS = ["well", "sample", "animal", "concentration_pg_per_ml", "protein_mg_per_ml"]


def problems(tmp_path, wells=GOOD, plates=("P1",), **changed) -> str:
    (tmp_path / "p.csv").write_text("x")
    pd.DataFrame({"animal": ["M01", "M02"], "sex": "female"}).to_csv(tmp_path / "animals.csv", index=False)
    pd.DataFrame({"animal": ["M01", "M02"], "arm": ["a", "b"]}).to_csv(tmp_path / "allocation.csv", index=False)
    arms = {"arm": ["a", "b"], "control": ["yes", "no"], "drug": "x", "dose_mg_per_kg": [0, 1]}
    pd.DataFrame(arms).to_csv(tmp_path / "arms.csv", index=False)
    pd.DataFrame({"plate": plates, "file": "p.csv"}).to_csv(tmp_path / "elisa_plates.csv", index=False)
    rows = pd.DataFrame(wells, columns=COLUMNS).assign(plate="P1", analyte="BDNF", matrix="plasma")
    rows.assign(**changed).to_csv(tmp_path / "elisa_wells.csv", index=False)
    try:
        study.load({"cohort": str(tmp_path)}, {})
    except CohortError as error:
        return str(error)
    return ""


def test_good_tables_have_no_problem(tmp_path):
    assert problems(tmp_path) == ""


@pytest.mark.parametrize(
    ("row", "says"),
    [(("X1", "animal", "M01", None, None), "A1 ... H12"), (("E1", "animal", None, None, None), "the cell is empty"),
     (("E1", "blank", "M01", None, None), "a blank with"), (("E1", "standard", None, None, None), "without a"),
     (("A01", "standard", None, 5.0, None), "also in row 2"), (("E1", "animal", "M01", None, 3.0), "same sample"),
     (("E1", "animal", "M99", None, None), "M99"), (("E1", "odd", "M01", None, None), "Allowed: standard")],
)  # fmt: skip
def test_a_faulty_row_is_named(tmp_path, row, says):
    assert says in problems(tmp_path, [*GOOD, row])


def test_a_plate_without_wells_or_an_analyte_without_standards_is_named(tmp_path):
    assert "plate 'P2' has no row" in problems(tmp_path, plates=("P1", "P2"))
    assert "no standard of 'VEGF'" in problems(tmp_path, analyte=["BDNF", "BDNF", "VEGF", "BDNF"])


def test_plates_without_a_table_of_wells_are_refused(tmp_path):
    problems(tmp_path)
    (tmp_path / "elisa_wells.csv").unlink()
    with pytest.raises(CohortError, match="no table of the wells"):
        study.load({"cohort": str(tmp_path)}, {})
