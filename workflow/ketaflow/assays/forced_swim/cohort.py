"""Agreement of machine and people over all recordings of a cohort.

In: the tables of quantify, all batches together: ``windows``, ``states``, ``human_scores``. Out: ``agreement`` (a row
for each pair of scorers), ``agreement_recordings`` (the totals behind it, for a Bland-Altman figure) and
``agreement_checks`` (raters and recordings whose scores look swapped).
"""

from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim import agreement

MACHINE = "ketaflow"
# A rater whose seconds go with nobody's although the others agree among themselves (correlations).
ODD_R, AGREEING_R = 0.3, 0.6
# Two scorers' seconds lie this far apart at most, twice the half-width of the limits of agreement of people (26 s).
FAR_S = 52.0
# A recording's scores fit another recording this much better than their own (kappa).
SWAPPED_GAIN, SWAPPED_KAPPA = 0.3, 0.4


def summarise(
    tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame], *, step_s: float
) -> dict[str, pd.DataFrame]:
    """Tables of agreement; none where nobody scored by hand."""
    people = tables.get("human_scores", pd.DataFrame())
    if not len(people):
        return {}
    timelines, totals = scored(tables, step_s)
    names = list(dict.fromkeys(rater for rater, _ in totals))
    pairs = [pair(a, b, timelines, totals) for a, b in combinations(names, 2)]
    return {
        "agreement": pd.DataFrame([row for row in pairs if row["n"]]),
        "agreement_recordings": recordings(names, totals),
        "agreement_checks": pd.DataFrame(
            odd_raters(names, totals) + outlying(names, totals) + swapped(names, timelines),
            columns=["check", "rater", "recording", "value", "verdict", "message"],
        ),
    }


def scored(tables: dict[str, pd.DataFrame], step_s: float) -> tuple[dict, dict]:
    """Timelines and totals (seconds) of immobility in the scoring window, by (rater, recording); the machine first."""
    windows = tables["windows"].set_index("recording")
    timelines, totals = {}, {}
    sources = [(MACHINE, tables["states"].rename(columns={"state": "behaviour"}))]
    people = tables["human_scores"]
    sources += [(str(rater), own) for rater, own in people.groupby("rater", sort=True)]
    for rater, own in sources:
        for recording, events in own.groupby("recording", sort=False):
            if recording not in windows.index:
                continue
            window = windows.loc[recording, ["start_s", "stop_s"]].to_numpy(float)
            still = events[events["behaviour"] == "immobility"]
            if "total_s" in still and still["total_s"].notna().any():
                totals[rater, recording] = float(still["total_s"].sum())
                continue
            line = agreement.painted(still[["start_s", "stop_s"]].to_numpy(float), *window, step_s)
            timelines[rater, recording] = line
            totals[rater, recording] = overlap_s(still[["start_s", "stop_s"]].to_numpy(float), *window)
    return timelines, totals


def overlap_s(bouts: np.ndarray, start_s: float, stop_s: float) -> float:
    """Seconds of bouts (n, 2) inside a window."""
    return float(np.maximum(np.minimum(bouts[:, 1], stop_s) - np.maximum(bouts[:, 0], start_s), 0).sum())


def pair(a: str, b: str, timelines: dict, totals: dict) -> dict:
    """Agreement of two scorers over the recordings both scored."""
    both = [recording for rater, recording in totals if rater == a and (b, recording) in totals]
    scores = np.array([[totals[a, recording], totals[b, recording]] for recording in both]).reshape(-1, 2)
    icc, icc_low, icc_high = agreement.icc_2_1(scores)
    bias, low, high = agreement.limits_of_agreement(scores[:, 0] - scores[:, 1])
    lines = [recording for recording in both if (a, recording) in timelines and (b, recording) in timelines]
    first = np.concatenate([timelines[a, recording] for recording in lines]) if lines else np.zeros(0)
    second = np.concatenate([timelines[b, recording] for recording in lines]) if lines else np.zeros(0)
    return {
        "rater_a": a, "rater_b": b, "n": len(both), "icc": icc, "icc_low": icc_low, "icc_high": icc_high,
        "bias_s": bias, "loa_low_s": low, "loa_high_s": high, "kappa": agreement.kappa(first, second),
        "frame_agreement_pct": 100 * float(np.mean(first == second)) if len(first) else np.nan,
    }  # fmt: skip


