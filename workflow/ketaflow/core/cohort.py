"""The cohort folder: its tables read and checked as a whole.

In: a folder laid out as described in docs/cohort.md. Out: typed tables, or all problems at once.
Nothing here writes into the folder. The blinding key (allocation) is read to be checked and is
handed on to the statistics alone.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ketaflow.core import limits, tables
from ketaflow.core.errors import Problem
from ketaflow.core.tables import RawTable
from ketaflow.core.tables.checking import numeric_own_columns
from ketaflow.core.tables.references import referenced_column, restored_zeros

# How an assay reads a table's name and file that another program wrote; None for an ordinary table.
Reshape = Callable[[str, Path], tuple[RawTable, list[Problem]] | None]
# Tables whose own columns the plan may use.
WITH_OWN_NUMBERS = ("animals", "arms", "measurements")
LIKE_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
COMMON = yaml.safe_load(Path(__file__).with_name("cohort.schema.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Cohort:
    """A cohort folder and its tables.

    Attributes
    ----------
    folder : Path
        The cohort folder.
    tables : dict of str to data frame
        By name; a table that is not there is missing.
    files : dict of str to str
        File of each table.
    notes : tuple of str
        What was read although it was not written as documented, and what is not used.
    """

    folder: Path
    tables: dict[str, pd.DataFrame]
    files: dict[str, str]
    notes: tuple[str, ...] = ()


def read(
    folder: Path, schemas: dict[str, dict[str, Any]], reshape: Reshape = lambda name, path: None
) -> tuple[Cohort, list[Problem]]:
    """Read every table that the schemas name, and check it.

    Parameters
    ----------
    folder : Path
        The cohort folder.
    schemas : dict of str to dict
        Schemas of the assays' tables, by table name; those of the common tables (animals, arms, ...) are added.
    reshape : callable
        Called with name and file of a table before it is read as an ordinary one: an assay may know another program's
        file that was saved under a table's name. None is for an ordinary table.

    Returns
    -------
    cohort : Cohort
        The tables found; columns that the schema names and the file lacks are empty.
    problems : list of Problem
        Every fault of the folder, the tables, and the references between them; a table with faults is among the tables,
        a file that is no table is not.
    """
    if not folder.is_dir():
        remedy = "Name an existing folder, as in: snakemake --config cohort=PATH"
        return Cohort(folder, {}, {}), [Problem(str(folder), 0, "", "there is no such cohort folder", remedy)]
    found: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    unused: dict[str, list[str]] = {}
    everything = {**COMMON, **schemas}
    for name, schema in everything.items():
        paths = tables.find(folder, name)
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            problems.append(Problem(paths[0].name, 0, "", f"{names} both exist", "Keep one of them"))
        if not paths:
            if schema.get("required"):
                remedy = f"Add {name}.csv (or .tsv, .xlsx): {schema['title'].lower()}"
                problems.append(Problem(f"{name}.csv", 0, "", "this table is missing", remedy))
            continue
        files[name] = paths[0].name
        try:
            raw, faults = reshape(name, paths[0]) or (tables.read_raw(paths[0]), [])
        except (ValueError, OSError) as error:
            found_, _, remedy = str(error).partition(". ")
            if isinstance(error, tables.RepeatedHeadingError) and "log" in schema["columns"]:
                remedy += (
                    f". Or save it under another name, and name that file in the column log of a table {name} "
                    f"({schema['title'].lower()}): sheets of many forms are read there"
                )
            problems.append(Problem(paths[0].name, 0, "", found_, remedy or "Mend the file, or save it again"))
            continue
        made = tables.typed_with_notes(raw, schema)
        problems += faults + made.problems
        notes += made.notes
        unused[name] = made.unused
        found[name] = numeric_own_columns(made.frame, made.unused) if name in WITH_OWN_NUMBERS else made.frame
    notes += restored_zeros(found, files, everything)
    notes += _unused_columns(files, unused, everything)
    cohort = Cohort(folder, found, files, tuple(notes))
    return cohort, problems + _cross_problems(cohort, everything) + _study_problems(cohort)


def _unused_columns(
    files: dict[str, str], unused: dict[str, list[str]], schemas: dict[str, dict[str, Any]]
) -> list[str]:
    """Own columns of the assays' tables, which nothing uses; those of animals and arms are for the plan."""
    notes = []
    for name, own in unused.items():
        if name in WITH_OWN_NUMBERS or not own:
            continue
        listed = []
        for column in own:
            meant = tables.nearest(column, schemas[name]["columns"], 0.8)
            listed.append(f"{column} (did you mean {meant}?)" if meant else column)
        notes.append(f"{files[name]}: not used: {', '.join(listed)}")
    return notes


