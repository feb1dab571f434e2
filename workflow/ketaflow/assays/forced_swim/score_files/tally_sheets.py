"""Sheets on which a person noted the behaviour of each interval, usually of 5 s (Detke 1995).

In: a table. Out: bouts in seconds of the video with the interval they were sampled at, or totals. Four layouts are
read: a row for each interval with a column for each animal; a row for each animal with a column for each interval; a
row for each interval and animal with the behaviour in a column; a row for each interval with a mark under the
behaviour. Solomon Coder writes such a list in steps below 1 s, its cells empty where nothing was coded: that is
continuous scoring. A sheet of counts has a row for each animal and columns named like 'immobility (counts)'.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from ketaflow.assays.forced_swim.readers.sheets import Sheet, parse_number
from ketaflow.assays.forced_swim.score_files import constants
from ketaflow.assays.forced_swim.score_files.behaviours import behaviour_of, heading, unknown_word
from ketaflow.assays.forced_swim.score_files.intervals import Grid, interval_grid, is_interval_column, is_labels
from ketaflow.assays.forced_swim.score_files.scored_bouts import IGNORE, Bouts, ReadOptions, ScoredBout, ScoreFile
from ketaflow.core.errors import Problem

ANIMAL_HEADINGS = (
    "animal", "animal id", "mouse", "mouse id", "rat", "rat id", "id", "subject", "recording", "observation", "tier",
    "maus", "ratte",
)  # fmt: skip
BEHAVIOUR_HEADINGS = ("behaviour", "behavior", "state", "score", "code")
# Headings that distinguish an event log from a list of intervals.
EVENT_HEADINGS = ("status", "behavior type", "behaviour type", "start", "stop", "start s", "stop s")
COUNT_WORDS = re.compile(r"\b(counts?|samples?|intervals?)\b")
# Codes of one or two letters; S is swimming only beside C, for it may be struggling.
CODES = {
    "i": "immobility", "im": "immobility", "imm": "immobility", "f": "immobility", "fl": "immobility",
    "c": "climbing", "cl": "climbing", "st": "climbing", "sw": "swimming", "d": "diving", "-": IGNORE,
}  # fmt: skip
CLIMBING_CODES = ("c", "cl", "climbing", "climb")
MARK_AGAIN = "Mark one behaviour in every row, or enter '-' where the animal was not seen"


class Cell(NamedTuple):
    """One scored interval: row of the file, column, number of the interval, and what is written."""

    row: int
    column: str
    interval: int
    text: str


class Tally(NamedTuple):
    """Intervals of a sheet by observation, the labels of the intervals, and faults found so far."""

    cells: dict[str, list[Cell]]
    labels: list[str]
    title: str
    problems: list[Problem]
    is_list: bool = False


def recognises(file: ScoreFile) -> bool:
    """Return whether a file is laid out as a tally sheet."""
    return any(tally_of(sheet, file) is not None or count_columns(sheet) for sheet in file.sheets)


def read(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read every observation of a tally sheet.

    Parameters
    ----------
    file : ScoreFile
        The sheet or sheets.
    options : ReadOptions
        The lab's own words; interval and start where the sheet numbers its intervals.

    Returns
    -------
    Bouts
    """
    bouts: list[ScoredBout] = []
    problems: list[Problem] = []
    for sheet in file.sheets:
        tally = tally_of(sheet, file)
        if tally is not None:
            found, faults = read_tally(tally, file.name, options)
        elif count_columns(sheet):
            found, faults = read_counts(sheet, file.name, options)
        else:
            continue
        bouts, problems = bouts + found, problems + faults
    return Bouts(bouts, problems)


def tally_of(sheet: Sheet, file: ScoreFile) -> Tally | None:
    """Return the intervals of a sheet in any of the layouts; None if it has none of them."""
    rows = sheet.numbered()
    titled = sheet.title if len(file.sheets) > 1 else file.path.stem
    for place, (_, head) in enumerate(rows[: constants.MAX_ROWS_ABOVE]):
        names, below = [heading(cell) for cell in head], rows[place + 1 :]
        tally = (
            listed_intervals(head, names, below, titled)
            or intervals_as_rows(head, names, below, titled)
            or intervals_as_columns(head, names, below)
        )
        if tally is not None:
            return tally
    return None


