"""Score one swim: its states, and every measure in the scoring window.

In: the trace of a swim and the settings. Out: a ``ScoredSwim`` with values, tables, and what checks and figures need.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.model import Swim
from ketaflow.assays.forced_swim.scoring import bouts, constants
from ketaflow.assays.forced_swim.scoring.flags import level_flag_of, surface_flag_of, unscored_reason
from ketaflow.assays.forced_swim.scoring.model import BehaviourSample, State, StateBout, SwimScore, TimeBin
from ketaflow.assays.forced_swim.scoring.rules import coded_states, compared_signal, immobility_s, own_rules
from ketaflow.assays.forced_swim.scoring.separability import climbing_note, without_climbing
from ketaflow.assays.forced_swim.settings import QuantifySettings, Rules, SamplingRule, StateRules

MEASURES = (
    "immobility_s", "immobility_pct", "swimming_s", "climbing_s", "diving_s", "unscored_s", "latency_to_immobility_s",
    "immobility_bout_count", "mean_immobility_bout_s", "longest_immobility_bout_s", "immobility_samples",
    "swimming_samples", "climbing_samples",
)  # fmt: skip
# Only of an export: what the other program counted itself.
OWN_IMMOBILITY = "ethovision_immobility_s"
SAMPLED_STATES: tuple[State, ...] = ("immobility", "swimming", "climbing")
NEVER_IMMOBILE = "the animal was never immobile for as long as a bout"
TOTALS_ONLY = "the export holds totals without samples"
# Why a value is undefined where it is.
UNDEFINED = {
    "latency_to_immobility_s": NEVER_IMMOBILE,
    "mean_immobility_bout_s": NEVER_IMMOBILE,
    "longest_immobility_bout_s": NEVER_IMMOBILE,
    "immobility_pct": "nothing was seen",
}


@dataclass(frozen=True)
class ScoredSwim:
    """What was computed for one swim.

    Attributes
    ----------
    values : dict of str to float
        By measure, in the units of ``measures.yaml``; NaN where undefined.
    notes : dict of str to str
        Why a value is undefined, by measure.
    flag : str
        What makes all values doubtful; empty if nothing does.
    reason : str
        Why there are no values; empty if there are.
    states, bins, samples : list
        Rows of the published tables.
    score : SwimScore or None
        For checks and figures; None if the release was not found.
    """

    values: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    flag: str = ""
    reason: str = ""
    states: list[StateBout] = field(default_factory=list)
    bins: list[TimeBin] = field(default_factory=list)
    samples: list[BehaviourSample] = field(default_factory=list)
    score: SwimScore | None = None


def score_swim(swim: Swim, settings: QuantifySettings, rules: Rules) -> ScoredSwim:
    """Compute states and values of one swim.

    Parameters
    ----------
    swim : Swim
        The swim.
    settings : QuantifySettings
        Window, bins and samples.
    rules : StateRules or SamplingRule
        What decides the state of a frame or interval.

    Returns
    -------
    ScoredSwim
        Without values if the swim cannot be scored, or too little of the window was seen.
    """
    if swim.reason:
        return ScoredSwim(reason=swim.reason)
    if swim.export is not None and swim.export.totals:
        return scored_totals(swim.export.totals)
    release_s = swim.release_s
    if release_s is None or not np.isfinite(release_s):
        return ScoredSwim(reason="the moment of release was not found. Enter it in the column release_s")
    window_s = (release_s + settings.scoring_window_s[0], release_s + settings.scoring_window_s[1])
    rules = own_rules(swim.trace, rules)
    inseparable = climbing_note(swim, settings, rules)
    if inseparable and isinstance(rules, StateRules):
        rules = replace(rules, climbing_height=np.inf)
    intervals = bouts.frame_intervals(swim.trace["time_s"].to_numpy(), swim.max_gap_s)
    coded = coded_states(swim.trace, intervals, rules, window_s[0])
    end_s = float(coded.stops[-1])
    found = bouts.clip_bouts(bouts.bouts_from_codes(*coded), release_s, end_s)
    window = bouts.clip_bouts(found, *window_s)
    labels = bouts.predominant_states(found, *window_s, settings.sample_s)
    values = measure_values(window, found, labels)
    thresholds = neighbouring_thresholds(rules)
    low_s, used_s, high_s = (
        immobility_s(swim.trace, intervals, window_s, replace(rules, threshold=threshold)) for threshold in thresholds
    )
    score = SwimScore(
        window_s=window_s,
        threshold=rules.threshold,
        activity=compared_signal(swim.trace, rules).astype("float32"),
        unscored_s=values["unscored_s"],
        immobility_by_threshold_s=(low_s, used_s, high_s),
        threshold_step=constants.LIMIT_STEP if isinstance(rules, SamplingRule) else constants.THRESHOLD_STEP,
    )
    tables = ScoredSwim(
        states=[StateBout(swim.recording, *row) for row in found.itertuples(index=False, name=None)],
        bins=[
            replace(one, climbing_s=np.nan) if inseparable else one
            for one in time_bins(swim.recording, found, release_s, settings.bin_s, end_s)
        ],
        samples=behaviour_samples(swim.recording, labels, settings.scoring_window_s[0], settings.sample_s),
        score=score,
    )
    values, notes = without_climbing(values, inseparable)
    own_s = own_immobility_s(swim.trace, intervals, window_s)
    values = values if own_s is None else {**values, OWN_IMMOBILITY: own_s}
    flag = surface_flag_of(swim, settings) or level_flag_of(swim.trace, score, rules)
    return with_values(replace(tables, notes=notes), values, swim.trace, settings, flag)


def scored_totals(totals: dict[str, float]) -> ScoredSwim:
    """Take over the totals of an export without samples; every other value is undefined."""
    values = {measure: totals.get(measure, np.nan) for measure in MEASURES}
    notes = {measure: TOTALS_ONLY for measure in MEASURES if measure not in totals}
    return ScoredSwim(values={**values, OWN_IMMOBILITY: totals["immobility_s"]}, notes=notes)


def neighbouring_thresholds(rules: Rules) -> tuple[float, float, float]:
    """Return thresholds somewhat lower, as it is, and somewhat higher, to see how much immobility depends on it."""
    if isinstance(rules, SamplingRule):
        step = constants.LIMIT_STEP_PCT / 100
        return max(rules.threshold - step, 0.0), rules.threshold, rules.threshold + step
    low, high = 1 - constants.THRESHOLD_STEP_FRACTION, 1 + constants.THRESHOLD_STEP_FRACTION
    return low * rules.threshold, rules.threshold, high * rules.threshold


def own_immobility_s(
    trace: pd.DataFrame, intervals: tuple[np.ndarray, np.ndarray], window_s: tuple[float, float]
) -> float | None:
    """Compute the seconds of the window in which EthoVision itself called the animal immobile; None if not exported.

    Parameters
    ----------
    trace : data frame
        The trace of an export.
    intervals : tuple of (n_samples,) float
        Start and stop of the interval each sample represents (seconds).
    window_s : tuple of float
        The window (seconds).

    Returns
    -------
    float or None
        Seconds; None where the export has no such column.
    """
    if "ethovision_immobile" not in trace:
        return None
    starts, stops = intervals
    inside_s = np.maximum(np.minimum(stops, window_s[1]) - np.maximum(starts, window_s[0]), 0)
    return float(inside_s[trace["ethovision_immobile"].to_numpy(float) == 1].sum())


def measure_values(window: pd.DataFrame, found: pd.DataFrame, labels: list[State]) -> dict[str, float]:
    """Compute the value of every measure.

    Parameters
    ----------
    window : data frame
        Bouts in the scoring window: ``state``, ``start_s``, ``stop_s``.
    found : data frame
        Bouts from release to the end of the recording.
    labels : list of str
        Predominant state of each interval of the window.

    Returns
    -------
    dict of str to float
        By measure, in the units of ``measures.yaml``; NaN where undefined.
    """
    total = bouts.state_totals_s(window)
    seen_s = sum(total.values()) - total["unscored"]
    immobile = window[window["state"] == "immobility"]
    lengths_s = (immobile["stop_s"] - immobile["start_s"]).to_numpy()
    return {
        "immobility_s": total["immobility"],
        "immobility_pct": 100 * total["immobility"] / seen_s if seen_s else np.nan,
        "swimming_s": total["swimming"],
        "climbing_s": total["climbing"],
        "diving_s": total["diving"],
        "unscored_s": total["unscored"],
        "latency_to_immobility_s": latency_s(found),
        "immobility_bout_count": float(len(lengths_s)),
        "mean_immobility_bout_s": float(lengths_s.mean()) if len(lengths_s) else np.nan,
        "longest_immobility_bout_s": float(lengths_s.max()) if len(lengths_s) else np.nan,
        **{f"{state}_samples": float(labels.count(state)) for state in SAMPLED_STATES},
    }


def latency_s(found: pd.DataFrame) -> float:
    """Compute the time from release to the first bout of immobility [1]_.

    Parameters
    ----------
    found : data frame
        Bouts from release on: ``state``, ``start_s``, ``stop_s``.

    Returns
    -------
    float
        Seconds; NaN if the animal is never immobile.

    References
    ----------
    .. [1] Castagne et al. (2011), Curr Protoc Neurosci 8.10A, doi:10.1002/0471142301.ns0810as55
    """
    first = found.loc[found["state"] == "immobility", "start_s"]
    return float(first.iloc[0] - found["start_s"].iloc[0]) if len(first) else np.nan


def with_values(
    scored: ScoredSwim,
    values: dict[str, float],
    trace: pd.DataFrame,
    settings: QuantifySettings,
    flag: str,
) -> ScoredSwim:
    """Add values to a scored swim, with notes where they are undefined.

    Parameters
    ----------
    scored : ScoredSwim
        With its tables and its score.
    values : dict of str to float
        By measure.
    trace : data frame
        The trace of the swim.
    settings : QuantifySettings
        How much of the window may be unseen.
    flag : str
        From ``surface_flag_of`` or ``level_flag_of``.

    Returns
    -------
    ScoredSwim
        With ``unscored_s`` alone, and a reason, if less than ``min_seen_pct`` of the window was seen.
    """
    if scored.score is None:
        return scored
    start_s, stop_s = scored.score.window_s
    unseen = values["unscored_s"] / (stop_s - start_s)
    if 100 * unseen > settings.flag_unscored_pct:
        flag = f"{unseen:.0%} of the scoring window was not seen: {unscored_reason(trace, start_s, stop_s)}"
    if 1 - unseen < settings.min_seen_pct / 100:
        return replace(scored, values={"unscored_s": values["unscored_s"]}, flag=flag, reason=flag)
    notes = {name: note for name, note in UNDEFINED.items() if not np.isfinite(values[name])}
    return replace(scored, values=values, notes={**scored.notes, **notes}, flag=flag)


def time_bins(recording: str, found: pd.DataFrame, release_s: float, bin_s: float, end_s: float) -> list[TimeBin]:
    """Add up every state in bins from release.

    Parameters
    ----------
    recording : str
        Name of the recording.
    found : data frame
        Bouts from release on: ``state``, ``start_s``, ``stop_s``.
    release_s : float
        Release of the animal (seconds of the video).
    bin_s : float
        Width of a bin (seconds).
    end_s : float
        End of the recording (seconds of the video).

    Returns
    -------
    list of TimeBin
        The last bin may be shorter.
    """
    length_s = end_s - release_s
    edges_s = np.append(np.arange(0, length_s - 1e-6, bin_s), length_s)
    totals = bouts.state_overlap_s(found, edges_s + release_s)
    return [TimeBin(recording, *row) for row in np.column_stack([edges_s[:-1], edges_s[1:], totals]).tolist()]


def behaviour_samples(recording: str, labels: list[State], start_s: float, sample_s: float) -> list[BehaviourSample]:
    """Make a row of each interval of the window with its predominant state.

    Parameters
    ----------
    recording : str
        Name of the recording.
    labels : list of str
        Predominant states.
    start_s : float
        Start of the window (seconds from release).
    sample_s : float
        Length of an interval (seconds).

    Returns
    -------
    list of BehaviourSample
    """
    starts = (start_s + sample_s * np.arange(len(labels))).tolist()
    return [
        BehaviourSample(recording, start, start + sample_s, label) for start, label in zip(starts, labels, strict=True)
    ]
