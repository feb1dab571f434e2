"""The statistics export of EthoVision XT: totals of each arena, without samples.

In: the sheets of a file. Out: seconds of immobility, latency and number of bouts of each arena, as EthoVision counted
them over the time it was set to analyse. Titles fill several rows (variable, state, statistic, unit); a variable or a
state stands only above the first of its columns.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.model import ExportFacts, Swim, SwimRow
from ketaflow.assays.forced_swim.readers import constants, ethovision_titles, sheets
from ketaflow.assays.forced_swim.readers.sheets import Sheet
from ketaflow.core.errors import IngestError


class Columns(NamedTuple):
    """Where a sheet of statistics has its arena and its totals, and its first row of values (places from 0)."""

    arena: int | None
    immobility: int
    latency: int | None
    bouts: int | None
    first_row: int


class Totals(NamedTuple):
    """One row of statistics: number of the arena, all its cells, and the totals by measure."""

    arena: int
    cells: tuple[str, ...]
    values: dict[str, float]


def recognises(sheet: Sheet) -> bool:
    """Return whether a sheet holds the total duration of immobility."""
    return find_columns(sheet) is not None


def find_columns(sheet: Sheet) -> Columns | None:
    """Find the columns of a sheet of statistics.

    Parameters
    ----------
    sheet : Sheet
        The sheet.

    Returns
    -------
    Columns or None
        None if the sheet has no duration of immobility.
    """
    if not sheet.rows:
        return None
    width = max(map(len, sheet.rows))
    rows = [row + [""] * (width - len(row)) for row in sheet.rows]
    first = next((place for place, row in enumerate(rows) if is_values(row)), None)
    if first is None or not 0 < first <= constants.MAX_TITLE_ROWS:
        return None
    # A title counts for the columns to its right, until a title of the same row or of one above it begins.
    titles = [""] * width
    for place in range(first):
        last, above = "", list(titles)
        for column in range(width):
            changed = column > 0 and above[column] != above[column - 1]
            last = rows[place][column] or ("" if changed else last)
            titles[column] = f"{titles[column]} | {last}"
    names = [ethovision_titles.plain(title) for title in titles]
    immobile = [place for place, name in enumerate(names) if is_immobile(name)]
    totals = [place for place in immobile if ethovision_titles.has_stem(names[place], ethovision_titles.DURATION)]
    totals = [place for place in totals if "%" not in names[place]] or totals
    if not totals:
        return None
    cumulative = [
        place for place in totals if any(stem in names[place] for stem in ("cumul", "kumul", "gesamt", "acum", "total"))
    ]
    latency = [place for place in immobile if ethovision_titles.has_stem(names[place], ethovision_titles.LATENCY)]
    bouts = [place for place in immobile if ethovision_titles.has_stem(names[place], ethovision_titles.FREQUENCY)]
    arena = [
        place
        for place in range(width)
        if re.fullmatch(r"ar[eè]n[ae]\s*\d+", rows[first][place].lower())
        or rows[first - 1][place].lower().startswith("aren")
    ]
    return Columns(
        arena=arena[0] if arena else None,
        immobility=(cumulative or totals)[0],
        latency=latency[0] if latency else None,
        bouts=bouts[0] if bouts else None,
        first_row=first,
    )


def is_values(row: list[str]) -> bool:
    """Return whether a row holds values: a trial, arena or subject with its number, and a number."""
    named = any(re.search(r"\D\s*\d+$", cell) and not re.fullmatch(r"[\d.,:\s-]+", cell) for cell in row[:4])
    return named and any(sheets.parse_number(cell) is not None for cell in row[1:] if cell)


def is_immobile(name: str) -> bool:
    """Return whether a title stands for the state immobile."""
    return any(stem in name for stem in ethovision_titles.IMMOBILE)


def read_totals(found: list[Sheet]) -> list[Totals]:
    """Read every row of totals.

    Parameters
    ----------
    found : list of Sheet
        Sheets of the file.

    Returns
    -------
    list of Totals
    """
    totals: list[Totals] = []
    for sheet in found:
        columns = find_columns(sheet)
        for row in sheet.rows[columns.first_row :] if columns is not None else ():
            if columns is None or not np.isfinite(cell_number(row, columns.immobility)):
                continue
            stated = re.search(r"(\d+)", row[columns.arena]) if columns.arena is not None else None
            places = {
                "immobility_s": columns.immobility,
                "latency_to_immobility_s": columns.latency,
                "immobility_bout_count": columns.bouts,
            }
            values = {measure: cell_number(row, place) for measure, place in places.items() if place is not None}
            known = {measure: value for measure, value in values.items() if np.isfinite(value)}
            totals.append(Totals(int(stated.group(1)) if stated else len(totals) + 1, tuple(row), known))
    return totals


def chosen(row: SwimRow, totals: list[Totals], name: str) -> Totals:
    """Choose the totals of a swim: the row that names its recording or animal, else the only row of its arena.

    Parameters
    ----------
    row : SwimRow
        The swim.
    totals : list of Totals
        All rows of the export.
    name : str
        Name of the file, for messages.

    Returns
    -------
    Totals

    Raises
    ------
    IngestError
        If no row fits, or several do.
    """
    named = [one for one in totals if row.recording in one.cells] or [one for one in totals if row.animal in one.cells]
    fitting = [one for one in named if one.arena == row.cylinder] if len(named) > 1 else named
    fitting = fitting or [one for one in totals if one.arena == row.cylinder]
    if len(fitting) == 1:
        return fitting[0]
    arenas = ", ".join(map(str, sorted({one.arena for one in totals})))
    what = f"{len(fitting)} rows of arena {row.cylinder}" if fitting else f"no arena {row.cylinder}"
    raise IngestError(
        f"{name}: there is {what}; the statistics hold {len(totals)} rows of the arenas {arenas}. Correct the column "
        "cylinder, or export the name of the animal or recording with the statistics, as in the table forced_swim."
    )


def cell_number(row: list[str], place: int) -> float:
    """Return the number in a cell; NaN if there is none."""
    value = sheets.parse_number(row[place]) if place < len(row) and row[place] else None
    return np.nan if value is None else value


def totals_swim(row: SwimRow, totals: Totals) -> Swim:
    """Make a swim of totals: it has no samples."""
    return Swim(
        recording=row.recording,
        animal=row.animal,
        session=row.session,
        cylinder=row.cylinder,
        reason="",
        release_s=row.release_s,
        max_gap_s=constants.EXPORT_MAX_GAP_S,
        trace=pd.DataFrame({"time_s": [], "motion": [], "seen": []}),
        export=ExportFacts("EthoVision", None, "", totals.values),
    )
