"""A table's text cells turned into values as its schema asks, with every fault and every liberty taken."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ketaflow.core.errors import MOST_EXAMPLES, Problem
from ketaflow.core.tables import units
from ketaflow.core.tables.cells import EMPTY, NAME, NUMBER, YES, YES_NO, parsed
from ketaflow.core.tables.reading import RawTable
from ketaflow.core.tables.words import listed, nearest, quoted

# A number with one comma that cannot separate thousands: 20,4 or 0,125 or 3,1416.
DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d{1,2}|\d+,\d{4,}|0,\d+)")
# Digits of the largest floating-point number (IEEE 754, 1.8e308); a longer text is no number.
LONGEST_NUMBER = 308

Columns = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Typed:
    """A checked table.

    Attributes
    ----------
    frame : data frame
        Index: row number in the file. Columns: the schema's, those that are missing empty, then the lab's own.
    problems : list of Problem
        Every fault.
    notes : list of str
        What was read although it was not written as documented.
    unused : list of str
        The lab's own columns.
    """

    frame: pd.DataFrame
    problems: list[Problem]
    notes: list[str]
    unused: list[str]


def typed(raw: RawTable, schema: Mapping[str, Any]) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn text cells into values as the schema asks; ``typed_with_notes`` without its notes.

    Parameters
    ----------
    raw : RawTable
        The table as text.
    schema : mapping
        As for ``typed_with_notes``.

    Returns
    -------
    frame : data frame
        Index: row number in the file. Columns: the schema's, then the lab's own.
    problems : list of Problem
        Every fault.
    """
    made = typed_with_notes(raw, schema)
    return made.frame, made.problems


def typed_with_notes(raw: RawTable, schema: Mapping[str, Any]) -> Typed:
    """Turn text cells into values as the schema asks, collecting every fault.

    Parameters
    ----------
    raw : RawTable
        The table as text.
    schema : mapping
        ``columns`` (type, limits, choices, unit in the name) and ``key`` (columns that no two rows share).

    Returns
    -------
    Typed
        Values, faults and notes. A cell that is empty or at fault is a missing value; a number under a heading with
        another unit of the same quantity is converted.
    """
    columns: Columns = schema["columns"]
    raw, factors, notes = _with_known_headings(raw, columns)
    problems = _missing_columns(raw, columns)
    own = [name for name in raw.columns if name and name not in columns]
    cells: dict[str, list[Any]] = {}
    for name in [*columns, *own]:
        rule = columns.get(name, {"type": "text"})
        column = _Column(raw, name, rule, factors.get(name))
        cells[name] = column.values
        notes += column.notes
        problems += column.problems
    frame = pd.DataFrame({name: _series(values, columns.get(name, {"type": "text"})) for name, values in cells.items()})
    frame.index = pd.Index([number for number, _ in raw.rows], name="row")
    problems += _duplicates(raw.file, frame, schema.get("key", []))
    return Typed(frame, problems, [f"{raw.file}: {note}" for note in [*raw.notes, *notes]], own)


class _Column:
    """One column: its values, its faults grouped by cause, and the liberties taken in reading it."""

    def __init__(self, raw: RawTable, name: str, rule: Mapping[str, Any], converted: units.Reading | None):
        self._raw, self._name, self._rule, self._converted = raw, name, rule, converted
        self.values: list[Any] = []
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        texts = [row.get(name, "") for _, row in raw.rows]
        if name not in raw.columns:
            self.values = [None] * len(texts)
            return
        self._is_tick = self._is_ticked(texts)
        self._decimal_comma = raw.decimal_comma or (raw.decimal_text and self._has_decimal_comma(texts))
        self._read(texts)

    def _is_ticked(self, texts: list[str]) -> bool:
        """Whether yes is ticked and no is left blank."""
        filled = [text.lower() for text in texts if text]
        ticked = self._rule["type"] == "yes_no" and bool(filled) and all(text in YES for text in filled)
        if ticked and len(filled) < len(texts):
            self.notes.append(f"blank cells of {self._name} were read as no")
        return ticked

    def _has_decimal_comma(self, texts: list[str]) -> bool:
        if self._rule["type"] != "number" or not any(DECIMAL_COMMA.fullmatch(text) for text in texts):
            return False
        self.notes.append(f"{self._name} was read with a decimal comma")
        return True

    def _read(self, texts: list[str]) -> None:
        known: dict[str, tuple[Any, Any]] = {}
        faults: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for (number, _), text in zip(self._raw.rows, texts, strict=True):
            if text not in known:
                known[text] = self._cell(text)
            value, fault = known[text]
            self.values.append(value)
            if fault:
                faults[fault].append((number, text))
        if self._rule["type"] == "name":
            self._name_faults(faults)
            return
        for (found, remedy), places in faults.items():
            self.problems += [Problem(self._raw.file, number, self._name, found, remedy) for number, _ in places]

    def _cell(self, text: str) -> tuple[Any, Any]:
        if self._is_tick and not text:
            return False, None
        if self._converted is None or self._converted.factor == 1.0:
            return parsed(text, self._rule, self._decimal_comma)
        value, fault = parsed(text, {"type": "number", "description": self._rule["description"]}, self._decimal_comma)
        if fault or value is None:
            return parsed(text, self._rule, self._decimal_comma)
        converted = value * self._converted.factor
        _, fault = parsed(repr(converted), self._rule, False)
        if fault:
            _, remedy = fault
            unit = self._converted.unit.replace("_per_", "/")
            by_heading = f"found {quoted(text)} {unit}, which is {converted:g} in the unit of {self._name}"
            return None, (by_heading, f"{remedy}. The heading says {unit}: correct the unit there, or the values")
        return converted, None

    def _name_faults(self, faults: dict[tuple[str, str], list[tuple[int, str]]]) -> None:
        """One problem for all names of a column that have forbidden letters, with the repaired names."""
        repaired: dict[str, str] = {}
        rows = []
        for (found, remedy), places in faults.items():
            for number, text in places:
                if text and (better := _repaired(text)):
                    repaired[text] = better
                    rows.append(number)
                else:
                    self.problems.append(Problem(self._raw.file, number, self._name, found, remedy))
        if not repaired:
            return
        shown = listed([f"{quoted(old)} > {new}" for old, new in repaired.items()], MOST_EXAMPLES)
        found = "names with blanks or signs that are not allowed"
        letters = "allowed are letters, digits, '.', '_' and '-', at most 64 characters"
        remedy = f"Rename in every table alike ({shown}); {letters}"
        self.problems += [Problem(self._raw.file, number, self._name, found, remedy) for number in rows]


