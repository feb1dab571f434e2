"""From the motion trace to what the animal did: immobility, swimming, climbing, diving, or not seen.

In: a trace (time, motion, posture). Out: stretches of one state each, without holes, in seconds of the video. Pure
functions: a changed threshold needs nothing but the trace.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.scoring.bouts import CLIMBING, DIVING, IMMOBILE, SWIMMING, UNSCORED, runs
from ketaflow.assays.forced_swim.tracking.time_series import moving_mean

# Travel of one body length per second beyond drifting counts as this share of the body moving.
TRAVEL_WEIGHT_S = 0.05
# Added before the logarithm: motion this small cannot be told from none.
LEAST_MOTION = 0.003
# An end of immobility is looked for this long before and after the threshold is crossed, by the level of motion within
# EDGE_S on both sides (s).
EARLIER_S, LATER_S, EDGE_S = 0.6, 0.3, 1.0
# Pictures are compared with those before and after (motion.py): a stroke shows this much too early and too long (s).
SHOWS_EARLY_S = 0.09
# Motion between the threshold and that times the hysteresis belongs to a rest that comes within RUN_OUT_S (for about as
# long the body spins on and the waves die away), or that ended just before: the first stroke is sharp (s).
RUN_OUT_S, SHARP_S = 1.0, 0.3
# Posture is averaged over this time (s).
POSTURE_S = 0.8


def short_bouts_removed(
    codes: np.ndarray, starts: np.ndarray, stops: np.ndarray, code: int, least_s: float
) -> np.ndarray:
    """Stretches of ``code`` shorter than ``least_s`` become swimming."""
    codes = codes.copy()
    for state, first, after in runs(codes):
        if state == code and stops[after - 1] - starts[first] < least_s - 1e-9:
            codes[first:after] = SWIMMING
    return codes


def activity(trace: pd.DataFrame, *, smoothing_s: float, drift_allowance_per_s: float) -> np.ndarray:
    """The signal that is compared with the threshold, (n,): smoothed motion, and travel faster than drifting.

    The mean is geometric: a bout ends where motion changes, not where the larger of two motions begins to show.
    EthoVision's mobility knows no travel and is averaged plainly, over longer stretches.
    """
    times_s, seen = trace["time_s"].to_numpy(), trace["seen"].to_numpy(bool)
    motion = np.where(seen, trace["motion"].to_numpy(float), np.nan)
    if "speed" not in trace:
        return moving_mean(times_s, motion, smoothing_s)
    travel = np.nan_to_num(trace["speed"].to_numpy(float) - drift_allowance_per_s)
    together = motion + TRAVEL_WEIGHT_S * np.maximum(travel, 0)
    return np.exp(moving_mean(times_s, np.log(together + LEAST_MOTION), smoothing_s)) - LEAST_MOTION


def classify(
    trace: pd.DataFrame,
    starts: np.ndarray,
    stops: np.ndarray,
    *,
    threshold: float,
    hysteresis: float,
    smoothing_s: float,
    drift_allowance_per_s: float,
    min_bout_s: float,
    min_mobile_s: float,
    climbing_height: float,
    min_climbing_s: float,
    diving_depth: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """State code of every picture of a trace, and from when to when it holds."""
    times_s, seen = trace["time_s"].to_numpy(), trace["seen"].to_numpy(bool)
    motion = activity(trace, smoothing_s=smoothing_s, drift_allowance_per_s=drift_allowance_per_s)
    codes = np.where(hysteresis_mask(motion < threshold, motion < hysteresis * threshold, times_s), IMMOBILE, SWIMMING)
    if "height" in trace:
        height = moving_mean(times_s, np.where(seen, trace["height"].to_numpy(), np.nan), POSTURE_S)
        codes[(codes == SWIMMING) & (height > climbing_height)] = CLIMBING
        deep = moving_mean(times_s, np.where(seen, trace["depth"].to_numpy(), np.nan), POSTURE_S / 2) > diving_depth
        codes[(codes != IMMOBILE) & deep] = DIVING
    if "speed" in trace:
        codes = transitions_refined(
            codes, np.log(np.nan_to_num(trace["motion"].to_numpy(float)) + LEAST_MOTION), times_s
        )
    codes[~seen | ~np.isfinite(motion)] = UNSCORED
    codes = gaps_bridged(codes, starts, stops)
    if "speed" in trace:
        starts, stops = immobility_widened(codes, starts, stops, SHOWS_EARLY_S)
    codes = twitches_filled(codes, starts, stops, min_mobile_s)
    codes = short_bouts_removed(codes, starts, stops, CLIMBING, min_climbing_s)
    return short_bouts_removed(codes, starts, stops, IMMOBILE, min_bout_s), starts, stops


def hysteresis_mask(certain: np.ndarray, possible: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """What is possible (n,) and certain itself, shortly before or just after, in the same stretch.

    Hysteresis, as in the Schmitt trigger: motion about as large as the threshold neither begins nor ends a bout, so a
    slightly different threshold finds nearly the same bouts; but weak swimming beside a float is no float.
    """
    last_s = np.maximum.accumulate(np.where(certain, times_s, -np.inf))
    next_s = np.minimum.accumulate(np.where(certain, times_s, np.inf)[::-1])[::-1]
    near = (next_s - times_s <= RUN_OUT_S) | (times_s - last_s <= SHARP_S)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], possible, [0]])))
    found = np.zeros(len(certain), bool)
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        found[first:after] = near[first:after] & certain[first:after].any()
    return found


def transitions_refined(codes: np.ndarray, level: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Codes with the ends of immobility moved to where ``level`` (n,) steps most clearly from one height to another.

    The threshold tells that an animal came to rest; when it did is told by the step itself, which no threshold moves.
    """
    found, still = codes.copy(), codes == IMMOBILE
    total = np.concatenate([[0.0], np.cumsum(level)])
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(still)) + 1, [len(codes)]])
    for before, here, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        reach = np.searchsorted(times_s, times_s[here] + np.array([-EDGE_S, -EARLIER_S, LATER_S, EDGE_S]))
        first, last = max(before, reach[0]), min(after, reach[3])
        cuts = np.arange(max(first + 2, reach[1]), min(last - 2, reach[2]) + 1)
        if len(cuts):
            fall = (total[cuts] - total[first]) / (cuts - first) - (total[last] - total[cuts]) / (last - cuts)
            fall = fall if still[here] else -fall
            cut = int(cuts[np.argmax(fall * np.abs(fall) * (cuts - first) * (last - cuts))])
            found[min(cut, here) : max(cut, here)] = codes[here] if cut < here else codes[here - 1]
    return found


