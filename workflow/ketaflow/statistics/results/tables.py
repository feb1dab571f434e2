"""Tables of rows: the results of an analysis, and the data frame of each table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import pandas as pd

from ketaflow.statistics.results.rows import (
    NAN,
    ContrastRow,
    DescriptiveRow,
    DiagnosticRow,
    DoseCurveRow,
    DoseResponseRow,
    ExclusionRow,
    OmnibusRow,
    PowerRow,
    Row,
    VarianceRow,
)

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
R = TypeVar("R", bound=Row)


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
