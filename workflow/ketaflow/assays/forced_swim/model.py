"""Data of the forced swim test: rows of its tables, its settings, and what each stage hands to the next.

``ingest`` makes a ``SwimFile`` of each video or export, ``quantify`` a ``Measured`` of each ``SwimFile``. The fields of
a settings class are the keys of its block in ``settings.schema.yaml``, where units, ranges and reasons are given.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from ketaflow.core.results import Measurement, table

State = Literal["immobility", "swimming", "climbing", "diving", "unscored"]


@dataclass(frozen=True)
class SwimRow:
    """One row of the table ``forced_swim``: an animal in a cylinder of a video."""

    recording: str
    animal: str
    video: str
    cylinder: int
    release_s: float | None = None
    session: str | None = None
    region_x_px: float | None = None
    region_y_px: float | None = None
    region_width_px: float | None = None
    region_height_px: float | None = None
    water_line_px: float | None = None


@dataclass(frozen=True)
class HumanScoreRow:
    """One row of the table ``forced_swim_human_scores``: a bout, or a total, that a person scored."""

    recording: str
    rater: str
    behaviour: str
    start_s: float | None
    stop_s: float | None
    total_s: float | None
    fps: float | None


@dataclass(frozen=True)
class TruthRow:
    """One row of the table ``forced_swim_truth``: how a swim is drawn. Empty cells take the defaults of the scene."""

    recording: str
    states: str
    seed: int | None = None
    body_length: float | None = None
    vigour: float | None = None
    fps: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    codec: str | None = None
    cylinders: int | None = None
    body_level: float | None = None
    wall_level: float | None = None
    noise_sd: float | None = None
    ripple: float | None = None
    flicker: float | None = None
    light_drift: float | None = None
    reflection: float | None = None
    tilt_px: float | None = None
    drop_frames_pct: float | None = None
    fault: str | None = None


@dataclass(frozen=True)
class IngestSettings:
    """Settings of ``ingest``."""

    analysis_rate_hz: float
    background_frames: int
    polarity: Literal["auto", "dark", "light"]
    view: Literal["side", "top"]
    max_gap_s: float
    max_frozen_s: float
    filmstrip_every_s: float


@dataclass(frozen=True)
class StateRules:
    """What decides the state of a frame: the settings of ``quantify`` that hold for one kind of recording.

    Attributes
    ----------
    threshold : float
        Activity strictly below this is immobility, in the unit of the trace's motion.
    hysteresis : float
        Ratio to the threshold below which a bout of immobility may grow at its ends.
    smoothing_s : float
        Width of the window over which motion is averaged.
    """

    threshold: float
    hysteresis: float
    smoothing_s: float
    drift_allowance_per_s: float
    min_bout_s: float
    min_mobile_s: float
    climbing_height: float
    min_climbing_s: float
    diving_depth: float


@dataclass(frozen=True)
class QuantifySettings:
    """Settings of ``quantify``."""

    scoring_window_s: tuple[float, float]
    immobility_threshold: float
    hysteresis: float
    min_bout_s: float
    min_mobile_s: float
    smoothing_s: float
    drift_allowance_per_s: float
    climbing_height: float
    min_climbing_s: float
    diving_depth: float
    bin_s: float
    sample_s: float
    ethovision_threshold_pct: float
    ethovision_hysteresis: float
    ethovision_smoothing_s: float
    flag_unscored_pct: float
    min_seen_pct: float

    def state_rules(self, *, is_export: bool) -> StateRules:
        """Return the rules for a video, or for the mobility of an EthoVision export, which has its own threshold."""
        return StateRules(
            threshold=self.ethovision_threshold_pct / 100 if is_export else self.immobility_threshold,
            hysteresis=self.ethovision_hysteresis if is_export else self.hysteresis,
            smoothing_s=self.ethovision_smoothing_s if is_export else self.smoothing_s,
            drift_allowance_per_s=self.drift_allowance_per_s,
            min_bout_s=self.min_bout_s,
            min_mobile_s=self.min_mobile_s,
            climbing_height=self.climbing_height,
            min_climbing_s=self.min_climbing_s,
            diving_depth=self.diving_depth,
        )


@dataclass(frozen=True)
class QcSettings:
    """Settings of ``qc``."""

    max_dropped_pct: float
    max_repeated_s: float
    max_unscored_pct: float
    max_brightness_change_pct: float
    min_contrast_to_noise: float
    min_cylinder_confidence: float
    max_camera_shift_pct: float
    max_threshold_change_s: float


@dataclass(frozen=True)
class CohortSettings:
    """Settings of ``cohort``."""

    step_s: float
    human_limits_s: float


@dataclass(frozen=True)
class CalibrateSettings:
    """Settings of ``calibrate``."""

    widest_factor: float
    threshold_steps: int
    min_bouts_s: tuple[float, ...]
    edge_s: float
    folds: int
    min_recordings: int
    min_gain_s: float


@dataclass(frozen=True)
class ClipSettings:
    """Settings of ``clip``."""

    start_s: float | None
    length_s: float
    width_px: int


@dataclass(frozen=True)
class AssaySettings:
    """The blocks of the settings that ``calibrate`` needs."""

    quantify: QuantifySettings
    cohort: CohortSettings
    calibrate: CalibrateSettings


@dataclass(frozen=True)
class VideoProperties:
    """A video as a whole.

    Attributes
    ----------
    codec, pixel_format : str
        As FFmpeg names them.
    width_px, height_px : int
        Size of a frame as it is shown.
    frames_analysed, frames_repeated, frames_damaged : int
        Frames looked at; those of them that equal the frame before; frames that could not be decoded.
    lost_at_s : tuple of float
        Times before gaps in the timestamps (seconds of the video).
    longest_repeat_s : float
        Longest stretch in which every frame equals the one before (seconds).
    uneven_fraction : float
        Fraction of frame intervals that differ from the usual one by more than a tenth.
    noise_sd : float
        Standard deviation of the camera's noise (grey levels).
    polarity : str
        Whether the animals are darker or lighter than the background.
    camera_shift_px : float
        Displacement of the scene between the first and the last third of the video.
    """

    codec: str
    pixel_format: str
    width_px: int
    height_px: int
    frames_analysed: int
    frames_repeated: int
    frames_damaged: int
    lost_at_s: tuple[float, ...]
    longest_repeat_s: float
    uneven_fraction: float
    duration_s: float
    noise_sd: float
    polarity: Literal["dark", "light"]
    camera_shift_px: float


@dataclass(frozen=True)
class SceneImage:
    """The scene of a video without its animals.

    Attributes
    ----------
    background : (height, width) uint8
        Grey levels, reduced.
    reduction : int
        Side of the squares of video pixels that one pixel stands for.
    frame_is_repeat : (n_frames,) bool
        Whether an analysed frame equals the one before.
    """

    background: np.ndarray
    reduction: int
    frame_is_repeat: np.ndarray


@dataclass(frozen=True)
class CylinderView:
    """A cylinder in a video.

    Attributes
    ----------
    region_px : tuple of float
        Left, top, right, bottom (pixels of the video).
    water_px : tuple of float
        Height of the water surface at the left and the right wall (pixels from the top).
    confidence : float
        How clearly the water line stands out (0 to 1).
    contrast : float
        Median difference between animal and background (grey levels).
    """

    region_px: tuple[float, float, float, float]
    water_px: tuple[float, float]
    confidence: float
    contrast: float


@dataclass(frozen=True)
class StripImages:
    """Small images of one cylinder at regular times.

    Attributes
    ----------
    pairs : (n, 2, height, width) uint8
        Each image with one taken a moment later.
    times_s : (n,) float
        Times of the first image of each pair (seconds of the video).
    """

    pairs: np.ndarray
    times_s: np.ndarray


@dataclass(frozen=True)
class Swim:
    """One animal of a video or an export.

    Attributes
    ----------
    recording, animal, session : str
        As in the table ``forced_swim``.
    cylinder : int
        Number of the cylinder or arena.
    reason : str
        Why the swim cannot be scored; empty if it can.
    release_s : float or None
        When the animal was released (seconds of the video); None or NaN if not found.
    max_gap_s : float
        Longer intervals between frames are unscored (seconds).
    trace : data frame
        One row per frame: ``time_s``, ``seen``, ``motion``; from a video also ``speed``, ``x``, ``height``, ``depth``,
        ``above``, ``area``, ``light``, ``frozen`` (see ``tracking.trace``).
    view : CylinderView or None
        The cylinder in the video; None for an export.
    strip : StripImages or None
        Images for the reviewer; None for an export.
    """

    recording: str
    animal: str
    session: str | None
    cylinder: int
    reason: str
    release_s: float | None
    max_gap_s: float
    trace: pd.DataFrame
    view: CylinderView | None = None
    strip: StripImages | None = None


@dataclass(frozen=True)
class SwimFile:
    """All swims of one video or EthoVision export: what ``ingest`` makes.

    Attributes
    ----------
    path : str
        As in the column ``video``.
    frames, frames_lost : int
        Frames in the file, and frames missing between the first and the last.
    frame_rate_hz : float
        Usual frame rate.
    swims : list of Swim
        In the order of the table.
    video, scene : VideoProperties, SceneImage or None
        None for an export.
    """

    path: str
    frames: int
    frames_lost: int
    frame_rate_hz: float
    swims: list[Swim]
    video: VideoProperties | None = None
    scene: SceneImage | None = None

    @property
    def is_export(self) -> bool:
        """Whether the motion was measured by EthoVision."""
        return self.video is None

    def swim(self, recording: str) -> Swim:
        """Return the swim of that name."""
        return next(swim for swim in self.swims if swim.recording == recording)


@dataclass(frozen=True)
class StateBout:
    """One row of ``states.csv``: a bout of one state (seconds of the video)."""

    recording: str
    state: State
    start_s: float
    stop_s: float


@dataclass(frozen=True)
class TimeBin:
    """One row of ``bins.csv``: seconds of every state in a bin (times in seconds from release)."""

    recording: str
    bin_start_s: float
    bin_stop_s: float
    immobility_s: float
    swimming_s: float
    climbing_s: float
    diving_s: float
    unscored_s: float


@dataclass(frozen=True)
class BehaviourSample:
    """One row of ``samples.csv``: the predominant state of an interval (times in seconds from release)."""

    recording: str
    sample_start_s: float
    sample_stop_s: float
    state: State


@dataclass(frozen=True)
class ScoringWindow:
    """One row of ``windows.csv``: the scored part of a recording (seconds of the video)."""

    recording: str
    start_s: float
    stop_s: float


@dataclass(frozen=True)
class SwimScore:
    """How a swim was scored, for checks and figures.

    Attributes
    ----------
    window_s : tuple of float
        Start and stop of the scoring window (seconds of the video).
    threshold : float
        The threshold that was used.
    activity : (n_frames,) float32
        What was compared with the threshold, one value per row of the trace.
    unscored_s : float
        Seconds of the window in which the animal was not seen.
    immobility_by_threshold_s : tuple of float
        Immobility in the window with a threshold 20 % lower, as it is, and 20 % higher.
    """

    window_s: tuple[float, float]
    threshold: float
    activity: np.ndarray
    unscored_s: float
    immobility_by_threshold_s: tuple[float, float, float]

    @property
    def threshold_change_s(self) -> float:
        """Largest change of immobility when the threshold moves by 20 % (seconds)."""
        return max(abs(seconds - self.immobility_by_threshold_s[1]) for seconds in self.immobility_by_threshold_s)


@dataclass(frozen=True)
class Measured:
    """What ``quantify`` makes of one file.

    Attributes
    ----------
    measurements, states, bins, samples, windows : list
        Published tables.
    scores : dict of str to SwimScore
        By recording, of those that could be scored.
    """

    measurements: list[Measurement] = table()
    states: list[StateBout] = table()
    bins: list[TimeBin] = table()
    samples: list[BehaviourSample] = table()
    windows: list[ScoringWindow] = table()
    scores: dict[str, SwimScore] = field(default_factory=dict)
