"""Find faults of the blot tables that no single cell shows.

In: the cohort. Out: problems, each with its place and a remedy.
"""

from typing import Any

import pandas as pd

from ketaflow.core.cohort import Cohort, rows_of
from ketaflow.core.errors import Problem

IMAGES, LANES, BOXES = "western_blot_images", "western_blot_lanes", "western_blot_boxes"


def problems(cohort: Cohort) -> list[Problem]:
    """Find the faults across the tables of the assay.

    Parameters
    ----------
    cohort : Cohort
        Tables and file names.

    Returns
    -------
    list of Problem
    """
    if LANES not in cohort.tables:
        remedy = "Add western_blot_lanes.csv: membrane, lane, sample, animal"
        return [Problem(cohort.files[IMAGES], 0, "", "no lane map goes with the pictures", remedy)]
    found = []
    for check in (_membranes, _animals, _totals, _ladders, _boxes):
        found += check(cohort)
    return found


def _numbered_rows(table: pd.DataFrame) -> list[tuple[int, dict[str, Any]]]:
    return [(int(number), row) for number, row in zip(table.index, rows_of(table), strict=True)]


def _membranes(cohort: Cohort) -> list[Problem]:
    """Every membrane that has a picture needs lanes."""
    mapped = set(cohort.tables[LANES]["membrane"].dropna())
    reported, made = set(), []
    for number, row in _numbered_rows(cohort.tables[IMAGES]):
        name = row["membrane"]
        if name is not None and name not in mapped and name not in reported:
            reported.add(name)
            remedy = f"Add its lanes to {cohort.files[LANES]}, or correct the name"
            made.append(Problem(cohort.files[IMAGES], number, "membrane", f"membrane '{name}' has no lane map", remedy))
    return made


def _animals(cohort: Cohort) -> list[Problem]:
    made, file = [], cohort.files[LANES]
    for number, row in _numbered_rows(cohort.tables[LANES]):
        if row["sample"] == "animal" and row["animal"] is None:
            made.append(Problem(file, number, "animal", "the cell is empty", "Enter whose sample the lane holds"))
        if row["sample"] not in ("animal", None) and row["animal"] is not None:
            found = f"'{row['animal']}' stands in a lane of sample '{row['sample']}'"
            made.append(Problem(file, number, "animal", found, "Empty animal, or enter animal as sample"))
        if row["sample"] == "dilution" and row["load_ug"] is None:
            made.append(Problem(file, number, "load_ug", "the cell is empty", "Enter the micrograms loaded"))
    return made


def _totals(cohort: Cohort) -> list[Problem]:
    """A phosphorylated protein's total must be among the targets."""
    table = cohort.tables[IMAGES]
    known, made = set(table["target"].dropna()), []
    shown = set(zip(table["membrane"], table["target"], strict=True))
    for number, row in _numbered_rows(table):
        total = row["total_target"]
        if total is not None and total not in known:
            found = f"'{total}' is no target of any picture"
            made.append(Problem(cohort.files[IMAGES], number, "total_target", found, "Correct the name"))
        other = row["total_membrane"]
        if other is not None and (other, total) not in shown:
            found = f"no picture of membrane '{other}' shows '{total}'"
            remedy = "Name the membrane and the total_target as in their own row"
            made.append(Problem(cohort.files[IMAGES], number, "total_membrane", found, remedy))
    return made


def _ladders(cohort: Cohort) -> list[Problem]:
    made = []
    for number, row in _numbered_rows(cohort.tables[LANES]):
        parts = str(row["ladder_kda"] or "").replace(";", " ").replace("/", " ").split()
        try:
            wrong = any(float(part) <= 0 for part in parts)
        except ValueError:
            wrong = True
        if wrong:
            remedy = "Write masses with spaces between them: 250 150 100 75"
            made.append(Problem(cohort.files[LANES], number, "ladder_kda", f"found '{row['ladder_kda']}'", remedy))
    return made


def _boxes(cohort: Cohort) -> list[Problem]:
    """Boxes must belong to a picture and target of the table."""
    if BOXES not in cohort.tables:
        return []
    images = cohort.tables[IMAGES]
    known = set(zip(images["image"], images["target"], strict=True))
    made = []
    for number, row in _numbered_rows(cohort.tables[BOXES]):
        if (row["image"], row["target"]) not in known:
            found = f"no picture '{row['image']}' shows '{row['target']}'"
            made.append(
                Problem(cohort.files[BOXES], number, "target", found, f"Correct it as in {cohort.files[IMAGES]}")
            )
    return made
