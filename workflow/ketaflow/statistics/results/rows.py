"""The rows of the statistics tables: one class per table, one field per column, in the order they are written.

Text that does not apply is empty, a number that does not apply is NaN; both are empty cells of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What every table has: the endpoint and the data set (``all``, or ``reviewed`` without rejected recordings)."""

    endpoint: str = ""
    dataset: str = ""


@dataclass(frozen=True, kw_only=True)
class ContrastRow(Row):
    """One comparison.

    Attributes
    ----------
    p_value, p_adjusted, p_family : float
        p of this comparison alone, adjusted within the endpoint, and adjusted over the endpoints of the family.
    ci_type : str
        ``simultaneous`` if the interval covers all comparisons of the contrast, else ``individual``.
    bayes_factor_null : float
        BF01 of a two-group comparison: how much more probable the values are without an effect (JZS prior).
    sensitivity : str
        Name of a sensitivity analysis; empty for the analysis of the plan.
    hypothesis_group : str
        Comparisons that are adjusted together; not written.
    """

    assay: str = ""
    measure: str = ""
    analyte: str = ""
    region: str = ""
    role: str = ""
    family: str = ""
    model: str = ""
    contrast: str = ""
    level: str = ""
    reference: str = ""
    n: float = NAN
    n_reference: float = NAN
    n_observations: float = NAN
    estimate: float = NAN
    estimate_scale: str = ""
    unit: str = ""
    se: float = NAN
    df: float = NAN
    df_method: str = ""
    statistic_name: str = ""
    statistic: float = NAN
    p_value: float = NAN
    p_adjusted: float = NAN
    p_family: float = NAN
    adjustment: str = ""
    family_adjustment: str = ""
    conf_level: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    ci_type: str = ""
    effect_size_name: str = ""
    effect_size: float = NAN
    effect_ci_low: float = NAN
    effect_ci_high: float = NAN
    alternative: str = ""
    smallest_effect: float = NAN
    equivalence_p_value: float = NAN
    equivalence_low: float = NAN
    equivalence_high: float = NAN
    bayes_factor_null: float = NAN
    sensitivity: str = ""
    note: str = ""
    hypothesis_group: str = ""


@dataclass(frozen=True, kw_only=True)
class OmnibusRow(Row):
    """Test of a whole term: arm, time, or their interaction."""

    assay: str = ""
    measure: str = ""
    model: str = ""
    term: str = ""
    sum_of_squares_type: str = ""
    df1: float = NAN
    df2: float = NAN
    df_method: str = ""
    statistic_name: str = ""
    statistic: float = NAN
    p_value: float = NAN
    sum_of_squares: float = NAN
    mean_square: float = NAN
    effect_size_name: str = ""
    effect_size: float = NAN
    partial_eta_squared: float = NAN
    omega_squared: float = NAN
    sensitivity: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class DescriptiveRow(Row):
    """Animals of one arm (and time): number, centre and spread, in the measure's unit.

    Attributes
    ----------
    adjusted_mean, adjusted_se, adjusted_df, adjusted_ci_low, adjusted_ci_high : float
        The model's mean at these levels, on the scale of the analysis.
    factors : mapping of str to object
        Levels of the plan's other factors, a column each.
    """

    assay: str = ""
    measure: str = ""
    unit: str = ""
    arm: str = ""
    time_min: object = NAN
    session: object = ""
    n: float = NAN
    n_observations: float = NAN
    mean: float = NAN
    sd: float = NAN
    sem: float = NAN
    median: float = NAN
    q1: float = NAN
    q3: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    adjusted_mean: float = NAN
    adjusted_se: float = NAN
    adjusted_df: float = NAN
    adjusted_ci_low: float = NAN
    adjusted_ci_high: float = NAN
    factors: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class VarianceRow(Row):
    """A variance component of a mixed model.

    Attributes
    ----------
    groups : int
        Number of groups; of rows for the residual.
    icc, cluster_size, design_effect, effective_n : float
        Intraclass correlation, mean rows per group, 1 + (size - 1) icc, and rows over the design effect.
    """

    model: str = ""
    group: str = ""
    effect: str = ""
    groups: float = NAN
    variance: float = NAN
    sd: float = NAN
    icc: float = NAN
    cluster_size: float = NAN
    design_effect: float = NAN
    effective_n: float = NAN
    sensitivity: str = ""


@dataclass(frozen=True, kw_only=True)
class DiagnosticRow(Row):
    """A check of the assumptions; it never selects a test."""

    check: str = ""
    term: str = ""
    statistic_name: str = ""
    statistic: float = NAN
    df1: float = NAN
    df2: float = NAN
    p_value: float = NAN
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class ExclusionRow(Row):
    """A value that does not enter the analysis, with its source (plan, reviewer, no value, no arm) and reason."""

    assay: str = ""
    animal: str = ""
    recording: str = ""
    session: object = ""
    time_min: object = NAN
    sample: object = ""
    value: float = NAN
    source: str = ""
    rule: str = ""
    reviewer: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PowerRow(Row):
    """Animals the next cohort needs, or the effect this cohort could detect.

    Attributes
    ----------
    smallest_effect : float
        Smallest effect that matters, from the plan.
    detectable_effect : float
        Smallest difference that this cohort detects with the given power, in ``unit``; a ratio on the log scale.
    sd : float
        Pooled standard deviation between animals on the scale of the analysis.
    n_per_arm, n_exact : float
        Animals per arm for the smallest effect, rounded up and not rounded.
    n_now : int
        Animals of the smallest arm.
    """

    test: str = ""
    smallest_effect: float = NAN
    detectable_effect: float = NAN
    unit: str = ""
    sd: float = NAN
    standardised_effect: float = NAN
    groups: float = NAN
    alpha: float = NAN
    power: float = NAN
    n_per_arm: float = NAN
    n_exact: float = NAN
    n_now: float = NAN
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class DoseResponseRow(Row):
    """A parameter of a dose-response curve, or why the curve is not estimable."""

    drug: str = ""
    model: str = ""
    parameter: str = ""
    estimate: float = NAN
    se: float = NAN
    df: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
    unit: str = ""
    estimable: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class DoseCurveRow(Row):
    """A point of a dose-response curve with its pointwise confidence band, on the scale of the analysis."""

    drug: str = ""
    model: str = ""
    dose: float = NAN
    estimate: float = NAN
    ci_low: float = NAN
    ci_high: float = NAN
