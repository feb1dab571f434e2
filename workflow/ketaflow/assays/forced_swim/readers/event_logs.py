"""Exports of scoring programs, read to bouts: BORIS (tabular, aggregated, points), and label files.

In: a file as the program wrote it. Out: bouts in seconds of the video, each with the row it began in, and every fault
with its row, so that nothing is dropped unsaid. BORIS writes events with START and STOP (tabular), bouts with both
times (aggregated), or points: a point begins its behaviour, which lasts until the next. Label files have the columns
``file;Experimenter;from;to;type;ID``. BORIS adds its time offset to every event as it is coded; here it is taken off.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ketaflow.core.errors import Problem
from ketaflow.core.tables import decode

EXPORT_AGAIN = "Correct it in the scoring program and export again"
BEHAVIOURS = ("immobility", "swimming", "climbing", "diving")
IGNORE = "ignore"
# Beginnings of the words people use for the behaviours (Danish: flydende, floating).
BEHAVIOUR_STEMS = {
    "immob": "immobility", "float": "immobility", "flyd": "immobility", "passiv": "immobility",
    "swim": "swimming", "climb": "climbing", "strugg": "climbing", "div": "diving",
    # Marks of a session, and the rest of the time where only two states are scored.
    "start": IGNORE, "end": IGNORE, "stop": IGNORE, "_default": IGNORE, "mobil": IGNORE, "activ": IGNORE,
}  # fmt: skip
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
OBSERVATION_KEY = ("observation", "subject", "rater")
EMPTY_CELLS = ("", "na", "nan", "none", "no focal subject")
# An event may lie this much before the video begins (s): times are rounded to thousandths and keys pressed early.
EARLY_TOLERANCE_S = 0.05


@dataclass(frozen=True)
class ScoredBout:
    """One bout somebody scored. ``fps`` is the frame rate the scoring program believed in, NaN where it tells none."""

    row: int
    observation: str
    subject: str
    media: str
    rater: str
    behaviour: str
    start_s: float
    stop_s: float
    fps: float


def is_export(path: Path) -> bool:
    """Whether the file is an export, and not ketaflow's own table."""
    placed = [(rows, header_row(rows)) for rows in read_sheets(path)]
    headings = [[cell.lower() for cell in rows[place][1]] for rows, place in placed if place is not None]
    return any("recording" not in cells for cells in headings)


def read_bouts(path: Path, words: dict[str, str]) -> tuple[list[ScoredBout], list[Problem]]:
    """All bouts of an export, and all its faults; ``words`` are the lab's own names of behaviours (lower case)."""
    found, problems = [], []
    events = read_events(path, problems)
    known = {word: behaviour_of(word, words) for word in dict.fromkeys(event["behaviour"] for event in events)}
    for word, count in Counter(event["behaviour"] for event in events if not known[event["behaviour"]]).items():
        row = next(event["row"] for event in events if event["behaviour"] == word)
        what = f"'{word}' ({count} row{'s' * (count != 1)}) is no behaviour known here"
        remedy = f"Add it to forced_swim_human_words: word, behaviour ({', '.join(BEHAVIOURS)}, or {IGNORE})"
        problems.append(Problem(path.name, row, "behaviour", what, remedy))
    events = [{**event, "means": known[event["behaviour"]]} for event in events if known[event["behaviour"]]]
    events.sort(key=lambda event: [event[name] for name in OBSERVATION_KEY])
    for _, own in groupby(events, key=lambda event: [event[name] for name in OBSERVATION_KEY]):
        found += bouts_of_observation(list(own), path.name, problems)
    return found, sorted(set(problems))


Sheet = list[tuple[int, list[str]]]


def read_sheets(path: Path) -> list[Sheet]:
    """Rows of text cells with their numbers, empty rows left out; BORIS may give each observation a sheet."""
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
        [(parse_number, [cell.strip() for cell in row]) for parse_number, row in enumerate(rows, start=1) if any(row)]
        for rows in found
    ]


