"""Scorers side by side: their timelines and totals, how well pairs agree, and who or what looks swapped.

In: the tables of quantify (``windows``, ``states``, ``human_scores``). Out: a row of agreement for each pair of
scorers, the totals behind it, and findings: scorers or recordings that do not go with the rest.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim import agreement

MACHINE = "ketaflow"
BEHAVIOURS = ("immobility", "swimming", "climbing", "diving")
# A rater whose seconds go with nobody's although the others agree among themselves (correlations).
ODD_R, AGREEING_R, FEWEST = 0.3, 0.6, 4
# A recording's scores fit another recording this much better than their own (kappa).
SWAPPED_GAIN, SWAPPED_KAPPA = 0.3, 0.4
# Times are tried this far off (s); a shift counts from SHIFTED_S on, if it raises kappa by SHIFTED_GAIN to more than
# SHIFTED_KAPPA: among so many shifts chance finds one that fits a little.
MOST_SHIFT_S, SHIFTED_S, SHIFTED_GAIN, SHIFTED_KAPPA = 60.0, 2.0, 0.15, 0.4


@dataclass
class Scores:
    """Immobility in the scoring window by (rater, recording); the machine's first.

    ``lines`` tell for each step whether the animal was immobile; only who scored bouts has one. ``wide`` are the same
    over the whole recording. ``codes`` tell which behaviour, 0 where none was scored, only of who scored more than
    immobility. ``totals_s`` are the seconds in the window.
    """

    step_s: float
    lines: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    wide: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    codes: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    totals_s: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def raters(self) -> list[str]:
        """Who scored, the machine first."""
        return list(dict.fromkeys(rater for rater, _ in self.totals_s))

    def shared(self, a: str, b: str) -> list[str]:
        """Recordings both scored."""
        return [name for rater, name in self.totals_s if rater == a and (b, name) in self.totals_s]


@dataclass(frozen=True)
class Finding:
    """Something that does not fit: about a rater, or about what one rater scored in one recording."""

    check: str
    rater: str
    recording: str
    value: float
    unit: str
    low: float | None
    high: float | None
    message: str
    doubtful: bool = True


def scored(tables: dict[str, pd.DataFrame], step_s: float) -> Scores:
    """What the machine and every person scored in the recordings that have a scoring window."""
    windows = tables["windows"].set_index("recording")
    ends_s = tables["states"].groupby("recording")["stop_s"].max() if len(tables["states"]) else {}
    found = Scores(step_s)
    people = tables["human_scores"]
    sources = [(MACHINE, tables["states"].rename(columns={"state": "behaviour"}))]
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
            found.lines[rater, recording] = agreement.painted(bouts, *window, step_s)
            found.wide[rater, recording] = agreement.painted(bouts, 0, ends_s.get(recording, window[1]), step_s)
            found.totals_s[rater, recording] = overlap_s(bouts, *window)
            if events["behaviour"].isin(BEHAVIOURS[1:]).any():
                found.codes[rater, recording] = coded(events, window, step_s)
    return found


def coded(events: pd.DataFrame, window: np.ndarray, step_s: float) -> np.ndarray:
    """The behaviour of each step of a window: 1 for immobility and so on, 0 where none was scored."""
    codes = np.zeros(len(agreement.painted(np.zeros((0, 2)), *window, step_s)), int)
    for code, behaviour in enumerate(BEHAVIOURS, start=1):
        bouts = events.loc[events["behaviour"] == behaviour, ["start_s", "stop_s"]].dropna().to_numpy(float)
        codes[agreement.painted(bouts, *window, step_s)] = code
    return codes


def overlap_s(bouts: np.ndarray, start_s: float, stop_s: float) -> float:
    """Seconds of bouts (n, 2) inside a window."""
    return float(np.maximum(np.minimum(bouts[:, 1], stop_s) - np.maximum(bouts[:, 0], start_s), 0).sum())


def pair(a: str, b: str, scores: Scores) -> dict:
    """Agreement of two scorers over the recordings both scored."""
    both = scores.shared(a, b)
    totals_s = np.array([[scores.totals_s[a, name], scores.totals_s[b, name]] for name in both]).reshape(-1, 2)
    icc, icc_low, icc_high = agreement.icc_2_1(totals_s)
    limits = agreement.limits_of_agreement(totals_s[:, 0] - totals_s[:, 1])
    lines = [name for name in both if (a, name) in scores.lines and (b, name) in scores.lines]
    first, second = (
        np.concatenate([scores.lines[who, name] for name in lines]) if lines else np.zeros(0) for who in (a, b)
    )
    codes = [(scores.codes[a, name], scores.codes[b, name]) for name in both
             if (a, name) in scores.codes and (b, name) in scores.codes]  # fmt: skip
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


def recordings(scores: Scores) -> pd.DataFrame:
    """Seconds of every pair of scorers at every recording both scored: mean and difference."""
    rows = []
    for a, b in combinations(scores.raters, 2):
        for name in scores.shared(a, b):
            first, second = scores.totals_s[a, name], scores.totals_s[b, name]
            row = {"rater_a": a, "rater_b": b, "recording": name, "a_s": first, "b_s": second}
            rows.append({**row, "mean_s": (first + second) / 2, "difference_s": first - second})
    return pd.DataFrame(rows, columns=["rater_a", "rater_b", "recording", "a_s", "b_s", "mean_s", "difference_s"])


def odd_raters(scores: Scores) -> list[Finding]:
    """Whether each rater's seconds go with the others'; doubtful where they do not although the others agree."""
    r = {}
    for a, b in combinations(scores.raters, 2):
        both = scores.shared(a, b)
        first, second = [scores.totals_s[a, name] for name in both], [scores.totals_s[b, name] for name in both]
        if len(both) >= FEWEST and np.ptp(first) > 0 and np.ptp(second) > 0:
            r[a, b] = r[b, a] = float(np.corrcoef(first, second)[0, 1])
    found = []
    for name in scores.raters:
        own = [value for (a, _), value in r.items() if a == name]
        rest = [value for (a, b), value in r.items() if name not in (a, b)]
        if not own or not rest:
            continue
        mine, theirs = float(np.median(own)), float(np.median(rest))
        odd = mine < ODD_R and theirs > AGREEING_R
        message = f"the seconds of {name} go with the others' (median correlation {mine:.2f})"
        if odd:
            message = (
                f"the seconds of {name} go with nobody's (median correlation {mine:.2f}) although the others agree "
                f"({theirs:.2f}): recordings may be swapped. Farthest apart: {farthest(name, scores)}"
            )
        found.append(Finding("rater agrees with others", name, "", mine, "", ODD_R, None, message, odd))
    return found


def farthest(name: str, scores: Scores, count: int = 2) -> str:
    """The recordings in which a rater's seconds are farthest from the middle of the others', in words."""
    apart = {}
    for recording in [other for rater, other in scores.totals_s if rater == name]:
        rest = [seconds for (rater, other), seconds in scores.totals_s.items() if other == recording and rater != name]
        if rest:
            own = scores.totals_s[name, recording]
            told = f"{recording} ({own:.0f} s, others {min(rest):.0f} to {max(rest):.0f} s)"
            apart[told] = abs(own - float(np.median(rest)))
    return ", ".join(sorted(apart, key=apart.get, reverse=True)[:count])


def shifted(scores: Scores) -> list[Finding]:
    """Whether each person's bouts lie where the machine's do; doubtful where they fit better at other times."""
    found = []
    for name in scores.raters:
        lines = [
            (line, scores.wide[MACHINE, other])
            for (rater, other), line in scores.wide.items()
            if rater == name != MACHINE and (MACHINE, other) in scores.wide
        ]
        if not lines or not any(a.any() and b.any() for a, b in lines):
            continue
        by_steps = {steps: kappa_shifted(lines, steps) for steps in shifts(scores.step_s)}
        best = max(by_steps, key=by_steps.get)
        off_s, gain = best * scores.step_s, by_steps[best] - by_steps[0]
        doubtful = abs(off_s) >= SHIFTED_S and gain > SHIFTED_GAIN and by_steps[best] > SHIFTED_KAPPA
        message = f"the bouts {name} scored lie where the machine sees them"
        if doubtful:
            message = (
                f"the bouts {name} scored fit much better when moved by {off_s:+.1f} s (kappa {by_steps[best]:.2f}, "
                f"unmoved {by_steps[0]:.2f}). Times must count from the start of the video: look at the time offset"
            )
        value = off_s if doubtful else 0.0
        found.append(
            Finding(
                "times count from the video's start", name, "", value, "s", -SHIFTED_S, SHIFTED_S, message, doubtful
            )
        )
    return found


def shifts(step_s: float) -> list[int]:
    """Shifts that are tried, in steps: every half second."""
    every = max(1, round(0.5 / step_s))
    most = round(MOST_SHIFT_S / step_s)
    return list(range(0, most + 1, every)) + list(range(-every, -most - 1, -every))


def kappa_shifted(lines: list[tuple[np.ndarray, np.ndarray]], steps: int) -> float:
    """Kappa of pairs of timelines when the first of each is moved later by some steps."""
    first = np.concatenate([line[max(0, -steps) : len(line) - max(0, steps)] for line, _ in lines])
    second = np.concatenate([line[max(0, steps) : len(line) - max(0, -steps)] for _, line in lines])
    return agreement.kappa(first, second) if len(first) == len(second) else np.nan


def outlying(scores: Scores, human_limits_s: float) -> list[Finding]:
    """Recordings in which one scorer is far from the others, who are close together."""
    found, far_s = [], 2 * human_limits_s
    for (name, recording), own in scores.totals_s.items():
        rest = [seconds for (rater, other), seconds in scores.totals_s.items() if other == recording and rater != name]
        apart_s = own - float(np.median(rest)) if rest else 0.0
        if len(rest) >= 2 and abs(apart_s) > far_s and np.ptp(rest) < far_s:
            message = f"{name} scored {own:.0f} s of immobility here, the others {min(rest):.0f} to {max(rest):.0f} s"
            found.append(Finding("seconds near the others'", name, recording, apart_s, "s", -far_s, far_s, message))
    return found


def swapped(scores: Scores) -> list[Finding]:
    """Recordings whose scores by one rater fit what the others saw in another recording much better."""
    found = []
    for name in scores.raters:
        own = {recording: line for (rater, recording), line in scores.lines.items() if rater == name}
        others = consensus({key: line for key, line in scores.lines.items() if key[0] != name})
        for recording, line in own.items():
            fits = {
                other: agreement.kappa(line[: len(seen)], seen[: len(line)])
                for other, seen in others.items()
                if seen.any() and line.any()
            }
            best = max(fits, key=fits.get, default=recording)
            gain = fits.get(best, 0) - fits.get(recording, 0)
            if recording in fits and best != recording and gain > SWAPPED_GAIN and fits[best] > SWAPPED_KAPPA:
                message = f"what {name} scored here fits {best} (kappa {fits[best]:.2f}, here {fits[recording]:.2f})"
                found.append(
                    Finding(
                        "recording fits its scores", name, recording, fits[recording], "", SWAPPED_KAPPA, None, message
                    )
                )
    return found


def consensus(lines: dict) -> dict[str, np.ndarray]:
    """What at least half of the scorers saw as immobility, by recording."""
    found = {}
    for recording in dict.fromkeys(recording for _, recording in lines):
        own = [line for (_, other), line in lines.items() if other == recording]
        length = min(len(line) for line in own)
        found[recording] = np.mean([line[:length] for line in own], axis=0) >= 0.5
    return found


def findings(scores: Scores, human_limits_s: float) -> list[Finding]:
    """Everything there is to say of raters, and whatever does not fit in single recordings."""
    return odd_raters(scores) + shifted(scores) + outlying(scores, human_limits_s) + swapped(scores)
