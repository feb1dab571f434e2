"""Tables that reviewers correct on the review page: their codes become names, and the other way round.

In: the tables of a cohort and the key of the codes. Out: the same tables with names, or rows with codes for the page.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core.cohort import Cohort, rows_of
from ketaflow.core.errors import Problem
from ketaflow.core.inputs import first_filled
from ketaflow.engine import recordings
from ketaflow.review import corrections
from ketaflow.review.corrections import EditableTable, Names


def with_names(found: Cohort, key: str) -> tuple[Cohort, list[Problem]]:
    """Replace the codes in reviewers' corrections by the names they stand for.

    Parameters
    ----------
    found : Cohort
        The cohort as read.
    key : str
        Key of the codes; empty where there is none yet.

    Returns
    -------
    Cohort
        The cohort with names.
    list of Problem
        Codes that nothing in the cohort has.
    """
    made, problems = dict(found.tables), list[Problem]()
    for assay in assays.names():
        if recordings.main_table(assay) not in made:
            continue
        for name, schema, names in _editable(assay, made):
            if name in made:
                made[name], faults = corrections.resolved(made[name], schema, names, key, found.files[name])
                problems += faults
    return replace(found, tables=made), problems


def editable(found: Cohort, run: Sequence[str], key: str) -> list[EditableTable]:
    """Return the tables that reviewers can correct, with codes in place of names.

    Parameters
    ----------
    found : Cohort
        The cohort with names.
    run : sequence of str
        Assays that are run.
    key : str
        Key of the codes.

    Returns
    -------
    list of EditableTable
        Also those that the cohort does not have yet; these have no rows.
    """
    made = []
    for assay in run:
        for name, schema, names in _editable(assay, found.tables):
            table = found.tables.get(name, pd.DataFrame(columns=list(schema["columns"])))
            rows = corrections.coded(table, schema, names, key)
            made.append(EditableTable(name, list(schema["columns"]), schema["key"], rows))
    return made


def _editable(assay: str, found: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, dict[str, Any], Names]]:
    """Name and schema of each table of an assay that reviewers correct, and the names that its codes stand for."""
    described = assays.described(assay, "tables.schema")
    main, known = recordings.main_table(assay), None
    for name, schema in described["tables"].items():
        if corrections.is_editable(schema):
            if known is None:
                rows = rows_of(found[main])
                recording, picture = described["group_by"].get("recording", "recording"), schema["link"]
                columns = described["tables"][main]["columns"]
                hidden = [column for column, rule in columns.items() if rule["type"] == "name"]
                known = Names(
                    assay,
                    picture,
                    {str(first_filled(row, recording)): str(row[picture]) for row in rows if row.get(picture)},
                    {column: {str(row[column]) for row in rows if row.get(column)} for column in hidden},
                )
            yield name, schema, known
