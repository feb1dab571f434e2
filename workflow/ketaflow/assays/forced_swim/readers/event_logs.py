"""Event logs of scoring programs: BORIS (tabular events, aggregated events, points) and label files.

In: a file as the program wrote it. Out: bouts in seconds of the video, each with the row it began in, and every fault
with its row, so that nothing is dropped silently. BORIS writes events with START and STOP (tabular), bouts with both
times (aggregated), or points; a point begins its behaviour, which lasts until the next point. Label files have the
columns ``file;Experimenter;from;to;type;ID``. BORIS adds its time offset to every event; it is subtracted here.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from ketaflow.assays.forced_swim.readers import constants
from ketaflow.core.errors import Problem
from ketaflow.core.tables import decode

EXPORT_AGAIN = "Correct it in the scoring program and export again"
BEHAVIOURS = ("immobility", "swimming", "climbing", "diving")
IGNORE = "ignore"
# First letters of the words people use for the behaviours (Danish: flydende, floating).
BEHAVIOUR_STEMS = {
    "immob": "immobility", "float": "immobility", "flyd": "immobility", "passiv": "immobility",
    "swim": "swimming", "climb": "climbing", "strugg": "climbing", "div": "diving",
    # Marks of a session, and the rest of the time where only two states are scored.
    "start": IGNORE, "end": IGNORE, "stop": IGNORE, "_default": IGNORE, "mobil": IGNORE, "activ": IGNORE,
}  # fmt: skip
# Headings of the programs (lower case) and the names used here.
COLUMN_NAMES = {
    "behavior": "behaviour", "behaviour": "behaviour", "type": "behaviour", "observation id": "observation",
    "id": "observation", "subject": "subject", "experimenter": "rater", "observer": "rater", "rater": "rater",
    "scorer": "rater", "start (s)": "start", "stop (s)": "stop", "from": "start", "to": "stop", "time": "time",
    "time (s)": "time", "behavior type": "kind", "behaviour type": "kind", "status": "kind", "behavioral type": "kind",
    "media file name": "media", "media file": "media", "media file path": "source", "media file(s)": "source",
    "source": "source", "player #1": "source",
    "time offset (s)": "offset", "time offset": "offset", "fps": "fps", "fps (frame/s)": "fps",
}  # fmt: skip
PLAYER = re.compile(r"^player #\d+:\s*", re.IGNORECASE)
EMPTY_CELLS = ("", "na", "nan", "none", "no focal subject")

# Cells of one row, by the names used here; which there are depends on the program.
Cells = Mapping[str, str]
# Rows of a sheet with their numbers.
Sheet = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class ScoredBout:
    """One bout that a person scored.

    Attributes
    ----------
    row : int
        Row of the file in which it begins.
    observation, subject, media, rater : str
        As the program names them; empty if it does not.
    behaviour : str
        immobility, swimming, climbing or diving.
    start_s, stop_s : float
        Seconds of the video.
    fps : float
        Frame rate that the program assumed; NaN if it states none.
    """

    row: int
    observation: str
    subject: str
    media: str
    rater: str
    behaviour: str
    start_s: float
    stop_s: float
    fps: float


@dataclass(frozen=True)
class Event:
    """One event of a log.

    Attributes
    ----------
    row : int
        Row of the file.
    observation, subject, rater, media : str
        As the program names them.
    word, behaviour : str
        The behaviour as written, and what it means; the meaning is empty until the word is looked up.
    kind : str
        START, STOP, POINT or STATE in capitals; empty if the program does not say.
    fps : float
        Frame rate that the program assumed; NaN if it states none.
    time_s, start_s, stop_s : float or None
        Seconds of the video: of an event, or of a bout that is written in one row.
    """

    row: int
    observation: str
    subject: str
    rater: str
    media: str
    word: str
    kind: str
    fps: float
    time_s: float | None = None
    start_s: float | None = None
    stop_s: float | None = None
    behaviour: str = ""

    @property
    def onset_s(self) -> float:
        """When the event happened or the bout began (seconds of the video)."""
        onset_s = self.start_s if self.time_s is None else self.time_s
        return float("nan") if onset_s is None else onset_s

    @property
    def scorer(self) -> tuple[str, str, str]:
        """What belongs together: observation, subject and rater."""
        return self.observation, self.subject, self.rater

    def bout(self, start_s: float, stop_s: float) -> ScoredBout:
        """Return the bout that begins with this event."""
        return ScoredBout(
            self.row, self.observation, self.subject, self.media, self.rater, self.behaviour, start_s, stop_s, self.fps
        )


class Events(NamedTuple):
    """Events of a file, and its faults."""

    events: list[Event]
    problems: list[Problem]


class Bouts(NamedTuple):
    """Bouts of a file, and its faults."""

    bouts: list[ScoredBout]
    problems: list[Problem]


def is_export(path: Path) -> bool:
    """Return whether a file is an export of a scoring program, and not ketaflow's own table."""
    placed = [(rows, header_row(rows)) for rows in read_sheets(path)]
    headings = [[cell.lower() for cell in rows[place][1]] for rows, place in placed if place is not None]
    return any("recording" not in cells for cells in headings)


