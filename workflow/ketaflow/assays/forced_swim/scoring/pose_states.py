"""The state of each frame of poses: immobile, swimming, or not seen.

In: the motion of a body's parts and the rule. Out: a code for each frame. Parts of the body do not separate climbing
from swimming here: both are coded as swimming.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.scoring import constants
from ketaflow.assays.forced_swim.scoring.bouts import IMMOBILE, SWIMMING, UNSCORED, runs
from ketaflow.assays.forced_swim.scoring.states import CodedFrames, gaps_bridged, short_bouts_removed
from ketaflow.assays.forced_swim.settings import PoseRule
from ketaflow.assays.forced_swim.time_series import moving_mean


def pose_activity(trace: pd.DataFrame, rule: PoseRule) -> np.ndarray:
    """Compute the signal that is compared with the threshold: the smoothed speed of the parts.

    The mean is geometric, as for videos, so that a bout ends where the speed changes.

    Parameters
    ----------
    trace : data frame
        ``time_s``, ``seen`` and ``motion`` (body lengths per second).
    rule : PoseRule
        Smoothing.

    Returns
    -------
    (n_frames,) float
        Body lengths per second; NaN where the animal was not seen for the length of the window.
    """
    motion = np.where(trace["seen"].to_numpy(bool), trace["motion"].to_numpy(float), np.nan)
    level = np.log(motion + constants.MIN_POSE_SPEED)
    return np.exp(moving_mean(trace["time_s"].to_numpy(), level, rule.smoothing_s)) - constants.MIN_POSE_SPEED


def classify_poses(trace: pd.DataFrame, starts: np.ndarray, stops: np.ndarray, rule: PoseRule) -> CodedFrames:
    """Decide the state of every frame.

    Parameters
    ----------
    trace : data frame
        As in ``pose_activity``.
    starts, stops : (n_frames,) float
        The interval each frame represents (seconds of the video).
    rule : PoseRule
        Threshold, shortest bout and shortest movement.

    Returns
    -------
    CodedFrames
        State of each frame: immobility, swimming, or unscored where poses are missing.
    """
    activity = pose_activity(trace, rule)
    codes = np.where(activity < rule.threshold, IMMOBILE, SWIMMING)
    codes[~trace["seen"].to_numpy(bool) | ~np.isfinite(activity)] = UNSCORED
    codes = gaps_bridged(codes, starts, stops)
    codes = twitches_filled(codes, starts, stops, rule.min_mobile_s)
    return CodedFrames(short_bouts_removed(codes, starts, stops, rule.min_bout_s), starts, stops)


def twitches_filled(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray, min_mobile_s: float) -> np.ndarray:
    """Count short movement between two bouts of immobility as immobility: it keeps the balance.

    Parameters
    ----------
    codes : (n,) int
        State of each frame.
    starts, stops : (n,) float
        The interval each frame represents (seconds of the video).
    min_mobile_s : float
        Shorter movement is filled (seconds).

    Returns
    -------
    (n,) int
        State of each frame after filling.
    """
    codes = codes.copy()
    moving_or_still = np.where(codes == UNSCORED, UNSCORED, np.minimum(codes, SWIMMING))
    found = runs(moving_or_still)
    for before, here, behind in zip(found, found[1:], found[2:], strict=False):
        brief = stops[here.after - 1] - starts[here.first] < min_mobile_s - constants.SAME_TIME_S
        if here.code == SWIMMING and before.code == behind.code == IMMOBILE and brief:
            codes[here.first : here.after] = IMMOBILE
    return codes