def listed_intervals(
    head: list[str], names: list[str], below: list[tuple[int, list[str]]], titled: str
) -> Tally | None:
    """Read a row for each interval and animal; an event log, which has START and STOP, is none."""
    scored = [place for place, name in enumerate(names) if name in BEHAVIOUR_HEADINGS]
    timed = [place for place, name in enumerate(names) if is_interval_column(name)]
    named = [place for place, name in enumerate(names) if name in ANIMAL_HEADINGS]
    if len(scored) != 1 or len(timed) != 1 or set(names) & set(EVENT_HEADINGS):
        return None
    cells: dict[str, list[Cell]] = {}
    labels: dict[str, list[str]] = {}
    for number, row in below:
        padded = row + [""] * len(head)
        observation = padded[named[0]] if named else titled
        own = labels.setdefault(observation, [])
        cells.setdefault(observation, []).append(Cell(number, head[scored[0]], len(own), padded[scored[0]]))
        own.append(padded[timed[0]])
    first = next(iter(labels.values()), [])
    if any(own != first for own in labels.values()) or not is_labels(first):
        return None
    return Tally(cells, first, head[timed[0]], [], is_list=True)


def intervals_as_rows(
    head: list[str], names: list[str], below: list[tuple[int, list[str]]], titled: str
) -> Tally | None:
    """Read a row for each interval; the other columns are animals, or behaviours with marks."""
    width = len(head)
    padded = [(number, (row + [""] * width)[:width]) for number, row in below]
    labels = [row[0] for _, row in padded]
    columns = [place for place in range(1, width) if head[place]]
    if not names or not is_interval_column(names[0]) or not columns or not is_labels(labels):
        return None
    marked = [place for place in columns if behaviour_of(head[place], {}) not in ("", IGNORE)]
    if len(marked) >= 2:
        return marked_intervals(head, padded, marked, titled)
    texts = {row[place] for _, row in padded for place in columns}
    if any(parse_number(text) not in (None, 0.0, 1.0) for text in texts):
        return None
    if len(columns) == 1 and texts <= {"0", "1", ""}:
        return None
    cells = {
        head[place]: [Cell(number, head[place], which, row[place]) for which, (number, row) in enumerate(padded)]
        for place in columns
    }
    return Tally(cells, labels, head[0], [])


def marked_intervals(head: list[str], padded: list[tuple[int, list[str]]], marked: list[int], titled: str) -> Tally:
    """Read the behaviour under whose heading each interval has its mark."""
    cells, problems = [], []
    for which, (number, row) in enumerate(padded):
        chosen = [place for place in marked if row[place] not in ("", "0")]
        if len(chosen) == 1:
            cells.append(Cell(number, head[chosen[0]], which, head[chosen[0]]))
        elif "-" not in row[1:]:
            what = f"{len(chosen)} behaviours are marked in one interval"
            problems.append(Problem("", number, head[0], what, MARK_AGAIN))
    return Tally({titled: cells}, [row[0] for _, row in padded], head[0], problems)


def intervals_as_columns(head: list[str], names: list[str], below: list[tuple[int, list[str]]]) -> Tally | None:
    """Read a row for each animal and a column for each interval."""
    if not names or names[0] not in ANIMAL_HEADINGS:
        return None
    columns = [place for place in range(1, len(head)) if head[place]]
    labels = [head[place] for place in columns]
    if not is_labels(labels):
        return None
    cells: dict[str, list[Cell]] = {}
    problems = []
    for number, row in below:
        padded = row + [""] * len(head)
        if padded[0] in cells:
            what = f"'{padded[0]}' is in an earlier row already"
            problems.append(Problem("", number, head[0], what, "Name each animal once"))
            continue
        cells[padded[0]] = [Cell(number, head[place], which, padded[place]) for which, place in enumerate(columns)]
    return Tally(cells, labels, "", problems) if cells else None


def read_tally(tally: Tally, file: str, options: ReadOptions) -> Bouts:
    """Make bouts of the intervals of a sheet.

    Parameters
    ----------
    tally : Tally
        The intervals.
    file : str
        Name of the file, for messages.
    options : ReadOptions
        As for ``read``.

    Returns
    -------
    Bouts
        Neighbouring intervals of one behaviour are one bout. An observation without immobility has one bout of no
        length.
    """
    problems = [problem if problem.file else Problem(file, *list(vars(problem).values())[1:])
                for problem in tally.problems]  # fmt: skip
    grid = interval_grid(tally.labels, tally.title, options, file)
    if isinstance(grid, Grid) and grid.sample_s < constants.MIN_SAMPLE_S and not tally.is_list:
        what = f"the intervals are {grid.sample_s:g} s long, too short to be scored by a person"
        grid = Problem(file, 1, tally.title, what, "Check the unit of the times; they are read in seconds")
    if isinstance(grid, Problem):
        return Bouts([], [*problems, grid])
    is_sampled = grid.sample_s >= constants.MIN_SAMPLE_S
    words = known_words(tally, options.words)
    unknown: dict[str, list[int]] = {}
    bouts = []
    for observation, cells in tally.cells.items():
        known = []
        for cell in cells:
            behaviour = words.get(cell.text.strip().lower(), "")
            if not cell.text and is_sampled:
                what = "the interval is empty"
                problems.append(Problem(file, cell.row, cell.column, what, MARK_AGAIN))
            elif cell.text and not behaviour:
                unknown.setdefault(cell.text, []).append(cell.row)
            known.append((cell, behaviour))
        merged = merged_bouts(observation, known, grid)
        bouts += merged if is_sampled else [replace(bout, sample_s=None) for bout in merged]
    problems += [unknown_word(word, len(rows), rows[0], file) for word, rows in unknown.items()]
    return Bouts(bouts, problems)


