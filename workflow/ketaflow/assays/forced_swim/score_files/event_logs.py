"""Event logs: BORIS (tabular events, aggregated events, points), EthoVision and The Observer, and label files.

In: a file as the program wrote it. Out: bouts in seconds of the video, each with the row it began in, and every fault
with its row, so that nothing is dropped silently. BORIS writes events with START and STOP (tabular), bouts with both
times (aggregated), or points; a point begins its behaviour, which lasts until the next point. Label files have the
columns ``file;Experimenter;from;to;type;ID``. BORIS adds its time offset to every event; it is subtracted here. Manual
scores of EthoVision have the columns ``Recording time``, ``Behavior`` and ``Event`` (state start, state stop) below
their header, those of The Observer ``Time_Relative_sf``, ``Observation``, ``Behavior`` and ``Event_Type``.
"""

import re
from collections.abc import Mapping, Sequence

from ketaflow.assays.forced_swim.readers import sheets
from ketaflow.assays.forced_swim.score_files import constants
from ketaflow.assays.forced_swim.score_files.behaviours import bouts_of_events
from ketaflow.assays.forced_swim.score_files.scored_bouts import (
    EXPORT_AGAIN,
    Bouts,
    Event,
    Events,
    ReadOptions,
    ScoreFile,
)
from ketaflow.core.errors import Problem

# Headings of the programs (lower case) and the names used here.
COLUMN_NAMES = {
    "behavior": "behaviour", "behaviour": "behaviour", "type": "behaviour", "observation id": "observation",
    "id": "observation", "subject": "subject", "experimenter": "rater", "observer": "rater", "rater": "rater",
    "scorer": "rater", "start (s)": "start", "stop (s)": "stop", "from": "start", "to": "stop", "time": "time",
    "time (s)": "time", "behavior type": "kind", "behaviour type": "kind", "status": "kind", "behavioral type": "kind",
    "media file name": "media", "media file": "media", "media file path": "source", "media file(s)": "source",
    "source": "source", "player #1": "source",
    "time offset (s)": "offset", "time offset": "offset", "fps": "fps", "fps (frame/s)": "fps",
    "recording time": "time", "event": "kind", "video file": "media", "subject name": "subject",
    "time_relative_sf": "time", "time_relative_s": "time", "observation": "observation", "event_type": "kind",
    "event type": "kind",
}  # fmt: skip
PLAYER = re.compile(r"^player #\d+:\s*", re.IGNORECASE)
# What EthoVision and The Observer write for START, STOP and POINT, in capitals.
KINDS = {"STATE START": "START", "STATE STOP": "STOP", "POINT EVENT": "POINT"}
# The row of units below the headings.
TIME_UNITS = ("s", "sec", "seconds")
EMPTY_CELLS = ("", "na", "nan", "none", "no focal subject")

# Cells of one row, by the names used here; which there are depends on the program.
Cells = Mapping[str, str]
# Rows of a sheet with their numbers.
Rows = list[tuple[int, list[str]]]


def recognises(file: ScoreFile) -> bool:
    """Return whether a file names behaviours and their times in one row each, and is not ketaflow's own table."""
    placed = [(rows, header_row(rows)) for rows in text_rows(file)]
    headings = [[cell.lower() for cell in rows[place][1]] for rows, place in placed if place is not None]
    return any("recording" not in cells for cells in headings)