def immobility_widened(
    codes: np.ndarray, starts: np.ndarray, stops: np.ndarray, by_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Times (start, stop) with every stretch of immobility longer at both ends, where movement touches it."""
    starts, stops = starts.copy(), stops.copy()
    touching = np.abs(starts[1:] - stops[:-1]) < 1e-9
    still, known = codes == IMMOBILE, codes != UNSCORED
    both = touching & known[1:] & known[:-1]
    shift = np.where(both & still[:-1] & ~still[1:], by_s, 0.0) - np.where(both & ~still[:-1] & still[1:], by_s, 0.0)
    stops[:-1] += shift
    starts[1:] += shift
    return starts, stops


def twitches_filled(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray, least_s: float) -> np.ndarray:
    """Movement shorter than ``least_s`` between two stretches of immobility keeps the balance: it is immobility."""
    codes = codes.copy()
    still = np.where(codes == UNSCORED, UNSCORED, np.minimum(codes, SWIMMING))
    spans = runs(still)
    for (before, _, _), (state, first, after), (behind, _, _) in zip(spans, spans[1:], spans[2:], strict=False):
        brief = stops[after - 1] - starts[first] < least_s - 1e-9
        if state == SWIMMING and before == behind == IMMOBILE and brief:
            codes[first:after] = IMMOBILE
    return codes


def gaps_bridged(codes: np.ndarray, starts: np.ndarray, stops: np.ndarray, most_s: float = 0.25) -> np.ndarray:
    """A picture or two in which the animal was missed take the state before them."""
    codes = codes.copy()
    for state, first, after in runs(codes):
        if state == UNSCORED and first and after < len(codes) and stops[after - 1] - starts[first] <= most_s:
            codes[first:after] = codes[first - 1]
    return codes
