"""Write the tables of columns in docs/assays and docs/cohort.md from the schemas, so that the pages name every column.

Each page has one block between two marks; what is outside it is written by hand. The columns of an assay's own tables
in the results folder are described in result_columns.yaml, and their examples come from result_examples.yaml, which

    python write_table_columns.py RESULTS

takes from the finished demonstration in RESULTS. Tests compare the pages, and the tables of a finished run.
"""

import csv
import dataclasses
import sys
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402
from ketaflow.core import cohort, results  # noqa: E402

DOCS = ROOT / "docs"
DEMO = ROOT / "resources" / "demo_cohort"
EXAMPLES = Path(__file__).with_name("result_examples.yaml")
# Longest example, and longest number that is shown whole (characters).
LONGEST_EXAMPLE, SHORT_NUMBER = 60, 6
BEGIN = "<!-- columns: written by workflow/maintenance/write_table_columns.py (make docs-pages) -->"
END = "<!-- columns: end -->"
# Units by the end of a column's name, the longest first.
UNITS = {
    "pg_per_mg_protein": "pg/mg",
    "mg_per_kg": "mg/kg",
    "pg_per_ml": "pg/ml",
    "mg_per_ml": "mg/ml",
    "ul_per_min": "ul/min",
    "g_per_kg": "g/kg",
    "per_um2": "1/um2",
    "per_mm2": "1/mm2",
    "per_um": "1/um",
    "um2": "um2",
    "mm2": "mm2",
    "um": "um",
    "pct": "%",
    "px": "px",
    "kda": "kDa",
    "ms": "ms",
    "min": "min",
    "s": "s",
    "ul": "ul",
    "ml": "ml",
    "ug": "ug",
    "nm": "nm",
    "deg": "degrees",
    "g": "g",
    "hours": "h",
}
TYPES = {
    "name": "name",
    "text": "text",
    "file": "path",
    "date": "date",
    "moment": "date and time",
    "yes_no": "yes or no",
    "number": "number",
    "integer": "whole number",
}


def block(assay: str) -> str:
    """The block of an assay's page: columns of its tables, its measures, columns of its results."""
    parts = [BEGIN, "## Columns of all tables", "", "`*` marks required columns.", ""]
    tables = assays.described(assay, "tables.schema")["tables"]
    for name, schema in tables.items():
        if not name.endswith("_truth"):
            parts += _typed(name, schema, assay)
    for name, schema in tables.items():
        if name.endswith("_truth"):
            named = ", ".join(f"`{column}`" for column in schema["columns"])
            parts += [f"**{name}** (simulated cohorts only): {named}.", ""]
    parts += ["### Measures", "", *_measures(assay), ""]
    parts += ["### Tables of the results", "", f"In `<results>/{assay}/`:", ""]
    for name, columns in result_columns(assay).items():
        parts += _published(assay, name, columns)
    return "\n".join([*parts, END])


def common_block() -> str:
    """The block of the page about cohorts: the tables that do not belong to an assay."""
    parts = [BEGIN, "## Columns of the common tables", "", "`*` marks required columns.", ""]
    for name, schema in cohort.COMMON.items():
        parts += _typed(name, schema, "")
    return "\n".join([*parts, END])


@cache
def pages() -> dict[Path, str]:
    """Every page with a block, as it should be."""
    blocks = {DOCS / "cohort.md": common_block()}
    blocks |= {DOCS / "assays" / f"{assay}.md": block(assay) for assay in assays.names()}
    return {path: _replaced(path.read_text(encoding="utf-8"), text) for path, text in blocks.items()}


@cache
def described() -> dict[str, Any]:
    """What result_columns.yaml says."""
    return yaml.safe_load(Path(__file__).with_name("result_columns.yaml").read_text(encoding="utf-8"))


def result_columns(assay: str) -> dict[str, dict[str, str]]:
    """Columns of the assay's tables in the results folder, by table, with their descriptions."""
    common = described()["_common"]
    declared = {
        name: {
            column: text
            for column, text in ({column: common.get(column, "") for column in _fields(assay, name)} | said).items()
            if not column.startswith("_")
        }
        for name, said in described().get(assay, {}).items()
    }
    return {name: columns for name, columns in declared.items() if columns}


