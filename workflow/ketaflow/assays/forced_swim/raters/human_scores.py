"""What people scored, in the shape of the table ``forced_swim_human_scores``.

In: bouts of an event log, and the row that names it. Out: rows of the table.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ketaflow.assays.forced_swim.model import HumanScoreRow
from ketaflow.assays.forced_swim.raters import constants
from ketaflow.assays.forced_swim.score_files.scored_bouts import Bouts, ScoredBout
from ketaflow.core.errors import Problem

UNNAMED_RATER = "person"


@dataclass(frozen=True)
class LogReference:
    """One row of the table ``forced_swim_human_files``: which observation of a file is which recording.

    Attributes
    ----------
    recording, file : str
        The recording, and the path of the file.
    animal : str or None
        The animal of the recording.
    rater, observation, subject : str or None
        As in the file; None where the row does not say.
    table, row : str, int
        Place of the row, for messages.
    """

    recording: str
    file: str
    rater: str | None
    observation: str | None
    subject: str | None
    table: str
    row: int
    animal: str | None = None


def vocabulary(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the lab's own names of behaviours and what they mean.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the table ``forced_swim_human_words``.

    Returns
    -------
    dict of str to str
        By name, in lower case.
    """
    return {str(row["word"]).strip().lower(): row["behaviour"] for row in rows if row.get("word")}


def select_bouts(bouts: list[ScoredBout], reference: LogReference) -> Bouts:
    """Select the bouts of the observation that a row of the table of files means.

    Without ``observation`` and ``subject`` it is the observation named like the recording, else like its animal, or
    everything if the file holds a single observation.

    Parameters
    ----------
    bouts : list of ScoredBout
        All bouts of the file.
    reference : LogReference
        The row.

    Returns
    -------
    Bouts
        The bouts, and a fault if the file does not tell which observation is meant.
    """
    pairs = sorted({(bout.observation, bout.subject) for bout in bouts})
    listed = ", ".join(
        f"'{observation}'" + f" with subject '{subject}'" * bool(subject) for observation, subject in pairs
    )
    name, observation, subject = Path(reference.file).name, reference.observation, reference.subject
    if observation is None and subject is None:
        for own_name in (reference.recording, reference.animal):
            own = [bout for bout in bouts if own_name in (bout.observation, bout.subject)]
            if own and len({(bout.observation, bout.subject) for bout in own}) == 1:
                return Bouts(own, [])
        if len(pairs) <= 1:
            return Bouts(bouts, [])
        what, remedy = f"{name} holds several observations: {listed}", "Fill in observation, or subject, or both"
        return Bouts(bouts, [Problem(reference.table, reference.row, "observation", what, remedy)])
    own = [bout for bout in bouts if observation is None or observation in (bout.observation, bout.subject)]
    own = [bout for bout in own if subject is None or subject == bout.subject]
    if own:
        return Bouts(own, [])
    what, remedy = f"there is no observation '{observation or subject}' in {name}", f"It holds {listed or 'no bouts'}"
    return Bouts([], [Problem(reference.table, reference.row, "observation", what, remedy)])


def score_row(bout: ScoredBout, recording: str, rater: str) -> HumanScoreRow:
    """Make a row of the table of human scores from one bout."""
    return HumanScoreRow(
        recording=recording,
        rater=rater_name(rater),
        behaviour=bout.behaviour,
        start_s=bout.start_s if bout.total_s is None else None,
        stop_s=bout.stop_s if bout.total_s is None else None,
        total_s=bout.total_s,
        fps=bout.fps,
        sample_s=bout.sample_s,
        scored_s=bout.scored_s,
    )


def rater_name(text: str) -> str:
    """Return a rater's name in the letters that names may have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("_")[: constants.MAX_NAME_LENGTH] or UNNAMED_RATER
