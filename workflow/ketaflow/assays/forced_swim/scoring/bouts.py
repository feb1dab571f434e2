"""Bouts: stretches of one state, without holes, in seconds of the video.

In: state codes of frames and the time each stands for. Out: bouts, cut to windows, added up, sampled.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

STATES = ("immobility", "swimming", "climbing", "diving", "unscored")
IMMOBILE, SWIMMING, CLIMBING, DIVING, UNSCORED = range(5)


def runs(codes: np.ndarray) -> list[tuple[int, int, int]]:
    """Stretches of equal codes as (code, first, after last)."""
    if not len(codes):
        return []
    edges = np.flatnonzero(np.diff(codes)) + 1
    bounds = np.concatenate([[0], edges, [len(codes)]])
    return [(int(codes[a]), int(a), int(b)) for a, b in pairwise(bounds)]


def frame_intervals(times_s: np.ndarray, max_gap_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Time (start, stop) each picture stands for: to the middle of its neighbours, not across a gap."""
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    middles = (times_s[1:] + times_s[:-1]) / 2
    wide = np.diff(times_s) > max_gap_s
    stops = np.append(np.where(wide, times_s[:-1] + step_s / 2, middles), times_s[-1] + step_s / 2)
    starts = np.insert(np.where(wide, times_s[1:] - step_s / 2, middles), 0, times_s[0] - step_s / 2)
    return np.maximum(starts, 0), stops


def bouts_from_codes(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> pd.DataFrame:
    """States as (state, start_s, stop_s); what lies in a gap between pictures is unscored."""
    found = []
    for code, first, after in runs(codes):
        cuts = [
            first,
            *(np.flatnonzero(starts[first + 1 : after] - stops[first : after - 1] > 1e-9) + first + 1),
            after,
        ]
        for begin, end in pairwise(cuts):
            if found and starts[begin] - found[-1][2] > 1e-9:
                found.append((STATES[UNSCORED], found[-1][2], starts[begin]))
            found.append((STATES[code], starts[begin], stops[end - 1]))
    return pd.DataFrame(found, columns=["state", "start_s", "stop_s"])


def clip_bouts(spans: pd.DataFrame, start_s: float, stop_s: float) -> pd.DataFrame:
    """Stretches cut to a window; what the recording does not reach is unscored."""
    starts = np.clip(spans["start_s"].to_numpy(float), start_s, stop_s)
    stops = np.clip(spans["stop_s"].to_numpy(float), start_s, stop_s)
    kept = stops - starts > 1e-9
    starts, stops, names = starts[kept], stops[kept], spans["state"].to_numpy(object)[kept]
    seen_from, seen_to = (starts[0], stops[-1]) if len(starts) else (stop_s, stop_s)
    if seen_from - start_s > 1e-9:
        starts, stops, names = np.append(start_s, starts), np.append(seen_from, stops), np.append("unscored", names)
    if stop_s - seen_to > 1e-9:
        starts, stops, names = np.append(starts, seen_to), np.append(stops, stop_s), np.append(names, "unscored")
    return pd.DataFrame({"state": names, "start_s": starts, "stop_s": stops})


def state_totals_s(spans: pd.DataFrame) -> dict[str, float]:
    """Total of every state (seconds)."""
    lengths_s = spans["stop_s"].to_numpy(float) - spans["start_s"].to_numpy(float)
    names = spans["state"].to_numpy(object)
    return {state: float(lengths_s[names == state].sum()) for state in STATES}


def state_overlap_s(spans: pd.DataFrame, edges_s: np.ndarray) -> np.ndarray:
    """Seconds of every state in every interval between the edges, (intervals, states in the order of ``STATES``).

    What no stretch covers is unscored.
    """
    starts, stops = spans["start_s"].to_numpy(float), spans["stop_s"].to_numpy(float)
    overlap = np.minimum(stops, edges_s[1:, None]) - np.maximum(starts, edges_s[:-1, None])
    names = spans["state"].to_numpy(object)
    totals = np.stack([np.maximum(overlap, 0)[:, names == state].sum(axis=1) for state in STATES], axis=1)
    totals[:, UNSCORED] += np.diff(edges_s) - totals.sum(axis=1)
    return totals


def predominant_states(spans: pd.DataFrame, start_s: float, stop_s: float, sample_s: float) -> list[str]:
    """The state that fills most of each interval of a window (Detke 1995)."""
    edges_s = np.arange(start_s, stop_s + 1e-6, sample_s)
    return [STATES[index] for index in state_overlap_s(spans, edges_s).argmax(axis=1)]
