"""The items nearest to a limit, or beyond it, come first."""

import pytest

from ketaflow.core.results import check
from ketaflow.review.doubt import doubt, doubt_of


def one(value, low=None, high=None, verdict="pass"):
    return check("c", value, recording="r", message="", verdict=verdict, low=low, high=high)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (one(6, high=12), 0.5),
        (one(12, high=12), 1),
        (one(30, high=12, verdict="warn"), 2.5),
        (one(20, low=5), 0.25),
        (one(-1, low=5, verdict="warn"), 99),
        (one(0, low=-20, high=20), 0),
        (one(-15, low=-20, high=20), 0.75),
        (one(3, high=0, verdict="warn"), 1),
        (one(None), 0),
        (one(None, verdict="fail"), 2),
        (one(1, high=12, verdict="fail"), 2),
    ],
)
def test_doubt_is_the_share_of_the_way_to_the_limit(of, expected):
    assert doubt_of(of) == pytest.approx(expected)


def test_the_most_doubtful_check_counts_and_a_failed_recording_comes_first():
    assert doubt([one(6, high=12), one(3, high=4)], "ok") == 0.75
    assert doubt([], "ok") == 0
    assert doubt([one(6, high=12)], "failed") > doubt([one(400, high=12, verdict="warn")], "flagged")
