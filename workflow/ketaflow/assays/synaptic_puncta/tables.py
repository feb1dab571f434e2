"""Problems of the table that a schema cannot express: which columns name the image and its channels, and controls."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from ketaflow.core.cohort import Cohort
from ketaflow.core.errors import Problem

TABLE = "synaptic_puncta"


class _Fault(NamedTuple):
    """What is wrong with a row: the column, what was found, and what to do."""

    column: str
    found: str
    advice: str


def problems(cohort: Cohort) -> list[Problem]:
    """Find rows that name no image, half of a pair, one channel twice, or a control that serves no row.

    Parameters
    ----------
    cohort : Cohort
        The cohort, of which the table ``synaptic_puncta`` is checked.

    Returns
    -------
    list of Problem
        One per faulty row; empty where every row names its channels.
    """
    frame, file = cohort.tables[TABLE], cohort.files[TABLE]
    rows = {
        int(str(number)): {str(column): None if pd.isna(cell) else cell for column, cell in row.items()}
        for number, row in frame.iterrows()
    }
    measured = {row["pre_marker"] for row in rows.values() if not row["secondary_only"]}
    faults = ((number, _fault(row) or _control_fault(row, measured)) for number, row in rows.items())
    return [Problem(file, number, *fault) for number, fault in faults if fault]


def _fault(row: Mapping[str, Any]) -> _Fault | None:
    """The first fault of a row; None where it names its channels."""
    image, pre, post = row["image"], row["pre_image"], row["post_image"]
    if not (image or pre or post):
        return _Fault(
            "image", "the row names no image", "Fill in image (one file), or pre_image and post_image (one each)"
        )
    if image and (pre or post):
        return _Fault("image", f"found '{image}' beside pre_image or post_image", "Keep image, or keep the two others")
    if not row["post_marker"]:
        return _single_marker_fault(row)
    if not image and not (pre and post):
        missing = "post_image" if pre else "pre_image"
        return _Fault(missing, "the cell is empty", f"Fill in {missing}, or name a file with both channels in image")
    if image and bool(row["pre_channel"]) != bool(row["post_channel"]):
        missing = "post_channel" if row["pre_channel"] else "pre_channel"
        return _Fault(missing, "the cell is empty", "Name both channels, or leave both empty (first pre, second post)")
    if pre and pre == post and row["pre_channel"] == row["post_channel"]:
        return _Fault(
            "post_image", f"'{post}' is also the pre_image", "Name the post channel's file, or give both channels"
        )
    return None


def _single_marker_fault(row: Mapping[str, Any]) -> _Fault | None:
    """The first fault of a row with one marker: a second channel without its marker."""
    for column in ("post_image", "post_channel"):
        if row[column]:
            return _Fault(
                "post_marker",
                f"the cell is empty beside {column} '{row[column]}'",
                f"Fill in post_marker; for one marker alone use the columns pre_* and leave {column} empty",
            )
    return None


def _control_fault(row: Mapping[str, Any], measured: set[Any]) -> _Fault | None:
    """The fault of a secondary-only row whose marker no other row has."""
    if row["secondary_only"] and row["pre_marker"] not in measured:
        return _Fault(
            "pre_marker",
            f"no other row has the marker '{row['pre_marker']}' of this secondary-only image",
            "Enter the same pre_marker as in the rows that it is the background of",
        )
    return None
