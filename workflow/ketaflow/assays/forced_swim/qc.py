"""Checks of every swim, and the figures its reviewer judges.

In: what ``ingest`` and ``quantify`` made, and what people scored. Out: checks, and for each recording the scene with
the cylinder and its water line, a filmstrip, and activity and light over time with threshold and states.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim import constants
from ketaflow.assays.forced_swim.figures import review_figures
from ketaflow.assays.forced_swim.model import HumanScoreRow, Swim, SwimFile
from ketaflow.assays.forced_swim.scoring.model import Measured, SwimScore
from ketaflow.assays.forced_swim.settings import QcSettings
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Check, Checked, Figure, check, within


@dataclass(frozen=True)
class CheckText:
    """Unit of a check, and what it means."""

    unit: str
    message: str


LOST, REPEATED, UNSEEN = "lost frames", "repeated frames", "time not scored"
CYLINDER, CONTRAST, LIGHT = "clarity of the water line", "contrast-to-noise ratio", "change of illumination"
CAMERA, SENSITIVITY = "camera displacement", "sensitivity to the threshold"
FOUND, JUMPS, LONG = "body parts found", "jumps of body parts", "implausibly long body"

CHECK_TEXTS = {
    LOST: CheckText("%", "share of the frames between the first and the last that are missing"),
    REPEATED: CheckText(
        "s", "longest stretch in which every frame repeats the one before; what the animal did then is not known"
    ),
    UNSEEN: CheckText("%", "share of the scoring window in which the animal was not seen"),
    CYLINDER: CheckText("", "contrast of the water line with the rest of the cylinder (0 to 1); check it in the scene"),
    CONTRAST: CheckText("", "difference between animal and background, relative to the camera's noise"),
    LIGHT: CheckText("%", "range of the illumination over the scoring window, relative to its median"),
    CAMERA: CheckText(
        "%",
        "displacement of the scene between the first and the last third of the video, relative to the width of the "
        "cylinder; if the camera was moved, cut the video there",
    ),
    SENSITIVITY: CheckText("s", "largest change of immobility if the threshold is changed"),
    FOUND: CheckText("%", "share of the positions of body parts that were found with sufficient likelihood"),
    JUMPS: CheckText("%", "share of the positions that jump by more than half a body length; they are left out"),
    LONG: CheckText("%", "share of the frames in which the body is over 1.5 times as long as usual; they are left out"),
}


@dataclass(frozen=True)
class Limits:
    """Lower and upper limit of a check; None where there is none."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Subject:
    """What a check is about."""

    recording: str
    animal: str
    place: str

    def limit_check(self, name: str, value: float, text: CheckText, limits: Limits) -> Check:
        """Return a check that warns outside its limits."""
        return check(
            name,
            value,
            recording=self.recording,
            animal=self.animal,
            place=self.place,
            unit=text.unit,
            low=limits.low,
            high=limits.high,
            verdict=within(value, limits.low, limits.high),
            message=text.message,
        )


def qc(swim_file: SwimFile, measured: Measured, settings: QcSettings, *, rows: Rows) -> Checked:
    """Check every swim of one file.

    Parameters
    ----------
    swim_file : SwimFile
        What ``ingest`` made.
    measured : Measured
        What ``quantify`` made of it.
    settings : QcSettings
        Settings.
    rows : Rows
        Rows of ``forced_swim_human_scores``.

    Returns
    -------
    Checked
    """
    scored_by_people = rows.of("forced_swim_human_scores", HumanScoreRow)
    checks: list[Check] = []
    figures: dict[str, list[Figure]] = {}
    for swim in swim_file.swims:
        about = Subject(swim.recording, swim.animal, f"cylinder {swim.cylinder:g}")
        checks += note_checks(swim, about)
        if swim.reason:
            checks.append(check("swim can be scored", 0, **vars(about), low=1, verdict="fail", message=swim.reason))
            figures[swim.recording] = review_figures.scene_figure(swim_file, swim)
            continue
        if not len(swim.trace):
            figures[swim.recording] = []
            continue
        score = measured.scores.get(swim.recording)
        limits = check_limits(settings)
        for name, value in check_values(swim_file, swim, score).items():
            text = sensitivity_text(score) if name == SENSITIVITY else CHECK_TEXTS[name]
            text = parts_text(swim) if name == FOUND else text
            checks.append(about.limit_check(name, value, text, limits[name]))
        own = [row for row in scored_by_people if row.recording == swim.recording]
        end_s = float(swim.trace["time_s"].iloc[-1])
        checks += human_score_checks(own, end_s, swim_file.frame_rate_hz, about)
        bouts = [bout for bout in measured.states if bout.recording == swim.recording]
        figures[swim.recording] = review_figures.swim_figures(swim_file, swim, bouts, score)
    return Checked(checks, figures)


def note_checks(swim: Swim, about: Subject) -> list[Check]:
    """Make a check of what the lab noted in the header of an export, so that a reviewer reads it."""
    if swim.export is None or not swim.export.note:
        return []
    message = f"noted in the export: {swim.export.note}"
    return [check("notes in the export", 1, **vars(about), unit="", high=0, verdict="warn", message=message)]


def sensitivity_text(score: SwimScore | None) -> CheckText:
    """Describe how much immobility depends on the threshold, and which threshold was used."""
    text = CHECK_TEXTS[SENSITIVITY]
    if score is None:
        return text
    low_s, used_s, high_s = score.immobility_by_threshold_s
    return replace(
        text,
        message=f"{text.message} by {score.threshold_step}: {low_s:.0f} s (lower), {used_s:.0f} s, {high_s:.0f} s "
        f"(higher than {score.threshold:.3g}). Calibrate the threshold to your own raters if this matters",
    )