def known_words(tally: Tally, words: Mapping[str, str]) -> dict[str, str]:
    """Return what the words and codes of a sheet mean, as far as they are known."""
    used = {cell.text.strip().lower() for cells in tally.cells.values() for cell in cells} - {""}
    meanings = {word: words.get(word) or CODES.get(word) or behaviour_of(word, words) for word in used}
    if "s" in used and not meanings["s"] and used & set(CLIMBING_CODES):
        meanings["s"] = "swimming"
    return meanings


def merged_bouts(observation: str, known: list[tuple[Cell, str]], grid: Grid) -> list[ScoredBout]:
    """Join neighbouring intervals of one behaviour to bouts."""
    bouts: list[ScoredBout] = []
    for cell, behaviour in known:
        if behaviour in ("", IGNORE):
            continue
        start_s, stop_s = grid.starts_s[cell.interval], grid.starts_s[cell.interval] + grid.sample_s
        if bouts and bouts[-1].behaviour == behaviour and abs(bouts[-1].stop_s - start_s) < constants.SAME_TIME_S:
            bouts[-1] = replace(bouts[-1], stop_s=stop_s)
        else:
            bouts.append(
                ScoredBout(cell.row, observation, "", "", "", behaviour, start_s, stop_s, sample_s=grid.sample_s)
            )
    if known and not any(bout.behaviour == "immobility" for bout in bouts):
        at_s, row = grid.starts_s[0], known[0][0].row
        bouts.append(ScoredBout(row, observation, "", "", "", "immobility", at_s, at_s, sample_s=grid.sample_s))
    return bouts


def count_columns(sheet: Sheet) -> dict[int, str]:
    """Return the behaviours of the columns of counts, by place; none if a sheet has no counts of immobility."""
    if not sheet.rows or heading(sheet.rows[0][0]) not in ANIMAL_HEADINGS:
        return {}
    found = {}
    for place, cell in enumerate(sheet.rows[0]):
        plain = " ".join(re.findall(r"[a-z]+", cell.lower()))
        behaviour = behaviour_of(COUNT_WORDS.sub("", plain).strip(), {})
        if COUNT_WORDS.search(plain) and behaviour not in ("", IGNORE):
            found[place] = behaviour
    return found if "immobility" in found.values() else {}


def read_counts(sheet: Sheet, file: str, options: ReadOptions) -> Bouts:
    """Read the counts of intervals of each animal.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    file : str
        Name of the file, for messages.
    options : ReadOptions
        The length of an interval.

    Returns
    -------
    Bouts
        One total for each behaviour and animal.
    """
    columns, sample_s = count_columns(sheet), options.sample_s
    if sample_s is None:
        remedy = "List the file in forced_swim_human_files, with the length of an interval in sample_s"
        return Bouts([], [Problem(file, 1, "", "the sheet counts intervals, and their length is not given", remedy)])
    totals, problems = [], []
    for number, row in sheet.numbered()[1:]:
        padded = row + [""] * len(sheet.rows[0])
        counts = {place: parse_number(padded[place]) for place in columns}
        for place, count in counts.items():
            if count is None or count < 0 or count % 1:
                what = f"found '{padded[place]}' where a count was expected"
                problems.append(Problem(file, number, sheet.rows[0][place], what, "Correct the count"))
        known = {place: count for place, count in counts.items() if count is not None}
        scored_s = sum(known.values()) * sample_s if len(known) > 1 else None
        nan = float("nan")
        totals += [
            ScoredBout(
                number, padded[0], "", "", "", columns[place], nan, nan,
                total_s=count * sample_s, scored_s=scored_s, sample_s=sample_s,
            )
            for place, count in known.items()
        ]  # fmt: skip
    return Bouts(totals, problems)
