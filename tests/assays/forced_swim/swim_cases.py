"""What the tests of the forced swim share: settings, rows, drawn videos and their truth."""

from pathlib import Path

import numpy as np

from ketaflow import assays
from ketaflow.assays.forced_swim import ingest, quantify, simulate
from ketaflow.assays.forced_swim.raters import agreement
from ketaflow.core import settings

DEFAULTS = settings.with_defaults({}, assays.described("forced_swim", "settings.schema"))
COLUMNS = assays.described("forced_swim", "tables.schema")["tables"]["forced_swim"]["columns"]
SMALL = {"width": 256, "height": 192, "fps": 10.0}


def rows(video: str, cylinders, **more) -> dict[str, list[dict]]:
    swims = [
        {**dict.fromkeys(COLUMNS), "recording": f"s{c}", "animal": f"a{c}", "video": video, "cylinder": c, **more}
        for c in cylinders
    ]
    return {"forced_swim": swims}


def read(folder: Path, video: str, cylinders=(1, 2), more=None, **changes):
    given = rows(video, cylinders, **(more or {}))
    record = ingest.ingest(given, folder, **{**DEFAULTS["ingest"], **changes})
    record.rows = given
    return record


def measure(record, window=(4, 50), **changes):
    return quantify.quantify(record, **{**DEFAULTS["quantify"], "scoring_window_s": list(window), **changes})


def value(measured, recording, measure_name="immobility_s"):
    table = measured.table("measurements").set_index(["recording", "measure"])["value"]
    return table[recording, measure_name]


def reason(measured, recording):
    table = measured.table("measurements").set_index(["recording", "measure"])["reason"]
    return table[recording, "immobility_s"]


def codes(spans, times_s):
    """0 immobile, 1 swimming, 2 climbing, -1 not known, at each time; ``spans`` are (state, start, stop)."""
    found = np.full(len(times_s), -1)
    names = {"immobility": 0, "swimming": 1, "climbing": 2, "diving": 1}
    for state, start, stop in spans:
        if state in names:
            found[(times_s >= start) & (times_s < stop)] = names[state]
    return found


def judged(measured, recording, truth):
    """Error of immobility (percent of the window), kappa of two and of three states."""
    start_s, stop_s = measured.facts[recording]["window_s"]
    times_s = np.arange(start_s, stop_s, 0.05) + 0.025
    states = measured.table("states")
    own = states[states["recording"] == recording][["state", "start_s", "stop_s"]].itertuples(index=False)
    got, true = codes(own, times_s), codes(truth, times_s)
    known = (got >= 0) & (true >= 0)
    error = 100 * (value(measured, recording) - 0.05 * np.count_nonzero(true == 0)) / (stop_s - start_s)
    two = agreement.kappa(got[known] > 0, true[known] > 0)
    return error, two, agreement.kappa(got[known], true[known])


def draw_own(folder: Path, schedules, video="swim.mp4", faults=(), duration_s=60, seed=3, **scene):
    """Draw with ketaflow's own simulation; returns the truth."""
    given = rows(video, range(1, len(schedules) + 1))
    truth = []
    for index, planned in enumerate(schedules):
        text = "; ".join(f"{state} {start:.2f}-{stop:.2f}" for state, start, stop in planned)
        fault = faults[index] if index < len(faults) else None
        shared = {"duration_s": duration_s, "cylinders": len(schedules), "seed": index, "fps": 12.5, **scene}
        truth.append({"recording": f"s{index + 1}", "states": text, "fault": fault, **shared})
    simulate.draw({**given, "forced_swim_truth": truth}, folder, seed=seed)
    return truth
