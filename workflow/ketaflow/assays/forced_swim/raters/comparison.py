"""Scorers side by side: their timelines and totals, and how well pairs agree.

In: the tables of quantify (``windows``, ``states``, ``human_scores``). Out: a row of agreement for each pair of
scorers, and the totals behind it.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.raters import agreement

AUTOMATIC = "ketaflow"
BEHAVIOURS = ("immobility", "swimming", "climbing", "diving")


@dataclass
class ScorerComparison:
    """Immobility in the scoring window by (rater, recording); the machine's first.

    ``lines`` tell for each step whether the animal was immobile; only who scored bouts has one. ``wide`` are the same
    over the whole recording. ``codes`` tell which behaviour, 0 where none was scored, only of who scored more than
    immobility. ``totals_s`` are the seconds in the window.
    """

    step_s: float
    timelines: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    full_timelines: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    behaviour_codes: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    totals_s: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def raters(self) -> list[str]:
        """Who scored, the machine first."""
        return list(dict.fromkeys(rater for rater, _ in self.totals_s))

    def shared(self, a: str, b: str) -> list[str]:
        """Recordings both scored."""
        return [name for rater, name in self.totals_s if rater == a and (b, name) in self.totals_s]


def compare_scorers(tables: dict[str, pd.DataFrame], step_s: float) -> ScorerComparison:
    """What the machine and every person scored in the recordings that have a scoring window."""
    windows = tables["windows"].set_index("recording")
    ends_s = tables["states"].groupby("recording")["stop_s"].max() if len(tables["states"]) else {}
    found = ScorerComparison(step_s)
    people = tables["human_scores"]
    sources = [(AUTOMATIC, tables["states"].rename(columns={"state": "behaviour"}))]
    sources += [(str(rater), own) for rater, own in people.groupby("rater", sort=True)]
    for rater, own in sources:
        for recording, events in own.groupby("recording", sort=False):
            if recording not in windows.index:
                continue
            window = windows.loc[recording, ["start_s", "stop_s"]].to_numpy(float)
            still = events[events["behaviour"] == "immobility"]
            if "total_s" in still and still["total_s"].notna().any():
                found.totals_s[rater, recording] = float(still["total_s"].sum())
                continue
            bouts = still[["start_s", "stop_s"]].to_numpy(float)
            found.timelines[rater, recording] = agreement.timeline(bouts, *window, step_s)
            found.full_timelines[rater, recording] = agreement.timeline(
                bouts, 0, ends_s.get(recording, window[1]), step_s
            )
            found.totals_s[rater, recording] = overlap_s(bouts, *window)
            if events["behaviour"].isin(BEHAVIOURS[1:]).any():
                found.behaviour_codes[rater, recording] = behaviour_timeline(events, window, step_s)
    return found


def behaviour_timeline(events: pd.DataFrame, window: np.ndarray, step_s: float) -> np.ndarray:
    """The behaviour of each step of a window: 1 for immobility and so on, 0 where none was scored."""
    codes = np.zeros(len(agreement.timeline(np.zeros((0, 2)), *window, step_s)), int)
    for code, behaviour in enumerate(BEHAVIOURS, start=1):
        bouts = events.loc[events["behaviour"] == behaviour, ["start_s", "stop_s"]].dropna().to_numpy(float)
        codes[agreement.timeline(bouts, *window, step_s)] = code
    return codes


def overlap_s(bouts: np.ndarray, start_s: float, stop_s: float) -> float:
    """Seconds of bouts (n, 2) inside a window."""
    return float(np.maximum(np.minimum(bouts[:, 1], stop_s) - np.maximum(bouts[:, 0], start_s), 0).sum())


def pair_agreement(a: str, b: str, scores: ScorerComparison) -> dict:
    """Agreement of two scorers over the recordings both scored."""
    both = scores.shared(a, b)
    totals_s = np.array([[scores.totals_s[a, name], scores.totals_s[b, name]] for name in both]).reshape(-1, 2)
    icc, icc_low, icc_high = agreement.icc_2_1(totals_s)
    limits = agreement.limits_of_agreement(totals_s[:, 0] - totals_s[:, 1])
    lines = [name for name in both if (a, name) in scores.timelines and (b, name) in scores.timelines]
    first, second = (
        np.concatenate([scores.timelines[who, name] for name in lines]) if lines else np.zeros(0) for who in (a, b)
    )
    codes = [(scores.behaviour_codes[a, name], scores.behaviour_codes[b, name]) for name in both
             if (a, name) in scores.behaviour_codes and (b, name) in scores.behaviour_codes]  # fmt: skip
    states_a, states_b = (np.concatenate([one[side] for one in codes]) if codes else np.zeros(0) for side in (0, 1))
    told = (states_a > 0) & (states_b > 0)
    return {
        "rater_a": a, "rater_b": b, "n": len(both), "icc": icc, "icc_low": icc_low, "icc_high": icc_high,
        "bias_s": limits.bias, "bias_ci_low_s": limits.bias_ci[0], "bias_ci_high_s": limits.bias_ci[1],
        "loa_low_s": limits.low, "loa_low_ci_low_s": limits.low_ci[0], "loa_low_ci_high_s": limits.low_ci[1],
        "loa_high_s": limits.high, "loa_high_ci_low_s": limits.high_ci[0], "loa_high_ci_high_s": limits.high_ci[1],
        "kappa": agreement.kappa(first, second),
        "kappa_behaviours": agreement.kappa(states_a[told], states_b[told]),
        "frame_agreement_pct": 100 * float(np.mean(first == second)) if len(first) else np.nan,
    }  # fmt: skip


def paired_totals(scores: ScorerComparison) -> pd.DataFrame:
    """Seconds of every pair of scorers at every recording both scored: mean and difference."""
    rows = []
    for a, b in combinations(scores.raters, 2):
        for name in scores.shared(a, b):
            first, second = scores.totals_s[a, name], scores.totals_s[b, name]
            row = {"rater_a": a, "rater_b": b, "recording": name, "a_s": first, "b_s": second}
            rows.append({**row, "mean_s": (first + second) / 2, "difference_s": first - second})
    return pd.DataFrame(rows, columns=["rater_a", "rater_b", "recording", "a_s", "b_s", "mean_s", "difference_s"])
