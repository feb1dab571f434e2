"""ANY-maze: the results of all tests, and the test data of one test.

In: a table as ANY-maze exported it. Out: totals of each animal, or bouts, in seconds. Results have one row for each
test, with ``Time immobile`` (in earlier versions ``Total time immobile``); treatments are never read. Test data list
the times at which something changed, with 1 while the animal is immobile and 0 otherwise. Written after the measures
in ANY-maze's help; no export was available.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ketaflow.assays.forced_swim.readers import sheets
from ketaflow.assays.forced_swim.readers.sheets import Sheet
from ketaflow.assays.forced_swim.score_files import constants
from ketaflow.assays.forced_swim.score_files.behaviours import bouts_of_events, heading
from ketaflow.assays.forced_swim.score_files.scored_bouts import (
    Bouts,
    Event,
    Events,
    ReadOptions,
    ScoredBout,
    ScoreFile,
)
from ketaflow.core.errors import Problem

PROGRAM = "ANY-maze"
TOTALS = ("time immobile", "total time immobile")
ANIMALS = ("animal", "animal number", "animal id", "animal name")
SESSIONS = ("stage", "trial", "trial number")
PERIODS = ("time period", "segment of test")
DURATIONS = ("test duration", "duration")
TIMES = ("time",)
STATES = ("immobile", "animal immobile", "animal is immobile", "the animal is immobile")
EXPORT_AGAIN = "Correct it in ANY-maze and export again"
# Written where nothing is known, or nothing changed.
NOT_KNOWN = ("", "#n/a", "n/a", "na", "-")


class Found(NamedTuple):
    """Sheet with the row of its headings (place from 0)."""

    sheet: Sheet
    place: int

    @property
    def titles(self) -> list[str]:
        """Headings in plain letters."""
        return [heading(cell) for cell in self.sheet.rows[self.place]]

    @property
    def rows(self) -> list[tuple[int, dict[str, str]]]:
        """Filled rows below the headings: number, and cells by heading (the first of repeated headings)."""
        titles = self.titles
        return [
            (number, dict(reversed(list(zip(titles, row, strict=False)))))
            for number, row in self.sheet.numbered()
            if number > self.place + 1
        ]


def find_headings(file: ScoreFile, *wanted: tuple[str, ...]) -> Found | None:
    """Return the sheet and row whose headings hold one of each of the wanted names; None if there is none."""
    for sheet in file.sheets:
        for place, row in enumerate(sheet.rows[: constants.MAX_ROWS_ABOVE]):
            titles = {heading(cell) for cell in row}
            if all(titles & set(names) for names in wanted):
                return Found(sheet, place)
    return None


def first_of(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return the cell under the first of several headings that a row has; empty if it has none."""
    return next((row[name] for name in names if row.get(name)), "")


def are_results(file: ScoreFile) -> bool:
    """Return whether a file has the columns of an animal and of its time immobile."""
    return find_headings(file, TOTALS, ANIMALS) is not None


def are_events(file: ScoreFile) -> bool:
    """Return whether a file has the columns Time and Immobile, and 0 or 1 under the latter."""
    found = find_headings(file, TIMES, STATES)
    if found is None:
        return False
    cells = {first_of(row, STATES).lower() for _, row in found.rows}
    return bool(cells & {"0", "1"}) and cells <= {"0", "1", "0.0", "1.0", *NOT_KNOWN}


