"""Score one swim: its states, and the values of every measure in the scoring window."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.scoring import bouts, states

# Less of the window seen than this is no measurement (share).
LEAST_SEEN = 0.5
# Light below this share of the usual is darkness.
DARK = 0.4


@dataclass
class ScoredSwim:
    """What one swim came to.

    ``notes`` tell why a value is undefined, ``reason`` why all are, ``flag`` what makes them doubtful. ``activity`` is
    what was compared with the threshold, one value for each row of the trace.
    """

    values: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    activity: np.ndarray | None = None
    flag: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ScoringRules:
    """How swims are scored: the settings of quantify, described in settings.schema.yaml."""

    scoring_window_s: list[float]
    immobility_threshold: float
    hysteresis: float
    min_bout_s: float
    min_mobile_s: float
    smoothing_s: float
    drift_allowance_per_s: float
    climbing_height: float
    min_climbing_s: float
    diving_depth: float
    bin_s: float
    sample_s: float
    ethovision_threshold_pct: float
    ethovision_hysteresis: float
    ethovision_smoothing_s: float
    flag_unscored_pct: float

    def state_rules(self, codec: str) -> dict[str, float]:
        """What decides the state of a picture; EthoVision's mobility has a threshold of its own."""
        own = codec == "ethovision"
        return {
            "threshold": self.ethovision_threshold_pct / 100 if own else self.immobility_threshold,
            "hysteresis": self.ethovision_hysteresis if own else self.hysteresis,
            "smoothing_s": self.ethovision_smoothing_s if own else self.smoothing_s,
            "drift_allowance_per_s": self.drift_allowance_per_s,
            "min_bout_s": self.min_bout_s,
            "min_mobile_s": self.min_mobile_s,
            "climbing_height": self.climbing_height,
            "min_climbing_s": self.min_climbing_s,
            "diving_depth": self.diving_depth,
        }


def score_swim(trace: pd.DataFrame, facts: dict, codec: str, rules: ScoringRules) -> ScoredSwim:
    """States and values of one swim."""
    deciding = rules.state_rules(codec)
    edges = bouts.frame_intervals(trace["time_s"].to_numpy(), facts["gap_s"])
    codes, starts, stops = states.classify(trace, *edges, **deciding)
    release_s = facts["release_s"]
    spans = bouts.bouts_from_codes(codes, starts, stops)
    if release_s is None or not np.isfinite(release_s):
        empty = {name: pd.DataFrame() for name in ("states", "bins", "samples")}
        return ScoredSwim(tables=empty, reason="the moment of release was not found. Fill in the column release_s")
    spans = bouts.clip_bouts(spans, release_s, float(stops[-1]))
    start_s, stop_s = release_s + rules.scoring_window_s[0], release_s + rules.scoring_window_s[1]
    window = bouts.clip_bouts(spans, start_s, stop_s)
    labels = bouts.predominant_states(spans, start_s, stop_s, rules.sample_s)
    scored = ScoredSwim(
        values=measure_values(window, spans, labels),
        tables={
            "states": spans,
            "bins": time_bins(spans, release_s, rules.bin_s, float(stops[-1])),
            "samples": behaviour_samples(labels, rules.scoring_window_s[0], rules.sample_s),
        },
        facts={"window_s": [start_s, stop_s], "threshold": deciding["threshold"], "release_s": release_s},
    )
    scored.activity = states.activity(
        trace, smoothing_s=deciding["smoothing_s"], drift_allowance_per_s=deciding["drift_allowance_per_s"]
    )
    moved = [{**deciding, "threshold": factor * deciding["threshold"]} for factor in (0.8, 1, 1.2)]
    by_threshold = [immobility_s(trace, *edges, start_s, stop_s, own) for own in moved]
    scored.facts["immobility_by_threshold_s"] = by_threshold
    scored.facts["threshold_change_s"] = max(abs(seconds - by_threshold[1]) for seconds in by_threshold)
    flag_unscored(scored, trace, rules.flag_unscored_pct)
    return scored


def immobility_s(
    trace: pd.DataFrame, starts: np.ndarray, stops: np.ndarray, start_s: float, stop_s: float, rules: dict
) -> float:
    """Immobility in a window (seconds) under given rules."""
    codes, starts, stops = states.classify(trace, starts, stops, **rules)
    overlap = np.minimum(stops, stop_s) - np.maximum(starts, start_s)
    return float(np.maximum(overlap, 0)[codes == bouts.IMMOBILE].sum())


