"""Score the swims of one video from their motion traces: seconds in each state, bouts, bins, samples.

In: the record of ingest. Out: measurements; ``states`` (seconds of the video), ``bins`` and ``samples`` (seconds from
release). Nothing is decoded, so another threshold, window or bout length takes a moment.
"""

import math

from ketaflow.assays.forced_swim.raters import human_scores
from ketaflow.assays.forced_swim.scoring import measures
from ketaflow.core.measures import measurement
from ketaflow.core.records import Record

UNITS = {
    "immobility_s": "s", "immobility_pct": "%", "swimming_s": "s", "climbing_s": "s", "diving_s": "s",
    "unscored_s": "s", "latency_to_immobility_s": "s", "immobility_bout_count": "count", "mean_immobility_bout_s": "s",
    "longest_immobility_bout_s": "s", "immobility_samples": "count", "swimming_samples": "count",
    "climbing_samples": "count",
}  # fmt: skip


def quantify(
    recording: Record,
    *,
    scoring_window_s: list[float],
    immobility_threshold: float,
    hysteresis: float,
    min_bout_s: float,
    min_mobile_s: float,
    smoothing_s: float,
    drift_allowance_per_s: float,
    climbing_height: float,
    min_climbing_s: float,
    diving_depth: float,
    bin_s: float,
    sample_s: float,
    ethovision_threshold_pct: float,
    ethovision_hysteresis: float,
    ethovision_smoothing_s: float,
    flag_unscored_pct: float,
) -> Record:
    """Measurements and states of every swim of one video."""
    rules = measures.ScoringRules(
        scoring_window_s=scoring_window_s,
        immobility_threshold=immobility_threshold,
        hysteresis=hysteresis,
        min_bout_s=min_bout_s,
        min_mobile_s=min_mobile_s,
        smoothing_s=smoothing_s,
        drift_allowance_per_s=drift_allowance_per_s,
        climbing_height=climbing_height,
        min_climbing_s=min_climbing_s,
        diving_depth=diving_depth,
        bin_s=bin_s,
        sample_s=sample_s,
        ethovision_threshold_pct=ethovision_threshold_pct,
        ethovision_hysteresis=ethovision_hysteresis,
        ethovision_smoothing_s=ethovision_smoothing_s,
        flag_unscored_pct=flag_unscored_pct,
    )
    return scored_swims(recording, rules)


def scored_swims(recording: Record, rules: measures.ScoringRules) -> Record:
    """Every swim of a video scored by the same rules."""
    traces = dict(list(recording.table("trace").groupby("recording", sort=False)))
    done = Record(tables={"measurements": [], "states": [], "bins": [], "samples": [], "windows": []})
    for swim in recording.rows["forced_swim"]:
        name = swim["recording"]
        facts = recording.facts["cylinders"][name]
        if facts["reason"]:
            done.tables["measurements"] += rows_of(swim, measures.ScoredSwim(reason=facts["reason"]))
            continue
        scored = measures.score_swim(traces[name], facts, recording.facts["video"]["codec"], rules)
        done.tables["measurements"] += rows_of(swim, scored)
        for table in ("states", "bins", "samples"):
            done.tables[table] += scored.tables[table].assign(recording=name).to_dict("records")
        done.facts[name] = scored.facts
        if scored.activity is not None:
            done.arrays[f"activity.{name}"] = scored.activity.astype("float32")
        if "window_s" in scored.facts:
            start_s, stop_s = scored.facts["window_s"]
            done.tables["windows"].append({"recording": name, "start_s": start_s, "stop_s": stop_s})
    if people := human_scores.human_score_rows(recording.rows):
        done.tables["human_scores"] = people
    return done


def rows_of(swim: dict, scored: measures.ScoredSwim) -> list[dict]:
    """Rows of the measurements table of one swim; empty values with the reason where there are none."""
    rows = []
    for measure, unit in UNITS.items():
        value = scored.values.get(measure, math.nan)
        row = measurement(
            measure,
            value,
            unit=unit,
            animal=swim["animal"],
            recording=swim["recording"],
            session=swim["session"],
            reason=scored.reason or scored.notes.get(measure, "") or scored.flag,
            status="flagged" if scored.flag and math.isfinite(value) else None,
        )
        rows.append(row)
    return rows
