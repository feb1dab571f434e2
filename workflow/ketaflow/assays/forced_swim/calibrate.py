"""Fit threshold and shortest bout to a lab's own people: the target ``snakemake calibrate_forced_swim``.

In: the cohort's swims with their traces, and what people scored. Out: settings fitted to some swims and tested on
others, as a summary, as tables, as a figure, and as a ready ``settings.yaml``. Nothing is decoded, and nothing is
written into the cohort folder.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.figures.calibration_curve import calibration_curve
from ketaflow.assays.forced_swim.model import AssaySettings, CalibrateSettings, QuantifySettings, SwimFile
from ketaflow.assays.forced_swim.raters import comparison, rater_checks, threshold_fitting
from ketaflow.assays.forced_swim.raters.threshold_fitting import FitQuality, Pair, Place, RatedSwim, SettingsGrid
from ketaflow.core.errors import IngestError
from ketaflow.core.results import Tables

HUMAN_SCORES = "forced_swim_human_scores"


class TrustedScores(NamedTuple):
    """Scorers side by side without what looks swapped or shifted, and why that is left out."""

    scores: comparison.ScorerComparison | None
    left_out: list[str]


class KindOfSwims(NamedTuple):
    """Swims of one kind: videos, or EthoVision exports, which have a threshold of their own."""

    is_export: bool
    swims: list[RatedSwim]


@dataclass(frozen=True)
class Calibration:
    """What a calibration found.

    Attributes
    ----------
    kind : KindOfSwims
        The swims.
    folds : (n_swims,) int
        Fold of each swim.
    grid : SettingsGrid
        Loss of every pair of settings.
    present : Pair
        The present settings.
    best : Place
        Place of the fitted settings.
    held_out : list of Pair
        For each swim, the settings fitted without its fold.
    qualities : tuple of FitQuality
        Of the present settings, of the fitted ones on swims they were not fitted to, of people with one another.
    left_out : list of str
        Scores that were left out, and why.
    is_worthwhile : bool
        Whether the fitted settings bring unseen swims nearer to people by enough.
    """

    kind: KindOfSwims
    folds: np.ndarray
    grid: SettingsGrid
    present: Pair
    best: Place
    held_out: list[Pair]
    qualities: tuple[FitQuality, FitQuality, FitQuality]
    left_out: list[str]
    is_worthwhile: bool

    @property
    def fitted(self) -> Pair:
        """The fitted settings."""
        return self.grid.pair(self.best)

    @property
    def is_at_end(self) -> bool:
        """Whether the best threshold is the lowest or highest tried, so that a better one may lie beyond."""
        return self.best.threshold in (0, len(self.grid.thresholds) - 1)


def calibrate(
    recordings: Iterable[SwimFile], tables: Tables, cohort: Tables, settings: AssaySettings
) -> dict[str, pd.DataFrame | str | bytes]:
    """Fit threshold and shortest bout to what people scored.

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
        "report": report_table(done),
        "recordings": recordings_table(done, step_s),
        "tried": grid_table(done.grid),
        "figure.svg": calibration_curve(done.grid, done.best, done.present.threshold, is_export=kind.is_export),
        "settings.yaml": settings_text(done),
        "summary.txt": summary_text(done),
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
    why = [f"{one.rater}{f' in {one.recording}' * bool(one.recording)}: {one.message}" for one in doubtful]
    return TrustedScores(scores.without(keys), why)