def recordings(names: list[str], totals: dict) -> pd.DataFrame:
    """Seconds of every pair of scorers at every recording both scored: mean and difference."""
    rows = []
    for a, b in combinations(names, 2):
        for recording in [recording for rater, recording in totals if rater == a and (b, recording) in totals]:
            first, second = totals[a, recording], totals[b, recording]
            row = {"rater_a": a, "rater_b": b, "recording": recording, "a_s": first, "b_s": second}
            rows.append({**row, "mean_s": (first + second) / 2, "difference_s": first - second})
    return pd.DataFrame(rows)


def odd_raters(names: list[str], totals: dict) -> list[dict]:
    """Raters whose seconds correlate with nobody's while the others correlate with one another."""
    r = {}
    for a, b in combinations(names, 2):
        both = [recording for rater, recording in totals if rater == a and (b, recording) in totals]
        first, second = [totals[a, x] for x in both], [totals[b, x] for x in both]
        if len(both) >= 4 and np.ptp(first) > 0 and np.ptp(second) > 0:
            r[a, b] = r[b, a] = float(np.corrcoef(first, second)[0, 1])
    found = []
    for name in names:
        own = [value for (a, _), value in r.items() if a == name]
        rest = [value for (a, b), value in r.items() if name not in (a, b)]
        if own and rest and np.median(own) < ODD_R and np.median(rest) > AGREEING_R:
            message = (
                f"the seconds of {name} go with nobody's (median r {np.median(own):.2f}) although the others agree "
                f"(r {np.median(rest):.2f}): recordings may be swapped"
            )
            found.append({"check": "rater agrees with others", "rater": name, "recording": "",
                          "value": float(np.median(own)), "verdict": "warn", "message": message})  # fmt: skip
    return found


def outlying(names: list[str], totals: dict) -> list[dict]:
    """Recordings in which one scorer is far from the others, who are close together."""
    found = []
    for (name, recording), own in totals.items():
        rest = [seconds for (rater, other), seconds in totals.items() if other == recording and rater != name]
        apart_s = own - float(np.median(rest)) if rest else 0.0
        if len(rest) >= 2 and abs(apart_s) > FAR_S and np.ptp(rest) < FAR_S:
            message = f"{name} scored {own:.0f} s of immobility here, the others {min(rest):.0f} to {max(rest):.0f} s"
            found.append({"check": "seconds near the others'", "rater": name, "recording": recording,
                          "value": apart_s, "verdict": "warn", "message": message})  # fmt: skip
    return found


def swapped(names: list[str], timelines: dict) -> list[dict]:
    """Recordings whose scores by one rater fit what the others saw in another recording much better."""
    found = []
    for name in names:
        own = {recording: line for (rater, recording), line in timelines.items() if rater == name}
        others = consensus({key: line for key, line in timelines.items() if key[0] != name})
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
                found.append({"check": "recording fits its scores", "rater": name, "recording": recording,
                              "value": fits[recording], "verdict": "warn", "message": message})  # fmt: skip
    return found


def consensus(timelines: dict) -> dict[str, np.ndarray]:
    """What at least half of the scorers saw as immobility, by recording."""
    found = {}
    for recording in dict.fromkeys(recording for _, recording in timelines):
        lines = [line for (_, other), line in timelines.items() if other == recording]
        length = min(len(line) for line in lines)
        found[recording] = np.mean([line[:length] for line in lines], axis=0) >= 0.5
    return found
