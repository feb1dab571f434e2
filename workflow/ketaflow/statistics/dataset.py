"""One endpoint's table: its measurements beside arm, factors and covariates, ready for a model.

In: measurements of all assays and the cohort's tables. Out: an ``EndpointTable``, one row per
observation, the animal as the unit; with what was left out and why.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from ketaflow.statistics.model import Endpoint, MeasureFacts

BELOW = ("analyte", "region", "session", "time_min", "sample", "recording")


@dataclass(frozen=True)
class Cohort:
    """The cohort's tables as statistics needs them: one row per animal (and period), arm facts joined."""

    people: pd.DataFrame
    arms: pd.DataFrame
    from_arms: frozenset[str]

    @cached_property
    def arm_facts(self) -> dict[str, dict]:
        """Columns of the arms table by arm, in the arms' order; an empty cell is None."""
        plain = self.arms.astype(object).where(self.arms.notna(), None)
        return {row["arm"]: row for row in plain.to_dict("records")}

    @cached_property
    def allocated(self) -> frozenset[str]:
        """Animals that have an arm."""
        return frozenset(self.people.loc[self.people["arm"].notna(), "animal"])

    @property
    def control(self) -> str:
        """Name of the control arm."""
        return str(self.arms.loc[self.arms["control"].astype(bool), "arm"].iloc[0])


@dataclass(frozen=True)
class EndpointTable:
    """Rows of one endpoint that enter the analysis.

    ``rows``: animal, value (as measured), y (on the scale of the analysis), the factors, covariates and
    clusters, time, sample, status. ``levels``: each factor's levels, the reference first. ``time`` names
    the column of a repeated design (time_min, session), ``""`` else.
    """

    rows: pd.DataFrame
    levels: dict[str, list]
    treatment: str
    time: str = ""
    facts: MeasureFacts = field(default_factory=dict)

    @property
    def animals(self) -> int:
        """Number of animals."""
        return len(set(self.rows["animal"]))

    @cached_property
    def unit_means(self) -> pd.DataFrame:
        """One row per animal (and period of a crossover): the means of its observations as measured and on scale."""
        period = self.rows["period"] if "period" in self.levels else [""] * len(self.rows)
        units = pd.factorize(
            np.array([f"{a}\n{b}" for a, b in zip(self.rows["animal"], period, strict=True)], dtype=object)
        )[0]
        first = np.unique(units, return_index=True)[1]
        count = np.bincount(units)
        means = {name: np.bincount(units, self.rows[name].to_numpy(float)) / count for name in ("value", "y")}
        kept = [name for name in ("animal", "arm", *self.levels) if name != self.time]
        return pd.DataFrame({name: self.rows[name].to_numpy()[first] for name in dict.fromkeys(kept)} | means)

    @cached_property
    def groups(self) -> dict[object, np.ndarray]:
        """Animals' means on the scale of the analysis for each level of the treatment, the reference first."""
        level, y = self.unit_means[self.treatment].to_numpy(), self.unit_means["y"].to_numpy()
        return {name: y[level == name] for name in self.levels[self.treatment]}


EMPTY = EndpointTable(pd.DataFrame({"animal": []}), {}, "")


def cohort(animals: pd.DataFrame, arms: pd.DataFrame, allocation: pd.DataFrame) -> Cohort:
    """Join the cohort's tables; arms come in their order: the control, then ``order``, then dose."""
    arms = arms.reset_index(drop=True)
    place = pd.DataFrame({
        "control": ~arms["control"].astype(bool),
        "order": pd.to_numeric(arms["order"]) if "order" in arms else np.nan,
        "dose": pd.to_numeric(arms["dose_mg_per_kg"]),
    })  # fmt: skip
    arms = arms.loc[place.sort_values(["control", "order", "dose"], kind="stable").index].reset_index(drop=True)
    added = [name for name in arms.columns if name not in animals.columns or name == "arm"]
    people = allocation.merge(animals, on="animal", how="left").merge(arms[added], on="arm", how="left")
    return Cohort(people, arms, frozenset(added) - {"arm"})


def chosen(measurements: pd.DataFrame, endpoint: Endpoint) -> pd.DataFrame:
    """Rows of measurements.csv an endpoint speaks of, values missing or not."""
    rows = measurements[(measurements["assay"] == endpoint.assay) & (measurements["measure"] == endpoint.measure)]
    for column, wanted in conditions(endpoint).items():
        rows = rows[matches(rows[column], wanted)]
    if endpoint.window_min:
        first, last = endpoint.window_min
        rows = rows[rows["time_min"].astype(float).between(first, last)]
    return rows