def read_bouts(path: Path, words: Mapping[str, str]) -> Bouts:
    """Read all bouts of an export.

    Parameters
    ----------
    path : Path
        A csv, tsv or xlsx file.
    words : mapping of str to str
        The lab's own names of behaviours (lower case), and what they mean.

    Returns
    -------
    Bouts
        All bouts that can be read, and every fault.
    """
    events, problems = read_events(path)
    events = [replace(event, behaviour=behaviour_of(event.word, words)) for event in events]
    for word, count in Counter(event.word for event in events if not event.behaviour).items():
        row = next(event.row for event in events if event.word == word)
        what = f"'{word}' ({count} row{'s' * (count != 1)}) is no behaviour known here"
        remedy = f"Add it to forced_swim_human_words: word, behaviour ({', '.join(BEHAVIOURS)}, or {IGNORE})"
        problems = [*problems, Problem(path.name, row, "behaviour", what, remedy)]
    known = sorted((event for event in events if event.behaviour), key=lambda event: event.scorer)
    found: list[ScoredBout] = []
    for _, own in groupby(known, key=lambda event: event.scorer):
        bouts, faults = bouts_of_observation(list(own), path.name)
        found += bouts
        problems = problems + faults
    return Bouts(found, sorted(set(problems)))


def read_sheets(path: Path) -> list[Sheet]:
    """Read the rows of a file as text with their numbers, without empty rows.

    Parameters
    ----------
    path : Path
        A csv, tsv or xlsx file.

    Returns
    -------
    list of Sheet
        One for a text file; BORIS may give each observation a sheet of a workbook.
    """
    if path.suffix.lower() == ".xlsx":
        import openpyxl

        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except Exception:
            return []
        found = [
            [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            for sheet in book.worksheets
        ]
    else:
        text = decode(path.read_bytes())
        found = [list(csv.reader(io.StringIO(text, newline=""), delimiter=max("\t;,", key=text.count)))]
    return [
        [(number, [cell.strip() for cell in row]) for number, row in enumerate(rows, start=1) if any(row)]
        for rows in found
    ]


def header_row(rows: Sheet) -> int | None:
    """Return the place of the row of headings, which names behaviours and times; None in a file that is no export."""
    for place, (_, row) in enumerate(rows):
        names = {COLUMN_NAMES.get(cell.lower()) for cell in row}
        if "behaviour" in names and ("time" in names or {"start", "stop"} <= names):
            return place
    return None


def read_events(path: Path) -> Events:
    """Read the events of an export.

    Parameters
    ----------
    path : Path
        A csv, tsv or xlsx file.

    Returns
    -------
    Events
    """
    known = [(rows, place) for rows in read_sheets(path) if (place := header_row(rows)) is not None]
    if not known:
        remedy = "Expected a BORIS export of events, or labels with the columns file;Experimenter;from;to;type;ID"
        return Events([], [Problem(path.name, 1, "", "no heading names behaviours and their times", remedy)])
    read = [events_in_sheet(rows, place, path.name) for rows, place in known]
    return Events([event for one in read for event in one.events], [fault for one in read for fault in one.problems])


def events_in_sheet(rows: Sheet, place: int, file: str) -> Events:
    """Read the events of one sheet.

    Parameters
    ----------
    rows : Sheet
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
        value = parse_number(text)
        optional = name == "stop" and cells.get("kind", "").upper() == "POINT"
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
    fps = parse_number(first_entry(cells.get("fps", "")))
    return Event(
        row=row,
        observation=cells.get("observation", ""),
        subject=cells.get("subject", ""),
        rater=cells.get("rater", ""),
        media=PLAYER.sub("", cells.get("media", "") or first_entry(cells.get("source", ""))),
        word=cells["behaviour"],
        kind=cells.get("kind", "").upper(),
        fps=float("nan") if fps is None else fps,
        time_s=times_s.get("time"),
        start_s=times_s.get("start"),
        stop_s=times_s.get("stop"),
    )


def event_time_s(cells: Cells, name: str) -> float:
    """Return a time of an event (seconds of the video), BORIS's offset subtracted; NaN if it is no number."""
    time_s, offset_s = parse_number(cells[name]), parse_number(first_entry(cells.get("offset", "0")))
    return float("nan") if time_s is None or offset_s is None else time_s - offset_s


def first_entry(text: str, separators: str = "|;") -> str:
    """Return what BORIS writes of the first of several players or videos."""
    for separator in separators:
        text = text.split(separator)[0]
    return text.strip()


def parse_number(text: str) -> float | None:
    """Parse a number with decimal point or comma, or hours:minutes:seconds; None if it is neither."""
    try:
        parts = [float(part.replace(",", ".")) for part in text.split(":")]
    except ValueError:
        return None
    return float(sum(part * constants.SEXAGESIMAL**power for power, part in enumerate(reversed(parts))))


def behaviour_of(word: str, words: Mapping[str, str]) -> str:
    """Return the behaviour a word means, ``ignore``, or an empty text if it is not known."""
    plain = word.strip().lower()
    by_stem = (name for stem, name in BEHAVIOUR_STEMS.items() if plain.startswith(stem))
    return words.get(plain) or next(by_stem, "")


def bouts_of_observation(events: list[Event], file: str) -> Bouts:
    """Make the bouts of one scorer in one observation.

    Parameters
    ----------
    events : list of Event
        All events of one observation, subject and rater.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Bouts
        A scorer who saw no immobility has one bout of no length to show it.
    """
    scored = [event for event in events if event.behaviour != IGNORE]
    if scored and all(event.kind == "POINT" for event in scored):
        bouts, problems = Bouts(bouts_from_points(scored), [])
    elif events and events[0].start_s is not None:
        bouts, problems = bouts_from_rows(scored, file)
    else:
        bouts, problems = bouts_from_start_stop(scored, file)
    if not any(bout.behaviour == "immobility" for bout in bouts):
        at_s = events[0].onset_s
        bouts = [*bouts, replace(events[0], behaviour="immobility").bout(at_s, at_s)]
    return Bouts(bouts, problems)


def bouts_from_rows(events: list[Event], file: str) -> Bouts:
    """Make bouts of events that hold start and stop in one row; a point among them is a mark and is left out.

    Parameters
    ----------
    events : list of Event
        Of one observation.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Bouts
    """
    found, problems = [], []
    for event in events:
        if event.kind == "POINT" or event.start_s is None or event.stop_s is None:
            continue
        if event.stop_s < event.start_s:
            what = f"the bout stops at {event.stop_s:g} s, before it starts at {event.start_s:g} s"
            problems.append(Problem(file, event.row, "stop", what, EXPORT_AGAIN))
        else:
            found.append(event.bout(event.start_s, event.stop_s))
    return Bouts(found, problems)


def bouts_from_start_stop(events: list[Event], file: str) -> Bouts:
    """Match each START with the following STOP of its behaviour; without a column of START and STOP they alternate.

    Parameters
    ----------
    events : list of Event
        Of one observation.
    file : str
        Name of the file, for messages.

    Returns
    -------
    Bouts
    """
    found: list[ScoredBout] = []
    problems: list[Problem] = []
    began: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.onset_s):
        word, at_s = event.word, f"{event.onset_s:g} s"
        starts = event.kind == "START" if event.kind in ("START", "STOP") else word not in began
        if event.kind == "POINT":
            continue
        if starts and word in began:
            what = f"a second START of {word} at {at_s}, before the one at {began[word].onset_s:g} s has its STOP"
            problems.append(Problem(file, event.row, "time", what, EXPORT_AGAIN))
        elif starts:
            began[word] = event
        elif word not in began:
            what = f"a STOP of {word} at {at_s} without a START before it"
            problems.append(Problem(file, event.row, "time", what, EXPORT_AGAIN))
        else:
            start = began.pop(word)
            found.append(start.bout(start.onset_s, event.onset_s))
    for word, event in began.items():
        what = f"{word} starts at {event.onset_s:g} s and never stops"
        problems.append(Problem(file, event.row, "time", what, EXPORT_AGAIN))
    return Bouts(found, problems)


def bouts_from_points(events: list[Event]) -> list[ScoredBout]:
    """Make bouts of points: each lasts until the next, the last as long as the one before it.

    Parameters
    ----------
    events : list of Event
        Of one observation.

    Returns
    -------
    list of ScoredBout
    """
    events = sorted(events, key=lambda event: event.onset_s)
    times_s = [event.onset_s for event in events]
    last_s = times_s[-1] + (times_s[-1] - times_s[-2] if len(times_s) > 1 else 0)
    return [
        event.bout(start_s, stop_s)
        for event, start_s, stop_s in zip(events, times_s, [*times_s[1:], last_s], strict=True)
    ]
