"""Bouts: stretches of one state without holes, in seconds of the video.

In: the state of each frame and the time it represents. Out: bouts; cut to a window, added up, or sampled.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.scoring.constants import SAME_TIME_S
from ketaflow.assays.forced_swim.scoring.model import State

STATES: tuple[State, ...] = ("immobility", "swimming", "climbing", "diving", "unscored")
IMMOBILE, SWIMMING, CLIMBING, DIVING, UNSCORED = range(5)


class Run(NamedTuple):
    """A run of equal codes: the code, its first place, and the place after its last."""

    code: int
    first: int
    after: int


def runs(codes: np.ndarray) -> list[Run]:
    """Split codes into runs of equal ones.

    Parameters
    ----------
    codes : (n,) int
        Codes.

    Returns
    -------
    list of Run
        In order; empty if there are no codes.
    """
    if not len(codes):
        return []
    edges = np.flatnonzero(np.diff(codes)) + 1
    bounds = np.concatenate([[0], edges, [len(codes)]])
    return [Run(int(codes[a]), int(a), int(b)) for a, b in pairwise(bounds)]


def frame_intervals(times_s: np.ndarray, max_gap_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval each frame represents: to the middle between neighbours, but not across a gap.

    Parameters
    ----------
    times_s : (n,) float
        Times of the frames (seconds of the video).
    max_gap_s : float
        Longer intervals between frames are gaps (seconds).

    Returns
    -------
    starts, stops : (n,) float
        Seconds of the video.
    """
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    middles = (times_s[1:] + times_s[:-1]) / 2
    wide = np.diff(times_s) > max_gap_s
    stops = np.append(np.where(wide, times_s[:-1] + step_s / 2, middles), times_s[-1] + step_s / 2)
    starts = np.insert(np.where(wide, times_s[1:] - step_s / 2, middles), 0, times_s[0] - step_s / 2)
    return np.maximum(starts, 0), stops


def bouts_from_codes(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> pd.DataFrame:
    """Join frames of one state to bouts.

    Parameters
    ----------
    codes : (n,) int
        State of each frame, as a place in ``STATES``.
    starts, stops : (n,) float
        The interval each frame represents (seconds of the video).

    Returns
    -------
    data frame
        ``state``, ``start_s``, ``stop_s``; a gap between frames is unscored.
    """
    found: list[tuple[State, float, float]] = []
    for code, first, after in runs(codes):
        gaps = np.flatnonzero(starts[first + 1 : after] - stops[first : after - 1] > SAME_TIME_S) + first + 1
        for begin, end in pairwise([first, *gaps, after]):
            if found and starts[begin] - found[-1][2] > SAME_TIME_S:
                found.append((STATES[UNSCORED], found[-1][2], starts[begin]))
            found.append((STATES[code], starts[begin], stops[end - 1]))
    return pd.DataFrame(found, columns=["state", "start_s", "stop_s"])


def clip_bouts(bouts: pd.DataFrame, start_s: float, stop_s: float) -> pd.DataFrame:
    """Cut bouts to a window.

    Parameters
    ----------
    bouts : data frame
        ``state``, ``start_s``, ``stop_s``.
    start_s, stop_s : float
        The window (seconds of the video).

    Returns
    -------
    data frame
        The same columns; what the recording does not reach is unscored.
    """
    starts = np.clip(bouts["start_s"].to_numpy(float), start_s, stop_s)
    stops = np.clip(bouts["stop_s"].to_numpy(float), start_s, stop_s)
    kept = stops - starts > SAME_TIME_S
    starts, stops, names = starts[kept], stops[kept], bouts["state"].to_numpy(object)[kept]
    seen_from, seen_to = (starts[0], stops[-1]) if len(starts) else (stop_s, stop_s)
    if seen_from - start_s > SAME_TIME_S:
        starts, stops, names = np.append(start_s, starts), np.append(seen_from, stops), np.append("unscored", names)
    if stop_s - seen_to > SAME_TIME_S:
        starts, stops, names = np.append(starts, seen_to), np.append(stops, stop_s), np.append(names, "unscored")
    return pd.DataFrame({"state": names, "start_s": starts, "stop_s": stops})


def state_totals_s(bouts: pd.DataFrame) -> dict[State, float]:
    """Add up the bouts of every state.

    Parameters
    ----------
    bouts : data frame
        ``state``, ``start_s``, ``stop_s``.

    Returns
    -------
    dict of str to float
        Seconds, by state.
    """
    lengths_s = bouts["stop_s"].to_numpy(float) - bouts["start_s"].to_numpy(float)
    names = bouts["state"].to_numpy(object)
    return {state: float(lengths_s[names == state].sum()) for state in STATES}


def state_overlap_s(bouts: pd.DataFrame, edges_s: np.ndarray) -> np.ndarray:
    """Add up every state in every interval between edges.

    Parameters
    ----------
    bouts : data frame
        ``state``, ``start_s``, ``stop_s``.
    edges_s : (n + 1,) float
        Edges of the intervals (seconds of the video).

    Returns
    -------
    (n, 5) float
        Seconds, in the order of ``STATES``; what no bout covers is unscored.
    """
    starts, stops = bouts["start_s"].to_numpy(float), bouts["stop_s"].to_numpy(float)
    overlap = np.minimum(stops, edges_s[1:, None]) - np.maximum(starts, edges_s[:-1, None])
    names = bouts["state"].to_numpy(object)
    totals = np.stack([np.maximum(overlap, 0)[:, names == state].sum(axis=1) for state in STATES], axis=1)
    totals[:, UNSCORED] += np.diff(edges_s) - totals.sum(axis=1)
    return totals


def predominant_states(bouts: pd.DataFrame, start_s: float, stop_s: float, sample_s: float) -> list[State]:
    """Return the state that fills most of each interval of a window (time sampling [1]_).

    Parameters
    ----------
    bouts : data frame
        ``state``, ``start_s``, ``stop_s``.
    start_s, stop_s : float
        The window (seconds of the video).
    sample_s : float
        Length of an interval (seconds).

    Returns
    -------
    list of str
        One state per interval; the first of ``STATES`` among those that are equally long.

    References
    ----------
    .. [1] Detke, Rickels, Lucki (1995), Psychopharmacology 121:66-72, doi:10.1007/BF02245592
    """
    edges_s = np.arange(start_s, stop_s + 1e-6, sample_s)
    return [STATES[index] for index in state_overlap_s(bouts, edges_s).argmax(axis=1)]