def header_row(rows: Sheet) -> int | None:
    """Place of the row of headings: it names behaviours and times. None in a file that is no export."""
    for place, (_, row) in enumerate(rows):
        names = {COLUMN_NAMES.get(cell.lower()) for cell in row}
        if "behaviour" in names and ("time" in names or {"start", "stop"} <= names):
            return place
    return None


def read_events(path: Path, problems: list[Problem]) -> list[dict]:
    """Rows of an export by ketaflow's names for its columns."""
    known = [(rows, place) for rows in read_sheets(path) if (place := header_row(rows)) is not None]
    if not known:
        remedy = "Expected a BORIS export of events, or labels with the columns file;Experimenter;from;to;type;ID"
        problems.append(Problem(path.name, 1, "", "no heading names behaviours and their times", remedy))
    return [event for rows, place in known for event in events_in_sheet(rows, place, path.name, problems)]


def events_in_sheet(rows: Sheet, place: int, file: str, problems: list[Problem]) -> list[dict]:
    """Events of one sheet; what stands above the heading (at ``place``) counts for all rows."""
    columns = [COLUMN_NAMES.get(cell.lower()) for cell in rows[place][1]]
    pairs = [row for _, row in rows[:place] if row[0].lower() in COLUMN_NAMES and "".join(row[1:2])]
    above = {COLUMN_NAMES[row[0].lower()]: row[1] for row in pairs}
    timed_by = ("start", "stop") if "start" in columns else ("time",)
    events = []
    for row, own in rows[place + 1 :]:
        filled = [
            (name, cell) for name, cell in zip(columns, own, strict=False) if name and cell.lower() not in EMPTY_CELLS
        ]
        event = {**above, **dict(reversed(filled))}
        faults = [Problem(file, row, *fault) for fault in event_problems(event, timed_by)]
        problems += faults
        if event.get("behaviour") and not faults:
            events.append({"row": row, **timed_event(event, timed_by)})
    return events


