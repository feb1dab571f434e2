"""Exports of EthoVision XT: the samples of each arena (raw data), with EthoVision's own mobility.

In: a workbook or text file and the rows that name its arenas. Out: a ``SwimFile`` whose motion is EthoVision's
mobility. Cell B1 of a sheet holds the length of its header. Arenas start at different moments of the trial, so times
count from the arena's own start, which is taken for the release. Totals of the statistics export are read by
``ethovision_statistics``.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.model import ExportFacts, Swim, SwimFile, SwimRow
from ketaflow.assays.forced_swim.readers import constants, ethovision_statistics, ethovision_titles, sheets
from ketaflow.assays.forced_swim.readers.sheets import Sheet
from ketaflow.core.errors import IngestError

PROGRAM = "EthoVision"
# Label of the header below which a lab's own fields follow.
OWN_FIELDS = "User-defined"
# Words by which a note may name the treatment.
TREATMENT_WORDS = re.compile(r"\bm?g\s*/\s*kg|ketam|vehicle|saline|\bveh\b|\bdrug|dose|inject")
EXPECTED = (
    "Expected the raw data of EthoVision XT (cell A1 'Number of header lines:', B1 that number; .xlsx or text, one "
    "sheet or file for each arena), or its statistics with the cumulative duration of the state immobile."
)


class NoExportError(IngestError):
    """The file is no export of EthoVision."""


class Arena(NamedTuple):
    """Sheet of one arena.

    Attributes
    ----------
    header : dict of str to str
        Lines above the table, by title.
    table : data frame
        One row per sample, columns as exported.
    """

    header: dict[str, str]
    table: pd.DataFrame


def recognises(path: Path) -> bool:
    """Return whether a file is a workbook, or text that begins like a raw export."""
    if path.suffix.lower() in (*sheets.WORKBOOKS, ".xls"):
        return True
    if path.suffix.lower() not in constants.TEXT_ENDINGS or not path.is_file():
        return False
    try:
        return any(
            header_length(sheet) or ethovision_statistics.recognises(sheet) for sheet in sheets.read_sheets(path)
        )
    except (ValueError, OSError):
        return False


def read(path: Path, rows: Sequence[SwimRow]) -> SwimFile:
    """Read every arena that the rows name.

    Parameters
    ----------
    path : Path
        The export.
    rows : sequence of SwimRow
        Their ``cylinder`` is the number of the arena.

    Returns
    -------
    SwimFile

    Raises
    ------
    IngestError
        If the file is no export, or lacks an arena or a column.
    """
    found = read_export_sheets(path)
    arenas = raw_arenas(found)
    totals = [] if arenas else ethovision_statistics.read_totals(found)
    if totals:
        swims = [
            ethovision_statistics.totals_swim(row, ethovision_statistics.chosen(row, totals, path.name)) for row in rows
        ]
        return SwimFile(rows[0].video, 0, 0, np.nan, swims, source="ethovision")
    if not arenas:
        raise NoExportError(f"{path.name}: no sheet of this file is an export of EthoVision. {EXPECTED}")
    for row in rows:
        if row.cylinder not in arenas:
            present = ", ".join(map(str, sorted(arenas)))
            raise IngestError(
                f"{path.name}: there is no arena {row.cylinder}; the file holds arenas {present}. "
                "Correct the column cylinder."
            )
    swims = [arena_swim(row, arenas[row.cylinder], path.name) for row in rows]
    frame_rate_hz = 1 / float(np.median(np.diff(swims[0].trace["time_s"])))
    return SwimFile(rows[0].video, len(swims[0].trace), 0, frame_rate_hz, swims, source="ethovision")


def read_export_sheets(path: Path) -> list[Sheet]:
    """Read the sheets of an export; a file that is none is refused."""
    if path.suffix.lower() == ".xls":
        raise IngestError(f"{path.name}: the old Excel format (.xls) is not read. Save it as .xlsx.")
    if not path.is_file():
        raise IngestError(f"{path.name}: the file is not there. Put it where the table says, or correct the path.")
    try:
        return sheets.read_sheets(path)
    except (ValueError, OSError) as error:
        raise NoExportError(f"{path.name}: {error}. Export the data from EthoVision again. {EXPECTED}") from error


def header_length(sheet: Sheet) -> int:
    """Return the number of header lines that a sheet of a raw export states in B1; 0 if it is no raw export.

    The label in A1 is translated in some languages, so the layout decides: below the header, a row of titles and a row
    of units precede the samples.
    """
    if not sheet.rows or len(sheet.rows[0]) < 2:
        return 0
    label, stated = sheet.rows[0][:2]
    if not label or not re.fullmatch(r"\d{1,3}(\.0)?", stated):
        return 0
    count = int(float(stated))
    if not constants.MIN_HEADER_LINES <= count < len(sheet.rows):
        return 0
    titles, first = sheet.rows[count - 2], sheet.rows[count]
    numeric = bool(first) and sheets.parse_number(first[0]) is not None
    is_english = label.lower().startswith("number of header lines")
    return count if is_english or (numeric and sum(map(bool, titles)) >= 2) else 0


def raw_arenas(found: list[Sheet]) -> dict[int, Arena]:
    """Collect the arenas of a raw export.

    Parameters
    ----------
    found : list of Sheet
        Sheets of the file.

    Returns
    -------
    dict of int to Arena
        By number of the arena; a single arena without a number is 1.
    """
    arenas: dict[int, Arena] = {}
    for sheet in found:
        count = header_length(sheet)
        if not count:
            continue
        header = {row[0]: row[1] if len(row) > 1 else "" for row in sheet.rows[:count] if row and row[0]}
        names = [text for label, text in header.items() if ethovision_titles.has_stem(label, ethovision_titles.ARENA)]
        numbers = [match for text in (*names, sheet.title) if (match := re.search(r"(\d+)", text))]
        titled = re.search(r"Ar[eè]n[ae]\s*(\d+)", sheet.title, re.IGNORECASE)
        number = int(numbers[0].group(1)) if names and numbers else int(titled.group(1)) if titled else 1
        titles = sheet.rows[count - 2]
        width = len(titles)
        body = [(row + [""] * width)[:width] for row in sheet.rows[count:] if any(row)]
        units = (sheet.rows[count - 1] + [""] * width)[:width]
        table = pd.DataFrame(body, columns=unique_titles(titles))
        table.attrs["units"] = units
        arenas[number] = Arena(header, table)
    return arenas


def unique_titles(titles: list[str]) -> list[str]:
    """Return titles that differ: a repeated one is numbered."""
    return [title if title not in titles[:place] else f"{title} #{place}" for place, title in enumerate(titles)]


def arena_swim(row: SwimRow, arena: Arena, name: str) -> Swim:
    """Make the swim of one arena.

    Parameters
    ----------
    row : SwimRow
        The row that names it.
    arena : Arena
        Header and samples.
    name : str
        Name of the file, for messages.

    Returns
    -------
    Swim
    """
    trace = arena_trace(arena.table, name, row.cylinder)
    limits = [
        ethovision_titles.limit_pct(str(title)) for title in arena.table if ethovision_titles.state_of(str(title))
    ]
    return Swim(
        recording=row.recording,
        animal=row.animal,
        session=row.session,
        cylinder=row.cylinder,
        reason="",
        release_s=row.release_s if row.release_s is not None else float(trace["time_s"].iloc[0]),
        max_gap_s=constants.EXPORT_MAX_GAP_S,
        trace=trace,
        export=ExportFacts(PROGRAM, next((one for one in limits if one is not None), None), header_note(arena.header)),
    )


def header_note(header: dict[str, str]) -> str:
    """Return what the lab noted in the header of an arena; empty if nothing.

    A note that repeats another field of the lab (treatment, strain, name of the animal) or names a dose would unblind
    the reviewer: it is replaced by a hint to read it in the export.
    """
    labels = list(header)
    own_from = next((place for place, label in enumerate(labels) if label.startswith(OWN_FIELDS)), len(labels) - 8)
    own_fields = [header[label] for label in labels[own_from:]]
    notes = [
        text for label, text in header.items() if text and ethovision_titles.has_stem(label, ethovision_titles.NOTES)
    ]
    shown = []
    for note in notes:
        words = set(re.findall(r"[a-z0-9]{2,}", ethovision_titles.plain(note)))
        others = {word for text in own_fields if text != note for word in re.findall(r"[a-z0-9]{3,}", text.lower())}
        reveals = bool(words & others) or TREATMENT_WORDS.search(note.lower())
        shown.append("a note that may name the treatment; read it in the export after unblinding" if reveals else note)
    return "; ".join(shown)


def arena_trace(table: pd.DataFrame, name: str, number: int) -> pd.DataFrame:
    """Make the trace of one arena.

    Parameters
    ----------
    table : data frame
        The table of its sheet, its units in ``attrs``; '-' means that the animal was not found.
    name : str
        Name of the file, for messages.
    number : int
        Number of the arena.

    Returns
    -------
    data frame
        ``time_s`` (seconds from the arena's start), ``motion`` (mobility as a fraction of the body; 0 or 1 where the
        export holds states alone), ``seen``, and EthoVision's own mobility states where the export holds them.

    Raises
    ------
    IngestError
        If the export lacks the time, or both the mobility and its states.
    """
    titles = [str(title) for title in table]
    units = dict(zip(titles, table.attrs.get("units", [""] * len(titles)), strict=True))
    time_title = time_column(titles, units)
    mobility = mobility_column(titles, units)
    states = {state: title for title in reversed(titles) if (state := ethovision_titles.state_of(title))}
    if time_title is None or (mobility is None and "immobile" not in states):
        absent = "Recording time" if time_title is None else "Mobility (or Mobility state: Immobile)"
        held = ", ".join(titles)
        raise IngestError(
            f"{name}: arena {number} has no column {absent}. Tick it in EthoVision's export; the file has: {held}."
        )
    trace = pd.DataFrame({"time_s": to_numbers(table[time_title])})
    own = {f"ethovision_{state}": to_numbers(table[title]) for state, title in states.items()}
    trace["motion"] = to_numbers(table[mobility]) / 100 if mobility is not None else 1 - own["ethovision_immobile"]
    trace = trace.assign(**own)
    trace = trace[np.isfinite(trace["time_s"])].reset_index(drop=True)
    if len(trace) < constants.MIN_SAMPLES:
        raise IngestError(f"{name}: arena {number} holds {len(trace)} samples. Export the raw data again.")
    if has_trial_time(time_title):
        trace["time_s"] -= trace["time_s"].iloc[0]
    trace["seen"] = np.isfinite(trace["motion"])
    return trace


def time_column(titles: list[str], units: dict[str, str]) -> str | None:
    """Return the title of the time of the recording; else of the trial; else of the second column in seconds."""
    for stems in (ethovision_titles.RECORDING_TIME, ethovision_titles.TRIAL_TIME):
        for title in titles:
            if ethovision_titles.has_stem(title, stems):
                return title
    in_seconds = [title for title in titles[:2] if units.get(title) == "s"]
    return in_seconds[-1] if in_seconds else None


def has_trial_time(title: str) -> bool:
    """Return whether times count from the start of the trial, not of the arena's recording."""
    return ethovision_titles.has_stem(title, ethovision_titles.TRIAL_TIME)


def mobility_column(titles: list[str], units: dict[str, str]) -> str | None:
    """Return the title of the mobility itself: not a state, in percent, the continuous one if there are several."""
    named = [
        title
        for title in titles
        if ethovision_titles.has_stem(title, ethovision_titles.MOBILITY)
        and not ethovision_titles.state_of(title)
        and "(" not in title
        and units.get(title, "%") in ("%", "")
    ]
    continuous = [title for title in named if ethovision_titles.has_stem(title, ("contin", "kontinu"))]
    return next(iter(continuous or named), None)


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
