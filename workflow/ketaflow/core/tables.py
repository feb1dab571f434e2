"""Tables as labs keep them, read as text with their row numbers, then turned into checked values.

In: .csv (comma, or semicolon with decimal comma), .tsv, .xlsx, in any of the encodings Excel writes.
Out: a data frame with typed columns, or a list of problems naming file, row, column, found, remedy.
Reading and checking are apart so that one bad cell never hides the next.
"""

import csv
import difflib
import io
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path, PurePosixPath

import pandas as pd

from ketaflow.core.errors import Problem

ENDINGS = (".csv", ".tsv", ".xlsx")
EMPTY = {"", "na", "n/a", "nan", "none", "null"}
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
YES_NO = {
    "yes": True,
    "y": True,
    "true": True,
    "1": True,
    "no": False,
    "n": False,
    "false": False,
    "0": False,
}
# A heading this close to an expected one is taken for a misspelling (difflib's own default cut-off is 0.6).
MISSPELT = 0.8


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file: text cells, one dict a row, and how numbers are written."""

    file: str
    columns: list[str]
    rows: list[tuple[int, dict[str, str]]]
    decimal_comma: bool


def decode(content: bytes) -> str:
    """Text of a file in UTF-8 (with or without BOM), UTF-16 or Latin-1 (Windows-1252)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig")
    head = content[:400]
    if head.count(0) > len(head) // 4:
        return content.decode("utf-16-be" if head[:1] == b"\0" else "utf-16-le")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_raw(path: Path) -> RawTable:
    """Read one table as text. Raises ValueError with a plain reason when it is not a table."""
    cells = _xlsx_cells(path) if path.suffix.lower() == ".xlsx" else None
    decimal_comma = False
    if cells is None:
        text = decode(path.read_bytes())
        delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
        decimal_comma = delimiter == ";"
        cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    numbered = [(number, [cell.strip() for cell in row]) for number, row in enumerate(cells, start=1)]
    numbered = [(number, row) for number, row in numbered if any(row)]
    if not numbered:
        raise ValueError("the file holds no header row")
    columns = numbered[0][1]
    while columns and not columns[-1]:
        columns.pop()
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise ValueError(f"the heading {', '.join(repr(name) for name in repeated)} stands twice")
    rows = []
    for number, row in numbered[1:]:
        if any(row[len(columns) :]):
            raise ValueError(f"row {number} has {len(row)} cells, the header has {len(columns)}")
        rows.append((number, dict(zip(columns, row + [""] * (len(columns) - len(row)), strict=False))))
    return RawTable(path.name, columns, rows, decimal_comma)


def find(folder: Path, name: str) -> list[Path]:
    """Files of the folder that hold the table ``name``: none, one, or too many."""
    return [folder / f"{name}{ending}" for ending in ENDINGS if (folder / f"{name}{ending}").is_file()]


