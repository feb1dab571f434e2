"""DBscorer: the compiled results of several animals, and the decision of each second of one animal.

In: a csv or text file as DBscorer wrote it. Out: totals, or bouts, in seconds of the video. The results give immobility
as a percentage of the time from ``startsec`` to ``endsec``, and DBscorer decides once a second. Results scored by hand
in DBscorer have names that end in Manual.
"""

import numpy as np

from ketaflow.assays.forced_swim.readers import sheets
from ketaflow.assays.forced_swim.score_files import constants
from ketaflow.assays.forced_swim.score_files.scored_bouts import Bouts, ReadOptions, ScoredBout, ScoreFile
from ketaflow.core.errors import Problem

PROGRAM, BY_HAND = "DBscorer", "DBscorer_manual"
COLUMNS = {"immobility_percentage", "startsec", "endsec"}
COMPILE_AGAIN = "Compile the results in DBscorer again"


def recognises(file: ScoreFile) -> bool:
    """Return whether a file holds results of DBscorer, or a 0 or 1 for each second under a name that it gives."""
    return has_results(file) or has_seconds(file)


def has_results(file: ScoreFile) -> bool:
    """Return whether a file has the columns of the results."""
    rows = file.sheets[0].rows
    return bool(rows) and {cell.lower() for cell in rows[0]} >= COLUMNS


def has_seconds(file: ScoreFile) -> bool:
    """Return whether a file holds one 0 or 1 a line, and its name ends as DBscorer names such files."""
    rows = file.sheets[0].numbered()
    named = file.path.stem.strip().lower().endswith((" auto", " manual"))
    return named and bool(rows) and all(row[0] in ("0", "1") and not any(row[1:]) for _, row in rows)


def scorer(name: str) -> str:
    """Return who scored: the program, or a person in the program."""
    return BY_HAND if name.strip().lower().endswith("manual") else PROGRAM


def read(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read the totals of every animal, or the bouts of one.

    Parameters
    ----------
    file : ScoreFile
        The file.
    options : ReadOptions
        Where the first second lies, for the decisions of each second.

    Returns
    -------
    Bouts
        The observation is the name in ``FileNames``, else that of the file.
    """
    return read_results(file) if has_results(file) else read_seconds(file, options)


def read_results(file: ScoreFile) -> Bouts:
    """Read one total for each row of the results."""
    titles = [cell.lower() for cell in file.sheets[0].rows[0]]
    found, problems = [], []
    for number, cells in file.sheets[0].numbered()[1:]:
        row = dict(zip(titles, cells, strict=False))
        percent, start_s, end_s = (
            sheets.parse_number(row.get(name, "")) for name in ("immobility_percentage", "startsec", "endsec")
        )
        if percent is None or start_s is None or end_s is None or not 0 <= percent <= 100 or end_s <= start_s:
            what = (
                f"found immobility of '{row.get('immobility_percentage', '')}' percent from "
                f"'{row.get('startsec', '')}' to '{row.get('endsec', '')}' s"
            )
            problems.append(Problem(file.name, number, "Immobility_Percentage", what, COMPILE_AGAIN))
            continue
        name, scored_s = row.get("filenames") or file.path.stem, np.floor(end_s - start_s)
        found.append(
            ScoredBout(
                row=number,
                observation=name.removesuffix("Manual").removesuffix("Auto").strip(),
                subject="",
                media="",
                rater=scorer(name),
                behaviour="immobility",
                start_s=np.nan,
                stop_s=np.nan,
                total_s=percent / 100 * scored_s,
                scored_s=scored_s,
            )
        )
    if not found and not problems:
        problems.append(Problem(file.name, 1, "", "the results hold no animal", COMPILE_AGAIN))
    return Bouts(found, problems)


def read_seconds(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read the decisions of each second of one animal."""
    if options.starts_at_s is None:
        remedy = "List the file in forced_swim_human_files, with startsec of DBscorer in starts_at_s"
        what = "the file does not say at which second of the video it begins"
        return Bouts([], [Problem(file.name, 1, "", what, remedy)])
    rows = file.sheets[0].numbered()
    still = np.array([row[0] == "1" for _, row in rows])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], still.astype(int), [0]])))
    name = file.path.stem.strip()
    observation = name.rsplit(" ", 1)[0].strip()
    spans = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)) or [(0, 0)]
    step_s = constants.DBSCORER_STEP_S
    return Bouts(
        [
            ScoredBout(rows[first][0], observation, "", "", scorer(name), "immobility", first * step_s, after * step_s)
            for first, after in spans
        ],
        [],
    )
