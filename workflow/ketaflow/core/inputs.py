"""What a stage is given: rows of the cohort tables and settings, as dataclasses of the assay."""

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd

Row = TypeVar("Row")
Kind = TypeVar("Kind")
# How the annotation of a field reads that holds whole numbers.
WHOLE = ("int", "<class 'int'>", "int | None")
# One cell of a cohort table.
Cell = str | float | bool | None


@dataclass
class Group:
    """Recordings that are read together because they share a file, a membrane or an animal.

    Attributes
    ----------
    name : str
        Name of the group; batches follow from it.
    rows : dict of str to list of dict
        The group's rows of each table as plain values (missing: None), so that a job can be given them as text and a
        changed row reruns that job alone.
    files : list of str
        Paths of its files, relative to the cohort folder.
    """

    name: str
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rows:
    """A group's rows of the cohort tables, as a stage is given them."""

    by_table: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, table: str, kind: type[Row]) -> list[Row]:
        """Rows of one table as dataclasses.

        Parameters
        ----------
        table : str
            Name of the table.
        kind : type
            A dataclass whose fields are columns of the table; further columns are left out.

        Returns
        -------
        list of kind
            Empty where the group has no row in that table. Empty cells are None; whole numbers are int where the
            field says so.
        """
        fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # any dataclass
        names = [one.name for one in fields]
        whole = [name for name, one in zip(names, fields, strict=True) if str(one.type) in WHOLE]
        built = []
        for row in self.by_table.get(table, ()):
            cells = {name: row.get(name) for name in names}
            for name in whole:
                if (cell := cells[name]) is not None:
                    cells[name] = int(cell)
            built.append(kind(**cells))
        return built


# What joins a file and the part of it that a row names.
PART_MARK = "#"


def recording_name(file: str, part: str | None) -> str:
    """Name of a recording that is a part of a file: ``image#series``; that of the file where no part is named.

    Parameters
    ----------
    file : str
        Path of the file as the table gives it.
    part : str or None
        Name or number of the part.

    Returns
    -------
    str
    """
    return f"{file}{PART_MARK}{part}" if part else file


def row_name(row: Mapping[str, Any], columns: str | list[str], part: str | None = None) -> str:
    """Name of a row: its first filled column, with its part of the file where it names one.

    Parameters
    ----------
    row : mapping of str to cell
        A row of the main table of an assay.
    columns : str or list of str
        Columns that name it; the first filled one counts.
    part : str or None
        The column that names the part of the file; None where the assay has none.

    Returns
    -------
    str
    """
    return recording_name(str(first_filled(row, columns)), row.get(part) if part else None)


def recording_names(table: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """Recording of each row of a table that names an image, and its series where the image has several.

    Parameters
    ----------
    table : data frame
        Columns ``image`` and, if any row names one, ``series``.
    known : data frame
        Columns ``image`` and ``recording`` of the recordings.

    Returns
    -------
    Series of str
        A row without a series belongs to the only recording of its image, if there is just one.
    """
    by_image = known.drop_duplicates(["image", "recording"]).groupby("image")["recording"]
    alone = by_image.first()[by_image.size().eq(1)]
    parts = table["series"] if "series" in table else pd.Series(index=table.index, dtype=object)
    names = [
        recording_name(image, part) if isinstance(part, str) else str(alone.get(image, image))
        for image, part in zip(table["image"], parts, strict=True)
    ]
    return pd.Series(names, index=table.index, dtype=object)


def first_filled(row: Mapping[str, Any], columns: str | list[str]) -> Any:
    """Value of the first of the columns that is not empty in this row; None if all are empty."""
    listed = [columns] if isinstance(columns, str) else columns
    return next((row[column] for column in listed if row.get(column) is not None), None)


def build(kind: type[Kind], block: Mapping[str, Any]) -> Kind:
    """Build a settings object from a block of the settings.

    Parameters
    ----------
    kind : type
        A frozen dataclass whose fields are keys of the block; a field that is a dataclass itself takes a nested block.
    block : mapping
        Settings with all defaults filled in. Keys that are no field are left out.

    Returns
    -------
    kind
        Lists become tuples, so that a stage cannot change its settings.

    Raises
    ------
    KeyError
        If the block lacks a field.
    """
    annotations = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # any dataclass
    return kind(**{one.name: _setting(annotations[one.name], block[one.name]) for one in fields})


def _setting(kind: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return build(kind, value)  # type: ignore[arg-type]  # a class, not an instance
    return tuple(_setting(None, item) for item in value) if isinstance(value, list) else value
