"""Fit threshold and duration to a lab's own raters: the target ``snakemake calibrate_forced_swim``.

The duration is the shortest bout of a video, or the sampling interval of an EthoVision export.

In: the cohort's swims with their traces, and what people scored. Out: settings fitted to some swims and tested on
others, as a summary, as tables, as a figure, and as a ready ``settings.yaml``. Nothing is decoded, and nothing is
written into the cohort folder.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.figures.calibration_curve import calibration_curve
from ketaflow.assays.forced_swim.model import SwimFile
from ketaflow.assays.forced_swim.raters import (
    calibration_report,
    comparison,
    constants,
    rater_checks,
    threshold_fitting,
)
from ketaflow.assays.forced_swim.raters.calibration_report import Calibration, KindOfSwims
from ketaflow.assays.forced_swim.raters.threshold_fitting import FitQuality, Pair, RatedSwim
from ketaflow.assays.forced_swim.settings import AssaySettings, CalibrateSettings, QuantifySettings, Source
from ketaflow.core.errors import IngestError
from ketaflow.core.results import Tables

HUMAN_SCORES = "forced_swim_human_scores"


class TrustedScores(NamedTuple):
    """Scorers side by side without what looks swapped or shifted, and why that is left out."""

    scores: comparison.ScorerComparison | None
    left_out: list[str]


def calibrate(
    recordings: Iterable[SwimFile], tables: Tables, cohort: Tables, settings: AssaySettings
) -> dict[str, pd.DataFrame | str | bytes]:
    """Fit threshold and duration to what people scored.

    Parameters
    ----------
    recordings : iterable of SwimFile
        All files of the cohort.
    tables : mapping of str to data frame
        What ``quantify`` published: ``windows`` and ``states``.
    cohort : mapping of str to data frame
        Tables of the cohort: ``forced_swim_human_scores``.
    settings : AssaySettings
        Settings.

    Returns
    -------
    dict of str to data frame, str or bytes
        What to write, by file name.

    Raises
    ------
    IngestError
        If too few swims were scored.
    """
    step_s = settings.cohort.step_s
    trusted = trusted_scores(tables, cohort.get(HUMAN_SCORES, pd.DataFrame()), settings)
    kind = most_common_kind(rated_swims(recordings, tables, trusted.scores, settings.quantify))
    done = fitted_settings(kind, trusted.left_out, settings)
    return {
        "report": calibration_report.report_table(done),
        "recordings": calibration_report.recordings_table(done, step_s),
        "tried": calibration_report.grid_table(done),
        "figure.svg": calibration_curve(done.grid, done.best, done.present.threshold, kind.source),
        "settings.yaml": calibration_report.settings_text(done),
        "summary.txt": calibration_report.summary_text(done),
    }


def trusted_scores(tables: Tables, human_scores: pd.DataFrame, settings: AssaySettings) -> TrustedScores:
    """Leave out scores that look swapped or shifted.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``windows`` and ``states``.
    human_scores : data frame
        What people scored.
    settings : AssaySettings
        Settings.

    Returns
    -------
    TrustedScores
        Without scores if there are none to compare.
    """
    if not len(human_scores) or any(not len(tables.get(name, ())) for name in ("windows", "states")):
        return TrustedScores(None, [])
    scores = comparison.compare_scorers(tables["windows"], tables["states"], human_scores, settings.cohort.step_s)
    doubtful = [
        one
        for one in rater_checks.all_findings(scores, settings.cohort.human_limits_s)
        if one.doubtful and one.rater != comparison.AUTOMATIC
    ]
    keys = {
        (rater, recording)
        for one in doubtful
        for rater, recording in scores.totals_s
        if rater == one.rater and one.recording in ("", recording)
    }
    keys |= {key for key in scores.totals_s if key[0] in constants.PROGRAMS}
    why = [f"{one.rater}{f' in {one.recording}' * bool(one.recording)}: {one.message}" for one in doubtful]
    return TrustedScores(scores.without(keys), why)


def rated_swims(
    recordings: Iterable[SwimFile],
    tables: Tables,
    scores: comparison.ScorerComparison | None,
    settings: QuantifySettings,
) -> list[tuple[Source, RatedSwim]]:
    """Collect the swims that people scored and that have a window.

    Parameters
    ----------
    recordings : iterable of SwimFile
        All files of the cohort.
    tables : mapping of str to data frame
        ``windows``.
    scores : ScorerComparison or None
        What people scored.
    settings : QuantifySettings
        The present settings.

    Returns
    -------
    list of (str, RatedSwim)
        Kind of file of a swim, and the swim.
    """
    found: list[tuple[Source, RatedSwim]] = []
    if scores is None:
        return found
    windows = {str(name): (start_s, stop_s) for name, start_s, stop_s in
               tables["windows"][["recording", "start_s", "stop_s"]].itertuples(index=False)}  # fmt: skip
    for swim_file in recordings:
        for swim in swim_file.swims:
            name = swim.recording
            rules = settings.rules_of(swim_file.source, swim.limit_in_export_pct)
            people_s = {
                rater: seconds
                for (rater, other), seconds in scores.totals_s.items()
                if other == name and rater != comparison.AUTOMATIC
            }
            if people_s and name in windows:
                lines = {
                    rater: scores.timelines[rater, name]
                    for rater in people_s
                    if (rater, name) in scores.timelines and (rater, name) not in scores.samples_s
                }
                rated = RatedSwim(
                    recording=name,
                    animal=swim.animal,
                    video=swim_file.path,
                    trace=swim.trace,
                    max_gap_s=swim.max_gap_s,
                    window_s=windows[name],
                    rules=rules,
                    people_s=people_s,
                    timelines=lines,
                )
                found.append((swim_file.source, rated))
    return found


def most_common_kind(found: list[tuple[Source, RatedSwim]]) -> KindOfSwims:
    """Choose videos, EthoVision exports or poses, whichever people scored most of."""
    if not found:
        return KindOfSwims("video", [])
    source = Counter(kind for kind, _ in found).most_common(1)[0][0]
    return KindOfSwims(source, [swim for kind, swim in found if kind == source])


def fitted_settings(kind: KindOfSwims, left_out: list[str], settings: AssaySettings) -> Calibration:
    """Fit settings to swims, and test them by cross-validation.

    Parameters
    ----------
    kind : KindOfSwims
        The swims.
    left_out : list of str
        Scores that were left out, and why.
    settings : AssaySettings
        Settings.

    Returns
    -------
    Calibration

    Raises
    ------
    IngestError
        If there are too few swims.
    """
    own, step_s, swims = settings.calibrate, settings.cohort.step_s, kind.swims
    folds = threshold_fitting.cross_validation_folds(swims, own.folds) if swims else np.zeros(0, int)
    if len(swims) < own.min_recordings or len(set(folds)) < 2:
        raise IngestError(too_few_message(len(swims), len(set(folds)), own.min_recordings, left_out))
    present = threshold_fitting.pair_of(swims[0].rules)
    tried = search_values(present, own, kind.source)
    grid = threshold_fitting.score_grid(swims, *tried, step_s=step_s, edge_s=own.edge_s)
    duration = int(np.flatnonzero(grid.durations_s == present.duration_s)[0])
    held_out = [grid.pair(place) for place in threshold_fitting.held_out_settings(grid, folds, duration)]
    now = threshold_fitting.fit_quality(swims, [present] * len(swims), step_s)
    unseen = threshold_fitting.fit_quality(swims, held_out, step_s)
    return Calibration(
        kind=kind,
        folds=folds,
        grid=grid,
        present=present,
        best=threshold_fitting.best_settings(grid.loss_s(), duration),
        held_out=held_out,
        qualities=(now, unseen, between_raters(swims)),
        left_out=left_out,
        is_worthwhile=now.mean_error_s - unseen.mean_error_s >= own.min_gain_s,
    )


def search_values(present: Pair, settings: CalibrateSettings, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Return the thresholds and durations to try.

    Parameters
    ----------
    present : Pair
        The present settings, which are among both.
    settings : CalibrateSettings
        Range and number of thresholds; durations.
    source : str
        Kind of file. The limit of EthoVision's mobility is searched in equal steps, for a percentage point changes
        immobility by 20 to 60 s. Other thresholds are tried in equal ratios.

    Returns
    -------
    thresholds : (n_thresholds,) float
        In the unit of the trace's motion.
    durations_s : (n_durations,) float
        Seconds.
    """
    low, high = present.threshold / settings.widest_factor, present.threshold * settings.widest_factor
    if source == "ethovision":
        step = constants.LIMIT_GRID_PCT / 100
        tried = np.arange(np.ceil(low / step), min(high, 1.0) / step) * step
        return np.unique(np.append(tried, present.threshold)), np.unique([*settings.samples_s, present.duration_s])
    tried = np.geomspace(low, high, settings.threshold_steps)
    # The middle one of an odd number is the present threshold but for rounding.
    tried = tried[np.abs(tried / present.threshold - 1) > constants.SAME_RATIO]
    return np.unique(np.append(tried, present.threshold)), np.unique([*settings.min_bouts_s, present.duration_s])


def between_raters(swims: list[RatedSwim]) -> FitQuality:
    """Measure how far people are from one another, over every pair of raters of every swim."""
    differences_s = [
        swim.people_s[a] - swim.people_s[b] for swim in swims for a, b in combinations(sorted(swim.people_s), 2)
    ]
    return FitQuality(len(differences_s), float(np.mean(np.abs(differences_s))) if differences_s else np.nan)


def too_few_message(count: int, folds: int, needed: int, left_out: list[str]) -> str:
    """Say why there is nothing to calibrate on, and what to do."""
    why = f"{count} swims scored by people can be used; {needed} are needed"
    if count >= needed and folds < 2:
        why = f"the {count} swims scored by people share one video or one animal; two that share neither are needed"
    reasons = f" Left out: {'; '.join(left_out)}." if left_out else ""
    return (
        f"Forced swim cannot be calibrated: {why}. Score more swims by hand (8 to 10, from several videos) into "
        f"forced_swim_human_scores.{reasons}"
    )
