"""Read one recording: the bottles of an animal in one session, from the table, a bottle sheet or a lickometer log.

In: the recording's rows and those of the session's leak-control bottles. Out: a ``BottleTest``, one form for readings
and licks of any origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.bottles.loss import lost_amount
from ketaflow.assays.sucrose_preference.model import AnimalRow, Bottle, BottleLicks, BottleRow, BottleTest, Span
from ketaflow.assays.sucrose_preference.readers import plain_lists
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile, are_numbers, open_cells
from ketaflow.assays.sucrose_preference.readers.dispatch import EVENT_TABLE, PLAIN_LIST, read_log, reader_of
from ketaflow.assays.sucrose_preference.readers.logs import Channel, Log, LogFile, channel_name, cut, seconds_since
from ketaflow.assays.sucrose_preference.settings import IngestSettings
from ketaflow.assays.sucrose_preference.sheets import bottle_sheets
from ketaflow.assays.sucrose_preference.sheets.bottle_sheets import BottleSheet
from ketaflow.assays.sucrose_preference.sheets.intake_logs import INTAKE_READERS, IntakeReader, intake_readings
from ketaflow.assays.sucrose_preference.sheets.readings import Readings
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows
from ketaflow.core.tables import listed, quoted


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> BottleTest:
    """Read the bottles and licks of one recording, and the leak-control bottles of its session.

    Parameters
    ----------
    rows : Rows
        Rows of the tables ``sucrose_preference`` and ``animals``.
    folder : Path
        Where the paths in the column ``log`` start.
    settings : IngestSettings
        Settings ``sucrose_preference.ingest``.

    Returns
    -------
    BottleTest
        The animal's bottles and licks, and the leak-control bottles.

    Raises
    ------
    IngestError
        If a log or a bottle sheet cannot be read, or does not contain the bottle.
    """
    table = rows.of("sucrose_preference", BottleRow)
    own = [row for row in table if not row.dummy]
    bottles, logs = [], []
    sources: list[_Source] = []
    for row in own:
        readings = _readings(row, folder, settings)
        if readings is None:
            log = _log(folder / str(row.log), row, settings)
            logs.append(_bottle_licks(log, row, settings))
            sources.append(_source(log, row, folder))
        elif row.log and row.channel and _from_table(row).start is None:
            sources.append(_Source(row, (str(folder / row.log), "", row.channel.strip().lower())))
        bottles.append(_bottle(row, readings or _from_table(row), settings))
    _refuse_shared(sources)
    return BottleTest(
        recording=own[0].recording,
        animal=own[0].animal or "",
        session=own[0].session,
        weight_g=_weight_g(own, rows.of("animals", AnimalRow)),
        bottles=bottles,
        controls=[_bottle(row, _control_readings(row, folder, settings), settings) for row in table if row.dummy],
        logs=logs,
    )


def _weight_g(own: Sequence[BottleRow], animals: Sequence[AnimalRow]) -> float | None:
    """Body weight on the day of the session (g), else that of the table of animals."""
    weights = [row.weight_g for row in own] + [row.weight_g for row in animals[:1]]
    return next((weight_g for weight_g in weights if weight_g is not None), None)


def _from_table(row: BottleRow) -> Readings:
    """Readings of a bottle in the cohort table."""
    if row.start_g is not None or row.end_g is not None:
        return Readings(row.start_g, row.end_g, unit="g")
    return Readings(row.start_ml, row.end_ml, unit="ml")


def _readings(row: BottleRow, folder: Path, settings: IngestSettings) -> Readings | None:
    """Readings of a bottle: in the table, in a bottle sheet or in the log of a cage that weighs; None if licks were
    logged."""
    in_table = _from_table(row)
    if not row.log:
        return in_table
    if in_table.start is not None:
        return None
    file = _opened(folder / row.log)
    if file.intake_log:
        return intake_readings(*file.intake_log, row)
    if file.sheet and (bottle_sheets.names_animal(file.sheet, row) or not file.is_list):
        found = bottle_sheets.readings(file.sheet, row, settings.sheet_unit)
        return found if found.is_read else replace(in_table, notes=found.notes)
    return None


def _control_readings(row: BottleRow, folder: Path, settings: IngestSettings) -> Readings:
    """Readings of a leak-control bottle."""
    readings = _readings(row, folder, settings)
    if readings is None and not _from_table(row).is_read:
        raise IngestError(
            f"{Path(str(row.log)).name}: the leak-control bottle {quoted(row.recording)} has no readings; a log of "
            "licks does not show what it lost. Enter its start_g and end_g."
        )
    return readings or _from_table(row)


def _bottle(row: BottleRow, readings: Readings, settings: IngestSettings) -> Bottle:
    """A bottle with what it lost between its readings."""
    start, end, unit = readings.start, readings.end, readings.unit
    lost, ran_empty, in_place_s = readings.consumed, False, _in_place_s(row)
    if start is not None and end is not None:
        lost = lost_amount(start, end, unit, settings.volume_scale)
        ran_empty = _ran_empty(row, end, unit, settings)
    return Bottle(
        side=row.side,
        content=_content(row),
        concentration_pct=row.concentration_pct,
        start_time=row.start_time,
        hours=readings.hours if in_place_s is None else in_place_s / 3600,
        unit=unit if readings.is_read else "",
        lost=lost,
        ran_empty=ran_empty,
        notes=readings.notes,
    )


def _content(row: BottleRow) -> str:
    return row.content.strip().lower()


def _in_place_s(row: BottleRow) -> float | None:
    """How long a bottle was in place (s); None unless the table gives both times."""
    if not row.start_time or not row.end_time:
        return None
    return seconds_since(datetime.fromisoformat(row.start_time), datetime.fromisoformat(row.end_time))


def _ran_empty(row: BottleRow, end: float, unit: str, settings: IngestSettings) -> bool:
    """Whether a bottle's last reading leaves no more than the droplet that stays in its spout."""
    if unit == "g":
        return row.empty_g is not None and end - row.empty_g <= settings.empty_up_to_ml
    return settings.volume_scale == "remaining" and end <= settings.empty_up_to_ml


