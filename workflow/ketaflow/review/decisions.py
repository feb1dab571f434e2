"""Decisions of the reviewers: checked against the items they judged, and combined.

In: qc_decisions.csv (which the review page exports) and the items of this run. Out: which recordings are rejected, by
whom and why; which decisions no longer count; how far reviewers agree.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.core.errors import CohortError, Problem
from ketaflow.core.tables import nearest
from ketaflow.review.items import Item

FILE = "qc_decisions.csv"
KINDS = ("accept", "reject", "unsure")
# Files of version 0.1 do not have the last three.
COLUMNS = (
    "code", "decision", "reason", "note", "reviewer", "decided_at", "item_sha256", "confidence", "time_s", "bulk",
)  # fmt: skip
REJECTED_COLUMNS = ("assay", "recording", "animal", "reviewer", "reason")
# A mistyped code is compared with the first codes only; the similarity (0 to 1) from which one is suggested.
CODES_COMPARED = 5000
LEAST_SIMILARITY = 0.85


@dataclass(frozen=True)
class Decision:
    """What one reviewer decided on one item."""

    code: str
    decision: str
    reason: str
    note: str
    reviewer: str
    item_sha256: str
    bulk: bool = False

    @property
    def explanation(self) -> str:
        """Reason and note in one line."""
        return ": ".join(part for part in (self.reason.strip(), self.note.strip()) if part) or "no reason given"


@dataclass(frozen=True)
class Agreement:
    """How far two reviewers agree.

    Attributes
    ----------
    n_items : int
        Items both decided on.
    agreement_pct : float
        Items with equal decisions (percent of ``n_items``); NaN if there are none.
    kappa : float
        Cohen's kappa; NaN where undefined.
    """

    reviewer: str
    other: str
    n_items: int
    agreement_pct: float
    kappa: float


@dataclass(frozen=True)
class Disagreement:
    """One decision on an item that reviewers judged differently."""

    item: Item
    decision: Decision


@dataclass(frozen=True)
class Decisions:
    """The state of the review.

    Attributes
    ----------
    rejected : data frame
        One row per rejected recording: ``assay``, ``recording``, ``animal``, ``reviewer``, ``reason``. A recording is
        rejected if more reviewers reject than accept it.
    stale : list of str
        A sentence for each decision on a recording that has changed since.
    agreements : list of Agreement
        One per pair of reviewers.
    disagreements : list of Disagreement
        Every decision on items that reviewers judged differently, by code.
    unsure : list of str
        Codes on which every reviewer is unsure.
    n_items, n_decided : int
        Items, and those somebody accepted or rejected.
    n_bulk : int
        Items accepted in bulk, because they passed every check, and looked at by nobody.
    reviewers : list of str
        Who decided on anything that still counts.
    """

    rejected: pd.DataFrame
    stale: list[str]
    agreements: list[Agreement]
    disagreements: list[Disagreement]
    unsure: list[str]
    n_items: int
    n_decided: int
    reviewers: list[str]
    n_bulk: int = 0

    @property
    def pending(self) -> int:
        """Items nobody has accepted or rejected."""
        return self.n_items - self.n_decided


def apply(table: pd.DataFrame, items: Sequence[Item]) -> Decisions:
    """Check decisions against the items of this run and combine them.

    Parameters
    ----------
    table : data frame
        Columns of qc_decisions.csv; the index is the row number in the file.
    items : sequence of Item
        All items of this run.

    Returns
    -------
    Decisions
        Rejected recordings, disagreement and agreement of reviewers, and the decisions that no longer count because the
        recording changed after them.

    Raises
    ------
    CohortError
        For a code that no item has, an unknown decision, or two decisions of one reviewer on one item; all of them
        are listed.
    """
    table = table.astype(object).where(table.notna(), "")
    by_code = {item.code: item for item in items}
    found = problems(table, by_code)
    if found:
        raise CohortError(found)
    decided = _decisions(table)
    current = [one for one in decided if one.item_sha256 == by_code[one.code].item_sha256]
    votes: dict[str, list[Decision]] = defaultdict(list)
    for one in current:
        votes[one.code].append(one)
    settled = {code for code, cast in votes.items() if any(one.decision != "unsure" for one in cast)}
    return Decisions(
        rejected=_rejected(votes, by_code),
        stale=[_stale_sentence(one) for one in decided if one.item_sha256 != by_code[one.code].item_sha256],
        agreements=_agreements(current),
        disagreements=_disagreements(votes, by_code),
        unsure=sorted(set(votes) - settled),
        n_items=len(items),
        n_decided=len(settled),
        reviewers=sorted({one.reviewer for one in current}),
        n_bulk=sum(all(one.bulk for one in votes[code]) for code in settled),
    )


def is_open(judged: Decisions | None, require_review: bool) -> bool:
    """Whether arms may be named: the settings require no review, or it is complete."""
    return not require_review or (judged is not None and not judged.pending)


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the agreement of two reviewers beyond chance [1]_.

    ``kappa = (observed - chance) / (1 - chance)``, where ``chance`` is the agreement expected from how often each
    reviewer chooses each decision.

    Parameters
    ----------
    first, second : (n_items,) str
        Decisions on the same items, in the same order.

    Returns
    -------
    float
        At most 1, which is perfect agreement; 0 is agreement by chance. NaN without items, or where both reviewers
        always choose the same single decision.

    References
    ----------
    .. [1] Cohen (1960), Educational and Psychological Measurement 20:37-46, doi:10.1177/001316446002000104
    """
    n = len(first)
    if not n:
        return float("nan")
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    counts_first, counts_second = Counter(first), Counter(second)
    chance = sum(counts_first[kind] * counts_second[kind] for kind in counts_first) / n**2
    return float("nan") if np.isclose(chance, 1.0) else (observed - chance) / (1.0 - chance)


