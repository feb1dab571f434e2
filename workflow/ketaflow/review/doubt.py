"""How near a recording is to the limits of its checks, so that a reviewer can begin with the doubtful ones.

In: the checks of a recording. Out: one number; a check is at its limit at 1.
"""

import math
from collections.abc import Iterable

from ketaflow.core.results import Check

# Least doubt of a check that did not pass, whatever its value, and the largest doubt told apart.
LEAST = {"pass": 0.0, "warn": 1.0, "fail": 2.0}
MOST = 99.0


def doubt_of(check: Check) -> float:
    """Return how near a value is to its limit, as a fraction of the way to it.

    With two limits this is the distance from their middle over half their distance; with one, ``value / high`` or
    ``low / value``.

    Parameters
    ----------
    check : Check
        A value and its limits.

    Returns
    -------
    float
        0 where there is no value or limit or the limit is 0; 1 at the limit; at least 1 for a warning and 2 for a
        failure; at most 99.
    """
    least = LEAST[check.verdict]
    value, low, high = check.value, check.low, check.high
    if value is None or not math.isfinite(value):
        return least
    away = 0.0
    if low is not None and high is not None:
        half = (high - low) / 2
        away = abs(value - (low + high) / 2) / half if half > 0 else 0.0
    elif high is not None and high > 0:
        away = value / high
    elif low is not None and low > 0:
        away = low / value if value > 0 else MOST
    return float(min(max(away, least), MOST))


def doubt(checks: Iterable[Check], status: str) -> float:
    """Return the doubt about a recording: that of its most doubtful check.

    Parameters
    ----------
    checks : iterable of Check
        All checks of the recording.
    status : {"ok", "flagged", "failed"}
        What became of it; one that failed has the largest doubt.

    Returns
    -------
    float
        Between 0 and 99.
    """
    return MOST if status == "failed" else max(map(doubt_of, checks), default=0.0)
