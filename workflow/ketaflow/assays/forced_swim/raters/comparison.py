"""Scorers side by side: their timelines and totals, and how well pairs of them agree.

In: ketaflow's windows and states, and what people scored. Out: a row of agreement for each pair of scorers, and the
totals behind it.
"""

from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.raters import agreement, constants

AUTOMATIC = "ketaflow"
BEHAVIOURS = ("immobility", "swimming", "climbing", "diving")
# A scorer and a recording.
Key = tuple[str, str]


@dataclass(frozen=True)
class ScorerComparison:
    """Immobility in the scoring window, by scorer and recording; ketaflow comes first.

    Attributes
    ----------
    step_s : float
        Length of a step of the timelines (seconds).
    timelines : dict of (scorer, recording) to (n_steps,) bool
        Whether the animal was immobile at each step of the window; missing for scorers who gave totals only.
    full_timelines : dict of (scorer, recording) to (n_steps,) bool
        The same over the whole recording.
    behaviour_codes : dict of (scorer, recording) to (n_steps,) int
        Which behaviour, as a place in ``BEHAVIOURS`` from 1 on, 0 where none was scored; only of those who scored more
        than immobility.
    totals_s : dict of (scorer, recording) to float
        Seconds of immobility in the window.
    samples_s : dict of (scorer, recording) to float
        Interval at which a scorer sampled (seconds); missing for continuous scoring.
    other_lengths_s : dict of (scorer, recording) to float
        Time covered by totals that were left out because it is not the length of the window (seconds).
    """

    step_s: float
    timelines: dict[Key, np.ndarray]
    full_timelines: dict[Key, np.ndarray]
    behaviour_codes: dict[Key, np.ndarray]
    totals_s: dict[Key, float]
    samples_s: dict[Key, float] = field(default_factory=dict)
    other_lengths_s: dict[Key, float] = field(default_factory=dict)

    @property
    def raters(self) -> list[str]:
        """All scorers, ketaflow first."""
        return list(dict.fromkeys(rater for rater, _ in self.totals_s))

    def shared(self, a: str, b: str) -> list[str]:
        """Return the recordings both scored."""
        return [name for rater, name in self.totals_s if rater == a and (b, name) in self.totals_s]

    def without(self, keys: set[Key]) -> "ScorerComparison":
        """Return a comparison without the scores of some scorers in some recordings."""
        return ScorerComparison(
            self.step_s,
            {key: line for key, line in self.timelines.items() if key not in keys},
            self.full_timelines,
            self.behaviour_codes,
            {key: total for key, total in self.totals_s.items() if key not in keys},
            self.samples_s,
            self.other_lengths_s,
        )


@dataclass(frozen=True)
class PairAgreement:
    """One row of ``agreement.csv``: how well two scorers agree over the recordings both scored.

    Attributes
    ----------
    n : int
        Number of recordings.
    icc, icc_low, icc_high : float
        ICC(2,1) with its 95 % interval.
    bias_s, loa_low_s, loa_high_s : float
        Bias and limits of agreement (seconds, first less second scorer); each with its 95 % interval.
    kappa, kappa_behaviours : float
        Cohen's kappa of immobility, and of all behaviours where both scored them.
    frame_agreement_pct : float
        Share of the steps at which both say the same of immobility (percent).
    """

    rater_a: str
    rater_b: str
    n: int
    icc: float
    icc_low: float
    icc_high: float
    bias_s: float
    bias_ci_low_s: float
    bias_ci_high_s: float
    loa_low_s: float
    loa_low_ci_low_s: float
    loa_low_ci_high_s: float
    loa_high_s: float
    loa_high_ci_low_s: float
    loa_high_ci_high_s: float
    kappa: float
    kappa_behaviours: float
    frame_agreement_pct: float


@dataclass(frozen=True)
class PairedTotal:
    """One row of ``agreement_recordings.csv``: immobility in one recording by two scorers (seconds)."""

    rater_a: str
    rater_b: str
    recording: str
    a_s: float
    b_s: float
    mean_s: float
    difference_s: float


class Source(NamedTuple):
    """Events of one scorer in one recording.

    Attributes
    ----------
    rater, recording : str
        Scorer and recording.
    start_s, stop_s : float
        Scoring window (seconds of the video).
    events : data frame
        ``behaviour``, ``start_s``, ``stop_s`` (seconds of the video); ``total_s`` where only totals were noted.
    """

    rater: str
    recording: str
    start_s: float
    stop_s: float
    events: pd.DataFrame


