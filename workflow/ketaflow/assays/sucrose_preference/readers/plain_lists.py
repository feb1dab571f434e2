"""Reader of plain lists of lick times: one or more columns of numbers, with or without headings.

In: cells of a list. Out: its common form, one channel per column of times. Row numbers, remarks and the ends of licks
are no channels. A column that cannot be read is refused only if a bottle names it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import LogQuality
from ketaflow.assays.sucrose_preference.readers.cell_files import (
    CellFile,
    CellRow,
    is_row_number,
    number,
)
from ketaflow.assays.sucrose_preference.readers.lick_time_unit import UNIT_WORDS, heading_unit_s, seconds_per_unit
from ketaflow.assays.sucrose_preference.readers.logs import Channel, Log, LogFile, lick_channel, rising
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import quoted

ON_WORDS = {"on", "onset", "onsets", "start", "starts", "begin", "lickon"}
OFF_WORDS = {"off", "offset", "offsets", "stop", "stops", "end", "ends", "lickoff"}
OTHER_WORDS = {"duration", "durations", "length", "ili", "interval", "intervals", "contact", "comment",
                  "comments", "note", "notes", "remark", "remarks"}  # fmt: skip
TIME_WORDS = {"time", "times", "timestamp", "timestamps", "date", "datetime", "bin", "elapsed"}
INDEX_HEADING = re.compile(r"unnamed.*|index|row|#|no\.?|nr\.?", re.IGNORECASE)

Role = Literal["times", "on", "off", "other"]


@dataclass(frozen=True)
class Column:
    """A column of a list.

    Attributes
    ----------
    heading : str
        As the file writes it; its number (from 1) where it has none.
    cells : list of (int, str)
        Row number and text of each cell.
    role : {"times", "on", "off", "other"}
        What its heading says: lick times, starts of licks, ends of licks, or something else.
    stem : tuple of str
        Words of the heading without role and unit, which the two columns of a channel share.
    """

    heading: str
    cells: list[tuple[int, str]]
    role: Role
    stem: tuple[str, ...]


def read_list(file: LogFile) -> Log:
    """Read columns of lick times.

    Parameters
    ----------
    file : LogFile
        List of lick times in columns.

    Returns
    -------
    Log
        One channel per column of times or of starts; the column of ends with the same words gives their contact times.

    Raises
    ------
    IngestError
        If the file holds no column of numbers, or if many rows are shorter than the headings.
    """
    columns, broken = list_columns(file.cells)
    _refuse_mixed_rows(file.cells)
    channels: dict[str, Channel] = {}
    aliases: dict[str, str] = {}
    unusable: dict[str, str] = {}
    ends = {column.stem: column for column in columns if column.role == "off"}
    starts = [column for column in columns if column.role in ("times", "on")]
    for column in starts:
        key = column.heading.lower()
        if other := _times_beside(column, starts):
            values = f"column {quoted(column.heading)} has values at the times of column {quoted(other)}"
            unusable[key] = f"{values}, and is no list of lick times. Save the lick times of each bottle in a column."
            continue
        off = ends.get(column.stem) if column.role == "on" else None
        try:
            channels[key] = _channel(column, off, file)
        except IngestError as error:
            unusable[key] = f"column {quoted(column.heading)}: {error}" if column.heading else str(error)
        if column.stem:
            aliases.setdefault(" ".join(column.stem), key)
    for column in columns:
        if column.role == "off" and not any(one.stem == column.stem for one in starts):
            unusable[column.heading.lower()] = (
                f"column {quoted(column.heading)} holds ends of licks without their starts. Name the column of starts."
            )
    if not channels and not unusable:
        raise IngestError(_no_times(file.name))
    return Log("lick times", channels, quality=LogQuality(broken_rows=broken), aliases=aliases, unusable=unusable)


def _times_beside(column: Column, columns: Sequence[Column]) -> str:
    """Heading of a column of times beside one that names no time; empty if there is none."""
    if TIME_WORDS & set(column.stem):
        return ""
    return next((one.heading for one in columns if TIME_WORDS & set(one.stem)), "")


def _refuse_mixed_rows(cells: CellFile) -> None:
    """Refuse a list in which a column of text, such as the side, says that rows belong to different spouts."""
    first = _first_row(cells.rows) or 0
    rows = cells.rows[first:]
    headings = cells.rows[first - 1].cells if first else []
    for place in range(max(len(row.cells) for row in rows)):
        heading = headings[place] if place < len(headings) else ""
        texts = [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place]]
        names = set(texts)
        is_text = bool(names) and all(number(name) is None for name in names)
        is_group = len(names) > 1 and 2 * len(texts) > len(rows) and 2 * len(names) <= len(texts)
        if is_text and is_group and _role(heading)[0] != "other":
            shown = ", ".join(map(quoted, sorted(names)[:4]))
            raise IngestError(
                f"{cells.name}: column {quoted(heading or str(place + 1))} distinguishes rows ({shown}), but its "
                "heading names neither a spout, an animal nor a state. Call it side, spout, animal or state, or save "
                "each bottle in a column of its own."
            )


def is_list(cells: CellFile) -> bool:
    """Whether all columns of times hold rising numbers, at least as many as show the rhythm of licking."""
    try:
        columns, _ = list_columns(cells)
        times = [_times(column) for column in columns]
    except IngestError:
        return False
    return bool(times) and all(
        len(one) >= constants.UNIT_MIN_LICKS and bool((np.diff(np.trim_zeros(one, "b")) >= 0).all()) for one in times
    )


def list_columns(cells: CellFile) -> tuple[list[Column], int]:
    """Columns of a list that may hold times, and the number of rows that were cut short.

    Parameters
    ----------
    cells : CellFile
        The list. Rows of text above the numbers are headings and titles.

    Returns
    -------
    columns : list of Column
        Without row numbers, columns of text and columns of one repeated value.
    broken : int
        Rows with fewer cells than the headings, which are left out.

    Raises
    ------
    IngestError
        If there are no numbers, if rows are longer than the headings, or if many are shorter.
    """
    first = _first_row(cells.rows)
    if first is None or first > constants.MOST_TITLE_ROWS:
        raise IngestError(_no_times(cells.name))
    data = cells.rows[first:]
    headings = list(cells.rows[first - 1].cells) if first else []
    if headings and all(len(row.cells) == len(headings) + 1 for row in data):
        # R writes no heading above the names of the rows.
        headings = ["", *headings]
    width = len(headings) or max(len(row.cells) for row in data)
    longer = next((row for row in data if len(row.cells) > width), None)
    if longer:
        raise IngestError(
            f"{cells.name}: row {longer.number} has {len(longer.cells)} cells, the headings have {width}. Write one "
            "heading for each column."
        )
    whole = [row for row in data if len(row.cells) == width]
    broken = len(data) - len(whole)
    if broken > max(1, constants.MOST_BROKEN_SHARE * len(data)):
        short = next(row for row in data if len(row.cells) < width)
        raise IngestError(
            f"{cells.name}: {broken} of {len(data)} rows have fewer cells than the {width} columns, the first is row "
            f"{short.number}. Save the file with a delimiter for each blank cell."
        )
    return _columns(headings or [""] * width, whole), broken + cells.damaged_lines


def _first_row(rows: Sequence[CellRow]) -> int | None:
    """Place of the first row with a number in a column in which most entries are numbers."""
    width = max(len(row.cells) for row in rows)
    filled, numbers = np.zeros(width), np.zeros(width)
    for row in rows:
        for place, cell in enumerate(row.cells):
            filled[place] += bool(cell)
            numbers[place] += number(cell) is not None
    numeric = set(np.flatnonzero(2 * numbers > filled).tolist())
    found = (
        place
        for place, row in enumerate(rows)
        if any(at in numeric and number(cell) is not None for at, cell in enumerate(row.cells))
    )
    return next(found, None)


def _no_times(name: str) -> str:
    return (
        f"{name}: neither lick times nor readings of bottles (start and end, or consumed, in the headings) were found, "
        "and no other format of the assay's documentation. A column of lick times for each bottle is always read."
    )


def _columns(headings: Sequence[str], rows: Sequence[CellRow]) -> list[Column]:
    """Columns that may hold lick times."""
    repeated = {name for name, count in Counter(name.lower() for name in headings if name).items() if count > 1}
    made = []
    for place, heading in enumerate(headings):
        cells = [(row.number, row.cells[place]) for row in rows if row.cells[place]]
        values = np.array([value for _, cell in cells if (value := number(cell)) is not None])
        is_unnamed = not heading and any(headings)
        if len(headings) > 1 and _is_no_channel("index" if is_unnamed and cells else heading, values, bool(cells)):
            continue
        name = heading if heading or len(headings) == 1 else str(place + 1)
        if heading.lower() in repeated:
            name = f"{heading} (column {place + 1})"
        made.append(Column(name, cells, *_role(heading)))
    return [column for column in made if column.role != "other"]


def _is_no_channel(heading: str, values: np.ndarray, is_filled: bool) -> bool:
    """Whether a column counts the rows, repeats one value, holds text alone, or is empty without a heading."""
    if not is_filled:
        return not heading
    if not len(values) or is_row_number(values):
        return True
    if len(values) > 2 and (values == values[0]).all() and values[0] != 0:
        return True
    return bool(INDEX_HEADING.fullmatch(heading)) and bool((values % 1 == 0).all() and (np.diff(values) > 0).all())


def _role(heading: str) -> tuple[Role, tuple[str, ...]]:
    """What a heading says of its column, and its other words."""
    words = re.findall(r"[^\W\d_]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1 \2", heading).lower())
    role: Role = "times"
    if OTHER_WORDS & set(words):
        role = "other"
    elif OFF_WORDS & set(words):
        role = "off"
    elif ON_WORDS & set(words):
        role = "on"
    is_unit = {"s"} if heading_unit_s(heading) == 1.0 else set()
    known = ON_WORDS | OFF_WORDS | set(UNIT_WORDS) | is_unit
    return role, tuple(word for word in words if word not in known)


def _channel(column: Column, ends: Column | None, file: LogFile) -> Channel:
    """Licks of a column, with their contact times where another column gives their ends."""
    times = np.trim_zeros(_times(column), "b")
    rising(times, "")
    unit_s = seconds_per_unit(times, column.heading, file.settings.lick_time_unit)
    if ends is None:
        return lick_channel(times * unit_s)
    return lick_channel(times * unit_s, np.sort(np.trim_zeros(_times(ends), "b")) * unit_s)


def _times(column: Column) -> np.ndarray:
    """Lick times of a column, in the unit of the file."""
    if any("," in cell for _, cell in column.cells) and any("." in cell for _, cell in column.cells):
        raise IngestError("some numbers have a decimal comma, others a point. Save the file with one of them.")
    values = []
    for row, cell in column.cells:
        value = number(cell)
        if value is None or value < 0:
            raise IngestError(f"row {row}: {quoted(cell)} is no lick time. Correct the cell, or leave it empty.")
        values.append(value)
    return np.array(values, dtype=float)