@dataclass(frozen=True)
class _File:
    """An opened file: its worksheets, one for a text."""

    name: str
    worksheets: list[CellFile]

    @cached_property
    def intake_log(self) -> tuple[IntakeReader, CellFile] | None:
        """Reader and worksheet of the record of a cage that weighs its bottles, if it is one."""
        found = ((one, cells) for one in INTAKE_READERS for cells in self.worksheets if one.recognises(cells))
        return next(found, None)

    @cached_property
    def is_device_log(self) -> bool:
        """Whether a device wrote the file."""
        return any(reader_of(cells) not in (PLAIN_LIST, EVENT_TABLE) for cells in self.worksheets)

    @cached_property
    def sheet(self) -> BottleSheet | None:
        """The bottle sheet that the worksheets make, if any."""
        return None if self.is_device_log else bottle_sheets.bottle_sheet(self.name, self.worksheets)

    @cached_property
    def is_list(self) -> bool:
        """Whether columns, perhaps named start and end, hold rising times."""
        return any(reader_of(cells) is EVENT_TABLE or plain_lists.is_list(cells) for cells in self.worksheets)


def _opened(path: Path) -> _File:
    """A log or a bottle sheet."""
    try:
        return _open(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise IngestError(
            f"{path.name}: the file cannot be opened ({error.strerror}). Restore it, or correct the column log."
        ) from error


@lru_cache(maxsize=8)
def _open(path: Path, changed: int) -> _File:
    """A file, kept for the bottles and recordings that share it (``changed`` is its time of change)."""
    worksheets = open_cells(path.name, path.read_bytes())
    return _File(path.name, worksheets)


def _log(path: Path, row: BottleRow, settings: IngestSettings) -> Log:
    """The log of a bottle."""
    cells = _worksheet(_opened(path), row)
    return _read(path, path.stat().st_mtime_ns, cells.worksheet, row.animal, settings)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, worksheet: str, subject: str | None, settings: IngestSettings) -> Log:
    """A log, kept for the bottles that share it (``changed`` is its time of change)."""
    cells = next(one for one in _open(path, changed).worksheets if one.worksheet == worksheet)
    return read_log(LogFile(cells, subject, settings))


def _worksheet(file: _File, row: BottleRow) -> CellFile:
    """The worksheet with the licks of a bottle: that named as channel, session, animal or recording, else the only one
    with numbers."""
    if len(file.worksheets) == 1:
        return file.worksheets[0]
    names = [name.lower() for name in (row.channel, row.session, row.animal, row.recording) if name]
    named = [cells for name in names for cells in file.worksheets if cells.worksheet.lower() == name]
    numeric = [cells for cells in file.worksheets if any(are_numbers(one.cells) for one in cells.rows)]
    if named or len(numeric) == 1:
        return (named or numeric)[0]
    shown = listed([quoted(cells.worksheet) for cells in file.worksheets])
    raise IngestError(
        f"{file.name}: several worksheets hold numbers: {shown}. Name the worksheet of the bottle as its session, "
        "animal, recording or channel, or delete the others."
    )


class _Source(NamedTuple):
    """Where the licks or readings of a bottle come from: file, worksheet and channel."""

    row: BottleRow
    place: tuple[str, str, str]


def _source(log: Log, row: BottleRow, folder: Path) -> _Source:
    """Source of the licks of a bottle."""
    path = folder / str(row.log)
    return _Source(
        row, (str(path), _worksheet(_opened(path), row).worksheet, channel_name(log, row.channel, path.name))
    )


def _refuse_shared(sources: list[_Source]) -> None:
    """Refuse two bottles in place at the same time that would take the same licks or readings: they would make 50 %."""
    for one, other in combinations(sources, 2):
        if one.place == other.place and _overlap(one.row, other.row):
            names = " and ".join(f"{row.side} ({_content(row)})" for row, _ in (one, other))
            raise IngestError(
                f"{Path(one.place[0]).name}: the bottles {names} would take what one channel recorded. Enter the "
                "channel or the log of each; bottles that change places need start_time and end_time."
            )


