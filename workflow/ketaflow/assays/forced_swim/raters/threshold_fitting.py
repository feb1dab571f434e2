"""Threshold and shortest bout fitted to what people scored, and judged on swims they were not fitted to.

In: traces with what people scored in their window. Out: for every pair of settings how far each swim is from people;
the best pair; the same left out part by part. Pure functions; nothing is decoded.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.raters import agreement
from ketaflow.assays.forced_swim.scoring import bouts, states

# Pairs this near the least loss (share, and s) are as good.
AS_GOOD, AS_GOOD_S = 1.05, 0.1


@dataclass
class RatedSwim:
    """One swim: its trace, what decides the states but threshold and bout, and what people scored in its window."""

    recording: str
    animal: str
    video: str
    trace: pd.DataFrame
    gap_s: float
    window_s: tuple[float, float]
    rules: dict[str, float]
    people_s: dict[str, float] = field(default_factory=dict)
    lines: dict[str, np.ndarray] = field(default_factory=dict)

    def mean_s(self) -> float:
        """Seconds of immobility of the average person."""
        return float(np.mean(list(self.people_s.values())))


@dataclass(frozen=True)
class SettingsGrid:
    """Every pair of settings tried on every swim, (swims, thresholds, bouts): seconds, and seconds unlike people's."""

    thresholds: np.ndarray
    min_bouts_s: np.ndarray
    seconds: np.ndarray
    unlike_s: np.ndarray
    people_s: np.ndarray

    def loss_s(self) -> np.ndarray:
        """How far each swim is from people: half the difference of totals, half the time that is unlike.

        Where people gave totals alone, the difference of totals.
        """
        apart_s = np.abs(self.seconds - self.people_s[:, None, None])
        return np.where(np.isfinite(self.unlike_s), (apart_s + self.unlike_s) / 2, apart_s)


def score_grid(
    swims: list[RatedSwim], thresholds: np.ndarray, min_bouts_s: np.ndarray, *, step_s: float, edge_s: float
) -> SettingsGrid:
    """Score every swim with every pair of settings."""
    seconds = np.empty((len(swims), len(thresholds), len(min_bouts_s)))
    unlike_s = np.full(seconds.shape, np.nan)
    for s, swim in enumerate(swims):
        sure = {rater: outside_switches(line, round(edge_s / step_s)) for rater, line in swim.lines.items()}
        for t, threshold in enumerate(thresholds):
            for b, min_bout_s in enumerate(min_bouts_s):
                line, seconds[s, t, b] = rescored(swim, threshold, min_bout_s, step_s)
                if sure:
                    wrong = [np.mean((line != swim.lines[rater])[seen]) for rater, seen in sure.items() if seen.any()]
                    unlike_s[s, t, b] = np.mean(wrong) * step_s * len(line) if wrong else np.nan
    return SettingsGrid(thresholds, min_bouts_s, seconds, unlike_s, np.array([swim.mean_s() for swim in swims]))


def rescored(swim: RatedSwim, threshold: float, min_bout_s: float, step_s: float) -> tuple[np.ndarray, float]:
    """Whether the animal is immobile at each step of the window, and its seconds of immobility there."""
    edges = bouts.frame_intervals(swim.trace["time_s"].to_numpy(), swim.gap_s)
    own = {**swim.rules, "threshold": float(threshold), "min_bout_s": float(min_bout_s)}
    codes, starts, stops = states.classify(swim.trace, *edges, **own)
    start_s, stop_s = swim.window_s
    still = codes == bouts.IMMOBILE
    overlap_s = np.minimum(stops, stop_s) - np.maximum(starts, start_s)
    middles = np.arange(start_s + step_s / 2, stop_s, step_s)
    place = np.clip(np.searchsorted(starts, middles, "right") - 1, 0, len(starts) - 1)
    line = still[place] & (middles < stops[place])
    return line, float(np.maximum(overlap_s, 0)[still].sum())


def outside_switches(line: np.ndarray, steps: int) -> np.ndarray:
    """Where a person's timeline is not within some steps of a switch: keys are pressed late."""
    seen = np.ones(len(line), bool)
    for switch in np.flatnonzero(np.diff(line)) + 1:
        seen[max(0, switch - steps) : switch + steps] = False
    return seen


def best_settings(loss_s: np.ndarray, now: int) -> tuple[int, int]:
    """Places (threshold, bout) of the best pair: least mean loss, but the present bout (``now``) or the nearest to it
    where that is as good, and the middle threshold of those that are as good.
    """
    mean_s = loss_s.mean(axis=0)
    enough_s = AS_GOOD * mean_s.min() + AS_GOOD_S
    bout = min(np.flatnonzero(mean_s.min(axis=0) <= enough_s), key=lambda place: abs(place - now))
    lowest, good = mean_s[:, bout].argmin(), mean_s[:, bout] <= enough_s
    first = last = int(lowest)
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(good) - 1 and good[last + 1]:
        last += 1
    return (first + last) // 2, int(bout)


def cross_validation_folds(swims: list[RatedSwim], count: int) -> np.ndarray:
    """The part each swim belongs to, (swims,): swims that share an animal or a video are never torn apart."""
    leader = list(range(len(swims)))
    for i, one in enumerate(swims):
        for j in range(i):
            if one.animal == swims[j].animal or one.video == swims[j].video:
                old, new = leader[i], leader[j]
                leader = [new if place == old else place for place in leader]
    groups = sorted(set(leader), key=lambda group: (-leader.count(group), swims[group].recording))
    sizes, home = np.zeros(min(count, len(groups)), int), {}
    for group in groups:
        home[group] = int(sizes.argmin())
        sizes[home[group]] += leader.count(group)
    return np.array([home[group] for group in leader])


def held_out_settings(grid: SettingsGrid, part: np.ndarray, now: int) -> list[tuple[int, int]]:
    """For each swim the pair of settings that was fitted without its part."""
    loss_s = grid.loss_s()
    fitted = {one: best_settings(loss_s[part != one], now) for one in np.unique(part)}
    return [fitted[one] for one in part]


def fit_quality(swims: list[RatedSwim], pairs: list[tuple[float, float]], step_s: float) -> dict:
    """How far swims are from people, each scored with its own pair of settings."""
    done = [rescored(swim, *pair, step_s) for swim, pair in zip(swims, pairs, strict=True)]
    machine_s = np.array([seconds for _, seconds in done])
    people_s = np.array([swim.mean_s() for swim in swims])
    limits = agreement.limits_of_agreement(machine_s - people_s)
    icc, icc_low, icc_high = agreement.icc_2_1(np.column_stack([machine_s, people_s]))
    lines = [(line, own) for (line, _), swim in zip(done, swims, strict=True) for own in swim.lines.values()]
    first, second = (np.concatenate([pair[side] for pair in lines]) if lines else np.zeros(0) for side in (0, 1))
    return {
        "n": len(swims), "mean_error_s": float(np.abs(machine_s - people_s).mean()), "bias_s": limits.bias,
        "loa_low_s": limits.low, "loa_high_s": limits.high, "icc": icc, "icc_low": icc_low, "icc_high": icc_high,
        "kappa": agreement.kappa(first, second),
    }  # fmt: skip
