"""One endpoint as the results page shows it: every value with its animal and arm, and its statistics.

In: the tables of the study. Out: ``Endpoint``, from which figures and tables are made. Nothing is estimated here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ketaflow.report import formatting
from ketaflow.report.differences import Difference, difference
from ketaflow.report.model import ROLES, MeasureInfo, PlannedEndpoint, Study
from ketaflow.report.palette import Arm

# Columns that name one value; exclusions are matched by them.
KEYS = ("animal", "recording", "session", "time_min", "sample")
TABLES = (
    "contrasts", "omnibus", "descriptives", "exclusions", "variance_components", "diagnostics", "power",
    "dose_response", "dose_curves", "residuals",
)  # fmt: skip
# From the scale of the analysis back to the unit of the measure.
TURNED_BACK: dict[str, Callable[[pd.Series], pd.Series]] = {
    "identity": lambda values: values,
    "log": np.exp,
    "logit": lambda values: 100 / (1 + np.exp(-values)),
}


@dataclass
class Endpoint:
    """What is known of one endpoint.

    Attributes
    ----------
    values : data frame
        One row per measured value: animal, arm, value, time_min, sample, status, and ``excluded`` (why; empty where
        the value counts).
    tables : dict of str to data frame
        The endpoint's rows of each statistics table.
    datasets : list of str
        ``all``, and ``reviewed`` after a review.
    """

    name: str
    plan: PlannedEndpoint
    info: MeasureInfo
    values: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    datasets: Sequence[str]

    @property
    def dataset(self) -> str:
        """The data set shown first: the reviewed one if there is one."""
        return "reviewed" if "reviewed" in self.datasets else "all"

    @property
    def title(self) -> str:
        """Analyte and measure, with region, session and time."""
        analyte, *where = (formatting.listed([*map(str, self.plan.where.get(key, ()))])
                           for key in ("analyte", "region", "session"))  # fmt: skip
        title = self.measure
        if analyte:
            analyte = analyte[0].upper() + analyte[1:] if analyte.islower() else analyte
            title = f"{analyte}: {title[0].lower()}{title[1:]}"
        places = ", ".join(filter(None, [*where, self.times]))
        return f"{title} ({places})" if places else title

    @property
    def times(self) -> str:
        """The time points of an endpoint measured over time, in minutes from dosing; empty for others."""
        chosen = self.plan.where.get("time_min")
        if chosen:
            return formatting.listed([formatting.minutes(float(time)) for time in chosen])
        known = sorted(set(self.values["time_min"].dropna().astype(float)))
        if len(known) == 1:
            return formatting.minutes(known[0])
        is_endpoint = self.plan.design not in ("", "crossover")
        window = self.plan.window_min or ((known[0], known[-1]) if known and is_endpoint else None)
        return f"{window[0]:g} to {window[1]:g} min".replace("-", "−") if window else ""

    @property
    def measure(self) -> str:
        """Title of the measure."""
        return self.info.title or formatting.words(self.plan.measure).capitalize()

    @property
    def unit(self) -> str:
        """Unit of the values, as papers print it."""
        return formatting.unit(self.info.unit or next(iter(self.values["unit"].dropna()), ""))

    @property
    def assay(self) -> str:
        """The assay in words."""
        words = formatting.words(self.plan.assay)
        return words[:1].upper() + words[1:]

    @property
    def axis_label(self) -> str:
        """Measure with its unit."""
        return f"{self.measure} ({self.unit})" if self.unit else self.measure

    @property
    def antidepressant_sign(self) -> int:
        """-1 if an antidepressant lowers the measure, else 1."""
        return -1 if self.info.direction == "lower" else 1

    @cached_property
    def is_changed_by_review(self) -> bool:
        """Whether rejected recordings change any comparison."""
        if self.dataset == "all":
            return False
        columns = ["contrast", "level", "reference", "n", "estimate", "ci_low", "ci_high"]
        before, after = (self.rows("contrasts", dataset)[columns].reset_index(drop=True) for dataset in self.datasets)
        return not before.equals(after)

    @property
    def counted(self) -> pd.DataFrame:
        """Rows of ``values`` that enter the comparison."""
        return self.values[self.values["excluded"].eq("")]

    @cached_property
    def per_animal(self) -> pd.DataFrame:
        """One row per animal and arm.

        Columns: ``value`` (mean of its values), ``n`` (how many), ``flagged`` (whether a check flags any of them),
        ``excluded`` (why the animal does not count; empty if it does).
        """
        keys = ["animal", "arm"]
        values = self.values.assign(flagged=self.values["status"].eq("flagged"), kept=self.values["excluded"].eq(""))
        any_kept = values.groupby(keys)["kept"].transform("any")
        used = values[values["kept"] | ~any_kept].groupby(keys, sort=True)
        rows = used.agg(value=("value", "mean"), n=("value", "size"), flagged=("flagged", "any")).reset_index()
        rows["excluded"] = used["excluded"].first().to_numpy()
        return rows

    @property
    def counted_animals(self) -> pd.DataFrame:
        """Rows of ``per_animal`` that enter the comparison."""
        return self.per_animal[self.per_animal["excluded"].eq("")]

    def rows(self, table: str, dataset: str | None = None, *, sensitivity: bool = False) -> pd.DataFrame:
        """Return the endpoint's rows of a statistics table.

        Parameters
        ----------
        table : str
            Name of the table.
        dataset : str, optional
            The data set shown first unless given.
        sensitivity : bool
            Rows of the sensitivity analyses instead of the planned analysis.

        Returns
        -------
        data frame
            Columns of the table; perhaps no row.
        """
        rows = self.tables[table]
        if "dataset" in rows:
            rows = rows[rows["dataset"].eq(dataset or self.dataset)]
        if "sensitivity" in rows:
            is_planned = rows["sensitivity"].fillna("").eq("")
            rows = rows[~is_planned] if sensitivity else rows[is_planned]
        return rows

    @cached_property
    def differences(self) -> list[Difference]:
        """Comparisons of the data set shown first that can be drawn side by side."""
        return self.differences_of(self.dataset)

    def differences_of(self, dataset: str) -> list[Difference]:
        """Return comparisons that can be drawn side by side.

        These are the comparisons of one contrast with one reference, each with an interval: those of the first
        contrast of the plan that compares arms with an arm, else of the first that compares levels of a factor.
        Comparisons within a level of another factor (``ket5 | sex=male``) and interactions are in the table alone.
        """
        rows = self.rows("contrasts", dataset)
        reference = rows["reference"].fillna("").astype(str)
        is_whole = reference.ne("") & ~reference.str.contains(" | ", regex=False) & ~reference.str.startswith("(")
        rows = rows[is_whole & rows["estimate"].notna() & rows["ci_low"].notna()]
        arms = set(self.values["arm"])
        of_arms = rows[rows["reference"].isin(arms) & rows["level"].isin(arms)]
        rows = of_arms if len(of_arms) else rows
        first = rows.head(1)
        is_same = rows["contrast"].isin(first["contrast"]) & rows["reference"].isin(first["reference"])
        return [difference(row) for row in rows[is_same].to_dict("records")]


def build(study: Study) -> list[Endpoint]:
    """Return every endpoint of the plan.

    Parameters
    ----------
    study : Study
        Tables and plan.

    Returns
    -------
    list of Endpoint
        Primary, secondary, exploratory; within a role in the order of the plan.
    """
    endpoints = [endpoint_of(name, planned, study) for name, planned in study.executed_plan.endpoints.items()]
    return sorted(endpoints, key=lambda endpoint: ROLES.index(endpoint.plan.role))


def curves(endpoint: Endpoint) -> dict[str, pd.DataFrame]:
    """Return the dose-response curves that the statistics could estimate.

    Parameters
    ----------
    endpoint : Endpoint
        With its rows of the table ``dose_curves``.

    Returns
    -------
    dict of str to data frame
        For each drug the columns ``dose_mg_per_kg``, ``value``, ``low`` and ``high`` (unit of the measure): the curve
        with its pointwise confidence band; the first model of a drug. Empty if no curve could be estimated.
    """
    rows = endpoint.rows("dose_curves")
    turned_back = TURNED_BACK[endpoint.plan.scale]
    found: dict[str, pd.DataFrame] = {}
    for (drug, _), own in rows.groupby(["drug", "model"], sort=False) if "drug" in rows else []:
        numbers = own[["estimate", "ci_low", "ci_high"]].astype(float)
        value, low, high = (turned_back(numbers[name]) for name in numbers)
        curve = pd.DataFrame({"dose_mg_per_kg": own["dose"].astype(float), "value": value, "low": low, "high": high})
        found.setdefault(str(drug), curve.sort_values("dose_mg_per_kg", ignore_index=True))
    return found


def selected(measurements: pd.DataFrame, planned: PlannedEndpoint) -> pd.DataFrame:
    """Select the measurements of an endpoint.

    Parameters
    ----------
    measurements : data frame
        Columns of measurements.csv.
    planned : PlannedEndpoint
        Assay, measure, conditions and time window.

    Returns
    -------
    data frame
        The rows that meet all conditions and have a value.
    """
    rows = measurements[
        measurements["assay"].eq(planned.assay)
        & measurements["measure"].eq(planned.measure)
        & measurements["value"].notna()
    ]
    for column, values in planned.where.items():
        rows = rows[rows[column].map(_comparable).isin([_comparable(value) for value in values])]
    if planned.window_min:
        rows = rows[rows["time_min"].astype(float).between(*planned.window_min)]
    return rows


def arms_in(arms: Sequence[Arm], names: pd.Series) -> list[Arm]:
    """Return the arms that occur among names.

    Parameters
    ----------
    arms : sequence of Arm
        All arms, in their order.
    names : series of str
        Names of arms, with repeats.

    Returns
    -------
    list of Arm
        In their order.
    """
    present = set(names)
    return [arm for arm in arms if arm.name in present]


def endpoint_of(name: str, planned: PlannedEndpoint, study: Study) -> Endpoint:
    """Gather the values and statistics of one endpoint.

    Parameters
    ----------
    name : str
        Its name; one that no plan has is given no statistics.
    planned : PlannedEndpoint
        Measure and conditions.
    study : Study
        Measurements, allocation and statistics.

    Returns
    -------
    Endpoint
    """
    tables = {table: _rows_of(study.statistics.get(table), name) for table in TABLES}
    rows, keys = selected(study.measurements, planned), ["animal"]
    if planned.design == "crossover" and "period" in study.allocation:
        rows, keys = rows.assign(period=rows["session"].astype(str)), ["animal", "period"]
    allocation = study.allocation[[*keys, "arm"]].drop_duplicates()
    values = rows.drop(columns=[column for column in ("arm",) if column in rows]).merge(allocation, on=keys)
    if planned.arms:
        values = values[values["arm"].isin(planned.arms)]
    info = study.measures.get(planned.assay, {}).get(planned.measure, MeasureInfo())
    named = tables["contrasts"]["dataset"].dropna() if "dataset" in tables["contrasts"] else ()
    datasets = [str(one) for one in dict.fromkeys(named)] or ["all"]
    return Endpoint(name, planned, info, _with_exclusions(values, tables["exclusions"]), tables, datasets)


def _rows_of(table: pd.DataFrame | None, endpoint: str) -> pd.DataFrame:
    if table is None or "endpoint" not in table:
        return pd.DataFrame(columns=["endpoint", "dataset", "contrast", "reference", "estimate", "ci_low", "arm"])
    return table[table["endpoint"].eq(endpoint)]


def _with_exclusions(values: pd.DataFrame, exclusions: pd.DataFrame) -> pd.DataFrame:
    """Mark excluded values with who or what excluded them, and why."""
    if not len(exclusions):
        return values.assign(excluded=[""] * len(values))
    reasons = {}
    for row in exclusions.to_dict("records"):
        who = {"plan": "rule of the plan", "reviewer": f"reviewer {formatting.words(row.get('reviewer'))}"}
        source = who.get(str(row.get("source")), formatting.words(row.get("source")))
        key = tuple(_comparable(row.get(column)) for column in KEYS)
        reasons[key] = f"{source}: {formatting.words(row.get('reason'))}"
    keys = zip(*(values[column].map(_comparable) for column in KEYS), strict=True)
    return values.assign(excluded=[reasons.get(key, "") for key in keys])


def _comparable(value: object) -> str:
    """A cell for comparison: text as it is, numbers alike however they are written, missing cells empty."""
    if formatting.is_missing(value):
        return ""
    if isinstance(value, str):
        return value
    try:
        as_number = float(value)  # type: ignore[arg-type]  # whatever float() refuses is compared as text
    except (TypeError, ValueError):
        return str(value)
    return f"{as_number:.15g}" if np.isfinite(as_number) else ""