def conditions(endpoint: Endpoint) -> dict[str, object]:
    """Columns and the values they must have: ``where``, analyte and region together."""
    own = {"analyte": endpoint.analyte, "region": endpoint.region}
    return {key: value for key, value in own.items() if value} | dict(endpoint.where)


def matches(values: pd.Series, wanted: object) -> pd.Series:
    """Which values are the wanted one, or one of a list; numbers are compared as numbers."""
    options = wanted if isinstance(wanted, list) else [wanted]
    if pd.api.types.is_numeric_dtype(values):
        return values.isin([float(option) for option in options if _is_number(option)])
    return values.astype(str).isin([str(option) for option in options])


def levels_of(column: str, known: Cohort, present: pd.Series) -> list:
    """Levels of a factor among the values present, the reference (the control arm's) first."""
    values = list(dict.fromkeys(present))
    if column == "arm":
        return [arm for arm in known.arms["arm"] if arm in values]
    ordered = sorted(
        values, key=lambda value: (not _is_number(value), float(value) if _is_number(value) else 0, str(value))
    )
    if column in known.from_arms:
        if not all(_is_number(value) for value in values):
            ordered = [value for value in dict.fromkeys(known.arms[column].map(level_name)) if value in values]
        reference = level_name(known.arms.loc[known.arms["arm"] == known.control, column].iloc[0])
        ordered.sort(key=lambda value: value != reference)
    return ordered


def level_name(value: object) -> object:
    """A factor's level as tables print it: whole numbers without a point, an empty cell as ``none``."""
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return "none"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)


def assemble(rows: pd.DataFrame, endpoint: Endpoint, known: Cohort, facts: MeasureFacts) -> EndpointTable:
    """Join the chosen rows with the cohort, put them on their scale and order the levels."""
    joined = _with_people(rows[rows["value"].notna()], endpoint, known)
    if endpoint.arms:
        joined = joined[joined["arm"].isin(endpoint.arms)]
    factors = [*endpoint.fixed, *(["period"] if endpoint.design == "crossover" else [])]
    for name in factors:
        joined[name] = [level_name(value) for value in joined[name]]
    if endpoint.summary == "mean":
        joined = _averaged(joined)
    levels = {name: levels_of(name, known, joined[name]) for name in factors}
    time = _time_column(joined, endpoint)
    if time and endpoint.time == "factor":
        joined[time] = [level_name(value) for value in joined[time]]
        levels[time] = levels_of(time, known, joined[time])
    joined = joined.reset_index(drop=True)
    joined["y"] = to_scale(joined["value"].to_numpy(float), endpoint.scale)
    treatment = endpoint.fixed[0] if endpoint.fixed else ""
    return EndpointTable(joined, levels, treatment, time, facts=facts)


def _with_people(rows: pd.DataFrame, endpoint: Endpoint, known: Cohort) -> pd.DataFrame:
    """Rows beside what the cohort's tables say of their animal (and period): arm, dose, homes, the plan's own."""
    wanted = [
        "arm",
        "dose_mg_per_kg",
        "cage",
        "litter",
        *endpoint.fixed,
        *endpoint.covariates,
        *endpoint.cluster,
    ]
    facts = [name for name in dict.fromkeys(wanted) if name in known.people]
    plain = {name: rows[name].to_numpy() for name in rows.columns if name not in facts}
    if endpoint.design == "crossover":
        own = pd.DataFrame(plain).assign(period=rows["session"].astype(str).to_numpy())
        return own.merge(known.people[["animal", "period", *facts]], on=["animal", "period"], how="inner")
    if not known.people["animal"].is_unique:
        return pd.DataFrame(plain).merge(known.people[["animal", *facts]], on="animal", how="inner")
    place = pd.Index(known.people["animal"]).get_indexer(rows["animal"])
    return pd.DataFrame(plain | {name: known.people[name].to_numpy()[place] for name in facts})


def to_scale(values: np.ndarray, scale: str) -> np.ndarray:
    """Values on the scale of the analysis: natural logarithm, or logit of a percentage; NaN where there is none."""
    if scale == "identity":
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.log(values) if scale == "log" else np.log(values / (100 - values))
    return np.where(np.isfinite(moved), moved, np.nan)


def _time_column(rows: pd.DataFrame, endpoint: Endpoint) -> str:
    if endpoint.design != "repeated":
        return ""
    return "time_min" if rows["time_min"].notna().any() else "session"


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per animal: the mean of its values, everything else from its first row."""
    first = rows.drop_duplicates("animal").set_index("animal")
    first["value"] = rows.groupby("animal")["value"].mean()
    return first.reset_index()


def _is_number(value: object) -> bool:
    try:
        return bool(np.isfinite(float(value)))
    except (TypeError, ValueError):
        return False
