"""Checks of every swim, and the figures its reviewer judges.

In: what ``ingest`` and ``quantify`` made, and what people scored. Out: checks, and for each recording the scene with
the cylinder and its water line, a filmstrip, and activity and light over time with threshold and states.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim import constants
from ketaflow.assays.forced_swim.figures import review_figures
from ketaflow.assays.forced_swim.model import HumanScoreRow, Measured, QcSettings, Swim, SwimFile, SwimScore
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Check, Checked, Figure, check, within


@dataclass(frozen=True)
class CheckText:
    """Unit of a check, and what it means."""

    unit: str
    message: str


CHECK_TEXTS = {
    "lost pictures": CheckText("%", "share of the video's pictures that are missing between the first and the last"),
    "camera hung": CheckText(
        "s", "longest stretch in which every picture repeats the one before; nothing is known of that time"
    ),
    "unscored": CheckText("%", "share of the scoring window in which the animal was not seen"),
    "cylinder found": CheckText(
        "", "how clearly the walls and the water line stand out; look at the picture of the scene"
    ),
    "contrast to noise": CheckText("", "difference between animal and background over the camera's noise"),
    "change of light": CheckText("%", "change of the light over the scoring window"),
    "camera moved": CheckText(
        "%",
        "how far the scene at the end of the film stands from that at its beginning, in cylinder widths; if the camera "
        "was pushed, cut the film there or film again",
    ),
    "threshold 20 % up or down": CheckText("s", "largest change of immobility when the threshold moves by 20 %"),
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
        if swim.reason:
            checks.append(check("animal seen", 0, **vars(about), low=1, verdict="fail", message=swim.reason))
            figures[swim.recording] = review_figures.scene_figure(swim_file, swim)
            continue
        score = measured.scores.get(swim.recording)
        limits = check_limits(settings)
        for name, value in check_values(swim_file, swim, score).items():
            checks.append(about.limit_check(name, value, CHECK_TEXTS[name], limits[name]))
        own = [row for row in scored_by_people if row.recording == swim.recording]
        end_s = float(swim.trace["time_s"].iloc[-1])
        checks += human_score_checks(own, end_s, swim_file.frame_rate_hz, about)
        bouts = [bout for bout in measured.states if bout.recording == swim.recording]
        figures[swim.recording] = review_figures.swim_figures(swim_file, swim, bouts, score)
    return Checked(checks, figures)


def check_limits(settings: QcSettings) -> dict[str, Limits]:
    """Return the limits of every check, by name."""
    return {
        "lost pictures": Limits(high=settings.max_dropped_pct),
        "camera hung": Limits(high=settings.max_repeated_s),
        "unscored": Limits(high=settings.max_unscored_pct),
        "cylinder found": Limits(low=settings.min_cylinder_confidence),
        "contrast to noise": Limits(low=settings.min_contrast_to_noise),
        "change of light": Limits(high=settings.max_brightness_change_pct),
        "camera moved": Limits(high=settings.max_camera_shift_pct),
        "threshold 20 % up or down": Limits(high=settings.max_threshold_change_s),
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
        "lost pictures": 100 * swim_file.frames_lost / max(swim_file.frames + swim_file.frames_lost, 1),
        "unscored": unscored_pct(score),
        "cylinder found": 1.0 if view is None else view.confidence,
        "threshold 20 % up or down": np.nan if score is None else score.threshold_change_s,
    }
    if view is not None and video is not None:
        left, _, right, _ = view.region_px
        window_s = (0.0, 0.0) if score is None else score.window_s
        found["camera hung"] = video.longest_repeat_s
        found["contrast to noise"] = view.contrast / max(video.noise_sd, constants.MIN_NOISE_SD)
        found["camera moved"] = 100 * video.camera_shift_px / max(right - left, 1)
        found["change of light"] = brightness_change_pct(swim.trace, window_s)
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
        found.append(about.limit_check("scores within the video", last_s, text, limits))
        rates = [row.fps for row in own if row.fps is not None and np.isfinite(row.fps)]
        if rates:
            text = CheckText(
                "Hz",
                f"frame rate in the program {rater} scored with; where it is not the video's, times may be stretched",
            )
            low, high = (
                frame_rate_hz * (1 - constants.FRAME_RATE_TOLERANCE),
                frame_rate_hz * (1 + constants.FRAME_RATE_TOLERANCE),
            )
            found.append(about.limit_check("frame rate of scores", rates[0], text, Limits(low, high)))
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
