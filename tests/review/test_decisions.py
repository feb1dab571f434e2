"""Decisions come back: checked, counted while their item is the same, compared between reviewers."""

import pandas as pd
import pytest

from ketaflow.core.errors import CohortError
from ketaflow.review import decisions

ITEMS = [
    {
        "assay": "forced_swim",
        "recording": f"fst_{n}",
        "animal": f"M{n}",
        "code": f"CD{n}X-YZ22",
        "item_sha256": f"sha{n}",
    }
    for n in range(2, 8)
]


def decided(*rows: tuple) -> pd.DataFrame:
    """Rows of (number of the item, decision, reviewer, reason), on what the items are now."""
    frame = pd.DataFrame(
        [
            {
                "code": f"CD{n}X-YZ22",
                "decision": decision,
                "reason": reason,
                "note": None,
                "reviewer": reviewer,
                "decided_at": "2026-01-01T10:00:00Z",
                "item_sha256": f"sha{n}",
            }
            for n, decision, reviewer, reason in rows
        ]
    )
    return frame.set_index(pd.RangeIndex(2, 2 + len(rows), name="row"))


def test_a_rejected_item_is_told_with_animal_reviewer_and_reason():
    judged = decisions.apply(decided((2, "reject", "AB", "Artefact"), (3, "accept", "AB", None)), ITEMS)
    assert judged.rejected.to_dict("records") == [
        {"assay": "forced_swim", "recording": "fst_2", "animal": "M2", "reviewer": "AB", "reason": "Artefact"}
    ]
    assert (judged.n_decided, judged.pending) == (2, 4)


def test_an_unsure_item_is_still_pending():
    judged = decisions.apply(decided((2, "unsure", "AB", None)), ITEMS)
    assert judged.pending == 6
    assert judged.unsure == ["CD2X-YZ22"]
    assert not len(judged.rejected)


def test_unknown_codes_are_all_listed_with_their_rows():
    rows = decided((2, "accept", "AB", None), (8, "reject", "AB", None), (9, "reject", "AB", None))
    with pytest.raises(CohortError) as error:
        decisions.apply(rows, ITEMS)
    assert [(problem.row, problem.column) for problem in error.value.problems] == [(3, "code"), (4, "code")]
    assert "blinding_key" in str(error.value)


def test_two_decisions_of_one_reviewer_on_one_item_are_refused():
    with pytest.raises(CohortError, match="decided on 'CD2X-YZ22' in row 2 already"):
        decisions.apply(decided((2, "accept", "AB", None), (2, "reject", "AB", None)), ITEMS)


def test_a_changed_item_needs_a_new_decision_and_says_so():
    changed = [item | {"item_sha256": "new"} if item["code"] == "CD2X-YZ22" else item for item in ITEMS]
    judged = decisions.apply(decided((2, "reject", "AB", None), (3, "accept", "AB", None)), changed)
    assert not len(judged.rejected)
    assert judged.pending == 5
    assert len(judged.stale) == 1 and "CD2X-YZ22" in judged.stale[0]


def test_where_two_reviewers_disagree_the_item_stays_in_and_is_listed():
    judged = decisions.apply(decided((2, "reject", "AB", "Artefact"), (2, "accept", "CD", None)), ITEMS)
    assert not len(judged.rejected)
    assert list(judged.disagreements["reviewer"]) == ["AB", "CD"]


def test_of_three_reviewers_the_majority_counts():
    rows = decided((2, "reject", "AB", "x"), (2, "accept", "CD", None), (2, "reject", "EF", "y"))
    judged = decisions.apply(rows, ITEMS)
    assert list(judged.rejected["reviewer"]) == ["AB, EF"]
    assert list(judged.rejected["reason"]) == ["x; y"]


def test_kappa_of_two_reviewers_worked_by_hand():
    # 4 of 5 agree; AB says accept 3 times, CD twice: chance = (3*2 + 2*3)/25 = 0.48; kappa = (0.8 - 0.48)/0.52.
    first = ["accept", "accept", "accept", "reject", "reject"]
    second = ["accept", "accept", "reject", "reject", "reject"]
    rows = [(n, verdict, "AB", None) for n, verdict in zip(range(2, 7), first, strict=True)]
    rows += [(n, verdict, "CD", None) for n, verdict in zip(range(2, 7), second, strict=True)]
    kappa = decisions.apply(decided(*rows), ITEMS).kappa.iloc[0]
    assert kappa["n_items"] == 5
    assert kappa["agreement_pct"] == pytest.approx(80)
    assert kappa["kappa"] == pytest.approx(0.32 / 0.52)


def test_kappa_is_undefined_where_chance_alone_would_agree():
    assert pd.isna(decisions.cohen_kappa(["accept"] * 4, ["accept"] * 4))
    assert pd.isna(decisions.cohen_kappa([], []))


def test_no_decisions_leave_everything_pending():
    judged = decisions.apply(decided((2, "accept", "AB", None)).iloc[:0], ITEMS)
    assert judged.pending == 6 and not judged.reviewers