def typed(raw: RawTable, schema: dict) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn text cells into values as the schema asks, collecting every fault.

    Returns the frame (index: row number in the file; columns: the schema's, missing ones empty,
    then the lab's own) and the problems.
    """
    columns = schema["columns"]
    raw = _in_known_letters(raw, columns)
    problems = _column_problems(raw, columns)
    values: dict[str, list] = {}
    for column in [*columns, *(name for name in raw.columns if name not in columns)]:
        rule = columns.get(column, {"type": "text"})
        values[column] = []
        known: dict[str, tuple] = {}
        for row_number, row in raw.rows:
            text = row.get(column, "")
            if text not in known:
                known[text] = _cell(text, rule, raw.decimal_comma)
            value, fault = known[text]
            values[column].append(value)
            if fault and (column in raw.columns):
                problems.append(Problem(raw.file, row_number, column, *fault))
    frame = pd.DataFrame(
        {column: _series(cells, columns.get(column, {"type": "text"})) for column, cells in values.items()}
    )
    frame.index = pd.Index([number for number, _ in raw.rows], name="row")
    problems += _duplicates(raw.file, frame, schema.get("key", []))
    return frame, problems


def safe_path(text: str) -> bool:
    """Whether a path stays inside the folder it is relative to."""
    path = PurePosixPath(text.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in path.parts[0] and text.isprintable()


def nearest(word: str, known: list[str], cutoff: float = 0.6) -> str | None:
    """The known word most like a misspelt one, or the only one that begins so; else None."""
    return _nearest(word, tuple(known), cutoff)


@cache
def _nearest(word: str, known: tuple[str, ...], cutoff: float) -> str | None:
    close = difflib.get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=cutoff)
    begun = [name.lower() for name in known if name.lower().startswith(word.lower())]
    meant = close[0] if close else begun[0] if len(begun) == 1 else None
    return next((name for name in known if name.lower() == meant), None)


def _xlsx_cells(path: Path) -> list[list[str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise ValueError(f"Excel cannot have written this file ({error})") from error
    sheet = book[path.stem] if path.stem in book.sheetnames else book.worksheets[0]
    return [[_xlsx_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def _xlsx_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(sep=" ")
    return str(cell)


def _delimiter(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(";\t,", key=header.count)


def _in_known_letters(raw: RawTable, columns: dict) -> RawTable:
    """The table with "Animal" and "Weight g" read as ``animal`` and ``weight_g``."""
    names = {own: own.lower().replace(" ", "_") for own in raw.columns if own not in columns}
    names = {own: name for own, name in names.items() if name in columns and name not in raw.columns}
    if not names or len(set(names.values())) < len(names):
        return raw
    rows = [(number, {names.get(own, own): text for own, text in row.items()}) for number, row in raw.rows]
    return replace(raw, columns=[names.get(own, own) for own in raw.columns], rows=rows)


def _column_problems(raw: RawTable, columns: dict) -> list[Problem]:
    problems = []
    strange = [name for name in raw.columns if name not in columns]
    for name, rule in columns.items():
        if name in raw.columns:
            continue
        meant = nearest(name, strange, MISSPELT)
        if meant:
            problems.append(Problem(raw.file, 1, meant, "unknown heading", f"Rename it to '{name}'"))
        elif rule.get("required"):
            problems.append(Problem(raw.file, 1, name, "this column is missing", f"Add it: {rule['description']}"))
    return problems


def _cell(text: str, rule: dict, decimal_comma: bool) -> tuple[object, tuple[str, str] | None]:
    """Value of one cell, and the fault (found, remedy) if it has one."""
    if text.lower() in EMPTY and text not in rule.get("choices", []):
        if rule.get("required"):
            return None, ("the cell is empty", f"Fill it in: {rule['description']}")
        return None, None
    value, wrong = PARSERS[rule["type"]](text, decimal_comma)
    if wrong:
        return None, (f"found '{text}'", wrong)
    return value, _limits(text, value, rule)


def _limits(text: str, value: object, rule: dict) -> tuple[str, str] | None:
    if "choices" in rule and value not in rule["choices"]:
        meant = nearest(str(value), rule["choices"])
        hint = f"Did you mean '{meant}'? " if meant else ""
        return f"found '{text}'", f"{hint}Allowed: {', '.join(rule['choices'])}"
    if "minimum" in rule and value < rule["minimum"]:
        return f"found {text}", f"The smallest value allowed is {rule['minimum']}"
    if "above" in rule and value <= rule["above"]:
        return f"found {text}", f"The value must be greater than {rule['above']}"
    if "maximum" in rule and value > rule["maximum"]:
        return f"found {text}", f"The largest value allowed is {rule['maximum']}"
    return None


def _text(text: str, _: bool) -> tuple[object, str | None]:
    return (text, None) if text.isprintable() else (None, "Remove the control characters")


def _name(text: str, _: bool) -> tuple[object, str | None]:
    if NAME.fullmatch(text) and text.strip("."):
        return text, None
    return None, "Use letters, digits, '.', '_' and '-' only, at most 64 characters"


def _number(text: str, decimal_comma: bool) -> tuple[object, str | None]:
    plain = text.replace(",", ".") if decimal_comma and text.count(",") == 1 and "." not in text else text
    try:
        value = float(plain)
    except ValueError:
        hint = " (in a comma-separated table the decimal sign is a point)" if "," in text else ""
        return None, f"Enter a number{hint}"
    return (value, None) if abs(value) != float("inf") else (None, "Enter a finite number")


def _integer(text: str, decimal_comma: bool) -> tuple[object, str | None]:
    value, wrong = _number(text, decimal_comma)
    if wrong or not float(value).is_integer():
        return None, "Enter a whole number"
    return int(value), None


def _yes_no(text: str, _: bool) -> tuple[object, str | None]:
    value = YES_NO.get(text.lower())
    return (value, None) if value is not None else (None, "Enter yes or no")


def _moment(text: str, _: bool) -> tuple[object, str | None]:
    for parse in (datetime.fromisoformat, _day_first):
        try:
            return parse(text).isoformat(sep=" "), None
        except ValueError:
            continue
    return None, "Write the moment as 2026-03-14 19:30 (or 14.03.2026 19:30)"


def _day_first(text: str) -> datetime:
    for form in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(text)


def _day(text: str, _: bool) -> tuple[object, str | None]:
    value, wrong = _moment(text, _)
    if wrong:
        return None, "Write the date as 2026-03-14 (or 14.03.2026)"
    return date.fromisoformat(str(value)[:10]).isoformat(), None


def _file(text: str, _: bool) -> tuple[object, str | None]:
    if safe_path(text):
        return text.replace("\\", "/"), None
    return None, "Give a path relative to the cohort folder that stays inside it"


PARSERS = {
    "text": _text,
    "name": _name,
    "number": _number,
    "integer": _integer,
    "yes_no": _yes_no,
    "moment": _moment,
    "date": _day,
    "file": _file,
}


def _series(cells: list, rule: dict) -> pd.Series:
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
        problems.append(
            Problem(file, int(row_number), key[0], f"{what} stands already in row {first}", "Keep one of the rows")
        )
    return problems
