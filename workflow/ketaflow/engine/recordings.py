"""The recordings of a group: how the rows of the cohort tables name them, and which files are theirs."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core import files
from ketaflow.core.inputs import PART_MARK, Group, row_name
from ketaflow.core.results import Check, check
from ketaflow.engine.batch_files import ExpectedMeasure, NamedRecording

Row = Mapping[str, Any]
# Check: one part of a file, such as a series of an image, under two names (``2`` and ``cortex``).
LISTED_TWICE = "series listed twice"


def groups_from(text: str) -> list[Group]:
    """Groups as a job is given them: JSON of their names, rows and files."""
    return [Group(**group) for group in json.loads(text)]


def seed(name: str) -> int:
    """A seed for drawing the group of that name: the same name, the same recording."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def main_table(assay: str) -> str:
    """Name of the table whose presence makes the assay run."""
    name: str = assays.described(assay, "tables.schema")["group_by"]["table"]
    return name


def stages_of(schema: Mapping[str, Any]) -> list[str]:
    """Stages that are given the rows of a table: ``ingest`` unless its schema says otherwise."""
    stages: list[str] = schema.get("stages", ["ingest"])
    return stages


def file_columns(assay: str, table: str) -> list[str]:
    """Columns of a table that name files."""
    columns = assays.described(assay, "tables.schema")["tables"][table]["columns"]
    return [column for column, rule in columns.items() if rule["type"] == "file"]


def names(assay: str, group: Group) -> set[str]:
    """Names of the recordings in a group."""
    return {name for name, _ in _rows_by_recording(assay, group)}


def named(assay: str, group: Group) -> tuple[NamedRecording, ...]:
    """Recordings of a group, in the order of their rows."""
    main = main_table(assay)
    columns = file_columns(assay, main)
    everything = group.rows[main]
    found: list[NamedRecording] = []
    for name, rows in _rows_by_recording(assay, group):
        paths = tuple(dict.fromkeys(row[column] for row in rows for column in columns if row.get(column)))
        animal = rows[0].get("animal") if rows else found[0].animal
        session = rows[0].get("session") if rows else None
        alone = "" if paths else files.digest(sorted(files.digest(row) for row in rows or everything))
        expected = tuple(dict.fromkeys(one for row in rows or [{}] for one in _expected(assay, row)))
        found.append(NamedRecording(name, animal, session, paths, alone, expected))
    return tuple(found)


def _expected(assay: str, row: Row) -> list[ExpectedMeasure]:
    """Measures that a row of the main table gives unless its recording fails (``always`` in ``measures.yaml``)."""
    described = assays.described(assay, "measures")
    return [
        ExpectedMeasure(name, row.get(facts.get("analyte_from", "")), row.get("region"))
        for name, facts in described.items()
        if _is_expected(facts.get("always", False), row)
    ]


def _is_expected(rule: bool | Mapping[str, str], row: Row) -> bool:
    """Whether ``always`` holds for a row: yes or no, or by a column of the row that is ``filled`` or ``empty``."""
    if isinstance(rule, bool):
        return rule
    return all(bool(row.get(column)) == (state == "filled") for state, column in rule.items())


def _rows_by_recording(assay: str, group: Group) -> list[tuple[str, list[Row]]]:
    """Names of a group's recordings with their rows of the main table; rows that serve other groups name none.

    ``whole`` in the assay's ``group_by`` makes the group itself a recording too, without rows of its own: what is
    measured in all of it together.
    """
    described = assays.described(assay, "tables.schema")
    group_by = described["group_by"]
    shared = described["tables"][group_by["table"]].get("shared_rows")
    column = group_by.get("recording", "recording")
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in group.rows[group_by["table"]]:
        if not (shared and row[shared["where"]]):
            rows[row_name(row, column, group_by.get("part"))].append(row)
    listed = list(rows.items())
    if group_by.get("whole") and group.name not in rows:
        listed.append((group.name, []))
    return listed


def repeated_parts(listed: Iterable[NamedRecording], measured: pd.DataFrame) -> list[Check]:
    """Find recordings of one file with equal values.

    Parameters
    ----------
    listed : iterable of NamedRecording
        All recordings of an assay.
    measured : data frame
        Its measurements.

    Returns
    -------
    list of Check
        A warning for each recording that has the values of another part of its file. Values that are all whole numbers
        may be equal by chance and are not compared.
    """
    by_file: dict[str, list[NamedRecording]] = defaultdict(list)
    for one in listed:
        for path in one.paths:
            if one.name.startswith(f"{path}{PART_MARK}"):
                by_file[path].append(one)
    several = [named for named in by_file.values() if len(named) > 1]
    if not several or measured.empty:
        return []
    valued = measured[measured["value"].notna()]
    content = {
        str(name): frozenset(zip(rows["measure"], rows["analyte"].fillna(""), rows["value"], strict=True))
        for name, rows in valued.groupby("recording")
        if not (rows["value"] % 1 == 0).all()
    }
    found = []
    for named in several:
        alike: dict[frozenset[tuple[str, str, float]], list[NamedRecording]] = defaultdict(list)
        for one in named:
            if one.name in content:
                alike[content[one.name]].append(one)
        found += [_listed_twice(one, same) for same in alike.values() if len(same) > 1 for one in same]
    return found


def _listed_twice(one: NamedRecording, same: list[NamedRecording]) -> Check:
    others = ", ".join(other.name for other in same if other is not one)
    message = f"Every value equals that of {others}: the same series under two names? Keep one of the rows."
    return check(LISTED_TWICE, None, recording=one.name, animal=one.animal, verdict="warn", message=message)
