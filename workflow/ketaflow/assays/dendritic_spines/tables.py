"""Faults of the tables that a schema cannot tell: corrections and scores of images that are not there."""

import pandas as pd

from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem
from ketaflow.core.tables import nearest

MAIN = "dendritic_spines"
NEEDS = {
    "add": ("x_px", "y_px"),
    "move": ("x_px", "y_px"),
    "reclass": ("class",),
    "drop": (),
}


def problems(cohort: Cohort) -> list[Problem]:
    """Rows about unknown images, and corrections that lack what their action needs."""
    images = set(cohort.tables[MAIN]["image"].dropna())
    found = []
    for name in (f"{MAIN}_corrections", f"{MAIN}_human_scores"):
        if name not in cohort.tables:
            continue
        for row, image in cohort.tables[name]["image"].dropna().items():
            if image not in images:
                meant = nearest(image, sorted(images))
                remedy = f"Did you mean '{meant}'?" if meant else f"Write the image as in {cohort.files[MAIN]}"
                what = f"'{image}' does not stand in {cohort.files[MAIN]}"
                found.append(Problem(cohort.files[name], int(row), "image", what, remedy))
    corrections = cohort.tables.get(f"{MAIN}_corrections")
    return found + ([] if corrections is None else _incomplete(corrections, cohort.files[f"{MAIN}_corrections"]))


def _incomplete(corrections: pd.DataFrame, file: str) -> list[Problem]:
    found = []
    for row, correction in corrections.iterrows():
        action = correction["action"]
        for column in NEEDS.get(action, ()):
            if pd.isna(correction.get(column)):
                found.append(Problem(file, int(row), column, f"is empty, and '{action}' needs it", "Fill it in"))
        nameless = pd.isna(correction["spine"]) and (pd.isna(correction["x_px"]) or pd.isna(correction["y_px"]))
        if action in ("drop", "reclass") and nameless:
            remedy = "Give the spine's number, or x_px and y_px"
            found.append(Problem(file, int(row), "spine", f"'{action}' does not say which spine", remedy))
    return found