def event_problems(event: dict[str, str], timed_by: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """What is wrong with the times of an event: column, found, remedy."""
    found = []
    for name in (*timed_by, "offset", "fps"):
        text = first_entry(event.get(name, ""))
        if not text and name in timed_by and not (name == "stop" and event.get("kind", "").upper() == "POINT"):
            found.append((name, "no time stands here", EXPORT_AGAIN))
        elif text and parse_number(text) is None:
            found.append((name, f"found '{text}' where a number was expected", EXPORT_AGAIN))
        elif text and name == "fps" and not 0 < parse_number(text) < 1000:
            found.append((name, f"found {text} frames per second", "Let BORIS read the video's frame rate again"))
    if not found and (early_s := -event_time_s(event, timed_by[0])) > EARLY_TOLERANCE_S:
        offset = event.get("offset", "0")
        what = f"the event lies {early_s:.1f} s before the video begins (time offset {offset} s)"
        found.append((timed_by[0], what, "Correct the time offset in BORIS and export again"))
    played = first_entry(event.get("source", ""), "|").split(";")
    if len(played) > 1:
        what = f"the observation plays {len(played)} videos one after the other, so its times are of none of them"
        found.append(("media", what, "Make one observation for each video"))
    return found


def timed_event(event: dict[str, str], timed_by: tuple[str, ...]) -> dict:
    """An event without faults: who and what as text, times in seconds of the video."""
    text = {name: event.get(name, "") for name in (*OBSERVATION_KEY, "media", "behaviour")}
    text["media"] = PLAYER.sub("", text["media"] or first_entry(event.get("source", "")))
    times_s = {name: max(event_time_s(event, name), 0.0) for name in timed_by if name in event}
    fps = parse_number(first_entry(event["fps"])) if event.get("fps") else float("nan")
    return {**text, "kind": event.get("kind", "").upper(), "fps": fps, **times_s}


def event_time_s(event: dict[str, str], name: str) -> float:
    """A time of an event, BORIS's offset taken off."""
    return parse_number(event[name]) - parse_number(first_entry(event.get("offset", "0")))


def first_entry(text: str, separators: str = "|;") -> str:
    """What BORIS writes of the first of several players or videos."""
    for separator in separators:
        text = text.split(separator)[0]
    return text.strip()


def parse_number(text: str) -> float | None:
    """A number with decimal point or comma, or hours:minutes:seconds; None where it is neither."""
    try:
        parts = [float(part.replace(",", ".")) for part in text.split(":")]
    except ValueError:
        return None
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def behaviour_of(word: str, words: dict[str, str]) -> str:
    """The behaviour a word means, ``ignore``, or an empty text where it is not known."""
    plain = word.strip().lower()
    return words.get(plain) or next((name for start, name in BEHAVIOUR_STEMS.items() if plain.startswith(start)), "")


def bouts_of_observation(events: list[dict], file: str, problems: list[Problem]) -> list[ScoredBout]:
    """Bouts of one scorer in one observation. Somebody who saw no immobility has a bout of no length to show for it."""
    telling = [event for event in events if event["means"] != IGNORE]
    if telling and all(event["kind"] == "POINT" for event in telling):
        found = bouts_from_points(telling)
    elif events and "start" in events[0]:
        found = bouts_from_rows(telling, file, problems)
    else:
        found = bouts_from_start_stop(telling, file, problems)
    if not any(event["means"] == "immobility" for event, _, _ in found):
        at_s = onset_s(events[0])
        found.append(({**events[0], "means": "immobility"}, at_s, at_s))
    return [
        ScoredBout(event["row"], event["observation"], event["subject"], event["media"], event["rater"], event["means"],
             start_s, stop_s, event["fps"])
        for event, start_s, stop_s in found
    ]  # fmt: skip


def bouts_from_rows(events: list[dict], file: str, problems: list[Problem]) -> list[tuple[dict, float, float]]:
    """Bouts that stand in one row each; a point among them is a mark."""
    found = []
    for event in events:
        if event["kind"] == "POINT":
            continue
        if event["stop"] < event["start"]:
            what = f"the bout stops at {event['stop']:g} s, before it starts at {event['start']:g} s"
            problems.append(Problem(file, event["row"], "stop", what, EXPORT_AGAIN))
        else:
            found.append((event, event["start"], event["stop"]))
    return found


def bouts_from_start_stop(events: list[dict], file: str, problems: list[Problem]) -> list[tuple[dict, float, float]]:
    """Each START with the STOP of its behaviour that follows; without a column of START and STOP they alternate."""
    found, began = [], {}
    for event in sorted(events, key=lambda event: event["time"]):
        word, at_s = event["behaviour"], f"{event['time']:g} s"
        starts = event["kind"] == "START" if event["kind"] in ("START", "STOP") else word not in began
        if event["kind"] == "POINT":
            continue
        if starts and word in began:
            what = f"a second START of {word} at {at_s}, before the one at {began[word]['time']:g} s has its STOP"
            problems.append(Problem(file, event["row"], "time", what, EXPORT_AGAIN))
        elif starts:
            began[word] = event
        elif word not in began:
            what = f"a STOP of {word} at {at_s} without a START before it"
            problems.append(Problem(file, event["row"], "time", what, EXPORT_AGAIN))
        else:
            start = began.pop(word)
            found.append((start, start["time"], event["time"]))
    for word, event in began.items():
        what = f"{word} starts at {event['time']:g} s and never stops"
        problems.append(Problem(file, event["row"], "time", what, EXPORT_AGAIN))
    return found


def bouts_from_points(events: list[dict]) -> list[tuple[dict, float, float]]:
    """Each point begins its behaviour, which lasts until the next; the last lasts as long as the one before it."""
    events = sorted(events, key=onset_s)
    times_s = [onset_s(event) for event in events]
    last_s = times_s[-1] + (times_s[-1] - times_s[-2] if len(times_s) > 1 else 0)
    return list(zip(events, times_s, [*times_s[1:], last_s], strict=True))


def onset_s(event: dict) -> float:
    """When an event happened or began (seconds of the video)."""
    return event["time"] if "time" in event else event["start"]