def read_results(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read the total of each test.

    Parameters
    ----------
    file : ScoreFile
        The results.
    options : ReadOptions
        Nothing of it is needed.

    Returns
    -------
    Bouts
        The observation is the animal; with stage and trial after it where an animal has several tests.
    """
    found = find_headings(file, TOTALS, ANIMALS)
    if found is None:
        return Bouts([], [])
    totals, problems = [], []
    for number, row in found.rows:
        animal, text = first_of(row, ANIMALS), first_of(row, TOTALS)
        if not animal or text.lower() in NOT_KNOWN:
            column, missing = ("Animal", "animal") if not animal else ("Time immobile", "time immobile")
            problems.append(Problem(file.name, number, column, f"the {missing} is missing", EXPORT_AGAIN))
            continue
        total_s, scored_s = sheets.parse_number(text), sheets.parse_number(first_of(row, DURATIONS))
        if total_s is None or total_s < 0 or (scored_s is not None and total_s > scored_s):
            most = "" if scored_s is None else f" of at most {scored_s:g}"
            what = f"found '{text}' where seconds{most} were expected"
            problems.append(Problem(file.name, number, "Time immobile", what, EXPORT_AGAIN))
            continue
        session = " ".join(cell for name in SESSIONS if (cell := row.get(name, "")))
        nan = float("nan")
        totals.append(
            ScoredBout(number, animal, session, "", PROGRAM, "immobility", nan, nan, total_s=total_s, scored_s=scored_s)
        )
    return Bouts(*one_row_each(totals, found, file.name, problems))


def one_row_each(
    totals: list[ScoredBout], found: Found, file: str, problems: list[Problem]
) -> tuple[list[ScoredBout], list[Problem]]:
    """Report tests that have several rows, and name stage and trial only where an animal has several tests.

    Parameters
    ----------
    totals : list of ScoredBout
        Their subject is the stage and trial.
    found : Found
        The sheet.
    file : str
        Name of the file, for messages.
    problems : list of Problem
        Faults found so far.

    Returns
    -------
    totals : list of ScoredBout
    problems : list of Problem
    """
    seen: set[tuple[str, str]] = set()
    kept = []
    sessions = {name: {one.subject for one in totals if one.observation == name} for name in
                {one.observation for one in totals}}  # fmt: skip
    for one in totals:
        key = (one.observation, one.subject)
        if key in seen:
            periods = set(found.titles) & set(PERIODS)
            what = f"animal {one.observation} has several rows" + " of different periods" * bool(periods)
            remedy = "Export one row for each test: the whole test, or the scoring window alone"
            problems = [*problems, Problem(file, one.row, "Animal", what, remedy)]
            continue
        seen.add(key)
        is_single = len(sessions[one.observation]) == 1
        kept.append(replace(one, subject="") if is_single else one)
    return kept, problems


def read_events(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read the bouts of immobility of one test.

    Parameters
    ----------
    file : ScoreFile
        Test data.
    options : ReadOptions
        The lab's own words.

    Returns
    -------
    Bouts
        The last bout ends with the last row.
    """
    found = find_headings(file, TIMES, STATES)
    if found is None:
        return Bouts([], [])
    events: list[Event] = []
    problems: list[Problem] = []
    last_s, last_row, is_still = 0.0, found.place + 1, False
    for number, row in found.rows:
        text, state = first_of(row, TIMES), first_of(row, STATES).lower()
        time_s = sheets.parse_number(text)
        if time_s is None or time_s < last_s:
            what = f"found '{text}' where a time of at least {last_s:g} s was expected"
            problems.append(Problem(file.name, number, "Time", what, EXPORT_AGAIN))
            continue
        last_s, last_row = time_s, number
        if state in NOT_KNOWN or (float(state) > 0) == is_still:
            continue
        is_still = not is_still
        events.append(state_event(number, file, "START" if is_still else "STOP", time_s))
    if is_still:
        events.append(state_event(last_row, file, "STOP", last_s))
    if not events:
        nothing = state_event(last_row, file, "START", last_s)
        events = [nothing, state_event(last_row, file, "STOP", last_s)]
    return bouts_of_events(Events(events, problems), options.words, file.name)


def state_event(row: int, file: ScoreFile, kind: str, time_s: float) -> Event:
    """Return the start or stop of immobility."""
    return Event(row, file.path.stem, "", PROGRAM, "", "immobility", kind, np.nan, time_s)
