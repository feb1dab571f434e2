"""Faults of the tables beyond their schema: corrections and scores of unknown images, incomplete corrections."""

import pandas as pd

from ketaflow.assays.dendritic_spines.model import CORRECTIONS, HUMAN_SCORES, MAIN
from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import nearest

# Columns that each action needs.
NEEDS = {
    "add": ("x_px", "y_px"),
    "move": ("x_px", "y_px"),
    "reclass": ("class",),
    "drop": (),
}


def problems(cohort: Cohort) -> list[Problem]:
    """Find rows about unknown images, and corrections that lack what their action needs.

    Parameters
    ----------
    cohort : Cohort
        The cohort with its tables.

    Returns
    -------
    list of Problem
    """
    images = set(cohort.tables[MAIN]["image"].dropna())
    found = []
    for name in (CORRECTIONS, HUMAN_SCORES):
        if name not in cohort.tables:
            continue
        for row, image in cohort.tables[name]["image"].dropna().items():
            if image not in images:
                meant = nearest(image, sorted(images))
                remedy = f"Did you mean '{meant}'?" if meant else f"Write the image as in {cohort.files[MAIN]}"
                what = f"'{image}' is not listed in {cohort.files[MAIN]}"
                found.append(Problem(cohort.files[name], _number(row), "image", what, remedy))
    corrections = cohort.tables.get(CORRECTIONS)
    return found + ([] if corrections is None else _incomplete(corrections, cohort.files[CORRECTIONS]))


def _incomplete(corrections: pd.DataFrame, file: str) -> list[Problem]:
    """Find corrections that lack what their action needs."""
    found = []
    for row, correction in corrections.iterrows():
        action = correction["action"]
        for column in NEEDS.get(action, ()):
            if pd.isna(correction.get(column)):
                found.append(Problem(file, _number(row), column, f"is empty, and '{action}' needs it", "Fill it in"))
        nameless = pd.isna(correction["spine"]) and (pd.isna(correction["x_px"]) or pd.isna(correction["y_px"]))
        if action in ("drop", "reclass") and nameless:
            remedy = "Give the spine's number, or x_px and y_px"
            found.append(Problem(file, _number(row), "spine", f"'{action}' does not say which spine", remedy))
    return found


def _number(row: object) -> int:
    """Number of a row as an integer."""
    return int(str(row))
