"""One endpoint's table: its measurements with arm, factors and covariates, ready for a model.

In: measurements of all assays and the cohort's tables. Out: an ``EndpointTable``, one row per observation, with the
animal as the unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ketaflow.statistics.model import Endpoint, Groups, Measure, Settings
from ketaflow.statistics.models.scales import squeezed, to_scale

# The description of a measure that no assay describes.
NO_MEASURE = Measure()
# Columns of measurements.csv in which rows of one animal can differ.
WITHIN_ANIMAL = ("analyte", "region", "session", "time_min", "sample", "recording")


@dataclass(frozen=True)
class Cohort:
    """The cohort's tables, joined.

    Attributes
    ----------
    animals : data frame
        One row per animal (and period of a crossover) with the columns of animals, allocation and its arm.
    arms : data frame
        The arms in their order: the control, then ``order``, then dose.
    arm_columns : frozenset of str
        Columns of ``animals`` that come from the table of arms.
    """

    animals: pd.DataFrame
    arms: pd.DataFrame
    arm_columns: frozenset[str]

    @cached_property
    def arm_facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Columns of the arms table by arm, in the arms' order; an empty cell is None."""
        plain = self.arms.astype(object).where(self.arms.notna(), None)
        return {row["arm"]: {str(name): value for name, value in row.items()} for row in plain.to_dict("records")}

    @cached_property
    def allocated(self) -> frozenset[str]:
        """Animals that have an arm."""
        return frozenset(self.animals.loc[self.animals["arm"].notna(), "animal"])

    @cached_property
    def control(self) -> str:
        """Name of the control arm."""
        return str(self.arms.loc[self.arms["control"].astype(bool), "arm"].iloc[0])

    @cached_property
    def arms_of_animals(self) -> tuple[str, ...]:
        """Arms with an animal."""
        return tuple(self.animals["arm"].dropna().unique())


@dataclass(frozen=True)
class EndpointTable:
    """Rows of one endpoint that enter the analysis.

    Attributes
    ----------
    rows : data frame
        ``animal``, ``value`` (in the measure's unit), ``y`` (on the scale of the analysis), the factors, covariates
        and clusters, ``time_min``, ``sample``, ``status``.
    levels : mapping of str to list of str
        Levels of each factor, the reference first.
    treatment : str
        The factor whose levels are compared; empty if there is none.
    time : str
        Column of the repeated measurements (``time_min`` or ``session``); empty in other designs.
    measure : Measure
        Unit, direction and range of the measure.
    """

    rows: pd.DataFrame
    levels: Mapping[str, list[str]]
    treatment: str
    time: str = ""
    measure: Measure = NO_MEASURE

    @property
    def animals(self) -> int:
        """Number of animals."""
        return len(set(self.rows["animal"]))

    @cached_property
    def unit_means(self) -> pd.DataFrame:
        """One row per animal (and period of a crossover): means of its observations, ``value`` and ``y``."""
        units = pd.factorize(self.rows["animal"])[0]
        if "period" in self.levels:
            units = pd.factorize(units * len(self.rows) + pd.factorize(self.rows["period"])[0])[0]
        first = np.unique(units, return_index=True)[1]
        count = np.bincount(units)
        means = {name: np.bincount(units, self.rows[name].to_numpy(float)) / count for name in ("value", "y")}
        kept = [name for name in ("animal", "arm", *self.levels) if name != self.time]
        return pd.DataFrame({name: self.rows[name].to_numpy()[first] for name in dict.fromkeys(kept)} | means)

    @cached_property
    def groups(self) -> Groups:
        """Animals' means on the scale of the analysis for each level of the treatment, the reference first."""
        level, y = self.unit_means[self.treatment].to_numpy(), self.unit_means["y"].to_numpy()
        return {name: y[level == name] for name in self.levels[self.treatment]}


EMPTY = EndpointTable(pd.DataFrame({"animal": []}), {}, "")


@dataclass(frozen=True)
class Analysis:
    """One way of analysing an endpoint.

    Attributes
    ----------
    name : str
        Name of a sensitivity analysis; empty for the analysis of the plan.
    table : EndpointTable
        The rows that enter.
    endpoint : Endpoint
        The endpoint's entry in the plan.
    cohort : Cohort
        Animals and arms.
    alpha : float
        Error rate of every test; intervals have the level 1 - alpha.
    settings : Settings
        Settings of the statistics.
    notes : tuple of str
        Notes for every contrast.
    """

    name: str
    table: EndpointTable
    endpoint: Endpoint
    cohort: Cohort
    alpha: float
    settings: Settings
    notes: tuple[str, ...] = ()

    @property
    def level(self) -> float:
        """Confidence level, 0 to 1."""
        return 1 - self.alpha


