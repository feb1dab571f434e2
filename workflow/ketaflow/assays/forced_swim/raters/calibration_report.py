"""The report of a calibration: what was fitted, on what, and how far it is from human scores.

In: a ``Calibration``. Out: tables, a summary for a lab member, and the lines for ``settings.yaml``.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.raters import threshold_fitting
from ketaflow.assays.forced_swim.raters.threshold_fitting import FitQuality, Pair, Place, RatedSwim, SettingsGrid
from ketaflow.assays.forced_swim.settings import Source


class KindOfSwims(NamedTuple):
    """Swims of one kind of file, which has a threshold of its own."""

    source: Source
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
    names = ("present", "fitted, on swims not fitted to", "between raters")
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
                duration_setting(done.kind.source): pair.duration_s,
            }
            for swim, fold, pair in zip(done.kind.swims, done.folds, done.held_out, strict=True)
        ]
    )


def grid_table(done: Calibration) -> pd.DataFrame:
    """Make ``tried.csv``: every pair of settings with its loss over all swims.

    Parameters
    ----------
    done : Calibration
        What was found.

    Returns
    -------
    data frame
        ``threshold``, the duration, ``loss_s``, ``mean_error_s``, ``bias_s``.
    """
    grid = done.grid
    differences_s = grid.seconds - grid.people_s[:, None, None]
    means = {"loss_s": grid.loss_s(), "mean_error_s": np.abs(differences_s), "bias_s": differences_s}
    thresholds, durations_s = np.meshgrid(grid.thresholds, grid.durations_s, indexing="ij")
    columns = {name: values.mean(axis=0).ravel() for name, values in means.items()}
    name = duration_setting(done.kind.source)
    return pd.DataFrame({"threshold": thresholds.ravel(), name: durations_s.ravel(), **columns})


def settings_text(done: Calibration) -> str:
    """Write the lines for the cohort's settings.yaml."""
    pair = done.fitted if done.is_worthwhile else done.present
    why = (
        "Fitted to human scores"
        if done.is_worthwhile
        else "The present settings: fitted ones hardly improve the agreement of unseen swims with human scores"
    )
    return (
        f"# {why}; see report.csv beside this file.\nforced_swim:\n  quantify:\n"
        f"    {threshold_setting(done.kind.source, pair.threshold, ': ')}\n"
        f"    {duration_setting(done.kind.source)}: {pair.duration_s:g}\n"
    )


def threshold_setting(source: Source, threshold: float, separator: str) -> str:
    """Return name and value of the threshold as the settings have it."""
    if source == "ethovision":
        return f"ethovision_threshold_pct{separator}{100 * threshold:.3g}"
    name = "pose_threshold_per_s" if source == "pose" else "immobility_threshold"
    return f"{name}{separator}{threshold:.3g}"


def duration_setting(source: Source) -> str:
    """Return the name of the duration that was fitted."""
    return "sample_s" if source == "ethovision" else "min_bout_s"


def summary_text(done: Calibration) -> str:
    """Describe what was found, for a lab member."""
    swims, (now, unseen, people) = done.kind.swims, done.qualities
    raters = sorted({rater for swim in swims for rater in swim.people_s})
    present, fitted = (
        f"{threshold_setting(done.kind.source, pair.threshold, ' ')}, "
        f"{duration_setting(done.kind.source)} {pair.duration_s:g}"
        for pair in (done.present, done.fitted)
    )
    lines = [
        f"{len(swims)} swims of {len({swim.animal for swim in swims})} animals, scored by {', '.join(raters)}.",
        f"Present: {present}: {quality_sentence(now)}.",
        f"Fitted: {fitted}: {quality_sentence(unseen)}, on swims they were not fitted to "
        f"({len(set(done.folds))} parts, each left out once; an animal or video is never in two).",
    ]
    if people.n:
        lines.append(f"Raters differ from one another by {people.mean_error_s:.0f} s on average.")
    if done.is_worthwhile:
        lines.append("Copy the lines of settings.yaml beside this text into settings.yaml of the cohort folder.")
    else:
        gain_s = max(now.mean_error_s - unseen.mean_error_s, 0.0)
        lines.append(f"Keep the present settings: fitted ones reduce the error of unseen swims by {gain_s:.1f} s.")
    if done.is_at_end:
        lines.append(
            "The best threshold is the last one tried: raise forced_swim.calibrate.widest_factor and try again."
        )
    lines += [f"Left out, {why}" for why in done.left_out]
    return "\n".join(lines) + "\n"


def quality_sentence(quality: FitQuality) -> str:
    """Describe how far settings are from people."""
    decimals = 1 if quality.mean_error_s < 10 else 0
    text = f"{quality.mean_error_s:.{decimals}f} s mean error against human scores (bias {quality.bias_s:+.0f} s"
    if np.isfinite(quality.loa_low_s):
        text += f", limits {quality.loa_low_s:.0f} to {quality.loa_high_s:.0f} s, ICC {quality.icc:.2f}"
    return text + (f", kappa {quality.kappa:.2f})" if np.isfinite(quality.kappa) else ")")