def published(assay: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Tables that the assay's quantify declares, with the fields of their rows; none for a data frame."""
    kind = typing.get_type_hints(assays.stage(assay, "quantify").quantify)["return"]
    hints = typing.get_type_hints(kind)
    for one in dataclasses.fields(kind):
        if one.metadata.get(results.PUBLISHED) and one.name != "measurements":
            row = next(iter(typing.get_args(hints[one.name])), None)
            yield one.name, tuple(each.name for each in dataclasses.fields(row)) if row else ()


def _fields(assay: str, table: str) -> tuple[str, ...]:
    """Columns in their order, as far as code or result_columns.yaml (``_columns``) gives them."""
    listed = described()[assay][table].get("_columns", "")
    return tuple(listed.split()) or dict(published(assay)).get(table, ())


def _typed(name: str, schema: Mapping[str, Any], assay: str) -> list[str]:
    shown = _examples(name)
    rows = [
        f"**{name}**: {_lower(schema['title'])}",
        "",
        "| column | content | unit or type | example |",
        "| --- | --- | --- | --- |",
    ]
    for column, rule in schema["columns"].items():
        star = " \\*" if rule.get("required") else ""
        kind = _unit(column, assay) if rule["type"] in ("number", "integer") else ""
        example = f"`{shown[column]}`" if column in shown else ""
        rows.append(f"| `{column}`{star} | {_cell(rule['description'])} | {kind or TYPES[rule['type']]} | {example} |")
    return [*rows, ""]


def _measures(assay: str) -> Iterator[str]:
    yield "| measure | meaning | unit | antidepressant direction | source |"
    yield "| --- | --- | --- | --- | --- |"
    for name, said in assays.described(assay, "measures").items():
        meaning, source = _cell(said["title"]), _cell(str(said["source"]))
        yield f"| `{name}` | {meaning} | {said['unit']} | {said['direction']} | {source} |"


def _published(assay: str, name: str, columns: Mapping[str, str]) -> list[str]:
    title = described()[assay][name].get("_title", "")
    shown = result_examples().get(assay, {}).get(name, {})
    rows = [f"**{name}.csv**: one row is {title}", ""]
    rows += ["| column | content | unit | example |", "| --- | --- | --- | --- |"]
    for column, text in columns.items():
        example = f"`{_cell(shown[column])}`" if column in shown else ""
        rows.append(f"| `{column}` | {_cell(text)} | {_unit(column, assay)} | {example} |")
    return [*rows, ""]


def _unit(column: str, assay: str) -> str:
    for end, unit in UNITS.items():
        if column.endswith(f"_{end}") or column == end == "hours":
            # A concentration ends like a length.
            return "uM" if unit == "um" and assay == "microdialysis" else unit
    return ""


@cache
def _examples(name: str) -> dict[str, str]:
    """The first filled cell of each column in the demonstration cohort."""
    path = DEMO / f"{name}.csv"
    if not path.is_file():
        return {}
    shown: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            shown |= {column: cell for column, cell in row.items() if cell and column not in shown}
    return shown


@cache
def result_examples() -> dict[str, dict[str, dict[str, str]]]:
    """Cells of the results of the demonstration, by assay, table and column."""
    return yaml.safe_load(EXAMPLES.read_text(encoding="utf-8")) if EXAMPLES.is_file() else {}


def examples_of(results: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Cells of the fullest row of every described table of a finished run, else a column's first filled cell."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for assay in assays.names():
        for table, columns in result_columns(assay).items():
            path = results / assay / f"{table}.csv"
            if not path.is_file():
                continue
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            rows.sort(key=lambda row: -sum(bool(row.get(column)) for column in columns))
            first = {column: next((row[column] for row in rows if row.get(column)), "") for column in columns}
            shown = {column: _short(cell) for column, cell in first.items() if cell}
            found.setdefault(assay, {})[table] = {column: cell for column, cell in shown.items() if cell}
    return found


def _short(cell: str) -> str:
    """A cell with four digits; empty where it is too long to show."""
    try:
        number = float(cell)
    except ValueError:
        return cell if len(cell) <= LONGEST_EXAMPLE and "`" not in cell else ""
    return cell if len(cell) <= SHORT_NUMBER else f"{number:.4g}"


def _lower(text: str) -> str:
    return text if text[1:2].isupper() else text[0].lower() + text[1:]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _replaced(page: str, text: str) -> str:
    if BEGIN not in page:
        return f"{page.rstrip()}\n\n{text}\n"
    before, rest = page.split(BEGIN, 1)
    return before + text + rest.split(END, 1)[1]


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        text = "# Written by write_table_columns.py from the results of the demonstration.\n"
        text += yaml.safe_dump(examples_of(Path(folder)), sort_keys=False, allow_unicode=True, width=120)
        EXAMPLES.write_text(text, encoding="utf-8")
    for path, page in pages().items():
        path.write_text(page, encoding="utf-8")
