"""A cohort folder to fill in: every table as a workbook and as CSV, a commented plan and settings.

Headings are the documented column names; each table has one example row that begins with ``*`` and is read as a
comment. An existing file is never touched.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ketaflow import assays
from ketaflow.core import cohort
from ketaflow.core.errors import CohortError, Problem

# Tables that the review page or a simulation writes.
NOT_TYPED = ("qc_decisions",)
# Tables that every cohort has; the others are in a folder of their own, to be moved up if they are needed.
ALWAYS = ("animals", "arms", "allocation")
EXAMPLES = {
    "number": "1.5", "integer": "1", "yes_no": "no", "date": "2026-03-14", "moment": "2026-03-14 19:30", "text": "text",
}  # fmt: skip
EXAMPLE_NAMES = {"animal": "M001", "arm": "vehicle", "recording": "swim_M001", "membrane": "membrane_1"}
MARK = "* example: "
LISTED_ROWS = 2000
README = """Move the tables you need from the folder more_tables (workbooks) or csv (text) into this folder,
one form of each.
Fill in animals, arms and allocation. Bold headings are required. Rows that begin with * are comments.
Rename plan.yaml.example to plan.yaml and write down what you will compare (docs/plan.md). Then run:
  snakemake check --config cohort=THIS_FOLDER
"""
PLAN = """# What will be compared, written before unblinding. docs/plan.md explains every entry.
alpha: 0.05
endpoints:
  # A name of your own for each endpoint:
  immobility:
    assay: forced_swim
    measure: immobility_s
    role: primary            # primary | secondary | exploratory
    contrasts: [dunnett]     # dunnett | trend | pairwise | interaction | ...
"""
SETTINGS = """# Settings of this cohort that differ from the defaults; docs/settings.md lists all.
# Remove the # in front of a line to use it.
# strict: true
# forced_swim:
#   quantify:
#     scoring_window_s: [120, 360]
"""


def write(folder: Path, schemas: Mapping[str, Mapping[str, Any]]) -> list[Path]:
    """Write the folder.

    Parameters
    ----------
    folder : Path
        A new or empty folder.
    schemas : mapping of str to mapping
        Schemas of the assays' tables, by name.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    CohortError
        If the folder holds anything; nothing is overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        remedy = "Name a new folder: snakemake template --config cohort=FOLDER"
        raise CohortError([Problem(str(folder), 0, "", "this folder is not empty; nothing was written", remedy)])
    written = []
    for name, schema in {**cohort.COMMON, **schemas}.items():
        if name in NOT_TYPED or name.endswith("_truth"):
            continue
        place = folder if name in ALWAYS else folder / "more_tables"
        for path, content in (
            (place / f"{name}.xlsx", _workbook(name, schema)),
            (folder / "csv" / f"{name}.csv", _text(schema)),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written.append(path)
    for name, text in (("README.txt", README), ("plan.yaml.example", PLAN), ("settings.yaml", SETTINGS)):
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written


def titles() -> str:
    """Titles of all assays, as the last line of the command names them."""
    return ", ".join(assays.title(name) for name in assays.names())


def _example(schema: Mapping[str, Any]) -> list[str]:
    columns = schema["columns"]
    row = [
        rule["choices"][0] if "choices" in rule else EXAMPLE_NAMES.get(name, _plain(name, rule))
        for name, rule in columns.items()
    ]
    return [MARK + row[0], *row[1:]]


def _plain(name: str, rule: Mapping[str, Any]) -> str:
    if rule["type"] == "file":
        return f"recordings/{name}_1"
    return EXAMPLES.get(rule["type"], f"{name}_1")


def _text(schema: Mapping[str, Any]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(schema["columns"])
    writer.writerow(_example(schema))
    return buffer.getvalue().encode("utf-8-sig")


def _workbook(name: str, schema: Mapping[str, Any]) -> bytes:
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = name[:31]
    sheet.append(list(schema["columns"]))
    sheet.append(_example(schema))
    sheet.freeze_panes = "A2"
    for number, (column, rule) in enumerate(schema["columns"].items(), start=1):
        letter, head = get_column_letter(number), sheet.cell(1, number)
        head.font = Font(bold=bool(rule.get("required")))
        required = "Required. " if rule.get("required") else ""
        head.comment = Comment(f"{required}{rule['description']}", "ketaflow")
        sheet.column_dimensions[letter].width = max(12, len(column) + 2)
        choices = rule.get("choices") or (["yes", "no"] if rule["type"] == "yes_no" else [])
        if choices:
            allowed = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            allowed.add(f"{letter}3:{letter}{LISTED_ROWS}")
            sheet.add_data_validation(allowed)
        if rule["type"] in ("name", "text", "file"):
            # Text, so that 007 stays 007.
            for row in range(3, 103):
                sheet.cell(row, number).number_format = "@"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
