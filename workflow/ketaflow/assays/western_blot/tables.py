"""Find faults of the blot tables that no single cell shows.

In: the cohort. Out: problems, each with its place and a remedy.
"""

from itertools import pairwise
from typing import Any

import pandas as pd

from ketaflow.assays.western_blot.ladder_products import masses_of
from ketaflow.assays.western_blot.model.table_rows import borders_from
from ketaflow.core.cohort import Cohort, rows_of
from ketaflow.core.errors import Problem

IMAGES, LANES = "western_blot_images", "western_blot_lanes"
BOXES, ROWS, FRAMES = "western_blot_boxes", "western_blot_rows", "western_blot_frames"
# Columns of rows and frames of which the second is the larger one.
LIMITS = (("top_px", "bottom_px"), ("left_px", "right_px"))


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
    for check in (_membranes, _animals, _totals, _ladders, _drawn, _borders):
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
            found = f"'{row['animal']}' in a lane of sample '{row['sample']}'"
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
        try:
            masses_of(row["ladder_kda"])
        except ValueError:
            remedy = (
                "Write masses with spaces between them, 250 150 100 75, or a product of resources/reference/ladders.csv"
            )
            made.append(Problem(cohort.files[LANES], number, "ladder_kda", f"found '{row['ladder_kda']}'", remedy))
    return made


def _drawn(cohort: Cohort) -> list[Problem]:
    """Boxes, rows and frames must belong to a picture (and target) of the table, and not be turned over."""
    images = cohort.tables[IMAGES]
    known, pictures = set(zip(images["image"], images["target"], strict=True)), set(images["image"])
    made = []
    for table in (BOXES, ROWS, FRAMES):
        for number, row in _numbered_rows(cohort.tables[table]) if table in cohort.tables else ():
            file = cohort.files[table]
            if table != FRAMES and (row["image"], row["target"]) not in known:
                found = f"no picture '{row['image']}' shows '{row['target']}'"
                made.append(Problem(file, number, "target", found, f"Correct it as in {cohort.files[IMAGES]}"))
            if table == FRAMES and row["image"] not in pictures:
                found = f"no picture '{row['image']}'"
                made.append(Problem(file, number, "image", found, f"Correct it as in {cohort.files[IMAGES]}"))
            for low, high in LIMITS if table != BOXES else ():
                first, last = row.get(low), row.get(high)
                if first is not None and last is not None and not last > first:
                    found = f"{high} {last:g} is not larger than {low} {first:g}"
                    made.append(Problem(file, number, high, found, f"Exchange {low} and {high}"))
    return made


def _borders(cohort: Cohort) -> list[Problem]:
    """Borders of lanes are ascending numbers, one more than the membrane has lanes."""
    table, made = cohort.tables.get(FRAMES), []
    lanes = cohort.tables[LANES].groupby("membrane")["lane"].max()
    images = cohort.tables[IMAGES].groupby("image")["membrane"].first()
    for number, row in _numbered_rows(table) if table is not None else ():
        try:
            borders = borders_from(row["borders_px"])
        except ValueError:
            borders = (0.0, 0.0)
        if not borders:
            continue
        membrane = row["membrane"] or images.get(row["image"])
        count = int(lanes.get(membrane, 0))
        found = f"found '{row['borders_px']}'"
        if len(borders) != count + 1 or any(low >= high for low, high in pairwise(borders)):
            remedy = f"Enter {count + 1} ascending numbers with spaces between them, the borders of {count} lanes"
            made.append(Problem(cohort.files[FRAMES], number, "borders_px", found, remedy))
    return made
