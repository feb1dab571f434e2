"""One endpoint as the results page shows it: every value with its animal and arm, and its lines of the tables.

In: the tables. Out: ``Endpoint``, which figures and tables are drawn from. Nothing is estimated here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ketaflow.report import formatting
from ketaflow.report.palette import Arm

KEYS = ("animal", "recording", "session", "time_min", "sample")
ROLES = ("primary", "secondary", "exploratory")
TABLES = (
    "contrasts", "omnibus", "descriptives", "exclusions", "variance_components", "diagnostics", "power",
    "dose_response",
)  # fmt: skip


CURVES = {
    "emax": lambda dose, at: at["e0"] + at["emax"] * dose / (at["ed50"] + dose),
    "four_parameter_logistic": lambda dose, at: (
        at["control_limit"]
        + (at["top_dose_limit"] - at["control_limit"])
        * dose ** at["slope"]
        / (dose ** at["slope"] + at["ed50"] ** at["slope"])
    ),
}


@dataclass
class Endpoint:
    """What is known of one endpoint.

    ``values`` has one row per measured value: animal, arm, value, time_min, sample, status, ``left_out``
    (why, empty where the value counts). ``tables`` are the endpoint's lines of each statistics table.
    """

    name: str
    plan: dict
    facts: dict
    values: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    datasets: list[str]

    @property
    def dataset(self) -> str:
        """The data set shown first: the reviewed one where there is one."""
        return "reviewed" if "reviewed" in self.datasets else "all"

    @property
    def title(self) -> str:
        """Analyte and the measure's title, with region and session."""
        analyte, *where = (self._named(key) for key in ("analyte", "region", "session"))
        title = self.measure
        if analyte:
            analyte = analyte[0].upper() + analyte[1:] if analyte.islower() else analyte
            title = f"{analyte}: {title[0].lower()}{title[1:]}"
        told = ", ".join(filter(None, where))
        return f"{title} ({told})" if told else title

    @property
    def measure(self) -> str:
        """The measure's title."""
        return self.facts.get("title") or formatting.words(self.plan["measure"]).capitalize()

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return str(self.facts.get("unit") or next(iter(self.values["unit"].dropna()), ""))

    @property
    def assay(self) -> str:
        """The assay in words."""
        return formatting.words(self.plan["assay"]).capitalize()

    @property
    def role(self) -> str:
        """primary, secondary or exploratory."""
        return str(self.plan.get("role") or "exploratory")

    @property
    def scale(self) -> str:
        """Scale of the analysis: identity, log or logit."""
        return str(self.plan.get("scale") or "identity")

    @property
    def direction(self) -> str:
        """Where an antidepressant moves it: lower, higher or none."""
        return str(self.facts.get("direction") or "none")

    @property
    def label(self) -> str:
        """Name of the value's axis."""
        return f"{self.measure} ({self.unit})" if self.unit else self.measure

    @cached_property
    def is_changed_by_review(self) -> bool:
        """Whether what a reviewer rejected changes any comparison."""
        if self.dataset == "all":
            return False
        columns = ["contrast", "level", "reference", "n", "estimate", "ci_low", "ci_high"]
        before, now = (self.lines("contrasts", dataset)[columns].reset_index(drop=True) for dataset in self.datasets)
        return not before.equals(now)

    def _named(self, key: str) -> str:
        """Analyte, region or session of the plan, in words."""
        value = self.plan.get(key) or (self.plan.get("where") or {}).get(key) or ""
        return formatting.listed([str(one) for one in value]) if isinstance(value, list) else str(value)

    def counted(self) -> pd.DataFrame:
        """Values that enter the comparison."""
        return self.values[self.values["left_out"].eq("")]

    @cached_property
    def per_animal(self) -> pd.DataFrame:
        """One row per animal and arm: mean of its values, how many, whether one is flagged, why it is left out."""
        keys = ["animal", "arm"]
        values = self.values.assign(flagged=self.values["status"].eq("flagged"), kept=self.values["left_out"].eq(""))
        any_kept = values.groupby(keys)["kept"].transform("any")
        used = values[values["kept"] | ~any_kept].groupby(keys, sort=True)
        rows = used.agg(value=("value", "mean"), n=("value", "size"), flagged=("flagged", "any")).reset_index()
        rows["left_out"] = used["left_out"].first().to_numpy()
        return rows

    def lines(self, table: str, dataset: str | None = None, *, sensitivity: bool = False) -> pd.DataFrame:
        """The endpoint's lines of one statistics table: of the plan's own analysis, or of those beside it."""
        rows = self.tables[table]
        if "dataset" in rows:
            rows = rows[rows["dataset"].eq(dataset or self.dataset)]
        if "sensitivity" in rows:
            own = rows["sensitivity"].fillna("").eq("")
            rows = rows[~own] if sensitivity else rows[own]
        return rows

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Comparisons of the data set shown first that can be drawn side by side."""
        return self.differences_of(self.dataset)

    def differences_of(self, dataset: str) -> pd.DataFrame:
        """Comparisons that can be drawn side by side: of one contrast, with one reference, each with an interval.

        The first contrast of the plan that compares arms with an arm; else the first that compares levels of a factor.
        Comparisons within a level of something else (``ket5 | sex=male``) and interactions stand in the table alone.
        """
        rows = self.lines("contrasts", dataset)
        reference = rows["reference"].fillna("").astype(str)
        whole = reference.ne("") & ~reference.str.contains(" | ", regex=False) & ~reference.str.startswith("(")
        rows = rows[whole & rows["estimate"].notna() & rows["ci_low"].notna()]
        arms = set(self.values["arm"])
        of_arms = rows[rows["reference"].isin(arms) & rows["level"].isin(arms)]
        rows = of_arms if len(of_arms) else rows
        first = rows.head(1)
        same = rows["contrast"].isin(first["contrast"]) & rows["reference"].isin(first["reference"])
        return rows[same]


def build(
    tables: Mapping[str, pd.DataFrame],
    measurements: pd.DataFrame,
    allocation: pd.DataFrame,
    plan: Mapping,
    measures: Mapping[str, Mapping[str, Mapping]],
) -> list[Endpoint]:
    """Every endpoint of the plan in the order primary, secondary, exploratory."""
    made = [
        _endpoint(name, dict(planned), tables, measurements, allocation, measures)
        for name, planned in plan["endpoints"].items()
    ]
    return sorted(made, key=lambda endpoint: ROLES.index(endpoint.role))


def curves(endpoint: Endpoint) -> dict[str, pd.DataFrame]:
    """The dose-response curves the statistics found estimable, drawn out: drug -> dose_mg_per_kg, value.

    ``emax``: e0 + emax dose / (ed50 + dose). ``four_parameter_logistic``: between its limits, with its slope at
    ed50. On the log scale the curve is turned back into the measure's unit.
    """
    rows = endpoint.lines("dose_response")
    if not len(rows) or endpoint.scale == "logit":
        return {}
    found = {}
    for (drug, model), own in rows[rows["estimable"].eq("yes")].groupby(["drug", "model"], sort=False):
        at = own.set_index("parameter")["estimate"].astype(float)
        if model not in CURVES or drug in found or "ed50" not in at:
            continue
        dose = np.linspace(0, 10 * at["ed50"], 400)
        value = CURVES[model](dose, at)
        found[drug] = pd.DataFrame(
            {"dose_mg_per_kg": dose, "value": np.exp(value) if endpoint.scale == "log" else value}
        )
    return found


def planned_of(contrasts: pd.DataFrame) -> dict:
    """A plan read back from the contrasts table, where no other is at hand."""
    rows = contrasts.drop_duplicates("endpoint")
    keep = ("assay", "measure", "analyte", "region", "role", "family")
    return {
        "endpoints": {
            row["endpoint"]: {key: row[key] for key in keep if not formatting.is_missing(row.get(key))}
            for row in rows.to_dict("records")
        }
    }


def chosen(measurements: pd.DataFrame, planned: Mapping) -> pd.DataFrame:
    """Rows of measurements.csv that an endpoint speaks of and that have a value."""
    rows = measurements[
        measurements["assay"].eq(planned["assay"])
        & measurements["measure"].eq(planned["measure"])
        & measurements["value"].notna()
    ]
    wanted = {key: planned[key] for key in ("analyte", "region") if planned.get(key)} | dict(planned.get("where") or {})
    for column, value in wanted.items():
        options = {_text(option) for option in (value if isinstance(value, list) else [value])}
        rows = rows[rows[column].map(_text).isin(options)]
    if planned.get("window_min"):
        first, last = planned["window_min"]
        rows = rows[rows["time_min"].astype(float).between(first, last)]
    return rows


def arm_names(known: list[Arm], wanted: pd.Series) -> list[Arm]:
    """Arms that occur, in their order."""
    present = set(wanted)
    return [arm for arm in known if arm.name in present]


def _endpoint(name, planned, tables, measurements, allocation, measures) -> Endpoint:
    own = {table: _of(tables.get(table), name) for table in TABLES}
    rows = chosen(measurements, planned)
    keys = ["animal"]
    if planned.get("design") == "crossover" and "period" in allocation:
        rows, keys = rows.assign(period=rows["session"].astype(str)), ["animal", "period"]
    values = rows.drop(columns=[column for column in ("arm",) if column in rows]).merge(
        allocation[[*keys, "arm"]].drop_duplicates(), on=keys, how="inner"
    )
    if planned.get("arms"):
        values = values[values["arm"].isin(planned["arms"])]
    facts = measures.get(planned["assay"], {}).get(planned["measure"], {})
    datasets = list(dict.fromkeys(own["contrasts"].get("dataset", pd.Series(dtype=object)).dropna())) or ["all"]
    return Endpoint(name, planned, dict(facts), _with_left_out(values, own["exclusions"]), own, datasets)


def _of(table: pd.DataFrame | None, name: str) -> pd.DataFrame:
    if table is None or "endpoint" not in table:
        return pd.DataFrame(columns=["endpoint", "dataset", "contrast", "reference", "estimate", "ci_low", "arm"])
    return table[table["endpoint"].eq(name)]


def _with_left_out(values: pd.DataFrame, exclusions: pd.DataFrame) -> pd.DataFrame:
    """Mark the values that were left out, with who or what did it and why."""
    reasons = {}
    for row in exclusions.to_dict("records"):
        who = {"plan": "rule of the plan", "reviewer": f"reviewer {formatting.words(row.get('reviewer'))}"}
        told = (
            f"{who.get(row.get('source'), formatting.words(row.get('source')))}: {formatting.words(row.get('reason'))}"
        )
        reasons[tuple(_text(row.get(key)) for key in KEYS)] = told
    keys = zip(*(values[key].map(_text) for key in KEYS), strict=True)
    return values.assign(left_out=[reasons.get(key, "") for key in keys])


def _text(value: object) -> str:
    """A cell for comparing: numbers alike however they are written, missing as empty."""
    if formatting.is_missing(value):
        return ""
    try:
        return f"{float(value):g}" if np.isfinite(float(value)) else ""
    except (TypeError, ValueError):
        return str(value)
