"""What reviewers decided: checked against the items they judged, and told apart from what has changed since.

In: qc_decisions.csv (what the review page exports) and the items of this run. Out: which recordings are
rejected, by whom and why; which decisions count no more; how far two reviewers agree.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.core.errors import CohortError, Problem
from ketaflow.core.tables import nearest

FILE = "qc_decisions.csv"
KINDS = ("accept", "reject", "unsure")
REJECTED_COLUMNS = ("assay", "recording", "animal", "reviewer", "reason")
DISAGREEMENT_COLUMNS = ("code", "assay", "recording", "animal", "reviewer", "decision", "reason", "note")
AGREEMENT_COLUMNS = ("reviewer", "other", "n_items", "agreement_pct", "kappa")


@dataclass(frozen=True)
class Decisions:
    """The state of the review.

    ``rejected`` has one row per recording that more reviewers reject than accept; ``stale`` the
    decisions on content that has changed since, as sentences; ``kappa`` one row per pair of
    reviewers; ``disagreements`` every decision on items that reviewers judged differently;
    ``unsure`` the codes nobody has settled.
    """

    rejected: pd.DataFrame
    stale: list[str]
    kappa: pd.DataFrame
    disagreements: pd.DataFrame
    unsure: list[str]
    n_items: int
    n_decided: int
    reviewers: list[str]

    @property
    def pending(self) -> int:
        """Items nobody has accepted or rejected."""
        return self.n_items - self.n_decided

    def summary(self) -> dict:
        """What the results page tells of the review."""
        return {
            "n_items": self.n_items,
            "n_decided": self.n_decided,
            "pending": self.pending,
            "reviewers": self.reviewers,
            "rejected": self.rejected.to_dict("records"),
            "stale": self.stale,
            "kappa": self.kappa.to_dict("records"),
            "disagreements": self.disagreements.to_dict("records"),
        }


def apply(decisions: pd.DataFrame, items: list[dict]) -> Decisions:
    """Check decisions against the items of this run and draw the conclusions.

    Parameters
    ----------
    decisions
        Columns of qc_decisions.csv; the index is the row number of the file.
    items
        What there is to judge: ``assay``, ``recording``, ``animal``, ``code``, ``item_sha256``.

    Raises
    ------
    CohortError
        A code that no item has, an unknown decision, or two decisions of one reviewer on one item;
        all of them are listed.
    """
    decisions = decisions.astype(object).where(decisions.notna(), "")
    by_code = {item["code"]: item for item in items}
    faults = problems(decisions, by_code)
    if faults:
        raise CohortError(faults)
    rows = decisions.to_dict("records")
    counting = [row for row in rows if row["item_sha256"] == by_code[row["code"]]["item_sha256"]]
    stale = [_stale_sentence(row) for row in rows if row["item_sha256"] != by_code[row["code"]]["item_sha256"]]
    votes = defaultdict(list)
    for row in counting:
        votes[row["code"]].append(row)
    settled = {code for code, cast in votes.items() if any(row["decision"] != "unsure" for row in cast)}
    return Decisions(
        rejected=_rejected(votes, by_code),
        stale=stale,
        kappa=_agreement(counting),
        disagreements=_disagreements(votes, by_code),
        unsure=sorted(set(votes) - settled),
        n_items=len(items),
        n_decided=len(settled),
        reviewers=sorted({str(row["reviewer"]) for row in counting}),
    )


def is_open(judged: Decisions | None, require_review: bool) -> bool:
    """Whether arms may be named: the settings do not wait for the review, or it is complete."""
    return not require_review or (judged is not None and not judged.pending)


def cohen_kappa(first: list[str], second: list[str]) -> float:
    """Agreement of two reviewers beyond chance [1]_; NaN where chance alone would make them agree always.

    Parameters
    ----------
    first, second
        Decisions on the same items, in the same order.

    References
    ----------
    .. [1] Cohen (1960), Educational and Psychological Measurement 20:37-46, doi:10.1177/001316446002000104
    """
    n = len(first)
    if not n:
        return float("nan")
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    shares_first, shares_second = Counter(first), Counter(second)
    chance = sum(shares_first[kind] * shares_second[kind] for kind in shares_first) / n**2
    return float("nan") if np.isclose(chance, 1.0) else (observed - chance) / (1.0 - chance)


def problems(decisions: pd.DataFrame, by_code: Collection[str]) -> list[Problem]:
    """Every row that cannot count: a code no recording has, an unknown decision, a second vote of one reviewer."""
    found = []
    seen: dict[tuple, int] = {}
    for number, row in decisions.iterrows():
        code = str(row["code"])
        if code not in by_code:
            meant = nearest(code, list(by_code)[:5000], 0.85)
            hint = f"Did you mean '{meant}'? " if meant else ""
            remedy = (
                f"{hint}Use the export of this cohort's own review page, made with the same blinding_key; "
                "if the recording was taken out of the cohort, delete the row"
            )
            found.append(Problem(FILE, int(number), "code", f"no recording has the code '{code}'", remedy))
        if row["decision"] not in KINDS:
            found.append(
                Problem(FILE, int(number), "decision", f"found '{row['decision']}'", f"Allowed: {', '.join(KINDS)}")
            )
        first = seen.setdefault((code, row["reviewer"]), int(number))
        if first != int(number):
            said = f"{row['reviewer']} decided on '{code}' in row {first} already"
            found.append(Problem(FILE, int(number), "code", said, "Keep one of the rows"))
    return found


def _stale_sentence(row: dict) -> str:
    return (
        f"{row['code']}: {row['reviewer']} decided {row['decision']}, but the recording or what is measured in it has "
        "changed since; the decision counts no more"
    )


def _rejected(votes: dict[str, list[dict]], by_code: dict[str, dict]) -> pd.DataFrame:
    rows = []
    for code, cast in votes.items():
        against = [row for row in cast if row["decision"] == "reject"]
        if len(against) > sum(row["decision"] == "accept" for row in cast):
            item = by_code[code]
            rows.append(
                {
                    **{key: item[key] for key in ("assay", "recording", "animal")},
                    "reviewer": ", ".join(sorted({str(row["reviewer"]) for row in against})),
                    "reason": "; ".join(dict.fromkeys(_why(row) for row in against)),
                }
            )
    return _frame(rows, REJECTED_COLUMNS).sort_values(["assay", "recording"], ignore_index=True)


def _why(row: dict) -> str:
    parts = [str(row.get(name) or "").strip() for name in ("reason", "note")]
    return ": ".join(part for part in parts if part) or "no reason given"


def _agreement(counting: list[dict]) -> pd.DataFrame:
    by_reviewer = defaultdict(dict)
    for row in counting:
        by_reviewer[str(row["reviewer"])][row["code"]] = row["decision"]
    rows = []
    for one, other in combinations(sorted(by_reviewer), 2):
        both = sorted(set(by_reviewer[one]) & set(by_reviewer[other]))
        first, second = ([by_reviewer[who][code] for code in both] for who in (one, other))
        agreed = np.mean([a == b for a, b in zip(first, second, strict=True)]) if both else np.nan
        rows.append(
            {
                "reviewer": one,
                "other": other,
                "n_items": len(both),
                "agreement_pct": 100 * agreed,
                "kappa": cohen_kappa(first, second),
            }
        )
    return _frame(rows, AGREEMENT_COLUMNS)


def _disagreements(votes: dict[str, list[dict]], by_code: dict[str, dict]) -> pd.DataFrame:
    rows = [
        {
            **by_code[code],
            **{name: row.get(name, "") for name in ("reviewer", "decision", "reason", "note")},
            "code": code,
        }
        for code, cast in votes.items()
        if len({row["decision"] for row in cast}) > 1
        for row in cast
    ]
    return _frame(rows, DISAGREEMENT_COLUMNS).sort_values(["code", "reviewer"], ignore_index=True)


def _frame(rows: list[dict], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype=object)
