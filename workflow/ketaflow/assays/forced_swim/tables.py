"""Faults of the forced swim tables that a schema cannot express, and event logs in place of the table of human scores.

In: the cohort folder and its tables. Out: problems with file and row; rows of the table of human scores.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ketaflow.assays.forced_swim.model import HumanScoreRow
from ketaflow.assays.forced_swim.raters import human_scores
from ketaflow.assays.forced_swim.score_files import formats
from ketaflow.assays.forced_swim.score_files.scored_bouts import Bouts, ReadOptions, ScoredBout
from ketaflow.core import tables
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import RawTable

REGION = ("region_x_px", "region_y_px", "region_width_px", "region_height_px")
SCORES, FILES = "forced_swim_human_scores", "forced_swim_human_files"
WORDS, NAMES = "forced_swim_human_words", "forced_swim_human_names"
SCORE_COLUMNS = [field.name for field in fields(HumanScoreRow)]
# Stands for an observation that belongs to no recording of this cohort.
NOT_OURS = "-"

# Filled cells of one row of a table.
Cells = Mapping[str, Any]


class Match(NamedTuple):
    """Recording of an observation (empty if unknown), and its rater if the table of names states it."""

    recording: str
    rater: str = ""


def reshape(name: str, path: Path) -> tuple[RawTable, list[Problem]] | None:
    """Read an event log that was saved as the table of human scores.

    Parameters
    ----------
    name : str
        Name of the table.
    path : Path
        Its file.

    Returns
    -------
    tuple of RawTable and list of Problem, or None
        The table in its usual shape; None for any other table, or if the file is no event log.
    """
    if name != SCORES or formats.format_of(path) is None:
        return None
    words = human_scores.vocabulary(read_rows(path.parent, WORDS))
    bouts, problems = formats.read_scores(path, ReadOptions(words))
    swims, names = read_rows(path.parent, "forced_swim"), read_rows(path.parent, NAMES)
    rows: list[tuple[int, dict[str, str]]] = []
    unmatched: dict[tuple[str, str], int] = {}
    for bout in bouts:
        match = match_observation(bout, swims, names)
        if match.recording == NOT_OURS:
            continue
        if not match.recording:
            unmatched.setdefault((bout.observation, bout.subject), bout.row)
            continue
        row = vars(human_scores.score_row(bout, match.recording, match.rater or bout.rater))
        rows.append((bout.row, {column: "" if pd.isna(value) else str(value) for column, value in row.items()}))
    for (observation, subject), number in unmatched.items():
        about = f"observation '{observation}'" + f" with subject '{subject}'" * bool(subject)
        remedy = f"List it in {NAMES}: recording (empty if it is not of this cohort), observation, subject"
        what = f"{about} is no recording of forced_swim"
        problems = [*problems, Problem(path.name, number, "observation", what, remedy)]
    return RawTable(path.name, list(SCORE_COLUMNS), rows, False), problems


def complete(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Add the bouts of the event logs that the table of files lists to the table of human scores.

    Parameters
    ----------
    cohort : Cohort
        Its tables.

    Returns
    -------
    dict of str to data frame
        The table of human scores; empty if no file is listed.
    """
    if FILES not in cohort.tables:
        return {}
    words = vocabulary_of(cohort)
    rows = []
    for number, cells in filled_rows(cohort.tables[FILES]):
        path = cohort.folder / cells["file"]
        reference = log_reference(cells, cohort, number)
        bouts = human_scores.select_bouts(formats.read_scores(path, options_of(cells, words)).bouts, reference).bouts
        rows += [
            human_scores.score_row(one, reference.recording, reference.rater or one.rater or path.stem) for one in bouts
        ]
    listed = pd.DataFrame([vars(row) for row in rows], columns=SCORE_COLUMNS)
    numbers = ("start_s", "stop_s", "total_s", "fps", "sample_s", "scored_s")
    listed = listed.astype(dict.fromkeys(numbers, float))
    return {SCORES: pd.concat([cohort.tables[SCORES], listed]) if SCORES in cohort.tables else listed}


def vocabulary_of(cohort: Cohort) -> dict[str, str]:
    """Return the lab's own names of behaviours and what they mean."""
    words = cohort.tables.get(WORDS)
    if words is None:
        return {}
    return human_scores.vocabulary(cells for _, cells in filled_rows(words))


def filled_rows(table: pd.DataFrame) -> list[tuple[int, Cells]]:
    """List the rows of a table with their numbers, empty cells left out.

    Parameters
    ----------
    table : data frame
        Its index holds the row numbers of the file.

    Returns
    -------
    list of (int, mapping)
        Row number and filled cells.
    """
    return [
        (int(str(number)), {str(name): value for name, value in row.items() if pd.notna(value)})
        for number, row in table.iterrows()
    ]


def options_of(cells: Cells, words: Mapping[str, str]) -> ReadOptions:
    """Return what one row of the table of files says of its file."""
    return ReadOptions(words, cells.get("frame_rate_hz"), cells.get("sample_s"), cells.get("starts_at_s"))


