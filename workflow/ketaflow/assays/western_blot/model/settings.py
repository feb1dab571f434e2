"""Settings of each stage; the fields are the keys of its block in ``settings.schema.yaml``."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class IngestSettings:
    """Settings of ``ingest``."""

    polarity: Literal["auto", "bright", "dark"]
    unsure_polarity: float


@dataclass(frozen=True)
class QuantifySettings:
    """Settings of ``quantify``."""

    lane_margin: float
    lane_filled: float
    lane_outside: float
    background: Literal["auto", "border", "lane", "gap"]
    background_length_pct: float
    min_snr: float
    min_share: float
    clear_share: float
    clear_contrast: float
    clear_snr: float
    foot: float
    max_slope: float
    ladder_kda: tuple[float, ...]
    kda_tolerance_pct: float
    detection_snr: float
    saturated_limit_pct: float
    specks_limit_pct: float
    uncertainty_limit_pct: float
    overlap_limit_pct: float


@dataclass(frozen=True)
class QcSettings:
    """Settings of ``qc``."""

    background_difference_pct: float
    loading_cv_pct: float
    pool_cv_pct: float
    mass_off_pct: float
    twin_correlation: float
    splice_score: float
    jpeg_score: float
    least_snr: float
    histogram_gaps_pct: float
    transfer_change_pct: float
    background_change_pct: float


@dataclass(frozen=True)
class CohortSettings:
    """Settings of ``summarise``."""

    likeness_correlation: float
    likeness_score: float