def rated_swims(
    recordings: Iterable[SwimFile],
    tables: Tables,
    scores: comparison.ScorerComparison | None,
    settings: QuantifySettings,
) -> list[tuple[bool, RatedSwim]]:
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
    list of (bool, RatedSwim)
        Whether a swim comes from an export, and the swim.
    """
    found: list[tuple[bool, RatedSwim]] = []
    if scores is None:
        return found
    windows = {str(name): (start_s, stop_s) for name, start_s, stop_s in
               tables["windows"][["recording", "start_s", "stop_s"]].itertuples(index=False)}  # fmt: skip
    for swim_file in recordings:
        rules = settings.state_rules(is_export=swim_file.is_export)
        for swim in swim_file.swims:
            name = swim.recording
            people_s = {
                rater: seconds
                for (rater, other), seconds in scores.totals_s.items()
                if other == name and rater != comparison.AUTOMATIC
            }
            if people_s and name in windows:
                lines = {
                    rater: scores.timelines[rater, name] for rater in people_s if (rater, name) in scores.timelines
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
                found.append((swim_file.is_export, rated))
    return found


def most_common_kind(found: list[tuple[bool, RatedSwim]]) -> KindOfSwims:
    """Choose videos or EthoVision exports, whichever people scored more of."""
    if not found:
        return KindOfSwims(False, [])
    is_export = Counter(kind for kind, _ in found).most_common(1)[0][0]
    return KindOfSwims(is_export, [swim for kind, swim in found if kind == is_export])


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
    present = Pair(swims[0].rules.threshold, swims[0].rules.min_bout_s)
    grid = threshold_fitting.score_grid(swims, *search_values(present, own), step_s=step_s, edge_s=own.edge_s)
    bout = int(np.flatnonzero(grid.min_bouts_s == present.min_bout_s)[0])
    held_out = [grid.pair(place) for place in threshold_fitting.held_out_settings(grid, folds, bout)]
    now = threshold_fitting.fit_quality(swims, [present] * len(swims), step_s)
    unseen = threshold_fitting.fit_quality(swims, held_out, step_s)
    return Calibration(
        kind=kind,
        folds=folds,
        grid=grid,
        present=present,
        best=threshold_fitting.best_settings(grid.loss_s(), bout),
        held_out=held_out,
        qualities=(now, unseen, between_raters(swims)),
        left_out=left_out,
        is_worthwhile=now.mean_error_s - unseen.mean_error_s >= own.min_gain_s,
    )


def search_values(present: Pair, settings: CalibrateSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return the thresholds to try, in equal ratios around the present one, and the shortest bouts.

    Parameters
    ----------
    present : Pair
        The present settings, which are among both.
    settings : CalibrateSettings
        Range and number of thresholds; shortest bouts.

    Returns
    -------
    thresholds : (n_thresholds,) float
        In the unit of the trace's motion.
    min_bouts_s : (n_bouts,) float
        Seconds.
    """
    factors = np.geomspace(1 / settings.widest_factor, settings.widest_factor, settings.threshold_steps)
    thresholds = np.unique(np.append(present.threshold * factors, present.threshold))
    return thresholds, np.unique([*settings.min_bouts_s, present.min_bout_s])


def between_raters(swims: list[RatedSwim]) -> FitQuality:
    """Measure how far people are from one another, over every pair of raters of every swim."""
    differences_s = [
        swim.people_s[a] - swim.people_s[b] for swim in swims for a, b in combinations(sorted(swim.people_s), 2)
    ]
    return FitQuality(len(differences_s), float(np.mean(np.abs(differences_s))) if differences_s else np.nan)


def report_table(done: Calibration) -> pd.DataFrame:
    """Make ``report.csv``: how far the present and the fitted settings, and people, are from people.

    Parameters
    ----------
    done : Calibration
        What was found.

    Returns
    -------
    data frame
        ``settings`` and the fields of ``FitQuality``.
    """
    names = ("present", "fitted, on swims not fitted to", "people with one another")
    return pd.DataFrame([{"settings": name, **vars(one)} for name, one in zip(names, done.qualities, strict=True)])


def recordings_table(done: Calibration, step_s: float) -> pd.DataFrame:
    """Make ``recordings.csv``: each swim by people, with the present settings, and with those fitted without its fold.

    Parameters
    ----------
    done : Calibration
        What was found.
    step_s : float
        Length of a step of the timelines (seconds).

    Returns
    -------
    data frame
        One row per swim.
    """
    return pd.DataFrame(
        [
            {
                "recording": swim.recording,
                "animal": swim.animal,
                "part": int(fold) + 1,
                "raters": " ".join(sorted(swim.people_s)),
                "people_s": swim.mean_s(),
                "present_s": threshold_fitting.rescored(swim, done.present, step_s)[1],
                "fitted_s": threshold_fitting.rescored(swim, pair, step_s)[1],
                "threshold": pair.threshold,
                "min_bout_s": pair.min_bout_s,
            }
            for swim, fold, pair in zip(done.kind.swims, done.folds, done.held_out, strict=True)
        ]
    )


