"""Faults of the bottle table that no single cell shows: who, what and where must be told, never guessed."""

from collections import Counter

import pandas as pd

from ketaflow.assays.sucrose_preference.bottles.loss import SOLUTIONS, SUCROSE, WATER
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import nearest

TABLE = "sucrose_preference"
# Names that say the content is not known, whatever else the row tells.
UNKNOWN = frozenset(
    (
        "?", "??", "unknown", "unclear", "other", "solution", "solutions", "bottle", "mixed", "mix", "tbd", "test", "x",
        "a", "b", "1", "2",
    )
)  # fmt: skip


def problems(cohort: Cohort) -> list[Problem]:
    """Every fault across the cells and rows of the table ``sucrose_preference``."""
    table, file = cohort.tables[TABLE], cohort.files[TABLE]
    rows = [{"row": int(number), **row} for number, row in zip(table.index, _plain(table), strict=True)]
    found = []
    for row in rows:
        found += [Problem(file, row["row"], *fault) for fault in (*_content(row), *_animal(row), *_readings(row))]
    for fault in (*_recordings(rows), *_logs(rows), *_sessions(rows)):
        found.append(Problem(file, *fault))
    return found


def _plain(table: pd.DataFrame) -> list[dict]:
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _content(row: dict) -> list[tuple[str, str, str]]:
    content = row["content"]
    if content is None:
        return []
    plain = content.strip().lower()
    told = row["concentration_pct"] is not None
    meant = nearest(plain, [SUCROSE, WATER], 0.8)
    if plain in SOLUTIONS or (told and plain not in UNKNOWN and not meant):
        return []
    hint = f"Did you mean '{meant}'? " if meant else ""
    remedy = f"{hint}Write sucrose or water; for another solution its name, with its strength in concentration_pct"
    return [("content", f"found '{content}'", remedy)]


def _animal(row: dict) -> list[tuple[str, str, str]]:
    if row["dummy"] and row["animal"]:
        return [("animal", f"a leak-control bottle with an animal ('{row['animal']}')", "Empty animal, or dummy")]
    if not row["dummy"] and not row["animal"]:
        remedy = "Enter the animal; for a leak-control bottle enter yes in the column dummy"
        return [("animal", "the cell is empty", remedy)]
    return []


def _readings(row: dict) -> list[tuple[str, str, str]]:
    weighed = [name for name in ("start_g", "end_g") if row[name] is not None]
    measured = [name for name in ("start_ml", "end_ml") if row[name] is not None]
    found = []
    if weighed and measured:
        found.append(("start_ml", "both weights and volumes are given", "Keep one kind for each bottle"))
    if not weighed and not measured and not row["log"]:
        remedy = "Enter start_g and end_g (or start_ml and end_ml), or name a log"
        found.append(("start_g", "neither weights nor volumes nor a log", remedy))
    if row["channel"] and not row["log"]:
        found.append(("channel", f"channel '{row['channel']}' of no log", "Name the file in the column log"))
    start, end = row["start_time"], row["end_time"]
    if start and end and end <= start:
        found.append(("end_time", f"the bottle ends ({end}) before it starts ({start})", "Correct one of the two"))
    return found


def _recordings(rows: list[dict]) -> list[tuple]:
    """Rows of one recording must be of one animal, one session, one body weight, and one bottle to a side."""
    found, by_recording = [], {}
    for row in rows:
        if not row["dummy"] and row["recording"]:
            by_recording.setdefault(row["recording"], []).append(row)
    for name, members in by_recording.items():
        first = members[0]
        for row in members[1:]:
            for column, remedy in (
                ("animal", "Give each animal a recording of its own; a cage drinking together counts as one animal"),
                ("session", "Give each session a recording of its own"),
                ("weight_g", "Enter the animal's weight in that session once, or the same in each row"),
            ):
                if None not in (row[column], first[column]) and row[column] != first[column]:
                    said = f"recording '{name}' has '{first[column]}' in row {first['row']}, here '{row[column]}'"
                    found.append((row["row"], column, said, remedy))
        found += _sides(name, members)
    return found


def _sides(name: str, members: list[dict]) -> list[tuple]:
    """Two bottles on one side are a fault unless their times show that one followed the other."""
    found = []
    for index, row in enumerate(members):
        for before in members[:index]:
            if row["side"] is None or row["side"] != before["side"] or _followed(before, row):
                continue
            said = f"recording '{name}' has two bottles on the {row['side']}, here and in row {before['row']}"
            remedy = "Correct side; if the bottles changed places, give start_time and end_time of each"
            found.append((row["row"], "side", said, remedy))
    return found


def _followed(one: dict, other: dict) -> bool:
    times = [one["start_time"], one["end_time"], other["start_time"], other["end_time"]]
    return None not in times and (times[1] <= times[2] or times[3] <= times[0])


def _logs(rows: list[dict]) -> list[tuple]:
    """Two bottles cannot be the same channel of a log at the same time; a shared log needs channels."""
    found, users, channels = [], Counter(row["log"] for row in rows if row["log"]), {}
    for row in rows:
        if not row["log"]:
            continue
        if not row["channel"]:
            if users[row["log"]] > 1:
                remedy = "Enter which channel of the log this bottle is: left, right, or the column's name"
                found.append((row["row"], "channel", f"{users[row['log']]} bottles share '{row['log']}'", remedy))
            continue
        before = channels.setdefault((row["log"], row["channel"].lower(), row["recording"]), [])
        twin = next((other for other in before if not _followed(other, row)), None)
        before.append(row)
        if twin:
            said = f"channel '{row['channel']}' of '{row['log']}' is also the bottle of row {twin['row']}"
            found.append((row["row"], "channel", said, "Correct one of the two"))
    return found


def _sessions(rows: list[dict]) -> list[tuple]:
    """A leak-control bottle serves the recordings of its session: there must be some."""
    known = {row["session"] for row in rows if not row["dummy"]}
    return [
        (row["row"], "session", f"no recording has session '{row['session']}'", "Give the bottle its animals' session")
        for row in rows
        if row["dummy"] and row["session"] and row["session"] not in known
    ]
