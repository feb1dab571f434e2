"""Settings of the forced swim test, and the rules of scoring that follow from them.

The fields of a settings class are the keys of its block in ``settings.schema.yaml``, where units, ranges and reasons
are given.
"""

from dataclasses import dataclass
from typing import Literal

from ketaflow.assays.forced_swim import constants

# Kinds of files that hold swims.
Source = Literal["video", "ethovision", "pose"]


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
    pose_parts: tuple[str, ...] | None
    pose_min_likelihood: float | None
    review_film_s: float


@dataclass(frozen=True)
class StateRules:
    """What decides the state of a frame: the settings of ``quantify`` that hold for one kind of recording.

    Attributes
    ----------
    threshold : float
        Activity strictly below this is immobility, in the unit of the trace's motion.
    max_threshold_ratio : float
        Ratio within which the threshold of a swim is moved to the valley between floating and swimming; 1 keeps it.
    hysteresis : float
        Ratio to the threshold below which a bout of immobility may grow at its ends.
    smoothing_s : float
        Width of the window over which motion is averaged.
    """

    threshold: float
    max_threshold_ratio: float
    hysteresis: float
    smoothing_s: float
    drift_allowance_per_s: float
    min_bout_s: float
    climbing_height: float
    diving_depth: float


@dataclass(frozen=True)
class SamplingRule:
    """What decides whether an interval of EthoVision's mobility is immobile (Detke 1995, doi:10.1007/BF02245592).

    Attributes
    ----------
    threshold : float
        Limit of mobility (fraction of the body): immobile if it is below for more than half of the interval.
    sample_s : float
        Length of an interval (seconds).
    """

    threshold: float
    sample_s: float


@dataclass(frozen=True)
class PoseRule:
    """What decides whether a frame of poses is immobile.

    Attributes
    ----------
    threshold : float
        Mean speed of the body's parts strictly below this is immobility (body lengths per second).
    smoothing_s : float
        Width of the window over which it is averaged.
    """

    threshold: float
    smoothing_s: float
    min_bout_s: float
    min_mobile_s: float


# How a swim is scored: a video or poses frame by frame, an EthoVision export by time sampling.
Rules = StateRules | SamplingRule | PoseRule


@dataclass(frozen=True)
class QuantifySettings:
    """Settings of ``quantify``."""

    scoring_window_s: tuple[float, float]
    immobility_threshold: float
    max_threshold_ratio: float
    hysteresis: float
    min_bout_s: float
    min_mobile_s: float
    smoothing_s: float
    drift_allowance_per_s: float
    climbing_height: float
    diving_depth: float
    bin_s: float
    sample_s: float
    ethovision_threshold_pct: float | None
    pose_threshold_per_s: float
    climbing: Literal["auto", "yes", "no"]
    flag_unscored_pct: float
    min_seen_pct: float
    min_surface_coherence: float

    def state_rules(self) -> StateRules:
        """Return the rules for a video."""
        return StateRules(
            threshold=self.immobility_threshold,
            max_threshold_ratio=self.max_threshold_ratio,
            hysteresis=self.hysteresis,
            smoothing_s=self.smoothing_s,
            drift_allowance_per_s=self.drift_allowance_per_s,
            min_bout_s=self.min_bout_s,
            climbing_height=self.climbing_height,
            diving_depth=self.diving_depth,
        )

    def sampling_rule(self, limit_in_export_pct: float | None) -> SamplingRule:
        """Return the rule for EthoVision's mobility.

        Parameters
        ----------
        limit_in_export_pct : float or None
            Limit of immobility that the export states for its own states (percent); None if it states none.

        Returns
        -------
        SamplingRule
            Its limit is the setting; else that of the export times ``SAMPLE_LIMIT_RATIO``; else the default.
        """
        if self.ethovision_threshold_pct is not None:
            limit_pct = self.ethovision_threshold_pct
        elif limit_in_export_pct is not None:
            limit_pct = constants.SAMPLE_LIMIT_RATIO * limit_in_export_pct
        else:
            limit_pct = constants.DEFAULT_LIMIT_PCT
        return SamplingRule(limit_pct / 100, self.sample_s)

    def pose_rule(self) -> PoseRule:
        """Return the rule for poses."""
        return PoseRule(
            threshold=self.pose_threshold_per_s,
            smoothing_s=self.smoothing_s,
            min_bout_s=self.min_bout_s,
            min_mobile_s=self.min_mobile_s,
        )

    def rules_of(self, source: Source, limit_in_export_pct: float | None) -> Rules:
        """Return the rules for a swim of a video, of poses, or of an export that may state a limit (percent)."""
        if source == "ethovision":
            return self.sampling_rule(limit_in_export_pct)
        return self.pose_rule() if source == "pose" else self.state_rules()


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
    min_pose_found_pct: float
    max_pose_jumps_pct: float
    max_pose_long_pct: float


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
    samples_s: tuple[float, ...]
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
