"""Problems of the tables that a schema cannot express: a channel of a DAB image, corrections of an unknown image."""

import pandas as pd

from ketaflow.assays.stained_cells.model import CORRECTIONS, MAIN
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem


def problems(cohort: Cohort) -> list[Problem]:
    """Find rows that name a channel of a DAB image, and corrections of an image or marker that is not in the table.

    Parameters
    ----------
    cohort : Cohort
        The cohort.

    Returns
    -------
    list of Problem
        One per faulty row.
    """
    table, file = cohort.tables[MAIN], cohort.files[MAIN]
    found = [
        Problem(file, row, "channel", f"'{channel}' for a DAB image", "Leave it empty: all three colours are read")
        for row, channel in _cells(table[table["stain"].eq("dab")], "channel")
    ]
    if CORRECTIONS in cohort.tables:
        for column in ("image", "marker"):
            known = set(table[column].dropna())
            found += [
                Problem(cohort.files[CORRECTIONS], row, column, f"'{value}' is not in {file}", f"Write it as in {file}")
                for row, value in _cells(cohort.tables[CORRECTIONS], column)
                if value not in known
            ]
    return found


def _cells(table: pd.DataFrame, column: str) -> list[tuple[int, str]]:
    """Row number and value of every filled cell of a column."""
    filled = table[column].dropna()
    return list(zip(filled.index.astype(int).tolist(), filled.astype(str).tolist(), strict=True))