def read(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read all bouts of an export.

    Parameters
    ----------
    file : ScoreFile
        A csv, tsv or xlsx file.
    options : ReadOptions
        The lab's own words.

    Returns
    -------
    Bouts
        All bouts that can be read, and every fault.
    """
    return bouts_of_events(read_events(file), options.words, file.name)


def text_rows(file: ScoreFile) -> list[Rows]:
    """Return the filled rows of every sheet with their numbers."""
    return [sheet.numbered() for sheet in file.sheets]


def header_row(rows: Rows) -> int | None:
    """Return the place of the row of headings, which names behaviours and times; None in a file that is no export."""
    for place, (_, row) in enumerate(rows):
        names = {COLUMN_NAMES.get(cell.lower()) for cell in row}
        if "behaviour" in names and ("time" in names or {"start", "stop"} <= names):
            return place
    return None


def read_events(file: ScoreFile) -> Events:
    """Read the events of an export.

    Parameters
    ----------
    file : ScoreFile
        A csv, tsv or xlsx file.

    Returns
    -------
    Events
    """
    known = [(rows, place) for rows in text_rows(file) if (place := header_row(rows)) is not None]
    read = [events_in_sheet(rows, place, file.name) for rows, place in known]
    return Events([event for one in read for event in one.events], [fault for one in read for fault in one.problems])


def events_in_sheet(rows: Rows, place: int, file: str) -> Events:
    """Read the events of one sheet.

    Parameters
    ----------
    rows : list of (int, list of str)
        Its rows.
    place : int
        Place of the headings; pairs of name and value above it count for all rows.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Events
    """
    columns = [COLUMN_NAMES.get(cell.lower()) for cell in rows[place][1]]
    pairs = [row for _, row in rows[:place] if row[0].lower() in COLUMN_NAMES and "".join(row[1:2])]
    above = {COLUMN_NAMES[row[0].lower()]: row[1] for row in pairs}
    timed_by = ("start", "stop") if "start" in columns else ("time",)
    events: list[Event] = []
    problems: list[Problem] = []
    for row, own in rows[place + 1 :]:
        filled = [
            (name, cell) for name, cell in zip(columns, own, strict=False) if name and cell.lower() not in EMPTY_CELLS
        ]
        cells = {**above, **dict(reversed(filled))}
        if not cells.get("behaviour") and cells.get("time", "").lower() in TIME_UNITS:
            continue
        faults = event_problems(cells, timed_by, file, row)
        problems += faults
        if cells.get("behaviour") and not faults:
            events.append(timed_event(cells, timed_by, row))
    return Events(events, problems)


def event_problems(cells: Cells, timed_by: Sequence[str], file: str, row: int) -> list[Problem]:
    """List what is wrong with the times of an event.

    Parameters
    ----------
    cells : mapping of str to str
        The row's cells.
    timed_by : sequence of str
        Names of the columns that hold times.
    file, row
        Place of the row, for messages.

    Returns
    -------
    list of Problem
    """
    found = []
    for name in (*timed_by, "offset", "fps"):
        text = first_entry(cells.get(name, ""))
        value = sheets.parse_number(text)
        optional = name == "stop" and kind_of(cells) == "POINT"
        if not text and name in timed_by and not optional:
            found.append(Problem(file, row, name, "the time is missing", EXPORT_AGAIN))
        elif text and value is None:
            found.append(Problem(file, row, name, f"found '{text}' where a number was expected", EXPORT_AGAIN))
        elif text and name == "fps" and value is not None and not 0 < value < constants.MAX_FPS:
            remedy = "Let BORIS read the video's frame rate again"
            found.append(Problem(file, row, name, f"found {text} frames per second", remedy))
    if not found and (early_s := -event_time_s(cells, timed_by[0])) > constants.EARLY_TOLERANCE_S:
        offset = cells.get("offset", "0")
        what = f"the event is {early_s:.1f} s before the video begins (time offset {offset} s)"
        found.append(Problem(file, row, timed_by[0], what, "Correct the time offset in BORIS and export again"))
    played = first_entry(cells.get("source", ""), "|").split(";")
    if len(played) > 1:
        what = f"the observation plays {len(played)} videos one after the other, so its times belong to none of them"
        found.append(Problem(file, row, "media", what, "Make one observation for each video"))
    return found


def timed_event(cells: Cells, timed_by: Sequence[str], row: int) -> Event:
    """Make an event of cells without faults.

    Parameters
    ----------
    cells : mapping of str to str
        The row's cells.
    timed_by : sequence of str
        Names of the columns that hold times.
    row : int
        Its number.

    Returns
    -------
    Event
        Times in seconds of the video.
    """
    times_s = {name: max(event_time_s(cells, name), 0.0) for name in timed_by if name in cells}
    fps = sheets.parse_number(first_entry(cells.get("fps", "")))
    return Event(
        row=row,
        observation=cells.get("observation", ""),
        subject=cells.get("subject", ""),
        rater=cells.get("rater", ""),
        media=PLAYER.sub("", cells.get("media", "") or first_entry(cells.get("source", ""))),
        word=cells["behaviour"],
        kind=kind_of(cells),
        fps=float("nan") if fps is None else fps,
        time_s=times_s.get("time"),
        start_s=times_s.get("start"),
        stop_s=times_s.get("stop"),
    )


def kind_of(cells: Cells) -> str:
    """Return START, STOP, POINT or STATE; empty if the program does not say."""
    kind = cells.get("kind", "").upper()
    return KINDS.get(kind, kind)


def event_time_s(cells: Cells, name: str) -> float:
    """Return a time of an event (seconds of the video), BORIS's offset subtracted; NaN if it is no number."""
    time_s, offset_s = sheets.parse_number(cells[name]), sheets.parse_number(first_entry(cells.get("offset", "0")))
    return float("nan") if time_s is None or offset_s is None else time_s - offset_s


def first_entry(text: str, separators: str = "|;") -> str:
    """Return what BORIS writes of the first of several players or videos."""
    for separator in separators:
        text = text.split(separator)[0]
    return text.strip()
