"""The state of each frame: immobility, swimming, climbing, diving, or not seen.

In: a trace (time, motion, posture) and the rules. Out: a code for each frame and the interval it represents. Pure
functions: a changed threshold needs nothing but the trace.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.scoring import constants
from ketaflow.assays.forced_swim.scoring.bouts import CLIMBING, DIVING, IMMOBILE, SWIMMING, UNSCORED, runs
from ketaflow.assays.forced_swim.scoring.valley import threshold_in_valley
from ketaflow.assays.forced_swim.settings import StateRules
from ketaflow.assays.forced_swim.time_series import moving_mean, true_runs


class CodedFrames(NamedTuple):
    """Frames with their states.

    Attributes
    ----------
    codes : (n,) int
        State of each frame, as a place in ``bouts.STATES``.
    starts, stops : (n,) float
        The interval each frame represents (seconds of the video).
    """

    codes: np.ndarray
    starts: np.ndarray
    stops: np.ndarray


def activity(trace: pd.DataFrame, rules: StateRules) -> np.ndarray:
    """Compute the signal that is compared with the threshold: smoothed motion, and travel faster than drifting.

    The mean is geometric, so that a bout ends where motion changes, not where the larger of two motions begins to show.

    Parameters
    ----------
    trace : data frame
        ``time_s``, ``seen``, ``motion``, ``speed``.
    rules : StateRules
        Smoothing and drift allowance.

    Returns
    -------
    (n_frames,) float
        Fraction of the body; NaN where the animal was not seen for the length of the window.
    """
    times_s, seen = trace["time_s"].to_numpy(), trace["seen"].to_numpy(bool)
    motion = np.where(seen, trace["motion"].to_numpy(float), np.nan)
    travel = np.nan_to_num(trace["speed"].to_numpy(float) - rules.drift_allowance_per_s)
    total = motion + constants.TRAVEL_WEIGHT_S * np.maximum(travel, 0)
    smoothed = moving_mean(times_s, np.log(total + constants.MIN_MOTION), rules.smoothing_s)
    return np.exp(smoothed) - constants.MIN_MOTION


def classify(trace: pd.DataFrame, starts: np.ndarray, stops: np.ndarray, rules: StateRules) -> CodedFrames:
    """Decide the state of every frame.

    Parameters
    ----------
    trace : data frame
        ``time_s``, ``seen``, ``motion``, ``speed``; seen from the side also ``height`` and ``depth``. Without these,
        climbing and diving count as swimming.
    starts, stops : (n_frames,) float
        The interval each frame represents (seconds of the video).
    rules : StateRules
        Threshold and the other rules.

    Returns
    -------
    CodedFrames
        With intervals shifted slightly at the ends of immobility, where a stroke shows too early and too long.
    """
    times_s, seen = trace["time_s"].to_numpy(), trace["seen"].to_numpy(bool)
    motion = activity(trace, rules)
    threshold = threshold_in_valley(motion, rules.threshold, rules.max_threshold_ratio)
    immobile = hysteresis_mask(motion < threshold, motion < rules.hysteresis * threshold, times_s)
    codes = np.where(immobile, IMMOBILE, SWIMMING)
    if "height" in trace:
        window_s = constants.POSTURE_WINDOW_S
        height, speed, depth = (smoothed(trace, name, window_s) for name in ("height", "speed", "depth"))
        limit = climbing_limit(height[motion >= threshold], rules.climbing_height)
        upright = (height > limit) & ~(speed > rules.drift_allowance_per_s)
        codes[(codes == SWIMMING) & upright] = CLIMBING
        codes[(codes != IMMOBILE) & (depth > rules.diving_depth)] = DIVING
    level = np.log(np.nan_to_num(trace["motion"].to_numpy(float)) + constants.MIN_MOTION)
    codes = transitions_refined(codes, level, times_s)
    codes[~seen | ~np.isfinite(motion)] = UNSCORED
    codes = gaps_bridged(codes, starts, stops)
    starts, stops = immobility_widened(codes, starts, stops)
    return CodedFrames(short_bouts_removed(codes, starts, stops, rules.min_bout_s), starts, stops)


def smoothed(trace: pd.DataFrame, name: str, window_s: float) -> np.ndarray:
    """Average a column of a trace over the frames in which the animal was seen.

    Parameters
    ----------
    trace : data frame
        The trace.
    name : str
        The column.
    window_s : float
        Width of the window (seconds).

    Returns
    -------
    (n_frames,) float
        Means in the unit of the column; NaN where the animal was not seen in the window.
    """
    values = np.where(trace["seen"].to_numpy(bool), trace[name].to_numpy(float), np.nan)
    return moving_mean(trace["time_s"].to_numpy(), values, window_s)


def climbing_limit(heights: np.ndarray, climbing_height: float) -> float:
    """Return the vertical extent above which a mobile animal is climbing.

    Climbing raises the body from its swimming posture. The outline of a mouse that paddles with its head out of the
    water is as high as it is long all the time: then posture does not tell climbing from swimming.

    Parameters
    ----------
    heights : (n,) float
        Vertical extent in the frames in which the animal moves (body lengths).
    climbing_height : float
        Smallest limit (body lengths).

    Returns
    -------
    float
        Body lengths; infinite if posture does not separate the two.
    """
    known = heights[np.isfinite(heights)]
    if not len(known):
        return climbing_height
    low = float(np.percentile(known, constants.SWIMMING_POSTURE_PERCENTILE))
    return np.inf if low > climbing_height else climbing_height


def posture_separates(trace: pd.DataFrame, rules: StateRules) -> bool:
    """Whether the postures of a swim tell climbing from swimming.

    Parameters
    ----------
    trace : data frame
        The trace of a swim: ``time_s``, ``seen``, ``motion``, ``height``.
    rules : StateRules
        Threshold of motion, and limit of the height of a climbing body.

    Returns
    -------
    bool
        False where the heights of the moving body show no limit between the two.
    """
    motion = activity(trace, rules)
    moving = motion >= threshold_in_valley(motion, rules.threshold, rules.max_threshold_ratio)
    heights = smoothed(trace, "height", constants.POSTURE_WINDOW_S)[moving]
    return bool(np.isfinite(climbing_limit(heights, rules.climbing_height)))


def hysteresis_mask(certain: np.ndarray, possible: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Extend what is certain over what is possible, shortly before and just after it in the same stretch.

    As in the Schmitt trigger, motion about as large as the threshold neither begins nor ends a bout, so a slightly
    different threshold finds nearly the same bouts. The reach is limited, for weak swimming beside immobility is not
    immobility; ``skimage.filters.apply_hysteresis_threshold`` has no such limit.

    Parameters
    ----------
    certain, possible : (n,) bool
        Below the threshold, and below the threshold times the hysteresis.
    times_s : (n,) float
        Seconds of the video.

    Returns
    -------
    (n,) bool
        Frames that count as immobile.
    """
    last_s = np.maximum.accumulate(np.where(certain, times_s, -np.inf))
    next_s = np.minimum.accumulate(np.where(certain, times_s, np.inf)[::-1])[::-1]
    near = (next_s - times_s <= constants.RUN_OUT_S) | (times_s - last_s <= constants.SHARP_START_S)
    found = np.zeros(len(certain), bool)
    for first, after in true_runs(possible):
        found[first:after] = near[first:after] & certain[first:after].any()
    return found


