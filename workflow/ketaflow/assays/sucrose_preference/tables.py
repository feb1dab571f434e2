"""Problems of the bottle table that no single cell shows.

In: the cohort's table ``sucrose_preference``. Out: every problem at once, with row, column and remedy. Who drank what,
and where, has to be in the table: nothing is guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import BottleRow
from ketaflow.assays.sucrose_preference.readers.cell_files import open_cells
from ketaflow.assays.sucrose_preference.sheets.bottle_sheets import bottle_sheet
from ketaflow.core.cohort import Cohort, rows_of
from ketaflow.core.errors import IngestError, Problem
from ketaflow.core.inputs import Rows
from ketaflow.core.tables import nearest

TABLE = "sucrose_preference"


class _Numbered(NamedTuple):
    """A row of the table with its number in the file. Cells that should be filled may still be None."""

    number: int
    row: BottleRow


class _Fault(NamedTuple):
    """What is wrong in a cell, and what to do."""

    row: int
    column: str
    found: str
    remedy: str


def problems(found: Cohort) -> list[Problem]:
    """Every problem across the cells and rows of the table ``sucrose_preference``.

    Parameters
    ----------
    found : Cohort
        The cohort with its tables; the single cells have been checked.

    Returns
    -------
    list of Problem
        In the order of the rows, then those that concern several rows.
    """
    table, file = found.tables[TABLE], found.files[TABLE]
    rows = Rows({TABLE: rows_of(table)}).of(TABLE, BottleRow)
    numbered = [_Numbered(int(number), row) for number, row in zip(table.index, rows, strict=True)]
    faults = [fault for one in numbered for fault in (*_content(one), *_animal(one), *_readings(one))]
    faults += [*_recordings(numbered), *_logs(numbered, found.folder), *_sessions(numbered)]
    return [Problem(file, *fault) for fault in faults]


def _content(one: _Numbered) -> Iterator[_Fault]:
    """A content that is not known."""
    content = one.row.content
    if content is None:
        return
    plain = content.strip().lower()
    meant = nearest(plain, [constants.SUCROSE, constants.WATER], constants.MISSPELT_CONTENT_RATIO)
    is_named = one.row.concentration_pct is not None and plain not in constants.UNNAMED_CONTENTS and not meant
    if plain in constants.SOLUTIONS or is_named:
        return
    hint = f"Did you mean '{meant}'? " if meant else ""
    remedy = f"{hint}Write sucrose or water; for another solution its name, with its strength in concentration_pct"
    yield _Fault(one.number, "content", f"found '{content}'", remedy)


def _animal(one: _Numbered) -> Iterator[_Fault]:
    """An animal at a leak-control bottle, or none at another."""
    if one.row.dummy and one.row.animal:
        found = f"a leak-control bottle with an animal ('{one.row.animal}')"
        yield _Fault(one.number, "animal", found, "Empty animal, or dummy")
    if not one.row.dummy and not one.row.animal:
        remedy = "Enter the animal; for a leak-control bottle enter yes in the column dummy"
        yield _Fault(one.number, "animal", "the cell is empty", remedy)


def _readings(one: _Numbered) -> Iterator[_Fault]:
    """Readings of two kinds or of none, a channel without a log, an end before the start."""
    row = one.row
    weighed = row.start_g is not None or row.end_g is not None
    measured = row.start_ml is not None or row.end_ml is not None
    if weighed and measured:
        found = "both weights and volumes are given"
        yield _Fault(one.number, "start_ml", found, "Keep one kind for each bottle")
    if not weighed and not measured and not row.log:
        remedy = "Enter start_g and end_g (or start_ml and end_ml), or name a log"
        yield _Fault(one.number, "start_g", "neither weights nor volumes nor a log", remedy)
    if row.channel and not row.log:
        yield _Fault(one.number, "channel", f"channel '{row.channel}' of no log", "Name the file in the column log")
    if row.start_time and row.end_time and row.end_time <= row.start_time:
        found = f"the bottle ends ({row.end_time}) before it starts ({row.start_time})"
        yield _Fault(one.number, "end_time", found, "Correct one of the two")


def _recordings(rows: Sequence[_Numbered]) -> Iterator[_Fault]:
    """Rows of one recording that differ in animal, session or body weight, or that share a side."""
    by_recording: dict[str, list[_Numbered]] = defaultdict(list)
    for one in rows:
        if not one.row.dummy and one.row.recording:
            by_recording[one.row.recording].append(one)
    for members in by_recording.values():
        for one in members[1:]:
            yield from _differences(members[0], one)
        yield from _sides(members)


def _differences(first: _Numbered, one: _Numbered) -> Iterator[_Fault]:
    """Cells in which a row differs from the first of its recording."""
    for column, before, here, remedy in (
        (
            "animal",
            first.row.animal,
            one.row.animal,
            "Give each animal a recording of its own; a cage drinking together counts as one animal",
        ),
        ("session", first.row.session, one.row.session, "Give each session a recording of its own"),
        (
            "weight_g",
            first.row.weight_g,
            one.row.weight_g,
            "Enter the animal's weight in that session once, or the same in each row",
        ),
    ):
        if before is not None and here is not None and here != before:
            found = f"recording '{one.row.recording}' has '{before}' in row {first.number}, here '{here}'"
            yield _Fault(one.number, column, found, remedy)


def _sides(members: Sequence[_Numbered]) -> Iterator[_Fault]:
    """Two bottles on one side, unless their times show that one followed the other."""
    for index, one in enumerate(members):
        for before in members[:index]:
            if one.row.side is None or one.row.side != before.row.side or _followed(before.row, one.row):
                continue
            name, side = one.row.recording, one.row.side
            found = f"recording '{name}' has two bottles on the {side}, here and in row {before.number}"
            remedy = "Correct side; if the bottles changed places, give start_time and end_time of each"
            yield _Fault(one.number, "side", found, remedy)


def _followed(one: BottleRow, other: BottleRow) -> bool:
    """Whether the times of two bottles do not overlap."""
    if one.start_time is None or one.end_time is None or other.start_time is None or other.end_time is None:
        return False
    return one.end_time <= other.start_time or other.end_time <= one.start_time


def _logs(rows: Sequence[_Numbered], folder: Path) -> Iterator[_Fault]:
    """Bottles of one log without a channel, or with the same channel at the same time; a sheet needs no channel."""
    users = Counter(one.row.log for one in rows if one.row.log)
    channels: dict[tuple[str, str, str], list[_Numbered]] = defaultdict(list)
    for one in rows:
        row = one.row
        if not row.log:
            continue
        if not row.channel:
            if users[row.log] > 1 and not _is_sheet(folder / row.log):
                remedy = "Enter which channel of the log this bottle is: left, right, or the column's name"
                yield _Fault(one.number, "channel", f"{users[row.log]} bottles share '{row.log}'", remedy)
            continue
        before = channels[row.log, row.channel.lower(), row.recording]
        twin = next((other for other in before if not _followed(other.row, row)), None)
        before.append(one)
        if twin:
            found = f"channel '{row.channel}' of '{row.log}' is also the bottle of row {twin.number}"
            yield _Fault(one.number, "channel", found, "Correct one of the two")


@lru_cache(maxsize=64)
def _is_sheet(path: Path) -> bool:
    """Whether a file is a bottle sheet, in which the content names the bottle."""
    try:
        return bottle_sheet(path.name, open_cells(path.name, path.read_bytes())) is not None
    except (OSError, IngestError):
        return False


def _sessions(rows: Sequence[_Numbered]) -> Iterator[_Fault]:
    """Leak-control bottles of a session without recordings."""
    known = {one.row.session for one in rows if not one.row.dummy}
    for one in rows:
        if one.row.dummy and one.row.session and one.row.session not in known:
            found = f"no recording has session '{one.row.session}'"
            yield _Fault(one.number, "session", found, "Give the bottle its animals' session")
