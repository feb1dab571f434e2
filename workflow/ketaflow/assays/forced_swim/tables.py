"""Faults of the forced swim tables that a schema cannot tell."""

import pandas as pd

from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem

REGION = ("region_x_px", "region_y_px", "region_width_px", "region_height_px")


def problems(cohort: Cohort) -> list[Problem]:
    """Cylinders named twice in one video, half a region, human scores without times or with times turned round."""
    found = []
    swims = cohort.tables.get("forced_swim")
    if swims is not None:
        found += swim_problems(swims, cohort.files["forced_swim"])
    scores = cohort.tables.get("forced_swim_human_scores")
    if scores is not None:
        found += score_problems(scores, cohort.files["forced_swim_human_scores"])
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


def score_problems(scores: pd.DataFrame, file: str) -> list[Problem]:
    """Rows of human scores that tell no time."""
    found = []
    for row, score in scores.iterrows():
        timed = pd.notna(score["start_s"]) and pd.notna(score["stop_s"])
        if not timed and pd.isna(score["total_s"]):
            remedy = "Enter start_s and stop_s of the bout, or total_s where only totals exist"
            found.append(Problem(file, int(row), "start_s", "the row tells no time", remedy))
        elif timed and score["stop_s"] < score["start_s"]:
            what = f"the bout stops at {score['stop_s']:g} s, before it starts"
            found.append(Problem(file, int(row), "stop_s", what, "Exchange or correct the times"))
    return found
