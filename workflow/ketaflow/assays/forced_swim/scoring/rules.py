"""One entry to all ways of scoring: frame by frame for a video or poses, by time sampling for an EthoVision export."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.scoring import bouts, pose_states, states, time_sampling
from ketaflow.assays.forced_swim.scoring.states import CodedFrames
from ketaflow.assays.forced_swim.scoring.valley import threshold_in_valley
from ketaflow.assays.forced_swim.settings import PoseRule, Rules, SamplingRule, StateRules

# Start and stop of the interval each frame represents (seconds of the video).
Intervals = tuple[np.ndarray, np.ndarray]


def coded_states(trace: pd.DataFrame, intervals: Intervals, rules: Rules, origin_s: float) -> CodedFrames:
    """Decide the state of every frame or interval.

    Parameters
    ----------
    trace : data frame
        The trace of a swim.
    intervals : tuple of (n_frames,) float
        Start and stop of the interval each frame represents (seconds of the video).
    rules : StateRules, SamplingRule or PoseRule
        What decides.
    origin_s : float
        Start of the scoring window, where a sampled interval begins (seconds of the video).

    Returns
    -------
    CodedFrames
        State and interval (seconds of the video) of each frame or sampled interval.
    """
    if isinstance(rules, SamplingRule):
        return time_sampling.classify_intervals(trace, *intervals, rules, origin_s)
    if isinstance(rules, PoseRule):
        return pose_states.classify_poses(trace, *intervals, rules)
    return states.classify(trace, *intervals, rules)


def own_rules(trace: pd.DataFrame, rules: Rules) -> Rules:
    """Return the rules with the threshold that is used for one swim, so that it can be shown and varied.

    Parameters
    ----------
    trace : data frame
        The trace of a swim.
    rules : StateRules, SamplingRule or PoseRule
        What decides.

    Returns
    -------
    StateRules, SamplingRule or PoseRule
        The same rules; those of a video with the threshold that lies in the valley of this swim's motion.
    """
    if not isinstance(rules, StateRules):
        return rules
    motion = states.activity(trace, rules)
    threshold = threshold_in_valley(motion, rules.threshold, rules.max_threshold_ratio)
    return replace(rules, threshold=threshold, max_threshold_ratio=1.0)


def immobility_s(trace: pd.DataFrame, intervals: Intervals, window_s: tuple[float, float], rules: Rules) -> float:
    """Compute immobility in a window under given rules.

    Parameters
    ----------
    trace : data frame
        The trace of a swim.
    intervals : tuple of (n_frames,) float
        Start and stop of the interval each frame represents (seconds of the video).
    window_s : tuple of float
        The window (seconds of the video).
    rules : StateRules, SamplingRule or PoseRule
        What decides.

    Returns
    -------
    float
        Seconds.
    """
    coded = coded_states(trace, intervals, rules, window_s[0])
    start_s, stop_s = window_s
    overlap = np.minimum(coded.stops, stop_s) - np.maximum(coded.starts, start_s)
    return float(np.maximum(overlap, 0)[coded.codes == bouts.IMMOBILE].sum())


def compared_signal(trace: pd.DataFrame, rules: Rules) -> np.ndarray:
    """Return what is compared with the threshold: activity in a video, mobility as it is in an export.

    Parameters
    ----------
    trace : data frame
        The trace of a swim.
    rules : StateRules, SamplingRule or PoseRule
        What decides.

    Returns
    -------
    (n_frames,) float
        In the unit of the threshold; NaN where the animal was not seen.
    """
    if isinstance(rules, SamplingRule):
        return np.where(trace["seen"].to_numpy(bool), trace["motion"].to_numpy(float), np.nan)
    if isinstance(rules, PoseRule):
        return pose_states.pose_activity(trace, rules)
    return states.activity(trace, rules)