def unused_by_plan(cohort: Cohort, used: set[str]) -> list[str]:
    """Notes on columns of animals and arms that are neither known nor named by the plan.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    used : set of str
        Columns that the plan names.

    Returns
    -------
    list of str
        One note per table.
    """
    notes = []
    for name in ("animals", "arms"):
        if name not in cohort.tables:
            continue
        known = COMMON[name]["columns"]
        own = [str(column) for column in cohort.tables[name] if column not in known and column not in used]
        if own:
            guesses = {column: tables.nearest(column, known, 0.8) for column in own}
            listed = [f"{column} (did you mean {guesses[column]}?)" if guesses[column] else column for column in own]
            notes.append(f"{cohort.files[name]}: not used by the plan: {', '.join(listed)}")
    return notes


def stray_files(cohort: Cohort, schemas: dict[str, dict[str, Any]]) -> list[str]:
    """Notes on files of the cohort folder that look like tables and are not used.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    schemas : dict of str to dict
        Schemas of the assays' tables, by name.

    Returns
    -------
    list of str
        One note per file, with the nearest name of a table.
    """
    everything = {**COMMON, **schemas}
    used = {*cohort.files.values()}
    for name, column in columns_of_type(everything, "file"):
        used |= {path for _, path in _cells(cohort, name, column)}
    notes = []
    for path in sorted(cohort.folder.iterdir()):
        ending = path.suffix.lower()
        if ending not in LIKE_TABLES or path.name in used or path.name.startswith(("~$", ".")) or path.is_dir():
            continue
        meant = tables.nearest(path.stem, [name for name in everything if name not in cohort.files])
        hint = f"; is it the table {meant}? Then name it {meant}.xlsx or {meant}.csv" if meant else ""
        notes.append(f"{path.name}: not used{hint}")
    return notes


def read_one(name: str, path: Path, schema: dict[str, Any], reshape: Reshape) -> pd.DataFrame:
    """Read one table of an assay again inside a job; it was checked before any job ran.

    Parameters
    ----------
    name : str
        Name of the table.
    path : Path
        Its file.
    schema : dict
        Schema of the table.
    reshape : callable
        As for ``read``.

    Returns
    -------
    data frame
        Index: row number in the file. Columns: the schema's, then the lab's own. Cells that are empty, or do not fit
        the schema, are missing values.

    Raises
    ------
    ValueError
        If the file is no longer a table.
    """
    with limits.applied(limits.NONE):
        raw, _ = reshape(name, path) or (tables.read_raw(path), [])
    return tables.typed(raw, schema)[0]


