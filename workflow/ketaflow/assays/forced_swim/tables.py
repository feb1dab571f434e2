"""Faults of the forced swim tables that a schema cannot tell, and exports that stand in for the table of scores."""

from pathlib import Path

import pandas as pd

from ketaflow.assays.forced_swim.raters import human_scores
from ketaflow.assays.forced_swim.readers import event_logs
from ketaflow.assays.forced_swim.readers.event_logs import ScoredBout
from ketaflow.core import tables
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import RawTable

REGION = ("region_x_px", "region_y_px", "region_width_px", "region_height_px")
SCORES, FILES = "forced_swim_human_scores", "forced_swim_human_files"
NOT_OURS = "-"
WORDS, NAMES = "forced_swim_human_words", "forced_swim_human_names"


def reshape(name: str, path: Path) -> tuple[RawTable, list[Problem]] | None:
    """A scoring program's export that was saved as the table of human scores, in that table's shape."""
    if name != SCORES or not event_logs.is_export(path):
        return None
    bouts, problems = event_logs.read_bouts(path, human_scores.vocabulary(read_rows(path.parent, WORDS)))
    swims, names = read_rows(path.parent, "forced_swim"), read_rows(path.parent, NAMES)
    rows, lost = [], {}
    for bout in bouts:
        recording, rater = match_observation(bout, swims, names)
        if recording == NOT_OURS:
            continue
        if not recording:
            lost.setdefault((bout.observation, bout.subject), bout.row)
            continue
        row = human_scores.score_row(bout, recording, rater or bout.rater)
        told = {column: "" if value is None or value != value else str(value) for column, value in row.items()}
        rows.append((bout.row, told))
    for (observation, subject), row in lost.items():
        about = f"observation '{observation}'" + f" with subject '{subject}'" * bool(subject)
        remedy = f"Tell in {NAMES}: recording (empty if it is not of this cohort), observation, subject"
        problems.append(Problem(path.name, row, "observation", f"{about} is no recording of forced_swim", remedy))
    return RawTable(path.name, list(human_scores.SCORE_COLUMNS), rows, False), problems


def complete(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """The table of human scores with the bouts of the exports that the table of files lists."""
    if FILES not in cohort.tables:
        return {}
    words = human_scores.vocabulary(cohort.tables[WORDS].to_dict("records") if WORDS in cohort.tables else [])
    rows = []
    for number, row in cohort.tables[FILES].iterrows():
        filled = {name: value for name, value in row.items() if pd.notna(value)}
        path = cohort.folder / filled["file"]
        bouts = human_scores.select_bouts(
            event_logs.read_bouts(path, words)[0], filled, [], cohort.files[FILES], int(number)
        )
        rows += [
            human_scores.score_row(one, filled["recording"], filled.get("rater") or one.rater or path.stem)
            for one in bouts
        ]
    listed = pd.DataFrame(rows, columns=list(human_scores.SCORE_COLUMNS)).astype({"total_s": float, "fps": float})
    return {SCORES: pd.concat([cohort.tables[SCORES], listed]) if SCORES in cohort.tables else listed}


def read_rows(folder: Path, name: str) -> list[dict]:
    """Rows of another table of the cohort, empty cells left out; its faults are told where that table is checked."""
    for path in tables.find(folder, name)[:1]:
        try:
            return [{key: cell for key, cell in row.items() if cell} for _, row in tables.read_raw(path).rows]
        except (ValueError, OSError):
            return []
    return []


def match_observation(bout: ScoredBout, swims: list[dict], names: list[dict]) -> tuple[str, str]:
    """Recording and rater of an observation: as the table of names tells, or by its name, subject, or video.

    An observation that the table of names lists without a recording is not of this cohort.

    Where several animals share a video, the subject must be the recording, the animal, or the cylinder's number.
    """
    for row in names:
        if row.get("observation", bout.observation) == bout.observation and row.get("subject") in (None, bout.subject):
            return row.get("recording", NOT_OURS), row.get("rater", "")
    known = {swim.get("recording") for swim in swims}
    for name in (bout.observation, bout.subject):
        if name in known:
            return name, ""
    file = bout.media.replace("\\", "/").rsplit("/", 1)[-1]
    own = [swim for swim in swims if swim.get("video", "").replace("\\", "/").rsplit("/", 1)[-1] == file]
    if len(own) > 1 or not file:
        meant = (bout.subject, bout.observation)
        own = [swim for swim in own or swims if swim.get("animal") in meant or swim.get("cylinder") == bout.subject]
    return (own[0].get("recording", ""), "") if len(own) == 1 else ("", "")


def problems(cohort: Cohort) -> list[Problem]:
    """Cylinders named twice in one video, half a region, human scores without times, exports with faults."""
    found = []
    swims = cohort.tables.get("forced_swim")
    if swims is not None:
        found += swim_problems(swims, cohort.files["forced_swim"])
    if SCORES in cohort.tables:
        found += score_problems(cohort.tables[SCORES], cohort.files[SCORES])
    if FILES in cohort.tables:
        found += export_problems(cohort)
    return found


def swim_problems(swims: pd.DataFrame, file: str) -> list[Problem]:
    """Faults across the columns and rows of the swims."""
    found = []
    again = swims.duplicated(["video", "cylinder"]) & swims["video"].notna() & swims["cylinder"].notna()
    for row, swim in swims[again].iterrows():
        what = f"cylinder {swim['cylinder']:g} of '{swim['video']}' stands in an earlier row"
        found.append(Problem(file, int(row), "cylinder", what, "Number the cylinders from the left, each once"))
    for row, swim in swims.iterrows():
        filled = [name for name in REGION if pd.notna(swim[name])]
        if filled and len(filled) < len(REGION):
            missing = next(name for name in REGION if name not in filled)
            found.append(Problem(file, int(row), missing, "the region is only half given", "Fill in all four, or none"))
    return found


def score_problems(scored: pd.DataFrame, file: str) -> list[Problem]:
    """Rows of human scores that tell no time."""
    found = []
    for row, score in scored.iterrows():
        timed = pd.notna(score["start_s"]) and pd.notna(score["stop_s"])
        if not timed and pd.isna(score["total_s"]):
            remedy = "Enter start_s and stop_s of the bout, or total_s where only totals exist"
            found.append(Problem(file, int(row), "start_s", "the row tells no time", remedy))
        elif timed and score["stop_s"] < score["start_s"]:
            what = f"the bout stops at {score['stop_s']:g} s, before it starts"
            found.append(Problem(file, int(row), "stop_s", what, "Exchange or correct the times"))
    return found


def export_problems(cohort: Cohort) -> list[Problem]:
    """Faults inside the exports the table of files names, and observations they do not hold."""
    found, read = [], {}
    own_words = cohort.tables[WORDS].to_dict("records") if WORDS in cohort.tables else []
    for number, row in cohort.tables[FILES].iterrows():
        filled = {name: value for name, value in row.items() if pd.notna(value)}
        path = cohort.folder / filled.get("file", "")
        if not path.is_file() or "recording" not in filled:
            continue
        if path not in read:
            read[path], faults = event_logs.read_bouts(path, human_scores.vocabulary(own_words))
            found += faults
        human_scores.select_bouts(read[path], filled, found, cohort.files[FILES], int(number))
    return sorted(set(found))
