"""Tables as the results page prints them: headings, and cells both as printed and as exact values.

In: rows of the study's tables. Out: ``HtmlTable``. A cell keeps the exact value beside the rounded one, so that copied
and downloaded tables are exact. html_tables.yaml lists the columns of each table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ketaflow.report import formatting

LAYOUTS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
SOURCES = {"plan": "rule of the plan", "no value": "no value measured"}
Printer = Callable[[Any], str]
# How cells of each kind of column are printed.
KINDS: dict[str, Printer] = {
    "text": str,
    "tight": str,
    "long": str,
    "words": formatting.words,
    "source": lambda value: SOURCES.get(str(value), formatting.words(value)),
    "number": formatting.number,
    "given": lambda value: f"{float(value):g}".replace("-", "−"),
    "whole": lambda value: f"{int(value)}",
    "p": formatting.p_value,
}
NUMBERS = ("number", "given", "aligned", "whole", "p")


@dataclass(frozen=True)
class Column:
    """One column: its name in the study's tables, its heading, and how its cells are printed."""

    name: str
    heading: str
    kind: str

    @property
    def is_number(self) -> bool:
        """Whether cells are aligned on the right."""
        return self.kind in NUMBERS


@dataclass(frozen=True)
class Cell:
    """One cell: as printed, and its exact value."""

    text: str
    exact: str


@dataclass(frozen=True)
class HtmlTable:
    """A table ready to print."""

    name: str
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]


def html_table(
    layout: str,
    rows: pd.DataFrame,
    *,
    endpoint: str = "",
    unit: str = "",
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> HtmlTable:
    """Lay out a table.

    Parameters
    ----------
    layout : str
        Name of the table in html_tables.yaml.
    rows : data frame
        Rows of the study. Columns that are missing or empty throughout are not printed.
    endpoint : str
        The endpoint the table is about, where the page has several of the same layout.
    unit : str
        Added to the caption.
    labels : mapping of str to mapping, optional
        Words to print for the values of a column: ``{"arm": {"ket10": "Ketamine 10 mg/kg"}}``.

    Returns
    -------
    HtmlTable
        Columns of the layout that ``rows`` has, in the order of the layout, with every cell as text.
    """
    columns = [Column(name, *about) for name, about in LAYOUTS[layout]["columns"].items() if name in rows]
    columns = [column for column in columns if not rows[column.name].map(formatting.is_missing).all()]
    cells = [_cells(column, rows[column.name], (labels or {}).get(column.name, {})) for column in columns]
    return HtmlTable(
        name=f"{endpoint}_{layout}" if endpoint else layout,
        caption=LAYOUTS[layout]["caption"] + unit,
        columns=columns,
        rows=[list(row) for row in zip(*cells, strict=True)],
    )


def _cells(column: Column, values: pd.Series, labels: Mapping[str, str]) -> list[Cell]:
    """Cells of one column; those of the kind ``aligned`` all have the same decimals."""
    if column.kind == "aligned":
        decimals = formatting.decimals_for(values)
        return [_cell(column, value, lambda cell: formatting.fixed(cell, decimals), labels) for value in values]
    return [_cell(column, value, KINDS[column.kind], labels) for value in values]


def _cell(column: Column, value: Any, printed: Printer, labels: Mapping[str, str]) -> Cell:
    if formatting.is_missing(value):
        return Cell("", "")
    if value in labels:
        return Cell(labels[value], str(value))
    exact = f"{float(value)!r}".removesuffix(".0") if column.is_number else str(value)
    return Cell(printed(value), exact)