def transitions_refined(codes: np.ndarray, level: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Move the ends of immobility to where motion steps most clearly from one level to another.

    The threshold decides that an animal came to rest. When it did is decided by the step, which no threshold moves.

    Parameters
    ----------
    codes : (n,) int
        State of each frame.
    level : (n,) float
        Logarithm of motion.
    times_s : (n,) float
        Seconds of the video.

    Returns
    -------
    (n,) int
        State of each frame, with the ends of immobility moved.
    """
    found, still = codes.copy(), codes == IMMOBILE
    total = np.concatenate([[0.0], np.cumsum(level)])
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(still)) + 1, [len(codes)]])
    search_s = np.array([-constants.SEARCH_WINDOW_S, constants.SEARCH_WINDOW_S])
    for before, here, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        reach = np.searchsorted(times_s, times_s[here] + search_s)
        first, last = max(before, reach[0]), min(after, reach[1])
        cuts = np.arange(first + 2, last - 1)
        if len(cuts):
            fall = (total[cuts] - total[first]) / (cuts - first) - (total[last] - total[cuts]) / (last - cuts)
            fall = fall if still[here] else -fall
            cut = int(cuts[np.argmax(fall * np.abs(fall) * (cuts - first) * (last - cuts))])
            found[min(cut, here) : max(cut, here)] = codes[here] if cut < here else codes[here - 1]
    return found


def gaps_bridged(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Give one or two frames in which the animal was missed the state before them.

    Parameters
    ----------
    codes : (n,) int
        State of each frame.
    starts, stops : (n,) float
        The interval each frame represents (seconds of the video).

    Returns
    -------
    (n,) int
        State of each frame; longer gaps stay unscored.
    """
    codes = codes.copy()
    for code, first, after in runs(codes):
        inside = code == UNSCORED and first and after < len(codes)
        if inside and stops[after - 1] - starts[first] <= constants.BRIDGED_GAP_S:
            codes[first:after] = codes[first - 1]
    return codes


def immobility_widened(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lengthen every bout of immobility at both ends, where movement touches it, by ``STROKE_SPREAD_S``.

    Parameters
    ----------
    codes : (n,) int
        State of each frame.
    starts, stops : (n,) float
        The interval each frame represents (seconds of the video).

    Returns
    -------
    starts, stops : (n,) float
        Intervals of the frames after the change (seconds of the video).
    """
    starts, stops = starts.copy(), stops.copy()
    touching = np.abs(starts[1:] - stops[:-1]) < constants.SAME_TIME_S
    still, known = codes == IMMOBILE, codes != UNSCORED
    both = touching & known[1:] & known[:-1]
    by_s = constants.STROKE_SPREAD_S
    shift = np.where(both & still[:-1] & ~still[1:], by_s, 0.0) - np.where(both & ~still[:-1] & still[1:], by_s, 0.0)
    stops[:-1] += shift
    starts[1:] += shift
    return starts, stops


def short_bouts_removed(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray, min_s: float) -> np.ndarray:
    """Count short bouts of immobility as swimming.

    Parameters
    ----------
    codes : (n,) int
        State of each frame.
    starts, stops : (n,) float
        The interval each frame represents (seconds of the video).
    min_s : float
        Shorter bouts are removed (seconds).

    Returns
    -------
    (n,) int
        State of each frame without short bouts of immobility.
    """
    codes = codes.copy()
    for code, first, after in runs(codes):
        if code == IMMOBILE and stops[after - 1] - starts[first] < min_s - constants.SAME_TIME_S:
            codes[first:after] = SWIMMING
    return codes
