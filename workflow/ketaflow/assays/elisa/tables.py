"""Problems of the tables that no single cell shows, such as a sample without an animal or a plate without standards."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ketaflow.assays.elisa.model import PlateRow, WellRow
from ketaflow.assays.elisa.readers.cells import well_name
from ketaflow.core.cohort import Cohort, rows_of
from ketaflow.core.errors import Problem
from ketaflow.core.inputs import Rows

PLATES, WELLS = "elisa_plates", "elisa_wells"


class _Numbered(NamedTuple):
    """A row of the table of wells with its number in the file. Cells that should be filled may still be None."""

    number: int
    row: WellRow


class _Fault(NamedTuple):
    """What is wrong in a cell, and what to do."""

    row: int
    column: str
    found: str
    remedy: str


def problems(cohort: Cohort) -> list[Problem]:
    """Every problem across the cells and rows of the tables of plates and wells.

    Parameters
    ----------
    cohort : Cohort
        The cohort with its tables; the single cells have been checked.

    Returns
    -------
    list of Problem
        In the order of the rows, then those that concern whole plates.
    """
    plates = cohort.tables[PLATES]
    if WELLS not in cohort.tables:
        remedy = "Add the table elisa_wells: one row per well with its sample and analyte"
        return [Problem(cohort.files[PLATES], 0, "", "there is no table of the wells", remedy)]
    table, file = cohort.tables[WELLS], cohort.files[WELLS]
    rows = Rows({WELLS: rows_of(table)}).of(WELLS, WellRow)
    numbered = [_Numbered(int(number), row) for number, row in zip(table.index, rows, strict=True)]
    faults = [fault for one in numbered for fault in _cell_faults(one)]
    faults += [*_repeated(numbered), *_proteins(numbered), *_standards(numbered)]
    listed = {one.row.plate for one in numbered}
    without = [
        Problem(
            cohort.files[PLATES], int(number), "plate", f"plate '{row.plate}' has no row in {file}", "Add its wells"
        )
        for number, row in zip(plates.index, Rows({PLATES: rows_of(plates)}).of(PLATES, PlateRow), strict=True)
        if row.plate and row.plate not in listed
    ]
    return [*(Problem(file, *fault) for fault in faults), *without]


def _cell_faults(one: _Numbered) -> Iterator[_Fault]:
    row = one.row
    if row.well and not well_name(row.well):
        yield _Fault(one.number, "well", f"found '{row.well}'", "Write row and column: A1 ... H12")
    if row.sample == "animal" and not row.animal:
        yield _Fault(one.number, "animal", "the cell is empty", "Enter the animal, or another kind of sample")
    if row.sample in ("standard", "blank") and row.animal:
        remedy = "Empty animal, or enter animal in the column sample"
        yield _Fault(one.number, "animal", f"a {row.sample} with an animal ('{row.animal}')", remedy)
    if row.sample == "standard" and row.concentration_pg_per_ml is None:
        remedy = "Enter the concentration in the well (pg/ml)"
        yield _Fault(one.number, "concentration_pg_per_ml", "a standard without a concentration", remedy)


def _repeated(rows: Sequence[_Numbered]) -> Iterator[_Fault]:
    """Wells listed twice in different spellings (A1 and A01)."""
    seen: dict[tuple[str, str], _Numbered] = {}
    for one in rows:
        key = (one.row.plate, well_name(one.row.well or ""))
        if not key[1]:
            continue
        before = seen.setdefault(key, one)
        if before is not one and before.row.well != one.row.well:
            found = f"well {key[1]} of plate '{key[0]}' is also in row {before.number} (as '{before.row.well}')"
            yield _Fault(one.number, "well", found, "Keep one of the two rows")


def _proteins(rows: Sequence[_Numbered]) -> Iterator[_Fault]:
    """Samples with two different protein concentrations."""
    seen: dict[tuple[object, ...], _Numbered] = {}
    for one in rows:
        row = one.row
        if row.sample != "animal" or row.protein_mg_per_ml is None:
            continue
        before = seen.setdefault((row.plate, row.animal, row.analyte, row.matrix, row.session, row.time_min), one)
        if before.row.protein_mg_per_ml != row.protein_mg_per_ml:
            found = (
                f"{row.protein_mg_per_ml:g}, but {before.row.protein_mg_per_ml:g} in row {before.number} (same sample)"
            )
            remedy = "Enter the protein of the undiluted extract, the same for all wells of a sample"
            yield _Fault(one.number, "protein_mg_per_ml", found, remedy)


def _standards(rows: Sequence[_Numbered]) -> Iterator[_Fault]:
    """Analytes measured on a plate without standards of it."""
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
    first: dict[tuple[str, str], int] = {}
    for one in rows:
        if one.row.plate and one.row.analyte:
            key = (one.row.plate, one.row.analyte)
            kinds[key].add(one.row.sample or "")
            first.setdefault(key, one.number)
    for (plate, analyte), found in kinds.items():
        if "standard" not in found and found & {"animal", "control"}:
            remedy = f"Add the standards of {analyte} on this plate, with the same spelling of the analyte"
            yield _Fault(first[(plate, analyte)], "analyte", f"plate '{plate}' has no standard of '{analyte}'", remedy)
