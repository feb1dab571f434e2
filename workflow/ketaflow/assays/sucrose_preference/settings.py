"""Settings of the stages; the fields are those of ``settings.schema.yaml``."""

from dataclasses import dataclass
from typing import Literal

from ketaflow.assays.sucrose_preference.model import Unit


@dataclass(frozen=True)
class IngestSettings:
    """Settings ``sucrose_preference.ingest``."""

    volume_scale: Literal["remaining", "removed"]
    sheet_unit: Unit
    lick_time_unit: Literal["auto", "s", "ms"]
    empty_up_to_ml: float
    quiet_gap_s: float
    clock_from_year: int


@dataclass(frozen=True)
class QuantifySettings:
    """Settings ``sucrose_preference.quantify``."""

    mouse_limit_ml: float
    rat_limit_ml: float
    rat_from_g: float
    session_h: float
    precision_g: float
    drained_ml: float
    control_loss_g: float
    sucrose_pct: float
    burst_gap_s: float
    burst_min_licks: int
    long_lick_s: float
    bin_min: float
    lights_on_h: float
    lights_off_h: float
    stuck_contact_s: float
    stuck_duty_pct: float


@dataclass(frozen=True)
class QcSettings:
    """Settings ``sucrose_preference.qc``."""

    low_intake_ml: float
    control_warn_g: float
    side_bias_points: float
    gap_s: float
    count_against_contact_points: float
    battery_v: float
    lick_volume_ul: tuple[float, float]


@dataclass(frozen=True)
class CohortSettings:
    """Settings ``sucrose_preference.cohort``."""

    baseline_sessions: tuple[str, ...]
    baseline_gate_pct: float
    anhedonia_pct: float
    side_difference_points: float
    outlier_score: float
    outlier_min_count: int