def log_reference(cells: Cells, cohort: Cohort, row: int) -> human_scores.LogReference:
    """Make the reference of one row of the table of files."""
    swims = cohort.tables.get("forced_swim", pd.DataFrame(columns=["recording", "animal"]))
    animals = dict(zip(swims["recording"], swims["animal"], strict=True))
    return human_scores.LogReference(
        recording=cells["recording"],
        file=cells["file"],
        rater=cells.get("rater"),
        observation=cells.get("observation"),
        subject=cells.get("subject"),
        table=cohort.files[FILES],
        row=row,
        animal=animals.get(cells["recording"]),
    )


def read_rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Read the rows of another table of the cohort, empty cells left out; its faults are reported elsewhere."""
    for path in tables.find(folder, name)[:1]:
        try:
            return [{key: cell for key, cell in row.items() if cell} for _, row in tables.read_raw(path).rows]
        except (ValueError, OSError):
            return []
    return []


def match_observation(bout: ScoredBout, swims: list[dict[str, str]], names: list[dict[str, str]]) -> Match:
    """Find the recording of an observation: by the table of names, else by its name, subject, or video.

    If several animals share a video, the subject must be the recording, the animal, or the number of the cylinder.

    Parameters
    ----------
    bout : ScoredBout
        A bout of the observation.
    swims, names : list of dict
        Rows of ``forced_swim`` and of the table of names.

    Returns
    -------
    Match
        ``NOT_OURS`` for an observation that the table of names lists without a recording.
    """
    for row in names:
        if row.get("observation", bout.observation) == bout.observation and row.get("subject") in (None, bout.subject):
            return Match(row.get("recording", NOT_OURS), row.get("rater", ""))
    known = {swim.get("recording") for swim in swims}
    for name in (bout.observation, bout.subject):
        if name in known:
            return Match(name)
    file = _file_name(bout.media)
    own = [swim for swim in swims if _file_name(swim.get("video", "")) == file]
    if len(own) > 1 or not file:
        meant = (bout.subject, bout.observation)
        own = [swim for swim in own or swims if swim.get("animal") in meant or swim.get("cylinder") == bout.subject]
    return Match(own[0].get("recording", "")) if len(own) == 1 else Match("")


def _file_name(path: str) -> str:
    """Name of a file, for either kind of slash."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def problems(cohort: Cohort) -> list[Problem]:
    """List the faults across the tables: cylinders named twice, half a region, scores without times, faulty logs.

    Parameters
    ----------
    cohort : Cohort
        Its tables.

    Returns
    -------
    list of Problem
    """
    found = []
    if (swims := cohort.tables.get("forced_swim")) is not None:
        found += swim_problems(swims, cohort.files["forced_swim"])
    if (scored := cohort.tables.get(SCORES)) is not None:
        found += score_problems(scored, cohort.files[SCORES])
    if FILES in cohort.tables:
        found += log_problems(cohort)
    return found


def swim_problems(swims: pd.DataFrame, file: str) -> list[Problem]:
    """List faults across the columns and rows of the swims.

    Parameters
    ----------
    swims : data frame
        The table, its index the row numbers.
    file : str
        Its file.

    Returns
    -------
    list of Problem
        One per repeated cylinder of a video, and one per incomplete region.
    """
    found = []
    repeated = swims.duplicated(["video", "cylinder"]) & swims["video"].notna() & swims["cylinder"].notna()
    for number, cells in filled_rows(swims[repeated]):
        what = f"cylinder {cells['cylinder']:g} of '{cells['video']}' is in an earlier row already"
        found.append(Problem(file, number, "cylinder", what, "Number the cylinders from the left, each once"))
    for number, cells in filled_rows(swims):
        missing = [name for name in REGION if name not in cells]
        if 0 < len(missing) < len(REGION):
            what, remedy = "the region is incomplete", "Fill in all four, or none"
            found.append(Problem(file, number, missing[0], what, remedy))
    return found


def score_problems(scored: pd.DataFrame, file: str) -> list[Problem]:
    """List rows of human scores without a time, or that stop before they start.

    Parameters
    ----------
    scored : data frame
        The table, its index the row numbers.
    file : str
        Its file.

    Returns
    -------
    list of Problem
        One per row at fault.
    """
    found = []
    for number, cells in filled_rows(scored):
        timed = "start_s" in cells and "stop_s" in cells
        if not timed and "total_s" not in cells:
            remedy = "Enter start_s and stop_s of the bout, or total_s where only totals exist"
            found.append(Problem(file, number, "start_s", "the row has no time", remedy))
        elif timed and cells["stop_s"] < cells["start_s"]:
            what = f"the bout stops at {cells['stop_s']:g} s, before it starts"
            found.append(Problem(file, number, "stop_s", what, "Exchange or correct the times"))
    return found


def log_problems(cohort: Cohort) -> list[Problem]:
    """List faults inside the event logs that the table of files names, and observations they do not hold.

    Parameters
    ----------
    cohort : Cohort
        Its tables.

    Returns
    -------
    list of Problem
    """
    found: list[Problem] = []
    read: dict[tuple[Path, ReadOptions], Bouts] = {}
    words = vocabulary_of(cohort)
    for number, cells in filled_rows(cohort.tables[FILES]):
        path = cohort.folder / cells.get("file", "")
        if not path.is_file() or "recording" not in cells:
            continue
        options = options_of(cells, words)
        key = (path, replace(options, words={}))
        if key not in read:
            read[key] = formats.read_scores(path, options)
            found += read[key].problems
        found += human_scores.select_bouts(read[key].bouts, log_reference(cells, cohort, number)).problems
    return sorted(set(found))
