"""What makes the values of a swim doubtful, or leaves part of its window unseen, in words.

In: a swim, its trace and how it was scored. Out: a flag for the lab, or a likely reason.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.constants import DARK_FRACTION
from ketaflow.assays.forced_swim.model import Swim
from ketaflow.assays.forced_swim.scoring import constants
from ketaflow.assays.forced_swim.scoring.model import SwimScore
from ketaflow.assays.forced_swim.scoring.valley import valley_level
from ketaflow.assays.forced_swim.settings import QuantifySettings, Rules, StateRules


def surface_flag_of(swim: Swim, settings: QuantifySettings) -> str:
    """Return why a swim filmed from the side may be no swim; empty if its water line is clear, or there is no film."""
    is_clear = swim.view is None or swim.view.surface_coherence >= settings.min_surface_coherence
    if is_clear or "height" not in swim.trace:
        return ""
    return (
        "no continuous water surface was found. If this is a film from above or of a cage, it is no swim; "
        "otherwise check the water line in the scene, and enter water_line_px"
    )


def level_flag_of(trace: pd.DataFrame, score: SwimScore, rules: Rules) -> str:
    """Return why the threshold may be wrong: it lies on one side of two levels of activity; empty if it does not.

    Parameters
    ----------
    trace : data frame
        The trace of the swim.
    score : SwimScore
        How it was scored.
    rules : StateRules, SamplingRule or PoseRule
        What decided; only the first is judged.

    Returns
    -------
    str
        The flag, in words.
    """
    start_s, stop_s = score.window_s
    seen_s, immobile_s = stop_s - start_s - score.unscored_s, score.immobility_by_threshold_s[1]
    least_s = constants.MIN_VALLEY_SHARE * seen_s
    if not isinstance(rules, StateRules) or least_s <= immobile_s <= seen_s - least_s:
        return ""
    activity = score.activity[trace["time_s"].between(start_s, stop_s).to_numpy()]
    valley = valley_level(activity, rules.threshold)
    if valley == rules.threshold:
        return ""
    return (
        f"nearly the whole window was scored as {'mobile' if immobile_s < least_s else 'immobile'}, but the activity "
        f"has two levels, divided at {valley:.2g}, and the threshold of {rules.threshold:.2g} divides neither. Check "
        "the film: if the animal floats at the lower level, calibrate the threshold, or set immobility_threshold"
    )


def unscored_reason(trace: pd.DataFrame, start_s: float, stop_s: float) -> str:
    """Name the likeliest reason why part of a window was not seen, and what to do.

    Parameters
    ----------
    trace : data frame
        The trace of a swim.
    start_s, stop_s : float
        The window (seconds of the video).

    Returns
    -------
    str
        A sentence for the reviewer, without a full stop.
    """
    times_s, seen = trace["time_s"].to_numpy(), trace["seen"].to_numpy(bool)
    if times_s[-1] < stop_s - 1:
        return (
            f"the video ends {stop_s - times_s[-1]:.0f} s before the window does. Copy it again if it was cut off, or "
            "set forced_swim.quantify.scoring_window_s"
        )
    inside = (times_s >= start_s) & (times_s <= stop_s)
    step_s = float(np.median(np.diff(times_s)))
    if "light" in trace:
        dark_s = step_s * np.count_nonzero(inside & (trace["light"].to_numpy() < DARK_FRACTION))
        if dark_s > constants.MIN_CAUSE_S:
            return f"the frames are dark for {dark_s:.0f} s. Check the lamp and the camera"
    if "frozen" in trace:
        frozen_s = step_s * np.count_nonzero(inside & trace["frozen"].to_numpy(bool))
        if frozen_s > constants.MIN_CAUSE_S:
            return (
                f"the frames do not change for {frozen_s:.0f} s, not even in their noise: the camera or the recorder "
                "stopped. Record again if you can"
            )
    last_s = times_s[seen].max(initial=-np.inf)
    if last_s < stop_s - constants.REMOVED_EARLY_S:
        return f"the animal is not seen after {last_s:.0f} s of the video; it was probably removed early"
    return "the animal was hidden or out of the frame. Check the filmstrip"