def join_cohort(animals: pd.DataFrame, arms: pd.DataFrame, allocation: pd.DataFrame) -> Cohort:
    """Join the tables of animals, arms and allocation.

    Parameters
    ----------
    animals : data frame
        One row per animal: ``animal``, its factors and covariates.
    arms : data frame
        One row per arm: ``arm``, ``control``, ``dose_mg_per_kg``; optionally ``order``, and columns of the lab's own.
    allocation : data frame
        ``animal`` and ``arm``; with ``period``, one row per animal and period of a crossover.

    Returns
    -------
    Cohort
        Rows of allocation with the columns of animals and arms; arms with the control first, then by order and dose.
    """
    arms = arms.reset_index(drop=True)
    rank = pd.DataFrame({
        "control": ~arms["control"].astype(bool),
        "order": pd.to_numeric(arms["order"]) if "order" in arms else np.nan,
        "dose": pd.to_numeric(arms["dose_mg_per_kg"]),
    })  # fmt: skip
    arms = arms.loc[rank.sort_values(["control", "order", "dose"], kind="stable").index].reset_index(drop=True)
    added = [name for name in arms.columns if name not in animals.columns or name == "arm"]
    joined = allocation.merge(animals, on="animal", how="left").merge(arms[added], on="arm", how="left")
    words: dict[str, Any] = dict.fromkeys(map(str, joined.select_dtypes("string")), object)
    return Cohort(joined.astype(words), arms, frozenset(added) - {"arm"})


# Rows of measurements.csv by assay and measure.
RowsOfMeasures = Mapping[tuple[str, str], pd.DataFrame]


def by_measure(measurements: pd.DataFrame) -> RowsOfMeasures:
    """Split measurements.csv by assay and measure, so that each endpoint need not search all of it.

    Parameters
    ----------
    measurements : data frame
        With the contract's columns.

    Returns
    -------
    mapping of (str, str) to data frame
        By assay and measure.
    """
    keys = ["assay", "measure"]
    return {(str(assay), str(name)): rows for (assay, name), rows in measurements.groupby(keys, sort=False)}


def chosen(measured: pd.DataFrame, endpoint: Endpoint) -> pd.DataFrame:
    """Select the rows that an endpoint names, with or without a value.

    Parameters
    ----------
    measured : data frame
        Rows of measurements.csv of the endpoint's measure.
    endpoint : Endpoint
        The endpoint's entry in the plan: its conditions, and its time window (minutes from dosing).

    Returns
    -------
    data frame
        The rows that meet all conditions.
    """
    rows = measured
    for column, wanted in conditions(endpoint).items():
        rows = rows[matches(rows[column], wanted)]
    if endpoint.window_min:
        first, last = endpoint.window_min
        rows = rows[rows["time_min"].astype(float).between(first, last)]
    return rows


def conditions(endpoint: Endpoint) -> dict[str, Any]:
    """Columns of measurements.csv and the value, or list of values, they must have."""
    own = {"analyte": endpoint.analyte, "region": endpoint.region}
    return {key: value for key, value in own.items() if value} | dict(endpoint.where)


def matches(values: pd.Series, wanted: object) -> pd.Series:
    """Compare a column with a value or a list of values; numbers are compared as numbers.

    Parameters
    ----------
    values : (n_rows,) series
        The column.
    wanted : object
        A number or text, or a list of these.

    Returns
    -------
    (n_rows,) bool series
        True where the cell equals one of them; False where it is missing.
    """
    options = wanted if isinstance(wanted, list) else [wanted]
    if pd.api.types.is_numeric_dtype(values):
        return values.isin([number for number in map(as_number, options) if np.isfinite(number)])
    return values.astype(str).isin([str(option) for option in options])


