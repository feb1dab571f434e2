"""Logs of key presses: CowLog and JWatcher. A key begins its behaviour, which lasts until the next key of its class.

In: a file as the program wrote it. Out: bouts in seconds of the video. CowLog writes the columns ``time``, ``code`` and
``class`` and closes with the code END. JWatcher writes ``milliseconds, key`` below ``#BEGIN DATA`` and closes with EOF;
what its keys mean is in the focal master file (.fmf) that the log names.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ketaflow.assays.forced_swim.readers import sheets
from ketaflow.assays.forced_swim.score_files import constants
from ketaflow.assays.forced_swim.score_files.behaviours import bouts_of_events
from ketaflow.assays.forced_swim.score_files.scored_bouts import Bouts, Event, Events, ReadOptions, ScoreFile
from ketaflow.core.errors import Problem
from ketaflow.core.tables import decode

COWLOG_HEADINGS = ("time", "code")
JWATCHER_FIRST = "firstlineofdata"
COWLOG_END, JWATCHER_END = "END", "EOF"
# A line of the focal master file: the behaviour of a key.
MASTER_LINE = re.compile(r"^Behavio?u?r\.name\.(\S+?)\s*=\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)


class KeyPress(NamedTuple):
    """A key of a log: row, time (seconds), the behaviour as written, and its class."""

    row: int
    time_s: float
    word: str
    key_class: str


class KeyLog(NamedTuple):
    """Keys in the order of the file, and the faults of its rows."""

    keys: list[KeyPress]
    problems: list[Problem]


def is_cowlog(file: ScoreFile) -> bool:
    """Return whether a file begins with the headings of CowLog."""
    rows = file.sheets[0].numbered()
    return bool(rows) and tuple(cell.lower() for cell in rows[0][1][:2]) == COWLOG_HEADINGS


def is_jwatcher(file: ScoreFile) -> bool:
    """Return whether a file begins like a data file of JWatcher."""
    rows = file.sheets[0].numbered()
    return bool(rows) and rows[0][1][0].lower().replace(" ", "").startswith(JWATCHER_FIRST)


def read_cowlog(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read a code file of CowLog.

    Parameters
    ----------
    file : ScoreFile
        The file; codes of different classes do not end one another.
    options : ReadOptions
        The lab's own words.

    Returns
    -------
    Bouts
    """
    rows = file.sheets[0].numbered()
    by_class = [cell.lower() for cell in rows[0][1]][2:3] == ["class"]
    keys, problems = [], []
    for number, row in rows[1:]:
        cells = [*row, "", "", ""]
        problems += time_problems(cells[0], cells[1], file.name, number)
        time_s = sheets.parse_number(cells[0])
        if time_s is not None and cells[1]:
            keys.append(KeyPress(number, time_s, cells[1], cells[2] if by_class else ""))
    return bouts_of_keys(KeyLog(keys, problems), file, COWLOG_END, options)


def read_jwatcher(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read a data file of JWatcher, its keys taken for mutually exclusive as JWatcher does by default.

    Parameters
    ----------
    file : ScoreFile
        The file; the focal master file that it names is read if it lies beside it.
    options : ReadOptions
        The lab's own words, which may be keys.

    Returns
    -------
    Bouts
    """
    rows = file.sheets[0].numbered()
    names = master_names(file.path, [row[0] for _, row in rows])
    begins = next((place for place, (_, row) in enumerate(rows) if row[0].upper().startswith("#BEGIN DATA")), None)
    if begins is None:
        remedy = "Copy the data file again, or save it in JWatcher again"
        return Bouts([], [Problem(file.name, 1, "", "the line #BEGIN DATA is missing", remedy)])
    keys, problems = [], []
    for number, row in rows[begins + 1 :]:
        text, key = [*row, ""][:2]
        problems += time_problems(text, key, file.name, number)
        time_ms = sheets.parse_number(text)
        if time_ms is not None and key:
            keys.append(KeyPress(number, time_ms / constants.MS_PER_S, names.get(key, key), ""))
    return bouts_of_keys(KeyLog(keys, problems), file, JWATCHER_END, options)


def time_problems(time: str, key: str, file: str, row: int) -> list[Problem]:
    """List what is wrong with a row of a log."""
    remedy = "Correct the row, or export the log again"
    if not key:
        return [Problem(file, row, "code", "the code is missing", remedy)]
    time_s = sheets.parse_number(time)
    if time_s is None or time_s < 0:
        return [Problem(file, row, "time", f"found '{time}' where a time was expected", remedy)]
    return []


def master_names(path: Path, lines: Sequence[str]) -> dict[str, str]:
    """Read what the keys of a JWatcher log mean.

    Parameters
    ----------
    path : Path
        The data file.
    lines : sequence of str
        Its lines; one names the focal master file.

    Returns
    -------
    dict of str to str
        Names by key; empty if the master file is not beside the data file.
    """
    named = next((line.split("=", 1)[1] for line in lines if line.lower().startswith("focalmasterfile=")), "")
    for name in (named.replace("\\", "/").rsplit("/", 1)[-1].strip(), f"{path.stem}.fmf"):
        if name.lower().endswith(".fmf") and (path.parent / name).is_file():
            return dict(MASTER_LINE.findall(decode((path.parent / name).read_bytes())))
    return {}


def bouts_of_keys(log: KeyLog, file: ScoreFile, end: str, options: ReadOptions) -> Bouts:
    """Make bouts of key presses, each until the next of its class or the end of the log.

    Parameters
    ----------
    log : KeyLog
        Its keys; times must not go back.
    file : ScoreFile
        The file, for messages; its name is the observation.
    end : str
        The code that closes a log.
    options : ReadOptions
        The lab's own words.

    Returns
    -------
    Bouts
    """
    problems = list(log.problems)
    remedy = "Correct the times, or export the log again"
    for before, key in zip(log.keys, log.keys[1:], strict=False):
        if key.time_s < before.time_s:
            what = f"the time {key.time_s:g} s is before that of the row above, {before.time_s:g} s"
            problems.append(Problem(file.name, key.row, "time", what, remedy))
    ends = [place for place, key in enumerate(log.keys) if key.word.upper() == end]
    if not ends:
        row = log.keys[-1].row if log.keys else 1
        what = f"the log does not close with {end}, so the last behaviour has no end"
        problems.append(Problem(file.name, row, "code", what, f"End the coding in the program, or add a row {end}"))
    if problems:
        return Bouts([], sorted(set(problems)))
    keys, close = log.keys[: ends[0]], log.keys[ends[0]]
    events = []
    for place, key in enumerate(keys):
        later = [other.time_s for other in keys[place + 1 :] if other.key_class == key.key_class]
        stop_s = later[0] if later else close.time_s
        nothing_known = float("nan")
        events.append(
            Event(key.row, file.path.stem, "", "", "", key.word, "STATE", nothing_known, None, key.time_s, stop_s)
        )
    if not events:
        what = "the log holds no behaviour"
        problems.append(Problem(file.name, close.row, "code", what, "Score the film, or list another file"))
    return bouts_of_events(Events(events, problems), options.words, file.name)