def _overlap(one: BottleRow, other: BottleRow) -> bool:
    """Whether two bottles were in place at the same time; True where the times are not known."""
    times = (one.start_time, one.end_time, other.start_time, other.end_time)
    if not all(times):
        return True
    start, end, other_start, other_end = (datetime.fromisoformat(str(time)) for time in times)
    return start < other_end and other_start < end


class _Part(NamedTuple):
    """The part of a channel in which its bottle was in place; times count from ``start``."""

    channel: Channel
    start: datetime | None
    duration_s: float | None
    gaps: tuple[Span, ...]
    clock_disagrees: bool = False


def _bottle_licks(log: Log, row: BottleRow, settings: IngestSettings) -> BottleLicks:
    """Licks at a bottle while it was in place, and what is known of the log there."""
    file = Path(row.log or "").name
    name = channel_name(log, row.channel, file)
    if name in log.pokes and not row.pokes_are_licks and "poke" not in (row.channel or "").lower():
        raise IngestError(
            f"{file}: a {log.device} counts nose pokes, not licks. If the animal drinks where it pokes, enter yes in "
            "the column pokes_are_licks; else weigh the bottles."
        )
    part = _part(log, row, log.channels[name])
    duration_s = part.duration_s
    if duration_s is None and len(part.channel.time_s):
        duration_s = float(part.channel.time_s[-1])
    _refuse_endless(part.channel.time_s, duration_s, file)
    return BottleLicks(
        side=row.side,
        content=_content(row),
        device=log.device,
        kind=part.channel.kind,
        time_s=part.channel.time_s,
        licks=part.channel.licks,
        contact_s=part.channel.contact_s,
        start=part.start.isoformat(sep=" ") if part.start else None,
        duration_s=duration_s,
        quality=replace(log.quality, gaps=part.gaps),
        clock_is_set=part.start is None or part.start.year >= settings.clock_from_year,
        clock_disagrees=part.clock_disagrees,
        contradicted_side=_contradicted_side(log, row, file),
    )


def _refuse_endless(time_s: np.ndarray, duration_s: float | None, file: str) -> None:
    """Refuse a log whose damaged times span years."""
    longest_s = max(duration_s or 0.0, float(time_s[-1]) if len(time_s) else 0.0)
    if not longest_s <= constants.LONGEST_LOG_S:
        raise IngestError(
            f"{file}: the log spans {longest_s / constants.DAY_S:.3g} days. A time in it is damaged, or its unit is "
            "not that of the heading. Copy the file from the device again."
        )


def _part(log: Log, row: BottleRow, channel: Channel) -> _Part:
    """Cut a channel to the times of its bottle, if both are known; else take all of it."""
    begin = datetime.fromisoformat(row.start_time) if row.start_time else None
    start = _start(log, begin)
    if start and begin:
        return _within(log, channel, start, begin, datetime.fromisoformat(row.end_time) if row.end_time else None)
    if start is None:
        # A log without a clock is taken to start with its bottle.
        return _Part(channel, begin, log.duration_s or _in_place_s(row), log.quality.gaps)
    return _Part(channel, start, log.duration_s, log.quality.gaps)


def _start(log: Log, begin: datetime | None) -> datetime | None:
    """Date and time of time 0; a log that gives the time of day alone gets the date of its bottle."""
    if log.start is None and begin and log.clock_of_day_s is not None:
        return datetime(begin.year, begin.month, begin.day) + timedelta(seconds=log.clock_of_day_s)
    return log.start


def _within(log: Log, channel: Channel, start: datetime, begin: datetime, end: datetime | None) -> _Part:
    """Cut a channel to the times of its bottle; all of it, marked, where the clocks do not overlap."""
    length_s = log.duration_s or (float(channel.time_s[-1]) if len(channel.time_s) else 0.0)
    first_s, last_s = seconds_since(start, begin), seconds_since(start, end) if end else np.inf
    if last_s < 0 or first_s > length_s:
        return _Part(channel, start, log.duration_s, log.quality.gaps, clock_disagrees=True)
    return _Part(
        channel=cut(channel, first_s, last_s),
        start=begin,
        duration_s=min(last_s, length_s) - max(first_s, 0.0),
        gaps=tuple(
            Span(gap.start_s - first_s, gap.stop_s - first_s)
            for gap in log.quality.gaps
            if gap.stop_s > first_s and gap.start_s < last_s
        ),
    )


def _contradicted_side(log: Log, row: BottleRow, file: str) -> str:
    """Side of the solution according to the device, where the table says the other; else empty."""
    if not log.solution_side or _content(row) == constants.WATER:
        return ""
    if log.solution_side_turns_s:
        raise IngestError(
            f"{file}: the experimental side changes within the file. Enter each part as a recording of its own with "
            "start_time and end_time."
        )
    agrees = log.solution_side == row.side or log.solution_side not in ("left", "right")
    return "" if agrees else log.solution_side