def levels_of(column: str, cohort: Cohort, present: pd.Series) -> list[str]:
    """Levels of a factor among the values present, the reference first.

    Parameters
    ----------
    column : str
        Name of the factor.
    cohort : Cohort
        Animals and arms; the reference of a column of the arms is the level of the control arm.
    present : (n_rows,) series
        Values of the factor, as text.

    Returns
    -------
    list of str
        The reference, then arms and text columns of the arms in the order of the cohort, numbers in ascending order,
        other text in alphabetical order.
    """
    values = list(dict.fromkeys(present))
    if column == "arm":
        return [arm for arm in cohort.arms["arm"] if arm in values]
    numbers = {value: as_number(value) for value in values}
    ordered = sorted(values, key=lambda value: (np.isnan(numbers[value]), np.nan_to_num(numbers[value]), str(value)))
    if column in cohort.arm_columns:
        if any(np.isnan(number) for number in numbers.values()):
            ordered = [value for value in dict.fromkeys(cohort.arms[column].map(level_name)) if value in values]
        reference = level_name(cohort.arms.loc[cohort.arms["arm"] == cohort.control, column].iloc[0])
        ordered.sort(key=lambda value: value != reference)
    return ordered


def level_name(value: object) -> str:
    """Name a factor's level: whole numbers without a decimal point, an empty cell as ``none``."""
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return "none"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)


def assemble(rows: pd.DataFrame, endpoint: Endpoint, cohort: Cohort, measure: Measure) -> EndpointTable:
    """Join rows of measurements.csv with the cohort, transform them and order the levels.

    Parameters
    ----------
    rows : data frame
        Rows of measurements.csv; those without a value are left out.
    endpoint : Endpoint
        The endpoint's entry in the plan.
    cohort : Cohort
        Animals and arms.
    measure : Measure
        The measure of the endpoint.

    Returns
    -------
    EndpointTable
        The rows with ``y``, the value on the scale of the analysis; one row per animal where the endpoint is
        summarised.
    """
    joined = _with_animals(rows[rows["value"].notna()], endpoint, cohort)
    if endpoint.arms:
        joined = joined[joined["arm"].isin(endpoint.arms)]
    factors = [*endpoint.fixed, *(["period"] if endpoint.design == "crossover" else [])]
    for name in factors:
        joined[name] = np.array([level_name(value) for value in joined[name]], dtype=object)
    if endpoint.summary == "mean":
        joined = _averaged(joined)
    levels = {name: levels_of(name, cohort, joined[name]) for name in factors}
    time = _time_column(joined, endpoint)
    if time and endpoint.time == "factor":
        joined[time] = np.array([level_name(value) for value in joined[time]], dtype=object)
        levels[time] = levels_of(time, cohort, joined[time])
    joined = joined.reset_index(drop=True)
    values = joined["value"].to_numpy(float)
    joined["y"] = to_scale(squeezed(values) if endpoint.at_bounds == "squeeze" else values, endpoint.scale)
    treatment = endpoint.fixed[0] if endpoint.fixed else ""
    return EndpointTable(joined, levels, treatment, time, measure)


def _with_animals(rows: pd.DataFrame, endpoint: Endpoint, cohort: Cohort) -> pd.DataFrame:
    """Join rows with columns of their animal (and period): arm, dose, cage, litter, and what the plan names."""
    wanted = ["arm", "dose_mg_per_kg", "cage", "litter", *endpoint.fixed, *endpoint.covariates, *endpoint.cluster]
    joined = [name for name in dict.fromkeys(wanted) if name in cohort.animals]
    plain = {name: rows[name].to_numpy() for name in rows.columns if name not in joined}
    if endpoint.design == "crossover":
        own = pd.DataFrame(plain).assign(period=rows["session"].astype(str).to_numpy())
        return own.merge(cohort.animals[["animal", "period", *joined]], on=["animal", "period"], how="inner")
    if not cohort.animals["animal"].is_unique:
        return pd.DataFrame(plain).merge(cohort.animals[["animal", *joined]], on="animal", how="inner")
    place = pd.Index(cohort.animals["animal"]).get_indexer(rows["animal"])
    return pd.DataFrame(plain | {name: cohort.animals[name].to_numpy()[place] for name in joined})


def _time_column(rows: pd.DataFrame, endpoint: Endpoint) -> str:
    if endpoint.design != "repeated":
        return ""
    return "time_min" if rows["time_min"].notna().any() else "session"


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Average the values of each animal, which is flagged where one of them is; the rest is from its first row."""
    first = rows.drop_duplicates("animal").set_index("animal")
    first["value"] = rows.groupby("animal")["value"].mean()
    flagged = rows.loc[rows["status"].eq("flagged"), "animal"].unique()
    first.loc[flagged, "status"] = "flagged"
    return first.reset_index()


def as_number(value: Any) -> float:
    """Convert to a number; NaN if it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