def measure_values(window: pd.DataFrame, spans: pd.DataFrame, labels: list[str]) -> dict[str, float]:
    """Values of all measures; NaN where undefined."""
    total = bouts.state_totals_s(window)
    seen_s = sum(total.values()) - total["unscored"]
    floats = window[window["state"] == "immobility"]
    lengths_s = (floats["stop_s"] - floats["start_s"]).to_numpy()
    return {
        "immobility_s": total["immobility"],
        "immobility_pct": 100 * total["immobility"] / seen_s if seen_s else np.nan,
        "swimming_s": total["swimming"],
        "climbing_s": total["climbing"],
        "diving_s": total["diving"],
        "unscored_s": total["unscored"],
        "latency_to_immobility_s": latency_s(spans),
        "immobility_bout_count": float(len(lengths_s)),
        "mean_immobility_bout_s": float(lengths_s.mean()) if len(lengths_s) else np.nan,
        "longest_immobility_bout_s": float(lengths_s.max()) if len(lengths_s) else np.nan,
        **{f"{state}_samples": float(labels.count(state)) for state in ("immobility", "swimming", "climbing")},
    }


def latency_s(spans: pd.DataFrame) -> float:
    """Time from release to the first bout of immobility (seconds); NaN if there is none."""
    first = spans.loc[spans["state"] == "immobility", "start_s"]
    return float(first.iloc[0] - spans["start_s"].iloc[0]) if len(first) else np.nan


def flag_unscored(scored: ScoredSwim, trace: pd.DataFrame, flag_unscored_pct: float) -> None:
    """Tell why values are undefined; flag a swim that was not seen throughout, refuse one hardly seen."""
    start_s, stop_s = scored.facts["window_s"]
    unseen = scored.values["unscored_s"] / (stop_s - start_s)
    if 100 * unseen > flag_unscored_pct:
        scored.flag = f"{unseen:.0%} of the scoring window was not seen: {unscored_reason(trace, start_s, stop_s)}"
    if 1 - unseen < LEAST_SEEN:
        scored.reason = scored.flag
        scored.values = {"unscored_s": scored.values["unscored_s"]}
        return
    never = "the animal was never immobile for as long as a bout"
    notes = {
        "latency_to_immobility_s": never,
        "mean_immobility_bout_s": never,
        "longest_immobility_bout_s": never,
        "immobility_pct": "nothing was seen",
    }
    scored.notes = {name: note for name, note in notes.items() if not np.isfinite(scored.values[name])}


def unscored_reason(trace: pd.DataFrame, start_s: float, stop_s: float) -> str:
    """The likeliest reason why part of a window was not seen, and what to do."""
    times_s, seen = trace["time_s"].to_numpy(), trace["seen"].to_numpy(bool)
    if times_s[-1] < stop_s - 1:
        return (
            f"the video ends {stop_s - times_s[-1]:.0f} s before the window does. Copy it again if it was cut off, or "
            "set forced_swim.quantify.scoring_window_s"
        )
    inside = (times_s >= start_s) & (times_s <= stop_s)
    step_s = float(np.median(np.diff(times_s)))
    dark_s = step_s * np.count_nonzero(inside & (trace["light"].to_numpy() < DARK)) if "light" in trace else 0.0
    if dark_s > 1:
        return f"the picture is dark for {dark_s:.0f} s. Check the lamp and the camera"
    frozen_s = step_s * np.count_nonzero(inside & trace["frozen"].to_numpy(bool)) if "frozen" in trace else 0.0
    if frozen_s > 1:
        return f"the picture stands still for {frozen_s:.0f} s, even its noise: the camera hung. Film again"
    last_s = times_s[seen].max(initial=-np.inf)
    if last_s < stop_s - 2:
        return f"the animal is not seen after {last_s:.0f} s of the video; it seems to have been taken out early"
    return "the animal was hidden or out of the picture. Look at the filmstrip"


def time_bins(spans: pd.DataFrame, release_s: float, bin_s: float, end_s: float) -> pd.DataFrame:
    """Seconds of every state in bins from release; the last bin may be shorter."""
    length_s = end_s - release_s
    edges_s = np.append(np.arange(0, length_s - 1e-6, bin_s), length_s)
    totals = bouts.state_overlap_s(spans, edges_s + release_s)
    named = {f"{state}_s": totals[:, index] for index, state in enumerate(bouts.STATES)}
    return pd.DataFrame({"bin_start_s": edges_s[:-1], "bin_stop_s": edges_s[1:], **named})


def behaviour_samples(labels: list[str], start_s: float, sample_s: float) -> pd.DataFrame:
    """Predominant state of every interval of the window (seconds from release)."""
    starts = start_s + sample_s * np.arange(len(labels))
    return pd.DataFrame({"sample_start_s": starts, "sample_stop_s": starts + sample_s, "state": labels})