def problems(table: pd.DataFrame, codes: Collection[str]) -> list[Problem]:
    """List every row that cannot count.

    Parameters
    ----------
    table : data frame
        Columns of qc_decisions.csv, without missing values; the index is the row number in the file.
    codes : collection of str
        Codes of all items.

    Returns
    -------
    list of Problem
        A code that no recording has, an unknown decision, a second decision of one reviewer on one item.
    """
    found = []
    first_rows: dict[tuple[str, str], int] = {}
    rows = zip(table.index, table["code"], table["decision"], table["reviewer"], strict=True)
    for number, code, decision, reviewer in ((int(row), str(a), str(b), str(c)) for row, a, b, c in rows):
        if code not in codes:
            found.append(_unknown_code(number, code, codes))
        if decision not in KINDS:
            found.append(Problem(FILE, number, "decision", f"found '{decision}'", f"Allowed: {', '.join(KINDS)}"))
        first = first_rows.setdefault((code, reviewer), number)
        if first != number:
            what = f"{reviewer} already decided on '{code}' in row {first}"
            found.append(Problem(FILE, number, "code", what, "Keep one of the rows"))
    return found


def _unknown_code(number: int, code: str, codes: Collection[str]) -> Problem:
    meant = nearest(code, list(codes)[:CODES_COMPARED], LEAST_SIMILARITY)
    hint = f"Did you mean '{meant}'? " if meant else ""
    remedy = (
        f"{hint}Use the file exported from the review page of this cohort, made with the same key (blinding_key_file); "
        "if the recording was removed from the cohort, delete the row"
    )
    return Problem(FILE, number, "code", f"no recording has the code '{code}'", remedy)


def _decisions(table: pd.DataFrame) -> list[Decision]:
    names = ["code", "decision", "reason", "note", "reviewer", "item_sha256"]
    filled = table.reindex(columns=names, fill_value="")
    columns = [filled[name].astype(str) for name in names]
    return [Decision(*row) for row in zip(*columns, in_bulk(table), strict=True)]


def in_bulk(table: pd.DataFrame) -> pd.Series:
    """Which decisions were made for all items together that passed every check.

    Parameters
    ----------
    table : data frame
        Rows of qc_decisions.csv; the column ``bulk`` may be missing.

    Returns
    -------
    (n_rows,) bool series
        With the index of ``table``; False throughout without the column.
    """
    if "bulk" not in table:
        return pd.Series(False, index=table.index)
    return table["bulk"].isin([True, "yes", "true", "True"])


def _stale_sentence(one: Decision) -> str:
    return (
        f"{one.code}: {one.reviewer} decided {one.decision}, but the recording or its measurements have changed since; "
        "the decision no longer counts"
    )


def _rejected(votes: Mapping[str, Sequence[Decision]], by_code: Mapping[str, Item]) -> pd.DataFrame:
    rows = []
    for code, cast in votes.items():
        against = [one for one in cast if one.decision == "reject"]
        if len(against) > sum(one.decision == "accept" for one in cast):
            item = by_code[code]
            reviewers = ", ".join(sorted({one.reviewer for one in against}))
            reasons = "; ".join(dict.fromkeys(one.explanation for one in against))
            rows.append((item.assay, item.recording, item.animal, reviewers, reasons))
    table = pd.DataFrame(rows, columns=list(REJECTED_COLUMNS), dtype=object)
    return table.sort_values(["assay", "recording"], ignore_index=True)


def _agreements(current: Sequence[Decision]) -> list[Agreement]:
    by_reviewer: dict[str, dict[str, str]] = defaultdict(dict)
    for one in current:
        by_reviewer[one.reviewer][one.code] = one.decision
    found = []
    for reviewer, other in combinations(sorted(by_reviewer), 2):
        both = sorted(set(by_reviewer[reviewer]) & set(by_reviewer[other]))
        first, second = ([by_reviewer[who][code] for code in both] for who in (reviewer, other))
        equal = sum(a == b for a, b in zip(first, second, strict=True))
        agreement_pct = 100 * equal / len(both) if both else float("nan")
        found.append(Agreement(reviewer, other, len(both), agreement_pct, cohen_kappa(first, second)))
    return found


def _disagreements(votes: Mapping[str, Sequence[Decision]], by_code: Mapping[str, Item]) -> list[Disagreement]:
    return [
        Disagreement(by_code[code], one)
        for code, cast in sorted(votes.items())
        if len({one.decision for one in cast}) > 1
        for one in sorted(cast, key=lambda one: one.reviewer)
    ]
