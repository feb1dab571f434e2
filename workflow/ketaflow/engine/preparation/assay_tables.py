"""Tables of all assays: their schemas, how jobs read them again, and tables that assays make of others."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core import cohort, tables
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import RawTable
from ketaflow.engine import recordings
from ketaflow.engine.preparation import corrected_tables


def table_schemas() -> dict[str, dict[str, Any]]:
    """Schemas of all assays' tables, by table name."""
    return {
        name: schema
        for assay in assays.names()
        for name, schema in assays.described(assay, "tables.schema")["tables"].items()
    }


def reshaped(table: str, path: Path) -> tuple[RawTable, list[Problem]] | None:
    """Read a table as its assay reads it from another program's file.

    Parameters
    ----------
    table : str
        Name of the table.
    path : Path
        Its file.

    Returns
    -------
    (RawTable, list of Problem) or None
        The table as text and its faults; None where the assay takes it for an ordinary table.
    """
    for assay in assays.names():
        if table in assays.described(assay, "tables.schema")["tables"] and assays.has(assay, "tables"):
            known = getattr(assays.stage(assay, "tables"), "reshape", None)
            return known(table, path) if known else None
    return None


def read_tables(assay: str, folder: Path, names: Mapping[str, str], key: str = "") -> dict[str, pd.DataFrame]:
    """Read an assay's tables again inside a job, as the rows of its groups were read before any job.

    Parameters
    ----------
    assay : str
        The assay.
    folder : Path
        The cohort folder.
    names : mapping of str to str
        File of each table, relative to the folder.
    key : str
        Key of the codes that corrections of reviewers hold in place of names.

    Returns
    -------
    dict of str to data frame
        By table name; missing cells are missing values.
    """
    schemas = assays.described(assay, "tables.schema")["tables"]
    read = {name: cohort.read_one(name, folder / file, schemas[name], reshaped) for name, file in names.items()}
    for animals in tables.find(folder, "animals"):
        cohort.with_zeros(animals, read, schemas)
    found, _ = corrected_tables.with_names(Cohort(folder, read, dict(names)), key)
    read = found.tables
    if assays.has(assay, "tables"):
        complete = getattr(assays.stage(assay, "tables"), "complete", None)
        read |= complete(found) if complete else {}
    return {name: pd.DataFrame(cohort.rows_of(table)) for name, table in read.items()}


def completed(found: Cohort) -> Cohort:
    """Add the tables that assays make of others, such as scores of the exports that a table lists.

    Parameters
    ----------
    found : Cohort
        Checked tables.

    Returns
    -------
    Cohort
        With the tables that were made.
    """
    made: dict[str, pd.DataFrame] = {}
    for assay in assays.names():
        if recordings.main_table(assay) in found.tables and assays.has(assay, "tables"):
            complete = getattr(assays.stage(assay, "tables"), "complete", None)
            made |= complete(found) if complete else {}
    return replace(found, tables={**found.tables, **made})
