"""The values behind the comparisons for other programs: a GraphPad Prism file and an Excel workbook.

In: the endpoints of the results page, and the arms. Out: files by name. One row is one animal, as one dot on the page;
nothing is estimated here.
"""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ketaflow.core import clock
from ketaflow.report import palette
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.palette import Arm

# Excel takes names of sheets up to this length, without these characters.
SHEET_NAME_LETTERS = 31
NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\]")
# Decimals that Prism displays; the file holds all.
DECIMALS_DISPLAYED = 3
# Dates inside the files of Prism and Excel.
PRISM_DATE, WORKBOOK_DATE = re.compile(rb'DateTime="[^"]*"'), re.compile(rb"(?<=W3CDTF\">)[^<]*")
EARLIEST_ZIP_YEAR = 1980


def workbooks(endpoints: Iterable[Endpoint], arms: Sequence[Arm]) -> dict[str, bytes]:
    """Write the values of every endpoint that has any.

    Parameters
    ----------
    endpoints : iterable of Endpoint
        As on the results page.
    arms : sequence of Arm
        All arms, in their order.

    Returns
    -------
    dict of str to bytes
        ``endpoints.pzfx`` (a column table for each endpoint) and ``endpoints.xlsx`` (a sheet for each); empty if no
        endpoint has a value.
    """
    measured = {endpoint.name: endpoint for endpoint in endpoints if len(endpoint.values)}
    if not measured:
        return {}
    return {
        "endpoints.pzfx": _prism({name: by_arm(endpoint, arms) for name, endpoint in measured.items()}),
        "endpoints.xlsx": _excel({name: by_animal(endpoint, arms) for name, endpoint in measured.items()}),
    }


def by_arm(endpoint: Endpoint, arms: Sequence[Arm]) -> pd.DataFrame:
    """Arrange the values that count by arm.

    Parameters
    ----------
    endpoint : Endpoint
        Its values, one per animal.
    arms : sequence of Arm
        All arms, in their order.

    Returns
    -------
    data frame
        One column per arm, headed by its label (and its name where labels repeat); one animal per cell, in the unit
        of the measure; NaN below the last animal. Arms without animals are left out.
    """
    rows = endpoint.counted_animals
    labels = [arm.label for arm in arms]
    headings = [f"{arm.label} ({arm.name})" if labels.count(arm.label) > 1 else arm.label for arm in arms]
    columns = [rows.loc[rows["arm"].eq(arm.name), "value"].to_numpy(float) for arm in arms]
    longest = max((len(values) for values in columns), default=0)
    padded = [np.pad(values, (0, longest - len(values)), constant_values=np.nan) for values in columns]
    return pd.DataFrame(dict(zip(headings, padded, strict=True))).dropna(axis="columns", how="all")


def by_animal(endpoint: Endpoint, arms: Sequence[Arm]) -> pd.DataFrame:
    """List the animals of an endpoint.

    Parameters
    ----------
    endpoint : Endpoint
        Its values, one per animal.
    arms : sequence of Arm
        All arms, in their order.

    Returns
    -------
    data frame
        One row per animal, by arm: its arm, the value and its unit, from how many observations, and why it is
        excluded (empty if it counts).
    """
    order = {arm.name: arm.place for arm in arms}
    rows = endpoint.per_animal.sort_values("arm", key=lambda names: names.map(order), kind="stable")
    return pd.DataFrame(
        {
            "animal": rows["animal"],
            "arm": rows["arm"],
            "arm label": rows["arm"].map(palette.labels(arms)),
            endpoint.measure: rows["value"],
            "unit": endpoint.unit,
            "observations": rows["n"],
            "excluded": rows["excluded"],
        }
    )


def _prism(tables: dict[str, pd.DataFrame]) -> bytes:
    import pzfx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "endpoints.pzfx"
        pzfx.write_pzfx(tables, str(path), row_names=False, n_digits=DECIMALS_DISPLAYED)
        return PRISM_DATE.sub(rb'DateTime="' + clock.now().isoformat().encode() + b'"', path.read_bytes())


def _excel(tables: dict[str, pd.DataFrame]) -> bytes:
    book = io.BytesIO()
    with pd.ExcelWriter(book, engine="openpyxl") as writer:
        for number, (name, table) in enumerate(tables.items(), start=1):
            sheet = NOT_IN_SHEET_NAMES.sub("_", name)
            sheet = sheet if len(sheet) <= SHEET_NAME_LETTERS else f"{sheet[: SHEET_NAME_LETTERS - 4]}~{number}"
            table.head(0).to_excel(writer, sheet_name=sheet, index=False)
            _append(table, writer.sheets[sheet])
    return _dated(book.getvalue())


def _append(table: pd.DataFrame, sheet: Any) -> None:
    """Write the rows of a table below its headings; pandas takes twice as long, cell by cell."""
    for row in zip(*(table[name].tolist() for name in table), strict=True):
        sheet.append(row)
    words = [table[name] for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    if any(column.str.startswith("=").any() for column in words) or any(str(name).startswith("=") for name in table):
        _as_text(sheet)


def _as_text(sheet: Any) -> None:
    """Turn words that begin like a formula back into words: no cell of a workbook computes anything."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"


def _dated(book: bytes) -> bytes:
    """The same workbook with the stated time in place of the clock's, so that equal tables give equal bytes."""
    at = clock.now()
    date = (max(at.year, EARLIEST_ZIP_YEAR), *at.timetuple()[1:6])
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            content = WORKBOOK_DATE.sub(stamp, content) if name == "docProps/core.xml" else content
            after.writestr(zipfile.ZipInfo(name, date), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
