"""What a reviewer judges: one item per recording.

In: review_key.csv and the checks of a recording. Out: ``Item`` (the key of an item) and ``ReviewItem`` (what the page
shows of it).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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


def checks(rows: Iterable[Mapping[Any, Any]]) -> list[Check]:
    """Return rows of checks.csv as checks.

    Parameters
    ----------
    rows : iterable of mapping
        Columns as in ``Check``; missing numbers are None, missing words None or empty.

    Returns
    -------
    list of Check
        In the order of the rows.
    """
    return [
        Check(
            recording=str(row["recording"]),
            animal=row.get("animal") or None,
            place=row.get("place") or "",
            check=str(row["check"]),
            value=row.get("value"),
            unit=row.get("unit") or "",
            low=row.get("low"),
            high=row.get("high"),
            verdict=str(row["verdict"]),
            message=row.get("message") or "",
        )
        for row in rows
    ]
