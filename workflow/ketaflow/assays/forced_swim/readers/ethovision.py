"""Raw exports of EthoVision XT: one sheet per arena, with EthoVision's own mobility.

In: a workbook and the rows that name its arenas. Out: a ``SwimFile`` whose motion is EthoVision's mobility. Cell B1 of
a sheet holds the length of its header. Arenas start at different moments of the trial, so times count from the arena's
own start, which is taken for the release.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.model import Swim, SwimFile, SwimRow
from ketaflow.assays.forced_swim.readers import constants
from ketaflow.core.errors import IngestError

STATES = ("Highly mobile", "Mobile", "Immobile")
# Columns of a trace and their titles in the export.
TITLES = {"time_s": "Recording time", "motion": "Mobility"}


class Arena(NamedTuple):
    """Sheet of one arena: the header as text, and the table below it."""

    header: dict[str, str]
    table: pd.DataFrame


def read(path: Path, rows: Sequence[SwimRow]) -> SwimFile:
    """Read the mobility of every arena that the rows name.

    Parameters
    ----------
    path : Path
        The workbook.
    rows : sequence of SwimRow
        Their ``cylinder`` is the number of the arena.

    Returns
    -------
    SwimFile

    Raises
    ------
    IngestError
        If the file is no raw export, or lacks an arena or a column.
    """
    arenas = read_arenas(path)
    swims = []
    for row in rows:
        if row.cylinder not in arenas:
            present = ", ".join(map(str, sorted(arenas))) or "none"
            raise IngestError(
                f"{path.name}: there is no arena {row.cylinder}; the file holds arenas {present}. "
                "Correct the column cylinder."
            )
        trace = arena_trace(arenas[row.cylinder].table, path.name, row.cylinder)
        release_s = row.release_s if row.release_s is not None else float(trace["time_s"].iloc[0])
        swims.append(
            Swim(
                recording=row.recording,
                animal=row.animal,
                session=row.session,
                cylinder=row.cylinder,
                reason="",
                release_s=release_s,
                max_gap_s=constants.EXPORT_MAX_GAP_S,
                trace=trace,
            )
        )
    frame_rate_hz = 1 / float(np.median(np.diff(swims[0].trace["time_s"])))
    return SwimFile(rows[0].video, len(swims[0].trace), 0, frame_rate_hz, swims)


def read_arenas(path: Path) -> dict[int, Arena]:
    """Read every sheet of a workbook that is a raw export.

    Parameters
    ----------
    path : Path
        The workbook.

    Returns
    -------
    dict of int to Arena
        By number of the arena.

    Raises
    ------
    IngestError
        If the file is no workbook, or no sheet is a raw export.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise IngestError(
            f"{path.name}: this is no Excel workbook ({error}). Export the raw data from EthoVision again."
        ) from error
    found = {}
    for sheet in book.worksheets:
        rows = list(sheet.iter_rows(values_only=True))
        if not rows or not str(rows[0][0]).startswith("Number of header lines"):
            continue
        count = int(str(rows[0][1]))
        header = {str(row[0]): "" if row[1] is None else str(row[1]) for row in rows[:count] if row[0] is not None}
        number = re.search(r"(\d+)", header.get("Arena name", "")) or re.search(r"Arena\s*(\d+)", sheet.title)
        table = pd.DataFrame(rows[count:], columns=[str(name) for name in rows[count - 2]])
        if number:
            found[int(number.group(1))] = Arena(header, table)
    if not found:
        raise IngestError(
            f"{path.name}: no sheet of this workbook is an EthoVision raw export (cell A1 should read "
            "'Number of header lines:'). Export the raw data again, one sheet for each arena."
        )
    return found


def arena_trace(table: pd.DataFrame, name: str, number: int) -> pd.DataFrame:
    """Make the trace of one arena.

    Parameters
    ----------
    table : data frame
        The table of its sheet; '-' means that the animal was not found.
    name : str
        Name of the file, for messages.
    number : int
        Number of the arena.

    Returns
    -------
    data frame
        ``time_s`` (seconds from the arena's start), ``motion`` (mobility as a fraction of the body), ``seen``, and
        EthoVision's own mobility states where the export holds them.

    Raises
    ------
    IngestError
        If the export lacks the time or the mobility.
    """
    absent = [title for title in TITLES.values() if title not in table]
    if absent:
        raise IngestError(
            f"{name}: arena {number} has no column {' and no column '.join(absent)}. Tick it in EthoVision's export."
        )
    trace = pd.DataFrame({key: to_numbers(table[title]) for key, title in TITLES.items()})
    trace = trace[np.isfinite(trace["time_s"])].reset_index(drop=True)
    trace["seen"] = np.isfinite(trace["motion"])
    trace["motion"] /= 100
    for state in STATES:
        titles = (str(title) for title in table)
        column = next((title for title in titles if "Mobility" in title and f"({state})" in title), None)
        if column:
            trace[f"ethovision_{state.lower().replace(' ', '_')}"] = to_numbers(table[column])[: len(trace)]
    return trace


def to_numbers(column: pd.Series) -> np.ndarray:
    """Convert cells to numbers; decimal commas are allowed.

    Parameters
    ----------
    column : series
        Cells of a sheet.

    Returns
    -------
    (n,) float
        NaN where a cell is no number.
    """
    return pd.to_numeric(column.astype(str).str.replace(",", "."), errors="coerce").to_numpy(float)
