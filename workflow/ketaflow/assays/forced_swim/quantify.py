"""Score the swims of one file from their motion traces: seconds in each state, bouts, bins, samples.

In: the swims of a file. Out: measurements; ``states`` and ``windows`` (seconds of the video), ``bins`` and ``samples``
(seconds from release). Nothing is decoded, so another threshold, window or bout length takes a moment.
"""

import math

from ketaflow.assays.forced_swim.model import Swim, SwimFile
from ketaflow.assays.forced_swim.scoring.measures import MEASURES, OWN_IMMOBILITY, ScoredSwim, score_swim
from ketaflow.assays.forced_swim.scoring.model import Measured, ScoringWindow
from ketaflow.assays.forced_swim.settings import QuantifySettings
from ketaflow.core.results import Measurement, measurement


def quantify(swim_file: SwimFile, settings: QuantifySettings) -> Measured:
    """Score every swim of a file.

    Parameters
    ----------
    swim_file : SwimFile
        What ``ingest`` made.
    settings : QuantifySettings
        Settings.

    Returns
    -------
    Measured
    """
    scored = [
        (swim, score_swim(swim, settings, settings.rules_of(swim_file.source, swim.limit_in_export_pct)))
        for swim in swim_file.swims
    ]
    scores = {swim.recording: one.score for swim, one in scored if one.score is not None}
    return Measured(
        measurements=[row for swim, one in scored for row in measurements_of(swim, one)],
        states=[bout for _, one in scored for bout in one.states],
        bins=[time_bin for _, one in scored for time_bin in one.bins],
        samples=[sample for _, one in scored for sample in one.samples],
        windows=[ScoringWindow(name, *score.window_s) for name, score in scores.items()],
        scores=scores,
    )


def measurements_of(swim: Swim, scored: ScoredSwim) -> list[Measurement]:
    """Make the measurements of one swim, empty with the reason where a value is undefined.

    Parameters
    ----------
    swim : Swim
        The swim.
    scored : ScoredSwim
        Its values.

    Returns
    -------
    list of Measurement
        One for every measure; EthoVision's own immobility only where it exports its states.
    """
    rows = []
    for measure in (*MEASURES, *([OWN_IMMOBILITY] if OWN_IMMOBILITY in scored.values else [])):
        value = scored.values.get(measure, math.nan)
        row = measurement(
            measure,
            value,
            animal=swim.animal,
            recording=swim.recording,
            session=swim.session,
            reason=scored.reason or scored.notes.get(measure, "") or scored.flag,
            status="flagged" if scored.flag and math.isfinite(value) else None,
        )
        rows.append(row)
    return rows