def _repaired(name: str) -> str:
    """A name with blanks and foreign letters replaced; empty where that is no name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    better = re.sub(r"[^A-Za-z0-9._-]+", "_", plain.replace(",", ".")).strip("_.")[:64]
    return better if NAME.fullmatch(better) else ""


def _with_known_headings(raw: RawTable, columns: Columns) -> tuple[RawTable, dict[str, units.Reading], list[str]]:
    """The table with ``Animal`` and ``Weight (g)`` read as ``animal`` and ``weight_g``, and the units that differ."""
    names: dict[str, str] = {}
    readings: dict[str, units.Reading] = {}
    for heading in raw.columns:
        if heading and heading not in columns and units.plain(heading) in columns:
            names[heading] = units.plain(heading)
    taken = {*raw.columns, *names.values()}
    for heading in raw.columns:
        if not heading or heading in columns or heading in names:
            continue
        free = [name for name, rule in columns.items() if name not in taken and rule["type"] in ("number", "integer")]
        if found := units.reading(heading, free):
            names[heading], readings[found.column] = found.column, found
    counts = pd.Series(list(names.values()), dtype=object).value_counts()
    names = {old: new for old, new in names.items() if new not in raw.columns and counts[new] == 1}
    readings = {name: found for name, found in readings.items() if name in names.values()}
    notes = [
        f"{old} was read as {new}, multiplied by {readings[new].factor:g}"
        for old, new in names.items()
        if new in readings and readings[new].factor != 1
    ]
    if not names:
        return raw, readings, notes
    rows = [(number, {names.get(old, old): text for old, text in row.items()}) for number, row in raw.rows]
    headings = [names.get(old, old) for old in raw.columns]
    return replace(raw, columns=headings, rows=rows), readings, notes


def _missing_columns(raw: RawTable, columns: Columns) -> list[Problem]:
    """One problem for all required columns that are missing, with the headings that may have been meant."""
    own = [name for name in raw.columns if name and name not in columns]
    missing = [name for name, rule in columns.items() if rule.get("required") and name not in raw.columns]
    if not missing:
        return []
    if len(missing) == 1:
        (name,) = missing
        if meant := nearest(name, own):
            return [Problem(raw.file, raw.header_row, meant, "unknown heading", f"Rename it to '{name}'")]
        remedy = f"Add it: {columns[name]['description']}"
        return [Problem(raw.file, raw.header_row, name, "this column is missing", remedy)]
    guesses = {name: nearest(name, own) for name in missing}
    listed = "; ".join(
        f"{name} ({f'is it {quoted(guess)}?' if (guess := guesses[name]) else columns[name]['description']})"
        for name in missing
    )
    found = f"{len(missing)} columns are missing"
    headings = f" Headings found and not known: {', '.join(map(quoted, own))}" if own else ""
    return [Problem(raw.file, raw.header_row, "", found, f"Rename or add: {listed}.{headings}")]


def numeric_own_columns(frame: pd.DataFrame, own: list[str]) -> pd.DataFrame:
    """Turn the lab's own columns into numbers where they hold nothing else.

    Parameters
    ----------
    frame : data frame
        A checked table; the lab's own columns are text.
    own : list of str
        The lab's own columns.

    Returns
    -------
    data frame
        The same table. In columns that became numbers, empty cells and words for "no value" (NA, n.d., ...) are NaN.
    """
    made = {}
    for name in own:
        filled = [text for text in frame[name].dropna() if str(text).lower() not in EMPTY]
        if filled and all(len(str(text)) <= LONGEST_NUMBER and NUMBER.fullmatch(str(text)) for text in filled):
            made[name] = pd.to_numeric(frame[name].where(frame[name].isin(filled)))
    return frame.assign(**made) if made else frame


def _series(cells: list[Any], rule: Mapping[str, Any]) -> pd.Series:
    if rule["type"] in ("number", "integer"):
        return pd.Series([float("nan") if cell is None else cell for cell in cells], dtype="float64")
    return pd.Series(cells, dtype="object")


def _duplicates(file: str, frame: pd.DataFrame, key: list[str]) -> list[Problem]:
    if not key or not len(frame):
        return []
    again = frame.duplicated(key) & frame[key].notna().any(axis=1)
    problems = []
    for row_number, row in frame[again].iterrows():
        first = frame.index[(frame[key].eq(row[key]) | (frame[key].isna() & row[key].isna())).all(axis=1)][0]
        what = ", ".join(f"{column} '{row[column]}'" for column in key if row[column] is not None)
        row_in_file = int(str(row_number))
        problems.append(Problem(file, row_in_file, key[0], f"{what} is already in row {first}", "Keep one of the rows"))
    return problems


__all__ = ["YES_NO", "Typed", "numeric_own_columns", "typed", "typed_with_notes"]