def read_common(paths: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Read common tables again inside a job, names matched between them as before any job.

    Parameters
    ----------
    paths : mapping of str to Path
        File of each table; with ``animals`` and ``arms`` where other tables refer to them.

    Returns
    -------
    dict of str to data frame
        By table name.
    """
    found = {}
    for name, path in paths.items():
        with limits.applied(limits.NONE):
            made = tables.typed_with_notes(tables.read_raw(path), COMMON[name])
        found[name] = numeric_own_columns(made.frame, made.unused) if name in WITH_OWN_NUMBERS else made.frame
    restored_zeros(found, {name: path.name for name, path in paths.items()}, COMMON)
    return found


def with_zeros(animals: Path, found: dict[str, pd.DataFrame], schemas: dict[str, dict[str, Any]]) -> None:
    """Match the names of animals in an assay's tables with those of the table ``animals``, in place.

    A spreadsheet makes 7 of an animal named 007. Where only one animal is named so but for leading zeros, its name is
    restored.

    Parameters
    ----------
    animals : Path
        File of the table ``animals``.
    found : dict of str to data frame
        The assay's tables, by name; their columns that refer to animals change.
    schemas : dict of str to dict
        Their schemas, which say which columns refer to animals.
    """
    everything = {"animals": read_common({"animals": animals})["animals"], **found}
    restored_zeros(everything, dict.fromkeys(everything, ""), {**COMMON, **schemas})


def read_table(path: str | Path) -> pd.DataFrame:
    """Read one of the common tables again inside a job that was given its file; it was checked before any job ran.

    Parameters
    ----------
    path : str or Path
        A file that is named as its table: ``animals.csv``, ``arms.xlsx``, ...

    Returns
    -------
    data frame
        Index: row number in the file. Columns: the schema's, then the lab's own; empty cells are missing values.
    """
    name = Path(path).stem.lower()
    return read_common({name: Path(path)})[name]


def missing_files(cohort: Cohort, schemas: dict[str, dict[str, Any]]) -> list[Problem]:
    """Problems of recordings that a table names and the folder does not contain."""
    problems = []
    own = os.path.realpath(cohort.folder)
    # Folders are followed once each: a study may name tens of thousands of files.
    is_inside = cache(lambda place: Path(os.path.realpath(place)).is_relative_to(own))
    for name, column in columns_of_type(schemas, "file"):
        for row, path in _cells(cohort, name, column):
            full = os.path.join(own, path)
            real = full if not os.path.islink(full) else os.path.realpath(full)
            if not os.path.exists(full):
                remedy = "Correct the path (it is relative to the cohort folder), or put the file there"
                problems.append(Problem(cohort.files[name], row, column, f"'{path}' does not exist", remedy))
            elif not is_inside(os.path.dirname(real)):
                remedy = "Copy the file into the cohort folder instead of linking it"
                problems.append(
                    Problem(cohort.files[name], row, column, f"'{path}' leads out of the cohort folder", remedy)
                )
    return problems


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries that JSON can store.

    Parameters
    ----------
    frame : data frame
        Any table; column names are text.

    Returns
    -------
    list of dict
        One per row: value by column, None where it is missing.
    """
    names = list(frame.columns)
    columns = [_cells_or_none(frame[name]) for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _cells_or_none(column: pd.Series) -> list[Any]:
    cells, missing = column.tolist(), column.isna()
    return [None if gone else cell for cell, gone in zip(cells, missing, strict=True)] if missing.any() else cells


def columns_of_type(schemas: dict[str, dict[str, Any]], kind: str) -> list[tuple[str, str]]:
    """Tables and columns of one type, such as ``file``."""
    return [
        (name, column)
        for name, schema in schemas.items()
        for column, rule in schema["columns"].items()
        if rule["type"] == kind
    ]


def _cells(cohort: Cohort, name: str, column: str) -> list[tuple[int, str]]:
    """Row number and value of every filled cell of one column."""
    frame = cohort.tables.get(name)
    if frame is None or column not in frame:
        return []
    filled = frame[column].dropna()
    return list(zip(filled.index.astype(int).tolist(), filled.tolist(), strict=True))


def _cross_problems(cohort: Cohort, schemas: dict[str, dict[str, Any]]) -> list[Problem]:
    """Problems of names that are missing from the table they refer to."""
    problems = []
    for name, schema in schemas.items():
        for column, rule in schema["columns"].items():
            target = rule.get("references")
            if not target or target not in cohort.tables:
                continue
            key = referenced_column(rule, column)
            known = set(cohort.tables[target][key].dropna())
            if not known and len(cohort.tables[target]):
                continue  # the fault of that column is reported already
            hint = cache(partial(_hint, known=known))
            for row, value in _cells(cohort, name, column):
                if value not in known:
                    remedy = f"{hint(str(value))}Correct the name, or add a row for it to {cohort.files[target]}"
                    found = f"'{value}' is not in {cohort.files[target]}"
                    problems.append(Problem(cohort.files[name], row, column, found, remedy))
    return problems


def _hint(value: str, known: set[str]) -> str:
    """Which name was probably meant; a spreadsheet turns 007 into 7."""
    unpadded = sorted(name for name in known if value.isdigit() and name.lstrip("0") == value)
    if unpadded:
        return f"Did you mean '{unpadded[0]}'? A spreadsheet drops leading zeros unless the column is text. "
    meant = tables.nearest(value, sorted(known))
    return f"Did you mean '{meant}'? " if meant else ""


def _study_problems(cohort: Cohort) -> list[Problem]:
    arms, animals, allocation = (cohort.tables.get(name) for name in ("arms", "animals", "allocation"))
    problems = [
        Problem(cohort.files[name], 0, "", "the table holds no rows", f"Fill it in: {COMMON[name]['title'].lower()}")
        for name, table in (("arms", arms), ("animals", animals), ("allocation", allocation))
        if table is not None and table.empty
    ]
    if arms is not None and not arms.empty:
        controls = list(arms.loc[arms["control"].eq(True), "arm"])
        if len(controls) != 1:
            found = "no arm is the control" if not controls else f"{len(controls)} arms are the control"
            remedy = "Enter yes for exactly one arm, no for the others"
            problems.append(Problem(cohort.files["arms"], 0, "control", found, remedy))
    if animals is not None and allocation is not None and not allocation.empty:
        allocated = set(allocation["animal"].dropna())
        for row, animal in _cells(cohort, "animals", "animal"):
            if not {animal, animal.lstrip("0")} & allocated:  # a name that lost its zeros is reported once
                remedy = "Add a row with its arm (or take the animal out of the study's tables)"
                found = f"'{animal}' has no row in {cohort.files['allocation']}"
                problems.append(Problem(cohort.files["animals"], row, "animal", found, remedy))
    return problems
