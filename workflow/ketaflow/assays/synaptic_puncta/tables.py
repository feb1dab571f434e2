"""Faults of the table that a schema cannot tell: which columns name the image."""

import pandas as pd

from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem

TABLE = "synaptic_puncta"


def problems(cohort: Cohort) -> list[Problem]:
    """Rows that name no image, half of a pair, or one file twice without channels."""
    frame, file = cohort.tables[TABLE], cohort.files[TABLE]
    found = []
    for row_number, row in frame.iterrows():
        fault = _fault({column: None if pd.isna(cell) else cell for column, cell in row.items()})
        if fault:
            found.append(Problem(file, int(row_number), *fault))
    return found


def _fault(row: dict) -> tuple[str, str, str] | None:
    """Column, what was found and what to do, of one row."""
    image, pre, post = row["image"], row["pre_image"], row["post_image"]
    if not (image or pre or post):
        return "image", "the row names no image", "Fill in image (one file), or pre_image and post_image (one each)"
    if image and (pre or post):
        return "image", f"found '{image}' beside pre_image or post_image", "Keep image, or keep the two others"
    if not image and not (pre and post):
        missing = "post_image" if pre else "pre_image"
        return missing, "the cell is empty", f"Fill in {missing}, or name a file with both channels in image"
    if image and bool(row["pre_channel"]) != bool(row["post_channel"]):
        missing = "post_channel" if row["pre_channel"] else "pre_channel"
        return (
            missing,
            "the cell is empty",
            "Name both channels, or leave both empty (first pre, second post)",
        )
    if pre and pre == post and row["pre_channel"] == row["post_channel"]:
        return "post_image", f"'{post}' is also the pre_image", "Name the post channel's file, or give both channels"
    return None
