"""Threshold and shortest bout fitted to what people scored, and tested on swims they were not fitted to.

In: traces with what people scored in their window. Out: the loss of every pair of settings; the best pair; the same by
cross-validation. Pure functions; nothing is decoded.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.raters import agreement, constants
from ketaflow.assays.forced_swim.scoring import bouts
from ketaflow.assays.forced_swim.scoring.rules import coded_states
from ketaflow.assays.forced_swim.settings import Rules, SamplingRule


class Pair(NamedTuple):
    """A threshold and a duration (seconds): the shortest bout of a video, or the sampling interval of an export."""

    threshold: float
    duration_s: float


class Place(NamedTuple):
    """Place of a threshold and of a duration in a ``SettingsGrid``."""

    threshold: int
    duration: int


@dataclass(frozen=True)
class RatedSwim:
    """One swim that people scored.

    Attributes
    ----------
    recording, animal, video : str
        As in the table.
    trace : data frame
        Its motion trace.
    max_gap_s : float
        Longer intervals between frames are unscored (seconds).
    window_s : tuple of float
        The scoring window (seconds of the video).
    rules : StateRules or SamplingRule
        The present rules.
    people_s : dict of str to float
        Seconds of immobility in the window, by rater.
    timelines : dict of str to (n_steps,) bool
        Immobility at each step of the window, by rater; missing for raters who gave totals only.
    """

    recording: str
    animal: str
    video: str
    trace: pd.DataFrame
    max_gap_s: float
    window_s: tuple[float, float]
    rules: Rules
    people_s: dict[str, float] = field(default_factory=dict)
    timelines: dict[str, np.ndarray] = field(default_factory=dict)

    def mean_s(self) -> float:
        """Return the seconds of immobility of the average rater."""
        return float(np.mean(list(self.people_s.values())))


@dataclass(frozen=True)
class SettingsGrid:
    """Every pair of settings tried on every swim.

    Attributes
    ----------
    thresholds : (n_thresholds,) float
        In the unit of the trace's motion.
    durations_s : (n_durations,) float
        Shortest bouts or sampling intervals (seconds).
    seconds : (n_swims, n_thresholds, n_durations) float
        Immobility in the window.
    unlike_s : (n_swims, n_thresholds, n_durations) float
        Time at which automatic and human scores differ, away from switches (seconds); NaN if there are totals only.
    people_s : (n_swims,) float
        Immobility by the average rater (seconds).
    """

    thresholds: np.ndarray
    durations_s: np.ndarray
    seconds: np.ndarray
    unlike_s: np.ndarray
    people_s: np.ndarray

    def loss_s(self) -> np.ndarray:
        """Return the distance from people: the mean of the difference of totals and the time that differs.

        Returns
        -------
        (n_swims, n_thresholds, n_durations) float
            Seconds; where people gave totals only, the difference of totals.
        """
        difference_s = np.abs(self.seconds - self.people_s[:, None, None])
        return np.where(np.isfinite(self.unlike_s), (difference_s + self.unlike_s) / 2, difference_s)

    def pair(self, place: Place) -> Pair:
        """Return the settings at a place."""
        return Pair(float(self.thresholds[place.threshold]), float(self.durations_s[place.duration]))


@dataclass(frozen=True)
class FitQuality:
    """How far swims are from people.

    Attributes
    ----------
    n : int
        Number of swims, or of pairs of raters.
    mean_error_s, bias_s, loa_low_s, loa_high_s : float
        Mean absolute difference, bias and limits of agreement (seconds).
    icc, icc_low, icc_high : float
        ICC(2,1) with its 95 % interval.
    kappa : float
        Cohen's kappa of immobility.
    """

    n: int
    mean_error_s: float
    bias_s: float = np.nan
    loa_low_s: float = np.nan
    loa_high_s: float = np.nan
    icc: float = np.nan
    icc_low: float = np.nan
    icc_high: float = np.nan
    kappa: float = np.nan


def score_grid(
    swims: list[RatedSwim], thresholds: np.ndarray, durations_s: np.ndarray, *, step_s: float, edge_s: float
) -> SettingsGrid:
    """Score every swim with every pair of settings.

    Parameters
    ----------
    swims : list of RatedSwim
        The swims.
    thresholds : (n_thresholds,) float
        In the unit of the trace's motion.
    durations_s : (n_durations,) float
        Shortest bouts or sampling intervals (seconds).
    step_s : float
        Length of a step of the timelines (seconds).
    edge_s : float
        Time around each switch of a rater that is not compared (seconds).

    Returns
    -------
    SettingsGrid
        Immobility (seconds) of each swim under each pair of settings, and the time that is scored unlike the raters.
    """
    seconds = np.empty((len(swims), len(thresholds), len(durations_s)))
    unlike_s = np.full(seconds.shape, np.nan)
    for s, swim in enumerate(swims):
        sure = {rater: outside_switches(line, round(edge_s / step_s)) for rater, line in swim.timelines.items()}
        for t, threshold in enumerate(thresholds):
            for b, duration_s in enumerate(durations_s):
                line, seconds[s, t, b] = rescored(swim, Pair(threshold, duration_s), step_s)
                wrong = [np.mean((line != swim.timelines[rater])[seen]) for rater, seen in sure.items() if seen.any()]
                if wrong:
                    unlike_s[s, t, b] = np.mean(wrong) * step_s * len(line)
    return SettingsGrid(thresholds, durations_s, seconds, unlike_s, np.array([swim.mean_s() for swim in swims]))


def rescored(swim: RatedSwim, pair: Pair, step_s: float) -> tuple[np.ndarray, float]:
    """Score a swim with given settings.

    Parameters
    ----------
    swim : RatedSwim
        The swim.
    pair : Pair
        Threshold and duration.
    step_s : float
        Length of a step of the timeline (seconds).

    Returns
    -------
    (n_steps,) bool
        Whether the animal is immobile at each step of the window.
    float
        Immobility in the window (seconds).
    """
    intervals = bouts.frame_intervals(swim.trace["time_s"].to_numpy(), swim.max_gap_s)
    start_s, stop_s = swim.window_s
    codes, starts, stops = coded_states(swim.trace, intervals, with_pair(swim.rules, pair), start_s)
    immobile = codes == bouts.IMMOBILE
    overlap_s = np.minimum(stops, stop_s) - np.maximum(starts, start_s)
    middles = np.arange(start_s + step_s / 2, stop_s, step_s)
    place = np.clip(np.searchsorted(starts, middles, "right") - 1, 0, len(starts) - 1)
    line = immobile[place] & (middles < stops[place])
    return line, float(np.maximum(overlap_s, 0)[immobile].sum())


def with_pair(rules: Rules, pair: Pair) -> Rules:
    """Return rules with another threshold and duration."""
    threshold, duration_s = float(pair.threshold), float(pair.duration_s)
    if isinstance(rules, SamplingRule):
        return replace(rules, threshold=threshold, sample_s=duration_s)
    return replace(rules, threshold=threshold, min_bout_s=duration_s)


def pair_of(rules: Rules) -> Pair:
    """Return the threshold and the duration of rules."""
    return Pair(rules.threshold, rules.sample_s if isinstance(rules, SamplingRule) else rules.min_bout_s)


def outside_switches(line: np.ndarray, steps: int) -> np.ndarray:
    """Mark where a rater's timeline is not near a switch, for keys are pressed late.

    Parameters
    ----------
    line : (n_steps,) bool
        The timeline.
    steps : int
        Steps around a switch that are left out.

    Returns
    -------
    (n_steps,) bool
        False within ``steps`` of a switch.
    """
    seen = np.ones(len(line), bool)
    for switch in np.flatnonzero(np.diff(line)) + 1:
        seen[max(0, switch - steps) : switch + steps] = False
    return seen


def best_settings(loss_s: np.ndarray, present: int) -> Place:
    """Choose the pair of settings with the smallest mean loss.

    Of the durations that are as good, the one nearest to the present is taken; of the thresholds that are as good
    and adjoin the best, the middle one.

    Parameters
    ----------
    loss_s : (n_swims, n_thresholds, n_durations) float
        Loss (seconds).
    present : int
        Place of the present duration.

    Returns
    -------
    Place
        Indices of the threshold and of the duration.
    """
    mean_s = loss_s.mean(axis=0)
    enough_s = constants.AS_GOOD_FACTOR * mean_s.min() + constants.AS_GOOD_S
    duration = min(np.flatnonzero(mean_s.min(axis=0) <= enough_s), key=lambda place: abs(place - present))
    lowest, good = mean_s[:, duration].argmin(), mean_s[:, duration] <= enough_s
    first = last = int(lowest)
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(good) - 1 and good[last + 1]:
        last += 1
    return Place((first + last) // 2, int(duration))


def cross_validation_folds(swims: list[RatedSwim], count: int) -> np.ndarray:
    """Distribute swims over folds; swims that share an animal or a video are never separated.

    Parameters
    ----------
    swims : list of RatedSwim
        The swims.
    count : int
        Largest number of folds.

    Returns
    -------
    (n_swims,) int
        Fold of each swim.
    """
    leader = list(range(len(swims)))
    for i, one in enumerate(swims):
        for j in range(i):
            if one.animal == swims[j].animal or one.video == swims[j].video:
                old, new = leader[i], leader[j]
                leader = [new if place == old else place for place in leader]
    groups = sorted(set(leader), key=lambda group: (-leader.count(group), swims[group].recording))
    sizes, fold = np.zeros(min(count, len(groups)), int), {}
    for group in groups:
        fold[group] = int(sizes.argmin())
        sizes[fold[group]] += leader.count(group)
    return np.array([fold[group] for group in leader])


def held_out_settings(grid: SettingsGrid, folds: np.ndarray, present: int) -> list[Place]:
    """Fit settings for each fold to the swims of the other folds.

    Parameters
    ----------
    grid : SettingsGrid
        Loss of every pair of settings.
    folds : (n_swims,) int
        Fold of each swim.
    present : int
        Place of the present duration.

    Returns
    -------
    list of Place
        For each swim, the settings fitted without its fold.
    """
    loss_s = grid.loss_s()
    fitted = {fold: best_settings(loss_s[folds != fold], present) for fold in np.unique(folds)}
    return [fitted[fold] for fold in folds]


def fit_quality(swims: list[RatedSwim], pairs: list[Pair], step_s: float) -> FitQuality:
    """Measure how far swims are from people, each scored with its own pair of settings.

    Parameters
    ----------
    swims : list of RatedSwim
        The swims.
    pairs : list of Pair
        Settings for each swim.
    step_s : float
        Length of a step of the timelines (seconds).

    Returns
    -------
    FitQuality
    """
    done = [rescored(swim, pair, step_s) for swim, pair in zip(swims, pairs, strict=True)]
    automatic_s = np.array([seconds for _, seconds in done])
    people_s = np.array([swim.mean_s() for swim in swims])
    limits = agreement.limits_of_agreement(automatic_s - people_s)
    icc = agreement.icc_2_1(np.column_stack([automatic_s, people_s]))
    lines = [(line, own) for (line, _), swim in zip(done, swims, strict=True) for own in swim.timelines.values()]
    first, second = (np.concatenate([pair[side] for pair in lines]) if lines else np.zeros(0) for side in (0, 1))
    return FitQuality(
        n=len(swims),
        mean_error_s=float(np.abs(automatic_s - people_s).mean()),
        bias_s=limits.bias,
        loa_low_s=limits.low,
        loa_high_s=limits.high,
        icc=icc.icc,
        icc_low=icc.low,
        icc_high=icc.high,
        kappa=agreement.kappa(first, second),
    )
