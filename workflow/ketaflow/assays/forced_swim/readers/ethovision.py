"""Raw exports of EthoVision XT: one sheet for each arena, with EthoVision's own mobility.

The length of a sheet's header stands in its cell B1. Arenas start to be recorded at different moments of the trial, so
times are counted from the arena's own start, and its release is its first row.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record

STATES = ("Highly mobile", "Mobile", "Immobile")


def read(path: Path, swims: list[dict]) -> Record:
    """Mobility of every arena the rows name; refused where the file has other arenas."""
    sheets = read_arenas(path)
    record = Record(facts={"video": {"codec": "ethovision"}, "cylinders": {}})
    traces = []
    for swim in swims:
        number, recording = int(swim["cylinder"]), swim["recording"]
        if number not in sheets:
            there = ", ".join(map(str, sorted(sheets))) or "none"
            raise IngestError(f"{path.name}: there is no arena {number}; the file holds arenas {there}. "
                              "Correct the column cylinder.")  # fmt: skip
        header, table = sheets[number]
        trace = arena_trace(table, path.name, number)
        traces.append(trace.assign(recording=recording))
        release = swim["release_s"] if swim["release_s"] is not None else float(trace["time_s"].iloc[0])
        record.facts["cylinders"][recording] = {
            "reason": "", "release_s": release, "gap_s": 0.5, "confidence": 1.0,
            "recording_after": header.get("Recording after", ""),
            "missed_samples": header.get("Missed samples", ""), "not_found": header.get("Subject not found", ""),
        }  # fmt: skip
    record.tables["trace"] = pd.concat(traces, ignore_index=True)
    rate = 1 / float(np.median(np.diff(traces[0]["time_s"])))
    frames = len(traces[0])
    record.facts["video"].update(frame_rate_hz=rate, frames=frames, frames_lost=0, frames_looked_at=frames)
    return record


def read_arenas(path: Path) -> dict[int, tuple[dict, pd.DataFrame]]:
    """Header and rows of every arena's sheet, by arena number."""
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
        count = int(rows[0][1])
        header = {str(row[0]): "" if row[1] is None else str(row[1]) for row in rows[:count] if row[0] is not None}
        number = re.search(r"(\d+)", header.get("Arena name", "")) or re.search(r"Arena\s*(\d+)", sheet.title)
        table = pd.DataFrame(rows[count:], columns=[str(name) for name in rows[count - 2]])
        if number:
            found[int(number.group(1))] = (header, table)
    if not found:
        raise IngestError(
            f"{path.name}: no sheet of this workbook is an EthoVision raw export (cell A1 should read "
            "'Number of header lines:'). Export the raw data again, one sheet for each arena."
        )
    return found


def arena_trace(table: pd.DataFrame, name: str, number: int) -> pd.DataFrame:
    """Time and mobility of one arena; '-' means the animal was not found."""
    wanted = {"time_s": "Recording time", "motion": "Mobility"}
    absent = [title for title in wanted.values() if title not in table]
    if absent:
        raise IngestError(
            f"{name}: arena {number} has no column {' and no column '.join(absent)}. Tick it in EthoVision's export."
        )
    trace = pd.DataFrame({key: to_numbers(table[title]) for key, title in wanted.items()})
    trace = trace[np.isfinite(trace["time_s"])].reset_index(drop=True)
    trace["seen"] = np.isfinite(trace["motion"])
    trace["motion"] /= 100
    for state in STATES:
        column = next((title for title in table if "Mobility" in title and f"({state})" in title), None)
        if column:
            trace[f"ethovision_{state.lower().replace(' ', '_')}"] = to_numbers(table[column])[: len(trace)]
    return trace


def to_numbers(column: pd.Series) -> np.ndarray:
    """Cells as numbers, also with decimal commas; what is none is NaN."""
    return pd.to_numeric(column.astype(str).str.replace(",", "."), errors="coerce").to_numpy(float)
