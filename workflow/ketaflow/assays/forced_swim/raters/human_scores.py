"""What people scored, in one shape; and from the bouts of an export to rows of that shape."""

import re
from collections.abc import Iterable
from pathlib import Path

from ketaflow.assays.forced_swim.readers.event_logs import ScoredBout
from ketaflow.core.errors import Problem

SCORE_COLUMNS = ("recording", "rater", "behaviour", "start_s", "stop_s", "total_s", "fps")
UNNAMED_RATER = "person"


def human_score_rows(rows: dict[str, list[dict]]) -> list[dict]:
    """What people scored in the recordings of one group, from the rows that came with them."""
    return [{name: row.get(name) for name in SCORE_COLUMNS} for row in rows.get("forced_swim_human_scores", [])]


def vocabulary(rows: Iterable[dict]) -> dict[str, str]:
    """The lab's own names of behaviours, lower case, and what they mean."""
    return {str(row["word"]).strip().lower(): row["behaviour"] for row in rows if row.get("word")}


def select_bouts(
    bouts: list[ScoredBout], row: dict, problems: list[Problem], file: str, number: int
) -> list[ScoredBout]:
    """Bouts of the observation a row of the table of files means; ``file`` and ``number`` are where the row stands.

    Without ``observation`` and ``subject`` it is the one named like the recording, or all, if the file holds just one.
    """
    pairs = sorted({(bout.observation, bout.subject) for bout in bouts})
    told = ", ".join(
        f"'{observation}'" + f" with subject '{subject}'" * bool(subject) for observation, subject in pairs
    )
    wanted, subject = row.get("observation"), row.get("subject")
    if wanted is None and subject is None:
        own = [bout for bout in bouts if row["recording"] in (bout.observation, bout.subject)]
        if not own and len(pairs) > 1:
            what = f"{Path(row['file']).name} holds several observations: {told}"
            problems.append(Problem(file, number, "observation", what, "Fill in observation, or subject, or both"))
        return own or bouts
    own = [bout for bout in bouts if wanted is None or wanted in (bout.observation, bout.subject)]
    own = [bout for bout in own if subject is None or subject == bout.subject]
    if not own:
        what = f"there is no observation '{wanted or subject}' in {Path(row['file']).name}"
        problems.append(Problem(file, number, "observation", what, f"It holds {told or 'no bouts'}"))
    return own


def score_row(bout: ScoredBout, recording: str, rater: str) -> dict:
    """One bout in the shape of the table of human scores."""
    return {
        "recording": recording,
        "rater": rater_name(rater),
        "behaviour": bout.behaviour,
        "start_s": bout.start_s,
        "stop_s": bout.stop_s,
        "total_s": None,
        "fps": bout.fps,
    }


def rater_name(text: str) -> str:
    """A rater's name in the letters that names may have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("_")[:64] or UNNAMED_RATER
