"""The rows of the statistics tables: one class per table, one field per column, in the order they are written.

Text that does not apply is empty, a number that does not apply is NaN; both are empty cells of the file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import pandas as pd

NAN = float("nan")
# Columns of the tables with a row per observation, which are made as data frames.
#
# residuals: the fitted model, for a residual plot and a normal Q-Q plot. ``fitted`` and ``residual`` are on the scale
# of the analysis (in a mixed model the fitted value is that of the fixed effects); ``standardised_residual`` is the
# residual over its standard deviation, ``normal_quantile`` that of a standard normal variable at the residual's rank.
#
# values: every measured value in the measure's unit, its status, whether it is excluded (yes or no), by whom (source,
# as in exclusions) and why, with the factors, covariates and clusters of the model as further columns.
RESIDUAL_COLUMNS = (
    "endpoint", "dataset", "animal", "arm", "time_min", "sample", "fitted", "residual", "standardised_residual",
    "normal_quantile",
)  # fmt: skip
VALUE_COLUMNS = (
    "endpoint", "dataset", "assay", "animal", "arm", "time_min", "session", "sample", "recording", "value", "unit",
    "status", "excluded", "source", "reason",
)  # fmt: skip
R = TypeVar("R", bound="Row")


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


@dataclass(frozen=True)
class Results:
    """Rows of all statistics tables.

    Attributes
    ----------
    descriptives, omnibus, contrasts, variance_components, diagnostics, exclusions, power, dose_response, dose_curves
        Rows of the table of that name.
    residuals, values : sequence of data frame
        Parts of the tables ``residuals`` and ``values``, with the columns ``RESIDUAL_COLUMNS`` and ``VALUE_COLUMNS``.
    """

    descriptives: Sequence[DescriptiveRow] = ()
    omnibus: Sequence[OmnibusRow] = ()
    contrasts: Sequence[ContrastRow] = ()
    variance_components: Sequence[VarianceRow] = ()
    diagnostics: Sequence[DiagnosticRow] = ()
    exclusions: Sequence[ExclusionRow] = ()
    power: Sequence[PowerRow] = ()
    dose_response: Sequence[DoseResponseRow] = ()
    dose_curves: Sequence[DoseCurveRow] = ()
    residuals: Sequence[pd.DataFrame] = ()
    values: Sequence[pd.DataFrame] = ()

    KINDS: ClassVar[Mapping[str, type[Row]]] = {
        "descriptives": DescriptiveRow, "omnibus": OmnibusRow, "contrasts": ContrastRow,
        "variance_components": VarianceRow, "diagnostics": DiagnosticRow,
        "exclusions": ExclusionRow, "power": PowerRow, "dose_response": DoseResponseRow, "dose_curves": DoseCurveRow,
    }  # fmt: skip

    FRAMES: ClassVar[Mapping[str, tuple[str, ...]]] = {"residuals": RESIDUAL_COLUMNS, "values": VALUE_COLUMNS}

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Join the rows of several results, table by table."""
        parts = list(parts)
        rows: dict[str, Any] = {
            name: [row for part in parts for row in getattr(part, name)] for name in (*cls.KINDS, *cls.FRAMES)
        }
        return cls(**rows)

    def labelled(self, **labels: str) -> Self:
        """Return the same rows with these values in every table that has such a column."""
        changed: dict[str, Any] = {}
        for name, kind in self.KINDS.items():
            own = {key: value for key, value in labels.items() if key in {each.name for each in fields(kind)}}
            changed[name] = [_with(row, own) for row in getattr(self, name)]
        for name, columns in self.FRAMES.items():
            own = {key: value for key, value in labels.items() if key in columns}
            changed[name] = [part.assign(**own) for part in getattr(self, name)]
        return type(self)(**changed)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Data frames of all statistics tables.

        Returns
        -------
        dict of str to data frame
            By name; tables without rows have their columns.
        """
        made = {name: frame(getattr(self, name), kind) for name, kind in self.KINDS.items()}
        for name, columns in self.FRAMES.items():
            whole = pd.concat(getattr(self, name) or [pd.DataFrame()], ignore_index=True)
            made[name] = whole.reindex(columns=list(dict.fromkeys([*columns, *whole.columns])))
        return made


def frame(rows: Iterable[Row], kind: type[Row]) -> pd.DataFrame:
    """Make a table of rows of one kind.

    Parameters
    ----------
    rows : iterable of Row
        Rows of one table.
    kind : type of Row
        Their class, whose fields are the columns.

    Returns
    -------
    data frame
        A column for each field, then one for each of the further factors.
    """
    rows = list(rows)
    names = [each.name for each in fields(kind) if each.name not in ("factors", "hypothesis_group")]
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in names}
    factors = [getattr(row, "factors", {}) for row in rows]
    for name in dict.fromkeys(name for each in factors for name in each):
        given = [each.get(name, NAN) for each in factors]
        columns[name] = given if name not in columns else _filled(columns[name], given)
    made = pd.DataFrame({name: _column(values) for name, values in columns.items()})
    return made if rows else pd.DataFrame(columns=names)


def read(table: pd.DataFrame, kind: type[R]) -> list[R]:
    """Read the rows of a table that ``frame`` made, or that was read from its file.

    Parameters
    ----------
    table : data frame
        Columns of the fields; others are ignored.
    kind : type of Row
        The class of its rows.

    Returns
    -------
    list of Row
        One per row of the table; a missing cell has the default of its field.
    """
    empty: dict[str, Any] = {each.name: each.default for each in fields(kind) if each.name in table}
    plain = table[list(empty)].astype(object).itertuples(index=False, name=None)
    return [
        kind(**{name: empty[name] if pd.isna(value) else value for name, value in zip(empty, row, strict=True)})
        for row in plain
    ]


def _with(row: R, values: Mapping[str, str]) -> R:
    """Copy a row with other values (``dataclasses.replace`` takes ten times as long for forty fields)."""
    copy = object.__new__(type(row))
    copy.__dict__.update(row.__dict__)
    copy.__dict__.update(values)
    return copy


def _column(values: list[Any]) -> Any:
    """Cells of a column, as objects if any of them is text."""
    return np.array(values, dtype=object) if any(isinstance(value, str) for value in values) else values


def _filled(own: list[Any], given: list[Any]) -> list[Any]:
    return [b if (isinstance(a, float) and np.isnan(a)) or a == "" else a for a, b in zip(own, given, strict=True)]
