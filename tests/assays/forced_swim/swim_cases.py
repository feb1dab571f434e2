"""Shared by the tests of the forced swim: settings, rows, drawn videos and their truth."""

from pathlib import Path

import numpy as np

from ketaflow import assays
from ketaflow.assays.forced_swim import ingest, qc, quantify, simulate
from ketaflow.assays.forced_swim.raters import agreement
from ketaflow.assays.forced_swim.settings import IngestSettings, QcSettings, QuantifySettings
from ketaflow.core import settings
from ketaflow.core.inputs import Rows, build

DEFAULTS = settings.with_defaults({}, assays.described("forced_swim", "settings.schema"))
COLUMNS = assays.described("forced_swim", "tables.schema")["tables"]["forced_swim"]["columns"]
SMALL = {"width": 256, "height": 192, "fps": 10.0}
NO_ROWS = Rows()


def swim_rows(video: str, cylinders, **more) -> list[dict]:
    return [
        {**dict.fromkeys(COLUMNS), "recording": f"s{c}", "animal": f"a{c}", "video": video, "cylinder": c, **more}
        for c in cylinders
    ]


def rows(video: str, cylinders, **more) -> Rows:
    return Rows({"forced_swim": swim_rows(video, cylinders, **more)})


def read(folder: Path, video: str, cylinders=(1, 2), more=None, **changes):
    own = build(IngestSettings, {**DEFAULTS["ingest"], **changes})
    return ingest.ingest(rows(video, cylinders, **(more or {})), folder, own)


def quantify_settings(**changes) -> QuantifySettings:
    return build(QuantifySettings, {**DEFAULTS["quantify"], **changes})


def measure(swim_file, window=(4, 50), **changes):
    return quantify.quantify(swim_file, quantify_settings(scoring_window_s=list(window), **changes))


def review(swim_file, measured):
    return qc.qc(swim_file, measured, build(QcSettings, DEFAULTS["qc"]), rows=NO_ROWS)


def measurement(measured, recording, measure_name="immobility_s"):
    (row,) = [row for row in measured.measurements if (row.recording, row.measure) == (recording, measure_name)]
    return row


def value(measured, recording, measure_name="immobility_s"):
    found = measurement(measured, recording, measure_name).value
    return np.nan if found is None else found


def reason(measured, recording):
    return measurement(measured, recording).reason


def verdicts(checked, recording):
    return {check.check: check.verdict for check in checked.checks if check.recording == recording}


def codes(bouts, times_s):
    """0 immobile, 1 swimming, 2 climbing, -1 not known, at each time; ``bouts`` are (state, start, stop)."""
    found = np.full(len(times_s), -1)
    names = {"immobility": 0, "swimming": 1, "climbing": 2, "diving": 1}
    for state, start, stop in bouts:
        if state in names:
            found[(times_s >= start) & (times_s < stop)] = names[state]
    return found


def judged(measured, recording, truth):
    """Error of immobility (percent of the window), kappa of two and of three states."""
    start_s, stop_s = measured.scores[recording].window_s
    times_s = np.arange(start_s, stop_s, 0.05) + 0.025
    own = [(bout.state, bout.start_s, bout.stop_s) for bout in measured.states if bout.recording == recording]
    got, true = codes(own, times_s), codes(truth, times_s)
    known = (got >= 0) & (true >= 0)
    error = 100 * (value(measured, recording) - 0.05 * np.count_nonzero(true == 0)) / (stop_s - start_s)
    two = agreement.kappa(got[known] > 0, true[known] > 0)
    return error, two, agreement.kappa(got[known], true[known])


def draw_own(folder: Path, schedules, video="swim.mp4", faults=(), duration_s=60, seed=3, **scene):
    """Draw with ketaflow's own simulation; returns the truth."""
    truth = []
    for index, planned in enumerate(schedules):
        text = "; ".join(f"{state} {start:.2f}-{stop:.2f}" for state, start, stop in planned)
        fault = faults[index] if index < len(faults) else None
        shared = {"duration_s": duration_s, "cylinders": len(schedules), "seed": index, "fps": 12.5, **scene}
        truth.append({"recording": f"s{index + 1}", "states": text, "fault": fault, **shared})
    swims = swim_rows(video, range(1, len(schedules) + 1))
    simulate.draw(Rows({"forced_swim": swims, "forced_swim_truth": truth}), folder, seed=seed)
    return truth
