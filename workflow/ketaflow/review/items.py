"""What a reviewer judges: one item per recording.

In: review_key.csv and the checks of a recording. Out: ``Item`` (the key of an item) and ``ReviewItem`` (what the page
shows of it).
"""

from collections import defaultdict
from dataclasses import dataclass, fields

import pandas as pd

from ketaflow.core.results import Check, Figure


@dataclass(frozen=True)
class Item:
    """The key of an item.

    Attributes
    ----------
    code : str
        Shown to reviewers in place of the recording's name.
    item_sha256 : str
        Fingerprint of the recording and of what was measured in it; a decision counts while it stays the same.
    """

    assay: str
    recording: str
    animal: str
    code: str
    item_sha256: str


@dataclass(frozen=True)
class ReviewItem:
    """One recording as the review page shows it, together with the names the page must hide.

    Attributes
    ----------
    assay, assay_title : str
        Name of the assay in code and in words.
    recording, animal : str
        Names to hide.
    status, reason : str
        ``ok``, ``flagged`` or ``failed``, and why.
    figures : list of Figure
        Figures for the reviewer.
    checks : list of Check
        All checks of the recording.
    item_sha256 : str
        See ``Item``.
    """

    assay: str
    assay_title: str
    recording: str
    animal: str
    status: str
    reason: str
    figures: list[Figure]
    checks: list[Check]
    item_sha256: str


def items(review_key: pd.DataFrame) -> list[Item]:
    """Read the keys of all items.

    Parameters
    ----------
    review_key : data frame
        Columns ``assay``, ``recording``, ``animal``, ``code``, ``item_sha256`` (review_key.csv).

    Returns
    -------
    list of Item
        In the order of the rows.
    """
    columns = ["assay", "recording", "animal", "code", "item_sha256"]
    return [Item(*map(str, row)) for row in review_key[columns].fillna("").itertuples(index=False)]


def checks(table: pd.DataFrame) -> dict[tuple[str, str], list[Check]]:
    """Return rows of checks.csv as checks.

    Parameters
    ----------
    table : data frame
        Columns of checks.csv.

    Returns
    -------
    dict of (str, str) to list of Check
        By assay and recording, in the order of the rows; missing words are empty, a missing animal and missing numbers
        None.
    """
    words = ("place", "unit", "message")
    cells = {}
    for name in ("assay", *(one.name for one in fields(Check))):
        column = table[name].astype(object)
        cells[name] = column.where(column.notna(), "" if name in words else None).tolist()
    found = defaultdict(list)
    for assay, recording, animal, *others in zip(*cells.values(), strict=True):
        found[assay, recording].append(Check(str(recording), animal or None, *others))
    return found
