"""The values behind the comparisons for programs that labs know: a Prism file and an Excel workbook.

In: the endpoints as the results page shows them, and the arms. Out: files by name. One row is one animal, as one dot is
on the page; nothing is estimated here.
"""

import io
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.report.endpoints import Endpoint
from ketaflow.report.palette import Arm

# Excel allows no more letters in the name of a sheet, and not these.
SHEET_LETTERS = 31
NOT_IN_SHEETS = re.compile(r"[\[\]:*?/\\]")
# Prism shows so many decimals; the file holds all.
DECIMALS = 3


def workbooks(endpoints: Iterable[Endpoint], known: list[Arm]) -> dict[str, bytes]:
    """``endpoints.pzfx``, a column table for each endpoint, and ``endpoints.xlsx``, a sheet for each."""
    shown = {endpoint.name: endpoint for endpoint in endpoints if len(endpoint.values)}
    if not shown:
        return {}
    return {
        "endpoints.pzfx": _prism({name: by_arm(endpoint, known) for name, endpoint in shown.items()}),
        "endpoints.xlsx": _excel({name: by_animal(endpoint, known) for name, endpoint in shown.items()}),
    }


def by_arm(endpoint: Endpoint, known: list[Arm]) -> pd.DataFrame:
    """Values that count, a column for each arm in their order, an animal in each cell; empty below the last."""
    rows = endpoint.per_animal
    rows = rows[rows["left_out"].eq("")]
    labels = [arm.label for arm in known]
    # Nobody could tell two columns of one label apart.
    headings = [f"{arm.label} ({arm.name})" if labels.count(arm.label) > 1 else arm.label for arm in known]
    own = [rows.loc[rows["arm"].eq(arm.name), "value"].to_numpy(float) for arm in known]
    values = dict(zip(headings, own, strict=True))
    longest = max((len(own) for own in values.values()), default=0)
    padded = {label: np.pad(own, (0, longest - len(own)), constant_values=np.nan) for label, own in values.items()}
    return pd.DataFrame(padded).dropna(axis="columns", how="all")


def by_animal(endpoint: Endpoint, known: list[Arm]) -> pd.DataFrame:
    """One row for each animal: arm, value, its unit, from how many observations, why it was left out."""
    labels = {arm.name: arm.label for arm in known}
    order = {arm.name: place for place, arm in enumerate(known)}
    rows = endpoint.per_animal.sort_values("arm", key=lambda arms: arms.map(order), kind="stable")
    return pd.DataFrame(
        {
            "animal": rows["animal"],
            "arm": rows["arm"],
            "arm label": rows["arm"].map(labels),
            endpoint.measure: rows["value"],
            "unit": endpoint.unit,
            "observations": rows["n"],
            "left out": rows["left_out"],
        }
    )


def _prism(tables: dict[str, pd.DataFrame]) -> bytes:
    import pzfx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "endpoints.pzfx"
        pzfx.write_pzfx(tables, str(path), row_names=False, n_digits=DECIMALS)
        return path.read_bytes()


def _excel(tables: dict[str, pd.DataFrame]) -> bytes:
    book = io.BytesIO()
    with pd.ExcelWriter(book, engine="openpyxl") as writer:
        for number, (name, table) in enumerate(tables.items(), start=1):
            sheet = NOT_IN_SHEETS.sub("_", name)
            sheet = sheet if len(sheet) <= SHEET_LETTERS else f"{sheet[: SHEET_LETTERS - 4]}~{number}"
            table.to_excel(writer, sheet_name=sheet, index=False)
    return book.getvalue()
