"""Tables as the results page prints them: headings, cells as read and as exact numbers.

In: rows of the study's tables. Out: ``SheetTable``. A cell keeps the exact value beside the rounded
one, so that what is copied or downloaded is exact. Which columns a table has stands in sheets.yaml.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml

from ketaflow.report import formatting

SHAPES = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
SOURCES = {"plan": "rule of the plan", "no value": "no value could be had"}
KINDS = {
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
    """One column: its name in the study's tables, its heading, and how a cell reads."""

    name: str
    heading: str
    kind: str

    @property
    def is_number(self) -> bool:
        """Whether cells stand to the right."""
        return self.kind in NUMBERS


@dataclass
class SheetTable:
    """A table ready to print; ``rows`` are lists of (text, exact text)."""

    name: str
    caption: str
    columns: list[Column]
    rows: list[list[tuple[str, str]]] = field(default_factory=list)


def table(
    shape: str, rows: pd.DataFrame, *, of: str = "", after: str = "", labels: Mapping[str, Mapping] | None = None
) -> SheetTable:
    """A table of that shape.

    Parameters
    ----------
    rows
        The study's rows; columns nothing stands in are not printed.
    of
        What the table is about, where the page has several of the shape.
    after
        Words after the caption.
    labels
        Other words for the values of a column: ``{"arm": {"ket10": "Ketamine 10 mg/kg"}}``.
    """
    columns = [Column(name, *about) for name, about in SHAPES[shape]["columns"].items() if name in rows]
    kept = [column for column in columns if not rows[column.name].map(formatting.is_missing).all()]
    name = f"{of}_{shape}" if of else shape
    made = SheetTable(name, SHAPES[shape]["caption"] + after, kept)
    shown = {column.name: _shown(column, rows[column.name]) for column in kept}
    words = labels or {}
    for row in rows.to_dict("records"):
        made.rows.append(
            [_cell(column, row[column.name], shown[column.name], words.get(column.name, {})) for column in kept]
        )
    return made


def _shown(column: Column, values: pd.Series) -> Callable[[object], str]:
    """How cells of a column read; ``aligned`` ones all to the same decimals."""
    if column.kind != "aligned":
        return KINDS[column.kind]
    decimals = formatting.decimals_for(values)
    return lambda value: formatting.fixed(value, decimals)


def _cell(column: Column, value: object, shown: Callable[[object], str], words: Mapping) -> tuple[str, str]:
    if formatting.is_missing(value):
        return "", ""
    if value in words:
        return str(words[value]), str(value)
    exact = f"{float(value)!r}".removesuffix(".0") if column.is_number else str(value)
    return shown(value), exact