def compare_scorers(
    windows: pd.DataFrame, states: pd.DataFrame, human_scores: pd.DataFrame, step_s: float
) -> ScorerComparison:
    """Put ketaflow and people side by side in the recordings that have a scoring window.

    Parameters
    ----------
    windows : data frame
        ``recording``, ``start_s``, ``stop_s`` (seconds of the video).
    states : data frame
        Bouts that ketaflow scored: ``recording``, ``state``, ``start_s``, ``stop_s``.
    human_scores : data frame
        Rows of ``forced_swim_human_scores``.
    step_s : float
        Length of a step of the timelines (seconds).

    Returns
    -------
    ScorerComparison
        Totals (seconds) and timelines of every scorer in every recording.
    """
    ends_s = states.groupby("recording")["stop_s"].max() if len(states) else pd.Series(dtype=float)
    found = ScorerComparison(step_s, {}, {}, {}, {})
    for source in scored_recordings(windows, states, human_scores):
        events, start_s, stop_s = source.events, source.start_s, source.stop_s
        key = (source.rater, source.recording)
        immobile = events[events["behaviour"] == "immobility"]
        if "total_s" in immobile and immobile["total_s"].notna().any():
            covered_s = largest(immobile, "scored_s")
            if abs(covered_s - (stop_s - start_s)) > constants.WINDOW_TOLERANCE_S:
                found.other_lengths_s[key] = covered_s
            else:
                found.totals_s[key] = float(immobile["total_s"].sum())
            continue
        bouts = immobile[["start_s", "stop_s"]].to_numpy(float)
        found.timelines[key] = agreement.timeline(bouts, start_s, stop_s, step_s)
        if np.isfinite(sample_s := largest(immobile, "sample_s")):
            found.samples_s[key] = sample_s
        else:
            found.full_timelines[key] = agreement.timeline(bouts, 0, ends_s.get(source.recording, stop_s), step_s)
        found.totals_s[key] = overlap_s(bouts, start_s, stop_s)
        if events["behaviour"].isin(BEHAVIOURS[1:]).any():
            found.behaviour_codes[key] = behaviour_timeline(events, start_s, stop_s, step_s)
    return found


def largest(events: pd.DataFrame, column: str) -> float:
    """Largest value of an optional column.

    Parameters
    ----------
    events : data frame
        Rows of one recording and scorer.
    column : str
        Name of a column of numbers.

    Returns
    -------
    float
        In the unit of the column; NaN if it is missing or empty.
    """
    values = events[column].astype(float) if column in events else pd.Series(dtype=float)
    return float(values.max()) if values.notna().any() else np.nan


def scored_recordings(windows: pd.DataFrame, states: pd.DataFrame, human_scores: pd.DataFrame) -> list[Source]:
    """List the events of every scorer in every recording that has a scoring window.

    Parameters
    ----------
    windows, states, human_scores : data frame
        As in ``compare_scorers``.

    Returns
    -------
    list of Source
        Those of ketaflow first, then people by name; recordings in the order of the windows.
    """
    scorers = [(AUTOMATIC, states.rename(columns={"state": "behaviour"}))]
    scorers += [(str(rater), own) for rater, own in human_scores.groupby("rater", sort=True)]
    found = []
    for rater, own in scorers:
        by_recording = {str(name): events for name, events in own.groupby("recording", sort=False)}
        for name, start_s, stop_s in windows[["recording", "start_s", "stop_s"]].itertuples(index=False):
            if name in by_recording:
                found.append(Source(rater, name, float(start_s), float(stop_s), by_recording[name]))
    return found


def behaviour_timeline(events: pd.DataFrame, start_s: float, stop_s: float, step_s: float) -> np.ndarray:
    """Sample the behaviour at each step of a window.

    Parameters
    ----------
    events : data frame
        ``behaviour``, ``start_s``, ``stop_s`` (seconds of the video).
    start_s, stop_s, step_s : float
        The window and the length of a step (seconds).

    Returns
    -------
    (n_steps,) int
        Place in ``BEHAVIOURS`` from 1 on; 0 where none was scored.
    """
    codes = np.zeros(len(agreement.timeline(np.zeros((0, 2)), start_s, stop_s, step_s)), int)
    for code, behaviour in enumerate(BEHAVIOURS, start=1):
        bouts = events.loc[events["behaviour"] == behaviour, ["start_s", "stop_s"]].dropna().to_numpy(float)
        codes[agreement.timeline(bouts, start_s, stop_s, step_s)] = code
    return codes


