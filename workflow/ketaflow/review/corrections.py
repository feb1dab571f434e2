"""Corrections of the reviewers: rows of the cohort's tables in which codes stand for names.

The review page writes a corrected shape as a row of a table of the cohort, such as ``western_blot_frames``, with the
code of the picture in place of its path, and codes in place of other names (a membrane). In: such tables and the key.
Out: the same tables with names; and the other way round, for the page.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ketaflow.core.errors import Problem
from ketaflow.review import blinding

CODE = re.compile(
    f"[{blinding.CODE_LETTERS}]{{{blinding.HALF_CODE}}}-[{blinding.CODE_LETTERS}]{{{blinding.HALF_CODE}}}"
)
# Types of columns whose values are names that the review hides.
HIDDEN_TYPES = ("name", "file")


@dataclass(frozen=True)
class Names:
    """Every name that a code may stand for in one assay.

    Attributes
    ----------
    assay : str
        The assay.
    picture_column : str
        Column of its tables that names a recording.
    pictures : dict of str to str
        Value of that column, by the name of the recording in the results.
    others : dict of str to set of str
        Values of other columns that hold names, by column.
    """

    assay: str
    picture_column: str
    pictures: Mapping[str, str]
    others: Mapping[str, set[str]]

    def by_code(self, column: str, key: str) -> dict[str, str]:
        """Return the values of a column by their codes."""
        if column == self.picture_column:
            return {blinding.code(self.assay, name, key): value for name, value in self.pictures.items()}
        return {name_code(self.assay, column, value, key): value for value in self.others.get(column, ())}


@dataclass(frozen=True)
class EditableTable:
    """A table that reviewers can correct, as the page starts from it.

    Attributes
    ----------
    table : str
        Its name.
    columns : list of str
        All of its columns, in the order of its schema.
    key : list of str
        Columns that identify a row.
    rows : list of list of str
        Rows of the cohort, with codes in place of names; empty cells are empty.
    """

    table: str
    columns: list[str]
    key: list[str]
    rows: list[list[str]]


def name_code(assay: str, column: str, value: str, key: str) -> str:
    """Return the code of a name other than a recording's, such as a membrane."""
    return blinding.code(f"{assay}.{column}", value, key)


def is_editable(schema: Mapping[str, Any]) -> bool:
    """Whether the schema of a table says that reviewers correct it."""
    return bool(schema.get("corrected_in_review"))


def resolved(
    table: pd.DataFrame, schema: Mapping[str, Any], names: Names, key: str, file: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Replace the codes of a table by the names they stand for.

    Parameters
    ----------
    table : data frame
        Columns of the schema; the index is the row number in the file.
    schema : mapping
        Schema of the table.
    names : Names
        Every name of the assay.
    key : str
        Key of the codes; empty where there is none.
    file : str
        Name of the table's file, for messages.

    Returns
    -------
    data frame
        With names. A cell that is a name already stays as it is.
    list of Problem
        A code that nothing has, and two rows for the same thing.
    """
    problems = []
    table, replaced = table.copy(), False
    for column in _hidden_columns(schema, table):
        if not table[column].dropna().astype(str).map(_is_code).any():
            continue
        by_code = names.by_code(column, key) if key else {}
        known = {*names.pictures.values()} if column == names.picture_column else names.others.get(column, set())
        for row, cell in table[column].dropna().items():
            if not _is_code(str(cell)) or cell in known:
                continue
            if cell in by_code:
                table.loc[row, column], replaced = by_code[cell], True
            else:
                problems.append(_unknown_code(file, int(str(row)), column, str(cell)))
    return table, problems + (_repeated(table, schema, file) if replaced else [])


def coded(table: pd.DataFrame, schema: Mapping[str, Any], names: Names, key: str) -> list[list[str]]:
    """Return the rows of a table as text with codes in place of names, in the order of the schema's columns.

    Parameters
    ----------
    table : data frame
        Columns of the schema, with names.
    schema : mapping
        Schema of the table.
    names : Names
        Every name of the assay.
    key : str
        Key of the codes.

    Returns
    -------
    list of list of str
        One list per row, one text per column of the schema; a missing value is empty.
    """
    columns: list[Callable[[Any], str]] = []
    for column in schema["columns"]:
        codes = (
            {value: code for code, value in names.by_code(column, key).items()}
            if column in _hidden_columns(schema, table)
            else {}
        )
        columns.append(lambda cell, codes=codes: codes.get(cell, _text(cell)))  # type: ignore[misc]
    known = table.reindex(columns=list(schema["columns"])).astype(object)
    return [[write(cell) for write, cell in zip(columns, row, strict=True)] for row in known.itertuples(index=False)]


def _is_code(cell: str) -> bool:
    return CODE.fullmatch(cell) is not None


def _text(cell: Any) -> str:
    if cell is None or cell is pd.NaT or cell != cell:
        return ""
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _hidden_columns(schema: Mapping[str, Any], table: pd.DataFrame) -> list[str]:
    return [name for name, rule in schema["columns"].items() if rule["type"] in HIDDEN_TYPES and name in table]


def _unknown_code(file: str, row: int, column: str, code: str) -> Problem:
    remedy = (
        "Use a file saved from the review page of this cohort, made with the same key (blinding_key_file), or write "
        "the name itself; if it was removed from the cohort, delete the row"
    )
    return Problem(file, row, column, f"nothing in the cohort has the code '{code}'", remedy)


def _repeated(table: pd.DataFrame, schema: Mapping[str, Any], file: str) -> list[Problem]:
    """Rows that are the same once their codes are names."""
    columns: Iterable[str] = [name for name in schema.get("key", []) if name in table]
    first: dict[tuple[Any, ...], int] = {}
    problems = []
    for row, cells in zip(table.index, table[columns].astype(object).itertuples(index=False), strict=True):
        earlier = first.setdefault(tuple(map(_text, cells)), int(row))
        if earlier != row:
            what = f"row {earlier} gives the same"
            problems.append(Problem(file, int(row), next(iter(columns), ""), what, "Keep one of the rows"))
    return problems