def parts_text(swim: Swim) -> CheckText:
    """Name the body parts that were used, and those that were left out."""
    text, poses = CHECK_TEXTS[FOUND], swim.poses
    if poses is None:
        return text
    left_out = f"; left out: {', '.join(poses.parts_left_out)}" if poses.parts_left_out else ""
    return replace(text, message=f"{text.message}. Used: {', '.join(poses.parts)}{left_out}")


def check_limits(settings: QcSettings) -> dict[str, Limits]:
    """Return the limits of every check, by name."""
    return {
        LOST: Limits(high=settings.max_dropped_pct),
        REPEATED: Limits(high=settings.max_repeated_s),
        UNSEEN: Limits(high=settings.max_unscored_pct),
        CYLINDER: Limits(low=settings.min_cylinder_confidence),
        CONTRAST: Limits(low=settings.min_contrast_to_noise),
        LIGHT: Limits(high=settings.max_brightness_change_pct),
        CAMERA: Limits(high=settings.max_camera_shift_pct),
        SENSITIVITY: Limits(high=settings.max_threshold_change_s),
        FOUND: Limits(low=settings.min_pose_found_pct),
        JUMPS: Limits(high=settings.max_pose_jumps_pct),
        LONG: Limits(high=settings.max_pose_long_pct),
    }


def check_values(swim_file: SwimFile, swim: Swim, score: SwimScore | None) -> dict[str, float]:
    """Compute the value of every check that applies.

    Parameters
    ----------
    swim_file, swim : SwimFile, Swim
        What was recorded.
    score : SwimScore or None
        How it was scored; None if it could not be.

    Returns
    -------
    dict of str to float
        By name of the check, in the units of ``CHECK_TEXTS``. An export has no light, contrast or camera.
    """
    view, video = swim.view, swim_file.video
    found = {
        LOST: 100 * swim_file.frames_lost / max(swim_file.frames + swim_file.frames_lost, 1),
        UNSEEN: unscored_pct(score),
        CYLINDER: 1.0 if view is None else view.confidence,
        SENSITIVITY: np.nan if score is None else score.threshold_change_s,
    }
    if swim.poses is not None:
        del found[CYLINDER]
        found |= {FOUND: swim.poses.found_pct, JUMPS: swim.poses.jumps_pct, LONG: swim.poses.long_pct}
    if view is not None and video is not None:
        left, _, right, _ = view.region_px
        window_s = (0.0, 0.0) if score is None else score.window_s
        found[REPEATED] = video.longest_repeat_s
        found[CONTRAST] = view.contrast / max(video.noise_sd, constants.MIN_NOISE_SD)
        found[CAMERA] = 100 * video.camera_shift_px / max(right - left, 1)
        found[LIGHT] = brightness_change_pct(swim.trace, window_s)
    return found


def human_score_checks(
    rows: Sequence[HumanScoreRow], end_s: float, frame_rate_hz: float, about: Subject
) -> list[Check]:
    """Check that what people scored lies within the recording, and was scored at its frame rate.

    Parameters
    ----------
    rows : sequence of HumanScoreRow
        What people scored in one recording.
    end_s : float
        Time of the last frame (seconds of the video).
    frame_rate_hz : float
        Frame rate of the video.
    about : Subject
        The recording.

    Returns
    -------
    list of Check
        For each rater who scored bouts.
    """
    found = []
    for rater in sorted({row.rater for row in rows if row.stop_s is not None}):
        own = [row for row in rows if row.rater == rater and row.stop_s is not None]
        last_s = max(row.stop_s for row in own if row.stop_s is not None)
        text = CheckText("s", f"end of the last bout {rater} scored; times count from the start of the video")
        limits = Limits(0, end_s + constants.SCORES_END_TOLERANCE_S)
        found.append(about.limit_check("scores end within the video", last_s, text, limits))
        rates = [row.fps for row in own if row.fps is not None and np.isfinite(row.fps)]
        if rates:
            text = CheckText(
                "Hz",
                f"frame rate assumed by the program of {rater}; if it differs from the video's, times are wrong",
            )
            low, high = (
                frame_rate_hz * (1 - constants.FRAME_RATE_TOLERANCE),
                frame_rate_hz * (1 + constants.FRAME_RATE_TOLERANCE),
            )
            found.append(about.limit_check("frame rate of the scoring program", rates[0], text, Limits(low, high)))
    return found


def unscored_pct(score: SwimScore | None) -> float:
    """Return the share of the scoring window in which the animal was not seen (percent)."""
    if score is None:
        return 100.0
    start_s, stop_s = score.window_s
    return 100 * score.unscored_s / (stop_s - start_s)


def brightness_change_pct(trace: pd.DataFrame, window_s: tuple[float, float]) -> float:
    """Compute the range of the light within a window relative to its median, flicker averaged out.

    Parameters
    ----------
    trace : data frame
        ``time_s`` (seconds of the video) and ``light`` (relative).
    window_s : tuple of float
        The window (seconds of the video).

    Returns
    -------
    float
        Percent; NaN if the window holds no frame.
    """
    inside = trace.loc[trace["time_s"].between(*window_s), "light"]
    if not len(inside):
        return np.nan
    slow = inside.rolling(constants.FLICKER_FRAMES, min_periods=1, center=True).mean()
    return 100 * float((slow.max() - slow.min()) / slow.median())
