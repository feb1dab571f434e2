"""What people scored, in one shape: rows of the cohort's table, and exports of scoring programs.

Out: rows of ``recording``, ``rater``, ``behaviour``, ``start_s``, ``stop_s`` (seconds of the video) or ``total_s``.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ketaflow.assays.forced_swim import exports
from ketaflow.assays.forced_swim.exports import Bout
from ketaflow.core.errors import IngestError, Problem

FIELDS = ("recording", "rater", "behaviour", "start_s", "stop_s", "total_s", "fps")
SOMEBODY = "person"


def gathered(rows: dict[str, list[dict]], folder: Path) -> list[dict]:
    """All that people scored of the recordings of one group."""
    found = [{name: row.get(name) for name in FIELDS} for row in rows.get("forced_swim_human_scores", [])]
    words = words_of(rows.get("forced_swim_human_words", []))
    for row in rows.get("forced_swim_human_files", []):
        path = folder / row["file"]
        bouts, problems = exports.read(path, words)
        bouts = chosen(bouts, row, problems, path.name, 0)
        if problems:
            raise IngestError(str(problems[0]))
        found += [scored_row(bout, row["recording"], row.get("rater") or bout.rater or path.stem) for bout in bouts]
    return found


def words_of(rows: Iterable[dict]) -> dict[str, str]:
    """The lab's own names of behaviours, lower case, and what they mean."""
    return {str(row["word"]).strip().lower(): row["behaviour"] for row in rows if row.get("word")}


def chosen(bouts: list[Bout], row: dict, problems: list[Problem], file: str, number: int) -> list[Bout]:
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


def scored_row(bout: Bout, recording: str, rater: str) -> dict:
    """One bout in the shape of the table of human scores."""
    return {
        "recording": recording,
        "rater": plain_name(rater),
        "behaviour": bout.behaviour,
        "start_s": bout.start_s,
        "stop_s": bout.stop_s,
        "total_s": None,
        "fps": bout.fps,
    }


def plain_name(text: str) -> str:
    """A rater's name in the letters that names may have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("_")[:64] or SOMEBODY
