"""Licks: their bursts, their rhythm, their contact, and how they spread over light and dark.

Arrays in, arrays out. Bursts follow Davis and Smith (1992) as trompy and lickcalc count them: a pause
longer than the gap ends a burst.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.ndimage import gaussian_filter1d

DAY_S = 86_400.0
HOUR_S = 3_600.0
# Loggers whose clock was never set wake in 1970 or 2000; none of those read here is older than this.
FIRST_YEAR = 2010
SMOOTH_MS = 5.0


@dataclass(frozen=True)
class Bursts:
    """Bursts of licks: ``start_s``, ``stop_s`` (n,) first and last lick; ``licks`` (n,) how many."""

    start_s: np.ndarray
    stop_s: np.ndarray
    licks: np.ndarray


def lick_bursts(time_s: np.ndarray, *, burst_gap_s: float, burst_min_licks: int) -> Bursts:
    """Group licks into bursts.

    Parameters
    ----------
    time_s : (n_licks,) float
        Onsets, rising (seconds).
    burst_gap_s
        A pause longer than this ends a burst.
    burst_min_licks
        Smaller groups are no burst.
    """
    if not len(time_s):
        empty = np.empty(0)
        return Bursts(empty, empty, np.empty(0, dtype=int))
    breaks = np.flatnonzero(np.diff(time_s) > burst_gap_s)
    first, last = np.concatenate([[0], breaks + 1]), np.concatenate([breaks, [len(time_s) - 1]])
    counts = last - first + 1
    kept = counts >= burst_min_licks
    return Bursts(time_s[first[kept]], time_s[last[kept]], counts[kept])


def modal_lick_rate_hz(time_s: np.ndarray, *, burst_gap_s: float) -> float | None:
    """One over the commonest interval within bursts; None if no two licks stand in one.

    The mode is that of the density of intervals: counts by the millisecond, smoothed by a Gaussian of
    5 ms, as single milliseconds are noise even among 4,000 licks.
    """
    intervals = np.diff(time_s)
    within_ms = np.round(intervals[intervals < burst_gap_s] * 1000).astype(int)
    within_ms = within_ms[within_ms > 0]
    if not len(within_ms):
        return None
    counts = np.bincount(within_ms, minlength=int(1000 * burst_gap_s) + 1).astype(float)
    return 1000 / float(gaussian_filter1d(counts, SMOOTH_MS, mode="constant").argmax())


def clock(log: dict) -> datetime | None:
    """When a log begins, by a clock that was set; None if its file and its bottle do not tell."""
    start = datetime.fromisoformat(log["start"]) if log.get("start") and not log.get("clock_off") else None
    return start if start and start.year >= FIRST_YEAR else None


def binned(time_s: np.ndarray, amounts: np.ndarray, edges_s: np.ndarray) -> np.ndarray:
    """Sum of amounts in each bin, (n_edges - 1,); an edge belongs to the later bin."""
    return np.histogram(time_s, bins=edges_s, weights=np.nan_to_num(amounts))[0]


def dark_at(time_s: np.ndarray, start: datetime, *, lights_on_h: float, lights_off_h: float) -> np.ndarray:
    """Whether the light was off at each moment, (n,) bool."""
    midnight_s = start.hour * HOUR_S + start.minute * 60 + start.second
    hour = (midnight_s + time_s) % DAY_S / HOUR_S
    if lights_on_h <= lights_off_h:
        return (hour < lights_on_h) | (hour >= lights_off_h)
    return (hour >= lights_off_h) & (hour < lights_on_h)


def dark_spans_s(
    start: datetime, length_s: float, *, lights_on_h: float, lights_off_h: float
) -> list[tuple[float, float]]:
    """Stretches of darkness between 0 and ``length_s``, seconds from ``start``."""
    midnight_s = start.hour * HOUR_S + start.minute * 60 + start.second
    dark_s = (lights_on_h - lights_off_h) % 24 * HOUR_S
    spans, begin = [], lights_off_h * HOUR_S - midnight_s - DAY_S
    while begin < length_s:
        if begin + dark_s > 0:
            spans.append((max(begin, 0.0), min(begin + dark_s, length_s)))
        begin += DAY_S
    return spans
