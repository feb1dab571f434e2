"""Fit threshold and shortest bout to people's scores on some recordings, and report on others.

In: the batch tables of ingest and quantify put together (``trace``, ``windows``, ``human_scores``). Out: one table:
the error of every pair of settings on the recordings fitted, and of the best pair on those held out.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim import agreement, states


def calibrate(
    tables: dict[str, pd.DataFrame],
    rows: dict[str, pd.DataFrame],
    *,
    thresholds: list[float],
    min_bouts_s: list[float],
    held_out_share: float,
    rules: dict[str, float],
) -> dict[str, pd.DataFrame]:
    """Mean absolute difference to people's seconds (s) by threshold and shortest bout.

    Every n-th recording is held out; the pair that is best on the others is reported on them. ``rules`` are the other
    arguments of ``states.coded``.
    """
    people = human_seconds(tables)
    names = sorted(people)
    every = max(2, round(1 / held_out_share))
    held_out = set(names[every - 1 :: every])
    found = []
    for threshold in thresholds:
        for min_bout_s in min_bouts_s:
            own = {**rules, "threshold": threshold, "min_bout_s": min_bout_s}
            error = {name: immobile_s(tables, name, own) - people[name] for name in names}
            for part in ("fitted", "held_out"):
                apart = np.array([error[name] for name in names if (name in held_out) == (part == "held_out")])
                bias, low, high = agreement.limits_of_agreement(apart)
                found.append(
                    {"immobility_threshold": threshold, "min_bout_s": min_bout_s, "part": part, "n": len(apart),
                     "mean_error_s": float(np.abs(apart).mean()) if len(apart) else np.nan,
                     "bias_s": bias, "loa_low_s": low, "loa_high_s": high}
                )  # fmt: skip
    table = pd.DataFrame(found)
    fitted = table[table["part"] == "fitted"]
    best = fitted.loc[fitted["mean_error_s"].idxmin()] if fitted["mean_error_s"].notna().any() else fitted.iloc[0]
    table["best"] = (table["immobility_threshold"] == best["immobility_threshold"]) & (
        table["min_bout_s"] == best["min_bout_s"]
    )
    return {"calibration": table}


def human_seconds(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Mean over raters of the seconds of immobility in the scoring window, by recording."""
    windows = tables["windows"].set_index("recording")
    still = tables["human_scores"]
    found = {}
    for recording, own in still.groupby("recording"):
        if recording not in windows.index:
            continue
        start_s, stop_s = windows.loc[recording, ["start_s", "stop_s"]]
        seconds = []
        for _, events in own.groupby("rater"):
            events = events[events["behaviour"] == "immobility"]
            overlap = np.minimum(events["stop_s"], stop_s) - np.maximum(events["start_s"], start_s)
            total = events["total_s"].sum() if events["total_s"].notna().any() else np.maximum(overlap, 0).sum()
            seconds.append(float(total))
        found[str(recording)] = float(np.mean(seconds))
    return found


def immobile_s(tables: dict[str, pd.DataFrame], recording: str, rules: dict[str, float]) -> float:
    """Seconds of immobility of one recording in its window under given rules."""
    trace = tables["trace"][tables["trace"]["recording"] == recording]
    start_s, stop_s = tables["windows"].set_index("recording").loc[recording, ["start_s", "stop_s"]]
    starts, stops = states.edges_of(trace["time_s"].to_numpy(), 0.5)
    codes, starts, stops = states.coded(trace, starts, stops, **rules)
    overlap = np.minimum(stops, stop_s) - np.maximum(starts, start_s)
    return float(np.maximum(overlap, 0)[codes == states.IMMOBILE].sum())
