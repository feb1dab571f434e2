"""Readers of cages that weigh what an animal drinks: TSE PhenoMaster and BioDAQ.

In: cells of an export. Out: the amounts of one bottle over time, and what it gave while it was in place. These devices
record no licks. Which sensor holds which bottle is not in the file; the table's column ``channel`` names it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import BottleRow, Note, Unit
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, CellRow, are_numbers, number
from ketaflow.assays.sucrose_preference.readers.dispatch import DOCUMENTATION, REAL_FILE
from ketaflow.assays.sucrose_preference.sheets.readings import Readings
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import listed, quoted

SECONDS = ("%H:%M:%S", "%H:%M")
DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d")
FORMS = tuple(f"{day} {clock}" for day in DAYS for clock in SECONDS)
BOX_DRINK = re.compile(r"box\s*(\d+)\s*:\s*(drink\s*\d*)", re.IGNORECASE)
DRINK = re.compile(r"drink\s*\d*", re.IGNORECASE)
CLOCK_FRACTION = re.compile(r"(:\d+)\.\d+$")
DAY = re.compile(r"\d+[-./]\d+[-./]\d+")
UNIT = re.compile(r"[\[(]\s*(g|ml)\s*[\])]", re.IGNORECASE)


@dataclass(frozen=True)
class Intakes:
    """What left a bottle, over time.

    Attributes
    ----------
    moments : list of str
        Date and time of each row, as the file writes it.
    amounts : (n_rows,) float
        What left the bottle in each row.
    unit : {"g", "ml"}
        Unit of the amounts.
    is_at_start : bool
        Whether a time is that of the start of a row's drinking; else of its end.
    """

    moments: list[str]
    amounts: np.ndarray
    unit: Unit
    is_at_start: bool


class IntakeReader(NamedTuple):
    """Reader of one format: its name, whether a file is of the format, how to read a bottle's intakes, and on what
    the reader was tested."""

    name: str
    recognises: Callable[[CellFile], bool]
    read: Callable[[CellFile, BottleRow], Intakes]
    basis: str


def intake_readings(reader: IntakeReader, cells: CellFile, row: BottleRow) -> Readings:
    """What a bottle gave while it was in place.

    Parameters
    ----------
    reader : IntakeReader
        Reader of the format.
    cells : CellFile
        The export.
    row : BottleRow
        The bottle: its animal, channel, ``start_time`` and ``end_time``; without times, the whole record counts.

    Returns
    -------
    Readings
        The amount consumed, and the hours of the record.

    Raises
    ------
    IngestError
        If the sensor is not in the file, a cell is no number, or the record does not overlap the bottle's times.
    """
    try:
        intakes = reader.read(cells, row)
    except (ValueError, KeyError, IndexError):
        raise IngestError(
            f"{cells.name}: this file begins like an export of {reader.name}, but a later row does not follow it. "
            "Export it again."
        ) from None
    at = _moments(cells.name, intakes.moments, row)
    begin, end = (datetime.fromisoformat(text) if text else None for text in (row.start_time, row.end_time))
    if (end and at[0] > end) or (begin and at[-1] < begin):
        raise IngestError(
            f"{cells.name}: the record ({at[0]} to {at[-1]}) and the times of the bottle ({begin or 'unknown'} to "
            f"{end or 'unknown'}) do not overlap. Correct start_time and end_time, or set the clock of the device."
        )
    inside = np.array([_is_inside(one, begin, end, intakes.is_at_start) for one in at])
    hours = (min(at[-1], end or at[-1]) - max(at[0], begin or at[0])) / timedelta(hours=1)
    notes = []
    if begin and end and hours < constants.LEAST_COVERED_SHARE * (end - begin) / timedelta(hours=1):
        text = f"the record covers {hours:.1f} h of the {(end - begin) / timedelta(hours=1):.1f} h of the bottle"
        notes.append(Note("intake_log_covers", True, text))
    if (intakes.amounts[inside] < -constants.REFILL_AMOUNT).any():
        notes.append(Note("intake_log_step", True, "the bottle gained during the record: it was refilled or touched"))
    total = float(intakes.amounts[inside].sum())
    return Readings(consumed=total, unit=intakes.unit, hours=hours if hours > 0 else None, notes=tuple(notes))


def _is_inside(at: datetime, begin: datetime | None, end: datetime | None, is_at_start: bool) -> bool:
    """Whether a row belongs to the time of a bottle: one that names its start includes the beginning, else the end."""
    if is_at_start:
        return (begin is None or at >= begin) and (end is None or at < end)
    return (begin is None or at > begin) and (end is None or at <= end)


def _moments(name: str, texts: Sequence[str], row: BottleRow) -> list[datetime]:
    """Dates and times of the rows, in the only form in which none goes back."""
    if not texts:
        raise IngestError(f"{name}: there is no row for this bottle.")
    texts = [CLOCK_FRACTION.sub(r"\1", text if ":" in text else f"{text} 00:00:00") for text in texts]
    found: list[list[datetime]] = []
    for form in FORMS:
        try:
            made = [datetime.strptime(text, form) for text in texts]
        except ValueError:
            continue
        if all(one <= after for one, after in pairwise(made)) and made not in found:
            found.append(made)
    day = (row.start_time or "")[:10]
    own = [made for made in found if any(one.date().isoformat() == day for one in made)] if len(found) > 1 else found
    if len(own) == 1:
        return own[0]
    if found:
        raise IngestError(
            f"{name}: {quoted(texts[0])} may be day/month or month/day. Enter start_time of the bottle, or export the "
            "file with dates such as 2026-03-14."
        )
    raise IngestError(
        f"{name}: the times from {quoted(texts[0])} to {quoted(texts[-1])} are no rising dates with times of day "
        "(2026-03-14 19:30:00, 14.03.2026 19:30). Export one session."
    )


def _tse_top(cells: CellFile) -> int | None:
    """Place of the row of headings of a PhenoMaster table, below the lists of animals and groups."""
    for place, row in enumerate(cells.rows):
        names = [cell.lower() for cell in row.cells]
        is_dated = "date" in names[:1] or (bool(names) and names[0] in ("date time", "date_time", "datetime"))
        if is_dated and any(DRINK.match(name) or BOX_DRINK.match(name) for name in names):
            return place
    return None


def is_tse(cells: CellFile) -> bool:
    """Whether this is a PhenoMaster table with columns of drinking."""
    return _tse_top(cells) is not None


def read_tse(cells: CellFile, row: BottleRow) -> Intakes:
    """Read the amounts of a drinking sensor from a PhenoMaster table.

    Parameters
    ----------
    cells : CellFile
        The table of all sensors (``Animal No.``, ``Box``, ``Drink1``), or that of drinking and feeding alone
        (``Box1: Drink1``). Amounts are cumulative or per interval, whichever the series shows.
    row : BottleRow
        The animal as the file names it, and the sensor in ``channel``.

    Returns
    -------
    Intakes

    Raises
    ------
    IngestError
        If the animal or the sensor is not in the file.
    """
    top = _tse_top(cells) or 0
    headings = cells.rows[top].cells
    rows = [one for one in cells.rows[top + 1 :] if len(one.cells) > 2 and one.cells[0]]
    unit = next(
        (said[1].lower() for one in cells.rows[top + 1 : top + 2] for said in _units(one.cells, headings)), "ml"
    )
    column = _tse_column(cells.name, headings, row)
    if "animal no." in [name.lower() for name in headings]:
        rows = _of_animal(cells.name, rows, [name.lower() for name in headings].index("animal no."), row.animal or "")
    is_split = headings[0].lower() == "date"
    moments = [f"{one.cells[0]} {one.cells[1]}" if is_split else one.cells[0] for one in rows]
    values = [_amount(cells.name, one.number, headings[column], one.cells[column : column + 1]) for one in rows]
    amounts = _per_row(cells.name, np.array(values, dtype=float))
    return Intakes(moments, amounts, "g" if unit == "g" else "ml", is_at_start=False)


def _units(cells: Sequence[str], headings: Sequence[str]) -> list[re.Match[str]]:
    """Units of the columns of drinking: in the row below the headings, else in these."""
    places = [place for place, name in enumerate(headings) if "drink" in name.lower()]
    texts = [text for place in places for text in (*cells[place : place + 1], headings[place])]
    return [found for text in texts if (found := UNIT.search(text))]


def _tse_column(name: str, headings: Sequence[str], row: BottleRow) -> int:
    """Column of the sensor that channel names."""
    plain = [re.sub(r"\s*[\[(].*", "", heading).replace(" ", "").lower() for heading in headings]
    sensors = [heading for heading in plain if "drink" in heading]
    channel = (row.channel or "").replace(" ", "").lower()
    if not channel and len(sensors) == 1:
        return plain.index(sensors[0])
    if channel in sensors:
        return plain.index(channel)
    raise IngestError(
        f"{name}: no sensor is named {quoted(row.channel or '')}; the file has {listed([*map(quoted, sensors)])}. "
        "Enter one in the column channel."
    )


def _of_animal(name: str, rows: list[CellRow], place: int, animal: str) -> list[CellRow]:
    """Rows of an animal; 7 and 007 are the same."""
    named = list(dict.fromkeys(one.cells[place] for one in rows))
    own = [cell for cell in named if cell.lower() == animal.lower()]
    if not own and animal.isdecimal():
        own = [cell for cell in named if cell.isdecimal() and int(cell) == int(animal)]
    if not own:
        raise IngestError(
            f"{name}: no row is of animal {quoted(animal)}; the file has {listed([*map(quoted, named)])}. Name "
            "the animal as the file does."
        )
    return [one for one in rows if one.cells[place] in own]


def _amount(name: str, row: int, heading: str, cells: Sequence[str]) -> float:
    """Amount in a cell; an empty one is 0."""
    text = cells[0] if cells else ""
    value = number(text) if text else 0.0
    if value is None:
        raise IngestError(
            f"{name}: row {row}, column {quoted(heading)}: {quoted(text)} is no amount. Export the file again."
        )
    return value


def _per_row(name: str, values: np.ndarray) -> np.ndarray:
    """Amount of each row: the steps of a cumulative series, else the values themselves."""
    steps = np.diff(values, prepend=0.0)
    rises, falls = float(steps[steps > 0].sum()), float(-steps[steps < 0].sum())
    if rises == 0:
        return values
    if len(values) < constants.LEAST_INTAKE_ROWS and falls == 0 and not np.isclose(values.sum(), values[-1]):
        raise IngestError(
            f"{name}: {len(values)} rows are too few to tell cumulative amounts from amounts per interval. Export the "
            "whole record."
        )
    share = falls / rises
    if share < constants.CUMULATIVE_FALL_SHARE:
        began_before = len(values) > 1 and values[0] > constants.FIRST_STEP_FACTOR * steps[1:].max()
        return np.diff(values, prepend=values[0]) if began_before else steps
    if share > constants.INTERVAL_FALL_SHARE:
        return values
    raise IngestError(
        f"{name}: the amounts are neither cumulative nor per interval: they fall by {100 * share:.0f} % of what they "
        "rise. Export the amounts per interval."
    )


def _biodaq_top(cells: CellFile) -> int | None:
    """Place of the row of headings of a BioDAQ table of bouts."""
    for place, row in enumerate(cells.rows[: constants.MOST_TITLE_ROWS]):
        names = [_plain(cell) for cell in row.cells]
        if "psc" in names and "start" in names and any(name.startswith("consumed") for name in names):
            return place if "bout #" in names else None
    return None


def is_biodaq(cells: CellFile) -> bool:
    """Whether this is the table of bouts of a BioDAQ export."""
    return _biodaq_top(cells) is not None


def _plain(heading: str) -> str:
    """A heading in lower case, on one line."""
    return " ".join(heading.lower().split())


def read_biodaq(cells: CellFile, row: BottleRow) -> Intakes:
    """Read the bouts of one module from the worksheet ``Bouts table``.

    Parameters
    ----------
    cells : CellFile
        The worksheet.
    row : BottleRow
        The bottle; ``channel`` is the number of its module (PSC).

    Returns
    -------
    Intakes

    Raises
    ------
    IngestError
        If the module is not in the file.
    """
    top = _biodaq_top(cells) or 0
    names = [_plain(cell) for cell in cells.rows[top].cells]
    module, start = names.index("psc"), names.index("start")
    consumed = next(place for place, name in enumerate(names) if name.startswith("consumed"))
    rows = [one for one in cells.rows[top + 1 :] if len(one.cells) > max(module, start, consumed) and one.cells[module]]
    own = _of_module(cells.name, rows, module, row.channel)
    moments = [one.cells[start] for one in own]
    amounts = [_amount(cells.name, one.number, "Consumed", one.cells[consumed : consumed + 1]) for one in own]
    order = np.argsort(np.array(moments), kind="stable")
    return Intakes([moments[place] for place in order], np.array(amounts)[order], "g", is_at_start=True)


def is_biodaq_tab(cells: CellFile) -> bool:
    """Whether this is a BioDAQ data file: date, time, seconds, grams at the start, change in grams, module."""
    rows = [line.split() for line in cells.lines[: constants.MOST_TITLE_ROWS]]
    return bool(rows) and all(
        len(row) == 6 and DAY.fullmatch(row[0]) and row[1].count(":") == 2 and are_numbers(row[2:]) for row in rows
    )


def read_biodaq_tab(cells: CellFile, row: BottleRow) -> Intakes:
    """Read the bouts of one module from a BioDAQ data file (.tab).

    Parameters
    ----------
    cells : CellFile
        The file. A positive change left the bottle.
    row : BottleRow
        The bottle; ``channel`` is the number of its module.

    Returns
    -------
    Intakes

    Raises
    ------
    IngestError
        If the module is not in the file.
    """
    rows = [one._replace(cells=line.split()) for one, line in zip(cells.rows, cells.lines, strict=True)]
    own = _of_module(cells.name, rows, 5, row.channel)
    amounts = np.array([_amount(cells.name, one.number, "change", one.cells[4:5]) for one in own])
    return Intakes([f"{one.cells[0]} {one.cells[1]}" for one in own], amounts, "g", is_at_start=True)


def _of_module(name: str, rows: list[CellRow], place: int, channel: str | None) -> list[CellRow]:
    """Rows of a module."""
    wanted = re.sub(r"^psc\s*", "", (channel or "").strip().lower())
    own = [one for one in rows if one.cells[place].lower() == wanted]
    if not own:
        known = list(dict.fromkeys(one.cells[place] for one in rows))
        raise IngestError(
            f"{name}: no module (PSC) is {quoted(channel or '')}; the file has {listed(known, 32)}. Enter the "
            "number of the bottle's module in the column channel."
        )
    return own


INTAKE_READERS = (
    IntakeReader("TSE PhenoMaster", is_tse, read_tse, DOCUMENTATION),
    IntakeReader("BioDAQ, table of bouts", is_biodaq, read_biodaq, REAL_FILE),
    IntakeReader("BioDAQ, data file", is_biodaq_tab, read_biodaq_tab, DOCUMENTATION),
)