def grid_table(grid: SettingsGrid) -> pd.DataFrame:
    """Make ``tried.csv``: every pair of settings with its loss over all swims.

    Parameters
    ----------
    grid : SettingsGrid
        Loss of every pair of settings.

    Returns
    -------
    data frame
        ``threshold``, ``min_bout_s``, ``loss_s``, ``mean_error_s``, ``bias_s``.
    """
    differences_s = grid.seconds - grid.people_s[:, None, None]
    means = {"loss_s": grid.loss_s(), "mean_error_s": np.abs(differences_s), "bias_s": differences_s}
    thresholds, bouts_s = np.meshgrid(grid.thresholds, grid.min_bouts_s, indexing="ij")
    columns = {name: values.mean(axis=0).ravel() for name, values in means.items()}
    return pd.DataFrame({"threshold": thresholds.ravel(), "min_bout_s": bouts_s.ravel(), **columns})


def settings_text(done: Calibration) -> str:
    """Write the lines for the cohort's settings.yaml."""
    pair = done.fitted if done.is_worthwhile else done.present
    why = (
        "Fitted to people"
        if done.is_worthwhile
        else "The present settings: fitted ones bring unseen swims hardly nearer to people"
    )
    return (
        f"# {why}; see report.csv beside this file.\nforced_swim:\n  quantify:\n"
        f"    {threshold_setting(done.kind.is_export, pair.threshold, ': ')}\n    min_bout_s: {pair.min_bout_s:g}\n"
    )


def threshold_setting(is_export: bool, threshold: float, separator: str) -> str:
    """Return name and value of the threshold as the settings have it."""
    if is_export:
        return f"ethovision_threshold_pct{separator}{100 * threshold:.3g}"
    return f"immobility_threshold{separator}{threshold:.3g}"


def summary_text(done: Calibration) -> str:
    """Describe what was found, for a lab member."""
    swims, (now, unseen, people) = done.kind.swims, done.qualities
    raters = sorted({rater for swim in swims for rater in swim.people_s})
    present, fitted = (
        f"{threshold_setting(done.kind.is_export, pair.threshold, ' ')}, min_bout_s {pair.min_bout_s:g}"
        for pair in (done.present, done.fitted)
    )
    lines = [
        f"{len(swims)} swims of {len({swim.animal for swim in swims})} animals, scored by {', '.join(raters)}.",
        f"Present: {present}: {quality_sentence(now)}.",
        f"Fitted: {fitted}: {quality_sentence(unseen)}, on swims they were not fitted to "
        f"({len(set(done.folds))} parts, each left out once; an animal or video is never in two).",
    ]
    if people.n:
        lines.append(f"People are {people.mean_error_s:.0f} s from one another on average.")
    if done.is_worthwhile:
        lines.append("Copy the lines of settings.yaml beside this text into settings.yaml of the cohort folder.")
    else:
        gain_s = max(now.mean_error_s - unseen.mean_error_s, 0.0)
        lines.append(f"Keep the present settings: fitted ones bring unseen swims {gain_s:.1f} s nearer to people.")
    if done.is_at_end:
        lines.append(
            "The best threshold is the last one tried: raise forced_swim.calibrate.widest_factor and try again."
        )
    lines += [f"Left out, {why}" for why in done.left_out]
    return "\n".join(lines) + "\n"


def quality_sentence(quality: FitQuality) -> str:
    """Describe how far settings are from people."""
    decimals = 1 if quality.mean_error_s < 10 else 0
    text = f"{quality.mean_error_s:.{decimals}f} s from people on average (bias {quality.bias_s:+.0f} s"
    if np.isfinite(quality.loa_low_s):
        text += f", limits {quality.loa_low_s:.0f} to {quality.loa_high_s:.0f} s, ICC {quality.icc:.2f}"
    return text + (f", kappa {quality.kappa:.2f})" if np.isfinite(quality.kappa) else ")")


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
