"""Decisions are checked, count while their item is the same, and are compared between reviewers."""

from dataclasses import replace

import pandas as pd
import pytest

from ketaflow.core.errors import CohortError
from ketaflow.core.results import CHECK_COLUMNS
from ketaflow.review import decisions
from ketaflow.review.items import Item, checks, items

ITEMS = [Item("forced_swim", f"fst_{n}", f"M{n}", f"CD{n}X-YZ22", f"sha{n}") for n in range(2, 8)]


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


def test_a_rejected_item_is_listed_with_animal_reviewer_and_reason():
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
    with pytest.raises(CohortError, match="already decided on 'CD2X-YZ22' in row 2"):
        decisions.apply(decided((2, "accept", "AB", None), (2, "reject", "AB", None)), ITEMS)


def test_a_decision_on_a_changed_item_no_longer_counts_and_is_reported():
    changed = [replace(item, item_sha256="new") if item.code == "CD2X-YZ22" else item for item in ITEMS]
    judged = decisions.apply(decided((2, "reject", "AB", None), (3, "accept", "AB", None)), changed)
    assert not len(judged.rejected)
    assert judged.pending == 5
    assert len(judged.stale) == 1 and "CD2X-YZ22" in judged.stale[0]


def test_an_item_on_which_two_reviewers_disagree_is_kept_and_listed():
    judged = decisions.apply(decided((2, "reject", "AB", "Artefact"), (2, "accept", "CD", None)), ITEMS)
    assert not len(judged.rejected)
    assert [one.decision.reviewer for one in judged.disagreements] == ["AB", "CD"]
    assert {one.item.recording for one in judged.disagreements} == {"fst_2"}


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
    (pair,) = decisions.apply(decided(*rows), ITEMS).agreements
    assert pair.n_items == 5
    assert pair.agreement_pct == pytest.approx(80)
    assert pair.kappa == pytest.approx(0.32 / 0.52)


def test_kappa_is_undefined_if_chance_alone_gives_full_agreement():
    assert pd.isna(decisions.cohen_kappa(["accept"] * 4, ["accept"] * 4))
    assert pd.isna(decisions.cohen_kappa([], []))


def test_no_decisions_leave_everything_pending():
    judged = decisions.apply(decided((2, "accept", "AB", None)).iloc[:0], ITEMS)
    assert judged.pending == 6 and not judged.reviewers


def test_items_are_read_from_the_review_key():
    key = pd.DataFrame([[item.assay, item.recording, None, item.code, item.item_sha256, "ok"] for item in ITEMS])
    key.columns = ["assay", "recording", "animal", "code", "item_sha256", "status"]
    assert items(key) == [replace(item, animal="") for item in ITEMS]


def test_checks_are_read_from_rows_with_empty_cells():
    row = {"assay": "forced_swim", "recording": "fst_2", "check": "unseen_s", "high": 12.0, "verdict": "warn"}
    (check,) = checks(pd.DataFrame([row], columns=list(CHECK_COLUMNS)))["forced_swim", "fst_2"]
    assert (check.value, check.low, check.high, check.unit, check.animal) == (None, None, 12.0, "", None)


def test_bulk_decisions_count_as_any_other_and_files_without_the_column_stay_readable():
    rows = ((2, "accept", "AB", None), (3, "accept", "AB", None), (4, "accept", "AB", None), (4, "accept", "CD", None))
    assert decisions.apply(decided(*rows), ITEMS).n_bulk == 0
    judged = decisions.apply(decided(*rows).assign(bulk=[True, None, True, False]), ITEMS)
    # CD looked at the third.
    assert (judged.n_decided, judged.n_bulk) == (3, 1)