def overlap_s(bouts: np.ndarray, start_s: float, stop_s: float) -> float:
    """Add up the parts of bouts inside a window.

    Parameters
    ----------
    bouts : (n, 2) float
        Start and stop of each bout (seconds of the video).
    start_s, stop_s : float
        The window (seconds of the video).

    Returns
    -------
    float
        Seconds.
    """
    return float(np.maximum(np.minimum(bouts[:, 1], stop_s) - np.maximum(bouts[:, 0], start_s), 0).sum())


def pair_agreement(a: str, b: str, scores: ScorerComparison) -> PairAgreement:
    """Compute the agreement of two scorers over the recordings both scored.

    Parameters
    ----------
    a, b : str
        The scorers.
    scores : ScorerComparison
        All scorers.

    Returns
    -------
    PairAgreement
    """
    both = scores.shared(a, b)
    totals_s = np.array([[scores.totals_s[a, name], scores.totals_s[b, name]] for name in both]).reshape(-1, 2)
    icc = agreement.icc_2_1(totals_s)
    limits = agreement.limits_of_agreement(totals_s[:, 0] - totals_s[:, 1])
    first, second = _joined(a, b, both, sampled_timelines(a, b, scores))
    states_a, states_b = _joined(a, b, both, scores.behaviour_codes)
    scored = (states_a > 0) & (states_b > 0)
    return PairAgreement(
        rater_a=a,
        rater_b=b,
        n=len(both),
        icc=icc.icc,
        icc_low=icc.low,
        icc_high=icc.high,
        bias_s=limits.bias,
        bias_ci_low_s=limits.bias_ci[0],
        bias_ci_high_s=limits.bias_ci[1],
        loa_low_s=limits.low,
        loa_low_ci_low_s=limits.low_ci[0],
        loa_low_ci_high_s=limits.low_ci[1],
        loa_high_s=limits.high,
        loa_high_ci_low_s=limits.high_ci[0],
        loa_high_ci_high_s=limits.high_ci[1],
        kappa=agreement.kappa(first, second),
        kappa_behaviours=agreement.kappa(states_a[scored], states_b[scored]),
        frame_agreement_pct=100 * float(np.mean(first == second)) if len(first) else np.nan,
    )


def sampled_timelines(a: str, b: str, scores: ScorerComparison) -> dict[Key, np.ndarray]:
    """Return the timelines of two scorers, both at the interval of the one who sampled, if one did.

    A person who notes the predominant behaviour of every 5 s cannot agree with continuous scores moment by moment.
    Where one sampled, an interval of the other is immobile if more than half of it is.

    Parameters
    ----------
    a, b : str
        The scorers.
    scores : ScorerComparison
        All scorers.

    Returns
    -------
    dict of (scorer, recording) to (n_steps,) or (n_intervals,) bool
        Immobile or not in each step or interval; recordings of other scorers are left as they are.
    """
    lines = dict(scores.timelines)
    for name in scores.shared(a, b):
        sample_s = max(scores.samples_s.get((a, name), 0.0), scores.samples_s.get((b, name), 0.0))
        steps = round(sample_s / scores.step_s)
        if steps < 1:
            continue
        for key in ((a, name), (b, name)):
            if key in lines:
                whole = lines[key][: len(lines[key]) // steps * steps].reshape(-1, steps)
                lines[key] = whole.mean(axis=1) > 0.5
    return lines


def _joined(a: str, b: str, both: list[str], lines: dict[Key, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Timelines of two scorers, one recording after the other, where both have one."""
    names = [name for name in both if (a, name) in lines and (b, name) in lines]
    if not names:
        return np.zeros(0), np.zeros(0)
    return np.concatenate([lines[a, name] for name in names]), np.concatenate([lines[b, name] for name in names])


def paired_totals(scores: ScorerComparison) -> list[PairedTotal]:
    """List the seconds of every pair of scorers in every recording both scored.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.

    Returns
    -------
    list of PairedTotal
    """
    rows = []
    for a, b in combinations(scores.raters, 2):
        for name in scores.shared(a, b):
            first, second = scores.totals_s[a, name], scores.totals_s[b, name]
            rows.append(PairedTotal(a, b, name, first, second, (first + second) / 2, first - second))
    return rows
