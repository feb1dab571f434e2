"""The formats in which scores are read, and the reader of a file.

In: the path of a file. Out: its bouts or totals in seconds of the video, and every fault with its row. A file that is
of none of the formats is a fault that lists them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ketaflow.assays.forced_swim.readers import sheets
from ketaflow.assays.forced_swim.score_files import (
    anymaze,
    dbscorer,
    event_logs,
    eztrack,
    key_logs,
    labgym,
    tally_sheets,
)
from ketaflow.assays.forced_swim.score_files.scored_bouts import Bouts, ReadOptions, ScoreFile
from ketaflow.core.errors import Problem


@dataclass(frozen=True)
class ScoreFormat:
    """A format in which a program or a person keeps scores.

    Attributes
    ----------
    name : str
        As messages and the documentation list it.
    recognises : callable
        Returns whether a file is of this format, by its content.
    read : callable
        Reads its bouts and faults.
    """

    name: str
    recognises: Callable[[ScoreFile], bool]
    read: Callable[[ScoreFile, ReadOptions], Bouts]


# The first that fits is used. A tally sheet in one list has the headings of an event log without START and STOP, so it
# comes before.
FORMATS = (
    ScoreFormat("JWatcher data file (.dat)", key_logs.is_jwatcher, key_logs.read_jwatcher),
    ScoreFormat("CowLog code file (time, code, class)", key_logs.is_cowlog, key_logs.read_cowlog),
    ScoreFormat("LabGym probabilities of all events", labgym.recognises, labgym.read),
    ScoreFormat("ezTrack freezing output or summary", eztrack.recognises, eztrack.read),
    ScoreFormat("DBscorer results", dbscorer.recognises, dbscorer.read),
    ScoreFormat("ANY-maze results", anymaze.are_results, anymaze.read_results),
    ScoreFormat("sheet of intervals scored by a person, or Solomon Coder", tally_sheets.recognises, tally_sheets.read),
    ScoreFormat("ANY-maze test data (Time and Immobile)", anymaze.are_events, anymaze.read_events),
    ScoreFormat(
        "events of BORIS, EthoVision (manual scoring) or The Observer, or labels (file;Experimenter;from;to;type;ID)",
        event_logs.recognises,
        event_logs.read,
    ),
)


def is_own_table(sheet: sheets.Sheet) -> bool:
    """Return whether a sheet is ketaflow's own table of human scores."""
    return bool(sheet.rows) and {"recording", "rater", "behaviour"} <= {cell.lower() for cell in sheet.rows[0]}


def format_of(path: Path) -> tuple[ScoreFile, ScoreFormat] | None:
    """Return a file of scores with its format.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of ScoreFile and ScoreFormat, or None
        None if it is of none of them.
    """
    try:
        file = ScoreFile(path, tuple(sheets.read_sheets(path)))
    except ValueError:
        return None
    if not any(sheet.numbered() for sheet in file.sheets) or any(is_own_table(sheet) for sheet in file.sheets):
        return None
    return next(((file, one) for one in FORMATS if one.recognises(file)), None)


def read_scores(path: Path, options: ReadOptions) -> Bouts:
    """Read the scores of a file.

    Parameters
    ----------
    path : Path
        The file.
    options : ReadOptions
        What the file does not say of itself.

    Returns
    -------
    Bouts
        All bouts and totals that can be read, and every fault.
    """
    known = format_of(path)
    if known is None:
        remedy = f"Expected one of: {'; '.join(one.name for one in FORMATS)}"
        return Bouts([], [Problem(path.name, 0, "", "the file is of no format in which scores are read", remedy)])
    file, scored_in = known
    bouts, problems = scored_in.read(file, options)
    return Bouts([bout.later(options.starts_at_s or 0.0) for bout in bouts], problems)
